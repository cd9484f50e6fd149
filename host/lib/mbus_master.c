#include "mbus_master.h"

#include <stdio.h>

/* Answers begin within 330 bit times and 50 ms (EN 13757-2); characters have 11 bits. */
#define ANSWER_BITS    330u
#define ANSWER_MS      50u
#define CHARACTER_BITS 11u
/* What converters and this computer add on both ways. */
#define MARGIN_MS 40u
/* Within an answer; the standard's 33 bit times, and what drivers and networks add. */
#define PAUSE_MS 150u

#define DIGITS     8u
#define ANY_DIGITS 0xFFFFFFFFu
#define ANY_MAKER  0xFFFFu
#define ANY_OCTET  0xFFu

void mbus_master_init(struct mbus_master *master, struct line *line, unsigned timeout_ms,
                      unsigned retries)
{
    *master = (struct mbus_master){.line = line, .timeout_ms = timeout_ms, .retries = retries};
    master->timed = timeout_ms == 0 || !line->url.tcp;
    if (timeout_ms == 0) {
        master->timeout_ms = ANSWER_BITS * 1000u / line->url.baud + ANSWER_MS + MARGIN_MS +
                             2u * line_round_trip_ms(line);
    }
}

/* @return enum mbus_heard, or HOST_ERR_IO */
static int hear(struct mbus_master *master, unsigned first_ms, struct mbus_frame *answer)
{
    uint8_t octet;
    bool strange = false;
    int64_t wait_ms = first_ms;
    mbus_receiver_init(&master->receiver);
    for (unsigned n = 0; n < 4u * MBUS_FRAME_MAX; n++) {
        const int got = line_read(master->line, &octet, 1, wait_ms);
        if (got < 0) {
            return HOST_ERR_IO;
        }
        if (got == 0) {
            return n == 0 ? MBUS_HEARD_NOTHING : MBUS_HEARD_COLLISION;
        }
        wait_ms = master->timeout_ms < PAUSE_MS ? master->timeout_ms : PAUSE_MS;
        const int result = mbus_receiver_octet(&master->receiver, octet, answer);
        strange = strange || result < 0;
        if (result == 1 && !strange) {
            return answer->kind == MBUS_SINGLE ? MBUS_HEARD_ACK : MBUS_HEARD_FRAME;
        }
    }
    return MBUS_HEARD_COLLISION;
}

int mbus_master_ask(struct mbus_master *master, const struct mbus_frame *question,
                    struct mbus_frame *answer)
{
    uint8_t octets[MBUS_FRAME_MAX];
    const int length = mbus_frame_encode(question, octets, sizeof octets);
    if (length < 0) {
        return HOST_ERR_SPACE;
    }
    if (line_discard(master->line) != HOST_OK ||
        line_write(master->line, octets, (size_t)length) != HOST_OK) {
        return HOST_ERR_IO;
    }
    const unsigned sending_ms =
        master->timed ? (unsigned)length * CHARACTER_BITS * 1000u / master->line->url.baud + 1u : 0;
    return hear(master, master->timeout_ms + sending_ms, answer);
}

int mbus_master_reset(struct mbus_master *master, uint8_t address)
{
    struct mbus_frame answer;
    const struct mbus_frame question = {
        .kind = MBUS_SHORT, .control = MBUS_SND_NKE, .address = address};
    return mbus_master_ask(master, &question, &answer);
}

int mbus_master_select(struct mbus_master *master, uint32_t id_bcd)
{
    struct mbus_frame answer;
    uint8_t data[8];
    struct writer w = writer_over(data, sizeof data);
    writer_uint_le(&w, id_bcd, 4);
    writer_uint_le(&w, ANY_MAKER, 2);
    writer_u8(&w, ANY_OCTET);
    writer_u8(&w, ANY_OCTET);
    const struct mbus_frame question = {.kind = MBUS_LONG,
                                        .control = MBUS_SND_UD,
                                        .address = MBUS_ADDRESS_SELECTED,
                                        .ci = MBUS_CI_SELECT,
                                        .data = data,
                                        .n_data = sizeof data};
    return mbus_master_ask(master, &question, &answer);
}

int mbus_master_request(struct mbus_master *master, uint8_t address, bool count_bit,
                        struct mbus_frame *answer)
{
    const struct mbus_frame question = {.kind = MBUS_SHORT,
                                        .control =
                                            (uint8_t)(MBUS_REQ_UD2 | (count_bit ? MBUS_FCB : 0u)),
                                        .address = address};
    int heard = mbus_master_ask(master, &question, answer);
    for (unsigned i = 0; i < master->retries && heard != MBUS_HEARD_FRAME && heard >= 0; i++) {
        heard = mbus_master_ask(master, &question, answer);
    }
    return heard;
}

