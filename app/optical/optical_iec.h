/**
 * What a programming session of IEC 62056-21 reads and writes: registers, time, settings 131.0.x,
 * the on-demand tariff, and the load profile (R6 99.1.0).
 * Source: Kamstrup 5512-1458 ch. 7 and 8, spec answers B21.
 */
#ifndef OPEN382_OPTICAL_IEC_H
#define OPEN382_OPTICAL_IEC_H

#include "../../proto/iec62056_21/iec_program.h"
#include "../../proto/iec62056_21/iec_server.h"

struct meter;
struct optical;

/** Who is being served. */
struct optical_iec {
    struct meter *meter;
    struct optical *optical;
};

/** The functions of a session; served is handed back to them. */
struct iec_programmer optical_iec_programmer(struct optical_iec *served);

/** Modes, speeds and times as the meter is set. */
struct iec_settings optical_iec_settings(const struct meter *meter, const struct optical *optical);

/** Data line number line of the list that is chosen for that line (user data 1 or 2). */
bool optical_iec_line(const struct optical_iec *served, unsigned line, struct writer *out);

#endif
