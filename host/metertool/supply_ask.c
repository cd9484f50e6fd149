#include "supply_ask.h"

#include <unistd.h>

/** Where a person can open or close (ENV-12). */
#define WARNING                                                                                    \
    "The breaker is no safety device: behind it, and in the meter, everything counts as live.\n"   \
    "Only authorised personnel may work there, with the back-up fuses taken out and kept safe, "   \
    "by\n"                                                                                         \
    "the rules of the place."
static const char warning[] = WARNING;
static const char warning_closing[] =
    WARNING "\nNobody sees from here what is switched on behind it.";

/* What is said comes in any case, and before the question. */
enum tool_exit agreed_after(const struct tool *tool, const char *said, const char *question)
{
    char answer[16] = "";
    fprintf(stderr, "%s\n", said);
    if (tool->options.yes) {
        return EXIT_GOOD;
    }
    if (!isatty(STDIN_FILENO)) {
        tool_complain("expected --yes, since nobody can be asked here; nothing is done");
        return EXIT_USAGE;
    }
    fputs(question, stderr);
    if (fgets(answer, sizeof answer, stdin) == NULL || (answer[0] != 'y' && answer[0] != 'Y')) {
        fputs("Nothing is done.\n", stderr);
        return EXIT_USAGE;
    }
    return EXIT_GOOD;
}

enum tool_exit supply_agreed(const struct tool *tool, bool closes, const char *question)
{
    return agreed_after(tool, closes ? warning_closing : warning, question);
}
