/* Order number and configurations: apart, together, checked. */
#include "order.h"

#include <string.h>

#define CONFIGURATION_DIGITS 8u
#define CONFIGURATION_MAX    99999999u
#define RADIO_SHORT_MAX      999u    /* configuration 5 of three digits */
#define RADIO_REST_BASE      100000u /* of eight: the first three are RRR */

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* X6: digits as CFG-T0, letters as VAR-A. */
static const struct order_hardware hardware_table[] = {
    {'1', false, false, false, 0},  {'2', true, true, false, 0},   {'3', true, false, false, 0},
    {'4', true, true, false, 'S'},  {'5', true, true, false, 'K'}, {'6', true, false, false, 'S'},
    {'7', true, false, false, 'K'}, {'B', true, true, true, 0},    {'C', true, false, true, 0},
    {'D', true, true, true, 'S'},   {'E', true, true, true, 'K'},  {'F', true, false, true, 'S'},
    {'G', true, false, true, 'K'},
};

/* ---- numbers and digits ---- */

static void digits_write(uint32_t number, unsigned n, char *out)
{
    for (unsigned i = n; i > 0; i--) {
        out[i - 1u] = (char)('0' + number % 10u);
        number /= 10u;
    }
    out[n] = '\0';
}

static uint32_t digits_read(const char *text)
{
    uint32_t number = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = number * 10u + (uint32_t)(*text - '0');
    }
    return number;
}

unsigned order_number_of(const struct order_codes *codes, enum order_field_id field)
{
    return digits_read(codes->code[field]);
}

bool order_split(const char *order, const uint32_t configuration[ORDER_CONFIGURATIONS],
                 struct order_codes *out)
{
    char parts[1 + ORDER_CONFIGURATIONS][ORDER_DIGITS + 1];
    if (strlen(order) != ORDER_DIGITS) {
        return false;
    }
    memcpy(parts[0], order, ORDER_DIGITS + 1u);
    for (unsigned i = 0; i < ORDER_CONFIGURATIONS; i++) {
        uint32_t number = configuration[i];
        if (number > CONFIGURATION_MAX) {
            return false;
        }
        bool is_short = i + 1u == ORDER_CONFIGURATIONS && number <= RADIO_SHORT_MAX;
        digits_write(number, is_short ? order_fields[ORDER_RADIO].digits : CONFIGURATION_DIGITS,
                     parts[1u + i]);
    }
    memset(out, 0, sizeof *out);
    for (unsigned i = 0; i < ORDER_FIELDS; i++) {
        const struct order_field *field = &order_fields[i];
        if (strlen(parts[field->part]) > field->at) {
            memcpy(out->code[i], parts[field->part] + field->at, field->digits);
        }
    }
    return true;
}

void order_join(const struct order_codes *codes, char order[ORDER_DIGITS + 1],
                uint32_t configuration[ORDER_CONFIGURATIONS])
{
    char parts[1 + ORDER_CONFIGURATIONS][ORDER_DIGITS + 1];
    memset(parts, 0, sizeof parts);
    for (unsigned i = 0; i < ORDER_FIELDS; i++) {
        const struct order_field *field = &order_fields[i];
        memcpy(parts[field->part] + field->at, codes->code[i], strlen(codes->code[i]));
    }
    memcpy(order, parts[0], ORDER_DIGITS + 1u);
    for (unsigned i = 0; i < ORDER_CONFIGURATIONS; i++) {
        configuration[i] = digits_read(parts[1u + i]);
    }
}

/* ---- codes ---- */

const struct order_hardware *order_hardware(const struct order_codes *codes)
{
    for (size_t i = 0; i < COUNT_OF(hardware_table); i++) {
        if (hardware_table[i].code == codes->code[ORDER_HARDWARE][0]) {
            return &hardware_table[i];
        }
    }
    return NULL;
}

/* An unknown generation hides no other fault. */
static unsigned fits_of(const struct order_codes *codes)
{
    static const char letters[] = "BCDELM";
    char letter = codes->code[ORDER_GENERATION][0];
    const char *at = letter != '\0' ? strchr(letters, letter) : NULL;
    return at != NULL ? 1u << (unsigned)(at - letters) : (unsigned)FITS_ALL;
}

