// SPDX-License-Identifier: GPL-2.0
/* The table of flows: three ways in, every clash, the walk. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/rcupdate.h>

#include "fixture.h"
#include "flowtable.h"

#define MANY	60

static const u8 flow_key[SST_SECRET_SIZE] = { 7 };

static void free_table(void *ptr)
{
	struct sst_flowtable *table = ptr;
	struct sst_flow *flow;

	while ((flow = sst_flowtable_next(table, 0)))
		sst_flowtable_del(table, flow);
	sst_flowtable_exit(table);
}

static struct sst_flowtable *new_table(struct kunit *test)
{
	struct sst_flowtable *table = kunit_kzalloc(test, sizeof(*table),
						    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, table);
	KUNIT_ASSERT_EQ(test, 0, sst_flowtable_init(table));
	return table;
}

/* After the flows of a test, so that none is freed while it is in the table. */
static void own_table(struct kunit *test, struct sst_flowtable *table)
{
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_table, table));
}

static struct sst_flow *new_flow(struct kunit *test, u16 real, u16 wire)
{
	struct sst_flow_params params = {
		.side = 1,
		.scope = SST_SCOPE_PORTS,
		.suite = 1,
		.key = flow_key,
	};

	sst_test_tuple(&params.real, NFPROTO_IPV4, IPPROTO_TCP, real, 443);
	sst_test_tuple(&params.wire, NFPROTO_IPV4, IPPROTO_TCP, wire, 20002);
	return sst_test_flow(test, &params);
}

/* Lookups are for readers; nothing frees a flow in these tests meanwhile. */
static struct sst_flow *by_wire(struct sst_flowtable *table,
				const struct sst_tuple *wire)
{
	struct sst_flow *flow;

	rcu_read_lock();
	flow = sst_flowtable_by_wire(table, wire);
	rcu_read_unlock();
	return flow;
}

static struct sst_flow *by_real(struct sst_flowtable *table,
				const struct sst_tuple *real)
{
	struct sst_flow *flow;

	rcu_read_lock();
	flow = sst_flowtable_by_real(table, real);
	rcu_read_unlock();
	return flow;
}

static struct sst_flow *by_id(struct sst_flowtable *table, u32 id)
{
	struct sst_flow *flow;

	rcu_read_lock();
	flow = sst_flowtable_by_id(table, id);
	rcu_read_unlock();
	return flow;
}

static struct sst_flow *next_of(struct sst_flowtable *table, u32 from)
{
	struct sst_flow *flow;

	rcu_read_lock();
	flow = sst_flowtable_next(table, from);
	rcu_read_unlock();
	return flow;
}

static void expect_there(struct kunit *test, struct sst_flowtable *table,
			 struct sst_flow *flow)
{
	const struct sst_tuple wire = sst_flow_wire(flow);

	KUNIT_EXPECT_PTR_EQ(test, flow, by_wire(table, &wire));
	KUNIT_EXPECT_PTR_EQ(test, flow, by_real(table, &flow->real));
	KUNIT_EXPECT_PTR_EQ(test, flow, by_id(table, flow->id));
}

static void expect_gone(struct kunit *test, struct sst_flowtable *table,
			struct sst_flow *flow)
{
	const struct sst_tuple wire = sst_flow_wire(flow);

	KUNIT_EXPECT_NULL(test, by_wire(table, &wire));
	KUNIT_EXPECT_NULL(test, by_real(table, &flow->real));
	KUNIT_EXPECT_NULL(test, by_id(table, flow->id));
}

static void flowtable_empty(struct kunit *test)
{
	struct sst_flowtable *table = new_table(test);
	struct sst_flow *flow = new_flow(test, 1, 2);

	own_table(test, table);
	expect_gone(test, table, flow);
	KUNIT_EXPECT_NULL(test, next_of(table, 0));
	KUNIT_EXPECT_FALSE(test, sst_flowtable_del(table, flow));
	KUNIT_EXPECT_EQ(test, 0, table->count);
}

