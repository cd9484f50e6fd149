/* 131.0.17: the list that user data 2 reads out, of a reader's own choice. */
#include <string.h>

#include "../meter/meter.h"
#include "../registers/register_read.h"
#include "optical_iec_inside.h"
#include "optical_lines.h"
#include "readout_list.h"

#define CODE_MAX 16u

enum iec_reply optical_iec_list_read(const struct meter *meter, struct writer *out)
{
    const struct register_def *defs[READOUT_LIST_MAX];
    const unsigned n = optical_list(meter, defs, READOUT_LIST_MAX);
    writer_text(out, OPTICAL_IEC_LIST_CODE "(");
    writer_decimal(out, n, 1);
    writer_u8(out, ')');
    for (unsigned i = 0; i < n; i++) {
        writer_u8(out, '(');
        writer_text(out, defs[i]->code);
        writer_u8(out, ')');
    }
    return IEC_REPLY_DATA;
}

/* "(text)" at *at, which moves behind it. */
static bool bracket(const char **at, char *out, size_t capacity)
{
    if (**at != '(' || !optical_iec_field(at, out, capacity) || **at != ')') {
        return false;
    }
    (*at)++;
    return true;
}

/* @return NULL, or why not */
static const char *objects_of(const struct meter *meter, const char *at, uint32_t count,
                              uint16_t reading[READOUT_LIST_MAX])
{
    char code[CODE_MAX];
    uint32_t n = 0;
    while (*at != '\0') {
        if (!bracket(&at, code, sizeof code)) {
            return "format";
        }
        const struct register_def *def = register_by_code(code);
        if (def == NULL || def->kmp_id == UINT16_MAX || !register_exists(meter, def)) {
            return "unknown object";
        }
        if (n == count) {
            return "count";
        }
        reading[n++] = def->kmp_id;
    }
    return n == count ? NULL : "count";
}

enum iec_reply optical_iec_list_write(struct optical_iec *served, const struct iec_command *command,
                                      struct writer *out)
{
    uint16_t reading[READOUT_LIST_MAX] = {0};
    const char *at = command->data;
    char text[12];
    uint32_t count = 0;
    if (!command->manufacturer) {
        return optical_iec_refuse(out, "manufacturer mode only");
    }
    if (!optical_iec_may(served, ACTION_SETTINGS)) {
        return optical_iec_refuse(out, "denied");
    }
    if (!bracket(&at, text, sizeof text) || !optical_iec_number(text, &count)) {
        return optical_iec_refuse(out, "format");
    }
    if (count > READOUT_LIST_MAX) {
        return optical_iec_refuse(out, "count");
    }
    const char *why = objects_of(served->meter, at, count, reading);
    if (why != NULL) {
        return optical_iec_refuse(out, why);
    }
    return readout_list_set(served->meter, reading, (uint8_t)count)
               ? IEC_REPLY_ACK
               : optical_iec_refuse(out, "memory");
}
