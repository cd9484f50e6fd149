/*
 * The audit trail: what it says, that it is never overwritten, that it refuses when it is full, and
 * that it agrees with the constants whatever write the power fails in.
 */
#include "emu/desk.h"

#include "audit/audit.h"
#include "bus/legal_crc.h"
#include "params/constants.h"

#define PAGE  LEGAL_MEMORY_PAGE_BYTES
#define TRAIL (AUDIT_PAGE * PAGE)

static const double watts[3] = {1000, -500, 250}, vars[3] = {100, 200, -300};

static uint32_t crc_in_force(const struct desk *desk)
{
    struct constants constants;
    constants_nominal(&constants);
    struct legal_health health;
    legal_health(&desk->legal, &health);
    for (uint8_t s = 0; s < 3; s++) {
        legal_calibration_read(&desk->legal, (uint8_t)(s + 1u), &constants.system[s]);
        struct legal_sums sums;
        assert_int_equal(legal_sums(&desk->legal, (uint8_t)(s + 1u), &sums), LEGAL_OK);
        constants.calibrated[s] = sums.calibrated;
    }
    return constants_crc(&constants);
}

/* Constants that can be told apart by a number. */
static enum legal_err replace(struct desk *desk, uint32_t number)
{
    struct legal_calibration wanted[3];
    for (uint8_t s = 0; s < 3; s++) {
        legal_calibration_read(&desk->legal, (uint8_t)(s + 1u), &wanted[s]);
        wanted[s].correction.current_noise_lsb2 = number;
    }
    return legal_calibration_replace(&desk->legal, wanted);
}

static uint32_t number_in_force(const struct desk *desk)
{
    struct legal_calibration calibration;
    legal_calibration_read(&desk->legal, 2, &calibration);
    return calibration.correction.current_noise_lsb2;
}

static uint32_t n_entries(const struct desk *desk)
{
    struct legal_audit audit;
    legal_audit(&desk->legal, &audit);
    return audit.n_entries;
}

static struct legal_audit_entry entry_at(const struct desk *desk, uint32_t number)
{
    struct legal_audit_entry entry;
    assert_int_equal(legal_audit_read(&desk->legal, number, &entry), LEGAL_OK);
    assert_int_equal(entry.number, number);
    return entry;
}

static void run(struct desk *desk)
{
    desk_run(desk, 1, watts, vars);
}

static void seal(struct desk *desk, bool open)
{
    desk->seal_open = open;
    run(desk);
}

/* REQ(SEC-02, SEC-03, SEC-08): a meter is opened, calibrated, closed; somebody tries behind the
 * seal. */
