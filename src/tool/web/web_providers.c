/*
 * The search services as rows: how each is asked and how its answer is read. Four speak JSON; one
 * is a page made for people, from which the results are picked.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "net/url.h"
#include "tool/web.h"
#include "tool/web/html.h"
#include "tool/web/html_tree.h"

enum { MAX_HITS = 20, MAX_DEPTH = 200 };

/* ---- requests ---- */

static void add_encoded(struct oc_buf *out, struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
			     (c >= 'a' && c <= 'z') || strchr("-_.~", c);

		if (c && plain)
			oc_buf_addc(out, (char)c);
		else
			oc_buf_addf(out, "%%%02X", c);
	}
}

/* BASE + path + "q=…" */
static struct oc_buf begin_url(const struct oc_web_options *o, const char *path,
			       const struct oc_search_query *q)
{
	struct oc_buf url;

	oc_buf_init(&url, 8 * OC_MAX_URL_CHARS);
	oc_buf_addf(&url, "%s%s", o->search_url, path);
	add_encoded(&url, q->words);
	return url;
}

static void add_parameter(struct oc_buf *url, const char *name, const char *value)
{
	if (!value) return;
	oc_buf_addf(url, "&%s=", name);
	add_encoded(url, oc_str(value));
}

/* One letter a step: day, week, month, year. NULL without freshness. */
static const char *shorten(const char *freshness, const char *const words[4])
{
	static const char *const names[] = { "day", "week", "month", "year" };

	for (size_t i = 0; freshness && i < 4; i++)
		if (!strcmp(freshness, names[i])) return words[i];
	return NULL;
}

static void accept_json(struct oc_search_request *r)
{
	oc_strv_add(&r->headers, OC_LIT("Accept: application/json"));
}

static void ask_searxng(const struct oc_web_options *o, const struct oc_search_query *q,
			struct oc_search_request *r)
{
	struct oc_buf url = begin_url(o, "/search?format=json&q=", q);

	add_parameter(&url, "time_range", q->freshness);
	add_parameter(&url, "language", o->language);
	add_parameter(&url, "categories", o->categories);
	r->method = "GET";
	r->url = oc_buf_take(&url);
	accept_json(r);
}

static void ask_brave(const struct oc_web_options *o, const struct oc_search_query *q,
		      struct oc_search_request *r)
{
	struct oc_buf url = begin_url(o, "/res/v1/web/search?q=", q);

	oc_buf_addf(&url, "&count=%u", q->count);
	add_parameter(&url, "freshness",
		      shorten(q->freshness, (const char *const[]){ "pd", "pw", "pm", "py" }));
	r->method = "GET";
	r->url = oc_buf_take(&url);
	accept_json(r);
	oc_strv_addf(&r->headers, "X-Subscription-Token: %s", o->search_key);
}

static void ask_duckduckgo(const struct oc_web_options *o, const struct oc_search_query *q,
			   struct oc_search_request *r)
{
	struct oc_buf url = begin_url(o, "/html/?q=", q);

	add_parameter(&url, "df",
		      shorten(q->freshness, (const char *const[]){ "d", "w", "m", "y" }));
	r->method = "GET";
	r->url = oc_buf_take(&url);
	oc_strv_add(&r->headers,
		    OC_LIT("User-Agent: Mozilla/5.0 (compatible; openclaw/" OC_VERSION ")"));
	oc_strv_add(&r->headers, OC_LIT("Accept: text/html"));
}

static void post_json(struct oc_search_request *r, const struct oc_web_options *o, const char *path,
		      json_t *body)
{
	r->method = "POST";
	r->url = oc_asprintf("%s%s", o->search_url, path);
	r->body = oc_json_compact(body);
	json_decref(body);
	accept_json(r);
	oc_strv_add(&r->headers, OC_LIT("Content-Type: application/json"));
	if (o->search_key) oc_strv_addf(&r->headers, "Authorization: Bearer %s", o->search_key);
}

static json_t *json_query(const struct oc_search_query *q)
{
	json_t *body = json_object();

	oc_json_put(body, "query", oc_json_new_str(q->words));
	oc_json_put(body, "max_results", json_integer(q->count));
	return body;
}

static void ask_tavily(const struct oc_web_options *o, const struct oc_search_query *q,
		       struct oc_search_request *r)
{
	json_t *body = json_query(q);

