/**
 * Why the program can't go on: one line for a person and the exit status that goes with it.
 */
#ifndef OPEN382_LINUX_PROBLEM_H
#define OPEN382_LINUX_PROBLEM_H

#define EXIT_BAD_INPUT   2   /**< arguments and input files: the caller must change something */
#define EXIT_NOT_ABLE    1   /**< the machine refuses: port busy, disk full */
#define EXIT_KILLED      137 /**< what a shell reports for kill -9; a scenario's "kill" ends so too */
#define PROBLEM_TEXT_MAX 512

struct problem {
    int exit_status;
    char text[PROBLEM_TEXT_MAX]; /**< one line, no newline: "--speed: expected ..., found 'abc'" */
};

/** Fill *problem.  @return -1, so that callers can write: return problem_set(...). */
int problem_set(struct problem *problem, int exit_status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
