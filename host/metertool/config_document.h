/**
 * One JSON document holds a meter's whole configuration, or a part of it: what it does not name it
 * leaves alone.  Format: docs/spec/configuration.md.
 */
#ifndef OPEN382_CONFIG_DOCUMENT_H
#define OPEN382_CONFIG_DOCUMENT_H

#include <jansson.h>

#include "../../app/calendar/tariff_plan_image.h"
#include "../../app/settings/setting_table.h"
#include "../../proto/kmp/kmp_display.h"
#include "config_lines.h"
#include "quality_limits.h"

#define CONFIG_FORMAT    "open382 configuration 1"
#define CONFIG_ERROR_MAX 1200u
#define ANALYSIS_VALUES  16u

/** Set-up of the analysis logger. */
struct config_analysis {
    bool has;
    bool on;
    uint32_t interval_min;
    uint32_t profile_records;
    uint8_t n;
    uint16_t value[ANALYSIS_VALUES]; /**< KMP ids */
};

struct config_document {
    const char *path;          /**< of its file, for messages; NULL: it comes from no file */
    struct config_lines lines; /**< where its keys stand there */
    char order_number[14];     /**< "": not named */
    bool has[SETTINGS_MAX];    /**< by row of the table of settings */
    struct setting_value value[SETTINGS_MAX];
    bool has_list[KMP_DISPLAY_LISTS];
    struct kmp_display_list list[KMP_DISPLAY_LISTS];
    uint32_t has_limit;                    /**< bit per row of quality_limit_rows */
    int64_t limit[QUALITY_LIMIT_ROWS_MAX]; /**< in steps of its last decimal */
    bool has_plan;
    size_t n_plan;                       /**< 0: no plan */
    uint8_t plan[TARIFF_PLAN_IMAGE_MAX]; /**< image */
    size_t n_waiting;                    /**< of a meter only: the plan that waits; 0: none does */
    int64_t waiting_s;                   /**< UTC */
    uint8_t waiting[TARIFF_PLAN_IMAGE_MAX];
    struct config_analysis analysis;
};

/** Short names of the display's lists: "automatic". */
extern const char *const config_list_names[KMP_DISPLAY_LISTS];

/**
 * Read a document.
 * @param path   for messages and for files that it refers to; "-": standard input
 * @param error  "FILE:LINE:COLUMN: ..." or "FILE:LINE: settings.time-zone: expected ..., found ..."
 * @return false: *error says where and what was expected
 */
bool config_document_read(const char *path, struct config_document *document, char *error,
                          size_t n_error);

/**
 * Does the document fit a meter of its own order number, and does nothing in it contradict? Without
 * order number each value is looked at by itself.  A fault is told as "FILE:LINE: place: ...", one
 * between two fields with the lines of both.
 * @param base  values of what the document does not name: the meter's; NULL: as usual
 */
bool config_document_check(const struct config_document *document,
                           const struct config_document *base, char *error, size_t n_error);

/** As JSON, in the order of the tables; the caller lets it go. */
json_t *config_document_json(const struct config_document *document);

/** A reading as the document names it: "1.8.0", "0x041E", "test". */
void config_reading_name(uint16_t kmp_id, char *out, size_t n_out);
/** @return false: no such reading */
bool config_reading_id(const char *name, uint16_t *kmp_id);

#endif
