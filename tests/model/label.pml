/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a connection of scope label is opened and confirmed, and what somebody can do
 * meanwhile who has no key (protocol L4 to L6, F1 to F3, S1; sst/label.c, admit.c,
 * seen.c).
 *
 * Two hosts: the initiator, on which one application connects, and a responder that
 * listens. Only SYN and SYN-ACK are sealed. What follows is bare: whoever likes sends
 * any of it, on any wire tuple, a reset too, before what is due or in its place. SYNs
 * and SYN-ACKs he brings as often as he likes, on any wire tuple, or never. With -DSEES
 * he reads the numbers of the SYN-ACKs, without he is not on the path back and has
 * those only that the initiator has acknowledged. He also lets time pass and ends
 * flows of the responder, and UPSETS times he pushes an entry out of its replay cache
 * or makes it forget all.
 *
 * An opening is a number that is drawn once; so is an answer, which stands for the
 * ACCEPT and for the sequence number of the SYN-ACK.
 *
 * Asked, in every state that can be reached:
 *  - only who knows the number of the SYN-ACK confirms a flow (L6): confirm();
 *  - when a flow is confirmed, TCP has the connection: it is no reset that did it;
 *  - an opening makes one connection at most, whoever has its SYN (L4);
 *  - a connection that the initiator has is completed by its next segment, if the
 *    responder still has the flow, whatever came before: proctype calm_down. That starting
 *    over once connects is there, too, but nothing that others did reaches that start.
 *
 * Left out: what is sent when the connection is there, which nobody protects; ports,
 * aliases, COOKIEs, bounds. The wire tuple is not compared by the initiator. Numbers
 * are small: ATTEMPTS, ANSWERS.
 *
 * Mistakes that it has to find: SEED_CACHE, SEED_FLOOR, SEED_ACK, SEED_RST, SEED_DROP.
 */

#ifndef ATTEMPTS
#define ATTEMPTS 2
#endif
#define ANSWERS	3
#define FLOWS	2
#define WINDOW	1
#define END	2	/* the clock stands still then */
#define UPSETS	1
#define LAST	ATTEMPTS
#define OPENINGS	(LAST + 1)
/* The number of a segment whose sender guesses. */
#define GUESS	(ANSWERS + 1)

#ifdef SEES
#define NUMBERS	(acked | accept_sent)
#else
#define NUMBERS	acked
#endif

#define BIT(n)	(1 << (n))
#define HAS(set, n)	((set) & BIT(n))
#define PUT(set, n)	set = (set) | BIT(n)

#define FREE	0
#define OPENING	1
#define LIVE	2

/* What was sent: SYNs by opening; SYN-ACKs, and what acknowledges them, by answer. */
byte syn_sent, accept_sent, acked;

byte answer_to[ANSWERS + 1];
byte answers;
byte born[OPENINGS];
byte now;
byte upsets;

/* The initiator. */
byte attempts;
byte i_state, i_opening, i_answer;

/* The responder: its flows. @up: TCP has the connection; @gone: it forgot the SYN. */
typedef flow {
	byte state, opening, answer, wire;
	bool up, gone
};
flow flows[FLOWS + 1];
/* Its replay cache. */
byte cached;
short floor = -9;
/* Openings that made a connection. */
byte connected;

bool calm;

/* Scratch of one d_step, and no part of the state. */
hidden byte an_opening, an_answer, a_wire, a_flow, each;
hidden byte is_fresh, is_reset;

/* --- the responder --- */

inline clear(n)
{
	flows[n].state = FREE;
	flows[n].opening = 0;
	flows[n].answer = 0;
	flows[n].wire = 0;
	flows[n].up = false;
	flows[n].gone = false
}

/* F1, F3: sst_seen_take() */
inline seen_take(oo)
{
	is_fresh = now - born[oo] <= WINDOW && born[oo] > floor;
#ifndef SEED_CACHE
	is_fresh = is_fresh && !HAS(cached, oo);
#endif
	if
	:: is_fresh -> PUT(cached, oo)
	:: else
	fi
}

