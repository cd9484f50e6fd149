/** What the bench found, for people and for programs. */
#ifndef OPEN382_TYPETEST_REPORT_H
#define OPEN382_TYPETEST_REPORT_H

#include <stdio.h>

#include "evaluate.h"

/** Tables on a terminal; all: every row, else the three that come nearest to a limit of each test.
 */
void report_text(FILE *out, const struct run *run, const struct evaluation *evaluation, bool all);
void report_json(FILE *out, const struct run *run, const struct evaluation *evaluation);
void report_tests_csv(FILE *out, const struct evaluation *evaluation);
void report_points_csv(FILE *out, const struct run *run);

/** The page that stands alone: no script, font or picture from elsewhere. */
void report_html(FILE *out, const struct run *run, const struct evaluation *evaluation);

/** All of the files into a folder, which is made.  @return false: could not, errno says why. */
bool report_files(const char *folder, const struct run *run, const struct evaluation *evaluation);

/** Sums over a test's rows. */
struct report_test {
    unsigned rows, values, failures, meters;
    const struct evaluated_row
        *nearest; /**< to its limit; without limits the largest; NULL: none */
};
struct report_test report_test_of(const struct evaluation *evaluation, enum test test);

/** "A", "B", "C". */
const char *report_class(const struct run *run);
const char *report_version(void);

#endif
