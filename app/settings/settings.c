#include "settings.h"

#include <string.h>

#include "../../proto/common/crc.h"
#include "../../proto/common/reader.h"
#include "../../proto/common/writer.h"

#define MARK         UINT32_C(0x54544553) /* "SETT" in memory order */
#define PAGE_BYTES   256u
#define SLOT_BYTES   (SETTINGS_SLOT_PAGES * PAGE_BYTES)
#define SLOTS        2u
#define HEADER_BYTES 12u
#define CHECK_BYTES  4u
#define NUMBER_BYTES 4u

unsigned settings_row(const struct setting_def *def)
{
    return (unsigned)(def - setting_table);
}

uint32_t settings_number(const struct settings *settings, enum setting_id id)
{
    return settings->own[settings_row(setting_by_id((uint16_t)id))].number;
}

bool settings_has(const struct settings *settings, unsigned row)
{
    return ((unsigned)settings->rows[row / 8u] >> row % 8u & 1u) != 0;
}

void settings_stage(struct settings *settings, unsigned row, const struct setting_value *value)
{
    settings->next[row] = *value;
    settings->rows[row / 8u] |= (uint8_t)(1u << row % 8u);
}

void settings_unstage(struct settings *settings, unsigned row)
{
    settings->rows[row / 8u] &= (uint8_t) ~(1u << row % 8u);
}

void settings_unstage_all(struct settings *settings)
{
    memset(settings->rows, 0, sizeof settings->rows);
}

unsigned settings_staged(const struct settings *settings)
{
    unsigned n = 0;
    for (unsigned row = 0; row < setting_table_length; row++) {
        n += settings_has(settings, row) ? 1u : 0u;
    }
    return n;
}

/* ---- the record ---- */

static unsigned bytes_of(uint32_t number)
{
    unsigned n = 1;
    for (; number > UINT8_MAX; number >>= 8) {
        n++;
    }
    return n;
}

static void value_write(struct writer *w, const struct setting_def *def,
                        const struct setting_value *value)
{
    if (def->type == SETTING_TEXT) {
        writer_u8(w, (uint8_t)strlen(value->text));
        writer_text(w, value->text);
    } else { /* few bytes where few do: a change of every row has to fit the slot */
        const unsigned n = bytes_of(value->number);
        writer_u8(w, (uint8_t)n);
        writer_uint_le(w, value->number, n);
    }
}

/* A row that this table does not have (def NULL), or a value that it does not allow any more, is
 * passed over. */
static bool value_read(struct reader *r, const struct setting_def *def, struct setting_value *value)
{
    struct setting_value v;
    memset(&v, 0, sizeof v);
    const uint8_t n = reader_u8(r);
    const uint8_t *bytes = reader_bytes(r, n);
    if (def == NULL || bytes == NULL) {
        return false;
    }
    if (def->type == SETTING_TEXT && n <= SETTING_TEXT_MAX) {
        memcpy(v.text, bytes, n);
    } else if (def->type != SETTING_TEXT && n >= 1 && n <= NUMBER_BYTES) {
        struct reader number = reader_over(bytes, n);
        v.number = (uint32_t)reader_uint_le(&number, n);
    } else {
        return false;
    }
    if (!setting_value_good(def, &v)) {
        return false;
    }
    *value = v;
    return true;
}

static void payload_write(struct writer *w, const struct settings *s)
{
    unsigned n_own = 0;
    for (unsigned row = 0; row < setting_table_length; row++) {
        n_own += setting_table[row].home == HOME_SETTINGS ? 1u : 0u;
    }
    const bool pending = s->state == SETTINGS_PENDING;
    writer_u8(w, s->state);
    writer_u8(w, s->channel);
    writer_uint_le(w, s->commit, 4);
    writer_u8(w, (uint8_t)n_own);
    writer_u8(w, (uint8_t)(pending ? settings_staged(s) : 0u));
    for (unsigned row = 0; row < setting_table_length; row++) {
        if (setting_table[row].home == HOME_SETTINGS) {
            writer_uint_le(w, setting_table[row].id, 2);
            value_write(w, &setting_table[row], &s->own[row]);
        }
    }
    for (unsigned row = 0; pending && row < setting_table_length; row++) {
        if (settings_has(s, row)) {
            writer_uint_le(w, setting_table[row].id, 2);
            value_write(w, &setting_table[row], &s->before[row]);
            value_write(w, &setting_table[row], &s->next[row]);
        }
    }
}

static void change_read(struct reader *r, struct settings *s)
{
    const struct setting_def *def = setting_by_id((uint16_t)reader_uint_le(r, 2));
    struct setting_value before, next;
    const bool old = value_read(r, def, &before), new = value_read(r, def, &next);
    if (old && new) {
        s->before[settings_row(def)] = before;
        settings_stage(s, settings_row(def), &next);
    }
}

