/* Percent-encoded text and multipart bodies. */
#include "check.h"

#include "net/multipart.h"
#include "net/percent.h"

static void parameters_of_a_query_are_found(void **state)
{
	static const struct {
		const char *query, *name, *want; /* NULL: there is none, or it is broken */
	} rows[] = {
		{ "a=1&b=2", "b", "2" },
		{ "hub.mode=subscribe&hub.challenge=11%2058", "hub.challenge", "11 58" },
		{ "a=x+y%2Bz", "a", "x y+z" },
		{ "ab=1", "a", NULL },
		{ "a", "a", NULL },
		{ "a=", "a", "" },
		{ "", "a", NULL },
		{ "&&a=1", "a", "1" },
		{ "a=%zz", "a", NULL },
		{ "a=%00", "a", NULL },
		{ "a=%4", "a", NULL },
		{ "a=1&a=2", "a", "1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_buf out;

		oc_buf_init(&out, 256);
		bool ok = oc_query_value(oc_str(rows[i].query), oc_str(rows[i].name), &out);

		if (ok != (rows[i].want != NULL)) fail_msg("row %zu", i);
		if (ok) assert_string_equal(oc_buf_cstr(&out), rows[i].want);
		oc_buf_deinit(&out);
	}
}

static void a_name_cannot_leave_its_header(void **state)
{
	struct oc_multipart m;

	(void)state;
	oc_multipart_init(&m, 4096);
	oc_multipart_field(&m, "type", OC_LIT("a"));
	oc_multipart_file(&m, "file", "x\"\r\nEvil: 1\r\n\r\n.png", "image/png", OC_LIT("PNG"));
	assert_int_equal(oc_multipart_end(&m, NULL), OC_OK);
	struct oc_str body = oc_buf_view(&m.body);

	assert_false(oc_str_has(body, OC_LIT("\r\nEvil")));
	assert_true(oc_str_has(body, OC_LIT("name=\"type\"\r\n\r\na\r\n--")));
	assert_true(oc_str_has(body, OC_LIT("Content-Type: image/png\r\n\r\nPNG\r\n--")));
	assert_true(oc_str_ends(body, OC_LIT("--\r\n")));
	assert_true(oc_str_has(oc_str(m.content_type), oc_str(m.boundary)));
	oc_multipart_deinit(&m);
}

static void too_much_is_an_error(void **state)
{
	struct oc_multipart m;
	struct oc_err e = { 0 };

	(void)state;
	oc_multipart_init(&m, 64);
	oc_multipart_file(&m, "file", "x", "image/png", OC_LIT("0123456789"));
	assert_int_equal(oc_multipart_end(&m, &e), OC_E_LIMIT);
	oc_multipart_deinit(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_of_a_query_are_found),
		cmocka_unit_test(a_name_cannot_leave_its_header),
		cmocka_unit_test(too_much_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
