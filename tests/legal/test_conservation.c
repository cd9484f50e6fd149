/*
 * Nothing is lost and nothing counted twice, from the sample to the register, in long random lives:
 * loads of all sizes and signs at both levels, windows of any length, lost and damaged frames,
 * tariffs, orderly ends, silence, and power cuts at any call of the board.  Every register is
 * compared with an exact reference after every step.
 *
 * OPEN382_SEED chooses the lives, OPEN382_LONG=N makes them N times as long; 10 and more: 10^9
 * samples at either level.
 */
#define _DEFAULT_SOURCE /* fork, mmap */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "emu/desk.h"
#include "energy/processor.h"
#include "legal/energy_reference.h"
#include "legal/signal_random.h"
#include "signal/signal_state.h"

#define CELLS 16u

/** One meter, its mains, and all that is known about it. */
struct life {
    struct desk *desk;
    struct energy_reference reference;
    struct measuring_system system[3];
    struct bus_frame sent[3]; /* counters of the last frame that arrived */
    struct signal_random random;
    uint64_t tariff_uwh[LEGAL_TARIFFS + 1][LEGAL_TARIFF_ENERGIES];
    uint64_t tariff_from_uwh[LEGAL_TARIFF_ENERGIES]; /* totals when the tariff began */
    uint8_t tariff, tariff_wanted;
    uint64_t pulses_before; /* emitted before this start */
    uint64_t edges_before;
    /* power cuts */
    jmp_buf power_lost;
    uint32_t calls_left; /* board calls until the power fails; 0: it does not */
    /* cells of the last state record, and those of the one that is being written */
    exact record[2][CELLS];
    volatile unsigned stored; /* which of the two is whole */
    bool slow;                /* the memory takes its time for a write */
    volatile bool proposing;  /* the other one is being written */
    /* watts of the scene */
    double watts[3], vars[3];
    bool dead;
    uint64_t samples, cuts, orderly, drops;
};

static void read_cells(const struct life *life, exact *cell)
{
    const struct registers *registers = &processor_of_const(&life->desk->legal)->registers;
    for (unsigned c = 0; c < CELLS; c++) {
        cell[c] = (exact)registers->cell[c].whole * (INT64_C(1) << 48) +
                  (exact)registers->cell[c].fraction;
    }
}

/* ---- the board: power may fail at any call ------------------------------------------------- */

static void board_call(struct life *life)
{
    if (life->calls_left > 0 && --life->calls_left == 0) {
        longjmp(life->power_lost, 1);
    }
}

static int life_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    struct life *life = context;
    board_call(life);
    return eeprom_read(&life->desk->memory, address, bytes, n_bytes);
}

/** A page takes its time, byte by byte: a kill may well come in between. */
static void write_slowly(struct eeprom *memory, uint32_t address, const uint8_t *bytes,
                         uint32_t n_bytes)
{
    for (uint32_t k = 0; k < n_bytes; k++) {
        *(volatile uint8_t *)&memory->bytes[address + k] = bytes[k];
        for (volatile unsigned wait = 0; wait < 50; wait++) {
        }
    }
}

/** A write that the power does not outlast leaves any of the five kinds of rubbish. */
static int life_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    struct life *life = context;
    struct eeprom *memory = &life->desk->memory;
    const uint8_t kind = *(const uint8_t *)bytes;
    const bool state = kind == PAGE_STATE;
    if (state) {
        read_cells(life, life->record[1u - life->stored]);
        atomic_signal_fence(
            memory_order_seq_cst); /* a kill may come between any two instructions */
        life->proposing = true;
        atomic_signal_fence(memory_order_seq_cst);
    }
    if (life->calls_left == 1) {
        memory->cut = (enum eeprom_cut)signal_random_draw(&life->random, EEPROM_CUTS);
        memory->cut_at = memory->writes + 1u;
        memory->power_lost = &life->power_lost;
    }
    if (life->slow) {
        write_slowly(memory, address, bytes, n_bytes);
    }
    const int result = eeprom_write(memory, address, bytes, n_bytes);
    if (state) {
        atomic_signal_fence(memory_order_seq_cst);
        life->stored = 1u - life->stored;
        life->proposing = false;
    }
    board_call(life);
    return result;
}

