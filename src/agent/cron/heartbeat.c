/* The task that looks around. */
#include "agent/cron/heartbeat.h"

#include <stdlib.h>

#include "agent/cron/cron_time.h"
#include "agent/run/prompt.h"
#include "agent/run/settings.h"
#include "agent/session/session_events.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "rt/file.h"

enum {
	LOOK_MS = 30000, /* the configuration may change, a machine may sleep */
	BUSY_MS = 30000, /* something runs: later */
	MAX_NOTES_BYTES = 65536,
	NOTES_SHOWN = 4000,
	MAX_RUN_MS = 600000,
	PREVIEW_BYTES = 200,
	WAKES = 5,
	WAKES_MS = 60000
};

struct oc_heartbeat {
	struct oc_heartbeat_spec spec;
	struct oc_scope *scope;
	bool off;	       /* by set-heartbeats */
	json_t *last;	       /* owned; NULL */
	uint64_t wakes[WAKES]; /* when, monotonic; a ring */
	size_t next_wake;
};

static const char prompt[] =
    "This is a heartbeat: nobody wrote to you. Look at the events above and at the notes below, do "
    "what is due, and tell the user what they should know. When there is nothing to tell, answer "
    "NO_REPLY and nothing else.";

/* ---- pure ---- */

/* Minutes of "8:30"; "24:00" is the end of the day. */
static bool read_minutes(struct oc_str text, int64_t *out)
{
	size_t colon = oc_str_find(text, OC_LIT(":"), 0);
	int64_t h, m;

	if (colon == SIZE_MAX || !oc_parse_int(oc_str_head(text, colon), 0, 24, &h) ||
	    !oc_parse_int(oc_str_from(text, colon + 1), 0, 59, &m))
		return false;
	*out = h * 60 + m;
	return true;
}

bool oc_heartbeat_is_active(const json_t *active_hours, const char *zone, int64_t now_ms)
{
	const char *own = oc_json_cstr(active_hours, "timezone");
	int64_t start = 0, end = 24 * 60, now;
	struct oc_civil c;
	bool named = own && *own && strcmp(own, "user") != 0 && strcmp(own, "local") != 0;

	if (!active_hours) return true;
	read_minutes(oc_json_str(active_hours, "start"), &start);
	read_minutes(oc_json_str(active_hours, "end"), &end);
	oc_zone_civil(oc_zone_get(named ? own : zone, NULL), now_ms, &c);
	now = c.hour * 60 + c.minute;
	return start <= end ? now >= start && now < end : now >= start || now < end;
}

bool oc_heartbeat_has_notes(struct oc_str text)
{
	while (text.n) {
		size_t lf = oc_str_find(text, OC_LIT("\n"), 0);
		struct oc_str line = oc_str_trim(oc_str_head(text, lf));

		if (line.n && line.p[0] != '#' && !oc_str_starts(line, OC_LIT("<!--"))) return true;
		text = lf == SIZE_MAX ? OC_LIT("") : oc_str_from(text, lf + 1);
	}
	return false;
}

/* ---- one beat ---- */

struct beat {
	struct oc_heartbeat *h;
	struct oc_snapshot *snapshot;
	struct oc_agent_settings settings;
	const json_t *config; /* agents.defaults.heartbeat; borrowed from the snapshot */
	char *key;
	int64_t every_ms;
	struct oc_buf notes;
};

static int64_t every_ms(const json_t *config)
{
	int64_t ms = 0;

	return oc_parse_duration(oc_json_str(config, "every"), &ms) ? ms : 0;
}

static void note(struct oc_heartbeat *h, const char *status, const char *reason,
		 struct oc_str preview, int64_t took_ms, const char *key)
{
	json_t *record = json_pack("{s:I,s:s,s:I}", "ts", (json_int_t)oc_wall_ms(), "status",
				   status, "durationMs", (json_int_t)took_ms);

	if (reason) oc_json_put(record, "reason", oc_json_new_str(oc_str(reason)));
	if (preview.n > PREVIEW_BYTES) preview.n = oc_utf8_floor(preview.p, PREVIEW_BYTES);
	if (preview.n) oc_json_put(record, "preview", oc_json_new_str(preview));
	if (key) oc_json_put(record, "sessionKey", json_string(key));
	json_decref(h->last);
	h->last = record;
	if (h->spec.told) h->spec.told(h->spec.arg, record);
}

static void keep_last_wait(struct oc_heartbeat *h)
{
	struct oc_err e = { 0 };

	if (oc_store_put_wait(h->spec.store, "heartbeat", "last", oc_wall_ms(), h->last, &e))
		oc_log(OC_LOG_WARN, "heartbeat", "a beat is not recorded: %s", e.msg);
}

