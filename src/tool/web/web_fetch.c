/*
 * web_fetch: a page as text. The address is the model's choice, so only public hosts are reached;
 * what comes back is foreign text. Once foreign text was read, an address that the model made up
 * could carry data out: then the person is asked (tool/sandbox/taint.h).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "tool/charset.h"
#include "tool/internal.h"
#include "tool/web.h"
#include "tool/web/html.h"

enum {
	MAX_BYTES = 750000,
	MAX_CHARS = 20000,
	MAX_ERROR_CHARS = 4000,
	MIN_CHARS = 100,
	TIMEOUT_S = 30,
	MAX_TITLE_SHOWN = 100,
	MAX_URL_SHOWN = 2048,
};
static const char user_agent[] = "Mozilla/5.0 (compatible; openclaw/" OC_VERSION ")";
static const struct oc_web_options defaults;

/* ---- the address ---- */

/* "example.com/x" is meant as https. */
static enum oc_rc parse(struct oc_str text, struct oc_url *out, struct oc_err *e)
{
	text = oc_str_trim(text);
	bool bare = !oc_str_has(text, OC_LIT(":")) && oc_str_has(text, OC_LIT("."));
	char *full = oc_asprintf("%s%.*s", bare ? "https://" : "", OC_FMT(text));
	enum oc_rc rc = oc_url_parse(oc_str(full), out, e);

	free(full);
	return rc;
}

static enum oc_rc ask_wait(struct oc_tool_context *ctx, const char *url, const char *why,
			   struct oc_err *e)
{
	struct oc_buf what;

	if (!ctx->approve_wait)
		return oc_fail(e, OC_E_DENIED, "%s, and nobody is there to allow it; do without it",
			       why);
	oc_buf_init(&what, 4 * OC_MAX_URL_CHARS);
	oc_visible_add(&what, oc_str(url), MAX_URL_SHOWN);
	const struct oc_question q = { .tool = "web_fetch",
				       .what = oc_buf_cstr(&what),
				       .workdir = ctx->workspace,
				       .why = why };
	enum oc_rc rc = ctx->approve_wait(ctx->approve_arg, &q, e);
	oc_buf_deinit(&what);
	return rc;
}

/* May it be asked for at all, with what was read before. */
static enum oc_rc allow_wait(struct oc_tool_context *ctx, const struct oc_url *url,
			     const char *text, struct oc_err *e)
{
	const struct oc_taint_facts facts = {
		.tainted = ctx->tainted,
		.trust = ctx->trust,
		.full = ctx->exec_mode && !strcmp(ctx->exec_mode, "full"),
	};
	bool data = oc_web_carries_data(url) && !oc_web_is_known(ctx, text);
	const char *why = NULL;

	if (!oc_taint_asks(data ? OC_ACT_FETCH_DATA : OC_ACT_FETCH, &facts, &why)) return OC_OK;
	return ask_wait(ctx, text, why, e);
}

/* ---- what came ---- */

struct reading {
	const struct oc_web_document *document;
	enum oc_web_kind kind;
	bool links;
	struct oc_html_page page;
	enum oc_rc rc;
	struct oc_err e;
};

static void read_document(void *arg)
{
	struct reading *r = arg;
	bool page = r->kind == OC_WEB_PAGE;
	struct oc_buf utf8;

	if (r->kind == OC_WEB_OTHER) return;
	oc_buf_init(&utf8, 4 * (size_t)OC_MAX_PAGE_BYTES);
	oc_charset_to_utf8(oc_buf_view(&r->document->body), r->document->content_type, page, &utf8);
	if (page)
		r->rc = oc_html_extract(oc_buf_view(&utf8), r->links, &r->page, &r->e);
	else {
		oc_buf_init(&r->page.text, OC_MAX_PAGE_TEXT_BYTES);
		struct oc_str text = oc_str_head(oc_buf_view(&utf8),
						 utf8.n > OC_MAX_PAGE_TEXT_BYTES
						     ? oc_utf8_floor(utf8.p, OC_MAX_PAGE_TEXT_BYTES)
						     : utf8.n);
		oc_text_strip(text, &r->page.text);
	}
	oc_buf_deinit(&utf8);
}

static void remember_links(struct oc_tool_context *ctx, const struct oc_url *base,
			   const struct oc_strv *links)
{
	for (size_t i = 0; i < links->n && i < OC_KNOWN_URLS; i++) {
		struct oc_url u;
		if (oc_url_resolve(base, oc_str(links->v[i]), &u, NULL)) continue;
		char *text = oc_url_text(&u);
		oc_web_remember(ctx, text);
		free(text);
		oc_url_deinit(&u);
	}
}

