/* The scheduler: one task sleeps until the next job is due and starts it in a task of its own. */
#include "agent/cron/cron_state.h"

#include <stdlib.h>

#include "agent/cron/cron_run.h"
#include "agent/session/session.h"
#include "base/log.h"
#include "base/mem.h"

enum {
	LONGEST_SLEEP_MS = 30000, /* the wall clock may be set, a machine may sleep */
	CLOCK_JUMP_MS = 60000,
	PRUNE_MS = 3600000,
	AT_ONCE = 8, /* runs with a model, and as many without */
	MISSED_DELAY_MS = 120000,
	MISSED_STEP_MS = 5000
};

const struct oc_cron_spec *oc_cron_spec_of(const struct oc_cron *c)
{
	return &c->spec;
}

/* ---- jobs ---- */

size_t oc_cron_index(const struct oc_cron *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(oc_json_cstr(c->jobs[i], "id"), id)) return i;
	return SIZE_MAX;
}

void oc_cron_append(struct oc_cron *c, json_t *job)
{
	if (c->n == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 16;
		c->jobs = oc_realloc_array(c->jobs, c->cap, sizeof *c->jobs);
	}
	c->jobs[c->n++] = job;
}

void oc_cron_take_out(struct oc_cron *c, size_t i)
{
	json_decref(c->jobs[i]);
	memmove(c->jobs + i, c->jobs + i + 1, (--c->n - i) * sizeof *c->jobs);
}

bool oc_cron_is_once(const json_t *job)
{
	return !strcmp(oc_json_cstr(json_object_get(job, "schedule"), "kind"), "at");
}

void oc_cron_wake(struct oc_cron *c)
{
	c->revision++;
	if (c->sleeping) oc_wait_end(c->sleeping, OC_OK);
}

void oc_cron_tell(struct oc_cron *c, const char *action, json_t *job)
{
	json_t *event;

	if (!c->spec.told) return;
	event = json_pack("{s:s,s:s,s:O}", "jobId", oc_json_cstr(job, "id"), "action", action,
			  "job", job);
	c->spec.told(c->spec.arg, event);
	json_decref(event);
}

enum oc_rc oc_cron_save_wait(struct oc_cron *c, json_t *job, struct oc_err *e)
{
	return oc_store_put_wait(c->spec.store, "cron", oc_json_cstr(job, "id"),
				 oc_json_int(job, "createdAtMs", 0), job, e);
}

/* ---- the scheduler ---- */

bool oc_cron_is_enabled(struct oc_cron *c)
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
		if (oc_cron_job_next(c->jobs[i]) && !oc_cron_is_once(c->jobs[i]))
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
	else if (quiet && now_ms < until && !oc_cron_is_once(job))
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
	if (!oc_cron_is_enabled(c)) return LONGEST_SLEEP_MS;
	for (size_t i = 0; i < c->n; i++) {
		json_t *job = c->jobs[i];
		int64_t next = oc_cron_job_next(job);

		if (!next || oc_cron_is_running(job)) continue;
		if (next <= now_ms && has_room(c, job) && may_begin(c, job, next, now_ms, &skip)) {
			c->begun[oc_cron_job_needs_model(job)]++;
			oc_cron_begin(c, job, next, skip, run_id);
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
		if (oc_cron_is_once(job)) {
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
		oc_cron_append(c, json_incref(list.v[i].value));
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
