/* The stored format: contents, steps, ring, wear, versions, faults.  docs/spec/storage.md */
#include "emu/desk.h"
#include "legal/bus/legal_crc.h"

#define STATE_PAGE  64u
#define STATE_PAGES 1536u
#define TARIFF_PAGE 32u
#define PAGE        LEGAL_MEMORY_PAGE_BYTES

static const double none[3] = {0, 0, 0};
static const double mixed_w[3] = {9000, -4000, 2500}, mixed_var[3] = {3000, 2000, -1500};

static struct legal_health health_of(const struct desk *desk)
{
    struct legal_health health;
    legal_health(&desk->legal, &health);
    return health;
}

/* A page of some format, with a good CRC. */
static void forge(struct desk *desk, uint32_t page, uint8_t kind, uint8_t format, uint32_t number)
{
    uint8_t *at = desk->memory.bytes + page * PAGE;
    memset(at, 0, PAGE);
    at[0] = kind;
    at[1] = format;
    at[3] = 1;
    for (unsigned i = 0; i < 4; i++) {
        at[4 + i] = (uint8_t)(number >> (8u * i));
    }
    uint32_t crc = legal_crc32(at, 252);
    for (unsigned i = 0; i < 4; i++) {
        at[252 + i] = (uint8_t)(crc >> (8u * i));
    }
}

/* Number of the newest state record, by looking at every page. */
static uint32_t newest_page(const struct desk *desk)
{
    uint32_t best = 0, best_page = 0;
    for (uint32_t page = STATE_PAGE; page < STATE_PAGE + STATE_PAGES; page++) {
        const uint8_t *at = desk->memory.bytes + page * PAGE;
        uint32_t number =
            (uint32_t)at[4] | (uint32_t)at[5] << 8 | (uint32_t)at[6] << 16 | (uint32_t)at[7] << 24;
        if (at[0] == 'S' && number >= best) {
            best = number;
            best_page = page;
        }
    }
    return best_page;
}

/* Blank memory, whatever blank looks like: begins at zero, no fault. */
static void blank_memory(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value += 255) {
        struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
        eeprom_blank(&desk->memory, (uint8_t)value);
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        struct legal_health health = health_of(desk);
        assert_false(health.memory_restored || health.memory_fault || health.memory_suspect);
        assert_false(health.calibrated);
        assert_int_equal(legal_tariff(&desk->legal), 1);
        assert_int_equal(health.start_count, 1);
        assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), 0);
        desk_free(desk);
    }
}

/* The bytes are those of the document. */
static void record_bytes(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 101, (double[]){3600, 0, 0}, none);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    const uint8_t *at = desk->memory.bytes + newest_page(desk) * PAGE;
    assert_int_equal(at[0], 'S');
    assert_int_equal(at[1], 1);
    assert_int_equal(at[2] | at[3] << 8, 256);
    assert_int_equal(at[8], 1); /* orderly */
    assert_int_equal(at[10], LEGAL_SUM_INDIVIDUAL);
    assert_int_equal(at[12] | at[13] << 8, legal_measuring_epoch(&desk->legal));
    assert_int_equal(at[18], 1);
    uint64_t whole = 0;
    for (unsigned i = 7; i-- > 0;) {
        whole = whole << 8 | at[36 + i];
    }
    assert_int_equal(whole, desk_energy(desk, LEGAL_A_PLUS_L1));
    uint32_t crc = (uint32_t)at[252] | (uint32_t)at[253] << 8 | (uint32_t)at[254] << 16 |
                   (uint32_t)at[255] << 24;
    assert_int_equal(crc, legal_crc32(at, 252));
    assert_memory_equal(desk->memory.bytes, "O\1\0\1\0\0\0\0\x33\x38\x32\x4d\0\0\x08\0\0\1", 18);
    assert_memory_equal(desk->memory.bytes, desk->memory.bytes + PAGE, PAGE);
    desk_free(desk);
}

