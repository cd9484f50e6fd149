/*
 * The breaker under random orders, loads, lost neutrals, faults of relays, power cuts at random
 * writes, beside a small model of what it may do.  The model knows no table: it reads the log, one
 * record after the other, and asks of each whether that may have happened then.
 *
 * Held at every step: it never closes without permission, never stays open or closed against what
 * was decided, never acts twice on one decision, and each decision has one record.
 * OPEN382_SEED=N replays, OPEN382_LONG=50 makes it fifty times as long.
 */
#include "emu/desk.h"

#include "app/breaker/breaker.h"
#include "lab/relays.h"

#define STEPS 200000u

enum cut { CUT_NONE, CUT_BEFORE, CUT_AFTER };

struct record {
    uint8_t before, cause, after;
};

static struct {
    /* what a cut leaves */
    struct breaker_kept memory;
    struct record log[16]; /* the last ones; the model reads them at once */
    uint32_t n_log;
    struct relays relays;
    /* what it does not */
    struct breaker breaker;
    bool dead;
    enum cut cut;
    unsigned cut_in;
    int64_t now_us;
    struct breaker_facts facts;
} world;

static struct {
    uint8_t state;
    uint32_t n_read; /* records */
    uint8_t retries;
    unsigned pulses, restarts;       /* since the last decision to move */
    bool faulty;                     /* relays have had faults since then */
    int64_t sample_us;               /* of the load; INT64_MIN: none in this stretch of supply */
    int64_t least_us[3], most_us[3]; /* above each limit, as the breaker may and must have it */
    int64_t opened_us, healthy_us, quiet_us, calm_us;
    int64_t wait_us;
    unsigned seen[BREAKER_EVENTS], moved, cuts;
} model;

static struct desk_random random_state;

static unsigned draw(unsigned n)
{
    return desk_draw(&random_state, n);
}

/* ---- the meter around the breaker ---- */

static bool cut_now(void)
{
    if (world.cut != CUT_NONE && world.cut_in-- == 0) {
        world.dead = true;
    }
    return world.dead;
}

static bool port_save(void *context, struct breaker_kept *kept)
{
    (void)context;
    const bool was_dead = world.dead, cut = cut_now();
    if (!was_dead && (!cut || world.cut == CUT_AFTER)) {
        kept->sequence++;
        world.memory = *kept;
    }
    return !cut;
}

static bool port_log(void *context, const struct breaker *breaker, uint8_t before, uint8_t cause,
                     uint8_t channel)
{
    (void)context;
    (void)channel;
    const bool was_dead = world.dead, cut = cut_now();
    if (!was_dead && (!cut || world.cut == CUT_AFTER)) {
        world.log[world.n_log++ % 16u] = (struct record){before, cause, breaker->kept.state};
    }
    return !cut;
}

static uint32_t port_log_newest(void *context)
{
    (void)context;
    return world.n_log;
}

static bool is_closed(uint8_t state)
{
    return state == 4 || state == 5 || state == 13;
}

/* By what it was told last. */
static bool is_held(void)
{
    const struct breaker_config *config = &world.breaker.config;
    return (world.breaker.facts.neutral_fault && (config->basis & 8u) != 0) ||
           (world.breaker.facts.credit_exhausted && (config->basis & 2u) != 0);
}

static void read_log(void);

/* Never closes without permission, never acts twice on one decision. */
static int port_drive(void *context, bool close)
{
    (void)context;
    if (world.dead) {
        return 0;
    }
    read_log();
    assert_int_equal(close, is_closed(model.state));
    assert_false(close && is_held());
    model.pulses++;
    if (!model.faulty) {
        assert_true(model.pulses <= 1u + model.restarts);
    }
    return relays_drive(&world.relays, close, world.now_us);
}

static int port_read(void *context, struct board_breaker *out)
{
    (void)context;
    *out = (struct board_breaker){7, 7, world.relays.closed, world.relays.closed};
    return world.relays.silent ? -1 : 0;
}