static void flowtable_add_find_del(struct kunit *test)
{
	struct sst_flowtable *table = new_table(test);
	struct sst_flow *flows[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++)
		flows[i] = new_flow(test, 1000 + i, 30000 + i);
	own_table(test, table);
	for (i = 0; i < MANY; i++) {
		KUNIT_EXPECT_EQ(test, SST_CLASH_NONE,
				sst_flowtable_add(table, flows[i], MANY));
		KUNIT_EXPECT_EQ(test, i + 1, table->count);
		KUNIT_EXPECT_NE(test, 0, flows[i]->id);
	}
	for (i = 0; i < MANY; i++)
		expect_there(test, table, flows[i]);

	/* Every second one goes; the others stay. */
	for (i = 0; i < MANY; i += 2)
		KUNIT_EXPECT_TRUE(test, sst_flowtable_del(table, flows[i]));
	KUNIT_EXPECT_EQ(test, MANY / 2, table->count);
	for (i = 0; i < MANY; i++) {
		if (i % 2)
			expect_there(test, table, flows[i]);
		else
			expect_gone(test, table, flows[i]);
	}
	for (i = 1; i < MANY; i += 2)
		KUNIT_EXPECT_TRUE(test, sst_flowtable_del(table, flows[i]));
	KUNIT_EXPECT_EQ(test, 0, table->count);
}

static void flowtable_double_delete(struct kunit *test)
{
	struct sst_flowtable *table = new_table(test);
	struct sst_flow *flow = new_flow(test, 1, 2);
	struct sst_flow *other = new_flow(test, 3, 4);

	own_table(test, table);
	KUNIT_EXPECT_EQ(test, SST_CLASH_NONE,
			sst_flowtable_add(table, flow, 10));
	KUNIT_EXPECT_TRUE(test, sst_flowtable_del(table, flow));
	KUNIT_EXPECT_FALSE(test, sst_flowtable_del(table, flow));
	KUNIT_EXPECT_EQ(test, 0, table->count);

	/* Another flow got its identifier: that one must not be removed. */
	table->last_id = flow->id - 1;
	KUNIT_EXPECT_EQ(test, SST_CLASH_NONE,
			sst_flowtable_add(table, other, 10));
	KUNIT_EXPECT_EQ(test, flow->id, other->id);
	KUNIT_EXPECT_FALSE(test, sst_flowtable_del(table, flow));
	KUNIT_EXPECT_EQ(test, 1, table->count);
	expect_there(test, table, other);
}

struct clash_case {
	const char *desc;
	/* Local ports; the flow that is there has 1000 and 30000. */
	u16 real;
	u16 wire;
	u32 max;
	enum sst_flow_clash want;
};

static const struct clash_case clash_cases[] = {
	{ "both are free", 1001, 30001, 2, SST_CLASH_NONE },
	{ "real tuple", 1000, 30001, 2, SST_CLASH_REAL },
	{ "wire tuple", 1001, 30000, 2, SST_CLASH_WIRE },
	{ "both tuples", 1000, 30000, 2, SST_CLASH_REAL },
	{ "real is the other's wire tuple", 30000, 30001, 2,
	  SST_CLASH_REAL_IS_WIRE },
	{ "wire is the other's real tuple", 1001, 1000, 2,
	  SST_CLASH_WIRE_IS_REAL },
	{ "crosswise", 30000, 1000, 2, SST_CLASH_REAL_IS_WIRE },
	{ "full", 1001, 30001, 1, SST_CLASH_FULL },
	{ "over-full, the bound was lowered", 1001, 30001, 0, SST_CLASH_FULL },
	{ "full, and the tuple is taken", 1000, 30001, 1, SST_CLASH_REAL },
	{ "no bound", 1001, 30001, U32_MAX, SST_CLASH_NONE },
};

KUNIT_ARRAY_PARAM_DESC(clash, clash_cases, desc);

