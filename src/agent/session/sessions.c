/* The sessions of a gateway: who is known, what is asked, how runs ended. */
#include "agent/session/sessions.h"

#include <assert.h>
#include <stdlib.h>

#include "agent/memory/memory.h"
#include "agent/run/tool_host.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/codec/reasoning.h"

enum { MAX_KEY_CHARS = 512, MAX_RUN_ID_CHARS = OC_ID_CHARS * 2 };

enum oc_rc oc_session_wrong_input(struct oc_err *e)
{
	if (e) e->rc = OC_E_INPUT;
	return OC_E_INPUT;
}

/* ---- names ---- */

static enum oc_rc refuse_key(const char *key, struct oc_err *e)
{
	return oc_fail(e, OC_E_INPUT,
		       "\"%.80s\" is no session key: write a name, or agent:<agent>:<name>", key);
}

static bool is_key_text(struct oc_str s)
{
	if (!s.n || s.n > MAX_KEY_CHARS) return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7F) return false;
	return true;
}

static enum oc_rc check_agent(const struct oc_config *c, const char *agent, struct oc_err *e)
{
	struct oc_agent_settings s;
	enum oc_rc rc = oc_agent_settings_init(&s, c, agent, e);

	if (!rc) oc_agent_settings_deinit(&s);
	return rc ? oc_session_wrong_input(e) : OC_OK;
}

enum oc_rc oc_session_key_canonical(const struct oc_config *c, const char *key, const char *agent,
				    char **out, struct oc_err *e)
{
	static const struct oc_str prefix = OC_LIT("agent:");
	struct oc_str s = oc_str_trim(oc_str(key)), rest;
	char *named;
	enum oc_rc rc;

	if (!is_key_text(s)) return refuse_key(key ? key : "", e);
	if (!oc_str_istarts(s, prefix)) {
		rc = check_agent(c, agent, e);
		if (!rc)
			*out = oc_asprintf("agent:%s:%.*s", agent && *agent ? agent : "main",
					   OC_FMT(s));
		return rc;
	}
	rest = oc_str_from(s, prefix.n);
	size_t colon = oc_str_find(rest, OC_LIT(":"), 0);
	if (colon == SIZE_MAX || !colon || colon + 1 == rest.n) return refuse_key(key, e);
	named = oc_strndup(rest.p, colon);
	rc = check_agent(c, named, e);
	if (!rc) *out = oc_asprintf("agent:%.*s", OC_FMT(rest));
	free(named);
	return rc;
}

char *oc_session_key_agent(const char *key)
{
	static const struct oc_str prefix = OC_LIT("agent:");
	struct oc_str rest = oc_str(key);

	if (!oc_str_starts(rest, prefix)) return oc_strdup("main");
	rest = oc_str_from(rest, prefix.n);
	return oc_strndup(rest.p, oc_str_head(rest, oc_str_find(rest, OC_LIT(":"), 0)).n);
}

/* ---- what is in memory ---- */

struct oc_session *oc_session_find(const struct oc_sessions *s, const char *key)
{
	struct oc_session *found = s->sessions;

	while (found && strcmp(found->key, key) != 0) found = found->next;
	return found;
}

struct oc_session *oc_session_use(struct oc_sessions *s, const struct oc_session_record *r)
{
	struct oc_session *session = oc_session_find(s, r->key);

	if (!session) {
		session = oc_new(struct oc_session);
		session->owner = s;
		session->key = oc_strdup(r->key);
		session->id = oc_strdup(r->id);
		session->agent = oc_strdup(r->agent);
		oc_session_record_copy(r, &session->known);
		session->next = s->sessions;
		s->sessions = session;
	}
	if (strcmp(session->id, r->id) != 0) { /* it was deleted and made again */
		free(session->id);
		session->id = oc_strdup(r->id);
		oc_session_record_deinit(&session->known);
		oc_session_record_copy(r, &session->known);
	}
	session->users++;
	return session;
}

static void session_free(struct oc_session *s)
{
	free(s->key);
	free(s->id);
	free(s->agent);
	oc_session_record_deinit(&s->known);
	oc_queue_deinit(&s->queue);
	oc_fallback_state_deinit(&s->fallback);
	free(s);
}

void oc_session_let_go(struct oc_session *s)
{
	struct oc_session **at;

	if (!s || --s->users || s->fallback.fallback) return;
	for (at = &s->owner->sessions; *at != s;) at = &(*at)->next;
	*at = s->next;
	session_free(s);
}

