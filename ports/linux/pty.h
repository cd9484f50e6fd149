/**
 * A pseudo-terminal behind a symbolic link, as a port of the meter.
 */
#ifndef OPEN382_LINUX_PTY_H
#define OPEN382_LINUX_PTY_H

#include "problem.h"

struct pty {
    int slave;       /**< kept open, so that the line does not hang up; -1: none */
    char target[64]; /**< what the link points to; "" = no link made */
};

/** A link that an earlier run left behind may be replaced, nothing else.  Writes nothing.
 *  @param option  "optical", for *problem.  @return 0, or -1 and *problem. */
int pty_check(const char *option, const char *path, struct problem *problem);
/** Raw, non-blocking, without a link yet.  @return the master, or -1 and *problem. */
int pty_open(struct pty *pty, const char *option, const char *path, struct problem *problem);
/** Make the link.  @return 0, or -1 and *problem. */
int pty_link(struct pty *pty, const char *option, const char *path, struct problem *problem);
/** Remove the link, if it is still ours, and close the slave. */
void pty_close(struct pty *pty, const char *path);

#endif
