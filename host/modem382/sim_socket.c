/* TCP of the modem that is not there, in two dialects. */
#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEND_MAX 512u
#define READ_MAX 512u

static bool begins(const char *line, const char *beginning)
{
    return strncmp(line, beginning, strlen(beginning)) == 0;
}

static void drop(struct sim *sim)
{
    if (sim->connected || sim->connecting) {
        sim->sockets.close(sim->sockets.context);
    }
    sim->connected = sim->connecting = sim->made = false;
    sim->n_received = 0;
}

void sim_socket_reset(struct sim *sim)
{
    drop(sim);
    sim->context_set = sim->context_up = sim->manual = sim->hex = false;
}

/* ---- events ---- */

void sim_connected(struct sim *sim, bool good)
{
    if (!sim->connecting) {
        return;
    }
    sim->connecting = false;
    sim->connected = good;
    if (sim->dialect == SIM_SIMCOM) {
        sim_unasked(sim, good ? "CONNECT OK" : "STATE: TCP CLOSED\r\n\r\nCONNECT FAIL");
    } else {
        sim_unasked(sim, good ? "OK" : "+CME ERROR: 111");
    }
}

static void tell_received(struct sim *sim)
{
    char text[40] = "+CIPRXGET: 1";
    if (sim->dialect == SIM_UBLOX) {
        (void)snprintf(text, sizeof text, "+UUSORD: 0,%zu", sim->n_received);
    }
    sim_unasked(sim, text);
}

size_t sim_received(struct sim *sim, const uint8_t *octets, size_t n_octets)
{
    const size_t room = SIM_SOCKET - sim->n_received;
    const size_t n = n_octets < room ? n_octets : room;
    const bool was_empty = sim->n_received == 0;
    memcpy(sim->received + sim->n_received, octets, n);
    sim->n_received += n;
    if (n > 0 && (was_empty || sim->dialect == SIM_UBLOX)) {
        tell_received(sim);
    }
    return n;
}

void sim_closed(struct sim *sim)
{
    if (sim->connected) {
        sim->connected = sim->made = false;
        sim->n_received = 0;
        sim_unasked(sim, sim->dialect == SIM_SIMCOM ? "CLOSED" : "+UUSOCL: 0");
    }
}

/* ---- both ---- */

/* "HOST","PORT" or "HOST",PORT */
static bool begin_connect(struct sim *sim, const char *where)
{
    char host[64];
    unsigned port;
    if (sscanf(where, "\"%63[^\"]\",\"%u\"", host, &port) != 2 &&
        sscanf(where, "\"%63[^\"]\",%u", host, &port) != 2) {
        return false;
    }
    sim->connecting = true;
    sim->n_received = 0;
    sim->sockets.connect(sim->sockets.context, host, (uint16_t)port);
    return true;
}

static bool send(struct sim *sim, const uint8_t *octets, size_t n)
{
    const bool good = sim->connected && sim->sockets.send(sim->sockets.context, octets, n);
    sim->to_server += good ? n : 0;
    return good;
}

/* Take up to n received octets as digits.  @return their number */
static size_t take(struct sim *sim, unsigned long n, char digits[2 * READ_MAX + 1])
{
    n = n < sim->n_received ? n : sim->n_received;
    n = n < READ_MAX ? n : READ_MAX;
    digits[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(digits + 2 * i, 3, "%02X", sim->received[i]);
    }
    sim->n_received -= n;
    sim->to_module += n;
    memmove(sim->received, sim->received + n, sim->n_received);
    return n;
}

/* ---- SIMCom ---- */

static void simcom_send(struct sim *sim, unsigned long n)
{
    if (!sim->connected || n == 0 || n > SEND_MAX) {
        sim_say(sim, "ERROR");
        return;
    }
    sim->input = SIM_DATA;
    sim->n_wanted = n;
    sim->n_data = 0;
    memcpy(sim->answer, "\r\n> ", 4);
    sim->n_answer = 4;
}

void sim_socket_done(struct sim *sim)
{
    sim_say(sim, send(sim, sim->data, sim->n_data) ? "SEND OK" : "SEND FAIL");
}

static void simcom_read(struct sim *sim, unsigned long wanted)
{
    char digits[2 * READ_MAX + 1];
    if (!sim->connected || !sim->manual) {
        sim_say(sim, "ERROR");
        return;
    }
    const size_t n = take(sim, wanted, digits);
    sim_say(sim, "+CIPRXGET: 3,%zu,%zu", n, sim->n_received);
    if (n > 0) {
        sim_say(sim, "%s", digits);
    }
    sim_say(sim, "OK");
    if (sim->n_received > 0) {
        tell_received(sim);
    }
}

