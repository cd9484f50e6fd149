#include "consumer_json.h"

#include <string.h>

#include "consumer_ports.h"
#include "instant.h"
#include "run.h"

static json_t *time_json(int64_t utc_s)
{
    char text[INSTANT_TEXT_MAX + 1];
    instant_format(utc_s, text);
    (void)strcat(text, "Z"); /* instant_format leaves room */
    return json_string(text);
}

static json_t *port_json(const struct consumer_show *show)
{
    const struct consumer_pushed *pushed = &show->pushed;
    return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:i, s:o}", "port", show->text, "count",
                     (json_int_t)pushed->count, "list",
                     pushed->count > 0 ? json_string(show->list) : json_null(), "bytes",
                     pushed->count > 0 ? json_integer((json_int_t)pushed->n_bytes) : json_null(),
                     "last", pushed->count > 0 ? time_json(pushed->utc_s) : json_null(), "next",
                     show->next_utc_s != 0 ? time_json(show->next_utc_s) : json_null(), "listeners",
                     (int)show->listeners, "condition",
                     show->condition[0] != '\0' ? json_string(show->condition) : json_null());
}

json_t *consumer_json(const struct run *run)
{
    json_t *ports = json_array();
    for (size_t i = 0; run->consumer != NULL && i < run->options->n_consumer; i++) {
        struct consumer_show show;
        consumer_ports_show(run->consumer, i, &show);
        (void)json_array_append_new(ports, port_json(&show));
    }
    return ports;
}
