/* Secrets from a file: what is taken, what is refused in which words; no secret is told. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/lib/key_file.h"

#define KEY    "000102030405060708090a0b0c0d0e0f"
#define SECRET "hush" /* stands in every text that is refused */

static char path[] = "key_file_XXXXXX";

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_whole(void **state)
{
    struct key_file keys;
    char error[KEY_FILE_ERROR_MAX];
    (void)state;
    write_file("{\"guek\": \"" KEY "\", \"gak\": \"F00102030405060708090A0B0C0D0E0F\",\n"
               " \"gbek\": \"" KEY "\", \"kek\": \"" KEY "\", \"lls\": {\"18\": \"12345\", "
               "\"19\": \"abc\"}, \"hls\": {\"1\": \"12345678\"}}",
               0600);
    assert_int_equal(key_file_read(&keys, path, error), HOST_OK);
    assert_int_equal(keys.suite, 0);
    assert_int_equal(keys.n_key, 16);
    for (int i = 0; i < DLMS_KEY_IDS; i++) {
        assert_true(keys.has[i]);
        assert_int_equal(keys.key[i][15], 0x0F);
    }
    assert_int_equal(keys.key[DLMS_KEY_AUTHENTICATION][0], 0xF0);
    assert_int_equal(key_file_lls(&keys, 18)->n_bytes, 5);
    assert_memory_equal(key_file_lls(&keys, 19)->bytes, "abc", 3);
    assert_null(key_file_lls(&keys, 1));
    assert_int_equal(key_file_hls(&keys, 1)->n_bytes, 8);
    key_file_wipe(&keys);
    assert_int_equal(keys.key[0][15], 0);
}

/* Keys of radio meters by their numbers; a number may have letters, for makers that do so. */
static void test_radios(void **state)
{
    struct key_file keys;
    char error[KEY_FILE_ERROR_MAX];
    (void)state;
    write_file("{\"wmbus\": {\"32666857\": \"" KEY "\", \"0000000A\": \"" KEY "\"}}", 0600);
    assert_int_equal(key_file_read(&keys, path, error), HOST_OK);
    assert_int_equal(key_file_radio(&keys, 0x32666857)[15], 0x0F);
    assert_int_equal(key_file_radio(&keys, 0x0A)[1], 1);
    assert_null(key_file_radio(&keys, 0x32666858));
    key_file_wipe(&keys);
    assert_null(key_file_radio(&keys, 0x32666857));
}

/* Every member is optional. */
static void test_parts(void **state)
{
    struct key_file keys;
    char error[KEY_FILE_ERROR_MAX];
    (void)state;
    write_file("{}", 0400);
    assert_int_equal(key_file_read(&keys, path, error), HOST_OK);
    assert_int_equal(keys.n_key, 0);
    write_file("{\"gak\": \"" KEY KEY "\"}", 0600);
    assert_int_equal(key_file_read(&keys, path, error), HOST_OK);
    assert_int_equal(keys.suite, 2);
    assert_false(keys.has[DLMS_KEY_UNICAST]);
    write_file("{\"suite\": 1, \"gak\": \"" KEY "\", \"sign\": \"" KEY KEY
               "\", \"verify\": \"" KEY KEY KEY KEY "\"}",
               0600);
    assert_int_equal(key_file_read(&keys, path, error), HOST_OK);
    assert_int_equal(keys.suite, 1);
    assert_int_equal(keys.n_sign, 32);
    assert_int_equal(keys.n_verify, 64);
}

static void test_environment(void **state)
{
    struct key_file keys;
    char error[KEY_FILE_ERROR_MAX];
    (void)state;
    assert_int_equal(unsetenv(KEY_FILE_ENVIRONMENT), 0);
    assert_int_equal(key_file_read(&keys, NULL, error), HOST_OK);
    assert_int_equal(keys.n_key, 0);
    setenv(KEY_FILE_ENVIRONMENT, " {\"guek\": \"" KEY "\"}", 1);
    assert_int_equal(key_file_read(&keys, NULL, error), HOST_OK);
    assert_true(keys.has[DLMS_KEY_UNICAST]);
    /* a file that is named counts */
    write_file("{\"gak\": \"" KEY "\"}", 0600);
    assert_int_equal(key_file_read(&keys, path, error), HOST_OK);
    assert_false(keys.has[DLMS_KEY_UNICAST]);
    setenv(KEY_FILE_ENVIRONMENT, path, 1);
    assert_int_equal(key_file_read(&keys, NULL, error), HOST_OK);
    assert_true(keys.has[DLMS_KEY_AUTHENTICATION]);
    setenv(KEY_FILE_ENVIRONMENT, "{\"guek\": \"" SECRET "\"}", 1);
    assert_int_equal(key_file_read(&keys, NULL, error), HOST_ERR_PROTOCOL);
    assert_string_equal(error, "OPEN382_KEYS: \"guek\": expected 32 hexadecimal digits, or 64 for "
                               "suite 2");
    unsetenv(KEY_FILE_ENVIRONMENT);
}

