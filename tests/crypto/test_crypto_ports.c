/* Both crypto ports against the published vectors, and against each other. */
#include "crypto_test.h"

#include "proto/common/crypto_modes.h"

/* ./test passes with this many random messages; OPEN382_LONG multiplies them. */
#define ROUNDS 1500u

struct gcm_vector {
    const char *key, *iv, *aad, *plain, *cipher, *tag;
};

#define KEY_A "FEFFE9928665731C6D6A8F9467308308"
#define IV_A  "CAFEBABEFACEDBADDECAF888"
#define AAD_A "FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2"
#define PLAIN_60                                                                                   \
    "D9313225F88406E5A55909C5AFF5269A86A7A9531534F7DA2E4C303D8A318A72"                             \
    "1C3C0C95956809532FCF0E2449A6B525B16AEDF5AA0DE657BA637B39"
#define CIPHER_60                                                                                  \
    "42831EC2217774244B7221B784D0D49CE3AA212F2C02A4E035C17E2329ACA12E"                             \
    "21D514B25466931C7D8F6A5AAC84AA051BA30B396A0AAC973D58E091"
#define ZERO_16 "00000000000000000000000000000000"
#define ZERO_12 "000000000000000000000000"

/* McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 1-4, 13, 14, 16. */
static const struct gcm_vector gcm_vectors[] = {
    {ZERO_16, ZERO_12, "", "", "", "58E2FCCEFA7E3061367F1D57A4E7455A"},
    {ZERO_16, ZERO_12, "", ZERO_16, "0388DACE60B6A392F328C2B971B2FE78",
     "AB6E47D42CEC13BDF53A67B21257BDDF"},
    {KEY_A, IV_A, "", PLAIN_60 "1AAFD255", CIPHER_60 "473F5985",
     "4D5C2AF327CD64A62CF35ABD2BA6FAB4"},
    {KEY_A, IV_A, AAD_A, PLAIN_60, CIPHER_60, "5BC94FBC3221A5DB94FAE95AE7121A47"},
    {ZERO_16 ZERO_16, ZERO_12, "", "", "", "530F8AFBC74536B9A963B4F1C4CB738B"},
    {ZERO_16 ZERO_16, ZERO_12, "", ZERO_16, "CEA7403D4D606B6E074EC5D3BAF39D18",
     "D0D1C8A799996BF0265B98B5D48AB919"},
    {KEY_A KEY_A, IV_A, AAD_A, PLAIN_60,
     "522DC1F099567D07F47F37A32A84427D643A8CDCBFE5C0C97598A2BD2555D1AA"
     "8CB08E48590DBB3DA7B08B1056828838C5F61E6393BA7A0ABCC9F662",
     "76FC6ECE0F4E1768CDDF8853BB2D551B"},
};

