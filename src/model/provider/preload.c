/* Preload with its shared attempts and its back-off. */
#include "model/provider/preload.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/provider/credential.h"
#include "model/provider/fetch.h"
#include "model/provider/lmstudio.h"
#include "model/provider/secrets.h"

enum {
	LIST_TIMEOUT_MS = 30000,
	LOAD_TIMEOUT_MS = 600000,
	ADEQUATE_MS = 60000,
	BACKOFF_MS = 5000,
	BACKOFF_MAX_MS = 300000,
};

/* ---- pure parts ---- */

bool oc_preload_disabled(const json_t *provider_entry)
{
	return json_is_false(json_object_get(json_object_get(provider_entry, "params"), "preload"));
}

int64_t oc_preload_context(const struct oc_model *m, int64_t advertised_max)
{
	int64_t want = OC_LMSTUDIO_CONTEXT;

	if (m && m->context_tokens > 0)
		want = m->context_tokens;
	else if (m && m->context_window > 0)
		want = m->context_window;
	return advertised_max > 0 && advertised_max < want ? advertised_max : want;
}

const char *oc_preload_instance(const struct oc_listed_model *m, int64_t want, int64_t *ctx)
{
	for (size_t i = 0; i < m->instances.n; i++) {
		if (!m->instance_ctx || m->instance_ctx[i] < want) continue;
		*ctx = m->instance_ctx[i];
		return m->instances.v[i];
	}
	return NULL;
}

uint64_t oc_preload_backoff_ms(unsigned failures)
{
	unsigned doublings = failures > 0 ? failures - 1 : 0;

	return doublings >= 6 ? BACKOFF_MAX_MS : (uint64_t)BACKOFF_MS << doublings;
}

/* ---- attempts of this process ---- */

struct waiter {
	struct oc_wait wait;
	struct waiter *next;
};
/* One for each (server, model, context). Kept for the life of the process: a handful. */
struct attempt {
	char *key;
	struct attempt *next;
	bool running, loading;
	unsigned failures;
	uint64_t not_before_ms, adequate_until_ms;
	char *request_model; /* what the last attempt learnt; NULL = nothing */
	int64_t ctx;
	struct waiter *waiters;
};
static struct attempt *attempts;

static struct attempt *attempt_for(const char *base, const char *model, const struct oc_model *m)
{
	char *key =
	    m && (m->context_tokens > 0 || m->context_window > 0)
		? oc_asprintf("%s::%s::%lld", base, model, (long long)oc_preload_context(m, 0))
		: oc_asprintf("%s::%s::default", base, model);
	struct attempt *a = attempts;

	while (a && strcmp(a->key, key) != 0) a = a->next;
	if (a) {
		free(key);
		return a;
	}
	a = oc_new(struct attempt);
	a->key = key;
	a->next = attempts;
	attempts = a;
	return a;
}

void oc_lmstudio_preload_forget(const struct oc_provider *p)
{
	if (!p->base_url) return;
	for (struct attempt *a = attempts; a; a = a->next)
		if (oc_str_starts(oc_str(a->key), oc_str(p->base_url))) a->adequate_until_ms = 0;
}

static void learn(struct attempt *a, const char *request_model, int64_t ctx)
{
	char *copy = request_model ? oc_strdup(request_model) : NULL;

	free(a->request_model);
	a->request_model = copy;
	a->ctx = ctx;
}

/* ---- the two control calls ---- */

struct call {
	char *server; /* base without /v1 */
	struct oc_guard guard;
	struct oc_strv headers;
	const char *model; /* as configured, without the provider */
	const struct oc_model *m;
	struct attempt *attempt;
	const struct oc_preload_watch *watch; /* NULL */
};

static void tell_loading(const struct oc_preload_watch *watch)
{
	if (watch) watch->loading(watch->arg);
}

static enum oc_rc call_init(struct call *call, const struct oc_catalog *c,
			    const struct oc_provider *p, struct oc_err *e)
{
	struct oc_credential cred;
	enum oc_rc rc = oc_credential_resolve(c, p, NULL, &cred, e);

	if (rc) return rc;
	rc = oc_provider_guard(c, p, &call->guard, e);
	if (!rc) {
		oc_provider_headers(c, p, &cred, NULL, &call->headers);
		call->server = oc_lmstudio_server_base(oc_str(p->base_url), false);
	}
	oc_credential_deinit(&cred);
	return rc;
}

