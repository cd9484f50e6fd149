/**
 * One --consumer: which list, and where to.
 *
 *   LIST:tcp:HOST:PORT          everybody who connects there hears it
 *   LIST:pty:PATH               a pseudo-terminal
 *   LIST:serial:PATH            a serial port: 2400 8N1, P1 115200 8N1
 *   LIST:mqtt:HOST[:PORT][/TOPIC]  a broker, for home automation (consumer_home.h)
 * with LIST han, push1 or p1, and options behind commas (docs/consumer.md).
 */
#ifndef OPEN382_LINUX_CONSUMER_OPTION_H
#define OPEN382_LINUX_CONSUMER_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "app/consumer/consumer.h"
#include "problem.h"

enum consumer_target { CONSUMER_TO_TCP, CONSUMER_TO_PTY, CONSUMER_TO_SERIAL, CONSUMER_TO_MQTT };

#define MQTT_PORT       1883u
#define MQTT_PORT_TLS   8883u
#define MQTT_TOPIC      "open382"
#define MQTT_DISCOVERY  "homeassistant"
#define MQTT_TOPIC_MAX  64u
#define MQTT_WORD_MAX   128u
#define MQTT_CA_FOLDER  "/etc/ssl/certs"
#define MQTT_SECRET     "OPEN382_MQTT_PASSWORD" /**< environment: the password */
#define MQTT_SECRET_MAX 256u

/** A broker.  Texts are empty when they were not given. */
struct mqtt_option {
    char host[MQTT_WORD_MAX];
    uint16_t port;
    char topic[MQTT_TOPIC_MAX];     /**< before /SERIAL/state and /SERIAL/available */
    char discovery[MQTT_TOPIC_MAX]; /**< of Home Assistant; "": none is sent */
    char user[MQTT_WORD_MAX];
    char password_file[256];
    bool tls;
    char ca[256]; /**< who may have signed; "": whom the computer trusts */
};

struct consumer_option {
    struct consumer_setup setup;
    enum consumer_target target;
    struct address address; /**< tcp */
    char path[256];         /**< pty, serial */
    bool timing;            /**< tcp, pty: octets come as the line's speed brings them */
    struct mqtt_option mqtt;
};

/** Touches no file.  @return 0, or -1 and *problem. */
int consumer_option_parse(const char *text, struct consumer_option *out, struct problem *problem);

#endif