static void a_calibration(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    run(desk);
    assert_int_equal(n_entries(desk), 0); /* a new meter: nothing has happened */
    assert_int_equal(replace(desk, 7), LEGAL_ERR_SEALED);
    assert_int_equal(replace(desk, 7), LEGAL_ERR_SEALED);
    struct legal_calibration one;
    legal_calibration_read(&desk->legal, 1, &one);
    assert_int_equal(legal_calibration_write(&desk->legal, 1, &one), LEGAL_ERR_SEALED);
    assert_int_equal(n_entries(desk), 1); /* one entry for all */
    assert_int_equal(number_in_force(desk), 0);
    const uint32_t nominal_crc = crc_in_force(desk);

    legal_audit_time(&desk->legal, 1795000000, true);
    desk_run(desk, 60, watts, vars);
    seal(desk, true);
    assert_int_equal(replace(desk, 8), LEGAL_OK);
    assert_int_equal(number_in_force(desk), 8);
    const uint32_t crc = crc_in_force(desk);
    assert_int_equal(legal_calibration_write(&desk->legal, 2, &one), LEGAL_OK);
    legal_audit_time(&desk->legal, 5, false);
    seal(desk, false);
    assert_int_equal(n_entries(desk), 5);

    for (unsigned start = 0; start < 2; start++) {
        const struct legal_audit_entry refused = entry_at(desk, 1), opened = entry_at(desk, 2);
        assert_int_equal(refused.what, LEGAL_AUDIT_REFUSED);
        assert_int_equal(refused.refused, 1);
        assert_false(refused.time_valid || refused.seal_open);
        assert_int_equal(opened.what, LEGAL_AUDIT_SEAL_OPENED);
        assert_int_equal(opened.refused, 3);
        assert_true(opened.time_valid && opened.seal_open);
        assert_int_equal(opened.utc_s, 1795000061);
        const struct legal_audit_entry all = entry_at(desk, 3), single = entry_at(desk, 4);
        assert_int_equal(all.what, LEGAL_AUDIT_CONSTANTS);
        assert_int_equal(all.systems, 7);
        assert_int_equal(all.old_crc, nominal_crc);
        assert_int_equal(all.new_crc, crc);
        assert_int_equal(all.writes, 1);
        assert_int_equal(all.operating_s, 62);
        assert_int_equal(all.starts, 1);
        assert_int_equal(all.software, 38200101);
        assert_true(all.program_crc != 0);
        assert_true(all.applied && all.seal_open);
        assert_int_equal(single.systems, 2);
        assert_int_equal(single.old_crc, crc);
        assert_int_equal(single.new_crc, crc_in_force(desk));
        assert_true(single.applied);
        const struct legal_audit_entry closed = entry_at(desk, 5);
        assert_int_equal(closed.what, LEGAL_AUDIT_SEAL_CLOSED);
        assert_false(closed.time_valid || closed.seal_open);
        assert_int_equal(closed.utc_s, 0);
        struct legal_audit_entry none;
        assert_int_equal(legal_audit_read(&desk->legal, 0, &none), LEGAL_ERR_RANGE);
        assert_int_equal(legal_audit_read(&desk->legal, 6, &none), LEGAL_ERR_RANGE);
        struct legal_audit audit;
        legal_audit(&desk->legal, &audit);
        assert_int_equal(audit.refused, 3);
        assert_false(audit.seal_open);
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        run(desk);
        assert_int_equal(n_entries(desk), 5);
    }
    desk_free(desk);
}

/* Every byte of an entry is where docs/spec/storage.md has it. */
static void bytes_of_an_entry(void **state)
{
    (void)state;
    static const uint8_t program[] = "a program";
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk->port.program = program;
    desk->port.program_bytes = sizeof program;
    assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us), LEGAL_OK);
    desk_systems_start(desk);
    legal_audit_time(&desk->legal, INT64_C(0x0102030405), true);
    run(desk);
    assert_int_equal(replace(desk, 1), LEGAL_ERR_SEALED);
    for (unsigned k = 0; k < 259; k++) {
        assert_int_equal(replace(desk, 1), LEGAL_ERR_SEALED);
    }
    desk_run(desk, 600, watts, vars);
    desk->seal_open = true;
    const uint32_t old_crc = crc_in_force(desk);
    assert_int_equal(replace(desk, 1), LEGAL_OK);
    const struct legal_audit_entry entry = entry_at(desk, 3);
    struct page page;
    memcpy(page.bytes, desk->memory.bytes + TRAIL + 2 * PAGE, PAGE);
    static const uint8_t head[12] = {'A', 1, 0, 1, 3, 0, 0, 0, LEGAL_AUDIT_CONSTANTS, 7, 3, 0};
    assert_memory_equal(page.bytes, head, sizeof head);
    assert_int_equal(page_get(&page, 12, 8), INT64_C(0x0102030405) + 601);
    assert_int_equal(page_get(&page, 20, 4), old_crc);
    assert_int_equal(page_get(&page, 24, 4), crc_in_force(desk));
    assert_int_equal(page_get(&page, 28, 4), 1);
    assert_int_equal(page_get(&page, 32, 4), 260);
    assert_int_equal(page_get(&page, 36, 4), 38200101);
    assert_int_equal(page_get(&page, 40, 4), legal_crc32(program, sizeof program));
    assert_int_equal(page_get(&page, 44, 4), 1);
    assert_int_equal(page_get(&page, 48, 4), 601);
    for (uint32_t at = 52; at < PAGE_CRC_AT; at++) {
        assert_int_equal(page.bytes[at], 0);
    }
    assert_int_equal(entry.refused, 260);

    /* and each flag alone is read from its bit */
    const struct page_memory memory = {.port = &desk->port, .writable = true};
    for (unsigned bit = 0; bit < 3; bit++) {
        struct page_memory written = memory;
        page.bytes[10] = (uint8_t)(1u << bit);
        page.bytes[8] = LEGAL_AUDIT_FOUND;
        page_put(&page, 4, 4, 4u + bit);
        assert_true(page_write(&written, AUDIT_PAGE + 3u + bit, &page));
    }
    assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us), LEGAL_OK);
    assert_true(entry_at(desk, 4).time_valid && !entry_at(desk, 4).seal_open);
    assert_false(entry_at(desk, 4).lost);
    assert_true(entry_at(desk, 5).seal_open && !entry_at(desk, 5).lost);
    assert_true(entry_at(desk, 6).lost && !entry_at(desk, 6).time_valid);
    desk_free(desk);
}

