/* Firmware by image transfer: blocks in any order, the signature, the type of meter, the seal; a
 * wrong image changes nothing. */
#include "../app/legal_puppet.h"
#include "app/cosem/cosem_inside.h"
#include "app/firmware/firmware.h"
#include "cosem_client.h"
#include "ports/crypto/openssl/crypto_openssl.h"

#define IMAGE "0.0.44.0.0.255"

static struct cosem_client client;
static struct crypto_port port;
static struct board board;
static struct board_firmware firmware;
static uint8_t memory[8192], private_key[32], public_key[64];
static uint32_t activated;
static int board_answer;

static int fw_write(void *context, uint32_t address, const uint8_t *bytes, uint32_t n_bytes)
{
    (void)context;
    assert_true(address + n_bytes <= sizeof memory);
    memcpy(memory + address, bytes, n_bytes);
    return board_answer;
}

static int fw_activate(void *context, uint32_t n_bytes)
{
    (void)context;
    activated = board_answer == 0 ? n_bytes : activated;
    return board_answer;
}

static int setup(void **state)
{
    (void)state;
    toys_reset();
    assert_int_equal(crypto_openssl(&port), 0);
    assert_int_equal(port.curves->key_make(port.context, CRYPTO_P256, private_key, public_key), 0);
    board = toy_board;
    board.crypto = &port;
    firmware = (struct board_firmware){memory, sizeof memory, public_key, fw_write, fw_activate};
    board.firmware = &firmware;
    memset(memory, 0xFF, sizeof memory);
    activated = 0;
    board_answer = 0;
    return 0;
}

static struct meter *meter_of(const char *name)
{
    static struct meter meter;
    struct variant variant;
    assert_int_equal(variant_by_name(name, &variant), 0);
    assert_int_equal(meter_start(&meter, &board, &variant, 17882969, 0), METER_OK);
    puppet.supply = LEGAL_SUPPLY_ON;
    (void)meter_step(&meter, 0);
    client_open(&client, &meter, COSEM_CLIENT_MANAGEMENT);
    memcpy(client.session.title, "HEADEND1", 8);
    return &meter;
}

/* An image of 1000 octets of program, signed. */
static uint32_t image_make(uint8_t *image, uint8_t part, uint8_t kmp_type)
{
    struct writer w = writer_over(image, 2048);
    writer_text(&w, "O382FW");
    writer_uint_le(&w, 1, 2);
    writer_u8(&w, part);
    writer_u8(&w, kmp_type);
    writer_text(&w, "B2");
    image[11] = 2;
    writer_uint_le(&w, 38200102, 4);
    writer_uint_le(&w, 1000, 4);
    writer_uint_le(&w, 0, 4);
    for (unsigned i = 0; i < 1000; i++) {
        writer_u8(&w, (uint8_t)(i * 7u));
    }
    const struct crypto_piece piece = {image, writer_length(&w)};
    assert_int_equal(
        port.curves->sign(port.context, CRYPTO_P256, private_key, &piece, 1, image + piece.n_bytes),
        0);
    return (uint32_t)piece.n_bytes + 64u;
}

static enum dlms_result call(int8_t method, const struct writer *w)
{
    uint8_t none[8];
    struct writer out = writer_over(none, sizeof none);
    const struct dlms_object *object = client_find(&client, 18, IMAGE);
    assert_non_null(object);
    return client.model.action(client.model.context, &client.session, object, method,
                               reader_over(w->begin, writer_length(w)), &out);
}

static enum dlms_result initiate(uint32_t size)
{
    uint8_t bytes[64];
    struct writer w = writer_over(bytes, sizeof bytes);
    dlms_write_structure(&w, 2);
    dlms_write_octets(&w, "NEW", 3);
    dlms_write_u32(&w, size);
    return call(1, &w);
}

static enum dlms_result block(uint32_t n, const uint8_t *from, uint32_t n_bytes)
{
    uint8_t bytes[1100];
    struct writer w = writer_over(bytes, sizeof bytes);
    dlms_write_structure(&w, 2);
    dlms_write_u32(&w, n);
    dlms_write_octets(&w, from, n_bytes);
    return call(2, &w);
}

/* Blocks of 384, the last one first. */
static void send_all(const uint8_t *image, uint32_t n)
{
    assert_int_equal(initiate(n), 0);
    for (uint32_t b = (n + 383) / 384; b-- > 0;) {
        assert_int_equal(block(b, image + b * 384, n - b * 384 < 384 ? n - b * 384 : 384), 0);
    }
}

