#include "profile/profile.h"

#include <string.h>

#include "store/ring.h"

/* Head of a page, after that of all pages. */
enum {
    AT_PAGE = 8,
    AT_FIRST_ID = 12,
    AT_OLDEST_ID = 16,
    AT_CAPACITY = 20,
    AT_CHANNELS = 24,
    AT_INTERVAL = 25,
    AT_COUNT = 26,
    AT_ENERGIES = 28,
};

/* A record in the page's body. */
enum {
    RECORD_CLOCK = 4,
    RECORD_STATUS = 5,
    RECORD_QUALITY = 7,
    RECORD_ENERGIES = 9,
    ENERGY_BYTES = 5, /* watt-hours: 1.1 PWh */
};

#define UTC_2000   INT64_C(946684800)
#define ENERGY_MAX ((UINT64_C(1) << 40) - 1u)

static const struct ring page_ring = {PROFILE_PAGE, PROFILE_PAGES, PAGE_PROFILE};
static const struct ring scratch_ring = {PROFILE_SCRATCH_PAGE, PROFILE_SCRATCH_PAGES,
                                         PAGE_PROFILE_SCRATCH};

static uint32_t record_bytes(uint32_t channels)
{
    return RECORD_ENERGIES + ENERGY_BYTES * channels;
}

static uint32_t records_a_page(uint32_t channels)
{
    return PROFILE_BODY_BYTES / record_bytes(channels);
}

bool profile_layout_valid(const struct legal_profile_layout *layout)
{
    if (layout->channels < 1u || layout->channels > LEGAL_PROFILE_CHANNELS ||
        layout->interval_min < 1u || layout->capacity < 1u) {
        return false;
    }
    for (unsigned c = 0; c < layout->channels; c++) {
        if (layout->energy[c] >= LEGAL_ENERGIES) {
            return false;
        }
    }
    /* the page being overwritten and the one being filled hold no records to count on */
    return layout->capacity <= (PROFILE_PAGES - 2u) * records_a_page(layout->channels);
}

static bool same_layout(const struct legal_profile_layout *a, const struct legal_profile_layout *b)
{
    return a->channels == b->channels && a->interval_min == b->interval_min &&
           memcmp(a->energy, b->energy, a->channels) == 0;
}

static uint32_t next_id(const struct profile *profile)
{
    return profile->page_first_id + profile->count;
}

/** ---- pages ------------------------------------------------------------------------------- */

static void page_fill(const struct profile *profile, struct page *page, enum page_kind kind,
                      uint32_t number)
{
    const struct legal_profile_layout *layout = &profile->layout;
    page_begin(page, kind, number);
    page_put(page, AT_PAGE, 4, profile->page_number);
    page_put(page, AT_FIRST_ID, 4, profile->page_first_id);
    page_put(page, AT_OLDEST_ID, 4, profile->oldest_id);
    page_put(page, AT_CAPACITY, 4, layout->capacity);
    page_put(page, AT_CHANNELS, 1, layout->channels);
    page_put(page, AT_INTERVAL, 1, layout->interval_min);
    page_put(page, AT_COUNT, 1, profile->count);
    memcpy(page->bytes + AT_ENERGIES, layout->energy, LEGAL_PROFILE_CHANNELS);
    memcpy(page->bytes + PROFILE_BODY_AT, profile->body, PROFILE_BODY_BYTES);
}

/* A good CRC over numbers that contradict each other is no page of ours. */
static bool page_take(struct profile *profile, const struct page *page)
{
    struct legal_profile_layout layout = {
        .channels = (uint8_t)page_get(page, AT_CHANNELS, 1),
        .interval_min = (uint8_t)page_get(page, AT_INTERVAL, 1),
        .capacity = (uint32_t)page_get(page, AT_CAPACITY, 4),
    };
    memcpy(layout.energy, page->bytes + AT_ENERGIES, LEGAL_PROFILE_CHANNELS);
    const uint32_t count = (uint32_t)page_get(page, AT_COUNT, 1);
    const uint32_t first_id = (uint32_t)page_get(page, AT_FIRST_ID, 4);
    const uint32_t oldest_id = (uint32_t)page_get(page, AT_OLDEST_ID, 4);
    const uint32_t number = (uint32_t)page_get(page, AT_PAGE, 4);
    if (!profile_layout_valid(&layout) || count > records_a_page(layout.channels) ||
        first_id < 1u || oldest_id < 1u || oldest_id > first_id) {
        return false;
    }
    const uint32_t pages_before = (first_id - oldest_id) / records_a_page(layout.channels);
    if (pages_before > number) {
        return false;
    }
    profile->layout = layout;
    profile->count = (uint8_t)count;
    profile->page_number = number;
    profile->page_first_id = first_id;
    profile->oldest_id = oldest_id;
    profile->base_page = number - pages_before;
    memcpy(profile->body, page->bytes + PROFILE_BODY_AT, PROFILE_BODY_BYTES);
    return true;
}