/* The board may have no way to open the seal; and its owner may move the legal part. */
static void no_seal_and_another_place(void **state)
{
    (void)state;
    static struct legal moved;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct legal_audit audit;
    seal(desk, true);
    legal_audit(&desk->legal, &audit);
    assert_true(audit.seal_open);
    memcpy(&moved, &desk->legal, sizeof moved);
    memset(&desk->legal, 0x5A, sizeof desk->legal);
    struct legal_audit_entry entry;
    assert_int_equal(legal_audit_read(&moved, 1, &entry), LEGAL_OK);
    desk->port.seal_open = NULL;
    assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us), LEGAL_OK);
    desk_systems_start(desk);
    run(desk);
    legal_audit(&desk->legal, &audit);
    assert_false(audit.seal_open);
    assert_int_equal(replace(desk, 1), LEGAL_ERR_SEALED);
    assert_int_equal(entry_at(desk, 2).what, LEGAL_AUDIT_SEAL_CLOSED);
    desk_free(desk);
}

/* Whatever a cut leaves of an entry stays, also where its front looks blank; the next one goes
 * behind it. */
static void torn_places_stay(void **state)
{
    (void)state;
    static jmp_buf power_lost;
    static uint8_t torn[PAGE];
    struct desk *volatile desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk->memory.power_lost = &power_lost;
    seal(desk, true);
    desk->memory.cut = EEPROM_CUT_BACK;
    desk->memory.cut_at = desk->memory.writes + 1;
    if (setjmp(power_lost) == 0) {
        (void)replace(desk, 3);
        fail_msg("nothing written");
    }
    desk->memory.cut_at = 0;
    memcpy(torn, desk->memory.bytes + TRAIL + PAGE, PAGE);
    assert_int_equal(torn[0], 0xFF);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_int_equal(n_entries(desk), 2);
    assert_int_equal(replace(desk, 3), LEGAL_OK);
    assert_int_equal(n_entries(desk), 3);
    assert_memory_equal(torn, desk->memory.bytes + TRAIL + PAGE, PAGE);
    desk_free(desk);
}

/* A seal that is opened and closed while the meter has no supply leaves nothing; one that is found
 * open at a start is noted then. */
