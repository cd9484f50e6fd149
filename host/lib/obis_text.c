#include "obis_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- text ---- */

/** Whole number 0..255 at text.  @return behind it, or NULL. */
static const char *take_group(const char *text, uint8_t *group)
{
    char *end = NULL;
    if (*text < '0' || *text > '9') {
        return NULL;
    }
    const unsigned long value = strtoul(text, &end, 10);
    *group = (uint8_t)value;
    return value <= 255 ? end : NULL;
}

/** Six numbers with points between them. */
static bool parse_points(const char *text, uint8_t obis[6])
{
    for (unsigned i = 0; i < 6; i++) {
        text = take_group(text, &obis[i]);
        if (text == NULL || *text != (i < 5 ? '.' : '\0')) {
            return false;
        }
        text++;
    }
    return true;
}

unsigned obis_parse(const char *text, uint8_t obis[6])
{
    static const char separators[] = "-:...";
    uint8_t taken[6] = {0, 0, 0, 0, 0, 255};
    unsigned group = strchr(text, ':') != NULL ? 0 : 2, named = 0;
    if (parse_points(text, taken)) {
        memcpy(obis, taken, sizeof taken);
        return 0x3F;
    }
    memset(taken, 0, 5);
    taken[5] = 255;
    for (; group < 6; group++) {
        text = take_group(text, &taken[group]);
        if (text == NULL) {
            return 0;
        }
        named |= 1u << group;
        if (*text == '\0') {
            break;
        }
        if (group == 5 || (*text != separators[group] && !(group == 4 && *text == '*'))) {
            return 0;
        }
        text++;
    }
    if (group < 4) {
        return 0;
    }
    memcpy(obis, taken, sizeof taken);
    return named;
}

void obis_text(const uint8_t obis[6], char text[OBIS_TEXT_MAX])
{
    snprintf(text, OBIS_TEXT_MAX, "%u-%u:%u.%u.%u.%u", obis[0], obis[1], obis[2], obis[3], obis[4],
             obis[5]);
}

bool obis_matches(const uint8_t obis[6], const uint8_t wanted[6], unsigned named)
{
    for (unsigned i = 0; i < 6; i++) {
        const bool compared = (named & (1u << i)) != 0 || i >= 2;
        if (compared && obis[i] != wanted[i]) {
            return false;
        }
    }
    return true;
}

/* ---- electricity: C says what, D how ---- */

enum quantity_kind { OTHER, ACTIVE, REACTIVE, APPARENT };

struct quantity {
    uint8_t c;
    uint8_t kind; /* enum quantity_kind: energy and power have different words */
    const char *name;
};

/* For the sum; the same in the phases are 20, 40 and 60 higher. */
static const struct quantity quantities[] = {
    {1, ACTIVE, "A+"},           {2, ACTIVE, "A-"},        {3, REACTIVE, "R+"},
    {4, REACTIVE, "R-"},         {5, REACTIVE, "QI"},      {6, REACTIVE, "QII"},
    {7, REACTIVE, "QIII"},       {8, REACTIVE, "QIV"},     {9, APPARENT, "S+"},
    {10, APPARENT, "S-"},        {11, OTHER, "Current"},   {12, OTHER, "Voltage"},
    {13, OTHER, "Power factor"}, {14, OTHER, "Frequency"}, {15, ACTIVE, "|A+|+|A-|"},
    {16, ACTIVE, "A+ - A-"},     {17, ACTIVE, "AI"},       {18, ACTIVE, "AII"},
    {19, ACTIVE, "AIII"},        {20, ACTIVE, "AIV"},
};

static const char *const kind_words[] = {"", "Active", "Reactive", "Apparent"};

/* Behind the quantity.  Energy: it is counted, not measured. */
static const struct {
    uint8_t d;
    bool energy;
    const char *name;
} manners[] = {
    {2, false, "cumulative maximum"},
    {3, false, "minimum"},
    {4, false, "current average"},
    {5, false, "last average"},
    {6, false, "maximum"},
    {7, false, ""},
    {8, true, ""},
    {9, true, "since last reset"},
    {10, true, "time integral 3"},
    {14, false, "current average 2"},
    {15, false, "last average 2"},
    {16, false, "maximum 2"},
    {23, false, "minimum 3"},
    {24, false, "mean of the interval"},
    {25, false, "last average 3"},
    {26, false, "maximum 3"},
    {29, true, "of the interval"},
    {31, false, "sag threshold"},
    {32, false, "number of sags"},
    {33, false, "duration of last sag"},
    {34, false, "magnitude of last sag"},
    {35, false, "swell threshold"},
    {36, false, "number of swells"},
    {37, false, "duration of last swell"},
    {38, false, "magnitude of last swell"},
    {39, false, "missing voltage threshold"},
    {40, false, "number of missing voltages"},
    {41, false, "duration of last missing voltage"},
    {42, false, "magnitude of last missing voltage"},
    {43, false, "sag time threshold"},
    {44, false, "swell time threshold"},
    {45, false, "missing voltage time threshold"},
    {55, false, "test average"},
    {58, true, "time integral 4"},
};

