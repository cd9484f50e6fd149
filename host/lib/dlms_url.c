#include "dlms_url.h"

#include <stdlib.h>
#include <string.h>

#define PUBLIC_CLIENT 16u
#define NOT_NAMED     0u
/* A 382M keeps these three for its electricity meter, logical device 16. */
#define OWN_CLIENT_FIRST 18u
#define OWN_CLIENT_LAST  20u
#define OWN_SERVER       16u

/* "name" -> value, for the options that take a word. */
struct word {
    const char *name;
    uint8_t value;
};

static const struct word auths[] = {
    {"none", DLMS_AUTH_NONE},     {"lls", DLMS_AUTH_LLS},     {"hls", DLMS_AUTH_HLS},
    {"md5", DLMS_AUTH_MD5},       {"sha1", DLMS_AUTH_SHA1},   {"gmac", DLMS_AUTH_GMAC},
    {"sha256", DLMS_AUTH_SHA256}, {"ecdsa", DLMS_AUTH_ECDSA}, {"hls2", DLMS_AUTH_HLS},
    {"hls3", DLMS_AUTH_MD5},      {"hls4", DLMS_AUTH_SHA1},   {"hls5", DLMS_AUTH_GMAC},
    {"hls6", DLMS_AUTH_SHA256},   {"hls7", DLMS_AUTH_ECDSA},  {NULL, 0},
};
static const struct word protections[] = {
    {"none", DLMS_PROTECT_NONE},
    {"auth", DLMS_PROTECT_AUTH},
    {"encrypt", DLMS_PROTECT_ENCRYPT},
    {"both", DLMS_PROTECT_BOTH},
    {NULL, 0},
};
static const struct word switches[] = {{"0", 0}, {"1", 1}, {"off", 0}, {"on", 1}, {NULL, 0}};
static const struct word deviations[] = {{"none", 0}, {"real", 1}, {NULL, 0}};
static const struct word zones[] = {{"utc-local", 0}, {"local-utc", 1}, {NULL, 0}};
static const struct word orders[] = {{"oldest", 0}, {"newest", 1}, {NULL, 0}};
static const struct word asking[] = {{"one", 1}, {"lists", 0}, {NULL, 0}};
static const struct word sizes[] = {{"1", 1}, {"2", 2}, {"4", 4}, {NULL, 0}};

static bool take_word(const struct word *words, const char *text, uint8_t *value)
{
    for (; words->name != NULL; words++) {
        if (strcmp(words->name, text) == 0) {
            *value = words->value;
            return true;
        }
    }
    return false;
}

static bool take_flag(const struct word *words, const char *text, bool *flag)
{
    uint8_t value = 0;
    const bool good = take_word(words, text, &value);
    *flag = good ? value != 0 : *flag;
    return good;
}

static bool take_number(const char *text, unsigned long highest, unsigned long *number)
{
    char *end = NULL;
    if (*text < '0' || *text > '9') {
        return false;
    }
    *number = strtoul(text, &end, 10);
    return *end == '\0' && *number <= highest;
}

static bool take_u16(const char *text, uint16_t lowest, uint16_t *value)
{
    unsigned long number = 0;
    const bool good = take_number(text, UINT16_MAX, &number) && number >= lowest;
    *value = good ? (uint16_t)number : *value;
    return good;
}

