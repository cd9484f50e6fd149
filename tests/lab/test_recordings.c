/** Recorded waveforms: WAV, FLAC, W64 and COMTRADE, resampled to the ADC rate. */
#include <math.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab/comtrade.h"

#define VOLT   (8388608.0 / 700.0)
#define AMPERE (8388608.0 / 250.0)
#define TURN   6.283185307179586

static const struct mains_options three = {3, false, 0};

static void within(double value, double expected, double tolerance)
{
    if (!(fabs(value - expected) <= tolerance)) {
        fail_msg("expected %.9g, found %.9g", expected, value);
    }
}

static double cosine(double rms, double hz, double t_s, double lag_rad)
{
    return rms * sqrt(2.0) * cos(TURN * hz * t_s - lag_rad);
}

static void window_is(const struct measuring_window *w, double u, double i, double p, double q,
                      double tolerance)
{
    double n = (double)w->samples;
    within(sqrt((double)w->voltage_lsb2 / n) / VOLT, u, u * tolerance);
    within(sqrt((double)w->current_lsb2 / n) / AMPERE, i, i * tolerance + 1e-9);
    within((double)w->active_lsb2 / n / VOLT / AMPERE, p, u * i * tolerance + 1e-9);
    within((double)w->reactive_lsb2 / n / VOLT / AMPERE, q, u * i * tolerance + 1e-9);
}

/** A stereo file of whole cycles: 230 V, 20 A, 60 degrees lagging. */
static void write_file(const char *path, int format, int rate, double hz)
{
    SF_INFO info = {.samplerate = rate, .channels = 2, .format = format};
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(file);
    for (int k = 0; k < rate; k++) {
        double t_s = (double)k / rate;
        float frame[2] = {(float)(cosine(230.0, hz, t_s, 0.0) / 700.0),
                          (float)(cosine(20.0, hz, t_s, TURN / 6.0) / 250.0)};
        assert_int_equal(sf_writef_float(file, frame, 1), 1);
    }
    assert_int_equal(sf_close(file), 0);
}

static struct mains *open_spec(const char *spec, const struct mains_options *options)
{
    struct mains *mains = NULL;
    struct lab_error error;
    if (mains_open(&mains, spec, options, &error) != 0) {
        fail_msg("%s", error.text);
    }
    return mains;
}

static void spec_fails(const char *spec, const char *expected)
{
    struct mains *mains = NULL;
    struct lab_error error;
    assert_int_equal(mains_open(&mains, spec, &three, &error), -1);
    if (strstr(error.text, expected) == NULL) {
        fail_msg("expected ...%s..., found %s", expected, error.text);
    }
}

/** The samples, not the windows: sum of products over a second. */
static double sampled_watts(struct mains *m, int64_t first)
{
    static int32_t v[LAB_PHASES][8000], i[LAB_PHASES][8000];
    int32_t *v_at[LAB_PHASES] = {v[0], v[1], v[2]}, *i_at[LAB_PHASES] = {i[0], i[1], i[2]};
    double sum = 0.0;
    mains_samples(m, first, 8000, v_at, i_at);
    for (unsigned k = 0; k < 8000; k++) {
        sum += (double)v[0][k] * (double)i[0][k];
    }
    return sum / 8000.0 / VOLT / AMPERE;
}

static void test_sound_files(void **state)
{
    static const struct {
        const char *ending;
        int format, rate;
        double hz, tolerance;
    } table[] = {
        {"a.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_24, 8000, 50, 1e-6},
        {"b.wav", SF_FORMAT_WAV | SF_FORMAT_PCM_16, 44100, 50, 1e-4},
        {"c.wav", SF_FORMAT_WAV | SF_FORMAT_FLOAT, 6400, 60, 1e-4},
        {"d.flac", SF_FORMAT_FLAC | SF_FORMAT_PCM_24, 48000, 50, 1e-5},
        {"e.w64", SF_FORMAT_W64 | SF_FORMAT_PCM_32, 250000, 49, 1e-5},
    };
    (void)state;
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
        char path[300];
        struct lab_state now;
        struct measuring_window w[LAB_PHASES];
        (void)snprintf(path, sizeof path, "%s/recording-%s", BUILD_DIR, table[k].ending);
        write_file(path, table[k].format, table[k].rate, table[k].hz);
        struct mains *m = open_spec(path, &three);
        assert_true(mains_is_waveform(m));
        for (int64_t s = 0; s < 3; s++) { /* it begins again after its one second */
            mains_window(m, s * 1000000, 8000, w);
            window_is(&w[0], 230, 20, 2300, 4600 * sqrt(0.75), table[k].tolerance);
            within(sampled_watts(m, s * 8000), 2300, 4600 * table[k].tolerance);
        }
        assert_int_equal(w[1].voltage_lsb2, 0);
        within(w[0].frequency_uhz, table[k].hz * 1e6, 100.0);
        mains_state(m, 300000, &now);
        within(now.phase[0].voltage_v, 230, 0.1);
        within(now.phase[0].phi_deg, 60, 0.1);
        mains_close(m);
        (void)remove(path);
    }
}

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

