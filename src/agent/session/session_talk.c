/* The conversation of a session in the store: what of it the model sees, and what is added. */
#include <stdlib.h>

#include "agent/run/prompt.h"
#include "agent/run/transcript.h"
#include "agent/session/session.h"
#include "agent/session/stored_message.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/codec/chat_request.h"

enum { IDLE_MS = 6 * 3600 * 1000 };

static struct oc_store *store_of(const struct oc_session_talk *t)
{
	return t->run->owner->spec.store;
}

static const char *session_id(const struct oc_session_talk *t)
{
	return t->run->session->id;
}

/* ---- where it stands ---- */

static void read_profile(struct oc_session_talk *t)
{
	struct oc_err e = { 0 };
	const char *summary;

	json_decref(t->profile);
	t->profile = oc_json_parse(oc_str(t->epoch.profile), NULL, &e);
	t->first_seq = t->epoch.first_seq;
	t->trim_before = oc_json_int(t->profile, "trimBefore", 0);
	summary = oc_json_cstr(t->profile, "summary");
	free(t->summary);
	t->summary = summary ? oc_strdup(summary) : NULL;
}

/* What was read when the person's message was stored, unless something came after it. */
static bool take_opening(struct oc_session_run *run, const struct oc_session_record *r,
			 struct oc_store_view *out)
{
	struct oc_store_view *v = &run->opening;
	size_t n = v->messages.n;
	bool fits = n && v->messages.v[n - 1].seq == r->last_seq && v->epoch_id == r->epoch &&
		    v->boundary_seq == r->boundary_seq;

	if (fits)
		*out = *v;
	else
		oc_store_view_deinit(v);
	*v = (struct oc_store_view){ 0 };
	return fits;
}

enum oc_rc oc_session_talk_init_wait(struct oc_session_talk *t, struct oc_session_run *run,
				     const struct oc_session_record *r, struct oc_err *e)
{
	struct oc_store_view view = { .epoch_id = r->epoch, .boundary_seq = r->boundary_seq };
	enum oc_rc rc = OC_OK;

	*t = (struct oc_session_talk){ .run = run,
				       .boundary_seq = r->boundary_seq,
				       .last_seq = r->last_seq };
	t->idle = r->run_ended_ms && oc_wall_ms() - r->run_ended_ms > IDLE_MS;
	if (!take_opening(run, r, &view))
		rc = oc_store_view_wait(run->owner->spec.store, run->session->id, &view, e);
	if (rc) return rc;
	t->epoch = view.epoch;
	t->read = view.messages;
	t->is_read = true;
	if (t->epoch.id) read_profile(t);
	return OC_OK;
}

void oc_session_talk_deinit(struct oc_session_talk *t)
{
	oc_epoch_deinit(&t->epoch);
	oc_stored_messages_deinit(&t->read);
	json_decref(t->profile);
	free(t->summary);
	*t = (struct oc_session_talk){ 0 };
}

/* ---- the opening ---- */

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
	return oc_str_eq(oc_json_str(a, key), oc_json_str(b, key));
}

/* Why the opening in force does not hold; NULL when it does. */
static const char *why_new(const struct oc_session_talk *t, const json_t *profile,
			   const char *tools)
{
	const json_t *made_for = json_object_get(t->profile, "for");

	if (t->due) return t->due;
	if (!t->epoch.id) return "new";
	if (t->idle) return "idle";
	if (!same_text(profile, made_for, "provider") || !same_text(profile, made_for, "model") ||
	    !same_text(profile, made_for, "endpoint"))
		return "model";
	if (!json_equal(profile, made_for) || !oc_str_eq(oc_str(tools), oc_str(t->epoch.tools)))
		return "policy";
	return NULL;
}

static enum oc_rc thaw_wait(void *arg, const json_t *profile, const char *tools,
			    struct oc_frozen *out, struct oc_err *e)
{
	struct oc_session_talk *t = arg;