static void load_notes(struct beat *b)
{
	char *path = oc_asprintf("%s/HEARTBEAT.md", b->settings.workspace);
	struct oc_err e = { 0 };
	struct oc_buf raw;

	oc_buf_init(&b->notes, 4 * MAX_NOTES_BYTES);
	if (oc_file_read(path, MAX_NOTES_BYTES, &raw, &e) == OC_OK) {
		if (oc_heartbeat_has_notes(oc_buf_view(&raw)))
			oc_prompt_clean_file(oc_buf_view(&raw), NOTES_SHOWN, &b->notes);
		oc_buf_deinit(&raw);
	}
	free(path);
}

static void message_of(const struct beat *b, struct oc_buf *out)
{
	struct oc_str own = oc_str_trim(oc_json_str(b->config, "prompt"));

	if (own.n)
		oc_buf_add(out, own);
	else
		oc_buf_adds(out, prompt);
	if (b->notes.n) oc_buf_addf(out, "\n\nHEARTBEAT.md:\n%s", oc_buf_cstr(&b->notes));
}

/* The alert goes to where the configuration says, besides the session. */
static void deliver_wait(const struct beat *b, const char *text, const char *run_id)
{
	const char *target = oc_json_cstr(b->config, "target");
	const struct oc_delivery_port *port = &b->h->spec.delivery;
	const struct oc_delivery d = { .mode = OC_DELIVERY_ANNOUNCE,
				       .channel = target ? target : "owner",
				       .to = oc_json_cstr(b->config, "to"),
				       .session_key = b->key,
				       .agent = "main",
				       .text = oc_str(text),
				       .id = run_id };
	struct oc_err e = { 0 };

	if (!port->deliver_wait || (target && !strcmp(target, "none"))) return;
	if (port->deliver_wait(port->arg, &d, &e) != OC_OK && target)
		oc_log(OC_LOG_WARN, "heartbeat", "not delivered: %s", e.msg);
}

static enum oc_rc await_wait(const struct beat *b, const char *run_id, struct oc_run_outcome *o)
{
	int64_t limit = b->every_ms < MAX_RUN_MS ? b->every_ms : MAX_RUN_MS;
	struct oc_deadline d = oc_deadline_in((uint64_t)limit);
	struct oc_strv aborted = { 0 };
	enum oc_rc rc = oc_sessions_outcome_wait(b->h->spec.sessions, run_id, d, o);

	if (rc || strcmp(o->status, "pending") != 0) return rc;
	oc_sessions_abort_wait(b->h->spec.sessions, b->key, run_id, true, "timeout", &aborted);
	oc_strv_deinit(&aborted);
	return OC_OK;
}

static void take_outcome_wait(const struct beat *b, const char *run_id,
			      const struct oc_run_outcome *o, int64_t took_ms)
{
	struct oc_str text = oc_str_trim(oc_str(o->text));

	if (!o->status || strcmp(o->status, "ok") != 0)
		note(b->h, "failed", o->error ? o->error : o->status, text, took_ms, b->key);
	else if (!text.n)
		note(b->h, "ok-token", NULL, text, took_ms, b->key);
	else {
		note(b->h, "sent", NULL, text, took_ms, b->key);
		deliver_wait(b, o->text, run_id);
	}
	keep_last_wait(b->h);
}

static void ask_wait(const struct beat *b)
{
	struct oc_run_outcome o = { 0 };
	int64_t began_ms = oc_wall_ms();
	struct oc_asked asked;
	struct oc_buf message;
	struct oc_err e = { 0 };
	enum oc_rc rc;

	oc_buf_init(&message, 8 * MAX_NOTES_BYTES);
	message_of(b, &message);
	const struct oc_ask ask = { .session_key = b->key,
				    .message = oc_buf_view(&message),
				    .model = oc_json_cstr(b->config, "model"),
				    .channel = "heartbeat",
				    .origin = "heartbeat",
				    .queue = OC_QUEUE_FOLLOWUP,
				    .priority = OC_PRIORITY_HEARTBEAT,
				    .own_turn = true,
				    .hidden = true };

	rc = oc_sessions_ask_wait(b->h->spec.sessions, &ask, &asked, &e);
	oc_buf_deinit(&message);
	if (!rc) rc = await_wait(b, asked.run_id, &o);
	if (rc == OC_CANCELLED) return;
	if (rc) {
		note(b->h, "failed", e.msg[0] ? e.msg : "the run was lost", OC_LIT(""),
		     oc_wall_ms() - began_ms, b->key);
		keep_last_wait(b->h);
	} else
		take_outcome_wait(b, asked.run_id, &o, oc_wall_ms() - began_ms);
	oc_run_outcome_deinit(&o);
}