static bool scratch_write(struct profile *profile)
{
    struct page page;
    for (unsigned attempt = 0; attempt < PROFILE_SCRATCH_PAGES; attempt++) {
        const uint32_t number = profile->scratch_number++;
        page_fill(profile, &page, PAGE_PROFILE_SCRATCH, number);
        if (page_write(profile->memory, PROFILE_SCRATCH_PAGE + number % PROFILE_SCRATCH_PAGES,
                       &page)) {
            return true;
        }
    }
    profile->fault = true;
    return false;
}

/* The page is full and safe in a scratch page, its place in the ring is the oldest: only now, with
 * the first record of the next page, is it written there, so that a start has nothing to finish. */
static void page_turn(struct profile *profile)
{
    struct page page;
    page_fill(profile, &page, PAGE_PROFILE, profile->page_number);
    const uint32_t index = PROFILE_PAGE + profile->page_number % PROFILE_PAGES;
    profile->fault = !page_write(profile->memory, index, &page) || profile->fault;
    profile->page_first_id += profile->count;
    profile->page_number++;
    profile->count = 0;
    memset(profile->body, 0, sizeof profile->body);
}

/** ---- start ------------------------------------------------------------------------------- */

static void begin_at_one(struct profile *profile)
{
    profile->page_first_id = 1;
    profile->oldest_id = 1;
    profile->page_number = 0;
    profile->base_page = 0;
    profile->count = 0;
}

/* The newest page, taken from the ring; a damaged place among the newest costs its records. */
static enum page_state open_ring(struct profile *profile)
{
    struct page page;
    const enum page_state found = ring_newest(profile->memory, &page_ring, UINT64_MAX, &page);
    if (found == PAGE_GOOD) {
        if (!page_take(profile, &page)) {
            return PAGE_DAMAGED;
        }
        profile->page_first_id += profile->count;
        profile->page_number++;
        profile->count = 0;
        memset(profile->body, 0, sizeof profile->body);
    }
    return found;
}

/* The page being filled: it is the scratch page written last, if it is beyond the ring's newest. */
static enum page_state open_scratch(struct profile *profile)
{
    struct page page;
    const struct ring_survey survey = ring_survey_of(profile->memory, &scratch_ring, UINT64_MAX);
    const enum page_state found = ring_newest(profile->memory, &scratch_ring, UINT64_MAX, &page);
    profile->scratch_number = survey.any ? survey.best_number + 1u : 0;
    if (found == PAGE_GOOD && page_get(&page, AT_PAGE, 4) >= profile->page_number &&
        page_get(&page, AT_FIRST_ID, 4) >= profile->page_first_id && !page_take(profile, &page)) {
        return PAGE_DAMAGED;
    }
    return found;
}

enum legal_err profile_start(struct profile *profile, struct page_memory *memory,
                             const struct legal_port *port)
{
    memset(profile, 0, sizeof *profile);
    *memory = (struct page_memory){.port = port, .log = true};
    profile->memory = memory;
    begin_at_one(profile);
    if (port->log_read == 0 || port->log_write == 0) {
        return LEGAL_ERR_STORAGE;
    }
    const enum page_state ring = open_ring(profile);
    const enum page_state scratch = open_scratch(profile);
    if (ring == PAGE_NEWER || scratch == PAGE_NEWER) {
        return LEGAL_ERR_FORMAT;
    }
    profile->fault = ring == PAGE_DAMAGED || scratch == PAGE_DAMAGED;
    profile->exhausted = profile->fault || next_id(profile) == 0;
    memory->writable = !profile->fault;
    return LEGAL_OK;
}

/** ---- use --------------------------------------------------------------------------------- */

enum legal_err profile_begin(struct profile *profile, const struct legal_profile_layout *layout,
                             bool *deleted)
{
    *deleted = false;
    if (!profile_layout_valid(layout)) {
        return LEGAL_ERR_RANGE;
    }
    struct profile before = *profile;
    if (profile->layout.channels > 0 && same_layout(layout, &profile->layout)) {
        if (profile->layout.capacity == layout->capacity) {
            return LEGAL_OK;
        }
        profile->layout.capacity = layout->capacity; /* records beyond it are no longer shown */
    } else {
        *deleted = profile->layout.channels > 0 && next_id(profile) > profile->oldest_id;
        profile->oldest_id = next_id(profile);
        profile->page_first_id = profile->oldest_id;
        profile->page_number += profile->count > 0 ? 1u : 0u;
        profile->base_page = profile->page_number;
        profile->count = 0;
        profile->layout = *layout;
        memset(profile->body, 0, sizeof profile->body);
    }
    if (!scratch_write(profile)) {
        *profile = before;
        profile->fault = true;
        *deleted = false;
        return LEGAL_ERR_STORAGE;
    }
    return LEGAL_OK;
}

