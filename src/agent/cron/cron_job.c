/* Jobs: checking what a client wrote, and what a run leaves in them. */
#include "agent/cron/cron_job.h"

#include "agent/cron/cron_run.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/utf8.h"
#include "json/path.h"

enum {
	MAX_NAME_CHARS = 200,
	MADE_NAME_BYTES = 60,
	MAX_TEXT_BYTES = 65536,
	LATE_MS = 60000,
	MAX_ACTIVE_MINUTES = 10080,
	ACTIVE_MINUTES = 5,
	TOP_OF_HOUR_MS = 300000, /* spec 03 §8.1: not all of a machine's jobs at once */
	RETRIES = 3,
	ALERT_AFTER = 2,
	ALERT_COOLDOWN_MS = 3600000
};

static const int64_t backoff_ms[] = { 30000, 60000, 300000, 900000, 3600000 };

/* ---- checks ---- */

static bool is_one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(s, *list)) return true;
	return false;
}

static enum oc_rc check_text(const json_t *payload, const char *key, struct oc_err *e)
{
	struct oc_str text = oc_json_str(payload, key);

	if (!oc_str_trim(text).n) return oc_fail(e, OC_E_INPUT, "payload.%s is missing", key);
	if (text.n > MAX_TEXT_BYTES)
		return oc_fail(e, OC_E_INPUT, "payload.%s is longer than %d bytes", key,
			       MAX_TEXT_BYTES);
	return OC_OK;
}

static enum oc_rc check_payload(const json_t *job, struct oc_err *e)
{
	const json_t *payload = json_object_get(job, "payload");
	const char *kind = oc_json_cstr(payload, "kind");

	if (kind && !strcmp(kind, "systemEvent")) return check_text(payload, "text", e);
	if (kind && !strcmp(kind, "text")) return check_text(payload, "text", e);
	if (kind && !strcmp(kind, "agentTurn")) return check_text(payload, "message", e);
	if (kind && !strcmp(kind, "command")) return oc_cron_command_check(payload, e);
	return oc_fail(e, OC_E_INPUT,
		       "payload.kind has to be systemEvent, agentTurn, text or command");
}

static enum oc_rc check_target(const json_t *job, struct oc_err *e)
{
	static const char *const targets[] = { "main", "isolated", "current", NULL };
	static const char *const modes[] = { "now", "next-heartbeat", NULL };
	const char *target = oc_json_cstr(job, "sessionTarget"),
		   *mode = oc_json_cstr(job, "wakeMode");

	if (!target ||
	    (!is_one_of(target, targets) && !(oc_str_starts(oc_str(target), OC_LIT("session:")) &&
					      strlen(target) > strlen("session:"))))
		return oc_fail(e, OC_E_INPUT,
			       "sessionTarget has to be main, isolated, current or session:<key>");
	if (!mode || !is_one_of(mode, modes))
		return oc_fail(e, OC_E_INPUT, "wakeMode has to be now or next-heartbeat");
	return OC_OK;
}

/* The main session is woken by events; a task has a session of its own, or that of a key. */
static enum oc_rc check_pair(const json_t *job, struct oc_err *e)
{
	const char *kind = oc_json_cstr(json_object_get(job, "payload"), "kind");
	bool main = !strcmp(oc_json_cstr(job, "sessionTarget"), "main");

	if (main && !strcmp(kind, "agentTurn"))
		return oc_fail(e, OC_E_INPUT,
			       "sessionTarget main goes with payload.kind systemEvent, text or "
			       "command; an agentTurn needs isolated, current or session:<key>");
	if (!main && !strcmp(kind, "systemEvent"))
		return oc_fail(e, OC_E_INPUT,
			       "payload.kind systemEvent goes with sessionTarget main; isolated, "
			       "current and session:<key> need agentTurn, text or command");
	return OC_OK;
}

static enum oc_rc check_times(const json_t *job, int64_t now_ms, struct oc_err *e)
{
	const json_t *deadline = json_object_get(job, "deadline"),
		     *active = json_object_get(job, "skipIfUserActiveMinutes");
	int64_t ms;

