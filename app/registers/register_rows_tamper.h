/**
 * Rows of the register table for tampering (docs/alarms.md).  Internal to register_table.c.
 */
#ifndef OPEN382_REGISTER_ROWS_TAMPER_H
#define OPEN382_REGISTER_ROWS_TAMPER_H

#define REGISTER_ROWS_TAMPER                                                                       \
    {{1, 1, 134, 0, 77, 255},                                                                      \
     0xF900,                                                                                       \
     KMP_BITS,                                                                                     \
     0,                                                                                            \
     2,                                                                                            \
     REGISTER_BITS,                                                                                \
     UNIT_FLAGS,                                                                                   \
     0,                                                                                            \
     SOURCE_TAMPER,                                                                                \
     0,                                                                                            \
     NOTHING,                                                                                      \
     R,                                                                                            \
     false,                                                                                        \
     "134.0.77",                                                                                   \
     "",                                                                                           \
     "Acts of tampering that hold"},                                                               \
        ALARM_BITS(0xF901, 78, 3, NOTHING, "Alarms: acts of tampering that have come"),            \
        EVENT_MASK(0xF902, 79, SETTING_TAMPER_MASK, NOTHING, "Alarm mask of acts of tampering"),   \
        NUMBER(0xF903, 1, 134, 0, 80, 1, UNIT_NONE, SOURCE_SETTING, SETTING_TAMPER_SYMBOL, NEED_M, \
               RW, false, "",                                                                      \
               "The hand on the display stays (0: while it holds, 1: till cleared)")

#endif
