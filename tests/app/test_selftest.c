/* The test of RAM against memories that are bad in every way it promises to find, and what the
 * meter makes of its result. */
#include "app/meter/ram_march.h"

#include "legal_puppet.h"

#include "app/display/display_icons.h"
#include "app/meter/meter_alarms.h"
#include "app/meter/meter_settings.h"

#define WORDS 48u

enum fault {
    GOOD,
    STUCK_AT_0,
    STUCK_AT_1,
    NO_RISE, /* a bit that goes to 0 and never back */
    NO_FALL,
    NO_ADDRESS, /* nothing is stored there, and it reads as whatever came last */
    ALIAS,      /* the address leads to another one's cell */
    DOUBLE,     /* writing there writes another cell, too */
    COUPLED,    /* a bit turns over when another one changes */
    NEIGHBOUR,  /* two bits of a word are wired together: both 0 or both 1, the and of both */
    FAULTS
};

static struct {
    uint32_t cell[WORDS], last;
    enum fault fault;
    uint32_t at, other;
    unsigned bit;
} ram;

static uint32_t one(void)
{
    return UINT32_C(1) << ram.bit;
}

static uint32_t ram_load(void *context, uint32_t index)
{
    (void)context;
    assert_true(index < WORDS);
    if (index != ram.at) {
        return ram.cell[index];
    }
    switch (ram.fault) {
    case STUCK_AT_0: return ram.cell[index] & ~one();
    case STUCK_AT_1: return ram.cell[index] | one();
    case NO_ADDRESS: return ram.last;
    case ALIAS: return ram.cell[ram.other];
    default: return ram.cell[index];
    }
}

static uint32_t wired(uint32_t word)
{
    const uint32_t both = one() | one() << 1;
    return (word & both) == both ? word : word & ~both;
}

static void ram_store(void *context, uint32_t index, uint32_t word)
{
    (void)context;
    const uint32_t before = ram.cell[index];
    ram.last = word;
    if (ram.fault == COUPLED && index == ram.other && ((before ^ word) & one()) != 0) {
        ram.cell[ram.at] ^= one();
    }
    if (index == ram.at) {
        switch (ram.fault) {
        case NO_RISE: word &= before | ~one(); break;
        case NO_FALL: word |= before & one(); break;
        case NO_ADDRESS: return;
        case ALIAS: ram.cell[ram.other] = word; return;
        case DOUBLE: ram.cell[ram.other] = word; break;
        case NEIGHBOUR: word = wired(word); break;
        default: break;
        }
    }
    ram.cell[index] = word;
}

static const struct ram_cells cells = {NULL, ram_load, ram_store};

static void is_found(enum fault fault, uint32_t at, unsigned bit)
{
    const uint32_t others[] = {(at + 1u) % WORDS, (at + WORDS - 7u) % WORDS};
    for (unsigned side = 0; side < 2; side++) {
        ram.fault = fault;
        ram.at = at;
        ram.bit = bit;
        ram.other = others[side];
        memset(ram.cell, (int)(0x5Au + bit), sizeof ram.cell);
        assert_int_equal(ram_march(&cells, WORDS) == WORDS, fault == GOOD);
    }
}

/* REQ(EVT-12, X-EVT-1): every fault of every cell and bit is found; a good memory passes */
static void every_fault_is_found(void **state)
{
    (void)state;
    for (unsigned fault = GOOD; fault < FAULTS; fault++) {
        for (unsigned place = 0; place < WORDS * 31u; place++) {
            is_found((enum fault)fault, place / 31u, place % 31u);
        }
    }
    assert_int_equal(ram_march(&cells, 0), 0);
}

/* REQ(EVT-12): a board that found bad RAM: status bit 3, a record, the error symbol, an alarm when
 * the mask lets it through; and it does not go away */
static void bad_ram_is_told(void **state)
{
    (void)state;
    static struct meter meter;
    struct board board = toy_board;
    struct variant variant;
    struct event_log_entry entry;
    struct display_frame frame;
    struct kmp_settings_reply reply;
    const struct setting_value mask = {STATUS_RAM, ""};
    toys_reset();
    puppet.supply = LEGAL_SUPPLY_ON;
    board.ram_fault = true;
    assert_int_equal(variant_by_name("382M", &variant), 0);
    assert_int_equal(meter_start(&meter, &board, &variant, 0, 0), METER_OK);
    assert_int_equal(meter_setting_stage(&meter, setting_by_name("alarm-mask-a"), &mask),
                     KMP_SETTINGS_OK);
    meter_settings_commit(&meter, 1, &reply);
    for (unsigned s = 1; s <= 10; s++) {
        (void)meter_step(&meter, s * SECOND);
    }
    assert_int_equal(meter_status(&meter), STATUS_RAM);
    assert_int_equal(event_log_newest(&meter.logs, EVENT_LOG_STATUS), 1);
    assert_int_equal(event_log_read(&meter.logs, &board, EVENT_LOG_STATUS, 1, &entry),
                     EVENT_LOG_OK);
    assert_int_equal(entry.code, STATUS_RAM);
    assert_int_equal(meter_alarms_raised(&meter, ALARM_A), STATUS_RAM);
    display_render(&meter.display, &meter, 10 * SECOND, &frame);
    assert_true((frame.icons & ICON_ERROR) != 0);
    meter_events_clear(&meter, STATUS_RAM);
    assert_int_equal(meter_events(&meter) & STATUS_RAM, STATUS_RAM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_is_found),
        cmocka_unit_test(bad_ram_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
