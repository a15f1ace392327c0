/* What of a model's text reaches people, in every split. */
#include "check.h"

#include "agent/session/delivery.h"

static void take(void *arg, struct oc_str delta)
{
	oc_buf_add(arg, delta);
}

static const struct {
	const char *in, *shown;
} rows[] = {
	{ "Hello.", "Hello." },
	{ "", "" },
	{ " \n", " \n" },
	{ "NO_REPLY", "" },
	{ "  no_reply.\n", "" },
	{ "**NO_REPLY** NO_REPLY", "" },
	{ "_NO_REPLY_", "" },
	{ "NO_REPLY now", "NO_REPLY now" },
	{ "NO_REPL", "NO_REPL" },
	{ "No", "No" },
	{ "No.", "No." },
	{ "Nobody", "Nobody" },
	{ "N\xc3\xb6", "N\xc3\xb6" },
	{ "NO_REPLY 2", "NO_REPLY 2" },
	{ "<final>Done.</final>", "Done." },
	{ "\n<FINAL>Done.</FINAL>\n", "Done.\n" },
	{ "<final>NO_REPLY</final>", "" },
	{ "<final>a < b</final>", "a < b" },
	{ "<final>a </fin", "a </fin" },
	{ "<fin", "<fin" },
	{ "<finally>", "<finally>" },
	{ "Write <final> here </final>", "Write <final> here </final>" },
};

static void show(const char *in, size_t cut, bool each, struct oc_buf *out)
{
	struct oc_delivery_gate d;
	size_t n = strlen(in);

	oc_buf_init(out, 4096);
	oc_delivery_init(&d, take, out);
	for (size_t i = 0; each && i < n; i++) oc_delivery_feed(&d, (struct oc_str){ in + i, 1 });
	if (!each) oc_delivery_feed(&d, (struct oc_str){ in, cut });
	if (!each) oc_delivery_feed(&d, (struct oc_str){ in + cut, n - cut });
	oc_delivery_end(&d);
	oc_delivery_deinit(&d);
}

static void any_split_shows_the_same(void **state)
{
	struct oc_buf out;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t cut = 0; cut <= strlen(rows[i].in); cut++) {
			show(rows[i].in, cut, false, &out);
			if (strcmp(oc_buf_cstr(&out), rows[i].shown) != 0)
				fail_msg("\"%s\" cut at %zu: \"%s\"", rows[i].in, cut,
					 oc_buf_cstr(&out));
			oc_buf_deinit(&out);
		}
		show(rows[i].in, 0, true, &out);
		assert_string_equal(oc_buf_cstr(&out), rows[i].shown);
		oc_buf_deinit(&out);
	}
}

static void a_whole_text_is_cleaned_as_the_stream_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_buf text;

		oc_buf_init(&text, 4096);
		oc_buf_adds(&text, rows[i].in);
		oc_delivery_clean(&text);
		if (!oc_delivery_is_silence(oc_buf_view(&text)) &&
		    strcmp(oc_buf_cstr(&text), rows[i].shown) != 0)
			fail_msg("\"%s\": \"%s\"", rows[i].in, oc_buf_cstr(&text));
		oc_buf_deinit(&text);
	}
}

static void nothing_is_held_longer_than_needed(void **state)
{
	struct oc_delivery_gate d;
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 4096);
	oc_delivery_init(&d, take, &out);
	oc_delivery_feed(&d, OC_LIT("No"));
	assert_string_equal(oc_buf_cstr(&out), "");
	oc_delivery_feed(&d, OC_LIT(", thanks"));
	assert_string_equal(oc_buf_cstr(&out), "No, thanks");
	oc_delivery_feed(&d, OC_LIT(" <"));
	assert_string_equal(oc_buf_cstr(&out), "No, thanks <");
	oc_delivery_end(&d);
	oc_delivery_deinit(&d);
	oc_buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_split_shows_the_same),
		cmocka_unit_test(a_whole_text_is_cleaned_as_the_stream_is),
		cmocka_unit_test(nothing_is_held_longer_than_needed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
