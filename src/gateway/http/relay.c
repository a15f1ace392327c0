/*
 * A relayed request from its model's name to its end: the configured candidates in order, each
 * asked once, until one answers. What a client sees of a failure is what the model it asked for
 * said.
 */
#include "gateway/http/relay.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "gateway/http/metrics.h"

static const struct oc_relay_path paths[] = {
	{ .path = "/v1/chat/completions",
	  .tail = "/chat/completions",
	  .protocol = OC_PROTO_OPENAI_CHAT },
	{ .path = "/v1/responses", .tail = "/responses", .protocol = OC_PROTO_OPENAI_RESPONSES },
	{ .path = "/v1/messages",
	  .tail = "/messages",
	  .protocol = OC_PROTO_ANTHROPIC_MESSAGES,
	  .v1 = true,
	  .header = "anthropic-version: 2023-06-01" },
	{ .path = "/v1/embeddings",
	  .tail = "/embeddings",
	  .protocol = OC_PROTO_OPENAI_CHAT,
	  .embeddings = true },
};

const struct oc_relay_path *oc_relay_path(const char *path)
{
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (!strcmp(paths[i].path, path)) return &paths[i];
	return NULL;
}

static size_t active;

size_t oc_relay_active(void)
{
	return active;
}

/* ---- candidates ---- */

/* Vectors of another model mean something else; an embedding model cannot chat; another API is
 * another language. */
static bool may_stand_in(const struct oc_relay_path *path, const struct oc_selection *first,
			 const struct oc_selection *other)
{
	if (strcmp(oc_model_api(first->provider, first->model),
		   oc_model_api(other->provider, other->model)) != 0)
		return false;
	if (path->embeddings) return !strcmp(first->model_id, other->model_id);
	return !other->model || other->model->can_chat;
}

static void keep_fitting(struct oc_candidates *l, const struct oc_relay_path *path)
{
	size_t kept = 1;

	for (size_t i = 1; i < l->n; i++) {
		if (may_stand_in(path, &l->v[0].target, &l->v[i].target)) {
			l->v[kept++] = l->v[i];
			continue;
		}
		oc_selection_deinit(&l->v[i].target);
		oc_strv_deinit(&l->v[i].warnings);
	}
	l->n = kept;
}

/* Known, or of a provider of whose models nothing is known. A bare name has to be known. */
static bool exists(const struct oc_selection *t, const char *name)
{
	return t->model || (strchr(name, '/') && t->provider->n_models == 0);
}

static bool wants_no_other(const struct oc_exchange *x)
{
	const char *value = oc_exchange_header(x, "x-openclaw-fallback");

	return value && (!strcmp(value, "off") || !strcmp(value, "false"));
}

/* False: answered with 403 or 404. */
static bool find_candidates(struct oc_gateway *gw, const struct oc_relay *r, const char *name,
			    struct oc_candidates *out)
{
	struct oc_strv fallbacks = { 0 };
	struct oc_candidate_wish wish = { .requested = name,
					  .strict = wants_no_other(r->x),
					  .fallbacks = &fallbacks };
	struct oc_err e = { 0 };

	oc_fallback_refs(r->catalog->config, "model", &fallbacks);
	/* Who configured no fallbacks wants no other model, not even the primary. */
	if (!fallbacks.n) wish.strict = true;
	enum oc_rc rc = oc_candidates_init(out, r->catalog, &wish, &e);

	oc_strv_deinit(&fallbacks);
	if (rc != OC_OK || !exists(&out->v[0].target, name)) {
		oc_models_unknown(gw, r->x, name, rc == OC_OK ? NULL : e.msg);
		return false;
	}
	if (!oc_model_allowed(r->catalog, out->v[0].target.key)) {
		oc_route_refuse(r->x, 403, "permission_error", "model_not_allowed",
				"agents.defaults.modelPolicy.allow does not list %s",
				out->v[0].target.key);
		return false;
	}
	keep_fitting(out, r->path);
	return true;
}

/* ---- what the client is told when nobody answered ---- */

static int status_of(const struct oc_call_error *e)
{
	if (e->status) return e->status;
	return e->class == OC_ERR_TIMEOUT ? 504 : 502;
}

static const char *type_of(int status)
{
	switch (status) {
	case 429: return "rate_limit_error";
	case 503: return "overloaded_error";
	case 504: return "timeout_error";
	default: return "upstream_error";
	}
}

static void tell_own(struct oc_relay *r, const struct oc_failover *f,
		     const struct oc_call_error *error, const char *key)
{
	int status = status_of(error);
	struct oc_buf text;
	char seconds[24];

	oc_buf_init(&text, 8192);
	oc_buf_addf(&text, "%s: %s", key, error->message ? error->message : "no answer");
	if (f->n_failed > 1) oc_buf_addc(&text, '\n');
	oc_failover_explain(f, &text);
	if (error->retry_after_ms > 0) {
		snprintf(seconds, sizeof seconds, "%lld",
			 (long long)(error->retry_after_ms + 999) / 1000);
		oc_exchange_set_header(r->x, "Retry-After", seconds);
	}
	r->status = status;
	oc_route_refuse(r->x, status, type_of(status), oc_error_class_name(error->class), "%s",
			oc_buf_cstr(&text));
	oc_buf_deinit(&text);
}