	(void)e;
	t->due = why_new(t, profile, tools);
	if (!t->due) out->system = oc_strdup(t->epoch.system);
	return OC_OK;
}

static char *profile_text(const struct oc_session_talk *t, const json_t *profile)
{
	json_t *o = json_object();
	char *text;

	oc_json_put(o, "for", json_deep_copy(profile));
	if (t->trim_before) oc_json_put(o, "trimBefore", json_integer(t->trim_before));
	if (t->summary) oc_json_put(o, "summary", oc_json_new_str(oc_str(t->summary)));
	text = oc_json_compact(o);
	json_decref(o);
	return text;
}

static enum oc_rc freeze_wait(void *arg, const json_t *profile, const struct oc_frozen *f,
			      struct oc_err *e)
{
	struct oc_session_talk *t = arg;
	struct oc_session *session = t->run->session;
	enum oc_rc rc;

	oc_epoch_deinit(&t->epoch);
	t->epoch = (struct oc_epoch){ .system = oc_strdup(f->system),
				      .tools = f->tools ? oc_strdup(f->tools) : NULL,
				      .profile = profile_text(t, profile),
				      .reason = oc_strdup(t->due ? t->due : "new"),
				      .first_seq = t->first_seq };
	/* It writes into the session's record. */
	oc_gate_enter_wait(&session->record);
	rc = oc_store_epoch_add_wait(store_of(t), session->id, &t->epoch, e);
	if (!rc) session->known.epoch = t->epoch.id;
	oc_gate_leave(&session->record);
	if (rc) return rc;
	oc_user_files_know(&t->run->owner->files, session->id, t->run->settings.workspace);
	read_profile(t);
	t->due = NULL;
	t->idle = false;
	return OC_OK;
}

/* ---- what the model sees ---- */

static bool is_user(const struct oc_stored_message *m)
{
	return oc_str_eq(oc_json_str(m->body, "role"), OC_LIT("user"));
}

/* An answer that was given up stands for it only as long as there is none: a run that was begun
 * again after a crash goes on where the first one ended. */
static bool is_superseded(const struct oc_stored_messages *l, size_t i)
{
	if (!(l->v[i].flags & OC_MSG_NO_ANSWER)) return false;
	for (i++; i < l->n; i++)
		if (!(l->v[i].flags & (OC_MSG_HIDDEN_FROM_MODEL | OC_MSG_SUMMARY)))
			return !is_user(&l->v[i]);
	return true;
}

static void trim_last(struct oc_messages *out)
{
	struct oc_message *m = &out->v[out->n - 1];
	struct oc_buf line;

	oc_buf_init(&line, OC_MAX_REQUEST_BYTES);
	if (oc_transcript_forget(m, &line)) {
		oc_buf_clear(&m->text);
		oc_buf_add(&m->text, oc_buf_view(&line));
	}
	oc_buf_deinit(&line);
	oc_transcript_drop_images(m);
}

static void show(const struct oc_session_talk *t, const struct oc_stored_messages *l,
		 struct oc_messages *out)
{
	for (size_t i = 0; i < l->n; i++) {
		size_t before = out->n;

		if (l->v[i].flags & (OC_MSG_HIDDEN_FROM_MODEL | OC_MSG_SUMMARY)) continue;
		if (is_superseded(l, i)) continue;
		oc_stored_to_model(&l->v[i], out);
		if (out->n > before && l->v[i].seq < t->trim_before) trim_last(out);
	}
}

static enum oc_rc show_summary_wait(const struct oc_session_talk *t, struct oc_messages *out,
				    struct oc_err *e)
{
	struct oc_stored_message m;
	enum oc_rc rc;

	if (!t->summary) return OC_OK;
	rc = oc_store_message_wait(store_of(t), session_id(t), t->summary, &m, e);
	if (rc) return rc;
	oc_stored_to_model(&m, out);
	oc_stored_message_deinit(&m);
	return OC_OK;
}

