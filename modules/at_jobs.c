#include "at_inside.h"

#include <string.h>

#define SHORT_MS      5000
#define SYNC_MS       1000
#define SIM_MS        20000
#define SMS_MS        10000
#define PROMPT_MS     15000
#define REPEAT_MS     1000  /* after a refusal while the SIM wakes up */
#define SIM_AGAIN_MS  60000 /* people may have changed it */
#define SEARCH_MS     5000
#define REGISTERED_MS 60000
#define SIGNAL_MS     30000
#define LIST_MS       600000 /* a notice may have been lost */
#define NO_NETWORK_MS 900000 /* then the modem starts anew */
#define TRIES_MAX     10u
#define PIN_TRIES_MAX 2u
#define RESETS_SLOW   5u

enum { ASKED_REGISTRATION, ASKED_GPRS, ASKED_SIGNAL };

/* Codes of +CME ERROR. */
#define SIM_BUSY       14
#define WRONG_PASSWORD 16

/* ---- bringing up ---- */

static enum at_job next_job(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)code;
    m->tries++;
    if (result == AT_DONE || (result == AT_REFUSED && m->tries >= TRIES_MAX)) {
        const bool go_on = result == AT_DONE || at_rows[m->job].optional;
        m->tries = 0;
        if (go_on) {
            return (enum at_job)(m->job + 1);
        }
        at_restart(m, true);
        return AT_SYNC;
    }
    m->due_ms = m->now_ms + REPEAT_MS;
    return (enum at_job)m->job;
}

/* Silence is no news while it boots; then the reset line helps, first often, then each minute. */
static enum at_job end_sync(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)code;
    if (result == AT_DONE) {
        m->tries = 0;
        m->resets = 0;
        return AT_ECHO;
    }
    if (++m->tries >= TRIES_MAX) {
        at_restart(m, true);
        m->due_ms += m->resets > RESETS_SLOW ? SIM_AGAIN_MS : 0;
        m->tries = 0;
    }
    return AT_SYNC;
}

static enum at_job end_resync(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)code;
    if (result == AT_DONE) {
        return (enum at_job)m->after;
    }
    at_restart(m, true);
    return AT_SYNC;
}

/* ---- PIN ---- */

static void pin_note(struct at_modem *m, uint8_t tried, bool refused)
{
    if ((m->pin_tried != tried || m->pin_refused != refused) &&
        m->owner.pin_note(m->owner.context, tried, refused)) {
        m->pin_tried = tried;
        m->pin_refused = refused;
    }
}

/* The line decides; it is kept in state until OK comes. */
static void line_pin(struct at_modem *m, const char *line)
{
    static const char word[] = "+CPIN: ";
    if (!at_line_begins(line, word)) {
        return;
    }
    line += sizeof word - 1;
    if (strcmp(line, "READY") == 0 || strcmp(line, "SIM PIN2") == 0) {
        m->state = AT_SEARCHING;
    } else if (strcmp(line, "SIM PIN") == 0) {
        m->state = m->setup->pin[0] == '\0' ? AT_PIN_MISSING : AT_PIN_REFUSED;
    } else {
        m->state = at_line_begins(line, "SIM PUK") ? AT_PUK_WANTED : AT_NO_SIM;
    }
}

static enum at_job end_pin_ask(struct at_modem *m, enum at_result result, int32_t code)
{
    m->due_ms = m->now_ms + SIM_AGAIN_MS;
    if (result != AT_DONE) {
        m->state = AT_NO_SIM;
        m->due_ms =
            m->now_ms + (code == SIM_BUSY || ++m->tries < TRIES_MAX ? REPEAT_MS : SIM_AGAIN_MS);
        return AT_PIN_ASK;
    }
    m->tries = 0;
    if (m->state == AT_SEARCHING) {
        pin_note(m, 0, false);
        m->searching_ms = m->due_ms = m->now_ms;
        return AT_FORMAT;
    }
    if (m->state != AT_PIN_REFUSED || m->pin_refused || m->pin_given ||
        m->pin_tried >= PIN_TRIES_MAX) {
        return AT_PIN_ASK;
    }
    const uint8_t tried = (uint8_t)(m->pin_tried + 1u);
    pin_note(m, tried, false);
    if (m->pin_tried != tried) {
        return AT_PIN_ASK; /* memory fails: a PIN that is not noted is not given */
    }
    m->pin_given = true;
    m->due_ms = m->now_ms;
    return AT_PIN_GIVE;
}

