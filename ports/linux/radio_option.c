#include "radio_option.h"

#include <string.h>

int radio_option_parse(const char *option, const char *text, struct radio_option *out,
                       struct problem *problem)
{
    char error[RADIO_MEDIUM_ERROR_MAX];
    const size_t n_medium = strcspn(text, ",");
    const char *members = text + n_medium + (text[n_medium] == ',');
    *out = (struct radio_option){.medium = ""};
    if (n_medium >= sizeof out->medium) {
        return problem_set(problem, EXIT_BAD_INPUT,
                           "--%s: expected a shorter medium, found '%.150s'", option, text);
    }
    memcpy(out->medium, text, n_medium);
    if (radio_address_parse(out->medium, &out->address, error) != HOST_OK) {
        return problem_set(problem, EXIT_BAD_INPUT, "--%s: %s", option, error);
    }
    const char *expected = wmbus_options_read(members, &out->send);
    if (expected != NULL) {
        return problem_set(problem, EXIT_BAD_INPUT, "--%s: expected %s, found '%.150s'", option,
                           expected, members);
    }
    return 0;
}
