/**
 * The legal part's own CRC-32: protects bus frames, stored records and the program.
 *
 * CRC-32/ISO-HDLC (IEEE 802.3): reflected polynomial 0xEDB88320, start and final value all ones;
 * check value over "123456789" is 0xCBF43926.
 *
 * How it is worked out is a port (legal/bus/crc), as the sample kernel is: plain.c takes the tables
 * everywhere; clmul.c takes the carry-less multiplication of x86-64 where the processor has one.
 * Both make the same bits (tests/legal/test_bus.c).
 */
#ifndef OPEN382_LEGAL_CRC_H
#define OPEN382_LEGAL_CRC_H

#include <stddef.h>
#include <stdint.h>

/** Start value for legal_crc32_continue(). */
#define LEGAL_CRC32_START UINT32_C(0)

/** CRC-32 over n_bytes; of no bytes: 0. */
uint32_t legal_crc32(const void *bytes, size_t n_bytes);

/**
 * CRC-32 of a longer run, piece by piece: crc is LEGAL_CRC32_START or what the piece before
 * returned.  legal_crc32_continue(legal_crc32(a), b) equals legal_crc32(a followed by b).
 */
uint32_t legal_crc32_continue(uint32_t crc, const void *bytes, size_t n_bytes);

/** The same by sixteen tables (16 kB of constants), sixteen bytes a step: the definition. */
uint32_t legal_crc32_tables(uint32_t crc, const void *bytes, size_t n_bytes);

#endif
