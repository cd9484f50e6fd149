/** What went wrong between a DLMS client and a meter, in one line for people. */
#ifndef OPEN382_DLMS_WORDS_H
#define OPEN382_DLMS_WORDS_H

#include "../../proto/dlms/dlms_client.h"

/** "refused: object-undefined (4)", "association rejected: authentication failed; check ...". */
void dlms_explain(const struct dlms_client *client, int err, char *text, size_t n_text);

/** Name of an interface class: "Register", or "class 99". */
void dlms_class_name(uint16_t class_id, char *text, size_t n_text);

#endif
