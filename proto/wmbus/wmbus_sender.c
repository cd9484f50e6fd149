#include "wmbus_sender.h"

#include "wmbus_cipher.h"

#define NUMBERS 16u /* in a minute */

void wmbus_sender_init(struct wmbus_sender *sender, uint32_t reserved, uint8_t access_number,
                       bool (*reserve)(void *context, uint32_t minute), void *context)
{
    /* The minute that was reserved last counts as full. */
    *sender = (struct wmbus_sender){.access_number = access_number,
                                    .number = reserved == 0 ? 0 : NUMBERS,
                                    .minute = reserved,
                                    .reserved = reserved,
                                    .reserve = reserve,
                                    .context = context};
}

bool wmbus_sender_next(struct wmbus_sender *sender, uint32_t minute, struct wmbus_message *message)
{
    uint32_t next = sender->minute;
    uint8_t number = sender->number;
    if (minute > next || number == NUMBERS) {
        next = minute > next ? minute : next + 1u;
        number = 0;
    }
    if (next > WMBUS_MINUTE_MAX) {
        return false;
    }
    if (next > sender->reserved || sender->reserved == 0) { /* 0: not even minute 0 is kept */
        uint32_t ahead = next < WMBUS_MINUTE_MAX - WMBUS_RESERVE_MINUTES
                             ? next + WMBUS_RESERVE_MINUTES
                             : WMBUS_MINUTE_MAX;
        if (!sender->reserve(sender->context, ahead)) {
            return false;
        }
        sender->reserved = ahead;
    }
    sender->minute = next;
    sender->number = (uint8_t)(number + 1u);
    sender->access_number++;
    message->access_number = sender->access_number;
    message->security = WMBUS_ELL_CTR;
    message->session = WMBUS_SESSION_CTR << 29 | next << 4 | number;
    message->compact = (sender->access_number & 7u) != 4u;
    return true;
}
