/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How a UDP flow is opened, confirmed, started over and opened again, and what
 * copies of its packets can do meanwhile (protocol O2, R3 to R6, F1 to F7, A1,
 * A3, A6, S1, U1 to U6, W1, W2, W6, W7, E4; sst/initiator.c, responder.c,
 * admit.c, seen.c, life.c).
 *
 * Two hosts: the initiator, on which one application sends datagrams to one
 * socket of the responder. With -DINIT its flows open by INIT and open again on
 * the association that this made; without, they open on a pre-shared key.
 *
 * The network is the set of all packets that were ever sealed. Whoever rules it
 * brings any of them at any time, as often as he likes, on any wire tuple, or
 * never. That is loss, duplication, reordering, a NAT, and every replay. He also
 * lets time pass and ends flows of the responder, and UPSETS times he pushes an
 * entry out of its replay cache or makes it forget all.
 *
 * Keys are small numbers. An opening (salt_i or enc_i) is a number that is drawn
 * once; so is an answer (salt_r or enc_r), which stands for all keys of its flow.
 * A packet is a type, such a number and a counter, and nobody can make one who
 * does not have the key.
 *
 * Asked, in every state that can be reached:
 *  - no pair of key and counter is used twice (T9): SEAL; and an answer is drawn
 *    for one flow only;
 *  - what an OPEN or INIT carries is delivered once at most, but for what D22
 *    says (see "excused"): DELIVER;
 *  - hosts that have confirmed one opening have the same keys for it: agree();
 *  - a key of an ended or forgotten flow opens nothing: it is not there;
 *  - if from now on nothing is lost, then starting over once, with one packet
 *    there, one back and one there, confirms the flow on both hosts and delivers
 *    what the opening carries, once: proctype calm_down. So nothing that was done
 *    to the responder keeps an honest host out, and nobody is stuck.
 *
 * Left out: real ports and aliases, TCP, glare, COOKIEs, the queue of public-key
 * work (R10; its result is what counts), bounds on numbers of flows (there are
 * FLOWS and a spare one for the last attempt, where B2 would make room), and the
 * lifetime of the association, which is endless here. Counters of ACCEPT and DATA
 * are left out, too: any number of them may follow (rotate.pml is about those of
 * DATA). Few counters, attempts and answers: see below. A unit of time is a part of the window of freshness, WINDOW of them
 * make it up, and the initiator has given up an opening that nobody answered
 * before it is outside of it (E4, S1: at most 78 s of 600).
 *
 * Mistakes that it has to find: SEED_COUNTER, SEED_CACHE, SEED_FLOOR, SEED_TOP,
 * SEED_SALT, SEED_DRAW, SEED_HELD, SEED_STALE, SEED_ALONE, SEED_SILENT; and STRICT.
 */

#define COUNTERS 2	/* packets under the key of an opening */
#ifndef ATTEMPTS
#define ATTEMPTS 2
#endif
#ifndef ANSWERS
#define ANSWERS	3
#endif
#define FLOWS	2
#define WINDOW	1
#define END	2	/* the clock stands still then */
#ifndef UPSETS
#define UPSETS	1
#endif
/* How far the clock of the initiator is ahead of the other one. */
#ifndef SKEW
#define SKEW	0
#endif
/* Do copies come from another port of the initiator's address, or elsewhere? */
#ifdef NAT
#define SAME_ADDRESS	true
#else
#define SAME_ADDRESS	false
#endif

/*
 * Openings: the attempts, and the last one, of the calm; then the re-openings on
 * what each answer made. Answers: the last one is for the calm.
 */
#define LAST	ATTEMPTS
#define REOPEN(r)	(LAST + 1 + (r))
#ifdef INIT
#define OPENINGS	(LAST + 1 + ANSWERS)
#else
#define OPENINGS	(LAST + 1)
#endif
#define NONE	255

#define BIT(n)	(1 << (n))
#define HAS(set, n)	((set) & BIT(n))
#define PUT(set, n)	set = (set) | BIT(n)
/* One more than the highest counter in a window, and a window that begins there. */
#define TOP(win)	((win) >= 4 -> 3 : ((win) >= 2 -> 2 : (win)))
#define BELOW(top)	(BIT(top) - 1)

/* Of a responder's flow OPENING is what state.c calls ACCEPTING. */
#define FREE	0
#define OPENING	1
#define LIVE	2
#define REOPENING 3

