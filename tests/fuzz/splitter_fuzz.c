/* The splitter on arbitrary text: pieces of any size must give what the whole gives. */
#include <stdlib.h>

#include "model/codec/splitter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void split(struct oc_str in, size_t step, int options, const struct oc_strv *tools,
		  struct oc_reply *r)
{
	struct oc_splitter_options opt = { options & 1, options & 2, options & 4, tools };
	struct oc_splitter_out out = { .reply = r };
	struct oc_splitter s;

	oc_reply_init(r);
	oc_splitter_init(&s, &opt, &out);
	for (size_t at = 0; at < in.n; at += step)
		oc_splitter_feed(&s, oc_str_head(oc_str_from(in, at), step));
	oc_splitter_finish(&s);
	oc_text_blocks_resolve(&s.blocks, r, tools, true);
	oc_splitter_deinit(&s);
}

static bool same(const struct oc_buf *a, const struct oc_buf *b)
{
	return oc_str_eq(oc_buf_view(a), oc_buf_view(b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct oc_strv tools = { 0 };
	struct oc_reply whole, pieces;

	if (size < 3) return 0;
	struct oc_str in = { (const char *)data + 2, size - 2 };

	oc_strv_add(&tools, OC_LIT("read"));
	split(in, in.n, data[0], &tools, &whole);
	split(in, 1 + data[1] % 32, data[0], &tools, &pieces);
	if (!same(&whole.text, &pieces.text) || !same(&whole.reasoning, &pieces.reasoning) ||
	    whole.n_calls != pieces.n_calls)
		abort();
	oc_reply_deinit(&whole);
	oc_reply_deinit(&pieces);
	oc_strv_deinit(&tools);
	return 0;
}