/* Kill the meter, start it again and compare. */
static void check_kill(struct desk *desk)
{
    uint64_t truth[LEGAL_ENERGIES], found[LEGAL_ENERGIES];
    desk_snapshot(desk, truth);
    uint8_t tariff = legal_tariff(&desk->legal);
    uint64_t tariffs[LEGAL_TARIFFS + 1];
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        tariffs[t] = legal_tariff_uwh(&desk->legal, t, LEGAL_A_PLUS);
    }
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    desk_snapshot(desk, found);
    for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
        assert_in_range(truth[e] - found[e], 0, STEP - 1);
    }
    for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
        assert_int_equal(truth[e] / (uint64_t)STEP, found[e] / (uint64_t)STEP);
    }
    uint64_t sum_truth = truth[LEGAL_A_PLUS] + truth[LEGAL_A_MINUS]; /* register A1423 */
    assert_in_range(sum_truth - found[LEGAL_A_PLUS] - found[LEGAL_A_MINUS], 0, STEP - 1);
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        uint64_t behind = tariffs[t] - legal_tariff_uwh(&desk->legal, t, LEGAL_A_PLUS);
        assert_in_range(behind, 0, t == tariff ? STEP - 1 : 0);
    }
    assert_int_equal(legal_tariff(&desk->legal), tariff);
    desk_check(desk);
}

/* REQ(REG-01, REG-02): after a kill every register is at or above its last stored value and less
 * than a step behind; what is shown with two decimals has not changed at all. */
static void a_kill_costs_less_than_a_step(void **state)
{
    (void)state;
    struct desk_random random = desk_seed("a_kill_costs_less_than_a_step");
    struct desk *desk = NULL;
    for (unsigned row = 0; row < 9000; row++) {
        if (row % 3000 == 0) {
            free(desk);
            desk = desk_new(3, (enum legal_summation)(row / 3000));
        }
        double watts[3], vars[3];
        for (unsigned s = 0; s < 3; s++) {
            watts[s] = (double)desk_draw(&random, 40000) - 20000;
            vars[s] = (double)desk_draw(&random, 40000) - 20000;
        }
        desk_run(desk, 1, watts, vars);
        if (desk_draw(&random, 40) == 0) {
            legal_tariff_select(&desk->legal, (uint8_t)(1 + desk_draw(&random, 8)));
        }
        if (desk_draw(&random, 10) == 0) {
            check_kill(desk);
        }
        assert_false(health_of(desk).memory_suspect);
    }
    desk_free(desk);
}

/* REQ(REG-01): import on one phase and export on another: A+ and A- together are not two steps
 * behind either, and each in turn passes its step. */
static void mixed_directions_are_a_step_behind(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    const struct desk_load load[3] = {desk_load(230, 4600, 0, 1600), desk_load(230, -4600, 0, 1600),
                                      desk_load(230, 0, 0, 1600)};
    for (unsigned w = 0; w < 200; w++) {
        desk_window(desk, load, 1600);
        uint64_t truth = desk_energy(desk, LEGAL_A_PLUS) + desk_energy(desk, LEGAL_A_MINUS);
        const struct legal ran = desk->legal;
        assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us),
                         LEGAL_OK);
        uint64_t found = desk_energy(desk, LEGAL_A_PLUS) + desk_energy(desk, LEGAL_A_MINUS);
        assert_in_range(truth - found, 0, STEP - 1);
        desk->legal = ran;
    }
    desk_free(desk);
}

