#include "kmp_link.h"

#include <string.h>

#define GET_REGISTER       0x10u
#define PUT_REGISTER       0x11u
#define GET_EVENT_STATUS   0x9Bu
#define CLEAR_EVENT_STATUS 0x9Cu

/* A line full of noise must not keep us waiting for ever. */
#define ANSWER_MAX_MS 5000

void kmp_link_init(struct kmp_link *link, struct line *line, unsigned timeout_ms, unsigned retries)
{
    memset(link, 0, sizeof *link);
    link->line = line;
    link->timeout_ms = timeout_ms;
    link->retries = retries;
    kmp_receiver_init(&link->receiver, KMP_FROM_METER);
}

/** What was asked for: a late answer to an earlier question must not pass for it. */
struct question {
    uint8_t cid;
    const uint16_t *ids; /**< GetRegister: what was asked */
    size_t n_ids;
    bool acknowledged; /**< PutRegister: the answer is one byte outside all frames */
};

static bool was_asked(const struct question *question, uint16_t id)
{
    for (size_t i = 0; i < question->n_ids; i++) {
        if (question->ids[i] == id) {
            return true;
        }
    }
    return false;
}

static bool answers(const struct kmp_link *link, const struct question *question)
{
    struct kmp_value values[KMP_REGISTERS_MAX];
    const struct kmp_receiver *receiver = &link->receiver;
    if (receiver->body[1] != question->cid) {
        return false;
    }
    if (question->ids == NULL) {
        return true;
    }
    int n = kmp_client_values(receiver->body, receiver->length, values, KMP_REGISTERS_MAX);
    for (int i = 0; i < n; i++) {
        if (!was_asked(question, values[i].id)) {
            return false;
        }
    }
    return n >= 0;
}

/** @return 1: the answer is in the receiver; 0: not in time; HOST_ERR_IO. */
static int await_answer(struct kmp_link *link, const struct question *question)
{
    int64_t end_ms = line_now_ms() + link->timeout_ms + ANSWER_MAX_MS;
    kmp_receiver_init(&link->receiver, KMP_FROM_METER);
    while (line_now_ms() < end_ms) {
        uint8_t bytes[256];
        int n = line_read(link->line, bytes, sizeof bytes, link->timeout_ms);
        if (n <= 0) {
            return n;
        }
        link->n_bytes += (size_t)n;
        for (int i = 0; i < n; i++) {
            if (question->acknowledged && bytes[i] == KMP_ACK) { /* never plain inside a frame */
                return 1;
            }
            int result = kmp_receiver_byte(&link->receiver, bytes[i]);
            link->n_damaged += result < 0;
            if (result == 1 && !question->acknowledged && answers(link, question)) {
                return 1;
            }
        }
    }
    return 0;
}

static int report_silence(struct kmp_link *link)
{
    char where[256];
    const char *what = "no answer", *check = "check that the meter runs and speaks KMP there";
    line_describe(link->line, where, sizeof where);
    if (link->n_damaged > 0) {
        what = "only damaged answers";
        check = "check the seat of the optical head, its cable and the speed";
    } else if (link->n_bytes > 0) {
        what = "bytes came but no KMP answer";
        check = "check speed and protocol (iec: instead of kmp:?)";
    } else if (!link->line->url.tcp) {
        check = "check the seat of the optical head, its cable and the speed (?baud=)";
    }
    snprintf(link->line->error, sizeof link->line->error, "%s: %s in %u tries of %u ms; %s", where,
             what, link->retries + 1u, link->timeout_ms, check);
    return HOST_ERR_SILENT;
}

static int ask(struct kmp_link *link, const struct question *question, const uint8_t *frame,
               size_t n_frame, unsigned retries)
{
    link->n_bytes = 0;
    link->n_damaged = 0;
    for (unsigned i = 0; i <= retries; i++) {
        line_rest(link->line);
        if (line_discard(link->line) != HOST_OK ||
            line_write(link->line, frame, n_frame) != HOST_OK) {
            return HOST_ERR_IO;
        }
        int result = await_answer(link, question);
        if (result < 0) {
            return HOST_ERR_IO;
        }
        if (result == 1) {
            link->answered = true;
            return link->receiver.length;
        }
    }
    return report_silence(link);
}

