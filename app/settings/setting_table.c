#include "setting_table.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/writer.h"
#include "../registers/register_table.h"

#define FACTORY      SETTING_FROM_FACTORY
#define NONE         SETTING_NO_REGISTER
#define NUMBER_END   99999999u /* eight digits on the display */
#define NEED_NEUTRAL (NEED_L_OR_M | NEED_L2 | NEED_L3)
/* Smart Disconnect: L and M with a breaker. */
#define NEED_SMART (NEED_L_OR_M | NEED_BREAKER)
/* Bits of CutoffBasis that do something: load, prepayment, power, neutral, log only, prepayment
 * without restriction. */
#define BASIS_BITS 0x3Fu

/* ---- codes (CFG-T1 .. CFG-T5, spec answers B1.3, B1.4) ---- */

static const struct setting_choice decimals[] = {{1, "7.0"}, {2, "6.1"}, {0, NULL}};
static const struct setting_choice led[] = {
    {1, "off without consumption"}, {2, "on without consumption"}, {0, NULL}};
static const struct setting_choice modules[] = {
    {0, "none"},
    {1, "S0 supply module"},
    {3, "data and pulse-out module"},
    {5, "M-Bus module, MK"},
    {8, "tariff module, 2 tariffs, 230 V"},
    {14, "tariff module, 2 tariffs, 230 V, current loop"},
    {18, "tariff module, 4 tariffs, 230 V, current loop, PK"},
    {21, "S0 pulse module"},
    {39, "PLC module, router, external clock"},
    {40, "TCP/IP module"},
    {43, "radio module, high power"},
    {50, "PLC module"},
    {52, "radio module, router"},
    {53, "GSM module"},
    {54, "GSM and radio module"},
    {55, "S input/output"},
    {57, "LON module, twisted pair"},
    {58, "load control module, 5 A"},
    {61, "Z-Wave slave module"},
    {62, "connection module for a secondary module"},
    {64, "wireless M-Bus module"},
    {68, "M-Bus module"},
    {69, "load control module, 2 x 5 A"},
    {72, "RS485 module, multi drop"},
    {75, "data and pulse module"},
    {76, "tariff module, 4 tariffs, 230 V, current loop"},
    {78, "tariff module, 4 tariffs, 230 V"},
    {0, NULL}};
static const struct setting_choice ports[] = {
    {0, "none"},
    {1, "4-tariff inputs"},
    {2, "4-tariff inputs, inverted"},
    {3, "pulse in, alarm in"},
    {4, "pulse in, alarm in inverted"},
    {5, "pulse in, A+ out"},
    {6, "R+ out, A+ out"},
    {7, "2-tariff in, alarm in"},
    {8, "2-tariff in inverted, alarm in"},
    {9, "2-tariff in, alarm in inverted"},
    {10, "2-tariff in inverted, alarm in inverted"},
    {11, "2-tariff in, A+ out"},
    {12, "2-tariff in inverted, A+ out"},
    {13, "pulse in, 2-tariff in"},
    {14, "pulse in, 2-tariff in inverted"},
    {15, "debiting-stop pulse in"},
    {16, "A- out, A+ out"},
    {17, "load control in, status out"},
    {18, "pulse in, load-tariff sync out"},
    {19, "pulse in inverted, load-tariff sync out"},
    {20, "pulse in, load-tariff sync out inverted"},
    {21, "pulse in inverted, load-tariff sync out inverted"},
    {22, "4-tariff synchronous load control"},
    {23, "4-tariff synchronous load control, inverted"},
    {26, "load control 1, load control 2"},
    {27, "pulse in, load control"},
    {28, "pulse in, toggle load control 1 and 2"},
    {29, "earth fault"},
    {0, NULL}};
static const struct setting_choice integration[] = {
    {1, "5 min"}, {2, "15 min"}, {3, "30 min"}, {4, "60 min"}, {0, NULL}};
static const struct setting_choice pulses[] = {{1, "30 ms"},
                                               {2, "30 ms, alarm input on"},
                                               {3, "80 ms"},
                                               {4, "80 ms, alarm input on"},
                                               {0, NULL}};
static const struct setting_choice tamper_symbols[] = {
    {0, "as long as the act lasts"}, {1, "until its alarm is cleared"}, {0, NULL}};
