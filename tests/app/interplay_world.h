/*
 * A whole meter on the test desk with what acts on a supply: relays with faults, a load behind
 * them, voltages, a clock, a memory that loses power at any write.  Include once per test program.
 *
 * What breaks a promise calls `claim`, which leaves the life that runs and says why; a life can be
 * run again with some of its events left out.
 */
#ifndef OPEN382_TESTS_INTERPLAY_WORLD_H
#define OPEN382_TESTS_INTERPLAY_WORLD_H

#include "legal_puppet.h"

#include <stdio.h>

#include "app/load_control/load_store.h"
#include "app/meter/meter_audit.h"
#include "app/meter/meter_breaker.h"
#include "app/meter/meter_load.h"
#include "app/meter/meter_prepay.h"
#include "app/meter/meter_settings.h"
#include "lab/relays.h"
#include "ports/crypto/portable/crypto_portable.h"
#include "proto/kmp/kmp.h"

#define SERIAL    12345678u
#define LOSS_UWH  10000000u /* the legal total may lose so much when it is cut */
#define LOCAL_S   7200      /* all days are in summer */
#define DAY_S     INT64_C(86400)
#define FIRST_UTC (INT64_C(1718886605)) /* 2024-06-20, a Thursday */
#define RTC_LEAST (FIRST_UTC - 14 * DAY_S)
#define RTC_MOST  (FIRST_UTC + 70 * DAY_S)
#define BUTTON_US INT64_C(6000000)
#define MA_PER_W  5u /* at 230 V, roughly */

static struct {
    struct crypto_port crypto;
    struct board board;
    struct relays relays;
    struct meter meter;
    const char *type;
    int64_t now_us, wake_us;
    int64_t rtc_us;                          /* UTC less now_us */
    uint32_t power_w;                        /* of each phase, while its relay is closed */
    bool displaced;                          /* the star point */
    int64_t button_from_us, button_until_us; /* INT64_MAX: it is not held */
    bool again;                              /* held once more, longer */
    uint64_t uwh_rest;
    jmp_buf leave;
    char why[200];
    bool told; /* events are told as they come */
    uint64_t windows;
    unsigned cuts;
} world;

static uint64_t dice;

static uint64_t mixed(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static unsigned draw(unsigned n)
{
    dice = mixed(dice);
    return (unsigned)((dice >> 32) * n >> 32);
}

static void claim(bool holds, const char *promise)
{
    if (!holds) {
        const struct breaker *b = &world.meter.breaker;
        snprintf(world.why, sizeof world.why, "%s (state %u, relays %u, at %lld ms)", promise,
                 b->kept.state, world.relays.closed, (long long)(world.now_us / 1000));
        longjmp(world.leave, 1);
    }
}

/* ---- the board ---- */

static void before_drive(bool close);

static int desk_drive(void *context, bool close)
{
    (void)context;
    if (toy.dead) { /* nobody is there any more */
        return 0;
    }
    before_drive(close);
    return relays_drive(&world.relays, close, world.now_us);
}

static int desk_read(void *context, struct board_breaker *out)
{
    (void)context;
    *out = (struct board_breaker){7, 7, world.relays.closed, world.relays.closed};
    return world.relays.silent ? -1 : 0;
}

static bool desk_rtc_read(void *context, int64_t *utc_s)
{
    (void)context;
    *utc_s = (world.now_us + world.rtc_us) / SECOND;
    return true;
}

static void desk_rtc_write(void *context, int64_t utc_s)
{
    (void)context;
    world.rtc_us = utc_s * SECOND - world.now_us;
}

static void board_make(void)
{
    crypto_portable(&world.crypto, NULL, NULL);
    world.board = toy_board;
    world.board.crypto = &world.crypto;
    world.board.breaker_drive = desk_drive;
    world.board.breaker_read = desk_read;
    world.board.rtc_read = desk_rtc_read;
    world.board.rtc_write = desk_rtc_write;
    world.board.load_relays = 2;
}

/* ---- power ---- */

static void power_up(void)
{
    struct variant variant;
    relays_stop(&world.relays);
    toy.dead = false;
    toy.cut_after = UINT32_MAX;
    toy.loads = 0; /* they fall with the supply */
    world.button_until_us = INT64_MAX;
    world.again = false;
    claim(variant_by_name(world.type, &variant) == 0 &&
              meter_start(&world.meter, &world.board, &variant, SERIAL, world.now_us) == METER_OK,
          "a meter starts with whatever a cut has left");
    puppet.supply = LEGAL_SUPPLY_ON;
    world.wake_us = meter_step(&world.meter, world.now_us);
}

static void voltages(void)
{
    static const int32_t angle[] = {0, -120000, 120000};
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        struct legal_phase *phase = &puppet.instant.phase[s];
        phase->voltage_present = true;
        phase->voltage_mv = !world.displaced ? 230000 : s == 2 ? 150000 : 270000;
        phase->voltage_angle_mdeg = angle[s];
    }
}

/* What flows behind the relays as they are. */
static void flow(int64_t passed_us)
{
    uint32_t sum_w = 0;
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        const uint32_t w = ((unsigned)world.relays.closed >> s & 1u) != 0 ? world.power_w : 0;
        puppet.instant.phase[s].current_ma = w * MA_PER_W;
        sum_w += w;
    }
    puppet.instant.active_plus_mw = sum_w * 1000u;
    world.uwh_rest += (uint64_t)sum_w * (uint64_t)passed_us;
    puppet.energy_uwh[LEGAL_A_PLUS] += world.uwh_rest / 3600u;
    world.uwh_rest %= 3600u;
}

/* ---- clients ---- */

static void speak(enum rights_channel channel)
{
    world.meter.rights.line[0].channel = (uint8_t)channel;
    world.meter.rights.speaker = 1;
}

static void hush(void)
{
    world.meter.rights.speaker = 0;
}

static bool set_over(enum rights_channel channel, const char *name, uint32_t number)
{
    const struct setting_value value = {number, ""};
    struct kmp_settings_reply reply = {0};
    speak(channel);
    const bool staged =
        meter_setting_stage(&world.meter, setting_by_name(name), &value) == KMP_SETTINGS_OK;
    if (staged) {
        meter_settings_commit(&world.meter, 1, &reply);
    }
    (void)meter_settings_abandon(&world.meter);
    hush();
    return staged && reply.reason == KMP_SETTINGS_OK;
}

#endif