/*
 * The network: which counters of an opening were sealed, and which of them were
 * delivered; answers of which there is an ACCEPT, and a DATA.
 */
byte open_sent[OPENINGS], open_got[OPENINGS];
byte accept_sent, data_sent;

/* To which opening an answer was drawn, and when an attempt was. */
byte answer_to[ANSWERS + 1];
byte answers;
short born[LAST + 1];

/*
 * What an opening carries may be delivered twice when the responder loses what it
 * knows of it, by a start or because its replay cache overflows, and
 *  - nobody has answered it yet: then its initiator confirms the copy (D22), or
 *  - it says a time that the responder's clock had not reached: then the copy is
 *    later than the floor, which is the present at most.
 * It is excused for that, and for nothing else. With STRICT=true nothing is.
 */
byte excused;

#ifndef STRICT
#define STRICT	false
#endif
#define IS_OPEN(oo)	(i_state == OPENING && i_opening == (oo))

/*
 * F2, F7: an entry that others push out raises the floor, one that is there for its
 * counter alone, too: a re-opening was never asked whether it is fresh, and may be.
 * Of a time that lies ahead nothing is believed: peers say what they like.
 */
#ifdef SEED_SILENT
#define MAY_RAISE(oo)	!HAS(never_fresh, oo)
#else
#define MAY_RAISE(oo)	(!HAS(never_fresh, oo) || born[its_attempt] <= now)
#endif

byte now;
/* How often the responder has lost what it knew, by its cache or altogether. */
byte upsets;

/* The initiator: its flow. */
byte attempts;
byte i_state, i_opening, i_answer;
byte i_next, i_renext;	/* counters: openings, re-openings */

/* The responder: its flows. */
typedef flow {
	byte state, opening, answer, wire;
	byte window, held;	/* of openings; the counter of what is held, plus 1 */
	bool fresh, renewed, listed
};
flow flows[FLOWS + 1];
/* Its replay cache: which openings, which of them for their counter alone. */
byte cached, never_fresh;
byte cached_top[OPENINGS];
short floor = -9;
/* The associations that it has published, by answer. */
byte assocs;

bool calm;

/*
 * Scratch of one d_step, and no part of the state: not restored when spin goes
 * back to another choice, so nothing is chosen with it.
 */
hidden byte an_opening, a_counter, a_wire, an_answer, a_flow, each;
hidden byte its_attempt, its_top, its_name;
hidden byte the_owner, the_moved, the_slot, the_listed;
hidden short its_age;
hidden byte is_fresh, is_taken, is_so;

/* T9: a counter is used once under a key. */
#define SEAL(set, n)	assert(!HAS(set, n)); PUT(set, n)

/* What it carries reaches the application. */
#define DELIVER(set, n, excuse)	assert(!HAS(set, n) || (excuse)); PUT(set, n)

inline deliver_opening(oo, cc)
{
	printf("  delivered: opening %d, counter %d\n", oo, cc);
	DELIVER(open_got[oo], cc, HAS(excused, oo))
}

/* The attempt that an opening belongs to: re-openings say the same time. */
inline attempt_of(oo, result)
{
	if
	:: oo <= LAST -> result = oo
	:: else -> result = answer_to[oo - LAST - 1]
	fi;
	if
	:: result > LAST -> result = answer_to[result - LAST - 1]
	:: else
	fi
}

/* Whoever has confirmed the same opening has the same keys. */
inline agree()
{
	for (each : 0 .. FLOWS) {
		if
		:: flows[each].state >= LIVE && i_state >= LIVE &&
		   flows[each].opening == i_opening ->
			assert(flows[each].answer == i_answer)
		:: else
		fi
	}
}

/* The responder has lost what it knew of an opening. */
inline excuse(oo)
{
	attempt_of(oo, its_attempt);
	if
	:: !STRICT && (IS_OPEN(oo) || born[its_attempt] > now) ->
		PUT(excused, oo)
	:: else
	fi
}

/* --- the replay cache (sst/seen.c) --- */

/* F1, F3: sst_seen_take() */
inline seen_take(oo, result)
{
	attempt_of(oo, its_attempt);
	its_age = now - born[its_attempt];
	result = its_age <= WINDOW && its_age >= -WINDOW && born[its_attempt] > floor;
#ifndef SEED_CACHE
	result = result && !HAS(cached, oo);
#endif
	if
	:: result ->
		PUT(cached, oo);
		never_fresh = never_fresh & ~BIT(oo);
		cached_top[oo] = 0
	:: else
	fi
}

