/* Which model, whether it may be asked now, and asking it. */
#include "agent/memory/embedder.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/provider/credential.h"
#include "model/provider/discovery.h"
#include "model/provider/fetch.h"
#include "model/provider/preload.h"
#include "net/url.h"

enum {
	REST_MS = 300000,
	CONTEXT = 2048, /* a larger one costs memory that the chat model needs */
	WINDOW_TIMEOUT_MS = 5000,
	READY_MS = 60000, /* a look at the server holds so long */
};

struct oc_embedder {
	const struct oc_catalog *catalog;
	struct oc_provider *provider;
	const struct oc_model *model; /* NULL = named in the configuration alone */
	char *model_id, *key;
	char *request_model;	/* what a load said; NULL */
	bool chosen;		/* by the person, and then the server may load it as it likes */
	struct oc_provider own; /* of memory.search.remote */
	json_t *own_entry;
};

/* ---- troubles ---- */

/* One for each model that had trouble or was looked at; kept for the life of the process. */
struct mood {
	char *key;
	uint64_t rest_until_ms, ready_until_ms;
	struct mood *next;
};
static struct mood *moods;

static struct mood *mood_of(const char *key)
{
	struct mood *m = moods;

	while (m && strcmp(m->key, key) != 0) m = m->next;
	if (m) return m;
	m = oc_new(struct mood);
	m->key = oc_strdup(key);
	m->next = moods;
	moods = m;
	return m;
}

void oc_embedder_rest(const struct oc_embedder *e)
{
	struct mood *m = mood_of(e->key);

	m->rest_until_ms = oc_now_ms() + REST_MS;
	m->ready_until_ms = 0;
}

/* ---- finding ---- */

static bool can_embed(const struct oc_model *m)
{
	static const char *const others[] = { "rerank", "whisper", "tts" };

	if (m->can_chat || !m->available) return false;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (oc_str_ihas(oc_str(m->id), others[i])) return false;
	return true;
}

static const struct oc_model *first_of(const struct oc_provider *p)
{
	for (size_t i = 0; i < p->n_models; i++)
		if (can_embed(&p->models[i])) return &p->models[i];
	return NULL;
}

static bool take(struct oc_embedder *e, struct oc_provider *p, const char *model_id)
{
	if (!p || !p->base_url) return false;
	e->provider = p;
	e->model = model_id ? oc_provider_model(p, oc_str(model_id)) : first_of(p);
	/* Whoever names the server knows what it serves, whatever the model is called. */
	if (!e->model && e->chosen && p->n_models) e->model = &p->models[0];
	if (!e->model && !model_id) return false;
	e->model_id = oc_strdup(model_id ? model_id : e->model->id);
	return true;
}

/* memory.search.remote.baseUrl: a server that is no provider of its own. */
static bool take_remote(struct oc_embedder *e, const struct oc_memory_settings *s)
{
	if (!s->model) return false;
	e->own_entry = s->remote ? json_deep_copy(s->remote) : json_object();
	e->own = (struct oc_provider){ .id = oc_strdup("memory.search.remote"),
				       .kind = oc_custom_kind,
				       .base_url = oc_strdup(s->base_url),
				       .entry = e->own_entry,
				       .local = true };
	return take(e, &e->own, s->model);
}

/* "provider/model", or a model of the provider that is named. */
static bool take_chosen(struct oc_embedder *e, const struct oc_memory_settings *s)
{
	const char *slash = s->model ? strchr(s->model, '/') : NULL;
	struct oc_provider *p;

	e->chosen = true;
	if (s->base_url) return take_remote(e, s);
	if (s->provider)
		return take(e, oc_catalog_provider(e->catalog, oc_str(s->provider)), s->model);
	p = slash ? oc_catalog_provider(e->catalog,
					(struct oc_str){ s->model, (size_t)(slash - s->model) })
		  : NULL;
	if (p) return take(e, p, slash + 1);
	for (size_t i = 0; i < e->catalog->n; i++)
		if (oc_provider_model(&e->catalog->providers[i], oc_str(s->model)))
			return take(e, &e->catalog->providers[i], s->model);
	return false;
}

static bool take_any(struct oc_embedder *e)
{
	for (size_t i = 0; i < e->catalog->n; i++)
		if (e->catalog->providers[i].local && take(e, &e->catalog->providers[i], NULL))
			return true;
	return false;
}

