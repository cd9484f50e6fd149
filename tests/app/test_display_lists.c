/* Which readings may stand in which list. */
#include "display_fake.h"

static const char *const variants[] = {"382B",   "382C", "382D",  "382E", "382Lx1",
                                       "382LxG", "382M", "382MB", "162M", "382M-aron"};

static size_t count_legal(const struct meter *meter)
{
    size_t n = 0;
    for (size_t row = 0; row < register_table_length; row++) {
        const struct register_def *def = &register_table[row];
        n += (def->access & ACCESS_LEGAL) != 0 && register_exists(meter, def);
    }
    return n;
}

/* A list of n readings that is allowed everywhere: legal ones first, then the first again. */
static size_t fill_list(const struct meter *meter, uint16_t *list, size_t n)
{
    size_t filled = 0;
    for (size_t row = 0; row < register_table_length && filled < n; row++) {
        const struct register_def *def = &register_table[row];
        if ((def->access & ACCESS_LEGAL) != 0 && register_exists(meter, def)) {
            list[filled++] = (uint16_t)row;
        }
    }
    for (; filled < n; filled++) {
        list[filled] = list[0];
    }
    return filled;
}

/* Every variant's default lists are lists that it would accept. */
static void defaults_keep_the_rules(void **state)
{
    (void)state;
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
        struct meter meter;
        puppet_meter(&meter, variants[v]);
        assert_true(meter.display.length[LIST_AUTOMATIC] >= 1);
        assert_true(meter.display.length[LIST_MANUAL] > count_legal(&meter));
        for (unsigned which = 0; which < LIST_TEST; which++) {
            struct display other = meter.display;
            assert_int_equal(display_set_list(&other, &meter, (enum display_list)which,
                                              meter.display.list[which],
                                              meter.display.length[which], 10 * SECOND),
                             DISPLAY_OK);
        }
        assert_int_equal(meter.display.length[LIST_BACKUP] != 0, meter.variant.backup_battery);
    }
}

static void assert_longest(const char *variant, enum display_list which, size_t longest)
{
    struct meter meter;
    uint16_t list[DISPLAY_MANUAL_MAX + 1];
    puppet_meter(&meter, variant);
    struct display before = meter.display;
    assert_int_equal(fill_list(&meter, list, longest + 1), longest + 1);
    assert_int_equal(
        display_set_list(&meter.display, &meter, which, list, longest + 1, 10 * SECOND),
        DISPLAY_ERR_LENGTH);
    assert_memory_equal(&before, &meter.display, sizeof before);
    assert_int_equal(display_set_list(&meter.display, &meter, which, list, longest, 10 * SECOND),
                     DISPLAY_OK);
    assert_int_equal(meter.display.length[which], longest);
}

/* REQ(DIS-03, DIS-05, DIS-08, C-01) */
static void lists_have_their_length(void **state)
{
    (void)state;
    assert_longest("382M", LIST_AUTOMATIC, 16);
    assert_longest("382B", LIST_AUTOMATIC, 16);
    assert_longest("382B", LIST_MANUAL, 40);
    assert_longest("382C", LIST_MANUAL, 40);
    assert_longest("382D", LIST_MANUAL, 40);
    assert_longest("382E", LIST_MANUAL, 40);
    assert_longest("382Lx2", LIST_MANUAL, 30);
    assert_longest("382M", LIST_MANUAL, 30);
    assert_longest("162M", LIST_MANUAL, 30);
    assert_longest("382M", LIST_BACKUP, 8);
    assert_longest("162M", LIST_BACKUP, 0);
}

