/**
 * metertool: what its commands share.
 */
#ifndef OPEN382_TOOL_H
#define OPEN382_TOOL_H

#include <stdio.h>

#include "../lib/iec_link.h"
#include "../lib/iec_programming.h"
#include "../lib/kmp_link.h"
#include "dlms_meter.h"
#include "reading.h"
#include "selection.h"

/* Meters answer a DLMS request within some 100 ms, long ones within seconds. */
#define DLMS_TIMEOUT_MS 5000u

/** Exit codes, as documented in docs/metertool.md. */
enum tool_exit {
    EXIT_GOOD = 0,
    EXIT_METER = 1,     /**< the meter did not answer, or not as it should */
    EXIT_USAGE = 2,     /**< the command line makes no sense */
    EXIT_UNKNOWN = 3,   /**< the meter does not have a register that was asked for */
    EXIT_LIMIT = 4,     /**< calibrate: a point of verification errs too much */
    EXIT_DIFFERENT = 5, /**< config diff: meter and file differ */
    EXIT_STOPPED = 130, /**< calibrate: by Ctrl-C or SIGTERM */
};

enum tool_format { FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };

/** What stands on the command line. */
struct tool_options {
    const char *meter; /**< URL; NULL: none given */
    enum tool_format format;
    long timeout_ms; /**< -1: what suits the protocol */
    long retries;
    double interval_s; /**< watch */
    long count;        /**< watch: rounds, 0 = until stopped */
    bool verbose;
    const char *max_difference;   /**< clock sync: seconds; NULL: none given */
    bool make;                    /**< config order-number */
    uint16_t password;            /**< of the meter, for what changes it */
    const char *password_text;    /**< the same as it was given; NULL: none was */
    bool password_word;           /**< it is no number that KMP takes */
    const char *from, *to;        /**< exports: TIME; NULL: none given */
    const char *output;           /**< of an export; NULL: standard output */
    const char *keys;             /**< DLMS: file of keys and passwords; NULL: none given */
    const char *source, *report;  /**< calibrate: tcp:HOST:PORT, a file; NULL: none given */
    const char *samples, *filter; /**< listen; NULL: none given */
    bool hex, rtl433;             /**< listen */
    bool shortened, dry_run, yes, show;
};

/** A run of the tool.  Large: kept once, in main(). */
struct tool {
    struct tool_options options;
    struct line line;
    struct kmp_link kmp;
    struct iec_link iec;
    struct iec_programming programming; /**< IEC: a dialogue that is open */
    struct dlms_meter dlms;
    bool takes_dlms; /**< the command that runs does */
    struct readings readings;
    struct selection selection;
};

/** One line on stderr: "metertool: ...". */
void tool_complain(const char *format, ...);

/** Open the meter's line.  Complains itself. */
enum tool_exit tool_connect(struct tool *tool);

/**
 * Read what is selected into tool->readings, in the order selected; what the meter does not have is
 * missing there.  Over IEC an empty selection means everything.
 */
enum tool_exit tool_read(struct tool *tool);

/** IEC: sign on in the mode '1' or '6', unless that is done.  Complains itself. */
enum tool_exit tool_iec_open(struct tool *tool, char mode);
/**
 * IEC: one register, by R1 (the clock by R5).  Signs on when need be.  Complains itself.
 * @return EXIT_UNKNOWN, without complaint: the meter does not have it
 */
enum tool_exit tool_iec_register(struct tool *tool, const char *code, struct readings *readings);
/** The same of a register that is a whole number without a unit. */
enum tool_exit tool_iec_number(struct tool *tool, const char *code, int64_t *number);
/**
 * IEC: write what stands in brackets behind the code, by "W1" or "W5".  Complains itself.
 * @return EXIT_METER: refused, or the meter does not answer any more
 */
enum tool_exit tool_iec_write(struct tool *tool, const char *command, const char *code,
                              const char *brackets);

/** Complain when there is no reading at all: another kind of meter.  @return true: none. */
bool tool_report_nothing(const struct tool *tool);

/** Complain about each selected register that is not among the readings.  @return true: some. */
bool tool_report_missing(const struct tool *tool);

#endif
