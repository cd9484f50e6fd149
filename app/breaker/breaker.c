/* A breaker: orders, movements, and the watch over the load. */
#include "breaker.h"

#include <string.h>

#define US_PER_S     INT64_C(1000000)
#define POLL_US      INT64_C(100000)
#define ASTRAY_US    INT64_C(3000000) /* as long as this it may be a sensor that lags */
#define CALM_S       3600u            /* then earlier reconnections are forgotten */
#define WAIT_LEAST_S 5u
#define NEVER        INT64_MAX
#define MA_PER_TENTH INT64_C(100)
#define CHANNEL_SELF 0xFFu

static uint32_t wait_of(const struct breaker_config *config)
{
    return config->wait_s > WAIT_LEAST_S ? config->wait_s : WAIT_LEAST_S;
}

static bool target_closed(const struct breaker *b)
{
    return breaker_state_closed(b->kept.state);
}

/* Nobody may close now. */
static bool held(const struct breaker *b)
{
    return (b->facts.neutral_fault && (b->config.basis & BREAKER_BASIS_NEUTRAL) != 0) ||
           (b->facts.credit_exhausted && (b->config.basis & BREAKER_BASIS_PREPAYMENT) != 0);
}

static bool retries_left(const struct breaker *b)
{
    return b->config.retries == BREAKER_NO_LIMIT || b->kept.retries < b->config.retries;
}

/* ---- memory and log ---- */

/* What is written while there is supply holds no running time: the load may be normal when a cut
 * without warning has it read again. */
static void save(struct breaker *b, const struct breaker_port *port)
{
    struct breaker_kept kept = b->kept;
    memset(kept.over_s, 0, sizeof kept.over_s);
    kept.state = target_closed(b) ? (uint8_t)BREAKER_CLOSED : kept.state;
    b->unsaved = !port->save(port->context, &kept);
    b->kept.sequence = kept.sequence;
}

void breaker_store(struct breaker *breaker, const struct breaker_port *port)
{
    if (breaker->fitted) {
        breaker->unsaved = !port->save(port->context, &breaker->kept);
    }
}

/* The record of the newest change, unless it is there. */
static void log_change(struct breaker *b, const struct breaker_port *port)
{
    b->unlogged =
        port->log_newest(port->context) < b->kept.log_id &&
        !port->log(port->context, b, b->kept.log_before, b->kept.log_cause, b->kept.log_channel);
}

/* Something that changes no state; noted with the state that is. */
static void note(struct breaker *b, const struct breaker_port *port, uint8_t cause)
{
    b->kept.log_before = b->kept.state;
    b->kept.log_cause = cause;
    b->kept.log_channel = CHANNEL_SELF;
    b->kept.log_id = port->log_newest(port->context) + 1u;
    save(b, port);
    log_change(b, port);
}

/* ---- changes ---- */

static void movement_begin(struct breaker *b, int64_t now_us)
{
    const int64_t rested_us = b->opened_us == INT64_MIN ? now_us : b->opened_us + BREAKER_CLOSE_US;
    b->tries = 0;
    b->due_us = NEVER;
    b->drive_us = now_us;
    if (target_closed(b)) {
        b->drive_us = now_us + BREAKER_CLOSE_US > rested_us ? now_us + BREAKER_CLOSE_US : rested_us;
    }
}

/* A person or the utility has closed: what the automatic did before does not count any more. */
static uint8_t retries_after(const struct breaker *b, enum breaker_event event, bool closes)
{
    if (!closes) {
        return b->kept.retries;
    }
    const bool by_itself = event == BREAKER_EVENT_WAITED;
    return (uint8_t)(!by_itself                         ? 0u
                     : b->kept.retries < UINT8_MAX - 1u ? b->kept.retries + 1u
                                                        : b->kept.retries);
}