static const char *type_in(const struct oc_strv *headers)
{
	for (size_t i = 0; i < headers->n; i++)
		if (oc_str_istarts(oc_str(headers->v[i]), OC_LIT("content-type:")))
			return headers->v[i] + sizeof "content-type:" - 1;
	return "application/json";
}

static void tell(struct oc_relay *r, const struct oc_failover *f, const struct oc_relay_answer *a,
		 const char *key)
{
	if (!a->status) {
		tell_own(r, f, &a->error, key);
		return;
	}
	struct oc_str type = oc_str_trim(oc_str(type_in(&a->headers)));
	char *copy = oc_strndup(type.p, type.n);

	r->status = a->status;
	oc_relay_set_headers(r, &a->headers);
	oc_exchange_respond(r->x, a->status, copy, oc_buf_view(&a->body));
	free(copy);
}

static void tell_all_cool_down(struct oc_relay *r, const struct oc_failover *f)
{
	struct oc_call_error error;

	oc_call_error_init(&error);
	error.class = OC_ERR_OVERLOADED;
	error.status = 503;
	error.retry_after_ms = f->soonest_free_ms - oc_wall_ms();
	error.message = oc_strdup("every model that may answer is left alone for a while");
	tell_own(r, f, &error, f->candidates->v[0].target.key);
	oc_call_error_deinit(&error);
}

/* ---- the walk ---- */

/* What the client asked for is wrong, and would be elsewhere. */
static bool is_clients_fault(const struct oc_call_error *e)
{
	enum oc_fail_reason reason = oc_fail_reason_of(e);

	if (!oc_fail_policy(reason)->next_candidate) return true;
	return reason == OC_FAIL_FORMAT &&
	       (e->class == OC_ERR_BAD_REQUEST || e->class == OC_ERR_UNSUPPORTED_PARAM);
}

static enum oc_rc walk_wait(struct oc_relay *r, struct oc_failover *f)
{
	const struct oc_candidates *l = f->candidates;
	struct oc_relay_answer first, next;
	const char *failed = NULL; /* key of the first one */
	enum oc_rc rc = OC_E_UPSTREAM;

	oc_relay_answer_init(&first);
	for (size_t i = 0; i < l->n && rc == OC_E_UPSTREAM; i++) {
		if (!oc_failover_admits(f, i)) continue;
		oc_relay_answer_init(&next);
		rc = oc_relay_attempt_wait(r, &l->v[i].target, &next);
		if (rc == OC_E_UPSTREAM) oc_failover_failed(f, i, &next.error, next.error.message);
		bool stop = rc == OC_E_UPSTREAM && is_clients_fault(&next.error);

		if (rc == OC_E_UPSTREAM && !failed) {
			first = next;
			failed = l->v[i].target.key;
		} else {
			oc_relay_answer_deinit(&next);
		}
		if (stop) break;
	}
	if (rc == OC_E_UPSTREAM && failed)
		tell(r, f, &first, failed);
	else if (rc == OC_E_UPSTREAM)
		tell_all_cool_down(r, f);
	oc_relay_answer_deinit(&first);
	return rc == OC_E_UPSTREAM ? OC_OK : rc;
}

static void note_end(const struct oc_relay *r, const struct oc_selection *t, enum oc_rc rc,
		     uint64_t began_ms)
{
	/* 499: as nginx writes it, the client closed the request. */
	int status = rc == OC_CANCELLED ? 499 : r->status;

	oc_metrics_relay(t->provider->id, status);
	oc_log(OC_LOG_INFO, "relay", "%s %s %d %llu ms", r->path->path, t->key, status,
	       (unsigned long long)(oc_now_ms() - began_ms));
}

void oc_relay_run_wait(struct oc_gateway *gw, struct oc_exchange *x,
		       const struct oc_relay_path *path, struct oc_str body, struct oc_span model,
		       const char *name)
{
	struct oc_snapshot *snapshot = oc_gateway_snapshot(gw);
	struct oc_relay r = {
		.x = x, .path = path, .catalog = &snapshot->catalog, .body = body, .model = model
	};
	struct oc_candidates candidates;
	struct oc_failover f;
	uint64_t began_ms = oc_now_ms();

	if (!find_candidates(gw, &r, name, &candidates)) goto done;
	oc_failover_init(&f, r.catalog, &candidates);
	active++;
	note_end(&r, &candidates.v[0].target, walk_wait(&r, &f), began_ms);
	active--;
	oc_failover_deinit(&f);
done:
	oc_candidates_deinit(&candidates);
	oc_snapshot_unref(snapshot);
}
