#include "consumer_p1.h"

#include "../../proto/common/crc.h"

#define HEAD "/KAM5\r\n\r\n"

struct line {
    uint8_t c, d;     /* 1-0:C.D.0 */
    int8_t exponent;  /* the number is asked for in such steps */
    uint8_t decimals; /* in the unit that is printed */
    uint8_t digits;   /* before the point */
    const char *unit;
};

#define KWH(c)                                                                                     \
    {                                                                                              \
        c, 8, 0, 3, 8, "kWh"                                                                       \
    }
#define KVARH(c)                                                                                   \
    {                                                                                              \
        c, 8, 0, 3, 8, "kVArh"                                                                     \
    }
#define KW(c)                                                                                      \
    {                                                                                              \
        c, 7, 0, 3, 4, "kW"                                                                        \
    }
#define KVAR(c)                                                                                    \
    {                                                                                              \
        c, 7, 0, 3, 4, "kVAr"                                                                      \
    }
#define VOLT(c)                                                                                    \
    {                                                                                              \
        c, 7, -1, 1, 3, "V"                                                                        \
    }
#define AMP(c)                                                                                     \
    {                                                                                              \
        c, 7, -1, 1, 3, "A"                                                                        \
    }

static const struct line lines[] = {
    KWH(1),   KWH(2),   KVARH(3), KVARH(4), KW(1),    KW(2),    KVAR(3),  KVAR(4),  KW(21),
    KW(41),   KW(61),   KW(22),   KW(42),   KW(62),   KVAR(23), KVAR(43), KVAR(63), KVAR(24),
    KVAR(44), KVAR(64), VOLT(32), VOLT(52), VOLT(72), AMP(31),  AMP(51),  AMP(71),
};

static void clock_write(const struct calendar *c, struct writer *w)
{
    const unsigned parts[] = {c->year % 100u, c->month, c->day, c->hour, c->minute, c->second};
    writer_text(w, "0-0:1.0.0(");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        writer_decimal(w, parts[i], 2);
    }
    writer_text(w, c->summer ? "S)\r\n" : "W)\r\n");
}

static void line_write(const struct line *line, int64_t number, struct writer *w)
{
    writer_text(w, "1-0:");
    writer_decimal(w, line->c, 0);
    writer_text(w, ".");
    writer_decimal(w, line->d, 0);
    writer_text(w, ".0(");
    writer_fixed(w, number, line->decimals, line->digits);
    writer_text(w, "*");
    writer_text(w, line->unit);
    writer_text(w, ")\r\n");
}

void consumer_p1_write(const struct consumer_moment *moment, const struct consumer_source *source,
                       struct writer *w)
{
    static const char digits[] = "0123456789ABCDEF";
    const uint8_t *begin = w->at;
    writer_text(w, HEAD);
    clock_write(&moment->local, w);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const uint8_t obis[6] = {1, 1, lines[i].c, lines[i].d, 0, 255};
        struct consumer_value value;
        if (source->read(source->context, obis, lines[i].exponent, &value)) {
            line_write(&lines[i], value.number, w);
        }
    }
    writer_text(w, "!");
    const uint16_t crc = crc16_arc(begin, (size_t)(w->at - begin));
    for (unsigned shift = 16; shift > 0; shift -= 4u) {
        writer_u8(w, (uint8_t)digits[crc >> (shift - 4u) & 0xFu]);
    }
    writer_text(w, "\r\n");
}