/* F7: sst_seen_end() */
inline seen_end(oo, n)
{
	if
	:: !HAS(cached, oo) ->
		PUT(cached, oo);
		PUT(never_fresh, oo);
		cached_top[oo] = 0
	:: else
	fi;
#ifndef SEED_TOP
	if
	:: cached_top[oo] < n -> cached_top[oo] = n
	:: else
	fi
#endif
}

inline seen_forget(oo)
{
	cached = cached & ~BIT(oo);
	never_fresh = never_fresh & ~BIT(oo);
	cached_top[oo] = 0
}

inline raise_floor(oo)
{
	attempt_of(oo, its_attempt);
	if
	:: born[its_attempt] > floor -> floor = born[its_attempt]
	:: else
	fi
}

/* --- flows of the responder --- */

inline clear(n)
{
	flows[n].state = FREE;
	flows[n].opening = 0;
	flows[n].answer = 0;
	flows[n].wire = 0;
	flows[n].window = 0;
	flows[n].held = 0;
	flows[n].fresh = false;
	flows[n].renewed = false;
	flows[n].listed = false
}

/* sst_life_end(), remember_opening() */
inline end_flow(n)
{
	printf("responder: flow of opening %d, answer %d ends\n",
	       flows[n].opening, flows[n].answer);
	its_name = (flows[n].renewed -> REOPEN(flows[n].answer) : flows[n].opening);
	seen_end(its_name, TOP(flows[n].window));
	clear(n)
}

/* Is this the opening of the flow, or that of its re-openings? */
#define IS_OF(n, oo)	(flows[n].opening == (oo) || \
			 (flows[n].state >= LIVE && (oo) == REOPEN(flows[n].answer)))

/* Is the window of the flow one of this opening's counters? */
#define COUNTS(n, oo)	(flows[n].state != FREE && \
			 (oo) == (flows[n].renewed -> REOPEN(flows[n].answer) : \
						     flows[n].opening))

/*
 * F7: a counter that one flow of an opening takes is taken for all of them.
 */
inline take(n, oo, cc)
{
	PUT(flows[n].window, cc);
#ifndef SEED_ALONE
	for (each : 0 .. FLOWS) {
		if
		:: COUNTS(each, oo) -> PUT(flows[each].window, cc)
		:: else
		fi
	}
#endif
}

/* U3 to U6: sst_responder_reopen() */
inline reopen(n, oo, cc, result)
{
#ifdef INIT
	is_so = oo > LAST;
	if
	:: is_so && !flows[n].renewed && flows[n].opening <= LAST ->
		seen_end(flows[n].opening, TOP(flows[n].window));
		flows[n].window = 0;
		flows[n].renewed = true
	:: else
	fi;
	result = (is_so || !flows[n].renewed) && !HAS(flows[n].window, cc);
#else
	is_so = true;
	result = !HAS(flows[n].window, cc);
#endif
	if
	:: result ->
		take(n, oo, cc);
		if
		:: is_so -> flows[n].state = REOPENING
		:: else
		fi
	:: else
	fi
}

/* R3, F5: repeat(), hold() */
inline repeat(n, oo, cc)
{
	if
	:: HAS(flows[n].window, cc)
	:: !HAS(flows[n].window, cc) && !flows[n].fresh ->
		if
		:: flows[n].held == 0 -> flows[n].held = cc + 1
		:: else
		fi;
		PUT(accept_sent, flows[n].answer)
	:: !HAS(flows[n].window, cc) && flows[n].fresh ->
		take(n, oo, cc);
		deliver_opening(oo, cc)
	fi
}

/* F7: taken_before() */
inline taken_before(oo, result)
{
	result = cached_top[oo];
#ifndef SEED_TOP
	for (each : 0 .. FLOWS) {
		if
		:: COUNTS(each, oo) && TOP(flows[each].window) > result ->
			result = TOP(flows[each].window)
		:: else
		fi
	}
#endif
}

/*
 * W6, W7: place(). With a pre-shared key both flows are of the same host. An INIT
 * is nobody's and gets an alias (W9).
 */
