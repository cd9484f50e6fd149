#include "module_facts.h"

#include <stddef.h>

#define TALKS MODULE_COMMUNICATES
#define BOTH  ((uint8_t)((unsigned)MODULE_COMMUNICATES | (unsigned)MODULE_TARIFF_INPUTS))
#define GSM   ((uint8_t)((unsigned)MODULE_COMMUNICATES | (unsigned)MODULE_CARRIES_SECOND))

/* A module with a current loop talks over it; a router talks by radio.  The pulse input/load
 * control module is made "for integrated radio". */
static const struct module_facts rows[] = {
    {1, 0, 0, 0},
    {3, TALKS, 0, 0},
    {5, TALKS, 0, 0},
    {8, MODULE_TARIFF_INPUTS, 0, 0},
    {14, BOTH, 0, 0},
    {18, BOTH, 0, 0},
    {21, 0, 0, 0},
    {39, TALKS, 0, 0},
    {40, TALKS, 0, 0},
    {43, TALKS, 0, 0},
    {50, TALKS, 0, 0},
    {52, TALKS, 0, 0},
    {53, GSM, 0, 0},
    {54, TALKS, 0, 0},
    {55, 0, 1, 1},
    {57, TALKS, 0, 0},
    {58, 0, 1, 0},
    {61, TALKS, 0, 0},
    {62, MODULE_CARRIES_SECOND, 0, 0},
    {64, TALKS, 0, 0},
    {68, TALKS, 0, 0},
    {69, 0, 2, 0},
    {72, TALKS, 0, 0},
    {75, TALKS, 0, 0},
    {76, BOTH, 0, 0},
    {78, MODULE_TARIFF_INPUTS, 0, 0},
};

const struct module_facts *module_facts(uint16_t code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return &rows[i];
        }
    }
    return NULL;
}

bool module_fact(uint16_t code, enum module_fact fact)
{
    const struct module_facts *row = module_facts(code);
    return row != NULL && (row->facts & (unsigned)fact) != 0;
}