static void a_seal_at_the_start(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk->seal_open = true;
    assert_int_equal(legal_step(&desk->legal, desk->now_us), INT64_MAX);
    assert_int_equal(n_entries(desk), 0);
    run(desk);
    assert_int_equal(entry_at(desk, 1).what, LEGAL_AUDIT_SEAL_OPENED);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    run(desk);
    assert_int_equal(n_entries(desk), 1);
    desk->seal_open = false;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    run(desk);
    assert_int_equal(entry_at(desk, 2).what, LEGAL_AUDIT_SEAL_CLOSED);
    struct legal_audit audit;
    legal_audit(&desk->legal, &audit);
    assert_false(audit.seal_open);
    desk->seal_open = true;
    legal_audit(&desk->legal, &audit);
    assert_true(audit.seal_open);
    desk->seal_open = false;
    desk_free(desk);
}

/* REQ(SEC-08): full, it refuses; entries that change nothing leave room for changes; nothing that
 * was written ever changes. */
static void full(void **state)
{
    (void)state;
    static uint8_t before[AUDIT_PAGES * PAGE];
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    for (unsigned k = 0; k < AUDIT_PAGES; k++) {
        seal(desk, k % 2u == 0);
        assert_int_equal(n_entries(desk), k + 1u < 48u ? k + 1u : 48u);
    }
    seal(desk, true);
    struct legal_audit audit;
    uint32_t done = 0;
    for (uint32_t n = 1; n <= AUDIT_PAGES; n++) {
        legal_audit(&desk->legal, &audit);
        memcpy(before, desk->memory.bytes + TRAIL, sizeof before);
        const uint64_t writes = desk->memory.writes;
        const enum legal_err err = replace(desk, n);
        assert_int_equal(err, n <= 15 ? LEGAL_OK : LEGAL_ERR_FULL);
        assert_true(err != LEGAL_OK || audit.n_changes_left > 0);
        assert_true(err == LEGAL_OK ||
                    (audit.n_changes_left == 0 && desk->memory.writes == writes));
        done = err == LEGAL_OK ? n : done;
        assert_int_equal(number_in_force(desk), done);
        assert_memory_equal(before, desk->memory.bytes + TRAIL, audit.n_entries * PAGE);
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        run(desk);
    }
    assert_int_equal(legal_calibration_count(&desk->legal), 15);
    for (uint32_t page = AUDIT_PAGE; page < AUDIT_PAGE + AUDIT_PAGES; page++) {
        assert_true(desk->memory.page_writes[page] <= 1);
    }
    desk_free(desk);
}

/* What must hold after any cut: the newest entry about constants names those in force, an earlier
 * change is said to have been in force exactly if it was. */
static void agrees(const struct desk *desk, uint32_t old, uint32_t tried)
{
    const uint32_t number = number_in_force(desk);
    bool named = false;
    assert_true(number == old || number == tried);
    for (uint32_t n = n_entries(desk); n > 0; n--) {
        struct legal_audit_entry entry;
        if (legal_audit_read(&desk->legal, n, &entry) != LEGAL_OK ||
            (entry.what != LEGAL_AUDIT_CONSTANTS && entry.what != LEGAL_AUDIT_FOUND)) {
            continue;
        }
        if (!named) {
            assert_int_equal(entry.new_crc, crc_in_force(desk));
            assert_int_equal(entry.writes, legal_calibration_count(&desk->legal));
        }
        if (entry.what == LEGAL_AUDIT_CONSTANTS && entry.writes == 2) {
            assert_int_equal(entry.applied, number == tried);
        } else {
            assert_true(entry.applied);
        }
        assert_false(entry.lost);
        named = true;
    }
    assert_true(named);
    struct legal_health health;
    legal_health(&desk->legal, &health);
    assert_false(health.memory_fault);
}

