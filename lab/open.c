/** From a SPEC to a source: which kind it is, what stands after the file name. */
#define _POSIX_C_SOURCE 200809L /* fileno, fstat */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "scan.h"
#include "scenario.h"
#include "source.h"
#include "wave.h"

#define FILE_BYTES_MAX (INT64_C(1) << 30)

char *lab_file_read(const char *path, size_t *n_bytes, struct lab_error *error)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        (void)lab_error_set(error, "%.180s: %s", path, strerror(errno));
        return NULL;
    }
    struct stat status;
    char *bytes = NULL;
    if (fstat(fileno(file), &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size < FILE_BYTES_MAX) {
        bytes = malloc((size_t)status.st_size + 1);
    }
    *n_bytes = bytes != NULL ? fread(bytes, 1, (size_t)status.st_size, file) : 0;
    if (bytes == NULL || ferror(file)) {
        (void)lab_error_set(error, "%.180s: expected a readable file below 1 GiB", path);
        free(bytes);
        bytes = NULL;
    } else {
        bytes[*n_bytes] = '\0';
    }
    (void)fclose(file);
    return bytes;
}

/** A SPEC taken apart: the file, and its options after commas. */
struct file_spec {
    char path[512];
    struct lab_file_options options;
};

static bool is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static int take_yes(struct scan_text value, bool *flag, struct lab_error *error, size_t column)
{
    if (scan_is(value, "yes") || scan_is(value, "no")) {
        *flag = scan_is(value, "yes");
        return 0;
    }
    return lab_error_set(error, "--mains: column %zu: expected yes or no, found %s", column,
                         scan_quote(value).text);
}

static int take_scale(struct scan_text value, double *scale, struct lab_error *error, size_t column)
{
    if (scan_number(value, scale) && *scale > 0.0 && *scale <= 1e9) {
        return 0;
    }
    return lab_error_set(error, "--mains: column %zu: expected a full scale above 0, found %s",
                         column, scan_quote(value).text);
}

static int take_option(struct scan_text name, struct scan_text value,
                       struct lab_file_options *options, struct lab_error *error, size_t column)
{
    size_t at_value = column + name.n + 1;
    if (scan_is(name, "interpolate")) {
        options->linear = scan_is(value, "linear");
        return options->linear || scan_is(value, "hold")
                   ? 0
                   : lab_error_set(error, "--mains: column %zu: expected linear or hold, found %s",
                                   at_value, scan_quote(value).text);
    }
    if (scan_is(name, "from")) {
        double seconds = 0.0;
        bool good = scan_duration(value, &seconds) && seconds <= 3.2e9;
        options->from_us = good ? llround(seconds * 1e6) : 0;
        return good ? 0
                    : lab_error_set(error,
                                    "--mains: column %zu: expected a time like 14d or 1h30m, found "
                                    "%s",
                                    at_value, scan_quote(value).text);
    }
    if (scan_is(name, "repeat") || scan_is(name, "loop")) {
        int result = take_yes(value, &options->repeat, error, at_value);
        options->loop_off = !options->repeat;
        return result;
    }
    if (scan_is(name, "side")) {
        options->secondary = scan_is(value, "secondary");
        return options->secondary || scan_is(value, "primary")
                   ? 0
                   : lab_error_set(error,
                                   "--mains: column %zu: expected primary or secondary, found %s",
                                   at_value, scan_quote(value).text);
    }
    if (scan_is(name, "u_fs") || scan_is(name, "i_fs")) {
        double *scale = scan_is(name, "u_fs") ? &options->u_fs_v : &options->i_fs_a;
        return take_scale(value, scale, error, at_value);
    }
    if (scan_is(name, "channels") && value.n > 0 && value.n < sizeof options->channels) {
        memcpy(options->channels, value.at, value.n);
        options->channels[value.n] = '\0';
        return 0;
    }
    return lab_error_set(
        error,
        "--mains: column %zu: expected interpolate=, repeat=, from=, loop=, u_fs=, "
        "i_fs=, side= or channels=, found %s",
        column, scan_quote(name).text);
}

static int take_options(const char *spec, const char *rest, struct lab_file_options *options,
                        struct lab_error *error)
{
    while (*rest == ',') {
        const char *start = rest + 1;
        size_t n = strcspn(start, ",");
        const char *equals = memchr(start, '=', n);
        size_t n_name = equals != NULL ? (size_t)(equals - start) : n;
        struct scan_text name = {start, n_name};
        struct scan_text value = {start + n_name + 1, equals != NULL ? n - n_name - 1 : 0};
        if (take_option(name, value, options, error, (size_t)(start - spec) + 1) != 0) {
            return -1;
        }
        rest = start + n;
    }
    return 0;
}

/** The longest part before a comma, or all, that names a file.  @return its length or 0. */
static size_t file_part(const char *spec, char *path, size_t size)
{
    size_t n = strlen(spec);
    while (n > 0) {
        if (n < size) {
            memcpy(path, spec, n);
            path[n] = '\0';
            if (is_file(path)) {
                return n;
            }
        }
        do {
            n--;
        } while (n > 0 && spec[n] != ',');
    }
    return 0;
}

static bool has_suffix(const char *path, const char *suffix)
{
    size_t n = strlen(path), k = strlen(suffix);
    return n > k && strcasecmp(path + n - k, suffix) == 0;
}

