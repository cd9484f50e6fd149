/** P-256 and P-384 by OpenSSL: the curves of crypto_openssl(). */
#ifndef OPEN382_OPENSSL_CURVES_H
#define OPEN382_OPENSSL_CURVES_H

#include "proto/common/crypto_port.h"

const struct crypto_curves *crypto_openssl_curves(void);

#endif
