/*
 * Prepayment under random use, loads, tokens, switches, and power cuts at random writes, beside a
 * model that keeps the credit as a plain number: it goes down with each microwatt-hour that the
 * total goes up, and up by each load that was answered as taken.
 *
 * Held at every step, to the last microwatt-hour: what was loaded is what was used and what is
 * left.  An answer that a cut swallowed is asked for again, with the same number or the same token:
 * each counts exactly once.  A total that comes back lower after a cut gives the credit back.
 * OPEN382_SEED=N replays, OPEN382_LONG=50 makes it fifty times as long.
 */
#include "emu/desk.h"

#include "app/prepay/prepay_store.h"

#define STEPS     1500000u
#define PAGES     104u
#define PAGE      256u
#define MAX_UWH   (INT64_C(9999999) * PREPAY_UWH_PER_KWH)
#define LEGAL_UWH 10000000 /* the total may lose so much when it is cut without warning */
#define IDS       (1u << 20)
#define ID_STEPS  40u /* ids rise slowly, and are drawn from the last few: many come twice */
#define ID_SPREAD 48u

enum cut { LOST, HALF, GARBAGE, DONE_THEN_CUT, CUTS };

static struct {
    uint8_t memory[PAGES * PAGE];
    unsigned cut_in; /* writes; 0: none */
    enum cut kind;
    bool dead;
    uint32_t n_log, log_number; /* records, and the newest booking's amount below */
    int64_t log_sum_uwh;        /* of loads and tokens */
    struct prepay prepay;
    struct prepay_now now;
} world;

static struct {
    bool on;
    int64_t left_uwh;
    int64_t paid_uwh;
    uint32_t number;
    uint8_t used[IDS]; /* tokens taken */
    uint32_t first_id;
    unsigned n_taken, n_refused, n_cuts, n_loads, n_repeated;
} model;

static struct desk_random random_state;

static unsigned draw(unsigned n)
{
    return desk_draw(&random_state, n);
}

/* ---- a memory that loses power ---- */

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    (void)context;
    memcpy(bytes, world.memory + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    (void)context;
    if (world.dead) {
        return -1;
    }
    if (world.cut_in == 0 || --world.cut_in > 0) {
        memcpy(world.memory + address, bytes, n_bytes);
        return 0;
    }
    world.dead = true;
    uint8_t *page = world.memory + address;
    switch (world.kind) {
    case HALF: memcpy(page, bytes, draw(n_bytes)); break;
    case GARBAGE:
        for (unsigned i = 0; i < n_bytes; i++) {
            page[i] = (uint8_t)draw(256);
        }
        break;
    case DONE_THEN_CUT: memcpy(page, bytes, n_bytes); break;
    default: break;
    }
    return -1;
}

static const struct board board = {.app_memory_read = memory_read,
                                   .app_memory_write = memory_write};

/* The sum of all payments stays where 64 bits end. */
static int64_t paid_with(int64_t paid_uwh, int64_t amount_uwh)
{
    const wide_reference sum = (wide_reference)paid_uwh + amount_uwh;
    return sum < INT64_MAX ? (int64_t)sum : INT64_MAX;
}

static bool port_save(void *context, struct prepay_kept *kept)
{
    (void)context;
    return prepay_store_save(kept, &board);
}

static bool port_log(void *context, const struct prepay_booking *booking)
{
    (void)context;
    if (world.dead) {
        return false;
    }
    world.n_log++;
    assert_int_equal(booking->log_id, world.n_log); /* each booking once, and none left out */
    if (booking->way == PREPAY_LOADED || booking->way == PREPAY_TOKEN) {
        world.log_sum_uwh = paid_with(world.log_sum_uwh, booking->amount_uwh);
    }
    return true;
}

static uint32_t port_log_newest(void *context)
{
    (void)context;
    return world.n_log;
}

static const struct prepay_port port = {
    .save = port_save, .log = port_log, .log_newest = port_log_newest};
static const struct prepay_payer payer = {1, 1};

