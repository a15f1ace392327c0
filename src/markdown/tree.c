/* md4c's events as a tree. */
#include <md4c.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "markdown/internal.h"
#include "markdown/markdown.h"
#include "markdown/split.h"

enum {
	FIRST_CHUNK_BYTES = 2048,
	LARGEST_CHUNK_BYTES = 65536,
	STOP = -1, /* md4c goes on after a positive value, without the rest of the block */
};

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

struct oc_md_doc {
	struct chunk *chunks;
	struct oc_md_node *root;
};

/* Of one piece. */
struct builder {
	struct oc_md_doc *doc;
	struct oc_md_node *at; /* what events go into */
	unsigned deep;	       /* nodes left out because they would lie too deep */
	size_t nodes_left;     /* 0: the piece is shown as text */
	struct oc_buf text;    /* of a text node to come */
	bool row_head;
};

/* ---- memory ---------------------------------------------------------------------------------- */

static void *take(struct oc_md_doc *doc, size_t n)
{
	size_t need = (n + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	struct chunk *c = doc->chunks;

	if (!c || c->size - c->used < need) {
		size_t size = c ? c->size * 2 : FIRST_CHUNK_BYTES;

		if (size > LARGEST_CHUNK_BYTES) size = LARGEST_CHUNK_BYTES;
		if (size < need) size = need;

		c = oc_alloc(sizeof *c + size);
		c->size = size;
		c->next = doc->chunks;
		doc->chunks = c;
	}
	c->used += need;
	return c->bytes + c->used - need;
}

static struct oc_str keep(struct oc_md_doc *doc, struct oc_str s)
{
	char *p = s.n ? take(doc, s.n) : NULL;

	if (p) memcpy(p, s.p, s.n);
	return (struct oc_str){ p, s.n };
}

static struct oc_md_node *append(struct oc_md_doc *doc, struct oc_md_node *parent,
				 enum oc_md_kind kind)
{
	struct oc_md_node *n = take(doc, sizeof *n);

	*n = (struct oc_md_node){ .kind = kind, .parent = parent };
	if (!parent) return n;
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	return n;
}

/* ---- text ------------------------------------------------------------------------------------ */

static bool is_space_node(enum oc_md_kind kind)
{
	return kind == OC_MD_BREAK || kind == OC_MD_SOFT_BREAK;
}

static void leaf(struct builder *b, enum oc_md_kind kind, struct oc_str text)
{
	if (!text.n && !is_space_node(kind)) return;
	append(b->doc, b->at, kind)->text = keep(b->doc, text);
}

/* Length of <br>, <br/> or <br /> at the begin of s. */
static size_t break_tag(struct oc_str s)
{
	static const char *const tags[] = { "<br>", "<br/>", "<br />" };

	for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
		if (oc_str_istarts(s, oc_str(tags[i]))) return strlen(tags[i]);
	return 0;
}

static void flush(struct builder *b)
{
	struct oc_str s = oc_buf_view(&b->text);
	size_t from = 0;

	for (size_t at = 0; at < s.n; at++) {
		size_t tag = s.p[at] == '<' ? break_tag(oc_str_from(s, at)) : 0;

		if (!tag) continue;
		leaf(b, OC_MD_TEXT, (struct oc_str){ s.p + from, at - from });
		leaf(b, OC_MD_BREAK, OC_LIT(""));
		from = at + tag;
		at = from - 1;
	}
	leaf(b, OC_MD_TEXT, oc_str_from(s, from));
	oc_buf_clear(&b->text);
}

static void add_unmarked(struct oc_buf *out, struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < OC_MATH_IN || s.p[i] > OC_MATH_OUT) oc_buf_addc(out, s.p[i]);
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *p, MD_SIZE n, void *arg)
{
	struct builder *b = arg;
	struct oc_str s = { p, n };

	if (!b->nodes_left) return STOP;
	switch (type) {
	case MD_TEXT_BR:
	case MD_TEXT_SOFTBR:
		b->nodes_left--;
		flush(b);
		leaf(b, type == MD_TEXT_BR ? OC_MD_BREAK : OC_MD_SOFT_BREAK, OC_LIT(""));
		break;
	case MD_TEXT_ENTITY: oc_entity_add(s, &b->text); break;
	case MD_TEXT_CODE: oc_buf_add(&b->text, s); break;
	default: add_unmarked(&b->text, s);
	}
	return 0;
}

/* The value of an attribute, entities resolved. */
static struct oc_str attribute(struct builder *b, const MD_ATTRIBUTE *a)
{
	struct oc_buf value;
	struct oc_str kept;

