/*
 * Shortening a conversation that has become too long (spec 03 §5.4): first old tool results, which
 * costs no request, then a note that the model writes about what was said, or a digest of our own
 * when it does not. Everything stays in the store.
 */
#include <stdlib.h>

#include "agent/run/bounded_call.h"
#include "agent/run/prompt.h"
#include "agent/run/remember.h"
#include "agent/run/speed.h"
#include "agent/run/transcript.h"
#include "agent/run/trial.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
	ENOUGH_PERCENT = 60, /* trimming alone was enough */
	NEAR_PERCENT = 10,   /* below the share at which it is due */
	KEPT_PERCENT = 35,   /* of the room for the conversation: last turns, word for word */
	NOTE_TOKENS = 800,
	QUOTE_BYTES = 200,
	LAST_WORDS_BYTES = 600,
};

static const char ask_for_note[] =
    "[program: the conversation has become long. Write a note that will stand for it, in at most 600 "
    "tokens, without calling tools: what the user wants; what they asked for and prefer; what is done, "
    "what is under way, what is blocked; decisions; names, paths and numbers that will be needed; what "
    "comes next. Only the note. If the user told something that is worth knowing for months, end with a "
    "line \"Remember:\" and one short line for each, never a password or key.]";
static const char note_heading[] = "[note about the conversation before this point]\n";
static const char digest_heading[] =
    "[digest of the conversation before this point, made by the program]\n";

/* ---- is it due? ---- */

static int64_t fixed_tokens(const struct oc_run *run)
{
	return oc_plan_tokens(&run->plan, oc_buf_view(&run->messages.v[0].text)) +
	       oc_plan_tokens(&run->plan, oc_str(run->tools_text));
}

/* Tokens that the conversation may have. */
static int64_t room_for_conversation(const struct oc_run *run)
{
	int64_t room = run->plan.n_ctx - run->plan.out - fixed_tokens(run);

	return room > 0 ? room : 0;
}

static bool is_above(const struct oc_run *run, int64_t percent_less)
{
	int64_t all = oc_run_prompt_tokens(run), used = all - fixed_tokens(run);
	int64_t share = run->plan.compact_percent - percent_less;

	if (run->plan.soft_cap && all > run->plan.soft_cap * (100 - percent_less) / 100)
		return true;
	return used > room_for_conversation(run) * share / 100;
}

static bool is_due(const struct oc_run *run)
{
	return is_above(run, 0);
}

bool oc_compact_is_near(const struct oc_run *run)
{
	return is_above(run, NEAR_PERCENT);
}

/* ---- the note ---- */

static void quiet_text(void *arg, struct oc_str delta)
{
	(void)arg, (void)delta;
}

static void pass_progress(void *arg, const struct oc_progress *p)
{
	const struct oc_run *run = arg;

	if (run->sink->progress) run->sink->progress(run->sink->arg, p);
}

/* What is to be answered later is not what the note is about. */
static void take_conversation(const struct oc_run *run, struct oc_messages *out)
{
	size_t n = run->messages.n;

	if (run->messages.v[n - 1].role == OC_ROLE_USER) n--;
	for (size_t i = 0; i < n; i++) oc_transcript_copy(&run->messages.v[i], out);
	oc_messages_add(out, OC_ROLE_USER, oc_str(ask_for_note));
}

static void add_instructions(const struct oc_trial *c, struct oc_messages *m)
{
	if (c->job->spec->instructions)
		oc_buf_addf(&m->v[m->n - 1].text, "\nThe user adds: %s",
			    c->job->spec->instructions);
}

static bool makes_sense(const struct oc_reply *r)
{
	return r->outcome == OC_OUTCOME_OK && oc_str_trim(oc_buf_view(&r->text)).n;
}

/* Strangers' words must not become what the user is known for. */
static bool holds_foreign(const struct oc_messages *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct oc_messages one = { m->v + i, 1, 1 };

		if (oc_messages_tainted(&one)) return true;
	}
	return false;
}

/* What is worth it goes into the user's memory; returns the note without that. */
static struct oc_str keep_memories(const struct oc_trial *c, const struct oc_run *run,
				   struct oc_str note)
{
	struct oc_buf items;
	struct oc_str rest;
	struct oc_err e = { 0 };
	struct tm tm;
	char date[16];

