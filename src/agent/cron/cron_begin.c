/* A run of a job from its beginning to its entry in the history. */
#include "agent/cron/cron_state.h"

#include <stdlib.h>

#include "agent/cron/cron_run.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"

enum {
	RUNS_KEPT = 2000, /* of each job */
	PRUNED_AT_ONCE = 100,
	RUNS_KEPT_MS = 604800000, /* 7 days */
};

struct started {
	struct oc_cron *cron;
	json_t *job; /* own reference: it may be removed meanwhile */
	char run_id[OC_ID_CHARS + 1];
	int64_t due_ms;	  /* 0 = by hand */
	const char *skip; /* static: why it is not run after all; NULL = it is */
};

/* Each job keeps its newest runs, of the last days. */
static enum oc_rc prune_runs_wait(struct oc_cron *c, const char *job_id, struct oc_err *e)
{
	char *prefix = oc_asprintf("%s/", job_id);
	struct oc_documents old = { 0 };
	enum oc_rc rc = oc_store_list_wait(c->spec.store, "cron-run", prefix, PRUNED_AT_ONCE,
					   RUNS_KEPT, &old, e);

	for (size_t i = 0; !rc && i < old.n; i++)
		rc = oc_store_remove_wait(c->spec.store, "cron-run", old.v[i].id, NULL, e);
	oc_documents_deinit(&old);
	free(prefix);
	return rc ? rc
		  : oc_store_prune_wait(c->spec.store, "cron-run", 0, oc_wall_ms() - RUNS_KEPT_MS,
					e);
}

static void record_wait(const struct oc_cron_work *w, const struct oc_cron_outcome *o,
			struct oc_cron *c, int64_t began_ms)
{
	const char *job_id = oc_json_cstr(w->job, "id");
	char *id = oc_asprintf("%s/%s", job_id, w->run_id);
	json_t *run = oc_cron_entry(w, o, began_ms);
	struct oc_err e = { 0 };

	if (oc_store_put_wait(c->spec.store, "cron-run", id, began_ms, run, &e) ||
	    prune_runs_wait(c, job_id, &e))
		oc_log(OC_LOG_WARN, "cron", "a run is not recorded: %s", e.msg);
	json_decref(run);
	free(id);
}

/* A person hears of a job that keeps failing, in the session and where the job delivers to. */
static void alert_wait(struct oc_cron *c, const struct started *s, const struct oc_cron_outcome *o,
		       int64_t errors)
{
	const json_t *delivery = json_object_get(s->job, "delivery"),
		     *alert = json_object_get(s->job, "failureAlert");
	const char *channel = oc_json_cstr(alert, "channel"), *to = oc_json_cstr(alert, "to");
	const char *name = oc_json_cstr(s->job, "name"), *mode = oc_json_cstr(delivery, "mode");
	char *text = oc_asprintf("The job \"%s\" failed %lld times in a row: %s", name ? name : "?",
				 (long long)errors, o->error.msg);
	struct oc_err e = { 0 };
	char *key = oc_cron_main_session(&c->spec, s->job, &e);

	if (!channel && mode && !strcmp(mode, "announce")) {
		channel = oc_json_cstr(delivery, "channel");
		to = oc_json_cstr(delivery, "to");
	}
	if (key && oc_cron_say_wait(&c->spec, key, oc_str(text), &e) != OC_OK)
		oc_log(OC_LOG_WARN, "cron", "%s (%s)", text, e.msg);
	if (key && channel && c->spec.delivery.deliver_wait) {
		char *id = oc_asprintf("%s:alert", s->run_id);
		const struct oc_delivery d = { .mode = OC_DELIVERY_ANNOUNCE,
					       .channel = channel,
					       .to = to,
					       .session_key = key,
					       .agent = oc_json_cstr(s->job, "agentId"),
					       .text = oc_str(text),
					       .id = id };

		if (c->spec.delivery.deliver_wait(c->spec.delivery.arg, &d, &e) != OC_OK)
			oc_log(OC_LOG_WARN, "cron", "an alert is not delivered: %s", e.msg);
		free(id);
	}
	free(key);
	free(text);
}