static void enter(struct breaker *b, const struct breaker_port *port, enum breaker_event event,
                  uint8_t next, uint8_t channel)
{
    struct breaker_kept *kept = &b->kept;
    const bool was_closed = target_closed(b), closes = breaker_state_closed(next) && !was_closed;
    kept->retries = retries_after(b, event, closes);
    kept->log_before = kept->state;
    kept->log_cause = (uint8_t)event;
    kept->log_channel = channel;
    kept->log_id = port->log_newest(port->context) + 1u;
    kept->state = next;
    if (was_closed && !target_closed(b)) {
        kept->wait_left_s = wait_of(&b->config);
        memset(kept->over_s, 0, sizeof kept->over_s); /* the load has ended, however shortly */
    }
    kept->pending = kept->pending || target_closed(b) != was_closed;
    b->calm_s = 0;
}

static bool is_order(enum breaker_event event)
{
    return event >= BREAKER_EVENT_DISCONNECT && event <= BREAKER_EVENT_BUTTON;
}

/* Warnings move nothing.  They are not kept, and of them only what is there to be logged is: a load
 * beside its limit would wear a page out in months, and push the operations out of the log. */
static void enter_softly(struct breaker *b, const struct breaker_port *port,
                         enum breaker_event event, uint8_t next)
{
    const uint8_t before = b->kept.state;
    b->kept.state = next;
    b->calm_s = 0;
    if (before == BREAKER_LOG_ONLY || next == BREAKER_LOG_ONLY) {
        (void)port->log(port->context, b, before, (uint8_t)event, CHANNEL_SELF);
    }
}

/* The decision is kept, then noted, then carried out.  An order that cannot be kept is refused;
 * what the meter does by itself it does all the same, and the memory is tried again. */
static enum breaker_answer happen(struct breaker *b, const struct breaker_port *port,
                                  enum breaker_event event, uint8_t channel, int64_t now_us)
{
    const uint8_t next = breaker_next(b->kept.state, event, &b->config, retries_left(b));
    if (next == BREAKER_NO_RELAY) {
        return BREAKER_ERR_STATE;
    }
    if (next == b->kept.state) {
        return BREAKER_DONE;
    }
    const bool moves = breaker_state_closed(next) != target_closed(b);
    if (!moves && target_closed(b)) {
        enter_softly(b, port, event, next);
        return BREAKER_DONE;
    }
    if (moves && breaker_state_closed(next) && held(b)) {
        return BREAKER_ERR_HELD;
    }
    const struct breaker_kept before = b->kept;
    enter(b, port, event, next, channel);
    save(b, port);
    if (b->unsaved && is_order(event)) {
        b->kept = before;
        b->unsaved = false;
        return BREAKER_ERR_STORAGE;
    }
    log_change(b, port);
    if (moves) {
        movement_begin(b, now_us);
    }
    return BREAKER_DONE;
}

enum breaker_answer breaker_order(struct breaker *breaker, const struct breaker_port *port,
                                  enum breaker_event event, uint8_t channel, int64_t now_us)
{
    if (!breaker->fitted) {
        return BREAKER_ERR_NONE;
    }
    if (!breaker->supply) {
        return BREAKER_ERR_SUPPLY;
    }
    return is_order(event) ? happen(breaker, port, event, channel, now_us) : BREAKER_ERR_STATE;
}

/* ---- position ---- */

static void look(struct breaker *b, const struct breaker_port *port)
{
    b->answers = port->read(port->context, &b->relays) == 0;
    if (!b->answers) {
        memset(&b->relays, 0, sizeof b->relays);
    }
    const unsigned known = (unsigned)b->relays.known & b->relays.phases;
    const unsigned closed = known & b->relays.closed;
    b->position = (uint8_t)(known == 0        ? BREAKER_POSITION_UNKNOWN
                            : closed == 0     ? BREAKER_POSITION_OPEN
                            : closed == known ? BREAKER_POSITION_CLOSED
                                              : BREAKER_POSITION_MIXED);
}

static bool in_place(const struct breaker *b)
{
    return b->position == (target_closed(b) ? BREAKER_POSITION_CLOSED : BREAKER_POSITION_OPEN);
}

static void arrived(struct breaker *b, const struct breaker_port *port, int64_t now_us)
{
    const bool fault = b->kept.fault, slow = b->tries > 1;
    b->kept.pending = false;
    b->kept.fault = false;
    b->opened_us = target_closed(b) ? b->opened_us : now_us;
    b->astray_us = INT64_MIN;
    if (fault || slow) {
        note(b, port, fault ? BREAKER_NOTE_RECOVERED : BREAKER_NOTE_SLOW);
    } else {
        save(b, port);
    }
    b->tries = 0;
}