static enum at_job end_pin_give(struct at_modem *m, enum at_result result, int32_t code)
{
    m->due_ms = m->now_ms + REPEAT_MS;
    if (result == AT_REFUSED && code != SIM_BUSY) {
        m->state = AT_PIN_REFUSED;
        pin_note(m, m->pin_tried, true);
    } else if (result == AT_REFUSED) {
        m->pin_given = false; /* the SIM has not looked at it; the number of tries bounds this */
    }
    return AT_PIN_ASK;
}

/* ---- network ---- */

static void network(struct at_modem *m)
{
    const bool in = m->registration == 1 || m->registration == 5;
    if (m->state >= AT_SEARCHING) {
        if (m->state == AT_READY && !in) {
            m->searching_ms = m->now_ms;
        }
        m->state = in ? AT_READY : m->registration == 3 ? AT_DENIED : AT_SEARCHING;
    }
}

/* "+CREG: 1,5" answers, "+CREG: 5" comes unasked. */
static bool registration(struct at_modem *m, const char *line)
{
    const bool gprs = at_line_begins(line, "+CGREG:");
    if (!gprs && !at_line_begins(line, "+CREG:")) {
        return false;
    }
    const char *at = strchr(line, ':') + 1;
    int32_t stat = at_line_number(&at);
    const bool asked = m->waiting && (m->job == AT_REGISTRATION || m->job == AT_GPRS);
    if (asked && at[-1] == ',') {
        stat = at_line_number(&at);
    }
    if (stat >= 0 && stat < 16) {
        *(gprs ? &m->gprs : &m->registration) = (uint8_t)stat;
        network(m);
    }
    return true;
}

static enum at_job end_idle(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)m;
    (void)result;
    (void)code;
    return AT_IDLE;
}

static enum at_job end_registration(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)result;
    (void)code;
    if (m->state != AT_READY && m->now_ms - m->searching_ms > NO_NETWORK_MS) {
        m->searching_ms = m->now_ms;
        at_restart(m, true);
        return AT_SYNC;
    }
    return AT_IDLE;
}

static void line_signal(struct at_modem *m, const char *line)
{
    if (at_line_begins(line, "+CSQ:")) {
        const char *at = line + strlen("+CSQ:");
        const int32_t signal = at_line_number(&at);
        m->signal = signal >= 0 && signal <= 31 ? (uint8_t)signal : AT_SIGNAL_NONE;
    }
}

/* ---- messages ---- */

static void line_list(struct at_modem *m, const char *line)
{
    if (at_line_begins(line, "+CMGL:")) {
        const char *at = line + strlen("+CMGL:");
        const int32_t slot = at_line_number(&at);
        if (slot >= 0) {
            at_slot_set(m, (unsigned)slot, true);
        }
    }
}

static enum at_job end_list(struct at_modem *m, enum at_result result, int32_t code)
{
    const enum at_job next = m->state == AT_READY ? AT_IDLE : next_job(m, result, code);
    m->listed_ms = m->now_ms;
    m->tries = next == AT_LIST ? m->tries : 0;
    return next == AT_LIST ? AT_LIST : AT_IDLE;
}

static void line_sms(struct at_modem *m, const char *line)
{
    uint8_t pdu[SMS_PDU_MAX];
    if (at_line_begins(line, "+CMGR:")) {
        m->told = true;
        return;
    }
    if (m->told) {
        const int n = at_line_hex(line, pdu, sizeof pdu);
        m->slot_read = n > 0 && line[2 * n] == '\0' &&
                       sms_deliver_decode(pdu, (size_t)n, &m->received) == SMS_OK;
        m->told = false;
    }
}