static void flowtable_clash(struct kunit *test)
{
	const struct clash_case *c = test->param_value;
	struct sst_flowtable *table = new_table(test);
	/* The wire tuple has another remote port: let it be the same here. */
	struct sst_flow *old = new_flow(test, 1000, 30000);
	struct sst_flow *flow = new_flow(test, c->real, c->wire);

	old->wire.rport = old->real.rport;
	flow->wire.rport = flow->real.rport;
	old->wire_entry->tuple = sst_flow_wire(old);
	flow->wire_entry->tuple = sst_flow_wire(flow);
	own_table(test, table);
	KUNIT_ASSERT_EQ(test, SST_CLASH_NONE, sst_flowtable_add(table, old, 1));
	KUNIT_EXPECT_EQ(test, c->want,
			sst_flowtable_clash(table, &flow->real,
					    &flow->wire_entry->tuple, c->max));
	KUNIT_EXPECT_EQ(test, c->want, sst_flowtable_add(table, flow, c->max));
	expect_there(test, table, old);
	if (c->want == SST_CLASH_NONE) {
		expect_there(test, table, flow);
		KUNIT_EXPECT_EQ(test, 2, table->count);
		return;
	}
	/* A failure leaves nothing behind. */
	KUNIT_EXPECT_EQ(test, 1, table->count);
	KUNIT_EXPECT_PTR_EQ(test, old, next_of(table, 0));
	KUNIT_EXPECT_NULL(test, next_of(table, old->id + 1));
	/* When the other flow is gone, nothing is in the way. */
	KUNIT_EXPECT_TRUE(test, sst_flowtable_del(table, old));
	KUNIT_EXPECT_EQ(test, SST_CLASH_NONE, sst_flowtable_add(table, flow, 1));
	expect_there(test, table, flow);
}

/* Tuples that differ in one field are different, whatever the field. */
static void flowtable_every_field(struct kunit *test)
{
	struct sst_flowtable *table = new_table(test);
	struct sst_flow *flow = new_flow(test, 1000, 30000);
	const struct sst_tuple wire = sst_flow_wire(flow);
	struct sst_tuple other;
	unsigned int i;

	own_table(test, table);
	KUNIT_ASSERT_EQ(test, SST_CLASH_NONE,
			sst_flowtable_add(table, flow, 10));
	for (i = 0; i < offsetof(struct sst_tuple, zero); i++) {
		other = wire;
		((u8 *)&other)[i] ^= 1;
		KUNIT_EXPECT_NULL_MSG(test, by_wire(table, &other), "byte %u",
				      i);
		other = flow->real;
		((u8 *)&other)[i] ^= 1;
		KUNIT_EXPECT_NULL_MSG(test, by_real(table, &other), "byte %u",
				      i);
	}
	/* One table does not answer for the other. */
	KUNIT_EXPECT_NULL(test, by_wire(table, &flow->real));
	KUNIT_EXPECT_NULL(test, by_real(table, &wire));
}

/* The next port from @port on whose tuple has the same slot as @like. */
static u16 shares_slot(const struct sst_tuple *like, u16 port)
{
	struct sst_tuple tuple = *like;

	do
		tuple.lport = htons(++port);
	while (sst_recent_slot(&tuple) != sst_recent_slot(like));
	return port;
}

/* Flows that take each other's slots are found all the same, and once gone are not. */
static void flowtable_slots(struct kunit *test)
{
	/* In this order they go: the newest, the oldest, what is between. */
	static const unsigned int order[] = { 3, 0, 1, 2 };
	struct sst_flowtable *table = new_table(test);
	struct sst_flow *flows[ARRAY_SIZE(order)];
	u16 real = 1000, wire = 30000;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		flows[i] = new_flow(test, real, wire);
		real = shares_slot(&flows[i]->real, real);
		wire = shares_slot(&flows[i]->wire_entry->tuple, wire);
	}
	own_table(test, table);
	for (i = 0; i < ARRAY_SIZE(flows); i++) {
		KUNIT_ASSERT_EQ(test, SST_CLASH_NONE,
				sst_flowtable_add(table, flows[i], 10));
		for (j = 0; j <= i; j++)
			expect_there(test, table, flows[j]);
	}
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		KUNIT_EXPECT_TRUE(test, sst_flowtable_del(table,
							  flows[order[i]]));
		for (j = 0; j <= i; j++)
			expect_gone(test, table, flows[order[j]]);
		for (; j < ARRAY_SIZE(order); j++)
			expect_there(test, table, flows[order[j]]);
	}
}

