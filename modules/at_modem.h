/**
 * A GSM/GPRS modem on a serial line, driven by AT commands: it is brought up, short messages come
 * and go in PDU mode, and one TCP connection is opened in the modem's own dialect (at_dialect.h).
 *
 * Octets come in with at_modem_octets(), go out with at_modem_take(); time is an argument.  A
 * command waits for its answer at most as long as its row says.  After silence the modem is left
 * quiet for a second and asked AT before the next command, so that a late answer is not taken for
 * another's; after three silences in a row, or when it tells or shows that it has started anew, it
 * is brought up from the beginning, and the reset line is pulled when it does not answer.
 * Unasked lines may come anywhere, also between a line and the one that belongs to it.
 *
 * PIN: given once, and what came of it is noted before and after (pin_note).  A PIN that the SIM
 * refused is never given again; one of which a cut hid the result is given at most once more: the
 * third try is left to people.  PUK is never given.
 *
 * A received message is deleted from the SIM before it is told: what cannot be deleted is not acted
 * on, so that nothing is answered for ever.
 * Source: 3GPP 27.005 (messages), 27.007 (PIN, registration, signal), MOD-12.
 */
#ifndef OPEN382_AT_MODEM_H
#define OPEN382_AT_MODEM_H

#include "../proto/sms/sms_pdu.h"
#include "at_dialect.h"
#include "at_line.h"

#define AT_PIN_MAX     8u
#define AT_NAME_MAX    31u /**< access point, user, password */
#define AT_HOST_MAX    47u
#define AT_SEND_BYTES  2048u /**< octets for the connection that wait */
#define AT_TX_BYTES    700u
#define AT_CHUNK       256u /**< octets of the connection in one command */
#define AT_SLOTS       256u /**< places of messages in a SIM */
#define AT_SIGNAL_NONE 99u

enum at_state {
    AT_STARTING,    /**< does not answer yet */
    AT_NO_SIM,      /**< none, or it fails; asked again every minute, as in the next three */
    AT_PIN_MISSING, /**< SIM wants a PIN, none is set */
    AT_PIN_REFUSED, /**< the PIN that is set was refused, or may have been: not given again */
    AT_PUK_WANTED,  /**< locked: only people can help */
    AT_SEARCHING,   /**< no network */
    AT_DENIED,      /**< the network does not want this SIM */
    AT_READY,       /**< messages can be sent */
    AT_STATES
};

enum at_link { AT_LINK_DOWN, AT_LINK_OPENING, AT_LINK_UP, AT_LINK_CLOSING };

/** What became of the message given to at_modem_sms(). */
enum at_sent { AT_SENT_NONE, AT_SENT_WAITING, AT_SENT_DONE, AT_SENT_FAILED };

struct at_setup {
    char pin[AT_PIN_MAX + 1u]; /**< "": none */
    char access_point[AT_NAME_MAX + 1u];
    char user[AT_NAME_MAX + 1u];
    char password[AT_NAME_MAX + 1u];
    uint8_t dialect; /**< index of at_dialects */
};

struct at_owner {
    void *context;
    /** A message from somebody; it is deleted already. */
    void (*sms)(void *context, const struct sms *sms);
    /** Octets of the connection. */
    void (*data)(void *context, const uint8_t *octets, size_t n_octets);
    /** Write down for this PIN, for ever.  @return false: could not; then the PIN is not given */
    bool (*pin_note)(void *context, uint8_t tried, bool refused);
    /** Pull the reset line; NULL: there is none. */
    void (*reset)(void *context);
};

struct at_modem {
    const struct at_setup *setup;
    struct at_owner owner;
    struct at_line line;
    int64_t now_ms;
    int64_t due_ms;       /**< waiting: the answer must be here; else the next command may go */
    int64_t asked_ms[3];  /**< for registration, GPRS registration, signal; 0: not yet */
    int64_t listed_ms;    /**< the SIM's messages were listed last */
    int64_t searching_ms; /**< no network since */
    uint8_t state;        /**< enum at_state */
    uint8_t job, after;   /**< what is being done; what comes after AT was answered */
    bool waiting, prompted,
        told; /**< for an answer; octets were asked for; they come in the next line */
    uint8_t tries, silences, resets;
    uint8_t pin_tried;
    bool pin_refused, pin_given;
    uint8_t registration, gprs; /**< as +CREG, +CGREG tell */
    uint8_t signal;             /**< 0 .. 31, AT_SIGNAL_NONE */
    /* messages */
    uint32_t slots[AT_SLOTS / 32u]; /**< may hold a message */
    uint16_t slot;
    bool slot_read;
    struct sms received;
    uint8_t sent; /**< enum at_sent */
    uint16_t n_tpdu, n_pdu;
    uint8_t pdu[SMS_PDU_MAX];
    /* connection */
    uint8_t link; /**< enum at_link */
    bool attached, arrived, read_some;
    uint8_t step; /**< of attaching or opening */
    uint8_t socket;
    char host[AT_HOST_MAX + 1u];
    uint16_t port;
    uint16_t n_send, n_chunk;
    uint8_t send[AT_SEND_BYTES];
    /* to the modem */
    uint16_t n_tx;
    uint8_t tx[AT_TX_BYTES];
};

/** Supply comes.  pin_tried, pin_refused: as noted last for this PIN. */
void at_modem_init(struct at_modem *modem, const struct at_setup *setup,
                   const struct at_owner *owner, uint8_t pin_tried, bool pin_refused,
                   int64_t now_ms);

void at_modem_octets(struct at_modem *modem, const uint8_t *octets, size_t n_octets,
                     int64_t now_ms);
/** Do what is due.  @return when to call again, at the latest */
int64_t at_modem_step(struct at_modem *modem, int64_t now_ms);
/** Octets to the modem.  @return their number */
size_t at_modem_take(struct at_modem *modem, uint8_t *octets, size_t capacity);

/** Send a message.  @return SMS_OK: modem->sent tells what became of it; SMS_ERR_SPACE: one is on
 *  its way, or no network; others: it cannot be sent */
enum sms_err at_modem_sms(struct at_modem *modem, const char *number, const char *text);

/** Open the connection.  @return false: there is one, or no GPRS */
bool at_modem_connect(struct at_modem *modem, const char *host, uint16_t port);
/** @return false: no connection, or no room: nothing was taken */
bool at_modem_send(struct at_modem *modem, const uint8_t *octets, size_t n_octets);
void at_modem_close(struct at_modem *modem);
/** GPRS can be had now. */
bool at_modem_gprs(const struct at_modem *modem);

/** "ready", "PIN refused", ... */
const char *at_state_name(uint8_t state);

#endif
