/* The agent loop. */
#include "agent/loop.h"

#include <stdlib.h>

#include "agent/batch.h"
#include "agent/transcript.h"
#include "base/limits.h"
#include "base/log.h"
#include "model/call/second_try.h"

enum { MAX_TURNS = 40, FULL_PERCENT = 60 };

static const char again_after_tools[] =
    "Your last message was empty. Answer the user now, from the results above.";
static const char nothing_came[] =
    "the model answered with nothing, twice. Most likely the prompt no longer fits the context that "
    "the server loaded (LM Studio cuts it off without an error): load the model with a larger context, "
    "or set agents.defaults.contextTokens to what is loaded. Otherwise try another model.";

void oc_run_init(struct oc_run *run)
{
	*run = (struct oc_run){ .usage = { .cached = -1, .reasoning = -1 } };
	oc_buf_init(&run->answer, OC_MAX_REPLY_BYTES);
}

void oc_run_deinit(struct oc_run *run)
{
	json_decref(run->tools_json);
	oc_strv_deinit(&run->tool_names);
	oc_messages_deinit(&run->messages);
	oc_buf_deinit(&run->answer);
}

/* ---- room in the context ---- */

int64_t oc_run_prompt_tokens(const struct oc_run *run)
{
	char *tools = run->tools_json ? oc_json_compact(run->tools_json) : NULL;
	int64_t n = oc_plan_message_tokens(&run->plan, &run->messages) +
		    oc_plan_tokens(&run->plan, oc_str(tools));

	free(tools);
	return n;
}

static void notice(const struct oc_run *run, const char *text)
{
	if (run->sink->notice) run->sink->notice(run->sink->arg, text);
}

/* Never send what cannot fit: drop old tool results first, then give up with the numbers. */
static enum oc_rc make_room(struct oc_run *run, struct oc_err *e)
{
	int64_t need = oc_run_prompt_tokens(run), target = run->plan.n_ctx * FULL_PERCENT / 100;

	if (oc_plan_fits(&run->plan, need)) return OC_OK;
	size_t over = (size_t)((double)(need - target) * run->plan.chars_per_token);
	if (oc_transcript_trim_results(&run->messages, over)) {
		notice(run, "the context is full: older tool results were dropped");
		need = oc_run_prompt_tokens(run);
		if (oc_plan_fits(&run->plan, need)) return OC_OK;
	}
	run->error = OC_ERR_CONTEXT_OVERFLOW;
	return oc_fail(
	    e, OC_E_LIMIT,
	    "the request does not fit: about %lld tokens of prompt and %lld for the answer, but the "
	    "context holds %lld. Load the model with a larger context, or raise contextTokens of "
	    "the model if the server has more.",
	    (long long)need, (long long)run->plan.out, (long long)run->plan.n_ctx);
}

/* ---- one response ---- */

static void text_arrived(void *arg, struct oc_str delta)
{
	struct oc_run *run = arg;

	if (oc_str_trim(delta).n) run->shown = run->shown_in_turn = true;
	if (run->sink->text) run->sink->text(run->sink->arg, delta);
}

static void reasoning_arrived(void *arg, struct oc_str delta)
{
	const struct oc_run *run = arg;

	if (run->sink->reasoning) run->sink->reasoning(run->sink->arg, delta);
}

static void progress_arrived(void *arg, const struct oc_progress *p)
{
	const struct oc_run *run = arg;

	if (run->sink->progress) run->sink->progress(run->sink->arg, p);
}

static void add_usage(struct oc_run *run, const struct oc_usage *u)
{
	if (!u->present) return;
	run->usage.present = true;
	run->usage.input += u->input;
	run->usage.output += u->output;
	if (u->cached >= 0)
		run->usage.cached = (run->usage.cached < 0 ? 0 : run->usage.cached) + u->cached;
}

static bool is_visible(const struct oc_reply *reply)
{
	return oc_str_trim(oc_buf_view(&reply->text)).n > 0;
}

/* The run ends with this reply: its text is kept and marked, its calls are dropped (D7). */
static enum oc_rc fail_with(struct oc_run *run, const struct oc_turn_request *req,
			    const struct oc_reply *reply, struct oc_err *e)
{
	struct oc_buf why;

	oc_buf_init(&why, 1000);
	run->model.explain(run->model.arg, req, reply, &why);
	run->error = reply->error.class;
	run->told_ctx = reply->error.n_ctx;
	if (is_visible(reply)) {
		oc_buf_clear(&run->answer);
		oc_buf_add(&run->answer, oc_buf_view(&reply->text));
		struct oc_message *m =
		    oc_messages_add(&run->messages, OC_ROLE_ASSISTANT, oc_buf_view(&reply->text));
		oc_buf_adds(&m->text, "\n[interrupted]");
	}
	oc_fail(e, OC_E_UPSTREAM, "%s", why.n ? oc_buf_cstr(&why) : "the model call failed");
	oc_buf_deinit(&why);
	return OC_E_UPSTREAM;
}

/* None was offered. */
static void drop_calls(struct oc_reply *reply)
{
	for (size_t i = 0; i < reply->n_calls; i++) oc_tool_call_deinit(&reply->calls[i]);
	reply->n_calls = 0;
}

