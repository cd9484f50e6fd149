#include "gsm_module.h"

#include <string.h>

/* Registers of the meter. */
#define ENERGY_IMPORT   1u
#define SERIAL_NUMBER   1001u
#define HOURS           1004u
#define CUSTOMER_NUMBER 1010u
#define POWER_IMPORT    1023u
#define WATT_EXPONENT   (-3) /* of a kilowatt */

#define BACK_OFF_MS     5000
#define BACK_OFF_MAX_MS 900000
#define GOOD_MS         60000 /* of connection: the next failure is the first again */
#define QUIET_MS        2000  /* octets of the server may be half a telegram: the bus is theirs */
#define BUSY_MAX_MS     30000 /* and no longer than that, though a server never stops asking */
#define ANSWER_EACH_MS  60000
#define STEP_MAX_MS     1000
#define KEEP_ALIVE      0x00u
#define SPREAD          2654435761u /* 2^32 over the golden ratio */

enum { SENDING_NOTHING, SENDING_ANSWER, SENDING_ALARM };

/* ---- the meter ---- */

/* Value in units of 10^exponent, rounded down. */
static bool scaled(const struct kmp_value *value, int exponent, int64_t *out)
{
    int have;
    if (kmp_value_number(value, out, &have) != KMP_OK) {
        return false;
    }
    for (; have > exponent && *out < INT64_MAX / 10 && *out > INT64_MIN / 10; have--) {
        *out *= 10;
    }
    for (; have < exponent; have++) {
        *out /= 10;
    }
    return have == exponent;
}

struct reading {
    int64_t energy_kwh, power_w, hours, number;
};

static bool read_meter(const struct gsm_module *m, struct reading *out)
{
    static const struct {
        uint16_t id;
        int8_t exponent;
    } wanted[] = {{ENERGY_IMPORT, 0},
                  {POWER_IMPORT, WATT_EXPONENT},
                  {HOURS, 0},
                  {CUSTOMER_NUMBER, 0},
                  {SERIAL_NUMBER, 0}};
    enum { WANTED = sizeof wanted / sizeof wanted[0] };
    struct kmp_value values[KMP_REGISTERS_MAX];
    uint16_t ids[WANTED];
    int64_t number[WANTED] = {0};
    for (size_t k = 0; k < WANTED; k++) {
        ids[k] = wanted[k].id;
    }
    const int n = module_bus_registers(&m->bus, ids, WANTED, values);
    for (int i = 0; i < n; i++) {
        for (size_t k = 0; k < WANTED; k++) {
            if (values[i].id == wanted[k].id &&
                !scaled(&values[i], wanted[k].exponent, &number[k])) {
                return false;
            }
        }
    }
    *out = (struct reading){number[0], number[1], number[2], number[3] > 0 ? number[3] : number[4]};
    return n > 0;
}

uint32_t gsm_meter_number(const struct gsm_module *m)
{
    struct reading reading;
    return read_meter(m, &reading) ? (uint32_t)reading.number : 0;
}

/* ---- SMS commands ---- */

static const char *const commands[GSM_COMMANDS][2] = {
    [GSM_READ_METER] = {"=READ_METER#", "=read_meter#"},
    [GSM_SIGNAL] = {"=SIGNAL#", "=signal#"},
    [GSM_IO_STATUS] = {"=IOSTATUS#", "=iostatus#"},
};

enum gsm_command gsm_command_of(const char *text)
{
    for (unsigned i = 0; i < GSM_COMMANDS; i++) {
        if (strcmp(text, commands[i][0]) == 0 || strcmp(text, commands[i][1]) == 0) {
            return (enum gsm_command)i;
        }
    }
    return GSM_COMMANDS;
}

static bool put_reading(const struct gsm_module *m, struct writer *w)
{
    struct reading r;
    if (!read_meter(m, &r)) {
        return false;
    }
    writer_decimal(w, (uint64_t)(r.energy_kwh > 0 ? r.energy_kwh : 0), 1);
    writer_text(w, " kWh,\n");
    writer_decimal(w, (uint64_t)(r.power_w > 0 ? r.power_w : 0), 1);
    writer_text(w, " W,\n");
    writer_decimal(w, (uint64_t)(r.hours > 0 ? r.hours : 0), 1);
    writer_text(w, " Hours,\nMeter No.: ");
    writer_decimal(w, (uint64_t)r.number, 1);
    return true;
}