	if (!a->size || a->size > OC_MAX_URL_CHARS) return OC_LIT("");
	oc_buf_init(&value, OC_MAX_URL_CHARS * 4);
	for (size_t i = 0; a->substr_offsets[i] < a->size; i++) {
		MD_OFFSET from = a->substr_offsets[i], to = a->substr_offsets[i + 1];
		struct oc_str part = { a->text + from, to - from };

		if (a->substr_types[i] == MD_TEXT_ENTITY)
			oc_entity_add(part, &value);
		else
			oc_buf_add(&value, part);
	}
	kept = keep(b->doc, oc_buf_view(&value));
	oc_buf_deinit(&value);
	return kept;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static unsigned depth_of(const struct oc_md_node *n)
{
	unsigned depth = 0;

	for (; n; n = n->parent) depth++;
	return depth;
}

/* NULL: left out, what it holds goes into what is around it. */
static struct oc_md_node *enter(struct builder *b, enum oc_md_kind kind)
{
	b->nodes_left--;
	flush(b);
	if (b->deep || depth_of(b->at) >= OC_MAX_MARKDOWN_DEPTH) {
		b->deep++;
		return NULL;
	}
	return b->at = append(b->doc, b->at, kind);
}

static void leave(struct builder *b)
{
	flush(b);
	if (b->deep)
		b->deep--;
	else if (b->at->parent)
		b->at = b->at->parent;
}

static void enter_code(struct builder *b, const MD_BLOCK_CODE_DETAIL *d)
{
	struct oc_md_node *n = enter(b, OC_MD_CODE_BLOCK);

	if (n) n->language = attribute(b, &d->lang);
}

static void enter_item(struct builder *b, const MD_BLOCK_LI_DETAIL *d)
{
	struct oc_md_node *n = enter(b, OC_MD_ITEM);

	if (!n) return;
	n->task = d->is_task;
	n->done = d->is_task && d->task_mark != ' ';
}

static void enter_list(struct builder *b, bool ordered, bool tight, unsigned start)
{
	struct oc_md_node *n = enter(b, OC_MD_LIST);

	if (!n) return;
	n->ordered = ordered;
	n->tight = tight;
	n->start = start;
}

static void enter_cell(struct builder *b, bool head, MD_ALIGN align)
{
	struct oc_md_node *n = enter(b, OC_MD_CELL);

	if (!n) return;
	n->head = head;
	n->align = (enum oc_md_align)align; /* the same order */
}

static void enter_row(struct builder *b)
{
	struct oc_md_node *n = enter(b, OC_MD_ROW);

	if (n) n->head = b->row_head;
}

static void enter_heading(struct builder *b, unsigned level)
{
	struct oc_md_node *n = enter(b, OC_MD_HEADING);

	if (n) n->level = level;
}

static int on_enter_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct builder *b = arg;
	const MD_BLOCK_OL_DETAIL *ol = detail;

	if (!b->nodes_left) return STOP;
	switch (type) {
	case MD_BLOCK_QUOTE: enter(b, OC_MD_QUOTE); break;
	case MD_BLOCK_UL: enter_list(b, false, ((MD_BLOCK_UL_DETAIL *)detail)->is_tight, 0); break;
	case MD_BLOCK_OL: enter_list(b, true, ol->is_tight, ol->start); break;
	case MD_BLOCK_LI: enter_item(b, detail); break;
	case MD_BLOCK_HR: enter(b, OC_MD_RULE); break;
	case MD_BLOCK_H: enter_heading(b, ((MD_BLOCK_H_DETAIL *)detail)->level); break;
	case MD_BLOCK_CODE: enter_code(b, detail); break;
	case MD_BLOCK_P: enter(b, OC_MD_PARAGRAPH); break;
	case MD_BLOCK_TABLE:
		if (((MD_BLOCK_TABLE_DETAIL *)detail)->col_count > OC_MAX_MARKDOWN_COLUMNS)
			return STOP;
		enter(b, OC_MD_TABLE);
		break;
	case MD_BLOCK_THEAD: b->row_head = true; break;
	case MD_BLOCK_TBODY: b->row_head = false; break;
	case MD_BLOCK_TR: enter_row(b); break;
	case MD_BLOCK_TH: enter_cell(b, true, ((MD_BLOCK_TD_DETAIL *)detail)->align); break;
	case MD_BLOCK_TD: enter_cell(b, false, ((MD_BLOCK_TD_DETAIL *)detail)->align); break;
	case MD_BLOCK_DOC:
	case MD_BLOCK_HTML: break;
	}
	return 0;
}

