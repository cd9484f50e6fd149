/* Who decides the tariff, when it changes, and what a power cut or a clock that is set does to it.
 */
#include "legal_puppet.h"

#include "app/optical/optical_tariff.h"

#define NOON  INT64_C(1718886605) /* where the toy's clock stands: Thursday 12:30:05 UTC */
#define HOUR  INT64_C(3600)
#define PLACE (&(struct plan_place){0, 0, 0})

static int setup(void **state)
{
    (void)state;
    toys_reset();
    return 0;
}

/* T1 from 00:00, T2 from 15:00, T3 from 15:01 local time; a 382M stands at GMT+1 with summer time.
 */
static void three_tariffs(struct tariff_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    memcpy(plan->name, "three", 6);
    plan->working_days = 0x7F;
    plan->n_seasons = 1;
    plan->day[0][DAY_WORK] = (struct plan_day){3, {{0, 1}, {900, 2}, {901, 3}}};
}

static uint16_t put(struct meter *meter, const struct tariff_plan *plan)
{
    uint8_t image[TARIFF_PLAN_IMAGE_MAX];
    struct writer w = writer_over(image, sizeof image);
    tariff_plan_write(&w, plan);
    assert_true(tariff_stage(&meter->tariff, 0, image, (uint16_t)writer_length(&w)));
    return (uint16_t)writer_length(&w);
}

static int load(struct meter *meter, const struct tariff_plan *plan, int64_t activation_s)
{
    return meter_tariff_commit(meter, put(meter, plan), activation_s, PLACE);
}

/* The instant at which a UTC second comes, of a meter that began at NOON with now_us 0. */
static int64_t at_us(int64_t utc_s)
{
    return (utc_s - NOON) * SECOND;
}

static uint8_t tariff_at(struct meter *meter, int64_t utc_s)
{
    (void)meter_step(meter, at_us(utc_s));
    return puppet.tariff;
}

/* REQ(TAR-03, TAR-15): the clock switches by the plan, in the first instant of the minute */
static void test_plan(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct tariff_plan plan;
    const int64_t three = NOON - 5 + HOUR / 2; /* 13:00:00 UTC, 15:00 local */
    assert_int_equal(puppet.tariff, 1);
    assert_int_equal(meter->tariff.source, TARIFF_BY_DEFAULT);
    three_tariffs(&plan);
    assert_int_equal(load(meter, &plan, 0), TARIFF_OK);
    assert_int_equal(meter->tariff.source, TARIFF_BY_PLAN);
    assert_int_equal(meter->next_tariff_us, at_us(three));
    (void)meter_step(meter, at_us(three) - 1);
    assert_int_equal(puppet.tariff, 1);
    assert_int_equal(tariff_at(meter, three), 2);
    assert_int_equal(meter->next_tariff_us, at_us(three + 60));
    (void)meter_step(meter, at_us(three + 60) - 1);
    assert_int_equal(puppet.tariff, 2);
    assert_int_equal(tariff_at(meter, three + 60), 3);
    assert_int_equal(tariff_at(meter, three + 9 * HOUR - 1), 3);
    assert_int_equal(tariff_at(meter, three + 9 * HOUR), 1);
}

/* Set on, set back, lost, found again, and a start years later: the right tariff at once. */
static void test_clock(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct tariff_plan plan;
    three_tariffs(&plan);
    assert_int_equal(load(meter, &plan, 0), TARIFF_OK);
    assert_int_equal(meter_clock_set(meter, NOON + HOUR), METER_OK);
    assert_int_equal(puppet.tariff, 3);
    assert_int_equal(meter_clock_set(meter, NOON), METER_OK);
    assert_int_equal(puppet.tariff, 1);
    assert_int_equal(meter_store(meter), METER_OK);

    toy.rtc_utc_s = NOON + HOUR;
    meter = toy_meter("382M", 0); /* the plan comes back */
    assert_int_equal(puppet.tariff, 3);
    assert_string_equal(meter->tariff.plan.name, "three");
    toy.rtc_lost = true;
    meter = toy_meter("382M", 0);
    assert_int_equal(puppet.tariff, 1);
    assert_int_equal(meter->tariff.source, TARIFF_BY_DEFAULT);
    assert_int_equal(meter_clock_set(meter, NOON + HOUR), METER_OK);
    assert_int_equal(puppet.tariff, 3);
}