/* REQ(REG-02): no mix of directions wears the memory more than load in one direction does. */
static void ten_years_of_mixed_directions(void **state)
{
    (void)state;
    static const double import[] = {0.05, 0.2, 0.5, 0.8, 1.0};
    static const double angle[][2] = {{1.0, 0.0}, {0.8944, 0.4472}, {0.7071, 0.7071}};
    for (unsigned row = 0; row < 15; row++) {
        struct desk *desk = desk_new(2, LEGAL_SUM_INDIVIDUAL);
        const double watts = 3 * 105.0 * 264.5 * angle[row / 5][0];
        const double vars = 3 * 105.0 * 264.5 * angle[row / 5][1];
        const double part = import[row % 5];
        desk_run(desk, 1, (double[]){3000, -2300, 0}, (double[]){1700, 0, 0}); /* out of step */
        struct desk_load load[2] = {desk_load(264.5, watts * part, vars, 1600),
                                    desk_load(264.5, watts * (part - 1), 0, 1600)};
        load[0].current = load[1].current = 0; /* a whole meter's power in two systems */
        uint64_t writes = desk->memory.writes;
        for (unsigned w = 0; w < 5 * 900; w++) {
            desk_window(desk, load, 1600);
        }
        uint64_t an_hour = (desk->memory.writes - writes) * 4;
        assert_in_range(an_hour, 5000, 11783 + 10);
        desk_free(desk);
    }
}

/* REQ(REG-05): tariff registers add up to the total at all times, and survive. */
static void tariffs(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        assert_int_equal(legal_tariff_select(&desk->legal, t), LEGAL_OK);
        desk_run(desk, 10u * t, mixed_w, mixed_var);
        desk_check(desk);
    }
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        /* 11500 W import for ten seconds times t */
        assert_in_range(legal_tariff_uwh(&desk->legal, t, LEGAL_A_PLUS), 31944444u * t - 9,
                        31944445u * t + 9);
    }
    uint64_t writes = desk->memory.writes;
    assert_int_equal(legal_tariff_select(&desk->legal, 8), LEGAL_OK);
    assert_int_equal(desk->memory.writes, writes); /* in force already: nothing written */
    assert_int_equal(legal_tariff_select(&desk->legal, 0), LEGAL_ERR_RANGE);
    assert_int_equal(legal_tariff_select(&desk->legal, 9), LEGAL_ERR_RANGE);
    assert_int_equal(legal_tariff_uwh(&desk->legal, 0, LEGAL_A_PLUS), 0);
    assert_int_equal(legal_tariff_uwh(&desk->legal, 9, LEGAL_A_PLUS), 0);
    assert_int_equal(legal_tariff_uwh(&desk->legal, 1, LEGAL_R1), 0);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    uint64_t before = legal_tariff_uwh(&desk->legal, 3, LEGAL_R_PLUS);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_int_equal(legal_tariff(&desk->legal), 8);
    assert_int_equal(legal_tariff_uwh(&desk->legal, 3, LEGAL_R_PLUS), before);
    desk_check(desk);
    /* the window that has ended belongs to the old tariff, also when nothing was stepped since */
    struct desk_load load[3] = {desk_load(230, 3600, 0, 8000), desk_load(230, 0, 0, 8000),
                                desk_load(230, 0, 0, 8000)};
    uint64_t old = legal_tariff_uwh(&desk->legal, 8, LEGAL_A_PLUS);
    desk->now_us += SECOND;
    desk_count(desk, 0, &load[0], 8000);
    desk_send(desk, 0);
    assert_int_equal(legal_tariff_select(&desk->legal, 1), LEGAL_OK);
    assert_in_range(legal_tariff_uwh(&desk->legal, 8, LEGAL_A_PLUS) - old, 999990, 1000010);
    desk_free(desk);
}

/* Storing twice writes once; a step is written once; nothing is written where nothing changed. */
static void writes_are_few(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 1, (double[]){3600, 0, 0}, none);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    uint64_t writes = desk->memory.writes;
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    assert_int_equal(desk->memory.writes, writes);
    desk_run(desk, 1000, (double[]){3600, 0, 0}, none); /* 1 kWh in 1000 s: 100 steps */
    assert_in_range(desk->memory.writes - writes, 100, 101);
    assert_int_equal(health_of(desk).memory_writes, desk->memory.writes);
    desk_free(desk);
}

