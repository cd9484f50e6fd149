#include "site_breaker.h"

#include <stdlib.h>
#include <string.h>

#define KEPT     0x80u /* a byte that was written */
#define ALL      7u
#define SLOW_MAX 3600.0

static bool parse_phases(const char *text, uint8_t *phases)
{
    *phases = 0;
    while (text[0] == 'L' && text[1] >= '1' && text[1] <= '3' &&
           (text[2] == '\0' || text[2] == '+')) {
        *phases |= (uint8_t)(1u << (text[1] - '1'));
        if (text[2] == '\0') {
            return true;
        }
        text += 3;
    }
    return false;
}

bool site_breaker_parse(const char *text, struct breaker_option *out, const char **expected)
{
    *expected = "stuck=L1+L2, slow=SECONDS or silent";
    if (strncmp(text, "stuck=", 6) == 0) {
        return parse_phases(text + 6, &out->stuck);
    }
    if (strncmp(text, "slow=", 5) == 0) {
        char *end;
        const double seconds = strtod(text + 5, &end);
        out->travel_us = (int64_t)(seconds * 1e6);
        return end != text + 5 && (*end == '\0' || strcmp(end, "s") == 0) && seconds >= 0.0 &&
               seconds <= SLOW_MAX;
    }
    out->silent = strcmp(text, "silent") == 0;
    return out->silent;
}

/* ---- the contacts' place in the memory ---- */

static uint8_t closed_load(const struct site *site)
{
    uint8_t kept = 0;
    (void)eeprom_read(site->eeprom, EEPROM_BREAKER, 0, &kept, 1);
    return (kept & ~ALL) == KEPT ? kept & ALL : ALL;
}

static void closed_save(struct site *site)
{
    const uint8_t kept = (uint8_t)(KEPT | site->relays.closed);
    (void)eeprom_write(site->eeprom, EEPROM_BREAKER, 0, &kept, 1);
}

/* ---- the board ---- */

static uint8_t supplied_phases(const struct site *site)
{
    uint8_t phases = 0;
    for (unsigned phase = 0; phase < LAB_PHASES; phase++) {
        const int system = variant_system_of_phase(&site->meter.variant, phase);
        const bool measured = system >= 0 && (site->supplied >> system & 1u) != 0;
        /* two systems tell of the third phase together: it is the one that both measure against */
        const bool common = site->meter.variant.aron && phase == 1 && site->supplied != 0;
        phases |= (uint8_t)(measured || common ? 1u << phase : 0u);
    }
    return phases;
}

static int board_drive(void *context, bool close)
{
    struct site *site = context;
    return relays_drive(&site->relays, close, site->meter.now_us);
}

static int board_read(void *context, struct board_breaker *out)
{
    const struct site *site = context;
    const uint8_t live = supplied_phases(site);
    *out = (struct board_breaker){.phases = site->relays.fitted,
                                  .known = live & site->relays.fitted,
                                  .closed = site->relays.closed,
                                  .voltage = live & site->relays.closed};
    return site->relays.silent ? -1 : 0;
}

void site_breaker_board(struct site *site)
{
    if (site->relays.fitted != 0) {
        site->board.breaker_drive = board_drive;
        site->board.breaker_read = board_read;
    }
}

/* ---- what moves ---- */

static void mains_follow(struct site *site, int64_t at_us)
{
    mains_relays(site->mains, at_us, ALL & ~(unsigned)site->relays.closed);
}

void site_breaker_start(struct site *site, const struct options *options)
{
    const uint8_t phases = options->variant.single_phase ? 1u : ALL;
    relays_start(&site->relays, options->variant.breaker ? phases : 0u, closed_load(site));
    site->relays.stuck = options->breaker.stuck;
    site->relays.silent = options->breaker.silent;
    for (unsigned k = 0; k < RELAYS_PHASES && options->breaker.travel_us > 0; k++) {
        site->relays.travel_us[k] = options->breaker.travel_us;
    }
    if (options->variant.breaker) {
        mains_follow(site, 0);
    }
}

bool site_breaker_run(struct site *site, int64_t at_us)
{
    if (site->relays.fitted == 0 || !relays_run(&site->relays, at_us)) {
        return false;
    }
    closed_save(site);
    mains_follow(site, at_us);
    site->changes++;
    return true;
}

void site_breaker_event(struct site *site, const struct lab_event *event)
{
    struct relays *relays = &site->relays;
    switch (event->kind) {
    case LAB_EVENT_RELAY_STUCK:
        relays->stuck =
            (uint8_t)(event->on ? relays->stuck | event->phases : relays->stuck & ~event->phases);
        break;
    case LAB_EVENT_RELAY_SILENT: relays->silent = event->on; break;
    default: /* LAB_EVENT_RELAY_SLOW */
        for (unsigned k = 0; k < RELAYS_PHASES; k++) {
            relays->travel_us[k] = event->value_us;
        }
        break;
    }
}
