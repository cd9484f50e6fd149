/**
 * KMP, the Kamstrup Meter Protocol: frame codec shared by server and client.
 *
 * START | DEST | CID | data | CRC16 | 0D, with byte stuffing.  Allocation-free; knows no meter.
 * Source: Kamstrup 5512-447 (the public text on KMP) and independent clients that read real meters;
 * docs/protocols.md says what each fact rests on.
 */
#ifndef OPEN382_KMP_H
#define OPEN382_KMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../common/reader.h"
#include "../common/writer.h"

#define KMP_TO_METER      0x80u
#define KMP_FROM_METER    0x40u
#define KMP_STOP          0x0Du
#define KMP_ACK           0x06u
#define KMP_ADDRESS_METER 0x3Fu
/** Longest unstuffed DEST..data of either direction: eight registers of 32 bytes fit. */
#define KMP_BODY_MAX 300u
/** Longest frame on the line: every byte stuffed. */
#define KMP_FRAME_MAX     (2u * (KMP_BODY_MAX + 2u) + 2u)
#define KMP_REGISTERS_MAX 8u

enum kmp_err {
    KMP_OK = 0,
    KMP_ERR_CRC = -1,
    KMP_ERR_STUFFING = -2, /**< escape at the end, or a byte that must be escaped */
    KMP_ERR_LENGTH = -3,   /**< too short, or longer than KMP_BODY_MAX */
    KMP_ERR_SPACE = -4,    /**< does not fit where it shall go */
    KMP_ERR_FORMAT = -5,   /**< the data do not have the form of the command */
};

/**
 * Wrap a body (DEST CID data...) into a frame on the line.
 * @param start  KMP_TO_METER or KMP_FROM_METER
 * @return length of the frame, or a negative kmp_err.
 */
int kmp_frame_encode(uint8_t start, const uint8_t *body, size_t n_body, uint8_t *frame,
                     size_t capacity);

/** Collects bytes of one direction into bodies; hunts for its start byte, ignores strays. */
struct kmp_receiver {
    uint8_t start; /**< which start byte opens a frame */
    bool inside, escaped;
    int8_t error; /**< what is wrong with the frame so far (enum kmp_err), told at its end */
    uint16_t length;
    uint8_t body[KMP_BODY_MAX + 2u];
};

void kmp_receiver_init(struct kmp_receiver *receiver, uint8_t start);
/**
 * Feed one byte.  A start byte inside a frame begins a new one; a frame that grows too long is
 * dropped at once.
 * @return 1: a good body is in receiver->body (receiver->length bytes, CRC taken off);
 *         0: nothing yet; negative kmp_err: a frame ended and was not good.
 */
int kmp_receiver_byte(struct kmp_receiver *receiver, uint8_t byte);

/** One register value as it stands in an answer. */
struct kmp_value {
    uint16_t id;
    uint8_t unit;
    uint8_t n_bytes;   /**< 0 .. 32 */
    uint8_t sign_exp;  /**< bit 7 sign of value, bit 6 sign of exponent, bits 5..0 exponent */
    uint8_t bytes[32]; /**< big-endian magnitude, or RTC, or text */
};

/**
 * Magnitude/sign/exponent from a signed number; exponent -63 .. 63, n_bytes 1 .. 32.
 * @return KMP_OK; KMP_ERR_SPACE: too wide for n_bytes; KMP_ERR_FORMAT: arguments out of range.
 *         *value is untouched after an error.
 */
int kmp_value_set(struct kmp_value *value, uint16_t id, uint8_t unit, uint8_t n_bytes,
                  int64_t mantissa, int exponent);
/**
 * Number of a value of 1 .. 8 bytes: mantissa * 10^exponent.
 * @return KMP_OK; KMP_ERR_FORMAT: no bytes; KMP_ERR_SPACE: does not fit an int64_t.
 */
int kmp_value_number(const struct kmp_value *value, int64_t *mantissa, int *exponent);
/** "kWh", "V", ...; "" for a unit without a sign, NULL when unknown. */
const char *kmp_unit_name(uint8_t unit);

/** Append id, unit, NoB, SiEx and bytes, as an answer carries them. */
void kmp_value_write(struct writer *out, const struct kmp_value *value);
/** Take the same; *value is untouched unless KMP_OK comes back. */
int kmp_value_read(struct reader *in, struct kmp_value *value);

#endif