static const struct breaker_port port = {.save = port_save,
                                         .log = port_log,
                                         .log_newest = port_log_newest,
                                         .drive = port_drive,
                                         .read = port_read};

/* ---- the model ---- */

static bool low_holds(void)
{
    const struct breaker_config *config = &world.breaker.config;
    return (config->basis & 2u) != 0 && world.facts.credit_low && config->low_limit != 0;
}

static unsigned limit_of(void)
{
    const struct breaker_config *config = &world.breaker.config;
    const unsigned high = (config->basis & 1u) != 0 ? config->limit : 0;
    const unsigned low = low_holds() ? config->low_limit : 0;
    return low == 0 || (high != 0 && high < low) ? high : low;
}

static bool watched(void)
{
    return limit_of() != 0;
}

static bool is_short(void)
{
    const uint32_t most_a = world.breaker.config.short_circuit_a;
    return most_a != 0 && world.facts.current_ma > 1000u * most_a;
}

static bool is_above(unsigned i)
{
    const struct breaker_config *config = &world.breaker.config;
    const double x = (config->basis & 4u) != 0 ? world.facts.power_w : world.facts.current_ma;
    return watched() && x > 1000.0 * limit_of() * config->k_tenths[i] / 10.0 + 1e-6;
}

static bool is_over(void)
{
    return watched() && (is_above(0) || is_above(1) || is_above(2) || is_short());
}

static int64_t time_us(unsigned i)
{
    int64_t sum_s = 0;
    for (unsigned k = 0; k <= i; k++) {
        sum_s += world.breaker.config.t_s[k];
    }
    return sum_s * SECOND;
}

static bool may_trip(void)
{
    for (unsigned i = 0; i < 3; i++) {
        if (model.least_us[i] + SECOND / 2 >= time_us(i) + SECOND) {
            return true;
        }
    }
    return is_short();
}

static bool again_left(void)
{
    const uint8_t limit = world.breaker.config.retries;
    return limit == 255 || model.retries < limit;
}

static bool waited(uint8_t from)
{
    const int64_t since_us = from == 12 ? model.healthy_us : model.opened_us;
    return since_us + 3 * SECOND / 2 >= model.wait_us;
}

/* May that have happened now? */
static bool allowed(const struct record *r)
{
    const struct breaker_config *config = &world.breaker.config;
    const uint8_t from = r->before, to = r->after;
    const bool closed = is_closed(from), itself = config->automatic && again_left();
    if (is_closed(to) && !closed && is_held()) {
        return false;
    }
    switch (r->cause) {
    case 1: return to == 1 && from != 1;
    case 2: return from == 1 && to == 8;
    case 3: return from == 8 && to == 4;
    case 4:
        return closed ? to == 11
                      : to == 4 && (from == 8 || (!config->needs_release &&
                                                  (from == 11 || (from == 7 && !is_held()))));
    case 5: return from == 4 && to == 5 && is_over();
    case 6: return (from == 5 || from == 13) && to == 4 && !is_over();
    case 7:
        return (from == 5 || from == 13) && to == ((config->basis & 16u) != 0 ? 13 : 6) &&
               may_trip() && !low_holds();
    case 8:
        if (from == 7) { /* without credit it closes by itself under the low limit alone */
            return waited(from) && itself && to == 4 && !is_held();
        }
        return (from == 6 || (from == 12 && !world.facts.neutral_fault)) && waited(from) &&
               (itself ? to == 4 : to == 8 && !config->needs_release);
    case 9: return closed && to == 12 && world.facts.neutral_fault && (config->basis & 8u) != 0;
    case 10: return closed && to == 7 && world.facts.credit_exhausted && (config->basis & 2u) != 0;
    case 11:
        return (from == 7 || from == 9) && to == (itself ? 4 : 8) &&
               !((world.facts.credit_exhausted || world.facts.credit_low) &&
                 (config->basis & 2u) != 0);
    case 12:
        return (closed || from == 7) && to == 9 && (config->basis & 2u) != 0 &&
               world.facts.credit_exhausted && world.facts.credit_expired;
    case 13: return (from == 5 || from == 13) && to == 7 && low_holds() && may_trip();
    default: /* a warning before a cut is not kept */
        return r->cause >= 32 && r->cause <= 35 && (to == from || (closed && is_closed(to)));
    }
}

