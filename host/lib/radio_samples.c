#include "radio_samples.h"

#include <math.h>

#define SAMPLES_PER_CHIP (RADIO_SAMPLE_RATE / WMBUS_CHIP_RATE)
#define PAUSE_SAMPLES    6000u /* 5 ms */
#define DEVIATION_T1_HZ  50e3
#define DEVIATION_C1_HZ  45e3
#define MIDDLE           127.5
#define NOISE_LEVEL      1.5 /* of I and of Q, of 127 */
#define LOUDEST          110.0
#define TURN             6.28318530717958647692

static double unit(struct radio_samples *samples)
{
    samples->random ^= samples->random << 13;
    samples->random ^= samples->random >> 7;
    samples->random ^= samples->random << 17;
    return (double)(samples->random >> 11) * 0x1p-53;
}

/* Near enough to normal: the sum of four. */
static double noise(struct radio_samples *samples)
{
    double sum = -2.0;
    for (unsigned i = 0; i < 4u; i++) {
        sum += unit(samples);
    }
    return sum * 1.7320508075688772 * NOISE_LEVEL;
}

static uint8_t quantised(double value)
{
    const double shifted = floor(value + MIDDLE + 0.5);
    return (uint8_t)(shifted < 0.0 ? 0.0 : shifted > 255.0 ? 255.0 : shifted);
}

static bool put(struct radio_samples *samples, double amplitude, double frequency_hz,
                size_t n_samples)
{
    for (size_t i = 0; i < n_samples; i++) {
        samples->phase += frequency_hz / RADIO_SAMPLE_RATE;
        samples->phase -= floor(samples->phase);
        const double angle = TURN * samples->phase;
        const uint8_t pair[2] = {quantised(amplitude * cos(angle) + noise(samples)),
                                 quantised(amplitude * sin(angle) + noise(samples))};
        if (fwrite(pair, 1, sizeof pair, samples->file) != sizeof pair) {
            return false;
        }
    }
    samples->n_samples += n_samples;
    return true;
}

void radio_samples_init(struct radio_samples *samples, FILE *file)
{
    *samples = (struct radio_samples){.file = file, .random = 382};
}

bool radio_samples_write(struct radio_samples *samples, const struct radio_reception *reception,
                         double noise_dbm)
{
    const double deviation_hz = reception->mode == WMBUS_T1 ? DEVIATION_T1_HZ : DEVIATION_C1_HZ;
    const double level =
        NOISE_LEVEL * sqrt(2.0) * pow(10.0, (reception->rssi_dbm - noise_dbm) / 20);
    const double amplitude = level < LOUDEST ? level : LOUDEST;
    bool good = put(samples, 0.0, 0.0, PAUSE_SAMPLES);
    for (size_t i = RADIO_CHANNEL_MARGIN; good && i + RADIO_CHANNEL_MARGIN < reception->n_chips;
         i++) {
        const bool one = (wmbus_chip_of(reception->chips, i)) != 0;
        good = put(samples, amplitude, one ? deviation_hz : -deviation_hz, SAMPLES_PER_CHIP);
    }
    return good && put(samples, 0.0, 0.0, PAUSE_SAMPLES);
}
