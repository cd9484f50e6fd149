/**
 * Rows of THE register table (register_table.c): the breaker, KMP ids 1108 to 1122 and 1252 as real
 * meters have them, F5xx of ours; OBIS 1-1:128.0.  Private to register_table.c, whose words they
 * use.  What prepayment goes by (1116, 1119, 1121) is not here.
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

/* clang-format off */
#define REGISTER_ROWS_BREAKER_SET \
    BREAKER_SETTING(1108, 1, KMP_A, 0, 1, REGISTER_UINT, UNIT_A, SETTING_BREAKER_SHORT_CIRCUIT, \
                    NEED_SMART, "Smart Disconnect, current that opens at once"), \
    BREAKER_FACTOR(1109, 2, 1), BREAKER_FACTOR(1110, 3, 2), BREAKER_FACTOR(1111, 4, 3), \
    BREAKER_TIME(1112, 5, 1), BREAKER_TIME(1113, 6, 2), BREAKER_TIME(1114, 7, 3), \
    BREAKER_SETTING(1115, 8, KMP_SECOND, 0, 2, REGISTER_UINT, UNIT_SECOND, SETTING_BREAKER_WAIT, \
                    NEED_SMART, "Wait before reconnection"), \
    BREAKER_NUMBER(1117, 10, SETTING_BREAKER_COUPLING, NEED_SMART, \
                   "Reconnection (0 by hand, 1 automatic)"), \
    BREAKER_SETTING(1118, 11, KMP_BITS, 0, 1, REGISTER_BITS, UNIT_FLAGS, SETTING_BREAKER_BASIS, \
                    NEED_SMART, "Cut-off basis (what opens the breaker)"), \
    BREAKER_NUMBER(1120, 13, SETTING_BREAKER_LIMIT, NEED_SMART, \
                   "Smart Disconnect, high limit (A or kW)"), \
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
