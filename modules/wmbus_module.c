#include "wmbus_module.h"

#include <string.h>

#include "../proto/common/crc.h"
#include "../proto/wmbus/wmbus_cipher.h"

/* Registers of the meter. */
#define SERIAL_NUMBER  1001u
#define ENERGY_IMPORT  1u
#define ENERGY_EXPORT  2u
#define POWER_IMPORT   1023u
#define POWER_EXPORT   1024u
#define CLOCK          1047u /* normal time */
#define EXPONENT_10_WH (-2)  /* of kWh */
#define EXPONENT_WATT  (-3)  /* of kW */

#define DIGITS_8  100000000
#define MEDIUM    2u /* electricity */
#define VERSION_1 0x01u
#define VERSION_2 0x30u

/* One record in memory: mark, format, access number, sequence, minute, message counter, zeroes,
 * CRC of all before it. */
#define RECORD_BYTES  32u
#define RECORD_CRC_AT 30u
#define FORMAT        1u

static const uint8_t mark[2] = {'W', 'M'};

#define SECONDS       1000u
#define OMS_INTERVAL  (450u * SECONDS) /* OMS: 7.5 minutes or less on average */
#define SYNCHRONOUS   0x2000u          /* of the configuration field */
#define BIDIRECTIONAL 0x8000u          /* as the 382's own telegram has it */
#define ONE_BLOCK     0x0010u
#define SPREAD        2048 /* OMS: steps of the synchronous interval */
#define SPREAD_MIDDLE 64

static const struct kind {
    const char *name;
    struct wmbus_module_setup usual;
    uint8_t version, security;
    bool needs_key;
} kinds[WMBUS_MODULE_KINDS] = {
    [WMBUS_MODULE_382] = {"382",
                          {WMBUS_MODULE_382, WMBUS_C1, WMBUS_FORMAT_B, WMBUS_INTERVAL_S *SECONDS},
                          VERSION_1,
                          WMBUS_MODE_5,
                          false},
    [WMBUS_MODULE_OPEN] = {"open",
                           {WMBUS_MODULE_OPEN, WMBUS_T1, WMBUS_FORMAT_A, OMS_INTERVAL},
                           VERSION_2,
                           WMBUS_PLAIN,
                           false},
    [WMBUS_MODULE_OMNIPOWER] = {"omnipower",
                                {WMBUS_MODULE_OMNIPOWER, WMBUS_C1, WMBUS_FORMAT_B,
                                 WMBUS_INTERVAL_S *SECONDS},
                                VERSION_2,
                                WMBUS_ELL_CTR,
                                true},
    [WMBUS_MODULE_MODE_5] = {"mode5",
                             {WMBUS_MODULE_MODE_5, WMBUS_T1, WMBUS_FORMAT_A, OMS_INTERVAL},
                             VERSION_2,
                             WMBUS_MODE_5,
                             true},
    [WMBUS_MODULE_MODE_7] = {"mode7",
                             {WMBUS_MODULE_MODE_7, WMBUS_T1, WMBUS_FORMAT_A, OMS_INTERVAL},
                             VERSION_2,
                             WMBUS_MODE_7,
                             true},
};

struct wmbus_module_setup wmbus_module_usual(enum wmbus_module_kind kind)
{
    return kinds[kind].usual;
}

bool wmbus_module_needs_key(enum wmbus_module_kind kind)
{
    return kinds[kind].needs_key;
}

const char *wmbus_module_kind_name(unsigned kind)
{
    return kind < WMBUS_MODULE_KINDS ? kinds[kind].name : NULL;
}

/* ---- memory ---- */

enum slot { SLOT_BLANK, SLOT_GOOD, SLOT_BAD, SLOT_SILENT };

