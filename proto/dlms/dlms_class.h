/**
 * Interface classes (IEC 62056-6-2): how many members each has, and the attributes of those classes
 * whose values are the server's own matter or look the same everywhere.
 */
#ifndef OPEN382_DLMS_CLASS_H
#define OPEN382_DLMS_CLASS_H

#include "dlms_model.h"
#include "dlms_time.h"

enum dlms_class_id {
    DLMS_CLASS_DATA = 1,
    DLMS_CLASS_REGISTER = 3,
    DLMS_CLASS_EXTENDED_REGISTER = 4,
    DLMS_CLASS_DEMAND_REGISTER = 5,
    DLMS_CLASS_PROFILE = 7,
    DLMS_CLASS_CLOCK = 8,
    DLMS_CLASS_ASSOCIATION_LN = 15,
    DLMS_CLASS_SAP_ASSIGNMENT = 17
};

/** Highest attribute and method of a class in that version.  Unknown classes: 1 and 0. */
struct dlms_members {
    uint8_t n_attributes, n_methods;
};
struct dlms_members dlms_class_members(uint16_t class_id, uint8_t version);

/** Attribute 1 of any object: its logical name. */
enum dlms_result dlms_class_name_get(const struct dlms_get *get, struct writer *out);

/** What class 15 cannot know by itself. */
struct dlms_association_style {
    bool
        names_as_structure; /**< attributes 4, 6: structure of seven numbers, not an octet-string */
    const uint8_t *security_setup; /**< attribute 9: name of the security setup, NULL: none */
};

/** Attributes of the current association, class 15 version 0 to 3.  The object list has what
 *  model->at gives, with the rights that model->access gives, in the version's encoding. */
enum dlms_result dlms_class_association_get(const struct dlms_model *model,
                                            const struct dlms_session *session,
                                            const struct dlms_association_style *style,
                                            struct dlms_get *get, struct writer *out);

/** One element of SAP assignment, class 17. */
struct dlms_sap {
    uint16_t sap;
    const uint8_t *name;
    size_t n_name;
};
enum dlms_result dlms_class_sap_get(const struct dlms_sap *saps, size_t n_saps,
                                    struct dlms_get *get, struct writer *out);

/** A register's value and what it counts in. */
struct dlms_register {
    enum dlms_type type; /**< an integer type */
    int64_t value;
    int8_t scaler; /**< power of ten */
    uint8_t unit;  /**< 30 Wh, 27 W, 35 V, 33 A, 44 Hz, 255 none ... */
};
/** Attributes 1, 2, 3 of class 3 (and 4). */
enum dlms_result dlms_class_register_get(const struct dlms_register *value,
                                         const struct dlms_get *get, struct writer *out);

/** Sort methods of class 7. */
enum dlms_sort { DLMS_SORT_FIFO = 1, DLMS_SORT_LIFO = 2 };

/** A profile: rows in the order of their capture, row 0 the oldest. */
struct dlms_profile {
    const struct dlms_column *columns;
    uint8_t n_columns;   /**< 1 to 32 */
    uint8_t time_column; /**< the one that ranges are of, and that rows are in the order of */
    uint32_t capture_period_s, n_rows, capacity;
    void *context;
    /** When a row was captured.  NULL: rows cannot be chosen by time. */
    void (*time)(void *context, uint32_t row, struct dlms_time *out);
    /** Write one value of a row. */
    void (*value)(void *context, uint32_t row, uint8_t column, struct writer *out);
};
/** Attributes 1 to 8 of class 7.  By range and by entry, with columns, as the Blue Book numbers
 * them. Rows must not move while they are read: an application whose buffer is full and goes on
 * keeps numbers of its own. */
enum dlms_result dlms_class_profile_get(const struct dlms_profile *profile, struct dlms_get *get,
                                        struct writer *out);

#endif
