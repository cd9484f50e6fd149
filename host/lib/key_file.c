#include "key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES 16384
#define CLIENT_MAX     65535L

/* A file under way: what goes wrong is told with its name. */
struct reading {
    struct key_file *keys;
    const char *where;
    char *error;
};

static enum host_err bad(const struct reading *reading, enum host_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum host_err bad(const struct reading *reading, enum host_err err, const char *format, ...)
{
    va_list arguments;
    const int n = snprintf(reading->error, KEY_FILE_ERROR_MAX, "%.120s: ", reading->where);
    va_start(arguments, format);
    (void)vsnprintf(reading->error + n, KEY_FILE_ERROR_MAX - (size_t)n, format, arguments);
    va_end(arguments);
    return err;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Exactly one or the other number of bytes.  @return how many, 0: neither or not hex. */
static size_t hex_read(const json_t *value, size_t one, size_t other, uint8_t *out)
{
    const char *text = json_string_value(value);
    const size_t n_bytes = text != NULL ? strlen(text) / 2u : 0;
    if (text == NULL || strlen(text) % 2u != 0 || (n_bytes != one && n_bytes != other)) {
        return 0;
    }
    for (size_t i = 0; i < n_bytes; i++) {
        const int high = digit_of(text[2u * i]), low = digit_of(text[2u * i + 1u]);
        if (high < 0 || low < 0) {
            return 0;
        }
        out[i] = (uint8_t)(high * 16 + low);
    }
    return n_bytes;
}

static enum host_err take_key(const struct reading *reading, const char *name, const json_t *value,
                              int id)
{
    struct key_file *keys = reading->keys;
    const size_t n = hex_read(value, 16, 32, keys->key[id]);
    if (n == 0) {
        return bad(reading, HOST_ERR_PROTOCOL,
                   "\"%s\": expected 32 hexadecimal digits, or 64 for suite 2", name);
    }
    if (keys->n_key != 0 && keys->n_key != n) {
        return bad(reading, HOST_ERR_PROTOCOL,
                   "\"%s\": expected %zu hexadecimal digits as the keys before it", name,
                   2u * keys->n_key);
    }
    keys->n_key = n;
    keys->has[id] = true;
    return HOST_OK;
}

static enum host_err take_suite(const struct reading *reading, const char *name,
                                const json_t *value, int id)
{
    const json_int_t suite = json_integer_value(value);
    (void)id;
    if (!json_is_integer(value) || suite < 0 || suite > 2) {
        return bad(reading, HOST_ERR_PROTOCOL, "\"%s\": expected 0, 1 or 2", name);
    }
    reading->keys->suite = (uint8_t)suite;
    return HOST_OK;
}

enum { SECRET_LLS, SECRET_HLS };

static enum host_err take_secret(const struct reading *reading, const char *name,
                                 const char *client, const json_t *value, int kind)
{
    struct key_file *keys = reading->keys;
    struct key_file_secret *list = kind == SECRET_LLS ? keys->lls : keys->hls;
    size_t *n = kind == SECRET_LLS ? &keys->n_lls : &keys->n_hls;
    char *end = NULL;
    const long sap = strtol(client, &end, 10);
    const size_t n_bytes = json_string_length(value);
    if (digit_of(client[0]) < 0 || *end != '\0' || sap < 0 || sap > CLIENT_MAX) {
        return bad(reading, HOST_ERR_PROTOCOL,
                   "\"%s\": expected the number of a client, 0 to %ld, found \"%.20s\"", name,
                   CLIENT_MAX, client);
    }
    if (!json_is_string(value) || n_bytes == 0 || n_bytes > KEY_FILE_SECRET_MAX) {
        return bad(reading, HOST_ERR_PROTOCOL,
                   "\"%s\", client %ld: expected a text of 1 to %u characters", name, sap,
                   KEY_FILE_SECRET_MAX);
    }
    if (*n == KEY_FILE_PASSWORDS) {
        return bad(reading, HOST_ERR_PROTOCOL, "\"%s\": expected at most %u clients", name,
                   KEY_FILE_PASSWORDS);
    }
    list[*n].client = (uint16_t)sap;
    list[*n].n_bytes = (uint8_t)n_bytes;
    memcpy(list[*n].bytes, json_string_value(value), n_bytes);
    (*n)++;
    return HOST_OK;
}

static enum host_err take_secrets(const struct reading *reading, const char *name,
                                  const json_t *value, int kind)
{
    const char *client = NULL;
    json_t *secret = NULL;
    enum host_err err = HOST_OK;
    if (!json_is_object(value)) {
        return bad(reading, HOST_ERR_PROTOCOL, "\"%s\": expected {\"CLIENT\": \"SECRET\", ...}",
                   name);
    }
    json_object_foreach((json_t *)(uintptr_t)value, client, secret)
    {
        err = err == HOST_OK ? take_secret(reading, name, client, secret, kind) : err;
    }
    return err;
}

static enum host_err take_radio(const struct reading *reading, const char *name, const char *number,
                                const json_t *value)
{
    struct key_file *keys = reading->keys;
    char *end = NULL;
    const unsigned long id = strtoul(number, &end, 16);
    if (strlen(number) != 8 || digit_of(number[0]) < 0 || *end != '\0') {
        return bad(reading, HOST_ERR_PROTOCOL,
                   "\"%s\": expected a meter's number of eight digits, found \"%.20s\"", name,
                   number);
    }
    if (keys->n_radio == KEY_FILE_RADIOS) {
        return bad(reading, HOST_ERR_PROTOCOL, "\"%s\": expected at most %u meters", name,
                   KEY_FILE_RADIOS);
    }
    struct key_file_radio *radio = &keys->radio[keys->n_radio];
    if (hex_read(value, sizeof radio->key, sizeof radio->key, radio->key) == 0) {
        return bad(reading, HOST_ERR_PROTOCOL, "\"%s\", meter %s: expected 32 hexadecimal digits",
                   name, number);
    }
    radio->id_raw = (uint32_t)id;
    keys->n_radio++;
    return HOST_OK;
}

static enum host_err take_radios(const struct reading *reading, const char *name,
                                 const json_t *value, int id)
{
    const char *number = NULL;
    json_t *key = NULL;
    enum host_err err = HOST_OK;
    (void)id;
    if (!json_is_object(value)) {
        return bad(reading, HOST_ERR_PROTOCOL, "\"%s\": expected {\"NUMBER\": \"KEY\", ...}", name);
    }
    json_object_foreach((json_t *)(uintptr_t)value, number, key)
    {
        err = err == HOST_OK ? take_radio(reading, name, number, key) : err;
    }
    return err;
}

enum { CURVE_SIGN, CURVE_VERIFY };

static enum host_err take_curve(const struct reading *reading, const char *name,
                                const json_t *value, int kind)
{
    struct key_file *keys = reading->keys;
    const size_t scalars = kind == CURVE_SIGN ? 1u : 2u;
    const size_t n = hex_read(value, 32u * scalars, 48u * scalars,
                              kind == CURVE_SIGN ? keys->sign : keys->verify);
    if (n == 0) {
        return bad(reading, HOST_ERR_PROTOCOL,
                   "\"%s\": expected a key of P-256 in %zu hexadecimal digits, or of P-384 in %zu",
                   name, 64u * scalars, 96u * scalars);
    }
    *(kind == CURVE_SIGN ? &keys->n_sign : &keys->n_verify) = n;
    return HOST_OK;
}

static const struct {
    const char *name;
    enum host_err (*take)(const struct reading *reading, const char *name, const json_t *value,
                          int id);
    int id;
} members[] = {
    {"guek", take_key, DLMS_KEY_UNICAST},
    {"gbek", take_key, DLMS_KEY_BROADCAST},
    {"gak", take_key, DLMS_KEY_AUTHENTICATION},
    {"kek", take_key, DLMS_KEY_MASTER},
    {"suite", take_suite, 0},
    {"lls", take_secrets, SECRET_LLS},
    {"hls", take_secrets, SECRET_HLS},
    {"sign", take_curve, CURVE_SIGN},
    {"verify", take_curve, CURVE_VERIFY},
    {"wmbus", take_radios, 0},
};

#define N_MEMBERS (sizeof members / sizeof members[0])

static enum host_err take_member(const struct reading *reading, const char *name,
                                 const json_t *value)
{
    for (size_t i = 0; i < N_MEMBERS; i++) {
        if (strcmp(name, members[i].name) == 0) {
            return members[i].take(reading, name, value, members[i].id);
        }
    }
    return bad(reading, HOST_ERR_PROTOCOL,
               "\"%.20s\": expected guek, gbek, gak, kek, suite, lls, hls, sign, verify or wmbus",
               name);
}

/* Suite and length of the keys must fit; not said, the length says it. */
static enum host_err suite_check(const struct reading *reading, bool said)
{
    struct key_file *keys = reading->keys;
    if (!said) {
        keys->suite = keys->n_key == 32u ? 2u : 0u;
    }
    if (keys->n_key != 0 && keys->n_key != dlms_suite_key_bytes(keys->suite)) {
        return bad(reading, HOST_ERR_PROTOCOL,
                   "\"suite\" %u: expected keys of %zu hexadecimal digits", keys->suite,
                   2u * dlms_suite_key_bytes(keys->suite));
    }
    return HOST_OK;
}

/* What the JSON library gives back has held secrets. */
static void wiping_free(void *bytes)
{
    if (bytes != NULL) {
        crypto_wipe(bytes, malloc_usable_size(bytes));
        free(bytes);
    }
}

static enum host_err take_json(const struct reading *reading, const char *text, size_t n_bytes)
{
    json_error_t fault;
    json_t *root = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES, &fault);
    enum host_err err = HOST_OK;
    const char *name = NULL;
    json_t *value = NULL;
    if (!json_is_object(root)) {
        json_decref(root);
        /* jansson's own words may repeat what stands there: a secret */
        return bad(reading, HOST_ERR_PROTOCOL,
                   "line %d: expected JSON, {\"guek\": \"HEX\", \"gak\": \"HEX\", ...}",
                   root == NULL ? fault.line : 1);
    }
    json_object_foreach(root, name, value)
    {
        err = err == HOST_OK ? take_member(reading, name, value) : err;
    }
    if (err == HOST_OK) {
        err = suite_check(reading, json_object_get(root, "suite") != NULL);
    }
    json_decref(root);
    return err;
}

static enum host_err take_text(const struct reading *reading, const char *text, size_t n_bytes)
{
    json_malloc_t usual_malloc = NULL;
    json_free_t usual_free = NULL;
    json_get_alloc_funcs(&usual_malloc, &usual_free);
    json_set_alloc_funcs(malloc, wiping_free);
    const enum host_err err = take_json(reading, text, n_bytes);
    json_set_alloc_funcs(usual_malloc, usual_free);
    return err;
}

/* The whole file, if nobody else can read it. */
static enum host_err take_file(const struct reading *reading, const char *path)
{
    static const mode_t others = S_IRWXG | S_IRWXO;
    char text[FILE_MAX_BYTES];
    struct stat about;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return bad(reading, HOST_ERR_OPEN, "%s", strerror(errno));
    }
    enum host_err err = HOST_OK;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        err = bad(reading, HOST_ERR_OPEN, "expected a file");
    } else if ((about.st_mode & others) != 0) {
        err = bad(reading, HOST_ERR_OPEN,
                  "expected a file that only its owner can read (chmod 600), found mode %04o",
                  (unsigned)(about.st_mode & 07777));
    }
    size_t n_bytes = 0;
    ssize_t got = err == HOST_OK ? 1 : 0;
    while (got > 0 && n_bytes < sizeof text) {
        got = read(fd, text + n_bytes, sizeof text - n_bytes);
        n_bytes += got > 0 ? (size_t)got : 0u;
    }
    (void)close(fd);
    if (err == HOST_OK && (got < 0 || n_bytes == sizeof text)) {
        err = bad(reading, HOST_ERR_OPEN, "expected a file of less than %d bytes", FILE_MAX_BYTES);
    }
    if (err == HOST_OK) {
        err = take_text(reading, text, n_bytes);
    }
    crypto_wipe(text, sizeof text);
    return err;
}

