/**
 * A calibration bench of flesh and wire for host/calibration/procedure.h: a reference source on one
 * line, the meter on another.
 *
 * Nothing is synchronised with the meter: signals are constant while they are measured, and the
 * mean power between two snapshots is the difference of their energies over that of their samples,
 * whenever they were taken.  Waiting goes by the signal's own time, so that any speed will do.
 */
#ifndef OPEN382_CALIBRATE_BENCH_H
#define OPEN382_CALIBRATE_BENCH_H

#include <signal.h>

#include "../calibration/procedure.h"
#include "../lib/source_link.h"
#include "calibrate_link.h"

/** What a function of the bench returns. */
enum bench_end {
    BENCH_OK = 0,
    BENCH_STOPPED = 1, /**< *stop was set */
    BENCH_FAILED = 2,  /**< calibrate_bench.error says why */
};

/** What is known of the one write. */
enum bench_written {
    BENCH_OLD,     /**< the meter has the constants it had */
    BENCH_NEW,     /**< it has all new ones */
    BENCH_UNKNOWN, /**< one or the other: the line broke before the answer */
};

/** What meter and reference said, one right after the other. */
struct bench_look {
    struct kmp_calibration_snapshot meter;
    struct source_measured source;
};

struct calibrate_bench {
    struct tool *tool;
    struct source_link *source;
    const volatile sig_atomic_t *stop;
    uint16_t password;
    void (*progress)(void *context, const char *what, double done_s, double planned_s);
    void *progress_context;
    unsigned systems;
    enum bench_written written;
    char error[700];
    /* inside */
    uint32_t starts, writes; /**< of the meter when its constants were read */
    bool has_epochs;
    uint16_t epoch[KMP_CALIBRATION_SYSTEMS];
    struct source_signal signal;
    struct bench_look last; /**< where the next slice begins */
    double due_s;           /**< slices follow one another on this schedule */
    double speed;           /**< seconds of the signal in one of ours */
    double speed_from_s;
    int64_t speed_from_ms;
    struct calibration_constants in_use[CALIBRATION_SYSTEMS];
};

/**
 * Functions for procedure_run; *bench must outlive them.  tool, source, stop, password and progress
 * are set before.
 * @param meter    the first snapshot
 * @param chamber  there is one
 */
void calibrate_bench_functions(struct calibrate_bench *bench,
                               const struct kmp_calibration_snapshot *meter, bool chamber,
                               struct procedure_bench *out);

/** Means between two looks, for tests and the bench. */
void calibrate_bench_means(const struct bench_look *from, const struct bench_look *to,
                           const struct calibration_constants *in_use,
                           struct procedure_measured *out);

#endif