/* REQ(REG-03): the ring wraps many times; writes spread evenly over its pages. */
static void ring_wraps_and_wears_evenly(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    for (unsigned n = 0; n < 30; n++) {
        desk_run(desk, 500, (double[]){23000, 23000, 23000}, (double[]){5000, -5000, 5000});
        uint64_t before = desk_energy(desk, LEGAL_A_PLUS);
        assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), before);
    }
    uint32_t least = UINT32_MAX, most = 0;
    for (uint32_t page = STATE_PAGE; page < STATE_PAGE + STATE_PAGES; page++) {
        uint32_t count = desk->memory.page_writes[page];
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    printf("ring: %u .. %u writes a page\n", (unsigned)least, (unsigned)most);
    assert_true(least >= 9);
    assert_true(most - least <= 1);
    assert_int_equal(eeprom_most_written(&desk->memory), most);
    desk_free(desk);
}

/* REQ(REG-02): ten years of 105 A at 264.5 V and 45 degrees stay below a million writes a page. */
static void ten_years_at_imax(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    const double each = 105.0 * 264.5 * 0.70710678;
    struct desk_load load[3];
    for (unsigned s = 0; s < 3; s++) {
        load[s] = desk_load(264.5, each, each, 1600);
    }
    /* half a step of active energy ahead, so that no two registers share a record */
    desk_run(desk, 1, (double[]){6000, 6000, 6000}, none);
    for (unsigned w = 0; w < 5 * 3600; w++) {
        desk_window(desk, load, 1600);
    }
    uint64_t an_hour = desk->memory.writes;
    double a_page = (double)an_hour * 87660 / STATE_PAGES;
    printf("endurance: %u writes an hour, %.0f a page in ten years\n", (unsigned)an_hour, a_page);
    assert_true(an_hour <= 11783 + 10);
    assert_true(a_page < 750000);
    desk_free(desk);
}

/* A memory of a newer format is left exactly as it is, wherever the newer record stands. */
static void newer_format(void **state)
{
    (void)state;
    static uint8_t before[LEGAL_MEMORY_BYTES];
    static const struct {
        uint32_t page;
        uint8_t kind;
        uint32_t number;
    } rows[] = {{0, 'O', 0},
                {1, 'O', 0},
                {2, 'C', 1},
                {3, 'C', 2},
                {4, 'D', 1},
                {5, 'D', 2},
                {STATE_PAGE + 500, 'S', 500},
                {TARIFF_PAGE + 5, 'T', 5}};
    for (unsigned r = 0; r < 8; r++) {
        struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
        desk_run(desk, 100, mixed_w, mixed_var);
        const uint8_t format = rows[r].kind == 'C' ? 3 : 2; /* constants are at 2 already */
        forge(desk, rows[r].page, rows[r].kind, format, rows[r].number);
        memcpy(before, desk->memory.bytes, sizeof before);
        assert_int_equal(desk_power_up(desk), LEGAL_ERR_FORMAT);
        desk_run(desk, 100, mixed_w, mixed_var);
        legal_tariff_select(&desk->legal, 2);
        legal_store(&desk->legal);
        assert_memory_equal(before, desk->memory.bytes, sizeof before);
        assert_int_equal(legal_supply(&desk->legal), LEGAL_SUPPLY_OFF);
        desk_free(desk);
    }
}

/* Registers of another summation would change their values: refused, nothing written. */
static void another_type(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 100, mixed_w, mixed_var);
    uint64_t writes = desk->memory.writes;
    desk->setup.summation = LEGAL_SUM_VECTOR;
    assert_int_equal(desk_power_up(desk), LEGAL_ERR_TYPE);
    desk_run(desk, 100, mixed_w, mixed_var);
    assert_int_equal(desk->memory.writes, writes);
    desk_free(desk);
}

/* REQ(EVT-12, X-EVT-1): the newest record rots: the one before takes over and the error is counted.
 */
static void newest_record_rots(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 1000, mixed_w, mixed_var);
    uint64_t truth = desk_energy(desk, LEGAL_A_PLUS);
    desk->memory.bytes[newest_page(desk) * PAGE + 100] ^= 1;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_in_range(truth - desk_energy(desk, LEGAL_A_PLUS), 0, 2 * STEP);
    assert_true(health_of(desk).memory_errors > 0);
    desk_run(desk, 10, mixed_w, mixed_var);
    desk_check(desk);
    desk_free(desk);
}

