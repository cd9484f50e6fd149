#include "state_json.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/meter/meter_alarms.h"
#include "app/registers/register_read.h"
#include "bay_json.h"
#include "breaker_json.h"
#include "consumer_json.h"
#include "host/lib/event_words.h"
#include "instant.h"
#include "prepay_json.h"
#include "run.h"
#include "site_pins.h"
#include "tamper_json.h"

#define JSON_DIGITS 15 /* a double's worth: 0.1 stays 0.1 */
#define KILO_MICRO  1e9

static json_t *numbers(const uint8_t *bytes, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++) {
        (void)json_array_append_new(array, json_integer(bytes[i]));
    }
    return array;
}

static double kilo(int32_t milli)
{
    return milli / 1e3;
}

static json_t *display_json(const struct run *run)
{
    static const char *const units[] = {
        [DISPLAY_UNIT_NONE] = "",     [DISPLAY_UNIT_KWH] = "kWh", [DISPLAY_UNIT_KVARH] = "kvarh",
        [DISPLAY_UNIT_KVAH] = "kVAh", [DISPLAY_UNIT_KW] = "kW",   [DISPLAY_UNIT_KVAR] = "kvar",
        [DISPLAY_UNIT_KVA] = "kVA",   [DISPLAY_UNIT_V] = "V",     [DISPLAY_UNIT_A] = "A",
        [DISPLAY_UNIT_H] = "h",       [DISPLAY_UNIT_HZ] = "Hz",   [DISPLAY_UNIT_DEGREE] = "deg",
        [DISPLAY_UNIT_ALL] = "all",
    };
    const struct meter *meter = &run->site.meter;
    struct display_frame frame;
    char line[128];
    char text[DISPLAY_TEXT_CHARS + 1] = "";
    memset(&frame, 0, sizeof frame);
    display_render(&meter->display, meter, run->site.now_us, &frame);
    (void)display_text(&frame, line, sizeof line);
    memcpy(text, frame.text, DISPLAY_TEXT_CHARS);
    return json_pack("{s:o, s:i, s:i, s:o, s:i, s:s, s:s, s:i, s:I, s:s, s:b}", "value",
                     numbers(frame.value, DISPLAY_VALUE_DIGITS), "value_points",
                     (int)frame.value_points, "value_colons", (int)frame.value_colons, "ident",
                     numbers(frame.ident, DISPLAY_IDENT_DIGITS), "ident_points",
                     (int)frame.ident_points, "text", text, "unit", units[frame.unit], "tariff",
                     (int)frame.tariff, "icons", (json_int_t)frame.icons, "line", line, "on",
                     meter->display.state != DISPLAY_OFF);
}

/* flashes: what the LED has shown, which in the test mode is another energy than A+. */
static json_t *pulses_json(const struct run *run, const struct legal_instant *instant)
{
    static const char *const energies[] = {"A+", "A-", "R+", "R-"};
    const struct meter *meter = &run->site.meter;
    uint64_t emitted, pending;
    legal_pulses(&meter->legal, &emitted, &pending);
    const uint32_t shown_milli[] = {instant->active_plus_mw, instant->active_minus_mw,
                                    instant->reactive_plus_mvar, instant->reactive_minus_mvar};
    const double kilo_unit = shown_milli[meter->pulse_energy] / 1e6;
    const bool testing = meter_operation_state(meter) != 1;
    const bool idle = meter_led_idle(meter);
    return json_pack("{s:I, s:I, s:I, s:b, s:b, s:b, s:s, s:i, s:f}", "flashes",
                     (json_int_t)run->site.flashes, "emitted", (json_int_t)emitted, "pending",
                     (json_int_t)pending, "led", run->site.led || idle, "idle", idle, "test_mode",
                     testing, "energy", energies[meter->pulse_energy], "per_kwh",
                     (int)meter->variant.pulses_per_kwh, "rate_hz",
                     kilo_unit * meter->variant.pulses_per_kwh / 3600.0);
}

/* u_deg against phase L1, i_deg how far the current lags its own voltage. */
static json_t *phases_json(const struct run *run, const struct legal_instant *instant)
{
    json_t *array = json_array();
    for (unsigned s = 0; s < run->site.systems; s++) {
        const struct legal_phase *phase = &instant->phase[s];
        (void)json_array_append_new(
            array,
            json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:b, s:b}", "u", phase->voltage_mv / 1e3,
                      "i", phase->current_ma / 1e3, "p", kilo(phase->active_mw), "q",
                      kilo(phase->reactive_mvar), "s", phase->apparent_mva / 1e3, "u_deg",
                      kilo(phase->voltage_angle_mdeg), "i_deg", kilo(phase->current_angle_mdeg),
                      "present", phase->voltage_present, "load", phase->load_present));
    }
    return array;
}