/* @return whether the power failed within write n of the change (first), or of what follows. */
static bool change_cut(uint64_t n, enum eeprom_cut cut, uint64_t later, enum eeprom_cut later_cut)
{
    static jmp_buf power_lost;
    struct desk *volatile desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    volatile bool was_cut = false;
    desk->memory.power_lost = &power_lost;
    seal(desk, true);
    assert_int_equal(replace(desk, 10), LEGAL_OK);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    desk->memory.cut = cut;
    desk->memory.cut_at = desk->memory.writes + n;
    if (setjmp(power_lost) == 0) {
        assert_int_equal(replace(desk, 11), LEGAL_OK);
    } else {
        was_cut = true;
    }
    desk->memory.cut = later_cut;
    desk->memory.cut_at = later == 0 ? 0 : desk->memory.writes + later;
    if (setjmp(power_lost) == 0) {
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        run(desk);
    }
    desk->memory.cut_at = 0;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    run(desk);
    agrees(desk, 10, 11);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    run(desk);
    agrees(desk, 10, 11);
    assert_int_equal(legal_calibration_count(&desk->legal), number_in_force(desk) == 10 ? 1 : 2);
    if (number_in_force(desk) == 10) { /* and the change can be made after all */
        assert_int_equal(replace(desk, 12), LEGAL_OK);
        assert_int_equal(entry_at(desk, n_entries(desk)).new_crc, crc_in_force(desk));
    }
    desk_free(desk);
    return was_cut;
}

/* REQ(SEC-08, MET-06): every write of a change, every way to be cut, and the writes after it too.
 */
static void cut_anywhere(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < EEPROM_CUTS; cut++) {
        uint64_t n = 1;
        while (change_cut(n, (enum eeprom_cut)cut, 0, EEPROM_CUT_DROPPED)) {
            n++;
        }
        assert_int_equal(n, 6); /* the entry and two copies of two pages */
    }
    for (unsigned row = 0; row < 5u * 4u * EEPROM_CUTS; row++) {
        (void)change_cut(1 + row % 5u, row % 2u == 0 ? EEPROM_CUT_KEPT : EEPROM_CUT_GARBLED,
                         1 + row / 5u % 4u, (enum eeprom_cut)(row / 20u));
    }
}

/* Both copies lost, or constants of another meter: the trail says so, and the count goes on. */
static void other_constants(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    seal(desk, true);
    assert_int_equal(replace(desk, 3), LEGAL_OK);
    assert_int_equal(replace(desk, 4), LEGAL_OK);
    static uint8_t pages[4 * PAGE];
    memcpy(pages, desk->memory.bytes + 2 * PAGE, sizeof pages);
    const uint32_t crc = crc_in_force(desk);
    memset(desk->memory.bytes + 2 * PAGE, 0x5A, 4 * PAGE);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    run(desk);
    const uint32_t lost = n_entries(desk);
    struct legal_audit_entry entry = entry_at(desk, lost);
    assert_int_equal(entry.what, LEGAL_AUDIT_FOUND);
    assert_true(entry.lost);
    assert_int_equal(entry.old_crc, crc);
    assert_int_equal(entry.new_crc, crc_in_force(desk));
    assert_true(entry_at(desk, lost - 1u).applied);
    assert_int_equal(replace(desk, 5), LEGAL_OK);
    assert_int_equal(legal_calibration_count(&desk->legal), 3);
    assert_true(entry_at(desk, lost - 2u).applied); /* whose old ones were nominal too */

    memcpy(desk->memory.bytes + 2 * PAGE, pages, sizeof pages);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    run(desk);
    entry = entry_at(desk, n_entries(desk));
    assert_int_equal(entry.what, LEGAL_AUDIT_FOUND);
    assert_false(entry.lost);
    assert_int_equal(entry.new_crc, crc);
    desk_free(desk);
}

/* Lost constants are nominal, as they were before the first change: it was in force all the same.
 */
static void lost_after_the_first_change(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    seal(desk, true);
    assert_int_equal(replace(desk, 3), LEGAL_OK);
    memset(desk->memory.bytes + 2 * PAGE, 0x5A, 4 * PAGE);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_true(entry_at(desk, 2).applied);
    run(desk);
    assert_int_equal(entry_at(desk, 3).new_crc, entry_at(desk, 2).old_crc);
    assert_true(entry_at(desk, 2).applied);
    assert_int_equal(legal_calibration_count(&desk->legal), 1);
    desk_free(desk);
}

