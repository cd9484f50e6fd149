/**
 * What a list says, for home automation: one JSON object of values, and for each of them a
 * document by which Home Assistant finds it ("MQTT discovery").
 *
 * Values are those of the register table, in units that people know: W, var, V, A, kWh, kvarh, each
 * with all the steps that it has there down to 1 W, 1 Wh, 0.1 V, 0.01 A.  What the meter does not
 * have is left out.
 */
#ifndef OPEN382_LINUX_CONSUMER_HOME_H
#define OPEN382_LINUX_CONSUMER_HOME_H

#include "consumer_option.h"

#define HOME_QUANTITIES 36u   /**< of all lists together */
#define HOME_STATE_MAX  2048u /**< the longest state */
#define HOME_TOPIC_MAX  256u

struct meter;

/** Topics of one meter at one broker. */
struct home_topics {
    char state[HOME_TOPIC_MAX], available[HOME_TOPIC_MAX];
};

/** A message that the broker keeps; an empty text takes back what an earlier meter of this number
 * had. */
struct home_config {
    char topic[HOME_TOPIC_MAX];
    char *text; /**< free() */
};

void home_topics(const struct mqtt_option *mqtt, const struct meter *meter,
                 struct home_topics *out);
/**
 * The documents of all quantities.
 * @param out  HOME_QUANTITIES of them
 * @return how many, or -1: no memory
 */
int home_configs(const struct mqtt_option *mqtt, enum consumer_kind kind, const struct meter *meter,
                 struct home_config *out);
void home_configs_free(struct home_config *configs, size_t n);
/** The values of now.  @param out  HOME_STATE_MAX bytes */
void home_state(enum consumer_kind kind, const struct meter *meter, char *out);

#endif
