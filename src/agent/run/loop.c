/* The agent loop. */
#include "agent/run/loop.h"

#include <stdlib.h>

#include "agent/run/batch.h"
#include "agent/run/transcript.h"
#include "base/limits.h"
#include "base/log.h"
#include "model/call/second_try.h"
#include "store/store.h"

enum { MAX_TURNS = 40, FULL_PERCENT = 60 };

static const char again_after_tools[] =
    "Your last message was empty. Answer the user now, from the results above.";
static const char nothing_came[] =
    "the model answered with nothing, twice. Most likely the prompt no longer fits the context that "
    "the server loaded (LM Studio cuts it off without an error): load the model with a larger context, "
    "or set agents.defaults.contextTokens to what is loaded. Otherwise try another model.";

/* What a person sees. */
static void deliver(void *arg, struct oc_str delta)
{
	struct oc_run *run = arg;

	if (oc_str_trim(delta).n) run->shown = run->shown_in_turn = true;
	if (run->sink->text) run->sink->text(run->sink->arg, delta);
}

void oc_run_init(struct oc_run *run)
{
	*run = (struct oc_run){ .usage = { .cached = -1, .reasoning = -1 } };
	oc_buf_init(&run->answer, OC_MAX_REPLY_BYTES);
	oc_delivery_init(&run->delivery, deliver, run);
}

void oc_run_deinit(struct oc_run *run)
{
	json_decref(run->tools_json);
	free(run->tools_text);
	oc_strv_deinit(&run->tool_names);
	oc_messages_deinit(&run->messages);
	oc_buf_deinit(&run->answer);
	oc_delivery_deinit(&run->delivery);
	json_decref(run->client_calls);
}

enum oc_rc oc_run_keep_wait(struct oc_run *run, struct oc_said *said, struct oc_err *e)
{
	const struct oc_conversation *c = run->conversation;
	const struct oc_message *last = &run->messages.v[run->messages.n - 1];

	run->answered = last->role == OC_ROLE_ASSISTANT && !last->n_calls;
	if (!c) return OC_OK;
	if (last->role == OC_ROLE_ASSISTANT) said->target = run->target;
	return c->append_wait(c->arg, last, said, e);
}

/* ---- room in the context ---- */

int64_t oc_run_prompt_tokens(const struct oc_run *run)
{
	return oc_plan_message_tokens(&run->plan, &run->messages) +
	       oc_plan_tokens(&run->plan, oc_str(run->tools_text));
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
	    "context holds %lld. What limits it: %s. Raise that, or shorten the message.",
	    (long long)need, (long long)run->plan.out, (long long)run->plan.n_ctx,
	    run->plan.limited_by ? run->plan.limited_by : "the context of the loaded model");
}

/* ---- one response ---- */

static void text_arrived(void *arg, struct oc_str delta)
{
	struct oc_run *run = arg;

	run->reading = false;
	oc_delivery_feed(&run->delivery, delta);
}

