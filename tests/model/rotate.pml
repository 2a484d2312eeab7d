/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rotation of packet keys in one direction of a flow (protocol T9, K6 to K12;
 * sst/key.c), as the steps between which other processors can come.
 *
 * First two processors seal until the last key is used up, then two others
 * open what was sealed, in any order, any number of times, or not at all: that
 * is loss, duplication, reordering and replay in one. Nothing is lost by doing
 * one after the other, because a sender never learns what became of a packet.
 *
 * Asked:
 *  - no pair of key and counter is given out twice (T9);
 *  - no packet is delivered twice (K8);
 *  - no packet is delivered under a key that was dropped, or whose time as the
 *    key before was up when the packet came (K9);
 *  - the receiver's key only moves forward (K7);
 *  - no genuine packet is refused without a reason that K7 to K10 give;
 *  - everybody comes to an end: no deadlock.
 *
 * Left out: cryptography (a packet verifies if and only if it was sealed; a
 * forged one changes nothing but the budget of K10), lack of memory, and the
 * width of numbers: LIMIT stands for 2^32 - 2^16, LAST for 65535, AHEAD for 16.
 * A window never moves beyond what it has not seen, for a key has only LIMIT
 * counters here; tests/kunit/replay_test.c is about that.
 *
 * Mistakes that it has to find: SEED_REUSE, SEED_AGAIN, SEED_JUMP, SEED_GRACE.
 */

#define LIMIT	2
#define LAST	3
#define AHEAD	2
#define KEYS	4	/* LAST + 1 */

#define BIT(n)	(1 << (n))
#define PAIR(kri, seq)	BIT((kri) * LIMIT + (seq))

/* The sender: its key, and the next counter of each key. */
byte tx;
byte next_seq[KEYS];
short used;

/*
 * The receiver: its newest key, whether there is a key before it, whether the
 * 60 seconds of that are over, and a window for each key.
 */
byte rx;
bool has_prev, expired;
byte window[KEYS];

/* What really happened: what was delivered, which keys are no more. */
short delivered;
byte retired;

/* Scratch of a step; no part of the state. */
hidden byte idx;

/* sst_key_take() */
proctype seal()
{
	byte cur, seq;

take:	cur = tx;
	if
	:: next_seq[cur] > 0 ->
		/* K6: 3600 s after its first use; whether, nobody can tell. */
		goto rotate
	:: true ->
		/* One atomic step; past the limit it counts on, but seals nothing. */
		d_step {
			seq = next_seq[cur];
			next_seq[cur] = seq + 1;
			if
			:: seq < LIMIT ->
				assert(!(used & PAIR(cur, seq)));
				used = used | PAIR(cur, seq)
			:: else
			fi
		}
		if
		:: seq < LIMIT ->
			d_step { cur = 0; seq = 0 }
			goto take
		:: else
		fi
	fi;
rotate:	if
	:: cur == LAST -> goto done	/* K11 */
	:: else
	fi;
	d_step {
		/* Of several that found it used up one moves on. */
		if
#ifndef SEED_REUSE
		:: tx == cur ->
#else
		:: true ->
#endif
			tx = cur + 1;
			next_seq[cur + 1] = 0
		:: else
		fi;
		cur = 0;
		seq = 0
	}
	goto take;
done:	skip
}

/* sst_key_try(), sst_key_accept(), rotate_rx() */
proctype open()
{
	byte kri, seq;
	bool jump;

end:
next:	atomic {
		kri = 0;
		seq = 0;
		jump = false;
		do
		:: kri < LAST -> kri++
		:: break
		od;
		do
		:: seq < LIMIT - 1 -> seq++
		:: break
		od;
		if
		:: kri > rx + AHEAD -> goto next	/* K7 */
		:: kri > rx + 1 && kri <= rx + AHEAD ->
			/* K10: not more often than 16 times a second. */
			if
			:: goto next
			:: skip
			fi
		:: kri == rx + 1
		:: kri == rx ->
			if
			:: window[kri] & BIT(seq) ->
				assert(delivered & PAIR(kri, seq));
				goto next
			:: else
			fi
		:: kri < rx ->
			if
#ifndef SEED_GRACE
			:: !has_prev || kri + 1 != rx || expired ->
#else
			:: !has_prev || kri + 1 != rx ->
#endif
				assert(retired & BIT(kri));
				goto next
			:: else ->
				assert(!(retired & BIT(kri)));
				if
				:: window[kri] & BIT(seq) ->
					assert(delivered & PAIR(kri, seq));
					goto next
				:: else
				fi
			fi
		fi
	}
	/* Here the tag is verified; others go on meanwhile. */
	if
	:: d_step { kri > rx -> jump = kri > rx + 1 }
	   d_step {
		/* Under the lock of the flow: others may have brought it nearer. */
		if
		:: kri > rx ->
#ifndef SEED_JUMP
			if
			:: kri > rx + 1 ->
#else
			if
			:: jump ->
#endif
				/* K9: the one before was never used. */
				window[kri - 1] = 0
			:: else
			fi;
			idx = 0;
			do
			:: idx + 1 < kri ->
				retired = retired | BIT(idx);
				idx++
			:: else -> break
			od;
			idx = 0;
			rx = kri;
			has_prev = true;
			expired = false
		:: else
		fi
	   }
	:: else
	fi;
	d_step {
		/* And check again, under the lock. */
		if
		:: kri + 1 < rx ->
			/* Dropped since; another processor moved on. */
			assert(retired & BIT(kri))
#ifndef SEED_AGAIN
		:: kri + 1 >= rx && (window[kri] & BIT(seq)) ->
			assert(delivered & PAIR(kri, seq))
#endif
		:: else ->
			assert(kri <= rx);
			assert(!(delivered & PAIR(kri, seq)));
			window[kri] = window[kri] | BIT(seq);
			delivered = delivered | PAIR(kri, seq)
		fi;
		kri = 0;
		seq = 0;
		jump = false
	}
	goto next
}

/* The 60 seconds of the key before are over (K9). */
proctype clock()
{
end:	do
	:: d_step {
		has_prev && !expired ->
		expired = true;
		retired = retired | BIT(rx - 1)
	   }
	od
}

init {
	atomic { run seal(); run seal() }
	/* Sealing always ends. */
	_nr_pr == 1 ->
	assert(tx == LAST);
	d_step {
		tx = 0;
		used = 0;
		for (idx : 0 .. LAST) {
			next_seq[idx] = 0
		}
		idx = 0
	}
	atomic { run open(); run open(); run clock() }
}