/* A meter that was calibrated before it had a trail begins one with the next event. */
static void an_older_memory(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    seal(desk, true);
    assert_int_equal(replace(desk, 3), LEGAL_OK);
    memset(desk->memory.bytes + TRAIL, 0xFF, AUDIT_PAGES * PAGE);
    desk->seal_open = false;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    run(desk);
    assert_int_equal(n_entries(desk), 0);
    seal(desk, true);
    assert_int_equal(entry_at(desk, 1).what, LEGAL_AUDIT_SEAL_OPENED);
    assert_int_equal(replace(desk, 4), LEGAL_OK);
    assert_int_equal(entry_at(desk, 2).writes, 2);
    assert_true(entry_at(desk, 2).applied);
    desk_free(desk);
}

static void start_with(struct desk *desk, const void *program, uint32_t n_bytes)
{
    desk->port.program = program;
    desk->port.program_bytes = n_bytes;
    assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us), LEGAL_OK);
    desk_systems_start(desk);
    run(desk);
}

/* Another program is noted once; in a meter without a trail it is no event. */
static void other_software(void **state)
{
    (void)state;
    static const uint8_t first[] = "one program", second[] = "another one";
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    start_with(desk, first, sizeof first);
    start_with(desk, second, sizeof second);
    assert_int_equal(n_entries(desk), 0);
    seal(desk, true);
    for (unsigned k = 0; k < 2; k++) {
        start_with(desk, first, sizeof first);
        assert_int_equal(n_entries(desk), 2);
    }
    const struct legal_audit_entry entry = entry_at(desk, 2);
    assert_int_equal(entry.what, LEGAL_AUDIT_SOFTWARE);
    assert_true(entry.program_crc != entry_at(desk, 1).program_crc);
    desk_free(desk);
}

/* Places that fail: damage is told and left alone, what can't be read or written stops changes. */
static void failing_places(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct legal_audit_entry entry;
    struct legal_health health;
    seal(desk, true);
    assert_int_equal(replace(desk, 3), LEGAL_OK);
    desk->memory.bytes[TRAIL + 100] ^= 1;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_int_equal(legal_audit_read(&desk->legal, 1, &entry), LEGAL_ERR_STORAGE);
    assert_int_equal(entry.number, 0);
    assert_int_equal(entry_at(desk, 2).what, LEGAL_AUDIT_CONSTANTS);

    desk->memory.worn_from = AUDIT_PAGE + 2u;
    desk->memory.worn_to = AUDIT_PAGE + 3u;
    seal(desk, false);
    assert_int_equal(n_entries(desk), 3);
    assert_int_equal(legal_audit_read(&desk->legal, 3, &entry), LEGAL_ERR_STORAGE);
    seal(desk, true);
    assert_int_equal(replace(desk, 4), LEGAL_ERR_STORAGE);
    assert_int_equal(replace(desk, 4), LEGAL_ERR_STORAGE);
    assert_int_equal(number_in_force(desk), 3);
    legal_health(&desk->legal, &health);
    assert_true(health.memory_fault);
    assert_int_equal(desk_power_up(desk), LEGAL_OK); /* the bad place is passed over */
    assert_int_equal(replace(desk, 4), LEGAL_OK);
    assert_int_equal(n_entries(desk), 4);

    desk->memory.worn_from = AUDIT_PAGE + 4u; /* that of the change itself */
    desk->memory.worn_to = AUDIT_PAGE + 5u;
    assert_int_equal(replace(desk, 6), LEGAL_ERR_STORAGE);
    assert_int_equal(number_in_force(desk), 4);
    desk->memory.worn_to = 0;

    desk->memory.unreadable_from = AUDIT_PAGE + 60u;
    desk->memory.unreadable_to = AUDIT_PAGE + 61u;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_int_equal(replace(desk, 5), LEGAL_ERR_STORAGE); /* there may be entries there */
    legal_health(&desk->legal, &health);
    assert_true(health.memory_fault);
    assert_int_equal(number_in_force(desk), 4);
    desk_free(desk);
}

