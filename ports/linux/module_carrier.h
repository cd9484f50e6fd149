/**
 * What carries a module on Linux: the places on its side (TCP listeners, also with TLS,
 * pseudo-terminals, serial devices) with the lines that come to them.  Its bus and its memory are
 * the owner's: the meter's program for a module that is built in, module382 for one that is a
 * program of its own.
 *
 * TYPE[:PLACE[+PLACE...]][,OPTION=VALUE...], a PLACE being tcp:HOST:PORT, tls:HOST:PORT
 * (module_tls.h), pty:PATH or serial:DEVICE, of a type on the air udp:GROUP:PORT or unix:FOLDER
 * (radio_medium.h).  All is bounded: MODULE_LINES lines; who comes beyond them is hung up at once.
 */
#ifndef OPEN382_LINUX_MODULE_CARRIER_H
#define OPEN382_LINUX_MODULE_CARRIER_H

#include "address.h"
#include "host/lib/radio_medium.h"
#include "loop.h"
#include "module_tls.h"
#include "modules/module_types.h"
#include "problem.h"

#define CARRIER_PLACES    4u
#define CARRIER_PLACE_MAX MODULE_TLS_PATH_MAX
#define CARRIER_TEXT_MAX  1200u

enum carrier_place_kind {
    CARRIER_TCP,
    CARRIER_TLS,
    CARRIER_PTY,
    CARRIER_SERIAL,
    CARRIER_AIR,
    CARRIER_TRACE
};

struct carrier_place_spec {
    enum carrier_place_kind kind;
    char path[CARRIER_PLACE_MAX]; /**< pty, serial, trace; air: with its kind */
    struct address address;       /**< tcp, tls */
    struct radio_address air;
};

/** What to plug, as a person says it. */
struct carrier_spec {
    const struct module_type *type;
    struct carrier_place_spec place[CARRIER_PLACES];
    unsigned n_places;
    char options[MODULE_OPTIONS_MAX];     /**< of the type */
    char keys[CARRIER_PLACE_MAX];         /**< keys=FILE, of a type on the air; "": none is named */
    char options_file[CARRIER_PLACE_MAX]; /**< more of them, options=FILE; "": none */
    struct module_tls_files tls;          /**< of its tls: places */
    uint8_t slot;                         /**< wanted, slot=1|2|ccc; 0: the first that is free */
    uint16_t code;   /**< code=NNN; 0: the article for the meter's generation */
    uint32_t serial; /**< serial=N; 0: none */
};

/** It is a TCP port, with TLS or without. */
bool carrier_place_listens(const struct carrier_place_spec *place);

/** @param option  how the message begins: "--module".  @return 0, or -1 and *problem */
int carrier_parse(const char *text, const char *option, struct carrier_spec *spec,
                  struct problem *problem);

/** What the owner does for the module; as in struct module_host. */
struct carrier_bus {
    void *context;
    size_t (*exchange)(void *context, const uint8_t *request, size_t n_request, uint8_t *answer,
                       size_t capacity);
    bool (*to_meter)(void *context, unsigned channel, const uint8_t *octets, size_t n_octets);
    bool (*channel)(void *context, unsigned channel, bool open);
    void (*pins)(void *context, uint8_t levels);
    int (*memory_read)(void *context, uint32_t address, void *bytes, uint32_t n_bytes);
    int (*memory_write)(void *context, uint32_t address, const void *bytes, uint32_t n_bytes);
};

struct carrier;

/**
 * The options of the file that the specification names behind those that it has: one a line, empty
 * lines and those that begin with # are left out.  What a command line would show to everybody (a
 * PIN) stands there.
 * @return 0, or -1 and *problem
 */
int carrier_read_options(struct carrier_spec *spec, const char *option, struct problem *problem);

/** Bind its places; nothing is served.  @return NULL and *problem. */
struct carrier *carrier_bind(const struct carrier_spec *spec, const struct carrier_bus *bus,
                             const char *option, struct problem *problem);
/** Serve: open lines, wait for others.  @return 0, or -1 and *problem. */
int carrier_open(struct carrier *carrier, struct loop *loop, struct problem *problem);
/** "mbus tcp 127.0.0.1:10001" */
const char *carrier_text(const struct carrier *carrier);
struct module *carrier_module(struct carrier *carrier);
/** Another context for the owner's functions, before it is opened. */
void carrier_owner(struct carrier *carrier, void *context);
/** Supply of the module; lines that are there are told to it again. */
void carrier_supply(struct carrier *carrier, bool on, int64_t wall_us);
/** Something was handed to the module: its time is asked for anew with the next step. */
void carrier_stir(struct carrier *carrier);
/** What is due, and what has ended.  @return wall microseconds of the next call */
int64_t carrier_step(struct carrier *carrier, int64_t wall_us);
/** Everything is hung up; the carrier itself stays until carrier_free.  Not within one of its own
 *  calls. */
void carrier_close(struct carrier *carrier);
/** NULL is allowed.  Not while events of the loop are being handled. */
void carrier_free(struct carrier *carrier);

#endif
