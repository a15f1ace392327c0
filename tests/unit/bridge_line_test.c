/* Lines of a bridge, in any split, and what is understood of them. */
#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "channel/bridge/line.h"

static void take(void *arg, struct oc_str line)
{
	oc_buf_addf(arg, "<%.*s>", OC_FMT(line));
}

static void lines_are_the_same_in_every_split(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "{}\n", "<{}>" },	 { "a\nb\n", "<a><b>" }, { "a\r\nb\r\n", "<a><b>" },
		{ "\n \n\na\n", "<a>" }, { "no end", "" },	 { "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t n = strlen(rows[i].in);

		for (size_t cut = 0; cut <= n; cut++) {
			struct oc_bridge_lines l;
			struct oc_buf out;

			oc_buf_init(&out, 4096);
			oc_bridge_lines_init(&l);
			assert_int_equal(oc_bridge_lines_feed(
					     &l, (struct oc_str){ rows[i].in, cut }, take, &out),
					 OC_OK);
			for (size_t k = cut; k < n; k++)
				assert_int_equal(
				    oc_bridge_lines_feed(&l, (struct oc_str){ rows[i].in + k, 1 },
							 take, &out),
				    OC_OK);
			assert_string_equal(oc_buf_cstr(&out), rows[i].want);
			oc_bridge_lines_deinit(&l);
			oc_buf_deinit(&out);
		}
	}
}

static void an_endless_line_is_an_error(void **state)
{
	struct oc_bridge_lines l;
	struct oc_buf out;
	char *x = oc_alloc(OC_MAX_BRIDGE_LINE_BYTES + 2);

	(void)state;
	memset(x, 'x', OC_MAX_BRIDGE_LINE_BYTES + 1);
	oc_buf_init(&out, 64);
	oc_bridge_lines_init(&l);
	assert_int_equal(
	    oc_bridge_lines_feed(&l, (struct oc_str){ x, OC_MAX_BRIDGE_LINE_BYTES }, take, &out),
	    OC_OK);
	assert_int_equal(oc_bridge_lines_feed(&l, (struct oc_str){ x, 1 }, take, &out), OC_E_LIMIT);
	oc_bridge_lines_deinit(&l);
	oc_buf_deinit(&out);
	free(x);
}

static void words_are_understood(void **state)
{
	static const struct {
		const char *in;
		enum oc_rc rc;
		const char *says;
	} rows[] = {
		{ "{\"type\":\"inbound\",\"id\":\"1\",\"chat\":\"c\",\"sender\":{\"id\":\"u\"}}",
		  OC_OK, NULL },
		{ "{\"type\":\"inbound\",\"id\":1,\"chat\":\"c\",\"sender\":{\"id\":\"u\"}}",
		  OC_E_PROTO, "as strings" },
		{ "{\"type\":\"inbound\",\"id\":\"1\",\"chat\":\"c\"}", OC_E_PROTO, "sender.id" },
		{ "{\"type\":\"inbound\",\"id\":\"a\\nb\",\"chat\":\"c\",\"sender\":{\"id\":\"u\"}}",
		  OC_E_PROTO, "id" },
		{ "{\"type\":\"result\",\"id\":3,\"ok\":true,\"messageId\":\"m\"}", OC_OK, NULL },
		{ "{\"type\":\"result\",\"ok\":true}", OC_E_PROTO, "id of its send" },
		{ "{\"type\":\"result\",\"id\":-1}", OC_E_PROTO, "id of its send" },
		{ "{\"type\":\"status\",\"state\":\"running\"}", OC_OK, NULL },
		{ "{\"type\":\"status\"}", OC_E_PROTO, "state" },
		{ "{\"type\":\"receipt\",\"messageId\":\"m\",\"status\":\"failed\"}", OC_OK, NULL },
		{ "{\"type\":\"receipt\"}", OC_E_PROTO, "messageId" },
		{ "{\"type\":\"dance\"}", OC_E_PROTO, "type must be" },
		{ "{}", OC_E_PROTO, "type must be" },
		{ "[]", OC_E_PROTO, "no JSON object" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *v = oc_json_parse(oc_str(rows[i].in), NULL, NULL);
		struct oc_bridge_said said;
		struct oc_err e = { 0 };

		assert_int_equal(oc_bridge_read(v, &said, &e), rows[i].rc);
		if (rows[i].says) assert_non_null(strstr(e.msg, rows[i].says));
		json_decref(v);
	}
}

static void a_message_comes_with_everything(void **state)
{
	static const char line[] =
	    "{\"type\":\"inbound\",\"id\":\"e1\",\"chat\":\"room\",\"group\":true,\"title\":\"Team\","
	    "\"thread\":\"t\",\"messageId\":\"m1\",\"sender\":{\"id\":\"u\",\"name\":\"Ada\","
	    "\"username\":\"ada\"},\"text\":\"hi\",\"mentioned\":true,\"at\":1700000000000,"
	    "\"replyTo\":{\"sender\":\"Bo\",\"text\":\"before\",\"mine\":true},\"media\":[{\"path\":"
	    "\"/tmp/a.png\",\"mime\":\"image/png\",\"kind\":\"image\"},{\"path\":\"relative\"},{}]}";
	json_t *v = oc_json_parse(oc_str(line), NULL, NULL);
	struct oc_bridge_said said;

	(void)state;
	assert_int_equal(oc_bridge_read(v, &said, NULL), OC_OK);
	assert_int_equal(said.word, OC_BRIDGE_INBOUND);
	assert_int_equal(said.in.chat_type, OC_CHAT_GROUP);
	assert_string_equal(said.in.native_id, "m1");
	assert_string_equal(said.in.reply_excerpt, "before");
	assert_true(said.in.mentions_bot && said.in.is_reply_to_bot);
	assert_int_equal(said.in.n_media, 1);
	assert_string_equal(said.in.media[0].ref, "/tmp/a.png");
	json_decref(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_the_same_in_every_split),
		cmocka_unit_test(an_endless_line_is_an_error),
		cmocka_unit_test(words_are_understood),
		cmocka_unit_test(a_message_comes_with_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
