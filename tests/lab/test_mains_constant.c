/** Constant mains: grammar, closed forms, agreement of the two fidelities, live control. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lab/mains.h"
#include "lab/phasor.h"

#define VOLT   (8388608.0 / 700.0)
#define AMPERE (8388608.0 / 250.0)
#define RATE   8000.0
#define BLOCK  8000u

static const struct mains_options three = {3, false, 0};

static struct mains *open_spec(const char *spec, const struct mains_options *options)
{
    struct mains *mains = NULL;
    struct lab_error error;
    if (mains_open(&mains, spec, options, &error) != 0) {
        fail_msg("%s", error.text);
    }
    return mains;
}

static void within(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("expected %.9g, found %.9g", expected, value);
    }
}

static void window_is(const struct measuring_window *w, double u, double i, double p, double q)
{
    double n = (double)w->samples;
    within(sqrt((double)w->voltage_lsb2 / n) / VOLT, u, 1e-6);
    within(sqrt((double)w->current_lsb2 / n) / AMPERE, i, 1e-6);
    within((double)w->active_lsb2 / n / VOLT / AMPERE, p, 1e-6);
    within((double)w->reactive_lsb2 / n / VOLT / AMPERE, q, 1e-6);
}

static void test_good_specs(void **state)
{
    static const struct {
        const char *spec;
        double u, i, p, q; /* of phase 2 */
    } table[] = {
        {"u=230,i=5", 230, 5, 1150, 0},
        {"u=230,i=5,pf=0.8i", 230, 5, 920, 690},
        {"u=230,i=5,pf=0.8C", 230, 5, 920, -690},
        {"u=230,i=5,pf=0.8", 230, 5, 920, 690},
        {"u=230,i=-5,pf=0.6i", 230, 5, -690, -920},
        {"u=230", 230, 0, 0, 0},
        {"u1=230,i=5", 0, 5, 0, 0},
        {"i2=2.5,u=1e2,pf2=0c,f=60", 100, 2.5, 0, -250},
        {"U=230,I2=5,i=7,PF=1", 230, 5, 1150, 0},
    };
    (void)state;
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
        struct measuring_window w[LAB_PHASES];
        struct mains *m = open_spec(table[k].spec, &three);
        mains_window(m, 0, BLOCK, w);
        window_is(&w[1], table[k].u, table[k].i, table[k].p, table[k].q);
        mains_close(m);
    }
}

static void test_bad_specs(void **state)
{
    static const char *const table[][2] = {
        {"", "--mains: column 1: expected name=value, a file, or house, found nothing"},
        {"home", "--mains: column 1: expected name=value, a file, or house, found 'home'"},
        {"u=230,j=5",
         "--mains: column 7: expected u, i, pf, f or u1..pf3, a file, or house, found 'j'"},
        {"u=230,i4=5",
         "--mains: column 7: expected u, i, pf, f or u1..pf3, a file, or house, found 'i4'"},
        {"u=230,i=", "--mains: column 9: expected a current from -1000 to 1000 A, found nothing"},
        {"u=230,i=5,", "--mains: column 11: expected name=value, a file, or house, found nothing"},
        {"u=-1,i=5", "--mains: column 3: expected a voltage from 0 to 1000 V, found '-1'"},
        {"u=2e9,i=5", "--mains: column 3: expected a voltage from 0 to 1000 V, found '2e9'"},
        {"u=nan", "--mains: column 3: expected a voltage from 0 to 1000 V, found 'nan'"},
        {"u=230 ,i=5", "--mains: column 3: expected a voltage from 0 to 1000 V, found '230 '"},
        {"u=230,i=5,pf=1.1i", "--mains: column 14: expected a power factor 0 to 1, then i "
                              "(inductive) or c (capacitive), found '1.1i'"},
        {"u=230,f=5", "--mains: column 9: expected a frequency from 40 to 70 Hz, found '5'"},
        {"u=230,u=231", "--mains: column 7: expected each name once, found 'u'"},
        {"i=5", "--mains: column 4: expected a voltage too (u=230)"},
        {"nosuch.csv", "--mains: nosuch.csv: no such file"},
        {"dir/nosuch,repeat=yes", "--mains: dir/nosuch: no such file"},
        {"house,repeat=maybe", "--mains: column 14: expected yes or no, found 'maybe'"},
        {"house,interpolate=cubic", "--mains: column 19: expected linear or hold, found 'cubic'"},
        {"house,colour=red", "--mains: column 7: expected interpolate=, repeat=, from=, loop=, "
                             "u_fs=, i_fs=, side= or channels=, found 'colour'"},
    };
    (void)state;
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
        struct mains *mains = NULL;
        struct lab_error error;
        assert_int_equal(mains_open(&mains, table[k][0], &three, &error), -1);
        assert_null(mains);
        assert_string_equal(error.text, table[k][1]);
    }
}

