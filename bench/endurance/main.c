/**
 * endurance [--days N] [--cuts N] [--seed N] [--window S]: docs/endurance.md.
 * Exit status: 0 all as it must be, 1 something was not (one line says what), 2 bad arguments.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "endurance.h"

#define YEARS_10     3652
#define RATED_WRITES 1e6 /* of a page: docs/spec/storage.md */

static int usage(void)
{
    fputs("usage: endurance [--days N] [--cuts N] [--seed N] [--window 1|2]\n", stderr);
    return 2;
}

static int number_of(const char *text, uint64_t limit, uint64_t *out)
{
    char *end = NULL;
    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return -1;
    }
    *out = strtoull(text, &end, 10);
    return *end == '\0' && *out <= limit ? 0 : -1;
}

static int options_read(char **argument, struct endurance_plan *plan)
{
    for (; *argument != NULL; argument += 2) {
        uint64_t number = 0;
        if (number_of(argument[1], UINT64_C(1) << 40, &number) != 0) {
            return -1;
        }
        if (strcmp(*argument, "--days") == 0 && number > 0 && number <= 36500) {
            plan->days = (unsigned)number;
        } else if (strcmp(*argument, "--cuts") == 0) {
            plan->cuts = number;
        } else if (strcmp(*argument, "--seed") == 0) {
            plan->seed = number;
        } else if (strcmp(*argument, "--window") == 0 && (number == 1 || number == 2)) {
            plan->window_s = (unsigned)number;
        } else {
            return -1;
        }
    }
    return 0;
}

static void wear_print(const struct endurance_wear *wear, unsigned days)
{
    const double years = days / 365.25;
    printf("  %-12s %12llu writes; page %u most: %u, %.3g %% of its rating, worn out after %.0f "
           "years\n",
           wear->name, (unsigned long long)wear->writes, (unsigned)wear->page,
           (unsigned)wear->page_writes, wear->page_writes / RATED_WRITES * 100,
           wear->page_writes > 0 ? RATED_WRITES / wear->page_writes * years : 0.0);
}

static void result_print(const struct endurance_plan *plan, const struct endurance_result *r)
{
    printf(
        "%u days in windows of %u s, seed %llu: %llu windows, %llu losses of supply, %llu resets, "
        "%llu power cuts\n",
        plan->days, plan->window_s, (unsigned long long)plan->seed, (unsigned long long)r->windows,
        (unsigned long long)r->outages, (unsigned long long)r->resets, (unsigned long long)r->cuts);
    printf("  1.8.0 %.6f kWh, exact; lost by resets and cuts %.6f kWh, %.3f Wh at most by one\n",
           r->register_kwh, r->lost_kwh, r->lost_most_wh);
    printf("  load profile: %llu records compared, %llu lost; analysis logger: %llu compared; "
           "debiting "
           "records %u, status events %u, clock events %u\n",
           (unsigned long long)r->records, (unsigned long long)r->records_lost,
           (unsigned long long)r->analysis_records, (unsigned)r->debiting, (unsigned)r->status,
           (unsigned)r->clock);
    for (unsigned m = 0; m < 3; m++) {
        wear_print(&r->wear[m], plan->days);
    }
}

int main(int argc, char **argv)
{
    struct endurance_plan plan = {
        .seed = 1, .days = YEARS_10, .window_s = 2, .outages = true, .resets = true};
    struct endurance_result result;
    char why[256] = "no memory";
    if (argc < 1 || options_read(argv + 1, &plan) != 0) {
        return usage();
    }
    plan.progress = isatty(STDERR_FILENO) ? stderr : NULL;
    const int err = endurance_run(&plan, &result, why);
    if (plan.progress != NULL) {
        fputs("\r\033[K", stderr);
    }
    if (err != 0) {
        fprintf(stderr, "endurance: %s\n", why);
        return 1;
    }
    result_print(&plan, &result);
    printf("  %.0f s of processor time\n", (double)clock() / CLOCKS_PER_SEC);
    return 0;
}
