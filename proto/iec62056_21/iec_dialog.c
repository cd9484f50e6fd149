#include "iec_dialog.h"

#include <string.h>

#include "../common/writer.h"

#define SOH 0x01u
#define STX 0x02u
#define ETX 0x03u
#define EOT 0x04u

enum dialog_state {
    WAIT,     /**< for SOH, STX, ACK or NAK */
    INSIDE,   /**< a block, until ETX or EOT */
    WAIT_BCC, /**< one byte */
};

/* ---- out ---- */

static int written(const struct writer *w)
{
    return w->failed ? IEC_ERR_SPACE : (int)writer_length(w);
}

int iec_dialog_option(uint32_t baud, char mode, char *out, size_t capacity)
{
    static const uint16_t bauds[] = {300, 600, 1200, 2400, 4800, 9600};
    struct writer w = writer_over(out, capacity);
    for (unsigned z = 0; z < sizeof bauds / sizeof bauds[0]; z++) {
        if (bauds[z] == baud) {
            const char option[] = {(char)IEC_ACK, '0', (char)('0' + z), mode, '\r', '\n'};
            writer_bytes(&w, option, sizeof option);
            return written(&w);
        }
    }
    return IEC_ERR_FORMAT;
}

int iec_dialog_message(const char *command, const char *data, char *out, size_t capacity)
{
    struct writer w = writer_over(out, capacity);
    uint8_t bcc = 0;
    for (const char *c = data; c != NULL && *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            return IEC_ERR_FORMAT;
        }
    }
    writer_u8(&w, SOH);
    writer_text(&w, command);
    if (data != NULL) {
        writer_u8(&w, STX);
        writer_text(&w, data);
    }
    writer_u8(&w, ETX);
    for (const uint8_t *at = w.begin + 1; at < w.at; at++) {
        bcc ^= *at;
    }
    writer_u8(&w, bcc);
    return written(&w);
}

/* ---- in ---- */

void iec_dialog_init(struct iec_dialog *dialog)
{
    dialog->state = WAIT;
    dialog->length = 0;
    dialog->more = false;
    dialog->text[0] = '\0';
}

static int fail(struct iec_dialog *dialog, enum iec_err err)
{
    iec_dialog_init(dialog);
    return err;
}

static int byte_waiting(struct iec_dialog *dialog, uint8_t byte)
{
    switch (byte) {
    case SOH:
    case STX:
        iec_dialog_init(dialog);
        dialog->state = INSIDE;
        dialog->opened_by = byte;
        dialog->bcc = 0;
        return IEC_ANSWER_NONE;
    case IEC_ACK: return IEC_ANSWER_ACK;
    case IEC_NAK: return IEC_ANSWER_NAK;
    default: return IEC_ANSWER_NONE;
    }
}

static int byte_inside(struct iec_dialog *dialog, uint8_t byte)
{
    dialog->bcc ^= byte;
    if (byte == ETX || byte == EOT) {
        dialog->more = byte == EOT;
        dialog->state = WAIT_BCC;
        return IEC_ANSWER_NONE;
    }
    if (dialog->length == IEC_DIALOG_BYTES) {
        return fail(dialog, IEC_ERR_SPACE);
    }
    dialog->text[dialog->length++] = (char)byte;
    return IEC_ANSWER_NONE;
}

/* SOH opens a command of the meter: "P0 STX ()" or "B0". */
static int command_of(const struct iec_dialog *dialog)
{
    if (strncmp(dialog->text, "P0", 2) == 0) {
        return IEC_ANSWER_OPENED;
    }
    return strncmp(dialog->text, "B0", 2) == 0 ? (int)IEC_ANSWER_BREAK : (int)IEC_ERR_FORMAT;
}

static int finish(struct iec_dialog *dialog, uint8_t bcc)
{
    dialog->state = WAIT;
    dialog->text[dialog->length] = '\0';
    if (bcc != dialog->bcc) {
        return fail(dialog, IEC_ERR_BCC);
    }
    if (strlen(dialog->text) != dialog->length) {
        return fail(dialog, IEC_ERR_FORMAT);
    }
    if (dialog->opened_by == SOH) {
        return command_of(dialog);
    }
    if (strncmp(dialog->text, "ER", 2) == 0) {
        return IEC_ANSWER_REFUSED;
    }
    return dialog->more ? IEC_ANSWER_PART : IEC_ANSWER_DATA;
}

int iec_dialog_byte(struct iec_dialog *dialog, uint8_t byte)
{
    byte &= 0x7Fu;
    switch ((enum dialog_state)dialog->state) {
    case WAIT: return byte_waiting(dialog, byte);
    case INSIDE: return byte_inside(dialog, byte);
    case WAIT_BCC: return finish(dialog, byte);
    }
    return fail(dialog, IEC_ERR_FORMAT);
}

bool iec_dialog_inside(const struct iec_dialog *dialog)
{
    return dialog->state != WAIT;
}

bool iec_bracket_next(const char **at, const char *end, const char **text, size_t *length)
{
    const char *open = *at;
    while (open < end && *open != '(' && *open != '\r' && *open != '\n') {
        open++;
    }
    const char *close = open;
    while (close < end && *close != ')' && *close != '\r' && *close != '\n') {
        close++;
    }
    if (open == end || *open != '(' || close == end || *close != ')') {
        return false;
    }
    *text = open + 1;
    *length = (size_t)(close - open) - 1u;
    *at = close + 1;
    return true;
}
