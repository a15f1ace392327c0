/*
 * One model call from values to a reply: what is sent, to whom, with which key, and how often. Each
 * request waits for a slot of its server first. After a refusal the call learns the shape that the
 * server takes, then tries the next key, then waits and repeats; what is safe to repeat is decided
 * in retry.c.
 */
#include "model/call/call.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/call/endpoint.h"
#include "model/call/internal.h"
#include "model/call/learning.h"
#include "model/call/text_warning.h"
#include "model/provider/cooldown.h"
#include "model/provider/learned.h"
#include "model/provider/secrets.h"
#include "model/service/local_service.h"

static enum oc_rc check_target(const struct oc_selection *t, const struct oc_api **api,
			       struct oc_err *e)
{
	const struct oc_provider *p = t->provider;
	const char *name = oc_model_api(p, t->model);
	struct oc_buf names;

	if (!p->base_url)
		return oc_fail(e, OC_E_INPUT, "%s",
			       p->problem ? p->problem : "the provider has no baseUrl");
	*api = oc_api_find(name);
	if (*api) return OC_OK;
	oc_buf_init(&names, 1000);
	oc_api_names(&names);
	oc_fail(e, OC_E_INPUT,
		"unsupported api \"%.60s\" of provider %.60s: set models.providers.%.60s.api to %s",
		name, p->id, p->id, oc_buf_cstr(&names));
	oc_buf_deinit(&names);
	return OC_E_INPUT;
}

static void prepared_deinit(struct oc_prepared *p)
{
	free(p->body);
	json_decref(p->body_json);
	oc_compat_deinit(&p->compat);
	json_decref(p->learnt);
	json_decref(p->seen);
	oc_strv_deinit(&p->tried);
	oc_strv_deinit(&p->headers);
	oc_credential_deinit(&p->credential);
	free(p->origin);
	free(p->url);
	oc_guard_deinit(&p->guard);
}

static const char *agent_dir(const struct oc_prepared *p)
{
	return p->spec->catalog->config->paths.agent_dir;
}

/* What earlier calls found out about this model of the server. */
static void recall(struct oc_prepared *p)
{
	const struct oc_selection *t = p->spec->target;
	json_t *model = oc_learned_get(agent_dir(p), t->provider->base_url, t->model_id);
	json_t *compat = json_object_get(model, "compat");

	p->told_slots = oc_json_positive(json_object_get(model, "context"), "slots");
	p->seen = json_incref(json_object_get(model, "probe"));
	p->learnt = json_is_object(compat) ? json_deep_copy(compat) : json_object();
	json_decref(model);
}

/* The next key that did not fail yet, and the headers that carry it. */
static enum oc_rc take_key(struct oc_prepared *p, struct oc_err *e)
{
	const struct oc_call_spec *s = p->spec;
	const struct oc_key_wish wish = { .profile = s->target->profile,
					  .model = s->target->model_id,
					  .tried = &p->tried };
	struct oc_credential next;
	enum oc_rc rc = oc_credential_choose(s->catalog, s->target->provider, &wish, &next, e);

	if (rc) return rc;
	oc_credential_deinit(&p->credential);
	p->credential = next;
	oc_strv_deinit(&p->headers);
	oc_strv_add(&p->headers, OC_LIT("Content-Type: application/json"));
	oc_strv_add(&p->headers, OC_LIT("Accept: text/event-stream, application/json"));
	oc_provider_headers(s->catalog, s->target->provider, &p->credential, s->target->model,
			    &p->headers);
	if (p->api->header) oc_strv_add(&p->headers, oc_str(p->api->header));
	return OC_OK;
}

static enum oc_rc prepare(const struct oc_call_spec *s, struct oc_prepared *out, struct oc_err *e)
{
	const struct oc_provider *p = s->target->provider;
	enum oc_rc rc = check_target(s->target, &out->api, e);

	out->spec = s;
	if (rc == OC_OK) rc = take_key(out, e);
	if (rc == OC_OK) rc = oc_provider_guard(s->catalog, p, &out->guard, e);
	if (rc != OC_OK) return rc;
	recall(out);
	char *base = oc_api_base(out->api, p->base_url);

	out->url = oc_asprintf("%s%s", base, out->api->path);
	free(base);
	out->origin = oc_url_origin(&out->guard.base);
	return oc_call_body(out, e);
}