static bool payload_read(struct reader *r, struct settings *s)
{
    s->state = reader_u8(r);
    s->channel = reader_u8(r);
    s->commit = (uint32_t)reader_uint_le(r, 4);
    const uint8_t n_own = reader_u8(r), n_changes = reader_u8(r);
    for (unsigned i = 0; i < n_own && !r->failed; i++) {
        const struct setting_def *def = setting_by_id((uint16_t)reader_uint_le(r, 2));
        struct setting_value value;
        if (value_read(r, def, &value) && def->home == HOME_SETTINGS) {
            s->own[settings_row(def)] = value;
        }
    }
    for (unsigned i = 0; i < n_changes && !r->failed; i++) {
        change_read(r, s);
    }
    return reader_complete(r) && s->state <= SETTINGS_PENDING;
}

/* ---- the slots ---- */

static uint32_t address_of(uint32_t sequence)
{
    return (SETTINGS_FIRST_PAGE + sequence % SLOTS * SETTINGS_SLOT_PAGES) * PAGE_BYTES;
}

static void as_delivered(struct settings *s)
{
    memset(s, 0, sizeof *s);
    for (unsigned row = 0; row < setting_table_length; row++) {
        if (setting_table[row].home == HOME_SETTINGS) {
            s->own[row].number = setting_table[row].initial;
        }
    }
}

/* Take the slot over if its record is good and newer. */
static enum settings_err slot_load(struct settings *s, const struct board *board, unsigned slot)
{
    uint8_t bytes[SLOT_BYTES];
    for (uint32_t at = 0; at < SLOT_BYTES; at += PAGE_BYTES) {
        if (board->app_memory_read(board->context, address_of(slot) + at, bytes + at, PAGE_BYTES) !=
            0) {
            return SETTINGS_ERR_STORAGE;
        }
    }
    struct reader r = reader_over(bytes, sizeof bytes);
    const bool mark = reader_uint_le(&r, 4) == MARK;
    const uint16_t format = (uint16_t)reader_uint_le(&r, 2), n = (uint16_t)reader_uint_le(&r, 2);
    const uint32_t sequence = (uint32_t)reader_uint_le(&r, 4);
    if (!mark || n > SLOT_BYTES - HEADER_BYTES - CHECK_BYTES) {
        return SETTINGS_OK;
    }
    struct reader check = reader_over(bytes + HEADER_BYTES + n, CHECK_BYTES);
    if (reader_uint_le(&check, CHECK_BYTES) != crc32_ieee(bytes, HEADER_BYTES + n)) {
        return SETTINGS_OK;
    }
    if (format > SETTINGS_FORMAT) {
        return SETTINGS_ERR_FORMAT;
    }
    if (sequence <= s->sequence) {
        return SETTINGS_OK;
    }
    struct reader payload = reader_over(bytes + HEADER_BYTES, n);
    as_delivered(s);
    if (!payload_read(&payload, s)) {
        as_delivered(s);
        return SETTINGS_OK;
    }
    s->sequence = sequence;
    return SETTINGS_OK;
}

enum settings_err settings_load(struct settings *settings, const struct board *board)
{
    enum settings_err worst = SETTINGS_OK;
    as_delivered(settings);
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        const enum settings_err err = slot_load(settings, board, slot);
        if (err == SETTINGS_ERR_FORMAT) {
            return err;
        }
        worst = err != SETTINGS_OK ? err : worst;
    }
    settings->unread = worst == SETTINGS_ERR_STORAGE;
    return worst;
}

enum settings_err settings_save(struct settings *settings, const struct board *board)
{
    uint8_t bytes[SLOT_BYTES];
    const uint32_t sequence = settings->sequence + 1u;
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_uint_le(&w, MARK, 4);
    writer_uint_le(&w, SETTINGS_FORMAT, 2);
    writer_uint_le(&w, 0, 2);
    writer_uint_le(&w, sequence, 4);
    payload_write(&w, settings);
    const size_t n = writer_length(&w);
    if (settings->unread || w.failed || n + CHECK_BYTES > sizeof bytes) {
        return SETTINGS_ERR_STORAGE;
    }
    struct writer length = writer_over(bytes + 6, 2);
    writer_uint_le(&length, n - HEADER_BYTES, 2);
    writer_uint_le(&w, crc32_ieee(bytes, n), CHECK_BYTES);
    for (uint32_t at = 0; at < n + CHECK_BYTES; at += PAGE_BYTES) {
        const uint32_t left = (uint32_t)(n + CHECK_BYTES) - at;
        if (board->app_memory_write(board->context, address_of(sequence) + at, bytes + at,
                                    left < PAGE_BYTES ? left : PAGE_BYTES) != 0) {
            return SETTINGS_ERR_STORAGE;
        }
    }
    settings->sequence = sequence;
    return SETTINGS_OK;
}
