/* Any bytes as tokens, as telegrams about prepayment, and as its memory: what is read is in its
 * limits, and what is written is read again. */
#include <stdlib.h>
#include <string.h>

#include "app/prepay/prepay_store.h"
#include "proto/common/crc.h"
#include "proto/kmp/kmp_prepay.h"

#define PAGE  256u
#define BYTES ((PREPAY_STORE_FIRST_PAGE + 6u) * PAGE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int memory_read(void *context, uint32_t address, void *bytes, uint32_t n_bytes)
{
    memcpy(bytes, (uint8_t *)context + address, n_bytes);
    return 0;
}

static int memory_write(void *context, uint32_t address, const void *bytes, uint32_t n_bytes)
{
    memcpy((uint8_t *)context + address, bytes, n_bytes);
    return 0;
}

static void token(const char *text, size_t n)
{
    uint8_t bits[TOKEN_BYTES], again[TOKEN_BYTES];
    char digits[TOKEN_DIGITS + 1u];
    if (token_bits(text, n, bits) == TOKEN_OK) {
        token_text(bits, digits);
        if (token_bits(digits, TOKEN_DIGITS, again) != TOKEN_OK ||
            memcmp(bits, again, sizeof bits) != 0) {
            abort();
        }
    }
}

static void telegram(const uint8_t *data, size_t size)
{
    struct reader look = reader_over(data, size), reply = look, days = look;
    struct kmp_prepay p;
    struct kmp_prepay_reply re;
    struct kmp_prepay_days d;
    uint8_t bytes[KMP_BODY_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    (void)kmp_prepay_read(&look, &p);
    (void)kmp_prepay_reply_read(&reply, &re);
    if (kmp_prepay_days_read(&days, &d) == KMP_OK) {
        kmp_prepay_days_write(&w, &d);
        if (w.failed || writer_length(&w) != size || memcmp(bytes, data, size) != 0) {
            abort();
        }
    }
}

/* The check right behind a record of that many bytes: most inputs shall come past it. */
static void seal(uint8_t *page, const char *mark, size_t n)
{
    struct writer head = writer_over(page, 6), check = writer_over(page + n, 4);
    writer_text(&head, mark);
    writer_uint_le(&head, PREPAY_STORE_FORMAT, 2);
    writer_uint_le(&check, crc32_ieee(page, n), 4);
}

static void memory(const uint8_t *data, size_t size)
{
    static uint8_t bytes[BYTES];
    const struct board board = {
        .context = bytes, .app_memory_read = memory_read, .app_memory_write = memory_write};
    uint8_t *account = bytes + PREPAY_STORE_FIRST_PAGE * PAGE, *days = account + 4u * PAGE;
    struct prepay_kept kept;
    struct prepay_exceptions exceptions;
    memset(bytes, 0xFF, sizeof bytes);
    memcpy(account, data, size < 2u * PAGE ? size : 2u * PAGE);
    memcpy(days, data, size < 2u * PAGE ? size : 2u * PAGE);
    seal(account, "PPAY", 140u + 3u * (account[139] % 33u));
    seal(days, "PDAY", 11u + 2u * (days[10] % 101u));
    if (!prepay_store_load(&kept, &board) || kept.n_tokens > PREPAY_TOKENS ||
        kept.n_days > PREPAY_DAYS || !prepay_store_exceptions(&board, &exceptions) ||
        exceptions.n > PREPAY_EXCEPTIONS) {
        abort();
    }
    struct prepay_kept back = kept;
    if (kept.sequence < UINT32_MAX &&
        (!prepay_store_save(&back, &board) || !prepay_store_load(&back, &board) ||
         back.loaded_uwh != kept.loaded_uwh || back.n_tokens != kept.n_tokens)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    token((const char *)data, size);
    telegram(data, size);
    memory(data, size);
    return 0;
}