/* ---- the reply ---- */

/* What comes of the server's own words must not give away what was sent to it. */
static void hide_secrets(struct oc_call_error *e, const struct oc_strv *headers)
{
	oc_secrets_hide(&e->message, headers);
	oc_secrets_hide(&e->code, headers);
	oc_secrets_hide(&e->hint, headers);
	oc_secrets_hide(&e->param, headers);
	oc_secrets_hide(&e->location, headers);
}

static void refuse_filtered(struct oc_reply *reply, const struct oc_api *api)
{
	if (reply->outcome != OC_OUTCOME_OK || reply->finish != OC_FINISH_CONTENT_FILTER) return;
	reply->outcome = OC_OUTCOME_ERROR;
	reply->error.class = OC_ERR_BAD_REQUEST;
	reply->error.message = oc_strdup(api->filtered);
}

static bool any_call_cut(const struct oc_reply *reply)
{
	for (size_t i = 0; i < reply->n_calls; i++)
		if (!reply->calls[i].valid) return true;
	return false;
}

/* llama.cpp calls a response complete that only the output limit ended (spec 04 §5.1). Calls that
 * are whole may still run. limit 0 = the API tells. */
static void notice_limit(struct oc_reply *reply, int64_t limit)
{
	bool ended = reply->finish == OC_FINISH_STOP || reply->finish == OC_FINISH_TOOL_CALLS;

	if (!limit || !ended || (reply->n_calls && !any_call_cut(reply))) return;
	if (reply->usage.present && reply->usage.output >= limit) reply->finish = OC_FINISH_LENGTH;
}

/* ---- one request ---- */

static void tell_phase(const struct oc_call_spec *s, enum oc_phase phase, unsigned position)
{
	const struct oc_progress progress = { .present = true,
					      .phase = phase,
					      .position = position };

	if (s->sink && s->sink->progress) s->sink->progress(s->sink->arg, &progress);
}

static void queued(void *arg, unsigned position)
{
	struct oc_attempt *a = arg;

	a->waited = true;
	tell_phase(a->spec, OC_PHASE_QUEUED, position);
}

static void give_way(void *arg)
{
	oc_attempt_give_way(arg);
}

/* Waits for a slot, asks, gives the slot back; again when more urgent work came between. */
static enum oc_rc request_wait(struct oc_prepared *p, struct oc_attempt *a)
{
	const struct oc_call_spec *s = p->spec;
	const struct oc_slot_ask ask = {
		.origin = p->origin,
		.slots = oc_endpoint_slots(s->target->provider, p->told_slots),
		.priority = s->priority,
		.session = s->session_key,
		.queued = queued,
		.give_way = give_way,
		.arg = a,
	};
	enum oc_rc rc;

	do {
		rc = oc_endpoint_acquire_wait(&ask, &a->slot);
		if (rc != OC_OK) return rc;
		if (a->waited) tell_phase(s, OC_PHASE_READING, 0);
		a->waited = false;
		oc_reply_deinit(&a->reply);
		oc_reply_init(&a->reply);
		rc = oc_attempt_wait(a);
		oc_slot_release(a->slot);
		a->slot = NULL;
	} while (rc == OC_OK && a->gave_way);
	return rc;
}

static enum oc_text_tools text_tools_of(const struct oc_prepared *p)
{
	return p->spec->tools ? (enum oc_text_tools)p->compat.text_tools : OC_TEXT_TOOLS_BRACKET;
}

static enum oc_rc ask_wait(struct oc_prepared *p, struct oc_attempt *a, struct oc_reply *reply)
{
	a->headers = &p->headers;
	a->body = oc_str(p->body);
	a->context.text_tools = text_tools_of(p);
	oc_reply_init(&a->reply);
	enum oc_rc rc = request_wait(p, a);

	oc_reply_deinit(reply);
	*reply = a->reply;
	hide_secrets(&reply->error, &p->headers);
	refuse_filtered(reply, p->api);
	notice_limit(reply, oc_json_positive(p->body_json, "max_output_tokens"));
	if (reply->thoughts) reply->origin = oc_call_origin(p);
	return rc;
}

/* ---- what a failure leads to ---- */

