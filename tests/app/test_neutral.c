/*
 * Loss of neutral: a star of loads without its neutral, in closed form, against the detector; and
 * networks that are healthy in every odd way.
 */
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "app/neutral/neutral.h"

#define SECOND INT64_C(1000000)
#define PI     3.14159265358979323846

struct network {
    double complex source[3]; /* phases against the transformer's star point */
    double complex star;      /* the meter's neutral against it */
};

static uint64_t random_state;

static double draw(double low, double high)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return low + (high - low) * (double)(random_state >> 40) / (double)(1u << 24);
}

/* cexp of an imaginary number, without what compilers disagree on */
static double complex turned(double radians)
{
    return cos(radians) + sin(radians) * (double complex)_Complex_I;
}

static double complex polar(double volts, double degrees)
{
    return volts * turned(degrees * PI / 180);
}

static struct network healthy(void)
{
    return (struct network){{polar(230, 0), polar(230, -120), polar(230, 120)}, 0};
}

/* The star point that conductances (or admittances) of three loads pull without a neutral. */
static void lose_neutral(struct network *n, const double complex load[3])
{
    double complex sum = 0, all = 0;
    for (unsigned i = 0; i < 3; i++) {
        sum += n->source[i] * load[i];
        all += load[i];
    }
    n->star = sum / all;
}

/* What the legal part says of it: no angles below 160 V, all of them against L1. */
static struct legal_voltages seen(const struct network *n)
{
    struct legal_voltages voltages;
    memset(&voltages, 0, sizeof voltages);
    for (unsigned i = 0; i < 3; i++) {
        double complex u = n->source[i] - n->star, first = n->source[0] - n->star;
        voltages.voltage_mv[i] = (uint32_t)lrint(cabs(u) * 1000);
        voltages.present[i] = voltages.voltage_mv[i] >= 160000;
        if (voltages.present[i] && cabs(first) >= 160) {
            voltages.angle_mdeg[i] = (int32_t)lrint(carg(u / first) * 180 / PI * 1000);
        }
    }
    return voltages;
}

static void begin(struct neutral *neutral, const char *name, bool fault)
{
    struct variant variant;
    assert_int_equal(variant_by_name(name, &variant), 0);
    neutral_init(neutral, &variant, fault, 0);
}

/* Steps of step_us with this network.  @return changes on the way: detected + 100 * gone */
static unsigned run(struct neutral *neutral, const struct network *n, double seconds,
                    int64_t step_us, int64_t *now_us)
{
    unsigned changes = 0;
    struct legal_voltages voltages = seen(n);
    for (int64_t end_us = *now_us + (int64_t)(seconds * 1e6); *now_us < end_us;) {
        *now_us += step_us;
        enum neutral_change change = neutral_step(neutral, &voltages, *now_us);
        changes += change == NEUTRAL_DETECTED ? 1u : change == NEUTRAL_GONE ? 100u : 0u;
    }
    return changes;
}

/* Levels alone, no angles, for 90 s.  @return when the fault was detected, 0: it was not */
static int64_t detected_at(const double *volts, int64_t step_us)
{
    struct neutral neutral;
    struct legal_voltages voltages;
    int64_t detected_us = 0;
    memset(&voltages, 0, sizeof voltages);
    for (unsigned p = 0; p < 3; p++) {
        voltages.voltage_mv[p] = (uint32_t)(volts[p] * 1000);
    }
    begin(&neutral, "382M", false);
    for (int64_t now_us = step_us; now_us <= 90 * SECOND; now_us += step_us) {
        if (neutral_step(&neutral, &voltages, now_us) == NEUTRAL_DETECTED) {
            assert_int_equal(detected_us, 0);
            detected_us = now_us;
        }
    }
    assert_int_equal(neutral.fault, detected_us != 0);
    return detected_us;
}

