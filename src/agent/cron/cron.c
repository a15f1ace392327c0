/* The scheduler: one task sleeps until the next job is due and starts it in a task of its own. */
#include "agent/cron/cron.h"

#include <stdlib.h>

#include "agent/cron/cron_job.h"
#include "agent/cron/cron_page.h"
#include "agent/cron/cron_run.h"
#include "agent/run/prompt.h"
#include "agent/run/settings.h"
#include "agent/session/session.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "rt/task.h"

enum {
	MAX_JOBS = 10000,
	LONGEST_SLEEP_MS = 30000, /* the wall clock may be set, a machine may sleep */
	CLOCK_JUMP_MS = 60000,
	RUNS_KEPT = 2000, /* of each job */
	PRUNED_AT_ONCE = 100,
	RUNS_KEPT_MS = 604800000, /* 7 days */
	PRUNE_MS = 3600000,
	AT_ONCE = 8, /* runs with a model, and as many without */
	MISSED_DELAY_MS = 120000,
	MISSED_STEP_MS = 5000,
	ECHOED = 3
};

struct oc_cron {
	struct oc_cron_spec spec;
	json_t **jobs; /* owned references, in the order of their making */
	size_t n, cap;
	uint64_t revision;
	struct oc_scope *scope;
	struct oc_wait *sleeping; /* the scheduler's, NULL while it looks */
	size_t running[2];	  /* without and with a model */
	size_t begun[2];	  /* by this look, so not counted as running yet */
	int64_t ahead_ms;	  /* wall clock minus monotonic clock */
	bool clock_known;
};

const struct oc_cron_spec *oc_cron_spec_of(const struct oc_cron *c)
{
	return &c->spec;
}

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

static bool is_once(const json_t *job)
{
	return !strcmp(oc_json_cstr(json_object_get(job, "schedule"), "kind"), "at");
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
	size_t i = index_of(c, id);
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
		take_out(c, i);
		rc = oc_store_remove_wait(c->spec.store, "cron", id, NULL, &e);
	} else {
		bool alert = failed && oc_cron_job_alerts(job, oc_wall_ms());
		int64_t errors = oc_json_int(state, "consecutiveErrors", 0);

		if (failed && o->passing) oc_cron_job_retry(job, oc_wall_ms());
		rc = save_wait(c, job, &e);
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

	tell(s->cron, "started", s->job);
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
	wake(s->cron); /* there is room for another, and this one has a next time */
	tell(s->cron, "finished", s->job);
	json_decref(s->job);
	free(s);
}

