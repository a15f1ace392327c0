/* Stored messages as clients see them: bookkeeping, the split before tool calls, cuts and sizes. */
#include "check.h"

#include <stdlib.h>

#include "gateway/view/history_message.h"

static json_t *read_json(const char *text)
{
	json_error_t why;
	json_t *v = json_loads(text, 0, &why);

	if (!v) fail_msg("%s: %s", text, why.text);
	return v;
}

static struct oc_stored_message message(const char *body)
{
	return (struct oc_stored_message){ .id = (char *)(uintptr_t) "m1",
					   .seq = 7,
					   .run = (char *)(uintptr_t) "R",
					   .body = read_json(body),
					   .created_ms = 99 };
}

static const struct {
	const char *name, *body, *want;
	size_t max_chars;
	unsigned flags;
	const char *key;
} cases[] = {
	{ "user", "{\"role\":\"user\",\"content\":\"hi\"}",
	  "[{\"role\":\"user\",\"content\":\"hi\",\"idempotencyKey\":\"R:user\",\"__openclaw\":B}]",
	  0, 0, "R:user" },
	{ "hidden from the model", "{\"role\":\"user\",\"content\":\"/help\"}",
	  "[{\"role\":\"user\",\"content\":\"/help\",\"excludeFromContext\":true,\"__openclaw\":B}]",
	  0, OC_MSG_HIDDEN_FROM_MODEL, NULL },
	{ "text before a call is an item of its own",
	  "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"T\"},{\"type\":\"toolCall\",\"id\":\"c\"}]}",
	  "[{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"T\"}],\"__openclaw\":B},"
	  "{\"role\":\"assistant\",\"content\":[{\"type\":\"toolCall\",\"id\":\"c\"}],\"__openclaw\":B}]",
	  0, 0, NULL },
	{ "a call without text stays one",
	  "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"t\"},{\"type\":\"toolCall\",\"id\":\"c\"}]}",
	  "[{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"t\"},{\"type\":\"toolCall\",\"id\":\"c\"}],"
	  "\"__openclaw\":B}]",
	  0, 0, NULL },
	{ "cut by characters, not bytes",
	  "{\"role\":\"user\",\"content\":\"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\"}",
	  "[{\"role\":\"user\",\"content\":\"\xc3\xa4\xc3\xb6\\n\xe2\x80\xa6 (cut; chat.message.get has all of it)\","
	  "\"__openclaw\":B}]",
	  2, 0, NULL },
	{ "not cut when it fits", "{\"role\":\"user\",\"content\":\"\xc3\xa4\xc3\xb6\"}",
	  "[{\"role\":\"user\",\"content\":\"\xc3\xa4\xc3\xb6\",\"__openclaw\":B}]", 2, 0, NULL },
};

static void items_are_as_history_shows_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_stored_message m = message(cases[i].body);
		json_t *list = json_array(), *item, *bookkeeping;
		size_t k;

		m.flags = cases[i].flags;
		m.idempotency_key = (char *)(uintptr_t)cases[i].key;
		oc_history_append(list, &m, cases[i].max_chars);
		json_array_foreach (list, k, item) {
			bookkeeping = json_object_get(item, "__openclaw");
			assert_string_equal(oc_json_cstr(bookkeeping, "id"), "m1");
			assert_string_equal(oc_json_cstr(bookkeeping, "runId"), "R");
			assert_int_equal(oc_json_int(bookkeeping, "seq", 0), 7);
			assert_int_equal(oc_json_int(bookkeeping, "recordTimestampMs", 0), 99);
			json_object_set_new(item, "__openclaw", json_string("B"));
		}
		char *got = json_dumps(list, JSON_COMPACT);
		struct oc_buf want;
		oc_buf_init(&want, 4096);
		for (const char *p = cases[i].want; *p; p++) {
			if (p[0] == ':' && p[1] == 'B') {
				oc_buf_adds(&want, ":\"B\"");
				p++;
			} else
				oc_buf_addc(&want, *p);
		}
		if (strcmp(got, oc_buf_cstr(&want)) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, got, oc_buf_cstr(&want));
		oc_buf_deinit(&want);
		free(got);
		json_decref(list);
		json_decref(m.body);
	}
}

static const struct {
	const char *body, *want;
	size_t max_chars;
	bool flat;
} texts[] = {
	{ "{\"content\":\"a  b\\n\\nc \"}", "a b c", 100, true },
	{ "{\"content\":\"a  b\"}", "a  b", 100, false },
	{ "{\"content\":\"abcdef\"}", "abc\xe2\x80\xa6", 3, true },
	{ "{\"content\":[{\"type\":\"thinking\",\"thinking\":\"no\"},{\"type\":\"text\",\"text\":\"x\"},"
	  "{\"type\":\"toolCall\"},{\"type\":\"text\",\"text\":\"y\"}]}",
	  "x\ny", 100, false },
	{ "{\"content\":[]}", "", 100, true },
	{ "{}", "", 100, false },
};

static void text_is_what_was_said_aloud(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		json_t *body = read_json(texts[i].body);
		char *got = oc_history_text(body, texts[i].max_chars, texts[i].flat);

		assert_string_equal(got, texts[i].want);
		free(got);
		json_decref(body);
	}
}

static void the_newest_items_fit(void **state)
{
	(void)state;
	for (size_t max = 0; max < 100; max++) {
		json_t *list =
		    json_pack("[{s:s},{s:s},{s:s}]", "a", "11111", "b", "22222", "c", "33333");
		size_t dropped = oc_history_fit(list, max);

		assert_int_equal(json_array_size(list), 3 - dropped);
		assert_true(json_array_size(list) >= 1);
		assert_non_null(json_object_get(json_array_get(list, 2 - dropped), "c"));
		if (json_array_size(list) > 1)
			assert_true(json_dumpb(list, NULL, 0, JSON_COMPACT) <= max);
		json_decref(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_are_as_history_shows_them),
		cmocka_unit_test(text_is_what_was_said_aloud),
		cmocka_unit_test(the_newest_items_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
