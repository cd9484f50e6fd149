#include "rtc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/common/crc.h"
#include "proto/common/reader.h"
#include "proto/common/writer.h"

#define MARK       UINT32_C(0x43544352) /* "RCTC" in memory order */
#define SLOT_BYTES 256u
#define SLOTS      2u
#define SEED_MAX   UINT64_C(999999999999)
#define ROOM_C     23.0
#define BILLION    1e9

bool rtc_parse_crystal(const char *text, struct crystal *out, const char **expected)
{
    static const char seed_word[] = "seed=";
    char *end;
    *expected = "an error in ppm at 23 degrees (-200 to 200), seed=N, or ideal";
    memset(out, 0, sizeof *out);
    if (strcmp(text, "ideal") == 0) {
        return true;
    }
    if (strncmp(text, seed_word, sizeof seed_word - 1) == 0) {
        const char *digits = text + sizeof seed_word - 1;
        const unsigned long long seed = strtoull(digits, &end, 10);
        crystal_draw(out, seed);
        return *digits >= '0' && *digits <= '9' && *end == '\0' && seed <= SEED_MAX;
    }
    const double ppm = strtod(text, &end);
    crystal_make(out, ppm);
    return end != text && (*end == '\0' || strcmp(end, "ppm") == 0) && fabs(ppm) <= CRYSTAL_PPM_MAX;
}

/* ---- what it keeps ---- */

static void save(struct rtc *rtc)
{
    uint8_t bytes[SLOT_BYTES];
    struct writer w = writer_over(bytes, sizeof bytes);
    rtc->sequence++;
    writer_uint_le(&w, MARK, 4);
    writer_uint_le(&w, rtc->sequence, 4);
    writer_uint_le(&w, (uint64_t)rtc->world_us, 8);
    writer_uint_le(&w, (uint64_t)rtc->new_us, 8);
    writer_uint_le(&w, (uint64_t)rtc->ahead_us, 8);
    writer_uint_le(&w, (uint64_t)llround(rtc->backup_left * BILLION), 4);
    writer_uint_le(&w, (uint32_t)rtc->trim_ppb, 4);
    writer_u8(&w, rtc->lost ? 1u : 0u);
    writer_uint_le(&w, crc32_ieee(bytes, writer_length(&w)), 4);
    (void)eeprom_write(rtc->eeprom, EEPROM_CLOCK, rtc->sequence % SLOTS * SLOT_BYTES, bytes,
                       (uint32_t)writer_length(&w));
}

static bool load_slot(struct rtc *rtc, uint32_t slot)
{
    uint8_t bytes[SLOT_BYTES];
    (void)eeprom_read(rtc->eeprom, EEPROM_CLOCK, slot * SLOT_BYTES, bytes, sizeof bytes);
    struct reader r = reader_over(bytes, sizeof bytes);
    const bool ours = reader_uint_le(&r, 4) == MARK;
    struct rtc found = *rtc;
    found.sequence = (uint32_t)reader_uint_le(&r, 4);
    found.world_us = (int64_t)reader_uint_le(&r, 8);
    found.new_us = (int64_t)reader_uint_le(&r, 8);
    found.ahead_us = (int64_t)reader_uint_le(&r, 8);
    found.backup_left = (double)reader_uint_le(&r, 4) / BILLION;
    found.trim_ppb = (int32_t)reader_uint_le(&r, 4);
    found.lost = reader_u8(&r) != 0;
    const uint32_t check = crc32_ieee(bytes, sizeof bytes - reader_left(&r));
    if (!ours || reader_uint_le(&r, 4) != check || found.sequence <= rtc->sequence) {
        return false;
    }
    *rtc = found;
    return true;
}

/* ---- running ---- */

double rtc_error_ppm(const struct rtc *rtc)
{
    const double age_s = (double)(rtc->world_us - rtc->new_us) * 1e-6;
    return crystal_ppm(&rtc->option.crystal, rtc->temperature_c, age_s) + rtc->trim_ppb * 1e-3;
}

static void run(struct rtc *rtc, int64_t world_us)
{
    const double gained_us =
        (double)(world_us - rtc->world_us) * rtc_error_ppm(rtc) * 1e-6 + rtc->ahead_rest;
    const double whole_us = floor(gained_us);
    rtc->ahead_us += (int64_t)whole_us;
    rtc->ahead_rest = gained_us - whole_us;
}

static void back_up(struct rtc *rtc, double seconds)
{
    if (rtc->supplied) {
        const bool charged = rtc->option.backup == RTC_BACKUP_SUPERCAP;
        rtc->backup_left = fmin(1.0, rtc->backup_left + (charged ? seconds / RTC_CHARGE_S : 0.0));
        return;
    }
    rtc->backup_left -=
        rtc->option.hold_s > 0.0 ? seconds / rtc->option.hold_s : (double)(seconds > 0.0);
    if (rtc->backup_left < 0.0) {
        rtc->backup_left = 0.0;
        rtc->lost = true;
    }
}

void rtc_advance(struct rtc *rtc, int64_t world_us, double temperature_c)
{
    if (world_us > rtc->world_us) {
        run(rtc, world_us);
        back_up(rtc, (double)(world_us - rtc->world_us) * 1e-6);
        rtc->world_us = world_us;
        save(rtc);
    }
    rtc->temperature_c = temperature_c;
}

void rtc_start(struct rtc *rtc, struct eeprom *eeprom, const struct rtc_option *option,
               int64_t world_us)
{
    *rtc = (struct rtc){.eeprom = eeprom,
                        .option = *option,
                        .temperature_c = ROOM_C,
                        .world_us = world_us,
                        .new_us = world_us,
                        .backup_left = 1.0};
    bool known = load_slot(rtc, 0);
    known = load_slot(rtc, 1) || known;
    if (!known) {
        save(rtc);
    }
    rtc_advance(rtc, world_us, ROOM_C);
    rtc->world_us = world_us; /* a world that was turned back */
}

bool rtc_us(const struct rtc *rtc, int64_t *utc_us)
{
    *utc_us = rtc->world_us + rtc->ahead_us;
    return !rtc->lost;
}

void rtc_set(struct rtc *rtc, int64_t utc_us)
{
    rtc->ahead_us = utc_us - rtc->world_us;
    rtc->ahead_rest = 0.0;
    rtc->lost = false;
    save(rtc);
}

void rtc_trim(struct rtc *rtc, int32_t faster_ppb)
{
    rtc->trim_ppb = faster_ppb;
    save(rtc);
}

void rtc_backup_remove(struct rtc *rtc)
{
    rtc->option.backup = RTC_BACKUP_NONE;
    rtc->option.hold_s = 0.0;
    rtc->backup_left = 0.0;
    save(rtc);
}
