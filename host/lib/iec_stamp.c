#include "iec_stamp.h"

#include <stdio.h>
#include <string.h>

#include "../../app/clock/clock.h"

#define WITH_V    14u
#define WITHOUT_V 13u
#define HOUR_S    INT64_C(3600)

bool iec_stamp_read(const char *text, size_t n_text, struct iec_stamp *stamp)
{
    unsigned part[6];
    for (size_t i = 0; i < n_text; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    if ((n_text != WITH_V && n_text != WITHOUT_V) || text[0] > '1') {
        return false;
    }
    const char *at = text + n_text - 12u;
    for (size_t k = 0; k < 6; k++) {
        part[k] = (unsigned)(at[2u * k] - '0') * 10u + (unsigned)(at[2u * k + 1u] - '0');
    }
    const struct calendar local = {.year = (uint16_t)(2000u + part[0]),
                                   .month = (uint8_t)part[1],
                                   .day = (uint8_t)part[2],
                                   .hour = (uint8_t)part[3],
                                   .minute = (uint8_t)part[4],
                                   .second = (uint8_t)part[5]};
    const int64_t local_s = calendar_seconds(&local);
    if (local_s == INT64_MIN) {
        return false;
    }
    stamp->summer = text[0] == '1';
    stamp->valid = n_text == WITHOUT_V || text[1] == '1';
    stamp->normal_s = local_s - (stamp->summer ? HOUR_S : 0);
    return true;
}

void iec_stamp_text(int64_t normal_s, char text[IEC_STAMP_TEXT])
{
    struct calendar c;
    calendar_from_seconds(normal_s, &c);
    snprintf(text, IEC_STAMP_TEXT, "%04u-%02u-%02u %02u:%02u:%02u", c.year % 10000u, c.month % 100u,
             c.day % 100u, c.hour % 100u, c.minute % 100u, c.second % 100u);
}

void iec_stamp_write(int64_t local_s, bool summer, char text[14])
{
    struct calendar c;
    calendar_from_seconds(local_s, &c);
    snprintf(text, 14, "%d%02u%02u%02u%02u%02u%02u", summer, c.year % 100u, c.month % 100u,
             c.day % 100u, c.hour % 100u, c.minute % 100u, c.second % 100u);
}
