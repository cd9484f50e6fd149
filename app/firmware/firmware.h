/**
 * A program that comes over the wire: is it whole, for this meter, and signed by its maker?
 *
 * An image has a head, the program, and a signature of P-256 over both; nothing else of it is
 * looked at before the signature fits.  One with a new legal part is taken only while the
 * verification seal is open.  Layout: docs/spec/firmware-image.md.  Source: AMI-04, X-RAD-1.
 */
#ifndef OPEN382_FIRMWARE_H
#define OPEN382_FIRMWARE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../proto/common/crypto_port.h"

#define FIRMWARE_HEAD_BYTES      24u
#define FIRMWARE_SIGNATURE_BYTES 64u
#define FIRMWARE_KEY_BYTES       64u /**< public key of P-256 */

/** What an image replaces (spec cosem-objects 2.16). */
enum firmware_part {
    FIRMWARE_APPLICATION = 1,
    FIRMWARE_LEGAL = 2,
    FIRMWARE_BOTH = 3,
};

enum firmware_err {
    FIRMWARE_OK = 0,
    FIRMWARE_ERR_FORM = -1,      /**< no image, a newer format, or of another length */
    FIRMWARE_ERR_SIGNATURE = -2, /**< not the maker's, or changed on its way */
    FIRMWARE_ERR_TYPE = -3,      /**< for another type of meter */
    FIRMWARE_ERR_SEAL = -4,      /**< a new legal part, and the verification seal is closed */
};

struct firmware_head {
    uint8_t part; /**< enum firmware_part */
    uint8_t kmp_type;
    char revision_letter;
    uint8_t revision_number;
    uint32_t number;
};

/**
 * @param key  of the maker, FIRMWARE_KEY_BYTES
 * @retval FIRMWARE_OK  *head says what it is; otherwise *head is untouched
 */
enum firmware_err firmware_check(const struct crypto_port *crypto, const uint8_t *key,
                                 uint8_t kmp_type, bool seal_open, const uint8_t *image,
                                 uint32_t n_image, struct firmware_head *head);

#endif
