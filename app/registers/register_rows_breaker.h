/**
 * Rows of THE register table (register_table.c): the breaker, KMP ids 1108 to 1122 and 1252 as real
 * meters have them, F5xx of ours; OBIS 1-1:128.0; and prepayment, F7xx of ours, OBIS 1-1:130.0.
 * Private to register_table.c, whose words they use.
 */
#ifndef OPEN382_REGISTER_ROWS_BREAKER_H
#define OPEN382_REGISTER_ROWS_BREAKER_H

#define NEED_SMART (NEED_L_OR_M | NEED_BREAKER)

#define BREAKER_SETTING(id, e, kmp_unit, exponent, width, coding, unit, setting, need, name)       \
    {                                                                                              \
        {1, 1, 128, 0, e, 255}, id, kmp_unit, exponent, width, coding, unit, exponent,             \
            SOURCE_SETTING, setting, need, RW, false, "128.0." #e, "", name                        \
    }
#define BREAKER_FACTOR(id, e, n)                                                                   \
    BREAKER_SETTING(id, e, KMP_NUMBER, -1, 1, REGISTER_UINT, UNIT_NONE,                            \
                    SETTING_BREAKER_K1 + (n)-1, NEED_SMART, "Smart Disconnect, factor k" #n)
#define BREAKER_TIME(id, e, n)                                                                     \
    BREAKER_SETTING(id, e, KMP_SECOND, 0, 2, REGISTER_UINT, UNIT_SECOND,                           \
                    SETTING_BREAKER_T1 + (n)-1, NEED_SMART, "Smart Disconnect, time t" #n)
#define BREAKER_NUMBER(id, e, setting, need, name)                                                 \
    BREAKER_SETTING(id, e, KMP_NUMBER, 0, 1, REGISTER_UINT, UNIT_NONE, setting, need, name)
#define BREAKER_VALUE(id, e, kmp_unit, width, coding, unit, index, need, log, code, label, name)   \
    {                                                                                              \
        {1, 1, 128, 0, e, 255}, id, kmp_unit, 0, width, coding, unit, 0, SOURCE_BREAKER, index,    \
            need, R, log, code, label, name                                                        \
    }

/* As the display shows energies: 7.0 or 6.1. */
#define PREPAY_ENERGY(id, e, index, access, label, name)                                           \
    {                                                                                              \
        {1, 1, 130, 0, e, 255}, id, KMP_KWH, FORMAT, 4, REGISTER_UINT, UNIT_WH, FORMAT,            \
            SOURCE_PREPAY, index, NEED_SMART, access, true, "130.0." #e, label, name               \
    }
#define PREPAY_VALUE(id, e, kmp_unit, width, unit, index, name)                                    \
    {                                                                                              \
        {1, 1, 130, 0, e, 255}, id, kmp_unit, 0, width, REGISTER_UINT, unit, 0, SOURCE_PREPAY,     \
            index, NEED_SMART, R, false, "130.0." #e, "", name                                     \
    }
#define PREPAY_SETTING(id, e, kmp_unit, width, coding, unit, scaler, setting, name)                \
    {                                                                                              \
        {1, 1, 130, 0, e, 255}, id, kmp_unit, 0, width, coding, unit, scaler, SOURCE_SETTING,      \
            setting, NEED_SMART, RW, false, "130.0." #e, "", name                                  \
    }

/* clang-format off */
#define REGISTER_ROWS_PREPAY_PAID \
    PREPAY_ENERGY(1408, 1, PREPAY_REGISTER_OWED, R, "", \
                  "Prepayment, used beyond zero: the next load pays it"), \
    PREPAY_ENERGY(1411, 4, PREPAY_REGISTER_LAST, R, "", "Prepayment, last load"), \
    {{1, 1, 130, 0, 4, 255}, 1412, KMP_RTC, 0, 8, REGISTER_RTC, UNIT_DATE_TIME, 0, \
     SOURCE_PREPAY_RTC, 0, NEED_SMART, R, false, "", "", "Prepayment, time of the last load"}, \
    PREPAY_VALUE(1413, 6, KMP_DAYS, 2, UNIT_NONE, PREPAY_REGISTER_DAYS, \
                 "Prepayment, days that the credit lasts (65535 not known)")
#define REGISTER_ROWS_PREPAY_SET \
    PREPAY_SETTING(6041, 2, KMP_MINUTE, 2, REGISTER_UINT, UNIT_MINUTE, 0, SETTING_PREPAY_FREE_FROM, \
                   "Prepayment, nothing is cut off from this minute of the day on"), \
    PREPAY_SETTING(6042, 3, KMP_MINUTE, 2, REGISTER_UINT, UNIT_MINUTE, 0, SETTING_PREPAY_FREE_TO, \
                   "Prepayment, until this minute of the day"), \
    PREPAY_SETTING(6043, 7, KMP_KWH, 2, REGISTER_UINT, UNIT_WH, 3, SETTING_PREPAY_ALARM, \
                   "Prepayment, credit that raises the alarm")
#define REGISTER_ROWS_PREPAY_OURS \
    PREPAY_SETTING(0xF700, 129, KMP_BITS, 1, REGISTER_BITS, UNIT_FLAGS, 0, SETTING_PREPAY_DAYS, \
                   "Prepayment, weekdays on which it cuts off (bit 0 Monday)"), \
    PREPAY_VALUE(0xF710, 130, KMP_SECOND, 4, UNIT_SECOND, PREPAY_REGISTER_LOW_LEFT, \
                 "Prepayment, seconds of the low limit that are left"), \
    PREPAY_VALUE(0xF711, 131, KMP_NUMBER, 4, UNIT_COUNT, PREPAY_REGISTER_NUMBER, \
                 "Prepayment, number of the last remote load")
#define REGISTER_ROWS_BREAKER_SET \
    BREAKER_SETTING(1108, 1, KMP_A, 0, 1, REGISTER_UINT, UNIT_A, SETTING_BREAKER_SHORT_CIRCUIT, \
                    NEED_SMART, "Smart Disconnect, current that opens at once"), \
    BREAKER_FACTOR(1109, 2, 1), BREAKER_FACTOR(1110, 3, 2), BREAKER_FACTOR(1111, 4, 3), \
    BREAKER_TIME(1112, 5, 1), BREAKER_TIME(1113, 6, 2), BREAKER_TIME(1114, 7, 3), \
    BREAKER_SETTING(1115, 8, KMP_SECOND, 0, 2, REGISTER_UINT, UNIT_SECOND, SETTING_BREAKER_WAIT, \
                    NEED_SMART, "Wait before reconnection"), \
    BREAKER_SETTING(1116, 9, KMP_DAYS, 0, 1, REGISTER_UINT, UNIT_NONE, SETTING_PREPAY_LOW_DAYS, \
                    NEED_SMART, "Prepayment, longest use of the low limit (days)"), \
    BREAKER_NUMBER(1117, 10, SETTING_BREAKER_COUPLING, NEED_SMART, \
                   "Reconnection (0 by hand, 1 automatic)"), \
    BREAKER_SETTING(1118, 11, KMP_BITS, 0, 1, REGISTER_BITS, UNIT_FLAGS, SETTING_BREAKER_BASIS, \
                    NEED_SMART, "Cut-off basis (what opens the breaker)"), \
    BREAKER_NUMBER(1119, 12, SETTING_BREAKER_LOW_LIMIT, NEED_SMART, \
                   "Prepayment, low limit while credit is used up (A or kW)"), \
    BREAKER_NUMBER(1120, 13, SETTING_BREAKER_LIMIT, NEED_SMART, \
                   "Smart Disconnect, high limit (A or kW)"), \
    PREPAY_ENERGY(1121, 0, PREPAY_REGISTER_CREDIT, RW, "PAY", "Prepayment, credit left"), \
    BREAKER_VALUE(1122, 14, KMP_NUMBER, 1, REGISTER_UINT, UNIT_NONE, BREAKER_REGISTER_LIMIT, \
                  NEED_SMART, false, "128.0.14", "", "Smart Disconnect, limit in force (A or kW)")
#define REGISTER_ROWS_BREAKER_VIEW \
    BREAKER_VALUE(1252, 0, KMP_NUMBER, 1, REGISTER_UINT, UNIT_NONE, BREAKER_REGISTER_STATE, \
                  NEED_BREAKER, true, "128.0.0", "DCON", \
                  "State of the breaker; where the button moves it")
#define REGISTER_ROWS_BREAKER_OURS \
    BREAKER_NUMBER(0xF500, 128, SETTING_BREAKER_BUTTON, NEED_BREAKER, \
                   "Button closes (0 what it has opened, 1 after a release only)"), \
    BREAKER_NUMBER(0xF501, 129, SETTING_BREAKER_RETRIES, NEED_SMART, \
                   "Automatic reconnections in a row (255 no limit)"), \
    BREAKER_NUMBER(0xF502, 130, SETTING_BREAKER_TOOL, NEED_BREAKER, \
                   "Commands over the optical eye (0 no, 1 yes)"), \
    BREAKER_VALUE(0xF511, 18, KMP_BITS, 1, REGISTER_BITS, UNIT_FLAGS, BREAKER_REGISTER_FEEDBACK, \
                  NEED_BREAKER, true, "128.0.18", "", "Feedback of the breaker"), \
    BREAKER_VALUE(0xF512, 131, KMP_NUMBER, 2, REGISTER_UINT, UNIT_NONE, BREAKER_REGISTER_EVENT, \
                  NEED_BREAKER, false, "128.0.131", "", \
                  "Event of the breaker (cause times 256, and state)"), \
    BREAKER_VALUE(0xF513, 132, KMP_NUMBER, 1, REGISTER_UINT, UNIT_COUNT, BREAKER_REGISTER_RETRIES, \
                  NEED_SMART, false, "128.0.132", "", "Automatic reconnections so far"), \
    BREAKER_VALUE(0xF514, 133, KMP_SECOND, 4, REGISTER_UINT, UNIT_SECOND, BREAKER_REGISTER_LEFT, \
                  NEED_SMART, false, "128.0.133", "", "Seconds until the breaker opens (0 none)")
/* clang-format on */

#endif