/* An entry leaves (F2). */
inline seen_forget(oo)
{
	cached = cached & ~BIT(oo);
#ifndef SEED_FLOOR
	if
	:: born[oo] > floor -> floor = born[oo]
	:: else
	fi
#endif
}

/* L4: sst_admit(). A SYN of a flow that is there is one that came again. */
inline responder_syn()
{
	printf("responder: SYN of opening %d on wire tuple %d\n", an_opening, a_wire);
	a_flow = (calm -> FLOWS : FLOWS + 1);
	is_fresh = true;
	for (each : 0 .. FLOWS - 1) {
		if
		:: flows[each].state != FREE && flows[each].wire == a_wire &&
		   (flows[each].state == LIVE || flows[each].opening == an_opening) ->
			is_fresh = false
		:: flows[each].state == FREE && !calm -> a_flow = each
		:: else
		fi
	}
	if
	:: is_fresh && a_flow <= FLOWS && (calm || answers < ANSWERS) ->
		seen_take(an_opening);
		if
		:: is_fresh ->
			an_answer = (calm -> ANSWERS : answers);
			answers = (calm -> answers : answers + 1);
			answer_to[an_answer] = an_opening;
			flows[a_flow].state = OPENING;
			flows[a_flow].opening = an_opening;
			flows[a_flow].answer = an_answer;
			flows[a_flow].wire = a_wire
		:: else
		fi
	:: else
	fi
}

/* TCP of the responder gets a segment of a connection that is not complete. */
inline stack_takes(n)
{
	if
	:: is_reset -> flows[n].gone = true
	:: !is_reset && an_answer == flows[n].answer && !flows[n].gone ->
		flows[n].up = true
	:: else
	fi
}

/* L6: sst_label_confirm() */
inline confirm(n)
{
	assert(an_answer == flows[n].answer);
	stack_takes(n);
	assert(flows[n].up);
	assert(!HAS(connected, flows[n].opening));
	PUT(connected, flows[n].opening);
	flows[n].state = LIVE
}

#ifdef SEED_ACK
#define IS_ACK(n)	true
#else
#define IS_ACK(n)	(an_answer == flows[n].answer)
#endif
#ifdef SEED_RST
#define CONFIRMS(n)	IS_ACK(n)
#else
#define CONFIRMS(n)	(IS_ACK(n) && !is_reset)
#endif

/* A segment without SYN and trailer, where flows wait. */
inline responder_bare()
{
	printf("responder: number of answer %d, reset: %d, on wire tuple %d\n",
	       an_answer, is_reset, a_wire);
	for (each : 0 .. FLOWS) {
		if
		:: flows[each].state == OPENING && flows[each].wire == a_wire ->
			if
			:: CONFIRMS(each) -> confirm(each)
#ifdef SEED_DROP
			/* What does not confirm is not dropped. */
			:: else -> stack_takes(each)
#else
			:: else
#endif
			fi
		:: else
		fi
	}
}

/* --- the initiator --- */

inline start(n)
{
	printf("initiator: draws opening %d\n", n);
	i_state = OPENING;
	i_opening = n;
	born[n] = now;
	PUT(syn_sent, n)
}

/* A SYN-ACK with the ACCEPT of an answer. */
inline initiator_accept()
{
	printf("initiator: SYN-ACK of answer %d\n", an_answer);
	if
	:: i_state == OPENING && answer_to[an_answer] == i_opening ->
		i_answer = an_answer;
		i_state = LIVE
	:: else
	fi
}

active proctype initiator()
{
	byte x;

end:
again:	do
	:: d_step {
		!calm && i_state != LIVE && attempts < ATTEMPTS ->
		start(attempts);
		attempts++
	   }
	:: d_step { !calm && i_state == LIVE && !HAS(acked, i_answer) -> PUT(acked, i_answer) }
	:: atomic {
		!calm && i_state == OPENING && accept_sent ->
		select (x : 0 .. ANSWERS - 1);
		d_step {
			an_answer = x; x = 0;
			if
			:: HAS(accept_sent, an_answer) -> initiator_accept()
			:: else
			fi
		}
	   }
	od
}

