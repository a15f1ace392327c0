/* Events of runs: their order, payloads, numbers, and the pace of live text on a virtual clock. */
#include "check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/events/run_events.h"
#include "rt/clock.h"
#include "rt/task.h"

struct seen {
	struct oc_buf lines; /* one an event: name, what matters of it */
	uint64_t start_ms;
	bool whole, clocked;
	int rows;
};

static void add_member(struct oc_buf *out, const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	if (!v) return;
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	oc_buf_addf(out, " %s=%s", key, text);
	free(text);
}

static void add_payload(struct oc_buf *out, const json_t *p)
{
	static const char *const keys[] = { "seq",	  "state",	"phase",     "stream",
					    "deltaText",  "stopReason", "errorKind", "reason",
					    "messageSeq", "session" };
	static const char *const data_keys[] = { "phase",  "text",   "delta",	"itemId", "name",
						 "output", "status", "aborted", "percent" };
	const json_t *data = json_object_get(p, "data"), *message = json_object_get(p, "message");

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) add_member(out, p, keys[i]);
	for (size_t i = 0; data && i < sizeof data_keys / sizeof *data_keys; i++)
		add_member(out, data, data_keys[i]);
	if (message) add_member(out, message, "content");
}

static void take(void *arg, const struct oc_event *e)
{
	static const char *const to[] = { "all", "messages", "sessions", "tools", "connection" };
	struct seen *s = arg;

	if (s->clocked) oc_buf_addf(&s->lines, "%3d ", (int)(oc_now_ms() - s->start_ms));
	oc_buf_addf(&s->lines, "%s>%s", e->name, to[e->to]);
	add_payload(&s->lines, s->whole || !e->lean ? e->payload : e->lean);
	oc_buf_addc(&s->lines, '\n');
	assert_int_equal(e->scope, OC_SCOPE_READ);
	assert_string_equal(e->session_key, "agent:main:main");
}

static bool whole(void *arg)
{
	return ((struct seen *)arg)->whole;
}

static json_t *row_wait(void *arg, const char *session_key)
{
	struct seen *s = arg;

	(void)session_key;
	assert_int_equal(oc_sleep_wait(1), OC_OK);
	return json_pack("{s:i}", "row", ++s->rows);
}

static const struct oc_run_info info = { .run_id = "R",
					 .session_key = "agent:main:main",
					 .session_id = "S",
					 .agent = "main",
					 .origin = "c1",
					 .started_ms = 5,
					 .ended_ms = 9,
					 .provider = "p",
					 .model = "m" };

static struct oc_run_event event(enum oc_run_event_kind kind)
{
	return (struct oc_run_event){ .kind = kind, .run = &info, .session_key = info.session_key };
}

static void tell(struct oc_run_events *re, enum oc_run_event_kind kind)
{
	struct oc_run_event e = event(kind);

	oc_run_events_watch(re, &e);
}

static void text(struct oc_run_events *re, unsigned segment, const char *delta)
{
	struct oc_run_event e = event(OC_RUN_TEXT);

	e.segment = segment;
	e.delta = oc_str(delta);
	oc_run_events_watch(re, &e);
}

static void end(struct oc_run_events *re, enum oc_run_event_kind kind, const char *said)
{
	struct oc_run_event e = event(kind);
	struct oc_err why = { .rc = OC_E_UPSTREAM, .msg = "slow down" };

	e.text = oc_str(said);
	e.reason = "rpc";
	e.error = &why;
	e.error_class = OC_ERR_RATE_LIMITED;
	e.finish = OC_FINISH_STOP;
	oc_run_events_watch(re, &e);
}

static void message(struct oc_run_events *re, int64_t seq, const char *body)
{
	struct oc_run_event e = event(OC_RUN_MESSAGE);
	struct oc_stored_message m = { .id = (char *)(uintptr_t) "m1", .seq = seq };

	m.body = json_loads(body, 0, NULL);
	assert_non_null(m.body);
	e.message = &m;
	oc_run_events_watch(re, &e);
	json_decref(m.body);
}

static void changed(struct oc_run_events *re, const char *reason)
{
	struct oc_run_event e = event(OC_SESSION_CHANGED);

	e.reason = reason;
	oc_run_events_watch(re, &e);
}

/* ---- the stories ---- */

static void plain(struct oc_run_events *re)
{
	tell(re, OC_RUN_ACCEPTED);
	tell(re, OC_RUN_STARTED);
	tell(re, OC_RUN_MODEL);
	text(re, 0, "Hel");
	text(re, 0, "lo");
	message(re, 2, "{\"role\":\"assistant\",\"content\":\"Hello\"}");
	end(re, OC_RUN_DONE, "Hello");
	text(re, 0, "a run of that name again");
}