static const struct quantity *quantity_of(uint8_t c, unsigned *phase)
{
    *phase = c == 0 || c > 80 ? 0 : (c - 1u) / 20u;
    for (size_t i = 0; i < sizeof quantities / sizeof quantities[0]; i++) {
        if (c != 0 && c <= 80 && quantities[i].c == c - *phase * 20u) {
            return &quantities[i];
        }
    }
    return NULL;
}

/** Voltage L1 and its like; sums and angles that have no phase of their own. */
static const char *special_quantity(const uint8_t obis[6])
{
    switch (obis[2]) {
    case 81: return "Angle";
    case 82: return "Unitless quantity";
    case 83: return "Losses";
    case 90: return "Sum of currents";
    case 91: return "Current N";
    case 92: return "Voltage N";
    default: return NULL;
    }
}

/** "U L2 to U L1": E of C = 81 names both, IEC 62056-6-1 table 9. */
static void angle_name(uint8_t e, char *name, size_t n_name)
{
    static const char *const ends[] = {"U L1", "U L2", "U L3", "", "I L1", "I L2", "I L3", "I N"};
    const unsigned from = e % 10u, to = e / 10u;
    if (from < 8 && to < 8 && ends[from][0] != '\0' && ends[to][0] != '\0') {
        snprintf(name, n_name, "Angle %s to %s", ends[to], ends[from]);
    } else {
        snprintf(name, n_name, "Angle %u", e);
    }
}

static void append(char *name, size_t n_name, const char *separator, const char *what)
{
    const size_t at = strlen(name);
    if (what[0] != '\0' && at < n_name) {
        snprintf(name + at, n_name - at, "%s%s", separator, what);
    }
}

/** What group E adds: a tariff, a harmonic. */
static void append_e(const uint8_t obis[6], bool energy, char *name, size_t n_name)
{
    char text[24] = "";
    if (obis[4] == 0 || obis[2] == 81) {
        return;
    }
    if (obis[3] == 7 && obis[4] == 124) {
        snprintf(text, sizeof text, "THD");
    } else if (obis[3] == 7) {
        snprintf(text, sizeof text, "harmonic %u", obis[4]);
    } else if (energy || obis[3] == 6 || obis[3] == 2) {
        snprintf(text, sizeof text, "tariff %u", obis[4]);
    } else {
        snprintf(text, sizeof text, "%u", obis[4]);
    }
    append(name, n_name, ", ", text);
}

static void electric_name(const uint8_t obis[6], char *name, size_t n_name)
{
    unsigned phase = 0;
    const struct quantity *quantity = quantity_of(obis[2], &phase);
    const char *special = special_quantity(obis);
    size_t i = 0, n_manners = sizeof manners / sizeof manners[0];
    while (i < n_manners && manners[i].d != obis[3]) {
        i++;
    }
    if (i == n_manners || (quantity == NULL && special == NULL)) {
        return;
    }
    if (obis[2] == 81) {
        angle_name(obis[4], name, n_name);
    } else if (quantity == NULL) {
        snprintf(name, n_name, "%s", special);
    } else if (quantity->kind == OTHER) {
        snprintf(name, n_name, "%s", quantity->name);
    } else {
        snprintf(name, n_name, "%s %s %s", kind_words[quantity->kind],
                 manners[i].energy ? "energy" : "power", quantity->name);
    }
    if (phase > 0) {
        char text[8];
        snprintf(text, sizeof text, "L%u", phase);
        append(name, n_name, " ", text);
    }
    append(name, n_name, ", ", manners[i].name);
    append_e(obis, manners[i].energy, name, n_name);
}

/* ---- codes that are in a list ---- */

#define ANY 0xFFFFu

