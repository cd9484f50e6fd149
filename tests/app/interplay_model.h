/*
 * What a meter that acts on a supply may do and must do, without its tables and without its
 * arithmetic: the credit is a plain number, permission is what somebody has just asked for, and
 * each record of the log is asked whether it may have happened then.
 */
#ifndef OPEN382_TESTS_INTERPLAY_MODEL_H
#define OPEN382_TESTS_INTERPLAY_MODEL_H

#include "interplay_world.h"

#define LATE_US   (5 * SECOND)  /* a second until it is looked at, and what a movement takes */
#define CLOSES_US (20 * SECOND) /* later than this nobody expects a relay to close */
#define CAUSES    40u

enum setting_name {
    BASIS,
    LIMIT,
    LOW_LIMIT,
    SHORT_A,
    K1,
    K2,
    K3,
    T1,
    T2,
    T3,
    WAIT,
    COUPLING,
    BUTTON,
    RETRIES,
    TOOL,
    LOW_DAYS,
    DAYS,
    FREE_FROM,
    FREE_TO,
    SETTINGS,
};

static const char *const setting_names[SETTINGS] = {
    "breaker-basis",  "breaker-limit",    "breaker-low-limit", "breaker-short-circuit",
    "breaker-k1",     "breaker-k2",       "breaker-k3",        "breaker-t1",
    "breaker-t2",     "breaker-t3",       "breaker-wait",      "breaker-coupling",
    "breaker-button", "breaker-retries",  "breaker-tool",      "prepay-low-days",
    "prepay-days",    "prepay-free-from", "prepay-free-to"};

static const uint32_t delivered[SETTINGS] = {
    [SHORT_A] = 100, [K1] = 10,   [K2] = 10,     [K3] = 10,  [T1] = 30,        [T2] = 30,
    [T3] = 30,       [WAIT] = 60, [RETRIES] = 3, [TOOL] = 1, [LOW_DAYS] = 255, [DAYS] = 31};

static struct {
    uint32_t set[SETTINGS];
    /* the breaker */
    uint8_t state;
    uint32_t n_read; /* records of its log */
    uint8_t retries;
    unsigned pulses, starts; /* since the last decision to move */
    bool faulty;             /* relays have had faults since then */
    uint8_t order;           /* the command that is being given, or that a cut interrupted */
    uint8_t order_channel;
    bool recovered; /* the record that comes next may be one that a cut has left out */
    int64_t quiet_us, held_us, out_us, opened_us, rested_us, healthy_us, displaced_us, calm_us,
        paid_us;
    int64_t least_us[3], most_us[3]; /* above each limit, as it may and must have been seen */
    int64_t decided_us;              /* since a movement was decided, or supply came */
    int64_t wait_us, most_wait_us;   /* as set last, and the longest one since it opened */
    /* the account */
    bool on, low_runs;
    bool cut, cut_seen; /* it has been cut off for it; and the meter has had time to see it */
    int64_t left_uwh, booked_uwh; /* booked: loads and tokens, ever */
    int64_t decided_uwh;          /* left before the cut gave some back */
    uint32_t number, n_audit;
    int64_t audit_uwh;
    uint64_t low_used_s, operating_s, total_uwh;
    /* load control */
    struct {
        uint8_t mode, tariffs;
        bool commanded;
        uint16_t from_min, to_min; /* active between them, every day */
        int64_t wanted_us;         /* for so long */
    } relay[2];
    uint16_t delay_s;
    bool holiday; /* each day is in the list */
} model;

/* Of all lives. */
static struct {
    unsigned seen[CAUSES], bookings, moved, load_moves;
} tally;

static bool closed_state(uint8_t state)
{
    return state == 4 || state == 5 || state == 13;
}

static bool basis(unsigned bit)
{
    return (model.set[BASIS] & bit) != 0;
}

/* ---- days ---- */

static int64_t local_s(void)
{
    return clock_utc_s(&world.meter.clock, world.now_us) + LOCAL_S;
}

static bool working_now(void)
{
    const unsigned weekday = (unsigned)((local_s() / DAY_S + 3) % 7); /* 1970 began on Thursday */
    const unsigned minute = (unsigned)(local_s() % DAY_S / 60);
    const unsigned from = model.set[FREE_FROM], to = model.set[FREE_TO];
    const bool free_hours =
        from <= to ? minute >= from && minute < to : minute >= from || minute < to;
    return (model.set[DAYS] >> weekday & 1u) != 0 && !free_hours && !model.holiday;
}