static bool put_signal(const struct gsm_module *m, struct writer *w)
{
    writer_text(w, "Signal: ");
    writer_decimal(w, m->modem.signal, 1);
    writer_text(w, "(0-31)");
    return m->modem.signal != AT_SIGNAL_NONE;
}

static bool put_io(const struct gsm_module *m, struct writer *w)
{
    writer_text(w, "Relay1: ");
    writer_decimal(w, m->relay[0], 1);
    writer_text(w, " Relay2: ");
    writer_decimal(w, m->relay[1], 1);
    writer_text(w, "\nInput1: ");
    writer_decimal(w, m->input[0], 1);
    writer_text(w, " Input2: ");
    writer_decimal(w, m->input[1], 1);
    return true;
}

/* @return false: no answer, as after any error */
static bool compose(const struct gsm_module *m, uint8_t command, char text[SMS_TEXT_SIZE])
{
    static bool (*const put[GSM_COMMANDS])(const struct gsm_module *, struct writer *) = {
        [GSM_READ_METER] = put_reading, [GSM_SIGNAL] = put_signal, [GSM_IO_STATUS] = put_io};
    struct writer w = writer_over(text, SMS_SEPTETS_MAX);
    const bool good = put[command](m, &w) && !w.failed;
    text[writer_length(&w)] = '\0';
    return good;
}

static void on_sms(void *context, const struct sms *sms)
{
    struct gsm_module *m = context;
    const enum gsm_command command = gsm_command_of(sms->text);
    if (!sms->readable || sms->part || command == GSM_COMMANDS ||
        !gsm_setup_allows(&m->setup, sms->number) || m->n_answers == GSM_ANSWERS_MAX ||
        m->answers_left == 0) {
        return;
    }
    m->answers_left--;
    struct gsm_answer *answer = &m->answer[m->n_answers++];
    memcpy(answer->number, sms->number, sizeof answer->number);
    answer->command = (uint8_t)command;
}

static void answer_done(struct gsm_module *m)
{
    m->n_answers--;
    memmove(&m->answer[0], &m->answer[1], m->n_answers * sizeof m->answer[0]);
}

/* Answers first: somebody waits for them.  What cannot be composed or sent is left out. */
static void send_next(struct gsm_module *m)
{
    char text[SMS_TEXT_SIZE];
    const char *number;
    if (m->n_answers > 0) {
        if (!compose(m, m->answer[0].command, text) ||
            at_modem_sms(&m->modem, m->answer[0].number, text) != SMS_OK) {
            answer_done(m);
        } else {
            m->sending = SENDING_ANSWER;
        }
    } else if (gsm_alarm_next(m, &number, text)) {
        if (number[0] == '\0' || sms_septets(text) < 0) {
            gsm_alarm_sent(m, true); /* that receiver is there no more */
        } else if (at_modem_sms(&m->modem, number, text) == SMS_OK) {
            m->sending = SENDING_ALARM;
        }
    }
}

static void messages(struct gsm_module *m, bool bus_free)
{
    const uint8_t sent = m->modem.sent;
    if (m->now_ms - m->answers_ms >= ANSWER_EACH_MS) {
        m->answers_ms = m->now_ms;
        m->answers_left = (uint8_t)(m->answers_left + (m->answers_left < GSM_ANSWERS_BURST));
    }
    if (m->sending != SENDING_NOTHING && sent != AT_SENT_WAITING) {
        if (m->sending == SENDING_ANSWER) {
            answer_done(m);
        } else {
            gsm_alarm_sent(m, sent == AT_SENT_DONE);
        }
        m->sending = SENDING_NOTHING;
    }
    if (m->sending == SENDING_NOTHING && m->modem.state == AT_READY && bus_free) {
        send_next(m);
    }
}

/* ---- the connection ---- */

/* A quarter more or less, so that a thousand meters do not come at once after a failure; their
 * numbers tell them apart, also when all have started at the same moment. */
static int64_t jitter(struct gsm_module *m, int64_t pause_ms)
{
    if (m->failures == 0) {
        m->chance = (m->chance ^ gsm_meter_number(m) * SPREAD) | 1u;
    }
    m->chance ^= m->chance << 13;
    m->chance ^= m->chance >> 17;
    m->chance ^= m->chance << 5;
    return pause_ms * 3 / 4 + (int64_t)(m->chance % (uint32_t)(pause_ms / 2));
}