/** What samples add up to, as the measuring kernel would count it. */
struct sums {
    double p, u2, i2, vr, vi, ir, ii;
};

/** n blocks of one second; the fundamental is taken at f. */
static void sum_samples(struct mains *m, unsigned system, unsigned seconds, double f,
                        struct sums *sum)
{
    static int32_t v[LAB_PHASES][BLOCK], i[LAB_PHASES][BLOCK];
    int32_t *v_at[LAB_PHASES] = {v[0], v[1], v[2]}, *i_at[LAB_PHASES] = {i[0], i[1], i[2]};
    memset(sum, 0, sizeof *sum);
    for (unsigned s = 0; s < seconds; s++) {
        mains_samples(m, (int64_t)s * BLOCK, BLOCK, v_at, i_at);
        for (unsigned k = 0; k < BLOCK; k++) {
            double angle = 2.0 * acos(-1.0) * f * ((double)k / RATE + s);
            double a = v[system][k], b = i[system][k], c = cos(angle), d = sin(angle);
            sum->p += a * b;
            sum->u2 += a * a;
            sum->i2 += b * b;
            sum->vr += a * c;
            sum->vi -= a * d;
            sum->ir += b * c;
            sum->ii -= b * d;
        }
    }
}

static void agree(const char *spec, const struct mains_options *options, double f)
{
    const unsigned seconds = 10;
    struct mains *m = open_spec(spec, options);
    for (unsigned k = 0; k < options->systems; k++) {
        double p = 0.0, q = 0.0, u2 = 0.0, i2 = 0.0, n = seconds * RATE;
        struct measuring_window w[LAB_PHASES];
        struct sums sum;
        for (unsigned s = 0; s < seconds; s++) {
            mains_window(m, (int64_t)s * 1000000, BLOCK, w);
            p += (double)w[k].active_lsb2;
            q += (double)w[k].reactive_lsb2;
            u2 += (double)w[k].voltage_lsb2;
            i2 += (double)w[k].current_lsb2;
        }
        sum_samples(m, k, seconds, f, &sum);
        double apparent = sqrt(u2 * i2) + 1.0;
        within(sum.p / apparent, p / apparent, 1e-4);
        within((sum.vi * sum.ir - sum.vr * sum.ii) * 2.0 / n / apparent, q / apparent, 1e-4);
        within(sum.u2 / (u2 + 1.0), u2 / (u2 + 1.0), 1e-4);
        within(sum.i2 / (i2 + 1.0), i2 / (i2 + 1.0), 1e-4);
    }
    mains_close(m);
}

/** Phasor level and samples are the same mains, to 0.01 % of apparent power. */
static void test_fidelities_agree(void **state)
{
    static const struct mains_options aron = {2, true, 0}, one = {1, false, 0};
    (void)state;
    agree("u=230,i=5", &three, 50.0);
    agree("u=230,i=5,pf=0.5i", &three, 50.0);
    agree("u=230,i=-100,pf=0.25c,f=49.7", &three, 49.7);
    agree("u1=184,u2=264.5,u3=90,i1=0.25,i2=20,pf2=0.8c,f=60.3", &three, 60.3);
    agree("u=230,i=5,pf=0.8i,f=47.5", &aron, 47.5);
    agree("u=230,i=0.02", &one, 50.0);
    agree("u=230,i=0.02,pf=0.5c", &three, 50.0);
}

/** Two systems see U12 and U32; together they measure the three-wire load. */
static void test_aron(void **state)
{
    static const struct mains_options aron = {2, true, 0};
    (void)state;
    struct measuring_window w[LAB_PHASES];
    struct mains *m = open_spec("u=230,i=5,pf=0.8i", &aron);
    mains_window(m, 0, BLOCK, w);
    double scale = RATE * VOLT * AMPERE;
    within(((double)w[0].active_lsb2 + (double)w[1].active_lsb2) / scale, 3 * 920.0, 1e-6);
    within(((double)w[0].reactive_lsb2 + (double)w[1].reactive_lsb2) / scale, 3 * 690.0, 1e-6);
    within(sqrt((double)w[0].voltage_lsb2 / RATE) / VOLT, 230.0 * sqrt(3.0), 1e-6);
    within(sqrt((double)w[1].voltage_lsb2 / RATE) / VOLT, 230.0 * sqrt(3.0), 1e-6);
    mains_close(m);
}