static struct event_log_entry newest(const struct meter *meter, enum event_log_name log)
{
    struct event_log_entry entry;
    assert_int_equal(event_log_seek(&meter->logs, meter->board, log, UINT32_MAX, false, &entry),
                     EVENT_LOG_OK);
    return entry;
}

static void test_whole_way(void **state)
{
    (void)state;
    uint8_t image[2048];
    struct meter *meter = meter_of("382M");
    const uint32_t n = image_make(image, FIRMWARE_APPLICATION, meter->variant.kmp_type[0]);
    assert_int_equal(n, 1088);
    client_expect(&client, 18, IMAGE, 2, "06 00000180");
    client_expect(&client, 18, IMAGE, 5, "03 01");
    client_expect(&client, 18, IMAGE, 6, "16 00");
    client_expect(&client, 18, IMAGE, 7, "01 00");
    assert_int_equal(client_call(&client, 18, IMAGE, 3, "0F 00"), DLMS_RESULT_OTHER);
    assert_int_equal(initiate(n), 0);
    client_expect(&client, 18, IMAGE, 3, "04 03 00");
    assert_int_equal(block(1, image + 384, 384), 0);
    client_expect(&client, 18, IMAGE, 3, "04 03 40");
    client_expect(&client, 18, IMAGE, 4, "06 00000000");
    assert_int_equal(block(0, image, 384), 0);
    assert_int_equal(block(0, image, 384), 0); /* again: a client that has not heard the answer */
    client_expect(&client, 18, IMAGE, 4, "06 00000002");
    assert_int_equal(client_call(&client, 18, IMAGE, 3, "0F 00"), DLMS_RESULT_OTHER);
    client_expect(&client, 18, IMAGE, 6, "16 01");
    assert_int_equal(block(2, image + 768, 384), DLMS_RESULT_OTHER); /* the last one is shorter */
    assert_int_equal(block(3, image, 384), DLMS_RESULT_OTHER);
    assert_int_equal(block(2, image + 768, 320), 0);
    assert_int_equal(client_call(&client, 18, IMAGE, 4, "0F 00"), DLMS_RESULT_OTHER);
    assert_int_equal(client_call(&client, 18, IMAGE, 3, "0F 00"), 0);
    client_expect(&client, 18, IMAGE, 6, "16 03");
    assert_int_equal(client_get(&client, 18, IMAGE, 7), 0);
    assert_int_equal(client.n_bytes, 2 + 2 + 5 + 5 + 2 + 64);
    assert_int_equal(block(0, image, 384), DLMS_RESULT_OTHER); /* it is closed now */
    assert_int_equal(activated, 0);
    assert_int_equal(client_call(&client, 18, IMAGE, 4, "0F 00"), 0);
    assert_int_equal(activated, n);
    assert_memory_equal(memory, image, n);
    client_expect(&client, 18, IMAGE, 6, "16 06");
    client_expect(&client, 7, "1.1.99.98.13.255", 2,
                  "01 01 02 05 09 0C 07E80614040E1E05FFFF8880 11 01 0A 02 4131 09 08 "
                  "48454144454E4431 11 01");
    client_expect(&client, 7, "1.1.99.98.14.255", 2, "01 00");
}

/* What is wrong with it is in the log; nothing is activated. */
static void expect_refused(struct meter *meter, const uint8_t *image, uint32_t n,
                           enum firmware_err why)
{
    send_all(image, n);
    assert_int_equal(client_call(&client, 18, IMAGE, 3, "0F 00"), DLMS_RESULT_OTHER);
    client_expect(&client, 18, IMAGE, 6, "16 04");
    client_expect(&client, 18, IMAGE, 7, "01 00");
    assert_int_equal(client_call(&client, 18, IMAGE, 4, "0F 00"), DLMS_RESULT_OTHER);
    assert_int_equal(activated, 0);
    assert_int_equal(newest(meter, EVENT_LOG_FIRMWARE_FAILED).code, -why);
    assert_int_equal(event_log_newest(&meter->logs, EVENT_LOG_FIRMWARE), 0);
}

