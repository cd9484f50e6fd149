#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTROL_Z 0x1A
#define ESCAPE    0x1B

static uint32_t chance(struct sim *sim)
{
    sim->chance ^= sim->chance << 13;
    sim->chance ^= sim->chance >> 17;
    sim->chance ^= sim->chance << 5;
    return sim->chance;
}

int sim_hex(const char *text, uint8_t *octets, size_t capacity)
{
    size_t n = 0;
    for (; text[0] != '\0' && text[0] != '"'; text += 2) {
        const char pair[3] = {text[0], text[1], '\0'};
        char *end;
        const unsigned long value = strtoul(pair, &end, 16);
        if (end != pair + 2 || n == capacity) {
            return -1;
        }
        octets[n++] = (uint8_t)value;
    }
    return (int)n;
}

/* ---- what it says ---- */

static void put(struct sim *sim, const char *text, size_t length, int64_t at_ms)
{
    if (sim->n_pieces == SIM_PIECES || length > SIM_OUT - sim->n_out || length == 0) {
        return; /* nobody listens */
    }
    memcpy(sim->out + sim->n_out, text, length);
    sim->n_out += length;
    sim->piece[sim->n_pieces].at_ms = at_ms;
    sim->piece[sim->n_pieces].n = length;
    sim->n_pieces++;
}

void sim_unasked(struct sim *sim, const char *text)
{
    char line[200];
    const int n = snprintf(line, sizeof line, "\r\n%s\r\n", text);
    if (!sim->faults.dead && n > 0 && (size_t)n < sizeof line) {
        put(sim, line, (size_t)n, sim->now_ms);
    }
}

static void add(struct sim *sim, const char *text)
{
    const size_t n = strlen(text);
    if (n < sizeof sim->answer - sim->n_answer) {
        memcpy(sim->answer + sim->n_answer, text, n);
        sim->n_answer += n;
    }
}

static void add_storm(struct sim *sim)
{
    static const char *const lines[] = {"\r\nRING\r\n", "\r\n+CLIP: \"+4512345678\",145\r\n",
                                        "\r\nSMS Ready\r\n", "\r\n+CMTI: \"SM\",19\r\n",
                                        "\r\n+CGREG: 1\r\n"};
    for (unsigned i = 0; i < 3 && sim->faults.storm > 0; i++, sim->faults.storm--) {
        add(sim, lines[chance(sim) % (sizeof lines / sizeof lines[0])]);
    }
}

