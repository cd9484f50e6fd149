#include "mbus_values.h"

#include "../proto/kmp/kmp_log.h"

/* What a value is: the code of its unit, and what stands behind it. */
enum kind {
    ENERGY,
    POWER,
    REACTIVE_ENERGY,
    REACTIVE_POWER,
    VOLTAGE,
    CURRENT,
    FREQUENCY,
    FACTOR,
    HOURS,
    MOMENT,
    KINDS
};

/* VIF of a kind: extension table (0: none), code of the value 10^zero of the unit in which KMP
 * sends it; codes above and below are powers of ten.  correct: the power of ten goes into a VIFE.
 */
static const struct {
    uint8_t table, vif;
    int8_t zero;
    bool correct;
} codes[KINDS] = {
    [ENERGY] = {0, 0x06, 0, false},             /* kWh */
    [POWER] = {0, 0x2B, -3, false},             /* kW */
    [REACTIVE_ENERGY] = {0xFB, 0x02, 0, true},  /* kvarh */
    [REACTIVE_POWER] = {0xFB, 0x14, -3, false}, /* kvar */
    [VOLTAGE] = {0xFD, 0x49, 0, false},         /* V */
    [CURRENT] = {0xFD, 0x5C, 0, false},         /* A */
    [FREQUENCY] = {0xFB, 0x2F, 0, false},       /* Hz */
    [FACTOR] = {0xFD, 0x3A, 0, true},           /* a number */
    [HOURS] = {0, 0x22, 0, false},              /* h */
    [MOMENT] = {0, 0x6D, 0, false},
};

#define VIFE_EXPORT  0x3Cu /* amount while negative */
#define VIFE_CORRECT 0x76u /* times 10^(code - 76h) */
#define VIFE_PLACE   0xFCu
#define MORE         0x80u /* DIFE or VIFE follows */
#define DIF_32_BIT   0x04u
#define DIF_MAXIMUM  0x10u
#define DIF_STORAGE  0x40u

/* Which read-outs a value belongs to. */
enum {
    USER = 1 << 0,
    BILLING = 1 << 1,
    ENHANCED = 1 << 2,
    TARIFF = 1 << 3,
    INSTANT = 1 << 4,
    PERIODS = 1 << 5, /* debiting periods behind the values */
};

/* Groups of an application; 0: the read-out as delivered. */
static const uint8_t groups[16] = {
    [MBUS_APPLICATION_ALL] = USER | BILLING | ENHANCED | TARIFF | INSTANT | PERIODS,
    [MBUS_APPLICATION_USER] = USER,
    [MBUS_APPLICATION_SIMPLE_BILLING] = BILLING | PERIODS,
    [MBUS_APPLICATION_ENHANCED_BILLING] = BILLING | ENHANCED | PERIODS,
    [MBUS_APPLICATION_TARIFF_BILLING] = TARIFF,
    [MBUS_APPLICATION_INSTANT] = INSTANT,
};

struct row {
    uint16_t id; /* of the register */
    uint8_t groups, kind, tariff, place;
    bool exported, maximum;
};