/* Its next time is set when it ends; until then it is not due. */
static const char *start(struct oc_cron *c, json_t *job, int64_t due_ms, const char *skip,
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

/* The wall clock was set back: what was planned by it would come too late. */
static void mind_the_clock(struct oc_cron *c, int64_t now_ms)
{
	int64_t ahead = now_ms - (int64_t)oc_now_ms();
	bool back = c->clock_known && ahead < c->ahead_ms - CLOCK_JUMP_MS;

	c->ahead_ms = ahead;
	c->clock_known = true;
	if (!back) return;
	oc_log(OC_LOG_INFO, "cron", "the clock was set back: recurring jobs are planned anew");
	for (size_t i = 0; i < c->n; i++)
		if (oc_cron_job_next(c->jobs[i]) && !is_once(c->jobs[i]))
			oc_cron_job_plan(c->jobs[i], now_ms);
}

static int64_t deadline_ms(const json_t *job)
{
	int64_t ms = oc_json_positive(job, "deadline");

	return ms || oc_parse_duration(oc_json_str(job, "deadline"), &ms) ? ms : 0;
}

/* What is due may still have to wait, or is too late. True: it begins now, skip says with what. */
static bool may_begin(struct oc_cron *c, json_t *job, int64_t due_ms, int64_t now_ms,
		      const char **skip)
{
	int64_t quiet = oc_cron_job_quiet_ms(job), deadline = deadline_ms(job);
	int64_t until = oc_sessions_last_person_ms(c->spec.sessions) + quiet;

	*skip = NULL;
	if (deadline && now_ms > due_ms + deadline)
		*skip = "its deadline had passed";
	else if (quiet && now_ms < until && !is_once(job))
		*skip = "the user was active";
	else if (quiet && now_ms < until) {
		json_object_set_new(oc_cron_job_state(job), "nextRunAtMs", json_integer(until));
		return false;
	}
	return true;
}

static bool has_room(const struct oc_cron *c, const json_t *job)
{
	bool model = oc_cron_job_needs_model(job);

	return c->running[model] + c->begun[model] < AT_ONCE;
}

/* Starts what is due; milliseconds until the next look. */
static uint64_t look(struct oc_cron *c)
{
	int64_t now_ms = oc_wall_ms(), soonest = now_ms + LONGEST_SLEEP_MS;
	char run_id[OC_ID_CHARS + 1];
	const char *skip;

	c->begun[0] = c->begun[1] = 0;
	mind_the_clock(c, now_ms);
	if (!is_enabled(c)) return LONGEST_SLEEP_MS;
	for (size_t i = 0; i < c->n; i++) {
		json_t *job = c->jobs[i];
		int64_t next = oc_cron_job_next(job);

		if (!next || is_running(job)) continue;
		if (next <= now_ms && has_room(c, job) && may_begin(c, job, next, now_ms, &skip)) {
			c->begun[oc_cron_job_needs_model(job)]++;
			start(c, job, next, skip, run_id);
			continue;
		}
		next = oc_cron_job_next(job);
		if (next > now_ms && next < soonest) soonest = next;
	}
	return (uint64_t)(soonest - now_ms);
}

static void prune_sessions(void *arg)
{
	struct oc_cron *c = arg;

	oc_cron_prune_sessions_wait(&c->spec);
}

static void schedule(void *arg)
{
	struct oc_cron *c = arg;
	uint64_t pruned_ms = 0;
	enum oc_rc rc = OC_OK;

	while (rc != OC_CANCELLED) {
		uint64_t ms = look(c);
		struct oc_wait w = { 0 };

		if (!pruned_ms || oc_now_ms() - pruned_ms >= PRUNE_MS) {
			oc_scope_spawn(c->scope, prune_sessions, c);
			pruned_ms = oc_now_ms();
		}
		c->sleeping = &w;
		rc = oc_wait_park(&w, oc_deadline_in(ms ? ms : 1));
		c->sleeping = NULL;
	}
}

static bool skips_missed(const struct oc_cron *c)
{
	struct oc_snapshot *snapshot = c->spec.snapshot(c->spec.arg);
	bool skips =
	    oc_json_bool(oc_config_get(&snapshot->config, "cron"), "skipMissedJobs", false);

	oc_snapshot_unref(snapshot);
	return skips;
}

/*
 * After a start: a job that ran when the gateway died did not end. What was missed comes once: what
 * needs no model now, the rest when the start is over, one after the other. *late counts those.
 */
static void resume(const struct oc_cron *c, json_t *job, int64_t now_ms, int64_t *late)
{
	json_t *state = oc_cron_job_state(job);
	int64_t began = oc_json_positive(state, "runningAtMs"), next = oc_cron_job_next(job);

	if (began) {
		oc_cron_job_ended(job, "error", "the gateway stopped during the run", began,
				  now_ms);
		return;
	}
	if (!next || next > now_ms) return;
	if (skips_missed(c)) {
		if (is_once(job)) {
			json_object_set_new(job, "enabled", json_false());
			json_object_set_new(state, "lastStatus", json_string("skipped"));
			json_object_set_new(state, "lastRunStatus", json_string("skipped"));
		}
		oc_cron_job_plan(job, now_ms);
	} else if (oc_cron_job_needs_model(job)) {
		json_object_set_new(
		    state, "nextRunAtMs",
		    json_integer(now_ms + MISSED_DELAY_MS + (*late)++ * MISSED_STEP_MS));
	}
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
	int64_t late = 0;

	if (rc) return rc;
	for (size_t i = list.n; i-- > 0;) {
		if (!is_sound(list.v[i].value)) continue;
		resume(c, list.v[i].value, oc_wall_ms(), &late);
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
	oc_cron_tool_register();
	spec->sessions->cron = c;
	c->scope = oc_scope_new();
	oc_scope_spawn(c->scope, schedule, c);
	*out = c;
	return OC_OK;
}

void oc_cron_stop_wait(struct oc_cron *c)
{
	if (!c) return;
	c->spec.sessions->cron = NULL;
	oc_scope_cancel(c->scope);
	oc_scope_join_wait(c->scope);
	oc_scope_free(c->scope);
	for (size_t i = 0; i < c->n; i++) json_decref(c->jobs[i]);
	free(c->jobs);
	free(c);
}

/* ---- times as people say them ---- */

/* The zone of the agent's person. Free with free(). */
static char *zone_of(struct oc_cron *c, const char *agent)
{
	struct oc_snapshot *snapshot = c->spec.snapshot(c->spec.arg);
	struct oc_agent_settings settings;
	char *zone;

	if (oc_agent_settings_init(&settings, &snapshot->config, agent, NULL) == OC_OK) {
		zone = oc_prompt_time_zone(settings.time_zone);
		oc_agent_settings_deinit(&settings);
	} else {
		zone = oc_prompt_time_zone(NULL);
	}
	oc_snapshot_unref(snapshot);
	return zone;
}

enum oc_rc oc_cron_read_when(struct oc_cron *c, const char *agent, struct oc_str text,
			     struct oc_natural *out, struct oc_err *e)
{
	char *zone = zone_of(c, agent);
	enum oc_rc rc = oc_natural_read(text, zone, oc_wall_ms(), out, e);

	free(zone);
	return rc;
}

void oc_cron_echo(struct oc_cron *c, const json_t *job, size_t n, struct oc_buf *out)
{
	char *zone = zone_of(c, oc_json_cstr(job, "agentId"));
	int64_t at = oc_wall_ms(), next = oc_cron_job_next(job);

	for (size_t i = 0; i < n && next; i++) {
		if (i) oc_buf_adds(out, ", ");
		oc_natural_moment(next, oc_zone_get(zone, NULL), out);
		at = next > at ? next : at;
		next = oc_cron_job_after(job, at);
	}
	oc_buf_addf(out, " (%s)", zone);
	free(zone);
}

/* "when" in place of "schedule". A question is an error here: nobody is talking. */
static enum oc_rc settle_when(struct oc_cron *c, json_t *job, const char *agent, struct oc_err *e)
{
	const json_t *when = json_object_get(job, "when");
	struct oc_natural natural;
	enum oc_rc rc;

	if (!when) return OC_OK;
	if (json_object_get(job, "schedule"))
		return oc_fail(e, OC_E_INPUT, "give either when or schedule");
	rc = oc_cron_read_when(c, agent, oc_json_text(when), &natural, e);
	if (rc) return rc;
	if (!natural.schedule)
		return oc_fail(e, OC_E_INPUT, "when \"%.*s\": %s",
			       OC_FMT(oc_str_head(oc_json_text(when), OC_NATURAL_MAX)),
			       natural.question);
	json_object_set_new(job, "schedule", natural.schedule);
	json_object_del(job, "when");
	return OC_OK;
}

static void put_echo(struct oc_cron *c, json_t *job)
{
	struct oc_buf text;

	oc_buf_init(&text, 1000);
	oc_cron_echo(c, job, ECHOED, &text);
	oc_json_put(job, "nextRuns", oc_json_new_str(oc_buf_view(&text)));
	oc_buf_deinit(&text);
}

/* ---- what clients ask for ---- */

/* A channel or chat that does not exist is told now, not when the job is due. */
static enum oc_rc check_delivery(struct oc_cron *c, const json_t *job, struct oc_err *e)
{
	const json_t *delivery = json_object_get(job, "delivery");
	const char *mode = oc_json_cstr(delivery, "mode"), *channel;
	const struct oc_delivery_port *port = &c->spec.delivery;
	bool webhook = mode && !strcmp(mode, "webhook");

	if (!mode || (!webhook && strcmp(mode, "announce") != 0) || !port->check) return OC_OK;
	channel = oc_json_cstr(delivery, "channel");
	char *key = oc_cron_session(&c->spec, job, e);
	const char *route = oc_json_cstr(delivery, "routeOf");
	if (!key) return OC_E_INPUT;
	const struct oc_delivery d = { .mode = webhook ? OC_DELIVERY_WEBHOOK : OC_DELIVERY_ANNOUNCE,
				       .channel = channel ? channel : "last",
				       .account = oc_json_cstr(delivery, "accountId"),
				       .thread = oc_json_cstr(delivery, "threadId"),
				       .to = oc_json_cstr(delivery, "to"),
				       .session_key = route ? route : key,
				       .agent = oc_json_cstr(job, "agentId") };
	enum oc_rc rc = port->check(port->arg, &d, e);
	free(key);
	if (rc) oc_wrap(e, "delivery");
	return rc ? OC_E_INPUT : OC_OK;
}

enum oc_rc oc_cron_add_wait(struct oc_cron *c, const json_t *wanted, json_t **out, struct oc_err *e)
{
	bool natural = json_object_get(wanted, "when") != NULL;
	json_t *job = NULL, *copy;
	enum oc_rc rc;

	if (c->n >= MAX_JOBS)
		return oc_fail(e, OC_E_LIMIT, "there are %d jobs already: remove some", MAX_JOBS);
	copy = json_deep_copy(wanted);
	rc = settle_when(c, copy, oc_json_cstr(wanted, "agentId"), e);
	if (!rc) rc = oc_cron_job_new(copy, oc_wall_ms(), &job, e);
	json_decref(copy);
	if (!rc) rc = check_delivery(c, job, e);
	if (rc) {
		json_decref(job);
		return rc;
	}
	rc = save_wait(c, job, e);
	if (rc) {
		json_decref(job);
		return rc;
	}
	*out = json_deep_copy(job);
	add(c, job);
	wake(c);
	tell(c, "added", *out);
	if (natural) put_echo(c, *out);
	return OC_OK;
}

enum oc_rc oc_cron_update_wait(struct oc_cron *c, const char *id, const json_t *patch, json_t **out,
			       struct oc_err *e)
{
	size_t i = index_of(c, id);
	bool natural = json_object_get(patch, "when") != NULL;
	json_t *changed = NULL, *copy;
	enum oc_rc rc;

	if (i == SIZE_MAX) return unknown(e, id);
	copy = json_deep_copy(patch);
	rc = settle_when(c, copy, oc_json_cstr(c->jobs[i], "agentId"), e);
	if (!rc) rc = oc_cron_job_patch(c->jobs[i], copy, oc_wall_ms(), &changed, e);
	json_decref(copy);
	if (!rc) rc = check_delivery(c, changed, e);
	if (rc) {
		json_decref(changed);
		return rc;
	}
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
	if (natural) put_echo(c, *out);
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
		*out = enqueued(start(c, job, 0, NULL, run_id), NULL);
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