static const struct setting_choice peaks[] = {
    {0, "standard"}, {1, "tariff 1"}, {2, "tariff 2"}, {0, NULL}};
static const struct setting_choice zones[] = {
    {0, "UTC"},     {1, "UTC+1"},   {2, "UTC+2"},   {3, "UTC+3"},   {4, "UTC+4"},
    {5, "UTC+5"},   {6, "UTC+6"},   {7, "UTC+7"},   {8, "UTC+8"},   {9, "UTC+9"},
    {10, "UTC+10"}, {11, "UTC+11"}, {12, "UTC+12"}, {13, "UTC-11"}, {14, "UTC-10"},
    {15, "UTC-9"},  {16, "UTC-8"},  {17, "UTC-7"},  {18, "UTC-6"},  {19, "UTC-5"},
    {20, "UTC-4"},  {21, "UTC-3"},  {22, "UTC-2"},  {23, "UTC-1"},  {0, NULL}};
static const struct setting_choice pulse_units[] = {
    {0, "none"}, {1, "kWh"}, {2, "m3"}, {3, "l"}, {0, NULL}};
static const struct setting_choice summers[] = {{0, "none"}, {1, "EU"}, {0, NULL}};
static const struct setting_choice radios[] = {{0, "no radio"},      {310, "EU 310 RF S"},
                                               {311, "EU 311 RF S"}, {312, "EU 312 RF S"},
                                               {318, "CH 318 RF K"}, {319, "EU 319 RF K"},
                                               {320, "SE 320 RF S"}, {321, "SE 321 RF S"},
                                               {322, "SE 322 RF S"}, {326, "SE 326 RF K"},
                                               {328, "SE 328 RF K"}, {329, "SE 329 RF K"},
                                               {330, "NO 330 RF S"}, {338, "NO 338 RF K"},
                                               {339, "NO 339 RF K"}, {340, "DK 340 RF S"},
                                               {348, "DK 348 RF K"}, {349, "DK 349 RF K"},
                                               {359, "FI 359 RF K"}, {369, "PL 369 RF K"},
                                               {379, "AT 379 RF K"}, {0, NULL}};
static const struct setting_choice protocols[] = {{0, "as the generation has it"},
                                                  {1, "modes A and C, user data 1"},
                                                  {2, "modes A and C, user data 2"},
                                                  {0, NULL}};
static const struct setting_choice user_data[] = {
    {0, "user data 1"}, {1, "user data 2"}, {0, NULL}};
static const struct setting_choice iec_speeds[] = {
    {0, "300 baud"},  {1, "600 baud"},  {2, "1200 baud"}, {3, "2400 baud"},
    {4, "4800 baud"}, {5, "9600 baud"}, {0, NULL}};
static const struct setting_choice iec_modes[] = {
    {0, "A"}, {1, "A and C"}, {2, "A, C and D0"}, {0, NULL}};
static const struct setting_choice granted[] = {{0, "not granted"}, {1, "granted"}, {0, NULL}};
static const struct setting_choice debit2[] = {
    {0, "daily"}, {1, "weekly"}, {2, "monthly"}, {0, NULL}};
static const struct setting_choice couplings[] = {{0, "by hand"}, {1, "automatic"}, {0, NULL}};
static const struct setting_choice buttons[] = {
    {0, "closes what it has opened"}, {1, "closes after a release only"}, {0, NULL}};
static const struct setting_choice tools[] = {
    {0, "not over the optical eye"}, {1, "over the optical eye too"}, {0, NULL}};

/* ---- rows ---- */

/* Field of a configuration: digits counted from its right end. */
#define FIELD(id, name, text, type, access, effect, which, n_digits, div, mod, max, kmp, codes)    \
    {                                                                                              \
        id, name, text, type, access, effect, HOME_CONFIGURATION, which, n_digits, div, mod, 0,    \
            max, FACTORY, "", 0, NEED_NOTHING, kmp, codes                                          \
    }
#define CHOICE(id, name, text, effect, which, digits, div, mod, codes)                             \
    FIELD(id, name, text, SETTING_CHOICE, SETTING_WITH_PASSWORD, effect, which, digits, div, mod,  \
          (mod)-1, NONE, codes)