static void call_deinit(struct call *call)
{
	for (size_t i = 0; i < call->headers.n; i++)
		memset(call->headers.v[i], 0, strlen(call->headers.v[i]));
	oc_strv_deinit(&call->headers);
	oc_guard_deinit(&call->guard);
	free(call->server);
}

static char *load_body(const char *key, int64_t want)
{
	json_t *body = json_object();

	oc_json_put(body, "model", oc_json_new_str(oc_str(key)));
	oc_json_put(body, "context_length", json_integer(want));
	char *text = oc_json_compact(body);
	json_decref(body);
	return text;
}

static bool status_is_loaded(const struct oc_load_answer *a)
{
	return !a->status || oc_str_ieq(oc_str(a->status), OC_LIT("loaded"));
}

static enum oc_rc judge_load(struct call *call, const struct oc_load_answer *a, int http_status,
			     const char *key, int64_t want, struct oc_err *e)
{
	if (http_status < 200 || http_status > 299)
		return oc_fail(e, OC_E_UPSTREAM, "HTTP %d%s%.300s", http_status,
			       a->error.message ? ": " : "",
			       a->error.message ? a->error.message : "");
	if (a->error.class != OC_ERR_NONE)
		return oc_fail(e, OC_E_UPSTREAM, "%.300s",
			       a->error.message ? a->error.message : "the answer is no JSON");
	if (!status_is_loaded(a))
		return oc_fail(e, OC_E_UPSTREAM, "the server says status \"%.60s\"", a->status);
	learn(call->attempt, a->instance ? a->instance : key, a->ctx > 0 ? a->ctx : want);
	return OC_OK;
}

static enum oc_rc load_wait(struct call *call, const char *key, int64_t want, struct oc_err *e)
{
	char *url = oc_asprintf("%s/api/v1/models/load", call->server);
	char *body = load_body(key, want);
	struct oc_strv headers = { 0 };
	struct oc_load_answer answer;
	struct oc_fetch f;
	struct oc_http_request req = { .method = "POST",
				       .url = url,
				       .guard = &call->guard,
				       .headers = &headers,
				       .body = oc_str(body),
				       .context = "lmstudio preload" };

	oc_strv_add(&headers, OC_LIT("Content-Type: application/json"));
	for (size_t i = 0; i < call->headers.n; i++)
		oc_strv_add(&headers, oc_str(call->headers.v[i]));
	enum oc_rc rc = oc_fetch_wait(&req, LOAD_TIMEOUT_MS, OC_MAX_LOAD_ERROR_BYTES, &f, e);
	if (!rc) {
		oc_load_answer_decode(&answer, f.status, oc_buf_view(&f.body));
		oc_secrets_hide(&answer.error.message, &headers);
		rc = judge_load(call, &answer, f.status, key, want, e);
		oc_load_answer_deinit(&answer);
		oc_fetch_deinit(&f);
	}
	oc_strv_deinit(&headers);
	free(body);
	free(url);
	return rc;
}

static enum oc_rc list_wait(struct call *call, struct oc_discovery *list, struct oc_err *e)
{
	char *url = oc_asprintf("%s/api/v1/models", call->server);

	oc_discover_list_wait(url, &call->guard, &call->headers, LIST_TIMEOUT_MS,
			      "lmstudio preload", list);
	free(url);
	if (list->rc == OC_CANCELLED) return OC_CANCELLED;
	if (list->rc) return oc_fail(e, list->rc, "model list: %s", list->error);
	return OC_OK;
}

static enum oc_rc ensure_loaded(struct call *call, struct oc_err *e)
{
	struct oc_discovery list;
	enum oc_rc rc = list_wait(call, &list, e);
	const struct oc_listed_model *known = NULL;
	const char *instance = NULL;
	int64_t ctx = 0, want;

	if (!rc) known = oc_model_list_find(&list.list, oc_str(call->model));
	want = oc_preload_context(call->m, known ? known->ctx_max : 0);
	if (known) {
		instance = oc_preload_instance(known, want, &ctx);
		learn(call->attempt, instance ? instance : known->id, instance ? ctx : known->ctx);
	}
	if (!rc && instance) call->attempt->adequate_until_ms = oc_now_ms() + ADEQUATE_MS;
	if (!rc && !instance) {
		call->attempt->loading = true;
		tell_loading(call->watch);
		rc = load_wait(call, known ? known->id : call->model, want, e);
	}
	oc_discovery_deinit(&list);
	return rc;
}