static void with_tool(struct oc_run_events *re)
{
	struct oc_tool_call call = { .id = (char *)(uintptr_t) "c4",
				     .name = (char *)(uintptr_t) "exec",
				     .args = json_pack("{s:s}", "command", "ls") };
	struct oc_tool_result result;
	struct oc_run_event e = event(OC_RUN_TOOL_START);

	oc_tool_result_init(&result);
	oc_buf_adds(&result.text, "a b");
	tell(re, OC_RUN_STARTED);
	text(re, 0, "I ");
	text(re, 0, "look");
	message(re, 2, "{\"role\":\"assistant\",\"content\":[{\"type\":\"toolCall\"}]}");
	e.call = &call;
	oc_run_events_watch(re, &e);
	e.kind = OC_RUN_TOOL_OUTPUT;
	e.delta = OC_LIT("a ");
	oc_run_events_watch(re, &e);
	e.delta = OC_LIT("b");
	oc_run_events_watch(re, &e);
	e.kind = OC_RUN_TOOL_END;
	e.tool_result = &result;
	oc_run_events_watch(re, &e);
	text(re, 1, "Done");
	end(re, OC_RUN_DONE, "Done");
	oc_tool_result_deinit(&result);
	json_decref(call.args);
}

static void aborted(struct oc_run_events *re)
{
	tell(re, OC_RUN_STARTED);
	text(re, 0, "one");
	text(re, 0, " two");
	end(re, OC_RUN_ABORTED, "one two");
}

static void failed(struct oc_run_events *re)
{
	tell(re, OC_RUN_STARTED);
	end(re, OC_RUN_FAILED, "");
}

static void taken_in(struct oc_run_events *re)
{
	tell(re, OC_RUN_ACCEPTED);
	end(re, OC_RUN_DONE, "");
}

static void thinking(struct oc_run_events *re)
{
	struct oc_run_event e = event(OC_RUN_THINKING);

	tell(re, OC_RUN_STARTED);
	e.delta = OC_LIT("hm");
	oc_run_events_watch(re, &e);
	oc_run_events_watch(re, &e);
	text(re, 0, "yes");
}

static void paced(struct oc_run_events *re)
{
	for (int i = 0; i < 10; i++) {
		text(re, 0, "x");
		assert_int_equal(oc_sleep_wait(20), OC_OK);
	}
	end(re, OC_RUN_DONE, "xxxxxxxxxx");
}

static void rows(struct oc_run_events *re)
{
	tell(re, OC_RUN_ACCEPTED);
	changed(re, "send");
	changed(re, "send");
	changed(re, "patch");
	assert_int_equal(oc_sleep_wait(10), OC_OK);
	message(re, 1, "{\"role\":\"user\",\"content\":\"hi\"}");
	changed(re, "end");
	text(re, 0, "held");
	message(re, 2, "{\"role\":\"user\",\"content\":\"held too\"}");
	assert_int_equal(oc_sleep_wait(10), OC_OK);
}

static void first_row(struct oc_run_events *re)
{
	changed(re, "send");
	message(re, 1, "{\"role\":\"user\",\"content\":\"hi\"}");
	assert_int_equal(oc_sleep_wait(10), OC_OK);
}

