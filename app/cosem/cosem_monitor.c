/* Register monitor (class 21): the power threshold, which each mean power P+ is compared with. What
 * exceeds it is counted (1.1.96.51.2.255) and carries no script out. */
#include "../settings/setting_table.h"
#include "cosem_inside.h"

enum { THRESHOLDS = 2, MONITORED };

#define CLASS_DEMAND    5u
#define LAST_AVERAGE    3
#define SETTING_POWER   40u
#define SCRIPT_SELECTOR 0u

static const uint8_t demand_name[6] = {1, 0, 1, 4, 0, 255};
static const uint8_t no_script[6];

static void action_write(struct writer *out)
{
    dlms_write_structure(out, 2);
    dlms_write_octets(out, no_script, sizeof no_script);
    dlms_write_u16(out, SCRIPT_SELECTOR);
}

static enum dlms_result monitor_get(const struct cosem *cosem, const struct cosem_row *row,
                                    struct dlms_get *get, struct writer *out)
{
    (void)row;
    switch (get->attribute) {
    case THRESHOLDS:
        dlms_write_array(out, 1);
        dlms_write_u32(out, cosem->meter->demand.threshold_w);
        break;
    case MONITORED:
        dlms_write_structure(out, 3);
        dlms_write_u16(out, CLASS_DEMAND);
        dlms_write_octets(out, demand_name, sizeof demand_name);
        dlms_write_i8(out, LAST_AVERAGE);
        break;
    default: /* up, down */
        dlms_write_array(out, 1);
        dlms_write_structure(out, 2);
        action_write(out);
        action_write(out);
        break;
    }
    return DLMS_RESULT_SUCCESS;
}

static enum dlms_result monitor_set(const struct cosem *cosem, const struct cosem_row *row,
                                    int8_t attribute, struct reader data)
{
    uint32_t n = 0, threshold_w = 0;
    (void)row;
    (void)attribute;
    if (!dlms_read_array(&data, &n)) {
        return DLMS_RESULT_TYPE;
    }
    if (n != 1) {
        return DLMS_RESULT_OTHER;
    }
    return dlms_read_u32(&data, &threshold_w)
               ? cosem_setting_change(cosem->meter, SETTING_POWER, threshold_w)
               : DLMS_RESULT_TYPE;
}

const struct cosem_part cosem_monitor_part = {monitor_get, monitor_set, NULL};
