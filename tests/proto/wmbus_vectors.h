/**
 * Wireless M-Bus telegrams, from the air or made with an independent program, and their keys.
 */
#ifndef OPEN382_TEST_WMBUS_VECTORS_H
#define OPEN382_TEST_WMBUS_VECTORS_H

/* A radio meter of the 382/162 generation, deciphered copy (wmbusmeters simulations 2018), framed
 * in formats A and B and in T1; rtl_433 reads all three as 341 000 Wh. */
#define WMBUS_382                                                                                  \
    "1E442D2C077194150102"                                                                         \
    "7AB30010802F2F04833B083405002F2F2F2F2F"
#define WMBUS_382_A "1E442D2C077194150102E8037AB30010802F2F04833B083405002F2F33B02F2F2F2F2F25EE"
#define WMBUS_382_B "20442D2C0771941501027AB30010802F2F04833B083405002F2F2F2F2F2F2FA28D"
#define WMBUS_382_T1                                                                               \
    "543d37271c3b13b45934cd95c35958d58ecac58b4e68cb596356b163a93a959cb0b2e35ac2dc5995963a93a92cb8" \
    "d63a93a93a93a93a9399cb20"

/* Two of 27 telegrams of an OMNIPOWER from the air, with the key that was published with them
 * (J. B. Andersen et al. 2020). */
#define OMNIPOWER_KEY "9A25139E3244CC2E391A8EF6B915B697"
#define OMNIPOWER_COMPACT                                                                          \
    "27442D2C5768663230028D202E21870320D3A4F149B1B8F5783DF7434B8A66A55786499ABE7BAB59"
#define OMNIPOWER_LONG                                                                             \
    "2D442D2C5768663230028D206461DD032038931D14B405536E0250592F8B908138D58602ECA676FF79E0CAF0B14D"

/* OMS volume 2, annex N.2.1: a gas meter, mode 5, format A. */
#define OMS_KEY "0102030405060708090A0B0C0D0E0F11"
#define OMS_GAS_A                                                                                  \
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC9" \
    "55B29D6D69EBF3EC8A"

/* Made for an OMNIPOWER 14839120 with the values A+ 7.94 kWh, A- 0.02 kWh, P+ 1000 W, P- 0; all
 * were read by an independent decoder. */
#define MADE_KEY     "000102030405060708090A0B0C0D0E0F"
#define MADE_RECORDS "04041A03000004843C02000000042BE803000004AB3C00000000"
#define MADE_PLAIN   "28442D2C2091831430027A01000000" MADE_RECORDS
#define MADE_MODE_5                                                                                \
    "2E442D2C2091831430027A2A0020254541ECF5BF63FCF6B1183C23261E7060BBD1D9BE020D89C8D0D9AF3DB18B3A" \
    "70"
#define MADE_MODE_5_A                                                                              \
    "2E442D2C209183143002E8C77A2A0020254541ECF5BF63FCF6B1183C643623261E7060BBD1D9BE020D89C8D0D9AF" \
    "45083DB18B3A703D46"
#define MADE_MODE_5_B                                                                              \
    "30442D2C2091831430027A2A0020254541ECF5BF63FCF6B1183C23261E7060BBD1D9BE020D89C8D0D9AF3DB18B3A" \
    "70A990"
#define MADE_MODE_5_ELL                                                                            \
    "31442D2C2091831430028C202A7A2A0020254541ECF5BF63FCF6B1183C23261E7060BBD1D9BE020D89C8D0D9AF3D" \
    "B18B3A70"
#define MADE_MODE_5_LONG                                                                           \
    "36442D2C20918314300272209183142D2C30022A0020254541ECF5BF63FCF6B1183C23261E7060BBD1D9BE020D89" \
    "C8D0D9AF3DB18B3A70"
#define MADE_MODE_7                                                                                \
    "43442D2C2091831430028C202A900F002C25490A000063209CA4E55C2D467A2A002027101A0864CFF8EFC90F8E64" \
    "B95FEA50CC1C6DF6A963FDC3184B8C036B7512AF7EB2"
#define MADE_CTR_LONG                                                                              \
    "2D442D2C2091831430028D202A61DD0320225FFE11C244036B35F8C386348D53DD337BBC2808F81C5BD6660806DE"
#define MADE_CTR_COMPACT                                                                           \
    "27442D2C2091831430028D202B61DD03207A47FF064A22167136FC47B8368D53353450542B08F818"

#endif