/* 200 text/html "Title" https://example.com/ */
static void add_head(struct oc_tool_result *out, const struct oc_web_document *d,
		     const struct oc_buf *title)
{
	struct oc_str type = oc_str(d->content_type ? d->content_type : "unknown");

	type = oc_str_trim(oc_str_head(type, oc_str_find(type, OC_LIT(";"), 0)));
	oc_buf_addf(&out->text, "%d ", d->status);
	oc_visible_add(&out->text, type, 60);
	if (title->n) {
		struct oc_buf quoted;

		oc_buf_init(&quoted, 4 * title->n + 1);
		for (size_t i = 0; i < title->n; i++)
			oc_buf_addc(&quoted, strchr("\"<>[]", title->p[i]) ? '\'' : title->p[i]);
		oc_buf_adds(&out->text, " \"");
		oc_visible_add(&out->text, oc_buf_view(&quoted), MAX_TITLE_SHOWN);
		oc_buf_adds(&out->text, "\"");
		oc_buf_deinit(&quoted);
	}
	oc_buf_addc(&out->text, ' ');
	oc_visible_add(&out->text, oc_str(d->url), MAX_URL_SHOWN);
	oc_buf_adds(&out->text, "\n\n");
	out->own = out->text.n;
}

static void add_body(struct oc_tool_result *out, const struct reading *r)
{
	struct oc_str text = oc_str_trim(oc_buf_view(&r->page.text));

	oc_tool_result_add(out, text);
	if (!text.n) oc_buf_adds(&out->text, "(no readable text)");
	if (r->document->cut || r->page.cut)
		oc_buf_adds(&out->text, "\n[the page is longer; only its beginning was read]");
}

static enum oc_rc show_wait(struct oc_tool_context *ctx, const struct oc_web_document *d,
			    bool links, struct oc_tool_result *out, struct oc_err *e)
{
	struct reading r = { .document = d, .links = links };
	struct oc_url final;
	const char *name;

	r.kind = oc_web_kind_of(d->content_type, oc_buf_view(&d->body), &name);
	if (r.kind == OC_WEB_OTHER && d->status < 400)
		return oc_fail(e, OC_E_INPUT,
			       "the address is %s, not a page or text; "
			       "this tool reads only those",
			       name ? name : "no text");
	oc_work_wait(read_document, &r);
	enum oc_rc rc = r.rc ? oc_fail(e, r.rc, "%s", r.e.msg) : OC_OK;
	if (!rc) rc = oc_url_parse(oc_str(d->url), &final, e);
	if (!rc) {
		add_head(out, d, &r.page.title);
		add_body(out, &r);
		remember_links(ctx, &final, &r.page.links);
		snprintf(out->host, sizeof out->host, "%s", final.host);
		out->untrusted = "web_fetch";
		out->is_error = d->status >= 400;
		oc_url_deinit(&final);
	}
	oc_html_page_deinit(&r.page);
	return rc;
}

/* ---- the call ---- */

static enum oc_rc fetch_wait(const struct oc_web_options *o, const char *url,
			     struct oc_web_document *out, struct oc_err *e)
{
	const struct oc_guard guard = { .public_web = true,
					.allow_private = o->allow_private,
					.private_ok = &o->private_ok };
	size_t max = o->max_bytes ? o->max_bytes : MAX_BYTES;
	struct oc_strv headers = { 0 };

	oc_strv_addf(&headers, "User-Agent: %s", o->user_agent ? o->user_agent : user_agent);
	oc_strv_add(&headers, OC_LIT("Accept: text/markdown, text/html;q=0.9, text/plain;q=0.8, "
				     "application/json;q=0.8, */*;q=0.1"));
	oc_strv_add(&headers, OC_LIT("Accept-Language: en;q=0.9, *;q=0.5"));
	const struct oc_http_request req = { .method = "GET",
					     .url = url,
					     .guard = &guard,
					     .headers = &headers,
					     .context = "web_fetch" };
	enum oc_rc rc =
	    oc_web_get_wait(&req, o->fetch_timeout_s ? o->fetch_timeout_s : TIMEOUT_S, max, out, e);
	oc_strv_deinit(&headers);
	return rc;
}

static size_t limit_of(const struct oc_web_options *o, const json_t *args, bool failed)
{
	size_t most = o->max_chars ? o->max_chars : MAX_CHARS;
	int64_t asked = oc_json_int(args, "max_chars", 0);

	if (failed && most > MAX_ERROR_CHARS) most = MAX_ERROR_CHARS;
	if (asked <= 0) return most;
	if (asked < MIN_CHARS) asked = MIN_CHARS;
	return (size_t)asked < most ? (size_t)asked : most;
}

enum oc_rc oc_tool_web_fetch_wait(struct oc_tool_context *ctx, const json_t *args,
				  struct oc_tool_result *out, struct oc_err *e)
{
	const struct oc_web_options *o = ctx->web ? ctx->web : &defaults;
	struct oc_web_document d = { 0 };
	struct oc_url url;
	enum oc_rc rc = parse(oc_json_str(args, "url"), &url, e);

	if (rc) return rc;
	char *text = oc_url_text(&url);
	rc = allow_wait(ctx, &url, text, e);
	oc_url_deinit(&url);
	if (!rc) rc = fetch_wait(o, text, &d, e);
	if (!rc) rc = show_wait(ctx, &d, oc_json_bool(args, "links", false), out, e);
	out->max_chars = limit_of(o, args, d.status >= 400);
	oc_web_document_deinit(&d);
	free(text);
	return rc;
}
