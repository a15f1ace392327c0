/* The body of a call: how long the answer may get, and the conversation in the shape that the
 * server takes. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/call/internal.h"
#include "model/call/learning.h"
#include "model/codec/shaping.h"
#include "model/provider/params.h"

enum { DEFAULT_MAX_TOKENS = 8192, MIN_OUTPUT_TOKENS = 16, IMAGE_CHARS = 8000 };

/* ---- output limit (spec 01 §5.3) ---- */

static int64_t prompt_chars(const struct oc_messages *m)
{
	int64_t chars = 0;

	for (size_t i = 0; i < m->n; i++)
		chars += (int64_t)m->v[i].text.n + (int64_t)m->v[i].n_images * IMAGE_CHARS;
	return chars;
}

static int64_t window_of(const struct oc_model *m)
{
	return m ? m->context_tokens ? m->context_tokens : m->context_window : 0;
}

/* What the window holds besides a prompt of so many characters, at least 1; 0 = unknown. */
static int64_t room_beside(const struct oc_model *m, int64_t chars)
{
	int64_t window = window_of(m);
	int64_t used = (chars * 5 + 15) / 16; /* chars / 4 * 1.25, rounded up */

	if (!window) return 0;
	return window - used - 1 > 1 ? window - used - 1 : 1;
}

/* override: max_tokens of the request parameters, 0 = none. */
static int64_t output_limit(const struct oc_call_spec *s, const struct oc_api *api,
			    int64_t override)
{
	const struct oc_model *m = s->target->model;
	int64_t provider_cap = oc_json_positive(s->target->provider->entry, "maxTokens");
	int64_t limit = m && m->max_tokens ? m->max_tokens : DEFAULT_MAX_TOKENS;

	if (api->default_limit)
		limit = api->default_limit(m ? m->max_tokens : 0, m ? m->context_window : 0);
	if (override) limit = override;
	if (provider_cap && provider_cap < limit) limit = provider_cap;
	if (s->max_tokens) return s->max_tokens;
	int64_t room = room_beside(m, prompt_chars(s->messages));
	if (room && room < limit) limit = room;
	if (limit < MIN_OUTPUT_TOKENS)
		oc_log(OC_LOG_WARN, "model",
		       "insufficient_output_budget: %s has room for %lld tokens of output only",
		       s->target->key, (long long)limit);
	return limit;
}

/* ---- the request ---- */

/* The conversation and the tools as this server takes them. */
struct shaped {
	const struct oc_messages *messages;
	json_t *tools; /* owned, NULL = none */
	struct oc_messages copy;
};

static void shape(struct shaped *out, const struct oc_call_spec *s, const struct oc_compat *compat,
		  const struct oc_shaping *shaping)
{
	json_t *tools = compat->supports_tools ? s->tools : NULL;
	bool described = compat->text_tools != OC_TEXT_TOOLS_OFF;

	*out = (struct shaped){ .messages = s->messages, .tools = oc_shape_tools(shaping, tools) };
	if (!oc_shaping_changes_messages(shaping)) return;
	oc_shape_messages(shaping, s->messages, described ? tools : NULL, &out->copy);
	out->messages = &out->copy;
}

static void shaped_deinit(struct shaped *s)
{
	oc_messages_deinit(&s->copy);
	json_decref(s->tools);
}

char *oc_call_origin(const struct oc_prepared *p)
{
	const struct oc_selection *t = p->spec->target;

	return oc_asprintf("%s %s/%s", p->api->name, t->provider->id, t->model_id);
}

/* Asking llama.cpp for progress also keeps the connection alive, so that it notices a client that
 * left (D41). */
static json_t *request_json(const struct oc_prepared *p, const struct shaped *shaped)
{
	const struct oc_call_spec *s = p->spec;
	const struct oc_selection *t = s->target;
	json_t *params =
	    oc_params_merge(s->catalog->config, s->agent_id ? s->agent_id : "main", t->key);
	if (s->params) json_object_update(params, s->params);
	char *origin = oc_call_origin(p);
	char *tools = shaped->tools ? oc_json_compact(shaped->tools) : NULL;
	int64_t chars = prompt_chars(shaped->messages) + (int64_t)oc_str(tools).n;
	struct oc_request r = {
		.model = s->request_model ? s->request_model : t->model_id,
		.compat = &p->compat,
		.messages = shaped->messages,
		.tools = shaped->tools,
		.max_tokens = output_limit(s, p->api, oc_json_positive(params, "max_tokens")),
		.window = window_of(t->model),
		.room = room_beside(t->model, chars),
		.model_max_tokens = t->model ? t->model->max_tokens : 0,
		.origin = origin,
		.thinking = s->thinking,
		.reasoning_model = t->model && t->model->reasoning,
		.vision = t->model && t->model->vision,
		.thinking_level_map =
		    t->model ? json_object_get(t->model->entry, "thinkingLevelMap") : NULL,
		.params = params,
		.return_progress = t->provider->kind->progress,
	};
	json_t *body = p->api->body(&r);

	json_decref(params);
	free(tools);
	free(origin);
	return body;
}

/* What a person wrote about the model in the config itself, NULL. */
static json_t *configured_compat(const struct oc_selection *t)
{
	json_t *m;
	size_t i;

	json_array_foreach (json_object_get(t->provider->entry, "models"), i, m)
		if (oc_str_eq(oc_json_str(m, "id"), oc_str(t->model_id)))
			return json_object_get(m, "compat");
	return NULL;
}

enum oc_rc oc_call_body(struct oc_prepared *p, struct oc_err *e)
{
	const struct oc_selection *t = p->spec->target;
	json_t *known = t->model ? json_object_get(t->model->entry, "compat") : NULL;
	json_t *compat = oc_compat_join(known, p->learnt, configured_compat(t));
	struct oc_shaping shaping;
	struct shaped shaped;

	oc_compat_deinit(&p->compat);
	oc_compat_resolve(&p->compat, t->provider->id, &p->guard.base, compat);
	oc_shaping_read(&shaping, compat);
	shape(&shaped, p->spec, &p->compat, &shaping);
	json_decref(p->body_json);
	free(p->body);
	p->body_json = request_json(p, &shaped);
	oc_shape_body(&shaping, p->body_json);
	p->body = oc_json_compact(p->body_json);
	shaped_deinit(&shaped);
	oc_shaping_deinit(&shaping);
	json_decref(compat);
	if (strlen(p->body) > OC_MAX_REQUEST_BYTES)
		return oc_fail(e, OC_E_LIMIT, "the request is larger than %d bytes",
			       OC_MAX_REQUEST_BYTES);
	return OC_OK;
}