/* ---- credit ---- */

static bool used_up(void)
{
    return model.on && (model.recovered ? model.decided_uwh : model.left_uwh) <= 0;
}

static bool low_time(void)
{
    return model.set[LOW_LIMIT] != 0 && model.low_used_s < model.set[LOW_DAYS] * (uint64_t)DAY_S;
}

/* Used up, and nobody may close. */
static bool exhausted(void)
{
    const bool low = model.cut && low_time();
    return used_up() && !low &&
           (basis(32) || working_now() || (model.cut && !closed_state(model.state)));
}

/* It was cut off for less than a second, and then a cut has given some credit back. */
static bool used_up_unseen(void)
{
    return used_up() && !model.cut_seen && (basis(32) || working_now());
}

static bool low_holds(void)
{
    return used_up() && model.cut && !exhausted() && model.set[LOW_LIMIT] != 0;
}

static bool held_now(void)
{
    return (basis(8) && world.meter.neutral.fault) || exhausted();
}

/* What was loaded is what was used and what is left, to the last microwatt-hour. */
static void account_follow(void)
{
    const uint64_t total_uwh = puppet.energy_uwh[LEGAL_A_PLUS];
    if (model.on) {
        model.left_uwh -= (int64_t)(total_uwh - model.total_uwh);
    }
    model.total_uwh = total_uwh;
    model.low_used_s += model.low_runs ? puppet.operating_s - model.operating_s : 0;
    model.operating_s = puppet.operating_s;
}

static void account_booked(int64_t left_uwh)
{
    model.left_uwh = left_uwh;
    if (left_uwh > 0) {
        model.cut = false;
        model.cut_seen = false;
        model.low_runs = false;
        model.low_used_s = 0;
    }
    model.quiet_us = 0;
}

static void account_switch(bool on)
{
    if (model.on && !on) {
        account_booked(0);
        model.cut = false;
        model.cut_seen = false;
        model.low_runs = false;
        model.low_used_s = 0;
    }
    model.on = on;
}

static void read_audit(void)
{
    const struct event_logs *logs = &world.meter.logs;
    const uint32_t newest = event_log_newest(logs, EVENT_LOG_AUDIT);
    for (; model.n_audit < newest; model.n_audit++) {
        struct event_log_entry entry = {0};
        claim(event_log_read(logs, &world.board, EVENT_LOG_AUDIT, model.n_audit + 1u, &entry) ==
                  EVENT_LOG_OK,
              "no record of the audit log is missing");
        if (entry.code == METER_AUDIT_CREDIT && entry.payload[0] >= PREPAY_LOADED &&
            entry.payload[0] <= PREPAY_TOKEN) {
            for (unsigned i = 0; i < 8; i++) {
                model.audit_uwh += (int64_t)((uint64_t)entry.payload[6 + i] << 8 * i);
            }
            tally.bookings++;
        }
    }
}

/* ---- the log of the breaker ---- */

static unsigned limit_of(bool low)
{
    const unsigned high = basis(1) ? model.set[LIMIT] : 0, low_limit = model.set[LOW_LIMIT];
    return !low || low_limit == 0 ? high : high != 0 && high < low_limit ? high : low_limit;
}

static uint64_t load_now(void)
{
    uint64_t sum_w = 0, most_ma = 0;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        const uint64_t ma = puppet.instant.phase[s].current_ma;
        most_ma = ma > most_ma ? ma : most_ma;
    }
    sum_w = puppet.instant.active_plus_mw / 1000u;
    return basis(4) ? sum_w : most_ma;
}

static bool above(unsigned limit, unsigned k)
{
    return limit != 0 && load_now() * 10u > 1000u * (uint64_t)limit * model.set[K1 + k];
}

static bool is_short(void)
{
    bool more = false;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        more = more || puppet.instant.phase[s].current_ma > 1000u * model.set[SHORT_A];
    }
    return model.set[SHORT_A] != 0 && more;
}

static int64_t time_us(unsigned k)
{
    int64_t sum_s = 0;
    for (unsigned i = 0; i <= k; i++) {
        sum_s += model.set[T1 + i];
    }
    return sum_s * SECOND;
}

static bool may_trip(void)
{
    for (unsigned k = 0; k < 3; k++) {
        if (model.least_us[k] + 2 * SECOND >= time_us(k)) {
            return true;
        }
    }
    return is_short();
}

static bool again_left(void)
{
    return model.set[RETRIES] == 255 || model.retries < model.set[RETRIES];
}

