#include "commands.h"

#include <string.h>

const struct command commands[] = {
    {"info", "", "type, numbers, software, configuration and clock of the meter", true, false,
     command_info},
    {"read", "[REGISTER ...]", "read registers; without names energy, power, voltage, current",
     true, true, command_read},
    {"watch", "[REGISTER ...]", "read again and again, changes highlighted", true, true,
     command_watch},
    {"dump", "", "everything that the meter answers", true, false, command_dump},
    {"testmode", "[on|off|A+|A-|R+|R-]", "which energy the LED shows; begin or end the test mode",
     true, false, command_testmode},
    {"events", "[LOG [export|new|done] | alarms [clear] | clear]",
     "what is new and what is wrong; LOG: status, clock, voltage, disconnect, neutral, "
     "load-profile, audit, load-control",
     true, false, command_events},
    {"alarms", "[show | clear [WORD[=BITS] ...] | masks [WORD=BITS ...] | watch [PORT]]",
     "alarms raised and acts of tampering; clear them; which events raise some; wait for more, or "
     "for the pushes of meters (docs/alarms.md)",
     false, false, command_alarms},
    {"profile", "[export]",
     "load profile, oldest record first; --from, --to, --csv, --json; DLMS: [OBIS]", true, false,
     command_profile},
    {"analysis", "[show | setup [every=MIN] [profile=N] REGISTER ... | start | stop | export]",
     "the analysis logger: its set-up, change it, its records", true, true, command_analysis},
    {"billing", "[export] [1|2]", "debiting log 1 (36 periods) or 2, oldest record first", true,
     false, command_billing},
    {"debit", "", "end the debiting period now", true, false, command_debit},
    {"quality", "[limits [NAME=VALUE ...]]",
     "voltage quality: means, extremes, distortion, unbalance, weeks; limits shown and set", true,
     false, command_quality},
    {"registers", "[REGISTER ...]", "list the registers that this tool knows by name", false, true,
     command_registers},
    {"clock", "[get | set TIME | sync | trim [PPM] | summer ...]",
     "the clock beside this computer's; set it; summer time (docs/clock.md)", false, false,
     command_clock},
    {"tariff", "check|show|get|upload|force|release ...",
     "tariff plans: check, draw, read, load; force a tariff (docs/tariffs.md)", false, false,
     command_tariff},
    {"config",
     "show [NAME ...] | save|check|diff|apply FILE | set NAME=VALUE ... | order-number NUMBER|NAME "
     "[CONFIGURATION ...] | order-number --make [FIELD=CODE ...]",
     "the whole configuration of a meter as one document; order numbers", false, false,
     command_config},
    {"calibrate", "[show]",
     "calibrate by a reference source (--source); show: constants, seal, audit trail", false, false,
     command_calibrate},
    {"dlms",
     "objects | dump [all] | get [CLASS/]OBIS[:ATTRIBUTE] ... | set [CLASS/]OBIS[:ATTRIBUTE] "
     "TYPE:VALUE | "
     "action "
     "[CLASS/]OBIS[:METHOD] [TYPE:VALUE] | image upload FILE | keys change FILE | listen [PORT]",
     "any DLMS meter: its objects, read, write, carry out, firmware, keys, pushes", false, false,
     command_dlms},
    {"display", "get | set automatic|manual|backup READING ...|delivered",
     "which readings the display shows", false, false, command_display},
    {"breaker", "[show|open|release|close]",
     "where the breaker is; move it, after a warning and a question (docs/breaker.md)", true, false,
     command_breaker},
    {"prepay",
     "[show | load KWH [NUMBER] | set KWH | token DIGITS | on | off | days [DATE ...|none] | "
     "key FILE [vending] | make-token FILE SERIAL KWH [ID]]",
     "prepayment: what is left, loading it, tokens, the switch (docs/prepayment.md)", false, false,
     command_prepay},
    {"loadcontrol",
     "[show | set [1|2] on|off|mode=MODE|tariffs=N,N|delay=S ... | table 1|2 [DAYS HH:MM on|off "
     "...]]",
     "relays that switch loads by tariff, table or command (docs/load-control.md)", true, false,
     command_loadcontrol},
    {"pulses", "[show | set value=N|division=N|divisor=N|register=N|port=N ...]",
     "pulse input and pulse outputs of the module port (docs/pulses.md)", true, false,
     command_pulses},
    {"seal", "", "is the verification seal closed, and what does it lock?", true, false,
     command_seal},
    {"decode", "mbus|wmbus HEX ... | han|p1 [energy=wh] HEX ...|FILE",
     "what a telegram of any meter says: M-Bus (docs/mbus.md), customer ports (docs/consumer.md)",
     false, false, command_decode},
    {"mbus", "scan [primary|secondary] | read [ADDRESS|NUMBER [PART]]",
     "a wired M-Bus: who is there, what they say (docs/mbus.md)", false, false, command_mbus},
    {"module", "show HOST:PORT | set HOST:PORT NAME=VALUE ...",
     "set-up of a network module, through its configuration port (docs/network-module.md)", false,
     false, command_module},
    {"listen", "consumer tcp://HOST:PORT|/dev/...|p1:/dev/... [energy=wh] | wmbus MEDIUM|cu8:FILE",
     "what meters of any make push on a customer port (docs/consumer.md); radio meters on a "
     "simulated medium or in samples (docs/radio.md); as it comes",
     false, false, command_listen},
    {"help", "[COMMAND]", "this text", false, false, command_help},
    {"man", "", "this text as a manual page: metertool man | man -l -", false, false, command_man},
    {"completion", "bash", "print a completion script: source <(metertool completion bash)", false,
     false, command_completion},
};
const size_t commands_length = sizeof commands / sizeof commands[0];