static json_t *total_json(const struct legal_instant *instant)
{
    static const char *const sequences[] = {
        [LEGAL_SEQUENCE_UNKNOWN] = "", [LEGAL_SEQUENCE_123] = "123", [LEGAL_SEQUENCE_132] = "132"};
    return json_pack("{s:f, s:f, s:f, s:f, s:i, s:s}", "p", kilo(instant->active_net_mw), "q",
                     kilo(instant->reactive_net_mvar), "s", instant->apparent_mva / 1e3, "f",
                     instant->frequency_mhz / 1e3, "quadrant", (int)instant->quadrant, "sequence",
                     sequences[instant->sequence]);
}

static json_t *energy_json(const struct meter *meter)
{
    static const struct {
        const char *code;
        enum legal_energy energy;
    } shown[] = {{"1.8.0", LEGAL_A_PLUS},
                 {"2.8.0", LEGAL_A_MINUS},
                 {"3.8.0", LEGAL_R_PLUS},
                 {"4.8.0", LEGAL_R_MINUS}};
    json_t *object = json_object();
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        const struct register_def *def = register_by_code(shown[i].code);
        if (def != NULL && register_exists(meter, def)) {
            const double value =
                (double)legal_energy_uwh(&meter->legal, shown[i].energy) / KILO_MICRO;
            (void)json_object_set_new(object, shown[i].code, json_real(value));
        }
    }
    return object;
}

/* [[order, percent, degrees], ...] of one phase */
static json_t *harmonics_of(const double *pct, const double *deg)
{
    json_t *array = json_array();
    for (int h = 2; h <= (int)LAB_HARMONICS_MAX; h++) {
        if (pct[h] > 0.0) {
            (void)json_array_append_new(array, json_pack("[i, f, f]", h, pct[h], deg[h]));
        }
    }
    return array;
}

static json_t *harmonics_json(const struct lab_state *state)
{
    json_t *u = json_array();
    json_t *i = json_array();
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        const struct lab_phase *phase = &state->phase[k];
        (void)json_array_append_new(u, harmonics_of(phase->u_harmonic_pct, phase->u_harmonic_deg));
        (void)json_array_append_new(i, harmonics_of(phase->i_harmonic_pct, phase->i_harmonic_deg));
    }
    return json_pack("{s:o, s:o}", "u", u, "i", i);
}

static json_t *control_json(const struct run *run, const struct lab_state *state)
{
    json_t *control = json_object();
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        static const char *const names[LAB_PHASES][3] = {
            {"u1", "i1", "phi1"}, {"u2", "i2", "phi2"}, {"u3", "i3", "phi3"}};
        const struct lab_phase *phase = &state->phase[k];
        (void)json_object_set_new(control, names[k][0], json_real(phase->voltage_v));
        (void)json_object_set_new(control, names[k][1], json_real(phase->current_a));
        (void)json_object_set_new(control, names[k][2], json_real(phase->phi_deg));
    }
    (void)json_object_set_new(control, "f", json_real(state->frequency_hz));
    (void)json_object_set_new(control, "thd_u", json_real(state->phase[0].u_harmonic_pct[5]));
    (void)json_object_set_new(control, "thd_i", json_real(state->phase[0].i_harmonic_pct[5]));
    (void)json_object_set_new(control, "temperature", json_real(state->temperature_c));
    (void)json_object_set_new(control, "neutral", json_integer(run->site.neutral_lost ? 1 : 0));
    (void)json_object_set_new(control, "sequence", json_integer(run->site.reversed ? 1 : 0));
    (void)json_object_set_new(control, "supply", json_integer(run->site.supply_cut ? 0 : 1));
    return control;
}

static json_t *mains_json(struct run *run)
{
    struct lab_state state;
    memset(&state, 0, sizeof state);
    /* asked for the window that is open, since the source is read forwards */
    mains_state(run->site.mains, run->site.sample * SITE_SAMPLE_US, &state);
    return json_pack("{s:s, s:o, s:o}", "description", mains_description(run->site.mains),
                     "control", control_json(run, &state), "harmonics", harmonics_json(&state));
}

