/**
 * What carries the modem in a program: the line to the module, the control connection, the socket
 * to the server, the clock.
 */
#ifndef OPEN382_MODEM_CARRIER_H
#define OPEN382_MODEM_CARRIER_H

#include "sim.h"

#define CARRIER_TEXT 300u

struct carrier {
    struct sim sim;
    const char *line_option, *control_option;
    size_t chop; /**< octets at a time to the module; 0: as they come */
    int64_t chop_at_ms;
    int line_listener, line;       /**< -1: none */
    int pty_slave;                 /**< kept open */
    int control_listener, control; /**< -1: none */
    int server;                    /**< -1: none */
    bool server_connecting;
    char command[512];
    size_t n_command;
    bool stop;
    char error[CARRIER_TEXT];
};

/** @return 0, or -1 and error */
int carrier_open(struct carrier *carrier, const char *line, const char *control);
void carrier_go(struct carrier *carrier);
void carrier_close(struct carrier *carrier);

/** The server hangs up, as the network may. */
void carrier_drop_server(struct carrier *carrier);
int64_t carrier_now_ms(void);

/** control.c: one command; *answer is a line for whoever asked. */
void control_command(struct carrier *carrier, char *command, char *answer, size_t n_answer);
/** The outbox and all else: JSON.  To be freed; NULL: no memory. */
char *control_json(const struct carrier *carrier, bool outbox);

#endif
