/* The fields of order number and configurations 1 .. 5, and their codes: CFG-T0 .. CFG-T5, VAR-A,
 * MOD-A, and the answers named in order.h.  A code that generations read differently has a row for
 * each reading. */
#include "order.h"

static const struct order_code phases_codes[] = {
    {"6842", NULL, FITS_ALL, "three phases, three wires (Aron), 3x230 V"},
    {"6843", NULL, FITS_ALL, "three phases, four wires, 3x230/400 V"},
    {"6861", NULL, FITS_M, "one phase, two wires, 1x230 V"},
    {"6861", NULL, (FITS_ALL & ~FITS_M) | FITS_READ_ONLY, "one phase, two wires, 1x230 V"},
};

static const struct order_code current_codes[] = {
    {"1", NULL, FITS_ALL & ~FITS_M, "5(105) A"},
    {"1", NULL, FITS_M, "5(100) A"},
    {"4", NULL, FITS_ALL, "5(65) A"},
    {"6", NULL, FITS_ALL, "10(60) A"},
    {"7", NULL, FITS_ALL, "10(85) A"},
    {"8", NULL, FITS_ALL, "5(85) A"},
};

static const struct order_code classes[] = {
    {"A", NULL, FITS_ALL, "class A"},
    {"B", NULL, FITS_ALL, "class B"},
};

static const struct order_code generation_codes[] = {
    {"B", NULL, FITS_ALL, "382B, basis"},
    {"C", NULL, FITS_ALL, "382C, communication: radio"},
    {"D", NULL, FITS_ALL, "382D, disconnect: breaker"},
    {"E", NULL, FITS_ALL, "382E, radio and breaker"},
    {"L", NULL, FITS_ALL, "382L"},
    {"M", NULL, FITS_ALL, "382M or 162M"},
};

static const struct order_code energy_codes[] = {
    {"1", NULL, FITS_ALL, "A+"},
    {"2", NULL, FITS_ALL, "A+ A-"},
    {"3", NULL, FITS_ALL, "A+ R+"},
    {"4", NULL, FITS_ALL, "A+ A- R+ R-"},
};

static const struct order_code hardware_codes[] = {
    {"1", NULL, FITS_ALL, "basis: no clock"},
    {"2", NULL, FITS_ALL, "clock with battery"},
    {"3", NULL, FITS_ALL, "clock with supercap"},
    {"4", NULL, FITS_ALL, "clock with battery, radio Senea (RF S)"},
    {"5", NULL, FITS_ALL, "clock with battery, radio Kamstrup (RF K)"},
    {"6", NULL, FITS_ALL, "clock with supercap, radio Senea (RF S)"},
    {"7", NULL, FITS_ALL, "clock with supercap, radio Kamstrup (RF K)"},
    {"B", NULL, FITS_L_M, "breaker, clock with battery"},
    {"C", NULL, FITS_L_M, "breaker, clock with supercap"},
    {"D", NULL, FITS_L_M, "breaker, clock with battery, radio Senea (RF S)"},
    {"E", NULL, FITS_L_M, "breaker, clock with battery, radio Kamstrup (RF K)"},
    {"F", NULL, FITS_L_M, "breaker, clock with supercap, radio Senea (RF S)"},
    {"G", NULL, FITS_L_M, "breaker, clock with supercap, radio Kamstrup (RF K)"},
};

static const struct order_code tariff_codes[] = {
    {"0", NULL, FITS_ALL | FITS_READ_ONLY, "configurable; in no key, read from a real 382C"},
    {"1", NULL, FITS_ALL, "no tariffs"},
    {"2", NULL, FITS_ALL, "2 tariffs"},
    {"3", NULL, FITS_ALL, "configurable, up to 8 tariffs"},
    {"4", NULL, FITS_ALL, "4 tariffs"},
};