/* ---- one attempt ---- */

static void note_failure(struct attempt *a, const char *model, const struct oc_err *e)
{
	uint64_t pause = oc_preload_backoff_ms(++a->failures);

	a->not_before_ms = oc_now_ms() + pause;
	a->adequate_until_ms = 0;
	oc_log(OC_LOG_WARN, "lmstudio",
	       "preload of \"%s\" failed (%u in a row, skipped for %llu s): %s", model, a->failures,
	       (unsigned long long)(pause / 1000), e->msg);
}

/* OC_E_UPSTREAM tells them that nobody finished: one of them leads now. */
static void wake_waiters(struct attempt *a, enum oc_rc rc)
{
	struct waiter *w = a->waiters;

	a->running = a->loading = false;
	a->waiters = NULL;
	while (w) {
		struct waiter *next = w->next;
		oc_wait_end(&w->wait, rc);
		w = next;
	}
}

static enum oc_rc attempt_wait(struct attempt *a, const struct oc_catalog *c,
			       const struct oc_provider *p, const char *model,
			       const struct oc_model *m, const struct oc_preload_watch *watch)
{
	struct call call = { .model = model, .m = m, .attempt = a, .watch = watch };
	struct oc_err e = { 0 };
	enum oc_rc rc;

	a->running = true;
	learn(a, NULL, 0);
	rc = call_init(&call, c, p, &e);
	if (!rc) rc = ensure_loaded(&call, &e);
	if (rc == OC_OK)
		a->failures = 0;
	else if (rc != OC_CANCELLED)
		note_failure(a, model, &e);
	call_deinit(&call);
	wake_waiters(a, rc == OC_CANCELLED ? OC_E_UPSTREAM : OC_OK);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

static void forget_waiter(struct attempt *a, struct waiter *w)
{
	for (struct waiter **at = &a->waiters; *at; at = &(*at)->next) {
		if (*at != w) continue;
		*at = w->next;
		return;
	}
}

static enum oc_rc join_wait(struct attempt *a)
{
	struct waiter w = { .next = a->waiters };

	a->waiters = &w;
	/* No deadline: the attempt has its own. */
	enum oc_rc rc = oc_wait_park(&w.wait, OC_NO_DEADLINE);
	if (rc == OC_CANCELLED) forget_waiter(a, &w);
	return rc;
}

static void hand_out(const struct attempt *a, const char *model, char **request_model,
		     int64_t *loaded_ctx)
{
	*request_model = oc_strdup(a && a->request_model ? a->request_model : model);
	*loaded_ctx = a ? a->ctx : 0;
}

static bool must_skip(const struct attempt *a, const char *model)
{
	uint64_t now = oc_now_ms();

	if (now < a->adequate_until_ms) return true;
	if (a->failures == 0 || now >= a->not_before_ms) return false;
	oc_log(OC_LOG_DEBUG, "lmstudio", "preload of \"%s\" is skipped for %llu s more", model,
	       (unsigned long long)((a->not_before_ms - now) / 1000));
	return true;
}

enum oc_rc oc_lmstudio_preload_wait(const struct oc_catalog *c, const struct oc_provider *p,
				    const char *model_id, const struct oc_model *m,
				    const struct oc_preload_watch *watch, char **request_model,
				    int64_t *loaded_ctx)
{
	const char *model = model_id;
	enum oc_rc rc;

	if (!strncmp(model, "lmstudio/", 9) && model[9] && !m) model += 9;
	if (!p->base_url || oc_preload_disabled(p->entry)) {
		hand_out(NULL, model, request_model, loaded_ctx);
		return OC_OK;
	}
	struct attempt *a = attempt_for(p->base_url, model, m);
	bool done = false;
	while (a->running && !done) {
		if (a->loading) tell_loading(watch);
		if ((rc = join_wait(a)) == OC_CANCELLED) return rc;
		done = rc == OC_OK;
	}
	if (!done && !must_skip(a, model) && (rc = attempt_wait(a, c, p, model, m, watch)))
		return rc;
	hand_out(a, model, request_model, loaded_ctx);
	return OC_OK;
}
