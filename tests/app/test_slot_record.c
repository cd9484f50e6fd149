/* Records that are written in turn: what stands on a page, which one counts, cuts and bad memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/store/slot_record.h"
#include "proto/common/crc.h"

#define PAGE       SLOT_RECORD_PAGE_BYTES
#define FIRST_PAGE 3u
#define PAGES      8u
#define ITEMS_MAX  5u

/* ---- memory that can be cut and can fail ---- */

struct memory {
    uint8_t bytes[PAGES * PAGE];
    uint32_t deaf_page;  /* that does not answer; PAGES: all do */
    uint32_t cut_after;  /* bytes of the next write that arrive; UINT32_MAX: all */
    uint8_t cut_leaves;  /* what the rest of them becomes */
    uint32_t flip_write; /* 1: what is written arrives with a wrong bit */
};

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    const struct memory *memory = context;
    assert_true(address % PAGE + n_bytes <= PAGE);
    if (address / PAGE == memory->deaf_page) {
        return -1;
    }
    memcpy(bytes, memory->bytes + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    struct memory *memory = context;
    assert_true(address % PAGE + n_bytes <= PAGE);
    if (address / PAGE == memory->deaf_page) {
        return -1;
    }
    const uint32_t n = n_bytes < memory->cut_after ? n_bytes : memory->cut_after;
    memcpy(memory->bytes + address, bytes, n);
    memset(memory->bytes + address + n, memory->cut_leaves, n_bytes - n);
    memory->bytes[address] ^= (uint8_t)memory->flip_write;
    return n < n_bytes ? -1 : 0;
}

static struct memory blank(void)
{
    struct memory memory = {.deaf_page = PAGES, .cut_after = UINT32_MAX};
    memset(memory.bytes, 0xFF, sizeof memory.bytes);
    return memory;
}

static struct board board_over(struct memory *memory)
{
    return (struct board){
        .context = memory, .app_memory_read = memory_read, .app_memory_write = memory_write};
}

/* ---- a kind of record, as long as it has items ---- */

struct list {
    uint8_t n;
    uint16_t item[ITEMS_MAX];
};

static bool list_decode(struct reader *body, void *record)
{
    struct list *list = record;
    list->n = reader_u8(body);
    for (unsigned i = 0; i < list->n && i < ITEMS_MAX; i++) {
        list->item[i] = (uint16_t)reader_uint_le(body, 2);
    }
    return list->n <= ITEMS_MAX;
}

static void list_encode(struct writer *body, const void *record)
{
    const struct list *list = record;
    writer_u8(body, list->n);
    for (unsigned i = 0; i < list->n; i++) {
        writer_uint_le(body, list->item[i], 2);
    }
}

static const struct slot_kind plain = {.mark = UINT32_C(0x5453494C),
                                       .format = 7,
                                       .n_format = 2,
                                       .slots = 2,
                                       .first_page = FIRST_PAGE,
                                       .n_record = sizeof(struct list),
                                       .decode = list_decode,
                                       .encode = list_encode};

static struct slot_found load(const struct slot_kind *kind, struct memory *memory,
                              struct list *list)
{
    const struct board board = board_over(memory);
    struct list spare;
    return slot_record_load(kind, &board, list, &spare);
}

static bool save(const struct slot_kind *kind, struct memory *memory, const struct list *list,
                 uint32_t *sequence)
{
    const struct board board = board_over(memory);
    return slot_record_save(kind, &board, list, sequence);
}

static void assert_same(const struct list *found, const struct list *wanted)
{
    assert_int_equal(found->n, wanted->n);
    assert_memory_equal(found->item, wanted->item, sizeof wanted->item);
}

/* ---- tests ---- */

/* A page as docs/spec/app-storage.md has it, byte by byte; nothing behind the check is touched. */
static void test_bytes_of_a_page(void **state)
{
    (void)state;
    static const uint8_t body[] = {'L', 'I', 'S', 'T', 7, 0, 1, 0, 0, 0, 2, 0x34, 0x12, 0xCD, 0xAB};
    static const uint8_t wide[] = {'L', 'I', 'S', 'T', 7,    0,    59,   0,   1,
                                   0,   0,   0,   2,   0x34, 0x12, 0xCD, 0xAB};
    const struct list list = {2, {0x1234, 0xABCD}};
    struct slot_kind four = plain;
    four.n_format = 4;
    four.format = UINT32_C(59) << 16 | 7u;
    const struct {
        const struct slot_kind *kind;
        const uint8_t *bytes;
        size_t n;
    } cases[] = {{&plain, body, sizeof body}, {&four, wide, sizeof wide}};
    for (size_t i = 0; i < 2; i++) {
        struct memory memory = blank();
        uint32_t sequence = 0;
        assert_true(save(cases[i].kind, &memory, &list, &sequence));
        assert_int_equal(sequence, 1);
        const uint8_t *page = memory.bytes + (FIRST_PAGE + 1u) * PAGE;
        const uint32_t check = crc32_ieee(cases[i].bytes, cases[i].n);
        assert_memory_equal(page, cases[i].bytes, cases[i].n);
        for (unsigned b = 0; b < 4; b++) {
            assert_int_equal(page[cases[i].n + b], check >> 8u * b & 0xFFu);
        }
        for (size_t b = cases[i].n + 4u; b < PAGE; b++) {
            assert_int_equal(page[b], 0xFF);
        }
        for (size_t b = 0; b < (FIRST_PAGE + 1u) * PAGE; b++) {
            assert_int_equal(memory.bytes[b], 0xFF);
        }
        struct list found = {0};
        const struct slot_found look = load(cases[i].kind, &memory, &found);
        assert_int_equal(look.sequence, 1);
        assert_same(&found, &list);
    }
}