	if (q->freshness) oc_json_put(body, "time_range", json_string(q->freshness));
	post_json(r, o, "/search", body);
}

/* The program at home passes it on; the service itself has another path. */
static void ask_ollama(const struct oc_web_options *o, const struct oc_search_query *q,
		       struct oc_search_request *r)
{
	bool service = oc_str_ihas(oc_str(o->search_url), "://ollama.com");

	post_json(r, o, service ? "/api/web_search" : "/api/experimental/web_search",
		  json_query(q));
}

/* ---- answers ---- */

/* One line of text: marks of HTML taken out. Free with free(). */
static char *plain(struct oc_str s)
{
	struct oc_html_page page;
	struct oc_buf line;
	struct oc_err e = { 0 };

	oc_buf_init(&line, s.n + 16);
	if (oc_html_extract(s, false, &page, &e) == OC_OK) {
		struct oc_str text = oc_str_trim(oc_buf_view(&page.text));
		for (size_t i = 0; i < text.n; i++)
			oc_buf_addc(&line, text.p[i] == '\n' ? ' ' : text.p[i]);
	}
	oc_html_page_deinit(&page);
	return line.p ? oc_buf_take(&line) : oc_strdup("");
}

/* Only what can be fetched; the address in its canonical form. */
static void add_hit(struct oc_search_hits *hits, struct oc_str title, struct oc_str address,
		    struct oc_str snippet)
{
	struct oc_url url;

	if (hits->n == MAX_HITS || oc_url_parse(address, &url, NULL)) return;
	if (hits->n == hits->cap) {
		hits->cap = hits->cap ? 2 * hits->cap : 8;
		hits->v = oc_realloc_array(hits->v, hits->cap, sizeof *hits->v);
	}
	hits->v[hits->n++] = (struct oc_search_hit){ .title = plain(title),
						     .url = oc_url_text(&url),
						     .snippet = plain(snippet) };
	oc_url_deinit(&url);
}

static enum oc_rc read_list(struct oc_str body, const char *member, const char *text,
			    struct oc_search_hits *out, struct oc_err *e)
{
	json_t *answer = oc_json_parse(body, NULL, e), *hit;
	const json_t *list = answer;
	size_t i;

	if (!answer) return oc_wrap(e, "its answer");
	if (member) list = json_object_get(list, member);
	list = json_object_get(list, "results");
	json_array_foreach (list, i, hit)
		add_hit(out, oc_json_str(hit, "title"), oc_json_str(hit, "url"),
			oc_json_str(hit, text));
	json_decref(answer);
	return OC_OK;
}

static enum oc_rc read_content(struct oc_str body, struct oc_search_hits *out, struct oc_err *e)
{
	return read_list(body, NULL, "content", out, e);
}

static enum oc_rc read_brave(struct oc_str body, struct oc_search_hits *out, struct oc_err *e)
{
	return read_list(body, "web", "description", out, e);
}

/* ---- the page of DuckDuckGo ---- */

struct picking {
	struct oc_search_hits *hits;
	struct oc_buf title, url, snippet;
};

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 32) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* A result leads through a counter: "//duckduckgo.com/l/?uddg=ADDRESS&rut=…". */
static void set_target(struct oc_buf *out, struct oc_str href)
{
	size_t at = oc_str_find(href, OC_LIT("uddg="), 0);

	oc_buf_clear(out);
	if (at == SIZE_MAX) {
		oc_buf_add(out, href);
		return;
	}
	struct oc_str s = oc_str_from(href, at + 5);
	s = oc_str_head(s, oc_str_find(s, OC_LIT("&"), 0));
	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n && s.p[i] == '%' ? hex(s.p[i + 1]) : -1,
		    low = high >= 0 ? hex(s.p[i + 2]) : -1;

		if (low >= 0) {
			oc_buf_addc(out, (char)(high << 4 | low));
			i += 2;
		} else
			oc_buf_addc(out, s.p[i]);
	}
}

static bool has_class(const GumboNode *n, const char *name)
{
	return oc_str_ihas(oc_html_attr(n, "class"), name);
}