static json_t *health_json(const struct meter *meter)
{
    struct legal_health health;
    struct legal_audit audit;
    legal_health(&meter->legal, &health);
    legal_audit(&meter->legal, &audit);
    return json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:I, s:I}",
        "frames_received", (json_int_t)health.frames_received, "frames_lost",
        (json_int_t)health.frames_lost, "frames_damaged", (json_int_t)health.frames_damaged,
        "memory_writes", (json_int_t)health.memory_writes, "memory_errors",
        (json_int_t)health.memory_errors, "start_count", (json_int_t)health.start_count,
        "systems_silent", (json_int_t)health.systems_silent, "memory_restored",
        health.memory_restored, "memory_suspect", health.memory_suspect, "memory_fault",
        health.memory_fault, "program_fault", health.program_fault, "calibrated", health.calibrated,
        "uncalibrated", meter_uncalibrated(meter), "neutral_fault", meter->neutral.fault,
        "calibrations", (json_int_t)legal_calibration_count(&meter->legal), "audit_entries",
        (json_int_t)audit.n_entries);
}

static json_t *ports_json(const struct run *run)
{
    json_t *array = json_array();
    for (size_t i = 0; i < run->ports.n_ports; i++) {
        (void)json_array_append_new(array, json_string(run->ports.port[i].text));
    }
    return array;
}

static json_t *inputs_json(const struct run *run)
{
    const bool *input = run->site.input;
    return json_pack("{s:b, s:b, s:b, s:b, s:b, s:b, s:b}", "seal", input[METER_INPUT_SEAL],
                     "module", run->site.meter.input[METER_INPUT_MODULE], "magnet",
                     input[METER_INPUT_MAGNET], "cover", input[METER_INPUT_COVER], "terminal_cover",
                     input[METER_INPUT_TERMINAL_COVER], "button_left",
                     input[METER_INPUT_BUTTON_LEFT], "button_right",
                     input[METER_INPUT_BUTTON_RIGHT]);
}

static json_t *speed_json(const struct run *run)
{
    if (run->paused) {
        return json_integer(0);
    }
    return run->speed == OPTION_SPEED_MAX ? json_string("max") : json_real(run->speed);
}

/* Number of the newest record of the load profile and of each log, and of the newest that a client
 * has confirmed to have read. */
static json_t *records_json(const struct meter *meter)
{
    struct legal_profile_range range;
    json_t *records = json_object();
    legal_profile_range(&meter->legal, &range);
    if (meter->load_profile.fitted) {
        (void)json_object_set_new(records, "profile",
                                  json_pack("{s:I, s:I}", "newest",
                                            (json_int_t)(range.n_records > 0 ? range.newest_id : 0),
                                            "read", (json_int_t)meter->marks.profile.read));
    }
    if (meter->analysis.fitted) {
        (void)json_object_set_new(
            records, "analysis",
            json_pack("{s:I}", "newest", (json_int_t)analysis_newest(&meter->analysis)));
    }
    for (int log = 0; log < EVENT_LOGS; log++) {
        (void)json_object_set_new(
            records, event_log_row((enum event_log_name)log)->name,
            json_pack("{s:I, s:I}", "newest",
                      (json_int_t)event_log_newest(&meter->logs, (enum event_log_name)log), "read",
                      (json_int_t)meter->marks.log[log].read));
    }
    return records;
}

/* The meter's own clock; where it has none, the computer's, which the panel shows instead. */
static void times(const struct run *run, char *utc, char *local)
{
    const struct meter *meter = &run->site.meter;
    struct calendar day;
    if (!meter->clock.fitted || !meter->clock.valid) {
        instant_format(site_utc_s(&run->site), utc);
        memcpy(local, utc, INSTANT_TEXT_MAX);
    } else {
        instant_format(clock_utc_s(&meter->clock, run->site.now_us), utc);
        clock_local(&meter->clock, run->site.now_us, &day);
        instant_format(calendar_seconds(&day), local);
    }
    (void)strcat(utc, "Z"); /* instant_format leaves room */
}

/* What stands on the type plate; the panel puts it into words. */
/* Text that a client has written: any printable ASCII. */
static const char *owner_text(const struct meter *meter)
{
    return meter->settings.own[settings_row(setting_by_id(SETTING_PLATE_TEXT))].text;
}

static json_t *plate_json(const struct meter *meter)
{
    const struct variant *variant = &meter->variant;
    const char accuracy_class[] = {variant->accuracy_class, '\0'};
    return json_pack("{s:s, s:s, s:i, s:b, s:b, s:i, s:b, s:i, s:i, s:s}", "owner",
                     owner_text(meter), "order", variant->order_number, "systems",
                     (int)variant->systems, "aron", variant->aron, "breaker", variant->breaker,
                     "nominal_v", (int)variant->nominal_voltage_v, "frequency_60hz",
                     variant->frequency_60hz, "basic_a", (int)variant->current_basic_a, "max_a",
                     (int)variant->current_max_a, "class", accuracy_class);
}