static enum slot slot_read(struct wmbus_module *module, uint32_t slot)
{
    uint8_t bytes[RECORD_BYTES];
    if (module->board.read(module->board.context, slot * RECORD_BYTES, bytes, sizeof bytes) != 0) {
        return SLOT_SILENT;
    }
    bool blank = true;
    for (size_t i = 0; i < sizeof bytes; i++) {
        blank = blank && bytes[i] == 0xFFu;
    }
    struct reader crc = reader_over(bytes + RECORD_CRC_AT, 2);
    if (blank || memcmp(bytes, mark, sizeof mark) != 0 || bytes[2] != FORMAT ||
        reader_uint_be(&crc, 2) != crc16_xmodem(bytes, RECORD_CRC_AT)) {
        return blank ? SLOT_BLANK : SLOT_BAD;
    }
    struct reader r = reader_over(bytes + 3, sizeof bytes - 3);
    const uint8_t access = reader_u8(&r);
    const uint32_t sequence = (uint32_t)reader_uint_be(&r, 4);
    if (sequence > module->sequence) {
        module->sequence = sequence;
        module->access_ahead = access;
        module->minute_ahead = (uint32_t)reader_uint_be(&r, 4);
        module->counter_ahead = (uint32_t)reader_uint_be(&r, 4);
    }
    return SLOT_GOOD;
}

/* Numbers behind those of a record that may have been lost: it would have been one step on. */
static void skip_lost_record(struct wmbus_module *module)
{
    module->access_ahead = (uint8_t)(module->access_ahead + WMBUS_MODULE_AHEAD);
    module->minute_ahead = module->minute_ahead < WMBUS_MINUTE_MAX - WMBUS_RESERVE_MINUTES
                               ? module->minute_ahead + WMBUS_RESERVE_MINUTES
                               : WMBUS_MINUTE_MAX;
    module->counter_ahead = module->counter_ahead < UINT32_MAX - WMBUS_MODULE_AHEAD
                                ? module->counter_ahead + WMBUS_MODULE_AHEAD
                                : UINT32_MAX;
}

/* @return false: what has been used is not known */
static bool memory_load(struct wmbus_module *module)
{
    const enum slot slots[2] = {slot_read(module, 0), slot_read(module, 1)};
    if (slots[0] == SLOT_SILENT || slots[1] == SLOT_SILENT ||
        (slots[0] == SLOT_BAD && slots[1] == SLOT_BAD)) {
        return false;
    }
    if (module->sequence > 0 && (slots[0] == SLOT_BAD || slots[1] == SLOT_BAD)) {
        skip_lost_record(module);
    }
    return true;
}

static bool memory_store(struct wmbus_module *module, uint8_t access, uint32_t minute,
                         uint32_t counter)
{
    uint8_t bytes[RECORD_BYTES] = {0};
    struct writer w = writer_over(bytes, sizeof bytes);
    const uint32_t sequence = module->sequence + 1u;
    writer_bytes(&w, mark, sizeof mark);
    writer_u8(&w, FORMAT);
    writer_u8(&w, access);
    writer_uint_be(&w, sequence, 4);
    writer_uint_be(&w, minute, 4);
    writer_uint_be(&w, counter, 4);
    w = writer_over(bytes + RECORD_CRC_AT, 2);
    writer_uint_be(&w, crc16_xmodem(bytes, RECORD_CRC_AT), 2);
    if (module->board.write(module->board.context, sequence % 2u * RECORD_BYTES, bytes,
                            sizeof bytes) != 0) {
        return false;
    }
    module->sequence = sequence;
    module->access_ahead = access;
    module->minute_ahead = minute;
    module->counter_ahead = counter;
    return true;
}

static bool keep_minute(void *context, uint32_t minute)
{
    struct wmbus_module *module = context;
    return memory_store(module, module->access_ahead, minute, module->counter_ahead);
}

