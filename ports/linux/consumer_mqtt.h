/**
 * A broker as the target of the customer port (MQTT 3.1.1, through libmosquitto).
 *
 * A thread of its own talks to the broker, so that names, connections and brokers that hang never
 * hold the meter up.  Between the two stands one state, the newest: an older one that was not yet
 * sent is forgotten.  At most one a second goes out, whatever the speed of simulated time, and none
 * while the one before has not left.  A broker that is away, refuses or hangs is tried again after
 * 1 s, then 2, 4, ... 60 s; what is wrong is said once, in one line on stderr.
 */
#ifndef OPEN382_LINUX_CONSUMER_MQTT_H
#define OPEN382_LINUX_CONSUMER_MQTT_H

#include "consumer_home.h"

struct mqtt;

/**
 * Read the password, look for the certificates; connect to nothing yet.
 * @param index   tells several of one meter apart
 * @return NULL and *problem
 */
struct mqtt *mqtt_new(const struct mqtt_option *option, unsigned index, struct problem *problem);
/** Begin, for this meter.  @return 0, or -1 and *problem */
int mqtt_start(struct mqtt *mqtt, enum consumer_kind kind, const struct meter *meter,
               struct problem *problem);
/** The meter has supply, or not. */
void mqtt_set_available(struct mqtt *mqtt, bool available);
/** A newer state. */
void mqtt_offer(struct mqtt *mqtt, const char *state);
/** "mqtt 127.0.0.1:1883 open382/12345678" */
const char *mqtt_text(const struct mqtt *mqtt);
/** What there is to say about the connection: "connected", "connecting", or what is wrong. */
void mqtt_condition(struct mqtt *mqtt, char *out, size_t capacity);
/** Say good-bye (it takes a second at most, 3 s when a name server hangs); NULL is allowed. */
void mqtt_free(struct mqtt *mqtt);

#endif
