/* Any bytes as application memory: loading takes them or refuses them, and the meter can go on
 * storing. */
#include <stdlib.h>
#include <string.h>

#include "app/store/app_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    memcpy(bytes, (const uint8_t *)context + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    memcpy((uint8_t *)context + address, bytes, n_bytes);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t memory[APP_STORE_SLOTS * APP_STORE_SLOT_BYTES] = {0};
    const struct board board = {
        .context = memory, .app_memory_read = memory_read, .app_memory_write = memory_write};
    struct app_store store;
    struct app_record record, again;
    memcpy(memory, data, size < sizeof memory ? size : sizeof memory);
    if (app_store_load(&store, &board, &record) == APP_STORE_OK && store.sequence != UINT32_MAX &&
        (app_store_save(&store, &board, &record) != APP_STORE_OK ||
         app_store_load(&store, &board, &again) != APP_STORE_OK ||
         again.demand.integration_min != record.demand.integration_min)) {
        abort();
    }
    return 0;
}