bool oc_embedder_find(const struct oc_memory_scope *scope, const struct oc_memory_settings *s,
		      struct oc_embedder **out)
{
	struct oc_embedder *e = oc_new(struct oc_embedder);
	bool found;

	*out = NULL;
	e->catalog = scope->catalog;
	if (s->provider && !strcmp(s->provider, "none"))
		found = false;
	else
		found = s->model || s->provider || s->base_url ? take_chosen(e, s) : take_any(e);
	if (found) e->key = oc_asprintf("%s/%s", e->provider->id, e->model_id);
	if (!found || oc_now_ms() < mood_of(e->key)->rest_until_ms)
		oc_embedder_free(e);
	else
		*out = e;
	return found;
}

void oc_embedder_free(struct oc_embedder *e)
{
	if (!e) return;
	free(e->model_id);
	free(e->key);
	free(e->request_model);
	free(e->own.id);
	free(e->own.base_url);
	json_decref(e->own_entry);
	free(e);
}

const char *oc_embedder_key(const struct oc_embedder *e)
{
	return e->key;
}

/* ---- is it there ---- */

struct line {
	struct oc_guard guard;
	struct oc_strv headers;
	bool has_guard;
};

static enum oc_rc line_init(struct line *l, const struct oc_embedder *e, struct oc_err *err)
{
	struct oc_credential cred = { 0 };
	enum oc_rc rc = OC_OK;

	*l = (struct line){ 0 };
	if (e->provider == &e->own) {
		oc_entry_headers(e->catalog->config->env, e->own_entry, "openai-completions",
				 oc_json_cstr(e->own_entry, "apiKey"), NULL, &l->headers);
	} else if ((rc = oc_credential_resolve(e->catalog, e->provider, NULL, &cred, err)))
		return rc;
	else
		oc_provider_headers(e->catalog, e->provider, &cred, e->model, &l->headers);
	oc_credential_deinit(&cred);
	rc = oc_provider_guard(e->catalog, e->provider, &l->guard, err);
	l->has_guard = rc == OC_OK;
	return rc;
}

static void line_deinit(struct line *l)
{
	for (size_t i = 0; i < l->headers.n; i++)
		memset(l->headers.v[i], 0, strlen(l->headers.v[i]));
	oc_strv_deinit(&l->headers);
	if (l->has_guard) oc_guard_deinit(&l->guard);
}

/* In memory as far as the server tells; one that cannot tell has what it lists. */
static bool is_loaded_wait(struct oc_embedder *e)
{
	const struct oc_provider_kind *kind = e->provider->kind;
	struct oc_window window;
	struct oc_err ignored = { 0 };
	struct line l;
	bool loaded = false;

	if (line_init(&l, e, &ignored) == OC_OK) {
		const struct oc_server server = { kind, e->provider->base_url, &l.guard,
						  &l.headers };

		if (oc_discover_window_wait(&server, e->model_id, WINDOW_TIMEOUT_MS, &window) ==
		    OC_OK)
			loaded = window.loaded == OC_TRUE ||
				 (window.loaded != OC_FALSE && kind->load == OC_LOAD_NONE);
	}
	line_deinit(&l);
	return loaded;
}

/* LM Studio's load call puts it beside what is there, or fails; what loads on a first request may
 * push the chat model out. */
static bool load_wait(struct oc_embedder *e)
{
	struct oc_model small = { 0 };
	int64_t ctx = 0;

	if (e->provider->kind->load != OC_LOAD_LMSTUDIO || oc_preload_disabled(e->provider->entry))
		return false;
	small.context_tokens = CONTEXT;
	free(e->request_model);
	e->request_model = NULL;
	if (oc_lmstudio_preload_wait(e->catalog, e->provider, e->model_id, &small, NULL,
				     &e->request_model, &ctx) != OC_OK)
		return false;
	return ctx > 0;
}

bool oc_embedder_ready_wait(struct oc_embedder *e, bool may_load)
{
	struct mood *m = mood_of(e->key);
	bool ready;

	if (oc_now_ms() < m->ready_until_ms) return true;
	ready = e->provider == &e->own || is_loaded_wait(e) || (may_load && load_wait(e)) ||
		(e->chosen && e->provider->kind->load != OC_LOAD_LMSTUDIO);
	if (oc_scope_cancelled(oc_scope_current())) return false;
	m = mood_of(e->key);
	m->ready_until_ms = ready ? oc_now_ms() + READY_MS : 0;
	if (!ready && may_load) m->rest_until_ms = oc_now_ms() + REST_MS;
	return ready;
}