/* Every single octet counts. */
static void test_wrong_images(void **state)
{
    (void)state;
    uint8_t image[2048];
    struct meter *meter = meter_of("382M");
    const uint8_t type = meter->variant.kmp_type[0];
    uint32_t n = image_make(image, FIRMWARE_APPLICATION, type);
    for (uint32_t i = 0; i < n; i += 37) {
        image[i] ^= 0x04;
        send_all(image, n);
        assert_int_equal(client_call(&client, 18, IMAGE, 3, "0F 00"), DLMS_RESULT_OTHER);
        image[i] ^= 0x04;
    }
    image[500] ^= 1;
    expect_refused(meter, image, n, FIRMWARE_ERR_SIGNATURE);
    image[500] ^= 1;
    expect_refused(meter, image, n - 1, FIRMWARE_ERR_FORM);
    n = image_make(image, FIRMWARE_APPLICATION, (uint8_t)(type + 1));
    expect_refused(meter, image, n, FIRMWARE_ERR_TYPE);
    n = image_make(image, FIRMWARE_LEGAL, type);
    expect_refused(meter, image, n, FIRMWARE_ERR_SEAL);
    n = image_make(image, FIRMWARE_BOTH, type);
    expect_refused(meter, image, n, FIRMWARE_ERR_SEAL);
    n = image_make(image, 4, type);
    expect_refused(meter, image, n, FIRMWARE_ERR_FORM);
    public_key[5] ^= 1; /* another maker */
    n = image_make(image, FIRMWARE_APPLICATION, type);
    expect_refused(meter, image, n, FIRMWARE_ERR_SIGNATURE);
}

/* Memory that changes between check and activation; a board that refuses. */
static void test_activation_checks_again(void **state)
{
    (void)state;
    uint8_t image[2048];
    struct meter *meter = meter_of("382M");
    const uint32_t n = image_make(image, FIRMWARE_APPLICATION, meter->variant.kmp_type[0]);
    send_all(image, n);
    assert_int_equal(client_call(&client, 18, IMAGE, 3, "0F 00"), 0);
    memory[100] ^= 1;
    assert_int_equal(client_call(&client, 18, IMAGE, 4, "0F 00"), DLMS_RESULT_HARDWARE_FAULT);
    client_expect(&client, 18, IMAGE, 6, "16 07");
    assert_int_equal(activated, 0);
    send_all(image, n);
    assert_int_equal(client_call(&client, 18, IMAGE, 3, "0F 00"), 0);
    board_answer = -1;
    assert_int_equal(client_call(&client, 18, IMAGE, 4, "0F 00"), DLMS_RESULT_HARDWARE_FAULT);
    assert_int_equal(activated, 0);
}

static void test_set_up(void **state)
{
    (void)state;
    uint8_t image[2048];
    struct meter *meter = meter_of("382M");
    const uint32_t n = image_make(image, FIRMWARE_APPLICATION, meter->variant.kmp_type[0]);
    assert_int_equal(client_set(&client, 18, IMAGE, 2, "06 0000001F"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 18, IMAGE, 2, "06 000003DA"), DLMS_RESULT_OTHER);
    assert_int_equal(client_set(&client, 18, IMAGE, 2, "12 0100"), DLMS_RESULT_TYPE);
    assert_int_equal(initiate(88), DLMS_RESULT_OTHER);
    assert_int_equal(initiate(sizeof memory + 1), DLMS_RESULT_OTHER);
    assert_int_equal(initiate(n), 0);
    assert_int_equal(block(0, image, 384), 0);
    assert_int_equal(client_set(&client, 18, IMAGE, 2, "06 00000100"), 0); /* begins anew */
    client_expect(&client, 18, IMAGE, 6, "16 00");
    assert_int_equal(initiate(n), 0);
    assert_int_equal(block(0, image, 256), 0);
    board_answer = -1;
    assert_int_equal(block(1, image + 256, 256), DLMS_RESULT_HARDWARE_FAULT);
    client_expect(&client, 18, IMAGE, 3, "04 05 80");
    board_answer = 0;
    assert_int_equal(client_set(&client, 18, IMAGE, 5, "03 00"), 0);
    assert_int_equal(block(1, image + 256, 256), DLMS_RESULT_OTHER);
    assert_int_equal(initiate(n), DLMS_RESULT_OTHER);
    client_open(&client, meter, COSEM_CLIENT_MODULE);
    assert_int_equal(client_get(&client, 18, IMAGE, 2), DLMS_RESULT_UNDEFINED);
    board.firmware = NULL; /* a board that takes none */
    client_open(&client, meter, COSEM_CLIENT_MANAGEMENT);
    assert_int_equal(client_get(&client, 18, IMAGE, 2), DLMS_RESULT_UNDEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_whole_way, setup),
        cmocka_unit_test_setup(test_wrong_images, setup),
        cmocka_unit_test_setup(test_activation_checks_again, setup),
        cmocka_unit_test_setup(test_set_up, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
