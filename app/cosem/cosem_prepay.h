/**
 * Prepayment as COSEM sees it: account (class 111), credit (112), charge (113) and token gateway
 * (115), for the management client of meters that can be prepaid.
 *
 * They keep nothing of their own: each amount is app/prepay's, cut to the unit of the account, 10
 * Wh.  What pays or spends goes through meter_prepay.h, with one write to permanent memory, and is
 * logged there with the connection.  Source: spec dlms 5 (rows 165 to 168), cosem-objects; PRE-02,
 * PRE-03, X-BRK-2; docs/dlms-meter.md, "Prepayment".
 */
#ifndef OPEN382_COSEM_PREPAY_H
#define OPEN382_COSEM_PREPAY_H

#include <stdint.h>

#include "../../proto/dlms/dlms_apdu.h"
#include "../prepay/prepay.h"

#define COSEM_PREPAY_SCALE    (-2) /**< of the currency, which is kWh */
#define COSEM_PREPAY_UNIT_UWH INT64_C(10000000)

/** Members of the classes that have rights of their own. */
#define COSEM_ACCOUNT_LOW_CREDIT 16 /**< the only attribute that can be written */
#define COSEM_CREDIT_INVOKE      3  /**< the method of the emergency credit; others: the tokens' */

/** Index of a row of class 112. */
enum cosem_credit {
    COSEM_CREDIT_TOKEN,     /**< 0.0.19.10.0.255: what was loaded */
    COSEM_CREDIT_EMERGENCY, /**< 0.0.19.10.1.255: what is used beyond it, and owed */
};

/** credit_status of class 112. */
enum cosem_credit_status {
    COSEM_CREDIT_ENABLED,
    COSEM_CREDIT_SELECTABLE,
    COSEM_CREDIT_INVOKED,
    COSEM_CREDIT_IN_USE,
    COSEM_CREDIT_EXHAUSTED,
};

/** What a client is told of it. */
enum dlms_result cosem_prepay_result(enum prepay_err err);

#endif
