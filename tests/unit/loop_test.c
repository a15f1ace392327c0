/* The agent loop against a scripted model: what is asked, what is run, what is said. */
#include "check.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/run/loop.h"
#include "agent/run/transcript.h"
#include "base/limits.h"
#include "base/mem.h"
#include "model/codec/chat_request.h"
#include "rt/file.h"

/* One response of the script. */
struct line {
	const char *text, *reasoning;
	struct {
		const char *name, *args;
	} calls[12];
	enum oc_finish finish;
	enum oc_outcome outcome;
	enum oc_error_class error;
	enum oc_rc rc; /* the call itself fails */
	bool repeat;   /* goes on for ever */
};

static char folder[] = "/tmp/oc-loop-XXXXXX";
static struct {
	const struct line *lines;
	size_t at;
	struct oc_strv sent;  /* the messages of each request, as text */
	struct oc_strv flags; /* "tools", "no-think", "after" of each request */
	int64_t last_max_tokens;
	struct oc_buf shown, notices, tools;
} script;
static struct oc_tool_context ctx;
static struct oc_run run;

/* ---- the scripted model ---- */

/* The bytes of the messages as they go to a server, without the bracket that closes the array. */
static void serialise(const struct oc_messages *m, json_t *tools, struct oc_buf *out)
{
	struct oc_compat compat;

	oc_compat_resolve(&compat, "lmstudio", NULL, NULL);
	const struct oc_request r = {
		.model = "m", .compat = &compat, .messages = m, .tools = tools
	};
	json_t *body = oc_chat_request_json(&r);
	char *text = oc_json_compact(json_object_get(body, "messages"));
	oc_buf_add(out, (struct oc_str){ text, strlen(text) - 1 });
	free(text);
	json_decref(body);
	oc_compat_deinit(&compat);
}

/* What every server wants of a conversation. */
static void check_shape(const struct oc_messages *m)
{
	const struct oc_tool_call *call = NULL;
	size_t open = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct oc_message *msg = &m->v[i];

		if (msg->role == OC_ROLE_TOOL) {
			assert_true(open > 0);
			open--;
			assert_string_equal(msg->tool_call_id, (call++)->id); /* in call order */
			continue;
		}
		assert_int_equal(open, 0); /* every call has its result before anything else */
		if (i > 0) assert_true(msg->role != m->v[i - 1].role);
		open = msg->n_calls;
		call = msg->calls;
		for (size_t c = 0; c < msg->n_calls; c++) {
			struct oc_err e = { 0 };
			json_t *v = oc_json_parse(oc_str(msg->calls[c].arguments), NULL, &e);
			assert_true(json_is_object(v));
			json_decref(v);
			assert_int_equal(strlen(msg->calls[c].id), 9);
		}
	}
	assert_int_equal(open, 0);
}

static void add_calls(const struct line *l, struct oc_reply *reply)
{
	while (reply->n_calls < 12 && l->calls[reply->n_calls].name) reply->n_calls++;
	if (!reply->n_calls) return;
	reply->calls = oc_alloc(reply->n_calls * sizeof *reply->calls);
	for (size_t i = 0; i < reply->n_calls; i++) {
		struct oc_err e = { 0 };
		struct oc_tool_call *c = &reply->calls[i];

		c->id = oc_strdup("server-id");
		c->name = oc_strdup(l->calls[i].name);
		c->arguments = oc_strdup(l->calls[i].args);
		c->args = oc_json_parse(oc_str(l->calls[i].args), NULL, &e);
		c->valid = json_is_object(c->args);
	}
}

static enum oc_rc scripted(void *arg, const struct oc_turn_request *r, struct oc_reply *reply,
			   struct oc_err *e)
{
	const struct line *l = &script.lines[script.at];
	struct oc_buf text;