static void forget_read(struct oc_session_talk *t)
{
	oc_stored_messages_deinit(&t->read);
	t->is_read = false;
}

/* The beginning has read them already, unless what is left out changed since. */
static bool take_read(struct oc_session_talk *t, int64_t after_seq, struct oc_stored_messages *out)
{
	bool fits = t->is_read && (!t->read.n || t->read.v[0].seq > after_seq) &&
		    t->first_seq == t->epoch.first_seq;

	if (fits) {
		*out = t->read;
		t->read = (struct oc_stored_messages){ 0 };
	}
	forget_read(t);
	return fits;
}

static enum oc_rc load_wait(struct oc_session_talk *t, struct oc_stored_messages *out,
			    struct oc_err *e)
{
	int64_t before_first = t->first_seq ? t->first_seq - 1 : 0;
	const struct oc_message_query q = { .session_id = session_id(t),
					    .after_seq = before_first > t->boundary_seq
							     ? before_first
							     : t->boundary_seq };

	if (take_read(t, q.after_seq, out)) return OC_OK;
	return oc_store_messages_wait(store_of(t), &q, out, e);
}

static enum oc_rc view_wait(void *arg, struct oc_messages *out, struct oc_err *e)
{
	struct oc_session_talk *t = arg;
	struct oc_stored_messages l;
	enum oc_rc rc = load_wait(t, &l, e);

	if (rc) return rc;
	rc = show_summary_wait(t, out, e);
	if (!rc) show(t, &l, out);
	oc_stored_messages_deinit(&l);
	return rc;
}

/* ---- what is added ---- */

void oc_session_told_message(struct oc_session_run *run, const struct oc_stored_message *m)
{
	oc_session_run_tell(run, &(struct oc_run_event){ .kind = OC_RUN_MESSAGE, .message = m });
}

static json_t *abort_json(const struct oc_session_run *run)
{
	json_t *o = json_object();

	oc_json_put(o, "aborted", json_true());
	oc_json_put(o, "origin", json_string(run->abort ? run->abort : "shutdown"));
	oc_json_put(o, "runId", oc_json_new_str(oc_str(run->info.run_id)));
	return o;
}

static json_t *body_of(const struct oc_session_talk *t, const struct oc_message *m,
		       const struct oc_said *said, int64_t now)
{
	json_t *body;

	if (m->role == OC_ROLE_USER) return oc_body_user(oc_buf_view(&m->text), m, NULL, now);
	if (m->role == OC_ROLE_TOOL) return oc_body_tool_result(m, said->is_error, now);
	body = oc_body_assistant(m, said, now);
	if (said->flags & (OC_MSG_INTERRUPTED | OC_MSG_NO_ANSWER) && !said->error)
		oc_json_put(body, "openclawAbort", abort_json(t->run));
	return body;
}

static enum oc_rc append_wait(void *arg, const struct oc_message *m, const struct oc_said *said,
			      struct oc_err *e)
{
	struct oc_session_talk *t = arg;
	struct oc_stored_message stored = { .epoch = t->epoch.id,
					    .run = oc_strdup(t->run->info.run_id),
					    .body = body_of(t, m, said, oc_wall_ms()),
					    .flags = said->flags };
	enum oc_rc rc;

	if (said->reply) stored.tokens = said->reply->usage.output;
	struct oc_store_writes w = { .messages = &stored, .n = 1 };
	rc = oc_session_write_wait(t->run->session, &w, e);
	forget_read(t);
	if (!rc) oc_session_told_message(t->run, &stored);
	if (!rc && said->reply && said->reply->usage.present)
		oc_session_run_tell(t->run, &(struct oc_run_event){ .kind = OC_RUN_USAGE,
								    .usage = &said->reply->usage });
	oc_stored_message_deinit(&stored);
	return rc;
}

static enum oc_rc newest_wait(const struct oc_session_run *run, struct oc_stored_messages *out,
			      struct oc_err *e)
{
	const struct oc_message_query q = { .session_id = run->session->id, .limit = 1 };