/* Of entries with one tuple the slot has the newest, or none. */
static void flowtable_slot_of_list(struct kunit *test)
{
	struct sst_recent *recent = kunit_kzalloc(test, sizeof(*recent),
						  GFP_KERNEL);
	struct sst_tuple older, newer;

	KUNIT_ASSERT_NOT_NULL(test, recent);
	sst_test_tuple(&older, NFPROTO_IPV6, IPPROTO_UDP, 1, 2);
	newer = older;
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, sst_recent_find(recent, &older));
	sst_recent_add(recent, &older);
	KUNIT_EXPECT_PTR_EQ(test, (const struct sst_tuple *)&older,
			    sst_recent_find(recent, &newer));
	sst_recent_add(recent, &newer);
	sst_recent_del(recent, &older);
	KUNIT_EXPECT_PTR_EQ(test, (const struct sst_tuple *)&newer,
			    sst_recent_find(recent, &older));
	sst_recent_add(recent, &older);
	sst_recent_add(recent, &newer);
	sst_recent_del(recent, &newer);
	KUNIT_EXPECT_NULL(test, sst_recent_find(recent, &older));
	rcu_read_unlock();
}

/* Identifiers of removed flows are not given out again soon. */
static void flowtable_ids(struct kunit *test)
{
	struct sst_flowtable *table = new_table(test);
	struct sst_flow *stays = new_flow(test, 1, 2);
	struct sst_flow *flows[12], *flow;
	u32 last;
	int i;

	/* The same tuples each time, although their time is not over. */
	for (i = 0; i < ARRAY_SIZE(flows); i++)
		flows[i] = new_flow(test, 3, 4);
	own_table(test, table);
	sst_flowtable_add(table, stays, 10);
	last = stays->id;
	for (i = 0; i < 10; i++) {
		flow = flows[i];
		KUNIT_EXPECT_EQ(test, SST_CLASH_NONE,
				sst_flowtable_add(table, flow, 10));
		KUNIT_EXPECT_GT(test, flow->id, last);
		last = flow->id;
		KUNIT_EXPECT_TRUE(test, sst_flowtable_del(table, flow));
	}
	/* One entry remembers them all. */
	KUNIT_EXPECT_EQ(test, 1, table->ended_count);

	/* At the end of the numbers: from the beginning, never 0 or one in use. */
	table->last_id = SST_FLOW_ID_MAX - 1;
	flow = flows[10];
	sst_flowtable_add(table, flow, 10);
	KUNIT_EXPECT_EQ(test, SST_FLOW_ID_MAX, flow->id);
	sst_flowtable_del(table, flow);
	flow = flows[11];
	KUNIT_EXPECT_EQ(test, SST_CLASH_NONE,
			sst_flowtable_add(table, flow, 10));
	KUNIT_EXPECT_NE(test, 0, flow->id);
	KUNIT_EXPECT_NE(test, stays->id, flow->id);
	KUNIT_EXPECT_LT(test, flow->id, 10);
	expect_there(test, table, stays);
	expect_there(test, table, flow);
}

/* A walk that is interrupted, as a netlink dump is, while flows come and go. */
static void flowtable_walk(struct kunit *test)
{
	struct sst_flowtable *table = new_table(test);
	struct sst_flow *flows[20], *late[20], *flow;
	unsigned int i, shown = 0;
	u32 from = 0, last = 0;

	for (i = 0; i < 20; i++) {
		flows[i] = new_flow(test, 1000 + i, 30000 + i);
		late[i] = new_flow(test, 2000 + i, 40000 + i);
	}
	own_table(test, table);
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_EQ(test, SST_CLASH_NONE,
				sst_flowtable_add(table, flows[i], 100));

	while ((flow = next_of(table, from))) {
		KUNIT_EXPECT_GT(test, flow->id, last);
		last = flow->id;
		from = flow->id + 1;
		if (shown >= 20)
			break;
		/* Of the first 20, only those are missed that were removed. */
		KUNIT_EXPECT_PTR_EQ(test, flows[shown], flow);
		/* The one just shown goes, the next one goes, one comes. */
		if (shown % 5 == 1)
			sst_flowtable_del(table, flow);
		if (shown % 5 == 2) {
			sst_flowtable_del(table, flows[shown + 1]);
			sst_flowtable_add(table, late[shown], 100);
			shown++;
		}
		/* One that was shown goes, and comes again behind the walk. */
		if (shown == 9) {
			sst_flowtable_del(table, flows[0]);
			sst_flowtable_add(table, late[0], 100);
		}
		shown++;
	}
	KUNIT_EXPECT_EQ(test, 20, shown);
	/* Those that came later have higher identifiers and are shown last. */
	KUNIT_ASSERT_NOT_NULL(test, flow);
	KUNIT_EXPECT_PTR_EQ(test, late[2], flow);

	KUNIT_EXPECT_NULL(test, next_of(table, S32_MAX));
	KUNIT_EXPECT_NULL(test, next_of(table, U32_MAX));
}