#define CODE(id, name, text, effect, which, digits, div, mod, max)                                 \
    FIELD(id, name, text, SETTING_DIGITS, SETTING_WITH_PASSWORD, effect, which, digits, div, mod,  \
          max, NONE, NULL)
#define LOCKED(id, name, text, which, div, codes)                                                  \
    FIELD(id, name, text, SETTING_CHOICE, SETTING_LOCKED, 0, which, 1, div, 10, 9, NONE, codes)
#define DIGITS(id, name, text, access, home, which, kmp)                                           \
    {                                                                                              \
        id, name, text, SETTING_DIGITS, access, 0, home, which, 8, 1, 0, 0, NUMBER_END, FACTORY,   \
            "", 0, NEED_NOTHING, kmp, NULL                                                         \
    }
#define OWN(id, name, text, type, effect, digits, min, max, initial, unit, need, kmp, codes)       \
    {                                                                                              \
        id, name, text, type, SETTING_WITH_PASSWORD, effect, HOME_SETTINGS, 0, digits, 1, 0, min,  \
            max, initial, unit, 0, need, kmp, codes                                                \
    }

static const struct setting_choice radio_yields[] = {{0, "off"}, {1, "stays on"}, {0, NULL}};

/* What the breaker goes by. */
#define BREAKER(id, name, text, type, access, max, initial, unit, exponent, need, kmp, choices)    \
    {                                                                                              \
        id, name, text, type, access, 0, HOME_SETTINGS, 0, 0, 1, 0, 0, max, initial, unit,         \
            exponent, need, kmp, choices                                                           \
    }
#define BREAKER_NUMBER(id, name, text, max, initial, unit, exponent, kmp)                          \
    BREAKER(id, name, text, SETTING_NUMBER, SETTING_WITH_PASSWORD, max, initial, unit, exponent,   \
            NEED_SMART, kmp, NULL)

/* Three of a kind: module, consumer port, optical port. */
#define IEC_CHOICE(id, name, text, initial, kmp, codes)                                            \
    OWN(id, name, text, SETTING_CHOICE, 0, 0, 0, 5, initial, "", NEED_M, kmp, codes)
#define IEC_CHOICES(id, name, text, initial, kmp, codes)                                           \
    IEC_CHOICE(id, "iec-" name "-module", text " over the module", initial, kmp, codes),           \
        IEC_CHOICE((id) + 1, "iec-" name "-consumer", text " over the consumer port", initial,     \
                   (kmp) + 1, codes),                                                              \
        IEC_CHOICE((id) + 2, "iec-" name "-optical", text " over the optical port", initial,       \
                   (kmp) + 2, codes)
#define IEC_NUMBER(id, name, text, min, max, initial, unit, kmp)                                   \
    OWN(id, name, text, SETTING_NUMBER, 0, 0, min, max, initial, unit, NEED_M, kmp, NULL)
#define IEC_PERIOD(id, of, text, kmp)                                                              \
    IEC_NUMBER(id, "iec-d0-period-" of, "IEC mode D0: period over the " text " in units of 5 s",   \
               0, 17280, 0, "", kmp)

#define DLMS_NUMBER(id, name, text, min, max, initial, unit)                                       \
    OWN(id, name, text, SETTING_NUMBER, 0, 0, min, max, initial, unit, NEED_L_OR_M, NONE, NULL)

