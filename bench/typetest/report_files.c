/** The files of --out. */
#include <errno.h>
#include <sys/stat.h>

#include "charts.h"
#include "report.h"

static bool is_folder(const char *path)
{
    struct stat stat_of;
    return stat(path, &stat_of) == 0 && S_ISDIR(stat_of.st_mode);
}

/** Open folder/name for writing; NULL: errno says why. */
static FILE *file_open(const char *folder, const char *name)
{
    char path[4096];
    const int n = snprintf(path, sizeof path, "%s/%s", folder, name);
    if (n < 0 || (size_t)n >= sizeof path) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return fopen(path, "w");
}

/** @return false: not all of it reached the file. */
static bool file_close(FILE *file)
{
    const bool good = ferror(file) == 0;
    return fclose(file) == 0 && good;
}

static bool write_tests(const char *folder, const struct evaluation *evaluation)
{
    FILE *file = file_open(folder, "tests.csv");
    if (file == NULL) {
        return false;
    }
    report_tests_csv(file, evaluation);
    return file_close(file);
}

static bool write_points(const char *folder, const struct run *run)
{
    FILE *file = file_open(folder, "points.csv");
    if (file == NULL) {
        return false;
    }
    report_points_csv(file, run);
    return file_close(file);
}

static bool write_page(const char *folder, const struct run *run,
                       const struct evaluation *evaluation)
{
    FILE *file = file_open(folder, "report.html");
    if (file == NULL) {
        return false;
    }
    report_html(file, run, evaluation);
    return file_close(file);
}

static bool write_chart(const char *folder, const struct chart *chart, const char *ending)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s%s.svg", chart->name, ending);
    FILE *file = file_open(folder, name);
    if (file == NULL) {
        return false;
    }
    chart_svg(file, chart);
    return file_close(file);
}

static bool write_charts(const char *folder, const struct run *run)
{
    bool good = true;
    for (unsigned k = 0; k < CHARTS && good; k++) {
        struct chart chart;
        if (chart_make(run, k, &chart)) {
            good = write_chart(folder, &chart, "");
            chart_magnify(&chart);
            good = good && write_chart(folder, &chart, "-magnified");
        }
    }
    return good;
}

bool report_files(const char *folder, const struct run *run, const struct evaluation *evaluation)
{
    if (mkdir(folder, 0777) != 0 && (errno != EEXIST || !is_folder(folder))) {
        return false;
    }
    return write_tests(folder, evaluation) && write_points(folder, run) &&
           write_page(folder, run, evaluation) && write_charts(folder, run);
}