/* Driven as often as may be: it is stuck. */
static void failed(struct breaker *b, const struct breaker_port *port, int64_t now_us)
{
    const bool known = b->kept.fault;
    b->kept.fault = true;
    b->tries = 0;
    b->due_us = NEVER;
    b->drive_us = now_us + BREAKER_AGAIN_US;
    if (target_closed(b)) {
        b->kept.pending = false; /* people must not be surprised by it minutes later */
    }
    if (!known) {
        note(b, port, BREAKER_NOTE_FAILED);
    } else {
        save(b, port);
    }
}

/* Relays that do not answer are driven all the same, and count as failed when nothing tells of it.
 */
static void movement_step(struct breaker *b, const struct breaker_port *port, int64_t now_us)
{
    if (in_place(b)) {
        arrived(b, port, now_us);
    } else if (b->due_us != NEVER && now_us >= b->due_us && b->tries >= BREAKER_TRIES) {
        failed(b, port, now_us);
    } else if (now_us >= (b->due_us != NEVER ? b->due_us : b->drive_us) &&
               !(target_closed(b) && held(b))) {
        b->answers = port->drive(port->context, target_closed(b)) == 0 && b->answers;
        b->tries++;
        b->due_us = now_us + BREAKER_MOVE_US;
    }
}

/* Nothing was ordered, and yet it is not where it was left.  Relays that should be open are opened
 * again; those that should be closed are not closed unasked. */
static void astray_step(struct breaker *b, const struct breaker_port *port, int64_t now_us)
{
    if (in_place(b) || b->position == BREAKER_POSITION_UNKNOWN) {
        if (in_place(b) && b->kept.fault) {
            arrived(b, port, now_us);
        }
        b->astray_us = INT64_MIN;
        return;
    }
    if (b->astray_us == INT64_MIN) {
        b->astray_us = now_us;
    }
    if (now_us - b->astray_us < ASTRAY_US || b->kept.fault) {
        return;
    }
    b->kept.fault = true;
    b->kept.pending = !target_closed(b);
    note(b, port, BREAKER_NOTE_ASTRAY);
    movement_begin(b, now_us);
}

/* ---- the watch over the load ---- */

/* Used up, and closed all the same: the low limit holds, whether the load is watched or not. */
static bool low_in_force(const struct breaker *b)
{
    return (b->config.basis & BREAKER_BASIS_PREPAYMENT) != 0 && b->facts.credit_low &&
           b->config.low_limit != 0;
}

/* A high limit that is lower still counts. */
static uint8_t limit_watched(const struct breaker *b)
{
    const uint8_t high = (b->config.basis & BREAKER_BASIS_LOAD) != 0 ? b->config.limit : 0;
    if (!low_in_force(b)) {
        return high;
    }
    return high != 0 && high < b->config.low_limit ? high : b->config.low_limit;
}

uint8_t breaker_limit(const struct breaker *breaker)
{
    return low_in_force(breaker) ? limit_watched(breaker) : breaker->config.limit;
}

static bool watches(const struct breaker *b)
{
    return limit_watched(b) != 0 && target_closed(b);
}

static bool above(const struct breaker *b, unsigned factor)
{
    const int64_t limit_tenths = (int64_t)limit_watched(b) * b->config.k_tenths[factor];
    const bool power = (b->config.basis & BREAKER_BASIS_POWER) != 0;
    const int64_t value = power ? b->facts.power_w : b->facts.current_ma;
    return value > limit_tenths * MA_PER_TENTH; /* mA of A, W of kW */
}

static bool short_circuit(const struct breaker *b)
{
    return b->config.short_circuit_a != 0 &&
           b->facts.current_ma > b->config.short_circuit_a * UINT32_C(1000);
}

