/* What a terminal sends and what a model writes in Markdown: any bytes, and how they are split
 * makes no difference. The first byte places the cut. */
#include <stdlib.h>

#include "cli/chat/term_keys.h"
#include "cli/chat/term_markdown.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
	if (!holds) abort();
}

static void note_key(void *arg, const struct oc_term_press *p)
{
	struct oc_buf *out = arg;

	oc_buf_addf(out, "%d%c", (int)p->key, p->letter ? p->letter : '-');
	oc_buf_add(out, p->text);
}

static void note_row(void *arg, struct oc_str row)
{
	struct oc_buf *out = arg;

	oc_buf_add(out, row);
	oc_buf_addc(out, '\n');
}

static void keys(struct oc_str s, size_t cut, struct oc_buf *out)
{
	struct oc_term_keys k;

	oc_term_keys_init(&k, 1 << 16);
	oc_term_keys_feed(&k, oc_str_head(s, cut), note_key, out);
	oc_term_keys_feed(&k, oc_str_from(s, cut), note_key, out);
	oc_term_keys_decide(&k, note_key, out);
	oc_term_keys_deinit(&k);
}

static void rows(struct oc_str s, size_t cut, struct oc_buf *out)
{
	const struct oc_term_markdown_spec spec = {
		.columns = 20, .colour = cut & 1 ? false : true, .row = note_row, .arg = out
	};
	struct oc_term_markdown *m = oc_term_markdown_new(&spec);

	oc_term_markdown_feed(m, oc_str_head(s, cut / 2));
	oc_term_markdown_feed(m, oc_str_from(s, cut / 2));
	oc_term_markdown_end(m);
	oc_term_markdown_free(m);
}

static void same(void (*read)(struct oc_str s, size_t cut, struct oc_buf *out), struct oc_str s,
		 size_t one_cut, size_t other_cut)
{
	struct oc_buf one, other;

	oc_buf_init(&one, 1 << 22);
	oc_buf_init(&other, 1 << 22);
	read(s, one_cut, &one);
	read(s, other_cut, &other);
	expect(oc_str_eq(oc_buf_view(&one), oc_buf_view(&other)));
	oc_buf_deinit(&one);
	oc_buf_deinit(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n < 1) return 0;
	struct oc_str s = { (const char *)bytes + 1, n - 1 };
	size_t cut = s.n ? bytes[0] % (s.n + 1) : 0;

	same(keys, s, 0, cut);
	same(rows, s, 0, cut & ~(size_t)1); /* an even cut: with colours, as the other */
	return 0;
}