static void life_pulse(void *context, bool on, int64_t at_us)
{
    struct life *life = context;
    desk_pulse(life->desk, on, at_us);
    board_call(life);
}

/* ---- checks -------------------------------------------------------------------------------- */

static void check_cells(const struct life *life)
{
    exact found[CELLS], wanted[CELLS];
    read_cells(life, found);
    reference_cells(&life->reference, wanted);
    for (unsigned c = 0; c < CELLS; c++) {
        const bool quadrant = c >= 14 && life->reference.summation == LEGAL_SUM_VECTOR;
        if (!quadrant && found[c] != wanted[c]) {
            fail_msg("cell %u: %lld uWh instead of %lld, apart by %lld / 2^48", c,
                     (long long)(found[c] >> 48), (long long)(wanted[c] >> 48),
                     (long long)(found[c] - wanted[c]));
        }
    }
    for (unsigned kind = 0; kind < ENERGY_KINDS; kind++) {
        assert_true(reference_missing(&life->reference, kind) == 0);
    }
}

static exact wide_exact(struct wide value)
{
    return (exact)value.whole * (INT64_C(1) << 48) + (exact)value.fraction;
}

static exact energy_of(const struct life *life, enum legal_energy energy)
{
    const struct processor *p = processor_of_const(&life->desk->legal);
    return wide_exact(registers_read(&p->registers, energy));
}

/** The sums that docs/spec/storage.md promises, in exact numbers. */
static void check_sums(const struct life *life)
{
    exact sum[4] = {0};
    for (unsigned s = 0; s < LEGAL_SYSTEMS; s++) {
        for (unsigned e = 0; e < 4; e++) {
            sum[e] += energy_of(life, (enum legal_energy)(LEGAL_A_PLUS_L1 + 3u * e + s));
        }
    }
    const exact a_net = energy_of(life, LEGAL_NET_A_PLUS) - energy_of(life, LEGAL_NET_A_MINUS);
    const exact r_net = energy_of(life, LEGAL_NET_R_PLUS) - energy_of(life, LEGAL_NET_R_MINUS);
    assert_true(a_net == sum[0] - sum[1] && r_net == sum[2] - sum[3]);
    const exact a_plus = energy_of(life, LEGAL_A_PLUS), a_minus = energy_of(life, LEGAL_A_MINUS);
    const exact r_plus = energy_of(life, LEGAL_R_PLUS), r_minus = energy_of(life, LEGAL_R_MINUS);
    switch (life->reference.summation) {
    case LEGAL_SUM_TOTAL:
        assert_true(a_plus == sum[0] + sum[1] && a_minus == 0);
        assert_true(r_plus == sum[2] + sum[3] && r_minus == 0);
        break;
    case LEGAL_SUM_VECTOR:
        assert_true(a_plus - a_minus == a_net && r_plus - r_minus == r_net);
        break;
    default: assert_true(a_plus == sum[0] && a_minus == sum[1] && r_plus == sum[2]); break;
    }
    assert_true(energy_of(life, LEGAL_R1) + energy_of(life, LEGAL_R2) == r_plus);
    assert_true(energy_of(life, LEGAL_R3) + energy_of(life, LEGAL_R4) == r_minus);
    for (unsigned e = 0; e < LEGAL_ENERGIES; e++) {
        assert_true(energy_of(life, (enum legal_energy)e) >= 0);
    }
}

static void check_tariffs_and_pulses(const struct life *life)
{
    const struct desk *desk = life->desk;
    desk_check(desk); /* tariffs add up, emitted + pending = registered */
    assert_int_equal(legal_tariff(&desk->legal), life->tariff);
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
            uint64_t wanted = life->tariff_uwh[t][e];
            if (t == life->tariff) {
                wanted += desk_energy(desk, (enum legal_energy)e) - life->tariff_from_uwh[e];
            }
            assert_int_equal(legal_tariff_uwh(&desk->legal, t, (enum legal_energy)e), wanted);
        }
    }
    uint64_t emitted, pending;
    legal_pulses(&desk->legal, &emitted, &pending);
    assert_int_equal(desk->begun - life->edges_before, emitted - life->pulses_before);
}