static void gcm_check(const struct crypto_port *p, const struct gcm_vector *v)
{
    struct crypto_key key = {{0}};
    uint8_t bytes[64], aad[32], raw[32], tag[16], wanted[16];
    const size_t n_key = unhex(v->key, raw), n_aad = unhex(v->aad, aad);
    const size_t n = unhex(v->plain, bytes);
    /* in two pieces, as protocols have it */
    const struct crypto_piece pieces[2] = {{aad, n_aad / 3u},
                                           {aad + n_aad / 3u, n_aad - n_aad / 3u}};
    struct crypto_gcm message = {.aad = pieces, .n_aad = 2};
    unhex(v->iv, message.iv);
    unhex(v->tag, wanted);
    assert_int_equal(p->key_set(p->context, &key, CRYPTO_GCM, raw, n_key), 0);
    assert_int_equal(p->gcm_seal(p->context, &key, &message, bytes, n, tag), 0);
    assert_hex(bytes, n, v->cipher);
    assert_hex(tag, 16, v->tag);
    /* every way round, also with a shorter tag, and any wrong bit leaves nothing */
    for (unsigned n_tag = 4; n_tag <= 16; n_tag += 4) {
        unhex(v->cipher, bytes);
        assert_int_equal(p->gcm_open(p->context, &key, &message, bytes, n, wanted, n_tag), 0);
        assert_hex(bytes, n, v->plain);
    }
    for (unsigned bit = 0; bit < 8u * 12u; bit++) {
        static const uint8_t zero[64] = {0};
        unhex(v->cipher, bytes);
        wanted[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        assert_true(p->gcm_open(p->context, &key, &message, bytes, n, wanted, 12) < 0);
        assert_memory_equal(bytes, zero, n);
        wanted[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
    }
    p->key_drop(p->context, &key);
    assert_true(p->gcm_seal(p->context, &key, &message, bytes, n, tag) < 0);
}

static void test_gcm(void **state)
{
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        for (size_t i = 0; i < sizeof gcm_vectors / sizeof gcm_vectors[0]; i++) {
            gcm_check(p, &gcm_vectors[i]);
        }
    }
}

static void block_check(const struct crypto_port *p, const char *raw_key, const char *plain,
                        const char *cipher)
{
    struct crypto_key key = {{0}};
    uint8_t raw[32], bytes[16];
    const size_t n_key = unhex(raw_key, raw);
    unhex(plain, bytes);
    assert_int_equal(p->key_set(p->context, &key, CRYPTO_ENCRYPT, raw, n_key), 0);
    assert_int_equal(p->blocks(p->context, &key, bytes, 1), 0);
    assert_hex(bytes, 16, cipher);
    assert_int_equal(p->key_set(p->context, &key, CRYPTO_DECRYPT, raw, n_key), 0);
    assert_int_equal(p->blocks(p->context, &key, bytes, 1), 0);
    assert_hex(bytes, 16, plain);
    p->key_drop(p->context, &key);
    assert_true(p->blocks(p->context, &key, bytes, 1) < 0);
}

/* FIPS 197, appendix C; keys of other lengths are refused. */
static void test_blocks(void **state)
{
    struct test_ports ports = {.next = 0};
    const uint8_t raw[24] = {0};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        struct crypto_key key = {{0}};
        block_check(p, "000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF",
                    "69C4E0D86A7B0430D8CDB78070B4C55A");
        block_check(p, "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
                    "00112233445566778899AABBCCDDEEFF", "8EA2B7CA516745BFEAFC49904B496089");
        assert_true(p->key_set(p->context, &key, CRYPTO_GCM, raw, sizeof raw) < 0);
        assert_true(p->key_set(p->context, &key, CRYPTO_ENCRYPT, raw, 0) < 0);
        p->key_drop(p->context, &key);
    }
}

#define KEY_NIST "2B7E151628AED2A6ABF7158809CF4F3C"
#define PLAIN_NIST                                                                                 \
    "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51"                             \
    "30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710"

/* NIST SP 800-38A, F.2.1, F.2.2, F.5.1. */
static void modes_check(const struct crypto_port *p)
{
    struct crypto_key key = {{0}};
    uint8_t raw[16], iv[16], bytes[64];
    unhex(KEY_NIST, raw);
    unhex("000102030405060708090A0B0C0D0E0F", iv);
    unhex(PLAIN_NIST, bytes);
    assert_int_equal(p->key_set(p->context, &key, CRYPTO_ENCRYPT, raw, 16), 0);
    assert_int_equal(crypto_cbc_encrypt(p, &key, iv, bytes, 64), 0);
    assert_hex(bytes, 64,
               "7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2"
               "73BED6B8E3C1743B7116E69E222295163FF1CAA1681FAC09120ECA307586E1A7");
    assert_true(crypto_cbc_encrypt(p, &key, iv, bytes, 17) < 0);
    unhex("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF", iv);
    unhex(PLAIN_NIST, bytes);
    /* in two runs: the counter goes on */
    assert_int_equal(crypto_ctr(p, &key, iv, bytes, 16), 0);
    assert_int_equal(crypto_ctr(p, &key, iv, bytes + 16, 48), 0);
    assert_hex(bytes, 64,
               "874D6191B620E3261BEF6864990DB6CE9806F66B7970FDFF8617187BB9FFFDFF"
               "5AE4DF3EDBD5D35E5B4F09020DB03EAB1E031DDA2FBE03D1792170A0F3009CEE");
    assert_int_equal(p->key_set(p->context, &key, CRYPTO_DECRYPT, raw, 16), 0);
    unhex("000102030405060708090A0B0C0D0E0F", iv);
    unhex("7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2"
          "73BED6B8E3C1743B7116E69E222295163FF1CAA1681FAC09120ECA307586E1A7",
          bytes);
    assert_int_equal(crypto_cbc_decrypt(p, &key, iv, bytes, 16), 0);
    assert_int_equal(crypto_cbc_decrypt(p, &key, iv, bytes + 16, 48), 0);
    assert_hex(bytes, 64, PLAIN_NIST);
    p->key_drop(p->context, &key);
}