static const struct row rows[] = {
    {1, USER | BILLING, ENERGY, 0, 0, false, false},
    {2, USER | BILLING, ENERGY, 0, 0, true, false},
    {3, ENHANCED, REACTIVE_ENERGY, 0, 0, false, false},
    {4, ENHANCED, REACTIVE_ENERGY, 0, 0, true, false},
    {1004, USER | BILLING, HOURS, 0, 0, false, false},
    {1047, USER | BILLING | INSTANT, MOMENT, 0, 0, false, false},
    {19, TARIFF, ENERGY, 1, 0, false, false},
    {23, TARIFF, ENERGY, 2, 0, false, false},
    {27, TARIFF, ENERGY, 3, 0, false, false},
    {31, TARIFF, ENERGY, 4, 0, false, false},
    {1059, TARIFF, ENERGY, 5, 0, false, false},
    {1060, TARIFF, ENERGY, 6, 0, false, false},
    {1061, TARIFF, ENERGY, 7, 0, false, false},
    {1062, TARIFF, ENERGY, 8, 0, false, false},
    {20, TARIFF, ENERGY, 1, 0, true, false},
    {24, TARIFF, ENERGY, 2, 0, true, false},
    {28, TARIFF, ENERGY, 3, 0, true, false},
    {32, TARIFF, ENERGY, 4, 0, true, false},
    {21, TARIFF, REACTIVE_ENERGY, 1, 0, false, false},
    {25, TARIFF, REACTIVE_ENERGY, 2, 0, false, false},
    {29, TARIFF, REACTIVE_ENERGY, 3, 0, false, false},
    {33, TARIFF, REACTIVE_ENERGY, 4, 0, false, false},
    {39, ENHANCED, POWER, 0, 0, false, true},
    {1049, ENHANCED, MOMENT, 0, 0, false, true},
    {1033, ENHANCED | TARIFF, POWER, 1, 0, false, true},
    {1050, ENHANCED | TARIFF, MOMENT, 1, 0, false, true},
    {1036, ENHANCED | TARIFF, POWER, 2, 0, false, true},
    {1051, ENHANCED | TARIFF, MOMENT, 2, 0, false, true},
    {40, ENHANCED, POWER, 0, 0, true, true},
    {41, ENHANCED, REACTIVE_POWER, 0, 0, false, true},
    {1023, USER | INSTANT, POWER, 0, 0, false, false},
    {1024, USER | INSTANT, POWER, 0, 0, true, false},
    {1025, INSTANT, REACTIVE_POWER, 0, 0, false, false},
    {1026, INSTANT, REACTIVE_POWER, 0, 0, true, false},
    {1054, INSTANT, VOLTAGE, 0, 1, false, false},
    {1055, INSTANT, VOLTAGE, 0, 2, false, false},
    {1056, INSTANT, VOLTAGE, 0, 3, false, false},
    {1076, INSTANT, CURRENT, 0, 1, false, false},
    {1077, INSTANT, CURRENT, 0, 2, false, false},
    {1078, INSTANT, CURRENT, 0, 3, false, false},
    {1080, INSTANT, POWER, 0, 1, false, false},
    {1081, INSTANT, POWER, 0, 2, false, false},
    {1082, INSTANT, POWER, 0, 3, false, false},
    {1344, INSTANT, POWER, 0, 1, true, false},
    {1345, INSTANT, POWER, 0, 2, true, false},
    {1346, INSTANT, POWER, 0, 3, true, false},
    {1347, INSTANT, REACTIVE_POWER, 0, 1, false, false},
    {1348, INSTANT, REACTIVE_POWER, 0, 2, false, false},
    {1349, INSTANT, REACTIVE_POWER, 0, 3, false, false},
    {1350, INSTANT, REACTIVE_POWER, 0, 1, true, false},
    {1351, INSTANT, REACTIVE_POWER, 0, 2, true, false},
    {1352, INSTANT, REACTIVE_POWER, 0, 3, true, false},
    {1390, INSTANT, FREQUENCY, 0, 0, false, false},
    {1170, INSTANT, FACTOR, 0, 1, false, false},
    {1171, INSTANT, FACTOR, 0, 2, false, false},
    {1172, INSTANT, FACTOR, 0, 3, false, false},
    {1173, INSTANT, FACTOR, 0, 0, false, false},
};
#define N_ROWS (sizeof rows / sizeof rows[0])
_Static_assert(N_ROWS <= MBUS_VALUES_MAX, "room for every row's value");

/* Of a debiting period: its end, energies, the peak and when it was. */
static const struct row period_rows[MBUS_PERIOD_VALUES] = {
    {1047, PERIODS, MOMENT, 0, 0, false, false},       {1, PERIODS, ENERGY, 0, 0, false, false},
    {3, PERIODS, REACTIVE_ENERGY, 0, 0, false, false}, {39, PERIODS, POWER, 0, 0, false, true},
    {1049, PERIODS, MOMENT, 0, 0, false, true},
};

#define DEBITING_LOG 1u

/* The read-out as delivered: what a 382 with module 68 50 005 sends, in its order. */
static const struct {
    uint16_t id;
    int8_t exponent; /* of the number sent, in the unit of KMP */
    uint8_t n_head, head[3];
} delivered[] = {
    {1, 0, 2, {0x04, 0x06}},   {1004, 0, 2, {0x04, 0x22}},     {1023, -3, 2, {0x04, 0x2B}},
    {39, -3, 2, {0x14, 0x2B}}, {19, 0, 3, {0x84, 0x50, 0x06}}, {23, 0, 3, {0x84, 0x60, 0x06}},
};
#define N_DELIVERED (sizeof delivered / sizeof delivered[0])

/* Behind them 16 octets of the maker's own, whose meaning is not known: as captured. */
#define DIF_MAKER   0x0Fu
#define MAKER_BYTES 16u
#define MAKER_LAST  0x10u

static uint8_t groups_of(uint8_t application)
{
    return application < sizeof groups ? groups[application] : 0;
}

/* ---- asking the meter ---- */

static void take(struct mbus_values *values, const struct kmp_value *value)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        if (rows[i].id == value->id) {
            values->value[i] = *value;
        }
    }
}