/* Others could read it. */
static void test_mode(void **state)
{
    static const mode_t bad[] = {0640, 0604, 0660, 0644, 0610, 0777};
    struct key_file keys;
    char error[KEY_FILE_ERROR_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        write_file("{\"guek\": \"" KEY "\"}", bad[i]);
        assert_int_equal(key_file_read(&keys, path, error), HOST_ERR_OPEN);
        assert_non_null(strstr(error, "expected a file that only its owner can read (chmod 600)"));
        assert_non_null(strstr(error, path));
        assert_int_equal(keys.n_key, 0);
    }
    assert_int_equal(key_file_read(&keys, "no/such/file", error), HOST_ERR_OPEN);
    assert_string_equal(error, "no/such/file: No such file or directory");
    assert_int_equal(key_file_read(&keys, "/dev/null", error), HOST_ERR_OPEN);
    assert_string_equal(error, "/dev/null: expected a file");
}

static const struct {
    const char *text, *says;
} bad[] = {
    {"", "line 1: expected JSON"},
    {"[\"" SECRET "\"]", "line 1: expected JSON"},
    {"{\"guek\": \"" KEY "\",\n\"gak\": \"" KEY "\" " SECRET "}", "line 2: expected JSON"},
    {"{\"guek\": \"" KEY "\", \"guek\": \"" KEY "\"}", "expected JSON"},
    {"{\"guek\": \"" SECRET "\"}", "\"guek\": expected 32 hexadecimal digits"},
    {"{\"gak\": \"" KEY "0\"}", "\"gak\": expected 32 hexadecimal digits"},
    {"{\"kek\": \"g00102030405060708090a0b0c0d0e0f\"}", "\"kek\": expected 32 hexadecimal"},
    {"{\"gbek\": 5}", "\"gbek\": expected 32 hexadecimal digits"},
    {"{\"guek\": \"" KEY "\", \"gak\": \"" KEY KEY "\"}",
     "\"gak\": expected 32 hexadecimal digits as the keys before it"},
    {"{\"suite\": 2, \"guek\": \"" KEY "\"}", "\"suite\" 2: expected keys of 64 hexadecimal"},
    {"{\"suite\": 3}", "\"suite\": expected 0, 1 or 2"},
    {"{\"suite\": \"" SECRET "\"}", "\"suite\": expected 0, 1 or 2"},
    {"{\"wmbus\": \"" SECRET "\"}", "\"wmbus\": expected {\"NUMBER\": \"KEY\", ...}"},
    {"{\"wmbus\": {\"1234567\": \"" SECRET "\"}}",
     "\"wmbus\": expected a meter's number of eight digits, found \"1234567\""},
    {"{\"wmbus\": {\"12345678\": \"" SECRET "\"}}",
     "\"wmbus\", meter 12345678: expected 32 hexadecimal digits"},
    {"{\"Guek\": \"" SECRET "\"}", "\"Guek\": expected guek, gbek"},
    {"{\"lls\": \"" SECRET "\"}", "\"lls\": expected {\"CLIENT\": \"SECRET\""},
    {"{\"lls\": {\"x\": \"" SECRET "\"}}", "\"lls\": expected the number of a client"},
    {"{\"lls\": {\"70000\": \"" SECRET "\"}}", "\"lls\": expected the number of a client"},
    {"{\"lls\": {\"18\": \"\"}}", "\"lls\", client 18: expected a text of 1 to 64"},
    {"{\"hls\": {\"1\": 12345}}", "\"hls\", client 1: expected a text of 1 to 64"},
    {"{\"lls\": {\"1\":\"a\",\"2\":\"a\",\"3\":\"a\",\"4\":\"a\",\"5\":\"a\",\"6\":\"a\","
     "\"7\":\"a\",\"8\":\"a\",\"9\":\"" SECRET "\"}}",
     "\"lls\": expected at most 8 clients"},
    {"{\"sign\": \"" SECRET "\"}", "\"sign\": expected a key of P-256 in 64 hexadecimal"},
    {"{\"verify\": \"" KEY "\"}", "\"verify\": expected a key of P-256 in 128 hexadecimal"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        static const uint8_t zero[sizeof(struct key_file)] = {0};
        struct key_file keys;
        char error[KEY_FILE_ERROR_MAX];
        write_file(bad[i].text, 0600);
        assert_int_equal(key_file_read(&keys, path, error), HOST_ERR_PROTOCOL);
        assert_ptr_equal(strstr(error, path), error);
        if (strstr(error, bad[i].says) == NULL) {
            fail_msg("'%s', expected '%s'", error, bad[i].says);
        }
        assert_null(strstr(error, SECRET));
        assert_null(strstr(error, "0102030405"));
        assert_memory_equal(&keys, zero, sizeof keys);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole), cmocka_unit_test(test_radios),
        cmocka_unit_test(test_parts), cmocka_unit_test(test_environment),
        cmocka_unit_test(test_mode),  cmocka_unit_test(test_refused),
    };
    const int fd = mkstemp(path);
    if (fd < 0) {
        return 1;
    }
    close(fd);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
