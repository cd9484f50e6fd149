/*
 * Breaker, Smart Disconnect, release, button, prepayment, neutral and load control in a whole
 * meter, under random orders over all connections, loads, payments, tokens, settings, clocks,
 * faults of relays, and power cuts at any write, beside the model in interplay_model.h.
 *
 * Held at every step: it never closes without permission, never stays open after it should be
 * closed nor closed after it should be open, never acts twice on one order, credit is conserved to
 * the microwatt-hour, and each operation and payment has one record.
 *
 * A test is many lives of a few hundred events, each drawn by its place in its life alone.  What
 * breaks a promise is made short by leaving out events that do not matter, and told in words.
 * OPEN382_SEED=N chooses other lives, OPEN382_LIFE=N runs the one of that number alone,
 * OPEN382_LONG=50 makes it fifty times as many.
 */
#include "interplay_model.h"

#include "app/breaker/breaker_cosem.h"
#include "app/cosem/cosem_inside.h"

#define LIVES  700u
#define EVENTS 160u

static void tell(const char *what, long long number)
{
    if (world.told) {
        printf("  %10.1f s  %s %lld\n", (double)world.now_us / 1e6, what, number);
    }
}

/* ---- cuts ---- */

static bool switching; /* prepayment, on or off */

/* Nothing passes between a cut and the start: what a record is about stays as it was. */
static void restart_after_cut(void)
{
    uint64_t *total_uwh = &puppet.energy_uwh[LEGAL_A_PLUS];
    tell("-- power was cut; writes so far", toy.writes);
    world.cuts++;
    model.decided_uwh = model.left_uwh;
    if (!switching) { /* the account begins with the one total or the other: both are right */
        const unsigned steps = draw(3);
        *total_uwh -= steps * draw(LOSS_UWH / 3);
    }
    account_follow();
    memset(model.most_us, 0, sizeof model.most_us);
    model.opened_us = 0;
    model.starts++;
    model.decided_us = 0;
    model.recovered = true;
    model.order = model.order == 0 && asked(4) ? 4 : model.order;
    power_up();
    read_log();
    model.recovered = false;
    model.order = 0;
    model_start();
}

static void pause(bool orderly)
{
    if (orderly) {
        claim(meter_store(&world.meter) == METER_OK || toy.dead, "it stops in good order");
    } else { /* the process goes on */
        puppet.supply = LEGAL_SUPPLY_OFF;
        meter_bus_receive(&world.meter, NULL, 0, world.now_us);
        (void)meter_step(&world.meter, world.now_us);
        read_log();
    }
    relays_stop(&world.relays);
    if (toy.dead) {
        restart_after_cut();
        return;
    }
    const int64_t outage_us = (int64_t)draw(draw(3) == 0 ? 100000 : 60) * SECOND;
    world.now_us += world.now_us + world.rtc_us + outage_us < RTC_MOST * SECOND ? outage_us : 0;
    model_start();
    model.starts++;
    model.decided_us = 0;
    if (orderly) {
        power_up();
        return;
    }
    toy.loads = 0;
    puppet.supply = LEGAL_SUPPLY_ON;
    meter_bus_receive(&world.meter, NULL, 0, world.now_us);
    world.wake_us = meter_step(&world.meter, world.now_us);
}

/* ---- time ---- */