const struct setting_def setting_table[] = {
    /* configuration 1: A-B-CCC-DD-E */
    LOCKED(1, "decimals", "Decimals on the display (A)", 0, 10000000, decimals),
    LOCKED(2, "led", "LED without consumption (B)", 0, 1000000, led),
    CHOICE(3, "module", "Module fitted (CCC)", 0, 0, 3, 1000, 1000, modules),
    CHOICE(4, "module-ports", "Inputs and outputs of the module port (DD)", 0, 0, 2, 10, 100,
           ports),
    CHOICE(5, "integration-period", "Integration period (E)",
           EFFECT_ERASES_PROFILE | EFFECT_ENDS_PERIOD, 0, 1, 1, 10, integration),
    /* configuration 2: FFF-GG-HH-I */
    CODE(6, "display-lists", "Display configuration (FFF)", EFFECT_DISPLAY, 1, 3, 100000, 1000,
         999),
    CODE(7, "debiting-day", "Debiting target day (GG; 00: externally controlled)", 0, 1, 2, 1000,
         100, 28),
    CODE(8, "debiting-interval", "Debiting interval (HH; 00: externally controlled)", 0, 1, 2, 10,
         100, 25),
    CHOICE(9, "pulses", "Length of pulses (I)", EFFECT_AT_START, 1, 1, 1, 10, pulses),
    /* configuration 3: JJ-K-LL-M-NN */
    FIELD(10, "disconnect", "Disconnect set-up (JJ; 00: none)", SETTING_DIGITS, SETTING_MODULE_PORT,
          0, 2, 2, 1000000, 100, 99, NONE, NULL),
    CHOICE(11, "peak-power", "Peak power that is accumulated (K)", 0, 2, 1, 100000, 10, peaks),
    CHOICE(12, "time-zone", "Time zone (LL)", EFFECT_LOCAL_TIME, 2, 2, 1000, 100, zones),
    CODE(13, "free-field", "Field without a published meaning (M)", 0, 2, 1, 100, 10, 1),
    CHOICE(14, "pulse-input-unit", "Unit of the pulse input (NN)", 0, 2, 2, 1, 100, pulse_units),
    /* configuration 4: OOO-PPP-QQ */
    CODE(15, "tariff-control", "Tariff control tables (OOO)", 0, 3, 3, 100000, 1000, 999),
    CHOICE(16, "summer-time", "Summer time (PPP)", EFFECT_LOCAL_TIME, 3, 3, 100, 1000, summers),
    CHOICE(17, "protocol", "IEC 62056-21 read-out (QQ)", 0, 3, 2, 1, 100, protocols),
    /* configuration 5: RRR */
    CHOICE(18, "radio-profile", "Radio frequency and output power (RRR)", 0, 4, 3, 1, 1000, radios),
    /* numbers and texts */
    DIGITS(30, "serial-number", "Serial number", SETTING_LOCKED, HOME_SERIAL_NUMBER, 0, 1001),
    DIGITS(31, "meter-number-1", "Meter number 1", SETTING_WITH_PASSWORD, HOME_METER_NUMBER, 0, 51),
    DIGITS(32, "meter-number-2", "Meter number 2", SETTING_WITH_PASSWORD, HOME_METER_NUMBER, 1, 52),
    DIGITS(33, "meter-number-3", "Meter number 3", SETTING_WITH_PASSWORD, HOME_METER_NUMBER, 2, 53),
    DIGITS(34, "special-data-1", "Special data 1", SETTING_WITH_PASSWORD, HOME_SPECIAL_DATA, 0, 57),
    DIGITS(35, "special-data-2", "Special data 2", SETTING_WITH_PASSWORD, HOME_SPECIAL_DATA, 1,
           1021),
    OWN(SETTING_PLATE_TEXT, "plate-text", "The owner's text on the name plate", SETTING_TEXT, 0, 0,
        0, 0, 0, "", NEED_NOTHING, 0xF200, NULL),
    /* counting and debiting */
    {40, "power-threshold", "Power threshold: mean P+ above it is counted", SETTING_NUMBER,
     SETTING_WITH_PASSWORD, 0, HOME_POWER_THRESHOLD, 0, 0, 1, 0, 0, 1000000, FACTORY, "W", 0,
     NEED_NOTHING, 1039, NULL},
    OWN(SETTING_DEBITING_2_INTERVAL, "debiting-2-interval", "Interval of debiting log 2",
        SETTING_CHOICE, 0, 0, 0, 2, 0, "", NEED_M, 1175, debit2),
    /* loss of the neutral (X-NEU-1) */
    OWN(SETTING_NEUTRAL_DISPLACEMENT, "neutral-displacement",
        "Neutral fault: displacement of the star point", SETTING_NUMBER, 0, 0, 5, 120, 40, "V",
        NEED_NEUTRAL, 1246, NULL),
    OWN(SETTING_NEUTRAL_HIGH, "neutral-high", "Neutral fault: high limit of two phases",
        SETTING_NUMBER, 0, 0, 231, 400, 253, "V", NEED_NEUTRAL, 1247, NULL),
    OWN(SETTING_NEUTRAL_TIME, "neutral-time", "Neutral fault: how long evidence must last",
        SETTING_NUMBER, 0, 0, 1, 3600, 60, "s", NEED_NEUTRAL, 1248, NULL),
    /* communication */
    OWN(SETTING_KMP_ADDRESS, "kmp-address", "KMP address answered besides 63", SETTING_NUMBER, 0, 0,
        1, 254, 63, "", NEED_NOTHING, 1271, NULL),
    OWN(SETTING_PASSWORD, "password", "Password of KMP", SETTING_SECRET, 0, 0, 0, 65535, 0, "",
        NEED_NOTHING, 1180, NULL),
    /* alarms (spec cosem-objects 4.4, 4.5) */
    OWN(SETTING_ALARM_MASK_A, "alarm-mask-a", "Events of word A that raise an alarm", SETTING_FLAGS,
        0, 0, 0, UINT32_MAX, 64, "", NEED_L_OR_M, 0xF201, NULL),
    OWN(SETTING_ALARM_MASK_B_RISE, "alarm-mask-b-rise",
        "Events of word B that raise an alarm when they come", SETTING_FLAGS, 0, 0, 0, UINT32_MAX,
        64, "", NEED_M, 0xF202, NULL),
    OWN(SETTING_ALARM_MASK_B_FALL, "alarm-mask-b-fall",
        "Events of word B that raise an alarm when they go", SETTING_FLAGS, 0, 0, 0, UINT32_MAX, 64,
        "", NEED_M, 0xF203, NULL),
    /* IEC 62056-21 (Kamstrup 5512-1458, 131.0.1 .. 131.0.16) */
    IEC_CHOICES(SETTING_IEC_USER_DATA, "user-data", "IEC 62056-21: list read out", 1, 6162,
                user_data),
    IEC_PERIOD(SETTING_IEC_D0_PERIOD, "module", "module", 6165),
    IEC_PERIOD(SETTING_IEC_D0_PERIOD + 1, "consumer", "consumer port", 6166),
    IEC_PERIOD(SETTING_IEC_D0_PERIOD + 2, "optical", "optical port", 6167),
    IEC_CHOICES(SETTING_IEC_D0_SPEED, "d0-speed", "IEC mode D0: speed", 3, 6168, iec_speeds),
    IEC_CHOICES(SETTING_IEC_MODE, "modes", "IEC 62056-21: modes", 1, 6171, iec_modes),
    IEC_NUMBER(SETTING_IEC_TA, "iec-ta", "IEC 62056-21: Ta, between characters", 1000, 65000, 1500,
               "ms", 6174),
    IEC_NUMBER(SETTING_IEC_TR, "iec-tr", "IEC 62056-21: Tr, until an answer", 1000, 65000, 1500,
               "ms", 6175),
    IEC_NUMBER(SETTING_IEC_TT, "iec-tt", "IEC 62056-21: Tt, until data come by themselves", 1000,
               65000, 1700, "ms", 6176),
    IEC_NUMBER(SETTING_IEC_TI, "iec-ti", "IEC 62056-21: Ti, end of an idle session", 5, 240, 90,
               "s", 6177),
    /* breaker (spec answers B12.4, cosem-objects 4.8) */
    BREAKER_NUMBER(SETTING_BREAKER_SHORT_CIRCUIT, "breaker-short-circuit",
                   "Smart Disconnect: current that opens at once (0: none)", 255, 100, "A", 0,
                   1108),
    BREAKER_NUMBER(SETTING_BREAKER_K1, "breaker-k1", "Smart Disconnect: factor k1", 99, 10, "", -1,
                   1109),
    BREAKER_NUMBER(SETTING_BREAKER_K1 + 1, "breaker-k2", "Smart Disconnect: factor k2", 99, 10, "",
                   -1, 1110),
    BREAKER_NUMBER(SETTING_BREAKER_K1 + 2, "breaker-k3", "Smart Disconnect: factor k3", 99, 10, "",
                   -1, 1111),
    BREAKER_NUMBER(SETTING_BREAKER_T1, "breaker-t1", "Smart Disconnect: time t1", 65535, 30, "s", 0,
                   1112),
    BREAKER_NUMBER(SETTING_BREAKER_T1 + 1, "breaker-t2", "Smart Disconnect: time t2, added to t1",
                   65535, 30, "s", 0, 1113),
    BREAKER_NUMBER(SETTING_BREAKER_T1 + 2, "breaker-t3",
                   "Smart Disconnect: time t3, added to t1 and t2", 65535, 30, "s", 0, 1114),
    BREAKER_NUMBER(SETTING_PREPAY_LOW_DAYS, "prepay-low-days",
                   "Prepayment: longest use of the low limit", 255, 255, "d", 0, 1116),
    BREAKER_NUMBER(SETTING_BREAKER_WAIT, "breaker-wait",
                   "Wait after an automatic opening, at least 5 s", 65535, 60, "s", 0, 1115),
    BREAKER(SETTING_BREAKER_COUPLING, "breaker-coupling", "Closing after an automatic opening",
            SETTING_CHOICE, SETTING_WITH_PASSWORD, 1, 0, "", 0, NEED_SMART, 1117, couplings),
    BREAKER_NUMBER(SETTING_BREAKER_LOW_LIMIT, "breaker-low-limit",
                   "Prepayment: limit in A or kW while credit is used up (0: none)", 80, 0, "", 0,
                   1119),
    BREAKER(SETTING_BREAKER_BASIS, "breaker-basis",
            "What opens: 1 load, 2 prepayment, 4 by power, 8 neutral, 16 log only, 32 every day",
            SETTING_FLAGS, SETTING_MODULE_PORT, BASIS_BITS, 0, "", 0, NEED_SMART, 1118, NULL),
    BREAKER_NUMBER(SETTING_BREAKER_LIMIT, "breaker-limit",
                   "Smart Disconnect: limit in A or kW (0: none)", 80, 0, "", 0, 1120),
    BREAKER(SETTING_BREAKER_BUTTON, "breaker-button", "What the button closes", SETTING_CHOICE,
            SETTING_WITH_PASSWORD, 1, 0, "", 0, NEED_BREAKER, 0xF500, buttons),
    BREAKER_NUMBER(SETTING_BREAKER_RETRIES, "breaker-retries",
                   "Automatic closings in a row (255: no limit)", 255, 3, "", 0, 0xF501),
    BREAKER(SETTING_BREAKER_TOOL, "breaker-tool", "Commands to the breaker", SETTING_CHOICE,
            SETTING_MODULE_PORT, 1, 1, "", 0, NEED_BREAKER, 0xF502, tools),
    /* DLMS */
    OWN(SETTING_DLMS_ACTION, "dlms-action", "DLMS: methods for the clients 18 and 19",
        SETTING_CHOICE, 0, 0, 0, 1, 0, "", NEED_L_OR_M, NONE, granted),
    DLMS_NUMBER(SETTING_HDLC_TRANSMIT, "hdlc-transmit",
                "HDLC: longest information field that the meter sends", 32, 512, 512, ""),
    DLMS_NUMBER(SETTING_HDLC_RECEIVE, "hdlc-receive",
                "HDLC: longest information field that the meter takes", 32, 128, 128, ""),
    DLMS_NUMBER(SETTING_HDLC_INTER_OCTET, "hdlc-inter-octet", "HDLC: longest pause within a frame",
                20, 6000, 500, "ms"),
    DLMS_NUMBER(SETTING_HDLC_INACTIVITY, "hdlc-inactivity",
                "HDLC: silence that ends a link (0: none does)", 0, 65535, 20, "s"),
    DLMS_NUMBER(SETTING_HDLC_ADDRESS, "hdlc-address", "HDLC: physical address", 1, 125, 32, ""),
    /* prepayment (spec answers B13) */
    BREAKER_NUMBER(SETTING_PREPAY_FREE_FROM, "prepay-free-from",
                   "Prepayment: nothing is cut off from this minute of the day on", 1439, 0, "min",
                   0, 6041),
    BREAKER_NUMBER(SETTING_PREPAY_FREE_TO, "prepay-free-to",
                   "Prepayment: until this minute (as prepay-free-from: no such time)", 1439, 0,
                   "min", 0, 6042),
    BREAKER_NUMBER(SETTING_PREPAY_ALARM, "prepay-alarm",
                   "Prepayment: credit at or below it raises the alarm", 65535, 0, "kWh", 0, 6043),
    BREAKER(SETTING_PREPAY_DAYS, "prepay-days",
            "Prepayment: weekdays on which it cuts off, 1 Monday to 64 Sunday", SETTING_FLAGS,
            SETTING_WITH_PASSWORD, 127, 31, "", 0, NEED_SMART, 0xF700, NULL),
    /* tampering (docs/alarms.md) */
    OWN(SETTING_TAMPER_MASK, "tamper-mask", "Acts of tampering that raise an alarm", SETTING_FLAGS,
        0, 0, 0, 0xFF44, 0xFF44, "", NEED_NOTHING, 0xF902, NULL),
    OWN(SETTING_TAMPER_SYMBOL, "tamper-symbol", "How long the hand on the display stays",
        SETTING_CHOICE, 0, 0, 0, 1, 0, "", NEED_M, 0xF903, tamper_symbols),
    /* modules (RAD-03) */
    OWN(SETTING_RADIO_WITH_MODULE, "radio-with-module",
        "Integrated radio while a communication module is plugged", SETTING_CHOICE, 0, 0, 0, 1, 1,
        "", NEED_M, 0xFA05, radio_yields),
};

