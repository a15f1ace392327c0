/* Whatever Telegram sends is read or left; whatever a model writes becomes pieces that fit, with
 * nothing but Telegram's own tags. */
#include <stdlib.h>

#include "base/utf8.h"
#include "channel/rich_text.h"
#include "channel/telegram/telegram.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
	if (!holds) abort();
}

static void expect_known_tags(struct oc_str html)
{
	static const char *const known[] = { "b>",    "i>",	   "s>",
					     "code>", "pre>",	   "blockquote>",
					     "a>",    "a href=\"", "code class=\"language-" };

	for (size_t at = 0; (at = oc_str_find(html, OC_LIT("<"), at)) != SIZE_MAX; at++) {
		struct oc_str tag = oc_str_from(html, at + 1);
		bool ok = false;

		if (tag.n && tag.p[0] == '/') tag = oc_str_from(tag, 1);
		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			ok = ok || oc_str_starts(tag, oc_str(known[i]));
		expect(ok);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct oc_str s = { (const char *)bytes, n };
	struct oc_chunks l = { 0 };
	struct oc_tg_error why = { 0 };
	struct oc_tg_update u;
	json_t *v = oc_json_parse(s, NULL, NULL), *result = NULL;

	oc_tg_read_update(v, 99, "my_bot", &u);
	oc_tg_update_deinit(&u);
	json_decref(v);
	if (oc_tg_read_answer(200, s, &result, &why, NULL) == OC_OK) json_decref(result);
	oc_tg_error_deinit(&why);
	oc_tg_render_units(s, 400, &l);
	for (size_t i = 0; i < l.n; i++) {
		expect(oc_utf16_units(oc_str(l.v[i].plain)) <= 400);
		expect(oc_utf8_valid(oc_str(l.v[i].text)));
		expect_known_tags(oc_str(l.v[i].text));
	}
	oc_chunks_deinit(&l);
	return 0;
}