	(void)arg;
	if (!l->repeat) script.at++;
	check_shape(r->messages);
	oc_buf_init(&text, 1 << 22);
	serialise(r->messages, r->tools, &text);
	oc_strv_add(&script.sent, oc_buf_view(&text));
	oc_buf_deinit(&text);
	oc_strv_addf(&script.flags, "%s%s%s%s", r->tools ? "tools" : "bare",
		     r->no_more_calls ? " unused" : "", r->thinking_off ? " no-think" : "",
		     r->visible_before ? " after" : "");
	script.last_max_tokens = r->max_tokens;
	oc_reply_init(reply);
	if (l->rc) return oc_fail(e, l->rc, "the server is away");
	if (l->text) {
		oc_buf_adds(&reply->text, l->text);
		r->sink->text(r->sink->arg, oc_str(l->text));
	}
	if (l->reasoning) oc_buf_adds(&reply->reasoning, l->reasoning);
	add_calls(l, reply);
	reply->finish = l->finish ? l->finish : OC_FINISH_STOP;
	reply->outcome = l->outcome;
	reply->error.class = l->error;
	reply->usage = (struct oc_usage){
		.present = true, .input = 10, .output = 2, .cached = 1, .reasoning = -1
	};
	return OC_OK;
}

static void explain(void *arg, const struct oc_turn_request *r, const struct oc_reply *reply,
		    struct oc_buf *out)
{
	(void)arg, (void)r;
	oc_buf_addf(out, "explained: %s", oc_error_class_name(reply->error.class));
}

/* ---- the listener ---- */

static void on_text(void *arg, struct oc_str delta)
{
	(void)arg;
	oc_buf_add(&script.shown, delta);
}

static void on_tool(void *arg, const struct oc_tool_call *call, const struct oc_tool_result *result)
{
	(void)arg;
	oc_buf_addf(&script.tools, "%s%s ", call->name, result->is_error ? "!" : "");
}

static void on_notice(void *arg, const char *text)
{
	(void)arg;
	oc_buf_addf(&script.notices, "%s\n", text);
}

static const struct oc_run_sink sink = { .text = on_text,
					 .tool_end = on_tool,
					 .notice = on_notice };

/* ---- the frame of a test ---- */

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", folder, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	memset(&script, 0, sizeof script);
	oc_buf_init(&script.shown, 1 << 20);
	oc_buf_init(&script.notices, 1 << 16);
	oc_buf_init(&script.tools, 1 << 16);
	ctx = (struct oc_tool_context){ .workspace = folder, .run_id = "r", .exec_mode = "deny" };
	oc_run_init(&run);
	run.model = (struct oc_model_port){ .call_wait = scripted, .explain = explain };
	run.sink = &sink;
	run.tools = &ctx;
	run.tools_json = oc_tools_json(NULL, &run.tool_names);
	run.tools_text = oc_json_compact(run.tools_json);
	oc_plan_init(&run.plan, 32768, 4096);
	oc_messages_add(&run.messages, OC_ROLE_SYSTEM, OC_LIT("be good"));
	oc_messages_add(&run.messages, OC_ROLE_USER, OC_LIT("do it"));
	return 0;
}

static int end(void **state)
{
	(void)state;
	check_shape(&run.messages); /* after every run, whatever came of it */
	assert_int_equal(run.messages.v[run.messages.n - 1].role, OC_ROLE_ASSISTANT);
	oc_run_deinit(&run);
	oc_strv_deinit(&script.sent);
	oc_strv_deinit(&script.flags);
	oc_buf_deinit(&script.shown);
	oc_buf_deinit(&script.notices);
	oc_buf_deinit(&script.tools);
	return 0;
}

struct outcome {
	enum oc_rc rc;
	struct oc_err e;
};

static void play(void *arg)
{
	struct outcome *o = arg;

	o->rc = oc_run_wait(&run, &o->e);
}

static void expect_run(const struct line *lines, enum oc_rc want, const char *error)
{
	struct outcome o = { 0 };

	script.lines = lines;
	assert_int_equal(oc_rt_run(play, &o), 0);
	assert_int_equal(o.rc, want);
	if (want && !strstr(o.e.msg, error)) fail_msg("error is: %s", o.e.msg);
}

