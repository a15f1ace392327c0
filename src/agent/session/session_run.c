/* One run of a session, or of none: its tasks, its clocks, what it tells, how it ends. */
#include <stdlib.h>

#include "agent/run/prompt.h"
#include "agent/run/tool_host.h"
#include "agent/session/partial.h"
#include "agent/session/session.h"
#include "agent/session/session_reset.h"
#include "agent/session/stored_message.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"

enum { LOOK_MS = 1000, IDLE_LIMIT_MS = 1800000, TITLE_CHARS = 60 };

/* ---- the work ---- */

static void tell_change(struct oc_session_run *r, const char *reason)
{
	if (!r->session) return;
	oc_session_run_tell(r,
			    &(struct oc_run_event){ .kind = OC_SESSION_CHANGED, .reason = reason });
}

static struct oc_agent_spec agent_spec(const struct oc_session_run *r)
{
	const struct oc_input *i = r->input;

	return (struct oc_agent_spec){
		.catalog = &r->snapshot->catalog,
		.settings = &r->settings,
		.model = i->model,
		.thinking = i->thinking,
		.run_id = i->run_id,
		.history = &i->history,
		.message = oc_input_text(i),
		.images = &i->images,
		.channel = i->channel,
		.extra_system = i->extra_system,
		.port = r->owner->spec.model,
		.processes = r->session ? r->owner->processes : NULL,
		.mcp = r->owner->spec.mcp,
		.priority = i->priority,
		.callers_tools = i->callers_tools,
		.tool_choice = i->tool_choice,
		.params = i->params,
		.no_tools = i->no_tools,
		.tools_allow = i->tools_allow,
		.light = i->light,
		.tainted = i->tainted,
	};
}

/* What a person chose for the session holds where the input says nothing. */
static void apply_choices(struct oc_agent_spec *spec, const json_t *settings)
{
	if (!spec->model) spec->model = oc_json_cstr(settings, "model");
	if (!spec->thinking) spec->thinking = oc_json_cstr(settings, "thinkingLevel");
	spec->permission = oc_permission_parse(oc_json_cstr(settings, "permissionMode"));
}

/* Runs of the session may begin meanwhile: it changes nothing of theirs. */
static void look_only(struct oc_agent_spec *spec, struct oc_conversation *c)
{
	spec->ahead = true;
	spec->requested = NULL;
	spec->fallback_state = NULL;
	c->freeze_wait = NULL;
	c->steer_wait = NULL;
}

static enum oc_rc in_session_wait(struct oc_session_run *r, struct oc_err *e)
{
	struct oc_session_record record; /* what is changed meanwhile is for the next run */
	struct oc_session_talk talk;
	struct oc_run_sink sink;
	enum oc_rc rc;

	oc_session_record_copy(&r->session->known, &record);
	rc = oc_session_talk_init_wait(&talk, r, &record, e);
	if (!rc) {
		struct oc_conversation conversation = oc_session_talk_port(&talk);
		struct oc_agent_spec spec = agent_spec(r);
		struct oc_tool_host host = { r->owner, r };

		oc_session_run_listen(r, &sink, &spec);
		spec.host = &host;
		spec.requested = oc_session_talk_requested;
		spec.requested_arg = &talk;
		spec.conversation = &conversation;
		spec.fallback_state = &r->session->fallback;
		spec.session_key = r->session->key;
		spec.session_id = r->session->id;
		spec.compact = r->compaction != NULL;
		if (r->compaction) spec.instructions = r->compaction->instructions;
		if (r->compaction && r->compaction->ahead) look_only(&spec, &conversation);
		apply_choices(&spec, record.settings);
		oc_agent_result_deinit(&r->result);
		rc = oc_agent_run_wait(&spec, &r->result, e);
	}
	oc_session_talk_deinit(&talk);
	oc_session_record_deinit(&record);
	return rc;
}

static enum oc_rc alone_wait(struct oc_session_run *r, struct oc_err *e)
{
	struct oc_run_sink sink;
	struct oc_agent_spec spec = agent_spec(r);

	oc_session_run_listen(r, &sink, &spec);
	oc_agent_result_deinit(&r->result);
	return oc_agent_run_wait(&spec, &r->result, e);
}

static void work(void *arg)
{
	struct oc_session_run *r = arg;

	r->info.started_ms = oc_wall_ms();
	oc_session_run_tell_kind(r, OC_RUN_STARTED);
	r->rc = r->session ? in_session_wait(r, &r->error) : alone_wait(r, &r->error);
	r->work_done = true;
	if (r->done) oc_wait_end(r->done, OC_OK);
}

