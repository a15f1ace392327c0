/* Windows, slots and token counts of the model that is loaded. */
#include "model/provider/context.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/provider/credential.h"
#include "model/provider/discovery.h"
#include "model/provider/fetch.h"
#include "model/provider/learned.h"

enum {
	ASK_MS = 3000,
	LOOK_EVERY_MS = 500,
	COUNT_MS = 10000,
	LOAD_MS = 600000,
	DAY_MS = 24 * 60 * 60 * 1000
};

/* ---- speaking to the server ---- */

struct line {
	struct oc_guard guard;
	struct oc_strv headers;
	struct oc_server server;
};

static bool line_open(struct line *l, const struct oc_catalog *c, const struct oc_provider *p)
{
	struct oc_credential cred;

	*l = (struct line){ 0 };
	if (!p->base_url || oc_provider_guard(c, p, &l->guard, NULL) != OC_OK) return false;
	if (oc_credential_resolve(c, p, NULL, &cred, NULL) != OC_OK) {
		oc_guard_deinit(&l->guard);
		return false;
	}
	oc_provider_headers(c, p, &cred, NULL, &l->headers);
	oc_credential_deinit(&cred);
	l->server = (struct oc_server){ p->kind, p->base_url, &l->guard, &l->headers };
	return true;
}

static void line_close(struct line *l)
{
	for (size_t i = 0; i < l->headers.n; i++)
		memset(l->headers.v[i], 0, strlen(l->headers.v[i]));
	oc_strv_deinit(&l->headers);
	oc_guard_deinit(&l->guard);
}

