/**
 * Where a radio sends and what: "udp:239.3.8.2:3820,kind=omnipower,interval=20".
 */
#ifndef OPEN382_LINUX_RADIO_OPTION_H
#define OPEN382_LINUX_RADIO_OPTION_H

#include "host/lib/radio_medium.h"
#include "modules/wmbus_options.h"
#include "problem.h"

struct radio_option {
    struct radio_address address;
    char medium[96]; /**< as it was given */
    struct wmbus_options send;
};

/** @param option  its name, for the message.  @return 0, or -1 and *problem. */
int radio_option_parse(const char *option, const char *text, struct radio_option *out,
                       struct problem *problem);

#endif