static void put(uint8_t *at, uint32_t n_bytes, uint64_t value)
{
    for (uint32_t i = 0; i < n_bytes; i++) {
        at[i] = (uint8_t)(value >> (8u * i));
    }
}

static uint64_t get(const uint8_t *at, uint32_t n_bytes)
{
    uint64_t value = 0;
    for (uint32_t i = n_bytes; i-- > 0;) {
        value = value << 8 | at[i];
    }
    return value;
}

enum legal_err profile_append(struct profile *profile, const struct legal_profile_record *record)
{
    const uint32_t channels = profile->layout.channels;
    if (channels == 0 || profile->exhausted || record->utc_s < UTC_2000 ||
        record->utc_s - UTC_2000 > UINT32_MAX) {
        return LEGAL_ERR_RANGE;
    }
    if (profile->count == records_a_page(channels)) {
        page_turn(profile);
    }
    uint8_t *at = profile->body + profile->count * record_bytes(channels);
    put(at, 4, (uint64_t)(record->utc_s - UTC_2000));
    put(at + RECORD_CLOCK, 1, record->clock_status);
    put(at + RECORD_STATUS, 2, record->status);
    put(at + RECORD_QUALITY, 2, record->quality);
    for (uint32_t c = 0; c < channels; c++) {
        const uint64_t wh = record->energy_wh[c];
        put(at + RECORD_ENERGIES + ENERGY_BYTES * c, ENERGY_BYTES,
            wh < ENERGY_MAX ? wh : ENERGY_MAX);
    }
    profile->count++;
    if (!scratch_write(profile)) {
        profile->count--;
        return LEGAL_ERR_STORAGE;
    }
    profile->exhausted = next_id(profile) == 0;
    return LEGAL_OK;
}

void profile_range(const struct profile *profile, struct legal_profile_range *out)
{
    out->layout = profile->layout;
    out->next_id = profile->exhausted ? 0 : next_id(profile);
    const uint32_t held = next_id(profile) - profile->oldest_id;
    const uint32_t capacity = profile->layout.capacity;
    out->n_records = held < capacity ? held : capacity;
    out->newest_id = next_id(profile) - 1u;
    out->oldest_id = next_id(profile) - out->n_records;
}

static void decode(const uint8_t *at, uint32_t channels, struct legal_profile_record *out)
{
    out->utc_s = UTC_2000 + (int64_t)get(at, 4);
    out->clock_status = (uint8_t)get(at + RECORD_CLOCK, 1);
    out->status = (uint16_t)get(at + RECORD_STATUS, 2);
    out->quality = (uint16_t)get(at + RECORD_QUALITY, 2);
    for (uint32_t c = 0; c < channels; c++) {
        out->energy_wh[c] = get(at + RECORD_ENERGIES + ENERGY_BYTES * c, ENERGY_BYTES);
    }
}

enum legal_err profile_read(const struct profile *profile, struct page_memory *memory, uint32_t id,
                            struct legal_profile_record *out)
{
    struct legal_profile_range range;
    profile_range(profile, &range);
    if (range.n_records == 0 || id - range.oldest_id >= range.n_records) {
        return LEGAL_ERR_RANGE;
    }
    memset(out, 0, sizeof *out);
    out->id = id;
    const uint32_t channels = profile->layout.channels;
    const uint32_t in_page = id - profile->page_first_id;
    if (in_page < profile->count) {
        decode(profile->body + in_page * record_bytes(channels), channels, out);
        return LEGAL_OK;
    }
    const uint32_t before = id - profile->oldest_id;
    const uint32_t number = profile->base_page + before / records_a_page(channels);
    struct page page;
    if (page_read(memory, PROFILE_PAGE + number % PROFILE_PAGES, PAGE_PROFILE, &page) !=
            PAGE_GOOD ||
        page_number(&page) != number ||
        page_get(&page, AT_FIRST_ID, 4) + page_get(&page, AT_COUNT, 1) <= id ||
        page_get(&page, AT_FIRST_ID, 4) > id) {
        return LEGAL_ERR_STORAGE;
    }
    decode(page.bytes + PROFILE_BODY_AT +
               before % records_a_page(channels) * record_bytes(channels),
           channels, out);
    return LEGAL_OK;
}