/* The text of the i-th tool result of the run, from 0. */
static const char *result_text(size_t i)
{
	for (size_t m = 0; m < run.messages.n; m++)
		if (run.messages.v[m].role == OC_ROLE_TOOL && i-- == 0)
			return oc_buf_cstr(&run.messages.v[m].text);
	fail_msg("no such result");
	return "";
}

static void put(const char *name, const char *text)
{
	char *path = oc_asprintf("%s/%s", folder, name);
	struct oc_err e = { 0 };

	assert_int_equal(oc_file_write(path, oc_str(text), 0600, NULL, &e), OC_OK);
	free(path);
}

/* ---- what holds ---- */

static void an_answer_without_calls_ends_the_run(void **state)
{
	static const struct line lines[] = { { .text = "Hello." } };

	(void)state;
	expect_run(lines, OC_OK, "");
	assert_string_equal(oc_buf_cstr(&run.answer), "Hello.");
	assert_string_equal(oc_buf_cstr(&script.shown), "Hello.");
	assert_string_equal(script.flags.v[0], "tools");
	assert_int_equal(run.turns, 1);
	assert_int_equal(script.last_max_tokens, 4096);
}

static void tools_run_and_each_request_extends_the_one_before(void **state)
{
	static const struct line lines[] = {
		{ .text = "I look.", .calls = { { "read", "{\"path\": \"notes.txt\"}" } } },
		{ .calls = { { "write", "{\"path\":\"first.txt\",\"content\":\"alpha\"}" },
			     { "read", "{\"path\":\"first.txt\"}" } } },
		{ .text = "Done." },
	};
	(void)state;
	put("notes.txt", "alpha\nbeta\n");
	expect_run(lines, OC_OK, "");
	assert_string_equal(result_text(0), "alpha\nbeta\n");
	assert_string_equal(result_text(1), "wrote 5 bytes to first.txt");
	assert_string_equal(result_text(2), "alpha");
	assert_string_equal(oc_buf_cstr(&run.answer), "Done.");
	assert_string_equal(oc_buf_cstr(&script.tools), "read write read ");
	for (size_t i = 1; i < script.sent.n; i++)
		assert_int_equal(
		    strncmp(script.sent.v[i], script.sent.v[i - 1], strlen(script.sent.v[i - 1])),
		    0);
	assert_non_null(
	    strstr(script.sent.v[1],
		   "{\\\"path\\\": \\\"notes.txt\\\"}")); /* as received, spaces and all */
	assert_int_equal(run.usage.input, 30);
	assert_int_equal(run.usage.cached, 3);
	assert_int_equal(run.calls_run, 3);
	assert_string_equal(script.flags.v[2], "tools after");
}

static void calls_that_make_no_sense_are_answered_with_an_error(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "read", "{\"path\":\"no" },
			     { "launch", "{}" },
			     { "read", "{}" },
			     { "read", "[1]" } } },
		{ .text = "Sorry." },
	};
	(void)state;
	expect_run(lines, OC_OK, "");
	assert_non_null(strstr(result_text(0), "not valid JSON"));
	assert_non_null(strstr(result_text(1), "unknown tool: launch"));
	assert_non_null(strstr(result_text(2), "path is missing"));
	assert_non_null(strstr(result_text(3), "one JSON object"));
	assert_non_null(
	    strstr(script.sent.v[1],
		   "\"name\":\"read\",\"arguments\":\"{}\"")); /* replayed as an empty object */
}

static void a_cut_message_runs_none_of_its_calls(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "write", "{\"path\":\"cut.txt\",\"content\":\"x\"}" } },
		  .finish = OC_FINISH_LENGTH },
		{ .text = "Shorter." },
	};
	(void)state;
	expect_run(lines, OC_OK, "");
	assert_non_null(strstr(result_text(0), "not run: the message hit the output limit"));
	assert_string_equal(oc_buf_cstr(&script.tools), "");
	char *path = oc_asprintf("%s/cut.txt", folder);
	assert_false(oc_file_exists(path));
	free(path);
}

