#include "cosem_image.h"

#include <string.h>

#include "../firmware/firmware.h"
#include "../meter/meter_audit.h"
#include "cosem_inside.h"

enum { BLOCK_SIZE = 2, BLOCKS, FIRST_MISSING, ENABLED, STATUS, TO_ACTIVATE };
enum { INITIATE = 1, BLOCK, VERIFY, ACTIVATE };

#define INTERFACE_WIRED 1u /* module, consumer or optical port */
#define BITS_A_PIECE    1024u

static uint32_t block_bytes(const struct cosem_image *image)
{
    return image->block_bytes != 0 ? image->block_bytes : COSEM_IMAGE_BLOCK_DEFAULT;
}

static uint32_t n_blocks(const struct cosem_image *image)
{
    return (image->size + block_bytes(image) - 1u) / block_bytes(image);
}

static bool block_there(const struct cosem_image *image, uint32_t n)
{
    return (image->block[n / 8u] & 0x80u >> n % 8u) != 0;
}

/* @return n_blocks when all are there */
static uint32_t first_missing(const struct cosem_image *image)
{
    uint32_t n = 0;
    while (n < n_blocks(image) && block_there(image, n)) {
        n++;
    }
    return n;
}

bool cosem_image_fitted(const struct meter *meter)
{
    const struct board_firmware *firmware = meter->board->firmware;
    return firmware != NULL && meter->board->crypto != NULL && meter->board->crypto->curves != NULL;
}

/* ---- reading ---- */

/* A bit-string in pieces: cursor[0] octets of it have been written. */
static enum dlms_result blocks_get(const struct cosem_image *image, struct dlms_get *get,
                                   struct writer *out)
{
    const uint32_t n = n_blocks(image), n_bytes = (n + 7u) / 8u, done = get->cursor[0];
    if (done == 0) {
        writer_u8(out, DLMS_BIT_STRING);
        dlms_write_length(out, n);
    }
    const uint32_t left = n_bytes - done;
    const uint32_t now = left < BITS_A_PIECE / 8u ? left : BITS_A_PIECE / 8u;
    writer_bytes(out, image->block + done, now);
    get->cursor[0] = done + now;
    return done + now < n_bytes ? DLMS_RESULT_MORE : DLMS_RESULT_SUCCESS;
}

static enum firmware_err check(const struct meter *meter, struct firmware_head *head)
{
    const struct board_firmware *firmware = meter->board->firmware;
    struct legal_audit audit;
    legal_audit(&meter->legal, &audit);
    return firmware_check(meter->board->crypto, firmware->key, meter->variant.kmp_type[0],
                          audit.seal_open, firmware->memory, meter->image.size, head);
}

static void to_activate_write(const struct meter *meter, struct writer *out)
{
    const struct cosem_image *image = &meter->image;
    const uint8_t *memory = meter->board->firmware->memory;
    if (image->status != COSEM_IMAGE_VERIFIED) {
        dlms_write_array(out, 0);
        return;
    }
    dlms_write_array(out, 1);
    dlms_write_structure(out, 3);
    dlms_write_u32(out, image->size);
    dlms_write_octets(out, image->id, image->n_id);
    dlms_write_octets(out, memory + image->size - FIRMWARE_SIGNATURE_BYTES,
                      FIRMWARE_SIGNATURE_BYTES);
}

static enum dlms_result image_get(const struct cosem *cosem, const struct cosem_row *row,
                                  struct dlms_get *get, struct writer *out)
{
    const struct cosem_image *image = &cosem->meter->image;
    (void)row;
    switch (get->attribute) {
    case BLOCK_SIZE: dlms_write_u32(out, block_bytes(image)); break;
    case BLOCKS: return blocks_get(image, get, out);
    case FIRST_MISSING: dlms_write_u32(out, first_missing(image)); break;
    case ENABLED: dlms_write_bool(out, !image->disabled); break;
    case STATUS: dlms_write_enum(out, image->status); break;
    default: to_activate_write(cosem->meter, out); break;
    }
    return DLMS_RESULT_SUCCESS;
}

/* ---- writing ---- */

/* Nothing is under way: what came so far is forgotten. */
static void forget(struct cosem_image *image)
{
    image->status = COSEM_IMAGE_IDLE;
    image->size = 0;
    image->n_id = 0;
    memset(image->block, 0, sizeof image->block);
}