static void decided(const struct record *r)
{
    if (is_closed(r->after) == is_closed(r->before)) {
        return;
    }
    model.moved++;
    model.pulses = 0;
    model.restarts = 0;
    model.faulty = world.relays.stuck != 0 || world.relays.silent;
    for (unsigned k = 0; k < 3; k++) {
        model.faulty = model.faulty || world.relays.travel_us[k] > RELAYS_TRAVEL_US;
    }
    model.opened_us = 0;
    model.quiet_us = 0;
    if (is_closed(r->after)) {
        model.retries = (uint8_t)(r->cause == 8 ? model.retries + 1 : 0);
    } else {
        const int64_t wait_us = world.breaker.config.wait_s * SECOND;
        model.wait_us = wait_us > 5 * SECOND ? wait_us : 5 * SECOND;
    }
    memset(model.least_us, 0, sizeof model.least_us);
    memset(model.most_us, 0, sizeof model.most_us);
    model.sample_us = INT64_MIN;
}

/* Every record once, and none left out. */
static void read_log(void)
{
    for (; model.n_read < world.n_log; model.n_read++) {
        const struct record *r = &world.log[model.n_read % 16u];
        const bool chained = r->before == model.state ||
                             (is_closed(r->before) && is_closed(model.state)); /* warnings */
        if (!chained || !allowed(r)) {
            fail_msg("record %u: %u -> %u by %u, the model stands at %u", (unsigned)model.n_read,
                     r->before, r->after, r->cause, model.state);
        }
        if (r->cause < BREAKER_EVENTS) {
            model.seen[r->cause]++;
            decided(r);
        } else if (r->cause == 35) {
            model.faulty = true;
        }
        model.state = r->after;
    }
}

/* The load counts when the breaker looks at it. */
static void sample(void)
{
    const int64_t passed_us =
        model.sample_us == INT64_MIN ? SECOND : world.now_us - model.sample_us;
    model.sample_us = world.now_us;
    for (unsigned i = 0; i < 3 && !world.breaker.kept.pending; i++) {
        const bool above = is_above(i);
        model.least_us[i] = above ? model.least_us[i] + passed_us + SECOND / 5 : 0;
        model.most_us[i] = above ? model.most_us[i] + passed_us : 0;
    }
}

/* What must have happened by now. */
static void check(void)
{
    const struct breaker *b = &world.breaker;
    const bool error = (breaker_feedback(b) & BREAKER_FEEDBACK_ERROR) != 0;
    const uint8_t wanted = is_closed(model.state) ? 7 : 0;
    if (is_closed(model.state) && is_closed(b->kept.state)) {
        model.state = b->kept.state; /* what is not logged */
    }
    assert_int_equal(b->kept.state, model.state);
    if (!b->supply) {
        return;
    }
    if (model.quiet_us > 13 * SECOND && !(wanted == 7 && is_held())) {
        assert_true(world.relays.closed == wanted || error);
    }
    if (model.quiet_us > 75 * SECOND && wanted == 0 && world.relays.stuck == 0 &&
        !world.relays.silent) {
        assert_int_equal(world.relays.closed, 0);
    }
    if (model.quiet_us < 3 * SECOND) {
        return;
    }
    assert_false(is_closed(model.state) && world.facts.neutral_fault &&
                 (b->config.basis & 8u) != 0);
    assert_false(is_closed(model.state) && world.facts.credit_exhausted &&
                 (b->config.basis & 2u) != 0);
    for (unsigned i = 0; i < 3; i++) {
        if (!b->kept.pending && model.most_us[i] > time_us(i) + 2 * SECOND) {
            assert_true(!is_closed(model.state) ||
                        (model.state == 13 && (b->config.basis & 16u) != 0));
        }
    }
    if (model.state == 6 && !b->kept.pending && b->config.automatic && again_left() && !is_held()) {
        assert_true(model.calm_us < model.wait_us + 3 * SECOND);
    }
}

