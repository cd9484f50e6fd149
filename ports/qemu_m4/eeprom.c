#include "eeprom.h"

#define MAGIC          UINT32_C(0x33383245) /* "E283" in memory */
#define MAGIC_AT       0u
#define STARTS_AT      4u
#define EEPROM_REFUSED (-1)

static uint32_t word_get(const struct eeprom *eeprom, uint32_t at)
{
    return *(const volatile uint32_t *)(uintptr_t)(eeprom->base + at);
}

static void word_put(struct eeprom *eeprom, uint32_t at, uint32_t word)
{
    *(volatile uint32_t *)(uintptr_t)(eeprom->base + at) = word;
}

void eeprom_erase(struct eeprom *eeprom, uintptr_t base)
{
    eeprom->base = (volatile uint8_t *)base;
    word_put(eeprom, MAGIC_AT, 0);
    for (uint32_t at = EEPROM_HEADER_BYTES; at < EEPROM_BYTES; at += 4u) {
        word_put(eeprom, at, UINT32_MAX);
    }
    word_put(eeprom, STARTS_AT, 0);
    word_put(eeprom, MAGIC_AT, MAGIC); /* last: a cut while erasing erases again */
}

uint32_t eeprom_open(struct eeprom *eeprom, uintptr_t base)
{
    eeprom->base = (volatile uint8_t *)base;
    if (word_get(eeprom, MAGIC_AT) != MAGIC) {
        eeprom_erase(eeprom, base);
    }
    uint32_t starts = word_get(eeprom, STARTS_AT) + 1u;
    word_put(eeprom, STARTS_AT, starts);
    return starts;
}

static int copy_out(const struct eeprom *eeprom, uint32_t from, uint32_t limit, uint32_t address,
                    uint8_t *bytes, uint32_t n_bytes)
{
    if (address > limit || n_bytes > limit - address) {
        return EEPROM_REFUSED;
    }
    for (uint32_t i = 0; i < n_bytes; i++) {
        bytes[i] = eeprom->base[from + address + i];
    }
    return 0;
}

/** Byte by byte, in order: what a cut leaves is a page half old, half new. */
static int copy_in(struct eeprom *eeprom, uint32_t from, uint32_t limit, uint32_t address,
                   const uint8_t *bytes, uint32_t n_bytes)
{
    if (address > limit || n_bytes > limit - address) {
        return EEPROM_REFUSED;
    }
    for (uint32_t i = 0; i < n_bytes; i++) {
        eeprom->base[from + address + i] = bytes[i];
    }
    return 0;
}

int eeprom_legal_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    return copy_out(context, EEPROM_HEADER_BYTES, LEGAL_MEMORY_BYTES, address, bytes, n_bytes);
}

int eeprom_legal_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    return copy_in(context, EEPROM_HEADER_BYTES, LEGAL_MEMORY_BYTES, address, bytes, n_bytes);
}

int eeprom_log_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    return copy_out(context, EEPROM_LOG_AT, LEGAL_LOG_BYTES, address, bytes, n_bytes);
}

int eeprom_log_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    return copy_in(context, EEPROM_LOG_AT, LEGAL_LOG_BYTES, address, bytes, n_bytes);
}

int eeprom_app_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    return copy_out(context, EEPROM_APP_AT, BOARD_APP_MEMORY_BYTES, address, bytes, n_bytes);
}

int eeprom_app_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    return copy_in(context, EEPROM_APP_AT, BOARD_APP_MEMORY_BYTES, address, bytes, n_bytes);
}