/* ---- asking ---- */

static char *url_of(const struct oc_provider *p)
{
	struct oc_str base = oc_str(p->base_url);

	while (base.n && base.p[base.n - 1] == '/') base.n--;
	/* A server of another API has the OpenAI-shaped one below /v1. */
	bool add = p->api && strcmp(p->api, "openai-completions") != 0 &&
		   strcmp(p->api, "openai-responses") != 0 && !oc_str_ends(base, OC_LIT("/v1"));
	return oc_asprintf("%.*s%s/embeddings", OC_FMT(base), add ? "/v1" : "");
}

static enum oc_rc take_slot_wait(const struct oc_embedder *e, enum oc_priority priority,
				 struct oc_deadline d, struct oc_slot **out, struct oc_err *err)
{
	struct oc_slot_ask ask = { .slots = oc_endpoint_slots(e->provider, 0),
				   .priority = priority,
				   .deadline = d };
	struct oc_url url;
	enum oc_rc rc = oc_url_parse(oc_str(e->provider->base_url), &url, err);

	if (rc) return rc;
	char *origin = oc_url_origin(&url);
	ask.origin = origin;
	rc = oc_endpoint_acquire_wait(&ask, out);
	free(origin);
	oc_url_deinit(&url);
	return rc == OC_E_TIMEOUT ? oc_fail(err, rc, "the server is busy") : rc;
}

struct answer {
	struct oc_str body;
	size_t n;
	struct oc_memory_embedding *out;
	enum oc_rc rc;
	struct oc_err *e;
};

static void read_answer(void *arg)
{
	struct answer *a = arg;

	a->rc = oc_memory_embed_answer(a->body, a->n, a->out, a->e);
}

static enum oc_rc post_wait(const struct oc_embedder *e, const struct line *l, const char *body,
			    uint64_t timeout_ms, size_t n, struct oc_memory_embedding *out,
			    struct oc_err *err)
{
	char *url = url_of(e->provider);
	const struct oc_http_request req = { .method = "POST",
					     .url = url,
					     .guard = &l->guard,
					     .headers = &l->headers,
					     .body = oc_str(body),
					     .context = "memory" };
	struct oc_fetch f;
	enum oc_rc rc = oc_fetch_wait(&req, timeout_ms, OC_MAX_ERROR_BODY_BYTES, &f, err);

	free(url);
	if (rc) return rc;
	if (f.status == 200) {
		struct answer a = { oc_buf_view(&f.body), n, out, OC_OK, err };

		oc_work_wait(read_answer, &a);
		rc = a.rc;
	} else /* 4xx: of these texts, as far as one can tell; else of the server */
		rc = oc_fail(err, f.status >= 400 && f.status < 500 ? OC_E_INPUT : OC_E_UPSTREAM,
			     "HTTP %d", f.status);
	oc_fetch_deinit(&f);
	return rc;
}

static enum oc_rc ask_wait(struct oc_embedder *e, const char *body, enum oc_priority priority,
			   uint64_t timeout_ms, size_t n, struct oc_memory_embedding *out,
			   struct oc_err *err)
{
	struct oc_deadline d = oc_deadline_in(timeout_ms);
	struct oc_slot *slot = NULL;
	struct line l;
	enum oc_rc rc = line_init(&l, e, err);

	oc_strv_add(&l.headers, OC_LIT("Content-Type: application/json"));
	if (!rc) rc = take_slot_wait(e, priority, d, &slot, err);
	if (!rc) rc = post_wait(e, &l, body, timeout_ms, n, out, err);
	oc_slot_release(slot);
	line_deinit(&l);
	return rc;
}

enum oc_rc oc_embedder_ask_wait(struct oc_embedder *e, const struct oc_str *texts, size_t n,
				bool question, enum oc_priority priority, uint64_t timeout_ms,
				struct oc_memory_embedding *out, struct oc_err *err)
{
	enum { LEAST_BYTES = 250 };
	const char *model = e->request_model ? e->request_model : e->model_id;
	const char *prefix = oc_memory_prefix(e->model_id, question);
	size_t max = OC_MEMORY_EMBED_BYTES;
	enum oc_rc rc;