inline place()
{
	the_listed = NONE;
#ifndef INIT
	for (each : 0 .. FLOWS) {
		if
		:: flows[each].state != FREE && flows[each].listed -> the_listed = each
		:: else
		fi
	}
	if
	:: the_listed == NONE -> is_so = is_fresh
	:: the_listed != NONE && is_fresh && flows[the_listed].state == OPENING &&
	   born[an_opening] >= born[flows[the_listed].opening] ->
		end_flow(the_listed);
		is_so = true
	:: else -> is_so = false
	fi
#endif
}

/* R1, R8, F1 to F5: sst_admit(), make() */
inline begin()
{
	/* The calm has a flow and an answer in reserve. */
	the_slot = NONE;
	for (each : 0 .. FLOWS) {
		if
		:: flows[each].state == FREE && calm == (each == FLOWS) -> the_slot = each
		:: else
		fi
	}
	if
	:: the_slot != NONE && (calm || answers < ANSWERS) ->
		seen_take(an_opening, is_fresh);
		for (each : 0 .. FLOWS) {
			if
			:: flows[each].state != FREE && IS_OF(each, an_opening) -> is_fresh = false
			:: else
			fi
		}
		place();
		taken_before(an_opening, its_top);
		if
		:: is_fresh && a_counter < its_top
#ifdef SEED_STALE
		/* What is not fresh is dropped, and not held. */
		:: !is_fresh
#endif
		:: else ->
			an_answer = (calm -> ANSWERS : answers);
#ifdef SEED_DRAW
			/* The answer is not drawn, but made from the opening. */
			an_answer = (calm -> ANSWERS : an_opening);
#endif
			answers = (calm -> answers : answers + 1);
			answer_to[an_answer] = an_opening;
			/* Whatever it was drawn for, its keys are new. */
			assert(!HAS(accept_sent, an_answer));
			printf("  new flow, answer %d, fresh: %d, top: %d\n",
			       an_answer, is_fresh, its_top);
			flows[the_slot].state = OPENING;
			flows[the_slot].opening = an_opening;
			flows[the_slot].answer = an_answer;
			flows[the_slot].wire = a_wire;
			flows[the_slot].fresh = is_fresh;
#ifndef INIT
			flows[the_slot].listed = is_so;
#endif
			flows[the_slot].window = BELOW(its_top);
			repeat(the_slot, an_opening, a_counter)
		fi
	:: else
	fi
}

/* Opening o with counter c arrives on wire tuple w. */
inline responder_open()
{
	printf("responder: opening %d, counter %d, on wire tuple %d\n",
	       an_opening, a_counter, a_wire);
	a_flow = NONE;
	the_owner = NONE;
	the_moved = NONE;
	for (each : 0 .. FLOWS) {
		if
		:: flows[each].state >= LIVE && flows[each].wire == a_wire -> the_owner = each
		:: flows[each].state == OPENING && flows[each].wire == a_wire &&
		   flows[each].opening == an_opening -> a_flow = each
		:: flows[each].state >= LIVE && flows[each].wire != a_wire &&
		   SAME_ADDRESS && IS_OF(each, an_opening) -> the_moved = each
		:: else
		fi
	}
	if
	:: the_owner != NONE ->
		/* W1 */
		if
		:: IS_OF(the_owner, an_opening) ->
			reopen(the_owner, an_opening, a_counter, is_taken);
			if
			:: is_taken -> deliver_opening(an_opening, a_counter)
			:: else
			fi
		:: else
		fi
	:: the_owner == NONE && a_flow != NONE -> repeat(a_flow, an_opening, a_counter)
	:: the_owner == NONE && a_flow == NONE && the_moved != NONE ->
		/* U4: a NAT has moved it, unless others wait there. */
		reopen(the_moved, an_opening, a_counter, is_taken);
		for (each : 0 .. FLOWS) {
			if
			:: flows[each].state != FREE && flows[each].wire == a_wire ->
				is_taken = false
			:: else
			fi
		}
		if
		:: is_taken ->
			flows[the_moved].wire = a_wire;
			deliver_opening(an_opening, a_counter)
		:: else
		fi
	:: else ->
		/* An association has to be known here (R13). */
		if
		:: an_opening <= LAST || HAS(assocs, an_opening - LAST - 1) -> begin()
		:: else
		fi
	fi
}

