/** One seed, one meter: the table of distributions and the drawing from it. */
#include "front_end_inside.h"

#define FIELD(name) offsetof(struct front_end_sensor, name)
#define U           FRONT_END_UNIFORM
#define S           FRONT_END_SIGNED

/* Why these figures: docs/front-end.md.  Each row has its own stream of random numbers, so a row
 * put in or taken out leaves all others of a seed as they were; its name is the key. */
const struct front_end_draw front_end_draws[] = {
    {"voltage gain", "%", U, -2.0, 2.0, FIELD(voltage_gain_pct)},
    {"current gain", "%", U, -5.0, 5.0, FIELD(current_gain_pct)},
    {"skew", "us", U, 0.0, 60.0, FIELD(skew_us)},
    {"voltage RC", "us", U, 11.7, 12.9, FIELD(voltage_rc_us)},
    {"current RC", "us", U, 26.5, 29.3, FIELD(current_rc_us)},
    {"shunt L/R", "us", U, 2.0, 15.0, FIELD(inductance_us)},
    {"pick-up loop", "mm2", U, -20.0, 20.0, FIELD(pickup_mm2)},
    {"shunt in field", "ppm/T2", U, 0.0, 20.0, FIELD(field_ppm_t2)},
    {"shunt TCR", "ppm/K", U, -50.0, 50.0, FIELD(shunt_ppm_k)},
    {"divider TC", "ppm/K", U, -25.0, 25.0, FIELD(divider_ppm_k)},
    {"reference slope", "ppm/K", S, 10.0, 30.0, FIELD(reference_ppm_k)},
    {"thermal resistance", "K/W", U, 5.0, 12.0, FIELD(heating_k_w)},
    {"thermal time", "s", U, 100.0, 300.0, FIELD(heating_s)},
    {"board share", "1", U, 0.1, 0.3, FIELD(board_share)},
    {"voltage offset", "V", U, -0.5, 0.5, FIELD(voltage_offset_v)},
    {"current offset", "A", U, -0.1, 0.1, FIELD(current_offset_a)},
    {"current offset drift", "A/K", U, -1e-4, 1e-4, FIELD(current_offset_a_k)},
    {"voltage noise", "V", U, 0.008, 0.020, FIELD(voltage_noise_v)},
    {"current noise", "A", U, 0.0045, 0.0055, FIELD(current_noise_a)},
    {"1/f corner", "Hz", U, 2.0, 20.0, FIELD(flicker_hz)},
    {"voltage INL", "ppm", S, 10.0, 50.0, FIELD(voltage_inl_ppm)},
    {"current INL", "ppm", S, 10.0, 50.0, FIELD(current_inl_ppm)},
    {"crosstalk, own", "dB", U, -120.0, -100.0, FIELD(crosstalk_db[0])},
    {"crosstalk, next", "dB", U, -120.0, -100.0, FIELD(crosstalk_db[1])},
    {"crosstalk, after next", "dB", U, -120.0, -100.0, FIELD(crosstalk_db[2])},
    {"crosstalk angle, own", "deg", U, -180.0, 180.0, FIELD(crosstalk_deg[0])},
    {"crosstalk angle, next", "deg", U, -180.0, 180.0, FIELD(crosstalk_deg[1])},
    {"crosstalk angle, after next", "deg", U, -180.0, 180.0, FIELD(crosstalk_deg[2])},
    {"sample clock", "ppm", U, -100.0, 100.0, FIELD(clock_ppm)},
    {"sensor offset", "K", U, -1.0, 1.0, FIELD(sensor_offset_k)},
    {"sensor gain", "%", U, -1.0, 1.0, FIELD(sensor_gain_pct)},
};
const size_t front_end_n_draws = sizeof front_end_draws / sizeof front_end_draws[0];

/** FNV-1a of the name: what keeps the streams of the rows apart. */
static uint64_t key_of(const char *name)
{
    uint64_t key = UINT64_C(0xCBF29CE484222325);
    for (; *name != '\0'; name++) {
        key = (key ^ (uint8_t)*name) * UINT64_C(0x100000001B3);
    }
    return key;
}

void front_end_draw_sensor(uint64_t seed, unsigned system, struct front_end_sensor *out)
{
    for (size_t k = 0; k < front_end_n_draws; k++) {
        const struct front_end_draw *draw = &front_end_draws[k];
        uint64_t state = seed;
        state = front_end_random(&state) ^ key_of(draw->name);
        state = front_end_random(&state) + system;
        const double size = draw->low + (draw->high - draw->low) * front_end_random_unit(&state);
        const bool negative =
            draw->distribution == FRONT_END_SIGNED && (front_end_random(&state) >> 63) != 0;
        double *field = (double *)(void *)((char *)out + draw->offset);
        *field = negative ? -size : size;
    }
}
