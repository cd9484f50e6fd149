#include "meter_url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PORT "3820"
#define MBUS_PORT    "10001"
#define DLMS_PORT    "4059" /* IEC 62056-47, registered with IANA */

static const struct {
    const char *prefix;
    enum meter_protocol protocol;
    bool tcp, udp, hdlc;
    uint32_t baud;
    bool listens, tls;
} schemes[] = {
    {"kmp+tcp://", METER_KMP, true, false, false, 9600, false, false},
    {"iec+tcp://", METER_IEC, true, false, false, 300, false, false},
    {"dlms+udp://", METER_DLMS, true, true, false, 9600, false, false},
    {"dlms+tcp://", METER_DLMS, true, false, false, 9600, false, false},
    {"dlms://", METER_DLMS, true, false, false, 9600, false, false},
    {"hdlc+tcp://", METER_DLMS, true, false, true, 9600, false, false},
    {"dlms-hdlc:", METER_DLMS, false, false, true, 9600, false, false},
    {"mbus+tcp://", METER_MBUS, true, false, false, 2400, false, false},
    {"mbus:", METER_MBUS, false, false, false, 2400, false, false},
    {"kmp:", METER_KMP, false, false, false, 9600, false, false},
    {"iec:", METER_IEC, false, false, false, 300, false, false},
    {"kmp+listen://", METER_KMP, true, false, false, 9600, true, false},
    {"iec+listen://", METER_IEC, true, false, false, 300, true, false},
    {"dlms+listen://", METER_DLMS, true, false, false, 9600, true, false},
    {"hdlc+listen://", METER_DLMS, true, false, true, 9600, true, false},
    {"kmp+tls://", METER_KMP, true, false, false, 9600, false, true},
    {"iec+tls://", METER_IEC, true, false, false, 300, false, true},
    {"dlms+tls://", METER_DLMS, true, false, false, 9600, false, true},
    {"hdlc+tls://", METER_DLMS, true, false, true, 9600, false, true},
};

static const uint32_t bauds[] = {300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};

/** One of the speeds that a port can be set to, or 0. */
static uint32_t parse_baud(const char *text)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    for (size_t i = 0; *text != '\0' && *end == '\0' && i < sizeof bauds / sizeof bauds[0]; i++) {
        if (bauds[i] == value) {
            return bauds[i];
        }
    }
    return 0;
}

static enum host_err refuse(char *error, size_t n_error, const char *url, const char *what,
                            const char *expected)
{
    snprintf(error, n_error, "meter address '%s': %s; expected %s", url, what, expected);
    return HOST_ERR_URL;
}

/** @return 1: it names none of TLS's files; 0; -1: too long */
static int take_file(struct meter_url *url, const char *name, const char *value)
{
    char *file = strcmp(name, "ca") == 0     ? url->ca
                 : strcmp(name, "cert") == 0 ? url->cert
                 : strcmp(name, "key") == 0  ? url->key
                                             : NULL;
    if (!url->tls || file == NULL) {
        return 1;
    }
    snprintf(file, METER_URL_FILE_MAX, "%s", value);
    return value[0] != '\0' && strlen(value) < METER_URL_FILE_MAX ? 0 : -1;
}

/** "name=value"; options of another protocol are refused rather than ignored. */
static const char *take_option(struct meter_url *url, const char *name, const char *value)
{
    const int file = take_file(url, name, value);
    if (file <= 0) {
        return file == 0 ? NULL : "ca=FILE, cert=FILE, key=FILE";
    }
    if (strcmp(name, "baud") == 0 && (!url->tcp || url->protocol == METER_MBUS)) {
        url->baud = parse_baud(value);
        return url->baud != 0 ? NULL : "baud=300, 600, 1200, 2400, 4800, 9600 ... 115200";
    }
    if (url->protocol == METER_DLMS) {
        return dlms_url_option(&url->dlms, name, value);
    }
    if (strcmp(name, "speed") == 0 && url->protocol == METER_IEC) {
        url->speed = parse_baud(value);
        return url->speed != 0 && url->speed <= 9600 ? NULL : "speed=300 ... 9600";
    }
    if (strcmp(name, "address") == 0 && url->protocol == METER_IEC) {
        snprintf(url->address, sizeof url->address, "%s", value);
        return strlen(value) < sizeof url->address ? NULL : "an address of up to 32 characters";
    }
    return url->protocol == METER_IEC ? "baud=, speed= or address=" : "baud= (serial ports only)";
}

