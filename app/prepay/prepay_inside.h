/** What the files of app/prepay share.  Internal to app/prepay. */
#ifndef OPEN382_PREPAY_INSIDE_H
#define OPEN382_PREPAY_INSIDE_H

#include "prepay.h"

/** Write what is kept; prepay->unsaved says whether memory took it. */
void prepay_save(struct prepay *prepay, const struct prepay_port *port);
/** What memory or log did not take before. */
void prepay_retry(struct prepay *prepay, const struct prepay_port *port);

#endif
