/* metertool dlms image: firmware into a meter (class 18, image transfer). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../lib/dlms_words.h"
#include "cmd_dlms.h"

#define CLASS_IMAGE     18u
#define IMAGE_MAX_BYTES (16u << 20)
#define BLOCK_MAX       4096u
#define POLL_S          1
#define POLLS_MAX       300   /* a meter may check a signature for minutes */
#define LOST_MAX        1000u /* blocks that are sent once more */

enum image_state {
    NOT_INITIATED = 0,
    INITIATED = 1,
    VERIFYING = 2,
    VERIFIED = 3,
    VERIFICATION_FAILED = 4,
    ACTIVATING = 5,
    ACTIVATED = 6,
    ACTIVATION_FAILED = 7
};

struct image {
    struct tool *tool;
    struct meter_object *object;
    uint8_t *bytes;
    size_t n_bytes;
    const char *identifier;
    uint32_t block_size, first_missing;
    uint8_t state;
    bool enabled;
    bool got[7]; /* attributes that were read */
};

static enum tool_exit act(struct image *image, int8_t method, const uint8_t *data, size_t n_data,
                          int *err)
{
    const struct dlms_descriptor d = meter_attribute(image->object, method);
    *err =
        dlms_client_action(&image->tool->dlms.client, &d, (struct dlms_octets){data, n_data}, NULL);
    return *err == DLMS_CLIENT_OK ? EXIT_GOOD : EXIT_METER;
}

static void got(void *context, const struct meter_want *want, uint16_t result, struct reader data)
{
    struct image *image = context;
    if (result != 0) {
        return;
    }
    switch (want->attribute) {
    case 2: image->got[2] = dlms_read_u32(&data, &image->block_size); break;
    case 4: image->got[4] = dlms_read_u32(&data, &image->first_missing); break;
    case 5: image->got[5] = dlms_read_bool(&data, &image->enabled); break;
    case 6: image->got[6] = dlms_read_enum(&data, &image->state); break;
    default: break;
    }
}

static enum tool_exit ask(struct image *image, int8_t attribute)
{
    const struct meter_want want = {image->object, attribute};
    image->got[attribute] = false;
    const int result = dlms_meter_get(image->tool, &want, 1, got, image);
    if (result == EXIT_GOOD && !image->got[attribute]) {
        tool_complain("image transfer: the meter does not tell attribute %d", attribute);
        return EXIT_UNKNOWN;
    }
    return (enum tool_exit)result;
}

/* ---- the file ---- */

