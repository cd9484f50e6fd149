#include "source_link.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_TIMEOUT_MS 10000
#define NO_CHAMBER        (-241)
#define HEAD_NUMBERS      4u /* time, frequency, chamber, systems */
#define SYSTEM_NUMBERS    4u
#define NUMBERS_MAX       (HEAD_NUMBERS + SYSTEM_NUMBERS * SOURCE_SYSTEMS)

__attribute__((format(printf, 3, 4))) static enum host_err
fail(struct source_link *link, enum host_err err, const char *format, ...)
{
    char where[256], text[300];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    line_describe(&link->line, where, sizeof where);
    (void)snprintf(link->error, sizeof link->error, "source %s: %s", where, text);
    return err;
}

/** What the line says, without what it would check at a meter. */
static enum host_err fail_line(struct source_link *link, enum host_err err)
{
    const char *text = link->line.error;
    const char *end = strrchr(text, ';');
    (void)snprintf(link->error, sizeof link->error, "source %.*s; check that it runs there",
                   end != NULL ? (int)(end - text) : (int)strlen(text), text);
    return err;
}

/** ---- lines --------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static enum host_err tell(struct source_link *link,
                                                                const char *format, ...)
{
    char text[800];
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (n < 0 || (size_t)n >= sizeof text) {
        return fail(link, HOST_ERR_SPACE, "request too long");
    }
    return line_write(&link->line, text, (size_t)n) == HOST_OK ? HOST_OK
                                                               : fail_line(link, HOST_ERR_IO);
}

/** One line of answer, without its end. */
static enum host_err hear(struct source_link *link, char *answer)
{
    const int64_t end_ms = line_now_ms() + ANSWER_TIMEOUT_MS;
    for (;;) {
        char *end = memchr(link->in, '\n', link->n_in);
        if (end != NULL) {
            const size_t n = (size_t)(end - link->in);
            memcpy(answer, link->in, n);
            answer[n] = '\0';
            answer[strcspn(answer, "\r")] = '\0';
            link->n_in -= n + 1u;
            memmove(link->in, end + 1, link->n_in);
            return HOST_OK;
        }
        if (link->n_in >= SOURCE_ANSWER_MAX) {
            return fail(link, HOST_ERR_PROTOCOL, "an answer of more than %u bytes",
                        SOURCE_ANSWER_MAX);
        }
        const int64_t left_ms = end_ms - line_now_ms();
        if (left_ms <= 0) {
            return fail(link, HOST_ERR_SILENT,
                        "no answer within %d s; check that a reference source listens there",
                        ANSWER_TIMEOUT_MS / 1000);
        }
        const int n = line_read(&link->line, (uint8_t *)link->in + link->n_in,
                                SOURCE_ANSWER_MAX - link->n_in, left_ms);
        if (n < 0) {
            return fail_line(link, HOST_ERR_IO);
        }
        link->n_in += (size_t)n;
    }
}

/** Take an answer to SYST:ERR?. */
static enum host_err take_error(struct source_link *link, const char *answer, int *number)
{
    char *end = NULL;
    const long code = strtol(answer, &end, 10);
    *number = (int)code;
    if (end == answer || *end != ',') {
        return fail(link, HOST_ERR_PROTOCOL, "expected an error number, found '%.80s'", answer);
    }
    return code == 0 ? HOST_OK : fail(link, HOST_ERR_PROTOCOL, "it refuses: %.200s", answer);
}

/** Did it take everything so far? */
static enum host_err check(struct source_link *link, int *number)
{
    char answer[SOURCE_ANSWER_MAX + 1u];
    *number = 0;
    enum host_err err = tell(link, "SYST:ERR?\n");
    if (err == HOST_OK) {
        err = hear(link, answer);
    }
    return err == HOST_OK ? take_error(link, answer, number) : err;
}

/** A query that is refused has no answer: then the error's line comes first, with its quotes. */
static enum host_err ask(struct source_link *link, const char *query, char *answer)
{
    char status[SOURCE_ANSWER_MAX + 1u];
    int number;
    enum host_err err = tell(link, "%s\nSYST:ERR?\n", query);
    if (err == HOST_OK) {
        err = hear(link, answer);
    }
    if (err == HOST_OK && strchr(answer, '"') != NULL) {
        err = take_error(link, answer, &number);
        return err == HOST_OK ? fail(link, HOST_ERR_PROTOCOL, "no answer to %s", query) : err;
    }
    if (err == HOST_OK) {
        err = hear(link, status);
    }
    return err == HOST_OK ? take_error(link, status, &number) : err;
}

/** Numbers parted by commas, all of the line.  @return how many; 0: something else stands there. */
static size_t numbers(const char *text, double *out, size_t n_max)
{
    for (size_t n = 0; n < n_max;) {
        char *end = NULL;
        out[n] = strtod(text, &end);
        if (end == text || !isfinite(out[n]) || (*end != ',' && *end != '\0')) {
            return 0;
        }
        n++;
        if (*end == '\0') {
            return n;
        }
        text = end + 1;
    }
    return 0;
}

/** ---- connection ---------------------------------------------------------------------------- */