static void button_follow(void)
{
    if (world.button_until_us == INT64_MAX || world.now_us < world.button_until_us) {
        return;
    }
    meter_input(&world.meter, METER_INPUT_BUTTON_LEFT, false, world.now_us);
    world.button_until_us = INT64_MAX;
    if (world.again) {
        world.again = false;
        world.now_us += SECOND / 10;
        meter_input(&world.meter, METER_INPUT_BUTTON_LEFT, true, world.now_us);
        world.button_from_us = world.now_us;
        world.button_until_us = world.now_us + 7 * SECOND;
    }
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void window(void)
{
    const int64_t whole_us = world.now_us + SECOND / (draw(4) == 0 ? 5 : 1);
    const int64_t wake_us = world.wake_us > world.now_us ? world.wake_us : world.now_us + 1000;
    int64_t next_us = sooner(sooner(whole_us, wake_us), world.button_until_us);
    next_us = next_us > world.now_us ? next_us : world.now_us + 1000;
    const int64_t passed_us = next_us - world.now_us;
    flow(passed_us);
    puppet.operating_s += (uint64_t)(next_us / SECOND - world.now_us / SECOND);
    account_follow();
    world.now_us = next_us;
    model_time(passed_us);
    (void)relays_run(&world.relays, world.now_us);
    flow(0);
    button_follow();
    if (!toy.dead && (next_us == whole_us || draw(3) == 0)) {
        meter_bus_receive(&world.meter, NULL, 0, world.now_us);
    }
    if (!toy.dead) {
        world.wake_us = meter_step(&world.meter, world.now_us);
    }
    if (toy.dead) {
        restart_after_cut();
    }
    model_check();
    world.windows++;
}

/* ---- events ---- */

static void orders(void)
{
    static const char *const name[] = {"", "disconnect", "release", "reconnect"};
    const enum rights_channel channel = draw(6) == 0   ? CHANNEL_CONSUMER
                                        : draw(2) != 0 ? CHANNEL_OPTICAL
                                                       : CHANNEL_MODULE;
    const bool rights =
        channel != CHANNEL_CONSUMER && (channel != CHANNEL_OPTICAL || model.set[TOOL] != 0);
    const uint32_t n_log = event_log_newest(&world.meter.logs, EVENT_LOG_DISCONNECT);
    const uint8_t before = model.state;
    uint8_t command = (uint8_t)(1 + draw(3));
    bool done = false;
    const bool by_class = draw(4) == 0;
    if (by_class && command == 2) {
        command = 3;
    }
    tell(by_class ? "class 70: method" : name[command], channel);
    if (by_class && command == 3) { /* what it asks for then */
        command = closed_state(before) ? 0 : before == 8 ? 3 : 2;
        const uint8_t state = breaker_control_of(&world.meter.breaker).control_state;
        command = state == BREAKER_CONTROL_READY ? 3 : command;
    }
    model.order = rights ? command : 0;
    model.order_channel = (uint8_t)channel;
    speak(channel);
    done = by_class ? cosem_breaker_remote(&world.meter, command != 1) == DLMS_RESULT_SUCCESS
                    : meter_breaker_command(&world.meter, command) == BREAKER_DONE;
    hush();
    if (toy.dead) {
        restart_after_cut();
        return;
    }
    read_log();
    const uint32_t n = event_log_newest(&world.meter.logs, EVENT_LOG_DISCONNECT) - n_log;
    const bool nothing = !done || command == 0 || (before == 1 && command == 1);
    claim(n == (nothing ? 0u : 1u), "an order that is answered has one record, else none");
    claim(!done || rights || command == 0, "nobody orders without the right to");
    claim(command != 1 || !rights || done, "an order to open is never refused");
    model.order = 0;
}

static void presses(void)
{
    const unsigned kind = draw(4); /* short; long; short, then long; nearly long enough */
    const int64_t held_ms = kind == 1 ? 7000 : kind == 3 ? 5700 : 300;
    if (world.button_until_us != INT64_MAX) {
        return;
    }
    tell("button, ms", held_ms);
    meter_input(&world.meter, METER_INPUT_BUTTON_LEFT, true, world.now_us);
    world.button_from_us = world.now_us;
    world.button_until_us = world.now_us + held_ms * 1000;
    world.again = kind == 2;
}

/* ---- payments: each is asked for again when a cut has swallowed the answer ---- */

static enum prepay_err pay(unsigned way, uint32_t number, int64_t amount_uwh, const char *digits,
                           enum rights_channel channel)
{
    speak(channel);
    const enum prepay_err err = way == 0 ? meter_prepay_load(&world.meter, number, amount_uwh)
                                : way == 1
                                    ? meter_prepay_token(&world.meter, digits, strlen(digits), NULL)
                                    : meter_prepay_set(&world.meter, amount_uwh);
    hush();
    return err;
}

static void loads_credit(void)
{
    const enum rights_channel channel = draw(5) == 0 ? CHANNEL_OPTICAL : CHANNEL_MODULE;
    const int64_t amount_uwh = 1 + draw(draw(2) != 0 ? 60000000 : 2000000);
    const uint32_t number = model.number + (draw(6) == 0 ? 2 : 1);
    tell("load of credit, uWh", amount_uwh);
    enum prepay_err err = pay(0, number, amount_uwh, NULL, channel);
    const bool good = number == model.number + 1 && channel == CHANNEL_MODULE;
    if (toy.dead) {
        restart_after_cut();
        err = pay(0, number, amount_uwh, NULL, channel);
    }
    claim((err == PREPAY_OK) == good, "a load with the right number over the right port is taken");
    if (err != PREPAY_OK) {
        return;
    }
    model.number = number;
    model.booked_uwh += amount_uwh;
    account_booked(model.left_uwh + amount_uwh);
    claim(pay(0, number, amount_uwh, NULL, channel) == PREPAY_OK, "asked again, it says so again");
}

static uint8_t token_key[TOKEN_KEY_BYTES] = {0x60, 0x22, 0x2B, 0x40, 0x57, 0xC3, 0xE5, 0x09,
                                             0x25, 0xF8, 0x50, 0x94, 0x9B, 0x1A, 0x21, 0x0D};
static uint32_t next_token;

static void enters_token(void)
{
    static const struct token wrong_class = {0};
    struct token token = wrong_class;
    uint8_t bits[TOKEN_BYTES];
    char digits[TOKEN_DIGITS + 1u];
    token.id = ++next_token;
    token.amount = 1 + draw(3); /* 100 to 300 Wh */
    claim(token_open382.seal(&world.crypto, token_key, &token, bits) == TOKEN_OK,
          "a token is made");
    token_text(bits, digits);
    tell("token, 0.1 kWh", token.amount);
    const enum rights_channel channel = (enum rights_channel)draw(3);
    enum prepay_err err = pay(1, 0, 0, digits, channel);
    if (toy.dead) {
        restart_after_cut();
        err = pay(1, 0, 0, digits, channel);
        err = err == PREPAY_ERR_USED ? PREPAY_OK : err;
    }
    claim((err == PREPAY_OK) == model.on, "a right token is taken while it is on");
    if (err == PREPAY_OK) {
        model.booked_uwh += token.amount * TOKEN_UNIT_UWH;
        account_booked(model.left_uwh + token.amount * TOKEN_UNIT_UWH);
        claim(pay(1, 0, 0, digits, channel) == PREPAY_ERR_USED, "no token counts twice");
    }
}

static void sets_credit(void)
{
    const int64_t credit_uwh = draw(30000000);
    const int64_t before_uwh = model.left_uwh;
    const int64_t after_uwh = credit_uwh + (before_uwh < 0 ? before_uwh : 0);
    tell("credit set to, uWh", credit_uwh);
    const enum prepay_err err = pay(2, 0, credit_uwh, NULL, CHANNEL_MODULE);
    const int64_t moved_uwh = after_uwh - before_uwh;
    if (!toy.dead) {
        claim(err == PREPAY_OK, "the register can be set");
        account_booked(after_uwh);
        return;
    }
    restart_after_cut();
    if (meter_prepay_left_uwh(&world.meter) == model.left_uwh + moved_uwh) {
        account_booked(model.left_uwh + moved_uwh);
    }
}

/* ---- settings ---- */

static void took(enum setting_name name, uint32_t number)
{
    model.set[name] = number;
    const int64_t wait_us = (int64_t)model.set[WAIT] * SECOND;
    model.most_wait_us = wait_us > model.most_wait_us ? wait_us : model.most_wait_us;
    if (name == BASIS) {
        account_switch((number & 2u) != 0);
    }
    model.quiet_us = 0;
    model.held_us = 0;
    model.opened_us = 0;
    memset(model.most_us, 0, sizeof model.most_us);
}

static void sets(enum setting_name name, uint32_t number)
{
    tell(setting_names[name], number);
    const bool taken = set_over(CHANNEL_MODULE, setting_names[name], number);
    if (toy.dead) {
        switching = name == BASIS;
        restart_after_cut();
        switching = false;
        const enum setting_id id = setting_by_name(setting_names[name])->id;
        const uint32_t now = settings_number(&world.meter.settings, id);
        claim(now == number || now == model.set[name], "a setting is the old one or the new one");
        took(name, now);
        model_start();
    } else if (taken) {
        took(name, number);
    }
}

static uint32_t value_for(enum setting_name name)
{
    switch (name) {
    case BASIS: return draw(64);
    case LIMIT: return draw(4) == 0 ? 0 : 5 + draw(40);
    case LOW_LIMIT: return draw(3) == 0 ? 0 : 2 + draw(20);
    case SHORT_A: return draw(3) == 0 ? 0 : 60 + draw(60);
    case K1: return 10 + draw(15);
    case K2: return 8 + draw(8);
    case K3: return 5 + draw(6);
    case T1: return draw(12);
    case T2: return draw(20);
    case T3: return draw(40);
    case WAIT: return draw(30);
    case RETRIES: return draw(4) == 0 ? 255 : draw(4);
    case LOW_DAYS: return draw(4);
    case DAYS: return draw(128);
    case FREE_FROM:
    case FREE_TO: return draw(1440);
    default: return draw(2); /* coupling, button, tool */
    }
}

/* ---- load control ---- */

static void set_load(unsigned i, unsigned offset, uint32_t number)
{
    static const uint16_t first[] = {1226, 1229};
    claim(meter_load_write(&world.meter, (uint16_t)(first[i] + offset), number) == LOAD_DONE ||
              toy.dead,
          "load control takes its registers");
}

/* After a cut the meter says which of the two it is. */
static void load_recover(void)
{
    restart_after_cut();
    for (unsigned i = 0; i < 2; i++) {
        const struct load_relay *it = &world.meter.load.kept.relay[i];
        model.relay[i].mode = it->mode;
        model.relay[i].tariffs = it->tariffs;
        model.relay[i].commanded = it->commanded;
        const struct load_switch *first = &it->plan.at[0];
        const uint16_t on = it->plan.at[first->active ? 0 : 1].minute;
        model.relay[i].from_min = it->plan.n == 0 ? 0 : on;
        model.relay[i].to_min = it->plan.n == 0 ? 0 : it->plan.at[first->active ? 1 : 0].minute;
    }
    model.delay_s = LOAD_DELAY_S; /* an old one may go on */
}

/* The same every day, from the one minute to the other. */
static void plans_day(unsigned i)
{
    const uint16_t from = (uint16_t)draw(1440), to = (uint16_t)draw(1440);
    struct load_plan plan = {
        2, {{0x7F, from < to ? from : to, from < to}, {0x7F, from < to ? to : from, from > to}}};
    if (from != to) {
        claim(meter_load_plan(&world.meter, (uint8_t)i, &plan) == LOAD_DONE || toy.dead,
              "load control takes a table");
        model.relay[i].from_min = from;
        model.relay[i].to_min = to;
    }
}

static void loads(void)
{
    const unsigned i = draw(2), what = draw(6);
    tell("load control", 10 * i + what);
    if (what == 0) {
        const uint8_t mode = (uint8_t)draw(LOAD_MODES);
        if (mode != model.relay[i].mode) { /* commands begin where it is */
            model.relay[i].commanded = world.meter.load.kept.relay[i].active;
        }
        set_load(i, 1, mode);
        model.relay[i].mode = mode;
        model.relay[i].wanted_us = 0;
    } else if (what == 1) {
        model.relay[i].tariffs = (uint8_t)draw(256);
        set_load(i, 2, model.relay[i].tariffs);
    } else if (what == 2) {
        const uint16_t delay_s = (uint16_t)draw(60), before_s = model.delay_s;
        const bool runs =
            (load_wanted(0) && (toy.loads & 1u) == 0) || (load_wanted(1) && (toy.loads & 2u) == 0);
        claim(meter_load_write(&world.meter, 1232, delay_s) == LOAD_DONE || toy.dead,
              "load control takes its delay");
        model.delay_s = runs && before_s > delay_s ? before_s : delay_s; /* the old one goes on */
    } else if (what == 3) {
        plans_day(i);
    } else if (model.relay[i].mode == LOAD_COMMAND) {
        model.relay[i].commanded = draw(2) != 0;
        set_load(i, 0, model.relay[i].commanded);
    }
    if (toy.dead) {
        load_recover();
    }
    model.relay[i].wanted_us = 0;
    world.wake_us = world.now_us; /* the next step carries it out */
}

/* ---- the world ---- */

static void relay_faults(void)
{
    struct relays *r = &world.relays;
    const unsigned kind = draw(4);
    tell("fault of the relays", kind);
    r->stuck = (uint8_t)(kind == 0 ? draw(8) : 0);
    r->silent = kind == 1 && draw(2) == 0;
    for (unsigned k = 0; k < 3; k++) {
        r->travel_us[k] = kind == 2 ? (int64_t)draw(5) * SECOND : RELAYS_TRAVEL_US;
    }
    r->closed ^= (uint8_t)(kind == 3 && draw(2) == 0 ? draw(8) : 0); /* unasked */
    model.faulty = true;
    model.quiet_us = 0;
    model.opened_us = 0;
}

static void sets_clock(void)
{
    const int64_t now_s = (world.now_us + world.rtc_us) / SECOND;
    const int64_t step_s = (int64_t)draw(2 * 5 * 86400) - 5 * DAY_S;
    if (now_s + step_s < RTC_LEAST || now_s + step_s > RTC_MOST) {
        return;
    }
    tell("clock set, by s", step_s);
    claim(meter_clock_set(&world.meter, now_s + step_s) == METER_OK || toy.dead, "it takes a time");
    if (toy.dead) {
        restart_after_cut();
    }
    world.wake_us = world.now_us;
    model.held_us = 0;
    model.quiet_us = 0;
    model.relay[0].wanted_us = 0;
    model.relay[1].wanted_us = 0;
}

static void holidays(void)
{
    struct prepay_exceptions days = {0};
    const bool all = draw(3) == 0;
    for (uint8_t day = 0; all && day < 100; day++) { /* from 1 June on */
        const uint8_t month = (uint8_t)(day < 30 ? 6 : day < 61 ? 7 : day < 92 ? 8 : 9);
        const unsigned before = day < 30 ? 0 : day < 61 ? 30 : day < 92 ? 61 : 92;
        days.date[days.n++] = (struct prepay_date){0, month, (uint8_t)(day - before + 1)};
    }
    tell("holidays", days.n);
    speak(CHANNEL_MODULE);
    const enum prepay_err err = meter_prepay_exceptions(&world.meter, &days);
    hush();
    if (toy.dead) {
        restart_after_cut();
        speak(CHANNEL_MODULE);
        claim(meter_prepay_exceptions(&world.meter, &days) == PREPAY_OK, "days are taken");
        hush();
    } else {
        claim(err == PREPAY_OK, "days are taken");
    }
    model.holiday = all;
    model.held_us = 0;
    model.quiet_us = 0;
}

static void plans_cut(void)
{
    toy.cut_after = toy.writes + draw(draw(2) != 0 ? 4 : 40);
    toy.cut_kind = (int)draw(3);
    tell("power will be cut at write", toy.cut_after);
}

static void changes_load(void)
{
    world.power_w = draw(3) == 0 ? 0 : draw(draw(4) == 0 ? 30000 : 9000);
    tell("load in each phase, W", world.power_w);
    model.quiet_us = 0;
}

static void happens(void)
{
    switch (draw(40)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5: orders(); break;
    case 6:
    case 7:
    case 8:
    case 9: presses(); break;
    case 10:
    case 11:
    case 12: changes_load(); break;
    case 13:
    case 14: loads_credit(); break;
    case 15: enters_token(); break;
    case 16: sets_credit(); break;
    case 17:
    case 18:
    case 19: {
        const enum setting_name name = (enum setting_name)draw(SETTINGS);
        sets(name, value_for(name));
        break;
    }
    case 20:
    case 21: sets(BASIS, value_for(BASIS)); break;
    case 22:
    case 23: loads(); break;
    case 24: relay_faults(); break;
    case 25: sets_clock(); break;
    case 26: holidays(); break;
    case 27:
    case 28:
    case 29: plans_cut(); break;
    case 30:
        tell("pause", 0);
        pause(true);
        break;
    case 31:
        tell("no supply", 0);
        pause(false);
        break;
    case 32:
        toy.dead = true;
        restart_after_cut();
        break;
    case 33:
    case 34:
        world.displaced = draw(2) != 0;
        tell("star point displaced", world.displaced);
        voltages();
        break;
    case 35:
        tell("a day of operation", 0);
        puppet.operating_s += 86400;
        account_follow();
        break;
    default: break;
    }
}

/* ---- lives ---- */

static void born(uint64_t seed)
{
    static const char *const types[] = {"382MB", "382LxB", "382MB", "382LxG"};
    toys_reset();
    switching = false;
    relays_start(&world.relays, 7, 7);
    world.type = types[seed % 4u];
    world.now_us = 0;
    world.rtc_us = FIRST_UTC * SECOND;
    world.power_w = 1000;
    world.displaced = false;
    world.uwh_rest = 0;
    memset(&model, 0, sizeof model);
    memcpy(model.set, delivered, sizeof delivered);
    model.state = 4;
    model.delay_s = LOAD_DELAY_S;
    next_token = 0;
    puppet.energy_uwh[LEGAL_A_PLUS] = 1234 * KWH;
    model.total_uwh = 1234 * KWH;
    voltages();
    board_make();
    power_up();
    speak(CHANNEL_MODULE);
    claim(meter_prepay_key(&world.meter, token_key) == PREPAY_OK, "a key is taken");
    hush();
}

/* @return events until a promise was broken; 0: none was */
static unsigned live(uint64_t seed, const bool *left_out)
{
    static unsigned n;
    if (setjmp(world.leave) != 0) {
        return n + 1u;
    }
    dice = mixed(seed);
    n = 0;
    born(seed);
    for (n = 0; n < EVENTS; n++) {
        if (left_out[n]) {
            continue;
        }
        dice = mixed(seed * 1000003u + n);
        happens();
        for (unsigned k = draw(draw(4) == 0 ? 90 : 10); k > 0; k--) {
            window();
        }
    }
    return 0;
}

/* Leave out what does not matter: halves, quarters, single events. */
static void shorten(uint64_t seed, unsigned n_events)
{
    static bool left_out[EVENTS];
    memset(left_out, 0, sizeof left_out);
    for (unsigned i = n_events; i < EVENTS; i++) {
        left_out[i] = true;
    }
    for (unsigned size = n_events / 2u; size > 0; size /= 2u) {
        for (unsigned from = 0; from < n_events; from += size) {
            bool tried[EVENTS];
            memcpy(tried, left_out, sizeof tried);
            for (unsigned i = from; i < from + size && i < n_events; i++) {
                tried[i] = true;
            }
            if (live(seed, tried) != 0) {
                memcpy(left_out, tried, sizeof tried);
            }
        }
    }
    world.told = true;
    printf("the shortest life that breaks it, %s:\n", world.type);
    (void)live(seed, left_out);
    printf("  %10.1f s  BROKEN: %s\n", (double)world.now_us / 1e6, world.why);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void promises_hold_whatever_happens(void **state)
{
    static const bool nothing[EVENTS];
    (void)state;
    const uint64_t seed = number_of("OPEN382_SEED", 20261129u);
    const uint64_t n_lives = number_of("OPEN382_LONG", 1) * LIVES;
    const uint64_t only = number_of("OPEN382_LIFE", UINT64_MAX);
    printf("test_interplay: OPEN382_SEED=%llu\n", (unsigned long long)seed);
    for (uint64_t life = only != UINT64_MAX ? only : 0; life < n_lives; life++) {
        const uint64_t own = seed * UINT64_C(1000000) + life;
        const unsigned broken = live(own, nothing);
        if (broken != 0) {
            printf("OPEN382_SEED=%llu OPEN382_LIFE=%llu, event %u: %s\n", (unsigned long long)seed,
                   (unsigned long long)life, broken, world.why);
            shorten(own, broken);
            fail();
        }
        if (only != UINT64_MAX) {
            return;
        }
    }
    printf("%llu lives, %llu windows, %u cuts, %u movements, %u payments; causes",
           (unsigned long long)n_lives, (unsigned long long)world.windows, world.cuts, tally.moved,
           tally.bookings);
    for (unsigned cause = 1; cause < CAUSES; cause++) {
        printf(" %u", tally.seen[cause]);
    }
    printf("\n");
    for (unsigned cause = 1; cause <= BREAKER_EVENT_LOW_TRIP; cause++) {
        assert_true(tally.seen[cause] > 0 || cause == BREAKER_EVENT_OVER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(promises_hold_whatever_happens)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
