/* metertool listen wmbus: what radio meters tell, from the bits of a simulated medium or from the
 * samples of a software radio. */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../proto/mbus/mbus_text.h"
#include "../lib/radio_demodulator.h"
#include "../lib/radio_samples.h"
#include "decode.h"

#define LATE_US     5000 /* a burst's datagram may come so late */
#define FILTERS_MAX 8u
#define WORD_MAX    32u
#define PAIRS       4096u /* of samples at a time */

/* One that listens: large, and there is one. */
struct listener {
    const struct tool *tool;
    struct radio_medium medium;
    struct radio_channel channel;
    struct radio_reception reception;
    struct wmbus_receiver receiver;
    struct radio_demodulator demodulator;
    double level; /* of the telegram that is shown, dBm; of samples dBFS */
    const char *unit;
    struct radio_decoder decoder;
    struct key_file keys;
    struct radio_samples samples;
    FILE *file; /* of samples; NULL: none */
    char filter[FILTERS_MAX][WORD_MAX];
    size_t n_filters;
    long n_shown;
    bool failed; /* the samples could not be written */
};

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

/* ---- who is wanted ---- */

static bool take_filters(struct listener *listener, const char *text)
{
    while (text != NULL && *text != '\0') {
        const size_t n = strcspn(text, ",");
        if (n == 0 || n >= WORD_MAX || listener->n_filters == FILTERS_MAX) {
            tool_complain("--filter: expected up to %u of maker (KAM), number (32666857, F: any "
                          "digit) and medium (gas), joined by commas, found '%s'",
                          FILTERS_MAX, text);
            return false;
        }
        memcpy(listener->filter[listener->n_filters++], text, n);
        text += n + (text[n] == ',');
    }
    return true;
}

/* Eight digits, F or f for any. */
static bool is_number(const char *word)
{
    return strlen(word) == 8 && strspn(word, "0123456789Ff") == 8;
}

static bool fits(const char *word, const struct mbus_identity *sender)
{
    char maker[4], number[16];
    if (!is_number(word)) {
        mbus_manufacturer_text(sender->manufacturer, maker);
        return strcmp(word, maker) == 0 || strcmp(word, mbus_medium_text(sender->medium)) == 0;
    }
    (void)snprintf(number, sizeof number, "%08lX", (unsigned long)sender->id_raw);
    for (size_t i = 0; i < 8; i++) {
        if (toupper((unsigned char)word[i]) != 'F' && word[i] != number[i]) {
            return false;
        }
    }
    return true;
}

static bool is_wanted(const struct listener *listener, const struct mbus_identity *sender)
{
    for (size_t i = 0; i < listener->n_filters; i++) {
        if (!fits(listener->filter[i], sender)) {
            return false;
        }
    }
    return true;
}

/* ---- what came ---- */

static void now_text(char text[32])
{
    const time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(text, 32, "%Y-%m-%d %H:%M:%S", &local);
}

static const char *mode_text(const struct wmbus_heard *heard)
{
    return heard->mode == WMBUS_T1 ? "T1" : "C1";
}

static char format_letter(const struct wmbus_heard *heard)
{
    return heard->format == WMBUS_FORMAT_A ? 'A' : 'B';
}

static void print_hex(const uint8_t *octets, size_t n_octets, const char *head)
{
    fputs(head, stdout);
    for (size_t i = 0; i < n_octets; i++) {
        printf("%02X", octets[i]);
    }
    putchar('\n');
}

/* The chips from the preamble on, without what noise had changed: a telegram came whole. */
static void print_chips(const struct wmbus_heard *heard)
{
    uint8_t chips[WMBUS_CHIPS_OCTETS];
    char head[16];
    size_t n_chips;
    if (wmbus_chips(heard->mode, heard->format, heard->octets, heard->n_octets, chips, &n_chips) ==
        MBUS_OK) {
        (void)snprintf(head, sizeof head, "{%zu}", n_chips);
        print_hex(chips, (n_chips + 7u) / 8u, head);
    }
}

static void print_json(const struct listener *listener, const struct wmbus_heard *heard,
                       struct radio_telegram *telegram, int result)
{
    static char text[MBUS_JSON_MAX];
    char now[32], error[RADIO_ERROR_MAX];
    struct writer w = writer_over(text, sizeof text - 1);
    now_text(now);
    printf("{\"received\":\"%s\",\"mode\":\"%s\",\"format\":\"%c\",\"%s\":%.0f,", now,
           mode_text(heard), format_letter(heard),
           strcmp(listener->unit, "dBm") == 0 ? "rssi_dbm" : "level_dbfs", listener->level);
    if (result != MBUS_OK) {
        radio_error_text(telegram, result, error, sizeof error);
        const char *why = telegram->wants_key           ? "no key"
                          : result == WMBUS_ERR_COMPACT ? "compact frame of an unknown format"
                                                        : wmbus_err_text(result);
        printf("\"error\":\"%s\",", why);
    }
    (void)radio_json(&w, telegram);
    *w.at = '\0';
    printf("%s}\n", text);
}