/* The next access number and message counter may be used.  @return false: not kept */
static bool keep_numbers(struct wmbus_module *module)
{
    uint8_t access = module->access_ahead;
    uint32_t counter = module->counter_ahead;
    if (module->sender.access_number == access) {
        access = (uint8_t)(access + WMBUS_MODULE_AHEAD);
    }
    if (module->setup.kind == WMBUS_MODULE_MODE_7 && module->counter == counter) {
        counter =
            counter < UINT32_MAX - WMBUS_MODULE_AHEAD ? counter + WMBUS_MODULE_AHEAD : UINT32_MAX;
    }
    return (access == module->access_ahead && counter == module->counter_ahead) ||
           memory_store(module, access, module->minute_ahead, counter);
}

/* ---- what the meter says ---- */

struct reading {
    uint32_t number;
    int64_t import_10_wh, export_10_wh, import_w, export_w;
    uint32_t minute; /* since the epoch; 0: no clock */
    bool alarm;      /* one stands in the meter */
};

/* RTC of KMP: status, weekday, second, minute, hour, day, month, year. */
static uint32_t minute_of(const struct kmp_value *value)
{
    static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    const uint8_t *at = value->bytes;
    if (value->n_bytes != 8 || at[7] > 99 || at[6] < 1 || at[6] > 12 || at[5] < 1 || at[5] > 31 ||
        at[4] > 23 || at[3] > 59 || 2000u + at[7] < WMBUS_MODULE_EPOCH) {
        return 0;
    }
    const uint32_t year = at[7], years = 2000u + year - WMBUS_MODULE_EPOCH;
    const uint32_t leap_days =
        (year + 3u) / 4u - (WMBUS_MODULE_EPOCH - 2000u + 3u) / 4u + (year % 4u == 0 && at[6] > 2);
    const uint32_t days = years * 365u + leap_days + before[at[6] - 1u] + at[5] - 1u;
    return (days * 24u + at[4]) * 60u + at[3];
}

static int64_t scaled(int64_t number, int exponent, int wanted)
{
    for (; exponent > wanted; exponent--) {
        number *= 10;
    }
    for (; exponent < wanted; exponent++) {
        number /= 10;
    }
    return number;
}

/* Alarms of event words A and B and of tampering; a meter has some of them. */
static bool ask_alarm(const struct wmbus_module *module)
{
    static const uint16_t ids[] = {0xF204, 0xF205, 0xF206, 0xF901};
    struct kmp_value values[KMP_REGISTERS_MAX];
    bool alarm = false;
    const int n = module_bus_registers(&module->bus, ids, sizeof ids / sizeof ids[0], values);
    for (int i = 0; i < n; i++) {
        for (unsigned k = 0; k < values[i].n_bytes; k++) {
            alarm = alarm || values[i].bytes[k] != 0;
        }
    }
    return alarm;
}

/* @return false: it does not answer, or does not say who it is */
static bool ask(const struct wmbus_module *module, struct reading *reading)
{
    static const uint16_t ids[] = {SERIAL_NUMBER, ENERGY_IMPORT, ENERGY_EXPORT,
                                   POWER_IMPORT,  POWER_EXPORT,  CLOCK};
    struct kmp_value values[KMP_REGISTERS_MAX];
    *reading = (struct reading){0};
    const int n = module_bus_registers(&module->bus, ids, sizeof ids / sizeof ids[0], values);
    for (int i = 0; i < n; i++) {
        int64_t number;
        int exponent;
        if (values[i].id == CLOCK) {
            reading->minute = minute_of(&values[i]);
            continue;
        }
        if (kmp_value_number(&values[i], &number, &exponent) != KMP_OK || number < 0) {
            continue;
        }
        switch (values[i].id) {
        case SERIAL_NUMBER: reading->number = (uint32_t)(number % DIGITS_8); break;
        case ENERGY_IMPORT: reading->import_10_wh = scaled(number, exponent, EXPONENT_10_WH); break;
        case ENERGY_EXPORT: reading->export_10_wh = scaled(number, exponent, EXPONENT_10_WH); break;
        case POWER_IMPORT: reading->import_w = scaled(number, exponent, EXPONENT_WATT); break;
        case POWER_EXPORT: reading->export_w = scaled(number, exponent, EXPONENT_WATT); break;
        default: break;
        }
    }
    reading->alarm = reading->number != 0 && ask_alarm(module);
    return reading->number != 0;
}

