/**
 * The front panel's web server: static files, JSON, and a live stream of states.
 *
 * It lives in the same loop and thread as the meter (libmicrohttpd's epoll descriptor is watched
 * like a socket), so a request reads the meter directly and nothing needs a lock. Who may come in:
 * on loopback, requests that name a loopback host (a page elsewhere can't reach the meter by
 * re-pointing a name); on any other address whoever shows the token.  A POST that a browser sends
 * on behalf of another site is refused.
 */
#ifndef OPEN382_LINUX_PANEL_HTTP_H
#define OPEN382_LINUX_PANEL_HTTP_H

#include <stdint.h>

#include "options.h"
#include "problem.h"

struct panel;
struct run;

/** Bind the port; nothing is served yet.  @return 0, or -1 and *problem. *panel is NULL without
 * one. */
int panel_bind(struct panel **panel, const struct options *options, struct problem *problem);

/** Serve the run's meter.  @return 0, or -1 and *problem. */
int panel_open(struct panel *panel, struct run *run, struct problem *problem);

/** Publish what changed.  @return wall microseconds of the next call. */
int64_t panel_step(struct panel *panel, int64_t wall_us);

/** "panel http://127.0.0.1:8382/" */
const char *panel_text(const struct panel *panel);

void panel_close(struct panel *panel);

#endif
