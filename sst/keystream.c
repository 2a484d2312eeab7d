// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks of packet keys, several from one call: the cipher computes eight side
 * by side for little more than one. Whoever takes two blocks in a row is likely
 * to want the next ones, and finds them here.
 *
 * What is ahead belongs to a CPU, not to a flow: it costs no memory for each of
 * them, and CPUs share nothing. A key has the choice of two places. Of those that
 * meet in both the last one has it; more of them that take turns compute block by
 * block, as if this did not exist. A block is handed out once and wiped, and the
 * rest is wiped when its key ends (protocol section 5).
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "keystream.h"
#include "replay.h"

/* Places of a CPU; a power of two. */
#define PLACES	16
/* How far behind the last one a packet may be that is not too old. */
#define LATE_MAX	(SST_REPLAY_WINDOW + SST_BLOCKS_AHEAD)

/**
 * struct ahead - blocks of one key that nobody has asked for yet
 * @busy: somebody uses it; who comes next does without
 * @next: counter of the first block that was not computed
 * @left: which of @blocks are there
 * @id: whose they are, 0 of nobody; written when @busy
 * @filled: jiffies when somebody last computed some, or came to do so; written
 *	when @busy
 * @blocks: those in front of @next, the last one behind
 *
 * A lock to try only: a packet that interrupts another one on this CPU does not
 * wait for it, nor does the end of a key on another CPU.
 */
struct ahead {
	atomic_t busy;
	u32 next;
	u32 left;
	u64 id;
	unsigned long filled;
	struct sst_whole_block blocks[SST_BLOCKS_AHEAD];
};

static struct ahead __percpu *places;
static atomic64_t last_id;

static unsigned int first_place(const struct sst_keystream *stream)
{
	return stream->id % PLACES;
}

/* Another one. Keys that meet in the first have different ones here, mostly. */
static unsigned int second_place(const struct sst_keystream *stream)
{
	return (stream->id + 1 + stream->id / PLACES % (PLACES - 1)) % PLACES;
}

/* Both belong to others: one that nobody has, or that was filled longer ago. */
static bool is_better(const struct ahead *second, const struct ahead *first)
{
	if (!READ_ONCE(first->id))
		return false;
	return !READ_ONCE(second->id) ||
	       time_before(READ_ONCE(second->filled), READ_ONCE(first->filled));
}

/* In which place of a CPU blocks of a key are, or may be put. */
static unsigned int find(const struct ahead *cpu,
			 const struct sst_keystream *stream)
{
	unsigned int first = first_place(stream), second;

	if (READ_ONCE(cpu[first].id) == stream->id)
		return first;
	second = second_place(stream);
	return READ_ONCE(cpu[second].id) == stream->id ||
	       is_better(&cpu[second], &cpu[first]) ? second : first;
}

static bool take(struct ahead *ahead)
{
	return !atomic_cmpxchg_acquire(&ahead->busy, 0, 1);
}

static void release(struct ahead *ahead)
{
	atomic_set_release(&ahead->busy, 0);
}

static void wipe(struct ahead *ahead)
{
	if (ahead->left)
		memzero_explicit(ahead->blocks, sizeof(ahead->blocks));
	ahead->left = 0;
}

static void leave(struct ahead *ahead)
{
	wipe(ahead);
	WRITE_ONCE(ahead->id, 0);
}

/*
 * Take the place where blocks of this key are. Has it gone to another one meanwhile,
 * that one's are wiped: whoever has a place does so, see forget().
 */
static bool take_own(struct ahead *ahead, const struct sst_keystream *stream)
{
	if (READ_ONCE(ahead->id) != stream->id || !take(ahead))
		return false;
	if (likely(ahead->id == stream->id))
		return true;
	leave(ahead);
	release(ahead);
	return false;
}

/* Which of @blocks it is. Far behind: a large number. */
static u32 index_of(const struct ahead *ahead, u32 seq)
{
	return seq + SST_BLOCKS_AHEAD - ahead->next;
}

static bool has(const struct ahead *ahead, const struct sst_keystream *stream,
		u32 seq)
{
	u32 n = index_of(ahead, seq);

	return ahead->id == stream->id && n < SST_BLOCKS_AHEAD &&
	       ahead->left & BIT(n);
}

/* From now on what is used of it is nowhere else, and will not come again. */
static void hand_out(struct ahead *ahead, u32 seq, struct sst_block *block)
{
	u32 n = index_of(ahead, seq);

	*block = ahead->blocks[n].used;
	memzero_explicit(&ahead->blocks[n].used, sizeof(*block));
	ahead->left &= ~BIT(n);
}

