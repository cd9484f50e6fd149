#include "tariff_picture.h"

#include "../lib/tariff_text.h"

#define CELL_MIN 30u
#define CELLS    (TARIFF_PLAN_DAY_MIN / CELL_MIN)
#define HOLIDAY  7u /* the row behind Sunday */

static const char *const rows[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", "-"};

/* Backgrounds that black digits can be read on, of the 256 colours. */
static const uint8_t colours[TARIFF_PLAN_TARIFFS] = {203, 221, 114, 111, 176, 80, 180, 250};

static unsigned tariff_in(const struct plan_day *day, unsigned minute)
{
    unsigned i = 0;
    while (i + 1u < day->n && day->at[i + 1u].minute <= minute) {
        i++;
    }
    return day->at[i].tariff;
}

static void draw_day(FILE *out, const struct plan_day *day, bool colour, bool in_words)
{
    unsigned shown = 0;
    for (unsigned cell = 0; cell < CELLS; cell++) {
        unsigned tariff = tariff_in(day, cell * CELL_MIN);
        if (colour && tariff != shown) {
            fprintf(out, "\033[38;5;16;48;5;%um", colours[tariff - 1u]);
        }
        shown = tariff;
        fputc('0' + (int)tariff, out);
    }
    fputs(colour ? "\033[0m" : "", out);
    for (unsigned i = 0; in_words && i < day->n; i++) {
        fprintf(out, "  %02u:%02u T%u", day->at[i].minute / 60u, day->at[i].minute % 60u,
                day->at[i].tariff);
    }
    fputc('\n', out);
}

static void date_text(const struct plan_date *date, char out[16])
{
    if (date->year != 0) {
        (void)snprintf(out, 16, "%04u-%02u-%02u", date->year % 10000u, date->month % 100u,
                       date->day % 100u);
    } else {
        (void)snprintf(out, 16, "%02u-%02u", date->month % 100u, date->day % 100u);
    }
}

static void draw_head(FILE *out, const struct tariff_plan *plan, unsigned season)
{
    char text[16];
    const char *before = " from ";
    fprintf(out, "\nSeason %c", 'A' + (int)season);
    for (unsigned i = 0; i < plan->n_starts; i++) {
        if (plan->start[i].season == season) {
            date_text(&plan->start[i].date, text);
            fprintf(out, "%s%s", before, text);
            before = ", ";
        }
    }
    fprintf(out, "%s\n             ", plan->n_starts == 0 ? ", all the year" : "");
    for (unsigned hour = 0; hour < 24; hour += 3) {
        fprintf(out, "%02u    ", hour);
    }
    fputs("24\n", out);
}

static void draw_week(FILE *out, const struct tariff_plan *plan, unsigned season, bool colour)
{
    const struct plan_day *above = NULL;
    draw_head(out, plan, season);
    for (unsigned row = 0; row <= HOLIDAY; row++) {
        bool working = (plan->working_days >> row & 1u) != 0;
        unsigned type = row == HOLIDAY ? DAY_HOLIDAY : working ? DAY_WORK : DAY_REST;
        if (row == HOLIDAY && plan->n_exceptions == 0) {
            break;
        }
        fprintf(out, "%-4s %-7s ", rows[row], tariff_day_type_name(type));
        const struct plan_day *day = tariff_plan_profile(plan, season, type);
        draw_day(out, day, colour, day != above);
        above = day;
    }
}

/* As many to a line as fit beside the pictures above. */
static void list_exceptions(FILE *out, const struct tariff_plan *plan)
{
    for (unsigned i = 0; i < plan->n_exceptions; i++) {
        char date[16];
        const struct plan_exception *exception = &plan->exception[i];
        date_text(&exception->date, date);
        fprintf(out, "%s%s%s%s",
                i % 5 == 0 ? i == 0 ? "\nException days: " : ",\n                " : ", ", date,
                exception->type == DAY_HOLIDAY ? "" : " ",
                exception->type == DAY_HOLIDAY ? "" : tariff_day_type_name(exception->type));
    }
    fputs(plan->n_exceptions > 0 ? "\n" : "", out);
}

void tariff_picture(FILE *out, const struct tariff_plan *plan, bool colour)
{
    fprintf(out, "Plan \"%s\", local time, one column is half an hour\n", plan->name);
    for (unsigned season = 0; season < plan->n_seasons; season++) {
        draw_week(out, plan, season, colour);
    }
    list_exceptions(out, plan);
    if (plan->summers.n > 0) {
        struct calendar first, last;
        calendar_from_seconds(plan->summers.row[0].begin_s, &first);
        calendar_from_seconds(plan->summers.row[plan->summers.n - 1u].end_s, &last);
        fprintf(out, "\nSummer time by its own table of %u, %04u to %04u\n", plan->summers.n,
                first.year, last.year);
    }
}