	/* A server with a small window refuses what it cannot take: a shorter beginning will do. */
	do {
		char *body = oc_memory_embed_body(model, prefix, texts, n, max);

		for (size_t i = 0; i < n; i++) oc_memory_embedding_deinit(&out[i]);
		rc = ask_wait(e, body, priority, timeout_ms, n, out, err);
		free(body);
		max /= 2;
	} while ((rc == OC_E_INPUT || rc == OC_E_UPSTREAM) && max >= LEAST_BYTES);
	return rc;
}

/* ---- chunks ---- */

enum { ASK_TIMEOUT_MS = 60000 };

static enum oc_rc keep_wait(struct oc_notebook *m, const struct oc_memory_texts *texts,
			    const struct oc_memory_embedding *v, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	for (size_t i = 0; !rc && i < texts->n; i++) {
		const struct oc_memory_vector vector = { v[i].v, v[i].n, v[i].scale };

		rc = oc_memory_index_vector_wait(m->index, texts->v[i].hash, &vector, e);
	}
	return rc;
}

static enum oc_rc embed_texts_wait(struct oc_notebook *m, struct oc_embedder *embedder,
				   const struct oc_memory_texts *texts, struct oc_err *e)
{
	struct oc_memory_embedding v[OC_MEMORY_BATCH] = { { 0 } };
	struct oc_str inputs[OC_MEMORY_BATCH];
	char *whole[OC_MEMORY_BATCH] = { 0 };
	enum oc_rc rc;

	for (size_t i = 0; i < texts->n; i++) {
		const struct oc_memory_text *t = &texts->v[i];

		whole[i] = oc_asprintf("%s%s%s", t->heading, *t->heading ? "\n" : "", t->text);
		inputs[i] = oc_str(whole[i]);
	}
	rc = oc_embedder_ask_wait(embedder, inputs, texts->n, false, OC_PRIORITY_HOUSEKEEPING,
				  ASK_TIMEOUT_MS, v, e);
	if (!rc) rc = keep_wait(m, texts, v, e);
	for (size_t i = 0; i < texts->n; i++) {
		oc_memory_embedding_deinit(&v[i]);
		free(whole[i]);
	}
	return rc;
}

static enum oc_rc embed_all_wait(struct oc_notebook *m, struct oc_embedder *embedder,
				 struct oc_deadline d, bool (*go_on)(void *arg), void *arg,
				 bool *left, struct oc_err *e)
{
	enum oc_rc rc = oc_memory_index_model_wait(m->index, oc_embedder_key(embedder), e);

	*left = false;
	while (!rc) {
		struct oc_memory_texts texts;

		rc = oc_memory_index_bare_wait(m->index, OC_MEMORY_BATCH, &texts, e);
		if (rc || !texts.n) return rc;
		*left = (d.at_ms && oc_deadline_passed(d)) || (go_on && !go_on(arg));
		if (!*left) rc = embed_texts_wait(m, embedder, &texts, e);
		oc_memory_texts_deinit(&texts);
		if (*left) return rc;
	}
	return rc;
}

static enum oc_rc any_bare_wait(struct oc_notebook *m, bool *out, struct oc_err *e)
{
	struct oc_memory_texts texts;
	enum oc_rc rc = oc_memory_index_bare_wait(m->index, 1, &texts, e);

	if (rc) return rc;
	*out = texts.n > 0;
	oc_memory_texts_deinit(&texts);
	return OC_OK;
}

enum oc_rc oc_memory_embed_wait(struct oc_notebook *m, struct oc_deadline d,
				bool (*go_on)(void *arg), void *arg, bool *left, struct oc_err *e)
{
	struct oc_embedder *embedder = NULL;
	bool any = false, there = oc_embedder_find(m->scope, &m->settings, &embedder), more = there;
	enum oc_rc rc = OC_OK;

	if (embedder) rc = any_bare_wait(m, &any, e);
	if (!rc && embedder && !any) more = false;
	if (!rc && any && oc_embedder_ready_wait(embedder, true)) {
		rc = embed_all_wait(m, embedder, d, go_on, arg, &more, e);
		if (rc && rc != OC_CANCELLED && rc != OC_E_TIMEOUT) {
			oc_log(OC_LOG_DEBUG, "memory", "%s gives no vectors: %s",
			       oc_embedder_key(embedder), e->msg);
			oc_embedder_rest(embedder);
		}
	}
	if (left) *left = more || (rc && rc != OC_CANCELLED);
	oc_embedder_free(embedder);
	return rc == OC_CANCELLED ? rc : OC_OK;
}
