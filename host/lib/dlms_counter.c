#include "dlms_counter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADING        "open382-dlms-counters 1\n"
#define STEP           256u /* reserved at a time: a run that is killed loses at most these */
#define FILE_MAX_BYTES 65536u

bool dlms_counter_default_path(char *path, size_t n_path)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n = 0;
    if (state != NULL && state[0] == '/') {
        n = snprintf(path, n_path, "%s/open382/dlms-counters", state);
    } else if (home != NULL && home[0] == '/') {
        n = snprintf(path, n_path, "%s/.local/state/open382/dlms-counters", home);
    }
    return n > 0 && (size_t)n < n_path;
}

static enum host_err fail(struct dlms_counter *counter, const char *what)
{
    snprintf(counter->error, sizeof counter->error, "%s: %s: %s", counter->path, what,
             errno != 0 ? strerror(errno) : "expected a file of invocation counters");
    return HOST_ERR_IO;
}

/** The folders above the file. */
static void make_folders(const char *path)
{
    char part[300];
    for (const char *at = strchr(path + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(at - path), path);
        (void)mkdir(part, 0700); /* there already: good; not possible: open will tell */
    }
}

static void title_text(const uint8_t title[8], char text[17])
{
    for (unsigned i = 0; i < 8; i++) {
        snprintf(text + 2 * i, 3, "%02X", title[i]);
    }
}

/* The whole file, taken apart by lines when it is searched. */
struct contents {
    char text[FILE_MAX_BYTES];
    size_t length;
};

/** @return 0, or -1: not to be read, or not a file of ours. */
static int read_file(int fd, struct contents *contents)
{
    const ssize_t n = pread(fd, contents->text, sizeof contents->text - 1, 0);
    errno = n < 0 ? errno : 0;
    contents->length = n > 0 ? (size_t)n : 0;
    contents->text[contents->length] = '\0';
    const size_t heading = strlen(HEADING);
    const bool ours = n == 0 || strncmp(contents->text, HEADING, heading) == 0;
    return n >= 0 && ours && contents->length < sizeof contents->text - 1 ? 0 : -1;
}

/** Line of this title, or NULL; *value is its number. */
static char *find_line(struct contents *contents, const char *title, uint32_t *value)
{
    char *line = contents->text;
    while ((line = strchr(line, '\n')) != NULL && line[1] != '\0') {
        line++;
        if (strncmp(line, title, 16) == 0 && line[16] == ' ') {
            *value = (uint32_t)strtoul(line + 17, NULL, 10);
            return line;
        }
    }
    return NULL;
}

/** The file anew with this title's number in it: beside it, synced, then in its place. */
static int write_file(const char *path, struct contents *contents, const char *title,
                      uint32_t value)
{
    char beside[310];
    uint32_t before = 0;
    const char *line = find_line(contents, title, &before);
    const char *all = contents->length > 0 ? contents->text : HEADING;
    const size_t head = line != NULL ? (size_t)(line - contents->text) : strlen(all);
    const char *tail = line != NULL ? strchr(line, '\n') : NULL;
    snprintf(beside, sizeof beside, "%s.new", path);
    FILE *out = fopen(beside, "w");
    if (out == NULL) {
        return -1;
    }
    fprintf(out, "%.*s%s %lu\n%s", (int)head, all, title, (unsigned long)value,
            tail != NULL ? tail + 1 : "");
    bool good = fflush(out) == 0 && fsync(fileno(out)) == 0;
    good = fclose(out) == 0 && good;
    return good && rename(beside, path) == 0 ? 0 : -1;
}

/** Raise the reservation under the lock.  step 0: only look. */
static enum host_err reserve(struct dlms_counter *counter, uint32_t step)
{
    char lock_path[310], title[17];
    uint32_t first = 0;
    enum host_err err = HOST_OK;
    struct contents *contents = malloc(sizeof *contents);
    snprintf(lock_path, sizeof lock_path, "%s.lock", counter->path);
    title_text(counter->title, title);
    const int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (contents == NULL || lock < 0 || flock(lock, LOCK_EX) != 0) {
        err = fail(counter, "cannot be locked");
    } else {
        const int fd = open(counter->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || read_file(fd, contents) != 0) {
            err = fail(counter, "cannot be read");
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    if (err == HOST_OK) {
        (void)find_line(contents, title, &first);
        counter->next = first > counter->next ? first : counter->next;
        counter->reserved = counter->next + (counter->next <= UINT32_MAX - step ? step : 0);
        if (step > 0 && (counter->reserved == counter->next ||
                         write_file(counter->path, contents, title, counter->reserved) != 0)) {
            counter->reserved = counter->next;
            err = fail(counter, "no number can be reserved");
        }
    }
    if (lock >= 0) {
        close(lock);
    }
    free(contents);
    return err;
}

enum host_err dlms_counter_open(struct dlms_counter *counter, const char *path,
                                const uint8_t title[8], uint32_t at_least)
{
    memset(counter, 0, sizeof *counter);
    snprintf(counter->path, sizeof counter->path, "%s", path);
    memcpy(counter->title, title, sizeof counter->title);
    counter->next = at_least;
    make_folders(counter->path);
    return reserve(counter, 0);
}

enum host_err dlms_counter_reserve(struct dlms_counter *counter)
{
    return reserve(counter, STEP);
}

/** Sixteen hex digits.  @return false: no title stands there. */
static bool read_title(int fd, uint8_t title[8])
{
    char text[17] = "";
    if (pread(fd, text, 16, 0) != 16 || strspn(text, "0123456789ABCDEF") != 16) {
        return false;
    }
    for (unsigned i = 0; i < 8; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        title[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

enum host_err dlms_counter_title(const char *path, uint8_t title[8], char *error, size_t n_error)
{
    char title_path[310], text[17];
    snprintf(title_path, sizeof title_path, "%s.title", path);
    make_folders(title_path);
    const int fd = open(title_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool good = fd >= 0 && flock(fd, LOCK_EX) == 0;
    if (good && !read_title(fd, title)) {
        static const uint8_t maker[3] = {'O', '3', '8'};
        memcpy(title, maker, sizeof maker);
        good = getrandom(title + sizeof maker, 8 - sizeof maker, 0) == 8 - (ssize_t)sizeof maker;
        title_text(title, text);
        good = good && pwrite(fd, text, 16, 0) == 16 && fsync(fd) == 0;
    }
    if (!good) {
        snprintf(error, n_error,
                 "%s: cannot keep a system title there: %s; give title= and ic=", title_path,
                 strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return good ? HOST_OK : HOST_ERR_IO;
}