static void reasoning_arrived(void *arg, struct oc_str delta)
{
	struct oc_run *run = arg;

	run->reading = false;
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

/* What had arrived of a reply that will not be whole. */
static enum oc_rc keep_partial_wait(struct oc_run *run, const struct oc_reply *reply,
				    const char *error, struct oc_err *e)
{
	struct oc_said said = { .reply = reply, .flags = OC_MSG_INTERRUPTED, .error = error };
	struct oc_message *m;

	if (!run->shown_in_turn || !is_visible(reply)) return OC_OK;
	oc_buf_clear(&run->answer);
	oc_buf_add(&run->answer, oc_buf_view(&reply->text));
	m = oc_messages_add(&run->messages, OC_ROLE_ASSISTANT, oc_buf_view(&reply->text));
	oc_transcript_mark_partial(&m->text);
	return oc_run_keep_wait(run, &said, e);
}

/* The run ends with this reply: its text is kept and marked, its calls are dropped (D7). */
static enum oc_rc fail_with(struct oc_run *run, const struct oc_turn_request *req,
			    const struct oc_reply *reply, struct oc_err *e)
{
	struct oc_buf why;
	enum oc_rc rc;

	oc_buf_init(&why, 1000);
	run->model.explain(run->model.arg, req, reply, &why);
	if (!why.n) oc_buf_adds(&why, "the model call failed");
	run->error = reply->error.class;
	run->told_ctx = reply->error.n_ctx;
	rc = keep_partial_wait(run, reply, oc_buf_cstr(&why), e);
	if (!rc) rc = oc_fail(e, OC_E_UPSTREAM, "%s", oc_buf_cstr(&why));
	oc_buf_deinit(&why);
	return rc;
}

/* None was asked for. */
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
	run->reading = true;
	rc = run->model.call_wait(run->model.arg, req, reply, e);
	run->reading = false;
	oc_delivery_end(&run->delivery);
	oc_delivery_clean(&reply->text);
	if (rc) return rc;
	if (!req->tools || req->no_more_calls) drop_calls(reply);
	run->finish = reply->finish;
	add_usage(run, &reply->usage);
	run->last_prompt_tokens = reply->usage.present ? reply->usage.input : estimated;
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
	if (req->no_more_calls) { /* it cannot leave them alone */
		req->tools = NULL;
		req->tool_names = NULL;
	}
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
		bool helped = !rc && reply->outcome == OC_OUTCOME_OK && !oc_reply_is_blank(reply);
		if (added && helped) {
			struct oc_said said = { .flags = OC_MSG_HIDDEN_FROM_PEOPLE };
			rc = oc_run_keep_wait(run, &said, e);
		} else if (added) {
			take_back_last(&run->messages);
		}
		if (rc) return rc;
	}
	if (oc_reply_is_blank(reply)) {
		run->error = OC_ERR_EMPTY_RESPONSE;
		return oc_fail(e, OC_E_UPSTREAM, "%s", nothing_came);
	}
	return reply->outcome == OC_OUTCOME_OK ? OC_OK : fail_with(run, req, reply, e);
}

static void keep_answer(struct oc_run *run, const struct oc_reply *reply)
{
	if (!is_visible(reply)) return;
	oc_buf_clear(&run->answer);
	if (!oc_delivery_is_silence(oc_buf_view(&reply->text)))
		oc_buf_add(&run->answer, oc_buf_view(&reply->text));
}

/* ---- tools of the caller (D25) ---- */

static bool is_callers(const struct oc_run *run, const struct oc_tool_call *c)
{
	return run->callers_tools && oc_strv_has(run->callers_tools, oc_str(c->name));
}

static json_t *call_json(const struct oc_tool_call *c)
{
	json_t *call = json_object(), *function = json_object();

	oc_json_put(function, "name", oc_json_new_str(oc_str(c->name)));
	oc_json_put(function, "arguments", oc_json_new_str(oc_str(c->arguments)));
	oc_json_put(call, "id", oc_json_new_str(oc_str(c->id)));
	oc_json_put(call, "type", json_string("function"));
	oc_json_put(call, "function", function);
	return call;
}

/* Calls for the caller end the run; ours beside them are not run, because their results would
 * never be seen. Returns whether there are any. */
static bool take_client_calls(struct oc_run *run, const struct oc_message *m)
{
	for (size_t i = 0; i < m->n_calls; i++) {
		if (!is_callers(run, &m->calls[i])) continue;
		if (!run->client_calls) run->client_calls = json_array();
		json_array_append_new(run->client_calls, call_json(&m->calls[i]));
	}
	if (run->client_calls) run->finish = OC_FINISH_TOOL_CALLS;
	return run->client_calls != NULL;
}