/* ---- its clocks (D48) ---- */

static bool out_of_time(const struct oc_session_run *r)
{
	int64_t configured = r->settings.timeout_seconds;
	uint64_t limit = r->input->timeout_ms ? r->input->timeout_ms
			 : configured > 0     ? (uint64_t)configured * 1000
					      : 0;
	uint64_t now = oc_now_ms();

	if (r->asking) return false;
	if (limit) return now - r->began_ms >= limit;
	return configured != 0 && now - r->moved_ms >= IDLE_LIMIT_MS;
}

/* What people have read so far is not lost with a crash. */
static void keep_partial_wait(struct oc_session_run *r)
{
	struct oc_err e = { 0 };
	size_t n = r->partial.n;

	if (!r->session || !n || (n == r->partial_kept && r->segment == r->kept_segment)) return;
	if (r->segment == r->kept_segment && r->partial_kept >= OC_MAX_KEPT_PARTIAL_BYTES) return;
	r->partial_kept = n;
	r->kept_segment = r->segment;
	if (oc_partial_keep_wait(r->owner->spec.store, r->info.run_id, oc_buf_view(&r->partial),
				 &e) == OC_E_SYS)
		oc_log(OC_LOG_WARN, "sessions", "%s", e.msg);
}

/* Parks until the work is done; looks once a second whether it is to be stopped. */
static void look_after_wait(struct oc_session_run *r)
{
	while (!r->work_done) {
		struct oc_wait w = { 0 };

		r->done = &w;
		enum oc_rc rc = oc_wait_park(&w, oc_deadline_in(LOOK_MS));
		r->done = NULL;
		if (rc == OC_CANCELLED) break;
		if (rc == OC_E_TIMEOUT) keep_partial_wait(r);
		if (rc != OC_E_TIMEOUT || r->abort || !out_of_time(r)) continue;
		r->abort = "timeout";
		oc_scope_cancel(r->scope);
	}
	oc_scope_join_wait(r->scope);
}

/* ---- a place (D68) ---- */

static size_t places(const struct oc_session_run *r)
{
	int64_t cap = oc_json_positive(oc_config_get(&r->snapshot->config, "agents.defaults"),
				       "maxConcurrent");

	return cap ? (size_t)cap : SIZE_MAX;
}

static enum oc_rc take_place_wait(struct oc_session_run *r)
{
	struct oc_sessions *s = r->owner;

	while (s->n_working >= places(r)) {
		enum oc_rc rc = r->abort ? OC_CANCELLED : oc_bell_wait(&s->place, OC_NO_DEADLINE);

		if (rc) return rc;
	}
	s->n_working++;
	return OC_OK;
}

static void leave_place(struct oc_session_run *r)
{
	r->owner->n_working--;
	oc_bell_ring(&r->owner->place);
}

/* ---- the end ---- */

static const char *status_of(const struct oc_session_run *r)
{
	if (r->rc == OC_OK) return "ok";
	if (r->rc != OC_CANCELLED) return "error";
	return r->abort && !strcmp(r->abort, "timeout") ? "timeout" : "aborted";
}

static const char *session_status(const char *status)
{
	if (!strcmp(status, "ok")) return "done";
	if (!strcmp(status, "error")) return "failed";
	return !strcmp(status, "timeout") ? "timeout" : "killed";
}

static void replace(char **text, const char *with)
{
	if (!with) return;
	free(*text);
	*text = oc_strdup(with);
}

static enum oc_rc note_end(void *arg, struct oc_session_record *record, struct oc_err *e)
{
	const struct oc_session_run *r = arg;

	(void)e;
	if (r->compaction) {
		if (r->result.tokens_after) record->prompt_tokens = r->result.tokens_after;
		return OC_OK;
	}
	replace(&record->last_run, r->info.run_id);
	replace(&record->last_status, session_status(r->status));
	replace(&record->provider, r->provider);
	replace(&record->model, r->model);
	record->run_ended_ms = record->updated_ms = r->info.ended_ms;
	record->input_tokens += r->result.usage.input;
	record->output_tokens += r->result.usage.output;
	if (r->result.prompt_tokens) record->prompt_tokens = r->result.prompt_tokens;
	return OC_OK;
}

static double cost_of(const struct oc_session_run *r)
{
	const struct oc_provider *p =
	    r->provider ? oc_catalog_provider(&r->snapshot->catalog, oc_str(r->provider)) : NULL;
	const struct oc_model *m = p && r->model ? oc_provider_model(p, oc_str(r->model)) : NULL;

	return oc_usage_cost(&r->result.usage, m);
}

