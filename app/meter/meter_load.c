#include "meter_load.h"

#include "../../proto/common/crc.h"
#include "../../proto/common/writer.h"
#include "../load_control/load_store.h"
#include "../modules/meter_modules.h"
#include "../registers/register_table.h"
#include "meter_audit.h"
#include "meter_pins.h"

#define AUDIT_PLAN 0xF810u /* + relay: numbers of rows and checks of a table before and after */

/* ---- what load control asks ---- */

static bool port_save(void *context, struct load_kept *kept)
{
    struct meter *meter = (struct meter *)context;
    const bool saved = load_store_save(kept, meter->board);
    meter->memory_fault = !saved || meter->memory_fault;
    return saved;
}

static int port_random(void *context, uint8_t *bytes, size_t n_bytes)
{
    const struct board *board = ((const struct meter *)context)->board;
    return board->random != NULL ? board->random(board->context, bytes, n_bytes) : -1;
}

static uint8_t fitted(const struct meter *meter)
{
    const bool type = meter->variant.generation >= GENERATION_L;
    uint8_t relays = meter->board->load_relays;
    relays = relays > meter_pins_relays(meter) ? relays : meter_pins_relays(meter);
    relays = relays > meter_module_relays(meter) ? relays : meter_module_relays(meter);
    return type ? (uint8_t)(relays < LOAD_RELAYS ? relays : LOAD_RELAYS) : 0u;
}

static void port_drive(void *context, uint8_t relay, bool active)
{
    struct meter *meter = (struct meter *)context;
    const struct board *board = meter->board;
    if (board->load_relay != NULL && relay < fitted(meter)) {
        board->load_relay(board->context, relay, active);
    }
    meter->next_display_us = meter->now_us;
}

static void port_moved(void *context, uint8_t relay)
{
    struct meter *meter = (struct meter *)context;
    uint8_t payload[METER_LOAD_RECORD_BYTES];
    struct writer w = writer_over(payload, sizeof payload);
    writer_u8(&w, meter->load.kept.relay[relay].mode);
    writer_u8(&w, legal_tariff(&meter->legal));
    writer_uint_le(&w, meter->load.kept.relay[relay].movements, 4);
    meter_log(meter, EVENT_LOG_LOAD, load_event(&meter->load, relay), payload, sizeof payload);
}

static struct load_port port_of(struct meter *meter)
{
    return (struct load_port){.context = meter,
                              .save = port_save,
                              .random = port_random,
                              .drive = port_drive,
                              .moved = port_moved};
}

/* ---- start, supply, running ---- */

void meter_load_begin(struct meter *meter)
{
    struct load_kept kept;
    if (!load_store_load(&kept, meter->board)) {
        meter->memory_fault = true;
    }
    load_start(&meter->load, &kept, meter->serial_number);
}

void meter_load_supply(struct meter *meter, bool on)
{
    const struct load_port port = port_of(meter);
    load_supply(&meter->load, &port, on, meter->now_us);
    meter->next_load_us = meter->now_us;
}

void meter_load_store(struct meter *meter)
{
    const struct load_port port = port_of(meter);
    load_settle(&meter->load, &port, meter->now_us);
}

bool meter_load_changed(const struct meter *meter)
{
    return meter->load.supplied && meter->load.fitted != fitted(meter);
}

int64_t meter_load_step(struct meter *meter)
{
    const struct load_port port = port_of(meter);
    const struct load_facts facts = {legal_tariff(&meter->legal), &meter->clock};
    return load_step(&meter->load, &port, &facts, fitted(meter), meter->now_us);
}

/* ---- clients ---- */

/* The registers that may be written. */
static const struct {
    uint16_t kmp_id;
    uint8_t index; /* enum load_register */
    uint16_t max;
} writable[] = {
    {1226, LOAD_REGISTER_ACTIVE, 1},
    {1227, LOAD_REGISTER_MODE, LOAD_MODES - 1},
    {1228, LOAD_REGISTER_TARIFFS, UINT8_MAX},
    {1229, LOAD_REGISTER_SECOND + LOAD_REGISTER_ACTIVE, 1},
    {1230, LOAD_REGISTER_SECOND + LOAD_REGISTER_MODE, LOAD_MODES - 1},
    {1231, LOAD_REGISTER_SECOND + LOAD_REGISTER_TARIFFS, UINT8_MAX},
    {1232, LOAD_REGISTER_DELAY, LOAD_DELAY_MAX_S},
};
#define N_WRITABLE (sizeof writable / sizeof writable[0])

static size_t row_of(uint16_t kmp_id)
{
    size_t i = 0;
    while (i < N_WRITABLE && writable[i].kmp_id != kmp_id) {
        i++;
    }
    return i;
}

