/** The template's board; see board.c for what to put where. */
#ifndef OPEN382_TEMPLATE_BOARD_H
#define OPEN382_TEMPLATE_BOARD_H

#include "app/meter/board.h"

/** @param hardware  handed back to every function: your register block, driver or peripheral
 * struct. */
void template_board_init(struct board *board, void *hardware);

#endif