static void at_most_eight_calls_of_a_message_run(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "read", "{\"path\":\"0\"}" },
			     { "read", "{\"path\":\"1\"}" },
			     { "read", "{\"path\":\"2\"}" },
			     { "read", "{\"path\":\"3\"}" },
			     { "read", "{\"path\":\"4\"}" },
			     { "read", "{\"path\":\"5\"}" },
			     { "read", "{\"path\":\"6\"}" },
			     { "read", "{\"path\":\"7\"}" },
			     { "read", "{\"path\":\"8\"}" } } },
		{ .text = "ok" },
	};
	(void)state;
	for (char name[2] = "0"; name[0] < '9'; name[0]++) put(name, name);
	expect_run(lines, OC_OK, "");
	assert_string_equal(result_text(7), "7");
	assert_string_equal(result_text(8), "not run: at most 8 calls in one message");
	assert_int_equal(run.calls_run, 8);
}

/* ---- at the same time ---- */

/* Two tools: one that waits until all of its kind wait, and one that writes. */
static struct {
	unsigned running, most, wanted;
	struct oc_buf order;
	struct oc_wait *waiting[8];
	unsigned n_waiting;
} meeting;

static enum oc_rc meet_wait(struct oc_tool_context *c, const json_t *args,
			    struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_wait w = { 0 };

	(void)c, (void)e;
	if (++meeting.running > meeting.most) meeting.most = meeting.running;
	meeting.waiting[meeting.n_waiting++] = &w;
	if (meeting.n_waiting == meeting.wanted) /* the last one is done first */
		while (meeting.n_waiting) oc_wait_end(meeting.waiting[--meeting.n_waiting], OC_OK);
	if (oc_wait_park(&w, oc_deadline_in(5000)) != OC_OK) meeting.n_waiting = 0;
	meeting.running--;
	oc_buf_addf(&meeting.order, "%s ", oc_json_cstr(args, "id"));
	oc_buf_addf(&out->text, "met %s", oc_json_cstr(args, "id"));
	return OC_OK;
}

static enum oc_rc mark_wait(struct oc_tool_context *c, const json_t *args,
			    struct oc_tool_result *out, struct oc_err *e)
{
	(void)c, (void)args, (void)e;
	oc_buf_addf(&meeting.order, "mark(%u) ", meeting.running);
	oc_buf_adds(&out->text, "marked");
	return OC_OK;
}

#define ONE_ID                                                                                     \
	"\"parameters\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"}},"       \
	"\"required\":[\"id\"]}}"

static void register_meeting(unsigned wanted)
{
	static const struct oc_tool meet = { .name = "meet",
					     .schema = "{\"name\":\"meet\"," ONE_ID,
					     .example = "{}",
					     .run_wait = meet_wait };
	static const struct oc_tool mark = { .name = "mark",
					     .schema = "{\"name\":\"mark\"," ONE_ID,
					     .example = "{}",
					     .writes = true,
					     .run_wait = mark_wait };

	oc_tool_register(&meet);
	oc_tool_register(&mark);
	memset(&meeting, 0, sizeof meeting);
	meeting.wanted = wanted;
	oc_buf_init(&meeting.order, 1000);
}

static void reads_run_together_and_their_results_come_in_call_order(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "meet", "{\"id\":\"a\"}" },
			     { "meet", "{\"id\":\"b\"}" },
			     { "meet", "{\"id\":\"c\"}" },
			     { "mark", "{\"id\":\"d\"}" } } },
		{ .text = "Done." },
	};

	(void)state;
	register_meeting(3);
	expect_run(lines, OC_OK, "");
	assert_int_equal(meeting.most, 3);
	assert_string_equal(result_text(0), "met a");
	assert_string_equal(result_text(1), "met b");
	assert_string_equal(result_text(2), "met c");
	assert_non_null(strstr(oc_buf_cstr(&meeting.order), "mark(0) "));
	oc_buf_deinit(&meeting.order);
}