/** Scale and channels from the SPEC or the side file; the SPEC goes before. */
static void test_channel_map(void **state)
{
    char path[300], map[320], spec[400];
    struct measuring_window w[LAB_PHASES];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/recording-map.wav", BUILD_DIR);
    (void)snprintf(map, sizeof map, "%s.map", path);
    write_file(path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 50);
    (void)snprintf(spec, sizeof spec, "%s,u_fs=350,i_fs=25,channels=u2:i2,loop=no", path);
    struct mains *m = open_spec(spec, &three);
    mains_window(m, 0, 8000, w);
    window_is(&w[1], 115, 2, 115, 230 * sqrt(0.75), 1e-6);
    assert_int_equal(w[0].voltage_lsb2, 0);
    mains_window(m, 1000000, 8000, w);
    assert_true(w[1].voltage_lsb2 <= 1); /* held dead at the end */
    mains_close(m);
    write_text(map, "# the probe\r\nu_fs = 1400\nchannels=u1:i3\n");
    (void)snprintf(spec, sizeof spec, "%s,i_fs=500", path);
    m = open_spec(spec, &three);
    mains_window(m, 0, 8000, w);
    window_is(&w[0], 460, 0, 0, 0, 1e-6);
    window_is(&w[2], 0, 40, 0, 0, 1e-6);
    mains_close(m);
    write_text(map, "u_fs=1\ncolour=red\n");
    spec_fails(path, ".map:2:1: expected u_fs=, i_fs=, channels= or loop=, found 'colour'");
    write_text(map, "u_fs=0\n");
    spec_fails(path, ".map:1:6: expected volts above 0, found '0'");
    write_text(map, "channels=u1:u1\n");
    spec_fails(path, ".map:1:10: expected channels like u1:i1:-:u2, found 'u1:u1'");
    (void)remove(map);
    (void)snprintf(spec, sizeof spec, "%s,channels=u1", path);
    spec_fails(spec, "expected channels=u1:i1:.. (- skips one) for 2 channels, found 'u1'");
    write_text(path, "RIFFnot a recording at all");
    spec_fails(path, "expected a WAV, FLAC or W64 recording");
    (void)remove(path);
}

/** A tone above the ADC's band must not come back as another one. */
static void test_no_aliases(void **state)
{
    (void)state;
    const size_t n = 48000;
    struct wave_section section = {48000.0, n};
    float *in = malloc(n * sizeof *in), out[8000];
    struct lab_kernel *kernel = lab_kernel_new();
    assert_non_null(kernel);
    assert_int_equal(lab_wave_length(&section, 1), 8000);
    assert_non_null(in);
    for (size_t k = 0; k < n; k++) {
        in[k] = (float)cosine(100.0, 7950.0, (double)k / 48000.0, 0.3);
    }
    for (size_t k = 0; k < n; k++) { /* and one just above the band's edge */
        in[k] += (float)cosine(100.0, 4250.0, (double)k / 48000.0, 0.1);
    }
    lab_wave_resample(kernel, in, &section, 1, false, out);
    for (size_t k = 400; k < 7600; k++) {
        within((double)out[k], 0.0, 0.01);
    }
    for (size_t k = 0; k < n; k++) {
        in[k] = (float)cosine(100.0, 2400.0, (double)k / 48000.0, 0.3);
    }
    lab_wave_resample(kernel, in, &section, 1, false, out);
    for (size_t k = 400; k < 7600; k++) { /* the 40th harmonic of 60 Hz passes */
        within((double)out[k], cosine(100.0, 2400.0, (double)k / 8000.0, 0.3), 0.01);
    }
    free(in);
    lab_kernel_free(kernel);
}