int kmp_link_command(struct kmp_link *link, uint8_t cid, const uint8_t *data, size_t n_data)
{
    uint8_t frame[KMP_FRAME_MAX];
    /* clearing is answered as asking is (5512-447) */
    const uint8_t answer = cid == CLEAR_EVENT_STATUS ? GET_EVENT_STATUS : cid;
    const struct question question = {answer, NULL, 0, false};
    int length = kmp_client_command(cid, data, n_data, frame, sizeof frame);
    return length < 0 ? HOST_ERR_SPACE : ask(link, &question, frame, (size_t)length, link->retries);
}

/** Up to eight registers in one frame. */
static int ask_registers(struct kmp_link *link, const uint16_t *ids, size_t n_ids,
                         struct kmp_value *values, unsigned retries)
{
    uint8_t frame[64];
    const struct question question = {GET_REGISTER, ids, n_ids, false};
    int length = kmp_client_get_registers(ids, n_ids, frame, sizeof frame);
    int result = length < 0 ? HOST_ERR_SPACE : ask(link, &question, frame, (size_t)length, retries);
    if (result < 0) {
        return result;
    }
    return kmp_client_values(link->receiver.body, link->receiver.length, values, n_ids);
}

/**
 * One by one: for a meter that is silent about the list.  Silence then means: not there.
 * A meter that has never answered gets one short chance only.
 */
static int ask_singly(struct kmp_link *link, const uint16_t *ids, size_t n_ids,
                      struct kmp_value *values)
{
    int n_values = 0;
    bool alive = false;
    for (size_t i = 0; i < n_ids; i++) {
        unsigned retries = link->answered ? link->retries : 0;
        int n = ask_registers(link, &ids[i], 1, &values[n_values], retries);
        if (n == HOST_ERR_IO || (n == HOST_ERR_SILENT && !link->answered)) {
            return n;
        }
        alive = alive || n >= 0;
        n_values += n > 0 ? n : 0;
    }
    return alive ? n_values : HOST_ERR_SILENT;
}

int kmp_link_registers(struct kmp_link *link, const uint16_t *ids, size_t n_ids,
                       struct kmp_value *values)
{
    int n_values = 0;
    for (size_t from = 0; from < n_ids; from += KMP_REGISTERS_MAX) {
        size_t n = n_ids - from < KMP_REGISTERS_MAX ? n_ids - from : KMP_REGISTERS_MAX;
        int result = ask_registers(link, ids + from, n, values + n_values, link->retries);
        if (result == HOST_ERR_SILENT && n > 1) {
            result = ask_singly(link, ids + from, n, values + n_values);
        }
        if (result < 0) {
            return result;
        }
        n_values += result;
    }
    return n_values;
}

int kmp_link_put(struct kmp_link *link, uint16_t password, const struct kmp_value *value)
{
    uint8_t data[64], frame[KMP_FRAME_MAX];
    const struct question question = {PUT_REGISTER, NULL, 0, true};
    struct writer w = writer_over(data, sizeof data);
    writer_uint_be(&w, password, 2);
    kmp_value_write(&w, value);
    int length = kmp_client_command(PUT_REGISTER, data, writer_length(&w), frame, sizeof frame);
    if (w.failed || length < 0) {
        return HOST_ERR_SPACE;
    }
    int result = ask(link, &question, frame, (size_t)length, link->retries);
    return result < 0 ? result : HOST_OK;
}

int kmp_link_act(struct kmp_link *link, uint8_t cid, const uint8_t *data, size_t n_data)
{
    uint8_t frame[KMP_FRAME_MAX];
    const struct question question = {cid, NULL, 0, true};
    const int length = kmp_client_command(cid, data, n_data, frame, sizeof frame);
    if (length < 0) {
        return HOST_ERR_SPACE;
    }
    const int result = ask(link, &question, frame, (size_t)length, 0);
    return result < 0 ? result : HOST_OK;
}