static void print_text(const struct listener *listener, const struct wmbus_heard *heard,
                       struct radio_telegram *telegram, int result)
{
    char now[32], error[RADIO_ERROR_MAX];
    now_text(now);
    printf("%s  %s %c  %.0f %s  ", now, mode_text(heard), format_letter(heard), listener->level,
           listener->unit);
    radio_print_head(telegram);
    putchar('\n');
    if (result != MBUS_OK) {
        radio_error_text(telegram, result, error, sizeof error);
        printf("  %s\n", error);
        return;
    }
    (void)decode_records(listener->tool, &telegram->records);
}

static void take(void *context, const struct wmbus_heard *heard)
{
    struct listener *listener = context;
    const struct tool_options *options = &listener->tool->options;
    struct radio_telegram telegram;
    uint8_t octets[WMBUS_TELEGRAM_MAX];
    memcpy(octets, heard->octets, heard->n_octets);
    const int result = radio_decoder_open(&listener->decoder, octets, heard->n_octets, &telegram);
    if (!is_wanted(listener, telegram.sender)) {
        return;
    }
    listener->n_shown++;
    if (options->hex) {
        print_hex(heard->octets, heard->n_octets, "");
    } else if (options->rtl433) {
        print_chips(heard);
    } else if (options->format == FORMAT_JSON) {
        print_json(listener, heard, &telegram, result);
    } else {
        print_text(listener, heard, &telegram, result);
    }
    (void)fflush(stdout);
}

/* ---- listening ---- */

/* @return true: one was given out */
static bool take_next(struct listener *listener, int64_t *next_us)
{
    if (!radio_channel_next(&listener->channel, radio_now_us() - LATE_US, &listener->reception,
                            next_us)) {
        return false;
    }
    if (listener->file != NULL && !radio_samples_write(&listener->samples, &listener->reception,
                                                       listener->channel.setup.noise_dbm)) {
        listener->failed = true;
    }
    wmbus_receiver_init(&listener->receiver);
    listener->level = listener->reception.rssi_dbm;
    radio_reception_hear(&listener->reception, &listener->receiver, take, listener);
    if (listener->tool->options.verbose && listener->receiver.n_telegrams == 0) {
        (void)fprintf(stderr, "%.0f dBm: %s%s\n", listener->reception.rssi_dbm,
                      listener->receiver.n_bad > 0 ? "a frame that is damaged" : "no frame",
                      listener->reception.overlapped ? ", overlapped by another" : "");
    }
    return true;
}

static enum tool_exit listen_on(struct listener *listener)
{
    const struct tool_options *options = &listener->tool->options;
    const int64_t begun_us = radio_now_us();
    const int64_t until_us =
        options->timeout_ms >= 0 ? begun_us + options->timeout_ms * 1000 : INT64_MAX;
    struct radio_burst burst;
    while (!stopped && !listener->failed &&
           (options->count == 0 || listener->n_shown < options->count)) {
        int64_t next_us = INT64_MAX;
        if (take_next(listener, &next_us)) {
            continue;
        }
        const int64_t now_us = radio_now_us();
        if (now_us >= until_us) {
            break;
        }
        next_us = next_us < INT64_MAX ? next_us + LATE_US : until_us;
        next_us = next_us < until_us ? next_us : until_us;
        const int64_t wait_ms = next_us == INT64_MAX ? -1 : (next_us - now_us) / 1000 + 1;
        struct pollfd poll_fd = {.fd = listener->medium.fd, .events = POLLIN};
        (void)poll(&poll_fd, 1, wait_ms > 60000 ? 60000 : (int)wait_ms);
        while (radio_medium_hear(&listener->medium, &burst)) {
            radio_channel_burst(&listener->channel, &burst);
        }
    }
    if (options->verbose) {
        (void)fprintf(stderr, "%lu bursts, %lu lost, %lu overlapped, %ld telegrams shown\n",
                      listener->channel.n_bursts, listener->channel.n_lost,
                      listener->channel.n_overlapped, listener->n_shown);
    }
    if (listener->failed) {
        tool_complain("--samples %s: %s", options->samples, strerror(errno));
        return EXIT_METER;
    }
    return listener->n_shown > 0 ? EXIT_GOOD : EXIT_METER;
}

static bool read_keys(struct listener *listener)
{
    char error[KEY_FILE_ERROR_MAX];
    if (key_file_read(&listener->keys, listener->tool->options.keys, error) != HOST_OK) {
        tool_complain("%s", error);
        return false;
    }
    radio_decoder_init(&listener->decoder, &listener->keys);
    return true;
}

/* "udp:239.3.8.2:3820,loss=0.1,seed=7" */
static bool take_medium(const char *text, struct radio_address *address,
                        struct radio_channel_setup *setup)
{
    char copy[256], error[RADIO_MEDIUM_ERROR_MAX], *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", text);
    const char *medium = strtok_r(copy, ",", &rest), *member;
    *setup = radio_channel_usual;
    if (radio_address_parse(medium != NULL ? medium : "", address, error) != HOST_OK) {
        tool_complain("%s", error);
        return false;
    }
    while ((member = strtok_r(NULL, ",", &rest)) != NULL) {
        if (!radio_channel_take(setup, member)) {
            tool_complain("'%s' of the medium: expected loss=0..1, errors=0..0.5, noise=DBM, "
                          "capture=DB or seed=N",
                          member);
            return false;
        }
    }
    return true;
}