/** DC on both channels is not energy of the mains: windows leave it out, as the meter does. */
static void test_dc_is_removed(void **state)
{
    char path[300];
    struct measuring_window w[LAB_PHASES];
    SF_INFO info = {.samplerate = 8000, .channels = 2, .format = SF_FORMAT_WAV | SF_FORMAT_FLOAT};
    (void)state;
    (void)snprintf(path, sizeof path, "%s/recording-dc.wav", BUILD_DIR);
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(file);
    for (int k = 0; k < 1600; k++) {
        float frame[2] = {(float)((cosine(230.0, 50.0, k / 8000.0, 0.0) + 7.0) / 700.0),
                          (float)((cosine(20.0, 50.0, k / 8000.0, 0.0) - 3.0) / 250.0)};
        assert_int_equal(sf_writef_float(file, frame, 1), 1);
    }
    assert_int_equal(sf_close(file), 0);
    struct mains *m = open_spec(path, &three);
    mains_window(m, 0, 1600, w);
    window_is(&w[0], 230, 20, 4600, 0, 1e-6);
    mains_close(m);
    (void)remove(path);
}

/** The rest behind the last whole cycles: their fundamentals, its own energy and no false DC. */
static void test_last_window(void **state)
{
    char path[300];
    struct measuring_window whole[LAB_PHASES], rest[LAB_PHASES], both[LAB_PHASES];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/recording-last.wav", BUILD_DIR);
    write_file(path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 50);
    struct mains *m = open_spec(path, &three);
    mains_window(m, 0, 1600, whole);
    mains_last_window(m, 200000, 700, rest);
    for (unsigned k = 0; k < LAB_PHASES; k++) {
        const double share = 700.0 / 1600.0;
        assert_true(fabs((double)rest[k].reactive_lsb2 - share * (double)whole[k].reactive_lsb2) <
                    1e-5 * fabs((double)whole[k].reactive_lsb2) + 2.0);
        assert_int_equal(rest[k].frequency_uhz, whole[k].frequency_uhz);
        assert_true(abs(rest[k].v1_re - whole[k].v1_re) <= 100);
        assert_true(abs(rest[k].i1_im - whole[k].i1_im) <= 100);
    }
    /* 900 and 700 samples are neither whole cycles, but together they are */
    mains_last_window(m, 112500, 900, both);
    const double sum = (double)both[0].active_lsb2 + (double)rest[0].active_lsb2;
    assert_true(fabs(sum / (double)whole[0].active_lsb2 - 1.0) < 1e-5);
    mains_close(m);
}

static void test_dip_over_recording(void **state)
{
    char path[300];
    struct measuring_window w[LAB_PHASES];
    struct lab_error error;
    (void)state;
    (void)snprintf(path, sizeof path, "%s/recording-dip.wav", BUILD_DIR);
    write_file(path, SF_FORMAT_WAV | SF_FORMAT_FLOAT, 8000, 50);
    struct mains *m = open_spec(path, &three);
    assert_int_equal(mains_control(m, 0, "i1", 5.0, &error), -1);
    assert_int_equal(mains_control(m, 0, "dip_ms", 1000.0, &error), 0);
    assert_int_equal(mains_control(m, 0, "dip", 50.0, &error), 0);
    mains_window(m, 0, 8000, w);
    window_is(&w[0], 115, 20, 1150, 2300 * sqrt(0.75), 1e-5);
    assert_int_equal(mains_control(m, 2000000, "supply", 0.0, &error), 0);
    mains_window(m, 1000000, 8000, w);
    window_is(&w[0], 230, 20, 2300, 4600 * sqrt(0.75), 1e-5);
    mains_window(m, 2000000, 8000, w);
    assert_true(w[0].voltage_lsb2 <= 1);
    mains_close(m);
    (void)remove(path);
}

/* ---- COMTRADE ------------------------------------------------------------------------------- */

