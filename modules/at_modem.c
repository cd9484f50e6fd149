#include "at_modem.h"

#include <string.h>

#include "../proto/common/writer.h"
#include "at_inside.h"

#define QUIET_MS     1000  /* after silence, before AT */
#define START_MS     2000  /* after the reset line was pulled */
#define SILENCES_MAX 3u    /* in a row: it is gone */
#define PROMPT_MS    60000 /* from the prompt to the end */
#define CONTROL_Z    0x1Au
#define ESCAPE       0x1Bu

const char *at_state_name(uint8_t state)
{
    static const char *const names[AT_STATES] = {
        [AT_STARTING] = "no answer",
        [AT_NO_SIM] = "no SIM",
        [AT_PIN_MISSING] = "PIN wanted",
        [AT_PIN_REFUSED] = "PIN refused",
        [AT_PUK_WANTED] = "PUK wanted",
        [AT_SEARCHING] = "no network",
        [AT_DENIED] = "refused by the network",
        [AT_READY] = "ready",
    };
    return state < AT_STATES ? names[state] : "?";
}

/* ---- to the modem ---- */

static void put_hex(struct writer *w, const uint8_t *octets, size_t n_octets)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n_octets; i++) {
        writer_u8(w, (uint8_t)digits[octets[i] >> 4]);
        writer_u8(w, (uint8_t)digits[octets[i] & 0x0Fu]);
    }
}

static void put_part(const struct at_modem *m, struct writer *w, char part)
{
    switch (part) {
    case 'P': writer_text(w, m->setup->pin); break;
    case 'A': writer_text(w, m->setup->access_point); break;
    case 'U': writer_text(w, m->setup->user); break;
    case 'W': writer_text(w, m->setup->password); break;
    case 'H': writer_text(w, m->host); break;
    case 'O': writer_decimal(w, m->port, 1); break;
    case 'S': writer_decimal(w, m->socket, 1); break;
    case 'I': writer_decimal(w, m->slot, 1); break;
    case 'L': writer_decimal(w, m->n_tpdu, 1); break;
    case 'N': writer_decimal(w, m->n_chunk, 1); break;
    case 'X': put_hex(w, m->send, m->n_chunk); break;
    default: break;
    }
}

/* What stands in tx and was not taken belongs to an older command, which nobody waits for. */
static void put_command(struct at_modem *m, const char *command)
{
    struct writer w = writer_over(m->tx, sizeof m->tx);
    for (const char *at = command; *at != '\0'; at++) {
        if (*at == '%') {
            at++;
            put_part(m, &w, *at);
        } else {
            writer_u8(&w, (uint8_t)*at);
        }
    }
    writer_u8(&w, '\r');
    m->n_tx = w.failed ? 0 : (uint16_t)writer_length(&w);
}

/* The modem has asked for the octets. */
static void put_prompted(struct at_modem *m)
{
    struct writer w = writer_over(m->tx, sizeof m->tx);
    if (m->job == AT_SMS_SEND) {
        put_hex(&w, m->pdu, m->n_pdu);
        writer_u8(&w, CONTROL_Z);
    } else {
        writer_bytes(&w, m->send, m->n_chunk);
    }
    m->n_tx = (uint16_t)writer_length(&w);
    m->prompted = true;
    m->due_ms = m->now_ms + PROMPT_MS;
}

size_t at_modem_take(struct at_modem *m, uint8_t *octets, size_t capacity)
{
    const size_t n = m->n_tx < capacity ? m->n_tx : capacity;
    memcpy(octets, m->tx, n);
    memmove(m->tx, m->tx + n, m->n_tx - n);
    m->n_tx = (uint16_t)(m->n_tx - n);
    return n;
}

/* ---- jobs begin and end ---- */

static bool can_prompt(const struct at_modem *m)
{
    const struct at_step *step = at_step_of(m);
    return m->waiting && !m->prompted &&
           (m->job == AT_SMS_SEND ||
            (m->job == AT_SEND && step != NULL && strstr(step->command, "%X") == NULL));
}

