/*
 * The breaker and prepayment as a model for spin: states, release, automatic reconnection, lost
 * neutral, load, credit, days without cut-off, the low limit and its end, and a power cut between
 * any two of: verdict over the credit, decision kept, relays driven, movement confirmed.  One relay
 * stands for all.  Times are left out: whatever waits may end at any moment, and whoever looks once
 * a second may look late.  NEXT_... is the meter's own table: check.py makes it of breaker_table.c.
 *
 * Properties, for every configuration (automatic, needs_release, log_only, low_limit):
 *   assert in happen        nobody closes without permission: an order, or closing by itself
 *   assert in drive         a relay is closed only where that was permitted, never while the neutral
 *                           is lost or the credit known to be used up, and a decision moves it once
 *                           (and once more for each cut since)
 *   settles                 when nothing happens any more, the relay gets where it should be
 *   opens_in_the_end        neutral lost, or credit used up on a working day and no low limit to
 *                           live on: it does not stay closed
 *   never_open_forever      credit or neutral back, closing by itself: it closes, or was opened by
 *                           somebody who has to close it, or waits for credit (9)
 *   credit_ends_the_cut_off new credit never leaves it in a state of prepayment
 *   expired_is_expired      once the low limit's time is used up it is open until there is credit
 */
#include "breaker_table.pml"

#define CLOSED(s) (s == 4 || s == 5 || s == 13)
#ifndef EVENTS
#define EVENTS 5 /* from outside */
#endif
#ifndef CUTS
#define CUTS 1
#endif
#define TRIES 2 /* automatic closings in a row */

byte state = 4, kept_state = 4; /* in RAM, in permanent memory */
bool pending, kept_pending;
bool relay = true;
bool over, neutral, used_up, working, time_left = true; /* the world */
bool was_cut, kept_was_cut;                              /* prepayment: it was cut off for it */
bool exhausted, low, expired;                            /* its verdict, as the breaker has it */
bool fresh = true; /* prepayment has looked since the start: that is sooner than a relay closes */
bool automatic, needs_release, log_only, low_limit;
bool permitted = true; /* the model's own: whoever may has said so since it was opened last */
byte drives, cuts_since, cuts, tries, events;
bool done; /* nothing comes from outside any more */

/* Guards of the table. */
#define FREE      (!needs_release)
#define LOG_ONLY  (log_only)
#define AUTOMATIC (automatic && tries < TRIES)

#define HELD   (neutral || exhausted)
#define CUT_OFF (state == 7 || state == 9)
/* What the table says, and nobody holds. */
#define CAN(to) (to != 0 && to != state && !(CLOSED(to) && !CLOSED(state) && HELD))

/* The verdict once a second. */
#define SEES_CUT       (used_up && (was_cut || CUT_OFF))
#define SEES_LOW       (SEES_CUT && low_limit && time_left)
#define SEES_EXHAUSTED (used_up && !SEES_LOW && (working || (SEES_CUT && !CLOSED(state))))
#define LOW_IN_FORCE   (low && low_limit)

/* The decision is kept before anything moves. */
inline happen(to, may)
{
    if
    :: CLOSED(to) != CLOSED(state) ->
        assert(!CLOSED(to) || (may));
        drives = 0;
        cuts_since = 0;
        tries = (CLOSED(to) -> ((may) == 2 -> tries + 1 : 0) : tries);
        permitted = CLOSED(to);
        pending = true
    :: else
    fi;
    state = to;
    /* warnings are not kept */
    kept_state = (CLOSED(state) -> 4 : state);
    kept_pending = pending
}

/* A cut leaves what is kept and where the relay is. */
inline cut()
{
    cuts++;
    cuts_since++;
    state = kept_state;
    pending = kept_pending;
    was_cut = kept_was_cut;
    exhausted = false;
    low = false;
    expired = false;
    fresh = !used_up
}

inline drive()
{
    assert(!CLOSED(state) || (permitted && !HELD));
    drives++;
    assert(drives <= 1 + cuts_since);
    relay = CLOSED(state)
}