enum host_err key_file_read(struct key_file *keys, const char *path, char error[KEY_FILE_ERROR_MAX])
{
    struct reading reading = {keys, path, error};
    enum host_err err = HOST_OK;
    memset(keys, 0, sizeof *keys);
    error[0] = '\0';
    if (path == NULL) {
        path = getenv(KEY_FILE_ENVIRONMENT);
    }
    if (path == NULL || *path == '\0') {
        return HOST_OK;
    }
    if (reading.where == NULL && path[strspn(path, " \t\n")] == '{') {
        reading.where = KEY_FILE_ENVIRONMENT;
        err = take_text(&reading, path, strlen(path));
    } else {
        reading.where = path;
        err = take_file(&reading, path);
    }
    if (err != HOST_OK) {
        key_file_wipe(keys);
    }
    return err;
}

static const struct key_file_secret *secret_of(const struct key_file_secret *list, size_t n,
                                               uint16_t client)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].client == client) {
            return &list[i];
        }
    }
    return NULL;
}

const struct key_file_secret *key_file_lls(const struct key_file *keys, uint16_t client)
{
    return secret_of(keys->lls, keys->n_lls, client);
}

const struct key_file_secret *key_file_hls(const struct key_file *keys, uint16_t client)
{
    return secret_of(keys->hls, keys->n_hls, client);
}

const uint8_t *key_file_radio(const struct key_file *keys, uint32_t id_raw)
{
    for (size_t i = 0; i < keys->n_radio; i++) {
        if (keys->radio[i].id_raw == id_raw) {
            return keys->radio[i].key;
        }
    }
    return NULL;
}

void key_file_wipe(struct key_file *keys)
{
    crypto_wipe(keys, sizeof *keys);
}
