/**
 * Rows of THE register table (register_table.c): load control, KMP ids 1226 to 1232, 1244 and 1245
 * as real meters have them, F800 up of ours; OBIS 1-1:96.52.  Private to register_table.c, whose
 * words they use.
 */
#ifndef OPEN382_REGISTER_ROWS_LOAD_H
#define OPEN382_REGISTER_ROWS_LOAD_H

#define LOAD_ROW(id, e, kmp_unit, width, coding, unit, index, access, log, name)                   \
    {                                                                                              \
        {1, 1, 96, 52, e, 255}, id, kmp_unit, 0, width, coding, unit, 0, SOURCE_LOAD, index,       \
            NEED_L_OR_M, access, log, "96.52." #e, "", name                                        \
    }
#define LOAD_NUMBER(id, e, index, access, log, name)                                               \
    LOAD_ROW(id, e, KMP_NUMBER, 1, REGISTER_UINT, UNIT_NONE, index, access, log, name)
#define LOAD_TIME(id, e, index, access, name)                                                      \
    LOAD_ROW(id, e, KMP_SECOND, 2, REGISTER_UINT, UNIT_SECOND, index, access, false, name)

/* clang-format off */
#define REGISTER_ROWS_LOAD_SET \
    LOAD_NUMBER(1226, 1, LOAD_REGISTER_ACTIVE, RW, true, "Load control 1 (0 inactive, 1 active)"), \
    LOAD_NUMBER(1227, 9, LOAD_REGISTER_MODE, RW, false, \
                "Load control 1, mode (0 off, 1 tariff, 2 command, 3 table)"), \
    LOAD_ROW(1228, 2, KMP_BITS, 1, REGISTER_BITS, UNIT_FLAGS, LOAD_REGISTER_TARIFFS, RW, false, \
             "Load control 1, tariffs in which it is active"), \
    LOAD_NUMBER(1229, 3, LOAD_REGISTER_SECOND + LOAD_REGISTER_ACTIVE, RW, true, \
                "Load control 2 (0 inactive, 1 active)"), \
    LOAD_NUMBER(1230, 10, LOAD_REGISTER_SECOND + LOAD_REGISTER_MODE, RW, false, \
                "Load control 2, mode (0 off, 1 tariff, 2 command, 3 table)"), \
    LOAD_ROW(1231, 4, KMP_BITS, 1, REGISTER_BITS, UNIT_FLAGS, \
             LOAD_REGISTER_SECOND + LOAD_REGISTER_TARIFFS, RW, false, \
             "Load control 2, tariffs in which it is active"), \
    LOAD_TIME(1232, 5, LOAD_REGISTER_DELAY, RW, "Load control, longest delay")
#define REGISTER_ROWS_LOAD_LEFT \
    LOAD_TIME(1244, 7, LOAD_REGISTER_LEFT, R, "Load control 1, delay left"), \
    LOAD_TIME(1245, 8, LOAD_REGISTER_SECOND + LOAD_REGISTER_LEFT, R, "Load control 2, delay left")
#define REGISTER_ROWS_LOAD_OURS \
    LOAD_ROW(0xF800, 128, KMP_NUMBER, 4, REGISTER_UINT, UNIT_COUNT, LOAD_REGISTER_MOVEMENTS, R, \
             false, "Load control 1, movements"), \
    LOAD_ROW(0xF801, 129, KMP_NUMBER, 4, REGISTER_UINT, UNIT_COUNT, \
             LOAD_REGISTER_SECOND + LOAD_REGISTER_MOVEMENTS, R, false, "Load control 2, movements"), \
    LOAD_NUMBER(0xF802, 130, LOAD_REGISTER_FITTED, R, false, "Load control, relays fitted"), \
    LOAD_ROW(0xF803, 131, KMP_NUMBER, 2, REGISTER_UINT, UNIT_NONE, LOAD_REGISTER_EVENT, R, false, \
             "Event of load control (relay times 256, twice the mode, and 1: active)")
/* clang-format on */

#endif