static void ask(struct mbus_values *values, const struct module_bus *bus, const uint16_t *ids,
                size_t n_ids)
{
    struct kmp_value answer[KMP_REGISTERS_MAX];
    const int n = module_bus_registers(bus, ids, n_ids, answer);
    values->good = values->good && n >= 0;
    for (int i = 0; i < n; i++) {
        take(values, &answer[i]);
    }
}

/* The first record of an answer. */
static bool take_period(struct kmp_log_page *page, struct kmp_value period[MBUS_PERIOD_VALUES],
                        uint16_t wanted_id)
{
    uint16_t id;
    if (!kmp_log_page_next(page, &id) || id != wanted_id) {
        return false;
    }
    for (unsigned k = 0; k < MBUS_PERIOD_VALUES; k++) {
        for (unsigned i = 0; i < page->n_values; i++) {
            if (page->values[i].id == period_rows[k].id) {
                period[k] = page->values[i];
            }
        }
    }
    return true;
}

static void ask_periods(struct mbus_values *values, const struct module_bus *bus)
{
    uint16_t ids[MBUS_PERIOD_VALUES];
    uint8_t data[KMP_LOG_ASK_BYTES];
    struct kmp_receiver receiver;
    struct kmp_log_page page;
    for (unsigned k = 0; k < MBUS_PERIOD_VALUES; k++) {
        ids[k] = period_rows[k].id;
    }
    size_t n = kmp_log_ask_all(DEBITING_LOG, ids, 1, data);
    if (!module_bus_command(bus, KMP_LOG_TIME_PRESENT, data, n, &receiver) ||
        kmp_log_page_open(&page, receiver.body, receiver.length) != KMP_OK ||
        (page.info & KMP_LOG_EMPTY) != 0) {
        return;
    }
    for (unsigned back = 0; back < MBUS_PERIODS; back++) {
        const uint16_t id = (uint16_t)(page.newest - back);
        struct kmp_log_page one;
        n = kmp_log_ask_id(DEBITING_LOG, ids, MBUS_PERIOD_VALUES, id, data);
        if (!module_bus_command(bus, KMP_LOG_ID_PRESENT, data, n, &receiver) ||
            kmp_log_page_open(&one, receiver.body, receiver.length) != KMP_OK ||
            !take_period(&one, values->period[back], id)) {
            return;
        }
        values->n_periods = back + 1u;
    }
}

void mbus_values_refresh(struct mbus_values *values, const struct module_bus *bus,
                         uint8_t application, int64_t now_ms)
{
    const uint8_t wanted = groups_of(application);
    uint16_t ids[KMP_REGISTERS_MAX];
    size_t n_ids = 0;
    if (values->asked && values->application == application &&
        now_ms - values->asked_ms < MBUS_VALUES_FRESH_MS) {
        return;
    }
    *values = (struct mbus_values){
        .asked = true, .good = true, .application = application, .asked_ms = now_ms};
    if (wanted == 0) {
        for (size_t i = 0; i < N_DELIVERED; i++) {
            ids[n_ids++] = delivered[i].id;
        }
    }
    for (size_t i = 0; i < N_ROWS; i++) {
        if ((rows[i].groups & wanted) != 0) {
            ids[n_ids++] = rows[i].id;
        }
        if (n_ids == KMP_REGISTERS_MAX) {
            ask(values, bus, ids, n_ids);
            n_ids = 0;
        }
    }
    if (n_ids > 0) {
        ask(values, bus, ids, n_ids);
    }
    if ((wanted & PERIODS) != 0) {
        ask_periods(values, bus);
    }
}

/* ---- writing records ---- */

static void write_dib(struct writer *out, uint8_t dif, unsigned storage, unsigned tariff)
{
    dif = (uint8_t)(dif | ((storage & 1u) != 0 ? DIF_STORAGE : 0u));
    storage >>= 1;
    while (storage != 0 || tariff != 0) {
        writer_u8(out, (uint8_t)(dif | MORE));
        dif = (uint8_t)((tariff & 3u) << 4 | (storage & 15u));
        tariff >>= 2;
        storage >>= 4;
    }
    writer_u8(out, dif);
}

static void write_vib(struct writer *out, const struct row *row, int exponent)
{
    uint8_t octets[6];
    size_t n = 0;
    const int off = exponent - codes[row->kind].zero;
    const bool correct = codes[row->kind].correct && off != 0;
    if (codes[row->kind].table != 0) {
        octets[n++] = codes[row->kind].table;
    }
    const size_t first = n;
    octets[n++] = (uint8_t)(codes[row->kind].vif + (codes[row->kind].correct ? 0 : off));
    if (correct) {
        octets[n++] = (uint8_t)((int)VIFE_CORRECT + off);
    }
    if (row->exported) {
        octets[n++] = VIFE_EXPORT;
    }
    if (row->place != 0) {
        octets[n++] = VIFE_PLACE;
        octets[n++] = row->place;
    }
    for (size_t i = first; i + 1u < n; i++) {
        octets[i] |= MORE;
    }
    writer_bytes(out, octets, n);
}

