/* The tool calls of one response. */
#include "agent/run/batch.h"

#include <stdlib.h>

#include "agent/run/transcript.h"
#include "agent/session/session.h"
#include "base/limits.h"
#include "base/mem.h"

enum { STEPS_LEFT_NOTE = 2, MIN_RESULT_CHARS = 960, MAX_TOGETHER = 4 };

struct batch {
	struct oc_run *run;
	const struct oc_tool_call *calls;  /* of the reply: their arguments are as received */
	const struct oc_tool_call *stored; /* of the assistant message: their ids are ours */
	size_t n, first_result;		   /* index of the first result among the messages */
	char **args;			   /* canonical text of each call's arguments */
	enum oc_repeat_verdict words;	   /* about the text beside the calls */
	size_t last_write; /* number of calls up to and including the last that changed things */
};

static char *canonical(const struct oc_tool_call *c)
{
	return c->args ? json_dumps(c->args, JSON_COMPACT | JSON_SORT_KEYS) : strdup("");
}

/* An earlier call of this batch with the same name and arguments, or SIZE_MAX. Reading the same
 * thing again after something was changed is not the same call. */
static size_t duplicate_of(const struct batch *b, size_t i)
{
	const struct oc_tool *tool = oc_tool_find(oc_str(b->calls[i].name));

	for (size_t j = 0; j < i && j < OC_MAX_TOOL_CALLS_PER_TURN; j++) {
		if (strcmp(b->calls[i].name, b->calls[j].name) || strcmp(b->args[i], b->args[j]))
			continue;
		if (!b->calls[i].valid || !b->calls[j].valid) continue;
		if (tool && !tool->writes && j < b->last_write) continue;
		return j;
	}
	return SIZE_MAX;
}

/* What one of so many results may take: its share of the context, and of what is left of it. */
static size_t result_room(const struct oc_run *run, size_t results)
{
	int64_t left = run->plan.n_ctx - run->plan.out - oc_run_prompt_tokens(run);
	size_t chars = left > 0 ? (size_t)((double)left * run->plan.chars_per_token) : 0;

	chars /= results;
	if (chars < MIN_RESULT_CHARS) chars = MIN_RESULT_CHARS;
	return chars < run->plan.max_result_chars ? chars : run->plan.max_result_chars;
}

static enum oc_rc run_tool_wait(struct batch *b, size_t i, struct oc_tool_result *out)
{
	struct oc_run *run = b->run;
	const struct oc_tool *tool = oc_tool_find(oc_str(b->calls[i].name));
	enum oc_rc rc;

	if (run->sink->tool_start) run->sink->tool_start(run->sink->arg, &b->stored[i]);
	rc = oc_tool_run_wait(run->tools, &b->calls[i], out);
	if (rc) return rc;
	run->calls_run++;
	if (tool && tool->writes) b->last_write = i + 1;
	if (run->sink->tool_end) run->sink->tool_end(run->sink->arg, &b->stored[i], out);
	return OC_OK;
}

/* Runs the call, or says why it was not. out is initialised in every case. */
static enum oc_rc answer_wait(struct batch *b, size_t i, bool cut, struct oc_tool_result *out)
{
	struct oc_run *run = b->run;
	struct oc_str name = oc_str(b->calls[i].name);
	size_t same = duplicate_of(b, i);

	oc_tool_result_init(out);
	if (cut) {
		oc_tool_result_fail(
		    out,
		    "not run: the message hit the output limit of %lld tokens before the call "
		    "was complete. Make a shorter call; split long content into several.",
		    (long long)run->plan.out);
	} else if (i >= OC_MAX_TOOL_CALLS_PER_TURN) {
		oc_tool_result_fail(out, "not run: at most %d calls in one message",
				    OC_MAX_TOOL_CALLS_PER_TURN);
	} else if (same != SIZE_MAX) {
		oc_buf_add(&out->text, oc_buf_view(&run->messages.v[b->first_result + same].text));
	} else if (oc_repeat_blocks(&run->repeat, name, oc_str(b->args[i]))) {
		oc_tool_result_fail(out,
				    "not run: this call has given the same result every time. Do "
				    "something else, or answer from what you know.");
	} else {
		oc_tool_result_deinit(out);
		run->tools->max_result_chars = result_room(run, 1);
		return run_tool_wait(b, i, out);
	}
	return OC_OK;
}

/* Notes are part of the result from the beginning: nothing is changed later. */
static void add_notes(struct batch *b, size_t i, struct oc_tool_result *r)
{
	struct oc_run *run = b->run;
	enum oc_repeat_verdict verdict =
	    oc_repeat_note(&run->repeat, oc_str(b->calls[i].name), oc_str(b->args[i]),
			   oc_buf_view(&r->text), r->is_error);

	if (verdict == OC_REPEAT_SAME)
		oc_buf_adds(&r->text, "\n[note: the same call gave the same result before]");
	if (verdict == OC_REPEAT_FAILING)
		oc_buf_addf(&r->text, "\n[note: %s keeps failing; answer without it]",
			    b->calls[i].name);
	if (verdict == OC_REPEAT_END) run->no_more_tools = true;
	if (i + 1 < b->n) return;
	if (b->words == OC_REPEAT_SAME)
		oc_buf_adds(&r->text, "\n[note: your last two messages say the same; go on]");
	if (run->no_more_tools || run->turns >= run->max_turns)
		oc_buf_adds(&r->text,
			    "\n[note: no more tool calls; answer now from what you know]");
	else if (run->turns + STEPS_LEFT_NOTE == run->max_turns)
		oc_buf_addf(&r->text, "\n[note: %d steps remain]", STEPS_LEFT_NOTE);
}

