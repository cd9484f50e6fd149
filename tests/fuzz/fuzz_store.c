/* Any bytes in permanent memory: the legal processor starts, counts up, and stores. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "legal/bus/legal_crc.h"
#include "legal/include/legal_api.h"
#include "tests/emu/eeprom.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Input: pieces of [page number, 2 bytes][length 1 byte][bytes], laid over a blank memory; bit 15
 * of the page number asks for a good CRC. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct eeprom memory;
    static struct legal legal;
    eeprom_blank(&memory, 0xFF);
    for (size_t at = 0; at + 3 <= size;) {
        uint32_t page = (uint32_t)(data[at] | data[at + 1] << 8) % EEPROM_PAGES;
        size_t n = data[at + 2] < size - at - 3 ? data[at + 2] : size - at - 3;
        uint8_t *bytes = memory.bytes + page * LEGAL_MEMORY_PAGE_BYTES;
        memcpy(bytes, data + at + 3, n);
        if ((data[at + 1] & 0x80u) != 0) { /* contents that a good CRC vouches for */
            bytes[2] = 0;
            bytes[3] = 1;
            uint32_t crc = legal_crc32(bytes, LEGAL_MEMORY_PAGE_BYTES - 4u);
            memcpy(bytes + LEGAL_MEMORY_PAGE_BYTES - 4u, &crc, sizeof crc);
        }
        at += 3 + n;
    }
    const struct legal_port port = {
        .context = &memory, .memory_read = eeprom_read, .memory_write = eeprom_write};
    const struct legal_setup setup = {
        .systems = 3, .pulses_per_kwh = 1000, .pulse_energy = LEGAL_A_PLUS, .pulse_ms = 30};
    if (legal_start(&legal, &port, &setup, 0) != LEGAL_OK) {
        return 0;
    }
    uint64_t sum = 0, total = legal_energy_uwh(&legal, LEGAL_A_PLUS);
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        sum += legal_tariff_uwh(&legal, t, LEGAL_A_PLUS);
    }
    if (sum != total || legal_tariff_select(&legal, 5) != LEGAL_OK) {
        abort();
    }
    legal_store(&legal);
    return 0;
}