/** Files as recorders write them: 1999 ASCII, 2013 binary, secondary currents of 400/5 A. */
static void test_comtrade_files(void **state)
{
    static const char *const names[] = {"star1999.cfg", "star2013.dat"};
    static const struct mains_options aron = {2, true, 0};
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        char path[300], spec[400];
        struct measuring_window w[LAB_PHASES];
        (void)snprintf(path, sizeof path, "%s/tests/lab/data/%s", SOURCE_DIR, names[f]);
        struct mains *m = open_spec(path, &three);
        for (int64_t k = 0; k < 3; k++) {
            mains_window(m, k * 200000, 1600, w);
            for (unsigned phase = 0; phase < LAB_PHASES; phase++) {
                window_is(&w[phase], 230, 5, 920, 690, 1e-4);
            }
        }
        mains_close(m);
        m = open_spec(path, &aron);
        mains_window(m, 0, 1600, w);
        within(((double)w[0].active_lsb2 + (double)w[1].active_lsb2) / 1600 / VOLT / AMPERE,
               3 * 920.0, 1.0);
        mains_close(m);
        (void)snprintf(spec, sizeof spec, "%s,side=secondary,channels=u1:-:-:-:i1", path);
        m = open_spec(spec, &three);
        mains_window(m, 0, 1600, w); /* phase B's current against phase A's voltage */
        double phi = TURN / 3.0 + acos(0.8);
        window_is(&w[0], 230, 0.0625, 230 * 0.0625 * cos(phi), 230 * 0.0625 * sin(phi), 1e-4);
        mains_close(m);
    }
}

#define N 400

static size_t put_u32(char *at, uint32_t value)
{
    for (unsigned k = 0; k < 4; k++) {
        at[k] = (char)(value >> (8 * k));
    }
    return 4;
}

static struct lab_bytes bytes_of(const char *name, const char *text, size_t n)
{
    return (struct lab_bytes){name, text, n};
}

static struct mains *open_pair(const char *cfg, const char *dat, size_t n_dat)
{
    struct lab_source source;
    struct lab_error error;
    struct mains *mains = NULL;
    static const struct lab_file_options none;
    memset(&source, 0, sizeof source);
    if (lab_comtrade_open(&source, bytes_of("x.cfg", cfg, strlen(cfg)),
                          bytes_of("x.dat", dat, n_dat), &none, &error) != 0) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(lab_mains_create(&mains, &source, &three, &error), 0);
    return mains;
}

/** One voltage in kV, one current in mA, without digital channels; 2000 Hz. */
#define CFG_HEAD(revision)                                                                         \
    "S,D," revision "\n2,2A,0D\n"                                                                  \
    "1,UL1,,,kV,0.001,0,0,-1e9,1e9,1,1,P\n2,I_1,,,mA,0.5,0,0,-1e9,1e9,1,1,P\n50\n"
#define CFG_TIMES "01/01/2026,00:00:00.0\n01/01/2026,00:00:00.1\n"

static void fill(char *dat, size_t *n, bool floating)
{
    *n = 0;
    for (unsigned k = 0; k < N; k++) {
        double x[2] = {cosine(230.0, 50.0, k / 2000.0, 0.0) / 1.0,
                       cosine(20000.0, 50.0, k / 2000.0, TURN / 6.0) / 0.5};
        *n += put_u32(dat + *n, k + 1);
        *n += put_u32(dat + *n, k * 500);
        for (unsigned c = 0; c < 2; c++) {
            float value = (float)x[c];
            uint32_t word = 0;
            memcpy(&word, &value, sizeof word);
            *n += put_u32(dat + *n, floating ? word : (uint32_t)(int32_t)lrint(x[c]));
        }
    }
}

static void test_comtrade_32_bit(void **state)
{
    static char dat[N * 16];
    struct measuring_window w[LAB_PHASES];
    size_t n = 0;
    (void)state;
    fill(dat, &n, true);
    struct mains *m =
        open_pair(CFG_HEAD("2013") "1\n2000,400\n" CFG_TIMES "FLOAT32\n1\n0,0\n0,0\n", dat, n);
    mains_window(m, 0, 1600, w);
    window_is(&w[0], 230, 20, 2300, 4600 * sqrt(0.75), 1e-4);
    mains_close(m);
    fill(dat, &n, false);
    m = open_pair(CFG_HEAD("2013") "1\n2000,400\n" CFG_TIMES "binary32\n1\n", dat, n);
    mains_window(m, 200000, 1600, w);
    window_is(&w[0], 230, 20, 2300, 4600 * sqrt(0.75), 3e-3); /* whole volts and half amperes */
    mains_close(m);
}

