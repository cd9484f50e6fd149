/**
 * Limits as tables, each with its source.  [S]: read in a source; [R]: recalled from the standard,
 * to be checked against the bought text (spec metrology 1.1 and 1.2 has the same marks).
 */
#include <math.h>

#include "point.h"

#define BALANCED 1u
#define SINGLE   2u
#define ANY_LOAD (BALANCED | SINGLE)
#define PF(name) (1u << (name))
#define PF_MID   (PF(PF_05_IND) | PF(PF_08_CAP))
#define ANY_PF   (PF_MID | PF(PF_1) | PF(PF_025_IND) | PF(PF_05_CAP))
#define NONE     0.0
#define ENDLESS  1e9

const char *const connection_names[CONNECTIONS] = {"4-wire", "Aron", "1-phase"};

const struct test_row test_rows[TESTS] = {
    [TEST_LOAD] = {"load", "Load curve, active energy", "%",
                   "error itself; LED from 0.5 A up, fine registers below"},
    [TEST_REACTIVE] = {"reactive", "Load curve, reactive energy", "%",
                       "error itself; LED in test mode from 0.5 A up, fine registers below"},
    [TEST_UNBALANCE] = {"unbalance", "One phase loaded, less all loaded", "%",
                        "difference of two errors of the load curve"},
    [TEST_VOLTAGE] = {"voltage", "Voltage variation", "%", "difference from the error at Un"},
    [TEST_FREQUENCY] = {"frequency", "Frequency variation", "%",
                        "difference from the error at 50 Hz (57 to 63 Hz: at 60 Hz)"},
    [TEST_SEQUENCE] = {"sequence", "Reversed phase sequence", "%",
                       "difference from the error in sequence"},
    [TEST_MISSING] = {"missing", "One and two phases interrupted", "%",
                      "difference from the error with all phases"},
    [TEST_WAVEFORM] = {"waveform", "Waveforms", "%", "difference from the error with sines"},
    [TEST_TONE] = {"tone", "Inter-harmonics and 2 to 150 kHz in the current", "%",
                   "difference from the error without"},
    [TEST_MAGNET] = {"magnet", "Magnet on, and 0.5 mT at 50 Hz", "%",
                     "difference from the error without; the alternating field at six angles"},
    [TEST_TEMPERATURE] = {"temperature", "Temperature, mean coefficient", "%/K",
                          "difference of errors at neighbouring temperatures by their distance"},
    [TEST_START] = {"start", "Starting current", "s",
                    "20 mA, PF 1: time to the second pulse of the LED (two intervals: 522 s)"},
    [TEST_START_UP] = {"start-up", "Start of the meter", "s",
                       "from voltage at the terminals to energy in the register, 5 A"},
    [TEST_NO_LOAD] = {"no-load", "No load", "pulses",
                      "1.15 Un, no current, 240e3 / (k m U Ist) minutes: 15.1"},
    [TEST_CONSTANT] = {"constant", "Meter constant", "%",
                       "LED less register over the same pulses, 100 A"},
    [TEST_REPEAT] = {"repeatability", "Repeatability", "%",
                     "standard deviation of repeated measurements"},
    [TEST_HEATING] = {"self-heating", "Self-heating at Imax", "%",
                      "largest change of the error in 1800 s from cold, read every 20 s"},
    [TEST_DIPS] = {"dips", "Dips and interruptions", "kWh",
                   "change of any register; 3 x 1 s, 20 ms, 1 min at 50 %, no current"},
    [TEST_OVERCURRENT] = {"overcurrent", "Short-time overcurrent", "%",
                          "30 Imax for half a period; then the change of the error at 5 A"},
    [TEST_COMPOSITE] = {"composite", "Composite error", "%",
                        "sqrt(e^2 + dT^2 + dU^2 + df^2), PF 1, against the MPE"},
};

/** Currents in multiples of Itr (0.1 Ib of IEC 62053 is Itr). */
struct limit_row {
    enum test test;
    unsigned power_factors, loads;
    double from_itr, below_itr;
    double low, high; /**< of the test's parameter (parts of Un, Hz, enum wave); 0, 0: any */
    double limit[ACCURACIES];
    double minus; /**< where the limit downwards is another one; 0: the same */
    const char *source;
};