static void check_all(const struct life *life)
{
    check_cells(life);
    check_sums(life);
    check_tariffs_and_pulses(life);
}

/* ---- what happens to the meter ------------------------------------------------------------- */

/** The reference follows a call that may have booked, started or stopped the meter. */
static void follow(struct life *life, bool ran, bool booked)
{
    const bool runs = legal_supply(&life->desk->legal) == LEGAL_SUPPLY_ON;
    const bool stopped = ran && !runs;
    if (booked || stopped) {
        reference_book(&life->reference, ran || runs);
    }
    if (stopped) {
        reference_stop(&life->reference);
    }
}

/** Deliver the frame that a measuring system has ready, or lose it, damage it, repeat it. */
static void deliver(struct life *life, unsigned s)
{
    struct desk *desk = life->desk;
    uint8_t bytes[MEASURING_FRAME_BYTES_MAX];
    size_t n_bytes = measuring_system_frame(&life->system[s], bytes);
    struct bus_frame frame;
    assert_true(bus_frame_decode(bytes, n_bytes, &frame));
    const uint32_t luck = signal_random_draw(&life->random, 64);
    const bool ran = legal_supply(&desk->legal) == LEGAL_SUPPLY_ON;
    if (luck == 0) {
        bytes[12u + signal_random_draw(&life->random, 64)] ^= 0x10u;
        life->drops++;
        legal_bus_receive(&desk->legal, bytes, n_bytes, desk->now_us);
        return;
    }
    if (luck == 1) {
        life->drops++;
        return;
    }
    struct energy_reference *reference = &life->reference;
    const struct bus_frame *last = &life->sent[s];
    const bool again = reference->reported[s];
    legal_bus_receive(&desk->legal, bytes, n_bytes, desk->now_us);
    if (again) { /* the group before was incomplete */
        follow(life, ran, true);
    }
    const bool ran_on = again ? legal_supply(&desk->legal) == LEGAL_SUPPLY_ON : ran;
    const uint64_t active = (uint64_t)frame.active - (uint64_t)last->active;
    const uint64_t reactive = (uint64_t)frame.reactive - (uint64_t)last->reactive;
    reference_frame(reference, s, (exact)(int64_t)active * POWER_GAIN,
                    (exact)(int64_t)reactive * POWER_GAIN, frame.samples - last->samples);
    life->sent[s] = frame;
    follow(life, ran_on, reference_all_reported(reference));
    if (luck == 2) { /* a frame that comes twice also ends a group that is incomplete */
        const bool ran_last = legal_supply(&desk->legal) == LEGAL_SUPPLY_ON;
        const bool booked = reference->reported[s];
        legal_bus_receive(&desk->legal, bytes, n_bytes, desk->now_us);
        follow(life, ran_last, booked);
    }
}

static void step(struct life *life)
{
    const bool ran = legal_supply(&life->desk->legal) == LEGAL_SUPPLY_ON;
    legal_step(&life->desk->legal, life->desk->now_us);
    follow(life, ran, false);
}

static void select_tariff(struct life *life)
{
    struct desk *desk = life->desk;
    const bool ran = legal_supply(&desk->legal) == LEGAL_SUPPLY_ON;
    life->tariff_wanted = (uint8_t)(1u + signal_random_draw(&life->random, LEGAL_TARIFFS));
    assert_int_equal(legal_tariff_select(&desk->legal, life->tariff_wanted), LEGAL_OK);
    follow(life, ran, reference_any_reported(&life->reference));
    for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
        const uint64_t total = desk_energy(desk, (enum legal_energy)e);
        life->tariff_uwh[life->tariff][e] += total - life->tariff_from_uwh[e];
        life->tariff_from_uwh[e] = total;
    }
    life->tariff = life->tariff_wanted;
}

