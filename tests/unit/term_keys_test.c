/* Bytes of a terminal as keys: whole and at every split. */
#include "check.h"
#include "cli/chat/term_keys.h"

static void note(void *arg, const struct oc_term_press *p)
{
	static const char *const names[] = { "text",	    "enter",   "newline",   "escape",
					     "tab",	    "backtab", "backspace", "delete",
					     "delete-word", "left",    "right",	    "up",
					     "down",	    "home",    "end",	    "word-left",
					     "word-right",  "ctrl" };
	struct oc_buf *out = arg;

	if (out->n) oc_buf_addc(out, ' ');
	oc_buf_adds(out, names[p->key]);
	if (p->key == OC_TERM_TEXT) oc_buf_addf(out, ":%.*s", OC_FMT(p->text));
	if (p->key == OC_TERM_CTRL) oc_buf_addf(out, ":%c", p->letter);
}

static const struct {
	const char *bytes, *keys;
} cases[] = {
	{ "ab", "text:a text:b" },
	{ "äß€😀", "text:ä text:ß text:€ text:😀" },
	{ "\r", "enter" },
	{ "\n", "newline" },
	{ "\033\r", "newline" },
	{ "\t\033[Z", "tab backtab" },
	{ "\x7f\x08", "backspace backspace" },
	{ "\033\x7f", "delete-word" },
	{ "\x03\x04\x0c", "ctrl:c ctrl:d ctrl:l" },
	{ "\033[A\033[B\033[C\033[D", "up down right left" },
	{ "\033OA\033OH\033OF", "up home end" },
	{ "\033[1;5C\033[1;5D", "word-right word-left" },
	{ "\033[1~\033[4~\033[3~", "home end delete" },
	{ "\033[13;2u", "newline" },
	{ "\033[27;2;13~", "newline" },
	{ "\033[13u\033[27u\033[99;5u", "enter escape ctrl:c" },
	{ "\033\033[A", "escape up" },
	{ "\033xy", "escape text:x text:y" },
	{ "\033[200~one\rtwo\r\nthree\033[A\033[201~!", "text:one\ntwo\nthree\033[A text:!" },
	{ "\033[I\033[O", "" },
	{ "a\xff"
	  "b",
	  "text:a text:b" },
};

static void run(const char *bytes, size_t n, size_t cut, struct oc_buf *out)
{
	struct oc_term_keys k;

	oc_term_keys_init(&k, 1000);
	oc_term_keys_feed(&k, (struct oc_str){ bytes, cut }, note, out);
	oc_term_keys_feed(&k, (struct oc_str){ bytes + cut, n - cut }, note, out);
	oc_term_keys_deinit(&k);
}

static void every_split_gives_the_same_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].bytes);
		for (size_t cut = 0; cut <= n; cut++) {
			struct oc_buf out;
			oc_buf_init(&out, 4096);
			run(cases[i].bytes, n, cut, &out);
			assert_string_equal(oc_buf_cstr(&out), cases[i].keys);
			oc_buf_deinit(&out);
		}
	}
}

static void only_time_tells_a_lone_escape(void **state)
{
	struct oc_term_keys k;
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 4096);
	oc_term_keys_init(&k, 1000);
	oc_term_keys_feed(&k, OC_LIT("\033"), note, &out);
	assert_true(oc_term_keys_undecided(&k));
	assert_string_equal(oc_buf_cstr(&out), "");
	oc_term_keys_decide(&k, note, &out);
	assert_string_equal(oc_buf_cstr(&out), "escape");
	assert_false(oc_term_keys_undecided(&k));
	oc_term_keys_deinit(&k);
	oc_buf_deinit(&out);
}

static void an_endless_sequence_is_dropped(void **state)
{
	struct oc_term_keys k;
	struct oc_buf out;

	(void)state;
	oc_buf_init(&out, 4096);
	oc_term_keys_init(&k, 1000);
	oc_term_keys_feed(&k, OC_LIT("\033["), note, &out);
	for (int i = 0; i < 1000; i++) oc_term_keys_feed(&k, OC_LIT("1;"), note, &out);
	oc_term_keys_feed(&k, OC_LIT("A"), note, &out);
	assert_true(k.held.n < 200);
	oc_term_keys_deinit(&k);
	oc_buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_split_gives_the_same_keys),
		cmocka_unit_test(only_time_tells_a_lone_escape),
		cmocka_unit_test(an_endless_sequence_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