/* The server told what it does not take, and the request can do without. */
static bool reshape(struct oc_prepared *p, const struct oc_reply *reply)
{
	struct oc_err e = { 0 };

	if (p->lessons >= OC_LEARNING_MAX_STEPS) return false;
	const char *lesson = oc_learn(&reply->error, p->body_json,
				      p->compat.text_tools != OC_TEXT_TOOLS_OFF, p->learnt);

	if (!lesson) return false;
	char *before = p->body;

	p->body = NULL;
	p->lessons++;
	/* What is configured may forbid what was learnt. */
	bool changed = oc_call_body(p, &e) == OC_OK && strcmp(before, p->body) != 0;

	free(before);
	if (changed)
		oc_log(OC_LOG_INFO, "model", "%s: learnt %s (%s); asking again",
		       p->spec->target->key, lesson,
		       reply->error.message ? reply->error.message : "");
	return changed;
}

/* What helped is kept for the next call. */
static void remember(const struct oc_prepared *p)
{
	const struct oc_selection *t = p->spec->target;

	if (p->lessons)
		oc_learned_note(agent_dir(p), t->provider->base_url, t->model_id, "compat",
				json_deep_copy(p->learnt));
}

/* value is stolen. */
static void add_news(const struct oc_prepared *p, json_t *news, const char *name, json_t *value)
{
	json_t *known = json_object_get(json_object_get(p->seen, name), "value");

	if (json_equal(known, value))
		json_decref(value);
	else
		oc_json_put(news, name,
			    json_pack("{s:o,s:s}", "value", value, "how", "a real turn"));
}

/* What only a real turn shows (spec 04 §2.14 step 8). What most servers do is not written down. */
static void note_seen(const struct oc_prepared *p, const struct oc_reply *reply)
{
	const struct oc_selection *t = p->spec->target;
	json_t *news = json_object();

	if (reply->usage.cached > 0) add_news(p, news, "cached tokens", json_true());
	if (reply->n_calls > 1) add_news(p, news, "parallel calls", json_true());
	if (oc_strv_has(&reply->warnings, OC_LIT("no_done")))
		add_news(p, news, "[DONE]", json_false());
	if (reply->reasoning_field)
		add_news(p, news, "reasoning field", json_string(reply->reasoning_field));
	if (json_object_size(news) > 0)
		oc_learned_note(agent_dir(p), t->provider->base_url, t->model_id, "probe", news);
	else
		json_decref(news);
}

static struct oc_key_failure failure_of_key(const struct oc_prepared *p,
					    const struct oc_reply *reply)
{
	return (struct oc_key_failure){ .id = p->credential.usage_id,
					.model = p->spec->target->model_id,
					.reason = oc_fail_reason_of(&reply->error),
					.retry_after_ms = reply->error.retry_after_ms,
					.local = p->spec->target->provider->local,
					.key_mark = p->credential.key_mark };
}

static void key_failed(const struct oc_prepared *p, const struct oc_reply *reply)
{
	const struct oc_key_failure failed = failure_of_key(p, reply);

	if (failed.id) oc_cooldown_record_failure(agent_dir(p), &failed);
}

/* This key is of no use now; there may be another. */
static bool next_key(struct oc_prepared *p, const struct oc_reply *reply)
{
	struct oc_err e = { 0 };

	if (!oc_fail_policy(oc_fail_reason_of(&reply->error))->next_profile) return false;
	if (!p->credential.usage_id) return false;
	struct oc_key_failure failed = failure_of_key(p, reply);

	oc_strv_add_once(&p->tried, oc_str(failed.id));
	failed.id = p->tried.v[p->tried.n - 1]; /* outlives the credential */
	if (take_key(p, &e) != OC_OK) return false;
	oc_cooldown_record_failure(agent_dir(p), &failed);
	oc_log(OC_LOG_INFO, "model", "%s: %s; trying %s", p->spec->target->key,
	       reply->error.message ? reply->error.message : "the key failed",
	       p->credential.source);
	return true;
}

static void notice_retry(const struct oc_call_spec *s, const struct oc_reply *reply,
			 uint64_t delay_ms)
{
	char text[512];

	if (reply->error.class == OC_ERR_MODEL_LOADING) {
		snprintf(text, sizeof text, "%s is loading", s->target->key);
		tell_phase(s, OC_PHASE_LOADING, 0);
	} else {
		snprintf(text, sizeof text, "%s: %s; trying again in %.1f s", s->target->key,
			 reply->error.message, (double)delay_ms / 1000);
	}
	oc_log(OC_LOG_INFO, "model", "%s", text);
	if (s->notice) s->notice(s->notice_arg, text);
}

