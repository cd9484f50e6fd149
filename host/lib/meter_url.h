/**
 * Where a meter is and what it speaks, in one line:
 *
 *   kmp:/dev/ttyUSB0[?baud=9600]        KMP through an optical head, 8N2
 *   kmp+tcp://HOST:PORT                 KMP over TCP (meter382, or a serial server)
 *   iec:/dev/ttyUSB0[?baud=300]         IEC 62056-21 through an optical head, 7E1
 *   iec+tcp://HOST:PORT
 *   dlms://HOST[:4059]                  DLMS/COSEM in the TCP wrapper
 *   dlms+udp://HOST[:4059]              the same over UDP
 *   dlms-hdlc:/dev/ttyUSB0[?baud=9600]  DLMS/COSEM in HDLC, 8N1
 *   hdlc+tcp://HOST:PORT                HDLC over TCP (a serial server, a module of the meter)
 *   mbus:/dev/ttyUSB0[?baud=2400]       wired M-Bus, 8E1
 *   mbus+tcp://HOST[:10001][?baud=2400] the same over TCP, octets as they are; speed of the bus
 *   kmp+listen://HOST:PORT              the meter calls: wait there for it; also iec+listen,
 *                                       hdlc+listen and dlms+listen
 *   kmp+tls://HOST:PORT                 TLS on TCP, with ?ca=FILE and &cert=FILE&key=FILE; also
 *                                       iec+tls, hdlc+tls, dlms+tls (line_tls.h)
 * IEC takes two more options: address=TEXT (calls one meter out of many) and speed=BAUD (mode C:
 * asks the meter for that speed).  A pseudo terminal's path is as good as a serial port's.
 */
#ifndef OPEN382_METER_URL_H
#define OPEN382_METER_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlms_url.h"
#include "host_err.h"

#define METER_URL_FILE_MAX 256

enum meter_protocol { METER_KMP, METER_IEC, METER_DLMS, METER_MBUS };

struct meter_url {
    enum meter_protocol protocol;
    bool tcp;       /**< or UDP: a host and a port, not a serial port */
    bool tls;       /**< on TCP */
    bool listens;   /**< TCP: the meter calls */
    bool udp;       /**< DLMS only */
    bool hdlc;      /**< DLMS: in HDLC frames, else in the wrapper */
    char path[200]; /**< serial port, or host name */
    char port[8];   /**< TCP port in decimal; 3820 (DLMS: 4059, M-Bus: 10001) when none is given */
    uint32_t baud;  /**< serial: first speed */
    uint32_t speed; /**< IEC: speed to ask for in mode C, 0 = mode A */
    char address[33];     /**< IEC */
    struct dlms_url dlms; /**< DLMS */
    /** TLS, PEM; "": the system's CAs, no certificate of our own */
    char ca[METER_URL_FILE_MAX], cert[METER_URL_FILE_MAX], key[METER_URL_FILE_MAX];
};

/** Take text apart.  @return HOST_OK or HOST_ERR_URL with one line of explanation in error. */
enum host_err meter_url_parse(const char *text, struct meter_url *url, char *error, size_t n_error);

#endif
