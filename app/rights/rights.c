#include "rights.h"

#define WRONG_MAX UINT8_MAX

/* Each column allows what the one to its left allows, and more or the same (SEC-06). */
static const uint8_t matrix[ACTIONS][CHANNELS] = {
#define N RIGHT_NO
#define P RIGHT_WITH_PASSWORD
#define Y RIGHT_YES
    /* optical, module, consumer, board */
    [ACTION_READ] = {Y, Y, Y, Y},     [ACTION_READ_LOG] = {Y, Y, Y, Y},
    [ACTION_CONFIRM] = {Y, Y, N, Y},  [ACTION_CLOCK] = {Y, Y, N, Y},
    [ACTION_DEBITING] = {Y, Y, N, Y}, [ACTION_TEST_MODE] = {P, P, N, Y},
    [ACTION_TARIFF] = {P, P, N, Y},   [ACTION_SETTINGS] = {P, P, N, Y},
    [ACTION_BREAKER] = {Y, Y, N, Y},  [ACTION_SEALED] = {P, P, N, Y},
#undef N
#undef P
#undef Y
};

enum right rights_of(enum rights_channel channel, enum rights_action action)
{
    const bool known = (unsigned)channel < CHANNELS && (unsigned)action < ACTIONS;
    return known ? (enum right)matrix[action][channel] : RIGHT_NO;
}

enum rights_channel rights_channel(const struct rights *rights)
{
    if (rights->association != 0) {
        return (enum rights_channel)(rights->association - 1u);
    }
    return rights->speaker == 0 ? CHANNEL_BOARD
                                : (enum rights_channel)rights->line[rights->speaker - 1u].channel;
}

enum rights_answer rights_check(const struct rights *rights, enum rights_action action)
{
    const enum right right = rights_of(rights_channel(rights), action);
    const bool may =
        right == RIGHT_YES || (right == RIGHT_WITH_PASSWORD && rights->association != 0);
    return may ? RIGHTS_OK : RIGHTS_ERR_CHANNEL;
}

static void wrong_password(struct rights *rights, struct rights_line *line)
{
    rights->wrong += rights->wrong < UINT32_MAX ? 1u : 0u;
    line->wrong = (uint8_t)(line->wrong < WRONG_MAX ? line->wrong + 1u : WRONG_MAX);
    line->forget_ms = rights->wall_ms + RIGHTS_FORGET_MS;
    if (line->wrong > RIGHTS_FREE_TRIES) {
        int64_t closed_ms = RIGHTS_CLOSED_MS;
        for (unsigned i = RIGHTS_FREE_TRIES + 1u;
             i < line->wrong && closed_ms < RIGHTS_CLOSED_MAX_MS; i++) {
            closed_ms *= 2;
        }
        line->closed_until_ms = rights->wall_ms + closed_ms;
    }
}

enum rights_answer rights_check_password(struct rights *rights, enum rights_action action,
                                         uint16_t given, uint16_t expected)
{
    const enum right right = rights_of(rights_channel(rights), action);
    if (right == RIGHT_NO) {
        return RIGHTS_ERR_CHANNEL;
    }
    if (rights->speaker == 0) { /* the board needs none, but one that it gives must be right */
        return given == expected ? RIGHTS_OK : RIGHTS_ERR_PASSWORD;
    }
    return rights_check_secret(rights, given == expected);
}

enum rights_answer rights_check_secret(struct rights *rights, bool right)
{
    if (rights->speaker == 0) { /* a connection that is no line of the meter's: counted only */
        rights->wrong = right ? 0 : rights->wrong + (rights->wrong < UINT32_MAX ? 1u : 0u);
        return right ? RIGHTS_OK : RIGHTS_ERR_PASSWORD;
    }
    struct rights_line *line = &rights->line[rights->speaker - 1u];
    if (line->wrong > 0 && rights->wall_ms >= line->forget_ms) {
        line->wrong = 0;
    }
    if (line->wrong > RIGHTS_FREE_TRIES && rights->wall_ms < line->closed_until_ms) {
        return RIGHTS_ERR_WAIT; /* not even looked at: a right one would tell that it is */
    }
    if (!right) {
        wrong_password(rights, line);
        return RIGHTS_ERR_PASSWORD;
    }
    line->wrong = 0;
    rights->wrong = 0;
    return RIGHTS_OK;
}

bool rights_worth_noting(const struct rights *rights)
{
    const uint32_t times = rights->wrong / (RIGHTS_FREE_TRIES + 1u);
    return rights->wrong % (RIGHTS_FREE_TRIES + 1u) == 0 && times != 0 &&
           (times & (times - 1u)) == 0;
}
