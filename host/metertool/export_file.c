#include "export_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what a file holds ---- */

struct scan {
    off_t end;  /* behind the last complete record, or behind what begins the file */
    bool begun; /* heading, or '[' */
};

/* @return false: no such line stands in a file of ours */
static bool scan_csv(struct export_file *file, const char *line, struct scan *scan)
{
    if (!scan->begun) {
        scan->begun = true;
        snprintf(file->heading, sizeof file->heading, "%s", line);
        return strncmp(line, "id,time,", 8) == 0 || strncmp(line, "time,", 5) == 0;
    }
    snprintf(file->last, sizeof file->last, "%s", line);
    file->n_found++;
    return strchr(line, ',') != NULL;
}

static bool is_object(const char *text)
{
    json_t *value = json_loads(text, 0, NULL);
    const bool is = json_is_object(value);
    json_decref(value);
    return is;
}

/* Sets *counts when the line is to stay.  A line of an object that is not whole ends the file. */
static bool scan_json(struct export_file *file, char *line, struct scan *scan, bool *counts)
{
    const size_t length = strlen(line);
    if (!scan->begun) {
        scan->begun = true;
        return strcmp(line, "[") == 0;
    }
    if (strcmp(line, "]") == 0) {
        *counts = false;
        return true;
    }
    if (length > 0 && line[length - 1] == ',') {
        line[length - 1] = '\0';
    }
    if (!is_object(line)) {
        return false;
    }
    snprintf(file->last, sizeof file->last, "%s", line);
    file->n_found++;
    return true;
}

/* Reads the file to its last complete record.  @return false: it is not one of ours. */
static bool scan_file(struct export_file *file, struct scan *scan)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    bool good = true;
    off_t at = 0;
    while (good && (n = getline(&line, &room, file->out)) > 0) {
        const bool whole = line[n - 1] == '\n' && (size_t)n < EXPORT_LINE_MAX;
        bool counts = true;
        at += n;
        if (!whole) {
            good = (size_t)n < EXPORT_LINE_MAX;
            break; /* broken off */
        }
        line[n - 1] = '\0';
        good = file->format == FORMAT_CSV ? scan_csv(file, line, scan)
                                          : scan_json(file, line, scan, &counts);
        if (good && counts) { /* JSON: in front of the comma and the end of the line */
            const size_t kept = strlen(line) + (file->format == FORMAT_CSV ? 1u : 0u);
            scan->end = at - n + (off_t)kept;
        }
    }
    free(line);
    return good;
}

static enum tool_exit fail(const struct export_file *file)
{
    tool_complain("%s: %s", file->path, strerror(errno));
    return EXIT_USAGE;
}

enum tool_exit export_open(struct export_file *file, const struct tool_options *options)
{
    struct scan scan = {0, false};
    memset(file, 0, sizeof *file);
    file->format = options->format;
    file->path = options->output;
    file->out = stdout;
    if (file->path == NULL) {
        return EXIT_GOOD;
    }
    if (file->format == FORMAT_TABLE) {
        file->format = FORMAT_CSV;
    }
    file->out = fopen(file->path, "a+");
    if (file->out == NULL) {
        return fail(file);
    }
    rewind(file->out);
    if (!scan_file(file, &scan)) {
        tool_complain("%s: expected records as %s, as this command writes them", file->path,
                      file->format == FORMAT_CSV ? "CSV" : "JSON");
        fclose(file->out);
        return EXIT_USAGE;
    }
    if (ftruncate(fileno(file->out), scan.end) != 0) {
        const enum tool_exit result = fail(file);
        fclose(file->out);
        return result;
    }
    return EXIT_GOOD;
}

bool export_last(const struct export_file *file, uint16_t *id, char stamp[20])
{
    unsigned number = 0;
    bool good = false;
    if (file->last[0] == '{') {
        json_t *one = json_loads(file->last, 0, NULL);
        const char *time = json_string_value(json_object_get(one, "time"));
        good = time != NULL && strlen(time) == 19;
        number = (unsigned)json_integer_value(json_object_get(one, "id"));
        snprintf(stamp, 20, "%s", good ? time : "");
        json_decref(one);
    } else if (strncmp(file->heading, "id,", 3) == 0 && file->last[0] != '\0') {
        good = sscanf(file->last, "%u,%19[^,]", &number, stamp) == 2;
    } else if (file->last[0] != '\0') { /* records without a number, of IEC 62056-21 */
        good = sscanf(file->last, "%19[^,]", stamp) == 1 && strlen(stamp) == 19;
    }
    *id = (uint16_t)number;
    return good;
}

/* ---- writing ---- */

enum tool_exit export_heading(struct export_file *file, const char *line)
{
    if (file->format == FORMAT_JSON || file->heading[0] != '\0') {
        const bool same = file->format == FORMAT_JSON || strcmp(file->heading, line) == 0;
        if (!same) {
            tool_complain("%s: its columns are '%s', the meter's are '%s'; name another file",
                          file->path != NULL ? file->path : "output", file->heading, line);
        }
        return same ? EXIT_GOOD : EXIT_USAGE;
    }
    snprintf(file->heading, sizeof file->heading, "%s", line);
    fprintf(file->out, "%s\n", line);
    return EXIT_GOOD;
}

void export_record(struct export_file *file, const char *line)
{
    if (file->format == FORMAT_JSON) {
        fprintf(file->out, "%s%s", file->n_found + file->n_written == 0 ? "[\n" : ",\n", line);
    } else {
        fprintf(file->out, "%s\n", line);
    }
    file->n_written++;
}

enum tool_exit export_close(struct export_file *file, enum tool_exit result)
{
    const bool none = file->n_found + file->n_written == 0;
    const bool whole = result == EXIT_GOOD || (file->path != NULL && !none);
    if (file->format == FORMAT_JSON && whole) {
        fputs(none ? "[]\n" : "\n]\n", file->out);
    }
    if (file->path != NULL && result == EXIT_GOOD) {
        printf("%s: %lu records added, %lu in all\n", file->path, file->n_written,
               file->n_found + file->n_written);
    }
    bool good = fflush(file->out) == 0 && ferror(file->out) == 0;
    if (file->path != NULL) {
        good = fclose(file->out) == 0 && good;
    }
    if (!good) {
        tool_complain("%s: cannot write", file->path != NULL ? file->path : "output");
        return EXIT_METER;
    }
    return result;
}