/* The times add up: t1, t1 + t2, t1 + t2 + t3 (spec answers B12.5). */
static bool too_long(const struct breaker *b)
{
    uint32_t time_s = 0;
    for (unsigned i = 0; i < BREAKER_FACTORS; i++) {
        time_s += b->config.t_s[i];
        if (b->kept.over_s[i] > time_s) {
            return true;
        }
    }
    return short_circuit(b);
}

uint32_t breaker_trip_left_s(const struct breaker *breaker)
{
    uint32_t time_s = 0, left_s = UINT32_MAX;
    for (unsigned i = 0; i < BREAKER_FACTORS; i++) {
        const uint32_t over_s = breaker->kept.over_s[i];
        time_s += breaker->config.t_s[i];
        if (over_s > 0 && over_s <= time_s && time_s + 1u - over_s < left_s) {
            left_s = time_s + 1u - over_s;
        }
    }
    return breaker->kept.state == BREAKER_WARNING && left_s != UINT32_MAX ? left_s : 0;
}

static void watch(struct breaker *b, const struct breaker_port *port, uint32_t seconds,
                  int64_t now_us)
{
    const bool watched = watches(b);
    bool over = watched && short_circuit(b);
    if (watched && (!b->facts.load_known || b->kept.pending)) {
        return; /* nothing is known of this second */
    }
    for (unsigned i = 0; i < BREAKER_FACTORS; i++) {
        const bool factor_over = watched && above(b, i);
        const uint32_t so_far = b->kept.over_s[i];
        b->kept.over_s[i] = !factor_over                    ? 0
                            : so_far < UINT32_MAX - seconds ? so_far + seconds
                                                            : so_far;
        over = over || factor_over;
    }
    if (over || b->kept.state != BREAKER_CLOSED) {
        (void)happen(b, port, over ? BREAKER_EVENT_OVER : BREAKER_EVENT_NORMAL, CHANNEL_SELF,
                     now_us);
    }
    if (over && too_long(b)) {
        (void)happen(b, port, low_in_force(b) ? BREAKER_EVENT_LOW_TRIP : BREAKER_EVENT_TRIP,
                     CHANNEL_SELF, now_us);
    }
    b->calm_s = b->kept.state == BREAKER_CLOSED && !over ? b->calm_s + seconds : 0;
    if (b->calm_s >= CALM_S && b->kept.retries > 0) {
        b->kept.retries = 0;
        save(b, port);
    }
}

/* With the neutral lost the wait has not begun. */
static bool neutral_waits(const struct breaker *b)
{
    return b->kept.state == BREAKER_OPEN_NEUTRAL && b->facts.neutral_fault;
}

/* After an automatic opening. */
static void wait(struct breaker *b, const struct breaker_port *port, uint32_t seconds,
                 int64_t now_us)
{
    struct breaker_kept *kept = &b->kept;
    if (target_closed(b) || kept->pending || neutral_waits(b)) {
        return;
    }
    kept->wait_left_s = kept->wait_left_s > seconds ? kept->wait_left_s - seconds : 0;
    if (kept->wait_left_s == 0) {
        (void)happen(b, port, BREAKER_EVENT_WAITED, CHANNEL_SELF, now_us);
    }
}

static void credit(struct breaker *b, const struct breaker_port *port, int64_t now_us)
{
    const bool counts = (b->config.basis & BREAKER_BASIS_PREPAYMENT) != 0;
    const bool out = counts && b->facts.credit_exhausted, low = counts && b->facts.credit_low;
    const bool waits =
        b->kept.state == BREAKER_CUT_OFF_PREPAYMENT || b->kept.state == BREAKER_PREPAYMENT_EXPIRED;
    if (out) { /* no look into the table in a second in which nothing can happen */
        (void)happen(b, port,
                     b->facts.credit_expired ? BREAKER_EVENT_LOW_EXPIRED : BREAKER_EVENT_CREDIT_OUT,
                     CHANNEL_SELF, now_us);
    } else if (waits && !low) {
        (void)happen(b, port, BREAKER_EVENT_CREDIT_IN, CHANNEL_SELF, now_us);
    }
}

