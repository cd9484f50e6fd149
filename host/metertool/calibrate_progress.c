#include "calibrate_progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/line.h"

#define BAR 30

void calibrate_progress_start(struct calibrate_progress *progress)
{
    memset(progress, 0, sizeof *progress);
    progress->terminal = isatty(STDERR_FILENO) != 0;
    progress->began_ms = line_now_ms();
}

void calibrate_minutes_text(double seconds, char text[CALIBRATE_MINUTES_MAX])
{
    const long whole = lround(fmin(fmax(seconds, 0.0), 1e8));
    (void)snprintf(text, CALIBRATE_MINUTES_MAX, "%ld:%02ld", whole / 60, whole % 60);
}

void calibrate_progress_step(void *context, const char *what, double done_s, double planned_s)
{
    struct calibrate_progress *progress = context;
    const double share = planned_s > 0.0 ? fmin(done_s / planned_s, 1.0) : 0.0;
    const double past_s = 1e-3 * (double)(line_now_ms() - progress->began_ms);
    char left[CALIBRATE_MINUTES_MAX] = "?", done[CALIBRATE_MINUTES_MAX],
         planned[CALIBRATE_MINUTES_MAX], bar[BAR + 1];
    calibrate_minutes_text(done_s, done);
    calibrate_minutes_text(planned_s, planned);
    if (!progress->terminal) {
        if (strncmp(progress->what, what, sizeof progress->what - 1u) != 0) {
            (void)fprintf(stderr, "%s of %s min  %s\n", done, planned, what);
        }
    } else {
        if (share > 0.0) {
            calibrate_minutes_text(past_s / share * (1.0 - share), left);
        }
        const int filled = (int)(share * BAR);
        for (int k = 0; k < BAR; k++) {
            bar[k] = k < filled ? '#' : '.';
        }
        bar[BAR] = '\0';
        (void)fprintf(stderr, "\r[%s] %3.0f %%  %-24.24s %s left\033[K", bar, 100.0 * share, what,
                      left);
        progress->shown = true;
    }
    (void)fflush(stderr);
    (void)snprintf(progress->what, sizeof progress->what, "%s", what);
}

void calibrate_progress_end(struct calibrate_progress *progress)
{
    if (progress->shown) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        progress->shown = false;
    }
}
