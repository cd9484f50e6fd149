/**
 * A firmware image on its way (class 18): which blocks are there, and how far it is.
 *
 * The blocks go into the board's memory for firmware as they come; this is all that is kept beside
 * it, and forgotten with the supply: the client then begins anew.
 */
#ifndef OPEN382_COSEM_IMAGE_H
#define OPEN382_COSEM_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#define COSEM_IMAGE_BLOCKS        4096u
#define COSEM_IMAGE_BLOCK_MIN     32u
#define COSEM_IMAGE_BLOCK_MAX     985u /**< as the successor has it (spec cosem-objects 4.11) */
#define COSEM_IMAGE_BLOCK_DEFAULT 384u /**< with its head and cipher within 512 octets */
#define COSEM_IMAGE_ID_MAX        20u

enum cosem_image_status {
    COSEM_IMAGE_IDLE = 0,
    COSEM_IMAGE_INITIATED = 1,
    COSEM_IMAGE_VERIFIED = 3,
    COSEM_IMAGE_REFUSED = 4,
    COSEM_IMAGE_ACTIVATED = 6,
    COSEM_IMAGE_FAILED = 7,
};

struct cosem_image {
    uint8_t status; /**< enum cosem_image_status */
    bool disabled;
    uint16_t block_bytes; /**< 0: COSEM_IMAGE_BLOCK_DEFAULT */
    uint32_t size;
    uint8_t n_id;
    uint8_t id[COSEM_IMAGE_ID_MAX];
    uint8_t block[COSEM_IMAGE_BLOCKS / 8u]; /**< bit 7 of the first octet: block 0 */
};

#endif