static void a_write_between_reads_keeps_them_apart(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "meet", "{\"id\":\"a\"}" },
			     { "mark", "{\"id\":\"b\"}" },
			     { "meet", "{\"id\":\"c\"}" },
			     { "mark", "{\"id\":\"d\"}" } } },
		{ .text = "Done." },
	};

	(void)state;
	register_meeting(1);
	expect_run(lines, OC_OK, "");
	assert_string_equal(oc_buf_cstr(&meeting.order), "a mark(0) c mark(0) ");
	oc_buf_deinit(&meeting.order);
}

static void at_most_four_reads_run_at_the_same_time(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "meet", "{\"id\":\"a\"}" },
			     { "meet", "{\"id\":\"b\"}" },
			     { "meet", "{\"id\":\"c\"}" },
			     { "meet", "{\"id\":\"d\"}" },
			     { "meet", "{\"id\":\"e\"}" },
			     { "meet", "{\"id\":\"f\"}" },
			     { "meet", "{\"id\":\"g\"}" },
			     { "meet", "{\"id\":\"h\"}" } } },
		{ .text = "Done." },
	};

	(void)state;
	register_meeting(4);
	expect_run(lines, OC_OK, "");
	assert_int_equal(meeting.most, 4);
	for (size_t i = 0; i < 8; i++) assert_int_equal(result_text(i)[4], 'a' + (int)i);
	oc_buf_deinit(&meeting.order);
}

static void the_same_call_in_a_message_runs_once(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "read", "{\"path\":\"d\",\"limit\":5}" },
			     { "read", "{\"limit\":5, \"path\":\"d\"}" },
			     { "write", "{\"path\":\"d\",\"content\":\"new\"}" },
			     { "read", "{\"path\":\"d\",\"limit\":5}" } } },
		{ .text = "ok" },
	};
	(void)state;
	put("d", "old");
	expect_run(lines, OC_OK, "");
	assert_string_equal(result_text(0), "old");
	assert_string_equal(result_text(1), "old");
	assert_string_equal(result_text(3), "new"); /* something was written in between */
	assert_string_equal(oc_buf_cstr(&script.tools), "read write read ");
}

static void reasoning_alone_is_asked_again_without_thinking(void **state)
{
	static const struct line lines[] = { { .reasoning = "hm" }, { .text = "4" } };

	(void)state;
	expect_run(lines, OC_OK, "");
	assert_string_equal(script.flags.v[0], "tools");
	assert_string_equal(script.flags.v[1], "tools no-think");
	assert_string_equal(script.sent.v[0], script.sent.v[1]);
	assert_string_equal(oc_buf_cstr(&run.answer), "4");
	assert_null(strstr(oc_buf_cstr(&script.shown), "hm"));
}

static void reasoning_cut_at_the_limit_gets_twice_the_room(void **state)
{
	static const struct line lines[] = { { .reasoning = "hm", .finish = OC_FINISH_LENGTH },
					     { .text = "4" } };

	(void)state;
	expect_run(lines, OC_OK, "");
	assert_int_equal(script.last_max_tokens, 8192);
}

static void an_empty_answer_is_asked_for_once_more_and_then_explained(void **state)
{
	static const struct line lines[] = { { .outcome = OC_OUTCOME_EMPTY }, { .text = " \n" } };

	(void)state;
	expect_run(lines, OC_E_UPSTREAM, "LM Studio");
	assert_int_equal(script.sent.n, 2);
	assert_string_equal(script.sent.v[0], script.sent.v[1]);
	assert_int_equal(run.error, OC_ERR_EMPTY_RESPONSE);
}

static void after_tools_an_empty_answer_is_asked_for_in_words(void **state)
{
	static const struct line lines[] = { { .calls = { { "read", "{\"path\":\"w\"}" } } },
					     { 0 },
					     { .text = "It says w." } };

	(void)state;
	put("w", "w");
	expect_run(lines, OC_OK, "");
	assert_int_equal(strncmp(script.sent.v[2], script.sent.v[1], strlen(script.sent.v[1])), 0);
	assert_non_null(strstr(script.sent.v[2], "Answer the user now"));
	assert_string_equal(oc_buf_cstr(&run.answer), "It says w.");
}

