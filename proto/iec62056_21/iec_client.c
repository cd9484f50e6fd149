#include "iec_client.h"

#include <string.h>

#include "../common/writer.h"
#include "iec_dialog.h"

#define STX         0x02
#define ETX         0x03
#define ADDRESS_MAX 32u

enum receiver_state {
    HUNT,     /**< waits for '/' or STX */
    IN_IDENT, /**< until LF */
    WAIT_STX, /**< between ident and block */
    IN_BLOCK, /**< until ETX */
    WAIT_BCC, /**< one byte */
};

static int written(const struct writer *w)
{
    return w->failed ? IEC_ERR_SPACE : (int)writer_length(w);
}

int iec_client_request(const char *address, char *out, size_t capacity)
{
    struct writer w = writer_over(out, capacity);
    if (strlen(address) > ADDRESS_MAX) {
        return IEC_ERR_SPACE;
    }
    writer_text(&w, "/?");
    writer_text(&w, address);
    writer_text(&w, "!\r\n");
    return written(&w);
}

int iec_client_option(uint32_t baud, char *out, size_t capacity)
{
    return iec_dialog_option(baud, '0', out, capacity);
}

void iec_receiver_init(struct iec_receiver *receiver)
{
    receiver->state = HUNT;
    receiver->bcc = 0;
    receiver->length = 0;
    receiver->n_ident = 0;
    receiver->ident[0] = '\0';
    receiver->block[0] = '\0';
}

static int fail(struct iec_receiver *receiver, enum iec_err err)
{
    iec_receiver_init(receiver);
    return err;
}

static void start_ident(struct iec_receiver *receiver)
{
    receiver->state = IN_IDENT;
    receiver->n_ident = 0;
}

static void start_block(struct iec_receiver *receiver)
{
    receiver->state = IN_BLOCK;
    receiver->bcc = 0;
    receiver->length = 0;
}

static int byte_in_ident(struct iec_receiver *receiver, char character)
{
    if (character == '/') {
        start_ident(receiver);
        return 0;
    }
    if (character == '\n') {
        bool is_echo = receiver->n_ident > 0 && receiver->ident[0] == '?';
        if (is_echo) {
            iec_receiver_init(receiver);
            return 0;
        }
        receiver->ident[receiver->n_ident] = '\0';
        receiver->state = WAIT_STX;
        return 2;
    }
    if (character == '\r') {
        return 0;
    }
    if (receiver->n_ident + 1u == sizeof receiver->ident) {
        return fail(receiver, IEC_ERR_FORMAT);
    }
    receiver->ident[receiver->n_ident++] = character;
    return 0;
}

static int byte_in_block(struct iec_receiver *receiver, char character)
{
    receiver->bcc ^= (uint8_t)character;
    if (character == ETX) {
        receiver->state = WAIT_BCC;
        return 0;
    }
    if (receiver->length == sizeof receiver->block) {
        return fail(receiver, IEC_ERR_SPACE);
    }
    receiver->block[receiver->length++] = character;
    return 0;
}

/** The block must end in '!', with CR LF or (old meters) without. */
static int finish(struct iec_receiver *receiver, uint8_t bcc)
{
    uint16_t length = receiver->length;
    if (bcc != receiver->bcc) {
        return fail(receiver, IEC_ERR_BCC);
    }
    while (length > 0 &&
           (receiver->block[length - 1] == '\r' || receiver->block[length - 1] == '\n')) {
        length--;
    }
    if (length == 0 || receiver->block[length - 1] != '!') {
        return fail(receiver, IEC_ERR_FORMAT);
    }
    receiver->length = (uint16_t)(length - 1);
    receiver->state = HUNT;
    return 1;
}

int iec_receiver_byte(struct iec_receiver *receiver, uint8_t byte)
{
    char character = (char)(byte & 0x7Fu);
    switch ((enum receiver_state)receiver->state) {
    case HUNT:
    case WAIT_STX:
        if (character == '/') {
            start_ident(receiver);
        } else if (character == STX) {
            start_block(receiver);
        }
        return 0;
    case IN_IDENT: return byte_in_ident(receiver, character);
    case IN_BLOCK: return byte_in_block(receiver, character);
    case WAIT_BCC: return finish(receiver, (uint8_t)character);
    }
    return fail(receiver, IEC_ERR_FORMAT);
}

static bool is_line_end(char character)
{
    return character == '\r' || character == '\n';
}

/** Where a character stands between at and end; NULL: not on this line. */
static const char *find(const char *at, const char *end, char wanted)
{
    while (at < end && *at != wanted && !is_line_end(*at)) {
        at++;
    }
    return at < end && *at == wanted ? at : NULL;
}

/** "(...)" at *at.  @return false: never closed. */
static bool take_bracket(const char **at, const char *end, const char **text, size_t *length)
{
    const char *close = find(*at, end, ')');
    if (close == NULL) {
        return false;
    }
    *text = *at + 1;
    *length = (size_t)(close - *text);
    *at = close + 1;
    return true;
}

static void split_unit(struct iec_item *item)
{
    const char *star = memchr(item->value, '*', item->n_value);
    if (star != NULL) {
        item->unit = star + 1;
        item->n_unit = item->n_value - (size_t)(item->unit - item->value);
        item->n_value = (size_t)(star - item->value);
    }
}

int iec_item_next(const char **at, const char *end, struct iec_item *item)
{
    const char *cursor = *at;
    struct iec_item taken = {0};
    while (cursor < end && is_line_end(*cursor)) {
        cursor++;
    }
    if (cursor == end) {
        *at = end;
        return 0;
    }
    const char *open = find(cursor, end, '(');
    if (open == NULL) {
        return IEC_ERR_FORMAT;
    }
    taken.address = cursor;
    taken.n_address = (size_t)(open - cursor);
    cursor = open;
    if (!take_bracket(&cursor, end, &taken.value, &taken.n_value)) {
        return IEC_ERR_FORMAT;
    }
    for (unsigned n = 0; cursor < end && *cursor == '('; n++) {
        const char *text = NULL;
        size_t length = 0;
        if (!take_bracket(&cursor, end, &text, &length)) {
            return IEC_ERR_FORMAT;
        }
        if (n == 0) {
            taken.extra = text;
            taken.n_extra = length;
        }
    }
    split_unit(&taken);
    *at = cursor;
    *item = taken;
    return 1;
}
