/* Bodies of HTTP requests: the model is found where a parser finds it, replacing it changes nothing
 * else, and the readers of agent requests take whatever parses. */
#include <stdlib.h>

#include "gateway/http/api_ask.h"
#include "json/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
	if (!holds) abort();
}

static void replace(struct oc_str in, struct oc_span at, const json_t *doc)
{
	struct oc_buf out;

	oc_buf_init(&out, in.n + 64);
	oc_json_replace(in, at, OC_LIT("\"other\""), &out);
	json_t *after = oc_json_parse(oc_buf_view(&out), NULL, NULL);

	expect(after && oc_str_eq(oc_json_str(after, "model"), OC_LIT("other")));
	expect(json_object_size(after) == json_object_size(doc));
	json_decref(after);
	oc_buf_deinit(&out);
}

static void read_both(const json_t *doc)
{
	struct oc_api_ask ask;

	(void)!oc_chat_ask_read(doc, &ask, NULL);
	oc_api_ask_deinit(&ask);
	(void)!oc_responses_ask_read(doc, &ask, NULL);
	oc_api_ask_deinit(&ask);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const names[] = { "model" };
	struct oc_str in = { (const char *)bytes, n };
	struct oc_span at;
	enum oc_rc rc = oc_json_find_members(in, names, 1, &at, NULL);
	json_t *doc = oc_json_parse(in, NULL, NULL);

	if (rc == OC_OK) {
		expect(at.at + at.n <= in.n);
		/* The parser refuses more than bad syntax: numbers out of range, repeated keys of
		 * another kind. What both take must agree. */
		if (doc) expect((json_object_get(doc, "model") != NULL) == (at.n > 0));
		if (doc && at.n) replace(in, at, doc);
	}
	if (json_is_object(doc)) read_both(doc);
	json_decref(doc);
	return 0;
}
