/*
 * The parser of pages, within bounds. gumbo asks for memory for every node, so the allocator is
 * where a page that is too large or takes too long is given up: everything lies in one arena, and
 * a jump out of the parser leaves nothing behind.
 */
#include "tool/web/html_tree.h"

#include <setjmp.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "base/mem.h"

enum { CHUNK = 1 << 18, MAX_SECONDS = 3, CHECK_EVERY = 512 };

struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

struct oc_html_tree {
	struct chunk *chunks;
	size_t total;
	unsigned asked;
	struct timespec start;
	jmp_buf give_up;
	GumboOutput *output;
};

bool oc_html_late(const struct oc_html_tree *tree)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec - tree->start.tv_sec >= MAX_SECONDS;
}

static void *take(void *arg, size_t n)
{
	struct oc_html_tree *t = arg;
	struct chunk *c = t->chunks;

	if (++t->asked % CHECK_EVERY == 0 && oc_html_late(t)) longjmp(t->give_up, 1);
	if (n > OC_MAX_PAGE_TREE_BYTES) longjmp(t->give_up, 1);
	n = (n + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (!c || c->size - c->used < n) {
		size_t size = n > CHUNK ? n : CHUNK;

		if (size > OC_MAX_PAGE_TREE_BYTES - t->total) longjmp(t->give_up, 1);
		t->total += size;
		c = oc_alloc(sizeof *c + size);
		c->next = t->chunks;
		c->used = 0;
		c->size = size;
		t->chunks = c;
	}
	c->used += n;
	return c->bytes + c->used - n;
}

static void give_back(void *arg, void *p)
{
	(void)arg;
	(void)p;
}

static GumboOutput *parse(struct oc_html_tree *t, struct oc_str utf8)
{
	GumboOptions options = kGumboDefaultOptions;

	options.allocator = take;
	options.deallocator = give_back;
	options.userdata = t;
	options.max_errors = 0;
	if (setjmp(t->give_up)) return NULL;
	return gumbo_parse_with_options(&options, utf8.p ? utf8.p : "", utf8.n);
}

struct oc_html_tree *oc_html_parse(struct oc_str utf8)
{
	struct oc_html_tree *t = oc_new(struct oc_html_tree);

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t->start);
	t->output = parse(t, utf8);
	if (t->output && t->output->root) return t;
	oc_html_tree_free(t);
	return NULL;
}

void oc_html_tree_free(struct oc_html_tree *t)
{
	while (t && t->chunks) {
		struct chunk *c = t->chunks;
		t->chunks = c->next;
		free(c);
	}
	free(t);
}

const GumboNode *oc_html_root(const struct oc_html_tree *t)
{
	return t->output->root;
}

static bool is_element(const GumboNode *n)
{
	return n->type == GUMBO_NODE_ELEMENT || n->type == GUMBO_NODE_TEMPLATE;
}

struct oc_str oc_html_attr(const GumboNode *n, const char *name)
{
	const GumboAttribute *a =
	    is_element(n) ? gumbo_get_attribute(&n->v.element.attributes, name) : NULL;

	return oc_str(a ? a->value : NULL);
}

GumboTag oc_html_tag(const GumboNode *n)
{
	return is_element(n) ? n->v.element.tag : GUMBO_TAG_UNKNOWN;
}

const GumboVector *oc_html_children(const GumboNode *n)
{
	return is_element(n) ? &n->v.element.children : NULL;
}