static void begin(struct at_modem *m)
{
    const struct at_row *row = &at_rows[m->job];
    const struct at_step *step = at_step_of(m);
    m->waiting = true;
    m->prompted = false;
    m->told = false;
    m->due_ms = m->now_ms + (step != NULL ? step->timeout_ms : row->timeout_ms);
    put_command(m, step != NULL ? step->command : row->command);
}

/* A prompt that hangs is ended; then it is quiet, and AT must be answered. */
static void silent(struct at_modem *m, enum at_job next)
{
    m->silences++;
    if (m->silences >= SILENCES_MAX) {
        at_restart(m, true);
        return;
    }
    if (can_prompt(m) || m->prompted) {
        m->tx[0] = ESCAPE;
        m->n_tx = 1;
    }
    m->after = (uint8_t)next;
    m->job = AT_RESYNC;
    m->due_ms = m->now_ms + QUIET_MS;
}

static void end(struct at_modem *m, enum at_result result, int32_t code)
{
    const enum at_job job = (enum at_job)m->job;
    m->due_ms = m->now_ms;
    const bool hangs = can_prompt(m) || m->prompted;
    const enum at_job next = at_rows[job].end(m, result, code);
    m->waiting = false;
    if (m->job != job) {
        return; /* started anew */
    }
    if (result != AT_SILENT || job == AT_SYNC || job == AT_RESYNC) {
        m->silences = result == AT_SILENT ? m->silences : 0;
        m->job = (uint8_t)next;
        return;
    }
    m->prompted = hangs;
    silent(m, next);
}

void at_restart(struct at_modem *m, bool pull)
{
    at_link_lost(m);
    m->attached = false;
    m->state = AT_STARTING;
    m->job = AT_SYNC;
    m->waiting = false;
    m->prompted = false;
    m->tries = 0;
    m->silences = 0;
    m->registration = m->gprs = 0;
    m->signal = AT_SIGNAL_NONE;
    m->n_tx = 0;
    m->pin_given = false;
    memset(m->slots, 0, sizeof m->slots);
    memset(m->asked_ms, 0, sizeof m->asked_ms);
    m->searching_ms = m->now_ms;
    m->sent = m->sent == AT_SENT_WAITING ? (uint8_t)AT_SENT_FAILED : m->sent;
    m->due_ms = m->now_ms + QUIET_MS;
    if (pull) {
        m->resets = (uint8_t)(m->resets + (m->resets < UINT8_MAX ? 1u : 0u));
        m->due_ms = m->now_ms + START_MS;
        if (m->owner.reset != NULL) {
            m->owner.reset(m->owner.context);
        }
    }
}

void at_modem_init(struct at_modem *m, const struct at_setup *setup, const struct at_owner *owner,
                   uint8_t pin_tried, bool pin_refused, int64_t now_ms)
{
    memset(m, 0, sizeof *m);
    m->setup = setup;
    m->owner = *owner;
    m->now_ms = now_ms;
    m->pin_tried = pin_tried;
    m->pin_refused = pin_refused;
    at_restart(m, false);
    m->due_ms = now_ms;
}

/* ---- from the modem ---- */

/* @return true: the line ends the command */
static bool ends(const struct at_modem *m, const char *line, enum at_result *result, int32_t *code)
{
    const struct at_step *step = at_step_of(m);
    const char *done = step != NULL && step->done != NULL ? step->done : "OK";
    const char *failed = step != NULL ? step->failed : NULL;
    const bool error = at_line_begins(line, "+CME ERROR:") || at_line_begins(line, "+CMS ERROR:");
    const bool address = step != NULL && step->kind == AT_STEP_ADDRESS;
    *result = AT_REFUSED;
    *code = 0;
    if (error) {
        const char *at = line + strlen("+CME ERROR:");
        const int32_t number = at_line_number(&at);
        *code = number > 0 ? number : 0;
    }
    if (error || strcmp(line, "ERROR") == 0 || (failed != NULL && strcmp(line, failed) == 0)) {
        return true;
    }
    *result = AT_DONE;
    return address ? strchr(line, '.') != NULL : strcmp(line, done) == 0;
}