/* ANY: every value; it is put in the place of %u. */
static const struct {
    uint8_t a;
    uint16_t c, d, e;
    const char *name;
} listed[] = {
    {0, 0, 1, 0, "Billing period counter"},
    {0, 0, 1, 2, "Time of last billing reset"},
    {0, 0, 2, 0, "Active firmware"},
    {0, 1, 0, 0, "Clock"},
    {0, 2, 1, 0, "Auto connect"},
    {0, 2, 2, 0, "Auto answer"},
    {0, 10, 0, 0, "Script table: meter reset"},
    {0, 10, 0, 1, "Script table: billing reset"},
    {0, 10, 0, 100, "Script table: tariffs"},
    {0, 10, 0, 103, "Script table: output signals"},
    {0, 10, 0, 106, "Script table: disconnector"},
    {0, 10, 0, 107, "Script table: image activation"},
    {0, 10, 0, 108, "Script table: push"},
    {0, 10, ANY, ANY, "Script table %u"},
    {0, 11, 0, ANY, "Special days"},
    {0, 12, 0, ANY, "Schedule"},
    {0, 13, 0, ANY, "Activity calendar"},
    {0, 14, 0, ANY, "Register activation"},
    {0, 15, 0, 0, "Schedule: end of billing"},
    {0, 15, 0, 1, "Schedule: disconnector"},
    {0, 15, 0, 2, "Schedule: image activation"},
    {0, 15, 0, 4, "Schedule: push"},
    {0, 15, 0, ANY, "Single action schedule %u"},
    {0, 16, 0, ANY, "Register monitor %u"},
    {0, 16, 1, ANY, "Alarm monitor"},
    {0, 17, 0, ANY, "Limiter %u"},
    {0, 19, 0, ANY, "Account"},
    {0, 19, 10, ANY, "Credit %u"},
    {0, 19, 20, ANY, "Charge %u"},
    {0, 19, 40, ANY, "Token gateway"},
    {0, 20, 0, 0, "Optical port"},
    {0, 20, 0, 1, "Serial port"},
    {0, 22, 0, ANY, "HDLC set-up"},
    {0, 24, 1, ANY, "M-Bus client"},
    {0, 24, 2, ANY, "M-Bus value %u"},
    {0, 24, 3, ANY, "M-Bus profile %u"},
    {0, 24, 4, ANY, "M-Bus valve control"},
    {0, 24, 6, ANY, "M-Bus port"},
    {0, 25, 0, 0, "TCP-UDP set-up"},
    {0, 25, 1, 0, "IPv4 set-up"},
    {0, 25, 4, 0, "GPRS set-up"},
    {0, 25, 6, 0, "GSM diagnostic"},
    {0, 25, 7, 0, "IPv6 set-up"},
    {0, 25, 9, ANY, "Push set-up"},
    {0, 40, 0, 0, "Current association"},
    {0, 40, 0, ANY, "Association %u"},
    {0, 41, 0, 0, "Logical devices (SAP)"},
    {0, 42, 0, 0, "Logical device name"},
    {0, 43, 0, ANY, "Security set-up"},
    {0, 43, 1, ANY, "Invocation counter %u"},
    {0, 44, 0, ANY, "Image transfer"},
    {0, 44, 1, ANY, "Function control"},
    {0, 65, 0, ANY, "Utility table %u"},
    {0, 66, 0, ANY, "Compact data %u"},
    {0, 96, 1, 0, "Serial number"},
    {0, 96, 1, 1, "Equipment identifier"},
    {0, 96, 1, 10, "Metering point"},
    {0, 96, 1, ANY, "Identifier %u"},
    {0, 96, 2, 0, "Number of configuration changes"},
    {0, 96, 2, 1, "Date of last configuration change"},
    {0, 96, 3, 1, "Input signals"},
    {0, 96, 3, 2, "Output signals"},
    {0, 96, 3, 10, "Disconnector"},
    {0, 96, 4, ANY, "Load control state"},
    {0, 96, 5, ANY, "Operating status %u"},
    {0, 96, 6, 0, "Battery use time"},
    {0, 96, 6, 1, "Battery charge"},
    {0, 96, 6, 3, "Battery voltage"},
    {0, 96, 6, ANY, "Battery %u"},
    {0, 96, 7, 0, "Power failures, all phases"},
    {0, 96, 7, 9, "Long power failures, any phase"},
    {0, 96, 7, 19, "Duration of last long power failure"},
    {0, 96, 7, 20, "Threshold for long power failures"},
    {0, 96, 7, 21, "Power failures, any phase"},
    {0, 96, 7, ANY, "Power failures %u"},
    {0, 96, 8, 0, "Operating time"},
    {0, 96, 8, ANY, "Operating time, tariff %u"},
    {0, 96, 9, ANY, "Temperature"},
    {0, 96, 10, ANY, "Status word %u"},
    {0, 96, 11, ANY, "Event code %u"},
    {0, 96, 13, 0, "Consumer message"},
    {0, 96, 13, 1, "Consumer message code"},
    {0, 96, 14, ANY, "Active tariff"},
    {0, 96, 15, ANY, "Event counter %u"},
    {0, 96, 20, 0, "Meter open counter"},
    {0, 96, 20, 1, "Meter open, time"},
    {0, 96, 20, 5, "Terminal cover open counter"},
    {0, 96, 20, 6, "Terminal cover open, time"},
    {0, 96, 20, 15, "Strong magnetic field counter"},
    {0, 96, 20, 16, "Strong magnetic field, time"},
    {0, 97, 97, ANY, "Error register"},
    {0, 97, 98, 0, "Alarm register 1"},
    {0, 97, 98, 1, "Alarm register 2"},
    {0, 97, 98, 2, "Alarm register 3"},
    {0, 97, 98, 10, "Alarm filter 1"},
    {0, 97, 98, 11, "Alarm filter 2"},
    {0, 97, 98, 12, "Alarm filter 3"},
    {0, 97, 98, ANY, "Alarm %u"},
    {0, 98, 1, ANY, "Billing data"},
    {0, 98, 2, ANY, "Daily billing data"},
    {0, 99, 98, 0, "Event log"},
    {0, 99, 98, 1, "Fraud log"},
    {0, 99, 98, 2, "Disconnector log"},
    {0, 99, 98, 3, "M-Bus log"},
    {0, 99, 98, ANY, "Event log %u"},
    {1, 0, 0, ANY, "Customer number %u"},
    {1, 0, 1, 0, "Billing period counter"},
    {1, 0, 1, 2, "Time of last billing reset"},
    {1, 0, 2, 0, "Firmware"},
    {1, 0, 2, 8, "Firmware signature"},
    {1, 0, 2, 129, "Version of the pushed list"},
    {1, 0, 3, 0, "Meter constant, active"},
    {1, 0, 3, 3, "Meter constant, reactive"},
    {1, 0, 4, 2, "Current transformer ratio"},
    {1, 0, 4, 3, "Voltage transformer ratio"},
    {1, 0, 6, 0, "Nominal voltage"},
    {1, 0, 6, 1, "Nominal current"},
    {1, 0, 6, 2, "Nominal frequency"},
    {1, 0, 6, 3, "Maximum current"},
    {1, 0, 8, 0, "Demand period"},
    {1, 0, 8, 4, "Recording interval 1"},
    {1, 0, 8, 5, "Recording interval 2"},
    {1, 0, 9, 1, "Local time"},
    {1, 0, 9, 2, "Local date"},
    {1, 98, 1, ANY, "Billing data"},
    {1, 98, 2, ANY, "Daily billing data"},
    {1, 99, 1, ANY, "Load profile 1"},
    {1, 99, 2, ANY, "Load profile 2"},
    {1, 99, 14, ANY, "Voltage quality profile"},
    {1, 99, 97, ANY, "Power failure log"},
    {1, 99, 98, ANY, "Event log %u"},
};

static bool same(uint16_t listed_value, uint8_t value)
{
    return listed_value == ANY || listed_value == value;
}

static bool listed_name(const uint8_t obis[6], char *name, size_t n_name)
{
    for (size_t i = 0; i < sizeof listed / sizeof listed[0]; i++) {
        if (listed[i].a != obis[0] || !same(listed[i].c, obis[2]) || !same(listed[i].d, obis[3]) ||
            !same(listed[i].e, obis[4])) {
            continue;
        }
        const char *place = strstr(listed[i].name, "%u");
        snprintf(name, n_name, "%s", listed[i].name);
        if (place != NULL) {
            const int before = (int)(place - listed[i].name);
            snprintf(name, n_name, "%.*s%u%s", before, listed[i].name, obis[4], place + 2);
        }
        return true;
    }
    return false;
}

void obis_name(const uint8_t obis[6], char *name, size_t n_name)
{
    name[0] = '\0';
    if (!listed_name(obis, name, n_name) && obis[0] == 1) {
        electric_name(obis, name, n_name);
    }
    if (name[0] != '\0' && obis[5] < 100) {
        char text[32];
        snprintf(text, sizeof text, "billing period %u", obis[5]);
        append(name, n_name, ", ", text);
    }
}
