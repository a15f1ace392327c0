/* One model call from values to a reply: what is sent, to whom, with which key, and how often. */
#include "model/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/chat_request.h"
#include "model/internal.h"
#include "model/local_service.h"
#include "model/params.h"

enum { DEFAULT_MAX_TOKENS = 8192, MIN_OUTPUT_TOKENS = 16, IMAGE_CHARS = 8000 };

/* ---- output limit (spec 01 §5.3) ---- */

static int64_t prompt_chars(const struct oc_messages *m)
{
	int64_t chars = 0;

	for (size_t i = 0; i < m->n; i++)
		chars += (int64_t)m->v[i].text.n + (int64_t)m->v[i].n_images * IMAGE_CHARS;
	return chars;
}

/* override: max_tokens of the request parameters, 0 = none. */
static int64_t output_limit(const struct oc_call_spec *s, int64_t override)
{
	const struct oc_model *m = s->target->model;
	int64_t provider_cap = oc_json_positive(s->target->provider->entry, "maxTokens");
	int64_t limit = m && m->max_tokens ? m->max_tokens : DEFAULT_MAX_TOKENS;

	if (override) limit = override;
	if (provider_cap && provider_cap < limit) limit = provider_cap;
	if (s->max_tokens) return s->max_tokens;
	int64_t window = m ? m->context_tokens ? m->context_tokens : m->context_window : 0;
	if (window) {
		int64_t used =
		    (prompt_chars(s->messages) * 5 + 15) / 16; /* chars / 4 * 1.25, rounded up */
		int64_t rest = window - used - 1;
		if (rest < 1) rest = 1;
		if (rest < limit) limit = rest;
	}
	if (limit < MIN_OUTPUT_TOKENS)
		oc_log(OC_LOG_WARN, "model",
		       "insufficient_output_budget: %s has room for %lld tokens of output only",
		       s->target->key, (long long)limit);
	return limit;
}

/* ---- the request ---- */

static json_t *request_json(const struct oc_call_spec *s, const struct oc_compat *compat)
{
	const struct oc_selection *t = s->target;
	json_t *params =
	    oc_params_merge(s->catalog->config, s->agent_id ? s->agent_id : "main", t->key);
	struct oc_chat_request r = {
		.model = s->request_model ? s->request_model : t->model_id,
		.compat = compat,
		.messages = s->messages,
		.tools = s->tools,
		.max_tokens = output_limit(s, oc_json_positive(params, "max_tokens")),
		.thinking = s->thinking,
		.reasoning_model = t->model && t->model->reasoning,
		.vision = t->model && t->model->vision,
		.thinking_level_map =
		    t->model ? json_object_get(t->model->entry, "thinkingLevelMap") : NULL,
		.params = params,
		/* Progress frames keep the connection alive and let the server notice a client
		 * that left (D41). */
		.return_progress = t->provider->kind->progress,
	};
	json_t *body = oc_chat_request_json(&r);

	json_decref(params);
	return body;
}

static enum oc_rc check_target(const struct oc_provider *p, struct oc_err *e)
{
	if (!p->base_url)
		return oc_fail(e, OC_E_INPUT, "%s",
			       p->problem ? p->problem : "the provider has no baseUrl");
	if (p->api && strcmp(p->api, "openai-completions") != 0)
		return oc_fail(
		    e, OC_E_INPUT,
		    "unsupported api \"%s\" of provider %s: set models.providers.%s.api to "
		    "\"openai-completions\"",
		    p->api, p->id, p->id);
	return OC_OK;
}

/* Everything that stays the same over the retries. */
struct prepared {
	struct oc_credential credential;
	struct oc_guard guard;
	struct oc_strv headers;
	struct oc_compat compat;
	char *url, *body;
};

static void prepared_deinit(struct prepared *p)
{
	free(p->body);
	free(p->url);
	oc_compat_deinit(&p->compat);
	oc_strv_deinit(&p->headers);
	oc_guard_deinit(&p->guard);
	oc_credential_deinit(&p->credential);
}

static enum oc_rc prepare(const struct oc_call_spec *s, struct prepared *out, struct oc_err *e)
{
	const struct oc_selection *t = s->target;
	const struct oc_provider *p = t->provider;
	enum oc_rc rc = check_target(p, e);

