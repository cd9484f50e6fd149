#include "radio_channel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOSS_NEAR_DB   50.0
#define LOSS_SPREAD_DB 40.0
#define FADING_DB      3.0
/* A burst is kept so long after its end for those that it overlapped with: the longest lasts less.
 */
#define KEEP_US 50000

const struct radio_channel_setup radio_channel_usual = {
    .noise_dbm = -107.0, .capture_db = 8.0, .seed = 1};

bool radio_channel_take(struct radio_channel_setup *setup, const char *text)
{
    const struct {
        const char *name;
        double *value, least, most;
    } members[] = {{"loss=", &setup->loss, 0.0, 1.0},
                   {"errors=", &setup->errors, 0.0, 0.5},
                   {"noise=", &setup->noise_dbm, -150.0, 0.0},
                   {"capture=", &setup->capture_db, 0.0, 60.0}};
    char *end;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        const size_t n = strlen(members[i].name);
        if (strncmp(text, members[i].name, n) == 0) {
            const double value = strtod(text + n, &end);
            const bool good = text[n] != '\0' && *end == '\0' && value >= members[i].least &&
                              value <= members[i].most;
            *members[i].value = good ? value : *members[i].value;
            return good;
        }
    }
    if (strncmp(text, "seed=", 5) != 0 || text[5] < '0' || text[5] > '9') {
        return false;
    }
    setup->seed = strtoull(text + 5, &end, 10);
    return *end == '\0';
}

/* ---- chance ---- */

/* SplitMix64: good numbers from any seed. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static double unit(uint64_t *state)
{
    return (double)(draw(state) >> 11) * 0x1p-53;
}

static uint64_t seed_of(uint64_t seed, uint64_t sender, uint64_t instant)
{
    uint64_t state = seed;
    state = draw(&state) ^ sender;
    state = draw(&state) ^ instant;
    return draw(&state);
}

/* ---- bursts on the air ---- */

void radio_channel_init(struct radio_channel *channel, const struct radio_channel_setup *setup)
{
    memset(channel, 0, sizeof *channel);
    channel->setup = *setup;
}

static int64_t end_us(const struct radio_burst *burst)
{
    return burst->begin_us + (int64_t)burst->n_chips * RADIO_CHIP_US;
}

static void forget(struct radio_channel *channel, size_t i)
{
    channel->kept[i] = channel->kept[--channel->n_kept];
}

/* Room for one more: the one that was over first goes. */
static void make_room(struct radio_channel *channel)
{
    size_t oldest = 0;
    for (size_t i = 1; i < channel->n_kept; i++) {
        if (end_us(&channel->kept[i].burst) < end_us(&channel->kept[oldest].burst)) {
            oldest = i;
        }
    }
    channel->n_lost += !channel->kept[oldest].given;
    forget(channel, oldest);
}

void radio_channel_burst(struct radio_channel *channel, const struct radio_burst *burst)
{
    uint64_t place = seed_of(channel->setup.seed, burst->sender, 0);
    uint64_t chance = seed_of(channel->setup.seed, burst->sender, (uint64_t)burst->begin_us);
    channel->n_bursts++;
    const bool lost = unit(&chance) < channel->setup.loss;
    const double loss_db = LOSS_NEAR_DB + LOSS_SPREAD_DB * unit(&place);
    const double fading_db = FADING_DB * unit(&chance);
    channel->n_lost += lost;
    if (channel->n_kept == RADIO_CHANNEL_BURSTS) {
        make_room(channel);
    }
    /* One that is not heard disturbs the others all the same. */
    channel->kept[channel->n_kept++] = (struct kept){
        .burst = *burst, .rssi_dbm = burst->power_dbm - loss_db - fading_db, .given = lost};
}

/* ---- what is received ---- */

static void flip(struct radio_reception *reception, size_t i)
{
    reception->chips[i / 8u] ^= (uint8_t)(0x80u >> i % 8u);
}

static void margin(struct radio_reception *reception, uint64_t *chance)
{
    for (size_t i = 0; i < RADIO_CHANNEL_MARGIN; i++) {
        if ((draw(chance) >> 63) != 0) {
            flip(reception, reception->n_chips);
        }
        reception->n_chips++;
    }
}