/* In words, as metertool has them. */
static json_t *alarms_json(const struct meter *meter)
{
    static const struct {
        const char *(*name)(unsigned bit);
        const char *gone;
    } kinds[ALARM_REGISTERS] = {[ALARM_A] = {event_word_a_name, ""},
                                [ALARM_B_COME] = {event_word_b_name, ""},
                                [ALARM_B_GONE] = {event_word_b_name, " is over"},
                                [ALARM_TAMPER] = {event_word_tamper_name, ""}};
    json_t *list = json_array();
    for (unsigned kind = 0; kind < ALARM_REGISTERS; kind++) {
        const uint32_t bits = meter_alarms_raised(meter, (enum alarm_kind)kind);
        for (unsigned bit = 0; bit < 32; bit++) {
            const char *name = kinds[kind].name(bit);
            if ((bits >> bit & 1u) != 0) {
                (void)json_array_append_new(
                    list, json_sprintf("%s%s", name != NULL ? name : "?", kinds[kind].gone));
            }
        }
    }
    return list;
}

/* The meter's clock beside the true time of the simulated world. */
static json_t *clock_json(const struct run *run)
{
    const struct site *site = &run->site;
    const struct clock *clock = &site->meter.clock;
    const int64_t meter_us = clock_utc_us(clock, site->now_us);
    const int64_t ahead_us = meter_us - site->start_utc_s * 1000000 - site->now_us;
    return json_pack("{s:b, s:b, s:f, s:f, s:b, s:i}", "fitted", clock->fitted, "valid",
                     clock->fitted && clock->valid, "ahead_s", (double)ahead_us * 1e-6,
                     "crystal_ppm", rtc_error_ppm(&site->rtc), "summer",
                     clock_summer(clock, meter_us / 1000000), "zone_h", (int)clock->time_zone_h);
}

/* Voltage at the tariff inputs that count: true or false; null: not by configuration 1. */
static json_t *tariff_inputs_json(const struct run *run)
{
    const struct site *site = &run->site;
    const unsigned counts = tariff_inputs(&site->meter.variant);
    json_t *array = json_array();
    for (unsigned i = 0; i < 2; i++) {
        (void)json_array_append_new(
            array, (counts >> i & 1u) == 0 ? json_null()
                                           : json_boolean(site->input[METER_INPUT_TARIFF_1 + i]));
    }
    return array;
}

static json_t *state_build(struct run *run)
{
    const struct meter *meter = &run->site.meter;
    struct legal_instant instant;
    char utc[INSTANT_TEXT_MAX + 1], local[INSTANT_TEXT_MAX], serial[16];
    memset(&instant, 0, sizeof instant);
    legal_instant(&meter->legal, &instant);
    times(run, utc, local);
    (void)snprintf(serial, sizeof serial, "%08lu", (unsigned long)meter->serial_number);
    return json_pack("{s:s, s:s, s:o, s:b, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, "
                     "s:o, s:o, s:o, s:o}",
                     "now", utc, "local", local, "speed", speed_json(run), "supply",
                     meter->supply_on, "variant", meter->variant.name, "serial", serial, "plate",
                     plate_json(meter), "display", display_json(run), "pulses",
                     pulses_json(run, &instant), "phases", phases_json(run, &instant), "total",
                     total_json(&instant), "energy", energy_json(meter), "mains", mains_json(run),
                     "inputs", inputs_json(run), "status", (int)meter_status(meter), "health",
                     health_json(meter), "ports", ports_json(run), "records", records_json(meter),
                     "alarms", alarms_json(meter));
}

char *state_json(struct run *run, size_t *length)
{
    json_t *state = state_build(run);
    if (state == NULL) {
        return NULL;
    }
    (void)json_object_set_new(state, "clock", clock_json(run));
    (void)json_object_set_new(state, "bay", bay_json(run));
    (void)json_object_set_new(state, "breaker", breaker_json(&run->site));
    (void)json_object_set_new(state, "prepay", prepay_json(&run->site));
    (void)json_object_set_new(state, "tamper", tamper_json(&run->site.meter));
    (void)json_object_set_new(state, "consumer", consumer_json(run));
    (void)json_object_set_new(state, "module_pins", site_pins_json(&run->site));
    (void)json_object_set_new(state, "tariff_inputs", tariff_inputs_json(run));
    char *text = json_dumps(state, JSON_COMPACT | JSON_REAL_PRECISION(JSON_DIGITS));
    json_decref(state);
    *length = text != NULL ? strlen(text) : 0;
    return text;
}