	return oc_store_messages_wait(run->owner->spec.store, &q, out, e);
}

/* A message that is stored already waits for its answer still, unless others came after it. */
static enum oc_rc was_overtaken_wait(const struct oc_session_run *run, bool *out, struct oc_err *e)
{
	struct oc_stored_messages l;
	enum oc_rc rc = newest_wait(run, &l, e);

	if (rc) return rc;
	*out = l.n && !(l.v[0].flags & OC_MSG_NO_ANSWER) && !is_user(&l.v[0]);
	oc_stored_messages_deinit(&l);
	return OC_OK;
}

static char *header_of(const struct oc_session_run *run, const struct oc_input *input)
{
	char *zone = oc_prompt_time_zone(run->settings.time_zone);
	struct oc_buf text;

	oc_buf_init(&text, OC_MAX_REQUEST_BYTES);
	oc_prompt_header(input->accepted_ms, zone, input->channel, input->sender, &text);
	oc_session_events_tell(run->owner, run->session->key, &text);
	oc_user_files_tell(&run->owner->files, run->session->id, run->settings.workspace, &text);
	free(zone);
	return oc_buf_take(&text);
}

void oc_session_input_message(const struct oc_session_run *run, const struct oc_input *input,
			      struct oc_stored_message *out)
{
	char *key = oc_asprintf("%s:user", input->run_id);

	*out = (struct oc_stored_message){
		.run = oc_strdup(input->run_id),
		.idempotency_key = key,
		.body = oc_body_user(oc_input_text(input), &input->images, key, input->accepted_ms),
		.header = input->header ? oc_strdup(input->header) : header_of(run, input),
		.flags = input->hidden ? OC_MSG_HIDDEN_FROM_PEOPLE : 0,
	};
}

enum oc_rc oc_session_store_again_wait(struct oc_session_run *run, struct oc_stored_message *m,
				       struct oc_err *e)
{
	struct oc_store_writes w = { .messages = m, .n = 1 };
	bool overtaken = false;
	enum oc_rc rc = was_overtaken_wait(run, &overtaken, e);

	if (rc || !overtaken) return rc;
	free(m->idempotency_key);
	m->idempotency_key = NULL;
	m->flags |= OC_MSG_HIDDEN_FROM_PEOPLE;
	return oc_session_write_wait(run->session, &w, e);
}

/* ---- what came meanwhile ---- */

static enum oc_rc take_in_wait(struct oc_session_talk *t, struct oc_input *input,
			       struct oc_messages *out, struct oc_err *e)
{
	struct oc_stored_message m;
	struct oc_store_writes w = { .messages = &m, .n = 1 };
	enum oc_rc rc;

	oc_session_input_message(t->run, input, &m);
	rc = oc_session_write_wait(t->run->session, &w, e);
	forget_read(t);
	if (!rc && w.duplicate) rc = oc_session_store_again_wait(t->run, &m, e);
	if (!rc) oc_stored_to_model(&m, out);
	if (!rc && !w.duplicate) oc_session_told_message(t->run, &m);
	oc_stored_message_deinit(&m);
	if (!rc) rc = oc_session_forget_waiting_wait(t->run->session, input->run_id, "ok", e);
	return rc;
}

static enum oc_rc steer_wait(void *arg, struct oc_messages *out, struct oc_err *e)
{
	struct oc_session_talk *t = arg;
	struct oc_queue *q = &t->run->session->queue;
	enum oc_rc rc = OC_OK;

	while (!rc) {
		size_t i = oc_queue_find(q, OC_QUEUE_STEER);

		if (i == q->n) break;
		struct oc_queued item = oc_queue_take(q, i);

		rc = take_in_wait(t, item.input, out, e);
		if (item.own)
			oc_session_run_end_idle(item.own, rc ? "error" : "ok");
		else
			oc_input_free(item.input);
		t->run->segment_over = true; /* what comes now answers something else */
	}
	return rc;
}