/* Every call has a result in the conversation, so that it can be replayed. */
static enum oc_rc answer_open_calls_wait(struct oc_run *run, struct oc_str text, struct oc_err *e)
{
	struct oc_messages open = { 0 };
	enum oc_rc rc = OC_OK;

	oc_transcript_open_calls(&run->messages, text, &open);
	for (size_t i = 0; i < open.n && !rc; i++) {
		struct oc_said said = { .is_error = true };

		oc_transcript_copy(&open.v[i], &run->messages);
		rc = oc_run_keep_wait(run, &said, e);
	}
	oc_messages_deinit(&open);
	return rc;
}

/* ---- the run ---- */

/* Stores the reply and deals with its calls. *more: the model is to be asked again. */
static enum oc_rc take_reply_wait(struct oc_run *run, struct oc_reply *reply, bool *more,
				  struct oc_err *e)
{
	struct oc_said said = { .reply = reply };
	const struct oc_message *m;
	enum oc_rc rc = OC_OK;

	if (oc_delivery_is_silence(oc_buf_view(&reply->text)))
		said.flags = OC_MSG_HIDDEN_FROM_PEOPLE;
	keep_answer(run, reply);
	m = oc_transcript_add_reply(&run->messages, reply);
	if (m) rc = oc_run_keep_wait(run, &said, e);
	if (rc) return rc;
	*more = reply->n_calls > 0 && !take_client_calls(run, m);
	if (run->sink->turn_end) run->sink->turn_end(run->sink->arg, *more);
	if (*more) return oc_batch_wait(run, reply, e);
	if (run->client_calls)
		return answer_open_calls_wait(run, OC_LIT("handed to the caller"), e);
	if (reply->finish == OC_FINISH_LENGTH)
		notice(run, "the answer was cut off at the output limit");
	return OC_OK;
}

static enum oc_rc turn_wait(struct oc_run *run, bool *more, struct oc_err *e)
{
	const struct oc_reply_sink sink = { .text = text_arrived,
					    .reasoning = reasoning_arrived,
					    .progress = progress_arrived,
					    .arg = run };
	struct oc_turn_request req = { .messages = &run->messages,
				       .tools = run->tools_json,
				       .tool_names = &run->tool_names,
				       .no_more_calls = run->no_more_tools,
				       .sink = &sink };
	struct oc_reply reply = { 0 };
	enum oc_rc rc = make_room(run, e);

	if (rc) return rc;
	req.max_tokens = run->plan.out;
	run->shown_in_turn = false;
	run->turns++;
	rc = ask_wait(run, &req, &reply, e);
	if (!rc)
		rc = take_reply_wait(run, &reply, more, e);
	else if (rc == OC_CANCELLED && keep_partial_wait(run, &reply, NULL, e) != OC_OK)
		oc_log(OC_LOG_WARN, "agent", "the text so far could not be kept");
	oc_reply_deinit(&reply);
	return rc;
}

/* What came meanwhile is answered by this run. */
static enum oc_rc take_in_wait(struct oc_run *run, bool *more, struct oc_err *e)
{
	const struct oc_conversation *c = run->conversation;
	size_t before = run->messages.n;
	enum oc_rc rc;

	if (!c || !c->steer_wait || run->client_calls) return OC_OK;
	rc = c->steer_wait(c->arg, &run->messages, e);
	if (run->messages.n > before) {
		*more = true;
		run->answered = false;
	}
	return rc;
}

static void close_wait(struct oc_run *run, enum oc_rc why)
{
	struct oc_err e = { 0 };

	if (answer_open_calls_wait(run, OC_LIT("interrupted"), &e) != OC_OK)
		oc_log(OC_LOG_WARN, "agent", "the results of a stopped run were not kept: %s",
		       e.msg);
	oc_transcript_close(&run->messages, why == OC_CANCELLED ? "stopped" : "the run failed");
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
		if (!rc) rc = take_in_wait(run, &more, e);
	} while (!rc && more);
	if (rc) close_wait(run, rc);
	return rc;
}
