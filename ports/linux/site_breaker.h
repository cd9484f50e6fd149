/**
 * The breaker of the simulated board: relays between the mains and the house, and their drivers.
 * The contacts' position is kept in a part of the permanent memory of its own (breaker.relay), for
 * relays stay where they are while nothing runs.
 */
#ifndef OPEN382_LINUX_SITE_BREAKER_H
#define OPEN382_LINUX_SITE_BREAKER_H

#include "site.h"

/** Fit relays where the variant has them, with the faults of the command line. */
void site_breaker_start(struct site *site, const struct options *options);
/** The board's two functions; NULL where none is fitted. */
void site_breaker_board(struct site *site);
/** Contacts that should have arrived have: the load behind them follows.  @return one has moved */
bool site_breaker_run(struct site *site, int64_t at_us);
/** A fault of the scenario begins or ends. */
void site_breaker_event(struct site *site, const struct lab_event *event);

/** Text of --breaker: "stuck=L1+L2", "slow=3s", "silent".  @return false: *expected says what */
bool site_breaker_parse(const char *text, struct breaker_option *out, const char **expected);

#endif