static void words_that_did_not_help_leave_no_trace(void **state)
{
	static const struct line lines[] = { { .calls = { { "read", "{\"path\":\"w\"}" } } },
					     { 0 },
					     { 0 } };

	(void)state;
	expect_run(lines, OC_E_UPSTREAM, "nothing, twice");
	for (size_t i = 2; i < run.messages.n; i++)
		assert_true(run.messages.v[i].role != OC_ROLE_USER);
}

static void an_error_keeps_the_partial_text_and_runs_nothing(void **state)
{
	static const struct line lines[] = {
		{ .text = "I was about",
		  .calls = { { "write", "{\"path\":\"e\",\"content\":\"x\"}" } },
		  .outcome = OC_OUTCOME_INCOMPLETE,
		  .finish = OC_FINISH_ERROR,
		  .error = OC_ERR_STREAM_TRUNCATED },
	};
	(void)state;
	expect_run(lines, OC_E_UPSTREAM, "explained: stream_truncated");
	assert_string_equal(oc_buf_cstr(&run.answer), "I was about");
	assert_string_equal(oc_buf_cstr(&script.tools), "");
	assert_string_equal(oc_buf_cstr(&run.messages.v[2].text), "I was about\n[interrupted]");
	assert_int_equal(run.error, OC_ERR_STREAM_TRUNCATED);
	assert_true(run.shown_in_turn);
}

static void a_run_that_fails_or_is_stopped_can_be_replayed(void **state)
{
	static const struct line lines[] = { { .rc = OC_CANCELLED } };

	(void)state;
	expect_run(lines, OC_CANCELLED, "");
	assert_string_equal(oc_buf_cstr(&run.messages.v[2].text), "[no answer: stopped]");
}

static void calls_that_were_interrupted_get_a_result(void **state)
{
	static const struct line line = { .calls = { { "read", "{}" }, { "exec", "{}" } } };
	struct oc_reply reply;

	(void)state;
	oc_reply_init(&reply);
	add_calls(&line, &reply);
	const struct oc_message *m = oc_transcript_add_reply(&run.messages, &reply);
	oc_transcript_add_result(&run.messages, m->calls[0].id, "read", OC_LIT("text"));
	oc_transcript_close(&run.messages, "stopped");
	assert_string_equal(result_text(0), "text");
	assert_string_equal(result_text(1), "interrupted");
	oc_reply_deinit(&reply);
}

static void a_call_that_cannot_be_made_is_reported(void **state)
{
	static const struct line lines[] = { { .rc = OC_E_INPUT } };

	(void)state;
	expect_run(lines, OC_E_INPUT, "the server is away");
}

static void a_cut_answer_is_an_answer_with_a_notice(void **state)
{
	static const struct line lines[] = { { .text = "So far", .finish = OC_FINISH_LENGTH } };

	(void)state;
	expect_run(lines, OC_OK, "");
	assert_non_null(strstr(oc_buf_cstr(&script.notices), "cut off"));
}

static void the_number_of_turns_is_bounded_and_in_the_last_no_tool_may_be_called(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "read", "{\"path\":\"1\"}" } } },
		{ .calls = { { "read", "{\"path\":\"2\"}" } } },
		{ .calls = { { "read", "{\"path\":\"3\"}" } } },
		{ .text = "Enough." },
	};
	(void)state;
	run.max_turns = 3;
	expect_run(lines, OC_OK, "");
	assert_non_null(strstr(result_text(0), "2 steps remain"));
	assert_null(strstr(result_text(1), "[note"));
	assert_non_null(strstr(result_text(2), "no more tool calls"));
	assert_string_equal(script.flags.v[3], "tools unused after");
	assert_string_equal(oc_buf_cstr(&run.answer), "Enough.");
}