/* REQ(NEU-01, X-NEU-1): the documented rule, its limits and its time, at 1 s and 200 ms */
static void test_levels(void **state)
{
    (void)state;
    static const struct {
        double u[3];
        bool fault;
    } cases[] = {
        {{254, 254, 189}, true},  {{189, 254, 254}, true},  {{254, 189, 254}, true},
        {{253, 254, 189}, false}, {{254, 254, 190}, false}, {{254, 254, 254}, false},
        {{254, 189, 189}, false}, {{254, 254, 0}, true},    {{0, 0, 0}, false},
        {{400, 400, 100}, true},  {{230, 230, 0}, false},   {{254, 0, 0}, false},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int64_t step_us = SECOND / 5; step_us <= SECOND; step_us += SECOND * 4 / 5) {
            /* seen first at step_us; longer than 60 s */
            int64_t expected_us = cases[i].fault ? 60 * SECOND + 2 * step_us : 0;
            assert_int_equal(detected_at(cases[i].u, step_us), expected_us);
        }
    }
}

/* REQ(NEU-01): 60 s with a gap of one second is no fault; a fault of 20 s pause is one */
static void test_time(void **state)
{
    (void)state;
    struct neutral neutral;
    struct network good = healthy(), bad = healthy();
    const double complex load[3] = {1, 5, 5};
    lose_neutral(&bad, load);
    int64_t now_us = 0;
    begin(&neutral, "382M", false);
    assert_int_equal(run(&neutral, &bad, 61, SECOND, &now_us), 0);
    assert_int_equal(run(&neutral, &good, 1, SECOND, &now_us), 0);
    assert_int_equal(run(&neutral, &bad, 61, SECOND, &now_us), 0);
    assert_int_equal(run(&neutral, &bad, 1, SECOND, &now_us), 1);
    assert_int_equal(run(&neutral, &good, 9, SECOND, &now_us), 0);
    assert_int_equal(run(&neutral, &bad, 100, SECOND, &now_us), 0); /* still the same fault */
    assert_true(neutral.fault);
    assert_int_equal(run(&neutral, &good, 9, SECOND, &now_us), 0);
    assert_int_equal(run(&neutral, &good, 1, SECOND, &now_us), 100);
    assert_false(neutral.fault);
}

/* The voltages in between are in the record, and the displacement is what the closed form says. */
static void test_record(void **state)
{
    (void)state;
    struct neutral neutral;
    struct network first = healthy(), second = healthy(), good = healthy();
    const double complex load_1[3] = {1, 5, 2.5}, load_2[3] = {1, 5, 5};
    uint8_t payload[NEUTRAL_RECORD_BYTES];
    int64_t now_us = 0;
    lose_neutral(&first, load_1);
    lose_neutral(&second, load_2);
    begin(&neutral, "382M", false);
    (void)run(&neutral, &first, 40, SECOND, &now_us);
    (void)run(&neutral, &second, 40, SECOND, &now_us);
    assert_true(neutral.fault);
    assert_int_equal(run(&neutral, &good, 10, SECOND, &now_us), 100);
    assert_int_equal(neutral_record(&neutral, now_us, payload), NEUTRAL_RECORD_BYTES);
    assert_int_equal(payload[0], NEUTRAL_BY_LEVELS | NEUTRAL_BY_PHASORS);
    for (unsigned i = 0; i < 3; i++) {
        double a = cabs(first.source[i] - first.star), b = cabs(second.source[i] - second.star);
        int low = payload[1 + 4 * i] | payload[2 + 4 * i] << 8;
        int high = payload[3 + 4 * i] | payload[4 + 4 * i] << 8;
        assert_true(fabs(low / 10.0 - fmin(a, b)) < 0.06);
        assert_true(fabs(high / 10.0 - fmax(a, b)) < 0.06);
    }
    double moved = fmax(cabs(first.star), cabs(second.star));
    assert_true(fabs((payload[13] | payload[14] << 8) / 10.0 - moved) < 0.3);
    assert_int_equal(payload[15], 89); /* from the first second with evidence to the end */
}