/* @return false: there is no way for what this server speaks */
static bool choose_channel(struct gsm_module *m, uint8_t first)
{
    m->channel = first == 0 ? GSM_CHANNEL_WRAPPER : GSM_CHANNEL_LINE;
    return m->channel == GSM_CHANNEL_LINE ||
           (m->way.channel != NULL && m->way.channel(m->way.context, m->channel, true));
}

static void on_data(void *context, const uint8_t *octets, size_t n_octets)
{
    struct gsm_module *m = context;
    m->heard_ms = m->now_ms;
    if ((m->channel == GSM_CHANNEL_NONE && !choose_channel(m, octets[0])) ||
        !m->way.to_meter(m->way.context, m->channel, octets, n_octets)) {
        at_modem_close(&m->modem);
    }
}

/* Half an answer is worse than none. */
void gsm_module_heard(struct gsm_module *m, unsigned channel, const uint8_t *octets,
                      size_t n_octets, int64_t now_ms)
{
    m->now_ms = now_ms;
    if (m->modem.link == AT_LINK_UP && channel == m->channel) {
        m->said_ms = now_ms;
        if (!at_modem_send(&m->modem, octets, n_octets)) {
            at_modem_close(&m->modem);
        }
    }
}

void gsm_module_channel_closed(struct gsm_module *m, unsigned channel)
{
    if (m->channel == channel && channel == GSM_CHANNEL_WRAPPER) {
        at_modem_close(&m->modem);
    }
}

static void release_channel(struct gsm_module *m)
{
    if (m->channel == GSM_CHANNEL_WRAPPER) {
        (void)m->way.channel(m->way.context, m->channel, false);
    }
    m->channel = GSM_CHANNEL_NONE;
}

static void connected(struct gsm_module *m)
{
    char text[48];
    struct writer w = writer_over(text, sizeof text);
    m->up_ms = m->heard_ms = m->said_ms = m->now_ms;
    if (m->setup.hello) {
        writer_text(&w, "open382 ");
        writer_decimal(&w, gsm_meter_number(m), 1);
        writer_text(&w, "\r\n");
        (void)at_modem_send(&m->modem, (const uint8_t *)text, writer_length(&w));
    }
}

static void failed(struct gsm_module *m)
{
    int64_t pause_ms = BACK_OFF_MS;
    if (m->up_ms != 0 && m->now_ms - m->up_ms >= GOOD_MS) {
        m->failures = 0;
    }
    for (unsigned i = 0; i < m->failures && pause_ms < BACK_OFF_MAX_MS; i++) {
        pause_ms *= 2;
    }
    release_channel(m);
    m->up_ms = 0;
    m->connect_ms = m->now_ms + jitter(m, pause_ms < BACK_OFF_MAX_MS ? pause_ms : BACK_OFF_MAX_MS);
    m->failures = (uint8_t)(m->failures + (m->failures < UINT8_MAX ? 1u : 0u));
}

static bool longer(const struct gsm_module *m, int64_t since_ms, uint16_t seconds)
{
    return seconds != 0 && m->now_ms - since_ms >= (int64_t)seconds * 1000;
}

static void keep_up(struct gsm_module *m)
{
    const uint8_t nothing = KEEP_ALIVE;
    if (longer(m, m->heard_ms, m->setup.watchdog_s)) {
        at_modem_close(&m->modem);
    } else if (m->channel != GSM_CHANNEL_WRAPPER &&
               longer(m, m->said_ms > m->heard_ms ? m->said_ms : m->heard_ms,
                      m->setup.keep_alive_s)) {
        m->said_ms = m->now_ms;
        (void)at_modem_send(&m->modem, &nothing, 1);
    }
}

/* connect_ms INT64_MAX: a try is under way, or the connection stands. */
static void connection(struct gsm_module *m)
{
    if (m->modem.link == AT_LINK_UP) {
        if (m->up_ms == 0) {
            connected(m);
        }
        keep_up(m);
    } else if (m->modem.link == AT_LINK_DOWN && m->connect_ms == INT64_MAX) {
        failed(m);
    } else if (m->modem.link == AT_LINK_DOWN && m->setup.host[0] != '\0' &&
               m->now_ms >= m->connect_ms &&
               at_modem_connect(&m->modem, m->setup.host, m->setup.port)) {
        m->connect_ms = INT64_MAX;
    }
}