static void store(struct life *life)
{
    const bool ran = legal_supply(&life->desk->legal) == LEGAL_SUPPLY_ON;
    assert_int_equal(legal_store(&life->desk->legal), LEGAL_OK);
    follow(life, ran, reference_any_reported(&life->reference));
    reference_settle(&life->reference);
    life->orderly++;
}

/* ---- the mains ----------------------------------------------------------------------------- */

/** 1 mW .. 30 kW, either sign, or nothing. */
static double draw_watts(struct life *life)
{
    double watts = (double)signal_random_between(&life->random, 1, 30000) *
                   (signal_random_draw(&life->random, 2) == 0 ? 1 : -1);
    for (uint32_t n = signal_random_draw(&life->random, 8); n > 0; n--) {
        watts /= 10;
    }
    return signal_random_draw(&life->random, 8) == 0 ? 0 : watts;
}

static void draw_scene(struct life *life)
{
    for (unsigned s = 0; s < 3; s++) {
        life->watts[s] = draw_watts(life);
        life->vars[s] = draw_watts(life) / 2;
    }
    life->dead = signal_random_draw(&life->random, 12) == 0;
}

/** 2^46 / 175000 squared steps a watt and sample; some noise in the last bits. */
static int64_t window_energy(struct life *life, double watts, uint32_t samples)
{
    return (int64_t)(watts * samples * 70368744177664.0 / 175000.0) +
           signal_random_between(&life->random, -40000, 40000);
}

static void phasor_round(struct life *life)
{
    const uint32_t kind = signal_random_draw(&life->random, 4);
    uint32_t samples = 1u + signal_random_draw(&life->random, 16000);
    samples = kind < 2 ? 1600 : samples;
    life->desk->now_us += (int64_t)samples * 125;
    const unsigned first = signal_random_draw(&life->random, life->reference.systems);
    for (unsigned k = 0; k < life->reference.systems; k++) {
        const unsigned s = (first + k) % life->reference.systems;
        struct measuring_window window = {.samples = samples,
                                          .frequency_uhz = life->dead ? 0 : 50000000};
        window.active_lsb2 = window_energy(life, life->watts[s], samples);
        window.reactive_lsb2 = window_energy(life, life->vars[s], samples);
        window.voltage_lsb2 =
            life->dead ? 1000 : (uint64_t)(230.0 / 700 * 230 / 700 * 70368744177664.0 * samples);
        measuring_system_window(&life->system[s], &window);
        deliver(life, s);
    }
    life->samples += samples * (uint64_t)life->reference.systems;
    step(life);
}

/** What a system has counted in all, to the last squared step. */
static exact counted(const struct measuring_system *system)
{
    const struct signal_state *state = (const struct signal_state *)(const void *)system->opaque;
    return (exact)state->frame.active * 65536 + state->rest[0];
}

/** Straight sums over the samples of a window, as the neutral filter lets them through. */
struct straight {
    int64_t n, v, i, vi;
    int32_t v_late[3], i_late[3];
    unsigned at;
};

static void straight_take(struct straight *sums, int32_t v, int32_t i)
{
    const int64_t v_now = sums->v_late[sums->at], i_now = sums->i_late[sums->at];
    sums->v_late[sums->at] = v;
    sums->i_late[sums->at] = i;
    sums->at = (sums->at + 1u) % 3u;
    sums->n++;
    sums->v += v_now;
    sums->i += i_now;
    sums->vi += v_now * i_now;
}

/**
 * A window has closed: what was counted is the sum of its products less direct current.  In a
 * disturbed window the last known offsets are taken off each sample, exactly; in a steady one the
 * covariance counts, held to whole squared steps (at most two off).
 */