static bool waited(void)
{
    return model.rested_us + 2 * SECOND >= model.wait_us;
}

/* Held for long enough that the meter has seen it: nobody closes. */
static bool surely_held(void)
{
    const bool seen =
        (basis(8) && world.meter.neutral.fault) || basis(32) || working_now() || model.cut_seen;
    return held_now() && seen && model.held_us > LATE_US;
}

static bool asked(uint8_t cause)
{
    const bool held_down =
        world.button_until_us != INT64_MAX && world.now_us >= world.button_from_us + BUTTON_US;
    return cause == 4 ? held_down || (model.recovered && model.order == 4) : model.order == cause;
}

static bool allowed_order(uint8_t from, uint8_t cause, uint8_t to)
{
    const bool needs_release = model.set[BUTTON] != 0;
    switch (cause) {
    case 1: return to == 1 && from != 1;
    case 2: return from == 1 && to == 8;
    case 3: return from == 8 && to == 4;
    default:
        return closed_state(from)
                   ? to == 11
                   : to == 4 && (from == 8 || (!needs_release && (from == 11 || from == 7)));
    }
}

/* By itself. */
static bool allowed_self(uint8_t from, uint8_t cause, uint8_t to)
{
    const bool closed = closed_state(from), itself = model.set[COUPLING] != 0 && again_left();
    const bool free_button = model.set[BUTTON] == 0;
    switch (cause) {
    case 6: return from == 13 && to == 4;
    case 7: return closed && from != 4 && to == (basis(16) ? 13 : 6) && may_trip();
    case 8:
        return from == 7 ? waited() && itself && to == 4 && low_holds()
                         : (from == 6 || (from == 12 && !world.meter.neutral.fault)) && waited() &&
                               (itself ? to == 4 : to == 8 && free_button);
    case 9: return closed && to == 12 && basis(8) && world.meter.neutral.fault;
    case 10: return closed && to == 7 && (exhausted() || used_up_unseen());
    case 11: return (from == 7 || from == 9) && to == (itself ? 4 : 8) && !used_up();
    case 12:
        return (closed || from == 7) && to == 9 && used_up() && model.cut &&
               model.set[LOW_LIMIT] != 0 &&
               model.low_used_s + 5 >= model.set[LOW_DAYS] * (uint64_t)DAY_S;
    case 13: return closed && from != 4 && to == 7 && low_holds() && may_trip();
    default: /* a warning before a cut is not kept */
        return cause >= 32 && cause <= 35 && (to == from || (closed && closed_state(to)));
    }
}

static void moved(uint8_t cause, uint8_t to)
{
    tally.moved++;
    model.pulses = 0;
    model.decided_us = 0;
    model.starts = 0;
    model.faulty = world.relays.stuck != 0 || world.relays.silent;
    for (unsigned k = 0; k < 3; k++) {
        model.faulty = model.faulty || world.relays.travel_us[k] > RELAYS_TRAVEL_US;
        model.least_us[k] = 0;
        model.most_us[k] = 0;
    }
    if (closed_state(to)) {
        model.retries = (uint8_t)(cause == 8 ? model.retries + 1 : 0);
        model.calm_us = 0;
    } else {
        const int64_t wait_us = (int64_t)model.set[WAIT] * SECOND;
        model.wait_us = wait_us > 5 * SECOND ? wait_us : 5 * SECOND;
        model.most_wait_us = model.wait_us;
    }
}

static void read_record(uint32_t id)
{
    struct event_log_entry entry = {0};
    claim(event_log_read(&world.meter.logs, &world.board, EVENT_LOG_DISCONNECT, id, &entry) ==
              EVENT_LOG_OK,
          "no record of the breaker's log is missing");
    const uint8_t cause = (uint8_t)(entry.code >> 8), to = (uint8_t)entry.code;
    const uint8_t from = entry.payload[0];
    claim(from == model.state || (closed_state(from) && closed_state(model.state)),
          "each record goes on where the one before it ended");
    tally.seen[cause % CAUSES]++;
    if (cause >= 1 && cause <= 4) {
        claim(asked(cause), "nothing moves as by an order that nobody gave, or gave once");
        claim(allowed_order(from, cause, to), "an order does what the table of the manual says");
        claim(cause == 4 || entry.payload[2] == model.order_channel,
              "the log names the connection");
        model.order = cause == 4 ? model.order : 0;
        world.button_from_us = cause == 4 ? INT64_MAX / 2 : world.button_from_us; /* once */
    } else if (!allowed_self(from, cause, to)) {
        char text[80];
        snprintf(text, sizeof text, "it does that by itself: %u to %u by %u", from, to, cause);
        claim(false, text);
    }
    if (closed_state(to) && !closed_state(from)) {
        claim(!surely_held(), "nobody closes while the neutral is lost or credit is used up");
    }
    if (closed_state(to) != closed_state(from)) {
        moved(cause, to);
    }
    if (to != from) {
        model.opened_us = 0;
        model.rested_us = 0;
        model.quiet_us = 0;
    }
    model.faulty = model.faulty || cause == 35;
    model.state = to;
    model.cut = model.cut || ((to == 7 || to == 9) && used_up());
}

