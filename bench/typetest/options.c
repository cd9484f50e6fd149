/** The command line of typetest. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define METERS_FULL  200u
#define WHOLE_FULL   10u
#define METERS_QUICK 4u
#define WHOLE_QUICK  2u
#define METERS_MAX   10000u
#define JOBS_MAX     256u

static const char help[] =
    "Usage: typetest [--quick | --full] [options]\n"
    "\n"
    "Sends a population of virtual meters through the type tests of EN 50470-3 and IEC 62053:\n"
    "each is calibrated through its own interface, then measured at its LED and its registers.\n"
    "\n"
    "  --quick          core set, 4 meters, short times: under a minute\n"
    "  --full           core set with 200 meters, 10 of them through the whole matrix (default)\n"
    "  --meters N       meters of the core set, 1..10000; the first tenth, at least 1, at most\n"
    "                   10, goes through the whole matrix\n"
    "  --seed N         seed of the first meter (382); meter k has the seed N + k\n"
    "  --only TEST[,..] these tests only; --only list names them\n"
    "  --class A|B|C    limits of this class (B); reactive energy is always class 2\n"
    "  --jobs N         threads (all processors)\n"
    "  --out DIR        report.html, the charts as SVG, points.csv and tests.csv into this folder\n"
    "  --json           tests as JSON on standard output, instead of tables\n"
    "  --all-rows       a table of every point; else only of what each test's worst rows are\n"
    "  --quiet          no progress bar\n"
    "  --help           this text\n"
    "\n"
    "Exit codes: 0 all limits kept, 1 a limit passed or a meter that could not be calibrated,\n"
    "2 wrong usage or a folder that can't be written.\n";

static bool complain(const char *option, const char *value, const char *wanted)
{
    fprintf(stderr, "typetest: --%s %s: wanted %s\n", option, value, wanted);
    return false;
}

static bool number_of(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value < low ||
        value > high) {
        return false;
    }
    *out = value;
    return true;
}

static bool take_unsigned(const char *option, const char *text, unsigned high, unsigned *out)
{
    uint64_t value;
    if (!number_of(text, 1, high, &value)) {
        char wanted[64];
        (void)snprintf(wanted, sizeof wanted, "a number 1..%u", high);
        return complain(option, text, wanted);
    }
    *out = (unsigned)value;
    return true;
}

static bool take_seed(const char *text, uint64_t *out)
{
    return number_of(text, 0, UINT64_C(1) << 62, out) ||
           complain("seed", text, "a number 0..4611686018427387904");
}

static bool test_named(const char *name, size_t length, unsigned *tests)
{
    for (unsigned k = 0; k < TESTS; k++) {
        if (strlen(test_rows[k].name) == length && strncmp(test_rows[k].name, name, length) == 0) {
            *tests |= 1u << k;
            return true;
        }
    }
    return false;
}

static bool take_tests(const char *text, unsigned *tests)
{
    *tests = 0;
    for (const char *at = text;;) {
        const size_t length = strcspn(at, ",");
        if (!test_named(at, length, tests)) {
            return complain("only", text, "names of tests with commas; --only list shows them");
        }
        if (at[length] == '\0') {
            return true;
        }
        at += length + 1u;
    }
}

static bool take_class(const char *text, enum accuracy *out)
{
    if (strlen(text) != 1u || text[0] < 'A' || text[0] > 'C') {
        return complain("class", text, "A, B or C");
    }
    *out = (enum accuracy)(text[0] - 'A');
    return true;
}

static void list_tests(void)
{
    for (unsigned k = 0; k < TESTS; k++) {
        printf("%-14s %s\n", test_rows[k].name, test_rows[k].title);
    }
}

static void set_size(struct options *out, enum plan_size size)
{
    out->run.size = size;
    out->run.meters = size == PLAN_QUICK ? METERS_QUICK : METERS_FULL;
    out->run.whole = size == PLAN_QUICK ? WHOLE_QUICK : WHOLE_FULL;
}

static enum options_result take(struct options *out, int option, const char *value)
{
    bool good = true;
    switch (option) {
    case 'q': set_size(out, PLAN_QUICK); break;
    case 'f': set_size(out, PLAN_FULL); break;
    case 'm': good = take_unsigned("meters", value, METERS_MAX, &out->meters); break;
    case 's': good = take_seed(value, &out->run.seed); break;
    case 'c': good = take_class(value, &out->run.accuracy); break;
    case 'j': good = take_unsigned("jobs", value, JOBS_MAX, &out->run.jobs); break;
    case 'o': out->folder = value; break;
    case 'J': out->json = true; break;
    case 'a': out->all_rows = true; break;
    case 'Q': out->run.quiet = true; break;
    case 't':
        if (strcmp(value, "list") == 0) {
            list_tests();
            return OPTIONS_END;
        }
        good = take_tests(value, &out->run.tests);
        break;
    case 'h': fputs(help, stdout); return OPTIONS_END;
    default: good = false;
    }
    return good ? OPTIONS_RUN : OPTIONS_WRONG;
}

static void set_meters(struct options *out)
{
    if (out->meters > 0) {
        const unsigned tenth = (out->meters + 9u) / 10u;
        out->run.meters = out->meters;
        out->run.whole = tenth < WHOLE_FULL ? tenth : WHOLE_FULL;
    }
}

enum options_result options_read(int argc, char **argv, struct options *out)
{
    static const struct option known[] = {{"quick", no_argument, NULL, 'q'},
                                          {"full", no_argument, NULL, 'f'},
                                          {"meters", required_argument, NULL, 'm'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"only", required_argument, NULL, 't'},
                                          {"class", required_argument, NULL, 'c'},
                                          {"jobs", required_argument, NULL, 'j'},
                                          {"out", required_argument, NULL, 'o'},
                                          {"json", no_argument, NULL, 'J'},
                                          {"all-rows", no_argument, NULL, 'a'},
                                          {"quiet", no_argument, NULL, 'Q'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *out = (struct options){.run = {.accuracy = ACCURACY_B,
                                    .tests = (1u << TESTS) - 1u,
                                    .jobs = processors < 1          ? 1u
                                            : processors > JOBS_MAX ? JOBS_MAX
                                                                    : (unsigned)processors,
                                    .seed = 382}};
    set_size(out, PLAN_FULL);
    int option;
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        const enum options_result result = take(out, option, optarg);
        if (result != OPTIONS_RUN) {
            return result;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "typetest: %s: options only; typetest --help shows them\n", argv[optind]);
        return OPTIONS_WRONG;
    }
    set_meters(out);
    return OPTIONS_RUN;
}