	if (json_object_get(job, "notBefore") && !oc_cron_job_not_before(job, now_ms))
		return oc_fail(e, OC_E_INPUT,
			       "notBefore has to be a time like 2026-12-24T18:00:00Z");
	if (deadline && !(json_is_integer(deadline) && json_integer_value(deadline) > 0) &&
	    !(oc_parse_duration(oc_json_text(deadline), &ms) && ms > 0))
		return oc_fail(e, OC_E_INPUT, "deadline has to be a duration like 30m");
	if (active && !json_is_boolean(active) &&
	    !(json_is_integer(active) && json_integer_value(active) >= 0 &&
	      json_integer_value(active) <= MAX_ACTIVE_MINUTES))
		return oc_fail(e, OC_E_INPUT,
			       "skipIfUserActiveMinutes has to be a number of minutes");
	return OC_OK;
}

static enum oc_rc check(const json_t *job, int64_t now_ms, struct oc_err *e)
{
	struct oc_str name = oc_json_str(job, "name");
	struct oc_schedule schedule;
	enum oc_rc rc;

	if (!oc_str_trim(name).n) return oc_fail(e, OC_E_INPUT, "name is missing");
	if (name.n > MAX_NAME_CHARS)
		return oc_fail(e, OC_E_INPUT, "name is longer than %d characters", MAX_NAME_CHARS);
	rc = oc_schedule_parse(json_object_get(job, "schedule"), now_ms, &schedule, e);
	if (!rc) rc = check_payload(job, e);
	if (!rc) rc = check_target(job, e);
	if (!rc) rc = check_pair(job, e);
	if (!rc) rc = check_times(job, now_ms, e);
	if (!rc) rc = oc_cron_delivery_check(json_object_get(job, "delivery"), e);
	return rc;
}

/* ---- making and changing ---- */

static void put_default(json_t *job, const char *key, json_t *value)
{
	if (json_object_get(job, key))
		json_decref(value);
	else
		json_object_set_new(job, key, value);
}

/* A relative or zone-less time becomes the moment that it meant when it was written, an interval
 * gets its beginning. */
static void settle_schedule(json_t *job, int64_t now_ms)
{
	json_t *schedule = json_object_get(job, "schedule");
	struct oc_schedule s;

	if (oc_schedule_parse(schedule, now_ms, &s, NULL) != OC_OK) return;
	if (s.kind == OC_SCHEDULE_AT && !json_object_get(schedule, "atMs"))
		json_object_set_new(schedule, "atMs", json_integer(s.at_ms));
	if (s.kind == OC_SCHEDULE_EVERY) {
		json_object_set_new(schedule, "everyMs", json_integer(s.every_ms));
		json_object_set_new(schedule, "anchorMs", json_integer(s.anchor_ms));
	}
}

static bool is_one_shot(const json_t *job)
{
	const char *kind = oc_json_cstr(json_object_get(job, "schedule"), "kind");

	return kind && !strcmp(kind, "at");
}

/* A one-shot that was due a moment ago, while it was written, still runs; one that was due long ago
 * is a mistake. Plans it in the first case. */
static enum oc_rc begin_schedule(json_t *job, int64_t now_ms, struct oc_err *e)
{
	int64_t grace = is_one_shot(job) ? LATE_MS : 0;

	settle_schedule(job, now_ms);
	oc_cron_job_plan(job, now_ms - grace);
	if (!grace || !oc_cron_job_enabled(job) || oc_cron_job_next(job)) return OC_OK;
	return oc_fail(e, OC_E_INPUT, "schedule.at is in the past");
}

/* The first line of what it does. */
static json_t *name_from(const json_t *job)
{
	static const char *const members[] = { "text", "message", "command" };
	const json_t *payload = json_object_get(job, "payload");
	struct oc_str line = { 0 };

	for (size_t i = 0; !line.n && i < sizeof members / sizeof *members; i++)
		line = oc_str_trim(oc_json_str(payload, members[i]));
	line = oc_str_head(line, oc_str_find(line, OC_LIT("\n"), 0));
	if (line.n > MADE_NAME_BYTES) line.n = oc_utf8_floor(line.p, MADE_NAME_BYTES);
	return oc_json_new_str(line);
}

static const char *default_target(const json_t *job)
{
	const char *kind = oc_json_cstr(json_object_get(job, "payload"), "kind");
	bool own = kind && (!strcmp(kind, "agentTurn") || !strcmp(kind, "command"));

	return own ? "isolated" : "main";
}