static void straight_check(struct straight *sums, const struct signal_state *before,
                           const struct signal_state *after, exact amount)
{
    const int64_t a = before->offset.v_lsb, b = before->offset.i_lsb;
    const exact raw =
        (exact)sums->vi - (exact)a * sums->i - (exact)b * sums->v + (exact)a * b * sums->n;
    const exact covariance = (exact)sums->vi - (exact)sums->v * sums->i / sums->n;
    exact settled = 0; /* what the windows before the first steady one counted too much */
    if (before->offset.n_updates == 0 && after->offset.n_updates > 0) {
        const int64_t v = after->offset.v_lsb, i = after->offset.i_lsb;
        settled = (exact)before->offset.owed_samples * v * i - (exact)v * before->offset.owed_i -
                  (exact)i * before->offset.owed_v;
    }
    const exact off = amount - covariance - settled;
    assert_true(amount == raw || (off >= -2 && off <= 2));
    sums->n = 0;
    sums->v = 0;
    sums->i = 0;
    sums->vi = 0;
}

/* ---- lives --------------------------------------------------------------------------------- */

static struct straight straight_of[3];

/**
 * Single samples stand at the end of the ADC's range; not all of them: the legal part does not
 * believe a frame of more than full scale throughout (test_energy.c), and offsets come on top.
 */
static int32_t held_code(int32_t code)
{
    if (code == INT32_MAX || code == MEASURING_FULL_SCALE_LSB) {
        return MEASURING_FULL_SCALE_LSB - 1;
    }
    if (code == INT32_MIN) {
        return -MEASURING_FULL_SCALE_LSB;
    }
    return (int32_t)arithmetic_clamp(code, -7500000, 7500000);
}

static void waveform_round(struct life *life)
{
    int32_t v[SIGNAL_RANDOM_BLOCK], i[SIGNAL_RANDOM_BLOCK];
    const size_t n = 1u + signal_random_draw(&life->random, SIGNAL_RANDOM_BLOCK);
    life->desk->now_us += (int64_t)n * 125;
    for (unsigned s = 0; s < life->reference.systems; s++) {
        for (size_t k = 0; k < n; k++) {
            signal_random_sample(&life->random, &v[k], &i[k]);
            v[k] = held_code(v[k]);
            i[k] = held_code(i[k]);
        }
        for (size_t at = 0; at < n;) {
            bool closed;
            struct signal_state before;
            const size_t from = at;
            memcpy(&before, life->system[s].opaque, sizeof before);
            const exact counted_before = counted(&life->system[s]);
            at += measuring_system_samples(&life->system[s], v + at, i + at, n - at, &closed);
            for (size_t k = from; k < at; k++) {
                straight_take(&straight_of[s], v[k], i[k]);
            }
            if (closed) {
                const struct signal_state *after =
                    (const struct signal_state *)(const void *)life->system[s].opaque;
                straight_check(&straight_of[s], &before, after,
                               counted(&life->system[s]) - counted_before);
                deliver(life, s);
            }
        }
    }
    life->samples += n * life->reference.systems;
    step(life);
}

static void power_up(struct life *life)
{
    struct desk *desk = life->desk;
    desk->port = (struct legal_port){.context = life,
                                     .memory_read = life_read,
                                     .memory_write = life_write,
                                     .pulse_output = life_pulse};
    desk->lit = false;
    assert_int_equal(legal_start(&desk->legal, &desk->port, &desk->setup, desk->now_us), LEGAL_OK);
    for (uint8_t s = 0; s < 3; s++) {
        struct measuring_setup setup;
        legal_measuring_setup(&desk->legal, (uint8_t)(s + 1u), &setup);
        measuring_system_start(&life->system[s], &setup, legal_measuring_epoch(&desk->legal));
        memset(&life->sent[s], 0, sizeof life->sent[s]);
        memset(&straight_of[s], 0, sizeof straight_of[s]);
    }
    uint64_t pending;
    legal_pulses(&desk->legal, &life->pulses_before, &pending);
    life->edges_before = desk->begun;
}

/** Power comes back; it may fail again while the meter starts. */
static void come_back(struct life *life)
{
    life->desk->now_us += 5 * SECOND;
    while (signal_random_draw(&life->random, 3) == 0) {
        life->calls_left = 1u + signal_random_draw(&life->random, 1600);
        if (setjmp(life->power_lost) == 0) {
            power_up(life);
        }
        life->desk->memory.cut_at = 0;
    }
    life->calls_left = 0;
    power_up(life);
}