/* Code with the mark of a formula is one; other code gets back what was marked in it. */
static void end_of_code(struct builder *b)
{
	struct oc_md_node *n = b->at;
	struct oc_str text = oc_buf_view(&b->text);
	bool math = n->language.n && n->language.p[0] == OC_MATH_IN;
	struct oc_buf plain;

	if (b->deep) return;
	oc_buf_init(&plain, text.n);
	oc_formula_unmark(text, &plain);
	text = oc_buf_view(&plain);
	if (math) {
		n->kind = OC_MD_MATH_BLOCK;
		n->language = OC_LIT("");
		text = oc_str_trim(text);
	}
	n->text = keep(b->doc, text);
	oc_buf_deinit(&plain);
	oc_buf_clear(&b->text);
}

static int on_leave_block(MD_BLOCKTYPE type, void *detail, void *arg)
{
	struct builder *b = arg;

	(void)detail;
	switch (type) {
	case MD_BLOCK_CODE: end_of_code(b); break;
	case MD_BLOCK_DOC:
	case MD_BLOCK_HTML:
	case MD_BLOCK_THEAD:
	case MD_BLOCK_TBODY: return 0;
	default: break;
	}
	leave(b);
	return 0;
}

static void enter_link(struct builder *b, enum oc_md_kind kind, const MD_ATTRIBUTE *url,
		       const MD_ATTRIBUTE *title)
{
	struct oc_md_node *n = enter(b, kind);

	if (!n) return;
	n->url = attribute(b, url);
	n->title = attribute(b, title);
}

static int on_enter_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct builder *b = arg;
	const MD_SPAN_A_DETAIL *a = detail;
	const MD_SPAN_IMG_DETAIL *img = detail;

	if (!b->nodes_left) return STOP;
	switch (type) {
	case MD_SPAN_EM: enter(b, OC_MD_EM); break;
	case MD_SPAN_STRONG: enter(b, OC_MD_STRONG); break;
	case MD_SPAN_A: enter_link(b, OC_MD_LINK, &a->href, &a->title); break;
	case MD_SPAN_IMG: enter_link(b, OC_MD_IMAGE, &img->src, &img->title); break;
	case MD_SPAN_CODE:
		b->nodes_left--;
		flush(b);
		break;
	case MD_SPAN_DEL: enter(b, OC_MD_STRIKE); break;
	default: break;
	}
	return 0;
}

/* In a cell even code cannot have a bare "|". */
static struct oc_str cell_code(struct builder *b)
{
	size_t n = 0;
	bool in_cell = false;

	for (const struct oc_md_node *up = b->at; up; up = up->parent)
		in_cell |= up->kind == OC_MD_CELL;
	for (size_t i = 0; in_cell && i < b->text.n; i++) {
		bool escape = b->text.p[i] == '\\' && i + 1 < b->text.n && b->text.p[i + 1] == '|';

		if (!escape) b->text.p[n++] = b->text.p[i];
	}
	return oc_str_head(oc_buf_view(&b->text), in_cell ? n : SIZE_MAX);
}

static void end_of_code_span(struct builder *b)
{
	struct oc_str s = cell_code(b);
	bool math = s.n >= 2 && s.p[0] == OC_MATH_IN && s.p[s.n - 1] == OC_MATH_END;

	if (math) s = (struct oc_str){ s.p + 1, s.n - 2 };
	leaf(b, math ? OC_MD_MATH : OC_MD_CODE, s);
	oc_buf_clear(&b->text);
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *arg)
{
	struct builder *b = arg;

	(void)detail;
	if (type == MD_SPAN_CODE)
		end_of_code_span(b);
	else
		leave(b);
	return 0;
}

/* ---- a piece --------------------------------------------------------------------------------- */

static int run_parser(struct builder *b, struct oc_str s)
{
	static const MD_PARSER parser = {
		.flags = MD_DIALECT_GITHUB | MD_FLAG_NOHTML | MD_FLAG_NOINDENTEDCODEBLOCKS,
		.enter_block = on_enter_block,
		.leave_block = on_leave_block,
		.enter_span = on_enter_span,
		.leave_span = on_leave_span,
		.text = on_text,
	};

	return md_parse(s.p, (MD_SIZE)s.n, &parser, b);
}