/* ---- making it shorter (spec 03 §5.4) ---- */

/* Sequence number of the n-th last message of a person, 0 when there are fewer. */
static int64_t user_turn(const struct oc_stored_messages *l, size_t n)
{
	for (size_t i = l->n; i > 0; i--)
		if (is_user(&l->v[i - 1]) &&
		    !(l->v[i - 1].flags &
		      (OC_MSG_HIDDEN_FROM_MODEL | OC_MSG_SUMMARY | OC_MSG_HIDDEN_FROM_PEOPLE)) &&
		    --n == 0)
			return l->v[i - 1].seq;
	return 0;
}

static enum oc_rc trim_wait(void *arg, bool *changed, struct oc_err *e)
{
	enum { TURNS_KEPT = 2 };
	struct oc_session_talk *t = arg;
	struct oc_stored_messages l;
	enum oc_rc rc = load_wait(t, &l, e);
	int64_t before;

	if (rc) return rc;
	before = user_turn(&l, TURNS_KEPT);
	*changed = before > t->trim_before;
	oc_stored_messages_deinit(&l);
	if (!*changed) return OC_OK;
	t->trim_before = before;
	t->due = "compaction";
	return OC_OK;
}

/* The first of the last messages that have room, at a person's message; the last of those in any
 * case. */
static int64_t first_kept(const struct oc_stored_messages *l, size_t chars)
{
	struct oc_messages one = { 0 };
	int64_t first = 0;
	size_t used = 0;

	for (size_t i = l->n; i > 0; i--) {
		const struct oc_stored_message *m = &l->v[i - 1];

		oc_stored_to_model(m, &one);
		for (size_t k = 0; k < one.n; k++) {
			used += one.v[k].text.n;
			for (size_t c = 0; c < one.v[k].n_calls; c++)
				used += strlen(one.v[k].calls[c].arguments);
		}
		oc_messages_deinit(&one);
		if (first && used > chars) break;
		if (is_user(m) && !(m->flags & (OC_MSG_HIDDEN_FROM_MODEL | OC_MSG_SUMMARY |
						OC_MSG_HIDDEN_FROM_PEOPLE)))
			first = m->seq;
	}
	return first;
}

static enum oc_rc store_summary_wait(struct oc_session_talk *t, struct oc_str summary,
				     struct oc_err *e)
{
	struct oc_stored_message m = {
		.run = oc_strdup(t->run->info.run_id),
		.body = oc_body_user(summary, NULL, NULL, oc_wall_ms()),
		.flags = OC_MSG_SUMMARY | OC_MSG_HIDDEN_FROM_PEOPLE,
	};
	struct oc_store_writes w = { .messages = &m, .n = 1 };
	enum oc_rc rc = oc_session_write_wait(t->run->session, &w, e);

	forget_read(t);

	if (!rc) {
		free(t->summary);
		t->summary = oc_strdup(m.id);
	}
	oc_stored_message_deinit(&m);
	return rc;
}

static enum oc_rc summarise_wait(void *arg, struct oc_str summary, size_t keep_chars, bool *changed,
				 struct oc_err *e)
{
	struct oc_session_talk *t = arg;
	struct oc_stored_messages l;
	enum oc_rc rc = load_wait(t, &l, e);
	int64_t first, oldest;

	*changed = false;
	if (rc) return rc;
	first = first_kept(&l, keep_chars);
	oldest = l.n ? l.v[0].seq : 0;
	oc_stored_messages_deinit(&l);
	if (!first || first <= oldest) return OC_OK; /* nothing would be left out */
	rc = store_summary_wait(t, summary, e);
	if (rc) return rc;
	t->first_seq = first;
	t->due = "compaction";
	*changed = true;
	return OC_OK;
}

/* ---- a summary for later ---- */

static const char ahead_kind[] = "note-ahead";

static enum oc_rc prepare_wait(void *arg, struct oc_str summary, struct oc_err *e)
{
	const struct oc_session_talk *t = arg;
	json_t *value = json_object();