const struct option_row option_rows[] = {
    {'m', "meter", "URL", "where the meter is and what it speaks (or METERTOOL_METER)"},
    {'j', "json", NULL, "print JSON, one object keyed by short code"},
    {'c', "csv", NULL, "print CSV with a header line"},
    {'t', "timeout", "MS", "silence that ends a try (KMP 1700, IEC 4000, DLMS 5000)"},
    {'r', "retries", "N", "further tries after the first (2)"},
    {'i', "interval", "S", "watch: seconds between readings (1)"},
    {'n', "count", "N",
     "watch: stop after N readings (0: never); DLMS profiles: the last N entries"},
    {'o', "output", "FILE", "exports: into FILE, behind the last record that it holds"},
    {'F', "from", "TIME", "exports: records from 2026-02-01[T12:00[:00]], meter's time"},
    {'T', "to", "TIME", "exports: up to and with this time"},
    {'y', "yes", NULL, "do not ask before something is changed"},
    {'D', "max-difference", "S", "clock sync: set nothing when the clock is further off"},
    {'M', "make", NULL, "config order-number: make a number from FIELD=CODE"},
    {'p', "password", "N", "the meter's password, for what changes it (or METERTOOL_PASSWORD; 0)"},
    {OPTION_PASSWORD_FILE, "password-file", "FILE",
     "the password stands in the first line of FILE, which nobody else may read"},
    {OPTION_SOURCE, "source", "URL", "calibrate: the reference source, tcp:HOST:PORT"},
    {OPTION_SHORT, "short", NULL, "calibrate: gains, delay and own crosstalk only, 4 minutes"},
    {OPTION_DRY_RUN, "dry-run", NULL, "calibrate: measure and compute, write nothing"},
    {OPTION_REPORT, "report", "FILE", "calibrate: write the protocol of the calibration there"},
    {OPTION_KEYS, "keys", "FILE", "DLMS, wmbus: keys and passwords, mode 0600 (or OPEN382_KEYS)"},
    {OPTION_SHOW, "show", NULL, "calibrate: show constants, seal and audit trail"},
    {OPTION_HEX, "hex", NULL, "listen: telegrams as lines of hex, as receivers log them"},
    {OPTION_RTL433, "rtl433", NULL, "listen: chips as lines for rtl_433 -y"},
    {OPTION_SAMPLES, "samples", "FILE", "listen: write what was received as cu8 samples there"},
    {OPTION_FILTER, "filter", "WHAT", "listen: only KAM, 32666857, 3266FFFF, gas ... joined by ,"},
    {'v', "verbose", NULL, "show every byte (DLMS: every APDU as text) on stderr"},
    {'h', "help", NULL, "this text"},
    {'V', "version", NULL, "print the version"},
};
const size_t option_rows_length = sizeof option_rows / sizeof option_rows[0];

void option_letter_text(const struct option_row *row, char text[8])
{
    text[0] = '\0';
    if (row->letter < OPTION_SOURCE) {
        (void)snprintf(text, 8, "-%c, ", row->letter);
    }
}

bool command_takes_dlms(const struct command *command)
{
    static const char *const names[] = {"info",    "read",    "watch", "dump", "events", "alarms",
                                        "profile", "billing", "clock", "dlms", "prepay"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], command->name) == 0) {
            return true;
        }
    }
    return false;
}

const struct command *command_by_name(const char *name)
{
    for (size_t i = 0; i < commands_length; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}
