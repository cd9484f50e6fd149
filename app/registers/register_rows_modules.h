/**
 * Rows of THE register table (register_table.c): plug-in modules, FAxx of ours; OBIS 1-1:96.130.
 * Private to register_table.c, whose words they use.
 */
#ifndef OPEN382_REGISTER_ROWS_MODULES_H
#define OPEN382_REGISTER_ROWS_MODULES_H

#define MODULE_VALUE(id, e, kmp_unit, width, coding, unit, index, need, name)                      \
    {                                                                                              \
        {1, 1, 96, 130, e, 255}, id, kmp_unit, 0, width, coding, unit, 0, SOURCE_MODULE, index,    \
            need, R, false, "96.130." #e, "", name                                                 \
    }

/* clang-format off */
#define REGISTER_ROWS_MODULES \
    MODULE_VALUE(0xFA00, 0, KMP_NUMBER, 2, REGISTER_UINT, UNIT_NONE, MODULE_REGISTER_PRIMARY, \
                 NEED_NOTHING, "Module that is plugged (CCC; 0 none)"), \
    MODULE_VALUE(0xFA01, 1, KMP_NUMBER, 2, REGISTER_UINT, UNIT_NONE, MODULE_REGISTER_SECONDARY, \
                 NEED_L_OR_M, "Secondary module that is plugged (CCC; 0 none)"), \
    MODULE_VALUE(0xFA02, 2, KMP_NUMBER, 1, REGISTER_UINT, UNIT_NONE, MODULE_REGISTER_CCC, \
                 NEED_M, "Consumer port in use"), \
    MODULE_VALUE(0xFA03, 3, KMP_BITS, 1, REGISTER_BITS, UNIT_FLAGS, MODULE_REGISTER_STATE, \
                 NEED_NOTHING, "Module other than configured (1), radio fitted (2), radio on (4)"), \
    MODULE_VALUE(0xFA04, 4, KMP_BITS, 1, REGISTER_BITS, UNIT_FLAGS, MODULE_REGISTER_PINS, \
                 NEED_NOTHING, "Pins that the module drives"), \
    { \
        {1, 1, 96, 130, 5, 255}, 0xFA05, KMP_NUMBER, 0, 1, REGISTER_UINT, UNIT_NONE, 0, \
            SOURCE_SETTING, SETTING_RADIO_WITH_MODULE, NEED_M, RW, false, "96.130.5", "", \
            "Radio beside a communication module (0 off, 1 stays on)" \
    }
/* clang-format on */

#endif