static struct prepay_config config_of(void)
{
    return (struct prepay_config){
        .on = model.on, .max_uwh = MAX_UWH, .working_days = 0x7F, .low_limit = true, .low_s = 1000};
}

static void configure(void)
{
    const struct prepay_config config = config_of();
    prepay_configure(&world.prepay, &port, &config, &world.now, &payer);
}

static int64_t left(void)
{
    return prepay_left_uwh(&world.prepay, world.now.total_uwh);
}

/* A cut: what RAM held is gone, and the legal total may lose its last step. */
static void restart(void)
{
    struct prepay_kept kept;
    const int64_t back_uwh = draw(LEGAL_UWH);
    world.dead = false;
    world.cut_in = 0;
    model.n_cuts++;
    world.now.total_uwh -= (uint64_t)back_uwh;
    if (model.on) {
        model.left_uwh += back_uwh;
    }
    assert_true(prepay_store_load(&kept, &board));
    prepay_start(&world.prepay, &kept, true, 0);
    configure();
    (void)prepay_step(&world.prepay, &port, &world.now);
}

/* ---- what happens ---- */

static void use(void)
{
    const uint64_t used_uwh = draw(4) == 0 ? draw(2000000000) : draw(100);
    world.now.total_uwh += used_uwh;
    world.now.operating_s += 1 + draw(100000);
    model.left_uwh -= model.on ? (int64_t)used_uwh : 0;
}

static int64_t amount(void)
{
    switch (draw(5)) {
    case 0: return 1;
    case 1: return model.left_uwh < 0 ? -model.left_uwh : 5; /* exactly what is owed */
    case 2: return (int64_t)draw(1000) * draw(2000000000);
    case 3: return MAX_UWH - draw(100);
    default: return (int64_t)draw(2000000000);
    }
}

static void load(void)
{
    const int64_t amount_uwh = amount();
    const uint32_t number = model.number + 1u;
    enum prepay_err err =
        prepay_load(&world.prepay, &port, &payer, world.now.total_uwh, number, amount_uwh);
    bool asked_again = false;
    while (world.dead) { /* no answer came */
        restart();
        asked_again = true;
        err = prepay_load(&world.prepay, &port, &payer, world.now.total_uwh, number, amount_uwh);
    }
    if (err == PREPAY_OK) {
        model.left_uwh += amount_uwh;
        model.paid_uwh = paid_with(model.paid_uwh, amount_uwh);
        model.number = number;
        model.n_loads++;
        if (draw(2) == 0) {
            assert_int_equal(
                prepay_load(&world.prepay, &port, &payer, world.now.total_uwh, number, amount_uwh),
                PREPAY_OK);
            model.n_repeated++;
        }
    } else if (err == PREPAY_ERR_RANGE) {
        assert_true(amount_uwh <= 0);
    } else { /* it may have been cut before the total came back lower */
        assert_int_equal(err, PREPAY_ERR_FULL);
        assert_true(asked_again || model.left_uwh + amount_uwh > MAX_UWH || amount_uwh > MAX_UWH);
    }
}

static void token(void)
{
    const struct token token = {TOKEN_CREDIT, model.first_id + draw(ID_SPREAD), 1 + draw(100000)};
    const int64_t amount_uwh = (int64_t)token.amount * TOKEN_UNIT_UWH;
    bool again = false;
    enum prepay_err err = prepay_token(&world.prepay, &port, &payer, world.now.total_uwh, &token);
    while (world.dead) {
        restart();
        again = true;
        err = prepay_token(&world.prepay, &port, &payer, world.now.total_uwh, &token);
    }
    const bool taken =
        err == PREPAY_OK || (again && err == PREPAY_ERR_USED && model.used[token.id] == 0);
    if (taken) {
        assert_int_equal(model.used[token.id], 0); /* never twice */
        model.used[token.id] = 1;
        model.left_uwh += amount_uwh;
        model.paid_uwh = paid_with(model.paid_uwh, amount_uwh);
        model.n_taken++;
        return;
    }
    model.n_refused++;
    switch (err) {
    case PREPAY_ERR_USED: assert_int_equal(model.used[token.id], 1); break;
    case PREPAY_ERR_OLD: assert_true(world.prepay.kept.token[0] > token.id); break;
    case PREPAY_ERR_FULL: assert_true(again || model.left_uwh + amount_uwh > MAX_UWH); break;
    default: assert_int_equal(err, PREPAY_ERR_OFF); assert_false(model.on);
    }
}