static void overlap(struct radio_reception *reception, const struct radio_burst *burst,
                    const struct radio_burst *other, uint64_t *chance)
{
    const int64_t length = burst->n_chips;
    int64_t from = (other->begin_us - burst->begin_us) / RADIO_CHIP_US;
    int64_t to = from + other->n_chips;
    from = from > 0 ? from : 0;
    to = to < length ? to : length;
    for (int64_t i = from; i < to; i++) {
        reception->overlapped = true;
        if ((draw(chance) >> 63) != 0) {
            flip(reception, RADIO_CHANNEL_MARGIN + (size_t)i);
        }
    }
}

static void receive(struct radio_channel *channel, const struct kept *kept,
                    struct radio_reception *out)
{
    const struct radio_burst *burst = &kept->burst;
    const double snr = pow(10.0, (kept->rssi_dbm - channel->setup.noise_dbm) / 10.0);
    const double noise = 0.5 * exp(-snr / 2.0), errors = channel->setup.errors;
    const double wrong = noise + errors - 2.0 * noise * errors;
    uint64_t chance = ~seed_of(channel->setup.seed, burst->sender, (uint64_t)burst->begin_us);
    *out = (struct radio_reception){.sender = burst->sender,
                                    .begin_us = burst->begin_us,
                                    .mode = burst->mode,
                                    .rssi_dbm = kept->rssi_dbm};
    margin(out, &chance);
    for (size_t i = 0; i < burst->n_chips; i++) {
        const unsigned chip = wmbus_chip_of(burst->chips, i);
        if ((wrong > 1e-12 && unit(&chance) < wrong) != (chip != 0)) {
            flip(out, out->n_chips);
        }
        out->n_chips++;
    }
    margin(out, &chance);
    for (size_t i = 0; i < channel->n_kept; i++) {
        const struct kept *other = &channel->kept[i];
        if (other != kept && other->rssi_dbm > kept->rssi_dbm - channel->setup.capture_db) {
            overlap(out, burst, &other->burst, &chance);
        }
    }
    channel->n_overlapped += out->overlapped;
}

/* Those that overlap with nothing that is still to come, or to be given out. */
static void forget_old(struct radio_channel *channel, int64_t over_us)
{
    int64_t needed_us = over_us - KEEP_US;
    for (size_t i = 0; i < channel->n_kept; i++) {
        const struct kept *kept = &channel->kept[i];
        if (!kept->given && kept->burst.begin_us < needed_us) {
            needed_us = kept->burst.begin_us;
        }
    }
    for (size_t i = 0; i < channel->n_kept;) {
        if (channel->kept[i].given && end_us(&channel->kept[i].burst) < needed_us) {
            forget(channel, i);
        } else {
            i++;
        }
    }
}

bool radio_channel_next(struct radio_channel *channel, int64_t over_us,
                        struct radio_reception *reception, int64_t *next_us)
{
    struct kept *next = NULL;
    forget_old(channel, over_us);
    for (size_t i = 0; i < channel->n_kept; i++) {
        struct kept *kept = &channel->kept[i];
        if (!kept->given && (next == NULL || end_us(&kept->burst) < end_us(&next->burst))) {
            next = kept;
        }
    }
    *next_us = next != NULL ? end_us(&next->burst) : INT64_MAX;
    if (next == NULL || *next_us > over_us) {
        return false;
    }
    next->given = true;
    receive(channel, next, reception);
    return true;
}

void radio_reception_hear(const struct radio_reception *reception, struct wmbus_receiver *receiver,
                          void (*take)(void *context, const struct wmbus_heard *heard),
                          void *context)
{
    struct wmbus_heard heard;
    for (size_t i = 0; i < reception->n_chips; i++) {
        if (wmbus_receiver_chip(receiver, wmbus_chip_of(reception->chips, i), &heard)) {
            take(context, &heard);
        }
    }
    while (wmbus_receiver_end(receiver, &heard)) {
        take(context, &heard);
    }
}