/* RFC 4493, 4. */
static void cmac_check(const struct crypto_port *p, size_t n, const char *mac)
{
    struct crypto_key key = {{0}};
    uint8_t raw[16], bytes[64], out[16];
    unhex(KEY_NIST, raw);
    unhex(PLAIN_NIST, bytes);
    assert_int_equal(p->key_set(p->context, &key, CRYPTO_ENCRYPT, raw, 16), 0);
    for (size_t cut = 0; cut <= n; cut++) {
        const struct crypto_piece pieces[2] = {{bytes, cut}, {bytes + cut, n - cut}};
        assert_int_equal(crypto_cmac(p, &key, pieces, 2, out), 0);
        assert_hex(out, 16, mac);
    }
    p->key_drop(p->context, &key);
}

/* RFC 3394, 4.1, 4.3 and 4.6. */
static void wrap_check(const struct crypto_port *p, const char *kek_text, const char *plain,
                       const char *wrapped)
{
    uint8_t kek[32], bytes[32], out[40], back[32];
    const size_t n_kek = unhex(kek_text, kek), n = unhex(plain, bytes);
    assert_int_equal(crypto_key_wrap(p, kek, n_kek, bytes, n, out), 0);
    assert_hex(out, n + 8u, wrapped);
    assert_int_equal(crypto_key_unwrap(p, kek, n_kek, out, n + 8u, back), 0);
    assert_memory_equal(back, bytes, n);
    for (size_t i = 0; i < n + 8u; i++) {
        static const uint8_t zero[32] = {0};
        out[i] ^= 0x10u;
        assert_true(crypto_key_unwrap(p, kek, n_kek, out, n + 8u, back) < 0);
        assert_memory_equal(back, zero, n);
        out[i] ^= 0x10u;
    }
    assert_true(crypto_key_unwrap(p, kek, n_kek, out, 16, back) < 0);
    assert_true(crypto_key_unwrap(p, kek, n_kek, out, n + 7u, back) < 0);
    assert_true(crypto_key_wrap(p, kek, n_kek, bytes, 8, out) < 0);
    assert_true(crypto_key_wrap(p, kek, 15, bytes, n, out) < 0);
}

static void test_modes(void **state)
{
    struct test_ports ports = {.next = 0};
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        modes_check(p);
        cmac_check(p, 0, "BB1D6929E95937287FA37D129B756746");
        cmac_check(p, 16, "070A16B46B4D4144F79BDD9DD04A287C");
        cmac_check(p, 40, "DFA66747DE9AE63030CA32611497C827");
        cmac_check(p, 64, "51F0BEBF7E3B9D92FC49741779363CFE");
        wrap_check(p, "000102030405060708090A0B0C0D0E0F", "00112233445566778899AABBCCDDEEFF",
                   "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5");
        wrap_check(p, "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
                   "00112233445566778899AABBCCDDEEFF",
                   "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7");
        wrap_check(p, "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
                   "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
                   "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43B"
                   "FB988B9B7A02DD21");
    }
}

static void hash_check(const struct crypto_port *p, enum crypto_hash kind, const char *text,
                       const char *digest)
{
    uint8_t out[CRYPTO_DIGEST_MAX];
    const size_t n = strlen(text);
    for (size_t cut = 0; cut <= n; cut++) {
        const struct crypto_piece pieces[2] = {{text, cut}, {text + cut, n - cut}};
        assert_int_equal(p->hash(p->context, kind, pieces, 2, out), 0);
        assert_hex(out, crypto_digest_bytes(kind), digest);
    }
}

