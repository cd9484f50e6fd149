/* Any damage in a filled image of the event logs and of what clients have read: the meter starts,
 * every log command gives an answer that a reader can take apart, ids rise, clearing works, and a
 * new record is stored and read back. */
#include <stdlib.h>
#include <string.h>

#include "app/meter/meter_events.h"
#include "app/optical/optical_logs.h"
#include "emu/ram_board.h"
#include "proto/common/crc.h"
#include "proto/kmp/kmp_log.h"

#define LOGS_END   (2016u * EVENT_LOG_PAGE_BYTES)
#define PATCH      6u
#define HEAD_BYTES 24u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good) {
        abort();
    }
}

static void start(struct meter *meter, const struct board *board)
{
    struct variant variant;
    must(variant_by_name("382M", &variant) == 0 &&
         meter_start(meter, board, &variant, 0, 0) == METER_OK);
}

/* Every log begun, one of them gone round, and some of it confirmed. */
static void fill(struct meter *meter, const struct board *board)
{
    start(meter, board);
    for (unsigned log = 0; log < EVENT_LOGS; log++) {
        const unsigned n = log == EVENT_LOG_NEUTRAL ? 100 : 5 + log;
        for (unsigned i = 0; i < n; i++) {
            const uint8_t payload[16] = {(uint8_t)i, (uint8_t)log};
            meter_log(meter, (enum event_log_name)log, (uint16_t)i, payload, sizeof payload);
        }
    }
    must(meter_event_clear(meter, 0, UINT32_C(0x00FF0000)) == METER_OK);
    must(meter_store(meter) == METER_OK);
}

/* page (2), offset, value, and whether a good check vouches for it; then a spare byte */
static void damage(uint8_t *memory, const uint8_t *patch)
{
    const uint32_t page = (uint32_t)(patch[0] | patch[1] << 8) % (LOGS_END / EVENT_LOG_PAGE_BYTES);
    uint8_t *bytes = memory + page * EVENT_LOG_PAGE_BYTES;
    bytes[patch[2]] ^= patch[3];
    if ((patch[4] & 1u) != 0) {
        const bool marks = page - EVENT_MARKS_FIRST_PAGE < 2u;
        const size_t n = marks ? HEAD_BYTES + 8u * EVENT_LOGS : HEAD_BYTES + (size_t)bytes[21];
        if (n + 4u <= EVENT_LOG_PAGE_BYTES) {
            const uint32_t crc = crc32_ieee(bytes, n);
            for (unsigned i = 0; i < 4; i++) {
                bytes[n + i] = (uint8_t)(crc >> 8 * i);
            }
        }
    }
}

static void ask(struct meter *meter, uint8_t cid, uint8_t log, uint16_t number)
{
    static const uint16_t registers[] = {1047, OPTICAL_LOG_EVENT, 1004, OPTICAL_LOG_PAYLOAD};
    static const struct kmp_log_time time = {70, 1, 1, 0, 0, 0};
    uint8_t question[KMP_LOG_ASK_BYTES + 2], body[KMP_BODY_MAX] = {KMP_ADDRESS_METER, cid};
    size_t n = cid == KMP_LOG_ID_PRESENT     ? kmp_log_ask_id(log, registers, 4, number, question)
               : cid == KMP_LOG_LAST_PRESENT ? kmp_log_ask_unread(log, registers, 4, question)
               : cid == KMP_LOG_TIME_PRESENT ? kmp_log_ask_all(log, registers, 4, question)
                                             : kmp_log_ask_time(log, registers, 4, &time, question);
    if (cid == KMP_LOG_TIME_PAST) {
        question[n++] = 0;
        question[n++] = (uint8_t)(number % 16u);
    }
    struct reader r = reader_over(question, n);
    struct writer w = writer_over(body + 2, sizeof body - 2);
    if (optical_logs(meter, cid, &r, &w) == 0) {
        return; /* no such log */
    }
    struct kmp_log_page page;
    uint16_t id = 0, before = 0;
    must(!w.failed && kmp_log_page_open(&page, body, 2 + writer_length(&w)) == KMP_OK);
    for (unsigned i = 0; kmp_log_page_next(&page, &id); i++) {
        const uint16_t step = (uint16_t)(cid == KMP_LOG_TIME_PAST ? before - id : id - before);
        must(i == 0 || (step > 0 && step <= 256));
        before = id;
    }
}

static void ask_everything(struct meter *meter, uint16_t number)
{
    for (uint8_t cid = KMP_LOG_TIME_PRESENT; cid <= KMP_LOG_TIME_PAST; cid++) {
        for (uint8_t log = 0; log < 20; log++) {
            ask(meter, cid, log, number);
        }
    }
}

/* A flag that was lowered is down, what has been confirmed is not told again, a record that comes
 * after it is. */
static void go_on(struct meter *meter)
{
    const uint32_t logs = UINT32_C(0xFFFF0000);
    must(meter_event_clear(meter, logs, logs) == METER_OK);
    must((meter_event_word_a(meter) & logs) == 0);
    for (unsigned log = 0; log < EVENT_LOGS; log++) {
        struct event_log_entry entry = {.utc_s = 1, .code = 7};
        const enum event_log_err err =
            event_log_append(&meter->logs, meter->board, (enum event_log_name)log, &entry);
        must(err == EVENT_LOG_ERR_FULL ||
             (err == EVENT_LOG_OK &&
              event_log_read(&meter->logs, meter->board, (enum event_log_name)log, entry.id,
                             &entry) == EVENT_LOG_OK &&
              entry.code == 7 && event_mark_pending(&meter->marks.log[log], entry.id)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ram_board ram;
    static struct meter meter;
    static uint8_t filled[LOGS_END];
    static bool is_filled;
    static struct board board;
    if (!is_filled) {
        board = ram_board_blank(&ram);
        fill(&meter, &board);
        memcpy(filled, ram.app_memory, sizeof filled);
        is_filled = true;
    }
    memcpy(ram.app_memory, filled, sizeof filled);
    for (size_t at = 2; at + PATCH <= size; at += PATCH) {
        const uint32_t page = (uint32_t)(data[at] | data[at + 1] << 8);
        if (page % (LOGS_END / EVENT_LOG_PAGE_BYTES) >= EVENT_MARKS_FIRST_PAGE) {
            damage(ram.app_memory, data + at); /* the pages before: fuzz_app_store */
        }
    }
    start(&meter, &board);
    ask_everything(&meter, size >= 2 ? (uint16_t)(data[0] | data[1] << 8) : 0);
    go_on(&meter);
    return 0;
}