static enum oc_rc call_wait(struct oc_run *run, struct oc_turn_request *req, struct oc_reply *reply,
			    struct oc_err *e)
{
	int64_t estimated = oc_run_prompt_tokens(run);
	enum oc_rc rc;

	req->visible_before = run->shown || run->calls_run > 0;
	rc = run->model.call_wait(run->model.arg, req, reply, e);
	if (rc) return rc;
	if (!req->tools) drop_calls(reply);
	run->finish = reply->finish;
	add_usage(run, &reply->usage);
	if (reply->usage.present) oc_plan_learn(&run->plan, estimated, reply->usage.input);
	return OC_OK;
}

/* The second try after an answer without text is never the same request as the first, where there
 * is anything to change (D6, D46, spec 03 §1.7). Returns whether a message was appended. */
static bool change_for_retry(struct oc_run *run, struct oc_turn_request *req,
			     const struct oc_second_try *again)
{
	req->thinking_off = req->thinking_off || again->thinking_off;
	req->max_tokens = again->max_tokens;
	if (run->messages.v[run->messages.n - 1].role != OC_ROLE_TOOL) return false;
	oc_messages_add(&run->messages, OC_ROLE_USER, oc_str(again_after_tools));
	return true;
}

static void take_back_last(struct oc_messages *m)
{
	oc_message_deinit(&m->v[--m->n]);
}

/* Asks until something came: once more after an empty answer (D6, D8). */
static enum oc_rc ask_wait(struct oc_run *run, struct oc_turn_request *req, struct oc_reply *reply,
			   struct oc_err *e)
{
	enum oc_rc rc = call_wait(run, req, reply, e);
	bool added;

	if (rc) return rc;
	const struct oc_second_try again =
	    oc_second_try(reply, req->max_tokens, run->plan.n_ctx - oc_run_prompt_tokens(run));
	if (again.due) {
		notice(run, oc_reply_only_reasoned(reply)
				? "the model only reasoned; asking once more without thinking"
				: "the model answered with nothing; asking once more");
		added = change_for_retry(run, req, &again);
		oc_reply_deinit(reply);
		*reply = (struct oc_reply){ 0 };
		rc = call_wait(run, req, reply, e);
		if (added && (rc || reply->outcome != OC_OUTCOME_OK || oc_reply_is_blank(reply)))
			take_back_last(&run->messages);
		if (rc) return rc;
	}
	if (oc_reply_is_blank(reply)) {
		run->error = OC_ERR_EMPTY_RESPONSE;
		return oc_fail(e, OC_E_UPSTREAM, "%s", nothing_came);
	}
	return reply->outcome == OC_OUTCOME_OK ? OC_OK : fail_with(run, req, reply, e);
}

/* ---- the run ---- */

static void keep_answer(struct oc_run *run, const struct oc_reply *reply)
{
	if (!is_visible(reply)) return;
	oc_buf_clear(&run->answer);
	oc_buf_add(&run->answer, oc_buf_view(&reply->text));
}

/* Stores the reply and deals with its calls. *more: the model is to be asked again. */
static enum oc_rc take_reply_wait(struct oc_run *run, struct oc_reply *reply, bool *more)
{
	bool cut = reply->finish == OC_FINISH_LENGTH;

	keep_answer(run, reply);
	*more = reply->n_calls > 0;
	oc_transcript_add_reply(&run->messages, reply);
	if (run->sink->turn_end) run->sink->turn_end(run->sink->arg, *more);
	if (!*more) {
		if (cut) notice(run, "the answer was cut off at the output limit");
		return OC_OK;
	}
	return oc_batch_wait(run, reply);
}

static enum oc_rc turn_wait(struct oc_run *run, bool *more, struct oc_err *e)
{
	const struct oc_reply_sink sink = { .text = text_arrived,
					    .reasoning = reasoning_arrived,
					    .progress = progress_arrived,
					    .arg = run };
	struct oc_turn_request req = { .messages = &run->messages,
				       .tools = run->no_more_tools ? NULL : run->tools_json,
				       .tool_names = run->no_more_tools ? NULL : &run->tool_names,
				       .sink = &sink };
	struct oc_reply reply = { 0 };
	enum oc_rc rc = make_room(run, e);

	if (rc) return rc;
	req.max_tokens = run->plan.out;
	run->shown_in_turn = false;
	run->turns++;
	rc = ask_wait(run, &req, &reply, e);
	if (!rc) rc = take_reply_wait(run, &reply, more);
	oc_reply_deinit(&reply);
	return rc;
}

enum oc_rc oc_run_wait(struct oc_run *run, struct oc_err *e)
{
	enum oc_rc rc;
	bool more;

	if (!run->max_turns) run->max_turns = MAX_TURNS;
	do {
		more = false;
		if (run->turns >= run->max_turns) run->no_more_tools = true;
		rc = turn_wait(run, &more, e);
	} while (!rc && more);
	if (rc)
		oc_transcript_close(&run->messages,
				    rc == OC_CANCELLED ? "stopped" : "the run failed");
	return rc;
}
