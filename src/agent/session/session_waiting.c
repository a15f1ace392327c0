/* The queue of a session at work: what waits is durable, and begins when the session is free. */
#include <stdlib.h>

#include "agent/session/session.h"
#include "agent/session/stored_message.h"
#include "base/log.h"
#include "base/mem.h"

static const char kind[] = "pending-input";

/* ---- durable ---- */

enum oc_rc oc_session_keep_waiting_wait(struct oc_session *s, const struct oc_input *input,
					struct oc_err *e)
{
	json_t *value = oc_input_json(input);
	enum oc_rc rc = oc_store_put_wait(s->owner->spec.store, kind, input->run_id,
					  input->accepted_ms, value, e);

	json_decref(value);
	return rc;
}

static enum oc_rc note_status_wait(struct oc_session *s, const char *run_id, const char *status,
				   struct oc_err *e)
{
	char *copies[] = { oc_strdup(run_id), oc_strdup(s->id), oc_strdup(s->key),
			   oc_strdup(status) };
	const struct oc_run_record record = { .id = copies[0],
					      .session_id = copies[1],
					      .session_key = copies[2],
					      .status = copies[3],
					      .started_ms = oc_wall_ms(),
					      .ended_ms = oc_wall_ms() };
	enum oc_rc rc = oc_store_run_save_wait(s->owner->spec.store, &record, e);

	for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) free(copies[i]);
	return rc;
}

/* What it asked for is in the conversation now, or will not be. */
enum oc_rc oc_session_forget_waiting_wait(struct oc_session *s, const char *run_id,
					  const char *status, struct oc_err *e)
{
	bool was_there;
	enum oc_rc rc = oc_store_remove_wait(s->owner->spec.store, kind, run_id, &was_there, e);

	if (!rc && was_there && status) rc = note_status_wait(s, run_id, status, e);
	return rc;
}

static void forget_ids_wait(struct oc_session *s, const struct oc_strv *ids, const char *status)
{
	struct oc_err e = { 0 };

	for (size_t i = 0; i < ids->n; i++)
		if (oc_session_forget_waiting_wait(s, ids->v[i], status, &e) != OC_OK)
			oc_log(OC_LOG_WARN, "sessions", "%s", e.msg);
}

/* ---- into the line ---- */

static struct oc_input *move_input(struct oc_session_run *run, bool own)
{
	struct oc_ask ask = { 0 };
	struct oc_input *copy;

	if (own) return run->input;
	/* The run ends now, and keeps what its events name. */
	copy = run->input;
	run->input = oc_input_new(&ask);
	run->input->run_id = oc_strdup(copy->run_id);
	run->input->session_key = oc_strdup(copy->session_key);
	run->input->agent = oc_strdup(copy->agent);
	run->info.run_id = run->input->run_id;
	run->info.session_key = run->input->session_key;
	run->info.agent = run->input->agent;
	run->input->origin = copy->origin ? oc_strdup(copy->origin) : NULL;
	run->info.origin = run->input->origin;
	run->info.channel = run->input->channel;
	return copy;
}

static void settings_of(struct oc_session *s, const char *channel, struct oc_queue_settings *out)
{
	struct oc_snapshot *snapshot = s->owner->spec.snapshot(s->owner->spec.arg);

	oc_queue_settings_read(out, s->known.settings, &snapshot->config, channel);
	oc_snapshot_unref(snapshot);
}

/* Not before who asked has its answer. */
static void end_run(void *arg)
{
	oc_session_run_end_idle(arg, "ok");
}

enum oc_rc oc_session_wait_in_line_wait(struct oc_session *s, struct oc_session_run *run,
					enum oc_queue_mode mode, bool own_turn, struct oc_err *e)
{
	struct oc_queue_settings settings;
	struct oc_queued item = { .mode = mode, .own = own_turn ? run : NULL, .joins = run->joins },
			 lost;
	struct oc_err ignored = { 0 };
	enum oc_rc rc = oc_session_keep_waiting_wait(s, run->input, e);

	settings_of(s, run->input->channel, &settings);
	if (!rc) rc = note_status_wait(s, run->input->run_id, "queued", e);
	if (rc) return rc;
	item.input = run->input;
	if (!oc_queue_add(&s->queue, &settings, &item, &lost)) {
		if (oc_session_forget_waiting_wait(s, run->input->run_id, "error", &ignored))
			oc_log(OC_LOG_WARN, "sessions", "%s", ignored.msg);
		return oc_fail(
		    e, OC_E_LIMIT,
		    "the session is busy and its queue is full (%zu waiting); ask again later",
		    s->queue.n);
	}
	s->queue.v[s->queue.n - 1].input = move_input(run, own_turn);
	if (lost.input) {
		struct oc_strv id = { 0 };

		oc_strv_add(&id, oc_str(lost.input->run_id));
		forget_ids_wait(s, &id, "ok");
		oc_strv_deinit(&id);
		oc_input_free(lost.input);
	}
	oc_session_run_tell(run, &(struct oc_run_event){ .kind = OC_RUN_ACCEPTED });
	if (!own_turn) oc_scope_spawn(s->owner->scope, end_run, run);
	if (!s->active) oc_session_go_on(s); /* the run ended meanwhile */
	return OC_OK;
}

/* ---- out of the line ---- */

