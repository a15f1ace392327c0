/* Signatures against the vectors of RFC 8032 section 7.1, and base64url. */
#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "net/base64.h"
#include "net/ed25519.h"

static size_t unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char pair[3] = { hex[2 * i], hex[2 * i + 1], 0 };
		out[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

static const struct {
	const char *secret, *public_key, *message, *signature;
} vectors[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e3970"
	  "1cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613"
	  "d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760"
	  "984dc6594a7c15e9716ed28dc027beceea1ec40a" },
};

static void the_vectors_of_the_rfc_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		uint8_t secret[32], public_key[32], made[32], message[8], signature[64],
		    signed_[64];
		unhex(vectors[i].secret, secret);
		unhex(vectors[i].public_key, public_key);
		unhex(vectors[i].signature, signature);
		struct oc_str m = { (char *)message, unhex(vectors[i].message, message) };

		oc_ed25519_public_key(secret, made);
		assert_memory_equal(made, public_key, 32);
		oc_ed25519_sign(secret, m, signed_);
		assert_memory_equal(signed_, signature, 64);
		assert_true(oc_ed25519_verify(public_key, m, signature));
	}
}

static void a_changed_bit_anywhere_is_noticed(void **state)
{
	uint8_t public_key[32], message[8], signature[64];

	(void)state;
	unhex(vectors[2].public_key, public_key);
	unhex(vectors[2].signature, signature);
	struct oc_str m = { (char *)message, unhex(vectors[2].message, message) };
	for (unsigned bit = 0; bit < 8 * 64; bit++) {
		signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(oc_ed25519_verify(public_key, m, signature));
		signature[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	message[0] ^= 1;
	assert_false(oc_ed25519_verify(public_key, m, signature));
	message[0] ^= 1;
	public_key[5] ^= 4;
	assert_false(oc_ed25519_verify(public_key, m, signature));
}

static void secrets_are_equal_only_as_a_whole(void **state)
{
	(void)state;
	assert_true(oc_secret_equal(OC_LIT("token"), OC_LIT("token")));
	assert_true(oc_secret_equal((struct oc_str){ 0 }, OC_LIT("")));
	assert_false(oc_secret_equal(OC_LIT("token"), OC_LIT("toker")));
	assert_false(oc_secret_equal(OC_LIT("token"), OC_LIT("token ")));
	assert_false(oc_secret_equal(OC_LIT("token"), OC_LIT("")));
}

static void base64url_is_read_back_as_written(void **state)
{
	unsigned char bytes[256];
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 256);
	for (unsigned i = 0; i < 256; i++) bytes[i] = (unsigned char)(255 - i);
	for (size_t n = 0; n <= 256; n++) {
		struct oc_str in = { (char *)bytes, n };
		char *text = oc_base64url_encode(in);
		oc_buf_clear(&out);
		assert_int_equal(strlen(text), (n * 4 + 2) / 3);
		assert_true(oc_base64url_decode(oc_str(text), &out));
		assert_int_equal(out.n, n);
		if (n) assert_memory_equal(out.p, bytes, n);
		free(text);
	}
	oc_buf_deinit(&out);
}

static void what_is_not_strictly_base64url_is_refused(void **state)
{
	static const char *const cases[] = { "A",    "AA==",  "AA=",	 "A+AA",
					     "A/AA", "AAAAA", "AA AA",	 "AB", /* stray bits */
					     "AAB",  "AA\n",  "\xC3\xA4" };
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 4);
	oc_buf_adds(&out, "x");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_false(oc_base64url_decode(oc_str(cases[i]), &out));
		assert_string_equal(oc_buf_cstr(&out), "x");
	}
	assert_false(oc_base64url_decode((struct oc_str){ "AA\0A", 4 }, &out));
	assert_false(oc_base64url_decode(OC_LIT("AAAAAA"), &out)); /* no room */
	oc_buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_of_the_rfc_hold),
		cmocka_unit_test(a_changed_bit_anywhere_is_noticed),
		cmocka_unit_test(secrets_are_equal_only_as_a_whole),
		cmocka_unit_test(base64url_is_read_back_as_written),
		cmocka_unit_test(what_is_not_strictly_base64url_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