static const struct order_code country_codes[] = {
    {"010", NULL, FITS_ALL, "Denmark"},
    {"025", NULL, FITS_ALL, "Russia"},
    {"031", NULL, FITS_ALL, "Spain"},
    {"035", NULL, FITS_ALL, "Turkey"},
    {"036", NULL, FITS_ALL, "Croatia"},
    {"037", NULL, FITS_ALL, "Serbia"},
    {"040", NULL, FITS_ALL, "Norway"},
    {"042", NULL, FITS_ALL, "Slovakia"},
    {"043", NULL, FITS_ALL, "Czechia"},
    {"044", NULL, FITS_ALL, "Hungary"},
    {"045", NULL, FITS_ALL, "Latvia"},
    {"049", NULL, FITS_ALL, "Lithuania"},
    {"050", NULL, FITS_ALL, "United Kingdom"},
    {"055", NULL, FITS_ALL, "Austria"},
    {"056", NULL, FITS_ALL, "Austria"},
    {"059", NULL, FITS_ALL, "Switzerland, Italian"},
    {"061", NULL, FITS_ALL, "Estonia"},
    {"063", NULL, FITS_ALL, "Switzerland, German"},
    {"064", NULL, FITS_ALL, "Poland"},
    {"065", NULL, FITS_ALL, "Switzerland, French"},
    {"067", NULL, FITS_ALL, "Iceland"},
    {"070", NULL, FITS_ALL, "Germany"},
    {"078", NULL, FITS_ALL, "Belgium"},
    {"080", NULL, FITS_ALL, "Netherlands"},
    {"084", NULL, FITS_ALL, "Finland"},
    {"086", NULL, FITS_ALL, "Aland"},
    {"090", NULL, FITS_ALL, "Sweden"},
    {"110", NULL, FITS_ALL, "Saudi Arabia"},
    {"120", NULL, FITS_ALL, "South Africa"},
    {"121", NULL, FITS_ALL, "Ghana"},
    {"151", NULL, FITS_ALL, "Chile"},
    {"000", "999", FITS_ALL | FITS_READ_ONLY, "a country in no published key"},
};

static const struct order_code decimals_codes[] = {
    {"1", NULL, FITS_ALL, "7.0: kWh without decimals"},
    {"2", NULL, FITS_ALL, "6.1: kWh with one decimal"},
};

static const struct order_code led_codes[] = {
    {"1", NULL, FITS_ALL, "LED off without consumption"},
    {"2", NULL, FITS_ALL, "LED on without consumption"},
};

static const struct order_code module_codes[] = {
    {"000", NULL, FITS_ALL, "no module, OK"},
    {"001", NULL, FITS_ALL, "S0 supply module, SK"},
    {"003", NULL, FITS_ALL, "data/pulse module, RK"},
    {"005", NULL, FITS_ALL, "M-Bus module, MK"},
    {"008", NULL, FITS_ALL, "tariff module, 2 tariffs, 230 V, WK"},
    {"014", NULL, FITS_BCDE, "tariff module, 2 tariffs, 230 V, current loop, FK"},
    {"018", NULL, FITS_BCDE | FITS_L, "tariff module, 4 tariffs, 230 V, current loop, PK"},
    {"021", NULL, FITS_ALL, "S0 pulse module"},
    {"039", NULL, FITS_BCDE, "PLC module, router, external clock"},
    {"040", NULL, FITS_ALL, "IP101i, TCP/IP module"},
    {"043", NULL, FITS_ALL, "radio module, router, high power"},
    {"050", NULL, FITS_BCDE, "PLC module, S"},
    {"052", NULL, FITS_BCDE, "radio module, router, S"},
    {"053", NULL, FITS_ALL, "GSM6i"},
    {"054", NULL, FITS_BCDE, "GSM6i/RF"},
    {"055", NULL, FITS_ALL, "S input/output"},
    {"057", NULL, FITS_L_M, "LON module, twisted pair"},
    {"058", NULL, FITS_L_M, "load control module, 5 A"},
    {"061", NULL, FITS_L_M, "Z-Wave slave module"},
    {"062", NULL, FITS_L_M, "connection module for a secondary module"},
    {"064", NULL, FITS_L, "wireless M-Bus module"},
    {"068", NULL, FITS_M, "M-Bus module"},
    {"069", NULL, FITS_L_M, "load control module, 2 x 5 A"},
    {"072", NULL, FITS_M, "RS485 module, multi drop"},
    {"075", NULL, FITS_M, "data/pulse module"},
    {"076", NULL, FITS_M, "tariff module, 4 tariffs, 230 V, current loop"},
    {"078", NULL, FITS_M, "tariff module, 4 tariffs, 230 V"},
};