/* Read or not: what stands there is deleted, so that it does not come again. */
static enum at_job end_sms_read(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)code;
    at_slot_set(m, m->slot, false);
    return result == AT_DONE ? AT_SMS_DELETE : AT_IDLE;
}

static enum at_job end_sms_delete(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)code;
    if (result == AT_DONE && m->slot_read) {
        m->owner.sms(m->owner.context, &m->received);
    }
    return AT_IDLE;
}

static enum at_job end_sms_send(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)code;
    m->sent = result == AT_DONE && m->prompted ? AT_SENT_DONE : AT_SENT_FAILED;
    return AT_IDLE;
}

/* ---- connection ---- */

static const struct at_dialect *dialect(const struct at_modem *m)
{
    return &at_dialects[m->setup->dialect < AT_DIALECTS ? m->setup->dialect : 0];
}

const struct at_step *at_step_of(const struct at_modem *m)
{
    const struct at_dialect *d = dialect(m);
    switch (m->job) {
    case AT_STEP: return m->attached ? &d->open[m->step] : &d->attach[m->step];
    case AT_SEND: return &d->send;
    case AT_READ: return &d->read;
    case AT_CLOSE: return &d->close;
    default: return NULL;
    }
}

static void line_step(struct at_modem *m, const char *line)
{
    const struct at_step *step = at_step_of(m);
    const char *at = strchr(line, ':');
    if (step->kind == AT_STEP_SOCKET && at != NULL) {
        at++;
        const int32_t socket = at_line_number(&at);
        m->socket = socket >= 0 && socket < 16 ? (uint8_t)socket : 0;
    }
}

/* Behind the last step of attaching the first of opening. */
static void next_step(struct at_modem *m)
{
    const struct at_dialect *d = dialect(m);
    m->step++;
    if (!m->attached) {
        while (m->step < d->n_attach && d->attach[m->step].if_user && m->setup->user[0] == '\0') {
            m->step++;
        }
        if (m->step >= d->n_attach) {
            m->attached = true;
            m->step = 0;
        }
    } else if (m->step >= d->n_open) {
        m->link = AT_LINK_UP;
        m->n_send = 0;
        m->arrived = false;
    }
}

static enum at_job end_step(struct at_modem *m, enum at_result result, int32_t code)
{
    const bool optional = at_step_of(m)->optional;
    (void)code;
    if (m->link == AT_LINK_OPENING && (result == AT_DONE || optional)) {
        next_step(m);
    } else if (m->link == AT_LINK_OPENING || result != AT_DONE) {
        /* the context may be the reason: it is made anew the next time */
        m->attached = false;
        at_link_lost(m);
    }
    return AT_IDLE;
}

/* Not known how much of it went: the stream has a hole, it is given up. */
static enum at_job end_send(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)code;
    if (m->link == AT_LINK_UP && result == AT_DONE) {
        m->n_send = (uint16_t)(m->n_send - m->n_chunk);
        memmove(m->send, m->send + m->n_chunk, m->n_send);
    } else {
        at_modem_close(m);
    }
    return AT_IDLE;
}

static void read_hex(struct at_modem *m, const char *digits)
{
    uint8_t octets[AT_CHUNK];
    const int n = at_line_hex(digits, octets, sizeof octets);
    if (n > 0 && m->link == AT_LINK_UP) {
        m->read_some = true;
        m->owner.data(m->owner.context, octets, (size_t)n);
    }
}

static void line_read(struct at_modem *m, const char *line)
{
    const struct at_dialect *d = dialect(m);
    if (m->told) {
        m->told = false;
        read_hex(m, line);
    } else if (at_line_begins(line, d->told)) {
        const char *quote = strchr(line, '"');
        m->told = d->told_before;
        if (!m->told && quote != NULL) {
            read_hex(m, quote + 1);
        }
    }
}

