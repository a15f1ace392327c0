/* web_search: one question to the configured service, answered as a short numbered list. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tool/internal.h"
#include "tool/web.h"
#include "tool/web/html.h"

enum {
	RESULTS = 5,
	MAX_RESULTS = 10,
	TIMEOUT_S = 30,
	MAX_SNIPPET = 200,
	MAX_TITLE = 160,
	MAX_ADDRESS = 1000
};

struct reading {
	const struct oc_search_provider *provider;
	struct oc_str body;
	struct oc_search_hits hits;
	enum oc_rc rc;
	struct oc_err e;
};

static void read_answer(void *arg)
{
	struct reading *r = arg;

	r->rc = r->provider->read(r->body, &r->hits, &r->e);
}

/* Only the status: the body of an error may repeat the key. */
static enum oc_rc explain(const struct oc_web_options *o, int status, struct oc_err *e)
{
	const char *id = o->provider->id;

	if (status == 401 || status == 403)
		return oc_fail(
		    e, OC_E_UPSTREAM,
		    "%s refused the search (HTTP %d); the operator has to check its key%s", id,
		    status,
		    strcmp(id, "searxng") ? ""
					  : ", or allow the format json in SearXNG's settings");
	if (status == 429)
		return oc_fail(e, OC_E_UPSTREAM, "%s allows no more searches now (HTTP 429)", id);
	return oc_fail(e, OC_E_UPSTREAM, "%s answered with HTTP %d", id, status);
}

static enum oc_rc ask_wait(const struct oc_web_options *o, const struct oc_search_query *q,
			   struct oc_web_document *d, struct oc_err *e)
{
	struct oc_search_request r = { 0 };
	struct oc_guard guard;
	enum oc_rc rc = oc_guard_init(&guard, oc_str(o->search_url), OC_UNSET, e);

	if (rc) return oc_wrap(e, "base URL of %s", o->provider->id);
	o->provider->request(o, q, &r);
	const struct oc_http_request req = { .method = r.method,
					     .url = r.url,
					     .guard = &guard,
					     .headers = &r.headers,
					     .body = oc_str(r.body),
					     .context = "web_search" };
	rc = oc_web_get_wait(&req, o->search_timeout_s ? o->search_timeout_s : TIMEOUT_S,
			     OC_MAX_SEARCH_BYTES, d, e);
	if (rc && rc != OC_CANCELLED) oc_wrap(e, "%s", o->provider->id);
	oc_search_request_deinit(&r);
	oc_guard_deinit(&guard);
	return rc ? rc : d->status >= 400 ? explain(o, d->status, e) : OC_OK;
}

static void add_short(struct oc_buf *out, const char *s, size_t max)
{
	struct oc_str all = oc_str(s), head = oc_str_head(all, max);

	head.n = head.n < all.n ? oc_utf8_floor(all.p, max) : all.n;
	oc_text_strip(head, out);
	if (head.n < all.n) oc_buf_adds(out, "…");
}

static void show(struct oc_tool_context *ctx, const struct oc_search_hits *hits, unsigned count,
		 struct oc_tool_result *out)
{
	struct oc_buf text;

	oc_buf_init(&text, OC_MAX_TOOL_RESULT_BYTES);
	for (size_t i = 0; i < hits->n && i < count; i++) {
		const struct oc_search_hit *h = &hits->v[i];

		oc_buf_addf(&text, "%s%zu. ", i ? "\n" : "", i + 1);
		add_short(&text, h->title, MAX_TITLE);
		oc_buf_adds(&text, " — ");
		add_short(&text, h->url, MAX_ADDRESS);
		if (h->snippet[0]) oc_buf_adds(&text, "\n   ");
		add_short(&text, h->snippet, MAX_SNIPPET);
		oc_web_remember(ctx, h->url);
	}
	if (!hits->n) oc_buf_adds(&text, "(nothing found)");
	oc_tool_result_add(out, oc_buf_view(&text));
	oc_buf_deinit(&text);
}

enum oc_rc oc_tool_web_search_wait(struct oc_tool_context *ctx, const json_t *args,
				   struct oc_tool_result *out, struct oc_err *e)
{
	const struct oc_web_options *o = ctx->web;
	int64_t count = oc_json_positive(args, "count");
	struct oc_search_query q = { .words = oc_str_trim(oc_json_str(args, "query")),
				     .freshness = oc_json_cstr(args, "freshness") };
	struct oc_web_document d = { 0 };

	if (!o || !o->provider)
		return oc_fail(e, OC_E_INPUT,
			       "no search service is configured (tools.web.search); "
			       "do without it, or use web_fetch");
	if (!q.words.n) return oc_fail(e, OC_E_INPUT, "query is empty");
	q.count = o->max_results ? o->max_results : RESULTS;
	if (count) q.count = count > MAX_RESULTS ? MAX_RESULTS : (unsigned)count;
	enum oc_rc rc = ask_wait(o, &q, &d, e);
	if (!rc) {
		struct reading r = { .provider = o->provider, .body = oc_buf_view(&d.body) };

		oc_work_wait(read_answer, &r);
		if (r.rc) rc = oc_fail(e, r.rc, "%s: %s", o->provider->id, r.e.msg);
		if (!rc) {
			show(ctx, &r.hits, q.count, out);
			snprintf(out->host, sizeof out->host, "%s", o->provider->id);
			out->untrusted = "web_search";
		}
		oc_search_hits_deinit(&r.hits);
	}
	oc_web_document_deinit(&d);
	return rc;
}