void sim_say(struct sim *sim, const char *format, ...)
{
    char line[SIM_LINE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    add_storm(sim);
    add(sim, "\r\n");
    add(sim, line);
    add(sim, "\r\n");
}

/* The answer is complete: it is said, late, or not at all. */
static void answer_end(struct sim *sim)
{
    int64_t at_ms = sim->now_ms + sim->faults.slow_ms;
    if (sim->faults.garbage > 0) {
        char noise[256];
        const size_t n = sim->faults.garbage < sizeof noise ? sim->faults.garbage : sizeof noise;
        for (size_t i = 0; i < n; i++) {
            noise[i] = (char)chance(sim);
        }
        sim->faults.garbage = 0;
        put(sim, noise, n, at_ms);
        put(sim, "\r\n", 2, at_ms);
    }
    if (sim->faults.late > 0) {
        sim->faults.late--;
        at_ms += sim->faults.late_ms;
    }
    if (sim->faults.lose > 0) {
        sim->faults.lose--;
    } else {
        put(sim, sim->answer, sim->n_answer, at_ms);
    }
    sim->n_answer = 0;
}

size_t sim_take(struct sim *sim, uint8_t *octets, size_t capacity, int64_t now_ms)
{
    size_t n = 0;
    sim->now_ms = now_ms;
    while (sim->n_pieces > 0 && sim->piece[0].at_ms <= now_ms && n < capacity) {
        const size_t left = capacity - n;
        const size_t now = sim->piece[0].n < left ? sim->piece[0].n : left;
        memcpy(octets + n, sim->out, now);
        n += now;
        sim->n_out -= now;
        memmove(sim->out, sim->out + now, sim->n_out);
        sim->piece[0].n -= now;
        if (sim->piece[0].n == 0) {
            sim->n_pieces--;
            memmove(&sim->piece[0], &sim->piece[1], sim->n_pieces * sizeof sim->piece[0]);
        }
    }
    return n;
}

int64_t sim_due_ms(const struct sim *sim)
{
    return sim->n_pieces > 0 ? sim->piece[0].at_ms : INT64_MAX;
}

/* ---- SIM and network ---- */

static void pin_state(struct sim *sim)
{
    if (!sim->inserted) {
        sim_say(sim, sim->errors ? "+CME ERROR: 10" : "ERROR");
        return;
    }
    if (sim->pin_left == 0) {
        sim_say(sim, "+CPIN: SIM PUK");
    } else {
        sim_say(sim, sim->pin_good || sim->pin[0] == '\0' ? "+CPIN: READY" : "+CPIN: SIM PIN");
    }
    sim_say(sim, "OK");
}

static void pin_unlocked(struct sim *sim)
{
    sim->pin_good = true;
    sim->sim_ready_ms = sim->now_ms + sim->busy_ms;
    sim_say(sim, "OK");
}

/* AT+CPIN="1234", or with a PUK AT+CPIN="12345678","1234" */
static void pin_give(struct sim *sim, const char *line)
{
    char first[9] = "", second[9] = "";
    const int n = sscanf(line, "AT+CPIN=\"%8[0-9]\",\"%8[0-9]\"", first, second);
    sim->pins_tried++;
    if (sim->pin_left == 0 && n == 2) {
        if (sim->puk_left > 0 && strcmp(first, sim->puk) == 0) {
            (void)memcpy(sim->pin, second, sizeof sim->pin);
            sim->pin_left = 3;
            pin_unlocked(sim);
            return;
        }
        sim->puk_left -= sim->puk_left > 0;
    } else if (sim->pin_left > 0 && n == 1 && !sim->pin_good) {
        if (strcmp(first, sim->pin) == 0) {
            sim->pin_left = 3;
            pin_unlocked(sim);
            return;
        }
        sim->pin_left--;
    } else {
        sim_say(sim, sim->errors ? "+CME ERROR: 3" : "ERROR");
        return;
    }
    sim_say(sim, !sim->errors ? "ERROR" : sim->pin_left == 0 ? "+CME ERROR: 12" : "+CME ERROR: 16");
}

void sim_network(struct sim *sim, unsigned network, unsigned gprs)
{
    char text[32];
    const bool changed = network != sim->network, changed_gprs = gprs != sim->gprs;
    sim->network = network;
    sim->gprs = gprs;
    if (changed && sim->report) {
        (void)snprintf(text, sizeof text, "+CREG: %u", network);
        sim_unasked(sim, text);
    }
    if (changed_gprs && sim->report_gprs) {
        (void)snprintf(text, sizeof text, "+CGREG: %u", gprs);
        sim_unasked(sim, text);
    }
}

static bool unlocked(const struct sim *sim)
{
    return sim->inserted && (sim->pin_good || sim->pin[0] == '\0') && sim->pin_left > 0;
}

static bool begins(const char *line, const char *beginning)
{
    return strncmp(line, beginning, strlen(beginning)) == 0;
}

/* Commands that need no SIM.  @return false: none of them */
static bool plain_command(struct sim *sim, const char *line)
{
    if (strcmp(line, "AT") == 0 || strcmp(line, "ATE0") == 0 || strcmp(line, "ATE1") == 0) {
        sim->echo = line[2] == '\0' ? sim->echo : line[3] == '1';
    } else if (begins(line, "AT+CMEE=")) {
        sim->errors = line[8] == '1';
    } else if (begins(line, "AT+CREG=")) {
        sim->report = line[8] == '1';
    } else if (begins(line, "AT+CGREG=")) {
        sim->report_gprs = line[9] == '1';
    } else if (strcmp(line, "AT+CREG?") == 0) {
        sim_say(sim, "+CREG: %d,%u", sim->report, unlocked(sim) ? sim->network : 0);
    } else if (strcmp(line, "AT+CGREG?") == 0) {
        sim_say(sim, "+CGREG: %d,%u", sim->report_gprs, unlocked(sim) ? sim->gprs : 0);
    } else if (strcmp(line, "AT+CSQ") == 0) {
        sim_say(sim, "+CSQ: %u,0", sim->signal);
    } else {
        return false;
    }
    sim_say(sim, "OK");
    return true;
}

static void command(struct sim *sim, const char *line)
{
    if (sim->faults.refuse > 0) {
        sim->faults.refuse--;
        sim_say(sim, "ERROR");
    } else if (strcmp(line, "AT+CPIN?") == 0) {
        pin_state(sim);
    } else if (begins(line, "AT+CPIN=") && sim->inserted) {
        pin_give(sim, line);
    } else if (plain_command(sim, line)) {
        return;
    } else if (!unlocked(sim)) {
        sim_say(sim, sim->errors ? "+CME ERROR: 11" : "ERROR");
    } else if (!sim_sms_command(sim, line) && !sim_socket_command(sim, line)) {
        sim_say(sim, "ERROR");
    }
}

/* ---- what it hears ---- */

static void hear_command(struct sim *sim, uint8_t octet)
{
    if (sim->echo) {
        put(sim, (const char *)&octet, 1, sim->now_ms);
    }
    if (octet != '\r') {
        if (octet >= ' ' && sim->n_line < SIM_LINE) {
            sim->line[sim->n_line++] = (char)octet;
        }
        return;
    }
    sim->line[sim->n_line] = '\0';
    sim->n_line = 0;
    if (begins(sim->line, "AT")) {
        command(sim, sim->line);
        answer_end(sim);
    }
}

static void hear_octet(struct sim *sim, uint8_t octet)
{
    if (sim->input == SIM_COMMAND) {
        hear_command(sim, octet);
        return;
    }
    const bool message = sim->input == SIM_MESSAGE;
    if (message && octet == ESCAPE) {
        sim->input = SIM_COMMAND;
        sim_say(sim, "OK");
        answer_end(sim);
        return;
    }
    if (!message || octet != CONTROL_Z) {
        if (sim->n_data < sizeof sim->data - 1) {
            sim->data[sim->n_data++] = octet;
        }
        if (message || sim->n_data < sim->n_wanted) {
            return;
        }
    }
    sim->input = SIM_COMMAND;
    sim->data[sim->n_data] = '\0';
    message ? sim_sms_done(sim) : sim_socket_done(sim);
    answer_end(sim);
}

void sim_octets(struct sim *sim, const uint8_t *octets, size_t n_octets, int64_t now_ms)
{
    sim->now_ms = now_ms;
    for (size_t i = 0; i < n_octets && !sim->faults.dead && now_ms >= sim->ready_ms; i++) {
        hear_octet(sim, octets[i]);
    }
}

void sim_reset(struct sim *sim, int64_t now_ms)
{
    sim->now_ms = now_ms;
    sim->ready_ms = now_ms + sim->boot_ms;
    sim->n_pieces = sim->n_out = sim->n_answer = sim->n_line = 0;
    sim->input = SIM_COMMAND;
    sim->pin_good = sim->errors = sim->report = sim->report_gprs = sim->notice = sim->pdu_mode =
        false;
    sim->echo = true;
    sim_socket_reset(sim);
    if (!sim->quiet_boot && !sim->faults.dead) {
        put(sim, "\r\nRDY\r\n", 7, sim->ready_ms);
    }
}

void sim_init(struct sim *sim, enum sim_dialect dialect)
{
    memset(sim, 0, sizeof *sim);
    sim->dialect = dialect;
    sim->pin_left = 3;
    sim->puk_left = 10;
    sim->inserted = true;
    sim->network = sim->gprs = 1;
    sim->signal = 16;
    sim->echo = true;
    sim->quiet_boot = dialect == SIM_UBLOX;
    sim->chance = 382;
}
