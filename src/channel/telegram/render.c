/* Markdown as Telegram's HTML, in messages that it takes. */
#include <stdlib.h>

#include "base/mem.h"
#include "channel/rich_text.h"
#include "channel/telegram/telegram.h"

static void add_escaped(struct oc_buf *out, struct oc_str s, bool attribute)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&': oc_buf_adds(out, "&amp;"); break;
		case '<': oc_buf_adds(out, "&lt;"); break;
		case '>': oc_buf_adds(out, "&gt;"); break;
		case '"': oc_buf_adds(out, attribute ? "&quot;" : "\""); break;
		default: oc_buf_addc(out, s.p[i]);
		}
	}
}

static const char *const tags[OC_RICH_KINDS] = {
	[OC_RICH_QUOTE] = "blockquote", [OC_RICH_LINK] = "a",	[OC_RICH_BOLD] = "b",
	[OC_RICH_ITALIC] = "i",		[OC_RICH_STRIKE] = "s", [OC_RICH_CODE] = "code",
	[OC_RICH_PRE] = "pre",
};

static bool has_language(const struct oc_rich_span *s)
{
	return s->kind == OC_RICH_PRE && s->attr && *s->attr;
}

static void open_tag(void *arg, const struct oc_rich_span *s)
{
	struct oc_buf *out = arg;

	oc_buf_addf(out, "<%s", tags[s->kind]);
	if (s->kind == OC_RICH_LINK) {
		oc_buf_adds(out, " href=\"");
		add_escaped(out, oc_str(s->attr), true);
		oc_buf_addc(out, '"');
	}
	oc_buf_addc(out, '>');
	if (!has_language(s)) return;
	oc_buf_adds(out, "<code class=\"language-");
	add_escaped(out, oc_str(s->attr), true);
	oc_buf_adds(out, "\">");
}

static void close_tag(void *arg, const struct oc_rich_span *s)
{
	oc_buf_addf(arg, "%s</%s>", has_language(s) ? "</code>" : "", tags[s->kind]);
}

static void add_text(void *arg, struct oc_str s)
{
	add_escaped(arg, s, false);
}

static void add_chunk(const struct oc_rich *r, const struct oc_rich_piece *piece,
		      struct oc_chunks *out)
{
	struct oc_buf html;
	const struct oc_rich_writer w = {
		.open = open_tag, .close = close_tag, .text = add_text, .arg = &html
	};

	oc_buf_init(&html, SIZE_MAX / 2);
	oc_rich_write(r, piece, &w);
	oc_chunks_add(out, oc_buf_take(&html), "HTML",
		      oc_strndup(r->text.p + piece->from, piece->to - piece->from));
}

void oc_tg_render_units(struct oc_str markdown, size_t max_units, struct oc_chunks *out)
{
	enum { NUMBER_UNITS = 16 };
	struct oc_rich_piece piece;
	struct oc_rich r;
	size_t at = 0;

	oc_rich_of_markdown(markdown, TG_TABLE_COLUMNS, &r);
	while (oc_rich_cut(&r, &at, max_units - NUMBER_UNITS, &piece)) add_chunk(&r, &piece, out);
	oc_chunks_number(out);
	oc_rich_deinit(&r);
}

enum oc_rc oc_tg_render(const struct oc_channel_account *a, struct oc_str markdown,
			struct oc_chunks *out, struct oc_err *e)
{
	int64_t limit = oc_json_positive(a->config, "textChunkLimit");

	(void)e;
	if (limit < 200 || limit > TG_TEXT_UNITS) limit = TG_CHUNK_UNITS;
	oc_tg_render_units(markdown, (size_t)limit, out);
	return OC_OK;
}