	oc_json_put(value, "seq", json_integer(t->last_seq));
	oc_json_put(value, "text", oc_json_new_str(summary));
	enum oc_rc rc = oc_store_put_wait(store_of(t), ahead_kind, session_id(t), 0, value, e);
	json_decref(value);
	return rc;
}

/* The messages that it knows nothing of are all among those that would be kept. */
static enum oc_rc covers_wait(struct oc_session_talk *t, int64_t seq, size_t keep_chars, bool *out,
			      struct oc_err *e)
{
	struct oc_stored_messages l;
	enum oc_rc rc = load_wait(t, &l, e);

	*out = false;
	if (rc) return rc;
	int64_t first = first_kept(&l, keep_chars);
	*out = first && first <= seq + 1 && seq > t->first_seq && seq > t->boundary_seq;
	oc_stored_messages_deinit(&l);
	return OC_OK;
}

static enum oc_rc ready_wait(void *arg, size_t keep_chars, struct oc_buf *out, struct oc_err *e)
{
	struct oc_session_talk *t = arg;
	json_t *value = NULL;
	bool covers = false;
	enum oc_rc rc = oc_store_get_wait(store_of(t), ahead_kind, session_id(t), &value, e);

	if (rc == OC_E_NOT_FOUND) return OC_OK;
	if (!rc) rc = covers_wait(t, oc_json_int(value, "seq", 0), keep_chars, &covers, e);
	if (!rc && covers) oc_buf_add(out, oc_json_str(value, "text"));
	json_decref(value);
	if (!rc) rc = oc_store_remove_wait(store_of(t), ahead_kind, session_id(t), NULL, e);
	return rc;
}

/* ---- the self-check ---- */

static const char *static_reason(const char *reason)
{
	static const char *const known[] = { "new", "compaction", "model", "policy", "idle" };

	for (size_t i = 0; reason && i < sizeof known / sizeof *known; i++)
		if (!strcmp(known[i], reason)) return known[i];
	return NULL;
}

/* What a chat request with these messages would be: for an answer that no server gave. */
static json_t *imagined_body(const struct oc_messages *m, json_t *tools)
{
	struct oc_compat compat;
	json_t *body;

	oc_compat_resolve(&compat, "", NULL, NULL);
	const struct oc_request r = {
		.model = "", .compat = &compat, .messages = m, .tools = tools
	};

	body = oc_chat_request_json(&r);
	oc_compat_deinit(&compat);
	return body;
}

void oc_session_talk_requested(void *arg, const struct oc_messages *m, json_t *tools, json_t *sent)
{
	const struct oc_session_talk *t = arg;
	const struct oc_session *session = t->run->session;
	const struct oc_prefix_check *check;
	json_t *body = sent ? json_incref(sent) : imagined_body(m, tools);
	struct oc_prefix now;

	oc_prefix_of(&now, body);
	json_decref(body);
	check = oc_prefix_note(&t->run->owner->prefixes, session->key, session->id, t->epoch.id,
			       static_reason(t->epoch.reason), &now, oc_wall_ms());
	if (!check) return;
	oc_log(check->shared < check->before ? OC_LOG_INFO : OC_LOG_DEBUG, "prompt",
	       "%s repeats %lld of %lld bytes of the request before%s%s", check->session_key,
	       (long long)check->shared, (long long)check->before, check->reason ? ": " : "",
	       check->reason ? check->reason : "");
}

struct oc_conversation oc_session_talk_port(struct oc_session_talk *t)
{
	return (struct oc_conversation){ .thaw_wait = thaw_wait,
					 .freeze_wait = freeze_wait,
					 .view_wait = view_wait,
					 .append_wait = append_wait,
					 .steer_wait = steer_wait,
					 .trim_wait = trim_wait,
					 .summarise_wait = summarise_wait,
					 .prepare_wait = prepare_wait,
					 .ready_wait = ready_wait,
					 .arg = t };
}
