/*
 * One model of a relayed request: its key, its place in the queue, the load of LM Studio, the
 * request. Another key of the same provider is tried when one is refused; nothing is sent twice
 * with the same key, that is for the client to decide.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "gateway/http/metrics.h"
#include "gateway/http/relay.h"
#include "model/call/call.h"
#include "model/call/diagnostics.h"
#include "model/call/endpoint.h"
#include "model/call/transport_error.h"
#include "model/codec/errors.h"
#include "model/provider/cooldown.h"
#include "model/provider/credential.h"
#include "model/provider/preload.h"
#include "model/service/local_service.h"

enum {
	QUEUE_LENGTH = 512,
	QUEUE_SECONDS = 600,
	RETRY_AFTER_MS = 5000,
	LARGE_BODY = 262144, /* edited beside the loop */
};

struct aim {
	struct oc_relay *relay;
	const struct oc_selection *target;
	struct oc_guard guard;
	char *url, *origin, *request_model;
	int64_t told_slots;
	struct oc_credential credential;
	struct oc_strv headers, tried;
	struct oc_buf body;
	struct oc_slot *slot;
	struct oc_err e;
};

static const char *agent_dir(const struct aim *a)
{
	return a->relay->catalog->config->paths.agent_dir;
}

void oc_relay_answer_init(struct oc_relay_answer *a)
{
	*a = (struct oc_relay_answer){ 0 };
	oc_call_error_init(&a->error);
}

void oc_relay_answer_deinit(struct oc_relay_answer *a)
{
	oc_strv_deinit(&a->headers);
	oc_buf_deinit(&a->body);
	oc_call_error_deinit(&a->error);
	oc_relay_answer_init(a);
}

static void aim_deinit(struct aim *a)
{
	oc_buf_deinit(&a->body);
	oc_strv_deinit(&a->tried);
	oc_strv_deinit(&a->headers);
	oc_credential_deinit(&a->credential);
	free(a->request_model);
	free(a->origin);
	free(a->url);
	oc_guard_deinit(&a->guard);
}

/* ---- what is sent ---- */

static void add_client_headers(struct aim *a)
{
	const struct oc_exchange *x = a->relay->x;

	if (a->relay->path->header) oc_strv_add(&a->headers, oc_str(a->relay->path->header));
	for (size_t i = 0; oc_relay_request_headers[i]; i++) {
		const char *value = oc_exchange_header(x, oc_relay_request_headers[i]);
		if (value) oc_strv_addf(&a->headers, "%s: %s", oc_relay_request_headers[i], value);
	}
}

/* The next key that was not refused yet. Headers of the configuration win over the client's. */
static enum oc_rc take_key(struct aim *a)
{
	const struct oc_selection *t = a->target;
	const struct oc_key_wish wish = { .profile = t->profile,
					  .model = t->model_id,
					  .tried = &a->tried };
	struct oc_credential next;
	enum oc_rc rc = oc_credential_choose(a->relay->catalog, t->provider, &wish, &next, &a->e);

	if (rc != OC_OK) return rc;
	oc_credential_deinit(&a->credential);
	a->credential = next;
	oc_strv_deinit(&a->headers);
	add_client_headers(a);
	oc_provider_headers(a->relay->catalog, t->provider, &a->credential, t->model, &a->headers);
	return OC_OK;
}

/* The same path, with the query that the client gave: "?beta=true". */
static char *url_of(const struct oc_relay *r, const struct oc_provider *p)
{
	const struct oc_relay_path *path = r->path;
	const char *query = oc_exchange_query(r->x);
	struct oc_str base = oc_str(p->base_url);
	bool anthropic = p->api && !strcmp(p->api, "anthropic-messages");

	while (base.n && base.p[base.n - 1] == '/') base.n--;
	bool add = (path->v1 || anthropic) && !oc_str_ends(base, OC_LIT("/v1"));

	return oc_asprintf("%.*s%s%s%s%s", OC_FMT(base), add ? "/v1" : "", path->tail,
			   *query ? "?" : "", query);
}

static enum oc_rc resolve(struct aim *a)
{
	const struct oc_provider *p = a->target->provider;
	enum oc_rc rc = OC_OK;

	if (!p->base_url)
		return oc_fail(&a->e, OC_E_INPUT, "%s",
			       p->problem ? p->problem : "the provider has no baseUrl");
	rc = take_key(a);
	if (rc == OC_OK) rc = oc_provider_guard(a->relay->catalog, p, &a->guard, &a->e);
	if (rc != OC_OK) return rc;
	a->url = url_of(a->relay, p);
	a->origin = oc_url_origin(&a->guard.base);
	return OC_OK;
}

struct edit {
	const struct oc_relay *relay;
	const char *model; /* quoted */
	struct oc_buf *out;
};

static void edit(void *arg)
{
	const struct edit *e = arg;

	oc_json_replace(e->relay->body, e->relay->model, oc_str(e->model), e->out);
}