/* Why there is no beat now; NULL = there is. */
static const char *why_not(struct beat *b)
{
	char *zone = oc_prompt_time_zone(b->settings.time_zone);
	bool active =
	    oc_heartbeat_is_active(json_object_get(b->config, "activeHours"), zone, oc_wall_ms());

	free(zone);
	if (!active) return "quiet-hours";
	load_notes(b);
	if (!b->notes.n && !oc_session_events_count(b->h->spec.sessions, b->key))
		return "nothing-to-look-at";
	return NULL;
}

static void beat_wait(struct beat *b)
{
	const char *key = oc_json_cstr(b->config, "session"), *why;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_agent_settings_init(&b->settings, &b->snapshot->config, NULL, &e);

	if (rc) {
		oc_log(OC_LOG_WARN, "heartbeat", "%s", e.msg);
		return;
	}
	rc = oc_session_key_canonical(&b->snapshot->config, key ? key : "main", NULL, &b->key, &e);
	why = rc ? e.msg : why_not(b);
	if (why)
		note(b->h, "skipped", why, OC_LIT(""), 0, b->key);
	else
		ask_wait(b);
	oc_buf_deinit(&b->notes);
	free(b->key);
	oc_agent_settings_deinit(&b->settings);
}

/* ---- the task ---- */

/* Milliseconds until the next look; beats when it is time. *next_ms: the next beat, 0 = none is
 * planned. */
static uint64_t look_wait(struct oc_heartbeat *h, uint64_t *next_ms)
{
	struct beat b = { .h = h, .snapshot = h->spec.snapshot(h->spec.arg) };
	uint64_t now = oc_now_ms();

	b.config = oc_config_get(&b.snapshot->config, "agents.defaults.heartbeat");
	b.every_ms = h->off ? 0 : every_ms(b.config);
	if (b.every_ms <= 0)
		*next_ms = 0;
	else if (!*next_ms || *next_ms > now + (uint64_t)b.every_ms)
		*next_ms = now + (uint64_t)b.every_ms; /* it begins, or the pace became faster */
	else if (now >= *next_ms && oc_sessions_active(h->spec.sessions))
		*next_ms = now + BUSY_MS;
	else if (now >= *next_ms) {
		beat_wait(&b);
		*next_ms = oc_now_ms() + (uint64_t)b.every_ms;
	}
	oc_snapshot_unref(b.snapshot);
	now = oc_now_ms();
	if (!*next_ms || *next_ms > now + LOOK_MS) return LOOK_MS;
	return *next_ms > now ? *next_ms - now : 1;
}

static void run(void *arg)
{
	struct oc_heartbeat *h = arg;
	uint64_t next_ms = 0;

	while (oc_sleep_wait(look_wait(h, &next_ms)) == OC_OK) continue;
}

enum oc_rc oc_heartbeat_start_wait(const struct oc_heartbeat_spec *spec, struct oc_heartbeat **out,
				   struct oc_err *e)
{
	struct oc_heartbeat *h = oc_new(struct oc_heartbeat);
	json_t *enabled = NULL;
	enum oc_rc rc;

	h->spec = *spec;
	rc = oc_store_get_wait(spec->store, "heartbeat", "last", &h->last, e);
	if (!rc || rc == OC_E_NOT_FOUND)
		rc = oc_store_get_wait(spec->store, "heartbeat", "enabled", &enabled, e);
	if (rc && rc != OC_E_NOT_FOUND) {
		json_decref(h->last);
		free(h);
		return rc;
	}
	h->off = !rc && !oc_json_bool(enabled, "enabled", true);
	json_decref(rc ? NULL : enabled);
	h->scope = oc_scope_new();
	oc_scope_spawn(h->scope, run, h);
	*out = h;
	return OC_OK;
}

void oc_heartbeat_stop_wait(struct oc_heartbeat *h)
{
	if (!h) return;
	oc_scope_cancel(h->scope);
	oc_scope_join_wait(h->scope);
	oc_scope_free(h->scope);
	json_decref(h->last);
	free(h);
}

enum oc_rc oc_heartbeat_enable_wait(struct oc_heartbeat *h, bool on, struct oc_err *e)
{
	json_t *value = json_pack("{s:b}", "enabled", on);
	enum oc_rc rc =
	    oc_store_put_wait(h->spec.store, "heartbeat", "enabled", oc_wall_ms(), value, e);

	json_decref(value);
	if (!rc) h->off = !on;
	return rc;
}

json_t *oc_heartbeat_last(const struct oc_heartbeat *h)
{
	return h->last ? json_deep_copy(h->last) : NULL;
}

bool oc_heartbeat_may_wake(struct oc_heartbeat *h)
{
	uint64_t now = oc_now_ms(), *oldest = &h->wakes[h->next_wake];

	if (*oldest && now - *oldest < WAKES_MS) return false;
	*oldest = now;
	h->next_wake = (h->next_wake + 1) % WAKES;
	return true;
}