static struct oc_session_run *fresh_run(struct oc_session *s, struct oc_input *input)
{
	char id[OC_ID_CHARS + 1];

	oc_uuid(id);
	free(input->run_id);
	input->run_id = oc_strdup(id);
	s->users++;
	return oc_session_run_new(s->owner, s, input);
}

/* All that are to be collected, as one message. ids gets theirs. */
static struct oc_input *collect(struct oc_session *s, struct oc_strv *ids)
{
	struct oc_queued items[64];
	struct oc_buf text;
	size_t n = 0;

	while (n < sizeof items / sizeof *items) {
		size_t i = oc_queue_find(&s->queue, OC_QUEUE_COLLECT);

		if (i == s->queue.n) break;
		items[n++] = oc_queue_take(&s->queue, i);
		oc_strv_add(ids, oc_str(items[n - 1].input->run_id));
	}
	struct oc_input *first = items[0].input;

	oc_buf_init(&text, SIZE_MAX / 2);
	oc_queue_collected(&s->queue, items, n, &text);
	for (size_t i = 1; i < n; i++) {
		oc_input_move_images(items[i].input, first);
		oc_input_free(items[i].input);
	}
	free(first->message);
	first->message_n = text.n;
	first->message = oc_buf_take(&text);
	return first;
}

/* The next run of the line, *own under its own id. NULL: there is none. */
static struct oc_session_run *next_run(struct oc_session *s, struct oc_strv *ids, bool *own)
{
	struct oc_queued *head = s->queue.n ? &s->queue.v[0] : NULL;
	struct oc_queued item;

	*own = head && head->own;
	if (!head) return NULL;
	if (!head->own && head->mode == OC_QUEUE_COLLECT) return fresh_run(s, collect(s, ids));
	item = oc_queue_take(&s->queue, 0);
	oc_strv_add(ids, oc_str(item.input->run_id));
	if (item.own) return item.own;
	free(item.input->header); /* it is made when its run begins */
	item.input->header = NULL;
	return fresh_run(s, item.input);
}

static void start_next_wait(struct oc_session *s)
{
	struct oc_strv ids = { 0 };
	struct oc_err e = { 0 };
	bool own;
	struct oc_session_run *run = next_run(s, &ids, &own);

	if (run && oc_session_run_start_wait(run, &e) != OC_OK) {
		oc_log(OC_LOG_ERROR, "sessions", "a message that waited was not run: %s", e.msg);
		run->error = e;
		oc_session_run_end_idle(run, "error");
	} else {
		forget_ids_wait(s, &ids, own ? NULL : "ok");
	}
	oc_strv_deinit(&ids);
}

/* How long until the line has been quiet for the pause that collecting wants. */
static uint64_t pause_left_wait(struct oc_session *s)
{
	const struct oc_queued *head = &s->queue.v[0];
	struct oc_queue_settings settings;
	uint64_t now = oc_now_ms(), until;

	if (head->own) return 0;
	settings_of(s, head->input->channel, &settings);
	until = s->queue.last_ms + settings.debounce_ms;
	return until > now ? until - now : 0;
}

static void go_on(void *arg)
{
	struct oc_session *s = arg;
	enum oc_rc rc = OC_OK;

	while (!rc && !s->active && s->queue.n && !s->owner->closing) {
		uint64_t pause = pause_left_wait(s);

		if (pause) {
			rc = oc_sleep_wait(pause);
			continue;
		}
		oc_gate_enter_wait(&s->order);
		if (!s->active) start_next_wait(s);
		oc_gate_leave(&s->order);
	}
	s->draining = false;
	oc_session_let_go(s);
}

void oc_session_go_on(struct oc_session *s)
{
	if (!s->queue.n || s->draining || s->owner->closing) return;
	s->draining = true;
	s->users++;
	oc_scope_spawn(s->owner->scope, go_on, s);
}

/* ---- what is there ---- */

json_t *oc_sessions_waiting(const struct oc_sessions *s, const char *key, size_t max, size_t *total)
{
	const struct oc_session *session = oc_session_find(s, key);
	json_t *items = json_array();

	*total = session ? session->queue.n : 0;
	for (size_t i = 0; i < *total && i < max; i++) {
		const struct oc_input *input = session->queue.v[i].input;
		json_t *message =
		    oc_body_user(oc_input_text(input), &input->images, NULL, input->accepted_ms);

		json_array_append_new(
		    items,
		    json_pack("{s:o,s:o,s:o,s:I,s:s}", "id", oc_json_new_str(oc_str(input->run_id)),
			      "runId", oc_json_new_str(oc_str(input->run_id)), "message", message,
			      "acceptedAt", (json_int_t)input->accepted_ms, "state", "queued"));
	}
	return items;
}

/* ---- the end of all lines ---- */

static struct oc_session_run *any_own(const struct oc_sessions *s)
{
	for (struct oc_session *x = s->sessions; x; x = x->next)
		for (size_t i = 0; i < x->queue.n; i++)
			if (x->queue.v[i].own) return oc_queue_take(&x->queue, i).own;
	return NULL;
}

void oc_sessions_end_line(struct oc_sessions *s)
{
	struct oc_session_run *run;

	while ((run = any_own(s))) {
		run->abort = "shutdown";
		oc_session_run_end_idle(run, "aborted");
	}
}