/* REQ(DIS-02, DIS-01): each list has its own order; changing one leaves the others as they are */
static void lists_are_independent(void **state)
{
    (void)state;
    struct meter meter;
    const uint16_t automatic[] = {row_of("4.8.0"), row_of("1.8.0")};
    const uint16_t backup[] = {row_of("3.8.0"), row_of("2.8.0")};
    puppet_run(&meter, "382M");
    struct display before = meter.display;
    assert_int_equal(
        display_set_list(&meter.display, &meter, LIST_AUTOMATIC, automatic, 2, 10 * SECOND),
        DISPLAY_OK);
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_BACKUP, backup, 2, 10 * SECOND),
                     DISPLAY_OK);
    assert_memory_equal(before.list[LIST_MANUAL], meter.display.list[LIST_MANUAL],
                        sizeof before.list[LIST_MANUAL]);
    assert_shows(&meter, 10 * SECOND, "4.8.0");
    puppet_press(&meter, 11 * SECOND, 1);
    assert_shows(&meter, 11 * SECOND, "1.8.0");
    display_supply(&meter.display, false, 12 * SECOND);
    puppet_press(&meter, 13 * SECOND, 1);
    assert_shows(&meter, 13 * SECOND, "3.8.0");
}

/* REQ(DIS-22, DIS-01): FFF of configuration 2 names the lists the meter is delivered with */
static void the_display_configuration_names_the_lists(void **state)
{
    (void)state;
    static const uint32_t configuration[5] = {11000002, 22201011, 1000, 101, 0};
    struct meter meter;
    puppet_meter(&meter, "382M");
    assert_int_equal(meter.display.length[LIST_AUTOMATIC], 6);
    uint8_t manual = meter.display.length[LIST_MANUAL];
    assert_int_equal(variant_from_order("x", "68431BM423010", configuration, &meter.variant), 0);
    display_init(&meter.display, &meter);
    assert_int_equal(meter.display.length[LIST_AUTOMATIC], 1);
    assert_int_equal(meter.display.list[LIST_AUTOMATIC][0], row_of("1.8.0"));
    assert_true(meter.display.length[LIST_MANUAL] < manual);
    for (unsigned which = 0; which < LIST_TEST; which++) {
        struct display other = meter.display;
        assert_int_equal(display_set_list(&other, &meter, (enum display_list)which,
                                          meter.display.list[which], meter.display.length[which],
                                          10 * SECOND),
                         DISPLAY_OK);
    }
}

/* How many of the codes stand in that list of a meter with that display configuration. */
static unsigned listed(const char *order, uint32_t display, enum display_list which,
                       const char *const *codes, size_t n)
{
    const uint32_t configuration[5] = {11000002, display * 100000 + 1011, 1000, 100, 0};
    struct meter meter;
    unsigned found = 0;
    puppet_meter(&meter, "382M");
    assert_int_equal(variant_from_order("x", order, configuration, &meter.variant), 0);
    display_init(&meter.display, &meter);
    for (size_t i = 0; i < n; i++) {
        for (uint8_t k = 0; k < meter.display.length[which]; k++) {
            found += meter.display.list[which][k] == row_of(codes[i]);
        }
    }
    for (unsigned list = 0; list < LIST_TEST; list++) {
        struct display other = meter.display;
        assert_int_equal(display_set_list(&other, &meter, (enum display_list)list,
                                          meter.display.list[list], meter.display.length[list], 0),
                         DISPLAY_OK);
    }
    return found;
}

/* REQ(MET-10, MET-19, DIS-24): energies per phase in the lists of M and 162M; four decimals of each
 * energy in those of every generation, by configuration */
static void phases_and_fine_registers_in_the_lists(void **state)
{
    (void)state;
    static const char *const phases[] = {"21.8.0", "41.8.0", "61.8.0",
                                         "22.8.0", "42.8.0", "62.8.0"};
    static const char *const fine[] = {"1.8.0*128", "2.8.0*128", "3.8.0*128", "4.8.0*128"};
    for (unsigned which = LIST_AUTOMATIC; which <= LIST_MANUAL; which++) {
        enum display_list list = (enum display_list)which;
        assert_int_equal(listed("68431BM423010", 801, list, phases, 6), 6);
        assert_int_equal(listed("68611BM433010", 801, list, phases, 6), 2);
        assert_int_equal(listed("68438BB423010", 801, list, phases, 6), 0);
        assert_int_equal(listed("68438BB423010", 802, list, fine, 4), 4);
        assert_int_equal(listed("68434BD423010", 802, list, fine, 4), 4);
        assert_int_equal(listed("68438BL433010", 802, list, fine, 4), 4);
        assert_int_equal(listed("68431BM423010", 802, list, fine, 4), 4);
        assert_int_equal(listed("68431BM223010", 802, list, fine, 4), 2); /* A+ and A- alone */
        assert_int_equal(listed("68431BM423010", 423, list, fine, 4), 0);
    }
}

