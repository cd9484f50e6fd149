#include "register_table.h"
#include "register_rows_breaker.h"
#include "register_rows_clock.h"
#include "register_rows_day.h"
#include "register_rows_iec.h"
#include "register_rows_load.h"
#include "register_rows_modules.h"
#include "register_rows_pins.h"
#include "register_rows_tamper.h"

#include <string.h>

#include "../../legal/include/legal_api.h"
#include "../quality/quality_limits.h"
#include "../settings/setting_table.h"

enum kmp_unit {
    KMP_KWH = 2,
    KMP_KVARH = 14,
    KMP_KW = 22,
    KMP_KVAR = 26,
    KMP_KVA = 30,
    KMP_V = 33,
    KMP_A = 34,
    KMP_K = 38,
    KMP_H = 46,
    KMP_CLOCK = 47,
    KMP_DATE = 48,
    KMP_NUMBER = 51,
    KMP_RTC = 53,
    KMP_TEXT = 54,
    KMP_MINUTE = 58,
    KMP_BITS = 59,
    KMP_SECOND = 60,
    KMP_DAYS = 62,
    KMP_HZ = 67,
    KMP_DEGREE = 68
};

#define R       ACCESS_R
#define RW      (ACCESS_R | ACCESS_W)
#define LEGAL   (ACCESS_R | ACCESS_LEGAL)
#define SEALED  (ACCESS_R | ACCESS_SEALED)
#define FORMAT  EXPONENT_FOLLOWS_FORMAT
#define NOTHING NEED_NOTHING
/* A neutral to lose: three phases, four wires. */
#define NEED_NEUTRAL (NEED_L_OR_M | NEED_L2 | NEED_L3)
#define NEED_LOGGER  (NEED_L_OR_M | NEED_RTC)

/* One macro per family, so that a family cannot disagree with itself. */
#define ACTIVE(id, c, energy, need, access, label, name)                                           \
    {                                                                                              \
        {1, 1, c, 8, 0, 255}, id, KMP_KWH, FORMAT, 4, REGISTER_UINT, UNIT_WH, FORMAT,              \
            SOURCE_ENERGY, energy, need, access, true, #c ".8.0", label, name                      \
    }
#define REACTIVE(id, c, energy, need, access, label, name)                                         \
    {                                                                                              \
        {1, 1, c, 8, 0, 255}, id, KMP_KVARH, FORMAT, 4, REGISTER_UINT, UNIT_VARH, FORMAT,          \
            SOURCE_ENERGY, energy, need, access, true, #c ".8.0", label, name                      \
    }
#define VERIFICATION(id, c, kmp_unit, unit, energy, need, label, name)                             \
    {                                                                                              \
        {1, 1, c, 8, 0, 128}, id, kmp_unit, -4, 4, REGISTER_UINT, unit, -1, SOURCE_ENERGY, energy, \
            need, R, true, #c ".8.0*128", label "/VER", name                                       \
    }
#define TARIFF(id, c, t, kmp_unit, unit, energy, need, label, name)                                \
    {                                                                                              \
        {1, 1, c, 8, t, 255}, id, kmp_unit, FORMAT, 4, REGISTER_UINT, unit, FORMAT,                \
            SOURCE_TARIFF_ENERGY, ((t)-1) * 4 + (energy), NEED_TARIFFS | (need), R, true,          \
            #c ".8." #t, label "/T" #t, name " tariff " #t                                         \
    }
#define TARIFF_A_PLUS(id, t)                                                                       \
    TARIFF(id, 1, t, KMP_KWH, UNIT_WH, LEGAL_A_PLUS, NOTHING, "A+", "Active energy A+")
#define TARIFF_A_MINUS(id, t)                                                                      \
    TARIFF(id, 2, t, KMP_KWH, UNIT_WH, LEGAL_A_MINUS, NEED_A_MINUS, "A-", "Active energy A-")
#define TARIFF_R_PLUS(id, t)                                                                       \
    TARIFF(id, 3, t, KMP_KVARH, UNIT_VARH, LEGAL_R_PLUS, NEED_REACTIVE, "R+", "Reactive energy R+")
#define TARIFF_R_MINUS(id, t)                                                                      \
    TARIFF(id, 4, t, KMP_KVARH, UNIT_VARH, LEGAL_R_MINUS, NEED_R_MINUS, "R-", "Reactive energy R-")
#define TARIFF_FOUR(id, t)                                                                         \
    TARIFF_A_PLUS(id, t), TARIFF_A_MINUS((id) + 1, t), TARIFF_R_PLUS((id) + 2, t),                 \
        TARIFF_R_MINUS((id) + 3, t)
#define TARIFFS_5_TO_8(row, id) row(id, 5), row((id) + 1, 6), row((id) + 2, 7), row((id) + 3, 8)

/* Powers: mW, mvar, mVA inside; three decimals of the kilo unit on the wire. */
#define POWER(id, c, d, e, kmp_unit, unit, source, index, need, label, name)                       \
    {                                                                                              \
        {1, 1, c, d, e, 255}, id, kmp_unit, -3, 4, REGISTER_UINT, unit, 0, source, index, need, R, \
            true, #c "." #d "." #e, label, name                                                    \
    }
#define P(id, c, d, e, source, index, need, label, name)                                           \
    POWER(id, c, d, e, KMP_KW, UNIT_W, source, index, need, label, name)
#define Q(id, c, d, e, source, index, need, label, name)                                           \
    POWER(id, c, d, e, KMP_KVAR, UNIT_VAR, source, index, need, label, name)
#define S(id, c, d, e, source, index, need, label, name)                                           \
    POWER(id, c, d, e, KMP_KVA, UNIT_VA, source, index, need, label, name)
#define L1_L2_L3(row, id, c1, c2, c3, source, need, label, name)                                   \
    row(id, c1, 7, 0, source, 0, need, label "1", name " L1"),                                     \
        row((id) + 1, c2, 7, 0, source, 1, (need) | NEED_L2, label "2", name " L2"),               \
        row((id) + 2, c3, 7, 0, source, 2, (need) | NEED_L3, label "3", name " L3")

#define VOLTAGE(id, c, d, e, source, index, need, label, name)                                     \
    {                                                                                              \
        {1, 1, c, d, e, 255}, id, KMP_V, 0, 2, REGISTER_UINT, UNIT_V, 0, source, index, need, R,   \
            true, #c "." #d "." #e, label, name                                                    \
    }
/* Our own: KMP and IEC 62056-21 alike with a decimal. */
#define VOLTAGE_FINE(id, c, d, e, source, index, need, name)                                       \
    {                                                                                              \
        {1, 1, c, d, e, 255}, id, KMP_V, -1, 2, REGISTER_UINT, UNIT_V, -1, source, index, need, R, \
            true, #c "." #d "." #e, "", name                                                       \
    }