	oc_buf_init(&items, OC_MAX_REQUEST_BYTES);
	oc_remember_items(note, &rest, &items);
	oc_prompt_local_time(oc_wall_ms(), c->job->time_zone, &tm);
	strftime(date, sizeof date, "%Y-%m-%d", &tm);
	if (items.n && !holds_foreign(&run->messages) &&
	    c->job->tools.permission != OC_PERMISSION_READ_ONLY &&
	    oc_remember_keep(c->job->tools.workspace, date, oc_buf_view(&items), &e) != OC_OK)
		oc_log(OC_LOG_WARN, "agent", "memory: %s", e.msg);
	oc_buf_deinit(&items);
	return rest;
}

/* Three times what the model should need (spec 03 §5.4). */
static uint64_t limit_of_note(const struct oc_trial *c, const struct oc_run *run)
{
	return oc_bounded_limit_ms(oc_speed_of(c->target), oc_speed_of_writing(c->target),
				   oc_run_prompt_tokens(run), NOTE_TOKENS);
}

/* The existing conversation with one more message, so that the server's memory of it is used. */
static enum oc_rc write_note_wait(const struct oc_trial *c, struct oc_run *run, struct oc_buf *out)
{
	const struct oc_reply_sink sink = {
		.text = quiet_text, .reasoning = quiet_text, .progress = pass_progress, .arg = run
	};
	struct oc_messages messages = { 0 };
	struct oc_turn_request req = { .messages = &messages,
				       .tools = run->tools_json,
				       .tool_names = &run->tool_names,
				       .thinking_off = true,
				       .max_tokens = NOTE_TOKENS,
				       .sink = &sink };
	struct oc_reply reply = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc = OC_OK;

	take_conversation(run, &messages);
	add_instructions(c, &messages);
	if (messages.n > 2 &&
	    oc_plan_message_tokens(&run->plan, &messages) + NOTE_TOKENS <= run->plan.n_ctx)
		rc = oc_bounded_call_wait(&run->model, &req, limit_of_note(c, run), &reply, &e);
	if (rc == OC_E_TIMEOUT)
		oc_job_notice(c->job, "the note took too long: a digest stands for it");
	if (!rc && makes_sense(&reply)) {
		oc_buf_adds(out, note_heading);
		oc_buf_add(out, keep_memories(c, run, oc_str_trim(oc_buf_view(&reply.text))));
	}
	oc_reply_deinit(&reply);
	oc_messages_deinit(&messages);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- the digest ---- */

static struct oc_str beginning(struct oc_str s, size_t bytes)
{
	s = oc_str_trim(s);
	if (s.n > bytes) s.n = oc_utf8_floor(s.p, bytes);
	return s;
}

static void quote(const struct oc_message *m, struct oc_buf *out)
{
	struct oc_str s = oc_buf_view(&m->text);

	if (oc_str_starts(s, OC_LIT("[ctx ")))
		s = oc_str_from(s, oc_str_find(s, OC_LIT("\n"), 0) + 1);
	s = beginning(s, QUOTE_BYTES);
	if (s.n) oc_buf_addf(out, "- user: %.*s\n", OC_FMT(s));
}

static void note_files(const struct oc_message *m, struct oc_strv *files)
{
	for (size_t i = 0; i < m->n_calls; i++) {
		struct oc_str path = oc_json_str(m->calls[i].args, "path");

		if (path.n) oc_strv_add_once(files, path);
	}
}

static void write_digest(const struct oc_messages *m, struct oc_buf *out)
{
	struct oc_strv files = { 0 };
	const struct oc_message *last = NULL;

	oc_buf_adds(out, digest_heading);
	for (size_t i = 1; i < m->n; i++) {
		if (m->v[i].role == OC_ROLE_USER) quote(&m->v[i], out);
		if (m->v[i].role != OC_ROLE_ASSISTANT) continue;
		note_files(&m->v[i], &files);
		if (m->v[i].text.n) last = &m->v[i];
	}
	if (files.n) {
		char *all = oc_strv_join(&files, ", ");

		oc_buf_addf(out, "- files: %s\n", all);
		free(all);
	}
	if (last) {
		struct oc_str words = beginning(oc_buf_view(&last->text), LAST_WORDS_BYTES);

		oc_buf_addf(out, "- you said last: %.*s\n", OC_FMT(words));
	}
	oc_strv_deinit(&files);
}

/* ---- both steps ---- */

static size_t keep_chars(const struct oc_trial *c, const struct oc_run *run)
{
	int64_t room = room_for_conversation(run), cap = run->plan.soft_cap - fixed_tokens(run);

	if (run->plan.soft_cap && cap < room) room = cap > 0 ? cap : 0;
	double chars = (double)(room * KEPT_PERCENT / 100) * run->plan.chars_per_token;
	size_t all = 0;

	for (size_t i = 1; i < run->messages.n; i++) all += run->messages.v[i].text.n;
	/* Who asks for it wants less than there is, however little that may be. */
	if (c->job->spec->compact && chars > (double)all / 2) return all / 2;
	return (size_t)chars;
}

/* What is left is short enough. */
static int64_t enough_tokens(const struct oc_run *run)
{
	int64_t whole = run->plan.n_ctx;

	if (run->plan.soft_cap && run->plan.soft_cap < whole) whole = run->plan.soft_cap;
	return whole * ENOUGH_PERCENT / 100;
}

static enum oc_rc trim_step_wait(const struct oc_trial *c, struct oc_run *run, bool *enough,
				 struct oc_err *e)
{
	const struct oc_conversation *conversation = c->job->conversation;
	bool changed = false;
	enum oc_rc rc = conversation->trim_wait(conversation->arg, &changed, e);

