#include "neutral.h"

#include <string.h>

#include "../../proto/common/writer.h"
#include "../quality/quality_number.h"

#define NOMINAL_MV       INT64_C(230000)
#define DISPLACED_MV     40000u
#define HIGH_MV          253000u
#define TIME_S           60u
#define GONE_S           10u
#define US_PER_S         INT64_C(1000000)
#define STEP_MDEG        2000
#define NANORAD_PER_MDEG INT64_C(17453)
#define TURN_MDEG        360000
#define COSINE_ONE       INT64_C(1000000)
/* Squares of 0.9 and 1.1 times sqrt 3 times 230 V. */
#define LINE_LOW_MV2  (3 * NOMINAL_MV * NOMINAL_MV / 100 * 81)
#define LINE_HIGH_MV2 (3 * NOMINAL_MV * NOMINAL_MV / 100 * 121)

/* Cosine of 0, 2, ... 90 degrees, millionths. */
static const int32_t cosines[46] = {
    1000000, 999391, 997564, 994522, 990268, 984808, 978148, 970296, 961262, 951057, 939693, 927184,
    913545,  898794, 882948, 866025, 848048, 829038, 809017, 788011, 766044, 743145, 719340, 694658,
    669131,  642788, 615661, 587785, 559193, 529919, 500000, 469472, 438371, 406737, 374607, 342020,
    309017,  275637, 241922, 207912, 173648, 139173, 104528, 69756,  34899,  0,
};

/* From the step below: cos(a + d) = cos a cos d - sin a sin d with d small; right to 0.000003.  A
 * displacement is a small difference of large squares, so that straight lines would not do. */
static int64_t cosine_of_quarter(int32_t angle_mdeg)
{
    int32_t i = angle_mdeg / STEP_MDEG;
    int64_t d = (angle_mdeg % STEP_MDEG) * NANORAD_PER_MDEG / 1000; /* millionths of a radian */
    int64_t sine_d = d - d * d * d / (6 * COSINE_ONE * COSINE_ONE);
    int64_t cosine_d = COSINE_ONE - d * d / (2 * COSINE_ONE);
    return (cosines[i] * cosine_d - cosines[45 - i] * sine_d) / COSINE_ONE;
}

static int64_t cosine(int32_t angle_mdeg)
{
    int32_t angle = angle_mdeg % TURN_MDEG;
    angle = angle < 0 ? -angle : angle;
    angle = angle > TURN_MDEG / 2 ? TURN_MDEG - angle : angle;
    return angle > TURN_MDEG / 4 ? -cosine_of_quarter(TURN_MDEG / 2 - angle)
                                 : cosine_of_quarter(angle);
}

static uint32_t root(int64_t square)
{
    return square < 0 ? 0 : quality_root((uint64_t)square);
}

/* Two phases high, one low, in any order. */
static bool by_levels(const struct neutral_config *config, const struct legal_voltages *voltages)
{
    unsigned high = 0, low = 0;
    for (unsigned i = 0; i < NEUTRAL_PHASES; i++) {
        int64_t voltage_mv = voltages->voltage_mv[i];
        high += voltage_mv > config->high_mv ? 1u : 0u;
        low += voltage_mv < NOMINAL_MV - (int64_t)config->displaced_mv ? 1u : 0u;
    }
    return high == 2 && low == 1;
}

/* Displacement and whether the network itself is healthy, from magnitudes and angles. */
struct star {
    bool known, lines_healthy;
    uint32_t displaced_mv;
};

static struct star star_of(const struct legal_voltages *voltages)
{
    struct star star = {true, true, 0};
    int64_t sum_mv2 = 0;
    for (unsigned i = 0; i < NEUTRAL_PHASES; i++) {
        const unsigned next = (i + 1u) % NEUTRAL_PHASES;
        int64_t u = voltages->voltage_mv[i], v = voltages->voltage_mv[next];
        int64_t product_mv2 =
            u * v * cosine(voltages->angle_mdeg[i] - voltages->angle_mdeg[next]) / COSINE_ONE;
        int64_t line_mv2 = u * u + v * v - 2 * product_mv2;
        star.known = star.known && voltages->present[i];
        star.lines_healthy =
            star.lines_healthy && line_mv2 >= LINE_LOW_MV2 && line_mv2 <= LINE_HIGH_MV2;
        sum_mv2 += u * u + 2 * product_mv2;
    }
    star.displaced_mv = root(sum_mv2) / 3u;
    return star;
}

/* Below 160 V on a phase there are no angles.  Where the levels say that the star point has moved,
 * magnitudes are enough, for a network of 3 x 230 V: 3 U0^2 = U1^2 + U2^2 + U3^2 - 3 * (230 V)^2.
 */
static uint32_t displaced_by_levels(const struct legal_voltages *voltages)
{
    int64_t sum_mv2 = -3 * NOMINAL_MV * NOMINAL_MV;
    for (unsigned i = 0; i < NEUTRAL_PHASES; i++) {
        sum_mv2 += (int64_t)voltages->voltage_mv[i] * voltages->voltage_mv[i];
    }
    return root(sum_mv2 / 3);
}

