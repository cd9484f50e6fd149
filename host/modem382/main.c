/* modem382: a GSM/GPRS modem as a program, for tests and demonstrations; docs/gsm.md. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carrier.h"

#define EXIT_BAD_INPUT 2

static const char usage[] =
    "usage: modem382 --line tcp:HOST:PORT|pty:PATH [--control tcp:HOST:PORT] [--dialect "
    "simcom|ublox]\n"
    "                [--pin PIN] [--puk PUK] [--pin-left N] [--no-network] [--boot MS]\n"
    "A GSM/GPRS modem that is not there: docs/gsm.md.\n";

static struct carrier carrier; /* 100 kB: not on the stack; a program has one */

static void on_signal(int number)
{
    (void)number;
    carrier.stop = true;
}

static bool digits(const char *text, char out[9])
{
    const size_t n = strlen(text);
    if (n < 4 || n > 8 || strspn(text, "0123456789") != n) {
        return false;
    }
    memcpy(out, text, n + 1);
    return true;
}

static bool take_option(int option, const char *value, const char **line, const char **control)
{
    struct sim *sim = &carrier.sim;
    switch (option) {
    case 'l': *line = value; return true;
    case 'c': *control = value; return true;
    case 'd':
        sim->dialect = strcmp(value, "ublox") == 0 ? SIM_UBLOX : SIM_SIMCOM;
        sim->quiet_boot = sim->dialect == SIM_UBLOX;
        return sim->dialect == SIM_UBLOX || strcmp(value, "simcom") == 0;
    case 'p': return digits(value, sim->pin);
    case 'u': return digits(value, sim->puk);
    case 'L': sim->pin_left = (unsigned)strtoul(value, NULL, 10); return true;
    case 'n': sim->network = sim->gprs = 2; return true;
    case 'b': sim->boot_ms = strtol(value, NULL, 10); return true;
    default: return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"line", required_argument, NULL, 'l'},
        {"control", required_argument, NULL, 'c'},
        {"dialect", required_argument, NULL, 'd'},
        {"pin", required_argument, NULL, 'p'},
        {"puk", required_argument, NULL, 'u'},
        {"pin-left", required_argument, NULL, 'L'},
        {"no-network", no_argument, NULL, 'n'},
        {"boot", required_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    const char *line = NULL, *control = NULL;
    int option;
    sim_init(&carrier.sim, SIM_SIMCOM);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h' || option == 'v') {
            (void)fputs(option == 'h' ? usage : "modem382 " OPEN382_VERSION "\n", stdout);
            return 0;
        }
        if (!take_option(option, optarg, &line, &control)) {
            (void)fputs(usage, stderr);
            return EXIT_BAD_INPUT;
        }
    }
    if (line == NULL || optind != argc) {
        (void)fputs(usage, stderr);
        return EXIT_BAD_INPUT;
    }
    const struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    const int result = carrier_open(&carrier, line, control);
    if (result == 0) {
        carrier_go(&carrier);
    } else {
        (void)fprintf(stderr, "modem382: %s\n", carrier.error);
    }
    carrier_close(&carrier);
    return result == 0 ? 0 : 1;
}
