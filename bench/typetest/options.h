#ifndef OPEN382_TYPETEST_OPTIONS_H
#define OPEN382_TYPETEST_OPTIONS_H

#include "run.h"

struct options {
    struct run_options run;
    unsigned meters; /**< as given; 0: what the size of the plan has */
    const char *folder;
    bool json, all_rows;
};

enum options_result { OPTIONS_RUN, OPTIONS_END, OPTIONS_WRONG };

/** Read the command line; complaints go to standard error. */
enum options_result options_read(int argc, char **argv, struct options *out);

#endif
