/**
 * Wireless M-Bus on the air (EN 13757-4): frame formats A and B with their checksums, the 3-of-6
 * code of mode T, sync words of T1 and C1.
 *
 * A telegram here is what receivers log: L C M M A.. CI .., without checksums, and L counts what
 * follows it.  On the air each block carries a checksum, and in format B the length counts them.
 */
#ifndef OPEN382_WMBUS_FRAME_H
#define OPEN382_WMBUS_FRAME_H

#include "../mbus/mbus_frame.h"

/** L and 255 octets behind it. */
#define WMBUS_TELEGRAM_MAX 256u
/** Longest on the air: format A, 17 checksums. */
#define WMBUS_AIR_MAX 290u
/** The same in 3-of-6 code with its sync word. */
#define WMBUS_CODED_MAX (2u + WMBUS_AIR_MAX / 2u * 3u + 1u)
/** Shortest telegram: L C M M A(6) CI. */
#define WMBUS_TELEGRAM_MIN 11u

enum wmbus_format { WMBUS_FORMAT_A, WMBUS_FORMAT_B };

/** CRC-16/EN-13757: polynomial 3D65h, start 0, complemented; "123456789" -> C2B7h. */
uint16_t wmbus_crc(const uint8_t *octets, size_t n_octets);

/**
 * Put checksums into a telegram.
 * @return octets on the air; MBUS_ERR_LENGTH (L does not fit, or too long for B), MBUS_ERR_SPACE.
 */
int wmbus_air_encode(enum wmbus_format format, const uint8_t *telegram, size_t n_telegram,
                     uint8_t *air, size_t capacity);
/**
 * Check and take off the checksums; octets behind the frame are ignored.
 * @param telegram WMBUS_TELEGRAM_MAX of room
 * @return octets of the telegram; MBUS_ERR_LENGTH (cut off, or no L that can be),
 * MBUS_ERR_CHECKSUM.
 */
int wmbus_air_decode(enum wmbus_format format, const uint8_t *air, size_t n_air,
                     uint8_t telegram[WMBUS_TELEGRAM_MAX]);

/** 3-of-6: four bits become six.  @return octets, the last filled up with zero bits;
 * MBUS_ERR_SPACE.
 */
int wmbus_three_of_six_encode(const uint8_t *octets, size_t n_octets, uint8_t *coded,
                              size_t capacity);
/** @return octets decoded up to the first six bits that are no code. */
size_t wmbus_three_of_six_decode(const uint8_t *coded, size_t n_coded, uint8_t *octets,
                                 size_t capacity);

enum wmbus_mode { WMBUS_T1, WMBUS_C1 };

/**
 * A telegram as a transmitter sends it behind the preamble: sync word and frame.
 * T1 takes format A only.
 * @return octets; MBUS_ERR_LENGTH, MBUS_ERR_SPACE, MBUS_ERR_FORMAT.
 */
int wmbus_transmit(enum wmbus_mode mode, enum wmbus_format format, const uint8_t *telegram,
                   size_t n_telegram, uint8_t *sent, size_t capacity);
/** The same backwards, the sync word tells mode and format. */
int wmbus_receive(const uint8_t *sent, size_t n_sent, enum wmbus_mode *mode,
                  enum wmbus_format *format, uint8_t telegram[WMBUS_TELEGRAM_MAX]);

#endif