static enum tool_exit open_and_listen(struct listener *listener,
                                      const struct radio_address *address)
{
    const struct tool_options *options = &listener->tool->options;
    char error[RADIO_MEDIUM_ERROR_MAX];
    if (!read_keys(listener)) {
        return EXIT_USAGE;
    }
    if (options->samples != NULL) {
        listener->file = fopen(options->samples, "wb");
        if (listener->file == NULL) {
            tool_complain("--samples %s: %s", options->samples, strerror(errno));
            return EXIT_USAGE;
        }
        radio_samples_init(&listener->samples, listener->file);
    }
    if (radio_medium_open(&listener->medium, address, true, error) != HOST_OK) {
        tool_complain("%s", error);
        return EXIT_METER;
    }
    (void)fputs("listening\n", stderr);
    return listen_on(listener);
}

/* ---- samples ---- */

/* "cu8:FILE,rate=1200000"; - : standard input.  @return NULL, after a complaint: not to be read */
static FILE *open_samples(const char *text, unsigned *rate)
{
    char path[256], *end = NULL;
    const size_t n = strcspn(text, ",");
    const char *option = text[n] == ',' ? text + n + 1 : "rate=1200000";
    const unsigned long number =
        strncmp(option, "rate=", 5) == 0 ? strtoul(option + 5, &end, 10) : 0;
    if (n == 0 || n >= sizeof path || end == NULL || *end != '\0' || number < RADIO_RATE_MIN ||
        number > RADIO_RATE_MAX) {
        tool_complain("cu8:%s: expected cu8:FILE or cu8:- and ,rate=%u to %u samples a second",
                      text, RADIO_RATE_MIN, RADIO_RATE_MAX);
        return NULL;
    }
    memcpy(path, text, n);
    path[n] = '\0';
    *rate = (unsigned)number;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (file == NULL) {
        tool_complain("cu8:%s: %s", path, strerror(errno));
    }
    return file;
}

static void take_demodulated(void *context, const struct wmbus_heard *heard, double level_dbfs)
{
    struct listener *listener = context;
    const long count = listener->tool->options.count;
    listener->level = level_dbfs;
    if (count == 0 || listener->n_shown < count) {
        take(listener, heard);
    }
}

static enum tool_exit listen_to_samples(struct listener *listener, const char *text)
{
    const long count = listener->tool->options.count;
    uint8_t pairs[2u * PAIRS];
    unsigned rate = 0;
    size_t n;
    FILE *file = open_samples(text, &rate);
    if (file == NULL || !read_keys(listener)) {
        return EXIT_USAGE;
    }
    listener->unit = "dBFS";
    radio_demodulator_init(&listener->demodulator, rate);
    while (!stopped && (count == 0 || listener->n_shown < count) &&
           (n = fread(pairs, 2, PAIRS, file)) > 0) {
        radio_demodulator_hear(&listener->demodulator, pairs, n, take_demodulated, listener);
    }
    const bool good = stopped != 0 || ferror(file) == 0;
    if (!good) {
        tool_complain("cu8:%s: %s", text, strerror(errno));
    }
    if (file != stdin) {
        (void)fclose(file);
    }
    return good && listener->n_shown > 0 ? EXIT_GOOD : EXIT_METER;
}

/* ---- the command ---- */

static enum tool_exit listen_to_medium(struct listener *listener, const char *text)
{
    const struct tool_options *options = &listener->tool->options;
    struct radio_address address;
    struct radio_channel_setup setup;
    if (!take_medium(text, &address, &setup)) {
        return EXIT_USAGE;
    }
    listener->unit = "dBm";
    radio_channel_init(&listener->channel, &setup);
    enum tool_exit done = open_and_listen(listener, &address);
    radio_medium_close(&listener->medium);
    if (listener->file != NULL && fclose(listener->file) != 0 && done == EXIT_GOOD) {
        tool_complain("--samples %s: %s", options->samples, strerror(errno));
        done = EXIT_METER;
    }
    return done;
}

enum tool_exit listen_wmbus(struct tool *tool, int n_arguments, char **arguments)
{
    static struct listener listener;
    if (n_arguments != 1) {
        tool_complain("listen: expected wmbus and a medium, udp:239.3.8.2:3820, unix:FOLDER or "
                      "cu8:FILE");
        return EXIT_USAGE;
    }
    const struct sigaction action = {.sa_handler = stop};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    listener.tool = tool;
    listener.medium.fd = -1;
    if (!take_filters(&listener, tool->options.filter)) {
        return EXIT_USAGE;
    }
    const enum tool_exit done = strncmp(arguments[0], "cu8:", 4) == 0
                                    ? listen_to_samples(&listener, arguments[0] + 4)
                                    : listen_to_medium(&listener, arguments[0]);
    key_file_wipe(&listener.keys);
    return done;
}