static void calls_after_the_limit_are_ignored(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "read", "{\"path\":\"1\"}" } } },
		{ .text = "Well.", .calls = { { "read", "{\"path\":\"2\"}" } } },
	};
	(void)state;
	run.max_turns = 1;
	expect_run(lines, OC_OK, "");
	assert_int_equal(run.calls_run, 1);
}

static void a_model_that_calls_nothing_else_is_asked_once_without_tools(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "read", "{\"path\":\"1\"}" } } },
		{ .calls = { { "read", "{\"path\":\"2\"}" } } },
		{ .text = "Well." },
	};
	(void)state;
	run.max_turns = 1;
	expect_run(lines, OC_OK, "");
	assert_int_equal(run.calls_run, 1);
	assert_string_equal(script.flags.v[1], "tools unused after");
	assert_string_equal(script.flags.v[2], "bare unused after");
}

static void a_model_that_goes_in_circles_is_stopped(void **state)
{
	static const struct line lines[] = { { .calls = { { "read", "{\"path\":\"c\"}" } },
					       .repeat = true } };

	(void)state;
	put("c", "same");
	expect_run(lines, OC_E_UPSTREAM, "nothing");
	assert_int_equal(run.calls_run, 5);
	assert_string_equal(result_text(1), "same");
	assert_non_null(strstr(result_text(2), "gave the same result before"));
	assert_non_null(strstr(result_text(5), "not run"));
	assert_true(run.turns < 12);
}

static void a_tool_that_keeps_failing_is_given_up(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "exec", "{\"command\":\"a\"}" },
			     { "exec", "{\"command\":\"b\"}" },
			     { "exec", "{\"command\":\"c\"}" } } },
		{ .text = "I cannot run commands." },
	};
	(void)state;
	expect_run(lines, OC_OK, "");
	assert_null(strstr(result_text(1), "[note"));
	assert_non_null(strstr(result_text(2), "exec keeps failing; answer without it"));
}

static void two_calls_in_turn_are_a_circle_as_well(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "read", "{\"path\":\"c\"}" } } },
		{ .calls = { { "read", "{\"path\":\"d\"}" } } },
		{ .calls = { { "read", "{\"path\":\"c\"}" } } },
		{ .calls = { { "read", "{\"path\":\"d\"}" } } },
		{ .calls = { { "read", "{\"path\":\"c\"}" } } },
		{ .calls = { { "read", "{\"path\":\"d\"}" } } },
		{ .text = "I stop." },
	};
	(void)state;
	put("c", "ping");
	put("d", "pong");
	expect_run(lines, OC_OK, "");
	assert_null(strstr(result_text(3), "[note"));
	assert_non_null(strstr(result_text(4), "gave the same result before"));
	assert_non_null(strstr(result_text(5), "gave the same result before"));
}

static void a_tool_that_is_not_there_is_given_up_after_three_calls(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "fly", "{\"to\":1}" },
			     { "fly", "{\"to\":2}" },
			     { "fly", "{\"to\":3}" } } },
		{ .text = "I cannot fly." },
	};
	(void)state;
	expect_run(lines, OC_OK, "");
	assert_non_null(strstr(result_text(0), "unknown tool: fly"));
	assert_non_null(strstr(result_text(2), "fly keeps failing"));
}

static void the_same_words_three_times_in_a_row_end_the_tools(void **state)
{
	static const char words[] = "Let me look into one more of these files before I answer.";
	static const struct line lines[] = {
		{ .text = words, .calls = { { "read", "{\"path\":\"c\"}" } } },
		{ .text = words, .calls = { { "read", "{\"path\":\"d\"}" } } },
		{ .text = words, .calls = { { "read", "{\"path\":\"e\"}" } } },
		{ .text = "Done." },
	};
	(void)state;
	expect_run(lines, OC_OK, "");
	assert_null(strstr(result_text(0), "[note"));
	assert_non_null(strstr(result_text(1), "say the same"));
	assert_non_null(strstr(result_text(2), "no more tool calls"));
	assert_string_equal(script.flags.v[3], "tools unused after");
}

