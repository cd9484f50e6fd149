/* Any bytes as the memory of the settings, and as telegrams about them: values are always allowed
 * ones, and what is stored is read again. */
#include <stdlib.h>
#include <string.h>

#include "app/settings/settings.h"
#include "proto/common/crc.h"
#include "proto/kmp/kmp_settings.h"

#define BYTES ((SETTINGS_FIRST_PAGE + 2u * SETTINGS_SLOT_PAGES) * 256u)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    memcpy(bytes, (uint8_t *)context + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    memcpy((uint8_t *)context + address, bytes, n_bytes);
    return 0;
}

/* Make the record's check right: most inputs shall come past it. */
static void seal(uint8_t *slot)
{
    const size_t n = (size_t)slot[6] + 256u * slot[7];
    if (n <= SETTINGS_SLOT_PAGES * 256u - 16u) {
        struct writer w = writer_over(slot + 12 + n, 4);
        memcpy(slot, "SETT", 4);
        writer_uint_le(&w, crc32_ieee(slot, 12 + n), 4);
    }
}

static void telegram(const uint8_t *data, size_t size)
{
    struct reader r = reader_over(data, size), info = r, reply = r, status = r;
    struct kmp_setting setting;
    struct kmp_settings_info i;
    struct kmp_settings_reply re;
    struct kmp_settings_status st;
    while (kmp_setting_read(&r, &setting) == KMP_OK) {
        if (setting.n_bytes > sizeof setting.bytes) {
            abort();
        }
    }
    (void)kmp_settings_info_read(&info, &i);
    (void)kmp_settings_reply_read(&reply, &re);
    (void)kmp_settings_status_read(&status, &st);
}

static void check(const struct settings *s)
{
    for (unsigned row = 0; row < setting_table_length; row++) {
        const struct setting_def *def = &setting_table[row];
        if ((def->home == HOME_SETTINGS && !setting_value_good(def, &s->own[row])) ||
            (settings_has(s, row) && !setting_value_good(def, &s->next[row]))) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[BYTES];
    static struct settings first, again;
    const struct board board = {
        .context = memory, .app_memory_read = memory_read, .app_memory_write = memory_write};
    uint8_t *slots = memory + SETTINGS_FIRST_PAGE * 256u;
    telegram(data, size);
    memset(memory, 0xFF, sizeof memory);
    memcpy(slots, data, size < sizeof memory - 4096u ? size : sizeof memory - 4096u);
    seal(slots);
    if (settings_load(&first, &board) == SETTINGS_ERR_FORMAT) {
        return 0;
    }
    check(&first);
    if (settings_save(&first, &board) != SETTINGS_OK ||
        settings_load(&again, &board) != SETTINGS_OK ||
        memcmp(first.own, again.own, sizeof first.own) != 0 || first.state != again.state) {
        abort();
    }
    return 0;
}
