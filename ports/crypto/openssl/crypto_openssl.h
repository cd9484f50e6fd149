/**
 * crypto_port by OpenSSL 3: for everything that runs on a host.
 */
#ifndef OPEN382_CRYPTO_OPENSSL_H
#define OPEN382_CRYPTO_OPENSSL_H

#include "proto/common/crypto_port.h"

/** Fill a port; every member is there.  @return 0, or negative: this OpenSSL lacks AES-GCM */
int crypto_openssl(struct crypto_port *port);

#endif