/* FIPS 180 and RFC 1321. */
static void test_hashes(void **state)
{
    struct test_ports ports = {.next = 0};
    uint8_t out[CRYPTO_DIGEST_MAX];
    (void)state;
    test_ports_fill(&ports);
    EACH_PORT(&ports, p)
    {
        hash_check(p, CRYPTO_SHA256, "",
                   "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
        hash_check(p, CRYPTO_SHA256, "abc",
                   "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD");
        hash_check(p, CRYPTO_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                   "248D6A61D20638B8E5C026930C3E6039A33CE45964FF2167F6ECEDD419DB06C1");
    }
    hash_check(ports.port, CRYPTO_MD5, "abc", "900150983CD24FB0D6963F7D28E17F72");
    hash_check(ports.port, CRYPTO_SHA1, "abc", "A9993E364706816ABA3E25717850C26C9CD0D89D");
    hash_check(ports.port, CRYPTO_SHA384, "abc",
               "CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED1631A8B605A43FF5BED"
               "8086072BA1E7CC2358BAECA134C825A7");
    assert_true(ports.port[1].hash(ports.port[1].context, CRYPTO_MD5, NULL, 0, out) < 0);
    assert_true(ports.port[0].hash(NULL, CRYPTO_HASHES, NULL, 0, out) < 0);
}

static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void draw_bytes(uint64_t *seed, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bytes[i] = (uint8_t)(draw(seed) >> 32);
    }
}

/* Any length of message and of what is authenticated besides: both ports make the same bytes. */
static void same_gcm(const struct test_ports *ports, uint64_t *seed)
{
    const struct crypto_port *a = &ports->port[0], *b = &ports->port[1];
    uint8_t raw[32], aad[80], one[200], two[200], tag_one[16], tag_two[16];
    struct crypto_key key_a = {{0}}, key_b = {{0}};
    const size_t n = draw(seed) % sizeof one, n_aad = draw(seed) % sizeof aad;
    const size_t n_key = draw(seed) % 2u == 0 ? 16u : 32u;
    const struct crypto_piece piece = {aad, n_aad};
    struct crypto_gcm message = {.aad = &piece, .n_aad = 1};
    draw_bytes(seed, raw, sizeof raw);
    draw_bytes(seed, aad, n_aad);
    draw_bytes(seed, one, n);
    draw_bytes(seed, message.iv, sizeof message.iv);
    memcpy(two, one, n);
    assert_int_equal(a->key_set(a->context, &key_a, CRYPTO_GCM, raw, n_key), 0);
    assert_int_equal(b->key_set(b->context, &key_b, CRYPTO_GCM, raw, n_key), 0);
    assert_int_equal(a->gcm_seal(a->context, &key_a, &message, one, n, tag_one), 0);
    assert_int_equal(b->gcm_seal(b->context, &key_b, &message, two, n, tag_two), 0);
    assert_memory_equal(one, two, n);
    assert_memory_equal(tag_one, tag_two, 16);
    /* each opens the other's */
    assert_int_equal(a->gcm_open(a->context, &key_a, &message, two, n, tag_two, 12), 0);
    assert_int_equal(b->gcm_open(b->context, &key_b, &message, one, n, tag_one, 12), 0);
    assert_memory_equal(one, two, n);
    a->key_drop(a->context, &key_a);
    b->key_drop(b->context, &key_b);
}

static void same_blocks(const struct test_ports *ports, uint64_t *seed)
{
    const struct crypto_port *a = &ports->port[0], *b = &ports->port[1];
    const enum crypto_use use = draw(seed) % 2u == 0 ? CRYPTO_ENCRYPT : CRYPTO_DECRYPT;
    uint8_t raw[32], one[7 * 16], two[sizeof one];
    struct crypto_key key_a = {{0}}, key_b = {{0}};
    const size_t n = draw(seed) % 8u, n_key = draw(seed) % 2u == 0 ? 16u : 32u;
    draw_bytes(seed, raw, sizeof raw);
    draw_bytes(seed, one, sizeof one);
    memcpy(two, one, sizeof two);
    assert_int_equal(a->key_set(a->context, &key_a, use, raw, n_key), 0);
    assert_int_equal(b->key_set(b->context, &key_b, use, raw, n_key), 0);
    assert_int_equal(a->blocks(a->context, &key_a, one, n), 0);
    assert_int_equal(b->blocks(b->context, &key_b, two, n), 0);
    assert_memory_equal(one, two, sizeof one);
    a->key_drop(a->context, &key_a);
    b->key_drop(b->context, &key_b);
}

