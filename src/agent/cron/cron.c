/* The scheduler: one task sleeps until the next job is due and starts it in a task of its own. */
#include "agent/cron/cron.h"

#include <stdlib.h>

#include "agent/cron/cron_job.h"
#include "agent/cron/cron_page.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "rt/task.h"

enum {
	MAX_JOBS = 10000,
	LONGEST_SLEEP_MS = 30000, /* the wall clock may be set, a machine may sleep */
	RUNS_KEPT = 2000,
	RUNS_KEPT_MS = 604800000, /* 7 days */
	RUN_LIMIT_MS = 3600000
};

struct oc_cron {
	struct oc_cron_spec spec;
	json_t **jobs; /* owned references, in the order of their making */
	size_t n, cap;
	uint64_t revision;
	struct oc_scope *scope;
	struct oc_wait *sleeping; /* the scheduler's, NULL while it looks */
};

/* ---- jobs ---- */

static size_t index_of(const struct oc_cron *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(oc_json_cstr(c->jobs[i], "id"), id)) return i;
	return SIZE_MAX;
}

static enum oc_rc unknown(struct oc_err *e, const char *id)
{
	return oc_fail(e, OC_E_NOT_FOUND, "no job with the id \"%.60s\": `cron list` shows them",
		       id);
}

static void add(struct oc_cron *c, json_t *job)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 16;
		c->jobs = oc_realloc_array(c->jobs, c->cap, sizeof *c->jobs);
	}
	c->jobs[c->n++] = job;
}

static void take_out(struct oc_cron *c, size_t i)
{
	json_decref(c->jobs[i]);
	memmove(c->jobs + i, c->jobs + i + 1, (--c->n - i) * sizeof *c->jobs);
}

static void wake(struct oc_cron *c)
{
	c->revision++;
	if (c->sleeping) oc_wait_end(c->sleeping, OC_OK);
}

static void tell(struct oc_cron *c, const char *action, json_t *job)
{
	json_t *event;

	if (!c->spec.told) return;
	event = json_pack("{s:s,s:s,s:O}", "jobId", oc_json_cstr(job, "id"), "action", action,
			  "job", job);
	c->spec.told(c->spec.arg, event);
	json_decref(event);
}

static enum oc_rc save_wait(struct oc_cron *c, json_t *job, struct oc_err *e)
{
	return oc_store_put_wait(c->spec.store, "cron", oc_json_cstr(job, "id"),
				 oc_json_int(job, "createdAtMs", 0), job, e);
}

/* ---- a run ---- */

struct started {
	struct oc_cron *cron;
	json_t *job; /* own reference: it may be removed meanwhile */
	char run_id[OC_ID_CHARS + 1];
	bool manual;
};