static void finish_wait(struct started *s, const struct oc_cron_outcome *o, int64_t began_ms)
{
	struct oc_cron *c = s->cron;
	const char *id = oc_json_cstr(s->job, "id");
	size_t i = oc_cron_index(c, id);
	bool failed = !strcmp(o->status, "error");
	struct oc_err e = { 0 };
	json_t *job, *state;
	enum oc_rc rc;

	if (i == SIZE_MAX) return; /* removed while it ran */
	job = c->jobs[i];
	state = oc_cron_job_state(job);
	if (o->delivery) json_object_set_new(state, "lastDeliveryStatus", json_string(o->delivery));
	if (oc_cron_job_ended(job, o->status, o->error.msg[0] ? o->error.msg : NULL, began_ms,
			      oc_wall_ms())) {
		oc_cron_take_out(c, i);
		rc = oc_store_remove_wait(c->spec.store, "cron", id, NULL, &e);
	} else {
		bool alert = failed && oc_cron_job_alerts(job, oc_wall_ms());
		int64_t errors = oc_json_int(state, "consecutiveErrors", 0);

		if (failed && o->passing) oc_cron_job_retry(job, oc_wall_ms());
		rc = oc_cron_save_wait(c, job, &e);
		if (alert) alert_wait(c, s, o, errors);
	}
	if (rc) oc_log(OC_LOG_WARN, "cron", "job %s is not saved: %s", id, e.msg);
}

static void perform_wait(struct started *s)
{
	const struct oc_cron_work work = {
		.spec = &s->cron->spec, .job = s->job, .run_id = s->run_id, .due_ms = s->due_ms
	};
	int64_t began_ms = oc_wall_ms();
	struct oc_cron_outcome o = { 0 };

	oc_cron_tell(s->cron, "started", s->job);
	if (s->skip) {
		o.status = "skipped";
		oc_fail(&o.error, OC_E_TIMEOUT, "%s", s->skip);
	} else {
		oc_cron_work_wait(&work, &o);
	}
	if (o.error.msg[0] && o.error.rc != OC_CANCELLED)
		oc_log(OC_LOG_WARN, "cron", "job %s: %s", oc_json_cstr(s->job, "id"), o.error.msg);
	record_wait(&work, &o, s->cron, began_ms);
	finish_wait(s, &o, began_ms);
	oc_cron_outcome_deinit(&o);
}

static void run_job(void *arg)
{
	struct started *s = arg;
	size_t *running = &s->cron->running[oc_cron_job_needs_model(s->job)];

	++*running;
	perform_wait(s);
	--*running;
	oc_cron_wake(s->cron); /* there is room for another, and this one has a next time */
	oc_cron_tell(s->cron, "finished", s->job);
	json_decref(s->job);
	free(s);
}

/* Its next time is set when it ends; until then it is not due. */
const char *oc_cron_begin(struct oc_cron *c, json_t *job, int64_t due_ms, const char *skip,
			  char *run_id)
{
	struct started *s = oc_new(struct started);
	json_t *state = oc_cron_job_state(job);

	*s = (struct started){ .cron = c, .job = json_incref(job), .due_ms = due_ms, .skip = skip };
	oc_uuid(s->run_id);
	memcpy(run_id, s->run_id, sizeof s->run_id);
	json_object_set_new(state, "runningAtMs", json_integer(oc_wall_ms()));
	json_object_del(state, "nextRunAtMs");
	oc_scope_spawn(c->scope, run_job, s);
	return run_id;
}

bool oc_cron_is_running(json_t *job)
{
	return json_object_get(oc_cron_job_state(job), "runningAtMs") != NULL;
}