/* Too much silence ends the run, whoever could be asked next. */
static bool silenced(struct oc_call_breaker *b, const struct oc_attempt *a, struct oc_reply *reply)
{
	b->silent = a->idled && !a->begun ? b->silent + 1 : 0;
	if (!oc_call_breaker_open(b)) return false;
	char *said = reply->error.message;

	reply->error.message = oc_asprintf("%s; %u times in a row, so this run ends",
					   said ? said : "no answer", b->silent);
	reply->error.retryable = false;
	free(said);
	return true;
}

static enum oc_rc call_wait(struct oc_prepared *p, struct oc_reply *reply)
{
	const struct oc_call_spec *s = p->spec;
	const struct oc_provider *provider = s->target->provider;
	struct oc_call_breaker own = { 0 }, *breaker = s->breaker ? s->breaker : &own;
	struct oc_retry retry = { .load_limit_ms = (uint64_t)provider->timeout_seconds * 1000 };
	struct oc_attempt a = {
		.spec = s,
		.guard = &p->guard,
		.url = p->url,
		.protocol = p->api->protocol,
		.context = { .tools = s->tool_names,
			     .schemas = s->tools,
			     .tainted = s->tainted || oc_messages_tainted(s->messages),
			     .may_be_silent = s->may_be_silent,
			     .final_tags = s->final_tags,
			     .stream = true,
			     .think_tags = true,
			     .model = s->target->model_id },
	};

	for (;;) {
		uint64_t delay_ms = 0;
		enum oc_rc rc = ask_wait(p, &a, reply);

		if (rc != OC_OK) return rc;
		if (reply->error.class == OC_ERR_NONE) {
			breaker->silent = 0;
			remember(p);
			note_seen(p, reply);
			if (p->credential.usage_id)
				oc_cooldown_record_success(agent_dir(p), p->credential.usage_id);
			return OC_OK;
		}
		if (silenced(breaker, &a, reply)) {
			key_failed(p, reply);
			return OC_OK;
		}
		if (!a.shown && (reshape(p, reply) || next_key(p, reply))) continue;
		if (!oc_retry_allowed(&retry, reply, provider->local, s->side_effects || a.shown,
				      &delay_ms)) {
			key_failed(p, reply);
			return OC_OK;
		}
		notice_retry(s, reply, delay_ms);
		a.waited = reply->error.class == OC_ERR_MODEL_LOADING;
		if ((rc = oc_sleep_wait(delay_ms)) != OC_OK) return rc;
	}
}

enum oc_rc oc_call_wait(const struct oc_call_spec *s, struct oc_reply *reply, struct oc_err *e)
{
	struct oc_prepared p = { 0 };

	oc_reply_init(reply);
	enum oc_rc rc = prepare(s, &p, e);
	if (rc == OC_OK) rc = oc_local_service_ensure_wait(s->catalog, s->target->provider, e);
	if (rc == OC_OK) {
		rc = call_wait(&p, reply);
		if (s->sent) s->sent(s->sent_arg, p.body_json);
		if (rc == OC_OK) oc_text_tool_warn(s, reply);
		oc_local_service_touch(s->catalog, s->target->provider);
	}
	prepared_deinit(&p);
	return rc;
}

static bool sets_window(const struct oc_selection *t)
{
	const struct oc_api *api = oc_api_find(oc_model_api(t->provider, t->model));

	return api && api->sets_window && t->model &&
	       (t->model->context_tokens || t->model->context_window);
}

enum oc_rc oc_call_context_wait(const struct oc_catalog *c, const struct oc_selection *t,
				struct oc_context *out, struct oc_err *e)
{
	*out = (struct oc_context){ 0 };
	enum oc_rc rc = oc_local_service_ensure_wait(c, t->provider, e);
	bool ours = sets_window(t);

	if (rc) return rc;
	rc = ours ? oc_context_look_wait(c, t->provider, t->model_id, out)
		  : oc_context_read_wait(c, t->provider, t->model_id, out);
	if (ours) out->tokens = 0;
	oc_local_service_touch(c, t->provider);
	return rc;
}