/* The result of call i becomes part of the conversation. */
static enum oc_rc keep_result_wait(struct batch *b, size_t i, const struct oc_tool_result *r,
				   struct oc_err *e)
{
	struct oc_said said = { .is_error = r->is_error };

	oc_transcript_add_result(&b->run->messages, b->stored[i].id, b->calls[i].name,
				 oc_buf_view(&r->text));
	struct oc_message *m = &b->run->messages.v[b->run->messages.n - 1];

	m->tool_failed = r->is_error;
	if (r->image.base64)
		*oc_message_add_image(m) =
		    (struct oc_image){ .mime = oc_strdup(r->image.mime),
				       .base64 = oc_strdup(r->image.base64) };
	return oc_run_keep_wait(b->run, &said, e);
}

static enum oc_rc answer_one_wait(struct batch *b, size_t i, bool cut, struct oc_err *e)
{
	struct oc_tool_result result;
	enum oc_rc rc = answer_wait(b, i, cut, &result);

	if (!rc) {
		add_notes(b, i, &result);
		rc = keep_result_wait(b, i, &result, e);
	}
	oc_tool_result_deinit(&result);
	return rc;
}

/* ---- reads, at the same time ---- */

/* A call that is run as it stands and changes nothing. */
static bool is_read(const struct batch *b, size_t i)
{
	const struct oc_tool *tool = oc_tool_find(oc_str(b->calls[i].name));

	return i < OC_MAX_TOOL_CALLS_PER_TURN && tool && !tool->writes && b->calls[i].valid &&
	       duplicate_of(b, i) == SIZE_MAX &&
	       !oc_repeat_blocks(&b->run->repeat, oc_str(b->calls[i].name), oc_str(b->args[i]));
}

/* How many calls from the i-th on may run at the same time. */
static size_t reads_from(const struct batch *b, size_t i)
{
	size_t n = 0;

	while (n < MAX_TOGETHER && i + n < b->n && is_read(b, i + n)) n++;
	return n;
}

struct together {
	struct batch *batch;
	/* One question at a time. */
	struct oc_gate asking;
	enum oc_rc (*approve_wait)(void *arg, const struct oc_question *q, struct oc_err *e);
	void *approve_arg;
};
struct one_of_them {
	struct batch *batch;
	size_t call;
	struct oc_tool_result result;
	enum oc_rc rc;
};

static enum oc_rc approve_in_turn_wait(void *arg, const struct oc_question *q, struct oc_err *e)
{
	struct together *t = arg;

	oc_gate_enter_wait(&t->asking);
	enum oc_rc rc = t->approve_wait(t->approve_arg, q, e);
	oc_gate_leave(&t->asking);
	return rc;
}

static void run_one(void *arg)
{
	struct one_of_them *one = arg;

	oc_tool_result_deinit(&one->result);
	one->rc = run_tool_wait(one->batch, one->call, &one->result);
}

static void run_all_wait(struct one_of_them *all, size_t n)
{
	struct oc_tool_context *ctx = all[0].batch->run->tools;
	struct together t = { .batch = all[0].batch,
			      .approve_wait = ctx->approve_wait,
			      .approve_arg = ctx->approve_arg };
	struct oc_scope *scope = oc_scope_new();

	if (t.approve_wait) {
		ctx->approve_wait = approve_in_turn_wait;
		ctx->approve_arg = &t;
	}
	ctx->max_result_chars = result_room(t.batch->run, n);
	for (size_t i = 0; i < n; i++) oc_scope_spawn(scope, run_one, &all[i]);
	oc_scope_join_wait(scope);
	oc_scope_free(scope);
	ctx->approve_wait = t.approve_wait;
	ctx->approve_arg = t.approve_arg;
}

/* Their results come in call order, whichever was there first. */
static enum oc_rc answer_together_wait(struct batch *b, size_t first, size_t n, struct oc_err *e)
{
	struct one_of_them all[MAX_TOGETHER];
	enum oc_rc rc = OC_OK;

	for (size_t i = 0; i < n; i++) {
		all[i] = (struct one_of_them){ .batch = b, .call = first + i };
		oc_tool_result_init(&all[i].result);
	}
	run_all_wait(all, n);
	for (size_t i = 0; i < n; i++) {
		if (!rc) rc = all[i].rc;
		if (!rc) {
			add_notes(b, first + i, &all[i].result);
			rc = keep_result_wait(b, first + i, &all[i].result, e);
		}
		oc_tool_result_deinit(&all[i].result);
	}
	return rc;
}

static enum oc_rc answer_all_wait(struct batch *b, bool cut, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	for (size_t i = 0; i < b->n && !rc;) {
		size_t together = cut ? 0 : reads_from(b, i);

		if (together > 1) {
			rc = answer_together_wait(b, i, together, e);
			i += together;
		} else {
			rc = answer_one_wait(b, i++, cut, e);
		}
	}
	return rc;
}

enum oc_rc oc_batch_wait(struct oc_run *run, const struct oc_reply *reply, struct oc_err *e)
{
	struct batch b = { .run = run,
			   .calls = reply->calls,
			   .stored = run->messages.v[run->messages.n - 1].calls,
			   .n = reply->n_calls,
			   .first_result = run->messages.n };
	enum oc_rc rc;

	b.words = oc_repeat_words(&run->repeat, oc_buf_view(&reply->text));
	if (b.words == OC_REPEAT_END) run->no_more_tools = true;
	b.args = oc_alloc(b.n * sizeof *b.args);
	for (size_t i = 0; i < b.n; i++) b.args[i] = canonical(&b.calls[i]);
	rc = answer_all_wait(&b, reply->finish == OC_FINISH_LENGTH, e);
	for (size_t i = 0; i < b.n; i++) free(b.args[i]);
	free(b.args);
	return rc;
}
