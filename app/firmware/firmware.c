#include "firmware.h"

#include <string.h>

#include "../../proto/common/reader.h"

#define FORMAT 1u

static const uint8_t mark[6] = {'O', '3', '8', '2', 'F', 'W'};

/* mark, format, part, type, revision, a zero, number, length of the program, zeros */
static bool head_read(const uint8_t *image, uint32_t n_image, struct firmware_head *head)
{
    struct reader r = reader_over(image, FIRMWARE_HEAD_BYTES);
    const uint8_t *found = reader_bytes(&r, sizeof mark);
    const bool ours = memcmp(found, mark, sizeof mark) == 0 && reader_uint_le(&r, 2) == FORMAT;
    head->part = reader_u8(&r);
    head->kmp_type = reader_u8(&r);
    head->revision_letter = (char)reader_u8(&r);
    head->revision_number = reader_u8(&r);
    head->number = (uint32_t)reader_uint_le(&r, 4);
    const uint32_t n_program = (uint32_t)reader_uint_le(&r, 4);
    const bool zero = reader_uint_le(&r, 4) == 0;
    return ours && zero && head->part >= FIRMWARE_APPLICATION && head->part <= FIRMWARE_BOTH &&
           head->revision_letter >= 'A' && head->revision_letter <= 'Z' && n_program > 0 &&
           n_program == n_image - FIRMWARE_HEAD_BYTES - FIRMWARE_SIGNATURE_BYTES;
}

enum firmware_err firmware_check(const struct crypto_port *crypto, const uint8_t *key,
                                 uint8_t kmp_type, bool seal_open, const uint8_t *image,
                                 uint32_t n_image, struct firmware_head *head)
{
    struct firmware_head found;
    if (n_image <= FIRMWARE_HEAD_BYTES + FIRMWARE_SIGNATURE_BYTES ||
        !head_read(image, n_image, &found)) {
        return FIRMWARE_ERR_FORM;
    }
    const uint32_t n_signed = n_image - FIRMWARE_SIGNATURE_BYTES;
    const struct crypto_piece piece = {image, n_signed};
    if (crypto == NULL || crypto->curves == NULL ||
        crypto->curves->verify(crypto->context, CRYPTO_P256, key, &piece, 1, image + n_signed) !=
            0) {
        return FIRMWARE_ERR_SIGNATURE;
    }
    if (found.kmp_type != kmp_type) {
        return FIRMWARE_ERR_TYPE;
    }
    if (found.part != FIRMWARE_APPLICATION && !seal_open) {
        return FIRMWARE_ERR_SEAL;
    }
    *head = found;
    return FIRMWARE_OK;
}