static void test_ports_agree(void **state)
{
    const char *long_text = getenv("OPEN382_LONG");
    const unsigned rounds = ROUNDS * (long_text != NULL ? (unsigned)atoi(long_text) : 1u);
    struct test_ports ports = {.next = 0};
    uint64_t seed = 0x382;
    (void)state;
    test_ports_fill(&ports);
    for (unsigned i = 0; i < rounds; i++) {
        same_gcm(&ports, &seed);
        same_blocks(&ports, &seed);
    }
}

/* RFC 6979, A.2.5, and RFC 5903, 8.1. */
static void test_curves_vectors(void **state)
{
    struct crypto_port port;
    const struct crypto_piece sample = {"sample", 6};
    uint8_t public_key[64], signature[64], private_key[32], secret[32];
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    unhex("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
          "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
          public_key);
    unhex("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
          "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
          signature);
    assert_int_equal(
        port.curves->verify(port.context, CRYPTO_P256, public_key, &sample, 1, signature), 0);
    signature[40] ^= 1u;
    assert_true(port.curves->verify(port.context, CRYPTO_P256, public_key, &sample, 1, signature) <
                0);
    unhex("C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433", private_key);
    unhex("D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63"
          "56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB",
          public_key);
    assert_int_equal(port.curves->agree(port.context, CRYPTO_P256, private_key, public_key, secret),
                     0);
    assert_hex(secret, 32, "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE");
    /* a point beside the curve would tell the private key bit by bit */
    public_key[63] ^= 1u;
    assert_true(port.curves->agree(port.context, CRYPTO_P256, private_key, public_key, secret) < 0);
}

static void test_curves_round(void **state)
{
    struct crypto_port port;
    const struct crypto_piece pieces[2] = {{"four", 4}, {"teen", 4}}, other = {"fourteem", 8};
    (void)state;
    assert_int_equal(crypto_openssl(&port), 0);
    for (enum crypto_curve curve = CRYPTO_P256; curve < CRYPTO_CURVES; curve++) {
        const struct crypto_curves *c = port.curves;
        uint8_t mine[48], my_public[96], yours[48], your_public[96], one[48], two[48], sign[96];
        assert_int_equal(c->key_make(port.context, curve, mine, my_public), 0);
        assert_int_equal(c->key_make(port.context, curve, yours, your_public), 0);
        assert_int_equal(c->agree(port.context, curve, mine, your_public, one), 0);
        assert_int_equal(c->agree(port.context, curve, yours, my_public, two), 0);
        assert_memory_equal(one, two, crypto_scalar_bytes(curve));
        assert_int_equal(c->sign(port.context, curve, mine, pieces, 2, sign), 0);
        assert_int_equal(c->verify(port.context, curve, my_public, pieces, 2, sign), 0);
        assert_true(c->verify(port.context, curve, my_public, &other, 1, sign) < 0);
        assert_true(c->verify(port.context, curve, your_public, pieces, 2, sign) < 0);
    }
}

static void test_help(void **state)
{
    uint8_t bytes[5] = {1, 2, 3, 4, 5};
    struct test_ports ports = {.next = 0};
    uint8_t one[32], two[32];
    (void)state;
    assert_true(crypto_equal("abc", "abd", 2));
    assert_false(crypto_equal("abc", "abd", 3));
    assert_false(crypto_equal("bbc", "abc", 3));
    crypto_wipe(bytes, 4);
    assert_hex(bytes, 5, "0000000005");
    test_ports_fill(&ports);
    assert_int_equal(ports.port[0].random(NULL, one, 32), 0);
    assert_int_equal(ports.port[0].random(NULL, two, 32), 0);
    assert_memory_not_equal(one, two, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gcm),          cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_modes),        cmocka_unit_test(test_hashes),
        cmocka_unit_test(test_ports_agree),  cmocka_unit_test(test_curves_vectors),
        cmocka_unit_test(test_curves_round), cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