/** Two rates in one record, and a record that has time stamps instead of a rate. */
static void test_comtrade_rates(void **state)
{
    static char dat[64 * 1024];
    struct measuring_window w[LAB_PHASES];
    size_t n = 0;
    (void)state;
    for (unsigned k = 0; k < 600; k++) { /* 0.2 s at 1 kHz, then 0.1 s at 4 kHz */
        double t_s = k < 200 ? k / 1000.0 : 0.2 + (k - 200) / 4000.0;
        n += (size_t)snprintf(dat + n, sizeof dat - n, "%u,%.0f,%.4f,%.4f\n", k + 1, t_s * 1e6,
                              cosine(230.0, 50.0, t_s, 0.0),
                              cosine(20000.0, 50.0, t_s, TURN / 6.0) / 0.5);
    }
    struct mains *m =
        open_pair(CFG_HEAD("1999") "2\n1000,200\n4000,600\n" CFG_TIMES "ASCII\n1\n", dat, n);
    mains_window(m, 20000, 1280, w); /* 20 to 180 ms */
    window_is(&w[0], 230, 20, 2300, 4600 * sqrt(0.75), 1e-3);
    mains_window(m, 220000, 480, w); /* 220 to 280 ms */
    window_is(&w[0], 230, 20, 2300, 4600 * sqrt(0.75), 1e-3);
    mains_window(m, 180000, 320, w); /* across the change of rates */
    window_is(&w[0], 230, 20, 2300, 4600 * sqrt(0.75), 1e-2);
    mains_close(m);
    m = open_pair(CFG_HEAD("1999") "0\n0,600\n" CFG_TIMES "ASCII\n1\n", dat, n);
    mains_window(m, 220000, 480, w); /* straight lines between samples 0.25 ms apart */
    window_is(&w[0], 230, 20, 2300, 4600 * sqrt(0.75), 2e-3);
    mains_close(m);
}

/** 1991: no revision, ten fields a channel; a missing value repeats the one before. */
static void test_comtrade_1991(void **state)
{
    struct lab_state now;
    (void)state;
    const char *cfg = "S,D\n1,1A,0D\n1,VA,A,,V,2,10,0,-1,1\n50\n1\n8000,2\n" CFG_TIMES "ASCII\n";
    const char *dat = "1,0,100\n2,125,99999\n";
    static int32_t v[LAB_PHASES][4], i[LAB_PHASES][4];
    int32_t *v_at[LAB_PHASES] = {v[0], v[1], v[2]}, *i_at[LAB_PHASES] = {i[0], i[1], i[2]};
    struct mains *m = open_pair(cfg, dat, strlen(dat));
    mains_samples(m, 0, 4, v_at, i_at);
    for (unsigned k = 0; k < 4; k++) {
        within(v[0][k] / VOLT, 210.0, 1e-3);
    }
    mains_state(m, 0, &now);
    mains_close(m);
}

