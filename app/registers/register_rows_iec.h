/**
 * Rows of THE register table (register_table.c): settings of IEC 62056-21, OBIS 1-1:131.0.  Private
 * to register_table.c, whose words they use.
 */
#ifndef OPEN382_REGISTER_ROWS_IEC_H
#define OPEN382_REGISTER_ROWS_IEC_H

/* Settings of IEC 62056-21: of module, consumer port and optical port. */
#define IEC_SETTING(id, e, setting, name)                                                          \
    {                                                                                              \
        {1, 1, 131, 0, e, 255}, id, KMP_NUMBER, 0, 2, REGISTER_UINT, UNIT_NONE, 0, SOURCE_SETTING, \
            setting, NEED_M, RW, false, "131.0." #e, "", name                                      \
    }
#define IEC_SETTINGS_OF(id, e1, e2, e3, setting, name)                                             \
    IEC_SETTING(id, e1, setting, name ", module"),                                                 \
        IEC_SETTING((id) + 1, e2, (setting) + 1, name ", consumer port"),                          \
        IEC_SETTING((id) + 2, e3, (setting) + 2, name ", optical port")

/* clang-format off */
#define REGISTER_ROWS_IEC \
    IEC_SETTINGS_OF(6162, 1, 2, 3, SETTING_IEC_USER_DATA, "IEC 62056-21 list"), \
    IEC_SETTINGS_OF(6165, 4, 5, 6, SETTING_IEC_D0_PERIOD, "IEC D0 period (5 s)"), \
    IEC_SETTINGS_OF(6168, 7, 8, 9, SETTING_IEC_D0_SPEED, "IEC D0 speed"), \
    IEC_SETTINGS_OF(6171, 10, 11, 12, SETTING_IEC_MODE, "IEC 62056-21 modes"), \
    IEC_SETTING(6174, 13, SETTING_IEC_TA, "IEC Ta (ms)"), \
    IEC_SETTING(6175, 14, SETTING_IEC_TR, "IEC Tr (ms)"), \
    IEC_SETTING(6176, 15, SETTING_IEC_TT, "IEC Tt (ms)"), \
    IEC_SETTING(6177, 16, SETTING_IEC_TI, "IEC Ti (s)")
/* clang-format on */

#endif