/* R6, W7: sst_responder_data() */
inline confirm(n)
{
	for (each : 0 .. FLOWS) {
		if
		:: each != n && flows[each].state != FREE &&
		   (flows[each].wire == flows[n].wire ||
		    (flows[each].listed && !flows[n].listed)) -> end_flow(each)
		:: else
		fi
	}
	flows[n].state = LIVE;
#ifdef INIT
	if
	:: flows[n].opening <= LAST -> PUT(assocs, flows[n].answer)
	:: else
	fi;
#else
	flows[n].listed = true;
#endif
	agree();
	/* F5: what was held takes the way in again. */
	if
	:: flows[n].held ->
		a_counter = flows[n].held - 1;
		flows[n].held = 0;
		an_opening = flows[n].opening;
		reopen(n, an_opening, a_counter, is_taken);
		if
#ifndef SEED_HELD
		:: is_taken -> deliver_opening(an_opening, a_counter)
#else
		:: true -> deliver_opening(an_opening, a_counter)
#endif
		:: else
		fi
	:: else
	fi
}

/* A DATA of answer r that is not a copy arrives on wire tuple w. */
inline responder_data()
{
	printf("responder: DATA of answer %d on wire tuple %d\n", an_answer, a_wire);
	a_flow = NONE;
	for (each : 0 .. FLOWS) {
		if
		:: flows[each].state != FREE && flows[each].wire == a_wire &&
		   flows[each].answer == an_answer -> a_flow = each
		:: else
		fi
	}
	if
	:: a_flow != NONE ->
		if
		:: flows[a_flow].state == OPENING -> confirm(a_flow)
		:: flows[a_flow].state == REOPENING -> flows[a_flow].state = LIVE
		:: else
		fi
	:: else
	fi
}

/* --- the initiator --- */

/* O1, S1: a new flow, in the place of the old one if there is one. */
inline start(n)
{
	printf("initiator: draws opening %d\n", n);
	i_state = OPENING;
	i_opening = n;
	i_answer = 0;
	i_next = 0;
	i_renext = 0;
	born[n] = now + SKEW
}

inline send_opening()
{
	if
	:: i_next < COUNTERS ->
		SEAL(open_sent[i_opening], i_next);
#ifndef SEED_COUNTER
		i_next++
#endif
	:: else
	fi
}

/* O2, U1, U5: a datagram of the application leaves. */
inline send()
{
	printf("initiator: sends, in state %d\n", i_state);
	if
	:: i_state == OPENING -> send_opening()
	:: i_state == LIVE -> PUT(data_sent, i_answer)
	:: i_state == REOPENING ->
#ifdef INIT
		if
		:: i_renext < COUNTERS ->
			SEAL(open_sent[REOPEN(i_answer)], i_renext);
			i_renext++
		:: else
		fi
#else
		send_opening()
#endif
	:: else
	fi
}

/* A1, A5: an ACCEPT of answer r arrives. */
inline initiator_accept()
{
	printf("initiator: ACCEPT of answer %d\n", an_answer);
	if
	:: i_state == OPENING && answer_to[an_answer] == i_opening ->
		i_answer = an_answer;
		i_state = LIVE;
		agree()
#ifdef SEED_SALT
	:: i_state >= LIVE && an_answer != i_answer && answer_to[an_answer] == i_opening ->
		i_answer = an_answer;
		agree()
#endif
	:: i_state >= LIVE && an_answer == i_answer -> i_state = LIVE
	:: else
	fi
}