/* The answer of a small POST, NULL when there is none. body is stolen. */
static enum oc_rc post_wait(const struct line *l, const char *path, json_t *body, uint64_t ms,
			    json_t **answer)
{
	char *text = oc_json_compact(body), *url = oc_kind_url(l->server.base_url, path);
	struct oc_strv headers = { 0 };
	struct oc_fetch f;
	struct oc_http_request req = { .method = "POST",
				       .url = url,
				       .guard = &l->guard,
				       .headers = &headers,
				       .body = oc_str(text),
				       .context = "context" };

	*answer = NULL;
	oc_strv_add(&headers, OC_LIT("Accept: application/json"));
	oc_strv_add(&headers, OC_LIT("Content-Type: application/json"));
	for (size_t i = 0; i < l->headers.n; i++) oc_strv_add(&headers, oc_str(l->headers.v[i]));
	enum oc_rc rc = oc_fetch_wait(&req, ms, OC_MAX_ERROR_BODY_BYTES, &f, NULL);
	if (!rc) {
		if (f.status == 200) *answer = oc_json_parse(oc_buf_view(&f.body), NULL, NULL);
		oc_fetch_deinit(&f);
	}
	oc_strv_deinit(&headers);
	free(url);
	free(text);
	json_decref(body);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- the window ---- */

static bool worth_asking(const struct oc_provider *p)
{
	if (p->kind->hosted) return false;
	return p->local || p->kind != oc_custom_kind;
}

/* Ollama answers when the model is loaded. */
static enum oc_rc load_by_prompt_wait(const struct line *l, const char *model)
{
	json_t *answer;
	enum oc_rc rc =
	    post_wait(l, "/api/generate", json_pack("{s:s,s:b}", "model", model, "stream", 0),
		      LOAD_MS, &answer);

	json_decref(answer);
	return rc;
}

/* llama.cpp's router answers at once, and its list tells when the model is there. One that does not
 * become loaded within the time of a load is left to the request, which says why. */
static enum oc_rc load_by_router_wait(const struct line *l, const char *model)
{
	struct oc_deadline d = oc_deadline_in(LOAD_MS);
	struct oc_window w = { .loaded = OC_FALSE };
	json_t *answer;
	enum oc_rc rc =
	    post_wait(l, "/models/load", json_pack("{s:s}", "model", model), COUNT_MS, &answer);
	bool taken = oc_json_bool(answer, "success", false);

	json_decref(answer);
	while (!rc && taken && w.loaded == OC_FALSE && !w.failed && oc_now_ms() < d.at_ms) {
		rc = oc_sleep_wait(LOOK_EVERY_MS);
		if (!rc) rc = oc_discover_window_wait(&l->server, model, ASK_MS, &w);
	}
	return rc;
}

static enum oc_rc load_wait(const struct line *l, const char *model)
{
	oc_log(OC_LOG_INFO, "model", "loading %s", model);
	return l->server.kind->load == OC_LOAD_ROUTER ? load_by_router_wait(l, model)
						      : load_by_prompt_wait(l, model);
}

/* Only of a loaded model the window is known; some servers load one when they are told to. */
static bool load_helps(const struct line *l, const struct oc_window *w)
{
	if (w->tokens) return false;
	if (l->server.kind->load == OC_LOAD_ROUTER) return w->loaded == OC_FALSE;
	return l->server.kind->load == OC_LOAD_KEEP_ALIVE;
}

static enum oc_rc ask_wait(const struct line *l, const char *model, bool may_load,
			   struct oc_window *w)
{
	enum oc_rc rc = oc_discover_window_wait(&l->server, model, ASK_MS, w);

	if (rc || !may_load || !load_helps(l, w)) return rc;
	rc = load_wait(l, model);
	return rc ? rc : oc_discover_window_wait(&l->server, model, ASK_MS, w);
}

static void remember(const struct oc_catalog *c, const struct oc_provider *p, const char *model,
		     const struct oc_window *w)
{
	json_t *told = json_object();

	if (w->tokens) {
		oc_json_put(told, "tokens", json_integer(w->tokens));
		oc_json_put(told, "source", json_string(w->source));
		oc_json_put(told, "at", json_null());
	}
	if (w->slots) oc_json_put(told, "slots", json_integer(w->slots));
	if (json_object_size(told) > 0)
		oc_learned_note(c->config->paths.agent_dir, p->base_url, model, "context", told);
	else
		json_decref(told);
}

/* What a refusal told long ago may no longer hold: people restart servers with more. */
static int64_t remembered_tokens(const json_t *context)
{
	int64_t at = oc_json_int(context, "at", 0);

	if (at && oc_wall_ms() - at > DAY_MS) return 0;
	return oc_json_positive(context, "tokens");
}

static enum oc_rc find_wait(const struct oc_catalog *c, struct oc_provider *p, const char *model,
			    bool may_load, struct oc_context *out)
{
	struct oc_window w = { 0 };
	struct line l;
	enum oc_rc rc = OC_OK;

	*out = (struct oc_context){ 0 };
	if (!p->base_url) return OC_OK;
	if (worth_asking(p) && line_open(&l, c, p)) {
		rc = ask_wait(&l, model, may_load, &w);
		line_close(&l);
		if (rc) return rc;
		if (w.shows) oc_provider_shows(c, p, w.shows);
		remember(c, p, model, &w);
	}
	json_t *facts = oc_learned_get(c->config->paths.agent_dir, p->base_url, model);
	const json_t *ratio = json_object_get(facts, "charsPerToken");
	out->tokens = w.tokens ? w.tokens : remembered_tokens(json_object_get(facts, "context"));
	out->slots = oc_json_positive(json_object_get(facts, "context"), "slots");
	out->chars_per_token = json_is_number(ratio) ? json_number_value(ratio) : 0;
	json_decref(facts);
	return OC_OK;
}

enum oc_rc oc_context_read_wait(const struct oc_catalog *c, struct oc_provider *p,
				const char *model, struct oc_context *out)
{
	return find_wait(c, p, model, true, out);
}

enum oc_rc oc_context_look_wait(const struct oc_catalog *c, struct oc_provider *p,
				const char *model, struct oc_context *out)
{
	return find_wait(c, p, model, false, out);
}

void oc_context_refused(const struct oc_catalog *c, const struct oc_provider *p, const char *model,
			int64_t tokens)
{
	if (tokens <= 0 || !p->base_url) return;
	oc_learned_note(c->config->paths.agent_dir, p->base_url, model, "context",
			json_pack("{s:I,s:s,s:I}", "tokens", (json_int_t)tokens, "source",
				  "refusal", "at", (json_int_t)oc_wall_ms()));
}

void oc_context_measured(const struct oc_catalog *c, const struct oc_provider *p, const char *model,
			 double chars_per_token)
{
	if (!p->base_url) return;
	/* Two digits: a file that is written for every turn would be of no use to anybody. */
	double rounded = (double)(int64_t)(chars_per_token * 10 + 0.5) / 10;

	oc_learned_note(c->config->paths.agent_dir, p->base_url, model, "charsPerToken",
			json_real(rounded));
}

/* ---- tokens ---- */

static json_t *count_request(enum oc_token_count how, const char *model, struct oc_str text)
{
	json_t *body = json_object();

	switch (how) {
	case OC_COUNT_CONTENT: oc_json_put(body, "content", oc_json_new_str(text)); break;
	case OC_COUNT_TEXT: oc_json_put(body, "text", oc_json_new_str(text)); break;
	case OC_COUNT_PROMPT:
		oc_json_put(body, "model", json_string(model));
		oc_json_put(body, "prompt", oc_json_new_str(text));
		break;
	case OC_COUNT_NONE: break;
	}
	return body;
}

/* The answers of the table: a list of tokens, or one of the words for their number. */
static int64_t counted(const json_t *answer)
{
	static const char *const words[] = { "count", "length" };
	const json_t *tokens = json_object_get(answer, "tokens");

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (json_is_integer(json_object_get(answer, words[i])))
			return oc_json_int(answer, words[i], -1);
	return json_is_array(tokens) ? (int64_t)json_array_size(tokens) : -1;
}

enum oc_rc oc_context_count_wait(const struct oc_catalog *c, const struct oc_provider *p,
				 const char *model, struct oc_str text, int64_t *tokens)
{
	json_t *answer = NULL;
	struct line l;

	*tokens = -1;
	if (p->kind->count == OC_COUNT_NONE || !worth_asking(p) || !line_open(&l, c, p))
		return OC_OK;
	enum oc_rc rc = post_wait(&l, p->kind->count_path,
				  count_request(p->kind->count, model, text), COUNT_MS, &answer);
	*tokens = counted(answer);
	json_decref(answer);
	line_close(&l);
	return rc;
}