/* The constants themselves can't be stored: the trail takes back what it announced. */
static void constants_not_stored(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    seal(desk, true);
    assert_int_equal(replace(desk, 3), LEGAL_OK);
    desk->memory.worn_from = 2;
    desk->memory.worn_to = 4;
    assert_int_equal(replace(desk, 4), LEGAL_ERR_STORAGE);
    assert_int_equal(number_in_force(desk), 3);
    const uint32_t newest = n_entries(desk);
    assert_int_equal(entry_at(desk, newest).what, LEGAL_AUDIT_FOUND);
    assert_int_equal(entry_at(desk, newest).new_crc, crc_in_force(desk));
    assert_false(entry_at(desk, newest - 1u).applied);
    assert_true(entry_at(desk, newest - 2u).applied);
    desk_free(desk);
}

/* An entry of a format to come: nothing is started, nothing is written. */
static void a_newer_entry(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    seal(desk, true);
    struct page page;
    memcpy(page.bytes, desk->memory.bytes + TRAIL, PAGE);
    page.bytes[1]++;
    struct page_memory memory = {.port = &desk->port, .writable = true};
    assert_true(page_write(&memory, AUDIT_PAGE + 1u, &page));
    const uint64_t writes = desk->memory.writes;
    assert_int_equal(desk_power_up(desk), LEGAL_ERR_FORMAT);
    assert_int_equal(desk->memory.writes, writes);
    assert_int_equal(replace(desk, 4), LEGAL_ERR_RANGE);
    desk_free(desk);
}

/* Sums are what the frames brought, times the gain; they go on through a restart of a system. */
static void sums(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct legal_sums from, to;
    assert_int_equal(legal_sums(&desk->legal, 0, &from), LEGAL_ERR_RANGE);
    assert_int_equal(legal_sums(&desk->legal, 4, &from), LEGAL_ERR_RANGE);
    desk->frame[1].flags = BUS_FLAG_LOCKED;
    run(desk);
    assert_int_equal(legal_sums(&desk->legal, 2, &from), LEGAL_OK);
    assert_true(from.locked && !from.clipped && !from.constants_refused && !from.silent);
    assert_int_equal(from.epoch, legal_measuring_epoch(&desk->legal));
    assert_int_equal(from.samples, 8000);
    assert_int_equal(from.voltage_gain, 1 << 30);
    const uint16_t epoch = from.epoch;
    seal(desk, true);
    assert_int_equal(replace(desk, 0), LEGAL_OK);
    assert_int_not_equal(legal_measuring_epoch(&desk->legal), epoch);
    desk_systems_start(desk);
    desk->frame[1].flags = BUS_FLAG_CLIPPED | BUS_FLAG_REFUSED;
    desk_run(desk, 99, watts, vars);
    assert_int_equal(legal_sums(&desk->legal, 2, &to), LEGAL_OK);
    assert_int_equal(to.epoch, legal_measuring_epoch(&desk->legal));
    assert_int_equal(to.samples - from.samples, 100u * 8000u);
    assert_true(!to.locked && to.clipped && to.constants_refused && to.calibrated);
    assert_int_equal(to.n_clipped - from.n_clipped, 99);
    assert_int_equal(to.n_unlocked - from.n_unlocked, 99);
    /* -500 W and 200 var for 100 s; the counter step is 2e-8 of it */
    assert_in_range(from.active_nwh - to.active_nwh, 13888888888 - 3000, 13888888888 + 3000);
    assert_in_range(to.reactive_nvarh - from.reactive_nvarh, 5555555555 - 3000, 5555555555 + 3000);
    const uint64_t squares = desk_squares(230.0, 700.0, 8000);
    assert_int_equal(to.voltage_squares - from.voltage_squares, 100u * squares);
    assert_int_equal(to.current_squares - from.current_squares,
                     100u * desk_squares(500.0 / 230.0, 250.0, 8000));
    desk->now_us += 4 * SECOND;
    (void)legal_step(&desk->legal, desk->now_us);
    assert_int_equal(legal_sums(&desk->legal, 2, &to), LEGAL_OK);
    assert_true(to.silent);
    desk_free(desk);
}