/* The local ports of both tuples are known from the first flow to the last. */
static void flowtable_ports(struct kunit *test)
{
	struct sst_flowtable *table = new_table(test);
	struct sst_flow *flow = new_flow(test, 1000, 30000);
	struct sst_flow *clash = new_flow(test, 1000, 30001);

	KUNIT_ASSERT_EQ(test, 0, sst_portmap_alloc(&table->ports));
	own_table(test, table);
	KUNIT_EXPECT_FALSE(test, sst_flowtable_may_have(table, 1000));
	sst_flowtable_add(table, flow, 10);
	KUNIT_EXPECT_EQ(test, SST_CLASH_REAL, sst_flowtable_add(table, clash, 10));
	KUNIT_EXPECT_TRUE(test, sst_flowtable_may_have(table, 1000));
	KUNIT_EXPECT_TRUE(test, sst_flowtable_may_have(table, 30000));
	/* Nor those of the peer, nor of a flow that was refused. */
	KUNIT_EXPECT_FALSE(test, sst_flowtable_may_have(table, 443));
	KUNIT_EXPECT_FALSE(test, sst_flowtable_may_have(table, 20002));
	KUNIT_EXPECT_FALSE(test, sst_flowtable_may_have(table, 30001));
	/* The wire tuple stays for a while. */
	sst_flowtable_del(table, flow);
	KUNIT_EXPECT_FALSE(test, sst_flowtable_may_have(table, 1000));
	KUNIT_EXPECT_TRUE(test, sst_flowtable_may_have(table, 30000));
}

/* Several have one port, of which as many are counted as a byte tells. */
static void flowtable_ports_many(struct kunit *test)
{
	struct sst_portmap map = {};
	struct sst_tuple tuple;
	unsigned int i;

	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 65535, 443);
	/* Nothing is known of a namespace without hooks. */
	sst_portmap_add(&map, &tuple);
	sst_portmap_del(&map, &tuple);
	KUNIT_EXPECT_TRUE(test, sst_portmap_may_have(&map, 65535));
	KUNIT_ASSERT_EQ(test, 0, sst_portmap_alloc(&map));
	for (i = 0; i < U8_MAX - 1; i++)
		sst_portmap_add(&map, &tuple);
	KUNIT_EXPECT_EQ(test, 0, sst_portmap_alloc(&map));
	while (i--) {
		KUNIT_EXPECT_TRUE(test, sst_portmap_may_have(&map, 65535));
		sst_portmap_del(&map, &tuple);
	}
	KUNIT_EXPECT_FALSE(test, sst_portmap_may_have(&map, 65535));
	/* Beyond it nobody knows any more. */
	for (i = 0; i < U8_MAX + 1; i++)
		sst_portmap_add(&map, &tuple);
	for (i = 0; i < U8_MAX + 1; i++)
		sst_portmap_del(&map, &tuple);
	KUNIT_EXPECT_TRUE(test, sst_portmap_may_have(&map, 65535));
	KUNIT_EXPECT_FALSE(test, sst_portmap_may_have(&map, 65534));
	sst_portmap_free(&map);
}

static struct kunit_case flowtable_cases[] = {
	KUNIT_CASE(flowtable_empty),
	KUNIT_CASE(flowtable_add_find_del),
	KUNIT_CASE(flowtable_double_delete),
	KUNIT_CASE_PARAM(flowtable_clash, clash_gen_params),
	KUNIT_CASE(flowtable_every_field),
	KUNIT_CASE(flowtable_slots),
	KUNIT_CASE(flowtable_slot_of_list),
	KUNIT_CASE(flowtable_ports),
	KUNIT_CASE(flowtable_ports_many),
	KUNIT_CASE(flowtable_ids),
	KUNIT_CASE(flowtable_walk),
	{}
};

static struct kunit_suite flowtable_suite = {
	.name = "sst_flowtable",
	.test_cases = flowtable_cases,
};

kunit_test_suite(flowtable_suite);