/* clang-format off */
static const struct limit_row rows[] = {
    /* intrinsic error */
    {TEST_LOAD, PF(PF_1), BALANCED, 0.5, 1, 0, 0, {2.5, 1.5, 1.0}, 0, "EN 50470-3 t. 4 [R]"},
    {TEST_LOAD, PF(PF_1), BALANCED, 1, ENDLESS, 0, 0, {2.0, 1.0, 0.5}, 0, "EN 50470-3 t. 4 [R]"},
    {TEST_LOAD, PF_MID, BALANCED, 1, ENDLESS, 0, 0, {2.0, 1.0, 0.6}, 0, "EN 50470-3 t. 4 [R]"},
    {TEST_LOAD, PF(PF_1) | PF(PF_05_IND), SINGLE, 1, ENDLESS, 0, 0,
     {3.0, 2.0, 1.0}, 0, "EN 50470-3 t. 5 [R]"},
    {TEST_LOAD, PF(PF_1), BALANCED, 0.5, 1, 0, 0, {2.5, 1.5, NONE}, 0, "IEC 62053-21 t. 6 [S]"},
    {TEST_LOAD, PF_MID, BALANCED, 1, 2, 0, 0, {2.5, 1.5, NONE}, 0, "IEC 62053-21 t. 6 [R]"},
    {TEST_LOAD, PF(PF_025_IND), BALANCED, 2, ENDLESS, 0, 0,
     {NONE, 3.5, NONE}, 0, "IEC 62053-21 t. 6 [R]"},
    {TEST_LOAD, PF(PF_05_CAP), BALANCED, 2, ENDLESS, 0, 0,
     {NONE, 2.5, NONE}, 0, "IEC 62053-21 t. 6 [R]"},
    {TEST_LOAD, PF_MID, BALANCED, 0.5, 1, 0, 0, {2.5, 1.8, 1.0}, 0, "OIML R 46 t. 2 [R]"},
    /* reactive energy: IEC 62053-23 class 2 whatever the active class */
    {TEST_REACTIVE, PF(PF_1), BALANCED, 0.5, 1, 0, 0, {2.5, 2.5, 2.5}, 0, "IEC 62053-23 [R]"},
    {TEST_REACTIVE, PF(PF_1), BALANCED, 1, ENDLESS, 0, 0, {2.0, 2.0, 2.0}, 0, "IEC 62053-23 [R]"},
    {TEST_REACTIVE, PF(PF_05_IND), BALANCED, 1, 2, 0, 0, {2.5, 2.5, 2.5}, 0, "IEC 62053-23 [R]"},
    {TEST_REACTIVE, PF(PF_05_IND), BALANCED, 2, ENDLESS, 0, 0,
     {2.0, 2.0, 2.0}, 0, "IEC 62053-23 [R]"},
    {TEST_REACTIVE, PF(PF_025_IND), BALANCED, 2, ENDLESS, 0, 0,
     {2.5, 2.5, 2.5}, 0, "IEC 62053-23 [R]"},
    {TEST_REACTIVE, PF(PF_1) | PF(PF_05_IND), SINGLE, 2, ENDLESS, 0, 0,
     {3.0, 3.0, 3.0}, 0, "IEC 62053-23 [R]"},
    {TEST_UNBALANCE, PF(PF_1), SINGLE, 10, 11, 0, 0,
     {2.5, 1.5, 1.0}, 0, "EN 50470-3 t. 5, IEC 62053-21 [R]"},
    /* influences: differences */
    {TEST_VOLTAGE, PF(PF_1), ANY_LOAD, 1, ENDLESS, 0.9, 1.1,
     {1.0, 0.7, 0.2}, 0, "EN 50470-3 [R], IEC 62053-21 t. 8 [S]"},
    {TEST_VOLTAGE, PF(PF_05_IND), ANY_LOAD, 1, ENDLESS, 0.9, 1.1,
     {1.5, 1.0, 0.4}, 0, "EN 50470-3 [R], IEC 62053-21 t. 8 [S]"},
    {TEST_VOLTAGE, PF(PF_1), ANY_LOAD, 1, ENDLESS, 0.8, 1.15,
     {3.0, 2.1, 0.6}, 0, "EN 50470-3: 3 x the limit at 10 % [R]"},
    {TEST_VOLTAGE, PF(PF_05_IND), ANY_LOAD, 1, ENDLESS, 0.8, 1.15,
     {4.5, 3.0, 1.2}, 0, "EN 50470-3: 3 x the limit at 10 % [R]"},
    {TEST_VOLTAGE, ANY_PF, ANY_LOAD, 0, ENDLESS, 0.01, 0.79,
     {10.0, 10.0, 10.0}, 100.5, "EN 50470-3: +10 to -100 % [R]"},
    {TEST_FREQUENCY, PF(PF_1), ANY_LOAD, 1, ENDLESS, 0, 0,
     {0.8, 0.5, 0.2}, 0, "EN 50470-3 [R], IEC 62053-21 t. 8 [S]; held beyond 2 % too"},
    {TEST_FREQUENCY, PF(PF_05_IND), ANY_LOAD, 1, ENDLESS, 0, 0,
     {1.0, 0.7, 0.2}, 0, "EN 50470-3 [R], IEC 62053-21 t. 8 [S]; held beyond 2 % too"},
    {TEST_SEQUENCE, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0,
     {1.5, 1.5, 0.1}, 0, "EN 50470-3 [R], IEC 62053-21 t. 8 [S]"},
    {TEST_MISSING, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0,
     {4.0, 2.0, 1.0}, 0, "EN 50470-3 [R], IEC 62053-21 t. 8 [S]"},
    {TEST_WAVEFORM, ANY_PF, ANY_LOAD, 0, ENDLESS, WAVE_FIFTH, WAVE_FIFTH,
     {1.0, 0.8, 0.5}, 0, "EN 50470-3 [R], IEC 62053-21 t. 8 [S]"},
    {TEST_WAVEFORM, ANY_PF, ANY_LOAD, 0, ENDLESS, WAVE_HALF, WAVE_HALF,
     {6.0, 3.0, 1.0}, 0, "EN 50470-3 [R], IEC 62053-21 t. 8 [S]"},
    {TEST_WAVEFORM, ANY_PF, ANY_LOAD, 0, ENDLESS, WAVE_FIRED, WAVE_BURST,
     {6.0, 3.0, 1.0}, 0, "EN 50470-3, IEC 62053-21 [R]"},
    {TEST_WAVEFORM, ANY_PF, ANY_LOAD, 0, ENDLESS, WAVE_QUADRIFORM, WAVE_PEAKED,
     {1.0, 0.8, 0.5}, 0, "taken from the 5th harmonic's; OIML R 46 not read"},
    {TEST_TONE, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0,
     {3.0, 2.0, 1.0}, 0, "taken from conducted RF [R]; CLC/TR 50579 not read"},
    {TEST_MAGNET, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0,
     {3.0, 2.0, 1.0}, 0, "EN 50470-3, IEC 62053-21 t. 8 [R]"},
    {TEST_TEMPERATURE, PF(PF_1), ANY_LOAD, 1, ENDLESS, 0, 0,
     {0.10, 0.05, 0.03}, 0, "EN 50470-3 [R], IEC 62053-21 t. 8 [S]"},
    {TEST_TEMPERATURE, PF(PF_05_IND), ANY_LOAD, 1, ENDLESS, 0, 0,
     {0.15, 0.07, 0.05}, 0, "EN 50470-3 [R], IEC 62053-21 t. 8 [S]"},
    /* events and the rest */
    {TEST_START, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0,
     {1565, 1565, 1565}, 0, "EN 50470-3: starts and keeps registering [S]; 6 intervals"},
    {TEST_START_UP, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0, {5, 5, 5}, 0, "EN 50470-3: 5 s [R]"},
    {TEST_NO_LOAD, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0, {1, 1, 1}, 0, "EN 50470-3: one pulse [S]"},
    {TEST_CONSTANT, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0,
     {0.2, 0.1, 0.05}, 0, "a tenth of the limit [S]"},
    {TEST_REPEAT, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0,
     {0.2, 0.1, 0.05}, 0, "a tenth of the limit [S]"},
    {TEST_HEATING, PF(PF_1), ANY_LOAD, 1, ENDLESS, 0, 0, {1.0, 0.7, 0.2}, 0, "EN 50470-3 [R]"},
    {TEST_HEATING, PF(PF_05_IND), ANY_LOAD, 1, ENDLESS, 0, 0, {1.5, 1.0, 0.2}, 0, "EN 50470-3 [R]"},
    {TEST_DIPS, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0,
     {0.023, 0.023, 0.023}, 0, "m Un Imax 1e-6 kWh of one element [S]"},
    {TEST_OVERCURRENT, ANY_PF, ANY_LOAD, 0, ENDLESS, 0, 0, {1.5, 1.5, 0.5}, 0, "EN 50470-3 [R]"},
};
/* clang-format on */

