#include "gsm_module.h"
#include "module_events.h"

#define POLL_MS  10000
#define BATCH_MS 60000 /* between messages: what comes meanwhile stands in the next one */
#define RETRY_MS 60000
#define HOUR_MS  3600000

static bool same(const struct gsm_notes *a, const struct gsm_notes *b)
{
    return a->seen_a == b->seen_a && a->seen_b == b->seen_b && a->waiting_a == b->waiting_a &&
           a->waiting_b == b->waiting_b;
}

/* Bits that come are noted before anything is done about them. */
static void poll(struct gsm_module *m)
{
    struct gsm_notes notes = m->notes;
    uint32_t a, b;
    if (!module_events_ask(&m->bus, &a, &b)) {
        return;
    }
    if (m->setup.receiver[0][0] != '\0') {
        notes.waiting_a |= a & ~notes.seen_a & m->setup.alarms_a;
        notes.waiting_b |= b & ~notes.seen_b & m->setup.alarms_b;
    }
    notes.seen_a = a;
    notes.seen_b = b;
    if (!same(&notes, &m->notes) && gsm_memory_notes(&m->memory, &notes)) {
        m->notes = notes;
    }
}

/* What waits becomes a message to all receivers, when there is none on its way. */
static void make(struct gsm_module *m)
{
    struct gsm_notes notes = m->notes;
    if (m->now_ms - m->hour_ms >= HOUR_MS) {
        m->hour_ms = m->now_ms;
        m->told_in_hour = 0;
    }
    if ((notes.waiting_a | notes.waiting_b) == 0 || notes.receivers != 0 ||
        (m->told_ms != 0 && m->now_ms - m->told_ms < BATCH_MS) ||
        m->told_in_hour >= GSM_ALARMS_HOUR) {
        return;
    }
    for (unsigned i = 0; i < GSM_RECEIVERS_MAX; i++) {
        const unsigned bit = m->setup.receiver[i][0] != '\0' ? 1u : 0u;
        notes.receivers = (uint8_t)(notes.receivers | bit << i);
    }
    notes.told_a = notes.waiting_a;
    notes.told_b = notes.waiting_b;
    notes.waiting_a = notes.waiting_b = 0;
    if (gsm_memory_notes(&m->memory, &notes)) {
        m->notes = notes;
        m->told_ms = m->now_ms;
        m->told_in_hour++;
    }
}

int64_t gsm_alarm_step(struct gsm_module *m)
{
    if (m->asked_ms == 0 || m->now_ms - m->asked_ms >= POLL_MS) {
        m->asked_ms = m->now_ms;
        poll(m);
        make(m);
    }
    return m->asked_ms + POLL_MS;
}

/* ---- messages ---- */

bool gsm_alarm_next(struct gsm_module *m, const char **number, char text[SMS_TEXT_SIZE])
{
    struct writer w = writer_over(text, SMS_SEPTETS_MAX);
    unsigned i = 0;
    if (m->notes.receivers == 0 || m->now_ms < m->retry_ms) {
        return false;
    }
    while (((unsigned)m->notes.receivers >> i & 1u) == 0) {
        i++;
    }
    *number = i < GSM_RECEIVERS_MAX ? m->setup.receiver[i] : "";
    writer_text(&w, "Meter No.: ");
    writer_decimal(&w, gsm_meter_number(m), 1);
    writer_text(&w, ",\nALARM:");
    module_events_text(&w, m->notes.told_a, m->notes.told_b);
    text[writer_length(&w)] = '\0';
    return true;
}

void gsm_alarm_sent(struct gsm_module *m, bool sent)
{
    struct gsm_notes notes = m->notes;
    if (!sent) {
        m->retry_ms = m->now_ms + RETRY_MS;
        return;
    }
    const unsigned left = notes.receivers;
    notes.receivers = (uint8_t)(left & (left - 1u));
    (void)gsm_memory_notes(&m->memory, &notes);
    m->notes = notes;
}