/* A list that is not shown moves nothing on the glass; the one shown starts over, for a full ten
 * seconds. */
static void only_the_list_shown_starts_over(void **state)
{
    (void)state;
    struct meter meter;
    const uint16_t list[] = {row_of("4.8.0"), row_of("1.8.0"), row_of("2.8.0"), row_of("3.8.0")};
    puppet_run(&meter, "382M");
    assert_shows(&meter, 10 * SECOND, "1.8.0");
    (void)display_step(&meter.display, 33 * SECOND);
    assert_shows(&meter, 33 * SECOND, "3.8.0");
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_BACKUP, list, 2, 33 * SECOND),
                     DISPLAY_OK);
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_MANUAL, list, 4, 33 * SECOND),
                     DISPLAY_OK);
    assert_shows(&meter, 33 * SECOND, "3.8.0");
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_AUTOMATIC, list, 3, 37 * SECOND),
                     DISPLAY_OK);
    assert_shows(&meter, 37 * SECOND, "4.8.0");
    assert_int_equal(display_step(&meter.display, 46 * SECOND), 47 * SECOND);
    assert_shows(&meter, 46 * SECOND, "4.8.0");
    (void)display_step(&meter.display, 47 * SECOND);
    assert_shows(&meter, 47 * SECOND, "1.8.0");
}

/* REQ(DIS-06): each legal reading in turn is left out, and the list refused */
static void legal_readings_cannot_be_deselected(void **state)
{
    (void)state;
    for (size_t v = 0; v < sizeof variants / sizeof variants[0]; v++) {
        struct meter meter;
        uint16_t legal[8], list[8];
        puppet_meter(&meter, variants[v]);
        size_t n = count_legal(&meter);
        assert_true(n >= 1 && n < 8);
        (void)fill_list(&meter, legal, n);
        struct display before = meter.display;
        for (size_t left_out = 0; left_out < n; left_out++) {
            memcpy(list, legal, sizeof list);
            list[left_out] = row_of("96.8.0");
            assert_int_equal(
                display_set_list(&meter.display, &meter, LIST_MANUAL, list, n, 10 * SECOND),
                DISPLAY_ERR_LEGAL);
            assert_memory_equal(&before, &meter.display, sizeof before);
        }
        assert_int_equal(
            display_set_list(&meter.display, &meter, LIST_MANUAL, legal, n, 10 * SECOND),
            DISPLAY_OK);
    }
}

/* What counts as legal follows the energy type: A+ of a meter without the others. */
static void legal_readings_follow_the_energy_type(void **state)
{
    (void)state;
    struct meter meter;
    puppet_meter(&meter, "382M");
    assert_int_equal(count_legal(&meter), 4);
    meter.variant.energy_type = ENERGY_A_PLUS;
    assert_int_equal(count_legal(&meter), 1);
    meter.variant.energy_type = ENERGY_A_BOTH;
    assert_int_equal(count_legal(&meter), 2);
}

/* REQ(DIS-04): values of an earlier period, and the loggers themselves, stay out of the automatic
 * list */
