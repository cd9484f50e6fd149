/* The legal commands about calibration, where a test replaces the legal part and asks for none. */
#ifndef OPEN382_TEST_LEGAL_CALIBRATION_NONE_H
#define OPEN382_TEST_LEGAL_CALIBRATION_NONE_H

#include <string.h>

#include "legal_api.h"

uint32_t legal_calibration_count(const struct legal *legal)
{
    (void)legal;
    return 0;
}

enum legal_constant legal_calibration_check(const struct legal_calibration *calibration)
{
    (void)calibration;
    return LEGAL_CONSTANT_POWER_GAIN;
}

enum legal_err legal_calibration_replace(struct legal *legal,
                                         const struct legal_calibration *calibration)
{
    (void)legal;
    (void)calibration;
    return LEGAL_ERR_SEALED;
}

enum legal_err legal_sums(const struct legal *legal, uint8_t system, struct legal_sums *out)
{
    (void)legal;
    (void)system;
    memset(out, 0, sizeof *out);
    return LEGAL_ERR_RANGE;
}

void legal_audit_time(struct legal *legal, int64_t utc_s, bool valid)
{
    (void)legal;
    (void)utc_s;
    (void)valid;
}

void legal_audit(const struct legal *legal, struct legal_audit *out)
{
    (void)legal;
    memset(out, 0, sizeof *out);
}

enum legal_err legal_audit_read(const struct legal *legal, uint32_t number,
                                struct legal_audit_entry *out)
{
    (void)legal;
    (void)number;
    memset(out, 0, sizeof *out);
    return LEGAL_ERR_RANGE;
}

#endif