/* REQ(TAR-06): a new plan waits, comes into force at its time, stays over a start; the last wins */
static void test_two_plans(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct tariff_plan first, second, third;
    three_tariffs(&first);
    three_tariffs(&second);
    memcpy(second.name, "second", 7);
    second.day[0][DAY_WORK] = (struct plan_day){1, {{0, 7}}};
    third = second;
    third.day[0][DAY_WORK].at[0].tariff = 8;
    assert_int_equal(load(meter, &first, 0), TARIFF_OK);
    assert_int_equal(load(meter, &third, NOON + 2 * HOUR), TARIFF_OK);
    assert_int_equal(load(meter, &second, NOON + 2 * HOUR), TARIFF_OK);
    assert_int_equal(tariff_at(meter, NOON + 2 * HOUR - 1), 3);
    toy.writes = 0;
    assert_int_equal(tariff_at(meter, NOON + 2 * HOUR), 7);
    assert_int_equal(load(meter, &third, NOON), TARIFF_ERR_RANGE); /* it is past */
    assert_int_equal(meter_clock_set(meter, NOON + HOUR), METER_OK);
    assert_int_equal(puppet.tariff, 3); /* the old one is still there */
    assert_int_equal(meter_clock_set(meter, NOON + 3 * HOUR), METER_OK);
    assert_int_equal(puppet.tariff, 7);
    toy.rtc_utc_s = NOON + 5 * HOUR;
    meter = toy_meter("382M", 0);
    assert_int_equal(puppet.tariff, 7);
    assert_int_equal(meter_tariff_commit(meter, 0, 0, PLACE), TARIFF_OK); /* no plan any more */
    assert_int_equal(puppet.tariff, 1);
    meter = toy_meter("382M", 0);
    assert_int_equal(puppet.tariff, 1);
}

/* A cut in any write of an upload: the plan in force stays, and the next upload works. */
static void test_cuts(void **state)
{
    (void)state;
    struct tariff_plan old, new;
    three_tariffs(&old);
    three_tariffs(&new);
    new.day[0][DAY_WORK] = (struct plan_day){1, {{0, 7}}};
    new.n_exceptions = TARIFF_PLAN_EXCEPTIONS; /* several pages */
    for (unsigned i = 0; i < TARIFF_PLAN_EXCEPTIONS; i++) {
        new.exception[i] =
            (struct plan_exception){{2099, (uint8_t)(i / 25 + 1), (uint8_t)(i % 25 + 1)}, 2};
    }
    for (unsigned kind = 0; kind < 3; kind++) {
        bool done = false;
        for (unsigned cut = 0; !done; cut++) {
            toys_reset();
            struct meter *meter = toy_meter("382M", 0);
            assert_int_equal(load(meter, &old, 0), TARIFF_OK);
            toy.writes = 0;
            toy.cut_kind = (int)kind;
            toy.cut_after = cut;
            done = load(meter, &new, 0) == TARIFF_OK;
            toy.dead = false;
            toy.cut_after = UINT32_MAX;
            toy.rtc_utc_s = NOON + HOUR;
            meter = toy_meter("382M", 0);
            assert_int_equal(puppet.tariff, done ? 7 : 3);
            assert_int_equal(load(meter, &new, 0), TARIFF_OK);
            assert_int_equal(puppet.tariff, 7);
            assert_true(cut < 10);
        }
    }
}

/* REQ(TAR-01): all eight, by command; for a time, over a start, and released */
static void test_command(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct tariff_plan plan;
    three_tariffs(&plan);
    assert_int_equal(load(meter, &plan, 0), TARIFF_OK);
    for (uint8_t tariff = 8; tariff >= 1; tariff--) {
        assert_int_equal(meter_tariff_force(meter, tariff, 0), TARIFF_OK);
        assert_int_equal(puppet.tariff, tariff);
    }
    assert_int_equal(meter->tariff.source, TARIFF_BY_COMMAND);
    assert_int_equal(meter_tariff_force(meter, 9, 0), TARIFF_ERR_TARIFFS);
    assert_int_equal(meter_tariff_force(meter, 5, 10), TARIFF_OK);
    assert_int_equal(tariff_at(meter, NOON + 599), 5);
    toy.rtc_utc_s = NOON + 599;
    meter = toy_meter("382M", 0);
    assert_int_equal(puppet.tariff, 5);
    (void)meter_step(meter, SECOND);
    assert_int_equal(puppet.tariff, 1);
    assert_int_equal(meter_tariff_force(meter, 6, 0), TARIFF_OK);
    assert_int_equal(meter_tariff_force(meter, 0, 0), TARIFF_OK);
    assert_int_equal(meter->tariff.source, TARIFF_BY_PLAN);
    toy.rtc_lost = true; /* a command with an end, but no clock to find it by: it does not hold */
    meter = toy_meter("382M", 0);
    assert_int_equal(meter_tariff_force(meter, 6, 10), TARIFF_ERR_CLOCK);
}