static const struct order_code ports[] = {
    {"00", NULL, FITS_ALL, "none"},
    {"01", NULL, FITS_ALL, "4 tariffs"},
    {"02", NULL, FITS_ALL, "4 tariffs, inverted"},
    {"03", NULL, FITS_ALL, "pulse in, alarm in"},
    {"04", NULL, FITS_ALL, "pulse in, alarm in inverted"},
    {"05", NULL, FITS_ALL, "pulse in, A+ out"},
    {"06", NULL, FITS_ALL, "R+ out, A+ out"},
    {"07", NULL, FITS_ALL, "2 tariffs, alarm in"},
    {"08", NULL, FITS_ALL, "2 tariffs inverted, alarm in"},
    {"09", NULL, FITS_ALL, "2 tariffs, alarm in inverted"},
    {"10", NULL, FITS_ALL, "2 tariffs inverted, alarm in inverted"},
    {"11", NULL, FITS_ALL, "2 tariffs, A+ out"},
    {"12", NULL, FITS_ALL, "2 tariffs inverted, A+ out"},
    {"13", NULL, FITS_ALL, "pulse in, 2 tariffs"},
    {"14", NULL, FITS_ALL, "pulse in, 2 tariffs inverted"},
    {"15", NULL, FITS_ALL, "debiting stop in"},
    {"16", NULL, FITS_ALL, "A- out, A+ out"},
    {"17", NULL, FITS_ALL, "load control, status"},
    {"18", NULL, FITS_ALL, "pulse in, load-tariff synchronisation"},
    {"19", NULL, FITS_ALL, "pulse in inverted, load-tariff synchronisation"},
    {"20", NULL, FITS_ALL, "pulse in, load-tariff synchronisation inverted"},
    {"21", NULL, FITS_ALL, "pulse in inverted, load-tariff synchronisation inverted"},
    {"22", NULL, FITS_ALL, "4 tariffs, load control synchronous"},
    {"23", NULL, FITS_ALL, "4 tariffs inverted, load control synchronous"},
    {"26", NULL, FITS_ALL, "load control 1, load control 2"},
    {"27", NULL, FITS_ALL, "pulse in, load control"},
    {"28", NULL, FITS_ALL, "pulse in, load control 1 and 2 toggled"},
    {"29", NULL, FITS_ALL, "earth fault"},
};

static const struct order_code integration_codes[] = {
    {"1", NULL, FITS_ALL, "5 min"},
    {"2", NULL, FITS_ALL, "15 min"},
    {"3", NULL, FITS_ALL, "30 min"},
    {"4", NULL, FITS_ALL, "60 min"},
};

static const struct order_code display_codes[] = {
    {"222", NULL, FITS_ALL, "display lists 222: one fixed reading"},
    {"423", NULL, FITS_ALL, "display lists 423: readings of a bill"},
    {"801", NULL, FITS_ALL, "display lists 801: each phase"},
    {"802", NULL, FITS_ALL, "display lists 802: test bench"},
};

static const struct order_code target_day_codes[] = {
    {"00", NULL, FITS_ALL, "ended from outside only"},
    {"01", "28", FITS_ALL, "day of the month"},
};