active proctype initiator()
{
	byte x;

end:	do
	:: d_step {
		/* A first packet, or starting over: 1 s or 3 s without an answer. */
		!calm && i_state != LIVE && attempts < ATTEMPTS ->
		start(attempts);
		attempts++;
		send()
	   }
	:: d_step { !calm && i_state != FREE -> send() }
	   /* U1: nothing has verified for 15 s. */
	:: d_step { !calm && i_state == LIVE -> i_state = REOPENING }
	:: atomic {
		!calm && i_state != FREE && accept_sent ->
		do
		:: HAS(accept_sent, x) -> break
		:: x < ANSWERS - 1 -> x++
		:: x == ANSWERS - 1 && !HAS(accept_sent, x) -> break
		od;
		/* A3, A6: an empty DATA at once, or later. */
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

end:
again:	do
	:: atomic {
		!calm ->
		do
		:: HAS(open_sent[x / COUNTERS], x % COUNTERS) -> break
		:: x < OPENINGS * COUNTERS - 1 -> x++
		:: else -> goto none
		od;
		if
		:: z = 0
		:: z = 1
		fi;
		d_step {
			an_opening = x / COUNTERS; a_counter = x % COUNTERS; a_wire = z;
			x = 0; z = 0;
			responder_open()
		}
	   }
	:: atomic {
		!calm && data_sent ->
		do
		:: HAS(data_sent, x) -> break
		:: x < ANSWERS - 1 -> x++
		:: else -> goto none
		od;
		if
		:: z = 0
		:: z = 1
		fi;
		d_step {
			an_answer = x; a_wire = z;
			x = 0; z = 0;
			responder_data()
		}
	   }
	:: atomic {
		!calm ->
		select (x : 0 .. FLOWS - 1);
		select (z : 0 .. 1);
		d_step {
			if
			   /* E3, E4, B2: it ends. */
			:: z && flows[x].state != FREE -> end_flow(x)
			   /* R5, U3, A4: what it sends is an ACCEPT. */
			:: !z && (flows[x].state == OPENING ||
				  flows[x].state == REOPENING) ->
				PUT(accept_sent, flows[x].answer)
			:: else
			fi;
			x = 0; z = 0
		}
	   }
	   /* B3: others fill the cache. Whose turn it is the order tells; any. */
	:: atomic {
		!calm && cached && upsets < UPSETS ->
		select (x : 0 .. OPENINGS - 1);
		d_step {
			if
			:: HAS(cached, x) ->
				attempt_of(x, its_attempt);
				if
				:: MAY_RAISE(x) -> raise_floor(x)
				:: else
				fi;
				excuse(x);
				printf("responder: cache overflows with entry %d\n", x);
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
		printf("responder: forgets all\n");
		for (a_flow : 0 .. FLOWS) {
			clear(a_flow)
		}
		for (an_opening : 0 .. attempts - 1) {
			excuse(an_opening)
		}
		for (an_opening : 0 .. OPENINGS - 1) {
			cached_top[an_opening] = 0
		}
		cached = 0;
		never_fresh = 0;
		assocs = 0;
#ifndef SEED_FLOOR
		floor = now
#endif
	   }
	od;
none:	x = 0;
	goto again
}

/* Time passes, and entries leave the window (F2). */
active proctype clock()
{
end:	do
	:: d_step {
		!calm && now < END ->
		now++;
		printf("clock: %d\n", now);
		if
		:: i_state == OPENING && now - (born[i_opening] - SKEW) > WINDOW ->
			i_state = FREE
		:: else
		fi;
		for (an_opening : 0 .. OPENINGS - 1) {
			if
			:: HAS(cached, an_opening) ->
				attempt_of(an_opening, its_attempt);
				if
				:: now - born[its_attempt] > WINDOW ->
					raise_floor(an_opening);
					seen_forget(an_opening)
				:: else
				fi
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
		start(LAST);
		send();
		/* On wire ports of its own. */
		an_opening = LAST;
		a_counter = 0;
		a_wire = 2;
		responder_open();
		assert(flows[FLOWS].state == OPENING);
		an_answer = flows[FLOWS].answer;
		initiator_accept();
		assert(i_state == LIVE);
		responder_data();
		assert(flows[FLOWS].state >= LIVE && flows[FLOWS].answer == i_answer);
		assert(open_got[LAST] == 1);
		/* That was all; one state will do for all ends. */
		for (a_flow : 0 .. FLOWS) {
			clear(a_flow)
		}
		for (an_opening : 0 .. OPENINGS - 1) {
			open_sent[an_opening] = 0;
			open_got[an_opening] = 0;
			cached_top[an_opening] = 0
		}
		for (an_answer : 0 .. ANSWERS) {
			answer_to[an_answer] = 0
		}
		for (an_opening : 0 .. LAST) {
			born[an_opening] = 0
		}
		answers = 0;
		attempts = 0;
		excused = 0;
		now = 0;
		upsets = 0;
		i_state = FREE;
		i_opening = 0;
		i_answer = 0;
		i_next = 0;
		i_renext = 0;
		accept_sent = 0;
		data_sent = 0;
		cached = 0;
		never_fresh = 0;
		floor = 0;
		assocs = 0
	}
}
