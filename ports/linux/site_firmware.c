#include "site_firmware.h"

#include <string.h>

#include "app/firmware/firmware.h"
#include "proto/common/crc.h"
#include "proto/common/writer.h"

#define HEAD_USED 12u

static int firmware_write(void *context, uint32_t address, const uint8_t *bytes, uint32_t n_bytes)
{
    const struct site *site = context;
    return eeprom_write(site->eeprom, EEPROM_FIRMWARE, EEPROM_FIRMWARE_HEAD + address, bytes,
                        n_bytes);
}

/* Twelve bytes in one page: cut in between they do not check, and the old program stays. */
static int firmware_activate(void *context, uint32_t n_bytes)
{
    const struct site *site = context;
    uint8_t head[HEAD_USED];
    struct writer w = writer_over(head, sizeof head);
    writer_text(&w, "FWNX");
    writer_uint_le(&w, n_bytes, 4);
    writer_uint_le(&w, crc32_ieee(site->firmware.memory, n_bytes), 4);
    return eeprom_write(site->eeprom, EEPROM_FIRMWARE, 0, head, sizeof head);
}

void site_firmware_board(struct site *site)
{
    if (site->keys.n_verify != FIRMWARE_KEY_BYTES) {
        return;
    }
    memcpy(site->firmware_key, site->keys.verify, FIRMWARE_KEY_BYTES);
    site->firmware = (struct board_firmware){
        .memory = site->eeprom->bytes[EEPROM_FIRMWARE] + EEPROM_FIRMWARE_HEAD,
        .n_bytes = EEPROM_FIRMWARE_BYTES,
        .key = site->firmware_key,
        .write = firmware_write,
        .activate = firmware_activate,
    };
    site->board.firmware = &site->firmware;
}