static void no_request_exceeds_the_context(void **state)
{
	static const struct line lines[] = { { .text = "never sent" } };
	char *big = oc_alloc(40001);

	(void)state;
	memset(big, 'x', 40000);
	oc_buf_adds(&run.messages.v[1].text, big);
	free(big);
	oc_plan_init(&run.plan, 8192, 0);
	expect_run(lines, OC_E_LIMIT, "does not fit");
	assert_int_equal(script.sent.n, 0);
}

static void a_full_context_drops_old_results_first(void **state)
{
	static const struct line lines[] = {
		{ .calls = { { "read", "{\"path\":\"big\"}" } } },
		{ .calls = { { "read", "{\"path\":\"big\",\"offset\":2}" } } },
		{ .calls = { { "read", "{\"path\":\"big\",\"offset\":3}" } } },
		{ .calls = { { "read", "{\"path\":\"big\",\"offset\":4}" } } },
		{ .calls = { { "read", "{\"path\":\"big\",\"offset\":5}" } } },
		{ .calls = { { "read", "{\"path\":\"big\",\"offset\":6}" } } },
		{ .calls = { { "read", "{\"path\":\"big\",\"offset\":7}" } } },
		{ .text = "Read it all." },
	};
	struct oc_buf big;

	(void)state;
	oc_buf_init(&big, 1 << 20);
	for (int i = 0; i < 400; i++)
		oc_buf_addf(&big, "line %d of a file that is long enough to matter\n", i);
	put("big", oc_buf_cstr(&big));
	oc_buf_deinit(&big);
	oc_plan_init(&run.plan, 4608, 0);
	expect_run(lines, OC_OK, "");
	assert_non_null(strstr(oc_buf_cstr(&script.notices), "the context is full"));
	assert_non_null(strstr(result_text(0), "was dropped to make room"));
	for (size_t i = 0; i < script.sent.n; i++)
		assert_true(strlen(script.sent.v[i]) / 3.3 < 4608);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(an_answer_without_calls_ends_the_run),
		T(tools_run_and_each_request_extends_the_one_before),
		T(calls_that_make_no_sense_are_answered_with_an_error),
		T(a_cut_message_runs_none_of_its_calls),
		T(at_most_eight_calls_of_a_message_run),
		T(reads_run_together_and_their_results_come_in_call_order),
		T(a_write_between_reads_keeps_them_apart),
		T(at_most_four_reads_run_at_the_same_time),
		T(the_same_call_in_a_message_runs_once),
		T(reasoning_alone_is_asked_again_without_thinking),
		T(reasoning_cut_at_the_limit_gets_twice_the_room),
		T(an_empty_answer_is_asked_for_once_more_and_then_explained),
		T(after_tools_an_empty_answer_is_asked_for_in_words),
		T(words_that_did_not_help_leave_no_trace),
		T(an_error_keeps_the_partial_text_and_runs_nothing),
		T(a_run_that_fails_or_is_stopped_can_be_replayed),
		T(calls_that_were_interrupted_get_a_result),
		T(a_call_that_cannot_be_made_is_reported),
		T(a_cut_answer_is_an_answer_with_a_notice),
		T(the_number_of_turns_is_bounded_and_in_the_last_no_tool_may_be_called),
		T(calls_after_the_limit_are_ignored),
		T(a_model_that_calls_nothing_else_is_asked_once_without_tools),
		T(a_model_that_goes_in_circles_is_stopped),
		T(a_tool_that_keeps_failing_is_given_up),
		T(two_calls_in_turn_are_a_circle_as_well),
		T(a_tool_that_is_not_there_is_given_up_after_three_calls),
		T(the_same_words_three_times_in_a_row_end_the_tools),
		T(no_request_exceeds_the_context),
		T(a_full_context_drops_old_results_first),
	};
#undef T
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
