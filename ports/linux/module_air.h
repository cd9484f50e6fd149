/**
 * What a carrier has for modules that are on the air: a radio medium, ciphers, and the keys of
 * radio meters from a key file.
 */
#ifndef OPEN382_LINUX_MODULE_AIR_H
#define OPEN382_LINUX_MODULE_AIR_H

#include "host/lib/key_file.h"
#include "host/lib/radio_medium.h"
#include "modules/module.h"
#include "problem.h"

struct module_air {
    struct radio_medium medium;
    struct crypto_port crypto;
    struct key_file keys;
};

/** Closed. */
void module_air_init(struct module_air *air);
/**
 * @param keys    file with the keys; "": what the environment says, or none
 * @param options of the module: what asks for a key when there is none at all is refused
 * @param option  how the message begins: "module"
 * @return 0, or -1 and *problem
 */
int module_air_open(struct module_air *air, const struct radio_address *address, const char *keys,
                    const char *options, const char *option, struct problem *problem);
/** Also of one that is closed; no key stays. */
void module_air_close(struct module_air *air);

/** @return false: there is none for the meter */
bool module_air_key(const struct module_air *air, uint32_t id_raw, uint8_t key[16]);
void module_air_send(struct module_air *air, const struct module_burst *burst);

#endif