	if (rc == OC_OK) rc = oc_credential_resolve(s->catalog, p, t->profile, &out->credential, e);
	if (rc == OC_OK) rc = oc_provider_guard(s->catalog, p, &out->guard, e);
	if (rc != OC_OK) return rc;
	oc_strv_add(&out->headers, OC_LIT("Content-Type: application/json"));
	oc_strv_add(&out->headers, OC_LIT("Accept: text/event-stream, application/json"));
	oc_provider_headers(s->catalog, p, &out->credential, t->model, &out->headers);
	oc_compat_resolve(&out->compat, p->id, &out->guard.base,
			  t->model ? json_object_get(t->model->entry, "compat") : NULL);
	json_t *body = request_json(s, &out->compat);
	out->body = oc_json_compact(body);
	json_decref(body);
	if (strlen(out->body) > OC_MAX_REQUEST_BYTES)
		return oc_fail(e, OC_E_LIMIT, "the request is larger than %d bytes",
			       OC_MAX_REQUEST_BYTES);
	out->url = oc_asprintf("%s/chat/completions", p->base_url);
	return OC_OK;
}

/* ---- the reply ---- */

/* A server may echo the key it was sent; no message of ours repeats it. */
static void hide_key(struct oc_reply *reply, const char *key)
{
	enum { SHORTEST_SECRET = 6 };
	char *message = reply->error.message;
	size_t n = key ? strlen(key) : 0;

	if (!message || n < SHORTEST_SECRET) return;
	for (char *hit = message; (hit = strstr(hit, key)); hit += n) memset(hit, '*', n);
}

static void refuse_filtered(struct oc_reply *reply)
{
	if (reply->outcome != OC_OUTCOME_OK || reply->finish != OC_FINISH_CONTENT_FILTER) return;
	reply->outcome = OC_OUTCOME_ERROR;
	reply->error.class = OC_ERR_BAD_REQUEST;
	reply->error.message = oc_strdup("Provider finish_reason: content_filter");
}

/* ---- retries ---- */

static void notice_retry(const struct oc_call_spec *s, const struct oc_reply *reply,
			 uint64_t delay_ms)
{
	char text[512];

	if (reply->error.class == OC_ERR_MODEL_LOADING)
		snprintf(text, sizeof text, "%s is loading", s->target->key);
	else
		snprintf(text, sizeof text, "%s: %s; trying again in %.1f s", s->target->key,
			 reply->error.message, (double)delay_ms / 1000);
	oc_log(OC_LOG_INFO, "model", "%s", text);
	if (s->notice) s->notice(s->notice_arg, text);
}

static enum oc_rc call_wait(const struct oc_call_spec *s, const struct prepared *p,
			    struct oc_reply *reply)
{
	struct oc_retry retry = { 0 };
	struct oc_attempt a = {
		.spec = s,
		.guard = &p->guard,
		.headers = &p->headers,
		.url = p->url,
		.body = oc_str(p->body),
		.context = { .tools = s->tool_names,
			     .stream = true,
			     .think_tags = true,
			     .text_tools = s->tools ? (enum oc_text_tools)p->compat.text_tools
						    : OC_TEXT_TOOLS_BRACKET },
	};

	for (;;) {
		uint64_t delay_ms = 0;
		oc_reply_init(&a.reply);
		enum oc_rc rc = oc_attempt_wait(&a);
		oc_reply_deinit(reply);
		*reply = a.reply;
		hide_key(reply, p->credential.key);
		refuse_filtered(reply);
		if (rc != OC_OK || reply->error.class == OC_ERR_NONE) return rc;
		bool visible = s->side_effects || a.shown;
		if (!oc_retry_allowed(&retry, reply, s->target->provider->local, visible,
				      &delay_ms))
			return OC_OK;
		notice_retry(s, reply, delay_ms);
		if ((rc = oc_sleep_wait(delay_ms)) != OC_OK) return rc;
	}
}

enum oc_rc oc_call_wait(const struct oc_call_spec *s, struct oc_reply *reply, struct oc_err *e)
{
	struct prepared p = { 0 };

	oc_reply_init(reply);
	enum oc_rc rc = prepare(s, &p, e);
	if (rc == OC_OK) rc = oc_local_service_ensure_wait(s->catalog, s->target->provider, e);
	if (rc == OC_OK) {
		rc = call_wait(s, &p, reply);
		oc_local_service_touch(s->catalog, s->target->provider);
	}
	prepared_deinit(&p);
	return rc;
}