/* ---- the module ---- */

static bool on_pin(void *context, uint8_t tried, bool refused)
{
    struct gsm_module *m = context;
    struct gsm_notes notes = m->notes;
    notes.pin_tried = tried;
    notes.pin_refused = refused;
    if (!gsm_memory_notes(&m->memory, &notes)) {
        return false;
    }
    m->notes = notes;
    return true;
}

static void on_reset(void *context)
{
    struct gsm_module *m = context;
    m->pull_reset = true;
    m->reset_count++;
}

static void bring_up(struct gsm_module *m)
{
    const struct at_owner owner = {
        .context = m, .sms = on_sms, .data = on_data, .pin_note = on_pin, .reset = on_reset};
    at_modem_init(&m->modem, &m->setup.modem, &owner, m->notes.pin_tried, m->notes.pin_refused,
                  m->now_ms);
    m->sending = SENDING_NOTHING;
    m->n_answers = 0;
    m->connect_ms = m->now_ms;
    m->up_ms = 0;
    m->failures = 0;
    release_channel(m);
}

void gsm_module_start(struct gsm_module *m, const struct gsm_bus *bus,
                      const struct module_memory *store, uint32_t chance, int64_t now_ms)
{
    memset(m, 0, sizeof *m);
    m->way = *bus;
    m->bus = bus->kmp;
    m->channel = GSM_CHANNEL_NONE;
    m->chance = chance | 1u;
    m->now_ms = m->answers_ms = m->hour_ms = m->asked_bus_ms = now_ms;
    m->answers_left = GSM_ANSWERS_BURST;
    gsm_memory_load(&m->memory, store, &m->setup, &m->notes);
    bring_up(m);
}

bool gsm_module_set_up(struct gsm_module *m, const char *text, char separator, const char **why,
                       const char **bad, size_t *n_bad)
{
    struct gsm_setup made = m->setup;
    if (!gsm_setup_take(&made, text, separator, why, bad, n_bad)) {
        return false;
    }
    const bool new_pin = strcmp(made.modem.pin, m->setup.modem.pin) != 0;
    if (memcmp(&made, &m->setup, sizeof made) == 0) {
        return true;
    }
    *why = "memory";
    *n_bad = 0;
    /* The notes first: a cut between the two may give the old PIN another try, not the new one
     * none. */
    if (new_pin && !on_pin(m, 0, false)) {
        return false;
    }
    if (!gsm_memory_setup(&m->memory, &made)) {
        return false;
    }
    m->setup = made;
    bring_up(m);
    return true;
}

void gsm_module_octets(struct gsm_module *m, const uint8_t *octets, size_t n_octets, int64_t now_ms)
{
    m->now_ms = now_ms;
    at_modem_octets(&m->modem, octets, n_octets, now_ms);
}

size_t gsm_module_take(struct gsm_module *m, uint8_t *octets, size_t capacity)
{
    return at_modem_take(&m->modem, octets, capacity);
}

/* The module's own requests go between those of the server, not into one of them. */
static bool may_ask(struct gsm_module *m, int64_t now_ms)
{
    const bool quiet = m->modem.link != AT_LINK_UP || now_ms - m->heard_ms >= QUIET_MS;
    if (!quiet && now_ms - m->asked_bus_ms < BUSY_MAX_MS) {
        return false;
    }
    m->asked_bus_ms = now_ms;
    return true;
}

int64_t gsm_module_step(struct gsm_module *m, int64_t now_ms)
{
    const bool bus_free = may_ask(m, now_ms);
    int64_t wake_ms = now_ms + STEP_MAX_MS;
    m->now_ms = now_ms;
    if (bus_free) {
        const int64_t alarm_ms = gsm_alarm_step(m);
        wake_ms = alarm_ms < wake_ms ? alarm_ms : wake_ms;
    }
    messages(m, bus_free);
    connection(m);
    const int64_t modem_ms = at_modem_step(&m->modem, now_ms);
    return modem_ms < wake_ms ? modem_ms : wake_ms;
}