/** Text formats are told apart by what stands in them. */
static int open_text(struct lab_source *source, const char *path,
                     const struct lab_file_options *options, int64_t start_utc_s,
                     struct lab_error *error)
{
    size_t n = 0;
    char *text = lab_file_read(path, &n, error);
    if (text == NULL) {
        return -1;
    }
    int result = has_suffix(path, ".scn") || scenario_recognise(text, n)
                     ? lab_scenario_open(source, path, text, n, error)
                     : lab_csv_open(source, path, text, n, options, start_utc_s, error);
    free(text);
    return result;
}

static int open_house(struct lab_source *source, const char *spec, struct lab_file_options *options,
                      struct lab_error *error)
{
    options->repeat = true;
    if (take_options(spec, spec + strlen("house"), options, error) != 0) {
        return -1;
    }
    size_t n = (size_t)(lab_house_csv_end - lab_house_csv);
    int result = lab_csv_open(source, "house", lab_house_csv, n, options, 0, error);
    if (result == 0) {
        (void)snprintf(source->description, sizeof source->description,
                       "a real house in Sceaux, February 2007: 28 days, 941.58 kWh, repeated");
    }
    return result;
}

/** The other file of a COMTRADE pair: the same name, its ending in the same case. */
static void other_name(const char *path, bool want_data, char *out, size_t size)
{
    size_t n = strlen(path);
    bool upper = path[n - 1] < 'a';
    const char *ending = want_data ? (upper ? "DAT" : "dat") : (upper ? "CFG" : "cfg");
    (void)snprintf(out, size, "%.*s%s", (int)(n - 3), path, ending);
}

static int open_comtrade(struct lab_source *source, const char *path,
                         const struct lab_file_options *options, struct lab_error *error)
{
    char other[512];
    bool is_data = has_suffix(path, ".dat");
    other_name(path, !is_data, other, sizeof other);
    struct lab_bytes configuration = {is_data ? other : path, NULL, 0};
    struct lab_bytes data = {is_data ? path : other, NULL, 0};
    char *text = lab_file_read(configuration.name, &configuration.n, error);
    char *bytes = text != NULL ? lab_file_read(data.name, &data.n, error) : NULL;
    int result = -1;
    if (bytes != NULL) {
        configuration.at = text;
        data.at = bytes;
        result = lab_comtrade_open(source, configuration, data, options, error);
    }
    free(text);
    free(bytes);
    return result;
}

/** RIFF/RF64, FLAC and W64 begin with their letters, whatever the file is called. */
static bool is_recording(const char *path)
{
    static const char *const suffixes[] = {".wav", ".flac", ".w64"};
    char head[4] = {0};
    FILE *file = fopen(path, "rb");
    size_t n = file != NULL ? fread(head, 1, sizeof head, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    bool known =
        n == sizeof head && (memcmp(head, "RIFF", 4) == 0 || memcmp(head, "RF64", 4) == 0 ||
                             memcmp(head, "fLaC", 4) == 0 || memcmp(head, "riff", 4) == 0);
    for (size_t k = 0; k < sizeof suffixes / sizeof suffixes[0]; k++) {
        known = known || has_suffix(path, suffixes[k]);
    }
    return known;
}

static int open_file(struct lab_source *source, const char *path,
                     const struct lab_file_options *options, int64_t start_utc_s,
                     struct lab_error *error)
{
    if (has_suffix(path, ".cfg") || has_suffix(path, ".dat")) {
        return open_comtrade(source, path, options, error);
    }
    if (is_recording(path)) {
        return lab_recording_open(source, path, options, error);
    }
    return open_text(source, path, options, start_utc_s, error);
}

static bool looks_like_file(const char *spec)
{
    static const char *const suffixes[] = {".csv", ".txt", ".wav", ".flac", ".w64",
                                           ".cfg", ".dat", ".scn", NULL};
    char path[512];
    (void)snprintf(path, sizeof path, "%.*s", (int)strcspn(spec, ","), spec);
    bool known = strchr(path, '=') == NULL && strchr(path, '/') != NULL;
    for (unsigned k = 0; suffixes[k] != NULL; k++) {
        known = known || has_suffix(path, suffixes[k]);
    }
    return known;
}

static int open_source(struct lab_source *source, const char *spec,
                       const struct mains_options *options, struct lab_error *error)
{
    struct file_spec file;
    memset(&file, 0, sizeof file);
    if (strcmp(spec, "house") == 0 || strncmp(spec, "house,", 6) == 0) {
        return open_house(source, spec, &file.options, error);
    }
    size_t n = file_part(spec, file.path, sizeof file.path);
    if (n > 0) {
        return take_options(spec, spec + n, &file.options, error) != 0
                   ? -1
                   : open_file(source, file.path, &file.options, options->start_utc_s, error);
    }
    if (looks_like_file(spec)) {
        return lab_error_set(error, "--mains: %.*s: no such file",
                             (int)(strcspn(spec, ",") < 200 ? strcspn(spec, ",") : 200), spec);
    }
    return lab_constant_open(source, spec, error);
}

int mains_open(struct mains **mains, const char *spec, const struct mains_options *options,
               struct lab_error *error)
{
    struct lab_source source;
    memset(&source, 0, sizeof source);
    *mains = NULL;
    if (open_source(&source, spec, options, error) != 0) {
        return -1;
    }
    return lab_mains_create(mains, &source, options, error);
}