/* Borrows from the run and from status. */
static struct oc_run_record run_record(const struct oc_session_run *r, char *status)
{
	const struct oc_usage *u = &r->result.usage;

	return (struct oc_run_record){
		.id = r->input->run_id,
		.session_id = r->session->id,
		.session_key = r->session->key,
		.status = status,
		.error = r->rc && r->rc != OC_CANCELLED ? (char *)(uintptr_t)r->error.msg : NULL,
		.provider = r->provider,
		.model = r->model,
		.started_ms = r->info.started_ms ? r->info.started_ms : r->info.accepted_ms,
		.ended_ms = r->info.ended_ms,
		.input = u->input,
		.output = u->output,
		.cached = u->cached > 0 ? u->cached : 0,
		.cost = r->snapshot && u->present ? cost_of(r) : 0,
	};
}

enum oc_rc oc_session_run_save_wait(struct oc_session_run *r, const char *status, struct oc_err *e)
{
	char *copy = oc_strdup(status);
	const struct oc_run_record record = run_record(r, copy);
	enum oc_rc rc = oc_store_run_save_wait(r->owner->spec.store, &record, e);

	free(copy);
	return rc;
}

static void save_end_wait(struct oc_session_run *r)
{
	struct oc_store_writes with = { 0 };
	struct oc_run_record record;
	struct oc_err e = { 0 };
	char *status;

	if (!r->session) return;
	status = oc_strdup(r->status);
	record = run_record(r, status);
	with.run = &record;
	if (oc_session_change_wait(r->session, note_end, r, &with, &e) != OC_OK)
		oc_log(OC_LOG_ERROR, "sessions", "the end of run %s is not stored: %s",
		       r->info.run_id, e.msg);
	free(status);
	if (r->partial_kept &&
	    oc_partial_forget_wait(r->owner->spec.store, r->info.run_id, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "sessions", "%s", e.msg);
}

static void tell_end(struct oc_session_run *r)
{
	struct oc_run_event event = { .kind = OC_RUN_DONE,
				      .text = oc_buf_view(&r->result.text),
				      .segment = r->segment,
				      .usage = &r->result.usage,
				      .finish = r->result.finish };

	if (r->rc == OC_CANCELLED) {
		event.kind = OC_RUN_ABORTED;
		event.text = oc_buf_view(&r->partial);
		event.reason = r->abort ? r->abort : "shutdown";
	} else if (r->rc) {
		event.kind = OC_RUN_FAILED;
		event.error = &r->error;
		event.error_class = r->result.error;
		event.fail_reason = r->result.fail_reason;
		event.http_status = r->result.http_status;
	}
	oc_session_run_tell(r, &event);
}

/* Nobody looks at it as under way any more. */
static void close_run(struct oc_session_run *r)
{
	struct oc_session *session = r->session;

	r->state = OC_RUN_ENDED;
	r->ended_at_ms = oc_now_ms();
	oc_bell_ring(&r->ended);
	oc_bell_ring(&r->owner->quiet);
	if (!session) return;
	if (session->active == r) session->active = NULL;
	oc_session_go_on(session);
	r->session = NULL;
	oc_session_let_go(session);
}

static void release(struct oc_session_run *r)
{
	r->watch = NULL;
	oc_input_shed(r->input);
	oc_store_view_deinit(&r->opening);
	oc_agent_settings_deinit(&r->settings);
	oc_snapshot_unref(r->snapshot);
	r->snapshot = NULL;
	oc_buf_deinit(&r->partial);
	oc_buf_init(&r->partial, OC_MAX_REPLY_BYTES);
}

/* Not before who asked has its answer. */
static void tell_input(struct oc_session_run *r)
{
	tell_change(r, "send");
	if (r->said.body) oc_session_told_message(r, &r->said);
	oc_stored_message_deinit(&r->said);
	r->said = (struct oc_stored_message){ 0 };
}

static void supervise(void *arg)
{
	struct oc_session_run *r = arg;
	bool placed, in_session;

	r->scope = oc_scope_new();
	tell_input(r);
	r->began_ms = r->moved_ms = oc_now_ms();
	placed = take_place_wait(r) == OC_OK;
	r->began_ms = r->moved_ms = oc_now_ms();
	if (r->abort) oc_scope_cancel(r->scope);
	oc_scope_spawn(r->scope, work, r);
	look_after_wait(r);
	oc_scope_free(r->scope);
	r->scope = NULL;
	if (placed) leave_place(r);
	r->info.ended_ms = oc_wall_ms();
	r->status = status_of(r);
	save_end_wait(r);
	tell_end(r);
	oc_session_idle_begin(r);
	release(r);
	in_session = r->session != NULL;
	close_run(r);
	/* Not before: a row that comes with it must not show the run as active any more. */
	if (in_session)
		oc_session_run_tell(
		    r, &(struct oc_run_event){ .kind = OC_SESSION_CHANGED, .reason = "end" });
}

void oc_session_run_end_idle(struct oc_session_run *r, const char *status)
{
	static const struct oc_usage none = { .cached = -1, .reasoning = -1 };

	r->info.ended_ms = oc_wall_ms();
	if (!r->info.started_ms) r->info.started_ms = r->info.ended_ms;
	r->status = status;
	r->rc = strcmp(status, "ok") ? OC_CANCELLED : OC_OK;
	r->result.usage = none;
	r->result.finish = OC_FINISH_STOP;
	struct oc_run_event event = { .kind = r->rc ? OC_RUN_ABORTED : OC_RUN_DONE,
				      .usage = &none,
				      .finish = OC_FINISH_STOP,
				      .reason = r->abort };

	oc_session_run_tell(r, &event);
	release(r);
	close_run(r);
}

/* ---- the beginning ---- */

static struct oc_str first_line(struct oc_str text)
{
	return oc_str_trim(oc_str_head(text, oc_str_find(text, OC_LIT("\n"), 0)));
}

/* One line, at most 60 characters. NULL when there is nothing to say. */
static char *title_of(const struct oc_input *i)
{
	struct oc_str text = oc_str_trim(oc_input_text(i)), line = first_line(text);
	size_t chars = 0, at = 0;

	if (oc_str_starts(line, OC_LIT("<<UNTRUSTED "))) /* the mark is for the model */
		line = first_line(oc_str_trim(oc_str_from(text, line.n)));
	while (at < line.n && chars < TITLE_CHARS) {
		uint32_t cp;

		at += oc_utf8_next(oc_str_from(line, at), &cp);
		chars++;
	}
	if (!line.n) return NULL;
	return at < line.n ? oc_asprintf("%.*s…", (int)at, line.p) : oc_strndup(line.p, line.n);
}

static enum oc_rc note_start(void *arg, struct oc_session_record *record, struct oc_err *e)
{
	const struct oc_session_run *r = arg;

	(void)e;
	if (r->compaction) return OC_OK;
	if (!record->title && r->input->message_n && !r->input->hidden)
		record->title = title_of(r->input);
	replace(&record->last_run, r->info.run_id);
	replace(&record->last_status, "running");
	record->run_started_ms = record->updated_ms = oc_wall_ms();
	return OC_OK;
}

/* A boundary of its own accord, where the config asks for it. */
static enum oc_rc begin_anew(void *arg, struct oc_session_record *record, struct oc_err *e)
{
	const struct oc_session_run *r = arg;
	char *zone = oc_prompt_time_zone(r->settings.time_zone);

	(void)e;
	if (oc_session_reset_due(&r->snapshot->config, record->run_ended_ms, oc_wall_ms(), zone))
		oc_session_set_boundary(record);
	free(zone);
	return OC_OK;
}

static bool may_begin_anew(const struct oc_session_run *r)
{
	struct oc_str mode =
	    oc_json_str(oc_config_get(&r->snapshot->config, "session.reset"), "mode");

	return mode.n && !oc_str_eq(mode, OC_LIT("none"));
}

/* Conversation, record and run are durable before anything begins. */
static enum oc_rc store_start_wait(struct oc_session_run *r, struct oc_err *e)
{
	char running[] = "running";
	struct oc_run_record record = run_record(r, running);
	struct oc_store_writes with = { .run = &record };
	enum oc_rc rc = OC_OK;

	if (!r->compaction && may_begin_anew(r))
		rc = oc_session_change_wait(r->session, begin_anew, r, NULL, e);
	if (rc) return rc;
	if (!r->compaction) {
		oc_session_input_message(r, r->input, &r->said);
		with.messages = &r->said;
		with.n = 1;
		r->opening.epoch_id = r->session->known.epoch;
		r->opening.boundary_seq = r->session->known.boundary_seq;
		with.view = &r->opening;
	}
	rc = oc_session_change_wait(r->session, note_start, r, &with, e);
	if (!rc && with.duplicate) rc = oc_session_store_again_wait(r, &r->said, e);
	if (rc || with.duplicate) {
		oc_stored_message_deinit(&r->said);
		r->said = (struct oc_stored_message){ 0 };
	}
	return rc;
}

enum oc_rc oc_session_run_start_wait(struct oc_session_run *r, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	if (r->session) oc_session_idle_end(r->session);
	r->snapshot = r->owner->spec.snapshot(r->owner->spec.arg);
	rc = oc_agent_settings_init(&r->settings, &r->snapshot->config, r->input->agent, e);
	r->info.agent = r->input->agent;
	if (r->session) {
		free(r->session_id);
		r->session_id = oc_strdup(r->session->id);
		r->info.session_id = r->session_id;
		r->session->active = r;
	}
	oc_session_run_tell_kind(r, OC_RUN_ACCEPTED);
	if (!rc && r->session) rc = store_start_wait(r, e);
	if (rc) {
		if (r->session && r->session->active == r) r->session->active = NULL;
		release(r);
		return rc;
	}
	r->state = OC_RUN_WORKING;
	oc_scope_spawn(r->owner->scope, supervise, r);
	return OC_OK;
}

/* ---- stopping ---- */

static const char *known_reason(const char *reason)
{
	static const char *const known[] = { "rpc", "stop", "disconnect", "timeout", "interrupt" };

	for (size_t i = 0; reason && i < sizeof known / sizeof *known; i++)
		if (!strcmp(known[i], reason)) return known[i];
	return "rpc";
}

static void leave_line_wait(struct oc_session_run *r)
{
	struct oc_queue *q = &r->session->queue;
	struct oc_err e = { 0 };
	size_t i = 0;

	while (i < q->n && q->v[i].own != r) i++;
	if (i == q->n) return;	   /* it is part of another run, and ends in a moment */
	(void)oc_queue_take(q, i); /* the input is the run's */
	if (oc_session_forget_waiting_wait(r->session, r->info.run_id, NULL, &e) != OC_OK ||
	    oc_session_run_save_wait(r, "aborted", &e) != OC_OK)
		oc_log(OC_LOG_WARN, "sessions", "%s", e.msg);
	if (r->state == OC_RUN_WAITING) oc_session_run_end_idle(r, "aborted");
}

void oc_session_run_abort_wait(struct oc_session_run *r, const char *reason)
{
	if (r->state == OC_RUN_ENDED || r->abort) return;
	r->abort = known_reason(reason);
	if (r->scope)
		oc_scope_cancel(r->scope);
	else if (r->state == OC_RUN_WAITING && r->session && r->session->active != r)
		leave_line_wait(r);
	oc_bell_ring(&r->owner->place);
}

/* ---- the object ---- */

/* Those that ended long ago are known to the store alone. */
static void prune(struct oc_sessions *s)
{
	size_t n = 0;

	for (struct oc_session_run **at = &s->runs; *at;) {
		struct oc_session_run *r = *at;
		bool old = oc_now_ms() - r->ended_at_ms > OC_RUN_KEPT_MS || n >= OC_RUNS_KEPT;

		if (r->state != OC_RUN_ENDED || r->users || !old) {
			n += r->state == OC_RUN_ENDED;
			at = &r->next;
			continue;
		}
		*at = r->next;
		oc_session_run_free(r);
	}
}

struct oc_session_run *oc_session_run_new(struct oc_sessions *s, struct oc_session *session,
					  struct oc_input *input)
{
	struct oc_session_run *r = oc_session_run_unlisted(s, session, input);

	prune(s);
	r->next = s->runs;
	s->runs = r;
	return r;
}

struct oc_session_run *oc_session_run_unlisted(struct oc_sessions *s, struct oc_session *session,
					       struct oc_input *input)
{
	struct oc_session_run *r = oc_new(struct oc_session_run);

	r->owner = s;
	r->session = session;
	r->input = input;
	r->info = (struct oc_run_info){ .run_id = input->run_id,
					.agent = input->agent,
					.session_key = input->session_key,
					.origin = input->origin,
					.channel = input->channel,
					.accepted_ms = input->accepted_ms };
	r->result.usage = (struct oc_usage){ .cached = -1, .reasoning = -1 };
	oc_buf_init(&r->partial, OC_MAX_REPLY_BYTES);
	return r;
}

enum oc_rc oc_session_run_aside_wait(struct oc_session_run *r, struct oc_err *e)
{
	enum oc_rc rc;

	r->snapshot = r->owner->spec.snapshot(r->owner->spec.arg);
	rc = oc_agent_settings_init(&r->settings, &r->snapshot->config, r->input->agent, e);
	return rc ? rc : in_session_wait(r, e);
}

void oc_session_run_free(struct oc_session_run *r)
{
	release(r);
	oc_stored_message_deinit(&r->said);
	oc_input_free(r->input);
	oc_agent_result_deinit(&r->result);
	oc_buf_deinit(&r->partial);
	free(r->provider);
	free(r->model);
	free(r->session_id);
	free(r);
}
