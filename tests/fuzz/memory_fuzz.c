/* A note and a question: any bytes. Pieces are parts of the note in its order and leave no line
 * out, and expressions are such that the index can be asked with them. */
#include <stdlib.h>

#include "agent/memory/chunk.h"
#include "agent/memory/excerpt.h"
#include "agent/memory/terms.h"
#include "agent/memory/vectors.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void expect(bool holds)
{
	if (!holds) abort();
}

struct seen {
	struct oc_str text;
	const struct oc_memory_terms *terms;
	int64_t last;
};

static void look(void *arg, const struct oc_memory_piece *p)
{
	struct seen *s = arg;
	struct oc_buf out;

	expect(p->text.p >= s->text.p && p->text.p + p->text.n <= s->text.p + s->text.n);
	expect(p->first_line >= 1 && p->last_line >= p->first_line && p->last_line >= s->last);
	expect(oc_utf8_valid(p->text) && oc_utf8_valid(p->heading));
	expect(p->text.n <= 4 * OC_MEMORY_CHUNK_TOKENS);
	s->last = p->last_line;
	oc_buf_init(&out, 1 << 16);
	oc_memory_excerpt(p->text, s->terms, 100, &out);
	expect(!out.bad && out.n <= 100 + 16 && oc_utf8_valid(oc_buf_view(&out)));
	oc_buf_deinit(&out);
}

/* Quotes come in pairs, with nothing but letters and digits between. */
static void check_expression(struct oc_str s)
{
	size_t quotes = 0;

	for (size_t i = 0; i < s.n; i++) quotes += s.p[i] == '"';
	expect(quotes % 2 == 0 && oc_utf8_valid(s) && !memchr(s.p, '\0', s.n));
}

static void check_terms(const struct oc_memory_terms *t)
{
	struct oc_strv parts = { 0 };
	struct oc_buf words;

	oc_buf_init(&words, 1 << 20);
	oc_memory_terms_words(t, &words);
	oc_memory_terms_parts(t, &parts);
	expect(!words.bad && oc_memory_terms_n(t) <= OC_MEMORY_MAX_TERMS);
	expect((words.n > 0) == (oc_memory_terms_n(t) > 0));
	check_expression(oc_buf_view(&words));
	for (size_t i = 0; i < parts.n; i++) check_expression(oc_str(parts.v[i]));
	oc_buf_deinit(&words);
	oc_strv_deinit(&parts);
}

static void check_answer(struct oc_str body)
{
	struct oc_memory_embedding v[2] = { { 0 } };
	struct oc_err e = { 0 };

	if (oc_memory_embed_answer(body, 2, v, &e) == OC_OK) expect(v[0].n == v[1].n);
	oc_memory_embedding_deinit(&v[0]);
	oc_memory_embedding_deinit(&v[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct oc_memory_terms terms;
	struct oc_buf text;

	oc_buf_init(&text, 4 * n + 16);
	oc_utf8_clean((struct oc_str){ (const char *)bytes, n }, &text);
	for (size_t i = 0; i < text.n; i++)
		if (!text.p[i]) text.p[i] = ' ';
	oc_memory_terms_init(&terms, oc_buf_view(&text));
	check_terms(&terms);
	struct seen s = { .text = oc_buf_view(&text), .terms = &terms };
	oc_memory_chunk(s.text, look, &s);
	check_answer(s.text);
	oc_memory_terms_deinit(&terms);
	oc_buf_deinit(&text);
	return 0;
}