/** Harmonics: P = sum of U_h I_h cos; the spectrum's power against synthesised samples. */
static void test_harmonics(void **state)
{
    struct lab_phase phase;
    struct lab_phasor_rates rates;
    (void)state;
    memset(&phase, 0, sizeof phase);
    phase.voltage_v = 230.0;
    phase.current_a = 50.0;
    phase.u_harmonic_pct[5] = 10.0;
    phase.i_harmonic_pct[5] = 40.0;
    lab_phasor_of_phase(&phase, &rates); /* 10 % U, 40 % I, in phase: 1.04 P1 */
    within(rates.active / VOLT / AMPERE, 1.04 * 230.0 * 50.0, 1e-6);
    within(rates.reactive, 0.0, 1.0);
    within(sqrt(rates.voltage) / VOLT, 230.0 * sqrt(1.01), 1e-9);
    within(sqrt(rates.current) / AMPERE, 50.0 * sqrt(1.16), 1e-9);
    phase.phi_deg = 60.0; /* the current's shape moves with it: 5 * 60 degrees at the 5th */
    lab_phasor_of_phase(&phase, &rates);
    double fifth = 0.04 * 230.0 * 50.0 * cos(300.0 / 180.0 * acos(-1.0));
    within(rates.active / VOLT / AMPERE, 0.5 * 230.0 * 50.0 + fifth, 1e-6);
    phase.i_harmonic_deg[5] = 180.0;
    lab_phasor_of_phase(&phase, &rates);
    within(rates.active / VOLT / AMPERE, 0.5 * 230.0 * 50.0 - fifth, 1e-6);
}

static void control(struct mains *m, int64_t at_us, const char *name, double value)
{
    struct lab_error error;
    if (mains_control(m, at_us, name, value, &error) != 0) {
        fail_msg("%s", error.text);
    }
}

static void test_controlled_waveform(void **state)
{
    (void)state;
    struct mains *m = open_spec("u=230,i=10,pf=0.5i", &three);
    struct measuring_window w[LAB_PHASES];
    struct sums sum;
    control(m, 0, "thd_u", 10.0);
    control(m, 0, "thd_i", 40.0);
    control(m, 0, "u2", 210.0);
    control(m, 0, "phi2", -120.0);
    sum_samples(m, 1, 1, 50.0, &sum);
    mains_window(m, 0, BLOCK, w);
    within(sum.p / (double)w[1].active_lsb2, 1.0, 1e-6);
    within(sum.u2 / (double)w[1].voltage_lsb2, 1.0, 1e-6);
    within(sum.i2 / (double)w[1].current_lsb2, 1.0, 1e-6);
    within((double)w[1].reactive_lsb2 / RATE / VOLT / AMPERE, -2100.0 * sqrt(0.75), 1e-6);
    mains_close(m);
}

static void test_control(void **state)
{
    struct lab_state now;
    struct lab_error error;
    (void)state;
    struct mains *m = open_spec("u=230,i=10", &three);
    mains_state(m, 0, &now);
    control(m, 5000000, "i1", 3.0);
    control(m, 2000000, "dip_ms", 200.0);
    control(m, 2000000, "dip", 40.0);
    mains_state(m, 1999999, &now);
    within(now.phase[0].voltage_v, 230.0, 1e-9);
    mains_state(m, 2199999, &now);
    within(now.phase[0].voltage_v, 92.0, 1e-9);
    mains_state(m, 2200000, &now);
    within(now.phase[2].voltage_v, 230.0, 1e-9);
    within(now.phase[0].current_a, 10.0, 1e-9);
    mains_state(m, 5000000, &now);
    within(now.phase[0].current_a, 3.0, 1e-9);
    control(m, 6000000, "neutral", 1.0);
    mains_state(m, 6000000, &now);
    assert_true(now.phase[0].voltage_v > 250.0 && now.phase[1].voltage_v < 230.0);
    control(m, 7000000, "supply", 0.0);
    mains_state(m, 7000000, &now);
    within(now.phase[0].voltage_v, 0.0, 0.0);
    within(now.phase[1].current_a, 0.0, 0.0);
    control(m, 8000000, "reset", 0.0);
    mains_state(m, 8000000, &now);
    within(now.phase[0].current_a, 10.0, 1e-9);
    within(now.phase[0].voltage_v, 230.0, 1e-9);
    assert_int_equal(mains_control(m, 0, "u9", 1.0, &error), -1);
    assert_int_equal(mains_control(m, 0, "u1", 1e9, &error), -1);
    assert_string_equal(error.text, "mains control: expected u1 from 0 to 1000, found 1e+09");
    assert_int_equal(mains_control(m, 0, "u1", (double)NAN, &error), -1);
    mains_close(m);
}

