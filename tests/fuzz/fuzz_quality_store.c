/* Any bytes as the pages of the voltage quality: loading takes them or refuses them, what it takes
 * is sound, and storing it again gives the same. */
#include <stdlib.h>
#include <string.h>

#include "app/quality/quality_store.h"

#define FIRST (QUALITY_STORE_FIRST_PAGE * 256u)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    memcpy(bytes, (const uint8_t *)context + address - FIRST, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    memcpy((uint8_t *)context + address - FIRST, bytes, n_bytes);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t memory[QUALITY_STORE_PAGES * 256u] = {0};
    const struct board board = {
        .context = memory, .app_memory_read = memory_read, .app_memory_write = memory_write};
    struct quality_store store;
    struct quality_config config, again;
    static struct quality quality, other;
    memcpy(memory, data, size < sizeof memory ? size : sizeof memory);
    if (quality_store_load_limits(&store, &board, &config) == QUALITY_OK &&
        (quality_check(&config) != QUALITY_OK ||
         (store.limits_sequence != UINT32_MAX &&
          (quality_store_save_limits(&store, &board, &config) != QUALITY_OK ||
           quality_store_load_limits(&store, &board, &again) != QUALITY_OK ||
           again.low_mv != config.low_mv)))) {
        abort();
    }
    if (quality_store_load_counts(&store, &board, &quality) == QUALITY_OK &&
        store.counts_sequence != UINT32_MAX &&
        (quality_store_save_counts(&store, &board, &quality) != QUALITY_OK ||
         quality_store_load_counts(&store, &board, &other) != QUALITY_OK ||
         other.week.begin_us != quality.week.begin_us || other.week.dips != quality.week.dips)) {
        abort();
    }
    return 0;
}
