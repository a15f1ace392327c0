/* What clients ask the scheduler for. */
#include "agent/cron/cron_state.h"

#include <stdlib.h>

#include "agent/cron/cron_page.h"
#include "agent/cron/cron_run.h"
#include "agent/run/prompt.h"
#include "agent/run/settings.h"
#include "base/mem.h"

enum { MAX_JOBS = 10000, ECHOED = 3 };

static enum oc_rc unknown(struct oc_err *e, const char *id)
{
	return oc_fail(e, OC_E_NOT_FOUND, "no job with the id \"%.60s\": `cron list` shows them",
		       id);
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
	rc = oc_cron_save_wait(c, job, e);
	if (rc) {
		json_decref(job);
		return rc;
	}
	*out = json_deep_copy(job);
	oc_cron_append(c, job);
	oc_cron_wake(c);
	oc_cron_tell(c, "added", *out);
	if (natural) put_echo(c, *out);
	return OC_OK;
}

enum oc_rc oc_cron_update_wait(struct oc_cron *c, const char *id, const json_t *patch, json_t **out,
			       struct oc_err *e)
{
	size_t i = oc_cron_index(c, id);
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
	rc = oc_cron_save_wait(c, *out, e);
	if (rc) {
		json_decref(*out);
		return rc;
	}
	oc_cron_wake(c);
	oc_cron_tell(c, "updated", *out);
	if (natural) put_echo(c, *out);
	return OC_OK;
}

enum oc_rc oc_cron_remove_wait(struct oc_cron *c, const char *id, bool *removed, struct oc_err *e)
{
	size_t i = oc_cron_index(c, id);
	json_t *job;
	enum oc_rc rc;

	*removed = i != SIZE_MAX;
	if (!*removed) return OC_OK;
	job = json_incref(c->jobs[i]);
	oc_cron_take_out(c, i);
	rc = oc_store_remove_wait(c->spec.store, "cron", id, NULL, e);
	oc_cron_wake(c);
	oc_cron_tell(c, "removed", job);
	json_decref(job);
	return rc;
}

enum oc_rc oc_cron_get(struct oc_cron *c, const char *id, json_t **out, struct oc_err *e)
{
	size_t i = oc_cron_index(c, id);

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
	size_t i = oc_cron_index(c, id);
	char run_id[OC_ID_CHARS + 1];
	json_t *job;
	int64_t next;

	if (i == SIZE_MAX) return unknown(e, id);
	job = c->jobs[i];
	next = oc_cron_job_next(job);
	if (oc_cron_is_running(job))
		*out = enqueued(NULL, "already-running");
	else if (!force && !oc_cron_job_enabled(job))
		*out = enqueued(NULL, "disabled");
	else if (!force && (!next || next > oc_wall_ms()))
		*out = enqueued(NULL, "not-due");
	else
		*out = enqueued(oc_cron_begin(c, job, 0, NULL, run_id), NULL);
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
	status = json_pack("{s:b,s:b,s:s,s:s,s:I}", "enabled", oc_cron_is_enabled(c),
			   "triggersEnabled", 0, "storePath", "gateway.sqlite", "storage", "sqlite",
			   "jobs", (json_int_t)c->n);
	json_object_set_new(status, "nextWakeAtMs", soonest ? json_integer(soonest) : json_null());
	return status;
}
