/**
 * Recorded waveforms as a source: volts and amperes at the ADC rate, looped or ended.
 */
#ifndef OPEN382_LAB_WAVE_H
#define OPEN382_LAB_WAVE_H

#include "source.h"

#define WAVE_RATE_MIN_HZ 500.0
#define WAVE_RATE_MAX_HZ 10e6
/** All channels together, at the ADC rate and as recorded: 400 MB. */
#define WAVE_SAMPLES_MAX ((size_t)100000000)

/** A channel of the recording is one of these: quantity * 3 + phase. */
enum wave_channel {
    WAVE_U1 = 0,
    WAVE_I1 = 3,
    WAVE_CHANNELS = 6,
    WAVE_SKIP = -1,
};

struct lab_wave {
    float *channel[WAVE_CHANNELS]; /**< NULL: dead */
    size_t n;                      /**< samples at the ADC rate */
    bool loop;
    double frequency_hz; /**< measured on the first voltage */
};

/** A run of samples at one rate, as recorded. */
struct wave_section {
    double hz;
    size_t n;
};

/** u1:i1:-:u2 to channels; n_found out of at most n_max.  @return false: not understood. */
bool lab_wave_channels(const char *text, int *channel, size_t n_max, size_t *n_found);

/** Number of samples at the ADC rate that these sections make. */
size_t lab_wave_length(const struct wave_section *section, size_t n_sections);

/** The resampler's table, made once for all channels.  NULL: no memory. */
struct lab_kernel;
struct lab_kernel *lab_kernel_new(void);
void lab_kernel_free(struct lab_kernel *kernel);

/**
 * Band-limited to the ADC rate (windowed sinc, flat to 0.8 of the lower Nyquist frequency, 100 dB).
 * @param out  lab_wave_length samples
 * @param wrap the recording is a loop: the end sees the beginning (one section only)
 */
void lab_wave_resample(const struct lab_kernel *kernel, const float *in,
                       const struct wave_section *section, size_t n_sections, bool wrap,
                       float *out);

/** Straight lines between samples at any times (seconds, rising), from time[0] on. */
void lab_wave_interpolate(const float *in, const double *time_s, size_t n, float *out,
                          size_t n_out);

/** Make it a source; the wave (heap, channels too) belongs to it then. */
void lab_wave_source(struct lab_wave *wave, struct lab_source *source);
void lab_wave_free(void *wave);

/** WAV, FLAC, W64 and what else libsndfile reads. */
int lab_recording_open(struct lab_source *source, const char *path,
                       const struct lab_file_options *options, struct lab_error *error);

/** The side file of a recording (name.wav.map): key=value lines over the options. */
int lab_recording_map(struct lab_file_options *options, const char *name, const char *text,
                      size_t n_bytes, struct lab_error *error);

/** COMTRADE from memory: both files. */
struct lab_bytes {
    const char *name, *at;
    size_t n;
};
int lab_comtrade_open(struct lab_source *source, struct lab_bytes configuration,
                      struct lab_bytes data, const struct lab_file_options *options,
                      struct lab_error *error);

#endif