static bool code_is(const struct order_code *row, const char *code)
{
    if (row->last == NULL) {
        return strcmp(row->first, code) == 0;
    }
    if (strlen(code) != strlen(row->first)) {
        return false;
    }
    for (const char *at = code; *at != '\0'; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
    }
    return strcmp(row->first, code) <= 0 && strcmp(code, row->last) <= 0;
}

static const struct order_code *row_find(unsigned fits, enum order_field_id field, const char *code)
{
    for (size_t i = 0; i < order_fields[field].n_codes; i++) {
        const struct order_code *row = &order_fields[field].codes[i];
        if ((row->fits & fits) != 0 && code_is(row, code)) {
            return row;
        }
    }
    return NULL;
}

const struct order_code *order_code_row(const struct order_codes *codes, enum order_field_id field)
{
    return row_find(fits_of(codes), field, codes->code[field]);
}

/* ---- rules (CFG-09): true when broken ---- */

static bool is_basic(const struct order_codes *codes)
{
    return (fits_of(codes) & FITS_BCDE) == fits_of(codes);
}

static bool is_zero(const struct order_codes *codes, enum order_field_id field)
{
    return order_number_of(codes, field) == 0;
}

static bool letter_has(const struct order_codes *codes, const char *letters)
{
    char letter = codes->code[ORDER_GENERATION][0];
    return letter != '\0' && strchr(letters, letter) != NULL;
}

static bool radio_without_letter(const struct order_codes *codes)
{
    const struct order_hardware *hardware = order_hardware(codes);
    return is_basic(codes) && hardware != NULL && hardware->radio != 0 && !letter_has(codes, "CE");
}

static bool letter_without_radio(const struct order_codes *codes)
{
    const struct order_hardware *hardware = order_hardware(codes);
    return hardware != NULL && hardware->radio == 0 && letter_has(codes, "CE");
}

static bool profile_without_radio(const struct order_codes *codes)
{
    const struct order_hardware *hardware = order_hardware(codes);
    return hardware != NULL && hardware->radio == 0 && !is_zero(codes, ORDER_RADIO);
}

static bool radio_without_profile(const struct order_codes *codes)
{
    const struct order_hardware *hardware = order_hardware(codes);
    return hardware != NULL && hardware->radio != 0 && is_zero(codes, ORDER_RADIO);
}

/* The last digit of RRR tells Senea (0 .. 2) from Kamstrup radio (6 .. 9). */
static bool profile_of_other_maker(const struct order_codes *codes)
{
    const struct order_hardware *hardware = order_hardware(codes);
    char maker = order_number_of(codes, ORDER_RADIO) % 10u <= 2u ? 'S' : 'K';
    return hardware != NULL && hardware->radio != 0 && !is_zero(codes, ORDER_RADIO) &&
           hardware->radio != maker;
}

static bool without_clock(const struct order_codes *codes, enum order_field_id field)
{
    const struct order_hardware *hardware = order_hardware(codes);
    return hardware != NULL && !hardware->rtc && !is_zero(codes, field);
}

static bool summer_without_clock(const struct order_codes *codes)
{
    return without_clock(codes, ORDER_SUMMER);
}

static bool tables_without_clock(const struct order_codes *codes)
{
    return without_clock(codes, ORDER_TARIFF_TABLE);
}

static bool setup_without_letter(const struct order_codes *codes)
{
    return is_basic(codes) && !is_zero(codes, ORDER_DISCONNECT) && !letter_has(codes, "DE");
}

static bool setup_without_breaker(const struct order_codes *codes)
{
    const struct order_hardware *hardware = order_hardware(codes);
    return !is_basic(codes) && hardware != NULL && !hardware->breaker &&
           !is_zero(codes, ORDER_DISCONNECT);
}

static bool without_tariffs(const struct order_codes *codes, enum order_field_id field)
{
    return codes->code[ORDER_TARIFF][0] == '1' && !is_zero(codes, field);
}

static bool tables_without_tariffs(const struct order_codes *codes)
{
    return without_tariffs(codes, ORDER_TARIFF_TABLE);
}

static bool peak_without_tariffs(const struct order_codes *codes)
{
    return without_tariffs(codes, ORDER_PEAK);
}