/** @return NULL, or what was expected. */
static const char *take_options(struct meter_url *url, char *options)
{
    char *rest = NULL;
    for (char *name = strtok_r(options, "&", &rest); name != NULL;
         name = strtok_r(NULL, "&", &rest)) {
        char *equals = strchr(name, '=');
        if (equals == NULL) {
            return "options of the form name=value";
        }
        *equals = '\0';
        const char *expected = take_option(url, name, equals + 1);
        if (expected != NULL) {
            return expected;
        }
    }
    return NULL;
}

/** "HOST", "HOST:PORT", "[IPV6]:PORT". */
static bool take_host(struct meter_url *url, char *host)
{
    char *colon = strrchr(host, ':');
    char *bracket = strchr(host, ']');
    if (colon != NULL && (bracket == NULL || colon > bracket)) {
        char *end = NULL;
        unsigned long port = strtoul(colon + 1, &end, 10);
        if (colon[1] == '\0' || *end != '\0' || port < 1 || port > 65535) {
            return false;
        }
        snprintf(url->port, sizeof url->port, "%lu", port);
        *colon = '\0';
    }
    if (host[0] == '[' && bracket != NULL) {
        *bracket = '\0';
        host++;
    }
    snprintf(url->path, sizeof url->path, "%.199s", host);
    return host[0] != '\0';
}

/** All that follows from the beginning.  @return what stands behind it, or NULL: none of ours. */
static const char *take_scheme(struct meter_url *url, const char *text)
{
    size_t i = 0, n_schemes = sizeof schemes / sizeof schemes[0];
    while (i < n_schemes && strncmp(text, schemes[i].prefix, strlen(schemes[i].prefix)) != 0) {
        i++;
    }
    if (i == n_schemes) {
        return NULL;
    }
    url->protocol = schemes[i].protocol;
    url->tcp = schemes[i].tcp;
    url->udp = schemes[i].udp;
    url->listens = schemes[i].listens;
    url->hdlc = schemes[i].hdlc;
    url->tls = schemes[i].tls;
    url->baud = schemes[i].baud;
    url->dlms = dlms_url_default();
    snprintf(url->port, sizeof url->port, "%s",
             url->protocol == METER_DLMS   ? DLMS_PORT
             : url->protocol == METER_MBUS ? MBUS_PORT
                                           : DEFAULT_PORT);
    return text + strlen(schemes[i].prefix);
}

enum host_err meter_url_parse(const char *text, struct meter_url *url, char *error, size_t n_error)
{
    struct meter_url taken = {.path = ""};
    char rest[sizeof taken.path + 3 * METER_URL_FILE_MAX];
    const char *after = take_scheme(&taken, text);
    if (after == NULL) {
        return refuse(error, n_error, text, "unknown kind",
                      "kmp:/dev/ttyUSB0, kmp+tcp://HOST:PORT, iec:/dev/ttyUSB0, "
                      "iec+tcp://HOST:PORT, dlms://HOST, dlms-hdlc:/dev/ttyUSB0 or "
                      "hdlc+tcp://HOST:PORT");
    }
    if (strcspn(after, "?") >= sizeof taken.path || strlen(after) >= sizeof rest) {
        return refuse(error, n_error, "...", "too long", "less than 200 characters");
    }
    snprintf(rest, sizeof rest, "%s", after);
    char *options = strchr(rest, '?');
    if (options != NULL) {
        *options++ = '\0';
        const char *expected = take_options(&taken, options);
        if (expected != NULL) {
            return refuse(error, n_error, text, "option not understood", expected);
        }
    }
    if (taken.tcp && !take_host(&taken, rest)) {
        return refuse(error, n_error, text, "no such host and port", "HOST:PORT, port 1 to 65535");
    }
    if (!taken.tcp) {
        snprintf(taken.path, sizeof taken.path, "%.199s", rest);
    }
    if ((taken.cert[0] != '\0') != (taken.key[0] != '\0')) {
        return refuse(error, n_error, text, "one without the other", "cert=FILE and key=FILE");
    }
    dlms_url_complete(&taken.dlms);
    if (taken.path[0] == '\0') {
        return refuse(error, n_error, text, "no port", "a path like /dev/ttyUSB0");
    }
    *url = taken;
    return HOST_OK;
}
