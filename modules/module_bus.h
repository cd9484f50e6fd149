/**
 * The data bus between a plug-in module and its meter, as the module sees it: requests of KMP out,
 * answers back.  A module is a client of the meter with the rights of the module port and nothing
 * else, so that nothing that it does can touch legal data.
 *
 * Who plugs the module gives the exchange; it returns when the meter has answered or will not.
 * Source: MOD-01, MOD-02, X-MOD-1.
 */
#ifndef OPEN382_MODULE_BUS_H
#define OPEN382_MODULE_BUS_H

#include "../proto/kmp/kmp_client.h"

struct module_bus {
    void *context;
    /** One frame to the meter.  @return octets of the answer, 0: silence. */
    size_t (*exchange)(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity);
};

/**
 * 1 .. KMP_REGISTERS_MAX registers; those that the meter does not have are missing.
 * @return number of values, or negative: no answer, or not a good one
 */
int module_bus_registers(const struct module_bus *bus, const uint16_t *ids, size_t n_ids,
                         struct kmp_value values[KMP_REGISTERS_MAX]);

/**
 * Any command.  The answer's body (DEST CID data) is in receiver->body, receiver->length octets.
 * @return false: no answer, or one to something else
 */
bool module_bus_command(const struct module_bus *bus, uint8_t cid, const uint8_t *data,
                        size_t n_data, struct kmp_receiver *receiver);

#endif