/* ---- records ---- */

#define TEN_WH_PER_KWH 100
#define WH_PER_KWH     1000
#define FILLER         0x2Fu
#define BLOCK          16u

/* A+ in Wh, whole kWh, as meters of the 382 generation send it; with six octets when four hold it
 * no more. */
static void records_382(const struct reading *reading, bool open, struct writer *w)
{
    const uint64_t energy_wh = (uint64_t)reading->import_10_wh / TEN_WH_PER_KWH * WH_PER_KWH;
    const bool wide = energy_wh > INT32_MAX;
    if (open) {
        writer_uint_be(w, FILLER << 8 | FILLER, 2);
    }
    writer_u8(w, wide ? 0x06 : 0x04);
    writer_uint_be(w, 0x833B, 2); /* Wh, only what was imported */
    writer_uint_le(w, energy_wh, wide ? 6 : 4);
    while (open && writer_length(w) < BLOCK) {
        writer_u8(w, FILLER);
    }
}

/* A+, A-, P+, P-: the format of wmbus_format_omnipower. */
static void records_four(const struct reading *reading, struct writer *w)
{
    const int64_t values[] = {reading->import_10_wh, reading->export_10_wh, reading->import_w,
                              reading->export_w};
    const struct {
        uint8_t n, head[3];
    } heads[] = {
        {2, {0x04, 0x04}}, {3, {0x04, 0x84, 0x3C}}, {2, {0x04, 0x2B}}, {3, {0x04, 0xAB, 0x3C}}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        writer_bytes(w, heads[i].head, heads[i].n);
        writer_uint_le(w, (uint64_t)(values[i] < INT32_MAX ? values[i] : INT32_MAX), 4);
    }
}

/* ---- sending ---- */

/* @return false: a number that the kind needs cannot be had; the state says why */
static bool take_numbers(struct wmbus_module *module, uint32_t minute,
                         struct wmbus_message *message)
{
    module->state = WMBUS_MODULE_NO_MEMORY;
    if (!keep_numbers(module)) {
        return false;
    }
    if (message->security == WMBUS_ELL_CTR) {
        if (!wmbus_sender_next(&module->sender, minute, message)) {
            module->state = module->sender.minute >= WMBUS_MINUTE_MAX ? WMBUS_MODULE_SPENT
                                                                      : WMBUS_MODULE_NO_MEMORY;
            return false;
        }
    } else {
        message->access_number = ++module->sender.access_number;
    }
    if (message->security == WMBUS_MODE_7) {
        if (module->counter == UINT32_MAX) {
            module->state = WMBUS_MODULE_SPENT;
            return false;
        }
        message->message_counter = ++module->counter;
    }
    module->state = WMBUS_MODULE_SENDS;
    return true;
}

static void send(struct wmbus_module *module, const struct reading *reading)
{
    const struct kind *kind = &kinds[module->setup.kind];
    uint8_t records[64], telegram[WMBUS_TELEGRAM_MAX];
    struct writer w = writer_over(records, sizeof records);
    struct wmbus_message message = {.sender = {.id_raw = mbus_bcd8(reading->number),
                                               .manufacturer = mbus_manufacturer("KAM"),
                                               .version = kind->version,
                                               .medium = MEDIUM},
                                    .control = WMBUS_SND_NR,
                                    .security = kind->security,
                                    .cc = WMBUS_CC_SYNCHRONOUS,
                                    .status = reading->alarm ? WMBUS_MODULE_ALARM : 0,
                                    .has_ell = module->setup.kind == WMBUS_MODULE_MODE_7,
                                    .configuration = SYNCHRONOUS};
    if (module->setup.kind == WMBUS_MODULE_382) {
        message.security = module->has_key ? WMBUS_MODE_5 : WMBUS_PLAIN;
        message.configuration =
            (uint16_t)(module->has_key ? BIDIRECTIONAL : BIDIRECTIONAL | ONE_BLOCK);
        records_382(reading, !module->has_key, &w);
    } else {
        records_four(reading, &w);
    }
    message.records = records;
    message.n_records = writer_length(&w);
    if (!take_numbers(module, reading->minute, &message)) {
        return;
    }
    const int n = wmbus_telegram_build(module->board.crypto, module->has_key ? &module->key : NULL,
                                       &message, telegram, sizeof telegram);
    if (n > 0) {
        module->n_sent++;
        module->board.send(module->board.context, &module->setup, telegram, (size_t)n);
    }
}