static const struct order_code interval_codes[] = {
    {"00", NULL, FITS_ALL, "none: ended from outside only"},
    {"01", NULL, FITS_ALL, "every month"},
    {"02", NULL, FITS_ALL, "every second month from January"},
    {"03", NULL, FITS_ALL, "every second month from February"},
    {"04", NULL, FITS_ALL, "every third month from January"},
    {"05", NULL, FITS_ALL, "every third month from February"},
    {"06", NULL, FITS_ALL, "every third month from March"},
    {"07", NULL, FITS_ALL, "half-yearly from January"},
    {"08", NULL, FITS_ALL, "half-yearly from February"},
    {"10", NULL, FITS_BCDE, "half-yearly from March"},
    {"11", NULL, FITS_BCDE, "half-yearly from April"},
    {"12", NULL, FITS_BCDE, "half-yearly from May"},
    {"13", NULL, FITS_BCDE, "half-yearly from June"},
    {"14", NULL, FITS_BCDE, "yearly in January"},
    {"15", NULL, FITS_BCDE, "yearly in February"},
    {"16", NULL, FITS_BCDE, "yearly in March"},
    {"17", NULL, FITS_BCDE, "yearly in April"},
    {"18", NULL, FITS_BCDE, "yearly in May"},
    {"19", NULL, FITS_BCDE, "yearly in June"},
    {"20", NULL, FITS_BCDE, "yearly in July"},
    {"21", NULL, FITS_BCDE, "yearly in August"},
    {"22", NULL, FITS_BCDE, "yearly in September"},
    {"23", NULL, FITS_BCDE, "yearly in October"},
    {"24", NULL, FITS_BCDE, "yearly in November"},
    {"25", NULL, FITS_BCDE, "yearly in December"},
    {"09", NULL, FITS_L_M, "half-yearly from March"},
    {"10", NULL, FITS_L_M, "half-yearly from April"},
    {"11", NULL, FITS_L_M, "half-yearly from May"},
    {"12", NULL, FITS_L_M, "half-yearly from June"},
    {"13", NULL, FITS_L_M, "yearly in January"},
    {"14", NULL, FITS_L_M, "yearly in February"},
    {"15", NULL, FITS_L_M, "yearly in March"},
    {"16", NULL, FITS_L_M, "yearly in April"},
    {"17", NULL, FITS_L_M, "yearly in May"},
    {"18", NULL, FITS_L_M, "yearly in June"},
    {"19", NULL, FITS_L_M, "yearly in July"},
    {"20", NULL, FITS_L_M, "yearly in August"},
    {"21", NULL, FITS_L_M, "yearly in September"},
    {"22", NULL, FITS_L_M, "yearly in October"},
    {"23", NULL, FITS_L_M, "yearly in November"},
    {"24", NULL, FITS_L_M, "yearly in December"},
};

static const struct order_code pulse_codes[] = {
    {"1", NULL, FITS_ALL, "pulses of 30 ms"},
    {"2", NULL, FITS_M, "pulses of 30 ms, alarm input on"},
    {"3", NULL, FITS_ALL, "pulses of 80 ms"},
    {"4", NULL, FITS_M, "pulses of 80 ms, alarm input on"},
};

static const struct order_code disconnect_codes[] = {
    {"00", NULL, FITS_ALL, "no set-up"},
    {"01", NULL, FITS_ALL, "default set-up"},
};

static const struct order_code peak_codes[] = {
    {"0", NULL, FITS_ALL, "peak power of all tariffs"},
    {"1", NULL, FITS_ALL, "peak power of tariff 1"},
    {"2", NULL, FITS_ALL, "peak power of tariff 2"},
};

