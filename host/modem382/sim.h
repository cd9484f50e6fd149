/**
 * A GSM/GPRS modem that is not there: SIM, network, message centre and TCP sockets behind AT
 * commands, with faults on demand.  No I/O and no clock: octets go in and out, time is an argument,
 * sockets belong to whoever carries it (modem382, or a test).
 *
 * It knows what open382's module needs and answers ERROR to the rest; what depends on an order (PIN
 * before messages, context before sockets) is refused out of order.
 * Source: 3GPP 27.005, 27.007; dialects as in modules/at_dialect.h.
 */
#ifndef OPEN382_MODEM_SIM_H
#define OPEN382_MODEM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../proto/sms/sms_pdu.h"

#define SIM_SLOTS  20u
#define SIM_OUTBOX 256u
#define SIM_ANSWER 16384u /* all messages of a SIM */
#define SIM_LINE   1300u
#define SIM_SOCKET 4096u /* octets of the socket that were not read yet */
#define SIM_OUT    65536u
#define SIM_PIECES 256u

enum sim_dialect { SIM_SIMCOM, SIM_UBLOX };
enum sim_input { SIM_COMMAND, SIM_MESSAGE, SIM_DATA };

struct sim_sockets {
    void *context;
    /** Begin to connect; sim_connected() tells what came of it. */
    void (*connect)(void *context, const char *host, uint16_t port);
    /** @return false: the socket is broken */
    bool (*send)(void *context, const uint8_t *octets, size_t n_octets);
    void (*close)(void *context);
};

/** What goes wrong; all zero: nothing. */
struct sim_faults {
    unsigned lose;   /**< so many answers are not said, though the command is done */
    unsigned refuse; /**< so many commands are answered ERROR, and not done */
    unsigned late;   /**< so many answers come late_ms later */
    int64_t late_ms;
    int64_t slow_ms;  /**< every answer takes so long */
    unsigned garbage; /**< octets of noise before the next answer */
    unsigned storm;   /**< unasked lines before every line of the next answers, so many in all */
    bool dead;        /**< hears and says nothing */
    bool keeps;       /**< messages cannot be deleted */
};

struct sim {
    /* set from outside */
    enum sim_dialect dialect;
    char pin[9], puk[9]; /**< "": none asked for */
    unsigned pin_left, puk_left;
    bool inserted;
    unsigned network, gprs; /**< as +CREG tells: 1 home, 5 roaming, 0, 2 none, 3 refused */
    unsigned signal;
    int64_t boot_ms, busy_ms; /**< until it answers; of the SIM behind the PIN */
    bool quiet_boot;          /**< says nothing when it starts */
    struct sim_faults faults;
    struct sim_sockets sockets;
    uint32_t chance;
    /* inside */
    int64_t now_ms, ready_ms, sim_ready_ms;
    bool pin_good, echo, errors, report, report_gprs, notice, pdu_mode;
    unsigned pins_tried; /**< ever */
    char line[SIM_LINE + 1];
    size_t n_line;
    enum sim_input input;
    size_t n_wanted; /**< octets of a message or of data */
    uint8_t data[SIM_LINE];
    size_t n_data;
    struct {
        bool used, seen;
        uint8_t pdu[SMS_PDU_MAX];
        size_t n_pdu, n_tpdu;
    } slot[SIM_SLOTS];
    struct sms outbox[SIM_OUTBOX];
    size_t n_outbox;
    unsigned reference;
    bool context_set, context_up, manual, hex, made, connecting, connected;
    uint8_t received[SIM_SOCKET];
    size_t n_received;
    uint64_t to_server, to_module; /**< octets of the socket */
    /* what it says: pieces with the instant at which they are said */
    struct {
        int64_t at_ms;
        size_t n;
    } piece[SIM_PIECES];
    size_t n_pieces;
    char out[SIM_OUT];
    size_t n_out;
    char answer[SIM_ANSWER];
    size_t n_answer;
};

void sim_init(struct sim *sim, enum sim_dialect dialect);
/** Power, or the reset line: it boots, settings and sockets are gone, PIN is asked for again. */
void sim_reset(struct sim *sim, int64_t now_ms);
void sim_octets(struct sim *sim, const uint8_t *octets, size_t n_octets, int64_t now_ms);
/** What it says up to now.  @return octets */
size_t sim_take(struct sim *sim, uint8_t *octets, size_t capacity, int64_t now_ms);
/** When it says something next; INT64_MAX: when something happens. */
int64_t sim_due_ms(const struct sim *sim);

/** A message arrives from the network.  @return SMS_OK, SMS_ERR_SPACE: the SIM is full */
int sim_sms(struct sim *sim, const char *number, const char *text);
/** The same, any PDU. */
int sim_sms_pdu(struct sim *sim, const uint8_t *pdu, size_t n_pdu);
/** Registration changes; reported when that was asked for. */
void sim_network(struct sim *sim, unsigned network, unsigned gprs);
/** A line by itself. */
void sim_unasked(struct sim *sim, const char *text);

/** The socket that sockets.connect() began. */
void sim_connected(struct sim *sim, bool good);
/** From the server.  @return octets taken */
size_t sim_received(struct sim *sim, const uint8_t *octets, size_t n_octets);
void sim_closed(struct sim *sim);

/* ---- inside: sim_sms.c, sim_socket.c ---- */

/** A line of the answer that is being made. */
void sim_say(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Commands of a part.  @return false: none of its */
bool sim_sms_command(struct sim *sim, const char *line);
bool sim_socket_command(struct sim *sim, const char *line);
void sim_sms_done(struct sim *sim);
void sim_socket_done(struct sim *sim);
void sim_socket_reset(struct sim *sim);
/** Hexadecimal digits.  @return octets, negative: not good */
int sim_hex(const char *text, uint8_t *octets, size_t capacity);

#endif