static enum dlms_result image_set(const struct cosem *cosem, const struct cosem_row *row,
                                  int8_t attribute, struct reader data)
{
    struct cosem_image *image = &cosem->meter->image;
    uint32_t bytes = 0;
    bool enabled = false;
    (void)row;
    const enum rights_answer may = meter_may(cosem->meter, ACTION_SETTINGS);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    if (attribute == ENABLED) {
        if (!dlms_read_bool(&data, &enabled)) {
            return DLMS_RESULT_TYPE;
        }
        image->disabled = !enabled;
        return DLMS_RESULT_SUCCESS;
    }
    if (!dlms_read_u32(&data, &bytes)) {
        return DLMS_RESULT_TYPE;
    }
    if (bytes < COSEM_IMAGE_BLOCK_MIN || bytes > COSEM_IMAGE_BLOCK_MAX) {
        return DLMS_RESULT_OTHER;
    }
    forget(image); /* as the successor does: another size begins anew */
    image->block_bytes = (uint16_t)bytes;
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result initiate(struct meter *meter, struct reader *data)
{
    struct cosem_image *image = &meter->image;
    const uint8_t *id = NULL;
    uint32_t n_id = 0, size = 0;
    if (!dlms_read_structure(data, 2) || !dlms_read_octets(data, &id, &n_id) ||
        !dlms_read_u32(data, &size)) {
        return DLMS_RESULT_TYPE;
    }
    if (n_id > COSEM_IMAGE_ID_MAX || size <= FIRMWARE_HEAD_BYTES + FIRMWARE_SIGNATURE_BYTES ||
        size > meter->board->firmware->n_bytes || size > block_bytes(image) * COSEM_IMAGE_BLOCKS) {
        return DLMS_RESULT_OTHER;
    }
    forget(image);
    image->status = COSEM_IMAGE_INITIATED;
    image->size = size;
    image->n_id = (uint8_t)n_id;
    memcpy(image->id, id, n_id);
    return DLMS_RESULT_SUCCESS;
}

/* A block may come more than once, and in any order. */
static enum dlms_result block_take(struct meter *meter, struct reader *data)
{
    struct cosem_image *image = &meter->image;
    const struct board_firmware *firmware = meter->board->firmware;
    const uint8_t *bytes = NULL;
    uint32_t n = 0, n_bytes = 0;
    if (!dlms_read_structure(data, 2) || !dlms_read_u32(data, &n) ||
        !dlms_read_octets(data, &bytes, &n_bytes)) {
        return DLMS_RESULT_TYPE;
    }
    if (image->status != COSEM_IMAGE_INITIATED || n >= n_blocks(image)) {
        return DLMS_RESULT_OTHER;
    }
    const uint32_t at = n * block_bytes(image), left = image->size - at;
    if (n_bytes != (left < block_bytes(image) ? left : block_bytes(image))) {
        return DLMS_RESULT_OTHER;
    }
    if (firmware->write(meter->board->context, at, bytes, n_bytes) != 0) {
        return DLMS_RESULT_HARDWARE_FAULT;
    }
    image->block[n / 8u] |= (uint8_t)(0x80u >> n % 8u);
    return DLMS_RESULT_SUCCESS;
}

/* Part, interface, revision before, and who sent it: docs/spec/app-storage.md. */
static void note(const struct cosem *cosem, enum event_log_name log, uint16_t code, uint8_t part)
{
    struct legal_identity identity;
    uint8_t payload[4 + DLMS_TITLE_OCTETS];
    legal_identity(&cosem->meter->legal, &identity);
    struct writer w = writer_over(payload, sizeof payload);
    writer_u8(&w, part);
    writer_u8(&w, INTERFACE_WIRED);
    writer_u8(&w, (uint8_t)identity.revision_letter);
    writer_u8(&w, (uint8_t)('0' + identity.revision_number % 10u));
    writer_bytes(&w, cosem->session->title, DLMS_TITLE_OCTETS);
    meter_log(cosem->meter, log, code, payload, sizeof payload);
}

static enum dlms_result verify(const struct cosem *cosem)
{
    struct meter *meter = cosem->meter;
    struct cosem_image *image = &meter->image;
    struct firmware_head head = {.part = 0};
    if (image->status != COSEM_IMAGE_INITIATED || first_missing(image) != n_blocks(image)) {
        return DLMS_RESULT_OTHER;
    }
    const enum firmware_err err = check(meter, &head);
    image->status = err == FIRMWARE_OK ? COSEM_IMAGE_VERIFIED : COSEM_IMAGE_REFUSED;
    if (err != FIRMWARE_OK) {
        note(cosem, EVENT_LOG_FIRMWARE_FAILED, (uint16_t)-err, 0);
        return DLMS_RESULT_OTHER;
    }
    return DLMS_RESULT_SUCCESS;
}

/* Checked again: what stands in memory now is what will run. */
static enum dlms_result activate(const struct cosem *cosem)
{
    struct meter *meter = cosem->meter;
    struct cosem_image *image = &meter->image;
    const struct board_firmware *firmware = meter->board->firmware;
    struct firmware_head head = {.part = 0};
    if (image->status != COSEM_IMAGE_VERIFIED) {
        return DLMS_RESULT_OTHER;
    }
    const enum firmware_err err = check(meter, &head);
    if (err != FIRMWARE_OK || firmware->activate(meter->board->context, image->size) != 0) {
        image->status = COSEM_IMAGE_FAILED;
        note(cosem, EVENT_LOG_FIRMWARE_FAILED, (uint16_t)-err, head.part);
        return DLMS_RESULT_HARDWARE_FAULT;
    }
    image->status = COSEM_IMAGE_ACTIVATED;
    note(cosem, EVENT_LOG_FIRMWARE, 0, head.part);
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result image_call(const struct cosem *cosem, const struct cosem_row *row,
                                   int8_t method, struct reader data, struct writer *out)
{
    int8_t nothing = 0;
    (void)row;
    (void)out;
    const enum rights_answer may = meter_may(cosem->meter, ACTION_SETTINGS);
    if (may != RIGHTS_OK) {
        return cosem_rights_result(may);
    }
    if (cosem->meter->image.disabled) {
        return DLMS_RESULT_OTHER;
    }
    switch (method) {
    case INITIATE: return initiate(cosem->meter, &data);
    case BLOCK: return block_take(cosem->meter, &data);
    default: break;
    }
    if (!dlms_read_i8(&data, &nothing)) {
        return DLMS_RESULT_TYPE;
    }
    return method == VERIFY ? verify(cosem) : activate(cosem);
}

const struct cosem_part cosem_image_part = {image_get, image_set, image_call};
