/*
 * The breaker as a model for spin: states, release, automatic reconnection, lost neutral, credit, and
 * a power cut between any two of: decision kept, relays driven, movement confirmed.  One relay
 * stands for all.  Times are left out: whatever waits may end at any moment.
 *
 * Properties, for every configuration (automatic, needs_release, log_only, memory and power):
 *   assert in drive      never closes without permission; never while it is held; never acts twice
 *                        on one decision (one drive, and one more for each cut since)
 *   settles              when nothing happens any more, the relay gets where it should be
 *   never_open_forever   credit or neutral back, closing by itself: it closes, or was opened by
 *                        somebody who has to close it
 */
#define CLOSED(s) (s == 4 || s == 5 || s == 13)
#define HELD      (neutral || (credit_out && !low))
#define CUTS      1

#define TRIES     2 /* automatic closings in a row */

mtype = { disconnect, release, reconnect, button, load, fault, credit, limit };
chan happens = [0] of { mtype };

byte state = 4, kept_state = 4;  /* in RAM, in permanent memory */
bool pending, kept_pending;
bool relay = true;
bool over, neutral, credit_out;
bool low; /* credit is used up, it was cut off for it, and the low limit has time left */
bool automatic, needs_release, log_only;
bool permitted = true; /* the model's own: whoever may has said so since it was opened last */
byte drives, cuts_since, cuts, tries;
bool done; /* nothing comes from outside any more */

/* The decision is kept before anything moves; a cut may come right before and right after. */
inline decide(next, may)
{
    atomic {
        if
        :: CLOSED(next) != CLOSED(state) ->
            drives = 0;
            cuts_since = 0;
            permitted = (CLOSED(next) -> may : false);
            pending = true
        :: else
        fi;
        state = next;
        kept_state = state;
        kept_pending = pending
    }
}

/* A cut leaves what is kept and where the relay is. */
inline cut()
{
    atomic {
        cuts++;
        cuts_since++;
        state = kept_state;
        pending = kept_pending
    }
}

inline drive()
{
    atomic {
        assert(!CLOSED(state) || permitted);
        assert(!CLOSED(state) || !HELD);
        drives++;
        assert(drives <= 1 + cuts_since);
        relay = CLOSED(state)
    }
}

inline commands(event)
{
    if
    :: event == disconnect -> decide(1, false)
    :: event == release && state == 1 -> decide(8, false)
    :: event == reconnect && state == 8 && !HELD -> decide(4, true)
    :: event == button && CLOSED(state) -> decide(11, false)
    :: event == button && state == 8 && !HELD -> decide(4, true)
    :: event == button && (state == 11 || state == 7) && !needs_release && !HELD -> decide(4, true)
    :: else
    fi
}

active proctype Breaker()
{
    mtype event;
    if :: automatic = true :: automatic = false fi;
    if :: needs_release = true :: needs_release = false fi;
    if :: log_only = true :: log_only = false fi;
    do
    :: happens ? event ->
        if
        :: event == load -> over = !over
        :: event == fault -> neutral = !neutral
        :: event == credit -> atomic { credit_out = !credit_out; low = false }
        :: event == limit -> low = credit_out && state == 7 /* its time is over, or it begins */
        :: else -> commands(event)
        fi
    /* what the second brings */
    :: neutral && CLOSED(state) -> decide(12, false)
    :: !neutral && credit_out && !low && CLOSED(state) -> decide(7, false)
    :: !neutral && credit_out && !low && (CLOSED(state) || state == 7) && !pending -> decide(9, false)
    :: credit_out && low && over && (state == 5 || state == 13) && !HELD -> decide(7, false)
    /* warnings are not kept */
    :: over && state == 4 && !HELD -> state = 5
    :: !over && (state == 5 || state == 13) && !HELD -> state = 4
    :: over && state == 5 && log_only && !low && !HELD -> state = 13
    :: over && state == 5 && !log_only && !low && !HELD -> decide(6, false)
    :: state == 7 && credit_out && low && !pending && automatic && !HELD && tries < TRIES ->
        tries++;
        decide(4, true)
    :: (state == 6 || (state == 12 && !neutral)) && !pending && automatic && !HELD && tries < TRIES ->
        tries++;
        decide(4, true)
    :: (state == 6 || (state == 12 && !neutral)) && !pending && !(automatic && tries < TRIES) &&
       !needs_release -> decide(8, false)
    :: (state == 7 || state == 9) && !credit_out && automatic && !HELD -> decide(4, true)
    :: (state == 7 || state == 9) && !credit_out && !automatic -> decide(8, false)
    /* the movement: driven, then seen to be there, then confirmed */
    :: pending && relay != CLOSED(state) && !(CLOSED(state) && HELD) -> drive()
    :: pending && relay == CLOSED(state) -> atomic { pending = false; kept_pending = false }
    :: cuts < CUTS && !done -> cut()
    od
}

active proctype World()
{
    byte n;
    do
    :: n < 5 ->
        n++;
        if
        :: happens ! disconnect
        :: happens ! release
        :: happens ! reconnect
        :: happens ! button
        :: happens ! load
        :: happens ! fault
        :: happens ! credit
        :: happens ! limit
        fi
    :: true -> break
    od;
    done = true
}

#define RIGHT      (relay == CLOSED(state))
#define BY_OTHERS  (state == 1 || state == 8 || state == 11)

ltl settles { [] (done -> <> [] (RIGHT || HELD)) }
ltl never_open_forever {
    [] ((done && automatic) -> <> (relay || BY_OTHERS || HELD || tries == TRIES))
}