enum oc_rc oc_cron_job_new(const json_t *wanted, int64_t now_ms, json_t **out, struct oc_err *e)
{
	json_t *job = json_is_object(wanted) ? json_deep_copy(wanted) : json_object();
	char id[OC_ID_CHARS + 1];
	enum oc_rc rc;

	oc_uuid(id);
	json_object_set_new(job, "id", json_string(id)); /* a client does not choose it */
	put_default(job, "name", name_from(job));
	put_default(job, "enabled", json_true());
	put_default(job, "agentId", json_string("main"));
	put_default(job, "sessionTarget", json_string(default_target(job)));
	put_default(job, "wakeMode", json_string("now"));
	put_default(job, "deleteAfterRun", json_boolean(is_one_shot(job)));
	json_object_set_new(job, "createdAtMs", json_integer(now_ms));
	json_object_set_new(job, "updatedAtMs", json_integer(now_ms));
	json_object_set_new(job, "state", json_object());
	rc = check(job, now_ms, e);
	if (!rc) rc = begin_schedule(job, now_ms, e);
	if (rc) {
		json_decref(job);
		return rc;
	}
	*out = job;
	return OC_OK;
}

enum oc_rc oc_cron_job_patch(const json_t *job, const json_t *patch, int64_t now_ms, json_t **out,
			     struct oc_err *e)
{
	static const char *const ours[] = { "id", "createdAtMs", "state" };
	json_t *changed = json_deep_copy(job);
	bool rescheduled = json_object_get(patch, "schedule") || json_object_get(patch, "enabled");
	enum oc_rc rc;

	if (json_object_get(patch, "schedule")) json_object_del(changed, "schedule");
	oc_json_merge_patch(changed, patch);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		json_object_set_new(changed, ours[i],
				    json_deep_copy(json_object_get(job, ours[i])));
	json_object_set_new(changed, "updatedAtMs", json_integer(now_ms));
	rc = check(changed, now_ms, e);
	if (!rc && json_object_get(patch, "schedule")) rc = begin_schedule(changed, now_ms, e);
	if (rc) {
		json_decref(changed);
		return rc;
	}
	if (rescheduled) json_object_del(oc_cron_job_state(changed), "consecutiveErrors");
	if (rescheduled && !json_object_get(patch, "schedule")) oc_cron_job_plan(changed, now_ms);
	*out = changed;
	return OC_OK;
}

/* ---- state ---- */

json_t *oc_cron_job_state(json_t *job)
{
	json_t *state = json_object_get(job, "state");

	if (!json_is_object(state)) json_object_set_new(job, "state", state = json_object());
	return state;
}

bool oc_cron_job_enabled(const json_t *job)
{
	return oc_json_bool(job, "enabled", true);
}

int64_t oc_cron_job_next(const json_t *job)
{
	return oc_json_positive(json_object_get(job, "state"), "nextRunAtMs");
}

/* "0 * * * *": every hour, or every few hours, at minute 0. */
static bool is_top_of_hour(const struct oc_schedule *s)
{
	return s->kind == OC_SCHEDULE_CRON && s->any_hour && s->minutes == 1 && s->seconds == 1;
}

/* Within its window each job has a place of its own that never changes. */
static int64_t place_in(const json_t *job, int64_t window_ms)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (const char *p = oc_json_cstr(job, "id"); p && *p; p++)
		hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
	return window_ms ? (int64_t)(hash % (uint64_t)window_ms) / 1000 * 1000 : 0;
}

int64_t oc_cron_job_not_before(const json_t *job, int64_t now_ms)
{
	int64_t ms = oc_json_positive(job, "notBefore");
	const char *tz = oc_json_cstr(json_object_get(job, "schedule"), "tz");

	if (ms) return ms;
	return oc_parse_moment(oc_json_str(job, "notBefore"), oc_zone_get(tz ? tz : "UTC", NULL),
			       now_ms, &ms)
		   ? ms
		   : 0;
}

int64_t oc_cron_job_after(const json_t *job, int64_t after_ms)
{
	const json_t *schedule = json_object_get(job, "schedule");
	bool told = json_object_get(schedule, "staggerMs") != NULL;
	int64_t not_before = oc_cron_job_not_before(job, after_ms), next;
	struct oc_schedule s;

	if (oc_schedule_parse(schedule, after_ms, &s, NULL) != OC_OK) return 0;
	if (!told && is_top_of_hour(&s)) s.stagger_ms = TOP_OF_HOUR_MS;
	s.stagger_ms = place_in(job, s.stagger_ms);
	if (not_before > after_ms && s.kind != OC_SCHEDULE_AT) after_ms = not_before - 1;
	next = oc_schedule_next(&s, after_ms);
	return next && next < not_before ? not_before : next;
}