active proctype responder()
{
	byte x, z;
	bool r;

end:	do
	:: atomic {
		!calm && syn_sent ->
		select (x : 0 .. LAST - 1);
		select (z : 0 .. 1);
		d_step {
			an_opening = x; a_wire = z; x = 0; z = 0;
			if
			:: HAS(syn_sent, an_opening) -> responder_syn()
			:: else
			fi
		}
	   }
	:: atomic {
		!calm ->
		select (x : 0 .. GUESS);
		select (z : 0 .. 1);
		if
		:: r = false
		:: r = true
		fi;
		d_step {
			an_answer = x; a_wire = z; is_reset = r; x = 0; z = 0; r = false;
			if
			:: an_answer == GUESS || HAS(NUMBERS, an_answer) -> responder_bare()
			:: else
			fi
		}
	   }
	:: atomic {
		!calm ->
		select (x : 0 .. FLOWS - 1);
		select (z : 0 .. 1);
		d_step {
			if
			   /* E3, E4, B2: it ends. */
			:: z && flows[x].state != FREE -> clear(x)
			:: !z && flows[x].state == OPENING -> PUT(accept_sent, flows[x].answer)
			:: else
			fi;
			x = 0; z = 0
		}
	   }
	   /* B3: others fill the cache. */
	:: atomic {
		!calm && cached && upsets < UPSETS ->
		select (x : 0 .. OPENINGS - 1);
		d_step {
			if
			:: HAS(cached, x) ->
				seen_forget(x);
				upsets++
			:: else
			fi;
			x = 0
		}
	   }
	   /* It forgets all (F2). */
	:: d_step {
		!calm && upsets < UPSETS ->
		upsets++;
		for (a_flow : 0 .. FLOWS) {
			clear(a_flow)
		}
		cached = 0;
#ifndef SEED_FLOOR
		floor = now
#endif
	   }
	od
}

active proctype clock()
{
end:	do
	:: d_step {
		!calm && now < END ->
		now++;
		for (an_opening : 0 .. OPENINGS - 1) {
			if
			:: HAS(cached, an_opening) && now - born[an_opening] > WINDOW ->
				seen_forget(an_opening)
			:: else
			fi
		}
	   }
	od
}

/* From now on nothing is lost. */
active proctype calm_down()
{
	d_step {
		calm = true;
		printf("calm\n");
		is_reset = false;
		for (a_flow : 0 .. FLOWS - 1) {
			if
			:: i_state == LIVE && flows[a_flow].state == OPENING &&
			   flows[a_flow].answer == i_answer ->
				an_answer = i_answer;
				a_wire = flows[a_flow].wire;
				responder_bare();
				assert(flows[a_flow].state == LIVE)
			:: else
			fi
		}
		/* Later than what others may have pushed out, on wire ports of its own. */
		now++;
		start(LAST);
		an_opening = LAST;
		a_wire = 2;
		responder_syn();
		assert(flows[FLOWS].state == OPENING);
		an_answer = flows[FLOWS].answer;
		initiator_accept();
		responder_bare();
		assert(flows[FLOWS].state == LIVE && flows[FLOWS].up);
		/* That was all; one state will do for all ends. */
		for (a_flow : 0 .. FLOWS) {
			clear(a_flow)
		}
		for (an_opening : 0 .. LAST) {
			born[an_opening] = 0
		}
		for (an_answer : 0 .. ANSWERS) {
			answer_to[an_answer] = 0
		}
		syn_sent = 0;
		accept_sent = 0;
		acked = 0;
		answers = 0;
		attempts = 0;
		now = 0;
		upsets = 0;
		i_state = FREE;
		i_opening = 0;
		i_answer = 0;
		cached = 0;
		connected = 0;
		floor = 0
	}
}
