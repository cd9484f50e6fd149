#include "panel_files.h"

#include <string.h>

static const struct {
    const char *ending, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".LICENSE", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".woff2", "font/woff2"},
};

const struct panel_file *panel_file_find(const char *path)
{
    const char *name = strcmp(path, "/") == 0 ? "panel.html" : path + 1;
    for (const struct panel_file *file = panel_files; file->name != NULL; file++) {
        if (path[0] == '/' && strcmp(file->name, name) == 0) {
            return file;
        }
    }
    return NULL;
}

const char *panel_file_type(const struct panel_file *file)
{
    const char *ending = strrchr(file->name, '.');
    for (size_t i = 0; ending != NULL && i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(ending, types[i].ending) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}