/**
 * After a cut the cells are those of the last whole record, or those that were being written.  Each
 * register is less than a step behind, and a window.
 */
static void check_after_cut(struct life *life, const exact *truth, bool proposing, unsigned stored)
{
    exact found[CELLS];
    read_cells(life, found);
    const bool old = memcmp(found, life->record[stored], sizeof found) == 0;
    const bool new = proposing &&memcmp(found, life->record[1u - stored], sizeof found) == 0;
    assert_true(old || new);
    life->stored = old ? stored : 1u - stored;
    struct legal_health health;
    legal_health(&life->desk->legal, &health);
    assert_false(health.memory_fault || health.memory_suspect);
    if (!proposing && truth != NULL) {
        for (unsigned c = 0; c < 14; c++) {
            assert_true(truth[c] - found[c] < (exact)STEP << 48);
        }
    }
    const uint8_t tariff = legal_tariff(&life->desk->legal);
    assert_true(tariff == life->tariff || tariff == life->tariff_wanted);
    for (uint8_t t = 1; t <= LEGAL_TARIFFS; t++) {
        for (unsigned e = 0; e < LEGAL_TARIFF_ENERGIES; e++) {
            const uint64_t value = legal_tariff_uwh(&life->desk->legal, t, (enum legal_energy)e);
            if (t != life->tariff && t != tariff) {
                assert_int_equal(value, life->tariff_uwh[t][e]);
            }
            life->tariff_uwh[t][e] = value;
            life->tariff_from_uwh[e] = desk_energy(life->desk, (enum legal_energy)e);
        }
    }
    life->tariff = tariff;
    life->tariff_wanted = tariff;
    reference_restart(&life->reference, found);
}

static void lose_power(struct life *life)
{
    exact truth[CELLS];
    life->cuts++;
    life->calls_left = 0;
    life->desk->memory.cut_at = 0;
    reference_cells(&life->reference, truth);
    const bool proposing = life->proposing;
    const unsigned stored = life->stored;
    exact record[2][CELLS];
    memcpy(record, life->record, sizeof record);
    life->proposing = false;
    come_back(life);
    memcpy(life->record, record, sizeof record);
    check_after_cut(life, truth, proposing, stored);
}

static void one_round(struct life *life, bool waveform)
{
    const uint32_t luck = signal_random_draw(&life->random, 400);
    if (signal_random_draw(&life->random, 10) == 0) {
        draw_scene(life);
    }
    if (waveform) {
        waveform_round(life);
    } else {
        phasor_round(life);
    }
    if (luck < 10) {
        select_tariff(life);
    } else if (luck < 14) {
        store(life);
    } else if (luck == 14) {
        life->desk->now_us += 4 * SECOND; /* silence */
        step(life);
    } else if (luck == 15) {
        store(life);
        longjmp(life->power_lost, 1); /* an orderly end */
    }
    check_all(life);
}

static struct life *life_new(uint8_t systems, enum legal_summation summation, uint64_t seed)
{
    struct life *life = calloc(1, sizeof *life);
    assert_non_null(life);
    life->desk = desk_new(systems, summation);
    life->reference.systems = systems;
    life->reference.summation = (uint8_t)summation;
    life->random.state = seed;
    life->tariff = 1;
    life->tariff_wanted = 1;
    power_up(life);
    draw_scene(life);
    return life;
}

static void live(uint8_t systems, enum legal_summation summation, bool waveform, uint64_t seed,
                 uint32_t n_rounds)
{
    struct life *volatile life = life_new(systems, summation, seed);
    volatile uint32_t round = 0;
    while (round < n_rounds) {
        if (setjmp(life->power_lost) != 0) {
            lose_power(life);
            check_all(life);
            continue; /* power_lost is set again: it was needed while the meter came back */
        }
        life->calls_left = 1u + signal_random_draw(&life->random, waveform ? 60 : 200);
        while (round < n_rounds) {
            round++;
            one_round(life, waveform);
        }
    }
    printf("%u systems, summation %u, %s: %llu samples, %llu cuts, %llu stores, %llu frames lost, "
           "%llu Wh\n",
           systems, (unsigned)summation, waveform ? "samples" : "windows",
           (unsigned long long)life->samples, (unsigned long long)life->cuts,
           (unsigned long long)life->orderly, (unsigned long long)life->drops,
           (unsigned long long)(desk_energy(life->desk, LEGAL_A_PLUS) / 1000000));
    assert_true(life->cuts > 0 && life->orderly > 0);
    desk_free(life->desk);
    free(life);
}