bool meter_load_is_command(uint16_t kmp_id)
{
    const size_t i = row_of(kmp_id);
    return i < N_WRITABLE && writable[i].index % LOAD_REGISTER_SECOND == LOAD_REGISTER_ACTIVE;
}

static enum load_answer configure(struct meter *meter, const struct load_kept *wanted,
                                  uint16_t kmp_id, int64_t before, int64_t after)
{
    const struct load_port port = port_of(meter);
    if (!load_kept_good(wanted)) {
        return LOAD_ERR_RANGE;
    }
    if (before != after && !meter_audit_register(meter, kmp_id, before, after, 0)) {
        return LOAD_ERR_STORAGE;
    }
    const enum load_answer answer = load_configure(&meter->load, &port, wanted);
    if (answer != LOAD_DONE && before != after) {
        (void)meter_audit_register(meter, kmp_id, after, before, 0); /* it did not happen */
    }
    meter->next_load_us = meter->now_us;
    return answer;
}

enum load_answer meter_load_write(struct meter *meter, uint16_t kmp_id, int64_t number)
{
    const struct load_port port = port_of(meter);
    const size_t i = row_of(kmp_id);
    if (i == N_WRITABLE) {
        return LOAD_ERR_RELAY;
    }
    if (number < 0 || number > writable[i].max) {
        return LOAD_ERR_RANGE;
    }
    struct load_kept wanted = meter->load.kept;
    const uint8_t index = writable[i].index;
    struct load_relay *relay = &wanted.relay[index / LOAD_REGISTER_SECOND % LOAD_RELAYS];
    if (index == LOAD_REGISTER_DELAY) {
        wanted.delay_s = (uint16_t)number;
    } else if (meter_load_is_command(kmp_id)) {
        meter->next_load_us = meter->now_us;
        return load_command(&meter->load, &port, (uint8_t)(index / LOAD_REGISTER_SECOND),
                            number != 0);
    } else if (index % LOAD_REGISTER_SECOND == LOAD_REGISTER_MODE) {
        relay->mode = (uint8_t)number;
    } else {
        relay->tariffs = (uint8_t)number;
    }
    return configure(meter, &wanted, kmp_id, meter_load_value(meter, index), number);
}

/* Number of rows and a check over them: enough to tell two tables apart. */
static int64_t plan_sign(const struct load_plan *plan)
{
    uint8_t bytes[3u * LOAD_PLAN_ROWS];
    for (unsigned i = 0; i < plan->n && i < LOAD_PLAN_ROWS; i++) {
        bytes[3 * i] = (uint8_t)(plan->at[i].days | (plan->at[i].active ? 0x80u : 0u));
        bytes[3 * i + 1] = (uint8_t)plan->at[i].minute;
        bytes[3 * i + 2] = (uint8_t)(plan->at[i].minute >> 8);
    }
    return (int64_t)plan->n << 16 | crc16_xmodem(bytes, 3u * plan->n);
}

enum load_answer meter_load_plan(struct meter *meter, uint8_t relay, const struct load_plan *plan)
{
    if (relay >= LOAD_RELAYS) {
        return LOAD_ERR_RELAY;
    }
    if (!load_plan_good(plan)) {
        return LOAD_ERR_RANGE;
    }
    struct load_kept wanted = meter->load.kept;
    wanted.relay[relay].plan = *plan;
    return configure(meter, &wanted, (uint16_t)(AUDIT_PLAN + relay),
                     plan_sign(&meter->load.kept.relay[relay].plan), plan_sign(plan));
}

uint32_t meter_load_value(const struct meter *meter, uint8_t index)
{
    const struct load_control *load = &meter->load;
    const uint8_t number = (uint8_t)(index / LOAD_REGISTER_SECOND % LOAD_RELAYS);
    const struct load_relay *relay = &load->kept.relay[number];
    if (index == LOAD_REGISTER_DELAY) {
        return load->kept.delay_s;
    }
    if (index == LOAD_REGISTER_EVENT) {
        return load->event;
    }
    if (index == LOAD_REGISTER_FITTED) {
        return load->fitted;
    }
    switch (index % LOAD_REGISTER_SECOND) {
    case LOAD_REGISTER_ACTIVE: return relay->active && number < load->fitted ? 1u : 0u;
    case LOAD_REGISTER_MODE: return relay->mode;
    case LOAD_REGISTER_TARIFFS: return relay->tariffs;
    case LOAD_REGISTER_LEFT: return load_left_s(load, number, meter->now_us);
    default: return relay->movements;
    }
}