/* The meter is another, or known for the first time. */
static void take_key(struct wmbus_module *module, uint32_t number)
{
    uint8_t key[WMBUS_KEY_OCTETS] = {0};
    wmbus_key_drop(module->board.crypto, &module->key);
    module->number = number;
    module->has_key = module->board.key(module->board.context, mbus_bcd8(number), key) &&
                      wmbus_key_set(module->board.crypto, &module->key, key) == 0;
    volatile uint8_t *wiped = key;
    for (size_t i = 0; i < sizeof key; i++) {
        wiped[i] = 0;
    }
}

/* OMS: the time to the next telegram follows from its access number, so that meters that began
 * together do not go on together. */
static int64_t interval_ms(const struct wmbus_module *module)
{
    const int access = (uint8_t)(module->sender.access_number + 1u);
    const int steps = (access < 128 ? 128 - access : access - 128) - SPREAD_MIDDLE;
    const int64_t nominal_ms = module->setup.interval_ms;
    return nominal_ms + nominal_ms * steps / SPREAD;
}

/* ---- the module ---- */

void wmbus_module_start(struct wmbus_module *module, const struct module_bus *bus,
                        const struct wmbus_module_board *board,
                        const struct wmbus_module_setup *setup)
{
    memset(module, 0, sizeof *module);
    module->bus = *bus;
    module->board = *board;
    module->setup = *setup;
    module->due_ms = INT64_MIN;
    module->loaded = memory_load(module);
    module->state = module->loaded ? WMBUS_MODULE_WAITS : WMBUS_MODULE_NO_MEMORY;
    module->counter = module->counter_ahead;
    wmbus_sender_init(&module->sender, module->minute_ahead, module->access_ahead, keep_minute,
                      module);
}

void wmbus_module_stop(struct wmbus_module *module)
{
    wmbus_key_drop(module->board.crypto, &module->key);
    module->has_key = false;
}

/* Once the meter's number is known.  @return false: its key is missing */
static bool may_send(struct wmbus_module *module, const struct reading *reading)
{
    if (module->number != reading->number) {
        take_key(module, reading->number);
    }
    if (kinds[module->setup.kind].needs_key && !module->has_key) {
        module->state = WMBUS_MODULE_NO_KEY;
        return false;
    }
    return true;
}

int64_t wmbus_module_step(struct wmbus_module *module, int64_t now_ms)
{
    struct reading reading;
    const bool first = module->due_ms == INT64_MIN;
    if (!module->loaded) {
        return INT64_MAX;
    }
    if (!first && now_ms < module->due_ms && module->due_ms - now_ms <= 2 * interval_ms(module)) {
        return module->due_ms;
    }
    if (!ask(module, &reading)) {
        module->due_ms = now_ms + SECONDS; /* it has no supply, or it begins */
        return module->due_ms;
    }
    if (first) { /* meters that get their supply together begin apart */
        module->due_ms = now_ms + reading.number % module->setup.interval_ms;
        if (module->due_ms > now_ms) {
            return module->due_ms;
        }
    }
    if (may_send(module, &reading)) {
        send(module, &reading);
    }
    module->due_ms = now_ms + interval_ms(module);
    return module->due_ms;
}