	*enough = false;
	if (rc || !changed) return rc;
	rc = oc_recompose_wait(c, run, e);
	*enough = !c->job->spec->compact && oc_run_prompt_tokens(run) <= enough_tokens(run);
	return rc;
}

/* One that was written while nobody waited. Who asks for it now has something to say about it. */
static enum oc_rc ready_note_wait(const struct oc_trial *c, const struct oc_run *run,
				  struct oc_buf *out, struct oc_err *e)
{
	const struct oc_conversation *conversation = c->job->conversation;

	if (!conversation->ready_wait || c->job->spec->compact) return OC_OK;
	return conversation->ready_wait(conversation->arg, keep_chars(c, run), out, e);
}

static enum oc_rc summary_step_wait(const struct oc_trial *c, struct oc_run *run, struct oc_err *e)
{
	const struct oc_conversation *conversation = c->job->conversation;
	struct oc_buf text;
	bool changed = false;
	enum oc_rc rc;

	oc_buf_init(&text, OC_MAX_REQUEST_BYTES);
	rc = ready_note_wait(c, run, &text, e);
	if (!rc && !text.n) rc = write_note_wait(c, run, &text);
	if (!rc && !text.n) write_digest(&run->messages, &text);
	if (!rc)
		rc = conversation->summarise_wait(conversation->arg, oc_buf_view(&text),
						  keep_chars(c, run), &changed, e);
	if (!rc && changed) {
		free(c->job->result->summary);
		c->job->result->summary = oc_strdup(oc_buf_cstr(&text));
		rc = oc_recompose_wait(c, run, e);
	}
	oc_buf_deinit(&text);
	return rc;
}

/* The note, and nothing else: the prompt stays as it is until it is due. */
static enum oc_rc write_ahead_wait(const struct oc_trial *c, struct oc_run *run, struct oc_err *e)
{
	const struct oc_conversation *conversation = c->job->conversation;
	struct oc_buf text;
	enum oc_rc rc;

	oc_buf_init(&text, OC_MAX_REQUEST_BYTES);
	rc = write_note_wait(c, run, &text);
	if (!rc && text.n && conversation->prepare_wait)
		rc = conversation->prepare_wait(conversation->arg, oc_buf_view(&text), e);
	oc_buf_deinit(&text);
	return rc;
}

enum oc_rc oc_compact_wait(const struct oc_trial *c, struct oc_run *run, struct oc_err *e)
{
	struct oc_agent_result *result = c->job->result;
	bool enough;
	enum oc_rc rc;

	if (!c->job->conversation->trim_wait) return OC_OK;
	if (c->job->spec->ahead) return write_ahead_wait(c, run, e);
	if (!c->job->spec->compact && !is_due(run)) return OC_OK;
	oc_job_notice(c->job, "the conversation is long: it is being shortened");
	result->tokens_before = oc_run_prompt_tokens(run);
	rc = trim_step_wait(c, run, &enough, e);
	if (!rc && !enough) rc = summary_step_wait(c, run, e);
	result->tokens_after = oc_run_prompt_tokens(run);
	return rc;
}