static char *session_of(struct started *s, const struct oc_config *config)
{
	const char *target = oc_json_cstr(s->job, "sessionTarget"),
		   *agent = oc_json_cstr(s->job, "agentId");
	const char *bound = oc_json_cstr(s->job, "sessionKey");
	char *wanted, *key = NULL;
	struct oc_err e = { 0 };

	if (!strcmp(target, "isolated"))
		wanted = oc_asprintf("cron:%s", oc_json_cstr(s->job, "id"));
	else if (oc_str_starts(oc_str(target), OC_LIT("session:")))
		wanted = oc_strdup(target + strlen("session:"));
	else
		wanted = oc_strdup(!strcmp(target, "current") && bound ? bound : "main");
	if (oc_session_key_canonical(config, wanted, agent, &key, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "cron", "job %s: %s", oc_json_cstr(s->job, "id"), e.msg);
	free(wanted);
	return key;
}

/* A text that needs no model: it stands in the session as it is. */
static enum oc_rc deliver_text_wait(struct started *s, const char *key, const char *text,
				    struct oc_err *e)
{
	struct oc_stored_message stored = { 0 };
	json_t *body =
	    json_pack("{s:s,s:[{s:s,s:s}],s:I,s:s,s:s,s:s}", "role", "assistant", "content", "type",
		      "text", "text", text, "timestamp", (json_int_t)oc_wall_ms(), "provider",
		      "openclaw", "model", "cron", "stopReason", "stop");
	enum oc_rc rc = oc_sessions_inject_wait(s->cron->spec.sessions, key, body, &stored, e);

	json_decref(body);
	oc_stored_message_deinit(&stored);
	return rc;
}

static enum oc_rc ask_model_wait(struct started *s, const char *key, const char *text,
				 char **answer, struct oc_err *e)
{
	const json_t *payload = json_object_get(s->job, "payload");
	struct oc_run_outcome outcome = { 0 };
	struct oc_asked asked;
	struct oc_ask ask = { .session_key = key,
			      .run_id = s->run_id,
			      .message = oc_str(text),
			      .model = oc_json_cstr(payload, "model"),
			      .thinking = oc_json_cstr(payload, "thinking"),
			      .channel = "cron",
			      .origin = "cron",
			      .queue = OC_QUEUE_FOLLOWUP,
			      .timeout_ms =
				  (uint64_t)oc_json_positive(payload, "timeoutSeconds") * 1000,
			      .priority = OC_PRIORITY_CRON,
			      .own_turn = true };
	enum oc_rc rc = oc_sessions_ask_wait(s->cron->spec.sessions, &ask, &asked, e);

	if (rc) return rc;
	rc = oc_sessions_outcome_wait(s->cron->spec.sessions, asked.run_id,
				      oc_deadline_in(RUN_LIMIT_MS), &outcome);
	if (rc == OC_CANCELLED) return rc;
	if (rc || !outcome.status || strcmp(outcome.status, "ok"))
		rc = oc_fail(e, OC_E_UPSTREAM, "%s",
			     outcome.error    ? outcome.error
			     : outcome.status ? outcome.status
					      : "the run was lost");
	else
		*answer = outcome.text ? oc_strdup(outcome.text) : NULL;
	oc_run_outcome_deinit(&outcome);
	return rc;
}

static enum oc_rc perform_wait(struct started *s, char **key, char **answer, struct oc_err *e)
{
	struct oc_snapshot *snapshot = s->cron->spec.snapshot(s->cron->spec.arg);
	const json_t *payload = json_object_get(s->job, "payload");
	const char *kind = oc_json_cstr(payload, "kind");
	bool isolated = !strcmp(oc_json_cstr(s->job, "sessionTarget"), "isolated");
	const char *text = oc_json_cstr(payload, !strcmp(kind, "agentTurn") ? "message" : "text");
	enum oc_rc rc = OC_OK;

	*key = session_of(s, &snapshot->config);
	oc_snapshot_unref(snapshot);
	if (!*key) return oc_fail(e, OC_E_INPUT, "the session of the job does not exist");
	if (!strcmp(kind, "text")) return deliver_text_wait(s, *key, text, e);
	if (isolated) rc = oc_sessions_reset_wait(s->cron->spec.sessions, *key, "new", e);
	return rc ? rc : ask_model_wait(s, *key, text, answer, e);
}

static void record_wait(struct started *s, const char *key, const char *status, const char *error,
			const char *answer, int64_t began_ms)
{
	const char *job_id = oc_json_cstr(s->job, "id"), *agent = oc_json_cstr(s->job, "agentId");
	char *id = oc_asprintf("%s/%s", job_id, s->run_id);
	json_t *run = json_pack(
	    "{s:I,s:s,s:s,s:s,s:s,s:s,s:I,s:I,s:s}", "ts", (json_int_t)oc_wall_ms(), "jobId",
	    job_id, "runId", s->run_id, "action", "finished", "status", status, "agentId",
	    agent ? agent : "main", "runAtMs", (json_int_t)began_ms, "durationMs",
	    (json_int_t)(oc_wall_ms() - began_ms), "deliveryStatus", "not-requested");
	struct oc_err e = { 0 };

	if (key) oc_json_put(run, "sessionKey", json_string(key));
	if (error) oc_json_put(run, "error", oc_json_new_str(oc_str(error)));
	if (answer) oc_json_put(run, "summary", oc_json_new_str(oc_str(answer)));
	if (oc_store_put_wait(s->cron->spec.store, "cron-run", id, began_ms, run, &e) ||
	    oc_store_prune_wait(s->cron->spec.store, "cron-run", RUNS_KEPT, INT64_MAX, &e) ||
	    oc_store_prune_wait(s->cron->spec.store, "cron-run", 0, oc_wall_ms() - RUNS_KEPT_MS,
				&e))
		oc_log(OC_LOG_WARN, "cron", "a run is not recorded: %s", e.msg);
	json_decref(run);
	free(id);
}

static void finish_wait(struct started *s, const char *status, const char *error, int64_t began_ms)
{
	struct oc_cron *c = s->cron;
	const char *id = oc_json_cstr(s->job, "id");
	size_t i = index_of(c, id);
	struct oc_err e = { 0 };
	enum oc_rc rc;

	if (i == SIZE_MAX) return; /* removed while it ran */
	if (oc_cron_job_ended(c->jobs[i], status, error, began_ms, oc_wall_ms())) {
		take_out(c, i);
		rc = oc_store_remove_wait(c->spec.store, "cron", id, NULL, &e);
	} else {
		rc = save_wait(c, c->jobs[i], &e);
	}
	if (rc) oc_log(OC_LOG_WARN, "cron", "job %s is not saved: %s", id, e.msg);
	wake(c);
}

static void run_job(void *arg)
{
	struct started *s = arg;
	int64_t began_ms = oc_wall_ms();
	char *key = NULL, *answer = NULL;
	struct oc_err e = { 0 };
	enum oc_rc rc;

	tell(s->cron, "started", s->job);
	rc = perform_wait(s, &key, &answer, &e);
	if (rc == OC_CANCELLED)
		oc_fail(&e, rc, "the gateway stopped");
	else if (rc)
		oc_log(OC_LOG_WARN, "cron", "job %s: %s", oc_json_cstr(s->job, "id"), e.msg);
	record_wait(s, key, rc ? "error" : "ok", rc ? e.msg : NULL, answer, began_ms);
	finish_wait(s, rc ? "error" : "ok", rc ? e.msg : NULL, began_ms);
	tell(s->cron, "finished", s->job);
	free(key);
	free(answer);
	json_decref(s->job);
	free(s);
}

/* Its next time is set when it ends; until then it is not due. */
static const char *start(struct oc_cron *c, json_t *job, bool manual, char *run_id)
{
	struct started *s = oc_new(struct started);
	json_t *state = oc_cron_job_state(job);

	*s = (struct started){ .cron = c, .job = json_incref(job), .manual = manual };
	oc_uuid(s->run_id);
	memcpy(run_id, s->run_id, sizeof s->run_id);
	json_object_set_new(state, "runningAtMs", json_integer(oc_wall_ms()));
	json_object_del(state, "nextRunAtMs");
	oc_scope_spawn(c->scope, run_job, s);
	return run_id;
}

static bool is_running(json_t *job)
{
	return json_object_get(oc_cron_job_state(job), "runningAtMs") != NULL;
}

/* ---- the scheduler ---- */

static bool is_enabled(struct oc_cron *c)
{
	struct oc_snapshot *snapshot = c->spec.snapshot(c->spec.arg);
	bool on = oc_json_bool(oc_config_get(&snapshot->config, "cron"), "enabled", true);

	oc_snapshot_unref(snapshot);
	return on;
}

/* Starts what is due; milliseconds until the next look. */
static uint64_t look(struct oc_cron *c)
{
	int64_t now_ms = oc_wall_ms(), soonest = now_ms + LONGEST_SLEEP_MS;
	char run_id[OC_ID_CHARS + 1];
	bool on = is_enabled(c);

	for (size_t i = 0; i < c->n; i++) {
		int64_t next = oc_cron_job_next(c->jobs[i]);

		if (!next || !on || is_running(c->jobs[i])) continue;
		if (next <= now_ms)
			start(c, c->jobs[i], false, run_id);
		else if (next < soonest)
			soonest = next;
	}
	return (uint64_t)(soonest - now_ms);
}

static void schedule(void *arg)
{
	struct oc_cron *c = arg;
	enum oc_rc rc = OC_OK;

	while (rc != OC_CANCELLED) {
		uint64_t ms = look(c);
		struct oc_wait w = { 0 };

		c->sleeping = &w;
		rc = oc_wait_park(&w, oc_deadline_in(ms ? ms : 1));
		c->sleeping = NULL;
	}
}

/* After a start: a job that ran when the gateway died did not end; what was missed comes at its
 * next time, but a single reminder is not lost. */
static void resume(json_t *job, int64_t now_ms)
{
	json_t *state = oc_cron_job_state(job);
	int64_t began = oc_json_positive(state, "runningAtMs"), next = oc_cron_job_next(job);

	if (began) {
		oc_cron_job_ended(job, "error", "the gateway stopped during the run", began,
				  now_ms);
		return;
	}
	if (!next || next > now_ms) return;
	if (!strcmp(oc_json_cstr(json_object_get(job, "schedule"), "kind"), "at")) return;
	oc_cron_job_plan(job, now_ms);
}

static bool is_sound(const json_t *job)
{
	return oc_json_cstr(job, "id") && oc_json_cstr(job, "sessionTarget") &&
	       oc_json_cstr(json_object_get(job, "schedule"), "kind") &&
	       oc_json_cstr(json_object_get(job, "payload"), "kind");
}

static enum oc_rc load_wait(struct oc_cron *c, struct oc_err *e)
{
	struct oc_documents list = { 0 };
	enum oc_rc rc = oc_store_list_wait(c->spec.store, "cron", NULL, 0, 0, &list, e);

	if (rc) return rc;
	for (size_t i = list.n; i-- > 0;) {
		if (!is_sound(list.v[i].value)) continue;
		resume(list.v[i].value, oc_wall_ms());
		add(c, json_incref(list.v[i].value));
	}
	oc_documents_deinit(&list);
	return OC_OK;
}

enum oc_rc oc_cron_start_wait(const struct oc_cron_spec *spec, struct oc_cron **out,
			      struct oc_err *e)
{
	struct oc_cron *c = oc_new(struct oc_cron);
	enum oc_rc rc;

	c->spec = *spec;
	rc = load_wait(c, e);
	if (rc) {
		free(c);
		return rc;
	}
	c->scope = oc_scope_new();
	oc_scope_spawn(c->scope, schedule, c);
	*out = c;
	return OC_OK;
}

void oc_cron_stop_wait(struct oc_cron *c)
{
	if (!c) return;
	oc_scope_cancel(c->scope);
	oc_scope_join_wait(c->scope);
	oc_scope_free(c->scope);
	for (size_t i = 0; i < c->n; i++) json_decref(c->jobs[i]);
	free(c->jobs);
	free(c);
}

/* ---- what clients ask for ---- */

enum oc_rc oc_cron_add_wait(struct oc_cron *c, const json_t *wanted, json_t **out, struct oc_err *e)
{
	json_t *job;
	enum oc_rc rc;

	if (c->n >= MAX_JOBS)
		return oc_fail(e, OC_E_LIMIT, "there are %d jobs already: remove some", MAX_JOBS);
	rc = oc_cron_job_new(wanted, oc_wall_ms(), &job, e);
	if (rc) return rc;
	rc = save_wait(c, job, e);
	if (rc) {
		json_decref(job);
		return rc;
	}
	*out = json_deep_copy(job);
	add(c, job);
	wake(c);
	tell(c, "added", *out);
	return OC_OK;
}

enum oc_rc oc_cron_update_wait(struct oc_cron *c, const char *id, const json_t *patch, json_t **out,
			       struct oc_err *e)
{
	size_t i = index_of(c, id);
	json_t *changed;
	enum oc_rc rc;

	if (i == SIZE_MAX) return unknown(e, id);
	rc = oc_cron_job_patch(c->jobs[i], patch, oc_wall_ms(), &changed, e);
	if (rc) return rc;
	json_decref(c->jobs[i]);
	c->jobs[i] = changed;
	*out = json_deep_copy(changed);
	rc = save_wait(c, *out, e);
	if (rc) {
		json_decref(*out);
		return rc;
	}
	wake(c);
	tell(c, "updated", *out);
	return OC_OK;
}

enum oc_rc oc_cron_remove_wait(struct oc_cron *c, const char *id, bool *removed, struct oc_err *e)
{
	size_t i = index_of(c, id);
	json_t *job;
	enum oc_rc rc;

	*removed = i != SIZE_MAX;
	if (!*removed) return OC_OK;
	job = json_incref(c->jobs[i]);
	take_out(c, i);
	rc = oc_store_remove_wait(c->spec.store, "cron", id, NULL, e);
	wake(c);
	tell(c, "removed", job);
	json_decref(job);
	return rc;
}

enum oc_rc oc_cron_get(struct oc_cron *c, const char *id, json_t **out, struct oc_err *e)
{
	size_t i = index_of(c, id);

	if (i == SIZE_MAX) return unknown(e, id);
	*out = json_deep_copy(c->jobs[i]);
	return OC_OK;
}

enum oc_rc oc_cron_list(struct oc_cron *c, const json_t *params, json_t **out, struct oc_err *e)
{
	(void)e;
	*out = oc_cron_page(c->jobs, c->n, params, c->revision);
	return OC_OK;
}

enum oc_rc oc_cron_runs_wait(struct oc_cron *c, const json_t *params, json_t **out,
			     struct oc_err *e)
{
	const char *id = oc_json_cstr(params, "id");
	struct oc_documents list = { 0 };
	char *prefix;
	enum oc_rc rc;

	if (!id) id = oc_json_cstr(params, "jobId");
	prefix = id ? oc_asprintf("%s/", id) : NULL;
	rc = oc_store_list_wait(c->spec.store, "cron-run", prefix, 0, 0, &list, e);
	free(prefix);
	if (rc) return rc;
	*out = oc_cron_runs_page(&list, params);
	oc_documents_deinit(&list);
	return OC_OK;
}

static json_t *enqueued(const char *run_id, const char *why)
{
	json_t *result = json_pack("{s:b,s:b}", "ok", 1, "enqueued", run_id != NULL);

	if (run_id)
		oc_json_put(result, "runId", json_string(run_id));
	else
		oc_json_put(result, "reason", json_string(why));
	return result;
}

enum oc_rc oc_cron_run_wait(struct oc_cron *c, const char *id, bool force, json_t **out,
			    struct oc_err *e)
{
	size_t i = index_of(c, id);
	char run_id[OC_ID_CHARS + 1];
	json_t *job;
	int64_t next;

	if (i == SIZE_MAX) return unknown(e, id);
	job = c->jobs[i];
	next = oc_cron_job_next(job);
	if (is_running(job))
		*out = enqueued(NULL, "already-running");
	else if (!force && !oc_cron_job_enabled(job))
		*out = enqueued(NULL, "disabled");
	else if (!force && (!next || next > oc_wall_ms()))
		*out = enqueued(NULL, "not-due");
	else
		*out = enqueued(start(c, job, true, run_id), NULL);
	return OC_OK;
}

json_t *oc_cron_status(struct oc_cron *c)
{
	int64_t soonest = 0;
	json_t *status;

	for (size_t i = 0; i < c->n; i++) {
		int64_t next = oc_cron_job_next(c->jobs[i]);

		if (next && (!soonest || next < soonest)) soonest = next;
	}
	status =
	    json_pack("{s:b,s:b,s:s,s:s,s:I}", "enabled", is_enabled(c), "triggersEnabled", 0,
		      "storePath", "gateway.sqlite", "storage", "sqlite", "jobs", (json_int_t)c->n);
	json_object_set_new(status, "nextWakeAtMs", soonest ? json_integer(soonest) : json_null());
	return status;
}