/* Blank memory: nothing is found, what stood in the record stays, and that is no damage. */
static void test_nothing_there(void **state)
{
    (void)state;
    for (unsigned fill = 0; fill <= 0xFF; fill += 0xFF) {
        struct memory memory = blank();
        memset(memory.bytes, (int)fill, sizeof memory.bytes);
        struct list list = {1, {42}};
        const struct slot_found look = load(&plain, &memory, &list);
        assert_int_equal(look.sequence, 0);
        assert_false(look.unread);
        assert_false(look.damaged);
        assert_int_equal(list.item[0], 42);
    }
}

/* Each record goes over the oldest one; the newest counts, in two slots as in twelve. */
static void test_in_turn(void **state)
{
    (void)state;
    struct slot_kind ring = plain;
    ring.slots = 5;
    const struct slot_kind *const kinds[] = {&plain, &ring};
    for (size_t k = 0; k < 2; k++) {
        struct memory memory = blank();
        uint32_t sequence = 0;
        for (uint16_t i = 1; i <= 23; i++) {
            const struct list list = {1, {i}};
            struct list found = {0};
            assert_true(save(kinds[k], &memory, &list, &sequence));
            const struct slot_found look = load(kinds[k], &memory, &found);
            assert_int_equal(look.sequence, i);
            assert_int_equal(found.item[0], i);
            assert_false(look.damaged);
        }
        /* the newest goes bad: the one before it counts */
        memory.bytes[(FIRST_PAGE + 23u % kinds[k]->slots) * PAGE + 11u] ^= 4u;
        struct list found = {0};
        const struct slot_found look = load(kinds[k], &memory, &found);
        assert_int_equal(look.sequence, 22);
        assert_int_equal(found.item[0], 22);
        assert_true(look.damaged);
    }
}

/* Wherever the supply goes while a record is written, the one before it or the new one counts. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    const struct list before = {3, {1, 2, 3}}, after = {5, {9, 8, 7, 6, 5}};
    for (unsigned old = 0; old < 2; old++) {
        for (uint32_t cut = 0; cut <= 25; cut++) {
            struct memory memory = blank();
            uint32_t sequence = 0;
            assert_true(save(&plain, &memory, &after, &sequence));
            assert_true(save(&plain, &memory, &before, &sequence));
            memory.cut_after = cut;
            memory.cut_leaves = old == 0 ? 0xA5 : 0xFF;
            const bool saved = save(&plain, &memory, &after, &sequence);
            assert_int_equal(saved, cut == 25);
            assert_int_equal(sequence, saved ? 3 : 2);
            struct list found = {0};
            const struct slot_found look = load(&plain, &memory, &found);
            assert_int_equal(look.sequence, sequence);
            assert_same(&found, saved ? &after : &before);
            /* a page of FFh alone may have been blank */
            assert_int_equal(look.damaged, !saved && !(old == 1 && cut == 0));
            /* and the next one goes to the same slot */
            memory.cut_after = UINT32_MAX;
            assert_true(save(&plain, &memory, &after, &sequence));
            assert_int_equal(load(&plain, &memory, &found).sequence, sequence);
        }
    }
}

/* Not ours: another mark, another format, another slot's number, number 0, a body without sense. */
static void test_not_good(void **state)
{
    (void)state;
    static const struct {
        uint8_t at, becomes;
    } wrong[] = {{0, 'M'}, {4, 8}, {5, 1}, {6, 3}, {6, 2}, {6, 0}, {10, ITEMS_MAX + 1u}, {10, 255}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct memory memory = blank();
        const struct list list = {2, {5, 6}};
        uint32_t sequence = 0;
        assert_true(save(&plain, &memory, &list, &sequence));
        uint8_t *page = memory.bytes + (FIRST_PAGE + 1u) * PAGE;
        page[wrong[i].at] = wrong[i].becomes;
        struct writer check = writer_over(page + 15, 4);
        writer_uint_le(&check, crc32_ieee(page, 15), 4);
        struct list found = {0};
        const struct slot_found look = load(&plain, &memory, &found);
        assert_int_equal(look.sequence, wrong[i].at == 6 && wrong[i].becomes == 3 ? 3 : 0);
        assert_int_equal(look.damaged, look.sequence == 0);
    }
}

/* A page that does not answer is told; the other one counts meanwhile. */
static void test_deaf_page(void **state)
{
    (void)state;
    struct memory memory = blank();
    const struct list first = {1, {1}}, second = {1, {2}};
    uint32_t sequence = 0;
    assert_true(save(&plain, &memory, &first, &sequence));
    assert_true(save(&plain, &memory, &second, &sequence));
    memory.deaf_page = FIRST_PAGE;
    struct list found = {0};
    const struct slot_found look = load(&plain, &memory, &found);
    assert_true(look.unread);
    assert_int_equal(look.sequence, 1);
    assert_int_equal(found.item[0], 1);
    assert_true(save(&plain, &memory, &first, &sequence));
    assert_false(save(&plain, &memory, &first, &sequence));
    assert_int_equal(sequence, 3);
}

/* Memory that takes something else than it was given: told only to who asked for it to be read
 * back. */
static void test_read_back(void **state)
{
    (void)state;
    struct slot_kind careful = plain;
    careful.read_back = true;
    const struct list list = {1, {1}};
    struct memory memory = blank();
    uint32_t sequence = 0;
    assert_true(save(&careful, &memory, &list, &sequence));
    memory.flip_write = 1;
    assert_false(save(&careful, &memory, &list, &sequence));
    assert_int_equal(sequence, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_of_a_page), cmocka_unit_test(test_nothing_there),
        cmocka_unit_test(test_in_turn),         cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_not_good),        cmocka_unit_test(test_deaf_page),
        cmocka_unit_test(test_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