/* A read that brought nothing ends them; one that was lost may have taken octets along. */
static enum at_job end_read(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)code;
    m->arrived = m->arrived || m->read_some;
    if (result != AT_DONE) {
        at_modem_close(m);
    }
    return AT_IDLE;
}

static enum at_job end_close(struct at_modem *m, enum at_result result, int32_t code)
{
    (void)code;
    m->attached = m->attached && result == AT_DONE;
    at_link_lost(m);
    return AT_IDLE;
}

/* ---- what comes unasked ---- */

static bool starts_anew(const char *line)
{
    static const char *const words[] = {"RDY", "SYSSTART", "^SYSSTART", "NORMAL POWER DOWN"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(line, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* While a step is under way its end tells; an octet that is being sent or read will have no end. */
static void connection_lost(struct at_modem *m, bool detached)
{
    if (m->waiting && m->job == AT_STEP) {
        return;
    }
    m->attached = m->attached && !detached;
    if (m->link != AT_LINK_DOWN) {
        at_link_lost(m);
    }
    if (m->waiting && (m->job == AT_SEND || m->job == AT_READ) &&
        m->due_ms > m->now_ms + REPEAT_MS) {
        m->due_ms = m->now_ms + REPEAT_MS;
    }
}

static bool of_connection(struct at_modem *m, const char *line)
{
    const struct at_dialect *d = dialect(m);
    if (at_line_begins(line, d->arrived)) {
        m->arrived = true;
        return true;
    }
    for (size_t i = 0; i < AT_LOST_MAX; i++) {
        if (d->lost[i] != NULL && at_line_begins(line, d->lost[i])) {
            connection_lost(m, at_line_begins(line, d->detached));
            return true;
        }
    }
    return false;
}

bool at_unasked(struct at_modem *m, const char *line)
{
    static const char *const ignored[] = {"RING",       "+CRING:",   "+CLIP:", "NO CARRIER",
                                          "Call Ready", "SMS Ready", "+CFUN:"};
    if (starts_anew(line) || at_line_begins(line, "+CPIN: NOT ")) {
        at_restart(m, false);
        return true;
    }
    if (at_line_begins(line, "+CMTI:")) {
        const char *at = strchr(line, ',');
        at = at != NULL ? at + 1 : "";
        const int32_t slot = at_line_number(&at);
        if (slot >= 0) {
            at_slot_set(m, (unsigned)slot, true);
        }
        return true;
    }
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        if (at_line_begins(line, ignored[i])) {
            return true;
        }
    }
    if (at_line_begins(line, "+CPIN:") && !(m->waiting && m->job == AT_PIN_ASK)) {
        return true;
    }
    return registration(m, line) || of_connection(m, line);
}

/* ---- what next ---- */

static bool due(const struct at_modem *m, unsigned which, int32_t pause_ms, int64_t *wake_ms)
{
    const int64_t at_ms = m->asked_ms[which] == 0 ? m->now_ms : m->asked_ms[which] + pause_ms;
    *wake_ms = at_ms < *wake_ms ? at_ms : *wake_ms;
    return m->now_ms >= at_ms;
}

static enum at_job ask(struct at_modem *m, unsigned which, enum at_job job)
{
    m->asked_ms[which] = m->now_ms;
    return job;
}

static enum at_job choose_message(struct at_modem *m)
{
    for (unsigned slot = 0; slot < AT_SLOTS; slot++) {
        if (at_slot(m, slot)) {
            m->slot = (uint16_t)slot;
            m->slot_read = false;
            return AT_SMS_READ;
        }
    }
    return m->sent == AT_SENT_WAITING && m->state == AT_READY ? AT_SMS_SEND : AT_IDLE;
}

static enum at_job choose_connection(struct at_modem *m)
{
    if (m->link == AT_LINK_CLOSING) {
        return AT_CLOSE;
    }
    if (m->link == AT_LINK_OPENING) {
        return AT_STEP;
    }
    if (m->link == AT_LINK_UP && m->n_send > 0) {
        m->n_chunk = m->n_send < AT_CHUNK ? m->n_send : AT_CHUNK;
        return AT_SEND;
    }
    if (m->link == AT_LINK_UP && m->arrived) {
        m->n_chunk = AT_CHUNK / 2u;
        m->read_some = false;
        m->arrived = false; /* what comes from here on is told anew */
        return AT_READ;
    }
    return AT_IDLE;
}

enum at_job at_choose(struct at_modem *m, int64_t *wake_ms)
{
    const int32_t pause_ms = m->state == AT_READY ? REGISTERED_MS : SEARCH_MS;
    const int32_t gprs_ms = at_modem_gprs(m) ? REGISTERED_MS : SEARCH_MS;
    *wake_ms = m->listed_ms + LIST_MS;
    if (due(m, ASKED_REGISTRATION, pause_ms, wake_ms)) {
        return ask(m, ASKED_REGISTRATION, AT_REGISTRATION);
    }
    if (due(m, ASKED_GPRS, gprs_ms, wake_ms)) {
        return ask(m, ASKED_GPRS, AT_GPRS);
    }
    if (due(m, ASKED_SIGNAL, SIGNAL_MS, wake_ms)) {
        return ask(m, ASKED_SIGNAL, AT_SIGNAL);
    }
    if (m->now_ms >= m->listed_ms + LIST_MS) {
        return AT_LIST;
    }
    const enum at_job message = choose_message(m);
    return message != AT_IDLE ? message : choose_connection(m);
}

/* ---- the table ---- */

const struct at_row at_rows[AT_JOBS] = {
    [AT_IDLE] = {"", 0, NULL, end_idle, true},
    [AT_RESYNC] = {"AT", SHORT_MS, NULL, end_resync, false},
    [AT_SYNC] = {"AT", SYNC_MS, NULL, end_sync, false},
    [AT_ECHO] = {"ATE0", SHORT_MS, NULL, next_job, false},
    [AT_ERRORS] = {"AT+CMEE=1", SHORT_MS, NULL, next_job, true},
    [AT_PIN_ASK] = {"AT+CPIN?", SHORT_MS, line_pin, end_pin_ask, false},
    [AT_PIN_GIVE] = {"AT+CPIN=\"%P\"", SIM_MS, NULL, end_pin_give, false},
    [AT_FORMAT] = {"AT+CMGF=0", SHORT_MS, NULL, next_job, false},
    [AT_STORE] = {"AT+CPMS=\"SM\",\"SM\",\"SM\"", SMS_MS, NULL, next_job, true},
    [AT_NOTICE] = {"AT+CNMI=2,1,0,0,0", SHORT_MS, NULL, next_job, true},
    [AT_REPORTS] = {"AT+CREG=1", SHORT_MS, NULL, next_job, true},
    [AT_GPRS_REPORTS] = {"AT+CGREG=1", SHORT_MS, NULL, next_job, true},
    [AT_LIST] = {"AT+CMGL=4", SIM_MS, line_list, end_list, true},
    [AT_REGISTRATION] = {"AT+CREG?", SHORT_MS, NULL, end_registration, false},
    [AT_GPRS] = {"AT+CGREG?", SHORT_MS, NULL, end_idle, false},
    [AT_SIGNAL] = {"AT+CSQ", SHORT_MS, line_signal, end_idle, false},
    [AT_SMS_READ] = {"AT+CMGR=%I", SMS_MS, line_sms, end_sms_read, false},
    [AT_SMS_DELETE] = {"AT+CMGD=%I", SMS_MS, NULL, end_sms_delete, false},
    [AT_SMS_SEND] = {"AT+CMGS=%L", PROMPT_MS, NULL, end_sms_send, false},
    [AT_STEP] = {NULL, 0, line_step, end_step, false},
    [AT_SEND] = {NULL, 0, NULL, end_send, false},
    [AT_READ] = {NULL, 0, line_read, end_read, false},
    [AT_CLOSE] = {NULL, 0, NULL, end_close, false},
};
