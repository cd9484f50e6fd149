/**
 * Checksums of the meter protocols and of the application's memory.
 */
#ifndef OPEN382_CRC_H
#define OPEN382_CRC_H

#include <stddef.h>
#include <stdint.h>

/**
 * CRC-16/XMODEM: polynomial 0x1021, start 0, not reflected, no final xor; "123456789" -> 0x31C3.
 * Sent high byte first, the CRC over bytes and CRC together is 0.
 */
uint16_t crc16_xmodem(const uint8_t *bytes, size_t n_bytes);

/**
 * CRC-16/X-25: polynomial 0x1021 reflected (0x8408), start and final xor FFFF; "123456789" ->
 * 0x906E.  Sent low byte first.
 */
uint16_t crc16_x25(const uint8_t *bytes, size_t n_bytes);
/** What a computation in pieces begins with. */
#define CRC16_X25_BEGIN 0xFFFFu
/** What stays after bytes and their CRC together, without the final xor. */
#define CRC16_X25_GOOD 0xF0B8u
/** One piece more; the CRC is the complement of the last remainder. */
uint16_t crc16_x25_go_on(uint16_t remainder, const uint8_t *bytes, size_t n_bytes);

/**
 * CRC-16/ARC: polynomial 0x8005 reflected (0xA001), start 0, no final xor; "123456789" -> 0xBB3D.
 * Telegrams of P1 ports end with it as four hexadecimal digits.
 */
uint16_t crc16_arc(const uint8_t *bytes, size_t n_bytes);

/**
 * CRC-32 of IEEE 802.3: reflected, polynomial EDB88320, start and final xor FFFFFFFF;
 * "123456789" -> 0xCBF43926.
 */
uint32_t crc32_ieee(const uint8_t *bytes, size_t n_bytes);

#endif
