#include "meter_breaker.h"

#include "../../proto/common/writer.h"
#include "../breaker/breaker_store.h"
#include "meter_audit.h"
#include "meter_events.h"
#include "meter_prepay.h"

#define MA_PER_A      1000u
#define MW_PER_W      1000u
#define CODE_OF_CAUSE 8u
#define CHANNEL_HAND  0xFEu

/* ---- what the breaker asks ---- */

static bool port_save(void *context, struct breaker_kept *kept)
{
    struct meter *meter = (struct meter *)context;
    const bool saved = breaker_store_save(kept, meter->board);
    meter->memory_fault = !saved || meter->memory_fault;
    return saved;
}

/* docs/spec/app-storage.md, "Payloads". */
static bool port_log(void *context, const struct breaker *breaker, uint8_t before, uint8_t cause,
                     uint8_t channel)
{
    struct meter *meter = (struct meter *)context;
    uint8_t payload[METER_BREAKER_RECORD_BYTES];
    struct writer w = writer_over(payload, sizeof payload);
    writer_u8(&w, before);
    writer_u8(&w, breaker_feedback(breaker));
    writer_u8(&w, channel);
    writer_u8(&w, breaker->kept.retries);
    writer_uint_le(&w, breaker->facts.current_ma, 4);
    writer_uint_le(
        &w, breaker->facts.power_w / 10u < UINT16_MAX ? breaker->facts.power_w / 10u : UINT16_MAX,
        2);
    meter_log(meter, EVENT_LOG_DISCONNECT,
              (uint16_t)((unsigned)cause << CODE_OF_CAUSE | breaker->kept.state), payload,
              (uint8_t)writer_length(&w));
    meter->next_display_us = meter->now_us;
    return !meter->log_fault;
}

static uint32_t port_log_newest(void *context)
{
    return event_log_newest(&((const struct meter *)context)->logs, EVENT_LOG_DISCONNECT);
}

static int port_drive(void *context, bool close)
{
    const struct board *board = ((const struct meter *)context)->board;
    return board->breaker_drive(board->context, close);
}

static int port_read(void *context, struct board_breaker *out)
{
    const struct board *board = ((const struct meter *)context)->board;
    return board->breaker_read(board->context, out);
}

static struct breaker_port port_of(struct meter *meter)
{
    return (struct breaker_port){.context = meter,
                                 .save = port_save,
                                 .log = port_log,
                                 .log_newest = port_log_newest,
                                 .drive = port_drive,
                                 .read = port_read};
}

/* ---- start, settings, supply ---- */

void meter_breaker_begin(struct meter *meter)
{
    const struct board *board = meter->board;
    struct breaker_kept kept = {0};
    const bool fitted =
        meter->variant.breaker && board->breaker_drive != NULL && board->breaker_read != NULL;
    if (fitted && !breaker_store_load(&kept, board)) {
        meter->memory_fault = true;
    }
    breaker_start(&meter->breaker, &kept, fitted, meter->now_us);
    meter_breaker_configure(meter);
}

static uint8_t small(const struct settings *settings, enum setting_id id)
{
    return (uint8_t)settings_number(settings, id);
}

/* B to E have a breaker and nothing that moves it by itself (BRK-03): there these settings do not
 * exist, and stay as delivered. */
void meter_breaker_configure(struct meter *meter)
{
    const struct settings *s = &meter->settings;
    struct breaker_config *config = &meter->breaker.config;
    config->basis = small(s, SETTING_BREAKER_BASIS);
    config->short_circuit_a = small(s, SETTING_BREAKER_SHORT_CIRCUIT);
    for (unsigned i = 0; i < BREAKER_FACTORS; i++) {
        config->k_tenths[i] = small(s, (enum setting_id)(SETTING_BREAKER_K1 + i));
        config->t_s[i] = (uint16_t)settings_number(s, (enum setting_id)(SETTING_BREAKER_T1 + i));
    }
    config->limit = small(s, SETTING_BREAKER_LIMIT);
    config->low_limit = small(s, SETTING_BREAKER_LOW_LIMIT);
    config->wait_s = (uint16_t)settings_number(s, SETTING_BREAKER_WAIT);
    config->automatic = small(s, SETTING_BREAKER_COUPLING) != 0;
    config->needs_release = small(s, SETTING_BREAKER_BUTTON) != 0;
    config->retries = small(s, SETTING_BREAKER_RETRIES);
}

void meter_breaker_supply(struct meter *meter, bool on)
{
    const struct breaker_port port = port_of(meter);
    breaker_supply(&meter->breaker, &port, on, meter->now_us);
}

void meter_breaker_store(struct meter *meter)
{
    const struct breaker_port port = port_of(meter);
    breaker_store(&meter->breaker, &port);
}

/* ---- running ---- */

/* Asking the legal part costs half of what a window costs, so only where the load counts. */
static void load_take(struct meter *meter, struct breaker_facts *facts)
{
    struct legal_instant instant;
    legal_powers(&meter->legal, &instant);
    facts->current_ma = 0;
    for (unsigned s = 0; s < meter->variant.systems; s++) {
        facts->current_ma = instant.phase[s].current_ma > facts->current_ma
                                ? instant.phase[s].current_ma
                                : facts->current_ma;
    }
    facts->power_w = instant.active_plus_mw / MW_PER_W;
    facts->load_known = true;
}

