#include "load_profile.h"

#include <string.h>

#include "load_profile_model.h"

#define SECONDS_PER_MINUTE 60

static int64_t interval_s(const struct load_profile *profile)
{
    return (int64_t)profile->interval_min * SECONDS_PER_MINUTE;
}

/* All time zones are whole hours off UTC, so a boundary of UTC is one of local time too. */
int64_t load_profile_boundary(uint8_t interval_min, int64_t utc_s)
{
    const int64_t length_s = (int64_t)interval_min * SECONDS_PER_MINUTE, rest = utc_s % length_s;
    return utc_s - (rest < 0 ? rest + length_s : rest);
}

static int64_t boundary_before(const struct load_profile *profile, int64_t utc_s)
{
    return load_profile_boundary(profile->interval_min, utc_s);
}

static struct legal_profile_layout layout_of(const struct variant *variant, uint32_t memory_bytes)
{
    struct legal_profile_layout layout = {.interval_min = variant->integration_min,
                                          .capacity = load_profile_records(variant, memory_bytes)};
    layout.channels = load_profile_channels(variant, layout.energy);
    return layout;
}

bool load_profile_start(struct load_profile *profile, struct legal *legal,
                        const struct variant *variant, uint32_t memory_bytes)
{
    memset(profile, 0, sizeof *profile);
    profile->last_s = INT64_MIN;
    profile->interval_min = variant->integration_min;
    if (!load_profile_fitted(variant)) {
        return false;
    }
    const struct legal_profile_layout layout = layout_of(variant, memory_bytes);
    struct legal_profile_range before;
    legal_profile_range(legal, &before);
    bool deleted = false;
    if (legal_profile_begin(legal, &layout, &deleted) != LEGAL_OK) {
        profile->fault = true;
        return false;
    }
    profile->fitted = true;
    if (deleted) {
        const bool interval = before.layout.interval_min != layout.interval_min;
        profile->status = interval ? LOAD_PROFILE_INTERVAL_CHANGED : LOAD_PROFILE_RECONFIGURED;
        return true;
    }
    struct legal_profile_record newest;
    if (before.n_records > 0 && legal_profile_read(legal, before.newest_id, &newest) == LEGAL_OK) {
        profile->last_s = newest.utc_s;
    }
    return false;
}

void load_profile_share(struct load_profile *profile, struct legal *legal,
                        const struct variant *variant, uint32_t memory_bytes)
{
    const struct legal_profile_layout layout = layout_of(variant, memory_bytes);
    if (profile->fitted) {
        profile->fault = legal_profile_begin(legal, &layout, NULL) != LEGAL_OK;
    }
}

static void record(struct load_profile *profile, struct legal *legal, int64_t boundary_s,
                   bool clock_valid)
{
    const struct legal_profile_record stamp = {
        .utc_s = boundary_s,
        .clock_status = clock_valid ? 0 : LOAD_PROFILE_CLOCK_INVALID,
        .status = profile->status,
        .quality = profile->quality,
    };
    profile->fault = legal_profile_record(legal, &stamp) != LEGAL_OK;
    profile->last_s = boundary_s;
    /* a record that was not stored is a gap before the next one that is */
    profile->status = profile->fault ? profile->status | LOAD_PROFILE_DISCONTINUITY : 0;
}

/* Records between the last one and the boundary that nobody has made: 0 when there are none. */
static int64_t missing_before(const struct load_profile *profile, int64_t boundary_s)
{
    if (profile->last_s == INT64_MIN || boundary_s <= profile->last_s) {
        return 0;
    }
    return (boundary_s - profile->last_s) / interval_s(profile) - 1;
}

int64_t load_profile_step(struct load_profile *profile, struct legal *legal, int64_t utc_s,
                          bool clock_valid)
{
    if (!profile->fitted) {
        return INT64_MAX;
    }
    const int64_t boundary_s = boundary_before(profile, utc_s);
    if (profile->last_s == INT64_MIN) {
        profile->last_s = boundary_s; /* the first record ends the interval that begins here */
    }
    if (boundary_s > profile->last_s) {
        const int64_t missing = missing_before(profile, boundary_s);
        if (missing > 0 && clock_valid && missing <= (int64_t)LOAD_PROFILE_FILL_MAX) {
            for (int64_t n = 0; n < missing; n++) {
                record(profile, legal, profile->last_s + interval_s(profile), clock_valid);
            }
        } else if (missing > 0) {
            profile->status |= LOAD_PROFILE_DISCONTINUITY;
        }
        record(profile, legal, boundary_s, clock_valid);
        profile->quality = 0;
    }
    return boundary_s + interval_s(profile);
}

void load_profile_note(struct load_profile *profile, uint16_t quality)
{
    profile->quality |= quality;
}

uint16_t load_profile_step_quality(int64_t step_s)
{
    static const struct {
        int64_t above_s;
        uint16_t quality;
    } grades[] = {
        {60, LOAD_PROFILE_CLOCK_60_S},
        {30, LOAD_PROFILE_CLOCK_30_S},
        {15, LOAD_PROFILE_CLOCK_15_S},
        {6, LOAD_PROFILE_CLOCK_7_S},
    };
    const int64_t size_s = step_s < 0 ? -step_s : step_s;
    for (unsigned g = 0; g < sizeof grades / sizeof grades[0]; g++) {
        if (size_s > grades[g].above_s) {
            return (uint16_t)(grades[g].quality |
                              (step_s < 0 ? LOAD_PROFILE_CLOCK_BACK : LOAD_PROFILE_CLOCK_FORWARD));
        }
    }
    return 0;
}

void load_profile_clock_set(struct load_profile *profile, int64_t from_utc_s, int64_t to_utc_s)
{
    profile->quality |= load_profile_step_quality(to_utc_s - from_utc_s);
    /* Time that was skipped or comes twice is no gap to fill: the next record says so. */
    if (profile->fitted && profile->last_s != INT64_MIN) {
        const int64_t boundary_s = boundary_before(profile, to_utc_s);
        if (boundary_s != boundary_before(profile, from_utc_s)) {
            profile->status |= LOAD_PROFILE_DISCONTINUITY;
            profile->last_s = boundary_s;
        }
    }
}

void load_profile_outage(struct load_profile *profile, int64_t duration_s)
{
    if (duration_s > LOAD_PROFILE_OUTAGE_S) {
        profile->quality |= LOAD_PROFILE_OUTAGE;
    }
}

void load_profile_clock_lost(struct load_profile *profile)
{
    profile->status |= LOAD_PROFILE_DISCONTINUITY;
    profile->quality |= LOAD_PROFILE_OUTAGE; /* the shortest hold time is days */
}
