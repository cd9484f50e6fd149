/**
 * Rows of THE register table (register_table.c): how the clock is set up, ids F4xx, OBIS 1-1:136 of
 * ours.  Private to register_table.c, whose words they use.
 */
#ifndef OPEN382_REGISTER_ROWS_CLOCK_H
#define OPEN382_REGISTER_ROWS_CLOCK_H

#define CLOCK_SIGNED(id, e, unit, scaler, index, access, name)                                     \
    {                                                                                              \
        {1, 1, 136, 0, e, 255}, id, KMP_NUMBER, scaler, 4, REGISTER_INT, unit, scaler,             \
            SOURCE_CLOCK_SETUP, index, NEED_RTC, access, false, "136.0." #e, "", name              \
    }
#define CLOCK_UNSIGNED(id, e, width, index, access, name)                                          \
    NUMBER(id, 1, 136, 0, e, width, UNIT_NONE, SOURCE_CLOCK_SETUP, index, NEED_RTC, access, false, \
           "", name)
#define CLOCK_SUMMER(n)                                                                            \
    NUMBER(0xF420 + (n), 1, 136, 1, n, 8, UNIT_NONE, SOURCE_CLOCK_SUMMER, n, NEED_RTC, RW, false,  \
           "", "Summer " #n " of the table (begin, end: minutes since 2000 UTC, 8 digits)")
#define CLOCK_SUMMERS(a, b, c, d, e)                                                               \
    CLOCK_SUMMER(a), CLOCK_SUMMER(b), CLOCK_SUMMER(c), CLOCK_SUMMER(d), CLOCK_SUMMER(e)

/* clang-format off */
#define REGISTER_ROWS_CLOCK \
    CLOCK_SIGNED(0xF400, 0, UNIT_NONE, 0, CLOCK_SETUP_TRIM, RW, \
                 "Trim of the clock's crystal (1e-9, faster)"), \
    CLOCK_SIGNED(0xF401, 1, UNIT_SECOND, -3, CLOCK_SETUP_LEFT, R, \
                 "Correction of the clock under way (s)"), \
    CLOCK_SIGNED(0xF402, 2, UNIT_SECOND, -3, CLOCK_SETUP_UNLOGGED, R, \
                 "Corrections of the clock not in its log (s)"), \
    CLOCK_UNSIGNED(0xF403, 3, 2, CLOCK_SETUP_HOLD, R, \
                   "Days that the clock is kept without supply"), \
    CLOCK_UNSIGNED(0xF410, 16, 1, CLOCK_SETUP_KIND, RW, \
                   "Summer time (0 EU, 1 rule, 2 table)"), \
    CLOCK_UNSIGNED(0xF411, 17, 4, CLOCK_SETUP_BEGIN, RW, \
                   "Summer time begins (MMWDhhmm, normal time)"), \
    CLOCK_UNSIGNED(0xF412, 18, 4, CLOCK_SETUP_END, RW, \
                   "Summer time ends (MMWDhhmm, normal time)"), \
    CLOCK_SUMMERS(0, 1, 2, 3, 4), CLOCK_SUMMERS(5, 6, 7, 8, 9), \
    CLOCK_SUMMERS(10, 11, 12, 13, 14), CLOCK_SUMMERS(15, 16, 17, 18, 19)
/* clang-format on */

#endif
