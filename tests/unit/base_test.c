#include "check.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/rand.h"
#include "base/utf8.h"

static void an_error_is_wrapped_on_the_way_up(void **state)
{
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(oc_fail(&e, OC_E_INPUT, "expected '%c'", ':'), OC_E_INPUT);
	assert_int_equal(oc_wrap(&e, "line %d", 4), OC_E_INPUT);
	assert_string_equal(e.msg, "line 4: expected ':'");
}

static void a_long_error_is_cut_between_characters(void **state)
{
	struct oc_err e = { 0 };
	char text[2000] = "";

	(void)state;
	for (int i = 0; i < 600; i++) memcpy(text + 3 * i, "\xE2\x82\xAC", 4);
	oc_fail(&e, OC_E_SYS, "x%s", text);
	assert_true(oc_utf8_valid(oc_str(e.msg)));
	assert_true(strlen(e.msg) > 1000);
}

static void integers_keep_their_bounds(void **state)
{
	static const struct {
		const char *in;
		bool ok;
		int64_t want;
	} cases[] = {
		{ "0", true, 0 },
		{ "-5", true, -5 },
		{ "+7", true, 7 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9223372036854775808", false, 0 },
		{ "-9223372036854775808", true, INT64_MIN },
		{ "", false, 0 },
		{ "-", false, 0 },
		{ "1 ", false, 0 },
		{ "0x1", false, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t v = 0;
		assert_int_equal(oc_parse_int(oc_str(cases[i].in), INT64_MIN, INT64_MAX, &v),
				 cases[i].ok);
		assert_true(v == cases[i].want);
	}
	int64_t v = 3;
	assert_false(oc_parse_int(OC_LIT("11"), 0, 10, &v));
	assert_int_equal(v, 3);
}

static void a_buffer_refuses_what_exceeds_its_ceiling(void **state)
{
	struct oc_buf b;

	(void)state;
	oc_buf_init(&b, 4);
	oc_buf_adds(&b, "abc");
	oc_buf_adds(&b, "de");
	assert_true(b.bad);
	oc_buf_addc(&b, 'f'); /* sticky */
	assert_string_equal(oc_buf_cstr(&b), "abc");
	oc_buf_clear(&b);
	oc_buf_addf(&b, "%d", 12);
	oc_buf_drop(&b, 1);
	char *taken = oc_buf_take(&b);
	assert_string_equal(taken, "2");
	free(taken);
	oc_buf_deinit(&b);
}

static void ill_formed_utf8_becomes_replacement_characters(void **state)
{
	static const struct {
		const char *in, *want;
		size_t replaced;
	} cases[] = {
		{ "a\xC3\xA4z", "a\xC3\xA4z", 0 },
		{ "\xC3", "\xEF\xBF\xBD", 1 },
		{ "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD", 2 },
		{ "\xE2\x82z", "\xEF\xBF\xBDz", 1 },
		{ "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3 },
		{ "\xEF\xBF\xBD", "\xEF\xBF\xBD", 0 },
		{ "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 4 },
		{ "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80", 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_buf out;
		oc_buf_init(&out, 64);
		assert_int_equal(oc_utf8_clean(oc_str(cases[i].in), &out), cases[i].replaced);
		assert_string_equal(oc_buf_cstr(&out), cases[i].want);
		oc_buf_deinit(&out);
	}
}

static void a_cut_never_splits_a_character(void **state)
{
	(void)state;
	assert_int_equal(oc_utf8_floor("a\xE2\x82\xAC", 4), 4);
	assert_int_equal(oc_utf8_floor("a\xE2\x82\xAC", 3), 1);
	assert_int_equal(oc_utf8_floor("a\xE2\x82\xAC", 2), 1);
	assert_int_equal(oc_utf8_floor("abc", 3), 3);
}

static void lists_sort_and_join(void **state)
{
	struct oc_strv l = { 0 };

	(void)state;
	oc_strv_add(&l, OC_LIT("b"));
	oc_strv_add_once(&l, OC_LIT("b"));
	oc_strv_addf(&l, "%s", "a");
	oc_strv_sort(&l);
	char *s = oc_strv_join(&l, ", ");
	assert_string_equal(s, "a, b");
	free(s);
	oc_strv_deinit(&l);
}

static void letters_of_every_alphabet_have_a_lower_case(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "", "" },
		{ "ABC xyz 1%_", "abc xyz 1%_" },
		{ "GRÖSSE Straße ÉÀ", "grösse straße éà" },
		{ "ЖЁΣ", "жёσ" },
		{ "漢字 \xF0\x9F\x98\x80", "漢字 \xF0\x9F\x98\x80" },
		{ "A\xFFZ", "a\xEF\xBF\xBDz" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_buf out;

		oc_buf_init(&out, 1000);
		oc_utf8_lower(oc_str(cases[i].in), &out);
		assert_string_equal(oc_buf_cstr(&out), cases[i].want);
		oc_buf_deinit(&out);
	}
}

static void a_uuid_is_random_and_of_version_4(void **state)
{
	char a[OC_ID_CHARS + 1], b[OC_ID_CHARS + 1];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		oc_uuid(a);
		oc_uuid(b);
		assert_int_equal(strlen(a), OC_ID_CHARS);
		assert_int_equal(strspn(a, "0123456789abcdef-"), OC_ID_CHARS);
		assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
		assert_true(a[14] == '4' && strchr("89ab", a[19]));
		assert_string_not_equal(a, b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_is_wrapped_on_the_way_up),
		cmocka_unit_test(a_long_error_is_cut_between_characters),
		cmocka_unit_test(integers_keep_their_bounds),
		cmocka_unit_test(a_buffer_refuses_what_exceeds_its_ceiling),
		cmocka_unit_test(ill_formed_utf8_becomes_replacement_characters),
		cmocka_unit_test(letters_of_every_alphabet_have_a_lower_case),
		cmocka_unit_test(a_uuid_is_random_and_of_version_4),
		cmocka_unit_test(a_cut_never_splits_a_character),
		cmocka_unit_test(lists_sort_and_join),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