/* REQ(EVT-12): all state records destroyed: starts at zero, says so, and goes on saying so. */
static void everything_destroyed(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 1000, mixed_w, mixed_var);
    for (uint32_t page = STATE_PAGE; page < STATE_PAGE + STATE_PAGES; page++) {
        desk->memory.bytes[page * PAGE + 60] ^= 0x80;
    }
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_true(health_of(desk).memory_fault);
    assert_false(health_of(desk).memory_restored);
    desk_run(desk, 100, mixed_w, mixed_var);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    uint64_t energy = desk_energy(desk, LEGAL_A_PLUS);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);
    assert_true(health_of(desk).memory_suspect);
    desk_free(desk);
}

/* A tariff record that claims more than the total is not believed: the one before is, and it is
 * told. */
static void tariff_beyond_the_total(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    for (uint8_t t = 1; t <= 4; t++) {
        assert_int_equal(legal_tariff_select(&desk->legal, t), LEGAL_OK);
        desk_run(desk, 100, mixed_w, mixed_var);
    }
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    uint64_t energy = desk_energy(desk, LEGAL_A_PLUS);
    uint8_t *at = desk->memory.bytes + (TARIFF_PAGE + 2u) * PAGE; /* the third: tariff 4 */
    assert_int_equal(at[8], 4);
    at[12 + 5] ^= 0x10; /* tariff 1 has 17.6 GWh */
    uint32_t crc = legal_crc32(at, 252);
    for (unsigned i = 0; i < 4; i++) {
        at[252 + i] = (uint8_t)(crc >> (8u * i));
    }
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_true(health_of(desk).memory_fault);
    assert_int_equal(legal_tariff(&desk->legal), 3);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);
    desk_check(desk);
    desk_free(desk);
}

/* Superblocks: one damaged is renewed; both damaged is a fault, but no register is lost. */
static void superblocks(void **state)
{
    (void)state;
    for (unsigned copies = 1; copies <= 3; copies++) {
        struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
        desk_run(desk, 1000, mixed_w, mixed_var);
        assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
        uint64_t energy = desk_energy(desk, LEGAL_A_PLUS);
        for (uint32_t copy = 0; copy < 2; copy++) {
            desk->memory.bytes[copy * PAGE + 30] ^= (copies >> copy & 1u) != 0 ? 0xFF : 0;
        }
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        assert_int_equal(health_of(desk).memory_fault, copies == 3);
        assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);
        assert_memory_equal(desk->memory.bytes, desk->memory.bytes + PAGE, PAGE);
        assert_int_equal(desk_power_up(desk), LEGAL_OK);
        assert_false(health_of(desk).memory_fault);
        desk_free(desk);
    }
}

/* Nothing can be read: the meter runs, says so and leaves the memory alone. */
static void unreadable_memory(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 1000, mixed_w, mixed_var);
    uint64_t energy = desk_energy(desk, LEGAL_A_PLUS);
    uint64_t writes = desk->memory.writes;
    desk->memory.unreadable_to = EEPROM_PAGES;
    assert_int_equal(desk_power_up(desk), LEGAL_ERR_STORAGE);
    desk_run(desk, 100, mixed_w, mixed_var);
    assert_true(desk_energy(desk, LEGAL_A_PLUS) > 0);
    assert_true(health_of(desk).memory_fault);
    assert_int_equal(legal_store(&desk->legal), LEGAL_ERR_STORAGE);
    assert_int_equal(legal_tariff_select(&desk->legal, 2), LEGAL_ERR_STORAGE);
    assert_int_equal(legal_tariff(&desk->legal), 1);
    assert_int_equal(desk->memory.writes, writes);
    desk->memory.unreadable_to = 0;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_in_range(energy - desk_energy(desk, LEGAL_A_PLUS), 0, STEP);
    desk_free(desk);
}