/** Sixteen hex digits. */
static bool take_title(struct dlms_url *url, const char *text)
{
    if (strlen(text) != 16 || strspn(text, "0123456789abcdefABCDEF") != 16) {
        return false;
    }
    for (unsigned i = 0; i < 8; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        url->title[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    url->has_title = true;
    return true;
}

static bool take_counter(struct dlms_url *url, const char *text)
{
    unsigned long number = 0;
    url->has_counter = take_number(text, UINT32_MAX, &number);
    url->counter = (uint32_t)number;
    return url->has_counter;
}

static bool take_suite(struct dlms_url *url, const char *text)
{
    unsigned long number = 0;
    const bool good = take_number(text, 2, &number);
    url->suite = (uint8_t)number;
    url->has_suite = good;
    return good;
}

struct dlms_url dlms_url_default(void)
{
    return (struct dlms_url){.client = PUBLIC_CLIENT,
                             .server = NOT_NAMED,
                             .auth = DLMS_AUTH_BY_KEYS,
                             .protect = DLMS_PROTECT_BY_AUTH};
}

void dlms_url_complete(struct dlms_url *url)
{
    const bool own = url->client >= OWN_CLIENT_FIRST && url->client <= OWN_CLIENT_LAST;
    if (url->server == NOT_NAMED) {
        url->server = own ? OWN_SERVER : 1u;
    }
    if (!url->has_order) {
        url->newest_first = own;
    }
}

/* One row an option: what takes it, and what it wants. */
enum option {
    CLIENT,
    SERVER,
    ADDRESS,
    ADDRESS_SIZE,
    AUTH,
    PROTECT,
    SUITE,
    GENERAL,
    DEDICATED,
    TITLE,
    COUNTER,
    PDU,
    MODE_E,
    DEVIATION,
    ZONE,
    ROWS,
    ASK,
    BLOCKS,
    OPTIONS
};

static const struct {
    const char *name, *expected;
} options[OPTIONS] = {
    [CLIENT] = {"client", "client=1 ... 65535"},
    [SERVER] = {"server", "server=1 ... 65535"},
    [ADDRESS] = {"address", "address=0 ... 16383"},
    [ADDRESS_SIZE] = {"address-size", "address-size=1, 2 or 4"},
    [AUTH] = {"auth", "auth=none, lls, hls2, md5, sha1, gmac, sha256 or ecdsa"},
    [PROTECT] = {"protect", "protect=none, auth, encrypt or both"},
    [SUITE] = {"suite", "suite=0, 1 or 2"},
    [GENERAL] = {"general", "general=0 or 1"},
    [DEDICATED] = {"dedicated", "dedicated=0 or 1"},
    [TITLE] = {"title", "title= and 16 hex digits"},
    [COUNTER] = {"ic", "ic=0 ... 4294967295"},
    [PDU] = {"pdu", "pdu=64 ... 65535"},
    [MODE_E] = {"mode-e", "mode-e=0 or 1"},
    [DEVIATION] = {"deviation", "deviation=none or real"},
    [ZONE] = {"zone", "zone=utc-local or local-utc"},
    [ROWS] = {"rows", "rows=oldest or newest"},
    [ASK] = {"ask", "ask=lists or one"},
    [BLOCKS] = {"gbt", "gbt=0 or 1"},
};

static bool take(struct dlms_url *url, enum option option, const char *value)
{
    switch (option) {
    case CLIENT: return take_u16(value, 1, &url->client);
    case SERVER: return take_u16(value, 1, &url->server);
    case ADDRESS: return take_u16(value, 0, &url->address) && url->address <= 0x3FFF;
    case ADDRESS_SIZE: return take_word(sizes, value, &url->address_bytes);
    case AUTH: return take_word(auths, value, &url->auth);
    case PROTECT: return take_word(protections, value, &url->protect);
    case SUITE: return take_suite(url, value);
    case GENERAL: return take_flag(switches, value, &url->general);
    case DEDICATED: return take_flag(switches, value, &url->dedicated);
    case TITLE: return take_title(url, value);
    case COUNTER: return take_counter(url, value);
    case PDU: return take_u16(value, 64, &url->max_pdu);
    case MODE_E: return take_flag(switches, value, &url->mode_e);
    case DEVIATION: return take_flag(deviations, value, &url->real_deviation);
    case ZONE: return take_flag(zones, value, &url->zone_reversed);
    case ROWS: url->has_order = true; return take_flag(orders, value, &url->newest_first);
    case ASK: return take_flag(asking, value, &url->no_lists);
    case BLOCKS: return take_flag(switches, value, &url->blocks);
    case OPTIONS: break;
    }
    return false;
}

const char *dlms_url_option(struct dlms_url *url, const char *name, const char *value)
{
    for (unsigned i = 0; i < OPTIONS; i++) {
        if (strcmp(options[i].name, name) == 0) {
            return take(url, (enum option)i, value) ? NULL : options[i].expected;
        }
    }
    return "client=, server=, auth=, protect=, suite=, general=, dedicated=, title=, ic=, pdu=, "
           "address=, address-size=, baud=, mode-e=, deviation=, zone=, rows=, ask= or gbt=";
}