/* The displacement, over all that a star point can do; where a phase is below 160 V too. */
static void test_neutral_voltage(void **state)
{
    (void)state;
    double worst_v = 0;
    random_state = 20261129;
    for (unsigned n = 0; n < 2000; n++) {
        struct neutral neutral;
        struct network network = healthy();
        network.star = polar(draw(0, 69), draw(0, 360));
        begin(&neutral, "382M", false);
        struct legal_voltages voltages = seen(&network);
        (void)neutral_step(&neutral, &voltages, SECOND);
        double error_v = fabs(neutral.neutral_mv / 1000.0 - cabs(network.star));
        /* a small displacement is lost in the rounding of large squares */
        worst_v = cabs(network.star) > 5 && error_v > worst_v ? error_v : worst_v;
        assert_true(error_v < 0.6);
    }
    printf("displacement from 5 V up: worst error %.3f V\n", worst_v);
    assert_true(worst_v < 0.1);
}

/* REQ(NEU-01): broken neutrals that move the star point by more than 40 V are seen, all of them
 * while each phase has 160 V; one that moves it by less, balanced load above all, is not. */
static void test_broken_neutrals(void **state)
{
    (void)state;
    unsigned moved = 0, by_levels = 0, missed = 0;
    random_state = 11;
    for (unsigned n = 0; n < 1000; n++) {
        struct neutral neutral;
        struct network network = healthy();
        double complex load[3];
        int64_t now_us = 0;
        for (unsigned i = 0; i < 3; i++) {
            network.source[i] *= draw(0.97, 1.03);
            load[i] = draw(0.01, 1) * turned(draw(-0.6, 0.3));
        }
        lose_neutral(&network, load);
        begin(&neutral, "382M", false);
        unsigned changes = run(&neutral, &network, 70, SECOND, &now_us);
        double displaced =
            cabs(network.source[0] + network.source[1] + network.source[2] - 3 * network.star) / 3;
        bool all_present = true;
        for (unsigned i = 0; i < 3; i++) {
            all_present = all_present && cabs(network.source[i] - network.star) >= 160;
        }
        if (displaced > 41) {
            moved++;
            missed += changes == 0 ? 1u : 0u;
            by_levels += (neutral.evidence & NEUTRAL_BY_LEVELS) != 0 ? 1u : 0u;
            assert_true(changes == 1 || (changes == 0 && !all_present));
        } else if (displaced < 35) {
            assert_int_equal(changes, 0);
        }
    }
    printf(
        "broken neutrals that move by more than 41 V: %u; seen by the documented rule %u, not seen "
        "by either %u\n",
        moved, by_levels, missed);
    assert_true(moved > 300 && missed * 20 < moved);
    struct neutral neutral;
    struct network network = healthy();
    const double complex balanced[3] = {3, 3, 3};
    int64_t now_us = 0;
    lose_neutral(&network, balanced);
    begin(&neutral, "382M", false);
    assert_int_equal(run(&neutral, &network, 300, SECOND, &now_us), 0);
}

/* A network with its neutral: whatever happens to its phases, and to the lines before it. */
static struct network odd_network(void)
{
    struct network n = healthy();
    switch ((unsigned)draw(0, 8)) {
    case 0: break;
    case 1: n.source[(unsigned)draw(0, 3)] *= draw(0, 0.9); break;    /* dip, phase lost */
    case 2: n.source[(unsigned)draw(0, 3)] *= draw(1.1, 1.74); break; /* swell, up to 400 V */
    case 3:
        n.source[0] *= draw(0, 0.9);
        n.source[1] *= draw(0, 0.9);
        break;
    case 4: /* all high or low */
        for (unsigned i = 0; i < 3; i++) {
            n.source[i] *= draw(0.6, 1.2);
        }
        break;
    case 5: { /* a phase lost before a delta-star transformer: two at 0.866, or at half */
        double complex lost = n.source[0] / 2;
        n.source[0] -= lost;
        n.source[1] += lost / 2;
        n.source[2] += lost / 2;
        break;
    }
    case 6: /* negative sequence of up to 8 % */
        for (unsigned i = 0; i < 3; i++) {
            n.source[i] += conj(n.source[i]) * draw(0, 0.08);
        }
        break;
    default: /* reversed sequence; frequency does not matter here */
        n.source[1] = conj(n.source[1]);
        n.source[2] = conj(n.source[2]);
        break;
    }
    for (unsigned i = 0; i < 3; i++) { /* and 3 % of unbalance and drops on the line */
        n.source[i] *= draw(0.97, 1.03) * turned(draw(-0.05, 0.05));
    }
    return n;
}

