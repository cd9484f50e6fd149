#include "iec_program.h"

#include <string.h>

#define SOH 0x01u
#define STX 0x02u
#define ETX 0x03u
#define EOT 0x04u
#define ACK 0x06u
#define NAK 0x15u

/* ---- what the meter sends ---- */

/** Everything since `from` (the character that opens a block, not checked itself) gets its end. */
static void block_end(struct writer *out, size_t from, uint8_t end)
{
    uint8_t check = 0;
    writer_u8(out, end);
    for (uint8_t *at = out->begin + from + 1u; at < out->at; at++) {
        *at &= 0x7Fu;
        check ^= *at;
    }
    writer_u8(out, check);
}

static void send_plain(struct writer *out, uint8_t open, const char *text)
{
    const size_t from = writer_length(out);
    writer_u8(out, open);
    writer_text(out, text);
    block_end(out, from, ETX);
}

void iec_program_begin(struct iec_program *program, bool manufacturer, struct writer *out)
{
    memset(program, 0, sizeof *program);
    program->manufacturer = manufacturer;
    send_plain(out, SOH, "P0\x02()");
}

bool iec_program_between(const struct iec_program *program)
{
    return !program->inside && program->check == 0;
}

static bool send_break(struct writer *out)
{
    send_plain(out, SOH, "B0");
    return false;
}

/* ---- what a message says ---- */

/** The part between first bracket and last, in place.  @return false: no brackets. */
static bool bracketed(char *text, char **inside)
{
    const size_t n = strlen(text);
    if (n < 2 || text[0] != '(' || text[n - 1u] != ')') {
        return false;
    }
    text[n - 1u] = '\0';
    *inside = text + 1;
    return true;
}

static bool password(struct iec_program *program, const struct iec_programmer *programmer,
                     char *data, struct writer *out)
{
    char *inside = NULL;
    if (!bracketed(data, &inside) || !programmer->password(programmer->context, inside)) {
        return send_break(out);
    }
    program->known = true;
    writer_u8(out, ACK);
    return true;
}

/** Name and data stay in the message: further parts ask again. */
static void answer(struct iec_program *program, const struct iec_programmer *programmer,
                   struct writer *out)
{
    char *data = program->message + 3;
    char name[24] = "";
    const size_t n = strcspn(data, "(");
    struct iec_command command = {.letter = program->message[0],
                                  .digit = program->message[1],
                                  .manufacturer = program->manufacturer,
                                  .name = name,
                                  .data = data + n,
                                  .part = program->part};
    const size_t from = writer_length(out);
    program->more = false;
    program->again = command.letter == 'R';
    if (n == 0 || n >= sizeof name || data[n] == '\0') {
        send_plain(out, STX, "ER format");
        return;
    }
    memcpy(name, data, n);
    writer_u8(out, STX);
    const enum iec_reply reply = programmer->command(programmer->context, &command, out);
    if (reply == IEC_REPLY_ACK || out->failed) {
        out->at = out->begin + from;
        out->failed = false;
        writer_u8(out, reply == IEC_REPLY_ACK ? ACK : NAK);
        return;
    }
    program->more = reply == IEC_REPLY_PART;
    block_end(out, from, program->more ? EOT : ETX);
}

static bool known_command(const struct iec_program *program)
{
    const char letter = program->message[0], digit = program->message[1];
    return program->length >= 3u && program->message[2] == (char)STX &&
           ((letter == 'R' && (digit == '1' || digit == '5' || digit == '6')) ||
            (letter == 'W' && (digit == '1' || digit == '5')));
}

/** A message with a good check. */
static bool take(struct iec_program *program, const struct iec_programmer *programmer,
                 struct writer *out)
{
    program->part = 0;
    program->more = false;
    program->again = false;
    if (program->length >= 2u && program->message[0] == 'B' && program->message[1] == '0') {
        return false; /* without an answer */
    }
    if (program->length >= 3u && program->message[0] == 'P' && program->message[1] == '1' &&
        program->message[2] == (char)STX) {
        return password(program, programmer, program->message + 3, out);
    }
    if (!program->known) {
        return send_break(out);
    }
    if (!known_command(program)) {
        send_plain(out, STX, "ER command");
        return true;
    }
    answer(program, programmer, out);
    return true;
}

/* ---- the line ---- */

/** ETX and check have come; ETX stands last in the message. */
static bool message_end(struct iec_program *program, const struct iec_programmer *programmer,
                        uint8_t check, struct writer *out)
{
    uint8_t sum = 0;
    for (uint16_t k = 0; k < program->length; k++) {
        sum ^= (uint8_t)program->message[k];
    }
    program->inside = false;
    program->check = 0;
    program->length = (uint16_t)(program->length > 0 ? program->length - 1u : 0u);
    program->message[program->length] = '\0';
    if (sum != check) {
        program->more = false;
        writer_u8(out, NAK);
        return true;
    }
    return take(program, programmer, out);
}

static void message_begin(struct iec_program *program)
{
    program->inside = true;
    program->more = false;
    program->again = false;
    program->check = 0;
    program->length = 0;
}

bool iec_program_byte(struct iec_program *program, const struct iec_programmer *programmer,
                      uint8_t byte, struct writer *out)
{
    byte &= 0x7Fu;
    if (program->check != 0) {
        return message_end(program, programmer, byte, out);
    }
    if (byte == SOH) {
        message_begin(program);
        return true;
    }
    if (!program->inside) {
        if (byte == ACK && program->more) {
            program->part++;
            answer(program, programmer, out);
        } else if (byte == NAK && program->again) {
            answer(program, programmer, out);
        }
        return true;
    }
    if (program->length == sizeof program->message) { /* too long: as if it were damaged */
        program->inside = false;
        writer_u8(out, NAK);
        return true;
    }
    program->message[program->length++] = (char)byte;
    program->check = byte == ETX ? 1u : 0u;
    return true;
}
