/**
 * A meter over DLMS: the association, its list of objects, and values with their units.
 */
#ifndef OPEN382_DLMS_METER_H
#define OPEN382_DLMS_METER_H

#include "../../proto/dlms/dlms_rows.h"
#include "../lib/dlms_guard.h"
#include "../lib/dlms_link.h"
#include "../lib/obis_text.h"

#define METER_OBJECTS_MAX 3000u
#define METER_ROW_MAX     65536u

enum meter_scale_state { SCALE_NOT_ASKED, SCALE_KNOWN, SCALE_ABSENT };

/* Attributes whose rights are kept: -METER_OWN_MAX .. METER_ATTRIBUTE_MAX. */
#define METER_OWN_MAX       8
#define METER_ATTRIBUTE_MAX 31

/** One object as the meter lists it. */
struct meter_object {
    uint64_t rights; /**< attributes that the meter grants in some way, see dlms_meter_may_read */
    uint16_t class_id;
    uint8_t version;
    uint8_t obis[6];
    uint8_t unit_state; /**< enum meter_scale_state */
    int8_t scaler;
    uint8_t unit;
};

/** Large: kept once. */
struct dlms_meter {
    struct dlms_link link;
    struct dlms_client client;
    struct key_file keys;
    struct dlms_protector protector;
    bool protected; /**< the protector is set up: to be wiped */
    bool open;      /**< associated: to be released */
    bool listed;    /**< objects are read */
    struct meter_object objects[METER_OBJECTS_MAX];
    size_t n_objects;
    uint8_t out[DLMS_APDU_MAX], in[DLMS_APDU_MAX], row[METER_ROW_MAX];
};

struct tool;

/** One more attribute of one object. */
static inline struct dlms_descriptor meter_attribute(const struct meter_object *object,
                                                     int8_t attribute)
{
    struct dlms_descriptor d = {.class_id = object->class_id, .member = attribute};
    for (unsigned i = 0; i < 6; i++) {
        d.obis[i] = object->obis[i];
    }
    return d;
}

/** Associate over tool->line.  @return an exit code of the tool; complains itself. */
int dlms_meter_open(struct tool *tool);
/** Release and disconnect, if open. */
void dlms_meter_close(struct tool *tool);

/** Complain: "WHERE: what: why".  @return EXIT_UNKNOWN when the meter refused, else EXIT_METER. */
int dlms_meter_fail(struct tool *tool, int err, const char *what);

/** Read the list of objects once.  Complains itself. */
int dlms_meter_list(struct tool *tool);

/** Does the meter list some right to this attribute?  It may be one to write only. */
bool dlms_meter_may_read(const struct meter_object *object, int8_t attribute);

/** First object of that class (0: any) and code from *at on; *at is then behind it.  NULL: none. */
struct meter_object *dlms_meter_find(struct dlms_meter *meter, uint16_t class_id,
                                     const uint8_t obis[6], unsigned named, size_t *at);

/** One value that was asked for. */
struct meter_want {
    struct meter_object *object;
    int8_t attribute;
};

/**
 * Get many attributes, in lists where the meter can; got is called for each that comes (result 0)
 * or is refused.  Complains itself about what ends it.
 */
int dlms_meter_get(struct tool *tool, const struct meter_want *wants, size_t n_wants,
                   void (*got)(void *context, const struct meter_want *want, uint16_t result,
                               struct reader data),
                   void *context);

/** Learn scalers and units of the objects wanted, where they have some. */
int dlms_meter_units(struct tool *tool, const struct meter_want *wants, size_t n_wants);

/** Read what is selected (nothing selected: everything) into tool->readings. */
int dlms_meter_read(struct tool *tool);

/** Attribute that tells most of an object of that class: its value. */
int8_t dlms_main_attribute(uint16_t class_id);

#endif