static void historical_data_are_barred_from_the_automatic_list(void **state)
{
    (void)state;
    struct register_def def = register_table[row_of("1.8.0")];
    assert_true(display_reading_allowed(LIST_AUTOMATIC, &def));
    def.obis[5] = 1;
    assert_false(display_reading_allowed(LIST_AUTOMATIC, &def));
    assert_true(display_reading_allowed(LIST_MANUAL, &def));
    def.obis[5] = 255;
    def.obis[2] = 98;
    assert_false(display_reading_allowed(LIST_AUTOMATIC, &def));
    def.obis[2] = 99;
    assert_false(display_reading_allowed(LIST_AUTOMATIC, &def));
    assert_true(display_reading_allowed(LIST_MANUAL, &def));
    def = register_table[row_of("1.8.0*128")]; /* high resolution is not history */
    assert_true(display_reading_allowed(LIST_AUTOMATIC, &def));
}

/* REQ(DIS-08): the back-up list holds totals of energy and nothing else */
static void only_energy_totals_stand_in_the_back_up_list(void **state)
{
    (void)state;
    struct meter meter;
    static const char *const barred[] = {"15.8.0", "1.8.1",  "1.0.0", "0.0.1",
                                         "1.7.0",  "32.7.0", "0.2.0"};
    uint16_t list[2] = {row_of("1.8.0"), 0};
    puppet_meter(&meter, "382M");
    for (size_t i = 0; i < sizeof barred / sizeof barred[0]; i++) {
        list[1] = row_of(barred[i]);
        assert_int_equal(
            display_set_list(&meter.display, &meter, LIST_BACKUP, list, 2, 10 * SECOND),
            DISPLAY_ERR_BARRED);
    }
    list[1] = DISPLAY_READING_TEST;
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_BACKUP, list, 2, 10 * SECOND),
                     DISPLAY_ERR_BARRED);
    list[1] = row_of("5.8.0");
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_BACKUP, list, 2, 10 * SECOND),
                     DISPLAY_OK);
}

static void unknown_readings_are_refused(void **state)
{
    (void)state;
    struct meter meter;
    puppet_meter(&meter, "162M");
    uint16_t list[] = {row_of("1.8.0"), 0};
    const uint16_t unknown[] = {(uint16_t)register_table_length, 0xFFFF, row_of("72.7.0")};
    for (size_t i = 0; i < 3; i++) {
        list[1] = unknown[i]; /* the last one: a phase that this meter does not have */
        assert_int_equal(
            display_set_list(&meter.display, &meter, LIST_AUTOMATIC, list, 2, 10 * SECOND),
            DISPLAY_ERR_UNKNOWN);
    }
    assert_int_equal(display_set_list(&meter.display, &meter, LIST_AUTOMATIC, list, 0, 10 * SECOND),
                     DISPLAY_ERR_LENGTH);
}

/* REQ(DIS-24): import and export of each phase can be chosen on M */
static void each_phase_can_be_chosen(void **state)
{
    (void)state;
    static const char *const codes[] = {"21.7.0", "41.7.0", "61.7.0", "22.7.0", "42.7.0", "62.7.0",
                                        "21.8.0", "41.8.0", "61.8.0", "22.8.0", "42.8.0", "62.8.0"};
    uint16_t list[12];
    struct meter meter;
    puppet_meter(&meter, "382M");
    for (size_t i = 0; i < 12; i++) {
        list[i] = row_of(codes[i]);
    }
    assert_int_equal(
        display_set_list(&meter.display, &meter, LIST_AUTOMATIC, list, 12, 10 * SECOND),
        DISPLAY_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_keep_the_rules),
        cmocka_unit_test(lists_have_their_length),
        cmocka_unit_test(lists_are_independent),
        cmocka_unit_test(the_display_configuration_names_the_lists),
        cmocka_unit_test(phases_and_fine_registers_in_the_lists),
        cmocka_unit_test(only_the_list_shown_starts_over),
        cmocka_unit_test(legal_readings_cannot_be_deselected),
        cmocka_unit_test(legal_readings_follow_the_energy_type),
        cmocka_unit_test(historical_data_are_barred_from_the_automatic_list),
        cmocka_unit_test(only_energy_totals_stand_in_the_back_up_list),
        cmocka_unit_test(unknown_readings_are_refused),
        cmocka_unit_test(each_phase_can_be_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