static void read_log(void)
{
    const uint32_t newest = event_log_newest(&world.meter.logs, EVENT_LOG_DISCONNECT);
    while (model.n_read < newest) {
        read_record(++model.n_read);
    }
    if (closed_state(model.state) && closed_state(world.meter.breaker.kept.state)) {
        model.state = world.meter.breaker.kept.state; /* warnings are not logged */
    }
}

/* Never closes without permission, never acts twice on one decision. */
static void before_drive(bool close)
{
    read_log();
    model.pulses++;
    claim(!close || model.decided_us <= CLOSES_US, "what would not close is left alone");
    claim(close == closed_state(model.state), "a relay is driven to where the log says");
    claim(!close || !surely_held(),
          "no relay is closed while the neutral is lost or credit is out");
    claim(model.faulty || model.pulses <= 1u + model.starts, "one decision, one movement");
}

/* ---- time ---- */

static int64_t more(bool holds, int64_t before_us, int64_t passed_us)
{
    return holds ? before_us + passed_us : 0;
}

/* Supply is back: what a lost neutral has begun in between nobody has seen. */
static void model_start(void)
{
    const int64_t wait_us = (int64_t)model.set[WAIT] * SECOND;
    if (model.state == 12) {
        model.wait_us = wait_us > 5 * SECOND ? wait_us : 5 * SECOND;
        model.rested_us = 0;
        model.opened_us = 0;
    }
    model.quiet_us = 0;
    model.held_us = 0;
    model.out_us = 0;
    model.paid_us = 0;
    model.healthy_us = 0;
    model.displaced_us = 0;
    model.relay[0].wanted_us = 0;
    model.relay[1].wanted_us = 0;
}

static void model_time(int64_t passed_us)
{
    const bool pending = world.meter.breaker.kept.pending;
    const bool closed = closed_state(model.state), fault = world.meter.neutral.fault;
    model.quiet_us += passed_us;
    model.decided_us += passed_us;
    model.opened_us += passed_us; /* and nothing has disturbed it; rested: whatever has */
    model.rested_us += passed_us;
    if (pending || (model.state == 12 && fault)) {
        const int64_t wait_us = (int64_t)model.set[WAIT] * SECOND;
        model.opened_us = model.state == 12 ? 0 : model.opened_us;
        model.rested_us = model.state == 12 && fault ? 0 : model.rested_us;
        model.wait_us = model.state != 12      ? model.wait_us
                        : wait_us > 5 * SECOND ? wait_us
                                               : 5 * SECOND;
    }
    model.held_us = more(held_now(), model.held_us, passed_us);
    model.out_us = more(held_now() && closed, model.out_us, passed_us);
    model.paid_us = more((model.state == 7 || model.state == 9) && !used_up() && !held_now(),
                         model.paid_us, passed_us);
    model.healthy_us = more(!world.displaced, model.healthy_us, passed_us);
    model.displaced_us = more(world.displaced, model.displaced_us, passed_us);
    model.calm_us = more(closed, model.calm_us, passed_us);
    const unsigned tight = limit_of(true), high = limit_of(false);
    const unsigned wide = !low_holds() ? high : model.cut_seen ? (tight > high ? tight : high) : 0;
    for (unsigned k = 0; k < 3; k++) {
        const bool may = above(tight, k) || above(high, k);
        model.least_us[k] = more(may && closed, model.least_us[k], passed_us);
        model.most_us[k] = more(above(wide, k) && closed && !pending, model.most_us[k], passed_us);
    }
    for (unsigned i = 0; i < 2; i++) {
        model.relay[i].wanted_us += passed_us;
    }
    model.cut = model.cut || ((model.state == 7 || model.state == 9) && used_up());
    model.cut_seen = model.cut_seen || ((model.state == 7 || model.state == 9) && model.cut &&
                                        used_up() && model.rested_us > 2 * SECOND);
    model.low_runs = low_holds() && closed;
}