static void set(void)
{
    const int64_t credit_uwh = (int64_t)draw(2000000000);
    const int64_t owed_uwh = model.left_uwh < 0 ? -model.left_uwh : 0;
    enum prepay_err err = prepay_set(&world.prepay, &port, &payer, world.now.total_uwh, credit_uwh);
    if (world.dead) { /* done or not: both are right, something between them is not */
        const int64_t before_uwh = model.left_uwh, after_uwh = credit_uwh - owed_uwh;
        model.left_uwh = 0;
        restart();
        const int64_t back_uwh = model.left_uwh;
        model.left_uwh = left();
        assert_true(left() == before_uwh + back_uwh || left() == after_uwh + back_uwh);
        return;
    }
    assert_int_equal(err, PREPAY_OK);
    model.left_uwh = credit_uwh - owed_uwh;
}

/* A switch is the settings' own commit: it holds, and the account follows it after a cut. */
static void switch_it(void)
{
    model.on = !model.on;
    if (!model.on) {
        model.left_uwh = 0;
    }
    configure();
    if (world.dead) {
        const int64_t left_uwh = model.left_uwh;
        restart(); /* on: counted from the total that came back */
        if (model.on) {
            model.left_uwh = left_uwh;
            assert_true(left() >= left_uwh && left() <= left_uwh + LEGAL_UWH);
            model.left_uwh = left();
        }
    }
}

static void something(void)
{
    if (draw(10) == 0) {
        world.cut_in = 1 + draw(2);
        world.kind = (enum cut)draw(CUTS);
    }
    switch (draw(64)) {
    case 0:
    case 1:
    case 2:
    case 3: load(); break;
    case 4:
    case 5:
    case 6:
    case 7: token(); break;
    case 8: set(); break;
    case 9:
        if (draw(20) == 0) {
            switch_it();
        }
        break;
    case 10: restart(); break;
    case 11:
        world.now.closed = draw(2) == 0;
        world.now.cut_off = !world.now.closed;
        break;
    default: use(); break;
    }
    (void)prepay_step(&world.prepay, &port, &world.now);
    if (world.dead) {
        restart();
    }
}

static void credit_is_conserved(void **state)
{
    (void)state;
    const char *text = getenv("OPEN382_LONG");
    const uint64_t steps = (text != NULL ? strtoull(text, NULL, 0) : 1u) * STEPS;
    random_state = desk_seed("test_prepay_random");
    memset(&world, 0, sizeof world);
    memset(&model, 0, sizeof model);
    memset(world.memory, 0xFF, sizeof world.memory);
    world.now = (struct prepay_now){
        .total_uwh = UINT64_C(50000000000000), .time_known = true, .weekday = 1, .closed = true};
    model.on = true;
    restart();
    model.left_uwh = left();
    for (uint64_t n = 0; n < steps; n++) {
        model.first_id = (uint32_t)(n / ID_STEPS % (IDS - ID_SPREAD));
        something();
        if (left() != model.left_uwh || world.prepay.kept.paid_uwh != model.paid_uwh) {
            fail_msg("step %llu: left %lld, the model has %lld", (unsigned long long)n,
                     (long long)left(), (long long)model.left_uwh);
        }
        if (!world.prepay.unlogged) { /* the log tells all payments, each once */
            assert_int_equal(world.log_sum_uwh, model.paid_uwh);
        }
    }
    printf("%llu steps: %u loads (%u repeated), %u tokens taken, %u refused, %u cuts\n",
           (unsigned long long)steps, model.n_loads, model.n_repeated, model.n_taken,
           model.n_refused, model.n_cuts);
    assert_true(model.n_loads > 1000 && model.n_taken > 1000 && model.n_refused > 1000 &&
                model.n_cuts > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(credit_is_conserved)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
