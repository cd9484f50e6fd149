/**
 * What prepayment keeps in the application's permanent memory: the account, the key of tokens and
 * the days on which nothing is cut off.
 *
 * Three records of one page, each in two slots written in turn: of the two the good one with the
 * higher sequence number counts, so that a cut at any write leaves the record before or the new
 * one.  Layout: docs/spec/app-storage.md, "Prepayment".
 */
#ifndef OPEN382_PREPAY_STORE_H
#define OPEN382_PREPAY_STORE_H

#include "../meter/board.h"
#include "prepay.h"

#define PREPAY_STORE_FIRST_PAGE 96u /**< six pages */
#define PREPAY_STORE_FORMAT     1u
#define PREPAY_EXCEPTIONS       100u

/** A day on which nothing is cut off. */
struct prepay_date {
    uint16_t year; /**< 2000 .. 2099; 0: every year */
    uint8_t month, day;
};

struct prepay_exceptions {
    uint8_t n;
    struct prepay_date date[PREPAY_EXCEPTIONS];
};

/** Take the newest good record; without one all is zero: off, nothing loaded.
 *  @return false: memory can't be read */
bool prepay_store_load(struct prepay_kept *kept, const struct board *board);
bool prepay_store_save(struct prepay_kept *kept, const struct board *board);

/** @return false: there is no key, or memory can't be read */
bool prepay_store_key(const struct board *board, uint8_t key[TOKEN_KEY_BYTES]);
bool prepay_store_key_save(const struct board *board, const uint8_t key[TOKEN_KEY_BYTES]);

/** @return false: memory can't be read; none are known */
bool prepay_store_exceptions(const struct board *board, struct prepay_exceptions *out);
bool prepay_store_exceptions_save(const struct board *board,
                                  const struct prepay_exceptions *exceptions);

#endif
