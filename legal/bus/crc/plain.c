/* The CRC by tables: any processor. */
#include "bus/legal_crc.h"

uint32_t legal_crc32_continue(uint32_t crc, const void *bytes, size_t n_bytes)
{
    return legal_crc32_tables(crc, bytes, n_bytes);
}
