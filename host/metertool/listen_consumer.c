/* metertool listen consumer, decode han and p1: pushes off a line, and out of a capture. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "push_show.h"

#define CAPTURE_MAX (1024u * 1024u)
#define PATH_MAX_   256

/* ---- off a line ---- */

/* A port alone is one that pushes at 2400 baud; its name with p1: at 115200. */
static bool complete_url(const char *text, char *url, size_t capacity)
{
    const char *scheme = "", *rest = text, *baud = "";
    if (strncmp(text, "tcp://", 6) == 0 || strncmp(text, "p1+tcp://", 9) == 0) {
        scheme = "hdlc+tcp://";
        rest = strchr(text, '/') + 2;
    } else if (text[0] == '/' || strncmp(text, "p1:", 3) == 0) {
        scheme = "dlms-hdlc:";
        rest = text[0] == '/' ? text : text + 3;
        baud = strchr(text, '?') != NULL ? "" : text[0] == '/' ? "?baud=2400" : "?baud=115200";
    }
    return snprintf(url, capacity, "%s%s%s", scheme, rest, baud) < (int)capacity;
}

static enum tool_exit open_line(struct tool *tool, const char *text)
{
    struct meter_url url;
    char error[400], whole[PATH_MAX_];
    if (text == NULL || !complete_url(text, whole, sizeof whole) ||
        meter_url_parse(whole, &url, error, sizeof error) != HOST_OK ||
        (!url.hdlc && url.protocol != METER_MBUS)) {
        tool_complain("listen consumer: expected tcp://HOST:PORT, /dev/ttyUSB0, p1:/dev/ttyUSB0, "
                      "mbus:/dev/ttyUSB0 or dlms-hdlc:/dev/ttyUSB0?baud=9600");
        return EXIT_USAGE;
    }
    if (line_open(&tool->line, &url, tool->options.verbose ? stderr : NULL) != HOST_OK) {
        tool_complain("%s", tool->line.error);
        return EXIT_METER;
    }
    return EXIT_GOOD;
}

static enum tool_exit listen_on(struct push_show *show)
{
    struct tool *tool = show->tool;
    const long wanted = tool->options.count;
    uint8_t octets[1024];
    while (wanted == 0 || show->n_shown < (unsigned long)wanted) {
        const int n = line_read(&tool->line, octets, sizeof octets, 1000);
        if (n < 0) {
            tool_complain("%s", tool->line.error);
            return EXIT_METER;
        }
        /* One by one: no more is shown than was asked for. */
        for (int i = 0; i < n && (wanted == 0 || show->n_shown < (unsigned long)wanted); i++) {
            push_show_octets(show, octets + i, 1);
        }
        if (n == 0) {
            push_show_silence(show);
        }
    }
    return EXIT_GOOD;
}

enum tool_exit listen_consumer(struct tool *tool, int n_arguments, char **arguments)
{
    static struct push_show show;
    enum tool_exit result = push_show_begin(&show, tool);
    const char *url = tool->options.meter;
    show.dated = true;
    for (int i = 0; result == EXIT_GOOD && i < n_arguments; i++) {
        url = push_show_word(&show, arguments[i]) ? url : arguments[i];
    }
    result = result == EXIT_GOOD ? open_line(tool, url) : result;
    if (result == EXIT_GOOD) {
        char where[256];
        line_describe(&tool->line, where, sizeof where);
        fprintf(stderr, "metertool: waiting for pushes on %s\n", where);
        result = listen_on(&show);
    }
    push_show_end(&show);
    return result;
}

/* ---- out of a capture ---- */

/* Large, and there is one. */
struct capture {
    uint8_t octets[CAPTURE_MAX];
    size_t n_octets;
};