const size_t setting_table_length = sizeof setting_table / sizeof setting_table[0];
_Static_assert(sizeof setting_table / sizeof setting_table[0] <= SETTINGS_MAX, "SETTINGS_MAX");

const struct setting_def *setting_by_id(uint16_t id)
{
    for (size_t i = 0; i < setting_table_length; i++) {
        if (setting_table[i].id == id) {
            return &setting_table[i];
        }
    }
    return NULL;
}

const struct setting_def *setting_by_name(const char *name)
{
    for (size_t i = 0; i < setting_table_length; i++) {
        if (strcmp(setting_table[i].name, name) == 0) {
            return &setting_table[i];
        }
    }
    return NULL;
}

const struct setting_def *setting_by_kmp_id(uint16_t kmp_id)
{
    for (size_t i = 0; kmp_id != NONE && i < setting_table_length; i++) {
        if (setting_table[i].kmp_id == kmp_id) {
            return &setting_table[i];
        }
    }
    return NULL;
}

/* ---- values ---- */

static bool text_good(const char *text)
{
    size_t n = 0;
    while (n <= SETTING_TEXT_MAX && text[n] != '\0') {
        if (text[n] < ' ' || text[n] > '~') {
            return false;
        }
        n++;
    }
    return n <= SETTING_TEXT_MAX;
}

