/** The parameter of key_transfer (class 64, method 2): other keys, wrapped by the present master
 * key. */
#ifndef OPEN382_DLMS_KEY_TRANSFER_H
#define OPEN382_DLMS_KEY_TRANSFER_H

#include "../../proto/common/writer.h"
#include "key_file.h"

/** Does the key `id` of wanted have to be sent? */
bool dlms_key_changes(const struct key_file *now, const struct key_file *wanted, int id);

/**
 * Array of {key id, wrapped key} of all keys that differ.  now has a master key; both have keys of
 * one length.  @return their number, or -1: they cannot be wrapped, and w is useless.
 */
int dlms_key_transfer_write(const struct crypto_port *crypto, const struct key_file *now,
                            const struct key_file *wanted, struct writer *w);

#endif
