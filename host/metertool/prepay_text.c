#include "prepay_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DECIMALS    9u
#define KWH_DIGITS  8u
#define UWH_PER_KWH INT64_C(1000000000)
#define OTHERS      077u

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool prepay_text_amount(const char *text, int64_t *uwh)
{
    int64_t number = 0;
    unsigned whole = 0, decimals = 0;
    for (; is_digit(*text); text++, whole++) {
        if (whole == KWH_DIGITS) {
            return false;
        }
        number = number * 10 + (*text - '0');
    }
    if (*text == '.') {
        for (text++; is_digit(*text) && decimals < DECIMALS; text++, decimals++) {
            number = number * 10 + (*text - '0');
        }
        whole = decimals > 0 ? whole : 0;
    }
    for (; decimals < DECIMALS; decimals++) {
        number *= 10;
    }
    *uwh = number;
    return whole > 0 && *text == '\0';
}

void prepay_text_kwh(int64_t uwh, char text[32])
{
    const int64_t magnitude = uwh < 0 ? -uwh : uwh;
    int n = snprintf(text, 32, "%s%lld.%09lld", uwh < 0 ? "-" : "",
                     (long long)(magnitude / UWH_PER_KWH), (long long)(magnitude % UWH_PER_KWH));
    while (n > 2 && text[n - 1] == '0' && text[n - 2] != '.') {
        text[--n] = '\0';
    }
}

/* Two digits. */
static bool pair(const char *text, unsigned least, unsigned most, uint8_t *out)
{
    if (!is_digit(text[0]) || !is_digit(text[1])) {
        return false;
    }
    *out = (uint8_t)((text[0] - '0') * 10 + (text[1] - '0'));
    return *out >= least && *out <= most;
}

bool prepay_text_day(const char *text, struct kmp_prepay_day *day)
{
    uint8_t century = 0, year = 0;
    const size_t n = strlen(text);
    *day = (struct kmp_prepay_day){0, 0, 0};
    if (n == 10) {
        if (!pair(text, 20, 20, &century) || !pair(text + 2, 0, 99, &year) || text[4] != '-') {
            return false;
        }
        day->year = (uint16_t)(century * 100u + year);
        text += 5;
    } else if (n != 5) {
        return false;
    }
    return pair(text, 1, 12, &day->month) && text[2] == '-' && pair(text + 3, 1, 31, &day->day);
}

static int hex_digit(char c)
{
    return is_digit(c)            ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool key_of_line(const char *line, uint8_t key[TOKEN_KEY_BYTES])
{
    for (unsigned i = 0; i < TOKEN_KEY_BYTES; i++) {
        const int high = hex_digit(line[2u * i]), low = high < 0 ? -1 : hex_digit(line[2u * i + 1]);
        if (low < 0) {
            return false;
        }
        key[i] = (uint8_t)(high * 16 + low);
    }
    const char end = line[2u * TOKEN_KEY_BYTES];
    return end == '\0' || end == '\n' || end == '\r';
}

bool prepay_text_key(const char *path, uint8_t key[TOKEN_KEY_BYTES], char error[160])
{
    char line[80] = "";
    struct stat about;
    FILE *file = fopen(path, "r");
    if (file == NULL || fstat(fileno(file), &about) != 0) {
        (void)snprintf(error, 160, "%.100s: %s", path, strerror(errno));
    } else if ((about.st_mode & OTHERS) != 0) {
        (void)snprintf(error, 160, "%.100s: others may read it (chmod 600)", path);
    } else if (fgets(line, sizeof line, file) == NULL || !key_of_line(line, key)) {
        (void)snprintf(error, 160, "%.100s:1: expected 32 hexadecimal digits", path);
    } else {
        error[0] = '\0';
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    crypto_wipe(line, sizeof line);
    return error[0] == '\0';
}

bool prepay_text_number(const char *text, uint32_t most, uint32_t *number)
{
    char *end;
    errno = 0;
    const unsigned long value = strtoul(text, &end, 10);
    *number = (uint32_t)value;
    return is_digit(text[0]) && *end == '\0' && errno == 0 && value <= most;
}
