/**
 * The GSM/GPRS module, 68 50 053 (GSM6i, GSM7i, GSM8i) and the telephone side of 054: short
 * messages and a connection to the head-end, over a modem of its own (at_modem.h).
 *
 * SMS: a number that may ask sends =READ_METER#, =SIGNAL# or =IOSTATUS#, all upper or all lower
 * case; the answer has the published form.  Everything else, and everybody else, gets no answer.
 * Alarms: bits of the meter's event words that come (and are set up) are told to each receiver
 * once, also over cuts; a cut between the sending and its note may double one, never lose it.
 * GPRS: the module connects to the server that is set up; the octets of the connection are those of
 * the module bus (KMP and DLMS in HDLC), untouched; a server whose first octet is 00 speaks DLMS
 * with the wrapper, which has a channel of its own.  A lost connection is made again after 5 s, 10
 * s, ... 15 min, each time a quarter more or less; after a minute of connection it begins at 5 s
 * again.  A lone 00 keeps the connection alive: readers of KMP and HDLC pass it over.
 * Source: MOD-12, MOD-A13, X-MOD-3, AMI-16, spec modules-radio-sms.md 4.2.
 */
#ifndef OPEN382_GSM_MODULE_H
#define OPEN382_GSM_MODULE_H

#include "gsm_memory.h"
#include "module_bus.h"

#define GSM_ANSWERS_MAX 4u /**< that wait for the modem; one more is left out */
/** Answers in a row; then one a minute. */
#define GSM_ANSWERS_BURST 30u
/** Messages of alarms in an hour, to each receiver. */
#define GSM_ALARMS_HOUR 10u

enum gsm_command { GSM_READ_METER, GSM_SIGNAL, GSM_IO_STATUS, GSM_COMMANDS };

/** The way to the meter. */
struct gsm_bus {
    struct module_bus kmp; /**< requests of the module's own */
    void *context;
    /** Octets of the server on a channel; what the meter says comes by gsm_module_heard().
     *  @return false: not taken */
    bool (*to_meter)(void *context, unsigned channel, const uint8_t *octets, size_t n_octets);
    /** Open or close channel GSM_CHANNEL_WRAPPER.  @return false: there is none */
    bool (*channel)(void *context, unsigned channel, bool open);
};

/** Data line: KMP and HDLC.  The other: DLMS with the wrapper. */
enum { GSM_CHANNEL_LINE, GSM_CHANNEL_WRAPPER, GSM_CHANNEL_NONE };

struct gsm_module {
    struct module_bus bus;
    struct gsm_bus way;
    struct gsm_memory memory;
    struct gsm_setup setup;
    struct gsm_notes notes;
    struct at_modem modem;
    bool relay[2], input[2]; /**< of the module's terminals, as its owner tells */
    int64_t now_ms;
    uint32_t chance;
    /* messages */
    struct gsm_answer {
        char number[SMS_NUMBER_SIZE];
        uint8_t command; /**< enum gsm_command */
    } answer[GSM_ANSWERS_MAX];
    uint8_t n_answers, answers_left;
    int64_t answers_ms; /**< one more from here on */
    uint8_t sending;    /**< what the modem was given */
    /* alarms */
    int64_t asked_ms; /**< event words; 0: not yet */
    int64_t told_ms;  /**< a message was made last */
    int64_t hour_ms;  /**< hour of the count began */
    uint8_t told_in_hour;
    int64_t retry_ms;
    /* connection */
    int64_t connect_ms; /**< next try */
    int64_t up_ms;      /**< it stands since; 0: it does not */
    int64_t heard_ms, said_ms;
    int64_t asked_bus_ms; /**< the bus was its own last */
    uint8_t failures;     /**< in a row */
    uint32_t reset_count; /**< the modem's reset line was pulled */
    uint8_t channel;      /**< of the connection; GSM_CHANNEL_NONE: nothing came yet */
    bool pull_reset;      /**< its owner pulls it, and clears this */
};

/** Supply comes.  chance: anything that differs from module to module. */
void gsm_module_start(struct gsm_module *module, const struct gsm_bus *bus,
                      const struct module_memory *store, uint32_t chance, int64_t now_ms);
/** Set up, for ever; the modem is brought up anew when something has changed.  As
 *  gsm_setup_take(); why is "memory" when it could not be kept. */
bool gsm_module_set_up(struct gsm_module *module, const char *text, char separator,
                       const char **why, const char **bad, size_t *n_bad);

/** Octets from the modem; now_ms is wall time and does not go back. */
void gsm_module_octets(struct gsm_module *module, const uint8_t *octets, size_t n_octets,
                       int64_t now_ms);
/** What the meter says to the server. */
void gsm_module_heard(struct gsm_module *module, unsigned channel, const uint8_t *octets,
                      size_t n_octets, int64_t now_ms);
/** The meter has closed the wrapper's channel. */
void gsm_module_channel_closed(struct gsm_module *module, unsigned channel);
/** Octets to the modem.  @return their number */
size_t gsm_module_take(struct gsm_module *module, uint8_t *octets, size_t capacity);
/** @return when to call again, at the latest */
int64_t gsm_module_step(struct gsm_module *module, int64_t now_ms);

/** The command in a message.  @return GSM_COMMANDS: none */
enum gsm_command gsm_command_of(const char *text);

/* ---- gsm_alarm.c ---- */

/** Look at the event words when it is time, and make the next message.  @return when again */
int64_t gsm_alarm_step(struct gsm_module *module);
/** Next message.  @return false: none, or not now */
bool gsm_alarm_next(struct gsm_module *module, const char **number, char text[SMS_TEXT_SIZE]);
/** What came of it. */
void gsm_alarm_sent(struct gsm_module *module, bool sent);
/** Number of the meter: customer number, else serial number; 0: it does not answer. */
uint32_t gsm_meter_number(const struct gsm_module *module);

#endif