inline world()
{
    events++;
    if
    :: CAN(NEXT_DISCONNECT) -> happen(NEXT_DISCONNECT, 0)
    :: CAN(NEXT_RELEASE) -> happen(NEXT_RELEASE, 0)
    :: CAN(NEXT_RECONNECT) -> happen(NEXT_RECONNECT, (state == 8 -> 1 : 0))
    :: CAN(NEXT_BUTTON) -> happen(NEXT_BUTTON, (state == 8 || !needs_release -> 1 : 0))
    :: over = !over
    :: neutral = !neutral
    :: working = !working
    :: low_limit && used_up && time_left && was_cut -> time_left = false
    :: !used_up -> used_up = true
    :: used_up -> /* new credit: kept with one write */
        used_up = false;
        time_left = true;
        was_cut = false;
        kept_was_cut = false
    fi
}

active proctype Meter()
{
    if :: automatic = true :: automatic = false fi;
    if :: needs_release = true :: needs_release = false fi;
    if :: log_only = true :: log_only = false fi;
    if :: low_limit = true :: low_limit = false fi;
    do
    :: atomic { events < EVENTS && !done -> world() }
    :: !done -> done = true
    :: atomic { cuts < CUTS && !done -> cut() }
    /* prepayment looks; what it keeps is kept before the breaker hears of it */
    :: atomic {
        !fresh || was_cut != SEES_CUT && used_up || exhausted != SEES_EXHAUSTED ||
            low != (SEES_CUT && !SEES_EXHAUSTED) ->
            was_cut = (used_up -> SEES_CUT : was_cut);
            kept_was_cut = was_cut;
            exhausted = SEES_EXHAUSTED;
            low = SEES_CUT && !exhausted;
            expired = exhausted && was_cut && low_limit;
            fresh = true
    }
    /* what the second brings */
    :: atomic { neutral && CAN(NEXT_NEUTRAL) -> happen(NEXT_NEUTRAL, 0) }
    :: atomic { exhausted && expired && CAN(NEXT_LOW_EXPIRED) -> happen(NEXT_LOW_EXPIRED, 0) }
    :: atomic { exhausted && !expired && CAN(NEXT_CREDIT_OUT) -> happen(NEXT_CREDIT_OUT, 0) }
    :: atomic {
        CUT_OFF && fresh && !exhausted && !low && CAN(NEXT_CREDIT_IN) ->
            happen(NEXT_CREDIT_IN, (AUTOMATIC -> 1 : 0))
    }
    :: atomic { over && !HELD && CAN(NEXT_OVER) -> happen(NEXT_OVER, 0) }
    :: atomic { !over && CAN(NEXT_NORMAL) -> happen(NEXT_NORMAL, 0) }
    :: atomic { over && LOW_IN_FORCE && CAN(NEXT_LOW_TRIP) -> happen(NEXT_LOW_TRIP, 0) }
    :: atomic { over && !LOW_IN_FORCE && CAN(NEXT_TRIP) -> happen(NEXT_TRIP, 0) }
    :: atomic {
        !CLOSED(state) && !pending && !(state == 12 && neutral) && CAN(NEXT_WAITED) ->
            happen(NEXT_WAITED, (AUTOMATIC -> 2 : 0))
    }
    /* the movement: driven, then seen to be there, then confirmed */
    :: atomic {
        pending && relay != CLOSED(state) && !(CLOSED(state) && (HELD || !fresh)) -> drive()
    }
    :: atomic { pending && relay == CLOSED(state) -> pending = false; kept_pending = false }
    od
}

#define RIGHT     (relay == CLOSED(state))
#define BY_OTHERS (state == 1 || state == 8 || state == 11)
#define MUST_OPEN (neutral || (used_up && working && !(low_limit && time_left)))

ltl settles { [] (done -> <> [] (RIGHT || HELD)) }
ltl opens_in_the_end { [] (done -> <> [] (!relay || !MUST_OPEN)) }
ltl never_open_forever {
    [] ((done && automatic) -> <> (relay || BY_OTHERS || HELD || tries == TRIES ||
                                   (state == 9 && used_up)))
}
ltl credit_ends_the_cut_off { [] (done -> <> [] (!CUT_OFF || used_up || neutral)) }
ltl expired_is_expired { [] (done -> <> [] (state != 9 || !relay)) }