/** A control in the middle of a window counts from that microsecond. */
static void test_control_inside_window(void **state)
{
    struct measuring_window w[LAB_PHASES];
    (void)state;
    struct mains *m = open_spec("u=200,i=10", &three);
    mains_window(m, 0, BLOCK, w);
    control(m, 1250000, "i1", 20.0);
    mains_window(m, 1000000, BLOCK, w);
    within((double)w[0].active_lsb2 / RATE / VOLT / AMPERE, 0.25 * 2000 + 0.75 * 4000, 1e-6);
    mains_close(m);
}

/** The reference turns on without a jump when the frequency changes: no step in the samples. */
static void test_phase_is_continuous(void **state)
{
    static int32_t v[LAB_PHASES][BLOCK], i[LAB_PHASES][BLOCK];
    int32_t *v_at[LAB_PHASES] = {v[0], v[1], v[2]}, *i_at[LAB_PHASES] = {i[0], i[1], i[2]};
    struct measuring_window w[LAB_PHASES];
    (void)state;
    struct mains *m = open_spec("u=230,i=10", &three);
    control(m, 333333, "f", 60.0);
    mains_samples(m, 0, BLOCK, v_at, i_at);
    double steepest = 2.0 * acos(-1.0) * 60.0 / RATE * 230.0 * sqrt(2.0) * VOLT;
    for (unsigned k = 1; k < BLOCK; k++) {
        assert_true(fabs((double)v[0][k] - v[0][k - 1]) < steepest * 1.001);
    }
    mains_window(m, 1000000, BLOCK, w); /* phasor: 1/3 s at 50 Hz, the rest at 60 Hz */
    double turns = 50.0 * 0.333333 + 60.0 * (2.0 - 0.333333);
    double angle = (turns - floor(turns)) * 2.0 * acos(-1.0);
    double peak = 230.0 * sqrt(2.0) * VOLT * 64.0;
    within(w[0].v1_re / peak, cos(angle), 1e-6);
    within(w[0].v1_im / peak, sin(angle), 1e-6);
    assert_int_equal(w[0].frequency_uhz, 60000000);
    mains_close(m);
}

/** Beyond full scale the codes clip, as an ADC does. */
static void test_clipping(void **state)
{
    static int32_t v[LAB_PHASES][160], i[LAB_PHASES][160];
    int32_t *v_at[LAB_PHASES] = {v[0], v[1], v[2]}, *i_at[LAB_PHASES] = {i[0], i[1], i[2]};
    int32_t high = 0, low = 0;
    (void)state;
    struct mains *m = open_spec("u=230,i=300", &three);
    mains_samples(m, 0, 160, v_at, i_at);
    for (unsigned k = 0; k < 160; k++) {
        high = i[0][k] > high ? i[0][k] : high;
        low = i[0][k] < low ? i[0][k] : low;
    }
    assert_int_equal(high, 8388607);
    assert_int_equal(low, -8388608);
    mains_close(m);
}

/** A dead phase has no frequency; a supply that is off gives zeros only. */
static void test_dead(void **state)
{
    struct measuring_window w[LAB_PHASES];
    (void)state;
    struct mains *m = open_spec("u1=230,i1=1,f=49.5", &three);
    mains_window(m, 0, 1600, w);
    assert_int_equal(w[0].frequency_uhz, 49500000);
    assert_int_equal(w[1].frequency_uhz, 0);
    assert_int_equal(w[1].voltage_lsb2, 0);
    assert_int_equal(w[2].samples, 1600);
    control(m, 200000, "supply", 0.0);
    mains_window(m, 200000, 1600, w);
    assert_int_equal(w[0].frequency_uhz, 0);
    assert_true(w[0].active_lsb2 <= 1 && w[0].current_lsb2 <= 1); /* the carried fraction */
    mains_close(m);
}

/** Windows of odd lengths lose nothing: a year's worth of carry in small. */
static void test_no_energy_is_rounded_away(void **state)
{
    struct measuring_window w[LAB_PHASES];
    double sum = 0.0;
    int64_t samples = 0;
    (void)state;
    struct mains *m = open_spec("u=230,i=0.000001,pf=0.9i", &three);
    for (uint32_t n = 1; samples < 80000000; n = n % 1999 + 1) {
        mains_window(m, samples * 125, n, w);
        sum += (double)w[0].active_lsb2;
        samples += n;
    }
    within(sum / ((double)samples * 230.0 * 0.000001 * 0.9 * VOLT * AMPERE), 1.0, 1e-9);
    mains_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_specs),
        cmocka_unit_test(test_bad_specs),
        cmocka_unit_test(test_fidelities_agree),
        cmocka_unit_test(test_aron),
        cmocka_unit_test(test_harmonics),
        cmocka_unit_test(test_controlled_waveform),
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_control_inside_window),
        cmocka_unit_test(test_phase_is_continuous),
        cmocka_unit_test(test_clipping),
        cmocka_unit_test(test_dead),
        cmocka_unit_test(test_no_energy_is_rounded_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