static double parameter_of(const struct point *point)
{
    switch (point->test) {
    case TEST_VOLTAGE: return point->voltage;
    case TEST_WAVEFORM: return point->wave;
    default: return 0.0;
    }
}

enum power_factor point_power_factor(const struct point *point)
{
    static const double active_deg[POWER_FACTORS] = {0.0, 60.0, -36.86989764584402,
                                                     75.52248781407008, -60.0};
    /* reactive energy: sin phi 1, 0.5 and 0.25 in the places of PF 1, 0.5 and 0.25 */
    static const double reactive_deg[POWER_FACTORS] = {90.0, 30.0, -1e9, 14.477512185929925, -1e9};
    for (unsigned k = 0; k < POWER_FACTORS; k++) {
        const double angle = point->reactive ? reactive_deg[k] : active_deg[k];
        const double size = point->reactive ? fabs(point->phi_deg) : point->phi_deg;
        if (fabs(angle - size) < 1e-6) {
            return (enum power_factor)k;
        }
    }
    return POWER_FACTORS;
}

static bool row_holds(const struct limit_row *row, enum connection connection,
                      const struct point *point)
{
    const double itr = point->current_a / RATED_TR_A * 1.000001, parameter = parameter_of(point);
    const bool single = point->load != LOAD_BALANCED && connection != CONNECTION_1_PHASE;
    const bool within = (row->low == 0.0 && row->high == 0.0) ||
                        (parameter > row->low - 1e-6 && parameter < row->high + 1e-6);
    return row->test == point->test && within && itr >= row->from_itr && itr < row->below_itr &&
           (row->loads & (single ? SINGLE : BALANCED)) != 0 &&
           (row->power_factors & PF(point_power_factor(point))) != 0;
}