/* What the no-load rule forgets is in the sums: 1 W for 100 s. */
static void sums_know_small_loads(void **state)
{
    (void)state;
    static const double small[3] = {1, -1, 0}, none[3] = {0, 0, 0};
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 100, small, none);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), 0);
    struct legal_sums found[3];
    for (uint8_t s = 0; s < 3; s++) {
        assert_int_equal(legal_sums(&desk->legal, (uint8_t)(s + 1u), &found[s]), LEGAL_OK);
    }
    assert_in_range(found[0].active_nwh, 27777777 - 3000, 27777777 + 3000);
    assert_in_range(-found[1].active_nwh, 27777777 - 3000, 27777777 + 3000);
    assert_int_equal(found[2].active_nwh, 0);
    desk_free(desk);
}

/* Each constant out of its range is named. */
static void the_constant_is_named(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct legal_calibration good;
    legal_calibration_read(&desk->legal, 1, &good);
    assert_int_equal(legal_calibration_check(&good), LEGAL_CONSTANT_NONE);
    for (unsigned constant = 1; constant < LEGAL_CONSTANTS; constant++) {
        struct legal_calibration bad = good;
        switch (constant) {
        case LEGAL_CONSTANT_POWER_GAIN: bad.correction.power_gain /= 2u; break;
        case LEGAL_CONSTANT_VOLTAGE_GAIN: bad.correction.voltage_gain = 0; break;
        case LEGAL_CONSTANT_CURRENT_GAIN: bad.correction.current_gain *= 2u; break;
        case LEGAL_CONSTANT_CROSSTALK_G: bad.correction.crosstalk_g_q40 = INT32_MIN; break;
        case LEGAL_CONSTANT_CROSSTALK_B: bad.correction.crosstalk_b_q40 = INT32_MAX; break;
        case LEGAL_CONSTANT_NOISE: bad.correction.current_noise_lsb2 = 100000001; break;
        case LEGAL_CONSTANT_FILTER: bad.measuring.voltage_fir_q28[3] = 0; break;
        case LEGAL_CONSTANT_DELAY: bad.measuring.current_delay_samples = 8; break;
        case LEGAL_CONSTANT_POWER_DRIFT: bad.correction.power_drift.cubic_q68 = INT32_MAX; break;
        case LEGAL_CONSTANT_VOLTAGE_DRIFT:
            bad.correction.voltage_drift.linear_q40 = INT32_MIN;
            break;
        case LEGAL_CONSTANT_HEATING: bad.correction.heating_s = 9; break;
        case LEGAL_CONSTANT_CLOCK: bad.correction.clock_ppb = -500001; break;
        case LEGAL_CONSTANT_NEIGHBOURS: bad.correction.neighbour_im_q40[1] = INT32_MAX; break;
        default: bad.correction.reference_cc = 10001; break;
        }
        assert_int_equal(legal_calibration_check(&bad), constant);
    }
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_calibration),
        cmocka_unit_test(bytes_of_an_entry),
        cmocka_unit_test(no_seal_and_another_place),
        cmocka_unit_test(torn_places_stay),
        cmocka_unit_test(a_seal_at_the_start),
        cmocka_unit_test(full),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(other_constants),
        cmocka_unit_test(lost_after_the_first_change),
        cmocka_unit_test(an_older_memory),
        cmocka_unit_test(other_software),
        cmocka_unit_test(failing_places),
        cmocka_unit_test(constants_not_stored),
        cmocka_unit_test(a_newer_entry),
        cmocka_unit_test(sums),
        cmocka_unit_test(sums_know_small_loads),
        cmocka_unit_test(the_constant_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