/* The key of the sister 162J has supercap builds only. */
static bool single_phase_with_battery(const struct order_codes *codes)
{
    const struct order_hardware *hardware = order_hardware(codes);
    return strcmp(codes->code[ORDER_PHASES], "6861") == 0 && hardware != NULL && hardware->battery;
}

static const struct order_rule {
    uint8_t field, against;
    bool made_only; /* real meters may show it */
    bool (*broken)(const struct order_codes *codes);
    const char *reason;
} rules[] = {
    {ORDER_HARDWARE, ORDER_GENERATION, false, radio_without_letter,
     "of B to E only C and E have a radio"},
    {ORDER_HARDWARE, ORDER_GENERATION, false, letter_without_radio, "C and E have a radio"},
    {ORDER_RADIO, ORDER_HARDWARE, false, profile_without_radio, "a radio profile needs a radio"},
    {ORDER_RADIO, ORDER_HARDWARE, false, radio_without_profile, "a radio needs a radio profile"},
    {ORDER_RADIO, ORDER_HARDWARE, false, profile_of_other_maker,
     "profile and radio must be of one maker, RF S or RF K"},
    {ORDER_SUMMER, ORDER_HARDWARE, false, summer_without_clock, "summer time needs a clock"},
    {ORDER_TARIFF_TABLE, ORDER_HARDWARE, false, tables_without_clock, "tariff tables need a clock"},
    {ORDER_DISCONNECT, ORDER_GENERATION, false, setup_without_letter,
     "a disconnect set-up needs a breaker, and of B to E only D and E have one"},
    {ORDER_DISCONNECT, ORDER_HARDWARE, false, setup_without_breaker,
     "a disconnect set-up needs a breaker"},
    {ORDER_TARIFF_TABLE, ORDER_TARIFF, false, tables_without_tariffs,
     "a meter without tariffs has no tariff tables"},
    {ORDER_PEAK, ORDER_TARIFF, false, peak_without_tariffs,
     "a meter without tariffs has no peak power of a tariff"},
    {ORDER_HARDWARE, ORDER_PHASES, true, single_phase_with_battery,
     "no published key has a single-phase meter with battery"},
};

/* ---- check ---- */

struct found {
    struct order_fault *faults;
    size_t max, n;
};

static void found_add(struct found *found, enum order_fault_kind kind, unsigned field,
                      unsigned against, const char *reason)
{
    if (found->n < found->max) {
        found->faults[found->n] = (struct order_fault){.kind = (uint8_t)kind,
                                                       .field = (uint8_t)field,
                                                       .against = (uint8_t)against,
                                                       .reason = reason};
    }
    found->n++;
}

static void check_codes(const struct order_codes *codes, bool made, struct found *found)
{
    for (unsigned field = 0; field < ORDER_FIELDS; field++) {
        const struct order_code *row = order_code_row(codes, (enum order_field_id)field);
        if (row == NULL) {
            found_add(found, ORDER_FAULT_CODE, field, field, "");
        } else if (made && (row->fits & FITS_READ_ONLY) != 0) {
            found_add(found, ORDER_FAULT_MADE, field, field, row->meaning);
        }
    }
}

size_t order_check(const struct order_codes *codes, bool made, struct order_fault *faults,
                   size_t n_faults)
{
    struct found found = {faults, n_faults, 0};
    check_codes(codes, made, &found);
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if ((made || !rules[i].made_only) && rules[i].broken(codes)) {
            found_add(&found, rules[i].made_only ? ORDER_FAULT_MADE : ORDER_FAULT_PAIR,
                      rules[i].field, rules[i].against, rules[i].reason);
        }
    }
    return found.n;
}

bool order_code_would_fit(const struct order_codes *codes, enum order_field_id field,
                          const char *code)
{
    struct order_codes changed = *codes;
    memset(changed.code[field], 0, sizeof changed.code[field]);
    if (strlen(code) > ORDER_CODE_MAX) {
        return false;
    }
    memcpy(changed.code[field], code, strlen(code));
    const struct order_code *row = order_code_row(&changed, field);
    if (row == NULL || (row->fits & FITS_READ_ONLY) != 0) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        const struct order_rule *rule = &rules[i];
        bool chosen =
            changed.code[rule->field][0] != '\0' && changed.code[rule->against][0] != '\0';
        if (chosen && (rule->field == field || rule->against == field) && rule->broken(&changed)) {
            return false;
        }
    }
    return true;
}