/* REQ(NEU-01): a thousand healthy networks, an hour each of what may happen: no false alarm but
 * where the documented rule itself says fault (two phases above 253 V and one below 190 V) */
static void test_no_false_alarm(void **state)
{
    (void)state;
    unsigned documented = 0;
    random_state = 12;
    for (unsigned n = 0; n < 1000; n++) {
        struct neutral neutral;
        int64_t now_us = 0;
        begin(&neutral, "382M", false);
        for (unsigned k = 0; k < 12; k++) {
            struct network network = odd_network();
            unsigned changes = run(&neutral, &network, draw(10, 300), SECOND, &now_us);
            unsigned high = 0, low = 0;
            for (unsigned i = 0; i < 3; i++) {
                high += cabs(network.source[i]) > 253 ? 1u : 0u;
                low += cabs(network.source[i]) < 190 ? 1u : 0u;
            }
            if (changes % 100u != 0) {
                assert_true(high == 2 && low == 1);
                documented++;
            }
            assert_int_equal(neutral.evidence & NEUTRAL_BY_PHASORS, 0);
        }
    }
    printf("alarms that the documented rule demands in 1000 odd networks: %u\n", documented);
}

/* REQ(X-NEU-1): nothing to see without three phases and four wires */
static void test_other_meters(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool fitted;
    } meters[] = {
        {"382M", true}, {"382LxB", true}, {"382M-aron", false}, {"162M", false}, {"382C", false}};
    struct network bad = healthy();
    const double complex load[3] = {1, 5, 5};
    lose_neutral(&bad, load);
    for (unsigned i = 0; i < sizeof meters / sizeof meters[0]; i++) {
        struct neutral neutral;
        int64_t now_us = 0;
        begin(&neutral, meters[i].name, false);
        assert_int_equal(neutral.fitted, meters[i].fitted);
        assert_int_equal(run(&neutral, &bad, 100, SECOND, &now_us), meters[i].fitted ? 1 : 0);
        begin(&neutral, meters[i].name, true);
        assert_int_equal(neutral.fault, meters[i].fitted);
    }
}

/* A cut in the sixty seconds begins them anew; a fault over a cut goes on, or ends once. */
static void test_supply_cuts(void **state)
{
    (void)state;
    struct neutral neutral;
    struct network good = healthy(), bad = healthy();
    const double complex load[3] = {1, 5, 5};
    lose_neutral(&bad, load);
    int64_t now_us = 0;
    begin(&neutral, "382M", false);
    assert_int_equal(run(&neutral, &bad, 50, SECOND, &now_us), 0);
    neutral_supply_lost(&neutral);
    now_us += 3600 * SECOND;
    assert_int_equal(run(&neutral, &bad, 61, SECOND, &now_us), 0);
    assert_int_equal(run(&neutral, &bad, 1, SECOND, &now_us), 1);
    neutral_supply_lost(&neutral);
    now_us += 3600 * SECOND;
    assert_int_equal(run(&neutral, &bad, 200, SECOND, &now_us), 0);
    neutral_supply_lost(&neutral);
    now_us += 3600 * SECOND;
    assert_int_equal(run(&neutral, &good, 10, SECOND, &now_us), 0);
    assert_int_equal(run(&neutral, &good, 1, SECOND, &now_us), 100);
    begin(&neutral, "382M", true); /* a restart of the program with a fault in the log */
    now_us = 0;
    assert_int_equal(run(&neutral, &bad, 200, SECOND, &now_us), 0);
    assert_int_equal(run(&neutral, &good, 12, SECOND, &now_us), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),          cmocka_unit_test(test_time),
        cmocka_unit_test(test_record),          cmocka_unit_test(test_neutral_voltage),
        cmocka_unit_test(test_broken_neutrals), cmocka_unit_test(test_no_false_alarm),
        cmocka_unit_test(test_other_meters),    cmocka_unit_test(test_supply_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