/*
 * One that is late does not take away those that are to come. What is later than
 * any packet that is still taken shows that @next was a forged one's.
 */
static bool is_late(const struct ahead *ahead,
		    const struct sst_keystream *stream, u32 seq)
{
	return ahead->id == stream->id && seq < ahead->next &&
	       ahead->next - seq <= LATE_MAX;
}

/* Those that follow the one that is asked for, if they are likely to be next. */
static bool refill(struct ahead *ahead, struct sst_keystream *stream, u32 seq)
{
	WRITE_ONCE(ahead->filled, jiffies);
	/* A gap, or the first one: see whether another one follows. */
	if (ahead->id != stream->id || seq != ahead->next ||
	    seq > U32_MAX - SST_BLOCKS_AHEAD) {
		wipe(ahead);
		WRITE_ONCE(ahead->id, stream->id);
		ahead->next = seq + 1;
		return false;
	}
	sst_suite_blocks(ahead->blocks, stream->key, seq);
	ahead->next = seq + SST_BLOCKS_AHEAD;
	ahead->left = GENMASK(SST_BLOCKS_AHEAD - 1, 0);
	if (!READ_ONCE(stream->ahead))
		WRITE_ONCE(stream->ahead, true);
	return true;
}

static bool get(struct ahead *ahead, struct sst_keystream *stream, u32 seq,
		struct sst_block *block)
{
	if (!has(ahead, stream, seq) &&
	    (is_late(ahead, stream, seq) || !refill(ahead, stream, seq)))
		return false;
	hand_out(ahead, seq, block);
	return true;
}

/* The block was not where the last one was. */
static noinline void search(struct sst_keystream *stream, u32 seq,
			    struct sst_block *block)
{
	struct ahead *cpu = raw_cpu_ptr(places);
	struct sst_whole_block whole;
	unsigned int place;
	bool found;

	if (stream->id) {
		place = find(cpu, stream);
		if (take(&cpu[place])) {
			found = get(&cpu[place], stream, seq, block);
			release(&cpu[place]);
			if (READ_ONCE(stream->place) != place)
				WRITE_ONCE(stream->place, place);
			if (found)
				return;
		}
	}
	sst_suite_block(&whole, stream->key, seq);
	*block = whole.used;
	memzero_explicit(&whole.used, sizeof(whole.used));
}

/**
 * sst_keystream_block() - the block of one packet
 * @stream: packet key, under RCU
 * @seq: counter of the packet under this key
 * @block: output; holds key material, wipe it after use
 */
void sst_keystream_block(struct sst_keystream *stream, u32 seq,
			 struct sst_block *block)
{
	struct ahead *ahead = raw_cpu_ptr(places) + READ_ONCE(stream->place);
	bool found;

	/* Most are found here at once. */
	if (stream->id && take_own(ahead, stream)) {
		found = has(ahead, stream, seq);
		if (found)
			hand_out(ahead, seq, block);
		release(ahead);
		if (found)
			return;
	}
	search(stream, seq, block);
}

/**
 * sst_keystream_start() - from now on blocks may be computed ahead
 * @stream: key that nobody uses yet
 */
void sst_keystream_start(struct sst_keystream *stream)
{
	stream->id = atomic64_inc_return(&last_id);
	stream->place = first_place(stream);
}

/*
 * A key has ended. Who has the place now has another one, as nobody has this one any
 * more: it wipes what it finds.
 */
static void forget(struct ahead *ahead, const struct sst_keystream *stream)
{
	if (!take_own(ahead, stream))
		return;
	leave(ahead);
	release(ahead);
}

/**
 * sst_keystream_end() - wipe a key, and what was computed ahead
 * @stream: key that nobody uses any more, after a grace period
 */
void sst_keystream_end(struct sst_keystream *stream)
{
	int cpu;

	memzero_explicit(stream->key, sizeof(stream->key));
	if (!stream->ahead)
		return;
	for_each_possible_cpu(cpu) {
		forget(per_cpu_ptr(places, cpu) + first_place(stream), stream);
		forget(per_cpu_ptr(places, cpu) + second_place(stream), stream);
	}
}

/**
 * sst_keystream_init() - prepare
 *
 * Return: 0 or -ENOMEM.
 */
int sst_keystream_init(void)
{
	places = __alloc_percpu(PLACES * sizeof(*places),
				__alignof__(*places));
	return places ? 0 : -ENOMEM;
}

/**
 * sst_keystream_exit() - the reverse; all keys have ended
 */
void sst_keystream_exit(void)
{
	free_percpu(places);
}