/* ---- load control ---- */

static bool load_wanted(unsigned i)
{
    const unsigned minute = (unsigned)(local_s() % DAY_S / 60);
    const unsigned from = model.relay[i].from_min, to = model.relay[i].to_min;
    switch (model.relay[i].mode) {
    case LOAD_TARIFF: return (model.relay[i].tariffs >> 1 & 1u) != 0; /* tariff 2, always */
    case LOAD_COMMAND: return model.relay[i].commanded;
    case LOAD_PLAN:
        return from < to ? minute >= from && minute < to
                         : from > to && (minute >= from || minute < to);
    default: return false;
    }
}

static void check_loads(void)
{
    for (unsigned i = 0; i < 2; i++) {
        const bool active = ((unsigned)toy.loads >> i & 1u) != 0, wanted = load_wanted(i);
        model.relay[i].wanted_us = wanted ? model.relay[i].wanted_us : 0;
        claim(wanted || !active, "a load that is not wanted is off at once");
        claim(active || !wanted || model.relay[i].mode != LOAD_COMMAND, "a command acts at once");
        claim(active || model.relay[i].wanted_us <= (model.delay_s + 2) * SECOND,
              "a load that is wanted is on after the longest delay");
    }
}

/* ---- what must be so by now ---- */

static void check_position(void)
{
    const struct breaker *b = &world.meter.breaker;
    const bool error = (breaker_feedback(b) & BREAKER_FEEDBACK_ERROR) != 0;
    const bool closed = closed_state(model.state),
               still = world.relays.stuck != 0 || world.relays.silent;
    const uint8_t wanted = closed ? 7 : 0;
    if (model.quiet_us > 14 * SECOND && !(closed && held_now()) && !world.relays.silent) {
        claim(world.relays.closed == wanted || error,
              "relays get to where the log says, or the fault shows");
    }
    if (model.quiet_us > 76 * SECOND && !closed && !still) {
        claim(world.relays.closed == 0, "what should be open is opened in the end");
    }
}

static bool closes_again(void)
{
    return model.set[COUPLING] != 0 && again_left();
}

static void check_breaker(void)
{
    const struct breaker *b = &world.meter.breaker;
    const int64_t late_us = model.most_wait_us + LATE_US;
    check_position();
    claim(model.out_us <= LATE_US, "it opens when the neutral is lost or credit is used up");
    claim(!world.meter.neutral.fault || model.healthy_us <= 30 * SECOND, "a fault ends");
    claim(world.meter.neutral.fault || model.displaced_us <= 80 * SECOND, "a fault is found");
    for (unsigned k = 0; k < 3; k++) {
        claim(model.most_us[k] <= time_us(k) + LATE_US || !closed_state(model.state) ||
                  (model.state == 13 && basis(16) && !low_holds()),
              "a load that is too high for too long opens it");
    }
    claim(model.paid_us <= LATE_US, "new credit closes it, or releases it");
    if (b->kept.pending || held_now() || model.quiet_us < late_us) {
        return;
    }
    if (model.state == 6 || model.state == 12 || (model.state == 7 && low_holds())) {
        claim(model.opened_us <= late_us || !closes_again(), "it closes by itself after the wait");
    }
    if (model.state == 6 || model.state == 12) {
        claim(model.opened_us <= late_us || model.set[BUTTON] != 0,
              "it is released after the wait");
    }
}

static void check_account(void)
{
    claim(meter_prepay_on(&world.meter) == model.on, "prepayment is on as it was set");
    claim(meter_prepay_left_uwh(&world.meter) == model.left_uwh,
          "what was loaded is what was used and what is left");
    claim(world.meter.prepay.kept.paid_uwh == model.booked_uwh, "the sum of all payments");
    read_audit();
    if (model.quiet_us > 3 * SECOND) {
        claim(model.audit_uwh == model.booked_uwh, "each payment has one record");
    }
}

static void model_check(void)
{
    read_log();
    if (world.meter.breaker.kept.retries == 0 && model.calm_us >= 3600 * SECOND) {
        model.retries = 0;
    }
    claim(world.meter.breaker.kept.state == model.state, "the state is what the log ends with");
    check_account();
    if (!world.meter.supply_on) {
        return;
    }
    check_breaker();
    check_loads();
}

#endif