/* The newest records do not answer for once: what is written then outranks them for ever. */
static void unreadable_pages(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk_run(desk, 1000, mixed_w, mixed_var);
    uint32_t newest = newest_page(desk);
    desk->memory.unreadable_from = newest - 5;
    desk->memory.unreadable_to = newest + 1;
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_true(health_of(desk).memory_fault);
    uint64_t resumed = desk_energy(desk, LEGAL_A_PLUS);
    assert_true(resumed > 0);
    desk->memory.unreadable_from = desk->memory.unreadable_to = 0;
    desk_run(desk, 1, mixed_w, mixed_var);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    uint64_t energy = desk_energy(desk, LEGAL_A_PLUS);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);
    assert_true(health_of(desk).memory_suspect);
    desk_free(desk);
}

/* Worn pages are left out; writes refused altogether become a fault, and the tariff stays. */
static void worn_pages(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    desk->memory.worn_from = STATE_PAGE + 20;
    desk->memory.worn_to = STATE_PAGE + 23;
    desk_run(desk, 500, mixed_w, mixed_var);
    assert_int_equal(legal_store(&desk->legal), LEGAL_OK);
    assert_int_equal(health_of(desk).memory_errors, 3);
    assert_false(health_of(desk).memory_fault);
    uint64_t energy = desk_energy(desk, LEGAL_A_PLUS);
    assert_int_equal(desk_power_up(desk), LEGAL_OK);
    assert_int_equal(desk_energy(desk, LEGAL_A_PLUS), energy);

    desk->memory.refuse_writes = true;
    desk_run(desk, 100, mixed_w, mixed_var);
    assert_int_equal(legal_store(&desk->legal), LEGAL_ERR_STORAGE);
    assert_int_equal(legal_tariff_select(&desk->legal, 2), LEGAL_ERR_STORAGE);
    assert_int_equal(legal_tariff(&desk->legal), 1);
    assert_true(health_of(desk).memory_fault);
    desk_check(desk);
    desk_free(desk);
}

/* Setups out of range start nothing. */
static void bad_setups(void **state)
{
    (void)state;
    struct desk *desk = desk_new(3, LEGAL_SUM_INDIVIDUAL);
    struct legal_setup good = desk->setup;
    for (unsigned n = 0; n < 6; n++) {
        desk->setup = good;
        switch (n) {
        case 0: desk->setup.systems = 0; break;
        case 1: desk->setup.systems = 4; break;
        case 2: desk->setup.summation = 3; break;
        case 3: desk->setup.pulses_per_kwh = 0; break;
        case 4: desk->setup.pulse_energy = LEGAL_R1; break;
        default: desk->setup.pulse_ms = 0; break;
        }
        assert_int_equal(desk_power_up(desk), LEGAL_ERR_RANGE);
        assert_int_equal(legal_tariff(&desk->legal), 1);
        assert_int_equal(legal_energy_uwh(&desk->legal, LEGAL_A_PLUS), 0);
    }
    desk_free(desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blank_memory),
        cmocka_unit_test(record_bytes),
        cmocka_unit_test(a_kill_costs_less_than_a_step),
        cmocka_unit_test(tariffs),
        cmocka_unit_test(writes_are_few),
        cmocka_unit_test(ring_wraps_and_wears_evenly),
        cmocka_unit_test(ten_years_at_imax),
        cmocka_unit_test(ten_years_of_mixed_directions),
        cmocka_unit_test(mixed_directions_are_a_step_behind),
        cmocka_unit_test(newer_format),
        cmocka_unit_test(another_type),
        cmocka_unit_test(newest_record_rots),
        cmocka_unit_test(everything_destroyed),
        cmocka_unit_test(tariff_beyond_the_total),
        cmocka_unit_test(superblocks),
        cmocka_unit_test(unreadable_memory),
        cmocka_unit_test(unreadable_pages),
        cmocka_unit_test(worn_pages),
        cmocka_unit_test(bad_setups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