static const struct order_code zone_codes[] = {
    {"00", NULL, FITS_ALL, "GMT, London"}, {"01", NULL, FITS_ALL, "GMT+1"},
    {"02", NULL, FITS_ALL, "GMT+2"},       {"03", NULL, FITS_ALL, "GMT+3"},
    {"04", NULL, FITS_ALL, "GMT+4"},       {"05", NULL, FITS_ALL, "GMT+5"},
    {"06", NULL, FITS_ALL, "GMT+6"},       {"07", NULL, FITS_ALL, "GMT+7"},
    {"08", NULL, FITS_ALL, "GMT+8"},       {"09", NULL, FITS_ALL, "GMT+9"},
    {"10", NULL, FITS_ALL, "GMT+10"},      {"11", NULL, FITS_ALL, "GMT+11"},
    {"12", NULL, FITS_ALL, "GMT+12"},      {"13", NULL, FITS_ALL, "GMT-11"},
    {"14", NULL, FITS_ALL, "GMT-10"},      {"15", NULL, FITS_ALL, "GMT-9"},
    {"16", NULL, FITS_ALL, "GMT-8"},       {"17", NULL, FITS_ALL, "GMT-7"},
    {"18", NULL, FITS_ALL, "GMT-6"},       {"19", NULL, FITS_ALL, "GMT-5"},
    {"20", NULL, FITS_ALL, "GMT-4"},       {"21", NULL, FITS_ALL, "GMT-3"},
    {"22", NULL, FITS_ALL, "GMT-2"},       {"23", NULL, FITS_ALL, "GMT-1"},
};

static const struct order_code free_codes[] = {
    {"0", NULL, FITS_ALL, "none"},
    {"1", NULL, FITS_ALL | FITS_READ_ONLY, "seen on a real meter, meaning not published"},
};

static const struct order_code pulse_unit_codes[] = {
    {"00", NULL, FITS_ALL, "none"},
    {"01", NULL, FITS_ALL, "kWh"},
    {"02", NULL, FITS_ALL, "m3"},
    {"03", NULL, FITS_ALL, "L"},
};

static const struct order_code tariff_table_codes[] = {
    {"000", NULL, FITS_ALL, "none"},
    {"001", NULL, FITS_ALL, "module port decides"},
    {"002", NULL, FITS_ALL, "register decides"},
    {"100", NULL, FITS_ALL | FITS_READ_ONLY, "seen on a real 382M, content not published"},
};

static const struct order_code summer_codes[] = {
    {"000", NULL, FITS_ALL, "none"},
    {"001", NULL, FITS_ALL, "European Union"},
};

static const struct order_code protocol_codes[] = {
    {"00", NULL, FITS_ALL, "none"},
    {"01", NULL, FITS_M, "IEC 62056-21 modes A and C"},
    {"02", NULL, FITS_M, "IEC 62056-21 modes A and C, second user list"},
    {"01", NULL, (FITS_ALL & ~FITS_M) | FITS_READ_ONLY, "seen on a real 382M"},
};

static const struct order_code radio_codes[] = {
    {"000", NULL, FITS_ALL, "no radio"},          {"310", NULL, FITS_ALL, "EU, RF S"},
    {"311", NULL, FITS_ALL, "EU, RF S"},          {"312", NULL, FITS_ALL, "EU, RF S"},
    {"318", NULL, FITS_L_M, "Switzerland, RF K"}, {"319", NULL, FITS_ALL, "EU, RF K"},
    {"320", NULL, FITS_ALL, "Sweden, RF S"},      {"321", NULL, FITS_ALL, "Sweden, RF S"},
    {"322", NULL, FITS_ALL, "Sweden, RF S"},      {"326", NULL, FITS_L_M, "Sweden, RF K"},
    {"328", NULL, FITS_ALL, "Sweden, RF K"},      {"329", NULL, FITS_L_M, "Sweden, RF K"},
    {"330", NULL, FITS_ALL, "Norway, RF S"},      {"338", NULL, FITS_L_M, "Norway, RF K"},
    {"339", NULL, FITS_ALL, "Norway, RF K"},      {"340", NULL, FITS_ALL, "Denmark, RF S"},
    {"348", NULL, FITS_L_M, "Denmark, RF K"},     {"349", NULL, FITS_ALL, "Denmark, RF K"},
    {"359", NULL, FITS_L_M, "Finland, RF K"},     {"369", NULL, FITS_L_M, "Poland, RF K"},
    {"379", NULL, FITS_L_M, "Austria, RF K"},
};

