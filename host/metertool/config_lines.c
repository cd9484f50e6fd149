#include "config_lines.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 8u

/** Where the scan is. */
struct scan {
    const char *at;
    unsigned line, depth;
    char path[DEPTH_MAX][CONFIG_PATH_MAX]; /* of the key that each depth is inside of */
    struct config_lines *lines;
};

/** Behind a string that begins at at; the first of its bytes are copied. */
static const char *string_end(const char *at, char *copy, size_t n_copy)
{
    size_t n = 0;
    for (at++; *at != '\0' && *at != '"'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++; /* a key of ours has none: what it stands for does not matter */
        }
        if (n + 1u < n_copy) {
            copy[n++] = *at;
        }
    }
    copy[n] = '\0';
    return *at == '"' ? at + 1 : at;
}

static void key_add(struct scan *scan, const char *name)
{
    char path[2 * CONFIG_PATH_MAX];
    const char *outer = scan->depth > 1 ? scan->path[scan->depth - 2u] : "";
    snprintf(path, sizeof path, "%s%s%s", outer, outer[0] != '\0' ? "." : "", name);
    snprintf(scan->path[scan->depth - 1u], CONFIG_PATH_MAX, "%.63s", path);
    if (scan->lines->n < CONFIG_LINES_MAX) {
        const size_t i = scan->lines->n++;
        snprintf(scan->lines->key[i].path, CONFIG_PATH_MAX, "%.63s", path);
        scan->lines->key[i].line = scan->line;
    }
}

/** A string with a colon behind it is a key. */
static void take_string(struct scan *scan)
{
    char name[CONFIG_PATH_MAX];
    const char *behind = string_end(scan->at, name, sizeof name);
    const char *colon = behind + strspn(behind, " \t\r\n");
    if (*colon == ':' && scan->depth > 0 && scan->depth <= DEPTH_MAX) {
        key_add(scan, name);
    }
    for (; scan->at < behind; scan->at++) {
        scan->line += *scan->at == '\n';
    }
}

static void open_bracket(struct scan *scan)
{
    scan->depth++;
    if (scan->depth <= DEPTH_MAX) {
        scan->path[scan->depth - 1u][0] = '\0';
    }
}

/** One character, or a whole string. */
static void take(struct scan *scan)
{
    switch (*scan->at) {
    case '"': take_string(scan); return;
    case '\n': scan->line++; break;
    case '{':
    case '[': open_bracket(scan); break;
    case '}':
    case ']': scan->depth -= scan->depth > 0; break;
    default: break;
    }
    scan->at++;
}

void config_lines_read(const char *text, struct config_lines *lines)
{
    struct scan scan = {.at = text, .line = 1, .lines = lines};
    lines->n = 0;
    while (*scan.at != '\0') {
        take(&scan);
    }
}

unsigned config_line(const struct config_lines *lines, const char *path)
{
    for (size_t i = 0; i < lines->n; i++) {
        if (strcmp(lines->key[i].path, path) == 0) {
            return lines->key[i].line;
        }
    }
    return 0;
}
