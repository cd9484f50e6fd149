#include "gsm_module.h"

#define POLL_MS          10000
#define BATCH_MS         60000 /* between messages: what comes meanwhile stands in the next one */
#define RETRY_MS         60000
#define HOUR_MS          3600000
#define GET_EVENT_STATUS 0x9Bu
#define EVENT_WORD_B     1237u
#define WORD_BYTES       4u
#define BITS             32u

struct bit_name {
    uint8_t bit;
    const char *name;
};

static const struct bit_name names_a[] = {
    {0, "reset"},          {1, "memory error"},  {2, "magnet"},
    {4, "ROM error"},      {6, "meter cover"},   {10, "clock set"},
    {12, "breaker"},       {16, "new period"},   {19, "voltage quality"},
    {20, "disconnection"}, {27, "new firmware"}, {28, "firmware refused"},
    {29, "neutral fault"},
};
static const struct bit_name names_b[] = {
    {3, "neutral fault"},      {4, "ROM error"},         {6, "L1 missing"},
    {7, "L2 missing"},         {8, "L3 missing"},        {9, "overvoltage L1"},
    {10, "undervoltage L1"},   {11, "overvoltage L2"},   {12, "undervoltage L2"},
    {13, "overvoltage L3"},    {14, "undervoltage L3"},  {15, "alarm input"},
    {19, "phase order"},       {21, "magnet"},           {22, "meter cover"},
    {24, "export L1"},         {25, "export L2"},        {26, "export L3"},
    {28, "credit low"},        {29, "opened by button"}, {30, "opened by itself"},
    {31, "opened by command"},
};

/* ---- what the meter says ---- */

static bool ask_word_a(const struct gsm_module *m, uint32_t *word)
{
    struct kmp_receiver receiver;
    if (!module_bus_command(&m->bus, GET_EVENT_STATUS, NULL, 0, &receiver)) {
        return false;
    }
    struct reader r = reader_over(receiver.body, receiver.length);
    (void)reader_bytes(&r, 2);
    *word = (uint32_t)reader_uint_le(&r, WORD_BYTES);
    return !r.failed;
}

/* A meter without word B has nothing in it. */
static bool ask_word_b(const struct gsm_module *m, uint32_t *word)
{
    const uint16_t id = EVENT_WORD_B;
    struct kmp_value values[KMP_REGISTERS_MAX];
    const int n = module_bus_registers(&m->bus, &id, 1, values);
    *word = 0;
    if (n > 0 && values[0].id == id && values[0].n_bytes == WORD_BYTES) {
        struct reader r = reader_over(values[0].bytes, WORD_BYTES);
        *word = (uint32_t)reader_uint_be(&r, WORD_BYTES);
    }
    return n >= 0;
}

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
    if (!ask_word_a(m, &a) || !ask_word_b(m, &b)) {
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

static const char *name_of(const struct bit_name *names, size_t n_names, unsigned bit)
{
    for (size_t i = 0; i < n_names; i++) {
        if (names[i].bit == bit) {
            return names[i].name;
        }
    }
    return NULL;
}

/* What does not fit is left out; the event logs have it all. */
static void put_words(struct writer *w, uint32_t word, char letter, const struct bit_name *names,
                      size_t n_names, bool *first)
{
    for (unsigned bit = 0; bit < BITS; bit++) {
        const char *name = name_of(names, n_names, bit);
        if ((word >> bit & 1u) == 0 || writer_left(w) < 24u) {
            continue;
        }
        writer_text(w, *first ? " " : ", ");
        *first = false;
        if (name != NULL) {
            writer_text(w, name);
        } else {
            writer_text(w, "bit ");
            writer_u8(w, (uint8_t)letter);
            writer_decimal(w, bit, 1);
        }
    }
}

bool gsm_alarm_next(struct gsm_module *m, const char **number, char text[SMS_TEXT_SIZE])
{
    struct writer w = writer_over(text, SMS_SEPTETS_MAX);
    unsigned i = 0;
    bool first = true;
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
    put_words(&w, m->notes.told_a, 'A', names_a, sizeof names_a / sizeof names_a[0], &first);
    put_words(&w, m->notes.told_b, 'B', names_b, sizeof names_b / sizeof names_b[0], &first);
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
