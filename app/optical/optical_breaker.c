#include "optical_breaker.h"

#include "../meter/meter_breaker.h"

#define SILENCE      0
#define ANSWER       1
#define ACKNOWLEDGED 2

static int move(struct meter *meter, struct reader *data)
{
    const uint8_t command = reader_u8(data);
    return reader_complete(data) && meter_breaker_command(meter, command) == BREAKER_DONE
               ? ACKNOWLEDGED
               : SILENCE;
}

int optical_breaker(struct meter *meter, uint8_t cid, struct reader *data, struct writer *out)
{
    if (cid == KMP_SET_CUT_OFF_STATE) {
        return move(meter, data);
    }
    if (!reader_complete(data)) {
        return SILENCE;
    }
    writer_u8(out, meter_breaker_state(meter));
    writer_u8(out, meter_breaker_feedback(meter));
    return ANSWER;
}
