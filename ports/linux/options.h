/**
 * The command line of meter382.  One table of options: it parses, and --help prints it.
 */
#ifndef OPEN382_LINUX_OPTIONS_H
#define OPEN382_LINUX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "app/meter/meter.h"
#include "bus_address.h"
#include "consumer_option.h"
#include "module_carrier.h"
#include "problem.h"
#include "radio_option.h"
#include "rtc.h"
#include "sensors.h"

#define OPTION_SPEED_MAX 0.0 /**< value of speed: as fast as it goes */

/** One --optical. */
struct optical_option {
    bool pty;
    struct address address; /**< tcp */
    char path[256];         /**< pty */
    bool timing, echo;
    enum rights_channel channel; /**< who is at the other end */
    bool named;                  /**< by the user; false: the default port */
};

/** Faults of the breaker's relays at the start. */
struct breaker_option {
    uint8_t stuck;     /**< a bit for each phase */
    int64_t travel_us; /**< 0: as built */
    bool silent;
};

/** One --dlms. */
struct dlms_option {
    bool udp; /**< else TCP */
    struct address address;
};

#define OPTIONS_DLMS_MAX 4u

#define OPTIONS_CONSUMER_MAX 4u

#define OPTIONS_MODULE_MAX     3u /**< slots of a meter, at most */
#define OPTIONS_MODULE_BUS_MAX 2u

struct options {
    struct variant variant;
    uint32_t serial_number;          /**< 0: the stored one */
    const char *keys;                /**< file of secrets; NULL: what the environment says */
    const char *data;                /**< folder of the permanent memory; NULL: RAM */
    const char *mains;               /**< SPEC, docs/mains.md */
    double speed;                    /**< simulated seconds per second, or OPTION_SPEED_MAX */
    int64_t start_utc_s;             /**< simulated start */
    int64_t until_us;                /**< from this run's start; INT64_MAX: for ever */
    bool waveform;                   /**< 8 kHz samples instead of finished windows */
    struct sensors_option front_end; /**< fitted: the mains goes through sensors */
    struct crystal crystal;          /**< of the clock */
    bool crystal_named;              /**< else the front end's seed draws it, or it is ideal */
    bool tariff_input[2];            /**< voltage at the tariff inputs at the start */
    double backup_days;              /**< the clock's back-up lasts so long; negative: as built */
    struct optical_option optical[METER_OPTICAL_PORTS];
    size_t n_optical;
    bool panel; /**< there is a panel at panel_address */
    bool panel_named;
    struct address panel_address;
    const char *panel_token; /**< NULL: none asked for */
    bool source;             /**< a reference source is offered at source_address */
    struct address source_address;
    struct breaker_option breaker;
    int8_t load_relays; /**< for load control; negative: what the configured module has */
    struct dlms_option dlms[OPTIONS_DLMS_MAX];
    size_t n_dlms;
    struct consumer_option consumer[OPTIONS_CONSUMER_MAX];
    size_t n_consumer;
    struct carrier_spec module[OPTIONS_MODULE_MAX];
    size_t n_modules;
    bool has_radio; /**< --radio */
    struct radio_option radio;
    struct bus_address module_bus[OPTIONS_MODULE_BUS_MAX];
    size_t n_module_bus;
    bool seal_open; /**< the verification seal, at the start */
    bool headless, status;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_DONE, /**< --help or --version was printed */
    OPTIONS_BAD,  /**< see *problem */
};

/** Checks everything that can be checked without touching a file or a port. */
enum options_result options_parse(struct options *options, int argc, char **argv,
                                  struct problem *problem);

#endif
