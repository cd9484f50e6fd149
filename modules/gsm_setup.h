/**
 * What a GSM module is set to: SIM, access point, server, who may ask, who is told of alarms.
 *
 * As text it is one item a line or separated by commas, "apn=internet"; gsm_setup_take() knows
 * them:
 *
 *   pin=1234                     apn=NAME user=NAME password=WORD
 *   dialect=simcom|ublox         server=HOST:PORT ("": no connection)
 *   keep-alive=SECONDS (0: none) watchdog=SECONDS (0: none)   hello=on|off
 *   allow=NUMBER                 repeatable; "*": anybody; the first one of a text begins the list
 * anew alarm=NUMBER                 repeatable, likewise alarms=AAAAAAAA:BBBBBBBB     bits of event
 * words A and B, hexadecimal
 */
#ifndef OPEN382_GSM_SETUP_H
#define OPEN382_GSM_SETUP_H

#include "../proto/common/reader.h"
#include "../proto/common/writer.h"
#include "at_modem.h"

#define GSM_READERS_MAX   6u
#define GSM_RECEIVERS_MAX 4u
#define GSM_SETUP_BYTES   416u /**< at most, of a setup in memory */
#define GSM_KEEP_ALIVE_S  120u
#define GSM_WATCHDOG_S    3600u

struct gsm_setup {
    struct at_setup modem;
    char host[AT_HOST_MAX + 1u]; /**< "": no connection */
    uint16_t port, keep_alive_s, watchdog_s;
    bool hello;                                        /**< says who it is when connected */
    bool anybody;                                      /**< may ask */
    char reader[GSM_READERS_MAX][SMS_NUMBER_SIZE];     /**< may ask; "" behind the last */
    char receiver[GSM_RECEIVERS_MAX][SMS_NUMBER_SIZE]; /**< of alarms; "" behind the last */
    uint32_t alarms_a, alarms_b;
};

/** As delivered: nobody may ask, nothing is sent. */
void gsm_setup_default(struct gsm_setup *setup);
/**
 * Change what the text names.
 * @param separator  ',' or a line's end; lines that begin with '#' and empty ones are left out
 * @param why        one phrase of what was expected, when it is refused
 * @param n_bad      length of the item that *bad points to
 * @return true; false: refused, *setup is untouched
 */
bool gsm_setup_take(struct gsm_setup *setup, const char *text, char separator, const char **why,
                    const char **bad, size_t *n_bad);

/** May this number ask? */
bool gsm_setup_allows(const struct gsm_setup *setup, const char *number);

void gsm_setup_write(const struct gsm_setup *setup, struct writer *out);
/** @return false: cut, or not good; *setup is untouched */
bool gsm_setup_read(struct gsm_setup *setup, struct reader *in);

#endif
