/**
 * Memory for firmware of the simulated board: a part of the permanent memory of its own
 * (firmware.image).  Its first 4096 bytes are the head that an activation writes; what is to be
 * done with an activated image is the business of whoever starts the program.
 * Layout: docs/spec/firmware-image.md.
 */
#ifndef OPEN382_LINUX_SITE_FIRMWARE_H
#define OPEN382_LINUX_SITE_FIRMWARE_H

#include "site.h"

/** Give it to the board when the key file has the maker's public key ("verify", P-256). */
void site_firmware_board(struct site *site);

#endif