static bool simcom_context(struct sim *sim, const char *line)
{
    if (strcmp(line, "AT+CIPSHUT") == 0) {
        sim_socket_reset(sim);
        sim_say(sim, "SHUT OK");
    } else if (begins(line, "AT+CSTT=\"")) {
        sim->context_set = !sim->context_up;
        sim_say(sim, sim->context_set ? "OK" : "ERROR");
    } else if (strcmp(line, "AT+CIICR") == 0) {
        sim->context_up = sim->context_set && (sim->gprs == 1 || sim->gprs == 5);
        sim_say(sim, sim->context_up ? "OK" : "ERROR");
    } else if (strcmp(line, "AT+CIFSR") == 0) {
        sim_say(sim, sim->context_up ? "10.64.3.82" : "ERROR");
    } else if (strcmp(line, "AT+CIPRXGET=1") == 0) {
        sim->manual = true;
        sim_say(sim, "OK");
    } else {
        return false;
    }
    return true;
}

static bool simcom(struct sim *sim, const char *line)
{
    const char *value = strchr(line, '=');
    value = value != NULL ? value + 1 : "";
    if (begins(line, "AT+CIPSTART=\"TCP\",")) {
        const bool good = sim->context_up && !sim->connected && !sim->connecting &&
                          begin_connect(sim, value + strlen("\"TCP\","));
        sim_say(sim, good ? "OK" : "ERROR");
    } else if (begins(line, "AT+CIPSEND=")) {
        simcom_send(sim, strtoul(value, NULL, 10));
    } else if (begins(line, "AT+CIPRXGET=3,")) {
        simcom_read(sim, strtoul(value + 2, NULL, 10));
    } else if (strcmp(line, "AT+CIPCLOSE=1") == 0) {
        sim_say(sim, sim->connected || sim->connecting ? "CLOSE OK" : "ERROR");
        drop(sim);
    } else {
        return simcom_context(sim, line);
    }
    return true;
}

/* ---- u-blox ---- */

/* AT+USOWR=0,3,"0A0B0C" */
static void ublox_write(struct sim *sim, const char *value)
{
    uint8_t octets[SEND_MAX];
    const char *quote = strchr(value, '"');
    const unsigned long n = strtoul(value, NULL, 10);
    if (quote == NULL || !sim->hex || sim_hex(quote + 1, octets, sizeof octets) != (int)n ||
        n == 0 || !send(sim, octets, n)) {
        sim_say(sim, "+CME ERROR: 3");
        return;
    }
    sim_say(sim, "+USOWR: 0,%lu", n);
    sim_say(sim, "OK");
}

static void ublox_read(struct sim *sim, unsigned long wanted)
{
    char digits[2 * READ_MAX + 1];
    if (!sim->connected || !sim->hex) {
        sim_say(sim, "+CME ERROR: 3");
        return;
    }
    const size_t n = take(sim, wanted, digits);
    sim_say(sim, "+USORD: 0,%zu,\"%s\"", n, digits);
    sim_say(sim, "OK");
    if (sim->n_received > 0) {
        tell_received(sim);
    }
}

static bool ublox_context(struct sim *sim, const char *line)
{
    bool good = true;
    if (strcmp(line, "AT+UDCONF=1,1") == 0) {
        sim->hex = true;
    } else if (begins(line, "AT+UPSD=0,")) {
        sim->context_set = true;
    } else if (strcmp(line, "AT+UPSDA=0,4") == 0) {
        good = sim->context_up;
        sim->context_up = false;
    } else if (strcmp(line, "AT+UPSDA=0,3") == 0) {
        good = sim->context_set && (sim->gprs == 1 || sim->gprs == 5);
        sim->context_up = good;
    } else {
        return false;
    }
    sim_say(sim, good ? "OK" : "+CME ERROR: 148");
    return true;
}

static bool ublox(struct sim *sim, const char *line)
{
    if (strcmp(line, "AT+USOCR=6") == 0) {
        const bool good = sim->context_up && !sim->made;
        sim->made = sim->made || good;
        if (good) {
            sim_say(sim, "+USOCR: 0");
        }
        sim_say(sim, good ? "OK" : "+CME ERROR: 4");
    } else if (begins(line, "AT+USOCO=0,")) {
        if (!sim->made || sim->connected || sim->connecting ||
            !begin_connect(sim, line + strlen("AT+USOCO=0,"))) {
            sim_say(sim, "+CME ERROR: 3");
        }
    } else if (begins(line, "AT+USOWR=0,")) {
        ublox_write(sim, line + strlen("AT+USOWR=0,"));
    } else if (begins(line, "AT+USORD=0,")) {
        ublox_read(sim, strtoul(line + strlen("AT+USORD=0,"), NULL, 10));
    } else if (strcmp(line, "AT+USOCL=0") == 0) {
        sim_say(sim, sim->made ? "OK" : "+CME ERROR: 3");
        drop(sim);
    } else {
        return ublox_context(sim, line);
    }
    return true;
}

bool sim_socket_command(struct sim *sim, const char *line)
{
    if (strcmp(line, "AT+CGATT=1") == 0) {
        sim_say(sim, sim->gprs == 1 || sim->gprs == 5 ? "OK" : "+CME ERROR: 30");
        return true;
    }
    return sim->dialect == SIM_SIMCOM ? simcom(sim, line) : ublox(sim, line);
}