static uint8_t look(struct neutral *neutral, const struct legal_voltages *voltages)
{
    const struct neutral_config *config = &neutral->config;
    struct star star = star_of(voltages);
    unsigned evidence = by_levels(config, voltages) ? NEUTRAL_BY_LEVELS : 0u;
    if (star.known) {
        neutral->neutral_mv = star.displaced_mv;
        evidence |= star.lines_healthy && star.displaced_mv > config->displaced_mv
                        ? NEUTRAL_BY_PHASORS
                        : 0u;
    } else {
        neutral->neutral_mv = evidence != 0 ? displaced_by_levels(voltages) : 0;
    }
    return (uint8_t)evidence;
}

static void extremes_clear(struct neutral *neutral)
{
    neutral->evidence = 0;
    neutral->neutral_max_mv = 0;
    for (unsigned i = 0; i < NEUTRAL_PHASES; i++) {
        neutral->min_mv[i] = UINT32_MAX;
        neutral->max_mv[i] = 0;
    }
}

static void extremes_take(struct neutral *neutral, const struct legal_voltages *voltages)
{
    for (unsigned i = 0; i < NEUTRAL_PHASES; i++) {
        uint32_t u = voltages->voltage_mv[i];
        neutral->min_mv[i] = u < neutral->min_mv[i] ? u : neutral->min_mv[i];
        neutral->max_mv[i] = u > neutral->max_mv[i] ? u : neutral->max_mv[i];
    }
    if (neutral->neutral_mv > neutral->neutral_max_mv) {
        neutral->neutral_max_mv = neutral->neutral_mv;
    }
}

void neutral_init(struct neutral *neutral, const struct variant *variant, bool fault,
                  int64_t now_us)
{
    memset(neutral, 0, sizeof *neutral);
    neutral->config = (struct neutral_config){DISPLACED_MV, HIGH_MV, TIME_S, GONE_S};
    neutral->fitted =
        variant->systems == NEUTRAL_PHASES && !variant->aron && variant->generation >= GENERATION_L;
    neutral->fault = neutral->fitted && fault;
    neutral->watching = neutral->fault;
    neutral->since_us = now_us;
    neutral->last_us = INT64_MIN;
    neutral->look_us = INT64_MIN;
    extremes_clear(neutral);
}

void neutral_supply_lost(struct neutral *neutral)
{
    neutral->watching = neutral->fault;
    neutral->last_us = INT64_MIN;
    neutral->look_us = INT64_MIN;
    neutral->neutral_mv = 0;
}

enum neutral_change neutral_step(struct neutral *neutral, const struct legal_voltages *voltages,
                                 int64_t now_us)
{
    if (!neutral->fitted) {
        return NEUTRAL_NO_CHANGE;
    }
    neutral->look_us = now_us + NEUTRAL_LOOK_US;
    uint8_t evidence = look(neutral, voltages);
    if (evidence != 0 && !neutral->watching) {
        neutral->watching = true;
        neutral->since_us = now_us;
        extremes_clear(neutral);
    }
    if (evidence != 0 || neutral->last_us == INT64_MIN) {
        neutral->last_us = now_us; /* after a loss of supply the end is counted from its return */
    }
    if (evidence != 0) {
        neutral->evidence |= evidence;
        extremes_take(neutral, voltages);
    }
    if (!neutral->fault) {
        neutral->watching = evidence != 0;
        neutral->fault =
            evidence != 0 && now_us - neutral->since_us > neutral->config.time_s * US_PER_S;
        return neutral->fault ? NEUTRAL_DETECTED : NEUTRAL_NO_CHANGE;
    }
    if (now_us - neutral->last_us >= neutral->config.gone_s * US_PER_S) {
        neutral->fault = false;
        neutral->watching = false;
        return NEUTRAL_GONE;
    }
    return NEUTRAL_NO_CHANGE;
}

/* Tenths of a volt, in two bytes. */
static void write_voltage(struct writer *w, uint32_t voltage_mv)
{
    uint32_t tenths = (voltage_mv / 50u + 1u) / 2u;
    writer_uint_le(w, tenths < UINT16_MAX ? tenths : UINT16_MAX, 2);
}

uint8_t neutral_record(const struct neutral *neutral, int64_t now_us,
                       uint8_t payload[NEUTRAL_RECORD_BYTES])
{
    int64_t seconds = (now_us - neutral->since_us) / US_PER_S;
    bool seen = neutral->evidence != 0; /* not after a start with a fault that was over by then */
    struct writer w = writer_over(payload, NEUTRAL_RECORD_BYTES);
    writer_u8(&w, neutral->evidence);
    for (unsigned i = 0; i < NEUTRAL_PHASES; i++) {
        write_voltage(&w, seen ? neutral->min_mv[i] : 0);
        write_voltage(&w, neutral->max_mv[i]);
    }
    write_voltage(&w, neutral->neutral_max_mv);
    writer_uint_le(&w, (uint64_t)(seconds < UINT32_MAX ? seconds : UINT32_MAX), 4);
    return (uint8_t)writer_length(&w);
}
