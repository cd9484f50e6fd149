#include "module_air.h"

#include <string.h>

#include "modules/wmbus_options.h"
#include "ports/crypto/openssl/crypto_openssl.h"

void module_air_init(struct module_air *air)
{
    memset(air, 0, sizeof *air);
    air->medium.fd = -1;
}

int module_air_open(struct module_air *air, const struct radio_address *address, const char *keys,
                    const char *options, const char *option, struct problem *problem)
{
    char error[KEY_FILE_ERROR_MAX];
    if (crypto_openssl(&air->crypto) != 0) {
        return problem_set(problem, EXIT_NOT_ABLE, "--%s: no ciphers on this machine", option);
    }
    if (key_file_read(&air->keys, keys[0] != '\0' ? keys : NULL, error) != HOST_OK) {
        return problem_set(problem, EXIT_BAD_INPUT, "--%s: %s", option, error);
    }
    if (air->keys.n_radio == 0 && wmbus_options_need_key(options)) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--%s: %s: expected the meter's key in keys=FILE, \"wmbus\": "
                           "{\"NUMBER\": \"HEX\"}",
                           option, options);
    }
    if (radio_medium_open(&air->medium, address, false, error) != HOST_OK) {
        return problem_set(problem, EXIT_NOT_ABLE, "--%s: %s", option, error);
    }
    return 0;
}

void module_air_close(struct module_air *air)
{
    radio_medium_close(&air->medium);
    key_file_wipe(&air->keys);
}

bool module_air_key(const struct module_air *air, uint32_t id_raw, uint8_t key[16])
{
    const uint8_t *found = key_file_radio(&air->keys, id_raw);
    if (found != NULL) {
        memcpy(key, found, 16);
    }
    return found != NULL;
}

void module_air_send(struct module_air *air, const struct module_burst *burst)
{
    struct radio_burst sent = {.sender = burst->sender,
                               .begin_us = radio_now_us(),
                               .power_dbm = burst->power_dbm,
                               .mode = burst->mode,
                               .n_chips = (uint16_t)burst->n_chips};
    const size_t n_octets = (burst->n_chips + 7u) / 8u;
    if (air->medium.fd >= 0 && n_octets <= sizeof sent.chips) {
        memcpy(sent.chips, burst->chips, n_octets);
        radio_medium_send(&air->medium, &sent);
    }
}