static void second(struct breaker *b, const struct breaker_port *port, int64_t now_us)
{
    const uint32_t seconds = (uint32_t)((now_us - b->second_us) / US_PER_S) + 1u;
    b->second_us += seconds * US_PER_S;
    if (b->unsaved) {
        save(b, port);
    }
    if (b->unlogged) {
        log_change(b, port);
    }
    if (b->facts.neutral_fault && (b->config.basis & BREAKER_BASIS_NEUTRAL) != 0) {
        (void)happen(b, port, BREAKER_EVENT_NEUTRAL, CHANNEL_SELF, now_us);
    }
    credit(b, port, now_us);
    watch(b, port, seconds, now_us);
    wait(b, port, seconds, now_us);
}

/* ---- running ---- */

void breaker_start(struct breaker *breaker, const struct breaker_kept *kept, bool fitted,
                   int64_t now_us)
{
    memset(breaker, 0, sizeof *breaker);
    breaker->kept = *kept;
    breaker->fitted = fitted;
    breaker->opened_us = INT64_MIN;
    breaker->astray_us = INT64_MIN;
    breaker->second_us = now_us;
    if (!breaker_state_known(breaker->kept.state)) { /* a new meter is delivered closed */
        breaker->kept.state = BREAKER_CLOSED;
    }
}

void breaker_supply(struct breaker *breaker, const struct breaker_port *port, bool on,
                    int64_t now_us)
{
    if (!breaker->fitted || breaker->supply == on) {
        return;
    }
    breaker->supply = on;
    breaker->position = BREAKER_POSITION_UNKNOWN;
    breaker->facts.load_known = false;
    breaker->astray_us = INT64_MIN;
    if (!on) {
        breaker_store(breaker, port);
        return;
    }
    if (breaker->kept.over_s[BREAKER_FACTORS - 1u] != 0 ||
        breaker->kept.state != (target_closed(breaker) ? BREAKER_CLOSED : breaker->kept.state)) {
        save(breaker, port); /* they run on in RAM */
    }
    if (breaker->kept.state == BREAKER_OPEN_NEUTRAL) { /* what came in between nobody has seen */
        breaker->kept.wait_left_s = wait_of(&breaker->config);
    }
    breaker->second_us = now_us + US_PER_S;
    log_change(breaker, port);
    movement_begin(breaker, now_us);
}

bool breaker_wants_load(const struct breaker *breaker, int64_t now_us)
{
    return breaker->fitted && breaker->supply && now_us >= breaker->second_us && watches(breaker);
}

int64_t breaker_step(struct breaker *breaker, const struct breaker_port *port,
                     const struct breaker_facts *facts, int64_t now_us)
{
    if (!breaker->fitted || !breaker->supply) {
        return NEVER;
    }
    const bool due = now_us >= breaker->second_us, wanted = breaker_wants_load(breaker, now_us);
    breaker->facts = *facts;
    if (due && !wanted) { /* the low limit has just begun: that load is an old one */
        breaker->facts.load_known = false;
    }
    if (neutral_waits(breaker)) { /* a fault of less than a second, too */
        breaker->kept.wait_left_s = wait_of(&breaker->config);
    }
    if (due || breaker->kept.pending || breaker->position == BREAKER_POSITION_UNKNOWN) {
        look(breaker, port);
    }
    if (due) {
        second(breaker, port, now_us);
    }
    if (breaker->kept.pending) {
        movement_step(breaker, port, now_us);
    } else if (due) {
        astray_step(breaker, port, now_us);
    }
    return breaker->kept.pending ? now_us + POLL_US : NEVER;
}

uint8_t breaker_feedback(const struct breaker *breaker)
{
    unsigned bits = (unsigned)breaker->relays.voltage & ((1u << BREAKER_PHASES) - 1u);
    bits = breaker->answers ? bits : 0u;
    bits |= breaker->answers ? (unsigned)BREAKER_FEEDBACK_VALID | BREAKER_FEEDBACK_ANSWERS : 0u;
    bits |= low_in_force(breaker) ? 0u : BREAKER_FEEDBACK_HIGH;
    bits |= breaker->kept.pending ? BREAKER_FEEDBACK_PENDING : 0u;
    bits |= breaker->kept.fault ? BREAKER_FEEDBACK_ERROR : 0u;
    return (uint8_t)bits;
}
