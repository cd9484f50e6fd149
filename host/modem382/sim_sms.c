/* Messages of the modem that is not there: 3GPP 27.005 in PDU mode. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sim_sms_pdu(struct sim *sim, const uint8_t *pdu, size_t n_pdu)
{
    for (size_t i = 1; i < SIM_SLOTS; i++) {
        if (!sim->slot[i].used && n_pdu <= SMS_PDU_MAX && n_pdu > 1u + pdu[0]) {
            char text[32];
            sim->slot[i].used = true;
            sim->slot[i].seen = false;
            memcpy(sim->slot[i].pdu, pdu, n_pdu);
            sim->slot[i].n_pdu = n_pdu;
            sim->slot[i].n_tpdu = n_pdu - 1u - pdu[0];
            (void)snprintf(text, sizeof text, "+CMTI: \"SM\",%zu", i);
            if (sim->notice) {
                sim_unasked(sim, text);
            }
            return SMS_OK;
        }
    }
    return SMS_ERR_SPACE;
}

int sim_sms(struct sim *sim, const char *number, const char *text)
{
    static const uint8_t when[7] = {0x62, 0x11, 0x92, 0x61, 0x03, 0x00, 0x40};
    uint8_t pdu[SMS_PDU_MAX];
    size_t n_tpdu;
    const int n = sms_deliver_encode(number, text, when, pdu, sizeof pdu, &n_tpdu);
    return n < 0 ? n : sim_sms_pdu(sim, pdu, (size_t)n);
}

static void hex_line(const uint8_t *octets, size_t n, char *text)
{
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(text + 2 * i, 3, "%02X", octets[i]);
    }
}

static void list(struct sim *sim)
{
    for (size_t i = 1; i < SIM_SLOTS; i++) {
        if (sim->slot[i].used) {
            char text[2 * SMS_PDU_MAX + 1];
            hex_line(sim->slot[i].pdu, sim->slot[i].n_pdu, text);
            sim_say(sim, "+CMGL: %zu,%d,,%zu", i, sim->slot[i].seen, sim->slot[i].n_tpdu);
            sim_say(sim, "%s", text);
            sim->slot[i].seen = true;
        }
    }
    sim_say(sim, "OK");
}

static void read_slot(struct sim *sim, unsigned long i)
{
    char text[2 * SMS_PDU_MAX + 1];
    if (i >= SIM_SLOTS || !sim->slot[i].used) {
        sim_say(sim, "+CMS ERROR: 321");
        return;
    }
    hex_line(sim->slot[i].pdu, sim->slot[i].n_pdu, text);
    sim_say(sim, "+CMGR: %d,,%zu", sim->slot[i].seen, sim->slot[i].n_tpdu);
    sim_say(sim, "%s", text);
    sim->slot[i].seen = true;
    sim_say(sim, "OK");
}

static void prompt(struct sim *sim, const char *length)
{
    if (!sim->pdu_mode || (sim->network != 1 && sim->network != 5)) {
        sim_say(sim, sim->pdu_mode ? "+CMS ERROR: 331" : "+CMS ERROR: 302");
        return;
    }
    sim->input = SIM_MESSAGE;
    sim->n_wanted = strtoul(length, NULL, 10);
    sim->n_data = 0;
    memcpy(sim->answer, "\r\n> ", 4);
    sim->n_answer = 4;
}

/* The message is whole: the centre takes it. */
void sim_sms_done(struct sim *sim)
{
    uint8_t pdu[SMS_PDU_MAX];
    const int n = sim_hex((const char *)sim->data, pdu, sizeof pdu);
    struct sms sms;
    if (n < 1 || (size_t)n != sim->n_wanted + 1u + pdu[0] ||
        sms_submit_decode(pdu, (size_t)n, &sms) != SMS_OK || sim->n_outbox == SIM_OUTBOX) {
        sim_say(sim, "+CMS ERROR: 304");
        return;
    }
    if (sim->faults.refuse > 0) {
        sim->faults.refuse--;
        sim_say(sim, "+CMS ERROR: 38");
        return;
    }
    sim->outbox[sim->n_outbox++] = sms;
    sim_say(sim, "+CMGS: %u", sim->reference++ % 256u);
    sim_say(sim, "OK");
}

static bool begins(const char *line, const char *beginning)
{
    return strncmp(line, beginning, strlen(beginning)) == 0;
}

bool sim_sms_command(struct sim *sim, const char *line)
{
    const char *value = strchr(line, '=');
    value = value != NULL ? value + 1 : "";
    if (begins(line, "AT+CMGS=")) {
        prompt(sim, value);
        return true;
    }
    if (begins(line, "AT+CMGL=") && sim->pdu_mode) {
        list(sim);
        return true;
    }
    if (begins(line, "AT+CMGR=") && sim->pdu_mode) {
        read_slot(sim, strtoul(value, NULL, 10));
        return true;
    }
    if (begins(line, "AT+CMGF=")) {
        sim->pdu_mode = value[0] == '0';
    } else if (begins(line, "AT+CPMS=") || begins(line, "AT+CNMI=")) {
        if (sim->now_ms < sim->sim_ready_ms) {
            sim_say(sim, "+CMS ERROR: 314");
            return true;
        }
        sim->notice = sim->notice || begins(line, "AT+CNMI=2,1");
    } else if (begins(line, "AT+CMGD=")) {
        const unsigned long i = strtoul(value, NULL, 10);
        if (i >= SIM_SLOTS || sim->faults.keeps) {
            sim_say(sim, "+CMS ERROR: 321");
            return true;
        }
        sim->slot[i].used = false;
    } else {
        return false;
    }
    sim_say(sim, "OK");
    return true;
}