/* ---- who is there ---- */

static bool identify(const struct mbus_frame *answer, struct mbus_found *found)
{
    struct reader r = reader_over(answer->data, answer->n_data);
    struct mbus_header header;
    if (answer->kind != MBUS_LONG || mbus_header_read(answer->ci, &r, &header) != MBUS_OK ||
        !header.has_identity) {
        return false;
    }
    *found = (struct mbus_found){.address = answer->address, .identity = header.identity};
    return true;
}

int mbus_master_scan_primary(struct mbus_master *master, mbus_found_function *tell, void *context)
{
    int n_found = 0;
    for (unsigned address = 0; address <= MBUS_ADDRESS_LAST; address++) {
        struct mbus_frame answer;
        struct mbus_found found;
        char where[16];
        int heard = mbus_master_reset(master, (uint8_t)address);
        if (heard == MBUS_HEARD_NOTHING) {
            continue;
        }
        if (heard >= 0) {
            heard = mbus_master_request(master, (uint8_t)address, true, &answer);
        }
        if (heard < 0) {
            return heard;
        }
        const bool good = heard == MBUS_HEARD_FRAME && identify(&answer, &found);
        (void)snprintf(where, sizeof where, "%u", address);
        n_found += good ? 1 : 0;
        tell(context, good ? &found : NULL, where);
    }
    return n_found;
}

/* Who answers to these digits?  @return enum mbus_heard, FRAME: one alone; or HOST_ERR_IO */
static int probe(struct mbus_master *master, uint32_t id_bcd, struct mbus_found *found)
{
    struct mbus_frame answer;
    const int heard = mbus_master_select(master, id_bcd);
    if (heard < 0 || heard == MBUS_HEARD_NOTHING) {
        return heard;
    }
    /* Several acknowledgements at once can look like one: what they send then does not. */
    const int data = mbus_master_request(master, MBUS_ADDRESS_SELECTED, true, &answer);
    if (data < 0) {
        return data;
    }
    return data == MBUS_HEARD_FRAME && identify(&answer, found) ? MBUS_HEARD_FRAME
                                                                : MBUS_HEARD_COLLISION;
}

/* Frames of several meters, laid over each other, can make a good one that nobody has sent: ask the
 * meter that it names, alone.  @return as probe */
static int confirm(struct mbus_master *master, struct mbus_found *found)
{
    struct mbus_found alone;
    const int heard = probe(master, found->identity.id_raw, &alone);
    if (heard < 0) {
        return heard;
    }
    return heard == MBUS_HEARD_FRAME && alone.address == found->address &&
                   alone.identity.id_raw == found->identity.id_raw &&
                   alone.identity.manufacturer == found->identity.manufacturer
               ? MBUS_HEARD_FRAME
               : MBUS_HEARD_COLLISION;
}

/* @return number found, or HOST_ERR_IO */
static int search(struct mbus_master *master, uint32_t id_bcd, mbus_found_function *tell,
                  void *context)
{
    struct mbus_found found;
    char where[16];
    uint8_t digit[DIGITS + 1u] = {0};
    unsigned depth = 0;
    int n_found = 0;
    for (;;) {
        int heard = probe(master, id_bcd, &found);
        if (heard == MBUS_HEARD_FRAME && depth < DIGITS) {
            heard = confirm(master, &found);
        }
        if (heard < 0) {
            return heard;
        }
        if (heard == MBUS_HEARD_COLLISION && depth < DIGITS) {
            digit[depth] = 0; /* down: the next digit, from 0 up */
            depth++;
        } else {
            if (heard != MBUS_HEARD_NOTHING) {
                (void)snprintf(where, sizeof where, "%08lX", (unsigned long)id_bcd);
                n_found += heard == MBUS_HEARD_FRAME ? 1 : 0;
                tell(context, heard == MBUS_HEARD_FRAME ? &found : NULL, where);
            }
            while (depth > 0 && digit[depth - 1u] == 9) {
                depth--; /* up: all ten are done */
            }
            if (depth == 0) {
                return n_found;
            }
            digit[depth - 1u]++;
        }
        id_bcd = ANY_DIGITS;
        for (unsigned i = 0; i < depth; i++) {
            const unsigned shift = 4u * (DIGITS - 1u - i);
            id_bcd = (id_bcd & ~((uint32_t)0xFu << shift)) | (uint32_t)digit[i] << shift;
        }
    }
}

int mbus_master_scan_secondary(struct mbus_master *master, mbus_found_function *tell, void *context)
{
    const int heard = mbus_master_reset(master, MBUS_ADDRESS_SELECTED);
    return heard < 0 ? heard : search(master, ANY_DIGITS, tell, context);
}
