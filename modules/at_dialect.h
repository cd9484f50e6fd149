/**
 * How modems open a TCP connection: AT commands that no standard names, so each maker has its own.
 * One row each; at_modem plays them.
 *
 * In commands %A %U %W are access point, user and password, %H %O host and port, %S the socket that
 * the modem named, %N a number of octets, %X the octets in hexadecimal digits.  All rows have
 * received octets sent as hexadecimal digits, so that whatever else the modem says cannot be
 * mistaken for them nor they for it.
 * Source: SIMCom "SIM800 Series TCPIP Application Note" and AT command manual; u-blox "Cellular
 * modules AT commands manual" (SARA-G3, SARA-U2, LISA-U2).
 */
#ifndef OPEN382_AT_DIALECT_H
#define OPEN382_AT_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum at_step_kind {
    AT_STEP_PLAIN,
    AT_STEP_ADDRESS, /**< any line with a point ends it: an address, without OK */
    AT_STEP_SOCKET,  /**< a line tells the socket */
};

struct at_step {
    const char *command;
    const char *done;   /**< line that ends it well; NULL: OK */
    const char *failed; /**< line that ends it badly, beside ERROR; NULL: none */
    int32_t timeout_ms;
    uint8_t kind;  /**< enum at_step_kind */
    bool optional; /**< goes on when it is refused */
    bool if_user;  /**< left out without a user */
};

#define AT_LOST_MAX 3u

struct at_dialect {
    const char *name;
    const struct at_step *attach; /**< once, until the network takes the context away */
    size_t n_attach;
    const struct at_step *open;
    size_t n_open;
    struct at_step close;
    struct at_step send;           /**< with %X, or it prompts for the octets */
    struct at_step read;           /**< up to %N octets */
    const char *told;              /**< line that carries octets, or stands before them */
    bool told_before;              /**< digits are in the line that follows */
    const char *arrived;           /**< beginning of the line: something can be read */
    const char *lost[AT_LOST_MAX]; /**< lines: the other end has closed */
    const char *detached;          /**< line: the network has taken the context away */
};

#define AT_DIALECTS 2u
extern const struct at_dialect at_dialects[AT_DIALECTS];

/** By name.  @return its index, or AT_DIALECTS */
uint8_t at_dialect_index(const char *name, size_t n_name);

#endif
