#include "module_types.h"

#include <string.h>

#include "field_module.h"
#include "gsm_plug.h"
#include "mbus_plug.h"
#include "net_module.h"
#include "wmbus_plug.h"

const struct module_type *const module_types[] = {
    &mbus_module_type, &wmbus_module_type, &net_module_type, &gsm_module_type,
    &field_types[0],   &field_types[1],    &field_types[2],  &field_types[3],
    &field_types[4],   &field_types[5],    &field_types[6],  &field_types[7],
    &field_types[8],   &field_types[9],    &field_types[10], &field_types[11],
};
const size_t module_types_length = sizeof module_types / sizeof module_types[0];

const struct module_type *module_type_by_name(const char *name, size_t n_name)
{
    for (size_t i = 0; i < module_types_length; i++) {
        if (strlen(module_types[i]->name) == n_name &&
            memcmp(module_types[i]->name, name, n_name) == 0) {
            return module_types[i];
        }
    }
    return NULL;
}

uint16_t module_type_code(const struct module_type *type, uint8_t generation)
{
    for (const uint16_t *code = type->codes; *code != 0; code++) {
        const struct module_row *row = module_by_code(*code);
        if (row != NULL && (row->generations & generation) != 0) {
            return *code;
        }
    }
    return 0;
}

bool module_type_has_code(const struct module_type *type, uint16_t code)
{
    for (const uint16_t *own = type->codes; *own != 0; own++) {
        if (*own == code) {
            return true;
        }
    }
    return false;
}
