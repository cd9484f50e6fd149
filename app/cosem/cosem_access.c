#include "cosem_access.h"

#include "cosem_prepay.h"

#define N DLMS_MODE_NONE
#define R DLMS_MODE_READ
#define W DLMS_MODE_WRITE
#define B DLMS_MODE_RW

/* What a role may do with the attribute that the set is about.  Each column allows what the one to
 * its left allows, or more. */
static const uint8_t sets[SETS][COSEM_ROLES] = {
    /* public, consumer, optical, module, management */
    [SET_P_R] = {R, R, R, R, R},         [SET_P_RW] = {R, R, B, B, B},
    [SET_R] = {N, R, R, R, R},           [SET_RW] = {N, R, B, B, B},
    [SET_RW_MODULE] = {N, R, R, B, B},   [SET_W] = {N, N, W, W, W},
    [SET_CLOCK] = {R, R, B, B, B},       [SET_ASSOCIATION] = {R, R, R, R, R},
    [SET_HDLC] = {R, R, B, B, B},        [SET_LOG] = {N, R, R, R, R},
    [SET_LOGGER] = {N, R, R, R, R},      [SET_DEBITING] = {N, R, R, R, R},
    [SET_PERIOD] = {N, R, B, B, B},      [SET_HOUSE_R] = {N, N, N, N, R},
    [SET_HOUSE_RW] = {N, N, N, N, B},    [SET_HOUSE_CLOCK] = {N, N, N, N, B},
    [SET_HOUSE_LOG] = {N, N, N, N, R},   [SET_HOUSE_DEBITING] = {N, N, N, N, R},
    [SET_HOUSE_PERIOD] = {N, N, N, N, B}};

static const struct {
    uint8_t class_id;
    int8_t attributes, methods;
} classes[] = {{1, 2, 0},   {3, 3, 1},    {4, 5, 1},    {5, 9, 2},    {7, 8, 2},  {8, 9, 6},
               {9, 2, 1},   {11, 2, 2},   {15, 8, 4},   {17, 2, 1},   {18, 7, 4}, {20, 10, 1},
               {21, 4, 0},  {22, 4, 0},   {23, 9, 0},   {40, 7, 1},   {64, 5, 2}, {70, 4, 2},
               {71, 11, 0}, {111, 19, 3}, {112, 11, 3}, {113, 13, 5}, {115, 6, 1}};

enum { TIME = 2, TIME_ZONE = 3, SUMMER_ENABLED = 8, SECRET = 7, PERIOD = 4, CAPTURE = 2 };
enum {
    REPLY_TO_HLS = 1,
    FIRST_PASSIVE = 6,
    LIMIT = 4,
    LIMIT_TIME = 6,
    PUSH_WINDOW = 4,
    MONITOR_THRESHOLD = 2,
    FIRST_WRITTEN = 5,
    BLOCK_SIZE = 2,
    IMAGE_ENABLED = 5
};

int8_t cosem_attributes(uint16_t class_id)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (classes[i].class_id == class_id) {
            return classes[i].attributes;
        }
    }
    return 0;
}

int8_t cosem_methods(uint16_t class_id)
{
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        if (classes[i].class_id == class_id) {
            return classes[i].methods;
        }
    }
    return 0;
}

bool cosem_sees(enum cosem_role role, const struct cosem_row *row)
{
    return sets[row->object.access_set][role] != N ||
           (row->object.access_set == SET_W && role != COSEM_PUBLIC);
}

static uint8_t clock_mode(enum cosem_role role, const struct cosem_row *row, int8_t index)
{
    const uint8_t mode = sets[row->object.access_set][role];
    if (index == TIME_ZONE && row->object.access_set == SET_CLOCK) {
        return N; /* the 382M does not use it */
    }
    return index == TIME || index == SUMMER_ENABLED ? mode : mode & R;
}

static uint8_t profile_mode(enum cosem_role role, const struct cosem_row *row, int8_t index)
{
    const uint8_t mode = sets[row->object.access_set][role];
    if (index < 0) {
        const bool data = row->object.access_set == SET_LOGGER ||
                          row->object.access_set == SET_DEBITING ||
                          row->object.access_set == SET_PERIOD;
        return data && index >= COSEM_DATA_QUALITY ? mode & R : N;
    }
    return index == PERIOD ? mode : mode & R;
}

/* The secret is the association's own: written, never read. */
static uint8_t association_mode(enum cosem_role role, int8_t index)
{
    if (index == SECRET) {
        return role == COSEM_OPTICAL || role == COSEM_MODULE ? W : N;
    }
    return R;
}

static uint8_t attribute_mode(enum cosem_role role, const struct cosem_row *row, int8_t index)
{
    const uint8_t mode = sets[row->object.access_set][role];
    if (index == 1) {
        return R;
    }
    switch (row->object.class_id) {
    case 1: return mode;
    case 3: return index == 2 ? mode : R;
    case 4: return index == 2 ? mode : index == 4 ? N : R; /* no status (deviation 14) */
    case 5: return index == 5 ? N : R;
    case 7: return profile_mode(role, row, index);
    case 8: return clock_mode(role, row, index);
    case 15: return association_mode(role, index);
    case 18: return index == BLOCK_SIZE || index == IMAGE_ENABLED ? mode : mode & R;
    case 21: return index == MONITOR_THRESHOLD ? mode : mode & R;
    case 23: return index >= FIRST_WRITTEN ? mode : mode & R;
    case 20: return index >= FIRST_PASSIVE ? mode : mode & R;
    case 40: return index == PUSH_WINDOW ? mode & R : mode;
    case 71: return index == LIMIT || index == LIMIT_TIME ? mode : mode & R;
    case 111: return index == COSEM_ACCOUNT_LOW_CREDIT ? mode : mode & R;
    default: return mode;
    }
}

static uint8_t method_mode(enum cosem_role role, const struct cosem_row *row, int8_t index)
{
    const uint8_t set = row->object.access_set;
    const bool writes = role == COSEM_OPTICAL || role == COSEM_MODULE || role == COSEM_MANAGEMENT;
    switch (row->object.class_id) {
    case 7: return index == CAPTURE && (set == SET_DEBITING || set == SET_HOUSE_DEBITING) && writes;
    case 8: return set == SET_HOUSE_CLOCK && writes;
    case 9:
    case 11:
    case 18:
    case 20:
    case 40:
    case 64:
    case 70:
    case 111:
    case 115: return role == COSEM_MANAGEMENT;
    case 112:
        return role == COSEM_MANAGEMENT &&
               (index == COSEM_CREDIT_INVOKE) == (row->object.index == COSEM_CREDIT_EMERGENCY);
    case 15: return set == SET_ASSOCIATION && index == REPLY_TO_HLS && role == COSEM_MANAGEMENT;
    default: return N;
    }
}

uint8_t cosem_access(enum cosem_role role, const struct cosem_row *row, enum dlms_member member,
                     int8_t index)
{
    const uint16_t class_id = row->object.class_id;
    if (!cosem_sees(role, row)) {
        return N;
    }
    if (member == DLMS_METHOD) {
        const bool known = index >= 1 && index <= cosem_methods(class_id);
        return known ? method_mode(role, row, index) : N;
    }
    if (index == 0 || index > cosem_attributes(class_id) || (index < 0 && class_id != 7)) {
        return N;
    }
    return attribute_mode(role, row, index);
}