/* Means over the analysis interval; each phase has its own register. */
#define MEANS(row, id, c1, c2, c3, quantity, need, name)                                           \
    row(id, c1, 25, 0, SOURCE_ANALYSIS_MEAN, (quantity)*3, need, "", "Mean " name " L1"),          \
        row((id) + 1, c2, 25, 0, SOURCE_ANALYSIS_MEAN, (quantity)*3 + 1, (need) | NEED_L2, "",     \
            "Mean " name " L2"),                                                                   \
        row((id) + 2, c3, 25, 0, SOURCE_ANALYSIS_MEAN, (quantity)*3 + 2, (need) | NEED_L3, "",     \
            "Mean " name " L3")
#define VOLTAGE_MEAN(id, c, d, e, source, index, need, label, name)                                \
    VOLTAGE_FINE(id, c, d, e, source, index, need, name)
#define FACTOR_MEAN(id, c, index, need, name)                                                      \
    FACTOR(id, c, 25, 0, SOURCE_ANALYSIS_FACTOR, index, need, "", "Mean power factor " name)
#define EXTREMES(row, id, c1, c2, c3, d, first, name)                                              \
    row(id, c1, d, 0, SOURCE_ANALYSIS_EXTREME, first, NEED_LOGGER, "", name " L1"),                \
        row((id) + 1, c2, d, 0, SOURCE_ANALYSIS_EXTREME, (first) + 1, NEED_LOGGER | NEED_L2, "",   \
            name " L2"),                                                                           \
        row((id) + 2, c3, d, 0, SOURCE_ANALYSIS_EXTREME, (first) + 2, NEED_LOGGER | NEED_L3, "",   \
            name " L3")
#define CURRENT(id, c, d, e, source, index, need, label, name)                                     \
    {                                                                                              \
        {1, 1, c, d, e, 255}, id, KMP_A, -2, 4, REGISTER_UINT, UNIT_A, -2, source, index, need, R, \
            true, #c "." #d "." #e, label, name                                                    \
    }
#define FACTOR(id, c, d, e, source, index, need, label, name)                                      \
    {                                                                                              \
        {1, 1, c, d, e, 255}, id, KMP_NUMBER, -2, 2, REGISTER_UINT, UNIT_NONE, -2, source, index,  \
            need, R, true, #c "." #d "." #e, label, name                                           \
    }
#define ANGLE(id, e, index, need, label, name)                                                     \
    {                                                                                              \
        {1, 1, 81, 7, e, 255}, id, KMP_DEGREE, -1, 2, REGISTER_INT, UNIT_DEGREE, -1,               \
            SOURCE_PHASE_ANGLE, index, need, R, true, "81.7." #e, label, name                      \
    }

/* A limit of the voltage quality, writable (EVT-08). */
#define LIMIT(id, e, kmp_unit, exponent, width, unit, index, name)                                 \
    {                                                                                              \
        {1, 1, 134, 0, e, 255}, id, kmp_unit, exponent, width, REGISTER_UINT, unit, exponent,      \
            SOURCE_QUALITY_LIMIT, index, NEED_M, RW, false, "134.0." #e, "", name                  \
    }
#define LIMIT_V(id, e, i, name)  LIMIT(id, e, KMP_V, -3, 4, UNIT_V, i, name)
#define LIMIT_S(id, e, i, name)  LIMIT(id, e, KMP_NUMBER, -3, 4, UNIT_SECOND, i, name " (s)")
#define LIMIT_PC(id, e, i, name) LIMIT(id, e, KMP_NUMBER, -1, 2, UNIT_NONE, i, name " (%)")

/* What EN 50160 asks of a week; d = 1: the one under way, 2: the one before. */
#define WEEK(id, d, e, kmp_unit, exponent, unit, index, need, name)                                \
    {                                                                                              \
        {1, 1, 134, d, e, 255}, id, kmp_unit, exponent, 4, REGISTER_UINT, unit, exponent,          \
            SOURCE_QUALITY_WEEK, ((d)-1) * REGISTER_WEEK_LAST + (index), NEED_M | (need), R, true, \
            "134." #d "." #e, "", name                                                             \
    }
#define WEEK_N(id, d, e, index, need, name)                                                        \
    WEEK(id, d, e, KMP_NUMBER, 0, UNIT_COUNT, index, need, name)
#define WEEK_PC(id, d, e, index, need, name)                                                       \
    WEEK(id, d, e, KMP_NUMBER, -2, UNIT_NONE, index, need, name " (%)")
