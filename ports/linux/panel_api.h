/**
 * The panel's POST requests: JSON in, JSON out.  See docs/meter382.md.
 */
#ifndef OPEN382_LINUX_PANEL_API_H
#define OPEN382_LINUX_PANEL_API_H

#include <stdbool.h>
#include <stddef.h>

struct run;

#define PANEL_BODY_MAX  4096u
#define PANEL_REPLY_MAX 512u

/** True when a POST to this path means something. */
bool panel_api_knows(const char *path);

/**
 * Do what a request asks for.
 * @param reply  JSON: {"ok":true} or {"error":"..."}; PANEL_REPLY_MAX bytes
 * @return HTTP status
 */
unsigned panel_api_post(struct run *run, const char *path, const char *body, size_t n_body,
                        char *reply);

#endif