/* RTC of KMP: status, weekday, second, minute, hour, day, month, year; normal time. */
static bool write_moment(struct writer *out, const struct kmp_value *value)
{
    if (value->n_bytes != 8 || value->bytes[7] == 0) {
        return false; /* in the year 2000: nothing has happened yet */
    }
    const struct mbus_date date = {.year = (uint16_t)(2000u + value->bytes[7]),
                                   .month = value->bytes[6],
                                   .day = value->bytes[5],
                                   .hour = value->bytes[4],
                                   .minute = value->bytes[3]};
    mbus_date_write_f(out, &date);
    return true;
}

/* One record; nothing when the meter does not have it. */
static void write_record(struct writer *out, const struct row *row, const struct kmp_value *value,
                         unsigned storage)
{
    int64_t number = 0;
    int exponent = 0;
    if (value->n_bytes == 0 ||
        (row->kind != MOMENT && kmp_value_number(value, &number, &exponent) != KMP_OK)) {
        return;
    }
    const struct writer before = *out;
    write_dib(out, (uint8_t)(DIF_32_BIT | (row->maximum ? DIF_MAXIMUM : 0u)), storage, row->tariff);
    write_vib(out, row, row->kind == MOMENT ? 0 : exponent);
    if (row->kind == MOMENT) {
        if (!write_moment(out, value)) {
            *out = before;
        }
    } else {
        writer_uint_le(out, (uint64_t)number, 4);
    }
}

static int64_t scaled(const struct kmp_value *value, int wanted)
{
    int64_t number;
    int exponent;
    if (value->n_bytes == 0 || kmp_value_number(value, &number, &exponent) != KMP_OK) {
        return 0;
    }
    for (; exponent > wanted; exponent--) {
        number *= 10;
    }
    for (; exponent < wanted; exponent++) {
        number /= 10;
    }
    return number;
}

static void write_delivered(const struct mbus_values *values, struct writer *out)
{
    for (size_t i = 0; i < N_DELIVERED; i++) {
        int64_t number = 0;
        for (size_t k = 0; k < N_ROWS; k++) {
            number = rows[k].id == delivered[i].id
                         ? scaled(&values->value[k], delivered[i].exponent)
                         : number;
        }
        writer_bytes(out, delivered[i].head, delivered[i].n_head);
        writer_uint_le(out, (uint64_t)number, 4);
    }
    writer_u8(out, DIF_MAKER);
    for (unsigned i = 0; i + 1u < MAKER_BYTES; i++) {
        writer_u8(out, 0);
    }
    writer_u8(out, MAKER_LAST);
}

/* A telegram that is being filled. */
struct filling {
    uint8_t bytes[MBUS_RECORDS_MAX];
    struct writer writer;
    unsigned n; /* its number */
};

/* @return false: the record has no room in telegram `wanted`, which is full */
static bool fill(struct filling *filling, unsigned wanted, const struct row *row,
                 const struct kmp_value *value, unsigned storage)
{
    uint8_t bytes[32];
    struct writer one = writer_over(bytes, sizeof bytes);
    write_record(&one, row, value, storage);
    if (writer_length(&one) > writer_left(&filling->writer)) {
        if (filling->n == wanted) {
            return false;
        }
        filling->n++;
        filling->writer = writer_over(filling->bytes, sizeof filling->bytes);
    }
    writer_bytes(&filling->writer, bytes, writer_length(&one));
    return true;
}

bool mbus_values_records(const struct mbus_values *values, uint8_t application, unsigned n,
                         struct writer *out)
{
    const uint8_t wanted = groups_of(application);
    struct filling filling = {.n = 0};
    bool room = true;
    if (wanted == 0) {
        write_delivered(values, out);
        return false;
    }
    filling.writer = writer_over(filling.bytes, sizeof filling.bytes);
    for (size_t i = 0; room && i < N_ROWS; i++) {
        if ((rows[i].groups & wanted) != 0) {
            room = fill(&filling, n, &rows[i], &values->value[i], 0);
        }
    }
    for (unsigned p = 0; room && (wanted & PERIODS) != 0 && p < values->n_periods; p++) {
        for (unsigned k = 0; room && k < MBUS_PERIOD_VALUES; k++) {
            room = fill(&filling, n, &period_rows[k], &values->period[p][k], p + 1u);
        }
    }
    if (filling.n == n) {
        writer_bytes(out, filling.bytes, writer_length(&filling.writer));
    }
    return !room;
}
