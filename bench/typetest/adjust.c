/** Calibration at 10 A PF 1, 10 A PF 0.5 inductive, and with the current open. */
#include "adjust.h"

#include <math.h>
#include <string.h>

#include "host/calibration/calibration.h"

#define POINTS       3u
#define LOADED_A     10.0
#define LOADED_S     20u
#define REGISTER_VA  30.0 /* below it registers move in blocks of a second */
#define ANGLE_AT_05I 1.7320508075688772

/** ---- the reference standard ---------------------------------------------------------------- */

static double unit(uint64_t *state)
{
    *state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return ((double)((z ^ z >> 31) >> 11) + 0.5) * 0x1p-53;
}

/** Normal, by Box and Muller. */
static double normal(uint64_t *state)
{
    const double size = sqrt(-2.0 * log(unit(state)));
    return size * cos(2.0 * acos(-1.0) * unit(state));
}

/** ---- readings ------------------------------------------------------------------------------ */

/** Voltage of a system and its angle ahead of the phase's own (an Aron system stands between two).
 */
static void system_terminals(enum connection connection, unsigned system, double phi_deg,
                             struct calibration_reading *out)
{
    static const double ahead_deg[] = {30.0, -30.0};
    out->voltage_v = RATED_V;
    out->phi_deg = phi_deg + (connection == CONNECTION_ARON ? ahead_deg[system] : 0.0);
}

static double settled(double by_register, double instant)
{
    return fabs(instant) >= REGISTER_VA ? by_register : instant;
}

static void read_point(struct desk_meter *meter, enum connection connection, double current_a,
                       double phi_deg, unsigned seconds, uint64_t *random,
                       struct calibration_reading *out)
{
    struct stimulus stimulus;
    struct desk_reading read;
    const double volts = RATED_V * (connection == CONNECTION_ARON ? RATED_SHARE_V : 1.0);
    stimulus_balanced(&stimulus, volts, current_a, phi_deg, RATED_HZ);
    for (unsigned p = 1; p < LAB_PHASES && connection == CONNECTION_1_PHASE; p++) {
        stimulus_lose_phase(&stimulus, p);
    }
    desk_meter_measure(meter, &stimulus, seconds, &read);
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        const double wrong = 0.01 * ADJUST_REFERENCE_PCT;
        struct calibration_reading *reading = &out[s * POINTS];
        system_terminals(connection, s, phi_deg, reading);
        reading->current_a = current_a * (1.0 + wrong * normal(random));
        reading->phi_deg +=
            wrong / ANGLE_AT_05I * normal(random) * 180.0 / acos(-1.0) * (current_a > 0.0);
        reading->frequency_hz = RATED_HZ;
        reading->read_active_w = settled(read.active_w[s], read.instant_w[s]);
        reading->read_reactive_var = settled(read.reactive_var[s], read.instant_var[s]);
        reading->read_voltage_v = read.voltage_v[s];
        reading->read_current_a = read.current_a[s];
    }
}

/** ---- constants ----------------------------------------------------------------------------- */

static struct calibration_constants constants_of(const struct legal_calibration *in)
{
    struct calibration_constants out = {
        .power_gain = in->correction.power_gain,
        .voltage_gain = in->correction.voltage_gain,
        .current_gain = in->correction.current_gain,
        .crosstalk_g_q40 = in->correction.crosstalk_g_q40,
        .crosstalk_b_q40 = in->correction.crosstalk_b_q40,
        .current_noise_lsb2 = in->correction.current_noise_lsb2,
        .current_delay_samples = in->measuring.current_delay_samples,
    };
    memcpy(out.voltage_fir_q28, in->measuring.voltage_fir_q28, sizeof out.voltage_fir_q28);
    return out;
}

static void constants_put(struct legal_calibration *out, const struct calibration_constants *in)
{
    out->correction.power_gain = in->power_gain;
    out->correction.voltage_gain = in->voltage_gain;
    out->correction.current_gain = in->current_gain;
    out->correction.crosstalk_g_q40 = in->crosstalk_g_q40;
    out->correction.crosstalk_b_q40 = in->crosstalk_b_q40;
    out->correction.current_noise_lsb2 = in->current_noise_lsb2;
    out->measuring.current_delay_samples = in->current_delay_samples;
    memcpy(out->measuring.voltage_fir_q28, in->voltage_fir_q28, sizeof in->voltage_fir_q28);
}

static const char *system_adjust(struct desk_meter *meter, unsigned s,
                                 const struct calibration_reading *reading)
{
    struct legal_calibration stored;
    if (legal_calibration_read(&meter->legal, (uint8_t)(s + 1u), &stored) != LEGAL_OK) {
        return "the meter gives no constants";
    }
    struct calibration_constants constants = constants_of(&stored);
    const enum calibration_err err =
        calibration_compute(&calibration_type_382, &constants, reading, POINTS, &constants, NULL);
    if (err != CALIBRATION_OK) {
        return calibration_err_text(err);
    }
    constants_put(&stored, &constants);
    return legal_calibration_write(&meter->legal, (uint8_t)(s + 1u), &stored) == LEGAL_OK
               ? NULL
               : "the meter takes no constants";
}

const char *adjust_meter(struct desk_meter *meter, enum connection connection, uint64_t seed,
                         double open_s)
{
    struct calibration_reading reading[LEGAL_SYSTEMS * POINTS];
    uint64_t random = seed ^ UINT64_C(0x5245464552454E43);
    read_point(meter, connection, LOADED_A, 0.0, LOADED_S, &random, &reading[0]);
    read_point(meter, connection, LOADED_A, 60.0, LOADED_S, &random, &reading[1]);
    read_point(meter, connection, 0.0, 0.0, (unsigned)open_s, &random, &reading[2]);
    for (unsigned s = 0; s < meter->front_end.options.systems; s++) {
        const char *fault = system_adjust(meter, s, &reading[s * POINTS]);
        if (fault != NULL) {
            return fault;
        }
    }
    meter->seal_open = false;
    if (legal_store(&meter->legal) != LEGAL_OK || desk_meter_power_up(meter) != LEGAL_OK) {
        return "the meter did not start again after its calibration";
    }
    return NULL;
}