/* ---- time and cuts ---- */

static void disturbed(void)
{
    model.quiet_us = 0;
}

static void restart(bool orderly)
{
    const struct breaker_config config = world.breaker.config;
    if (orderly && !world.dead) {
        breaker_supply(&world.breaker, &port, false, world.now_us);
    }
    relays_stop(&world.relays);
    model.cuts += world.dead ? 1u : 0u;
    if (!orderly || world.dead) { /* what was counted since the last write is gone */
        memset(model.most_us, 0, sizeof model.most_us);
    }
    world.dead = false;
    world.cut = CUT_NONE;
    world.now_us += draw(100) * SECOND;
    breaker_start(&world.breaker, &world.memory, true, world.now_us);
    world.breaker.config = config;
    model.sample_us = INT64_MIN;
    model.restarts++;
    model.calm_us = 0;
    disturbed();
    breaker_supply(&world.breaker, &port, true, world.now_us);
    read_log();
    if (world.breaker.kept.state != model.state &&
        !(is_closed(world.breaker.kept.state) && is_closed(model.state))) {
        fail_msg("after a cut: state %u, the log ends with %u", world.breaker.kept.state,
                 model.state);
    }
}

/* The window before was too short to say that the power was cut in it. */
static void one_step(void)
{
    (void)relays_run(&world.relays, world.now_us);
    const bool samples = breaker_wants_load(&world.breaker, world.now_us);
    struct breaker_facts facts = world.facts;
    facts.load_known = samples || world.breaker.facts.load_known;
    if (samples) {
        sample();
    }
    const int64_t wake_us = breaker_step(&world.breaker, &port, &facts, world.now_us);
    if (world.dead) {
        restart(false);
        return;
    }
    read_log();
    if (model.retries != 0 && world.breaker.kept.retries == 0) {
        model.retries = 0; /* an hour without trouble: test_breaker.c */
    }
    check();
    const int64_t window_us = world.now_us + SECOND / 5;
    const int64_t next_us = wake_us < window_us ? wake_us : window_us;
    const int64_t passed_us = next_us - world.now_us;
    model.quiet_us += passed_us;
    model.opened_us += passed_us;
    model.calm_us = model.state == 6 && !world.breaker.kept.pending ? model.calm_us + passed_us : 0;
    model.healthy_us = world.facts.neutral_fault ? 0 : model.healthy_us + passed_us;
    if (world.facts.neutral_fault) {
        const int64_t wait_us = world.breaker.config.wait_s * SECOND;
        model.wait_us =
            model.state == 12 ? (wait_us > 5 * SECOND ? wait_us : 5 * SECOND) : model.wait_us;
    }
    world.now_us = next_us;
}

/* ---- what happens ---- */

static void configure(void)
{
    struct breaker_config *config = &world.breaker.config;
    *config = (struct breaker_config){
        .basis = (uint8_t)draw(32),
        .short_circuit_a = (uint8_t)(draw(3) == 0 ? 0 : 60 + draw(60)),
        .k_tenths = {(uint8_t)(15 + draw(10)), (uint8_t)(10 + draw(5)), (uint8_t)(5 + draw(5))},
        .t_s = {(uint16_t)draw(5), (uint16_t)(5 + draw(5)), (uint16_t)(10 + draw(10))},
        .limit = (uint8_t)(draw(5) == 0 ? 0 : 10 + draw(30)),
        .low_limit = (uint8_t)(draw(3) == 0 ? 0 : 5 + draw(30)),
        .wait_s = (uint16_t)draw(40),
        .automatic = draw(2) != 0,
        .needs_release = draw(2) != 0,
        .retries = (uint8_t)(draw(4) == 0 ? 255 : draw(3)),
    };
    memset(model.most_us, 0, sizeof model.most_us);
    model.sample_us = INT64_MIN;
    model.calm_us = 0;
}