static void name_model_wait(struct aim *a)
{
	const char *name = a->request_model ? a->request_model : a->target->model_id;
	json_t *value = oc_json_new_str(oc_str(name));
	char *quoted = oc_json_compact(value);
	struct edit e = { a->relay, quoted, &a->body };

	oc_buf_init(&a->body, OC_MAX_REQUEST_BYTES);
	if (a->relay->body.n > LARGE_BODY)
		oc_work_wait(edit, &e);
	else
		edit(&e);
	free(quoted);
	json_decref(value);
}

/* ---- before the request ---- */

static enum oc_rc preload_wait(struct aim *a)
{
	const struct oc_selection *t = a->target;
	int64_t window;

	if (oc_provider_kind(t->provider->id)->load != OC_LOAD_LMSTUDIO) return OC_OK;
	if (a->relay->path->embeddings || (t->model && !t->model->can_chat)) return OC_OK;
	return oc_lmstudio_preload_wait(a->relay->catalog, t->provider, t->model_id, t->model, NULL,
					&a->request_model, &window);
}

static void queued(void *arg, unsigned position)
{
	struct oc_relay *r = arg;

	if (!r->position) r->position = position;
}

static int64_t param(const struct oc_provider *p, const char *name, int64_t otherwise)
{
	int64_t n = oc_json_positive(json_object_get(p->entry, "params"), name);

	return n ? n : otherwise;
}

static enum oc_rc slot_wait(struct aim *a)
{
	const struct oc_provider *p = a->target->provider;
	int64_t seconds = param(p, "queueSeconds", QUEUE_SECONDS);
	int64_t length = param(p, "queueLength", QUEUE_LENGTH);
	const struct oc_slot_ask ask = {
		.origin = a->origin,
		.slots = oc_endpoint_slots(p, a->told_slots),
		.priority = OC_PRIORITY_INTERACTIVE,
		.queued = queued,
		.arg = a->relay,
		.deadline = oc_deadline_in((uint64_t)(seconds < 86400 ? seconds : 86400) * 1000),
		.max_waiting = length < 1000000 ? (unsigned)length : 1000000,
	};

	return oc_endpoint_acquire_wait(&ask, &a->slot);
}

/* ---- failures of our own ---- */

static enum oc_rc refuse(struct oc_relay_answer *out, enum oc_error_class class, int status,
			 const char *message)
{
	oc_error_set(&out->error, class, status, "%s", message);
	return OC_E_UPSTREAM;
}

static enum oc_rc queue_refused(struct oc_relay_answer *out, enum oc_rc rc)
{
	if (rc == OC_E_LIMIT)
		refuse(out, OC_ERR_OVERLOADED, 429,
		       "too many requests wait for this model server already");
	else
		refuse(out, OC_ERR_OVERLOADED, 503,
		       "no slot of the model server became free in time");
	out->error.retry_after_ms = RETRY_AFTER_MS;
	return OC_E_UPSTREAM;
}

static enum oc_rc no_answer(struct oc_relay_answer *out, enum oc_http_failure why,
			    const struct oc_err *e)
{
	oc_transport_error(&out->error, why, e->msg);
	return OC_E_UPSTREAM;
}

/* ---- what is remembered of it ---- */

static void key_failed(const struct aim *a, const struct oc_call_error *error, const char *usage_id)
{
	const struct oc_key_failure f = { .id = usage_id,
					  .model = a->target->model_id,
					  .reason = oc_fail_reason_of(error),
					  .retry_after_ms = error->retry_after_ms,
					  .local = a->target->provider->local,
					  .key_mark = a->credential.key_mark };

	if (usage_id && f.reason != OC_FAIL_NONE) oc_cooldown_record_failure(agent_dir(a), &f);
}

/* The client asked for something that this model cannot do: no fault of the key. */
static void book(const struct aim *a, const struct oc_reply *reply)
{
	if (reply->error.class == OC_ERR_NONE) {
		if (a->credential.usage_id)
			oc_cooldown_record_success(agent_dir(a), a->credential.usage_id);
		return;
	}
	key_failed(a, &reply->error, a->credential.usage_id);
	if (oc_provider_kind(a->target->provider->id)->load == OC_LOAD_LMSTUDIO)
		oc_lmstudio_preload_forget(a->target->provider);
}

/* ---- the request ---- */

static enum oc_rc open_wait(struct aim *a, struct oc_http **http, enum oc_http_failure *why)
{
	const struct oc_provider *p = a->target->provider;
	uint64_t timeout = (uint64_t)p->timeout_seconds * 1000;
	const struct oc_http_request req = { .method = "POST",
					     .url = a->url,
					     .guard = &a->guard,
					     .headers = &a->headers,
					     .body = oc_buf_view(&a->body),
					     .context = "relay",
					     .connect_timeout_ms = (uint32_t)timeout,
					     .idle_timeout_ms = timeout };

	return oc_http_open_wait(&req, oc_relay_patience(p), http, why, &a->e);
}

