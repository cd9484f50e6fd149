#include "module_table.h"

const struct module_row module_table[MODULE_ROWS] = {
    {"MOD-A01", "6850001", 1, "SK", MODULE_BCDE | MODULE_L | MODULE_M, MODULE_BUILT, "S0 supply"},
    {"MOD-A02", "6850003", 3, "RK", MODULE_BCDE | MODULE_L | MODULE_M, MODULE_BUILT,
     "Data/pulse, relay output"},
    {"MOD-A03", "6850005", 5, "MK", MODULE_BCDE | MODULE_L | MODULE_M, MODULE_BUILT,
     "M-Bus, wired"},
    {"MOD-A04", "6850008", 8, "WK", MODULE_BCDE | MODULE_L, MODULE_BUILT,
     "Tariff, 2 tariffs, 230 V"},
    {"MOD-A05", "6850014", 14, "FK", MODULE_BCDE, MODULE_BUILT,
     "Tariff, 2 tariffs, 230 V, current loop"},
    {"MOD-A06", "6850018", 18, "PK", MODULE_BCDE | MODULE_L, MODULE_BUILT,
     "Tariff, 4 tariffs, 230 V, current loop"},
    {"MOD-A07", "6850021", 21, "", MODULE_BCDE | MODULE_L | MODULE_M, MODULE_BUILT,
     "S0 pulse output"},
    {"MOD-A08", "6850039", 39, "PO", MODULE_BCDE, MODULE_NOT_POSSIBLE, "PLC, router, external RTC"},
    {"MOD-A09", "6850040", 40, "IK", MODULE_BCDE | MODULE_L | MODULE_M, MODULE_BUILT,
     "IP101i, TCP/IP"},
    {"MOD-A10", "6850043", 43, "QR", MODULE_BCDE | MODULE_L | MODULE_M, MODULE_NOT_POSSIBLE,
     "Radio, router, high power"},
    {"MOD-A11", "6850050", 50, "PP", MODULE_BCDE, MODULE_NOT_POSSIBLE, "PLC S"},
    {"MOD-A12", "6850052", 52, "", MODULE_BCDE, MODULE_NOT_POSSIBLE, "Radio, router S"},
    {"MOD-A13", "6850053", 53, "", MODULE_BCDE | MODULE_L | MODULE_M, MODULE_BUILT,
     "GSM6i, GSM7i, GSM8i"},
    {"MOD-A14", "6850054", 54, "", MODULE_BCDE, MODULE_BUILT, "GSM6i/RF"},
    {"MOD-A15", "6850055", 55, "", MODULE_BCDE | MODULE_L | MODULE_M, MODULE_BUILT,
     "Pulse input/load control"},
    {"MOD-A16", "6850057", 57, "", MODULE_L | MODULE_M, MODULE_NOT_POSSIBLE, "LON, twisted pair"},
    {"MOD-A17", "6850058", 58, "", MODULE_L | MODULE_M, MODULE_BUILT, "Load control, 5 A"},
    {"MOD-A18", "6850061", 61, "", MODULE_L | MODULE_M, MODULE_NOT_POSSIBLE, "Z-Wave slave"},
    {"MOD-A19", "6850062", 62, "", MODULE_L | MODULE_M, MODULE_BUILT,
     "Connection for a secondary module"},
    {"MOD-A20", "6850064", 64, "", MODULE_L, MODULE_BUILT, "Wireless M-Bus"},
    {"MOD-A21", "6850068", 68, "", MODULE_M, MODULE_BUILT, "M-Bus, wired (M)"},
    {"MOD-A22", "6850069", 69, "", MODULE_L | MODULE_M, MODULE_BUILT, "Load control, 2 x 5 A"},
    {"MOD-A23", "6850072", 72, "", MODULE_M, MODULE_BUILT, "RS-485, multi-drop"},
    {"MOD-A24", "6850075", 75, "", MODULE_M, MODULE_BUILT, "Data/pulse, relay output (M)"},
    {"MOD-A25", "6850076", 76, "", MODULE_M, MODULE_BUILT,
     "Tariff, 4 tariffs, 230 V, current loop (M)"},
    {"MOD-A26", "6850078", 78, "", MODULE_M, MODULE_BUILT, "Tariff, 4 tariffs, 230 V (M)"},
    {"MOD-A27", "6840001", 0, "", MODULE_L | MODULE_M, MODULE_NOT_POSSIBLE,
     "Secondary: Z-Wave slave"},
};

const struct module_row *module_by_code(uint16_t code)
{
    for (unsigned i = 0; code != 0 && i < MODULE_ROWS; i++) {
        if (module_table[i].code == code) {
            return &module_table[i];
        }
    }
    return 0;
}

static uint32_t number_of(const char *digits)
{
    uint32_t number = 0;
    while (*digits != '\0') {
        number = number * 10u + (uint32_t)(*digits++ - '0');
    }
    return number;
}

const struct module_row *module_by_article(uint32_t article)
{
    for (unsigned i = 0; i < MODULE_ROWS; i++) {
        if (number_of(module_table[i].article) == article) {
            return &module_table[i];
        }
    }
    return 0;
}