static void take_line(struct at_modem *m, const char *line)
{
    enum at_result result;
    int32_t code;
    if (at_line_begins(line, "AT") && m->job > AT_ERRORS) {
        at_restart(m, false); /* it echoes again: it has lost its settings */
    } else if (at_unasked(m, line) || !m->waiting) {
        return;
    } else if (ends(m, line, &result, &code)) {
        end(m, result, code);
    } else if (at_rows[m->job].line != NULL) {
        at_rows[m->job].line(m, line);
    }
}

void at_modem_octets(struct at_modem *m, const uint8_t *octets, size_t n_octets, int64_t now_ms)
{
    m->now_ms = now_ms;
    for (size_t i = 0; i < n_octets; i++) {
        switch (at_line_octet(&m->line, octets[i], can_prompt(m))) {
        case AT_HEARD_LINE: take_line(m, m->line.text); break;
        case AT_HEARD_PROMPT: put_prompted(m); break;
        case AT_HEARD_NOTHING: break;
        }
    }
}

int64_t at_modem_step(struct at_modem *m, int64_t now_ms)
{
    m->now_ms = now_ms;
    if (m->waiting && now_ms >= m->due_ms) {
        end(m, AT_SILENT, 0);
    }
    if (m->waiting || now_ms < m->due_ms) {
        return m->due_ms;
    }
    if (m->job == AT_IDLE) {
        int64_t wake_ms = INT64_MAX;
        m->job = (uint8_t)at_choose(m, &wake_ms);
        if (m->job == AT_IDLE) {
            return wake_ms;
        }
    }
    begin(m);
    return m->due_ms;
}

/* ---- for the owner ---- */

enum sms_err at_modem_sms(struct at_modem *m, const char *number, const char *text)
{
    size_t n_tpdu = 0;
    if (m->sent == AT_SENT_WAITING || m->state != AT_READY) {
        return SMS_ERR_SPACE;
    }
    const int n = sms_submit_encode(number, text, m->pdu, sizeof m->pdu, &n_tpdu);
    if (n < 0) {
        return (enum sms_err)n;
    }
    m->n_pdu = (uint16_t)n;
    m->n_tpdu = (uint16_t)n_tpdu;
    m->sent = AT_SENT_WAITING;
    return SMS_OK;
}

bool at_modem_gprs(const struct at_modem *m)
{
    return m->state == AT_READY && (m->gprs == 1 || m->gprs == 5);
}

bool at_modem_connect(struct at_modem *m, const char *host, uint16_t port)
{
    if (m->link != AT_LINK_DOWN || !at_modem_gprs(m) || strlen(host) > AT_HOST_MAX) {
        return false;
    }
    memcpy(m->host, host, strlen(host) + 1u);
    m->port = port;
    m->step = 0;
    m->link = AT_LINK_OPENING;
    return true;
}

bool at_modem_send(struct at_modem *m, const uint8_t *octets, size_t n_octets)
{
    if (m->link != AT_LINK_UP || n_octets > sizeof m->send - m->n_send) {
        return false;
    }
    memcpy(m->send + m->n_send, octets, n_octets);
    m->n_send = (uint16_t)(m->n_send + n_octets);
    return true;
}

void at_modem_close(struct at_modem *m)
{
    m->link = m->link == AT_LINK_DOWN ? (uint8_t)AT_LINK_DOWN : (uint8_t)AT_LINK_CLOSING;
}

void at_link_lost(struct at_modem *m)
{
    m->link = AT_LINK_DOWN;
    m->step = 0;
    m->n_send = 0;
    m->arrived = false;
}