int64_t meter_breaker_step(struct meter *meter)
{
    const struct breaker_port port = port_of(meter);
    struct breaker *breaker = &meter->breaker;
    const uint8_t state = breaker->kept.state;
    struct breaker_facts facts = breaker->facts;
    facts.neutral_fault = meter->neutral.fault;
    if (breaker->supply && meter->now_us >= breaker->second_us) {
        meter_prepay_step(meter, &facts);
    }
    if (breaker_wants_load(breaker, meter->now_us)) {
        load_take(meter, &facts);
    }
    const int64_t next_us = breaker_step(breaker, &port, &facts, meter->now_us);
    if (breaker->kept.state != state) {
        meter->next_display_us = meter->now_us;
    }
    return next_us;
}

/* METERTOOL at the eye may be told off (C-23); the utility's system is at the module port. */
static bool may(struct meter *meter)
{
    const bool tool = settings_number(&meter->settings, SETTING_BREAKER_TOOL) != 0;
    return meter_may(meter, ACTION_BREAKER) == RIGHTS_OK &&
           (tool || rights_channel(&meter->rights) != CHANNEL_OPTICAL);
}

enum breaker_answer meter_breaker_command(struct meter *meter, uint8_t command)
{
    const struct breaker_port port = port_of(meter);
    if (command < BREAKER_EVENT_DISCONNECT || command > BREAKER_EVENT_RECONNECT) {
        return BREAKER_ERR_STATE;
    }
    if (meter->breaker.fitted && !may(meter)) {
        return BREAKER_ERR_RIGHTS;
    }
    const enum breaker_answer answer =
        breaker_order(&meter->breaker, &port, (enum breaker_event)command,
                      (uint8_t)rights_channel(&meter->rights), meter->now_us);
    meter->next_breaker_us = meter->now_us;
    meter->next_display_us = meter->now_us;
    return answer;
}

void meter_breaker_button(struct meter *meter)
{
    const struct breaker_port port = port_of(meter);
    (void)breaker_order(&meter->breaker, &port, BREAKER_EVENT_BUTTON, CHANNEL_HAND, meter->now_us);
    meter->next_breaker_us = meter->now_us;
    meter->next_display_us = meter->now_us;
}

/* ---- what clients see ---- */

uint8_t meter_breaker_state(const struct meter *meter)
{
    return meter->breaker.fitted ? meter->breaker.kept.state : (uint8_t)BREAKER_NO_RELAY;
}

static uint8_t feedback_without(const struct meter *meter)
{
    struct legal_instant instant;
    unsigned bits = BREAKER_FEEDBACK_VALID | BREAKER_FEEDBACK_ANSWERS;
    legal_instant(&meter->legal, &instant);
    for (unsigned phase = 0; phase < LEGAL_SYSTEMS; phase++) {
        const int system = variant_system_of_phase(&meter->variant, phase);
        bits |= system >= 0 && instant.phase[system].voltage_present ? 1u << phase : 0u;
    }
    return (uint8_t)bits;
}

uint8_t meter_breaker_feedback(const struct meter *meter)
{
    if (!meter->breaker.fitted || !meter->supply_on) {
        return meter->breaker.fitted ? breaker_feedback(&meter->breaker) : feedback_without(meter);
    }
    struct breaker fresh = meter->breaker; /* as the relays are now */
    fresh.answers = meter->board->breaker_read(meter->board->context, &fresh.relays) == 0;
    return breaker_feedback(&fresh);
}

uint32_t meter_breaker_word_b(const struct meter *meter)
{
    switch (meter_breaker_state(meter)) {
    case BREAKER_OPEN_BUTTON: return UINT32_C(1) << EVENT_B_OPENED_BY_HAND;
    case BREAKER_CUT_OFF:
    case BREAKER_CUT_OFF_PREPAYMENT:
    case BREAKER_PREPAYMENT_EXPIRED:
    case BREAKER_OPEN_NEUTRAL: return UINT32_C(1) << EVENT_B_OPENED_BY_ITSELF;
    case BREAKER_OPEN_COMMAND: return UINT32_C(1) << EVENT_B_OPENED_REMOTELY;
    default: return 0;
    }
}

uint8_t meter_breaker_lamp(const struct meter *meter)
{
    const uint8_t state = meter_breaker_state(meter);
    if (!meter->supply_on || state == BREAKER_NO_RELAY || breaker_state_closed(state)) {
        return 0;
    }
    const struct breaker *breaker = &meter->breaker;
    const bool low = state == BREAKER_CUT_OFF_PREPAYMENT && breaker->facts.credit_low;
    const bool ready = state == BREAKER_RELEASED ||
                       ((state == BREAKER_OPEN_BUTTON || low) && !breaker->config.needs_release);
    return ready ? 2 : 1;
}
