/* Where each log stands in the memory: docs/spec/app-storage.md, "Map". */
#include "event_log.h"

static const struct event_log_row rows[EVENT_LOGS] = {
    /* name, OBIS, KMP log, KMP event, depth, first page, pages, payload */
    [EVENT_LOG_STATUS] = {"status", "99.98.2", 2, 50, 200, 256, 256, 16},
    [EVENT_LOG_CLOCK] = {"clock", "99.98.3", 3, 1045, 200, 512, 256, 16},
    [EVENT_LOG_VOLTAGE] = {"voltage", "99.98.4", 4, 1085, 200, 768, 256, 64},
    [EVENT_LOG_DISCONNECT] = {"disconnect", "99.98.5", 5, 0xF512, 200, 1024, 256, 16},
    [EVENT_LOG_NEUTRAL] = {"neutral", "99.98.12", 12, 1242, 45, 1280, 64, 32},
    [EVENT_LOG_LOAD_PROFILE] = {"load-profile", "99.98.10", 10, 1222, 10, 1344, 32, 16},
    [EVENT_LOG_AUDIT] = {"audit", "99.98.128", 128, 0xFEFF, 200, 1376, 256, 64},
    [EVENT_LOG_FIRMWARE] = {"firmware", "99.98.13", 13, 0, 100, 1632, 128, 64},
    [EVENT_LOG_FIRMWARE_FAILED] = {"firmware-failed", "99.98.14", 14, 0, 100, 1760, 128, 64},
    [EVENT_LOG_DEBITING] = {"debiting", "98.1.0", 1, 0, 36, 1888, 64, 192},
    [EVENT_LOG_DEBITING_2] = {"debiting-2", "98.2.0", 8, 0, 45, 1952, 64, 192},
    [EVENT_LOG_LOAD] = {"load-control", "99.98.129", 129, 0xF803, 31, 2016, 32, 16},
};

const struct event_log_row *event_log_row(enum event_log_name log)
{
    return (unsigned)log < EVENT_LOGS ? &rows[log] : NULL;
}
