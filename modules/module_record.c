#include "module_record.h"

#include <string.h>

#include "../proto/common/crc.h"
#include "../proto/common/reader.h"
#include "../proto/common/writer.h"

#define HEAD_BYTES 9u
#define CRC_BYTES  2u

_Static_assert(HEAD_BYTES + CRC_BYTES == MODULE_RECORD_OVER, "what the header promises");

/* @return the record's octets in a slot, 0: not a good one */
static size_t slot_read(const struct module_memory *memory, const struct module_record *record,
                        unsigned slot, uint8_t bytes[MODULE_SLOT_MAX], uint32_t *sequence)
{
    const size_t n_mark = sizeof record->mark;
    if (record->slot_bytes > MODULE_SLOT_MAX ||
        memory->read(memory->context, record->begin + slot * record->slot_bytes, bytes,
                     record->slot_bytes) != 0 ||
        memcmp(bytes, record->mark, n_mark) != 0 || bytes[n_mark] != record->format) {
        return 0;
    }
    struct reader r = reader_over(bytes + n_mark + 1u, HEAD_BYTES - n_mark - 1u);
    *sequence = (uint32_t)reader_uint_be(&r, 4);
    const size_t length = (size_t)reader_uint_be(&r, 2), end = HEAD_BYTES + length;
    return end + CRC_BYTES <= record->slot_bytes && crc16_xmodem(bytes, end + CRC_BYTES) == 0
               ? length
               : 0;
}

size_t module_record_load(const struct module_memory *memory, const struct module_record *record,
                          uint8_t *bytes, uint32_t *sequence)
{
    uint8_t one[MODULE_SLOT_MAX];
    size_t found = 0;
    *sequence = 0;
    for (unsigned slot = 0; slot < 2; slot++) {
        uint32_t number = 0;
        const size_t length = slot_read(memory, record, slot, one, &number);
        if (length > 0 && number > *sequence) {
            *sequence = number;
            memcpy(bytes, one + HEAD_BYTES, length);
            found = length;
        }
    }
    return found;
}

bool module_record_save(const struct module_memory *memory, const struct module_record *record,
                        const uint8_t *bytes, size_t n_bytes, uint32_t *sequence)
{
    uint8_t slot[MODULE_SLOT_MAX] = {0};
    struct writer w = writer_over(slot, record->slot_bytes);
    const uint32_t number = *sequence + 1u;
    writer_bytes(&w, record->mark, sizeof record->mark);
    writer_u8(&w, record->format);
    writer_uint_be(&w, number, 4);
    writer_uint_be(&w, n_bytes, 2);
    writer_bytes(&w, bytes, n_bytes);
    writer_uint_be(&w, crc16_xmodem(slot, writer_length(&w)), 2);
    if (w.failed || memory->write(memory->context, record->begin + number % 2u * record->slot_bytes,
                                  slot, record->slot_bytes) != 0) {
        return false;
    }
    *sequence = number;
    return true;
}
