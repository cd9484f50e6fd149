#include "dlms_key_transfer.h"

#include <string.h>

#include "../../proto/common/crypto_modes.h"
#include "../../proto/dlms/dlms_data.h"

bool dlms_key_changes(const struct key_file *now, const struct key_file *wanted, int id)
{
    const bool same = now->has[id] && now->n_key == wanted->n_key &&
                      memcmp(now->key[id], wanted->key[id], now->n_key) == 0;
    return wanted->has[id] && !same;
}

int dlms_key_transfer_write(const struct crypto_port *crypto, const struct key_file *now,
                            const struct key_file *wanted, struct writer *w)
{
    uint8_t wrapped[CRYPTO_KEY_MAX_BYTES + CRYPTO_WRAP_EXTRA];
    int n = 0;
    for (int id = 0; id < DLMS_KEY_IDS; id++) {
        n += dlms_key_changes(now, wanted, id);
    }
    dlms_write_array(w, (size_t)n);
    for (int id = 0; id < DLMS_KEY_IDS; id++) {
        if (!dlms_key_changes(now, wanted, id)) {
            continue;
        }
        if (crypto_key_wrap(crypto, now->key[DLMS_KEY_MASTER], now->n_key, wanted->key[id],
                            wanted->n_key, wrapped) != 0) {
            return -1;
        }
        dlms_write_structure(w, 2);
        dlms_write_enum(w, (uint8_t)id);
        dlms_write_octets(w, wrapped, wanted->n_key + CRYPTO_WRAP_EXTRA);
    }
    return w->failed ? -1 : n;
}
