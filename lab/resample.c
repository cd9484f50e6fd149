/** To the ADC rate: a windowed sinc from a table. */
#include <math.h>
#include <stdlib.h>

#include "wave.h"

#define RATE_HZ    8000.0
#define PI         3.141592653589793
#define CROSSINGS  32  /* zero crossings to each side */
#define STEPS      256 /* table entries between two crossings; straight lines between them */
#define TABLE_SIZE (CROSSINGS * STEPS + 2)
#define BETA       10.0 /* Kaiser: 100 dB */
#define CUTOFF     0.9  /* of the lower Nyquist frequency: half the transition band below it */

struct lab_kernel {
    float value[TABLE_SIZE];
};

static double bessel_i0(double x)
{
    double term = 1.0, sum = 1.0;
    for (int k = 1; k < 40 && term > 1e-12 * sum; k++) {
        term *= (x / (2.0 * k)) * (x / (2.0 * k));
        sum += term;
    }
    return sum;
}

struct lab_kernel *lab_kernel_new(void)
{
    struct lab_kernel *kernel = malloc(sizeof *kernel);
    double scale = 1.0 / bessel_i0(BETA);
    for (int k = 0; k < TABLE_SIZE && kernel != NULL; k++) {
        double x = (double)k / STEPS, edge = x / CROSSINGS;
        double window = edge < 1.0 ? bessel_i0(BETA * sqrt(1.0 - edge * edge)) * scale : 0.0;
        kernel->value[k] = (float)(k == 0 ? 1.0 : window * sin(PI * x) / (PI * x));
    }
    return kernel;
}

void lab_kernel_free(struct lab_kernel *kernel)
{
    free(kernel);
}

static double kernel_at(const struct lab_kernel *kernel, double x)
{
    double place = fabs(x) * STEPS;
    int k = (int)place;
    if (k >= TABLE_SIZE - 1) {
        return 0.0;
    }
    double low = (double)kernel->value[k], high = (double)kernel->value[k + 1];
    return low + (high - low) * (place - k);
}

/** One output value at a place between input samples; the sum of the weights is made one. */
static float value_at(const struct lab_kernel *kernel, const float *in, int64_t n, double place,
                      double stretch, bool wrap)
{
    int64_t first = (int64_t)ceil(place - CROSSINGS / stretch);
    int64_t last = (int64_t)floor(place + CROSSINGS / stretch);
    double sum = 0.0, weights = 0.0;
    for (int64_t k = first; k <= last; k++) {
        int64_t at = wrap ? ((k % n) + n) % n : k;
        if (at < 0 || at >= n) {
            continue;
        }
        double weight = kernel_at(kernel, ((double)k - place) * stretch);
        sum += weight * (double)in[at];
        weights += weight;
    }
    return (float)(fabs(weights) > 1e-6 ? sum / weights : 0.0);
}

size_t lab_wave_length(const struct wave_section *section, size_t n_sections)
{
    double seconds = 0.0;
    for (size_t k = 0; k < n_sections; k++) {
        seconds += (double)section[k].n / section[k].hz;
    }
    return (size_t)floor(seconds * RATE_HZ + 1e-6);
}

void lab_wave_resample(const struct lab_kernel *kernel, const float *in,
                       const struct wave_section *section, size_t n_sections, bool wrap, float *out)
{
    size_t total = lab_wave_length(section, n_sections), done = 0;
    double start_s = 0.0;
    for (size_t k = 0; k < n_sections; k++) {
        double hz = section[k].hz, end_s = start_s + (double)section[k].n / hz;
        double stretch = CUTOFF * (hz > RATE_HZ ? RATE_HZ / hz : 1.0);
        bool same = fabs(hz - RATE_HZ) < 1e-9 && start_s * RATE_HZ == floor(start_s * RATE_HZ);
        for (; done < total && ((double)done / RATE_HZ < end_s || k + 1 == n_sections); done++) {
            double place = ((double)done / RATE_HZ - start_s) * hz;
            size_t nearest = (size_t)floor(place + 0.5);
            out[done] = same && nearest < section[k].n
                            ? in[nearest]
                            : value_at(kernel, in, (int64_t)section[k].n, place, stretch, wrap);
        }
        in += section[k].n;
        start_s = end_s;
    }
}

void lab_wave_interpolate(const float *in, const double *time_s, size_t n, float *out, size_t n_out)
{
    size_t row = 0;
    for (size_t k = 0; k < n_out; k++) {
        double at_s = time_s[0] + (double)k / RATE_HZ;
        while (row + 2 < n && time_s[row + 1] <= at_s) {
            row++;
        }
        double share = n > 1 ? (at_s - time_s[row]) / (time_s[row + 1] - time_s[row]) : 0.0;
        share = share < 0.0 ? 0.0 : share > 1.0 ? 1.0 : share;
        double next = n > 1 ? (double)in[row + 1] : 0.0;
        out[k] = (float)((double)in[row] * (1.0 - share) + next * share);
    }
}
