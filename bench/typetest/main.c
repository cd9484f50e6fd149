/** typetest: the type tests of EN 50470-3 and IEC 62053 on a population of virtual meters. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "report.h"

enum { EXIT_KEPT = 0, EXIT_PASSED_A_LIMIT = 1, EXIT_USAGE = 2 };

static int report(const struct options *options, const struct run *run)
{
    struct evaluation evaluation;
    int result = EXIT_KEPT;
    if (!evaluate(run, &evaluation)) {
        fputs("typetest: no memory for the tables\n", stderr);
        return EXIT_USAGE;
    }
    if (options->json) {
        report_json(stdout, run, &evaluation);
    } else {
        report_text(stdout, run, &evaluation, options->all_rows);
    }
    if (options->folder != NULL && !report_files(options->folder, run, &evaluation)) {
        fprintf(stderr, "typetest: %s: %s\n", options->folder, strerror(errno));
        result = EXIT_USAGE;
    } else if (evaluation.failures > 0) {
        result = EXIT_PASSED_A_LIMIT;
    }
    evaluation_free(&evaluation);
    return result;
}

int main(int argc, char **argv)
{
    static struct run run;
    struct options options;
    switch (options_read(argc, argv, &options)) {
    case OPTIONS_END: return EXIT_KEPT;
    case OPTIONS_WRONG: return EXIT_USAGE;
    default: break;
    }
    int result = EXIT_PASSED_A_LIMIT;
    if (run_all(&run, &options.run)) {
        result = report(&options, &run);
    } else {
        fprintf(stderr, "typetest: meter of seed %llu: %s\n", (unsigned long long)run.fault_seed,
                run.fault);
    }
    run_free(&run);
    return result;
}