static const struct {
	const char *name;
	void (*tell)(struct oc_run_events *re);
	bool whole, clocked;
	const char *want;
} stories[] = {
	{ "plain", plain, true, false,
	  "chat>all seq=1 state=\"status\" phase=\"preparing_workspace\"\n"
	  "chat>all seq=2 state=\"status\" phase=\"preparing_context\"\n"
	  "agent>all seq=3 stream=\"lifecycle\" phase=\"start\"\n"
	  "chat>all seq=4 state=\"status\" phase=\"starting_model\"\n"
	  "agent>all seq=5 stream=\"lifecycle\" phase=\"model\"\n"
	  "agent>all seq=6 stream=\"assistant\" text=\"Hel\" delta=\"Hel\" itemId=\"R:1\"\n"
	  "chat>all seq=6 state=\"delta\" deltaText=\"Hel\" content=[{\"type\":\"text\",\"text\":\"Hel\"}]\n"
	  "agent>all seq=7 stream=\"assistant\" text=\"Hello\" delta=\"lo\" itemId=\"R:1\"\n"
	  "chat>all seq=7 state=\"delta\" deltaText=\"lo\" content=[{\"type\":\"text\",\"text\":\"Hello\"}]\n"
	  "session.message>messages messageSeq=2 content=\"Hello\"\n"
	  "agent>all seq=8 stream=\"lifecycle\" phase=\"finishing\"\n"
	  "agent>all seq=9 stream=\"lifecycle\" phase=\"end\" aborted=false\n"
	  "chat>all seq=9 state=\"final\" stopReason=\"stop\" content=[{\"type\":\"text\",\"text\":\"Hello\"}]\n"
	  "agent>all seq=1 stream=\"assistant\" text=\"a run of that name again\" delta=\"a run of that name again\" itemId=\"R:1\"\n"
	  "chat>all seq=1 state=\"delta\" deltaText=\"a run of that name again\" content=[{\"type\":\"text\",\"text\":\"a run of that name again\"}]\n" },
	{ "tool, deltas alone", with_tool, false, false,
	  "chat>all seq=1 state=\"status\" phase=\"preparing_workspace\"\n"
	  "chat>all seq=2 state=\"status\" phase=\"preparing_context\"\n"
	  "agent>all seq=3 stream=\"lifecycle\" phase=\"start\"\n"
	  "agent>all seq=4 stream=\"assistant\" delta=\"I \" itemId=\"R:1\"\n"
	  "chat>all seq=4 state=\"delta\" deltaText=\"I \"\n"
	  "agent>all seq=5 stream=\"assistant\" delta=\"look\" itemId=\"R:1\"\n"
	  "chat>all seq=5 state=\"delta\" deltaText=\"look\"\n"
	  "agent>all seq=6 stream=\"item\" phase=\"update\" itemId=\"commentary-0-R\"\n"
	  "session.message>messages messageSeq=2 content=[{\"type\":\"toolCall\"}]\n"
	  "agent>all seq=7 stream=\"item\" phase=\"start\" itemId=\"tool:c4\" name=\"exec\" status=\"running\"\n"
	  "agent>tools seq=8 stream=\"tool\" phase=\"start\" name=\"exec\"\n"
	  "session.tool>sessions seq=8 stream=\"tool\" phase=\"start\" name=\"exec\"\n"
	  "agent>tools seq=9 stream=\"tool\" phase=\"update\" name=\"exec\"\n"
	  "session.tool>sessions seq=9 stream=\"tool\" phase=\"update\" name=\"exec\"\n"
	  "agent>all seq=10 stream=\"command_output\" phase=\"delta\" itemId=\"command:c4\" name=\"exec\" output=\"a \" status=\"running\"\n"
	  "agent>tools seq=11 stream=\"tool\" phase=\"update\" name=\"exec\"\n"
	  "session.tool>sessions seq=11 stream=\"tool\" phase=\"update\" name=\"exec\"\n"
	  "agent>all seq=12 stream=\"command_output\" phase=\"delta\" itemId=\"command:c4\" name=\"exec\" output=\"b\" status=\"running\"\n"
	  "agent>tools seq=13 stream=\"tool\" phase=\"result\" name=\"exec\"\n"
	  "session.tool>sessions seq=13 stream=\"tool\" phase=\"result\" name=\"exec\"\n"
	  "agent>all seq=14 stream=\"item\" phase=\"end\" itemId=\"tool:c4\" name=\"exec\" status=\"completed\"\n"
	  "agent>all seq=15 stream=\"assistant\" delta=\"Done\" itemId=\"R:2\"\n"
	  "chat>all seq=15 state=\"delta\" deltaText=\"Done\"\n"
	  "agent>all seq=16 stream=\"lifecycle\" phase=\"finishing\"\n"
	  "agent>all seq=17 stream=\"lifecycle\" phase=\"end\" aborted=false\n"
	  "chat>all seq=17 state=\"final\" stopReason=\"stop\" content=[{\"type\":\"text\",\"text\":\"Done\"}]\n" },
	{ "aborted", aborted, false, false,
	  "chat>all seq=1 state=\"status\" phase=\"preparing_workspace\"\n"
	  "chat>all seq=2 state=\"status\" phase=\"preparing_context\"\n"
	  "agent>all seq=3 stream=\"lifecycle\" phase=\"start\"\n"
	  "agent>all seq=4 stream=\"assistant\" delta=\"one\" itemId=\"R:1\"\n"
	  "chat>all seq=4 state=\"delta\" deltaText=\"one\"\n"
	  "agent>all seq=5 stream=\"assistant\" delta=\" two\" itemId=\"R:1\"\n"
	  "chat>all seq=5 state=\"delta\" deltaText=\" two\"\n"
	  "agent>all seq=6 stream=\"lifecycle\" phase=\"end\" status=\"cancelled\" aborted=true\n"
	  "chat>all seq=6 state=\"aborted\" stopReason=\"rpc\" content=[{\"type\":\"text\",\"text\":\"one two\"}]\n" },
	{ "failed", failed, false, false,
	  "chat>all seq=1 state=\"status\" phase=\"preparing_workspace\"\n"
	  "chat>all seq=2 state=\"status\" phase=\"preparing_context\"\n"
	  "agent>all seq=3 stream=\"lifecycle\" phase=\"start\"\n"
	  "agent>all seq=4 stream=\"lifecycle\" phase=\"error\"\n"
	  "chat>all seq=4 state=\"error\" stopReason=\"error\" errorKind=\"rate_limit\"\n" },
	{ "taken in by another run", taken_in, false, false,
	  "chat>all seq=1 state=\"final\" stopReason=\"stop\"\n" },
	{ "thoughts come first", thinking, true, false,
	  "chat>all seq=1 state=\"status\" phase=\"preparing_workspace\"\n"
	  "chat>all seq=2 state=\"status\" phase=\"preparing_context\"\n"
	  "agent>all seq=3 stream=\"lifecycle\" phase=\"start\"\n"
	  "agent>all seq=4 stream=\"thinking\" text=\"hm\" delta=\"hm\"\n"
	  "agent>all seq=5 stream=\"thinking\" text=\"hmhm\" delta=\"hm\"\n"
	  "agent>all seq=6 stream=\"assistant\" text=\"yes\" delta=\"yes\" itemId=\"R:1\"\n"
	  "chat>all seq=6 state=\"delta\" deltaText=\"yes\" content=[{\"type\":\"text\",\"text\":\"yes\"}]\n" },
	{ "one event in 75 ms", paced, false, true,
	  "  0 agent>all seq=1 stream=\"assistant\" delta=\"x\" itemId=\"R:1\"\n"
	  "  0 chat>all seq=1 state=\"delta\" deltaText=\"x\"\n"
	  " 75 agent>all seq=2 stream=\"assistant\" delta=\"xxx\" itemId=\"R:1\"\n"
	  " 75 chat>all seq=2 state=\"delta\" deltaText=\"xxx\"\n"
	  "150 agent>all seq=3 stream=\"assistant\" delta=\"xxxx\" itemId=\"R:1\"\n"
	  "150 chat>all seq=3 state=\"delta\" deltaText=\"xxxx\"\n"
	  "200 agent>all seq=4 stream=\"assistant\" delta=\"xx\" itemId=\"R:1\"\n"
	  "200 chat>all seq=4 state=\"delta\" deltaText=\"xx\"\n"
	  "200 chat>all seq=5 state=\"final\" stopReason=\"stop\" content=[{\"type\":\"text\",\"text\":\"xxxxxxxxxx\"}]\n" },
	{ "rows", rows, false, false,
	  "sessions.changed>sessions reason=\"send\" session={\"row\":1}\n"
	  "sessions.changed>sessions reason=\"patch\" session={\"row\":2}\n"
	  "session.message>messages messageSeq=1 session={\"row\":2,\"updatedAt\":0} content=\"hi\"\n"
	  "sessions.changed>sessions phase=\"end\" reason=\"agent.input.settled\" session={\"row\":3}\n"
	  "agent>all seq=1 stream=\"assistant\" delta=\"held\" itemId=\"R:1\"\n"
	  "chat>all seq=1 state=\"delta\" deltaText=\"held\"\n"
	  "session.message>messages messageSeq=2 session={\"row\":2,\"updatedAt\":0} content=\"held too\"\n" },
	{ "the first message has a row", first_row, false, false,
	  "sessions.changed>sessions reason=\"send\" session={\"row\":1}\n"
	  "session.message>messages messageSeq=1 session={\"row\":1} content=\"hi\"\n" },
};

static void play(void *arg)
{
	size_t i = *(size_t *)arg;
	struct seen seen = { .start_ms = oc_now_ms(),
			     .whole = stories[i].whole,
			     .clocked = stories[i].clocked };
	const struct oc_run_events_spec spec = {
		.send = take, .whole_text = whole, .row_wait = row_wait, .arg = &seen
	};

	oc_buf_init(&seen.lines, 1 << 20);
	struct oc_run_events *re = oc_run_events_new(&spec);
	stories[i].tell(re);
	oc_run_events_stop_wait(re);
	if (strcmp(oc_buf_cstr(&seen.lines), stories[i].want) != 0)
		fail_msg("%s:\n%s\nwanted:\n%s", stories[i].name, oc_buf_cstr(&seen.lines),
			 stories[i].want);
	oc_buf_deinit(&seen.lines);
}

static void events_come_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
		oc_clock_make_virtual(1000);
		assert_int_equal(oc_rt_run(play, &i), 0);
		oc_clock_make_real();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(events_come_in_order) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
