#include "push_mbus.h"

#include <string.h>

#define CI_NUMBER  0x0Fu
#define CI_LAST    0x10u
#define CI_MOST    0x1Fu
#define PARTNERS   2u /* octets behind CI */
#define NUMBER_MAX 15u

void push_mbus_init(struct push_mbus *mbus, uint8_t *bytes, size_t capacity)
{
    *mbus = (struct push_mbus){.bytes = bytes, .capacity = capacity};
    mbus_receiver_init(&mbus->receiver);
}

void push_mbus_idle(struct push_mbus *mbus)
{
    mbus_receiver_idle(&mbus->receiver);
}

/* @return it was the last one of a message that is whole */
static bool take_segment(struct push_mbus *mbus, const struct mbus_frame *frame)
{
    const uint8_t number = frame->ci & CI_NUMBER;
    if (number == 0) {
        mbus->length = 0;
        mbus->next = 0;
    }
    const size_t n = frame->n_data > PARTNERS ? frame->n_data - PARTNERS : 0;
    if (number != mbus->next || n == 0 || n > mbus->capacity - mbus->length) {
        mbus->next = NUMBER_MAX + 1u; /* nothing but a new message counts */
        return false;
    }
    memcpy(mbus->bytes + mbus->length, frame->data + PARTNERS, n);
    mbus->length += n;
    const bool last = (frame->ci & CI_LAST) != 0;
    mbus->next = last ? NUMBER_MAX + 1u : (uint8_t)(number + 1u);
    return last;
}

bool push_mbus_take(struct push_mbus *mbus, uint8_t octet)
{
    struct mbus_frame frame;
    return mbus_receiver_octet(&mbus->receiver, octet, &frame) == 1 && frame.kind == MBUS_LONG &&
           frame.ci <= CI_MOST && take_segment(mbus, &frame);
}