/* A piece that is too much is shown as it is written. */
static void as_text(struct oc_md_doc *doc, struct oc_str s)
{
	struct oc_md_node *p = append(doc, doc->root, OC_MD_PARAGRAPH);
	struct oc_buf plain;

	oc_buf_init(&plain, s.n + 1);
	add_unmarked(&plain, oc_str_trim(s));
	append(doc, p, OC_MD_TEXT)->text = keep(doc, oc_buf_view(&plain));
	oc_buf_deinit(&plain);
}

/* Bytes that the parser and the marks of formulas cannot have in their text. */
static void clean(struct oc_str s, struct oc_buf *out)
{
	size_t from = out->n;

	oc_utf8_clean(s, out);
	for (size_t i = from; i < out->n; i++)
		if (out->p[i] >= 0 && out->p[i] <= OC_MATH_OUT) out->p[i] = ' ';
}

static void add_piece(struct oc_md_doc *doc, struct oc_str before, struct oc_str piece,
		      struct oc_str definitions)
{
	struct oc_buf source, ruled, marked;
	struct oc_md_node *last = doc->root->last;
	size_t max = (before.n + piece.n + definitions.n) * 3 + 8;
	struct builder b = { .doc = doc, .at = doc->root };

	before = oc_str_trim(before); /* a fence of a list item stands alone here */
	oc_buf_init(&source, max);
	oc_buf_init(&ruled, max * 3);
	oc_buf_init(&marked, max * 8);
	oc_buf_init(&b.text, max * 8);
	clean(before, &source);
	if (before.n) oc_buf_addc(&source, '\n');
	clean(piece, &source);
	if (!before.n) oc_definitions_add(piece, definitions, &source);
	oc_table_rules_widen(oc_buf_view(&source), &ruled);
	oc_formula_mark(oc_buf_view(&ruled), &marked);
	b.nodes_left = 64 + 2 * marked.n;
	if (run_parser(&b, oc_buf_view(&marked))) {
		doc->root->last = last;
		if (last)
			last->next = NULL;
		else
			doc->root->first = NULL;
		oc_buf_clear(&marked);
		clean(piece, &marked);
		as_text(doc, oc_buf_view(&marked));
	} else if (before.n && doc->root->last != last) {
		(last ? last->next : doc->root->first)->continued = true;
	}
	oc_buf_deinit(&b.text);
	oc_buf_deinit(&marked);
	oc_buf_deinit(&ruled);
	oc_buf_deinit(&source);
}

static struct oc_md_doc *new_doc(void)
{
	struct oc_md_doc *doc = oc_new(struct oc_md_doc);

	doc->root = append(doc, NULL, OC_MD_DOCUMENT);
	return doc;
}

struct oc_md_doc *oc_md_parse_piece(struct oc_str before, struct oc_str piece,
				    struct oc_str definitions)
{
	struct oc_md_doc *doc = new_doc();

	if (piece.n) add_piece(doc, before, piece, definitions);
	return doc;
}

struct oc_md_doc *oc_md_parse(struct oc_str text)
{
	struct oc_md_doc *doc = new_doc();
	struct oc_md_cutter cutter = { .max_code = SIZE_MAX };
	struct oc_buf definitions;
	struct oc_md_piece p;

	oc_buf_init(&definitions, OC_MAX_MARKDOWN_DEFINITIONS);
	oc_definitions_find(text, &definitions);

	while (oc_md_cut(&cutter, text, true, &p)) {
		struct oc_str before = { text.p + p.before_from, p.before_to - p.before_from };

		add_piece(doc, before, (struct oc_str){ text.p + p.from, p.to - p.from },
			  oc_buf_view(&definitions));
	}
	oc_buf_deinit(&definitions);
	return doc;
}

void oc_md_free(struct oc_md_doc *doc)
{
	if (!doc) return;
	for (struct chunk *c = doc->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	free(doc);
}

/* ---- reading --------------------------------------------------------------------------------- */

const struct oc_md_node *oc_md_root(const struct oc_md_doc *doc)
{
	return doc->root;
}

const struct oc_md_node *oc_md_next(const struct oc_md_node *n, const struct oc_md_node *top,
				    bool children)
{
	if (children && n->first) return n->first;
	while (n != top && !n->next) n = n->parent;
	return n == top ? NULL : n->next;
}

bool oc_md_url_ok(struct oc_str url)
{
	static const char *const schemes[] = { "http://", "https://", "mailto:" };

	for (size_t i = 0; i < url.n; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f) return false;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		struct oc_str scheme = oc_str(schemes[i]);

		if (oc_str_istarts(url, scheme) && url.n > scheme.n) return true;
	}
	return false;
}
