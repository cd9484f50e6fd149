/** Where in a JSON text each key stands: its path ("settings.time-zone") and its line. */
#ifndef OPEN382_CONFIG_LINES_H
#define OPEN382_CONFIG_LINES_H

#include <stddef.h>

#define CONFIG_LINES_MAX 160u /**< keys; a document has some 120 */
#define CONFIG_PATH_MAX  64u

struct config_lines {
    size_t n;
    struct {
        char path[CONFIG_PATH_MAX];
        unsigned line; /**< from 1 */
    } key[CONFIG_LINES_MAX];
};

/** Index the keys of a text that is good JSON; those beyond CONFIG_LINES_MAX are not kept. */
void config_lines_read(const char *text, struct config_lines *lines);

/** Line of a key by its path; 0: it is not there. */
unsigned config_line(const struct config_lines *lines, const char *path);

#endif