static enum oc_rc exchange_wait(struct aim *a, struct oc_relay_source *s,
				struct oc_relay_answer *out)
{
	enum oc_http_failure why = OC_HTTP_OK;
	enum oc_rc rc = open_wait(a, &s->http, &why);

	oc_buf_deinit(&a->body); /* it was sent; an answer may take long */
	if (rc == OC_CANCELLED) return rc;
	if (rc != OC_OK) {
		s->how = why;
		no_answer(out, why, &a->e);
		oc_transport_error(&s->reply.error, why, a->e.msg);
		return OC_E_UPSTREAM;
	}
	rc = oc_relay_answer_wait(s, out);
	if (rc != OC_E_UPSTREAM) return rc;
	/* Moved, not copied: the reply is needed no more but for its class. */
	oc_call_error_deinit(&out->error);
	out->error = s->reply.error;
	oc_call_error_init(&s->reply.error);
	s->reply.error.class = out->error.class;
	return rc;
}

static const char *header_of(void *http, const char *name)
{
	return oc_http_header(http, name);
}

/* With a slot: one request, seen by diagnostics and metrics. */
static enum oc_rc observed_wait(struct aim *a, struct oc_relay_answer *out)
{
	const struct oc_call_spec spec = { .catalog = a->relay->catalog, .target = a->target };
	struct oc_relay_source s = {
		.relay = a->relay, .target = a->target, .secrets = &a->headers, .slot = a->slot
	};
	struct oc_observation seen;

	oc_reply_init(&s.reply);
	name_model_wait(a);
	oc_observe_start(&seen, &spec, oc_buf_view(&a->body));
	enum oc_rc rc = exchange_wait(a, &s, out);

	if (s.http) oc_observe_head(&seen, header_of, s.http);
	seen.response_bytes = s.bytes;
	seen.first_byte_ms = s.first_byte_ms;
	oc_observe_end(&seen, rc == OC_CANCELLED ? rc : OC_OK, s.how, &s.reply);
	oc_http_close(s.http);
	oc_metrics_usage("relay", &s.reply.usage);
	if (rc == OC_OK) book(a, &s.reply);
	oc_reply_deinit(&s.reply);
	return rc;
}

static enum oc_rc request_wait(struct aim *a, struct oc_relay_answer *out)
{
	enum oc_rc rc = slot_wait(a);

	if (rc == OC_CANCELLED) return rc;
	if (rc != OC_OK) return queue_refused(out, rc);
	rc = observed_wait(a, out);
	oc_slot_release(a->slot);
	a->slot = NULL;
	return rc;
}

/* After a refusal of the key: another one, the refused one is left alone for a while. */
static bool next_key(struct aim *a, const struct oc_call_error *error)
{
	if (!oc_fail_policy(oc_fail_reason_of(error))->next_profile) return false;
	if (!a->credential.usage_id) return false;
	oc_strv_add_once(&a->tried, oc_str(a->credential.usage_id));
	key_failed(a, error, a->credential.usage_id);
	return take_key(a) == OC_OK;
}

static enum oc_rc keys_wait(struct aim *a, struct oc_relay_answer *out)
{
	for (;;) {
		enum oc_rc rc = request_wait(a, out);

		if (rc != OC_E_UPSTREAM) return rc;
		if (next_key(a, &out->error)) {
			oc_log(OC_LOG_INFO, "relay", "%s: the key was refused; trying %s",
			       a->target->key, a->credential.source);
			oc_relay_answer_deinit(out);
			continue;
		}
		if (!oc_fail_policy(oc_fail_reason_of(&out->error))->next_profile)
			key_failed(a, &out->error, a->credential.usage_id);
		if (oc_provider_kind(a->target->provider->id)->load == OC_LOAD_LMSTUDIO)
			oc_lmstudio_preload_forget(a->target->provider);
		return rc;
	}
}

static enum oc_rc ready_wait(struct aim *a, struct oc_relay_answer *out)
{
	enum oc_rc rc = preload_wait(a);

	if (rc == OC_OK) rc = oc_relay_slots_wait(a->relay->catalog, a->target, &a->told_slots);
	if (rc != OC_OK) return rc;
	return keys_wait(a, out);
}

enum oc_rc oc_relay_attempt_wait(struct oc_relay *r, const struct oc_selection *target,
				 struct oc_relay_answer *out)
{
	struct aim a = { .relay = r, .target = target };
	enum oc_rc rc = resolve(&a);

	if (rc == OC_OK) rc = oc_local_service_ensure_wait(r->catalog, target->provider, &a.e);
	if (rc == OC_OK) {
		rc = ready_wait(&a, out);
		oc_local_service_touch(r->catalog, target->provider);
	} else if (rc != OC_CANCELLED) {
		rc = refuse(out, rc == OC_E_DENIED ? OC_ERR_BLOCKED : OC_ERR_UPSTREAM_UNREACHABLE,
			    0, a.e.msg);
	}
	aim_deinit(&a);
	return rc;
}
