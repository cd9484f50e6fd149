#include "module_events.h"

#define GET_EVENT_STATUS 0x9Bu
#define EVENT_WORD_B     1237u
#define WORD_BYTES       4u
#define BITS             32u
#define ROOM             24u /* for one more bit */

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

static bool ask_word_a(const struct module_bus *bus, uint32_t *word)
{
    struct kmp_receiver receiver;
    if (!module_bus_command(bus, GET_EVENT_STATUS, NULL, 0, &receiver)) {
        return false;
    }
    struct reader r = reader_over(receiver.body, receiver.length);
    (void)reader_bytes(&r, 2);
    *word = (uint32_t)reader_uint_le(&r, WORD_BYTES);
    return !r.failed;
}

/* A meter without word B has nothing in it. */
static bool ask_word_b(const struct module_bus *bus, uint32_t *word)
{
    const uint16_t id = EVENT_WORD_B;
    struct kmp_value values[KMP_REGISTERS_MAX];
    const int n = module_bus_registers(bus, &id, 1, values);
    *word = 0;
    if (n > 0 && values[0].id == id && values[0].n_bytes == WORD_BYTES) {
        struct reader r = reader_over(values[0].bytes, WORD_BYTES);
        *word = (uint32_t)reader_uint_be(&r, WORD_BYTES);
    }
    return n >= 0;
}

bool module_events_ask(const struct module_bus *bus, uint32_t *word_a, uint32_t *word_b)
{
    return ask_word_a(bus, word_a) && ask_word_b(bus, word_b);
}

static const char *name_of(const struct bit_name *names, size_t n_names, unsigned bit)
{
    for (size_t i = 0; i < n_names; i++) {
        if (names[i].bit == bit) {
            return names[i].name;
        }
    }
    return NULL;
}

static void put_words(struct writer *w, uint32_t word, char letter, const struct bit_name *names,
                      size_t n_names, bool *first)
{
    for (unsigned bit = 0; bit < BITS; bit++) {
        const char *name = name_of(names, n_names, bit);
        if ((word >> bit & 1u) == 0 || writer_left(w) < ROOM) {
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

void module_events_text(struct writer *w, uint32_t word_a, uint32_t word_b)
{
    bool first = true;
    put_words(w, word_a, 'A', names_a, sizeof names_a / sizeof names_a[0], &first);
    put_words(w, word_b, 'B', names_b, sizeof names_b / sizeof names_b[0], &first);
}
