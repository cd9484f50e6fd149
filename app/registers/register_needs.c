/* Which registers a meter has: by what is fitted and ordered. */
#include "../../legal/include/legal_api.h"
#include "register_table.h"

bool register_exists_with(const struct register_def *def, uint16_t has, uint8_t tariffs)
{
    if ((def->need & has) != def->need) {
        return false;
    }
    if (def->source == SOURCE_TARIFF_ENERGY) { /* X7 = 2 or 4: no more registers than tariffs */
        return def->index / LEGAL_TARIFF_ENERGIES < tariffs;
    }
    return true;
}
