/* Any bytes as the memory of bundles and display lists, and as telegrams about them: what is taken
 * is in its bounds, and what is stored is read again. */
#include <stdlib.h>
#include <string.h>

#include "app/bundle/bundle_store.h"
#include "app/display/display_store.h"
#include "proto/kmp/kmp_display.h"
#include "proto/kmp/kmp_tamper.h"

#define PAGE  256u
#define BYTES (256u * PAGE)

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

static void must(bool good)
{
    if (!good) {
        abort();
    }
}

static void telegrams(const uint8_t *data, size_t size)
{
    struct reader r[6];
    struct kmp_bundle_entry entry;
    struct kmp_bundle_order order;
    struct kmp_bundle_reply reply;
    struct kmp_display_list list;
    struct kmp_display_reply said;
    struct kmp_tamper tamper;
    for (unsigned i = 0; i < 6; i++) {
        r[i] = reader_over(data, size);
    }
    must(kmp_bundle_entry_read(&r[0], &entry) != KMP_OK || entry.n_data <= KMP_BUNDLE_DATA_MAX);
    must(kmp_bundle_order_read(&r[1], &order) != KMP_OK || order.n_do <= KMP_BUNDLE_ENTRIES_MAX);
    must(kmp_bundle_reply_read(&r[2], &reply) != KMP_OK || reply.n_detail <= KMP_BUNDLE_DETAIL_MAX);
    must(kmp_display_list_read(&r[3], &list) != KMP_OK || list.n <= KMP_DISPLAY_READINGS_MAX);
    must(kmp_display_reply_read(&r[4], &said) != KMP_OK || said.reason < KMP_DISPLAY_REASONS);
    must(kmp_tamper_read(&r[5], &tamper) != KMP_OK || tamper.n_kinds <= KMP_TAMPER_KINDS_MAX);
}

static void bundles(const struct board *board, const uint8_t *data, size_t size)
{
    struct bundle bundle, again;
    struct kmp_bundle_entry entry, found;
    bundle_load(&bundle, board);
    must(bundle.state <= BUNDLE_UNDOING && bundle.n_do <= KMP_BUNDLE_ENTRIES_MAX);
    (void)bundle_entry_load(&bundle, board, false, size > 0 ? data[0] : 0, &entry);
    memset(&entry, 0, sizeof entry);
    entry.n_data = (uint8_t)(size < sizeof entry.data ? size : sizeof entry.data);
    memcpy(entry.data, data, entry.n_data);
    must(bundle_save(&bundle, board) && bundle_entry_save(&bundle, board, &entry));
    must(bundle_entry_load(&bundle, board, false, 0, &found));
    must(memcmp(&entry, &found, sizeof entry) == 0);
    bundle_load(&again, board);
    must(again.sequence == bundle.sequence && again.state == bundle.state);
}

static void lists(const struct board *board)
{
    struct display_store store, again;
    display_store_load(&store, board);
    for (unsigned which = 0; which < LIST_TEST; which++) {
        must(store.length[which] <= DISPLAY_MANUAL_MAX ||
             store.length[which] == DISPLAY_STORE_DELIVERED);
    }
    must(display_store_save(&store, board));
    display_store_load(&again, board);
    must(memcmp(&store, &again, sizeof store) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t memory[BYTES];
    const struct board board = {
        .context = memory, .app_memory_read = memory_read, .app_memory_write = memory_write};
    telegrams(data, size);
    memset(memory, 0xFF, sizeof memory);
    memcpy(memory + DISPLAY_STORE_PAGE * PAGE, data, size < 8u * PAGE ? size : 8u * PAGE);
    bundles(&board, data, size);
    lists(&board);
    return 0;
}