/* REQ(TAR-05): tables of the ports (DD) and of the tariff modules (CCC) */
static void test_inputs(void **state)
{
    (void)state;
    static const struct {
        unsigned module, port;
        uint8_t tariff[4]; /* by the two inputs: none, 1, 2, both */
    } rows[] = {
        {0, 0, {1, 1, 1, 1}},  {0, 1, {1, 2, 3, 4}},  {0, 2, {4, 3, 2, 1}},  {0, 7, {1, 2, 1, 2}},
        {0, 8, {2, 1, 2, 1}},  {0, 10, {2, 1, 2, 1}}, {0, 13, {1, 1, 2, 2}}, {0, 14, {2, 2, 1, 1}},
        {0, 22, {1, 2, 3, 4}}, {0, 23, {4, 3, 2, 1}}, {8, 0, {1, 2, 1, 2}},  {14, 0, {1, 2, 1, 2}},
        {18, 0, {1, 2, 3, 4}}, {1, 5, {1, 1, 1, 1}},
    };
    struct meter *meter = toy_meter("382M", 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        meter->variant.configuration[0] = 21000002u + rows[i].module * 1000u + rows[i].port * 10u;
        for (unsigned in = 0; in < 4; in++) {
            /* both change, so that one of the two calls decides anew */
            meter_input(meter, METER_INPUT_TARIFF_1, (in & 1u) == 0, 0);
            meter_input(meter, METER_INPUT_TARIFF_1, (in & 1u) != 0, 0);
            meter_input(meter, METER_INPUT_TARIFF_2, (in & 2u) != 0, 0);
            assert_int_equal(puppet.tariff, rows[i].tariff[in]);
        }
    }
    meter->variant.tariffs = 2; /* what was not ordered is not booked to */
    meter->variant.configuration[0] = 21000012u;
    meter_input(meter, METER_INPUT_TARIFF_1, false, 0);
    assert_int_equal(puppet.tariff, 1);
}

/* What a meter lacks is refused, not ignored. */
static void test_refused(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct tariff_plan plan;
    three_tariffs(&plan);
    meter->variant.tariffs = 2;
    assert_int_equal(load(meter, &plan, 0), TARIFF_ERR_TARIFFS);
    meter->variant.tariffs = 0;
    assert_int_equal(load(meter, &plan, 0), TARIFF_ERR_NONE);
    assert_int_equal(meter_tariff_force(meter, 1, 0), TARIFF_ERR_NONE);
    meter->variant.tariffs = 8;
    meter->clock.fitted = false;
    assert_int_equal(load(meter, &plan, 0), TARIFF_ERR_CLOCK);
    meter->clock.fitted = true;
    meter->variant.summer_time_eu = false;
    plan.summers = (struct clock_summers){1, {{NOON - 5 - 300, NOON - 5 + 3300}}};
    assert_int_equal(load(meter, &plan, 0), TARIFF_ERR_SUMMERS);
    plan.summers.n = 0;
    plan.day[0][DAY_WORK].at[1].tariff = 9;
    assert_int_equal(load(meter, &plan, 0), PLAN_ERR_TARIFF);
    assert_int_equal(meter_tariff_commit(meter, UINT16_MAX, 0, PLACE), PLAN_ERR_FORM);
    assert_false(tariff_stage(&meter->tariff, 1000, (const uint8_t[29]){0}, 29));
    three_tariffs(&plan);
    toy.fail_write = true;
    assert_int_equal(load(meter, &plan, 0), TARIFF_ERR_STORAGE);
    assert_int_equal(meter_status(meter) & STATUS_EEPROM, STATUS_EEPROM);
    assert_int_equal(puppet.tariff, 1);
}

