/* Commands of the control connection, one line each; docs/gsm.md lists them. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier.h"

char *control_json(const struct carrier *c, bool outbox)
{
    const struct sim *sim = &c->sim;
    json_t *root;
    if (outbox) {
        root = json_array();
        for (size_t i = 0; i < sim->n_outbox; i++) {
            json_array_append_new(root, json_pack("{s:s,s:s}", "number", sim->outbox[i].number,
                                                  "text", sim->outbox[i].text));
        }
    } else {
        unsigned stored = 0;
        for (size_t i = 0; i < SIM_SLOTS; i++) {
            stored += sim->slot[i].used;
        }
        root = json_pack("{s:b,s:b,s:i,s:i,s:i,s:i,s:i,s:I,s:I,s:b}", "module", c->line >= 0,
                         "pin_good", sim->pin_good, "pin_left", sim->pin_left, "pins_tried",
                         sim->pins_tried, "network", sim->network, "stored", stored, "sent",
                         (int)sim->n_outbox, "to_server", (json_int_t)sim->to_server, "to_module",
                         (json_int_t)sim->to_module, "connected", sim->connected);
    }
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

/* ---- commands ---- */

static bool do_sms(struct carrier *c, const char *rest)
{
    char number[SMS_NUMBER_SIZE];
    int n = 0;
    return sscanf(rest, "%21s %n", number, &n) == 1 && n > 0 &&
           sim_sms(&c->sim, number, rest + n) == SMS_OK;
}

static bool do_pdu(struct carrier *c, const char *rest)
{
    uint8_t pdu[SMS_PDU_MAX];
    const int n = sim_hex(rest, pdu, sizeof pdu);
    return n > 0 && sim_sms_pdu(&c->sim, pdu, (size_t)n) == SMS_OK;
}

static bool do_network(struct carrier *c, const char *rest)
{
    unsigned network, gprs;
    if (sscanf(rest, "%u %u", &network, &gprs) != 2) {
        return false;
    }
    sim_network(&c->sim, network, gprs);
    return true;
}

static bool do_urc(struct carrier *c, const char *rest)
{
    sim_unasked(&c->sim, rest);
    return true;
}

static bool do_reset(struct carrier *c, const char *rest)
{
    (void)rest;
    sim_reset(&c->sim, carrier_now_ms());
    return true;
}

static bool do_drop(struct carrier *c, const char *rest)
{
    (void)rest;
    carrier_drop_server(c);
    return true;
}

static bool do_dead(struct carrier *c, const char *rest)
{
    c->sim.faults.dead = strcmp(rest, "on") == 0;
    return true;
}

static bool do_insert(struct carrier *c, const char *rest)
{
    c->sim.inserted = strcmp(rest, "on") == 0;
    return true;
}

static bool do_stop(struct carrier *c, const char *rest)
{
    (void)rest;
    c->stop = true;
    return true;
}

static bool number_of(const char *rest, unsigned long *out)
{
    char *end;
    *out = strtoul(rest, &end, 10);
    return end != rest && *end == '\0';
}

/* A number that is set. */
static bool do_number(struct carrier *c, const char *name, const char *rest)
{
    const struct {
        const char *name;
        unsigned *value;
    } numbers[] = {{"signal", &c->sim.signal},          {"lose", &c->sim.faults.lose},
                   {"refuse", &c->sim.faults.refuse},   {"late", &c->sim.faults.late},
                   {"garbage", &c->sim.faults.garbage}, {"storm", &c->sim.faults.storm}};
    unsigned long value;
    if (!number_of(rest, &value)) {
        return false;
    }
    if (strcmp(name, "slow") == 0) {
        c->sim.faults.slow_ms = (int64_t)value;
        return true;
    }
    if (strcmp(name, "chop") == 0) {
        c->chop = value;
        return true;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strcmp(name, numbers[i].name) == 0) {
            *numbers[i].value = (unsigned)value;
            return true;
        }
    }
    return false;
}

void control_command(struct carrier *c, char *command, char *answer, size_t n_answer)
{
    static const struct {
        const char *name;
        bool (*act)(struct carrier *, const char *);
    } commands[] = {{"sms", do_sms},   {"pdu", do_pdu},     {"network", do_network},
                    {"urc", do_urc},   {"reset", do_reset}, {"drop", do_drop},
                    {"dead", do_dead}, {"sim", do_insert},  {"stop", do_stop}};
    char *rest = strchr(command, ' ');
    if (rest != NULL) {
        *rest++ = '\0';
    } else {
        rest = command + strlen(command);
    }
    c->sim.now_ms = carrier_now_ms();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(command, commands[i].name) == 0) {
            const bool good = commands[i].act(c, rest);
            (void)snprintf(answer, n_answer, good ? "ok" : "error: %s", command);
            return;
        }
    }
    (void)snprintf(
        answer, n_answer,
        do_number(c, command, rest)
            ? "ok"
            : "error: expected sms, pdu, network, urc, reset, drop, dead, sim, stop, "
              "signal, lose, refuse, late, garbage, storm, slow, chop, outbox or status");
}
