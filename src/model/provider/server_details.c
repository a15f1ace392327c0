/* Windows and abilities of models, from the documents that servers have about them. */
#include "model/provider/server_details.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/provider/fetch.h"

enum { MAX_DESCRIBED = 32 }; /* models that are asked about one by one */

/* ---- one document ---- */

static bool plain_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       strchr("-_.~", c);
}

/* A server that chooses among models answers for the one that the query names; to look must not
 * load it. One without a choice takes no notice. */
static char *url_of(const struct oc_server *s, const struct oc_document_call *call,
		    const char *model)
{
	char *url = oc_kind_url(s->base_url, call->path);
	struct oc_buf out;

	if (s->kind->load != OC_LOAD_ROUTER || call->kind != OC_DOC_PROPS || !model) return url;
	oc_buf_init(&out, strlen(url) + 3 * strlen(model) + 64);
	oc_buf_addf(&out, "%s?model=", url);
	for (const char *c = model; *c; c++) {
		if (plain_char(*c))
			oc_buf_addc(&out, *c);
		else
			oc_buf_addf(&out, "%%%02X", (unsigned)(unsigned char)*c);
	}
	oc_buf_adds(&out, "&autoload=false");
	free(url);
	return oc_buf_take(&out);
}

static uint64_t left_ms(struct oc_deadline d)
{
	uint64_t now = oc_now_ms();

	return d.at_ms > now ? d.at_ms - now : 1;
}

static enum oc_rc fetch_wait(const struct oc_server *s, const struct oc_document_call *call,
			     const char *model, struct oc_deadline d, struct oc_fetch *out)
{
	bool asks = call->kind == OC_DOC_SHOW;
	json_t *body = asks ? json_pack("{s:s}", "model", model) : NULL;
	char *text = body ? oc_json_compact(body) : NULL;
	char *url = url_of(s, call, model);
	struct oc_strv headers = { 0 };
	struct oc_http_request req = { .method = asks ? "POST" : "GET",
				       .url = url,
				       .guard = s->guard,
				       .headers = &headers,
				       .body = oc_str(text),
				       .context = "model discovery" };

	oc_strv_add(&headers, OC_LIT("Accept: application/json"));
	if (asks) oc_strv_add(&headers, OC_LIT("Content-Type: application/json"));
	for (size_t i = 0; s->headers && i < s->headers->n; i++)
		oc_strv_add(&headers, oc_str(s->headers->v[i]));
	enum oc_rc rc = oc_fetch_wait(&req, left_ms(d), OC_MAX_ERROR_BODY_BYTES, out, NULL);
	oc_strv_deinit(&headers);
	free(url);
	free(text);
	json_decref(body);
	return rc;
}

/* ---- what it says of one model ---- */

static void take_listed(struct oc_listed_model *m, const struct oc_model_list *l)
{
	const struct oc_listed_model *from = oc_discovered_model(l, m->id);

	if (!from) return;
	if (from->ctx > 0) m->ctx = from->ctx;
	if (m->ctx_max == 0) m->ctx_max = from->ctx_max;
	if (from->loaded != OC_UNSET) m->loaded = from->loaded;
	m->failed = from->failed;
	if (from->parallel > 0) m->parallel = from->parallel;
}

static void take_props(struct oc_listed_model *m, struct oc_fetch *f)
{
	struct oc_props p;

	oc_props_decode(&p, f->status, oc_buf_view(&f->body));
	if (p.ctx > 0) m->ctx = p.ctx;
	if (p.parallel > 0) m->parallel = p.parallel;
	if (p.vision != OC_UNSET) m->vision = p.vision;
	if (p.tools != OC_UNSET) m->tools = p.tools;
	oc_props_deinit(&p);
}

static bool is_embedding_only(const struct oc_show *s)
{
	return s->embedding == OC_TRUE && s->chat == OC_FALSE;
}

static void take_show(struct oc_listed_model *m, struct oc_fetch *f)
{
	struct oc_show s;

	oc_show_decode(&s, f->status, oc_buf_view(&f->body));
	if (m->ctx == 0) m->ctx = s.ctx;
	if (m->ctx_max == 0) m->ctx_max = s.ctx_max;
	if (s.vision != OC_UNSET) m->vision = s.vision;
	if (s.tools != OC_UNSET) m->tools = s.tools;
	if (s.reasoning != OC_UNSET) m->reasoning = s.reasoning;
	if (is_embedding_only(&s)) m->kind = "embedding";
	oc_show_deinit(&s);
}

