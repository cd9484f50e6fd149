/** What the legal processor writes into its audit trail, and when. */
#ifndef OPEN382_LEGAL_TRAIL_H
#define OPEN382_LEGAL_TRAIL_H

#include "energy/processor.h"

/** Read the trail, before anything is written.  @return false: it is of a newer format. */
bool trail_open(struct processor *p);

/** After registers and constants were loaded: does the trail know these constants? */
void trail_start(struct processor *p);

/** Write what is new: other constants than the trail has, other software, the seal. */
void trail_follow(struct processor *p);

/** Somebody tried to write constants behind a closed seal. */
void trail_refused(struct processor *p);

/**
 * The constants of these systems (bit 0: system 1) are about to become others.
 * @retval LEGAL_ERR_FULL     no room: nothing may change
 * @retval LEGAL_ERR_STORAGE  not written: nothing may change
 */
enum legal_err trail_change(struct processor *p, const struct constants *to, uint8_t systems);

/** The constants announced could not be stored: those before stay in force. */
void trail_failed(struct processor *p);

#endif