static const struct order_code radio_rest_codes[] = {
    {"", NULL, FITS_ALL, "three digits only"},
    {"00000", "99999", FITS_L_M | FITS_READ_ONLY, "five more digits, meaning not published"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])
#define CODES(array)    array, (uint8_t)COUNT_OF(array)

const struct order_field order_fields[ORDER_FIELDS] = {
    [ORDER_PHASES] = {"phases", "68x-X1", "phases and wiring", 0, 0, 4, true, CODES(phases_codes)},
    [ORDER_CURRENT] = {"current", "X2", "current", 0, 4, 1, true, CODES(current_codes)},
    [ORDER_CLASS] = {"class", "X3", "accuracy class", 0, 5, 1, true, CODES(classes)},
    [ORDER_GENERATION] = {"generation", "X4", "generation", 0, 6, 1, true, CODES(generation_codes)},
    [ORDER_ENERGY] = {"energy", "X5", "energies", 0, 7, 1, true, CODES(energy_codes)},
    [ORDER_HARDWARE] = {"hardware", "X6", "hardware", 0, 8, 1, true, CODES(hardware_codes)},
    [ORDER_TARIFF] = {"tariff", "X7", "tariffs", 0, 9, 1, true, CODES(tariff_codes)},
    [ORDER_COUNTRY] = {"country", "X8-X10", "country", 0, 10, 3, true, CODES(country_codes)},
    [ORDER_DECIMALS] = {"decimals", "A", "decimals on the display", 1, 0, 1, true,
                        CODES(decimals_codes)},
    [ORDER_LED] = {"led", "B", "LED", 1, 1, 1, true, CODES(led_codes)},
    [ORDER_MODULE] = {"module", "CCC", "module", 1, 2, 3, false, CODES(module_codes)},
    [ORDER_PORT] = {"port", "DD", "inputs and outputs of the module port", 1, 5, 2, false,
                    CODES(ports)},
    [ORDER_INTEGRATION] = {"integration", "E", "integration period", 1, 7, 1, false,
                           CODES(integration_codes)},
    [ORDER_DISPLAY] = {"display", "FFF", "display configuration", 2, 0, 3, false,
                       CODES(display_codes)},
    [ORDER_TARGET_DAY] = {"target-day", "GG", "debiting target date", 2, 3, 2, false,
                          CODES(target_day_codes)},
    [ORDER_INTERVAL] = {"interval", "HH", "debiting interval", 2, 5, 2, false,
                        CODES(interval_codes)},
    [ORDER_PULSE] = {"pulse", "I", "pulses", 2, 7, 1, false, CODES(pulse_codes)},
    [ORDER_DISCONNECT] = {"disconnect", "JJ", "disconnect set-up", 3, 0, 2, false,
                          CODES(disconnect_codes)},
    [ORDER_PEAK] = {"peak", "K", "peak power", 3, 2, 1, false, CODES(peak_codes)},
    [ORDER_ZONE] = {"zone", "LL", "time zone", 3, 3, 2, false, CODES(zone_codes)},
    [ORDER_FREE] = {"free", "M", "free", 3, 5, 1, false, CODES(free_codes)},
    [ORDER_PULSE_UNIT] = {"pulse-unit", "NN", "unit of the pulse input", 3, 6, 2, false,
                          CODES(pulse_unit_codes)},
    [ORDER_TARIFF_TABLE] = {"tariff-table", "OOO", "tariff tables", 4, 0, 3, false,
                            CODES(tariff_table_codes)},
    [ORDER_SUMMER] = {"summer", "PPP", "summer time", 4, 3, 3, false, CODES(summer_codes)},
    [ORDER_PROTOCOL] = {"protocol", "QQ", "protocol", 4, 6, 2, false, CODES(protocol_codes)},
    [ORDER_RADIO] = {"radio", "RRR", "radio profile", 5, 0, 3, false, CODES(radio_codes)},
    [ORDER_RADIO_REST] = {"radio-rest", "-", "further digits of configuration 5", 5, 3, 5, false,
                          CODES(radio_rest_codes)},
};
