/**
 * Talk to the reference source of a calibration bench: settings, output, chamber, and what its
 * reference meter reads.  The language is docs/spec/reference-source.md.
 */
#ifndef OPEN382_SOURCE_LINK_H
#define OPEN382_SOURCE_LINK_H

#include "line.h"

#define SOURCE_SYSTEMS    3u
#define SOURCE_ANSWER_MAX 480u

struct source_link {
    struct line line;
    char in[SOURCE_ANSWER_MAX + 1u]; /**< heard, not yet taken */
    size_t n_in;
    char identity[SOURCE_ANSWER_MAX + 1u]; /**< answer to *IDN? */
    char error[600];                       /**< one line of what went wrong last */
};

/** Index 0..2 is L1..L3; the current lags its own voltage by phi. */
struct source_signal {
    double frequency_hz;
    double voltage_v[SOURCE_SYSTEMS], voltage_deg[SOURCE_SYSTEMS];
    double current_a[SOURCE_SYSTEMS], phi_deg[SOURCE_SYSTEMS];
};

/** What the reference meter reads, per measuring system of the meter. */
struct source_measured {
    double time_s; /**< of the signal: it may run faster than ours */
    double frequency_hz, chamber_c;
    unsigned systems; /**< 1 .. 3 */
    struct {
        double voltage_v, voltage_deg, active_w, reactive_var;
    } system[SOURCE_SYSTEMS];
};

/** What stands between tcp: and the rest.  @return HOST_OK or HOST_ERR_URL; link->error says why.
 */
enum host_err source_link_url(struct source_link *link, const char *text, struct meter_url *url);

/** Connect and ask who it is.  trace: every byte in hex; NULL: nowhere. */
enum host_err source_link_open(struct source_link *link, const struct meter_url *url, FILE *trace);

/** Switch the output off, as far as it still hears, and hang up.  May be called twice. */
void source_link_close(struct source_link *link);

/** Set a signal and put it in force.  HOST_ERR_PROTOCOL: refused, link->error has its words. */
enum host_err source_link_signal(struct source_link *link, const struct source_signal *signal);

/** Tell the chamber a temperature; it holds from the next source_link_signal on.
 *  @param *has  false: this bench has no chamber, and HOST_OK is returned all the same */
enum host_err source_link_chamber(struct source_link *link, double celsius, bool *has);

/** Only while the output is on. */
enum host_err source_link_measure(struct source_link *link, struct source_measured *out);

/** The signal's own time. */
enum host_err source_link_time(struct source_link *link, double *time_s);

#endif