static void test_comtrade_errors(void **state)
{
#define CHANNEL "1,VA,A,,V,1,0,0,-1,1,1,1,P\n"
    static const char *const table[][3] = {
        {"", "", "x.cfg:1:1: expected station,device,revision, found nothing"},
        {"S,D,1999\n2,1A,0D\n", "",
         "x.cfg:2:1: expected the sum of analogue and digital channels, "
         "found '2'"},
        {"S,D,1999\n1,1,0D\n", "",
         "x.cfg:2:3: expected a number of analogue channels like 6A, found '1'"},
        {"S,D,1999\n0,0A,0D\n", "",
         "x.cfg:2:3: expected at least one analogue channel, found '0A'"},
        {"S,D,1999\n1,1A,0D\n1,VA\n", "",
         "x.cfg:3:1: expected an analogue channel of 10 fields (1991) or 13, found nothing"},
        {"S,D,1999\n1,1A,0D\n1,VA,A,,V,x,0,0,-1,1,1,1,P\n", "",
         "x.cfg:3:11: expected the multiplier a, found 'x'"},
        {"S,D,1999\n1,1A,0D\n1,VA,A,,V,1,0,0,-1,1,1,1,Q\n", "",
         "x.cfg:3:26: expected P or S, found 'Q'"},
        {"S,D,1999\n1,1A,0D\n" CHANNEL "50\n1\n10,4\n", "",
         "x.cfg:6:1: expected a sampling rate from 500 to 10000000 Hz, found '10'"},
        {"S,D,1999\n1,1A,0D\n" CHANNEL "50\n1\n1000,0\n", "",
         "x.cfg:6:6: expected the number of the last sample at this rate, found '0'"},
        {"S,D,1999\n1,1A,0D\n" CHANNEL "50\n1\n1000,2\na\nb\nTEXT\n", "",
         "x.cfg:9:1: expected ASCII, BINARY, BINARY32 or FLOAT32, found 'TEXT'"},
        {"S,D,1999\n1,1A,0D\n" CHANNEL "50\n1\n1000,2\na\nb\nASCII\n1\n", "1,0,5\n",
         "x.dat:2:1: expected 2 samples, found 1"},
        {"S,D,1999\n1,1A,0D\n" CHANNEL "50\n1\n1000,2\na\nb\nASCII\n1\n", "1,0,5\n2,1,y\n",
         "x.dat:2:5: expected a number, found 'y'"},
        {"S,D,1999\n1,1A,0D\n" CHANNEL "50\n1\n1000,2\na\nb\nASCII\n1\n", "1,0,5\n2,1000\n",
         "x.dat:2:7: expected 3 values, found 2"},
        {"S,D,1999\n1,1A,0D\n" CHANNEL "50\n0\n0,2\na\nb\nASCII\n1\n", "1,7,5\n2,7,5\n",
         "x.dat:2: expected a time stamp after the one before"},
        {"S,D,1999\n1,1A,0D\n" CHANNEL "50\n0\n0,2\na\nb\nASCII\n1\n", "1,7,5\n2,900007,5\n",
         "x.dat: expected time stamps at most 2 ms apart"},
        {"S,D,1999\n1,1A,0D\n" CHANNEL "50\n1\n1000,2\na\nb\nBINARY\n1\n", "0123456789",
         "x.dat: byte 10: expected 2 samples, found the end"},
        {"S,D,1999\n1,1A,0D\n1,VA,A,,V,1,0,0,-1,1,1,1,P\n50\n1\n1000,90000000\na\nb\nBINARY\n", "",
         "x.dat: byte 0: expected 90000000 samples, found the end"},
        {"S,D,1999\n1,1A,0D\n1,VN,N,,V,1,0,0,-1,1,1,1,P\n50\n1\n1000,2\na\nb\nASCII\n", "",
         "x.cfg: expected channels of phase A, B or C in V or A, or channels=u1:i1:.."},
    };
    static const struct lab_file_options none;
    (void)state;
    for (size_t k = 0; k < sizeof table / sizeof table[0]; k++) {
        struct lab_source source;
        struct lab_error error;
        struct lab_bytes cfg = bytes_of("x.cfg", table[k][0], strlen(table[k][0]));
        struct lab_bytes dat = bytes_of("x.dat", table[k][1], strlen(table[k][1]));
        assert_int_equal(lab_comtrade_open(&source, cfg, dat, &none, &error), -1);
        assert_string_equal(error.text, table[k][2]);
    }
    spec_fails("nosuch.cfg", "--mains: nosuch.cfg: no such file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound_files),     cmocka_unit_test(test_channel_map),
        cmocka_unit_test(test_no_aliases),      cmocka_unit_test(test_dc_is_removed),
        cmocka_unit_test(test_last_window),     cmocka_unit_test(test_dip_over_recording),
        cmocka_unit_test(test_comtrade_files),  cmocka_unit_test(test_comtrade_32_bit),
        cmocka_unit_test(test_comtrade_rates),  cmocka_unit_test(test_comtrade_1991),
        cmocka_unit_test(test_comtrade_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