/** Between start and Imin OIML R 46 lets the limit grow as the current falls. */
static bool limit_below_min(enum accuracy accuracy, const struct point *point, struct limit *out)
{
    static const double at_min[ACCURACIES] = {2.5, 1.5, 1.0};
    if (point->test != TEST_LOAD || point->phi_deg != 0.0 || point->load != LOAD_BALANCED ||
        point->current_a * 1.000001 >= RATED_MIN_A || point->current_a <= 0.0) {
        return false;
    }
    out->plus = out->minus = at_min[accuracy] * RATED_MIN_A / point->current_a;
    out->source = "OIML R 46: limit x Imin / I [R]";
    return true;
}

bool limit_of(enum accuracy accuracy, enum connection connection, const struct point *point,
              struct limit *out)
{
    if (limit_below_min(accuracy, point, out)) {
        return true;
    }
    out->plus = HUGE_VAL;
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        const struct limit_row *row = &rows[k];
        const double limit = row->limit[accuracy];
        if (limit != NONE && limit < out->plus && row_holds(row, connection, point)) {
            *out = (struct limit){row->minus != 0.0 ? row->minus : limit, limit, row->source};
        }
    }
    return out->plus < HUGE_VAL;
}

double limit_mpe(enum accuracy accuracy, double current_a, double chamber_c)
{
    static const double band[4][2] = {{5, 30}, {-10, 40}, {-25, 55}, {-40, 70}};
    static const double from_min[4][ACCURACIES] = {
        {3.5, 2, 1}, {5, 2.5, 1.3}, {7, 3.5, 1.7}, {9, 4, 2}};
    static const double from_tr[4][ACCURACIES] = {
        {3.5, 2, 0.7}, {4.5, 2.5, 1}, {7, 3.5, 1.3}, {9, 4, 1.5}};
    for (unsigned k = 0; k < 4; k++) {
        if (chamber_c >= band[k][0] && chamber_c <= band[k][1]) {
            return current_a * 1.000001 >= RATED_TR_A ? from_tr[k][accuracy]
                                                      : from_min[k][accuracy];
        }
    }
    return 0.0;
}