struct oc_session_run *oc_session_run_find(const struct oc_sessions *s, const char *run_id)
{
	struct oc_session_run *r = s->runs;

	while (r && (r->forgotten || strcmp(r->info.run_id, run_id) != 0)) r = r->next;
	return r;
}

const struct oc_session_record *oc_sessions_record(const struct oc_sessions *s, const char *key)
{
	const struct oc_session *session = oc_session_find(s, key);

	return session ? &session->known : NULL;
}

/* The store counts messages and notes their time by itself. */
static void note_messages(struct oc_session *s, const struct oc_store_writes *w)
{
	for (size_t i = 0; i < w->n && !w->duplicate; i++) {
		const struct oc_stored_message *m = &w->messages[i];

		if (m->seq > s->known.last_seq) s->known.last_seq = m->seq;
		if (m->created_ms > s->known.updated_ms) s->known.updated_ms = m->created_ms;
	}
}

enum oc_rc oc_session_write_wait(struct oc_session *s, struct oc_store_writes *w, struct oc_err *e)
{
	enum oc_rc rc;

	w->session_id = w->n ? s->id : NULL;
	rc = oc_store_write_wait(s->owner->spec.store, w, e);
	if (!rc) note_messages(s, w);
	return rc;
}

enum oc_rc oc_session_change_wait(struct oc_session *s,
				  enum oc_rc (*change)(void *arg, struct oc_session_record *r,
						       struct oc_err *e),
				  void *arg, struct oc_store_writes *with, struct oc_err *e)
{
	struct oc_store_writes alone = { 0 };
	struct oc_session_record r;
	enum oc_rc rc;

	if (!with) with = &alone;
	oc_gate_enter_wait(&s->record);
	oc_session_record_copy(&s->known, &r);
	rc = change(arg, &r, e);
	with->session = &r;
	if (!rc) rc = oc_session_write_wait(s, with, e);
	with->session = NULL;
	if (!rc) {
		/* Messages may have come meanwhile. */
		if (s->known.last_seq > r.last_seq) r.last_seq = s->known.last_seq;
		if (s->known.updated_ms > r.updated_ms) r.updated_ms = s->known.updated_ms;
		oc_session_record_deinit(&s->known);
		s->known = r;
	} else {
		oc_session_record_deinit(&r);
	}
	oc_gate_leave(&s->record);
	return rc;
}

/* ---- life ---- */

enum oc_rc oc_sessions_new_wait(const struct oc_sessions_spec *spec, struct oc_sessions **out,
				struct oc_err *e)
{
	struct oc_sessions *s = oc_new(struct oc_sessions);
	enum oc_rc rc;

	s->spec = *spec;
	rc = oc_sessions_recover_wait(s, e);
	if (!rc) rc = oc_session_events_load_wait(s, e);
	if (rc) {
		free(s);
		return rc;
	}
	s->scope = oc_scope_new();
	s->processes = oc_processes_new();
	oc_processes_watch(s->processes, oc_session_command_ended, s);
	oc_session_tools_register();
	oc_memory_tools_register();
	*out = s;
	return OC_OK;
}

int64_t oc_sessions_last_person_ms(const struct oc_sessions *s)
{
	return s->last_person_ms;
}

json_t *oc_sessions_prefixes(const struct oc_sessions *s, const char *session_key)
{
	return s ? oc_prefix_log_json(&s->prefixes, session_key) : json_array();
}

size_t oc_sessions_active(const struct oc_sessions *s)
{
	size_t n = 0;

	for (const struct oc_session_run *r = s->runs; r; r = r->next)
		n += r->state != OC_RUN_ENDED;
	return n;
}

void oc_sessions_drain_wait(struct oc_sessions *s, uint64_t drain_ms)
{
	struct oc_deadline d = oc_deadline_in(drain_ms);

	if (!s) return;
	s->closing = true;
	oc_sessions_end_line(s);
	while (oc_sessions_active(s) && oc_bell_wait(&s->quiet, d) == OC_OK) continue;
	oc_scope_cancel(s->scope);
	oc_scope_join_wait(s->scope);
	oc_processes_end_wait(s->processes, NULL);
}