static int hex_digit(int c)
{
    return c >= '0' && c <= '9' ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

/* Hex digits only, and what stands between octets.  Works in place: it gets shorter. */
static bool unhex(struct capture *capture)
{
    size_t n = 0;
    int half = -1;
    for (size_t i = 0; i < capture->n_octets; i++) {
        const int c = capture->octets[i], digit = hex_digit(c);
        const bool prefix = c == '0' && half < 0 && i + 1 < capture->n_octets &&
                            (capture->octets[i + 1] | 0x20) == 'x';
        if (prefix) {
            i++;
        } else if (digit >= 0 && half < 0) {
            half = digit;
        } else if (digit >= 0) {
            capture->octets[n++] = (uint8_t)(half << 4 | digit);
            half = -1;
        } else if (strchr(" \t\r\n,:_", c) == NULL) {
            return false;
        }
    }
    capture->n_octets = n;
    return half < 0;
}

static bool all_hex(const struct capture *capture)
{
    for (size_t i = 0; i < capture->n_octets; i++) {
        const int c = capture->octets[i];
        if (hex_digit(c) < 0 && (c == 0 || strchr(" \t\r\n,:_xX", c) == NULL)) {
            return false;
        }
    }
    return true;
}

static void add(struct capture *capture, const void *bytes, size_t n_bytes)
{
    const size_t room = CAPTURE_MAX - capture->n_octets;
    n_bytes = n_bytes < room ? n_bytes : room;
    memcpy(capture->octets + capture->n_octets, bytes, n_bytes);
    capture->n_octets += n_bytes;
}

static void add_file(struct capture *capture, FILE *file)
{
    uint8_t piece[4096];
    size_t n;
    while ((n = fread(piece, 1, sizeof piece, file)) > 0) {
        add(capture, piece, n);
    }
}

/* Words of hex, one file, or standard input. */
static enum tool_exit take_capture(struct capture *capture, int n_arguments, char **arguments)
{
    FILE *file = n_arguments == 1 ? fopen(arguments[0], "rb") : NULL;
    capture->n_octets = 0;
    if (file != NULL) {
        add_file(capture, file);
        fclose(file);
    } else if (n_arguments == 0) {
        add_file(capture, stdin);
    }
    for (int i = 0; file == NULL && i < n_arguments; i++) {
        add(capture, arguments[i], strlen(arguments[i]));
    }
    const bool words = file == NULL && n_arguments > 0;
    if (words && !all_hex(capture)) {
        tool_complain("'%.100s': neither a file nor octets in hex", arguments[0]);
        return EXIT_USAGE;
    }
    if (all_hex(capture) && !unhex(capture)) {
        tool_complain("half an octet at the end: an even number of hex digits was expected");
        return EXIT_USAGE;
    }
    if (capture->n_octets == 0) {
        tool_complain("no octets: metertool decode han|p1 HEX or FILE");
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

/* Behind LLC octets or without them; in no frame. */
static bool is_bare(const uint8_t *octets, size_t n_octets, size_t *begin)
{
    static const uint8_t llc[] = {0xE6, 0xE7, 0x00};
    *begin = n_octets > sizeof llc && memcmp(octets, llc, sizeof llc) == 0 ? sizeof llc : 0;
    const uint8_t tag = octets[*begin];
    return tag == DLMS_TAG_DATA_NOTIFICATION ||
           (tag >= DLMS_TAG_GENERAL_GLO && tag <= DLMS_TAG_GENERAL_CIPHERING);
}

static void show_capture(struct push_show *show, struct capture *capture)
{
    size_t begin;
    push_show_octets(show, capture->octets, capture->n_octets);
    push_show_silence(show);
    push_show_octets(show, (const uint8_t *)"\r\n", 2); /* a telegram that was copied without */
    if (show->n_shown == 0 && show->n_refused == 0 &&
        is_bare(capture->octets, capture->n_octets, &begin)) {
        push_show_apdu(show, capture->octets + begin, capture->n_octets - begin);
    }
}

enum tool_exit decode_push(struct tool *tool, int n_arguments, char **arguments)
{
    static struct push_show show;
    static struct capture capture;
    enum tool_exit result = push_show_begin(&show, tool);
    while (n_arguments > 0 && push_show_word(&show, arguments[0])) {
        arguments++;
        n_arguments--;
    }
    result = result == EXIT_GOOD ? take_capture(&capture, n_arguments, arguments) : result;
    if (result == EXIT_GOOD) {
        show_capture(&show, &capture);
        if (show.n_shown == 0 && show.n_refused == 0) {
            tool_complain("no push: no HDLC frame (7E A...), M-Bus frame (68...) or P1 telegram "
                          "(/...!) with a good checksum");
        }
        result = show.n_shown > 0 && show.n_refused == 0 ? EXIT_GOOD : EXIT_METER;
    }
    push_show_end(&show);
    return result;
}
