#include "cosem_table.h"

#include <string.h>

#include "../analysis/analysis_model.h"
#include "../load_profile/load_profile_model.h"
#include "../registers/register_read.h"
#include "../settings/setting_table.h"
#include "../tamper/tamper.h"
#include "cosem.h"
#include "cosem_prepay.h"

#define ROW(a, b, c, d, e, f, class_id, version, set, source, type, index)                         \
    {                                                                                              \
        {{a, b, c, d, e, f}, class_id, version, SET_##set, index}, COSEM_##source, DLMS_##type     \
    }
#define REGISTER(a, b, c, d, e, f, class_id, set, type, kmp_id)                                    \
    ROW(a, b, c, d, e, f, class_id, 0, set, REGISTER, type, kmp_id)

#define ID_VOLTAGE_L1 1054u
#define SUMMER_TIME   16 /* setting: summer time, PPP */

/* clang-format off: one object a line */
const struct cosem_row cosem_table[] = {
    ROW(0, 0, 1, 0, 0, 255, 8, 0, HOUSE_CLOCK, CLOCK, NULL, 0),
    ROW(0, 0, 10, 0, 1, 255, 9, 0, HOUSE_R, SCRIPT, NULL, COSEM_SCRIPT_DEBITING),
    ROW(0, 0, 10, 0, 100, 255, 9, 0, HOUSE_R, SCRIPT, NULL, COSEM_SCRIPT_TARIFF),
    ROW(0, 0, 10, 0, 106, 255, 9, 0, HOUSE_R, SCRIPT, NULL, COSEM_SCRIPT_BREAKER),
    ROW(0, 0, 11, 0, 0, 255, 11, 0, HOUSE_RW, DAYS, NULL, 0),
    ROW(0, 0, 13, 0, 0, 255, 20, 0, HOUSE_RW, CALENDAR, NULL, 0),
    ROW(0, 0, 15, 0, 0, 255, 22, 0, HOUSE_R, SCHEDULE, NULL, 0),
    ROW(0, 0, 16, 0, 0, 255, 21, 0, HOUSE_RW, MONITOR, NULL, 0),
    ROW(0, 0, 17, 0, 0, 255, 71, 0, HOUSE_RW, LIMITER, NULL, 0),
    ROW(0, 0, 19, 0, 0, 255, 111, 0, HOUSE_RW, ACCOUNT, NULL, 0),
    ROW(0, 0, 19, 10, 0, 255, 112, 0, HOUSE_R, CREDIT, NULL, COSEM_CREDIT_TOKEN),
    ROW(0, 0, 19, 10, 1, 255, 112, 0, HOUSE_R, CREDIT, NULL, COSEM_CREDIT_EMERGENCY),
    ROW(0, 0, 19, 20, 0, 255, 113, 0, HOUSE_R, CHARGE, NULL, 0),
    ROW(0, 0, 19, 40, 0, 255, 115, 0, HOUSE_R, GATEWAY, NULL, 0),
    ROW(0, 0, 22, 0, 0, 255, 23, 1, HDLC, HDLC, NULL, 0),
    ROW(0, 0, 25, 9, 0, 255, 40, 0, HOUSE_RW, PUSH, NULL, 0),
    ROW(0, 0, 40, 0, 0, 255, 15, 0, ASSOCIATION, ASSOCIATION, NULL, 0),
    ROW(0, 0, 40, 0, 1, 255, 15, 0, HOUSE_R, ASSOCIATION, NULL, COSEM_PUBLIC + 1),
    ROW(0, 0, 40, 0, 2, 255, 15, 0, HOUSE_R, ASSOCIATION, NULL, COSEM_OPTICAL + 1),
    ROW(0, 0, 40, 0, 3, 255, 15, 0, HOUSE_R, ASSOCIATION, NULL, COSEM_MANAGEMENT + 1),
    ROW(0, 0, 40, 0, 5, 255, 15, 0, HOUSE_R, ASSOCIATION, NULL, COSEM_MODULE + 1),
    ROW(0, 0, 40, 0, 6, 255, 15, 0, HOUSE_R, ASSOCIATION, NULL, COSEM_CONSUMER + 1),
    ROW(0, 0, 41, 0, 0, 255, 17, 0, P_R, SAP, NULL, 0),
    ROW(0, 0, 42, 0, 0, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_DEVICE_NAME),
    ROW(0, 0, 43, 0, 0, 255, 64, 0, HOUSE_R, SECURITY, NULL, 0),
    ROW(0, 0, 43, 1, 0, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_COUNTER),
    ROW(0, 0, 44, 0, 0, 255, 18, 0, HOUSE_RW, IMAGE, NULL, 0),
    ROW(0, 0, 96, 1, 0, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_SERIAL_TEXT),
    ROW(0, 0, 96, 1, 1, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_TYPE_TEXT),
    ROW(0, 0, 96, 2, 0, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_CHANGES),
    ROW(0, 0, 96, 2, 1, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_CHANGE_TIME),
    ROW(0, 0, 96, 3, 10, 255, 70, 0, HOUSE_R, BREAKER, NULL, 0),
    ROW(0, 0, 96, 7, 0, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_FAILURES_ALL),
    ROW(0, 0, 96, 7, 1, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_FAILURES_PHASE),
    ROW(0, 0, 96, 7, 2, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_FAILURES_PHASE + 1),
    ROW(0, 0, 96, 7, 3, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_FAILURES_PHASE + 2),
    ROW(0, 0, 96, 7, 9, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_FAILURES_LONG),
    ROW(0, 0, 96, 7, 19, 255, 3, 0, HOUSE_R, VALUE, UINT32, COSEM_LAST_FAILURE),
    ROW(0, 0, 96, 7, 20, 255, 3, 0, HOUSE_R, VALUE, UINT32, COSEM_LONG_FAILURE),
    ROW(0, 0, 96, 7, 21, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_FAILURES_ANY),
    REGISTER(0, 0, 96, 8, 0, 255, 3, HOUSE_R, UINT32, 1004),
    REGISTER(0, 0, 96, 9, 0, 255, 3, HOUSE_R, INT16, 1079),
    ROW(0, 0, 96, 10, 1, 255, 1, 0, HOUSE_R, VALUE, UINT8, COSEM_STATUS_LOAD),
    ROW(0, 0, 96, 10, 2, 255, 1, 0, HOUSE_R, VALUE, UINT8, COSEM_STATUS_ANALYSIS),
    ROW(0, 0, 96, 11, 0, 255, 1, 0, HOUSE_R, VALUE, UINT8, COSEM_EVENT_STANDARD),
    ROW(0, 0, 96, 11, 1, 255, 1, 0, HOUSE_R, VALUE, UINT8, COSEM_EVENT_FRAUD),
    ROW(0, 0, 96, 11, 2, 255, 1, 0, HOUSE_R, VALUE, UINT8, COSEM_EVENT_DISCONNECT),
    REGISTER(0, 0, 96, 14, 0, 255, 1, HOUSE_R, UINT8, 2010),
    ROW(0, 0, 96, 20, 0, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_TAMPER_COUNT + TAMPER_COVER),
    ROW(0, 0, 96, 20, 1, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_TAMPER_TIME + TAMPER_COVER),
    ROW(0, 0, 96, 20, 5, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_TAMPER_COUNT + TAMPER_TERMINAL),
    ROW(0, 0, 96, 20, 6, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_TAMPER_TIME + TAMPER_TERMINAL),
    ROW(0, 0, 96, 20, 15, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_TAMPER_COUNT + TAMPER_MAGNET),
    ROW(0, 0, 96, 20, 16, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_TAMPER_TIME + TAMPER_MAGNET),
    REGISTER(0, 0, 97, 97, 0, 255, 1, HOUSE_R, UINT8, 50),
    REGISTER(0, 0, 97, 98, 0, 255, 1, HOUSE_RW, UINT32, 0xF205),
    REGISTER(0, 0, 97, 98, 1, 255, 1, HOUSE_RW, UINT32, 0xF204),
    REGISTER(0, 0, 97, 98, 2, 255, 1, HOUSE_RW, UINT32, 0xF901),
    REGISTER(0, 0, 97, 98, 10, 255, 1, HOUSE_RW, UINT32, 0xF202),
    REGISTER(0, 0, 97, 98, 11, 255, 1, HOUSE_RW, UINT32, 0xF201),
    REGISTER(0, 0, 97, 98, 12, 255, 1, HOUSE_RW, UINT32, 0xF902),
    ROW(0, 0, 98, 1, 0, 255, 7, 1, HOUSE_DEBITING, PROFILE, NULL, COSEM_PROFILE_DEBITING),
    ROW(0, 0, 98, 2, 0, 255, 7, 1, HOUSE_LOG, PROFILE, NULL, COSEM_PROFILE_DEBITING_2),
    ROW(0, 0, 99, 98, 0, 255, 7, 1, HOUSE_LOG, PROFILE, NULL, COSEM_PROFILE_STANDARD),
    ROW(0, 0, 99, 98, 1, 255, 7, 1, HOUSE_LOG, PROFILE, NULL, COSEM_PROFILE_FRAUD),
    ROW(0, 0, 99, 98, 2, 255, 7, 1, HOUSE_LOG, PROFILE, NULL, COSEM_PROFILE_DISCONNECTOR),
    ROW(0, 0, 99, 98, 4, 255, 7, 1, HOUSE_LOG, PROFILE, NULL, COSEM_PROFILE_VOLTAGE),
    ROW(0, 1, 1, 0, 0, 255, 8, 0, CLOCK, CLOCK, NULL, 0),
    REGISTER(0, 1, 96, 3, 1, 255, 1, RW, UINT8, 1102),
    REGISTER(0, 1, 96, 8, 0, 255, 3, R, UINT32, 1004),
    REGISTER(0, 1, 96, 10, 1, 255, 1, R, UINT32, 1235),
    REGISTER(0, 1, 96, 10, 2, 255, 1, RW, UINT32, 1237),
    ROW(1, 0, 0, 0, 0, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_METER_NUMBER_TEXT),
    REGISTER(1, 0, 0, 1, 0, 255, 1, HOUSE_R, UINT32, 47),
    ROW(1, 0, 0, 1, 2, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_DEBITING_TIME),
    ROW(1, 0, 0, 2, 0, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_FIRMWARE),
    ROW(1, 0, 0, 2, 8, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_FIRMWARE_CHECK),
    ROW(1, 0, 0, 3, 0, 255, 3, 0, HOUSE_R, VALUE, UINT32, COSEM_PULSES),
    ROW(1, 0, 0, 4, 2, 255, 1, 0, HOUSE_R, VALUE, UINT16, COSEM_RATIO),
    ROW(1, 0, 0, 4, 3, 255, 1, 0, HOUSE_R, VALUE, UINT16, COSEM_RATIO),
    ROW(1, 0, 0, 6, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_NOMINAL_VOLTAGE),
    ROW(1, 0, 0, 6, 1, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_BASIC_CURRENT),
    ROW(1, 0, 0, 6, 2, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_NOMINAL_FREQUENCY),
    ROW(1, 0, 0, 6, 3, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_MAX_CURRENT),
    ROW(1, 0, 0, 8, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_INTEGRATION),
    ROW(1, 0, 0, 8, 4, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_INTEGRATION),
    ROW(1, 0, 0, 8, 5, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_ANALYSIS_INTERVAL),
    ROW(1, 0, 0, 9, 1, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_LOCAL_TIME),
    ROW(1, 0, 0, 9, 2, 255, 1, 0, HOUSE_R, VALUE, OCTETS, COSEM_LOCAL_DATE),
    REGISTER(1, 0, 1, 2, 0, 255, 3, HOUSE_R, UINT32, 43),
    REGISTER(1, 0, 1, 4, 0, 255, 5, HOUSE_R, UINT32, 35),
    REGISTER(1, 0, 1, 5, 0, 255, 3, HOUSE_R, UINT32, 35),
    REGISTER(1, 0, 1, 6, 0, 255, 4, HOUSE_R, UINT32, 39),
    REGISTER(1, 0, 1, 6, 1, 255, 4, HOUSE_R, UINT32, 1033),
    REGISTER(1, 0, 1, 6, 2, 255, 4, HOUSE_R, UINT32, 1036),
    REGISTER(1, 0, 1, 7, 0, 255, 3, HOUSE_R, UINT32, 1023),
    REGISTER(1, 0, 1, 8, 0, 255, 3, HOUSE_R, UINT32, 1),
    REGISTER(1, 0, 1, 8, 1, 255, 3, HOUSE_R, UINT32, 19),
    REGISTER(1, 0, 1, 8, 2, 255, 3, HOUSE_R, UINT32, 23),
    REGISTER(1, 0, 1, 8, 3, 255, 3, HOUSE_R, UINT32, 27),
    REGISTER(1, 0, 1, 8, 4, 255, 3, HOUSE_R, UINT32, 31),
    REGISTER(1, 0, 1, 8, 5, 255, 3, HOUSE_R, UINT32, 1059),
    REGISTER(1, 0, 1, 8, 6, 255, 3, HOUSE_R, UINT32, 1060),
    REGISTER(1, 0, 1, 8, 7, 255, 3, HOUSE_R, UINT32, 1061),
    REGISTER(1, 0, 1, 8, 8, 255, 3, HOUSE_R, UINT32, 1062),
    REGISTER(1, 0, 2, 2, 0, 255, 3, HOUSE_R, UINT32, 44),
    REGISTER(1, 0, 2, 4, 0, 255, 5, HOUSE_R, UINT32, 36),
    REGISTER(1, 0, 2, 5, 0, 255, 3, HOUSE_R, UINT32, 36),
    REGISTER(1, 0, 2, 6, 0, 255, 4, HOUSE_R, UINT32, 40),
    REGISTER(1, 0, 2, 7, 0, 255, 3, HOUSE_R, UINT32, 1024),
    REGISTER(1, 0, 2, 8, 0, 255, 3, HOUSE_R, UINT32, 2),
    REGISTER(1, 0, 2, 8, 1, 255, 3, HOUSE_R, UINT32, 20),
    REGISTER(1, 0, 2, 8, 2, 255, 3, HOUSE_R, UINT32, 24),
    REGISTER(1, 0, 2, 8, 3, 255, 3, HOUSE_R, UINT32, 28),
    REGISTER(1, 0, 2, 8, 4, 255, 3, HOUSE_R, UINT32, 32),
    REGISTER(1, 0, 2, 8, 5, 255, 3, HOUSE_R, UINT32, 1063),
    REGISTER(1, 0, 2, 8, 6, 255, 3, HOUSE_R, UINT32, 1064),
    REGISTER(1, 0, 2, 8, 7, 255, 3, HOUSE_R, UINT32, 1065),
    REGISTER(1, 0, 2, 8, 8, 255, 3, HOUSE_R, UINT32, 1066),
    REGISTER(1, 0, 3, 2, 0, 255, 3, HOUSE_R, UINT32, 45),
    REGISTER(1, 0, 3, 4, 0, 255, 5, HOUSE_R, UINT32, 37),
    REGISTER(1, 0, 3, 5, 0, 255, 3, HOUSE_R, UINT32, 37),
    REGISTER(1, 0, 3, 6, 0, 255, 4, HOUSE_R, UINT32, 41),
    REGISTER(1, 0, 3, 7, 0, 255, 3, HOUSE_R, UINT32, 1025),
    REGISTER(1, 0, 3, 8, 0, 255, 3, HOUSE_R, UINT32, 3),
    REGISTER(1, 0, 3, 8, 1, 255, 3, HOUSE_R, UINT32, 21),
    REGISTER(1, 0, 3, 8, 2, 255, 3, HOUSE_R, UINT32, 25),
    REGISTER(1, 0, 3, 8, 3, 255, 3, HOUSE_R, UINT32, 29),
    REGISTER(1, 0, 3, 8, 4, 255, 3, HOUSE_R, UINT32, 33),
    REGISTER(1, 0, 3, 8, 5, 255, 3, HOUSE_R, UINT32, 1067),
    REGISTER(1, 0, 3, 8, 6, 255, 3, HOUSE_R, UINT32, 1068),
    REGISTER(1, 0, 3, 8, 7, 255, 3, HOUSE_R, UINT32, 1069),
    REGISTER(1, 0, 3, 8, 8, 255, 3, HOUSE_R, UINT32, 1070),
    REGISTER(1, 0, 4, 2, 0, 255, 3, HOUSE_R, UINT32, 46),
    REGISTER(1, 0, 4, 4, 0, 255, 5, HOUSE_R, UINT32, 38),
    REGISTER(1, 0, 4, 5, 0, 255, 3, HOUSE_R, UINT32, 38),
    REGISTER(1, 0, 4, 6, 0, 255, 4, HOUSE_R, UINT32, 42),
    REGISTER(1, 0, 4, 7, 0, 255, 3, HOUSE_R, UINT32, 1026),
    REGISTER(1, 0, 4, 8, 0, 255, 3, HOUSE_R, UINT32, 4),
    REGISTER(1, 0, 4, 8, 1, 255, 3, HOUSE_R, UINT32, 22),
    REGISTER(1, 0, 4, 8, 2, 255, 3, HOUSE_R, UINT32, 26),
    REGISTER(1, 0, 4, 8, 3, 255, 3, HOUSE_R, UINT32, 30),
    REGISTER(1, 0, 4, 8, 4, 255, 3, HOUSE_R, UINT32, 34),
    REGISTER(1, 0, 4, 8, 5, 255, 3, HOUSE_R, UINT32, 1071),
    REGISTER(1, 0, 4, 8, 6, 255, 3, HOUSE_R, UINT32, 1072),
    REGISTER(1, 0, 4, 8, 7, 255, 3, HOUSE_R, UINT32, 1073),
    REGISTER(1, 0, 4, 8, 8, 255, 3, HOUSE_R, UINT32, 1074),
    REGISTER(1, 0, 5, 8, 0, 255, 3, HOUSE_R, UINT32, 5),
    REGISTER(1, 0, 6, 8, 0, 255, 3, HOUSE_R, UINT32, 1275),
    REGISTER(1, 0, 7, 8, 0, 255, 3, HOUSE_R, UINT32, 1276),
    REGISTER(1, 0, 8, 8, 0, 255, 3, HOUSE_R, UINT32, 6),
    REGISTER(1, 0, 9, 7, 0, 255, 3, HOUSE_R, UINT32, 1305),
    REGISTER(1, 0, 10, 7, 0, 255, 3, HOUSE_R, UINT32, 1306),
    ROW(1, 0, 12, 31, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_SAG_VOLTAGE),
    ROW(1, 0, 12, 35, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_SWELL_VOLTAGE),
    REGISTER(1, 0, 12, 39, 0, 255, 3, HOUSE_R, UINT32, 0xF029),
    ROW(1, 0, 12, 43, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_SAG_TIME),
    ROW(1, 0, 12, 44, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_SAG_TIME),
    REGISTER(1, 0, 12, 45, 0, 255, 3, HOUSE_R, UINT32, 0xF02A),
    REGISTER(1, 0, 13, 7, 0, 255, 3, HOUSE_R, UINT16, 1173),
    REGISTER(1, 0, 14, 7, 0, 255, 3, HOUSE_R, UINT16, 1390),
    REGISTER(1, 0, 15, 8, 0, 255, 3, HOUSE_R, UINT32, 1031),
    REGISTER(1, 0, 16, 8, 0, 255, 3, HOUSE_R, INT32, 1274),
    REGISTER(1, 0, 21, 7, 0, 255, 3, HOUSE_R, UINT32, 1080),
    REGISTER(1, 0, 21, 8, 0, 255, 3, HOUSE_R, UINT32, 1299),
    REGISTER(1, 0, 22, 7, 0, 255, 3, HOUSE_R, UINT32, 1344),
    REGISTER(1, 0, 22, 8, 0, 255, 3, HOUSE_R, UINT32, 1302),
    REGISTER(1, 0, 23, 7, 0, 255, 3, HOUSE_R, UINT32, 1347),
    REGISTER(1, 0, 24, 7, 0, 255, 3, HOUSE_R, UINT32, 1350),
    REGISTER(1, 0, 31, 7, 0, 255, 3, HOUSE_R, UINT32, 1076),
    REGISTER(1, 0, 31, 7, 124, 255, 3, HOUSE_R, UINT16, 1443),
    REGISTER(1, 0, 31, 24, 0, 255, 3, HOUSE_R, UINT32, 1218),
    REGISTER(1, 0, 32, 7, 0, 255, 3, HOUSE_R, UINT16, 1054),
    REGISTER(1, 0, 32, 7, 124, 255, 3, HOUSE_R, UINT16, 1434),
    REGISTER(1, 0, 32, 24, 0, 255, 3, HOUSE_R, UINT16, 1385),
    ROW(1, 0, 32, 32, 0, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_SAGS),
    ROW(1, 0, 32, 33, 0, 255, 3, 0, HOUSE_R, VALUE, UINT32, COSEM_SAG_DURATION),
    ROW(1, 0, 32, 34, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_SAG_LEVEL),
    ROW(1, 0, 32, 36, 0, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_SWELLS),
    ROW(1, 0, 32, 37, 0, 255, 3, 0, HOUSE_R, VALUE, UINT32, COSEM_SWELL_DURATION),
    ROW(1, 0, 32, 38, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_SWELL_LEVEL),
    REGISTER(1, 0, 33, 7, 0, 255, 3, HOUSE_R, UINT16, 1170),
    REGISTER(1, 0, 41, 7, 0, 255, 3, HOUSE_R, UINT32, 1081),
    REGISTER(1, 0, 41, 8, 0, 255, 3, HOUSE_R, UINT32, 1300),
    REGISTER(1, 0, 42, 7, 0, 255, 3, HOUSE_R, UINT32, 1345),
    REGISTER(1, 0, 42, 8, 0, 255, 3, HOUSE_R, UINT32, 1303),
    REGISTER(1, 0, 43, 7, 0, 255, 3, HOUSE_R, UINT32, 1348),
    REGISTER(1, 0, 44, 7, 0, 255, 3, HOUSE_R, UINT32, 1351),
    REGISTER(1, 0, 51, 7, 0, 255, 3, HOUSE_R, UINT32, 1077),
    REGISTER(1, 0, 51, 7, 124, 255, 3, HOUSE_R, UINT16, 1446),
    REGISTER(1, 0, 51, 24, 0, 255, 3, HOUSE_R, UINT32, 1219),
    REGISTER(1, 0, 52, 7, 0, 255, 3, HOUSE_R, UINT16, 1055),
    REGISTER(1, 0, 52, 7, 124, 255, 3, HOUSE_R, UINT16, 1437),
    REGISTER(1, 0, 52, 24, 0, 255, 3, HOUSE_R, UINT16, 1386),
    ROW(1, 0, 52, 32, 0, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_SAGS + 1),
    ROW(1, 0, 52, 33, 0, 255, 3, 0, HOUSE_R, VALUE, UINT32, COSEM_SAG_DURATION + 1),
    ROW(1, 0, 52, 34, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_SAG_LEVEL + 1),
    ROW(1, 0, 52, 36, 0, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_SWELLS + 1),
    ROW(1, 0, 52, 37, 0, 255, 3, 0, HOUSE_R, VALUE, UINT32, COSEM_SWELL_DURATION + 1),
    ROW(1, 0, 52, 38, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_SWELL_LEVEL + 1),
    REGISTER(1, 0, 53, 7, 0, 255, 3, HOUSE_R, UINT16, 1171),
    REGISTER(1, 0, 61, 7, 0, 255, 3, HOUSE_R, UINT32, 1082),
    REGISTER(1, 0, 61, 8, 0, 255, 3, HOUSE_R, UINT32, 1301),
    REGISTER(1, 0, 62, 7, 0, 255, 3, HOUSE_R, UINT32, 1346),
    REGISTER(1, 0, 62, 8, 0, 255, 3, HOUSE_R, UINT32, 1304),
    REGISTER(1, 0, 63, 7, 0, 255, 3, HOUSE_R, UINT32, 1349),
    REGISTER(1, 0, 64, 7, 0, 255, 3, HOUSE_R, UINT32, 1352),
    REGISTER(1, 0, 71, 7, 0, 255, 3, HOUSE_R, UINT32, 1078),
    REGISTER(1, 0, 71, 7, 124, 255, 3, HOUSE_R, UINT16, 1449),
    REGISTER(1, 0, 71, 24, 0, 255, 3, HOUSE_R, UINT32, 1220),
    REGISTER(1, 0, 72, 7, 0, 255, 3, HOUSE_R, UINT16, 1056),
    REGISTER(1, 0, 72, 7, 124, 255, 3, HOUSE_R, UINT16, 1440),
    REGISTER(1, 0, 72, 24, 0, 255, 3, HOUSE_R, UINT16, 1387),
    ROW(1, 0, 72, 32, 0, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_SAGS + 2),
    ROW(1, 0, 72, 33, 0, 255, 3, 0, HOUSE_R, VALUE, UINT32, COSEM_SAG_DURATION + 2),
    ROW(1, 0, 72, 34, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_SAG_LEVEL + 2),
    ROW(1, 0, 72, 36, 0, 255, 1, 0, HOUSE_R, VALUE, UINT32, COSEM_SWELLS + 2),
    ROW(1, 0, 72, 37, 0, 255, 3, 0, HOUSE_R, VALUE, UINT32, COSEM_SWELL_DURATION + 2),
    ROW(1, 0, 72, 38, 0, 255, 3, 0, HOUSE_R, VALUE, UINT16, COSEM_SWELL_LEVEL + 2),
    REGISTER(1, 0, 73, 7, 0, 255, 3, HOUSE_R, UINT16, 1172),
    REGISTER(1, 0, 81, 7, 40, 255, 3, HOUSE_R, INT16, 1471),
    REGISTER(1, 0, 81, 7, 51, 255, 3, HOUSE_R, INT16, 1472),
    REGISTER(1, 0, 81, 7, 62, 255, 3, HOUSE_R, INT16, 1473),
    ROW(1, 0, 99, 1, 0, 255, 7, 1, HOUSE_PERIOD, PROFILE, NULL, COSEM_PROFILE_LOAD),
    ROW(1, 0, 99, 1, 1, 255, 7, 1, HOUSE_PERIOD, PROFILE, NULL, COSEM_PROFILE_ANALYSIS),
    ROW(1, 0, 99, 97, 0, 255, 7, 1, HOUSE_LOG, PROFILE, NULL, COSEM_PROFILE_POWER),
    REGISTER(1, 0, 130, 0, 131, 255, 1, HOUSE_R, UINT32, 0xF711),
    ROW(1, 1, 0, 0, 0, 255, 1, 0, P_RW, VALUE, OCTETS, COSEM_METER_NUMBER_LOW),
    REGISTER(1, 1, 0, 0, 1, 255, 1, P_RW, UINT32, 51),
    REGISTER(1, 1, 0, 0, 2, 255, 1, P_RW, UINT32, 52),
    REGISTER(1, 1, 0, 0, 3, 255, 1, P_RW, UINT32, 53),
    REGISTER(1, 1, 0, 1, 0, 255, 1, R, UINT8, 47),
    ROW(1, 1, 0, 1, 5, 128, 1, 0, W, VALUE, UINT8, COSEM_BILLING_STOP),
    REGISTER(1, 1, 0, 1, 6, 128, 1, RW, UINT8, 1175),
    ROW(1, 1, 0, 2, 0, 255, 1, 0, P_R, VALUE, VISIBLE, COSEM_FIRMWARE),
    REGISTER(1, 1, 0, 2, 1, 128, 1, R, UINT32, 1005),
    REGISTER(1, 1, 0, 2, 2, 128, 1, P_R, VISIBLE, 6031),
    REGISTER(1, 1, 0, 128, 1, 255, 1, RW, UINT32, 58),
    REGISTER(1, 1, 0, 129, 1, 255, 1, R, UINT32, 54),
    REGISTER(1, 1, 0, 129, 2, 255, 1, R, UINT32, 55),
    REGISTER(1, 1, 0, 129, 3, 255, 1, R, UINT32, 56),
    REGISTER(1, 1, 0, 129, 4, 255, 1, R, UINT32, 1029),
    REGISTER(1, 1, 0, 129, 5, 255, 1, R, UINT32, 1075),
    REGISTER(1, 1, 0, 130, 1, 255, 1, P_RW, UINT32, 57),
    REGISTER(1, 1, 0, 130, 2, 255, 1, P_RW, UINT32, 1021),
    REGISTER(1, 1, 1, 2, 0, 255, 3, R, UINT32, 43),
    REGISTER(1, 1, 1, 6, 0, 255, 4, R, UINT32, 39),
    REGISTER(1, 1, 1, 6, 1, 255, 4, R, UINT32, 1033),
    REGISTER(1, 1, 1, 6, 2, 255, 4, R, UINT32, 1036),
    REGISTER(1, 1, 1, 7, 0, 255, 3, R, UINT32, 1023),
    REGISTER(1, 1, 1, 8, 0, 128, 3, R, UINT32, 13),
    REGISTER(1, 1, 1, 8, 0, 255, 3, R, UINT32, 1),
    REGISTER(1, 1, 1, 8, 1, 255, 3, R, UINT32, 19),
    REGISTER(1, 1, 1, 8, 2, 255, 3, R, UINT32, 23),
    REGISTER(1, 1, 1, 8, 3, 255, 3, R, UINT32, 27),
    REGISTER(1, 1, 1, 8, 4, 255, 3, R, UINT32, 31),
    REGISTER(1, 1, 1, 8, 5, 255, 3, R, UINT32, 1059),
    REGISTER(1, 1, 1, 8, 6, 255, 3, R, UINT32, 1060),
    REGISTER(1, 1, 1, 8, 7, 255, 3, R, UINT32, 1061),
    REGISTER(1, 1, 1, 8, 8, 255, 3, R, UINT32, 1062),
    REGISTER(1, 1, 1, 13, 0, 255, 4, R, UINT32, 1191),
    REGISTER(1, 1, 1, 16, 0, 255, 4, R, UINT32, 1190),
    REGISTER(1, 1, 1, 25, 0, 255, 3, R, UINT32, 35),
    REGISTER(1, 1, 2, 2, 0, 255, 3, R, UINT32, 44),
    REGISTER(1, 1, 2, 6, 0, 255, 4, R, UINT32, 40),
    REGISTER(1, 1, 2, 7, 0, 255, 3, R, UINT32, 1024),
    REGISTER(1, 1, 2, 8, 0, 128, 3, R, UINT32, 14),
    REGISTER(1, 1, 2, 8, 0, 255, 3, R, UINT32, 2),
    REGISTER(1, 1, 2, 8, 1, 255, 3, R, UINT32, 20),
    REGISTER(1, 1, 2, 8, 2, 255, 3, R, UINT32, 24),
    REGISTER(1, 1, 2, 8, 3, 255, 3, R, UINT32, 28),
    REGISTER(1, 1, 2, 8, 4, 255, 3, R, UINT32, 32),
    REGISTER(1, 1, 2, 8, 5, 255, 3, R, UINT32, 1063),
    REGISTER(1, 1, 2, 8, 6, 255, 3, R, UINT32, 1064),
    REGISTER(1, 1, 2, 8, 7, 255, 3, R, UINT32, 1065),
    REGISTER(1, 1, 2, 8, 8, 255, 3, R, UINT32, 1066),
    REGISTER(1, 1, 2, 25, 0, 255, 3, R, UINT32, 36),
    REGISTER(1, 1, 3, 2, 0, 255, 3, R, UINT32, 45),
    REGISTER(1, 1, 3, 6, 0, 255, 4, R, UINT32, 41),
    REGISTER(1, 1, 3, 7, 0, 255, 3, R, UINT32, 1025),
    REGISTER(1, 1, 3, 8, 0, 128, 3, R, UINT32, 15),
    REGISTER(1, 1, 3, 8, 0, 255, 3, R, UINT32, 3),
    REGISTER(1, 1, 3, 8, 1, 255, 3, R, UINT32, 21),
    REGISTER(1, 1, 3, 8, 2, 255, 3, R, UINT32, 25),
    REGISTER(1, 1, 3, 8, 3, 255, 3, R, UINT32, 29),
    REGISTER(1, 1, 3, 8, 4, 255, 3, R, UINT32, 33),
    REGISTER(1, 1, 3, 8, 5, 255, 3, R, UINT32, 1067),
    REGISTER(1, 1, 3, 8, 6, 255, 3, R, UINT32, 1068),
    REGISTER(1, 1, 3, 8, 7, 255, 3, R, UINT32, 1069),
    REGISTER(1, 1, 3, 8, 8, 255, 3, R, UINT32, 1070),
    REGISTER(1, 1, 3, 25, 0, 255, 3, R, UINT32, 37),
    REGISTER(1, 1, 4, 2, 0, 255, 3, R, UINT32, 46),
    REGISTER(1, 1, 4, 6, 0, 255, 4, R, UINT32, 42),
    REGISTER(1, 1, 4, 7, 0, 255, 3, R, UINT32, 1026),
    REGISTER(1, 1, 4, 8, 0, 128, 3, R, UINT32, 16),
    REGISTER(1, 1, 4, 8, 0, 255, 3, R, UINT32, 4),
    REGISTER(1, 1, 4, 8, 1, 255, 3, R, UINT32, 22),
    REGISTER(1, 1, 4, 8, 2, 255, 3, R, UINT32, 26),
    REGISTER(1, 1, 4, 8, 3, 255, 3, R, UINT32, 30),
    REGISTER(1, 1, 4, 8, 4, 255, 3, R, UINT32, 34),
    REGISTER(1, 1, 4, 8, 5, 255, 3, R, UINT32, 1071),
    REGISTER(1, 1, 4, 8, 6, 255, 3, R, UINT32, 1072),
    REGISTER(1, 1, 4, 8, 7, 255, 3, R, UINT32, 1073),
    REGISTER(1, 1, 4, 8, 8, 255, 3, R, UINT32, 1074),
    REGISTER(1, 1, 4, 25, 0, 255, 3, R, UINT32, 38),
    REGISTER(1, 1, 5, 8, 0, 255, 3, R, UINT32, 5),
    REGISTER(1, 1, 8, 8, 0, 255, 3, R, UINT32, 6),
    REGISTER(1, 1, 15, 8, 0, 255, 3, R, UINT32, 1031),
    REGISTER(1, 1, 21, 7, 0, 255, 3, R, UINT32, 1080),
    REGISTER(1, 1, 22, 7, 0, 255, 3, R, UINT32, 1344),
    REGISTER(1, 1, 23, 7, 0, 255, 3, R, UINT32, 1347),
    REGISTER(1, 1, 24, 7, 0, 255, 3, R, UINT32, 1350),
    REGISTER(1, 1, 31, 7, 0, 255, 3, R, UINT32, 1076),
    REGISTER(1, 1, 31, 25, 0, 255, 3, R, UINT32, 1218),
    REGISTER(1, 1, 32, 7, 0, 255, 3, R, UINT16, 1054),
    REGISTER(1, 1, 32, 25, 0, 255, 3, R, UINT16, 1215),
    REGISTER(1, 1, 41, 7, 0, 255, 3, R, UINT32, 1081),
    REGISTER(1, 1, 42, 7, 0, 255, 3, R, UINT32, 1345),
    REGISTER(1, 1, 43, 7, 0, 255, 3, R, UINT32, 1348),
    REGISTER(1, 1, 44, 7, 0, 255, 3, R, UINT32, 1351),
    REGISTER(1, 1, 51, 7, 0, 255, 3, R, UINT32, 1077),
    REGISTER(1, 1, 51, 25, 0, 255, 3, R, UINT32, 1219),
    REGISTER(1, 1, 52, 7, 0, 255, 3, R, UINT16, 1055),
    REGISTER(1, 1, 52, 25, 0, 255, 3, R, UINT16, 1216),
    REGISTER(1, 1, 61, 7, 0, 255, 3, R, UINT32, 1082),
    REGISTER(1, 1, 62, 7, 0, 255, 3, R, UINT32, 1346),
    REGISTER(1, 1, 63, 7, 0, 255, 3, R, UINT32, 1349),
    REGISTER(1, 1, 64, 7, 0, 255, 3, R, UINT32, 1352),
    REGISTER(1, 1, 71, 7, 0, 255, 3, R, UINT32, 1078),
    REGISTER(1, 1, 71, 25, 0, 255, 3, R, UINT32, 1220),
    REGISTER(1, 1, 72, 7, 0, 255, 3, R, UINT16, 1056),
    REGISTER(1, 1, 72, 25, 0, 255, 3, R, UINT16, 1217),
    REGISTER(1, 1, 96, 1, 0, 255, 1, P_R, UINT32, 1001),
    REGISTER(1, 1, 96, 1, 1, 255, 1, P_R, VISIBLE, 1126),
    REGISTER(1, 1, 96, 5, 1, 255, 1, RW, UINT8, 1032),
    REGISTER(1, 1, 96, 51, 1, 255, 3, RW, UINT32, 1039),
    REGISTER(1, 1, 96, 51, 2, 255, 1, R, UINT8, 1040),
    REGISTER(1, 1, 96, 52, 1, 255, 1, RW, UINT8, 1226),
    REGISTER(1, 1, 96, 52, 2, 255, 1, RW, UINT8, 1228),
    REGISTER(1, 1, 96, 52, 3, 255, 1, RW, UINT8, 1229),
    REGISTER(1, 1, 96, 52, 4, 255, 1, RW, UINT8, 1231),
    REGISTER(1, 1, 96, 52, 5, 255, 1, RW, UINT16, 1232),
    ROW(1, 1, 96, 52, 6, 255, 1, 0, RW, VALUE, UINT8, COSEM_WORKING_DAYS),
    REGISTER(1, 1, 96, 52, 7, 255, 1, R, UINT16, 1244),
    REGISTER(1, 1, 96, 52, 8, 255, 1, R, UINT16, 1245),
    REGISTER(1, 1, 96, 52, 9, 255, 1, R, UINT8, 1227),
    REGISTER(1, 1, 96, 52, 10, 255, 1, R, UINT8, 1230),
    ROW(1, 1, 96, 52, 11, 255, 1, 0, RW, SETTING, UINT8, SUMMER_TIME),
    REGISTER(1, 1, 96, 53, 1, 255, 1, R, UINT8, 1234),
    REGISTER(1, 1, 96, 54, 1, 255, 1, R, UINT32, 1083),
    REGISTER(1, 1, 97, 97, 0, 255, 1, R, UINT8, 50),
    ROW(1, 1, 98, 1, 0, 255, 7, 1, DEBITING, PROFILE, NULL, COSEM_PROFILE_DEBITING),
    ROW(1, 1, 98, 2, 0, 255, 7, 1, LOGGER, PROFILE, NULL, COSEM_PROFILE_DEBITING_2),
    ROW(1, 1, 99, 1, 0, 255, 7, 1, PERIOD, PROFILE, NULL, COSEM_PROFILE_LOAD),
    ROW(1, 1, 99, 1, 1, 255, 7, 1, PERIOD, PROFILE, NULL, COSEM_PROFILE_ANALYSIS),
    ROW(1, 1, 99, 98, 2, 255, 7, 1, LOG, PROFILE, NULL, COSEM_PROFILE_STATUS),
    ROW(1, 1, 99, 98, 3, 255, 7, 1, LOG, PROFILE, NULL, COSEM_PROFILE_CLOCK),
    ROW(1, 1, 99, 98, 4, 255, 7, 1, LOG, PROFILE, NULL, COSEM_PROFILE_VOLTAGE),
    ROW(1, 1, 99, 98, 5, 255, 7, 1, LOG, PROFILE, NULL, COSEM_PROFILE_CUT_OFF),
    ROW(1, 1, 99, 98, 10, 255, 7, 1, LOG, PROFILE, NULL, COSEM_PROFILE_LOAD_EVENTS),
    ROW(1, 1, 99, 98, 12, 255, 7, 1, LOG, PROFILE, NULL, COSEM_PROFILE_NEUTRAL),
    ROW(1, 1, 99, 98, 13, 255, 7, 1, LOG, PROFILE, NULL, COSEM_PROFILE_FIRMWARE),
    ROW(1, 1, 99, 98, 14, 255, 7, 1, LOG, PROFILE, NULL, COSEM_PROFILE_FIRMWARE_FAILED),
    REGISTER(1, 1, 128, 0, 0, 255, 1, RW, UINT8, 1252),
    REGISTER(1, 1, 128, 0, 1, 255, 1, RW, UINT8, 1108),
    REGISTER(1, 1, 128, 0, 2, 255, 1, RW, UINT8, 1109),
    REGISTER(1, 1, 128, 0, 3, 255, 1, RW, UINT8, 1110),
    REGISTER(1, 1, 128, 0, 4, 255, 1, RW, UINT8, 1111),
    REGISTER(1, 1, 128, 0, 5, 255, 1, RW, UINT16, 1112),
    REGISTER(1, 1, 128, 0, 6, 255, 1, RW, UINT16, 1113),
    REGISTER(1, 1, 128, 0, 7, 255, 1, RW, UINT16, 1114),
    REGISTER(1, 1, 128, 0, 8, 255, 1, RW, UINT16, 1115),
    REGISTER(1, 1, 128, 0, 9, 255, 1, RW, UINT8, 1116),
    REGISTER(1, 1, 128, 0, 10, 255, 1, RW, UINT8, 1117),
    REGISTER(1, 1, 128, 0, 11, 255, 1, RW_MODULE, UINT8, 1118),
    REGISTER(1, 1, 128, 0, 12, 255, 1, RW, UINT8, 1119),
    REGISTER(1, 1, 128, 0, 13, 255, 1, RW, UINT8, 1120),
    REGISTER(1, 1, 128, 0, 14, 255, 1, R, UINT8, 1122),
    REGISTER(1, 1, 128, 0, 18, 255, 1, R, UINT8, 0xF511),
    REGISTER(1, 1, 129, 0, 0, 255, 1, RW, UINT8, 2010),
    REGISTER(1, 1, 130, 0, 0, 255, 3, RW_MODULE, UINT32, 1121),
    REGISTER(1, 1, 134, 0, 1, 255, 1, R, UINT8, 6002),
};
/* clang-format on */

const size_t cosem_table_length = sizeof cosem_table / sizeof cosem_table[0];

const struct cosem_row *cosem_row_find(const uint8_t obis[6])
{
    size_t low = 0, high = cosem_table_length;
    while (low < high) {
        const size_t middle = low + (high - low) / 2u;
        const int order = memcmp(cosem_table[middle].object.obis, obis, 6);
        if (order == 0) {
            return &cosem_table[middle];
        }
        low = order < 0 ? middle + 1u : low;
        high = order < 0 ? high : middle;
    }
    return NULL;
}

/* The register's own name is the rule: then nothing is searched. */
const struct cosem_row *cosem_row_of_register(uint16_t kmp_id, bool house)
{
    const struct register_def *def = register_by_kmp_id(kmp_id);
    if (def == NULL) {
        return NULL;
    }
    uint8_t obis[6];
    memcpy(obis, def->obis, sizeof obis);
    obis[1] = house ? 0 : 1;
    const struct cosem_row *named = cosem_row_find(obis);
    if (named != NULL && named->source == COSEM_REGISTER && named->object.index == kmp_id) {
        return named;
    }
    for (size_t i = 0; i < cosem_table_length; i++) {
        const struct cosem_row *row = &cosem_table[i];
        if (row->source == COSEM_REGISTER && row->object.index == kmp_id &&
            (row->object.access_set >= SET_HOUSE) == house) {
            return row;
        }
    }
    return NULL;
}

static bool profile_fits(const struct variant *variant, enum cosem_profile profile)
{
    const bool m = variant->generation == GENERATION_M;
    switch (profile) {
    case COSEM_PROFILE_DEBITING_2:
    case COSEM_PROFILE_CLOCK:
    case COSEM_PROFILE_VOLTAGE: return m;
    case COSEM_PROFILE_LOAD:
    case COSEM_PROFILE_LOAD_EVENTS: return load_profile_fitted(variant);
    case COSEM_PROFILE_ANALYSIS: return analysis_fitted(variant);
    case COSEM_PROFILE_POWER: return m;
    case COSEM_PROFILE_DISCONNECTOR:
    case COSEM_PROFILE_CUT_OFF: return variant->breaker;
    case COSEM_PROFILE_NEUTRAL: return variant->systems == 3 && variant->generation >= GENERATION_L;
    default: return true;
    }
}

static bool value_fits(const struct variant *variant, enum cosem_value value)
{
    if (value >= COSEM_QUALITY_PHASES) {
        const unsigned phase = (unsigned)(value - COSEM_QUALITY_PHASES) % 3u;
        return variant->generation == GENERATION_M &&
               register_fits(variant, register_by_kmp_id((uint16_t)(ID_VOLTAGE_L1 + phase)));
    }
    if (value >= COSEM_QUALITY) {
        return variant->generation == GENERATION_M;
    }
    switch (value) {
    case COSEM_WORKING_DAYS: return variant->tariffs > 0 && variant->rtc;
    case COSEM_STATUS_LOAD: return load_profile_fitted(variant);
    case COSEM_STATUS_ANALYSIS:
    case COSEM_ANALYSIS_INTERVAL: return analysis_fitted(variant);
    case COSEM_EVENT_DISCONNECT: return variant->breaker;
    case COSEM_LOCAL_TIME:
    case COSEM_LOCAL_DATE: return variant->rtc;
    default: return true;
    }
}

static bool script_fits(const struct variant *variant, enum cosem_script script)
{
    switch (script) {
    case COSEM_SCRIPT_BREAKER: return variant->breaker;
    case COSEM_SCRIPT_TARIFF: return variant->tariffs > 0;
    default: return true;
    }
}

bool cosem_row_fits(const struct variant *variant, const struct cosem_row *row)
{
    switch (row->source) {
    case COSEM_REGISTER: {
        const struct register_def *def = register_by_kmp_id(row->object.index);
        return def != NULL && register_fits(variant, def);
    }
    case COSEM_SETTING: return setting_by_id(row->object.index) != NULL;
    case COSEM_VALUE: return value_fits(variant, (enum cosem_value)row->object.index);
    case COSEM_CLOCK: return variant->rtc;
    case COSEM_SCRIPT: return script_fits(variant, (enum cosem_script)row->object.index);
    case COSEM_BREAKER:
    case COSEM_LIMITER: return variant->breaker;
    case COSEM_ACCOUNT:
    case COSEM_CREDIT:
    case COSEM_CHARGE:
    case COSEM_GATEWAY: return variant->breaker && (variant_has(variant) & NEED_L_OR_M) != 0;
    case COSEM_SCHEDULE: return variant->rtc;
    case COSEM_CALENDAR:
    case COSEM_DAYS: return variant->tariffs > 0 && variant->rtc;
    case COSEM_PROFILE: return profile_fits(variant, (enum cosem_profile)row->object.index);
    default: return true;
    }
}