void oc_sessions_free(struct oc_sessions *s)
{
	if (!s) return;
	for (struct oc_session_run *r = s->runs, *next; r; r = next) {
		next = r->next;
		oc_session_run_free(r);
	}
	for (struct oc_session *x = s->sessions, *next; x; x = next) {
		next = x->next;
		session_free(x);
	}
	oc_processes_free_wait(s->processes);
	oc_prefix_log_deinit(&s->prefixes);
	oc_user_files_deinit(&s->files);
	oc_session_events_deinit(&s->events);
	oc_scope_free(s->scope);
	free(s);
}

/* ---- asking ---- */

static enum oc_rc check_model(const struct oc_snapshot *snapshot, const char *model,
			      struct oc_err *e)
{
	struct oc_strv warnings = { 0 };
	struct oc_selection target;
	enum oc_rc rc;

	if (!model) return OC_OK;
	rc = oc_select(&snapshot->catalog, oc_str(model), &target, &warnings, e);
	if (!rc) oc_selection_deinit(&target);
	oc_strv_deinit(&warnings);
	return rc ? oc_session_wrong_input(e) : OC_OK;
}

static bool is_empty(const struct oc_ask *ask)
{
	return !oc_str_trim(ask->message).n && !ask->n_images && !(ask->history && ask->history->n);
}

static enum oc_rc check_ask(struct oc_sessions *s, const struct oc_ask *ask, const char *agent,
			    struct oc_err *e)
{
	struct oc_snapshot *snapshot;
	enum oc_rc rc;

	if (s->closing)
		return oc_fail(e, OC_E_DENIED, "the gateway is shutting down; ask again later");
	if (is_empty(ask)) return oc_fail(e, OC_E_INPUT, "message or attachment required");
	if (ask->message.n > OC_MAX_MESSAGE_BYTES)
		return oc_fail(e, OC_E_LIMIT, "the message is larger than %d bytes",
			       OC_MAX_MESSAGE_BYTES);
	if (ask->run_id && (!*ask->run_id || strlen(ask->run_id) > MAX_RUN_ID_CHARS))
		return oc_fail(e, OC_E_INPUT, "the idempotency key must have 1 to %d characters",
			       MAX_RUN_ID_CHARS);
	if (ask->thinking && !oc_thinking_level_valid(oc_str(ask->thinking)))
		return oc_fail(e, OC_E_INPUT, "unknown thinking level \"%.40s\" (%s)",
			       ask->thinking, oc_thinking_levels);
	snapshot = s->spec.snapshot(s->spec.arg);
	rc = check_agent(&snapshot->config, agent, e);
	if (!rc) rc = check_model(snapshot, ask->model, e);
	oc_snapshot_unref(snapshot);
	return rc;
}

static struct oc_input *make_input(const struct oc_ask *ask, const char *agent)
{
	struct oc_input *i = oc_input_new(ask);
	char id[OC_ID_CHARS + 1];

	oc_uuid(id);
	i->run_id = oc_strdup(ask->run_id ? ask->run_id : id);
	i->session_key = ask->session_key ? oc_strdup(ask->session_key) : NULL;
	i->agent = oc_strdup(agent);
	return i;
}

/* Whether an earlier life of the gateway knew this run and saw its end. A run that a crash ended
 * may be asked for again (D47). */
static bool has_ended(const char *status)
{
	return status && strcmp(status, "interrupted") != 0;
}

static bool ended_before_wait(const struct oc_sessions *s, const char *run_id)
{
	struct oc_run_record r;
	struct oc_err e = { 0 };
	bool ended;

	if (oc_store_run_wait(s->spec.store, run_id, &r, &e) != OC_OK) return false;
	ended = has_ended(r.status);
	oc_run_record_deinit(&r);
	return ended;
}

static enum oc_queue_mode mode_of(const struct oc_session *s, const struct oc_ask *ask,
				  const json_t *settings)
{
	struct oc_snapshot *snapshot = s->owner->spec.snapshot(s->owner->spec.arg);
	struct oc_queue_settings q;

	oc_queue_settings_read(&q, settings, &snapshot->config, ask->channel);
	oc_snapshot_unref(snapshot);
	if (ask->queue != OC_QUEUE_CONFIGURED) return ask->queue;
	if (q.mode != OC_QUEUE_CONFIGURED) return q.mode;
	/* To take back a request whose prompt is being read would waste that (spec 03 §1.10). */
	return s->active && s->active->reading && !*s->active->reading ? OC_QUEUE_STEER
								       : OC_QUEUE_COLLECT;
}

