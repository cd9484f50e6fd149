/** Rows of the register table for the extremes of the day.  Internal to register_table.c, whose
 * macros they use. */
#ifndef OPEN382_REGISTER_ROWS_DAY_H
#define OPEN382_REGISTER_ROWS_DAY_H

/* Highest and lowest mean P+ of the day (D = 16, 13); stamps as of the peaks. */
#define DAY_POWER(id, d, extreme, name)                                                            \
    P(id, 1, d, 0, SOURCE_PEAK_POWER, extreme, NEED_RTC | NEED_L_OR_M, "", name)
#define DAY_STAMP(id, d, extreme, kmp_unit, width, coding, unit, source, label, name)              \
    {                                                                                              \
        {1, 1, 1, d, 0, 255}, id, kmp_unit, 0, width, coding, unit, 0, source, extreme,            \
            NEED_RTC | NEED_L_OR_M, R, true, "", label, name                                       \
    }
#define DAY_STAMPS(id, d, extreme, name)                                                           \
    DAY_STAMP(id, d, extreme, KMP_CLOCK, 4, REGISTER_CLOCK, UNIT_TIME, SOURCE_PEAK_TIME, "TIME",   \
              name " time"),                                                                       \
        DAY_STAMP((id) + 1, d, extreme, KMP_DATE, 4, REGISTER_DATE, UNIT_DATE, SOURCE_PEAK_DATE,   \
                  "DATE", name " date"),                                                           \
        DAY_STAMP((id) + 2, d, extreme, KMP_RTC, 8, REGISTER_RTC, UNIT_DATE_TIME, SOURCE_PEAK_RTC, \
                  "TIME/DATE", name " RTC")

#endif
