#include "optical_load.h"

#include <string.h>

#include "../meter/meter_audit.h"
#include "../meter/meter_load.h"
#include "../registers/register_table.h"

#define SILENCE    0
#define ANSWER     1
#define ROW_ACTIVE 0x80u /* beside the days */
#define COMMAND_1  1226u
#define COMMAND_2  1229u

static int plan_read(const struct meter *meter, struct reader *data, struct writer *out)
{
    const uint8_t relay = reader_u8(data);
    if (!reader_complete(data) || relay >= LOAD_RELAYS) {
        return SILENCE;
    }
    const struct load_plan *plan = &meter->load.kept.relay[relay].plan;
    writer_u8(out, plan->n);
    for (unsigned i = 0; i < plan->n; i++) {
        writer_u8(out, (uint8_t)(plan->at[i].days | (plan->at[i].active ? ROW_ACTIVE : 0u)));
        writer_uint_be(out, plan->at[i].minute, 2);
    }
    return ANSWER;
}

static int plan_write(struct meter *meter, struct reader *data, struct writer *out)
{
    struct load_plan plan;
    memset(&plan, 0, sizeof plan);
    const uint16_t password = (uint16_t)reader_uint_be(data, 2);
    const uint8_t relay = reader_u8(data);
    plan.n = reader_u8(data);
    for (unsigned i = 0; i < plan.n && i < LOAD_PLAN_ROWS; i++) {
        const uint8_t days = reader_u8(data);
        plan.at[i].days = days & (uint8_t)~ROW_ACTIVE;
        plan.at[i].active = (days & ROW_ACTIVE) != 0;
        plan.at[i].minute = (uint16_t)reader_uint_be(data, 2);
    }
    if (!reader_complete(data) || meter_may_with(meter, ACTION_TARIFF, password) != RIGHTS_OK) {
        return SILENCE;
    }
    writer_u8(out, (uint8_t)meter_load_plan(meter, relay, &plan));
    return ANSWER;
}

static int command(struct meter *meter, struct reader *data, struct writer *out)
{
    const uint16_t password = (uint16_t)reader_uint_be(data, 2);
    const uint8_t relay = reader_u8(data), active = reader_u8(data);
    if (!reader_complete(data) || meter_may_with(meter, ACTION_TARIFF, password) != RIGHTS_OK) {
        return SILENCE;
    }
    const enum load_answer answer =
        relay < LOAD_RELAYS ? meter_load_write(meter, relay == 0 ? COMMAND_1 : COMMAND_2, active)
                            : LOAD_ERR_RELAY;
    if (answer == LOAD_DONE) {
        meter->next_load_us =
            meter_load_step(meter); /* the answer to a question behind it is true */
    }
    writer_u8(out, (uint8_t)answer);
    return ANSWER;
}

static int status(const struct meter *meter, struct reader *data, struct writer *out)
{
    if (!reader_complete(data)) {
        return SILENCE;
    }
    writer_u8(out, meter->load.fitted);
    writer_uint_be(out, meter->load.kept.delay_s, 2);
    for (uint8_t relay = 0; relay < LOAD_RELAYS; relay++) {
        const struct load_relay *it = &meter->load.kept.relay[relay];
        writer_u8(out, it->mode);
        writer_u8(out, it->tariffs);
        writer_u8(out, it->active && relay < meter->load.fitted ? 1 : 0);
        writer_uint_be(out, load_left_s(&meter->load, relay, meter->now_us), 2);
        writer_uint_be(out, it->movements, 4);
    }
    return ANSWER;
}

int optical_load(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    if (meter->variant.generation < GENERATION_L) {
        return SILENCE;
    }
    switch (cid) {
    case KMP_LOAD_PLAN_READ: return plan_read(meter, data, out);
    case KMP_LOAD_PLAN_WRITE: return plan_write(meter, data, out);
    case KMP_LOAD_COMMAND: return command(meter, data, out);
    default: return status(meter, data, out);
    }
}