/* Fills m from one document. OC_CANCELLED, else OC_OK: an answer that is none tells nothing. */
static enum oc_rc ask_wait(const struct oc_server *s, const struct oc_document_call *call,
			   struct oc_deadline d, struct oc_listed_model *m, const char **shows)
{
	struct oc_model_list l = { 0 };
	struct oc_fetch f;
	enum oc_rc rc = fetch_wait(s, call, m->id, d, &f);

	if (rc) return rc == OC_CANCELLED ? rc : OC_OK;
	if (call->kind == OC_DOC_PROPS) take_props(m, &f);
	if (call->kind == OC_DOC_SHOW) take_show(m, &f);
	if (call->kind == OC_DOC_MODELS) oc_model_list_decode(&l, f.status, oc_buf_view(&f.body));
	if (call->kind == OC_DOC_PS) oc_ps_decode(&l, f.status, oc_buf_view(&f.body));
	take_listed(m, &l);
	if (shows && !*shows) *shows = l.owner ? l.owner : oc_kind_of_header(f.server);
	/* One that answers with whatever is loaded has its window under another name. */
	if (!m->ctx && l.n == 1 && s->kind->ignores_model_name) m->ctx = l.v[0].ctx;
	oc_model_list_deinit(&l);
	oc_fetch_deinit(&f);
	return OC_OK;
}

/* ---- a whole list ---- */

static enum oc_rc ps_wait(const struct oc_server *s, const struct oc_document_call *call,
			  struct oc_deadline d, struct oc_model_list *list)
{
	struct oc_model_list loaded;
	struct oc_fetch f;
	enum oc_rc rc = fetch_wait(s, call, NULL, d, &f);

	if (rc) return rc;
	oc_ps_decode(&loaded, f.status, oc_buf_view(&f.body));
	for (size_t i = 0; i < list->n; i++) {
		take_listed(&list->v[i], &loaded);
		if (list->v[i].loaded == OC_UNSET && loaded.error.class == OC_ERR_NONE)
			list->v[i].loaded = OC_FALSE;
	}
	oc_model_list_deinit(&loaded);
	oc_fetch_deinit(&f);
	return OC_OK;
}

void oc_server_details_wait(const struct oc_server *s, const char *list_path, struct oc_deadline d,
			    struct oc_model_list *list)
{
	for (const struct oc_document_call *c = s->kind->window; c->kind != OC_DOC_END; c++) {
		bool one_by_one =
		    c->kind == OC_DOC_SHOW || (c->kind == OC_DOC_PROPS && list->n == 1);

		if (!strcmp(c->path, list_path)) continue;
		if (c->kind == OC_DOC_PS && ps_wait(s, c, d, list) != OC_OK) return;
		for (size_t i = 0; one_by_one && i < list->n && i < MAX_DESCRIBED; i++) {
			if (ask_wait(s, c, d, &list->v[i], NULL) != OC_OK) return;
			if (oc_now_ms() >= d.at_ms) return;
		}
	}
}

/* ---- one window ---- */

enum oc_rc oc_discover_window_wait(const struct oc_server *s, const char *model,
				   uint64_t timeout_ms, struct oc_window *out)
{
	struct oc_listed_model m = { .kind = "llm" };
	struct oc_deadline d = oc_deadline_in(timeout_ms);
	enum oc_rc rc = OC_OK;

	*out = (struct oc_window){ 0 };
	m.id = oc_strdup(model);
	for (const struct oc_document_call *c = s->kind->window;
	     !rc && !m.ctx && c->kind != OC_DOC_END && oc_now_ms() < d.at_ms; c++) {
		rc = ask_wait(s, c, d, &m, &out->shows);
		if (m.ctx) snprintf(out->source, sizeof out->source, "%s", c->path);
	}
	out->tokens = m.ctx;
	out->slots = m.parallel;
	out->loaded = m.loaded;
	out->failed = m.failed;
	free(m.id);
	return rc;
}