static uint32_t rounds(uint32_t usual)
{
    const char *text = getenv("OPEN382_LONG");
    return text != NULL ? usual * (uint32_t)strtoul(text, NULL, 0) : usual;
}

/* REQ(MET-04, MET-05, REG-01, REG-02, REG-05) */
static void windows_are_conserved(void **state)
{
    (void)state;
    const uint64_t seed = desk_seed("windows_are_conserved").state;
    live(3, LEGAL_SUM_INDIVIDUAL, false, seed, rounds(30000));
    live(3, LEGAL_SUM_VECTOR, false, seed + 1, rounds(15000));
    live(3, LEGAL_SUM_TOTAL, false, seed + 2, rounds(15000));
    live(2, LEGAL_SUM_VECTOR, false, seed + 3, rounds(15000));
    live(1, LEGAL_SUM_INDIVIDUAL, false, seed + 4, rounds(15000));
}

/* REQ(MET-04, MET-05, REG-01, REG-02) */
static void samples_are_conserved(void **state)
{
    (void)state;
    const uint64_t seed = desk_seed("samples_are_conserved").state;
    live(3, LEGAL_SUM_INDIVIDUAL, true, seed + 5, rounds(40000));
    live(3, LEGAL_SUM_VECTOR, true, seed + 6, rounds(20000));
    live(1, LEGAL_SUM_TOTAL, true, seed + 7, rounds(20000));
}

/* ---- kills --------------------------------------------------------------------------------- */

static void *share(const void *from, size_t n_bytes)
{
    void *shared = mmap(NULL, n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    memcpy(shared, from, n_bytes);
    return shared;
}

/** A process that meters until it is killed. */
static pid_t meter_forever(struct life *life)
{
    const pid_t child = fork();
    if (child != 0) {
        return child;
    }
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* a check that fails ends the process */
    for (;;) {
        if (setjmp(life->power_lost) == 0) {
            one_round(life, signal_random_draw(&life->random, 2) == 0);
        } else {
            life->calls_left = 0; /* an orderly end: on with it */
        }
    }
}

/**
 * A process that dies between any two instructions, of a write as well: its memory holds a whole
 * record, the last one or the one under way.  REQ(REG-01)
 */
static void kills_at_any_instruction(void **state)
{
    (void)state;
    struct life *made = life_new(3, LEGAL_SUM_INDIVIDUAL, desk_seed("kills").state);
    struct life *life = share(made, sizeof *made);
    life->desk = share(made->desk, sizeof *made->desk);
    life->slow = true;
    desk_free(made->desk);
    free(made);
    const uint32_t n_kills = rounds(150);
    unsigned in_write = 0;
    for (uint32_t kill_number = 0; kill_number < n_kills; kill_number++) {
        power_up(life);
        check_after_cut(life, NULL, life->proposing, life->stored);
        life->proposing = false;
        struct timespec wait = {0, signal_random_between(&life->random, 500000, 4000000)};
        const struct signal_random random = life->random;
        const pid_t child = meter_forever(life);
        assert_true(child > 0);
        nanosleep(&wait, NULL);
        assert_int_equal(kill(child, SIGKILL), 0);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        in_write += life->proposing ? 1u : 0u;
        life->random = random; /* the next life is another one all the same: other energies */
        (void)signal_random_draw(&life->random, 2);
        life->calls_left = 0;
    }
    printf("%u kills, %u of them within a write\n", (unsigned)n_kills, in_write);
    munmap(life->desk, sizeof *life->desk);
    munmap(life, sizeof *life);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_conserved),
        cmocka_unit_test(samples_are_conserved),
        cmocka_unit_test(kills_at_any_instruction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