static int ask(struct meter *meter, uint8_t cid, const uint8_t *data, size_t n, uint8_t *out)
{
    struct reader r = reader_over(data, n);
    struct writer w = writer_over(out, KMP_BODY_MAX);
    return optical_tariff(meter, cid, &r, &w) == 1 ? (int)writer_length(&w) : -1;
}

/* The private block, byte by byte; too short or too long is silence. */
static void test_commands(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct tariff_plan plan;
    uint8_t out[KMP_BODY_MAX], image[TARIFF_PLAN_IMAGE_MAX + 4u] = {0, 0, 0, 0};
    three_tariffs(&plan);
    struct writer w = writer_over(image + 4, sizeof image - 4u);
    tariff_plan_write(&w, &plan);
    size_t n = writer_length(&w);
    assert_int_equal(ask(meter, TARIFF_STAGE, image, n + 4u, out), 2);
    assert_int_equal(out[1], n);
    assert_int_equal(ask(meter, TARIFF_STAGE, image, 4, out), -1);
    assert_int_equal(ask(meter, TARIFF_STAGE, (const uint8_t[]){0, 1, 0, 0, 9}, 5, out), -1);
    const uint8_t commit[8] = {0, 0, 0, (uint8_t)n, 0, 0, 0, 0};
    assert_int_equal(ask(meter, TARIFF_COMMIT, commit, 7, out), -1);
    assert_int_equal(ask(meter, TARIFF_COMMIT, commit, 8, out), 4);
    assert_int_equal(out[0], 0);
    assert_int_equal(meter->tariff.source, TARIFF_BY_PLAN);
    assert_int_equal(ask(meter, TARIFF_READ, (const uint8_t[]){0, 0, 0}, 3, out), (int)n + 6);
    assert_memory_equal(out + 6, image + 4, n);
    assert_int_equal(ask(meter, TARIFF_READ, (const uint8_t[]){0, 0xFF, 0xFF}, 3, out), 6);
    assert_int_equal(ask(meter, TARIFF_READ, (const uint8_t[]){1, 0, 0}, 3, out), 6);
    assert_int_equal(out[0] + out[1], 0);
    assert_int_equal(ask(meter, TARIFF_READ, (const uint8_t[]){2, 0, 0}, 3, out), -1);
    assert_int_equal(ask(meter, TARIFF_FORCE, (const uint8_t[]){0, 0, 4, 0, 1}, 5, out), 1);
    assert_int_equal(puppet.tariff, 4);
    assert_int_equal(ask(meter, TARIFF_FORCE, (const uint8_t[]){0, 1, 4, 0, 1}, 5, out), -1);
}

/* REQ(X-TAR-1): periods A and B; a plan of the successor, with more seasons, is refused */
static void test_seasons(void **state)
{
    (void)state;
    struct meter *meter = toy_meter("382M", 0);
    struct tariff_plan plan;
    three_tariffs(&plan);
    for (uint8_t s = 0; s < 3; s++) {
        plan.start[s] = (struct plan_start){{0, (uint8_t)(1 + 4 * s), 1}, s};
        plan.day[s][DAY_WORK] = plan.day[0][DAY_WORK];
        plan.n_seasons = plan.n_starts = (uint8_t)(s + 1);
        assert_int_equal(load(meter, &plan, 0), s < 2 ? TARIFF_OK : TARIFF_ERR_SEASONS);
    }
    assert_int_equal(meter->tariff.plan.n_seasons, 2);
}

/* Which inputs a person may switch */
static void test_inputs_that_count(void **state)
{
    (void)state;
    struct variant variant;
    assert_int_equal(variant_by_name("382M", &variant), 0);
    static const struct {
        unsigned port;
        uint8_t inputs;
    } rows[] = {{0, 0}, {1, 3}, {7, 1}, {13, 2}, {16, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        variant.configuration[0] = 21000002u + rows[i].port * 10u;
        assert_int_equal(tariff_inputs(&variant), rows[i].inputs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_plan, setup),      cmocka_unit_test_setup(test_clock, setup),
        cmocka_unit_test_setup(test_two_plans, setup), cmocka_unit_test_setup(test_cuts, setup),
        cmocka_unit_test_setup(test_command, setup),   cmocka_unit_test_setup(test_inputs, setup),
        cmocka_unit_test_setup(test_refused, setup),   cmocka_unit_test_setup(test_commands, setup),
        cmocka_unit_test_setup(test_seasons, setup),   cmocka_unit_test(test_inputs_that_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