static void interrupt_wait(struct oc_session *s)
{
	struct oc_session_run *active = s->active;

	if (!active) return;
	active->users++;
	oc_session_run_abort_wait(active, "interrupt");
	while (s->active == active && oc_bell_wait(&active->ended, OC_NO_DEADLINE) == OC_OK)
		continue;
	active->users--;
}

/* With the order gate closed. Takes the input. */
static enum oc_rc take_ask_wait(struct oc_session *s, struct oc_session_run *run,
				const struct oc_ask *ask, const json_t *settings,
				struct oc_asked *out, struct oc_err *e)
{
	bool busy = s->active || s->queue.n;
	enum oc_queue_mode mode = busy ? mode_of(s, ask, settings) : OC_QUEUE_CONFIGURED;

	if (busy && mode == OC_QUEUE_INTERRUPT) {
		out->interrupted = s->active != NULL;
		interrupt_wait(s);
		busy = s->active != NULL; /* only when we were cancelled */
		mode = OC_QUEUE_FOLLOWUP;
	}
	if (!busy) return oc_session_run_start_wait(run, e);
	return oc_session_wait_in_line_wait(s, run, mode, ask->own_turn || ask->watch, e);
}

static enum oc_rc ask_session_wait(struct oc_sessions *s, const struct oc_ask *ask,
				   struct oc_session_run *run, struct oc_asked *out,
				   struct oc_err *e)
{
	struct oc_session_record r;
	char *status = NULL;
	enum oc_rc rc = oc_store_arrival_wait(s->spec.store, ask->session_key, run->input->agent,
					      ask->run_id, &r, &status, e);

	if (rc) return rc;
	if (has_ended(status)) out->result = OC_ASK_DONE;
	free(status);
	if (out->result != OC_ASK_DONE) {
		struct oc_session *session = oc_session_use(s, &r);

		run->session = session;
		oc_gate_enter_wait(&session->order);
		rc = take_ask_wait(session, run, ask, r.settings, out, e);
		oc_gate_leave(&session->order);
	}
	oc_session_record_deinit(&r);
	return rc;
}

/* The run did not come to be: its id is free again. Who waits for it sees the error. */
static void forget_run(struct oc_session_run *run, enum oc_rc rc, const struct oc_err *e)
{
	struct oc_session *session = run->session;

	run->forgotten = true;
	run->rc = rc;
	if (e) run->error = *e;
	run->status = "error";
	run->state = OC_RUN_ENDED;
	run->session = NULL;
	oc_bell_ring(&run->ended);
	oc_bell_ring(&run->owner->quiet);
	oc_session_let_go(session);
}

enum oc_rc oc_sessions_ask_wait(struct oc_sessions *s, const struct oc_ask *ask,
				struct oc_asked *out, struct oc_err *e)
{
	char *agent = ask->agent && *ask->agent ? oc_strdup(ask->agent)
		      : ask->session_key	? oc_session_key_agent(ask->session_key)
						: oc_strdup("main");
	struct oc_session_run *run;
	enum oc_rc rc = check_ask(s, ask, agent, e);

	*out = (struct oc_asked){ .result = OC_ASK_STARTED };
	if (!rc && ask->priority <= OC_PRIORITY_APPROVAL) s->last_person_ms = oc_wall_ms();
	run = !rc && ask->run_id ? oc_session_run_find(s, ask->run_id) : NULL;
	if (run) {
		out->result = run->state == OC_RUN_ENDED ? OC_ASK_DONE : OC_ASK_IN_FLIGHT;
		snprintf(out->run_id, sizeof out->run_id, "%s", ask->run_id);
	}
	if (rc || run) {
		free(agent);
		return rc;
	}
	/* Known before the first wait, so that a second ask with this id finds it. */
	run = oc_session_run_new(s, NULL, make_input(ask, agent));
	free(agent);
	run->watch = ask->watch;
	run->watch_arg = ask->watch_arg;
	run->joins = ask->may_join;
	snprintf(out->run_id, sizeof out->run_id, "%s", run->info.run_id);
	if (ask->session_key)
		rc = ask_session_wait(s, ask, run, out, e);
	else if (ask->run_id && ended_before_wait(s, ask->run_id))
		out->result = OC_ASK_DONE;
	else
		rc = oc_session_run_start_wait(run, e);
	if (rc || out->result == OC_ASK_DONE) forget_run(run, rc, rc ? e : NULL);
	return rc;
}