const char *setting_choice_word(const struct setting_def *def, uint32_t code)
{
    for (size_t i = 0; def->choices != NULL && def->choices[i].word != NULL; i++) {
        if (def->choices[i].code == code) {
            return def->choices[i].word;
        }
    }
    return NULL;
}

bool setting_value_good(const struct setting_def *def, const struct setting_value *value)
{
    switch (def->type) {
    case SETTING_TEXT: return value->number == 0 && text_good(value->text);
    case SETTING_CHOICE:
        return value->text[0] == '\0' && setting_choice_word(def, value->number) != NULL;
    case SETTING_FLAGS: return value->text[0] == '\0' && (value->number & ~def->max) == 0;
    default:
        return value->text[0] == '\0' && value->number >= def->min && value->number <= def->max;
    }
}

bool setting_value_equal(const struct setting_value *a, const struct setting_value *b)
{
    return a->number == b->number && strcmp(a->text, b->text) == 0;
}

/* ---- hash ---- */

/* CRC of CRCs: a row at a time, so that no buffer has to hold the table. */
static uint16_t row_hash(uint16_t so_far, const struct setting_def *def)
{
    uint8_t bytes[64];
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_uint_be(&w, so_far, 2);
    writer_uint_be(&w, def->id, 2);
    writer_text(&w, def->name);
    writer_u8(&w, def->type);
    writer_u8(&w, def->access);
    writer_u8(&w, def->effect);
    writer_uint_be(&w, def->min, 4);
    writer_uint_be(&w, def->max, 4);
    writer_uint_be(&w, def->need, 2);
    return crc16_xmodem(bytes, writer_length(&w));
}

uint16_t setting_table_hash(void)
{
    uint16_t hash = SETTING_TABLE_VERSION;
    for (size_t i = 0; i < setting_table_length; i++) {
        hash = row_hash(hash, &setting_table[i]);
    }
    return hash;
}
