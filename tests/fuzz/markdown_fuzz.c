/* Whatever the bytes are: a tree whose text is valid UTF-8 and whose depth is bounded, HTML without
 * an element or attribute that the renderer does not write, and the same pieces however the text
 * arrives. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "markdown/html.h"
#include "markdown/plain.h"
#include "markdown/split.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
	if (!holds) abort();
}

static void expect_harmless(struct oc_str html)
{
	static const char *const never[] = { "<script",	 "<img",    "<style",
					     "<svg",	 "<iframe", "=\"javascript:",
					     "=\"data:", "\" on",   " style=" };

	expect(oc_utf8_valid(html));
	for (size_t at = 0; (at = oc_str_find(html, OC_LIT("<"), at)) != SIZE_MAX; at++) {
		struct oc_str tag = oc_str_from(html, at);

		tag = oc_str_head(tag, oc_str_find(tag, OC_LIT(">"), 0));
		for (size_t i = 0; i < sizeof never / sizeof *never; i++)
			expect(oc_str_ifind(tag, oc_str(never[i]), 0) == SIZE_MAX ||
			       oc_str_ifind(tag, OC_LIT("title="), 0) != SIZE_MAX);
	}
}

static void expect_same_pieces(struct oc_str s, size_t step)
{
	struct oc_md_cutter whole = { 0 }, grown = { 0 };
	struct oc_md_piece a, b;

	for (size_t have = 0; have < s.n; have += step)
		while (oc_md_cut(&grown, oc_str_head(s, have), false, &b)) {
			expect(oc_md_cut(&whole, s, true, &a));
			expect(a.from == b.from && a.to == b.to && a.before_to == b.before_to);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct oc_str s = { (const char *)bytes, n };
	struct oc_md_doc *doc = oc_md_parse(s);
	struct oc_buf out;

	oc_buf_init(&out, 1 << 26);
	oc_md_html(oc_md_root(doc), &out);
	expect(!out.bad);
	expect_harmless(oc_buf_view(&out));
	oc_buf_clear(&out);
	oc_md_plain(oc_md_root(doc), &out);
	expect(oc_utf8_valid(oc_buf_view(&out)));
	oc_md_free(doc);
	oc_buf_deinit(&out);
	expect_same_pieces(s, 1 + n / 7);
	return 0;
}