static enum tool_exit read_file(const char *path, struct image *image)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        tool_complain("%s: %s", path, strerror(errno));
        return EXIT_USAGE;
    }
    image->bytes = malloc(IMAGE_MAX_BYTES);
    image->n_bytes = image->bytes != NULL ? fread(image->bytes, 1, IMAGE_MAX_BYTES, file) : 0;
    const bool whole = image->bytes != NULL && ferror(file) == 0 && fgetc(file) == EOF;
    fclose(file);
    if (!whole || image->n_bytes == 0) {
        tool_complain("%s: expected an image of 1 octet to 16 MiB", path);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

/* ---- steps ---- */

static enum tool_exit begin(struct image *image)
{
    uint8_t data[128];
    struct writer w = writer_over(data, sizeof data);
    int err = 0;
    dlms_write_structure(&w, 2);
    dlms_write_octets(&w, image->identifier, strlen(image->identifier));
    dlms_write_u32(&w, (uint32_t)image->n_bytes);
    if (w.failed) {
        tool_complain("image '%s': expected a name of at most 100 characters", image->identifier);
        return EXIT_USAGE;
    }
    const enum tool_exit result = act(image, 1, data, writer_length(&w), &err);
    return result == EXIT_GOOD
               ? EXIT_GOOD
               : (enum tool_exit)dlms_meter_fail(image->tool, err, "beginning the transfer");
}

static void progress(uint32_t done, uint32_t all)
{
    if (isatty(STDERR_FILENO) != 0) {
        fprintf(stderr, "\r%lu of %lu blocks (%lu %%) ", (unsigned long)done, (unsigned long)all,
                (unsigned long)(done * 100ul / (all > 0 ? all : 1)));
        if (done == all) {
            fputc('\n', stderr);
        }
    }
}

static enum tool_exit send_block(struct image *image, uint32_t number)
{
    static uint8_t data[BLOCK_MAX + 16];
    const size_t at = (size_t)number * image->block_size, left = image->n_bytes - at;
    struct writer w = writer_over(data, sizeof data);
    int err = 0;
    dlms_write_structure(&w, 2);
    dlms_write_u32(&w, number);
    dlms_write_octets(&w, image->bytes + at, left < image->block_size ? left : image->block_size);
    const enum tool_exit result = act(image, 2, data, writer_length(&w), &err);
    if (result != EXIT_GOOD) {
        char what[40];
        snprintf(what, sizeof what, "block %lu", (unsigned long)number);
        return (enum tool_exit)dlms_meter_fail(image->tool, err, what);
    }
    return EXIT_GOOD;
}

/** From the first block that the meter does not have; then single ones that were lost on the way.
 */
static enum tool_exit send_blocks(struct image *image)
{
    const uint32_t all = (uint32_t)((image->n_bytes + image->block_size - 1) / image->block_size);
    enum tool_exit result = ask(image, 4);
    for (uint32_t number = image->first_missing; result == EXIT_GOOD && number < all; number++) {
        result = send_block(image, number);
        progress(number + 1, all);
    }
    for (unsigned lost = 0; result == EXIT_GOOD && lost < LOST_MAX; lost++) {
        result = ask(image, 4);
        if (result != EXIT_GOOD || image->first_missing >= all) {
            return result;
        }
        result = send_block(image, image->first_missing);
    }
    if (result == EXIT_GOOD) {
        tool_complain("the meter still misses block %lu", (unsigned long)image->first_missing);
    }
    return result != EXIT_GOOD ? result : EXIT_METER;
}

/** Method 3 or 4; a meter that needs its time says "temporary failure" and is asked until done. */
static enum tool_exit finish(struct image *image, int8_t method, uint8_t done, uint8_t failed,
                             const char *what)
{
    static const uint8_t zero[] = {DLMS_INT8, 0};
    int err = 0;
    const struct dlms_failure *failure = &image->tool->dlms.client.failure;
    if (act(image, method, zero, sizeof zero, &err) != EXIT_GOOD &&
        (err != DLMS_CLIENT_ERR_RESULT || failure->result != DLMS_RESULT_TEMPORARY_FAILURE)) {
        const uint16_t result = failure->result;
        if (err == DLMS_CLIENT_ERR_RESULT && ask(image, 6) == EXIT_GOOD && image->state == failed) {
            tool_complain("%s: the meter finds that it is not good (%s, state %u)", what,
                          dlms_result_name(result), image->state);
            return EXIT_METER;
        }
        return (enum tool_exit)dlms_meter_fail(image->tool, err, what);
    }
    for (unsigned i = 0; i < POLLS_MAX; i++) {
        const enum tool_exit result = ask(image, 6);
        if (result != EXIT_GOOD || image->state == done) {
            return result;
        }
        if (image->state == failed) {
            tool_complain("%s: the meter says that it failed (state %u)", what, image->state);
            return EXIT_METER;
        }
        (void)nanosleep(&(struct timespec){.tv_sec = POLL_S}, NULL);
    }
    tool_complain("%s: still under way after %d s (state %u)", what, POLLS_MAX * POLL_S,
                  image->state);
    return EXIT_METER;
}

/** Go on with a transfer that was broken off, or begin. */
static enum tool_exit upload(struct image *image, bool resume, bool activate)
{
    enum tool_exit result = ask(image, 5);
    if (result == EXIT_GOOD && !image->enabled) {
        tool_complain("the meter has image transfer switched off (attribute 5)");
        return EXIT_UNKNOWN;
    }
    result = result == EXIT_GOOD ? ask(image, 2) : result;
    if (result == EXIT_GOOD && (image->block_size == 0 || image->block_size > BLOCK_MAX)) {
        tool_complain("the meter wants blocks of %lu octets: expected 1 to %u",
                      (unsigned long)image->block_size, BLOCK_MAX);
        return EXIT_METER;
    }
    result = result == EXIT_GOOD ? ask(image, 6) : result;
    const bool goes_on = resume && image->state == INITIATED;
    if (result == EXIT_GOOD && !goes_on) {
        result = begin(image);
    }
    result = result == EXIT_GOOD ? send_blocks(image) : result;
    if (result == EXIT_GOOD) {
        result = finish(image, 3, VERIFIED, VERIFICATION_FAILED, "checking the image");
    }
    if (result == EXIT_GOOD && activate) {
        result = finish(image, 4, ACTIVATED, ACTIVATION_FAILED, "putting the image in force");
    }
    if (result == EXIT_GOOD) {
        puts(activate ? "image in force"
                      : "image in the meter and found good; not in force: image "
                        "upload FILE ... activate, or dlms action 18/...:4 i8:0");
    }
    return result;
}

static enum tool_exit find_image(struct image *image)
{
    static const uint8_t code[6] = {0, 0, 44, 0, 0, 255};
    size_t at = 0;
    const int result = dlms_meter_list(image->tool);
    if (result != EXIT_GOOD) {
        return (enum tool_exit)result;
    }
    image->object = dlms_meter_find(&image->tool->dlms, CLASS_IMAGE, code, OBIS_NAMED_A, &at);
    if (image->object == NULL) {
        tool_complain("the meter shows this client no image transfer");
        return EXIT_UNKNOWN;
    }
    return EXIT_GOOD;
}

/** image upload FILE [resume] [activate] [name=IDENTIFIER]. */
enum tool_exit dlms_command_image(struct tool *tool, int n_arguments, char **arguments)
{
    struct image image = {.tool = tool};
    bool resume = false, activate = false;
    if (n_arguments < 2 || strcmp(arguments[0], "upload") != 0) {
        tool_complain("expected metertool dlms image upload FILE [name=NAME] [resume] [activate]");
        return EXIT_USAGE;
    }
    const char *slash = strrchr(arguments[1], '/');
    image.identifier = slash != NULL ? slash + 1 : arguments[1];
    for (int i = 2; i < n_arguments; i++) {
        resume = resume || strcmp(arguments[i], "resume") == 0;
        activate = activate || strcmp(arguments[i], "activate") == 0;
        if (strncmp(arguments[i], "name=", 5) == 0) {
            image.identifier = arguments[i] + 5;
        } else if (strcmp(arguments[i], "resume") != 0 && strcmp(arguments[i], "activate") != 0) {
            tool_complain("image upload '%s': expected name=NAME, resume or activate",
                          arguments[i]);
            return EXIT_USAGE;
        }
    }
    enum tool_exit result = read_file(arguments[1], &image);
    result = result == EXIT_GOOD ? find_image(&image) : result;
    result = result == EXIT_GOOD ? upload(&image, resume, activate) : result;
    free(image.bytes);
    return result;
}
