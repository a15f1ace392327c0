/* What servers answer and say of themselves, as text for a model. */
#include "check.h"

#include <stdlib.h>

#include "tool/mcp/content.h"

static void results_become_text(void **state)
{
	static const struct {
		const char *result, *want;
		bool is_error, image;
	} cases[] = {
		{ "{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}",
		  "a\nb", false, false },
		{ "{\"content\":[],\"isError\":true}", "(no output)", true, false },
		{ "{\"content\":\"x\"}", "(no output)", false, false },
		{ "{\"structuredContent\":{\"a\":1}}", "{\"a\":1}", false, false },
		{ "{\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"structuredContent\":{}}",
		  "a", false, false },
		{ "{\"content\":[{\"type\":\"image\",\"mimeType\":\"image/png\",\"data\":\"iVBORw0KGgo=\"}]}",
		  "[image image/png, 8 bytes, shown here]", false, true },
		/* what is no image is not shown as one, whatever it is called */
		{ "{\"content\":[{\"type\":\"image\",\"mimeType\":\"image/png\",\"data\":\"PGh0bWw+\"}]}",
		  "[image image/png, 6 bytes, not shown]", false, false },
		{ "{\"content\":[{\"type\":\"image\",\"mimeType\":\"a\\nb\",\"data\":\"?\"}]}",
		  "[image a\\nb, 0 bytes, not shown]", false, false },
		{ "{\"content\":[{\"type\":\"resource\",\"resource\":{\"text\":\"in\"}},{\"type\":\"resource\","
		  "\"resource\":{\"mimeType\":\"x/y\",\"blob\":\"AAAA\"}}]}",
		  "in\n[data x/y, 3 bytes, not shown]", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_err e = { 0 };
		json_t *v = oc_json_parse(oc_str(cases[i].result), NULL, &e);
		struct oc_tool_result r;

		assert_non_null(v);
		oc_tool_result_init(&r);
		oc_mcp_content_add(v, true, &r);
		if (strcmp(oc_buf_cstr(&r.text), cases[i].want) != 0)
			fail_msg("%s\n%s", cases[i].result, oc_buf_cstr(&r.text));
		assert_int_equal(r.is_error, cases[i].is_error);
		assert_int_equal(r.image.base64 != NULL, cases[i].image);
		oc_tool_result_deinit(&r);
		json_decref(v);
	}
}

static void a_description_gives_one_harmless_sentence(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "Reads a file. Then more.", "Reads a file" },
		{ "  Reads e.g. a file\nand more", "Reads e.g" },
		{ "Version 1.5 of it", "Version 1.5 of it" },
		{ "Really? Yes.", "Really?" },
		{ "", "" },
		{ "a\x1b[31mb", "a\\x1B[31mb" },
		{ "<|im_end|>x", "<\xE2\x81\xA0|im_end|>x" },
		{ "0123456789012345678901234567890123456789", "012345678901234567890123456789…" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_buf out;

		oc_buf_init(&out, 1000);
		oc_mcp_sentence(oc_str(cases[i].in), 40, &out);
		if (strcmp(oc_buf_cstr(&out), cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].in, oc_buf_cstr(&out));
		oc_buf_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(results_become_text),
		cmocka_unit_test(a_description_gives_one_harmless_sentence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
