#include "pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

int pty_check(const char *option, const char *path, struct problem *problem)
{
    struct stat status;
    if (lstat(path, &status) != 0 || S_ISLNK(status.st_mode)) {
        return 0;
    }
    return problem_set(problem, EXIT_BAD_INPUT,
                       "--%s: pty:%s: expected a free name, found a file that is not a "
                       "symbolic link",
                       option, path);
}

static int failed(const char *option, const char *path, struct problem *problem)
{
    return problem_set(problem, EXIT_NOT_ABLE, "--%s: pty:%s: %s", option, path, strerror(errno));
}

int pty_link(struct pty *pty, const char *option, const char *path, struct problem *problem)
{
    if (pty_check(option, path, problem) != 0) {
        return -1;
    }
    (void)unlink(path);
    if (symlink(pty->target, path) != 0) {
        pty->target[0] = '\0';
        return failed(option, path, problem);
    }
    return 0;
}

int pty_open(struct pty *pty, const char *option, const char *path, struct problem *problem)
{
    struct termios raw;
    const int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) {
        return failed(option, path, problem);
    }
    if (grantpt(master) != 0 || unlockpt(master) != 0 ||
        ptsname_r(master, pty->target, sizeof pty->target) != 0 ||
        fcntl(master, F_SETFL, O_NONBLOCK) != 0) {
        (void)close(master);
        return failed(option, path, problem);
    }
    pty->slave = open(pty->target, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (pty->slave < 0 || tcgetattr(pty->slave, &raw) != 0) {
        (void)close(master);
        return failed(option, path, problem);
    }
    cfmakeraw(&raw);
    (void)tcsetattr(pty->slave, TCSANOW, &raw);
    return master;
}

void pty_close(struct pty *pty, const char *path)
{
    char target[sizeof pty->target] = "";
    if (pty->target[0] != '\0' && readlink(path, target, sizeof target - 1) > 0 &&
        strcmp(target, pty->target) == 0) {
        (void)unlink(path);
    }
    if (pty->slave >= 0) {
        (void)close(pty->slave);
        pty->slave = -1;
    }
}