static void relay_faults(void)
{
    world.relays.stuck = (uint8_t)(draw(3) == 0 ? draw(8) : 0);
    world.relays.silent = draw(8) == 0;
    for (unsigned k = 0; k < 3; k++) {
        world.relays.travel_us[k] = draw(6) == 0 ? (int64_t)draw(5) * SECOND : RELAYS_TRAVEL_US;
    }
    model.faulty = true;
}

static void orders(void)
{
    const enum breaker_event event = (enum breaker_event)(1 + draw(4));
    const uint8_t before = world.breaker.kept.state;
    const uint32_t n_log = world.n_log;
    const enum breaker_answer answer = breaker_order(&world.breaker, &port, event, 0, world.now_us);
    if (world.dead) {
        restart(false);
        return;
    }
    read_log();
    const bool nothing =
        answer != BREAKER_DONE || (before == 1 && event == BREAKER_EVENT_DISCONNECT);
    assert_int_equal(world.n_log - n_log, nothing ? 0 : 1);
    model.calm_us = 0;
}

static void something(void)
{
    switch (draw(42)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: orders(); break;
    case 5:
    case 6:
    case 7:
        world.facts.current_ma = draw(2) * draw(120000);
        world.facts.power_w = draw(2) * draw(120000);
        break;
    case 8: world.facts.neutral_fault = draw(3) == 0; break;
    case 9:
    case 16:
    case 17:
        world.facts.credit_exhausted = draw(3) == 0;
        world.facts.credit_expired = world.facts.credit_exhausted && draw(2) == 0;
        world.facts.credit_low = !world.facts.credit_exhausted && draw(2) == 0;
        memset(model.most_us, 0, sizeof model.most_us); /* another limit */
        model.sample_us = INT64_MIN;
        break;
    case 10: configure(); break;
    case 11: relay_faults(); break;
    case 12: restart(true); return;
    case 13:
    case 14:
        world.cut = draw(2) != 0 ? CUT_BEFORE : CUT_AFTER;
        world.cut_in = draw(4);
        break;
    case 15:
        world.dead = true; /* between two writes */
        restart(false);
        return;
    default: return;
    }
    disturbed();
}

static void it_holds_whatever_happens(void **state)
{
    (void)state;
    const char *text = getenv("OPEN382_LONG");
    const uint64_t steps = (text != NULL ? strtoull(text, NULL, 0) : 1u) * STEPS;
    random_state = desk_seed("test_breaker_random");
    memset(&world, 0, sizeof world);
    memset(&model, 0, sizeof model);
    model.state = 4;
    relays_start(&world.relays, 7, 7);
    world.memory.state = 4;
    configure();
    restart(false);
    for (uint64_t n = 0; n < steps; n++) {
        if (draw(8) == 0) {
            something();
        }
        for (unsigned k = draw(draw(4) == 0 ? 400 : 12); k > 0; k--) {
            one_step();
        }
    }
    printf("%llu steps: %u movements, %u cuts in a write; causes", (unsigned long long)steps,
           model.moved, model.cuts);
    for (unsigned e = 1; e < BREAKER_EVENTS; e++) {
        printf(" %u", model.seen[e]);
        assert_true(model.seen[e] > 0 || e == BREAKER_EVENT_OVER);
    }
    printf("\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_holds_whatever_happens)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