enum host_err source_link_url(struct source_link *link, const char *text, struct meter_url *url)
{
    char full[300], error[400];
    memset(link, 0, sizeof *link);
    link->line.fd = -1;
    const char *host = text + 4;
    if (strncmp(text, "tcp:", 4) == 0 && strncmp(host, "//", 2) == 0) {
        host += 2;
    }
    const int n =
        strncmp(text, "tcp:", 4) == 0 && strchr(host, ':') != NULL && strpbrk(host, "?/") == NULL
            ? snprintf(full, sizeof full, "kmp+tcp://%s", host)
            : -1;
    if (n < 0 || (size_t)n >= sizeof full ||
        meter_url_parse(full, url, error, sizeof error) != HOST_OK) {
        (void)snprintf(link->error, sizeof link->error,
                       "source '%.200s': expected tcp:HOST:PORT, port 1 to 65535", text);
        return HOST_ERR_URL;
    }
    return HOST_OK;
}

enum host_err source_link_open(struct source_link *link, const struct meter_url *url, FILE *trace)
{
    char answer[SOURCE_ANSWER_MAX + 1u];
    int number;
    if (line_open(&link->line, url, trace) != HOST_OK) {
        return fail_line(link, HOST_ERR_OPEN);
    }
    enum host_err err = tell(link, "*IDN?\n");
    if (err == HOST_OK) {
        err = hear(link, answer);
    }
    if (err == HOST_OK && strchr(answer, '"') != NULL) {
        err = take_error(link, answer, &number);
    }
    if (err == HOST_OK) {
        (void)snprintf(link->identity, sizeof link->identity, "%s", answer);
        err = tell(link, "*RST\n*CLS\n");
    }
    if (err == HOST_OK) {
        err = check(link, &number);
    }
    if (err != HOST_OK) {
        line_close(&link->line);
    }
    return err;
}

void source_link_close(struct source_link *link)
{
    if (link->line.fd >= 0) {
        (void)line_write(&link->line, "OUTP OFF\n", 9);
        line_close(&link->line);
    }
}

/** ---- requests ------------------------------------------------------------------------------ */

enum host_err source_link_signal(struct source_link *link, const struct source_signal *signal)
{
    int number;
    enum host_err err = tell(link, "FREQ %.9g\n", signal->frequency_hz);
    for (unsigned k = 0; k < SOURCE_SYSTEMS && err == HOST_OK; k++) {
        err = tell(link, "VOLT%u %.9g\nVOLT%u:PHAS %.9g\nCURR%u %.9g\nCURR%u:PHAS %.9g\n", k + 1u,
                   signal->voltage_v[k], k + 1u, signal->voltage_deg[k], k + 1u,
                   signal->current_a[k], k + 1u, signal->phi_deg[k]);
    }
    if (err == HOST_OK) {
        err = check(link, &number); /* what is refused never reaches the meter */
    }
    if (err == HOST_OK) {
        err = tell(link, "OUTP ON\n");
    }
    return err == HOST_OK ? check(link, &number) : err;
}

enum host_err source_link_chamber(struct source_link *link, double celsius, bool *has)
{
    int number = 0;
    enum host_err err = tell(link, "CHAM:TEMP %.9g\n", celsius);
    if (err == HOST_OK) {
        err = check(link, &number);
    }
    *has = number != NO_CHAMBER;
    return *has ? err : HOST_OK;
}

enum host_err source_link_measure(struct source_link *link, struct source_measured *out)
{
    char answer[SOURCE_ANSWER_MAX + 1u];
    double value[NUMBERS_MAX];
    const enum host_err err = ask(link, "MEAS?", answer);
    if (err != HOST_OK) {
        return err;
    }
    const size_t n = numbers(answer, value, NUMBERS_MAX);
    if (n < HEAD_NUMBERS + SYSTEM_NUMBERS || (n - HEAD_NUMBERS) % SYSTEM_NUMBERS != 0 ||
        value[3] != (double)((n - HEAD_NUMBERS) / SYSTEM_NUMBERS)) {
        return fail(link, HOST_ERR_PROTOCOL,
                    "MEAS?: expected 4 numbers and 4 a system, found "
                    "'%.120s'",
                    answer);
    }
    memset(out, 0, sizeof *out);
    out->time_s = value[0];
    out->frequency_hz = value[1];
    out->chamber_c = value[2];
    out->systems = (unsigned)((n - HEAD_NUMBERS) / SYSTEM_NUMBERS);
    for (unsigned s = 0; s < out->systems; s++) {
        const double *of = &value[HEAD_NUMBERS + s * SYSTEM_NUMBERS];
        out->system[s].voltage_v = of[0];
        out->system[s].voltage_deg = of[1];
        out->system[s].active_w = of[2];
        out->system[s].reactive_var = of[3];
    }
    return HOST_OK;
}

enum host_err source_link_time(struct source_link *link, double *time_s)
{
    char answer[SOURCE_ANSWER_MAX + 1u];
    const enum host_err err = ask(link, "MEAS:TIME?", answer);
    if (err == HOST_OK && numbers(answer, time_s, 1) != 1) {
        return fail(link, HOST_ERR_PROTOCOL, "MEAS:TIME?: expected seconds, found '%.80s'", answer);
    }
    return err;
}