void oc_cron_job_plan(json_t *job, int64_t after_ms)
{
	json_t *state = oc_cron_job_state(job);
	int64_t next = oc_cron_job_enabled(job) ? oc_cron_job_after(job, after_ms) : 0;

	if (next)
		json_object_set_new(state, "nextRunAtMs", json_integer(next));
	else
		json_object_del(state, "nextRunAtMs");
}

static void back_off(json_t *job, int64_t errors, int64_t ended_ms)
{
	enum { N = sizeof backoff_ms / sizeof *backoff_ms };
	int64_t earliest = ended_ms + backoff_ms[errors < N ? errors - 1 : N - 1];

	if (oc_cron_job_next(job) && oc_cron_job_next(job) < earliest)
		json_object_set_new(oc_cron_job_state(job), "nextRunAtMs", json_integer(earliest));
}

int64_t oc_cron_job_quiet_ms(const json_t *job)
{
	const json_t *minutes = json_object_get(job, "skipIfUserActiveMinutes");

	if (json_is_true(minutes)) return ACTIVE_MINUTES * INT64_C(60000);
	return json_is_integer(minutes) ? (int64_t)json_integer_value(minutes) * 60000 : 0;
}

bool oc_cron_job_needs_model(const json_t *job)
{
	const char *kind = oc_json_cstr(json_object_get(job, "payload"), "kind");

	return kind && (!strcmp(kind, "agentTurn") || !strcmp(kind, "systemEvent"));
}

bool oc_cron_job_alerts(json_t *job, int64_t now_ms)
{
	const json_t *wanted = json_object_get(job, "failureAlert");
	json_t *state = oc_cron_job_state(job);
	int64_t after = oc_json_positive(wanted, "after");
	int64_t cooldown = oc_json_int(wanted, "cooldownMs", ALERT_COOLDOWN_MS);
	int64_t last = oc_json_positive(state, "lastFailureAlertAtMs");

	if (json_is_false(wanted)) return false;
	if (oc_json_int(state, "consecutiveErrors", 0) < (after ? after : ALERT_AFTER))
		return false;
	if (last && now_ms - last < cooldown) return false;
	json_object_set_new(state, "lastFailureAlertAtMs", json_integer(now_ms));
	return true;
}

void oc_cron_job_retry(json_t *job, int64_t ended_ms)
{
	json_t *state = oc_cron_job_state(job);
	int64_t errors = oc_json_int(state, "consecutiveErrors", 0);

	if (!is_one_shot(job) || errors < 1 || errors > RETRIES) return;
	json_object_set_new(job, "enabled", json_true());
	json_object_set_new(state, "nextRunAtMs", json_integer(ended_ms + backoff_ms[errors - 1]));
}

bool oc_cron_job_ended(json_t *job, const char *status, const char *error, int64_t started_ms,
		       int64_t ended_ms)
{
	json_t *state = oc_cron_job_state(job);
	bool failed = !strcmp(status, "error");
	int64_t errors = failed ? oc_json_int(state, "consecutiveErrors", 0) + 1 : 0;

	json_object_del(state, "runningAtMs");
	json_object_set_new(state, "lastRunAtMs", json_integer(started_ms));
	json_object_set_new(state, "lastRunStatus", json_string(status));
	json_object_set_new(state, "lastStatus", json_string(status));
	json_object_set_new(state, "lastDurationMs", json_integer(ended_ms - started_ms));
	json_object_set_new(state, "consecutiveErrors", json_integer(errors));
	if (error)
		json_object_set_new(state, "lastError", oc_json_new_str(oc_str(error)));
	else
		json_object_del(state, "lastError");
	if (is_one_shot(job)) {
		if (!strcmp(status, "ok") && oc_json_bool(job, "deleteAfterRun", true)) return true;
		json_object_set_new(job, "enabled", json_false());
	}
	oc_cron_job_plan(job, ended_ms);
	if (failed) back_off(job, errors, ended_ms);
	return false;
}