/* Three registers, E = ten times the row and the phase. */
#define WEEK_PHASES(row, id, d, e, index, name)                                                    \
    row(id, d, e##1, index, NOTHING, name " L1"),                                                  \
        row((id) + 1, d, e##2, (index) + 1, NEED_L2, name " L2"),                                  \
        row((id) + 2, d, e##3, (index) + 2, NEED_L3, name " L3")
#define WEEK_OF(id, d, of)                                                                         \
    WEEK(id, d, 0, KMP_DATE, 0, UNIT_DATE, REGISTER_WEEK_BEGIN, NOTHING, of "Monday of the week"), \
        WEEK_PHASES(WEEK_N, (id) + 1, d, 1, REGISTER_WEEK_INTERVALS, of "10-minute intervals"),    \
        WEEK_PHASES(WEEK_PC, (id) + 4, d, 2, QUALITY_SHARE_VOLTAGE_10, of "voltage within 10 %,"), \
        WEEK_PHASES(WEEK_PC, (id) + 7, d, 3, QUALITY_SHARE_VOLTAGE_WIDE,                           \
                    of "voltage within +10/-15 %,"),                                               \
        WEEK_PHASES(WEEK_PC, (id) + 10, d, 4, QUALITY_SHARE_THD, of "THD up to 8 %,"),             \
        WEEK_PHASES(WEEK_PC, (id) + 13, d, 5, QUALITY_SHARE_HARMONICS,                             \
                    of "harmonics within limits,"),                                                \
        WEEK_PC((id) + 16, d, 60, QUALITY_SHARE_UNBALANCE, NEED_L2, of "unbalance up to 2 %"),     \
        WEEK_N((id) + 17, d, 70, REGISTER_WEEK_FREQUENCIES, NOTHING, of "10-second intervals"),    \
        WEEK_PC((id) + 18, d, 71, QUALITY_SHARE_FREQUENCY_1, NOTHING, of "frequency within 1 %"),  \
        WEEK_PC((id) + 19, d, 72, QUALITY_SHARE_FREQUENCY_WIDE, NOTHING,                           \
                of "frequency within +4/-6 %"),                                                    \
        WEEK_N((id) + 20, d, 80, REGISTER_WEEK_DIPS, NOTHING, of "dips"),                          \
        WEEK_N((id) + 21, d, 81, REGISTER_WEEK_SWELLS, NOTHING, of "swells"),                      \
        WEEK_N((id) + 22, d, 82, REGISTER_WEEK_INTERRUPTIONS, NOTHING, of "interruptions")
/* Configurable powers, texts, voltages and bits. */
#define POWER_SET(id, c, d, e, source, label, name)                                                \
    {                                                                                              \
        {1, 1, c, d, e, 255}, id, KMP_KW, -3, 4, REGISTER_UINT, UNIT_W, 0, source, 0, NOTHING, RW, \
            true, #c "." #d "." #e, label, name                                                    \
    }
#define TEXT_SET(id, e, setting, name)                                                             \
    {                                                                                              \
        {1, 1, 134, 0, e, 255}, id, KMP_TEXT, 0, SETTING_TEXT_MAX, REGISTER_TEXT, UNIT_TEXT, 0,    \
            SOURCE_SETTING, setting, NOTHING, R, false, "134.0." #e, "", name                      \
    }
#define VOLTAGE_SET(id, e, setting, need, name)                                                    \
    {                                                                                              \
        {1, 1, 134, 0, e, 255}, id, KMP_V, 0, 2, REGISTER_UINT, UNIT_V, 0, SOURCE_SETTING,         \
            setting, need, RW, false, "134.0." #e, "", name                                        \
    }
#define ALARM_BITS(id, e, kind, need, name)                                                        \
    {                                                                                              \
        {1, 1, 134, 0, e, 255}, id, KMP_BITS, 0, 4, REGISTER_BITS, UNIT_FLAGS, 0, SOURCE_ALARM,    \
            kind, need, RW, false, "134.0." #e, "", name                                           \
    }
#define EVENT_MASK(id, e, setting, need, name)                                                     \
    {                                                                                              \
        {1, 1, 134, 0, e, 255}, id, KMP_BITS, 0, 4, REGISTER_BITS, UNIT_FLAGS, 0, SOURCE_SETTING,  \
            setting, need, RW, false, "134.0." #e, "", name                                        \
    }

/* Hundredths of a percent. */
#define PERCENT(id, c, d, e, source, index, need, name)                                            \
    {                                                                                              \
        {1, 1, c, d, e, 255}, id, KMP_NUMBER, -2, 2, REGISTER_UINT, UNIT_NONE, -2, source, index,  \
            need, R, true, #c "." #d "." #e, "", name                                              \
    }
#define THD_OF(id, c, source, phase, need, name)                                                   \
    PERCENT(id, c, 7, 124, source, phase, NEED_M | (need), "THD of " name " (%)"),                 \
        PERCENT((id) + 1, c, 24, 124, source, (phase) + 3, NEED_M | (need),                        \
                "THD of " name ", 10-minute mean (%)"),                                            \
        PERCENT((id) + 2, c, 25, 124, SOURCE_ANALYSIS_MEAN,                                        \
                ((source) == SOURCE_QUALITY_THD_U ? 8 : 9) * LEGAL_SYSTEMS + (phase),              \
                NEED_M | NEED_LOGGER | (need), "Mean THD of " name " (%)")

/* Plain numbers. */
#define NUMBER(id, b, c, d, e, width, unit, source, index, need, access, log, label, name)         \
    {                                                                                              \
        {b, 1, c, d, e, 255}, id, KMP_NUMBER, 0, width, REGISTER_UINT, unit, 0, source, index,     \
            need, access, log, #c "." #d "." #e, label, name                                       \
    }
#define TEXT(id, c, d, e, width, coding, source, need, code, label, name)                          \
    {                                                                                              \
        {1, 1, c, d, e, 255}, id, KMP_TEXT, 0, width, coding, UNIT_TEXT, 0, source, 0, need, R,    \
            false, code, label, name                                                               \
    }

#define EVENT_WORD(id, e, index, name)                                                             \
    {                                                                                              \
        {0, 1, 96, 10, e, 255}, id, KMP_BITS, 0, 4, REGISTER_BITS, UNIT_FLAGS, 0,                  \
            SOURCE_EVENT_STATUS, index, NEED_M, R, false, "96.10." #e, "", name                    \
    }

#define ANALYSIS_SETUP(id, e, width, unit, index, access, name)                                    \
    NUMBER(id, 1, 135, 0, e, width, unit, SOURCE_ANALYSIS_SETUP, index, NEED_LOGGER, access,       \
           false, "", "Analysis logger, " name)
#define ANALYSIS_VALUE(n)                                                                          \
    NUMBER(0xF310 + (n), 1, 135, 1, n, 2, UNIT_NONE, SOURCE_ANALYSIS_VALUE, n, NEED_LOGGER, RW,    \
           false, "", "Analysis logger, value " #n " (KMP id)")
#define ANALYSIS_FOUR(a, b, c, d)                                                                  \
    ANALYSIS_VALUE(a), ANALYSIS_VALUE(b), ANALYSIS_VALUE(c), ANALYSIS_VALUE(d)

/* The same peak's stamp in three forms; they share the peak's OBIS and have no code of their own.
 */
#define PEAK_TIME(id, c, e, index, need, name)                                                     \
    {                                                                                              \
        {1, 1, c, 6, e, 255}, id, KMP_CLOCK, 0, 4, REGISTER_CLOCK, UNIT_TIME, 0, SOURCE_PEAK_TIME, \
            index, NEED_RTC | (need), R, true, "", "TIME", name " time"                            \
    }
#define PEAK_DATE(id, c, e, index, need, name)                                                     \
    {                                                                                              \
        {1, 1, c, 6, e, 255}, id, KMP_DATE, 0, 4, REGISTER_DATE, UNIT_DATE, 0, SOURCE_PEAK_DATE,   \
            index, NEED_RTC | (need), R, true, "", "DATE", name " date"                            \
    }
#define PEAK_RTC(id, c, e, index, need, name)                                                      \
    {                                                                                              \
        {1, 1, c, 6, e, 255}, id, KMP_RTC, 0, 8, REGISTER_RTC, UNIT_DATE_TIME, 0, SOURCE_PEAK_RTC, \
            index, NEED_RTC | (need), R, true, "", "TIME/DATE", name " RTC"                        \
    }

const struct register_def register_table[] = {
    ACTIVE(1, 1, LEGAL_A_PLUS, NOTHING, LEGAL, "A+", "Active energy A+"),
    ACTIVE(2, 2, LEGAL_A_MINUS, NEED_A_MINUS, LEGAL, "A-", "Active energy A-"),
    REACTIVE(3, 3, LEGAL_R_PLUS, NEED_REACTIVE, LEGAL, "R+", "Reactive energy R+"),
    REACTIVE(4, 4, LEGAL_R_MINUS, NEED_R_MINUS, LEGAL, "R-", "Reactive energy R-"),
    REACTIVE(5, 5, LEGAL_R1, NEED_REACTIVE, R, "R1", "Reactive energy R1"),
    REACTIVE(6, 8, LEGAL_R4, NEED_R_MINUS, R, "R4", "Reactive energy R4"),
    VERIFICATION(13, 1, KMP_KWH, UNIT_WH, LEGAL_A_PLUS, NOTHING, "A+",
                 "Active energy A+ verification"),
    VERIFICATION(14, 2, KMP_KWH, UNIT_WH, LEGAL_A_MINUS, NEED_A_MINUS, "A-",
                 "Active energy A- verification"),
    VERIFICATION(15, 3, KMP_KVARH, UNIT_VARH, LEGAL_R_PLUS, NEED_REACTIVE, "R+",
                 "Reactive energy R+ verification"),
    VERIFICATION(16, 4, KMP_KVARH, UNIT_VARH, LEGAL_R_MINUS, NEED_R_MINUS, "R-",
                 "Reactive energy R- verification"),
    TARIFF_FOUR(19, 1),
    TARIFF_FOUR(23, 2),
    TARIFF_FOUR(27, 3),
    TARIFF_FOUR(31, 4),
    P(35, 1, 25, 0, SOURCE_MEAN_POWER, 0, NOTHING, "P+/AVG", "Mean power P+"),
    P(36, 2, 25, 0, SOURCE_MEAN_POWER, 1, NEED_A_MINUS, "P-/AVG", "Mean power P-"),
    Q(37, 3, 25, 0, SOURCE_MEAN_POWER, 2, NEED_REACTIVE, "Q+/AVG", "Mean power Q+"),
    Q(38, 4, 25, 0, SOURCE_MEAN_POWER, 3, NEED_R_MINUS, "Q-/AVG", "Mean power Q-"),
    P(39, 1, 6, 0, SOURCE_PEAK_POWER, 0, NOTHING, "P+M", "Peak power P+"),
    P(40, 2, 6, 0, SOURCE_PEAK_POWER, 1, NEED_A_MINUS, "P-M", "Peak power P-"),
    Q(41, 3, 6, 0, SOURCE_PEAK_POWER, 2, NEED_REACTIVE, "Q+M", "Peak power Q+"),
    Q(42, 4, 6, 0, SOURCE_PEAK_POWER, 3, NEED_R_MINUS, "Q-M", "Peak power Q-"),
    P(43, 1, 2, 0, SOURCE_PEAK_ACCUMULATED, 0, NOTHING, "P+M/ACC", "Accumulated peak power P+"),
    P(44, 2, 2, 0, SOURCE_PEAK_ACCUMULATED, 1, NEED_A_MINUS, "P-M/ACC",
      "Accumulated peak power P-"),
    Q(45, 3, 2, 0, SOURCE_PEAK_ACCUMULATED, 2, NEED_REACTIVE, "Q+M/ACC",
      "Accumulated peak power Q+"),
    Q(46, 4, 2, 0, SOURCE_PEAK_ACCUMULATED, 3, NEED_R_MINUS, "Q-M/ACC",
      "Accumulated peak power Q-"),
    NUMBER(47, 1, 0, 1, 0, 4, UNIT_COUNT, SOURCE_DEBITING_COUNT, 0, NOTHING, R, true, "RST",
           "Number of debiting periods"),
    {{1, 1, 97, 97, 0, 255},
     50,
     KMP_BITS,
     0,
     1,
     REGISTER_BITS,
     UNIT_FLAGS,
     0,
     SOURCE_METER_STATUS,
     0,
     NOTHING,
     R,
     true,
     "97.97.0",
     "INFO",
     "Meter status"},
    NUMBER(51, 1, 0, 0, 1, 4, UNIT_NONE, SOURCE_METER_NUMBER, 0, NOTHING, RW, false, "NUM/1",
           "Meter number 1"),
    NUMBER(52, 1, 0, 0, 2, 4, UNIT_NONE, SOURCE_METER_NUMBER, 1, NOTHING, RW, false, "NUM/2",
           "Meter number 2"),
    NUMBER(53, 1, 0, 0, 3, 4, UNIT_NONE, SOURCE_METER_NUMBER, 2, NOTHING, RW, false, "NUM/3",
           "Meter number 3"),
    NUMBER(54, 1, 0, 129, 1, 4, UNIT_NONE, SOURCE_CONFIGURATION, 0, NOTHING, RW, false, "",
           "Configuration 1"),
    NUMBER(55, 1, 0, 129, 2, 4, UNIT_NONE, SOURCE_CONFIGURATION, 1, NOTHING, RW, false, "",
           "Configuration 2"),
    NUMBER(56, 1, 0, 129, 3, 4, UNIT_NONE, SOURCE_CONFIGURATION, 2, NOTHING, RW, false, "",
           "Configuration 3"),
    NUMBER(57, 1, 0, 130, 1, 4, UNIT_NONE, SOURCE_SPECIAL_DATA, 0, NOTHING, RW, false, "SPC/1",
           "Special data 1"),
    NUMBER(58, 1, 0, 128, 1, 4, UNIT_COUNT, SOURCE_PULSE_INPUT, 0, NOTHING, RW, true, "",
           "Pulse input"),
    NUMBER(1001, 1, 96, 1, 0, 4, UNIT_NONE, SOURCE_SERIAL_NUMBER, 0, NOTHING, R, false, "SER/NUM",
           "Serial number"),
    {{1, 1, 0, 9, 1, 255},
     1002,
     KMP_CLOCK,
     0,
     4,
     REGISTER_CLOCK,
     UNIT_TIME,
     0,
     SOURCE_CLOCK,
     0,
     NEED_RTC,
     RW,
     false,
     "0.9.1",
     "TIME",
     "Clock (local time)"},
    {{1, 1, 0, 9, 2, 255},
     1003,
     KMP_DATE,
     0,
     4,
     REGISTER_DATE,
     UNIT_DATE,
     0,
     SOURCE_DATE,
     0,
     NEED_RTC,
     RW,
     false,
     "0.9.2",
     "DATE",
     "Date (local time)"},
    {{0, 1, 96, 8, 0, 255},
     1004,
     KMP_H,
     0,
     4,
     REGISTER_UINT,
     UNIT_HOUR,
     0,
     SOURCE_HOUR_COUNTER,
     0,
     NOTHING,
     R,
     true,
     "96.8.0",
     "HRS",
     "Hour counter"},
    NUMBER(1005, 1, 0, 2, 0, 4, UNIT_NONE, SOURCE_SOFTWARE_NUMBER, 0, NOTHING, R, false, "",
           "Software number"),
    NUMBER(1010, 1, 0, 0, 0, 4, UNIT_NONE, SOURCE_METER_NUMBER, 3, NOTHING, R, false, "NUM",
           "Total meter number"),
    NUMBER(1021, 1, 0, 130, 2, 4, UNIT_NONE, SOURCE_SPECIAL_DATA, 1, NOTHING, RW, false, "SPC/2",
           "Special data 2"),
    P(1023, 1, 7, 0, SOURCE_ACTIVE_PLUS, 0, NOTHING, "P+", "Active power P+"),
    P(1024, 2, 7, 0, SOURCE_ACTIVE_MINUS, 0, NEED_A_MINUS, "P-", "Active power P-"),
    Q(1025, 3, 7, 0, SOURCE_REACTIVE_PLUS, 0, NEED_REACTIVE, "Q+", "Reactive power Q+"),
    Q(1026, 4, 7, 0, SOURCE_REACTIVE_MINUS, 0, NEED_R_MINUS, "Q-", "Reactive power Q-"),
    PEAK_TIME(1027, 1, 0, 0, NOTHING, "Peak power P+"),
    PEAK_DATE(1028, 1, 0, 0, NOTHING, "Peak power P+"),
    NUMBER(1029, 1, 0, 129, 4, 4, UNIT_NONE, SOURCE_CONFIGURATION, 3, NOTHING, RW, false, "",
           "Configuration 4"),
    {{1, 1, 15, 8, 0, 255},
     1031,
     KMP_KWH,
     FORMAT,
     4,
     REGISTER_UINT,
     UNIT_WH,
     FORMAT,
     SOURCE_A1423,
     0,
     NEED_A_MINUS,
     R,
     true,
     "15.8.0",
     "",
     "Active energy A1423, |A+| + |A-|"},
    NUMBER(1032, 1, 96, 5, 1, 1, UNIT_NONE, SOURCE_OPERATION_STATE, 0, NOTHING, RW, false, "",
           "Operation state (1 normal, test mode 2 A+, 3 A-, 4 R+, 5 R-)"),
    P(1033, 1, 6, 1, SOURCE_PEAK_POWER, 4, NEED_TARIFFS, "P+M/T1", "Peak power P+ tariff 1"),
    PEAK_TIME(1034, 1, 1, 4, NEED_TARIFFS, "Peak power P+ tariff 1"),
    PEAK_DATE(1035, 1, 1, 4, NEED_TARIFFS, "Peak power P+ tariff 1"),
    P(1036, 1, 6, 2, SOURCE_PEAK_POWER, 5, NEED_TARIFFS, "P+M/T2", "Peak power P+ tariff 2"),
    PEAK_TIME(1037, 1, 2, 5, NEED_TARIFFS, "Peak power P+ tariff 2"),
    PEAK_DATE(1038, 1, 2, 5, NEED_TARIFFS, "Peak power P+ tariff 2"),
    POWER_SET(1039, 96, 51, 1, SOURCE_THRESHOLD_VALUE, "PTH", "Power threshold value"),
    NUMBER(1040, 1, 96, 51, 2, 1, UNIT_COUNT, SOURCE_THRESHOLD_COUNT, 0, NOTHING, R, true,
           "PTH/CNT", "Power threshold counter"),
    {{0, 1, 1, 0, 0, 255},
     1047,
     KMP_RTC,
     0,
     8,
     REGISTER_RTC,
     UNIT_DATE_TIME,
     0,
     SOURCE_RTC,
     0,
     NEED_RTC,
     RW,
     false,
     "1.0.0",
     "TIME/DATE",
     "RTC (normal time)"},
    PEAK_RTC(1049, 1, 0, 0, NOTHING, "Peak power P+"),
    PEAK_RTC(1050, 1, 1, 4, NEED_TARIFFS, "Peak power P+ tariff 1"),
    PEAK_RTC(1051, 1, 2, 5, NEED_TARIFFS, "Peak power P+ tariff 2"),
    L1_L2_L3(VOLTAGE, 1054, 32, 52, 72, SOURCE_PHASE_VOLTAGE, NOTHING, "U-L", "Voltage"),
    TEXT(1058, 96, 1, 4, 10, REGISTER_TEXT_REVERSED, SOURCE_TYPE_NUMBER, NOTHING, "96.1.4", "TYPE",
         "Type number"),
    TARIFFS_5_TO_8(TARIFF_A_PLUS, 1059),
    TARIFFS_5_TO_8(TARIFF_A_MINUS, 1063),
    TARIFFS_5_TO_8(TARIFF_R_PLUS, 1067),
    TARIFFS_5_TO_8(TARIFF_R_MINUS, 1071),
    NUMBER(1075, 1, 0, 129, 5, 4, UNIT_NONE, SOURCE_CONFIGURATION, 4, NOTHING, RW, false, "",
           "Configuration 5"),
    L1_L2_L3(CURRENT, 1076, 31, 51, 71, SOURCE_PHASE_CURRENT, NOTHING, "I-L", "Current"),
    {{1, 1, 96, 9, 0, 255},
     1079,
     KMP_K,
     0,
     2,
     REGISTER_UINT,
     UNIT_CELSIUS,
     -2,
     SOURCE_TEMPERATURE,
     0,
     NEED_L_OR_M,
     R,
     true,
     "96.9.0",
     "",
     "Temperature inside the meter"},
    L1_L2_L3(P, 1080, 21, 41, 61, SOURCE_PHASE_ACTIVE_PLUS, NOTHING, "P+/L", "Active power P+"),
    NUMBER(1083, 1, 96, 54, 1, 4, UNIT_NONE, SOURCE_PROGRAM_CHECKSUM, 0, NOTHING, R, false, "CSUM",
           "Program checksum"),
    REGISTER_ROWS_PINS_PORT,
    REGISTER_ROWS_BREAKER_SET,
    TEXT(1126, 96, 1, 1, 13, REGISTER_TEXT_REVERSED, SOURCE_TYPE_NUMBER_COMPLETE, NOTHING, "96.1.1",
         "TYPE", "Type number, complete"),
    PEAK_RTC(1127, 3, 0, 2, NEED_REACTIVE, "Peak power Q+"),
    PEAK_TIME(1128, 3, 0, 2, NEED_REACTIVE, "Peak power Q+"),
    PEAK_DATE(1129, 3, 0, 2, NEED_REACTIVE, "Peak power Q+"),
    L1_L2_L3(FACTOR, 1170, 33, 53, 73, SOURCE_PHASE_POWER_FACTOR, NEED_L_OR_M, "PF-",
             "Power factor"),
    FACTOR(1173, 13, 7, 0, SOURCE_POWER_FACTOR, 0, NEED_L_OR_M, "PF", "Power factor total"),
    NUMBER(1175, 1, 134, 0, 72, 1, UNIT_NONE, SOURCE_SETTING, SETTING_DEBITING_2_INTERVAL, NEED_M,
           RW, false, "", "Interval of debiting log 2 (0 daily, 1 weekly, 2 monthly)"),
    DAY_POWER(1190, 16, REGISTER_DAY_HIGHEST, "Highest mean P+ of the day"),
    DAY_POWER(1191, 13, REGISTER_DAY_LOWEST, "Lowest mean P+ of the day"),
    {{1, 1, 135, 0, 6, 255},
     1194,
     KMP_DAYS,
     -1,
     2,
     REGISTER_UINT,
     UNIT_NONE,
     -1,
     SOURCE_ANALYSIS_SETUP,
     ANALYSIS_SETUP_DAYS,
     NEED_LOGGER,
     R,
     false,
     "135.0.6",
     "",
     "Analysis logger, depth (days)"},
    {{1, 1, 135, 0, 7, 255},
     1195,
     KMP_MINUTE,
     0,
     1,
     REGISTER_UINT,
     UNIT_MINUTE,
     0,
     SOURCE_ANALYSIS_SETUP,
     ANALYSIS_SETUP_INTERVAL,
     NEED_LOGGER,
     R,
     false,
     "135.0.7",
     "",
     "Analysis logger, interval (min)"},
    DAY_STAMPS(1196, 16, REGISTER_DAY_HIGHEST, "Highest mean P+ of the day"),
    DAY_STAMPS(1199, 13, REGISTER_DAY_LOWEST, "Lowest mean P+ of the day"),
    LIMIT(1212, 13, KMP_V, 0, 2, UNIT_V, QUALITY_LIMIT_LOW, "Undervoltage limit"),
    LIMIT(1213, 12, KMP_V, 0, 2, UNIT_V, QUALITY_LIMIT_HIGH, "Overvoltage limit"),
    LIMIT(1214, 14, KMP_NUMBER, 0, 2, UNIT_SECOND, QUALITY_LIMIT_TIME,
          "Least duration of a voltage event (s)"),
    MEANS(VOLTAGE_MEAN, 1215, 32, 52, 72, 0, NEED_LOGGER, "voltage"),
    MEANS(CURRENT, 1218, 31, 51, 71, 1, NEED_LOGGER, "current"),
    REGISTER_ROWS_LOAD_SET,
    REGISTER_ROWS_PINS_LEVEL,
    EVENT_WORD(1235, 1, 0, "Event status A (new in the logs; cleared by clients)"),
    EVENT_WORD(1237, 2, 1, "Event status B (what is wrong now)"),
    NUMBER(1242, 1, 132, 0, 6, 1, UNIT_NONE, SOURCE_NEUTRAL_FAULT, 0, NEED_NEUTRAL, R, false, "",
           "Neutral fault (1 detected, 0 gone)"),
    REGISTER_ROWS_LOAD_LEFT,
    VOLTAGE_SET(1246, 9, SETTING_NEUTRAL_DISPLACEMENT, NEED_NEUTRAL,
                "Neutral fault, threshold of the neutral's voltage"),
    VOLTAGE_SET(1247, 10, SETTING_NEUTRAL_HIGH, NEED_NEUTRAL,
                "Neutral fault, high limit of two phases"),
    {{1, 1, 134, 0, 11, 255},
     1248,
     KMP_SECOND,
     0,
     2,
     REGISTER_UINT,
     UNIT_SECOND,
     0,
     SOURCE_SETTING,
     SETTING_NEUTRAL_TIME,
     NEED_NEUTRAL,
     RW,
     false,
     "134.0.11",
     "",
     "Neutral fault, time"},
    VOLTAGE(1249, 92, 7, 0, SOURCE_NEUTRAL_VOLTAGE, 0, NEED_NEUTRAL, "", "Neutral voltage"),
    REGISTER_ROWS_BREAKER_VIEW,
    NUMBER(1271, 1, 134, 0, 71, 1, UNIT_NONE, SOURCE_SETTING, SETTING_KMP_ADDRESS, NOTHING, RW,
           false, "", "KMP address"),
    {{1, 1, 16, 8, 0, 255},
     1274,
     KMP_KWH,
     FORMAT,
     4,
     REGISTER_INT,
     UNIT_WH,
     FORMAT,
     SOURCE_NET_ENERGY,
     0,
     NEED_M | NEED_A_MINUS,
     R,
     true,
     "16.8.0",
     "NET",
     "Net energy A+ - A-"},
    REACTIVE(1275, 6, LEGAL_R2, NEED_M | NEED_REACTIVE, R, "R2", "Reactive energy R2"),
    REACTIVE(1276, 7, LEGAL_R3, NEED_M | NEED_R_MINUS, R, "R3", "Reactive energy R3"),
    ACTIVE(1299, 21, LEGAL_A_PLUS_L1, NEED_M | NEED_OWN_PHASE, R, "A+/L1", "Active energy A+ L1"),
    ACTIVE(1300, 41, LEGAL_A_PLUS_L2, NEED_M | NEED_OWN_PHASE | NEED_L2, R, "A+/L2",
           "Active energy A+ L2"),
    ACTIVE(1301, 61, LEGAL_A_PLUS_L3, NEED_M | NEED_OWN_PHASE | NEED_L3, R, "A+/L3",
           "Active energy A+ L3"),
    ACTIVE(1302, 22, LEGAL_A_MINUS_L1, NEED_M | NEED_OWN_PHASE | NEED_A_MINUS, R, "A-/L1",
           "Active energy A- L1"),
    ACTIVE(1303, 42, LEGAL_A_MINUS_L2, NEED_M | NEED_OWN_PHASE | NEED_A_MINUS | NEED_L2, R, "A-/L2",
           "Active energy A- L2"),
    ACTIVE(1304, 62, LEGAL_A_MINUS_L3, NEED_M | NEED_OWN_PHASE | NEED_A_MINUS | NEED_L3, R, "A-/L3",
           "Active energy A- L3"),
    S(1305, 9, 7, 0, SOURCE_APPARENT, 0, NEED_M, "S+", "Apparent power S+"),
    S(1306, 10, 7, 0, SOURCE_APPARENT, 1, NEED_M | NEED_A_MINUS, "S-", "Apparent power S-"),
    S(1307, 137, 7, 0, SOURCE_APPARENT, 2, NEED_M, "S", "Apparent power S"),
    L1_L2_L3(P, 1344, 22, 42, 62, SOURCE_PHASE_ACTIVE_MINUS, NEED_A_MINUS, "P-/L",
             "Active power P-"),
    L1_L2_L3(Q, 1347, 23, 43, 63, SOURCE_PHASE_REACTIVE_PLUS, NEED_REACTIVE, "Q+/L",
             "Reactive power Q+"),
    L1_L2_L3(Q, 1350, 24, 44, 64, SOURCE_PHASE_REACTIVE_MINUS, NEED_R_MINUS, "Q-/L",
             "Reactive power Q-"),
    L1_L2_L3(S, 1353, 29, 49, 69, SOURCE_PHASE_APPARENT_PLUS, NEED_M, "S+/L", "Apparent power S+"),
    L1_L2_L3(S, 1356, 30, 50, 70, SOURCE_PHASE_APPARENT_MINUS, NEED_M | NEED_A_MINUS, "S-/L",
             "Apparent power S-"),
    MEANS(P, 1359, 21, 41, 61, 2, NEED_M | NEED_RTC, "active power P+"),
    MEANS(P, 1362, 22, 42, 62, 3, NEED_M | NEED_RTC | NEED_A_MINUS, "active power P-"),
    MEANS(Q, 1365, 23, 43, 63, 4, NEED_M | NEED_RTC | NEED_REACTIVE, "reactive power Q+"),
    MEANS(Q, 1368, 24, 44, 64, 5, NEED_M | NEED_RTC | NEED_R_MINUS, "reactive power Q-"),
    MEANS(S, 1371, 29, 49, 69, 6, NEED_M | NEED_RTC, "apparent power S+"),
    MEANS(S, 1374, 30, 50, 70, 7, NEED_M | NEED_RTC | NEED_A_MINUS, "apparent power S-"),
    FACTOR_MEAN(1377, 33, 0, NEED_M | NEED_RTC, "L1"),
    FACTOR_MEAN(1378, 53, 1, NEED_M | NEED_RTC | NEED_L2, "L2"),
    FACTOR_MEAN(1379, 73, 2, NEED_M | NEED_RTC | NEED_L3, "L3"),
    FACTOR_MEAN(1380, 13, 3, NEED_M | NEED_RTC, "total"),
    VOLTAGE(1385, 32, 24, 0, SOURCE_QUALITY_VOLTAGE_10MIN, 0, NEED_M, "",
            "Mean voltage L1 over 10 minutes"),
    VOLTAGE(1386, 52, 24, 0, SOURCE_QUALITY_VOLTAGE_10MIN, 1, NEED_M | NEED_L2, "",
            "Mean voltage L2 over 10 minutes"),
    VOLTAGE(1387, 72, 24, 0, SOURCE_QUALITY_VOLTAGE_10MIN, 2, NEED_M | NEED_L3, "",
            "Mean voltage L3 over 10 minutes"),
    PERCENT(1388, 134, 0, 81, SOURCE_QUALITY_UNBALANCE, 0, NEED_M | NEED_L2,
            "Supply voltage unbalance (%)"),
    PERCENT(1389, 134, 0, 82, SOURCE_QUALITY_UNBALANCE, 1, NEED_M | NEED_L2,
            "Supply voltage unbalance, 10-minute mean (%)"),
    {{1, 1, 14, 7, 0, 255},
     1390,
     KMP_HZ,
     -2,
     2,
     REGISTER_UINT,
     UNIT_HZ,
     -2,
     SOURCE_FREQUENCY,
     0,
     NEED_M,
     R,
     true,
     "14.7.0",
     "FREQ",
     "Frequency"},
    {{1, 1, 14, 24, 0, 255},
     1391,
     KMP_HZ,
     -2,
     2,
     REGISTER_UINT,
     UNIT_HZ,
     -2,
     SOURCE_QUALITY_FREQUENCY,
     0,
     NEED_M,
     R,
     true,
     "14.24.0",
     "",
     "Frequency over 10 s"},
    REGISTER_ROWS_PREPAY_PAID,
    THD_OF(1434, 32, SOURCE_QUALITY_THD_U, 0, NOTHING, "voltage L1"),
    THD_OF(1437, 52, SOURCE_QUALITY_THD_U, 1, NEED_L2, "voltage L2"),
    THD_OF(1440, 72, SOURCE_QUALITY_THD_U, 2, NEED_L3, "voltage L3"),
    THD_OF(1443, 31, SOURCE_QUALITY_THD_I, 0, NOTHING, "current L1"),
    THD_OF(1446, 51, SOURCE_QUALITY_THD_I, 1, NEED_L2, "current L2"),
    THD_OF(1449, 71, SOURCE_QUALITY_THD_I, 2, NEED_L3, "current L3"),
    NUMBER(1470, 1, 134, 0, 70, 1, UNIT_NONE, SOURCE_PHASE_SEQUENCE, 0, NEED_M | NEED_L2, R, true,
           "", "Phase sequence (0 unknown, 1 L1-L2-L3, 2 L1-L3-L2)"),
    ANGLE(1471, 4, 0, NEED_M, "PFA1", "Power factor angle L1"),
    ANGLE(1472, 15, 1, NEED_M | NEED_L2, "PFA2", "Power factor angle L2"),
    ANGLE(1473, 26, 2, NEED_M | NEED_L3, "PFA3", "Power factor angle L3"),
    NUMBER(2010, 1, 129, 0, 0, 1, UNIT_NONE, SOURCE_ACTIVE_TARIFF, 0, NEED_TARIFFS, R, true, "T",
           "Active tariff"),
    NUMBER(2011, 1, 96, 52, 21, 1, UNIT_NONE, SOURCE_TARIFF_MODE, 0, NEED_TARIFFS, R, false, "",
           "Tariff mode (0 default, 1 inputs, 2 command, 3 plan)"),
    NUMBER(6002, 1, 134, 0, 1, 1, UNIT_NONE, SOURCE_ENERGY_FORMAT, 0, NOTHING, SEALED, false, "",
           "Energy format (4 = 7.0, 2 = 6.1)"),
    TEXT(6031, 0, 2, 2, 4, REGISTER_TEXT, SOURCE_SOFTWARE_REVISION, NOTHING, "0.2.2", "REV",
         "Software revision"),
    REGISTER_ROWS_PREPAY_SET,
    REGISTER_ROWS_IEC,
    /* ids from F000h up are this project's own: no public list has such registers */
    TEXT(0xF000, 96, 52, 23, 16, REGISTER_TEXT, SOURCE_TARIFF_PLAN, NEED_TARIFFS | NEED_RTC,
         "96.52.23", "", "Tariff plan"),
    NUMBER(0xF001, 1, 96, 52, 25, 1, UNIT_NONE, SOURCE_TARIFF_SEASON, 0, NEED_TARIFFS | NEED_RTC, R,
           false, "", "Tariff season (1 = A)"),
    VOLTAGE_FINE(0xF010, 32, 3, 0, SOURCE_QUALITY_EXTREME, 0, NEED_M,
                 "Lowest voltage L1 over a cycle today"),
    VOLTAGE_FINE(0xF011, 52, 3, 0, SOURCE_QUALITY_EXTREME, 1, NEED_M | NEED_L2,
                 "Lowest voltage L2 over a cycle today"),
    VOLTAGE_FINE(0xF012, 72, 3, 0, SOURCE_QUALITY_EXTREME, 2, NEED_M | NEED_L3,
                 "Lowest voltage L3 over a cycle today"),
    VOLTAGE_FINE(0xF013, 32, 6, 0, SOURCE_QUALITY_EXTREME, 3, NEED_M,
                 "Highest voltage L1 over a cycle today"),
    VOLTAGE_FINE(0xF014, 52, 6, 0, SOURCE_QUALITY_EXTREME, 4, NEED_M | NEED_L2,
                 "Highest voltage L2 over a cycle today"),
    VOLTAGE_FINE(0xF015, 72, 6, 0, SOURCE_QUALITY_EXTREME, 5, NEED_M | NEED_L3,
                 "Highest voltage L3 over a cycle today"),
    LIMIT_V(0xF020, 20, QUALITY_LIMIT_LOW, "Undervoltage below"),
    LIMIT_V(0xF021, 21, QUALITY_LIMIT_HIGH, "Overvoltage above"),
    LIMIT_S(0xF022, 22, QUALITY_LIMIT_TIME, "Least duration of over- and undervoltage"),
    LIMIT_V(0xF023, 23, QUALITY_LIMIT_PLAY, "Hysteresis of over- and undervoltage"),
    LIMIT_V(0xF024, 24, QUALITY_LIMIT_DECLARED, "Declared voltage"),
    LIMIT_PC(0xF025, 25, QUALITY_LIMIT_DIP, "Dip below, of the declared voltage"),
    LIMIT_PC(0xF026, 26, QUALITY_LIMIT_SWELL, "Swell above, of the declared voltage"),
    LIMIT_PC(0xF027, 27, QUALITY_LIMIT_INTERRUPTION, "Interruption below, of the declared voltage"),
    LIMIT_PC(0xF028, 28, QUALITY_LIMIT_HYSTERESIS, "Hysteresis of dips and swells"),
    LIMIT_V(0xF029, 29, QUALITY_LIMIT_FAILURE, "Phase failure below"),
    LIMIT_S(0xF02A, 30, QUALITY_LIMIT_FAILURE_TIME, "Least duration of a phase failure"),
    WEEK_OF(0xF040, 1, "This week: "),
    WEEK_OF(0xF060, 2, "Last week: "),
    NUMBER(0xF100, 1, 134, 0, 40, 4, UNIT_COUNT, SOURCE_CALIBRATION, 0, NOTHING, R, false, "",
           "Calibrations"),
    NUMBER(0xF101, 1, 134, 0, 41, 1, UNIT_NONE, SOURCE_CALIBRATION, 1, NOTHING, R, false, "",
           "Verification seal (0 closed, 1 open)"),
    NUMBER(0xF102, 1, 134, 0, 42, 1, UNIT_COUNT, SOURCE_CALIBRATION, 2, NOTHING, R, false, "",
           "Entries in the audit trail"),
    TEXT_SET(0xF200, 73, SETTING_PLATE_TEXT, "Owner's text on the name plate"),
    EVENT_MASK(0xF201, 6, SETTING_ALARM_MASK_A, NEED_L_OR_M, "Alarm mask of event status A"),
    EVENT_MASK(0xF202, 7, SETTING_ALARM_MASK_B_RISE, NEED_M,
               "Alarm mask of event status B, events that come"),
    EVENT_MASK(0xF203, 8, SETTING_ALARM_MASK_B_FALL, NEED_M,
               "Alarm mask of event status B, events that go"),
    ALARM_BITS(0xF204, 74, 0, NEED_L_OR_M, "Alarms: event status A, events that have come"),
    ALARM_BITS(0xF205, 75, 1, NEED_M, "Alarms: event status B, events that have come"),
    ALARM_BITS(0xF206, 76, 2, NEED_M, "Alarms: event status B, events that have gone"),
    ANALYSIS_SETUP(0xF300, 0, 1, UNIT_NONE, ANALYSIS_SETUP_STATE, RW,
                   "state (1 on, 0 off; 2 written: begin a change)"),
    ANALYSIS_SETUP(0xF301, 1, 1, UNIT_MINUTE, ANALYSIS_SETUP_INTERVAL, RW, "interval set (min)"),
    ANALYSIS_SETUP(0xF302, 2, 4, UNIT_COUNT, ANALYSIS_SETUP_PROFILE, RW,
                   "load-profile records kept beside it"),
    ANALYSIS_SETUP(0xF303, 3, 4, UNIT_COUNT, ANALYSIS_SETUP_DEPTH, R, "depth (records)"),
    ANALYSIS_SETUP(0xF304, 4, 1, UNIT_NONE, ANALYSIS_SETUP_REFUSAL, R,
                   "why the last change was refused (0 it was not)"),
    ANALYSIS_FOUR(0, 1, 2, 3),
    ANALYSIS_FOUR(4, 5, 6, 7),
    ANALYSIS_FOUR(8, 9, 10, 11),
    ANALYSIS_FOUR(12, 13, 14, 15),
    EXTREMES(VOLTAGE_MEAN, 0xF320, 32, 52, 72, 23, 0, "Lowest voltage in the analysis interval"),
    EXTREMES(VOLTAGE_MEAN, 0xF323, 32, 52, 72, 26, 3, "Highest voltage in the analysis interval"),
    EXTREMES(CURRENT, 0xF326, 31, 51, 71, 26, 6, "Highest current in the analysis interval"),
    P(0xF329, 1, 23, 0, SOURCE_ANALYSIS_EXTREME, 9, NEED_LOGGER, "",
      "Lowest power P+ in the analysis interval"),
    P(0xF32A, 1, 26, 0, SOURCE_ANALYSIS_EXTREME, 10, NEED_LOGGER, "",
      "Highest power P+ in the analysis interval"),
    REGISTER_ROWS_CLOCK,
    REGISTER_ROWS_BREAKER_OURS,
    REGISTER_ROWS_PREPAY_OURS,
    REGISTER_ROWS_LOAD_OURS,
    REGISTER_ROWS_PINS_OURS,
    REGISTER_ROWS_TAMPER,
    REGISTER_ROWS_MODULES,
};

const size_t register_table_length = sizeof register_table / sizeof register_table[0];

const struct register_def *register_by_kmp_id(uint16_t kmp_id)
{
    size_t low = 0, high = register_table_length;
    while (low < high) {
        size_t middle = low + (high - low) / 2u;
        if (register_table[middle].kmp_id < kmp_id) {
            low = middle + 1u;
        } else {
            high = middle;
        }
    }
    bool found = low < register_table_length && register_table[low].kmp_id == kmp_id;
    return found ? &register_table[low] : NULL;
}

const struct register_def *register_by_code(const char *code)
{
    for (size_t i = 0; i < register_table_length && code[0] != '\0'; i++) {
        if (strcmp(register_table[i].code, code) == 0) {
            return &register_table[i];
        }
    }
    return NULL;
}