static void add_text(const GumboNode *n, struct oc_buf *out, unsigned depth)
{
	const GumboVector *children = oc_html_children(n);

	if (n->type == GUMBO_NODE_TEXT || n->type == GUMBO_NODE_WHITESPACE)
		oc_buf_adds(out, n->v.text.text);
	for (size_t i = 0; children && depth < 20 && i < children->length; i++)
		add_text(children->data[i], out, depth + 1);
}

static void flush(struct picking *p)
{
	if (p->title.n)
		add_hit(p->hits, oc_buf_view(&p->title), oc_buf_view(&p->url),
			oc_buf_view(&p->snippet));
	oc_buf_clear(&p->title);
	oc_buf_clear(&p->snippet);
}

/* Advertisements lead to the service's own redirect without a target and are left out. */
static void pick(const GumboNode *n, struct picking *p, unsigned depth)
{
	const GumboVector *children = oc_html_children(n);

	if (has_class(n, "result--ad")) return;
	if (has_class(n, "result__a")) {
		flush(p);
		set_target(&p->url, oc_html_attr(n, "href"));
		add_text(n, &p->title, 0);
	} else if (has_class(n, "result__snippet"))
		add_text(n, &p->snippet, 0);
	for (size_t i = 0; children && depth < MAX_DEPTH && i < children->length; i++)
		pick(children->data[i], p, depth + 1);
}

static enum oc_rc read_duckduckgo(struct oc_str body, struct oc_search_hits *out, struct oc_err *e)
{
	struct oc_html_tree *tree = oc_html_parse(body);
	struct picking p = { .hits = out };

	if (!tree) return oc_fail(e, OC_E_LIMIT, "its page is too complex");
	oc_buf_init(&p.title, 4096);
	oc_buf_init(&p.url, OC_MAX_URL_CHARS);
	oc_buf_init(&p.snippet, 8192);
	pick(oc_html_root(tree), &p, 0);
	flush(&p);
	oc_buf_deinit(&p.title);
	oc_buf_deinit(&p.url);
	oc_buf_deinit(&p.snippet);
	oc_html_tree_free(tree);
	if (!out->n && (oc_str_ihas(body, "anomaly-modal") || oc_str_ihas(body, "challenge-form")))
		return oc_fail(e, OC_E_UPSTREAM,
			       "it asks for proof of a person; try later or another service");
	return OC_OK;
}

/* ---- rows, in the order in which they are looked for ---- */

static const struct oc_search_provider rows[] = {
	{ .id = "searxng",
	  .url_env = "SEARXNG_BASE_URL",
	  .automatic = true,
	  .request = ask_searxng,
	  .read = read_content },
	{ .id = "brave",
	  .host = "https://api.search.brave.com",
	  .key_env = "BRAVE_API_KEY",
	  .needs_key = true,
	  .automatic = true,
	  .request = ask_brave,
	  .read = read_brave },
	{ .id = "duckduckgo",
	  .host = "https://html.duckduckgo.com",
	  .request = ask_duckduckgo,
	  .read = read_duckduckgo },
	{ .id = "tavily",
	  .host = "https://api.tavily.com",
	  .key_env = "TAVILY_API_KEY",
	  .url_env = "TAVILY_BASE_URL",
	  .needs_key = true,
	  .automatic = true,
	  .request = ask_tavily,
	  .read = read_content },
	{ .id = "ollama",
	  .host = "http://127.0.0.1:11434",
	  .key_env = "OLLAMA_API_KEY",
	  .request = ask_ollama,
	  .read = read_content },
};

const struct oc_search_provider *oc_search_provider_at(size_t i)
{
	return i < sizeof rows / sizeof *rows ? &rows[i] : NULL;
}

const struct oc_search_provider *oc_search_provider_find(const char *id)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (oc_str_ieq(oc_str(rows[i].id), oc_str(id))) return &rows[i];
	return NULL;
}

void oc_search_request_deinit(struct oc_search_request *r)
{
	free(r->url);
	free(r->body);
	oc_strv_deinit(&r->headers);
	*r = (struct oc_search_request){ 0 };
}

void oc_search_hits_deinit(struct oc_search_hits *hits)
{
	for (size_t i = 0; i < hits->n; i++) {
		free(hits->v[i].title);
		free(hits->v[i].url);
		free(hits->v[i].snippet);
	}
	free(hits->v);
	*hits = (struct oc_search_hits){ 0 };
}
