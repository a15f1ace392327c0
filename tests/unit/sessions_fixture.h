#ifndef OC_SESSIONS_FIXTURE_H
#define OC_SESSIONS_FIXTURE_H
/* Sessions on a store in memory, with a model that follows a script and a clock that does not make
 * anybody wait. */
#include "agent/run/loop.h"
#include "agent/session/sessions.h"
#include "base/mem.h"
#include "catalog_fixture.h"
#include "model/codec/chat_request.h"
#include "rt/clock.h"

#define MAIN "agent:main:main"

/* One response of the model. */
struct line {
	const char *text, *more; /* more comes after stream_ms */
	const char *call, *args; /* a tool call */
	const char *reasoning;
	uint64_t read_ms, stream_ms;
	enum oc_outcome outcome;
	enum oc_error_class error;
	int64_t input_tokens; /* 0 = 100 */
	bool for_ever;	      /* never ends by itself */
};

static struct {
	const struct line *lines;
	size_t at;
	struct oc_strv sent; /* messages of each request, without the closing bracket */
	struct oc_strv systems, tools;
	bool no_more_calls; /* of the last request */
	struct oc_buf log;  /* what the watcher was told */
	bool log_text;	    /* deltas too */
	struct oc_buf said; /* deltas alone */
	struct oc_snapshot *snapshot;
	struct oc_store *store;
	struct oc_sessions *sessions;
	struct oc_approvals *approvals;
	struct oc_err e;
	const char *config;
	struct oc_strv models; /* that were asked */
} world;

#define OK(call)                                                                                   \
	do {                                                                                       \
		if ((call) != OC_OK) fail_msg("%s: %s", #call, world.e.msg);                       \
	} while (0)

/* ---- the model ---- */

static inline void note_request(const struct oc_turn_request *r)
{
	struct oc_compat compat;

	oc_compat_resolve(&compat, "lmstudio", NULL, NULL);
	const struct oc_request request = {
		.model = "m", .compat = &compat, .messages = r->messages, .tools = r->tools
	};
	json_t *body = oc_chat_request_json(&request);
	char *text = oc_json_compact(json_object_get(body, "messages"));
	char *tools = r->tools ? oc_json_compact(r->tools) : oc_strdup("");

	oc_strv_add(&world.sent, (struct oc_str){ text, strlen(text) - 1 });
	oc_strv_add(&world.systems, oc_buf_view(&r->messages->v[0].text));
	oc_strv_add(&world.tools, oc_str(tools));
	world.no_more_calls = r->no_more_calls;
	free(text);
	free(tools);
	json_decref(body);
	oc_compat_deinit(&compat);
}

static inline enum oc_rc say_wait(const struct oc_turn_request *r, const char *text,
				  uint64_t after_ms, struct oc_reply *reply)
{
	if (after_ms && oc_sleep_wait(after_ms) != OC_OK) return OC_CANCELLED;
	if (!text) return OC_OK;
	oc_buf_adds(&reply->text, text);
	r->sink->text(r->sink->arg, oc_str(text));
	return OC_OK;
}

static inline void add_call(const struct line *l, struct oc_reply *reply)
{
	struct oc_err e = { 0 };

	reply->calls = oc_alloc(sizeof *reply->calls);
	reply->n_calls = 1;
	reply->calls[0] = (struct oc_tool_call){ .id = oc_strdup("theirs"),
						 .name = oc_strdup(l->call),
						 .arguments = oc_strdup(l->args),
						 .args = oc_json_parse(oc_str(l->args), NULL, &e) };
	reply->calls[0].valid = json_is_object(reply->calls[0].args);
}

static inline enum oc_rc scripted_wait(void *arg, const struct oc_turn_request *r,
				       struct oc_reply *reply, struct oc_err *e)
{
	const struct line *l = &world.lines[world.at++];
	enum oc_rc rc;

	(void)arg, (void)e;
	note_request(r);
	oc_reply_init(reply);
	rc = say_wait(r, l->text, l->read_ms, reply);
	if (!rc) rc = say_wait(r, l->more, l->stream_ms, reply);
	if (!rc && l->for_ever) rc = oc_sleep_wait(1000000000);
	if (rc) return rc;
	if (l->reasoning) oc_buf_adds(&reply->reasoning, l->reasoning);
	if (l->call) add_call(l, reply);
	reply->finish = l->call ? OC_FINISH_TOOL_CALLS : OC_FINISH_STOP;
	reply->outcome = l->outcome;
	reply->error.class = l->error;
	reply->usage = (struct oc_usage){ .present = true,
					  .input = l->input_tokens ? l->input_tokens : 100,
					  .output = 7,
					  .cached = 40,
					  .reasoning = -1 };
	return OC_OK;
}

static inline void explain(void *arg, const struct oc_turn_request *r, const struct oc_reply *reply,
			   struct oc_buf *out)
{
	(void)arg, (void)r;
	oc_buf_addf(out, "explained: %s", oc_error_class_name(reply->error.class));
}

/* ---- who watches ---- */

static inline void log_message(const struct oc_stored_message *m)
{
	const char *role = oc_json_cstr(m->body, "role");

	oc_buf_addf(&world.log, "%s#%lld ", role ? role : "?", (long long)m->seq);
}

static inline void log_event(void *arg, const struct oc_run_event *e)
{
	static const char *const names[] = { "accepted", "started", "model",  "progress",
					     "thinking", "text",    "tool",   "output",
					     "result",	 "message", "usage",  "notice",
					     "done",	 "aborted", "failed", "approval",
					     "changed" };

	(void)arg;
	switch (e->kind) {
	case OC_RUN_TEXT:
		oc_buf_add(&world.said, e->delta);
		if (world.log_text)
			oc_buf_addf(&world.log, "text%u:%.*s ", e->segment, OC_FMT(e->delta));
		return;
	case OC_RUN_MESSAGE: log_message(e->message); return;
	case OC_SESSION_CHANGED: oc_buf_addf(&world.log, "%s. ", e->reason); return;
	case OC_RUN_USAGE: return;
	case OC_RUN_NOTICE: return;
	case OC_RUN_MODEL:
		oc_strv_add(&world.models, oc_str(e->run->model));
		oc_buf_adds(&world.log, "model ");
		return;
	case OC_RUN_ABORTED:
		oc_buf_addf(&world.log, "aborted(%s,%.*s) ", e->reason ? e->reason : "-",
			    OC_FMT(e->text));
		return;
	case OC_RUN_DONE: oc_buf_addf(&world.log, "done(%.*s) ", OC_FMT(e->text)); return;
	case OC_RUN_FAILED: oc_buf_addf(&world.log, "failed(%s) ", e->error->msg); return;
	default: oc_buf_addf(&world.log, "%s ", names[e->kind]); return;
	}
}

static inline void expect_log(const char *want)
{
	struct oc_str got = oc_str_trim(oc_buf_view(&world.log));

	if (!oc_str_eq(got, oc_str(want))) fail_msg("got:  %.*s\nwant: %s", OC_FMT(got), want);
	oc_buf_clear(&world.log);
}

/* ---- asking ---- */

static inline struct oc_snapshot *current(void *arg)
{
	(void)arg;
	return oc_snapshot_ref(world.snapshot);
}

static inline struct oc_asked ask_in(const char *key, const char *id, const char *text)
{
	struct oc_asked asked;
	const struct oc_ask ask = {
		.session_key = key, .run_id = id, .message = oc_str(text), .channel = "webchat"
	};

	OK(oc_sessions_ask_wait(world.sessions, &ask, &asked, &world.e));
	return asked;
}

static inline struct oc_asked ask(const char *id, const char *text)
{
	return ask_in(MAIN, id, text);
}

/* Parks until the run has ended; its status. */
static inline const char *wait_for(const char *id)
{
	struct oc_run_outcome o;

	OK(oc_sessions_outcome_wait(world.sessions, id, OC_NO_DEADLINE, &o));
	const char *status = o.status;

	oc_run_outcome_deinit(&o);
	return status;
}

static inline void ask_and_wait(const char *id, const char *text)
{
	assert_int_equal(ask(id, text).result, OC_ASK_STARTED);
	assert_string_equal(wait_for(id), "ok");
}

/* ---- what is stored ---- */

static inline void stored(const char *key, struct oc_stored_messages *out)
{
	struct oc_session_record r;

	OK(oc_store_session_wait(world.store, key, &r, &world.e));
	const struct oc_message_query q = { .session_id = r.id };

	OK(oc_store_messages_wait(world.store, &q, out, &world.e));
	oc_session_record_deinit(&r);
}

/* "user:hi assistant:hello …", flags behind a plus sign. */
static inline void expect_stored(const char *want)
{
	struct oc_stored_messages l;
	struct oc_buf got, text;

	stored(MAIN, &l);
	oc_buf_init(&got, 1 << 20);
	for (size_t i = 0; i < l.n; i++) {
		const json_t *content = json_object_get(l.v[i].body, "content"), *p;
		size_t k;

		oc_buf_init(&text, 1 << 20);
		if (json_is_string(content)) oc_buf_add(&text, oc_json_text(content));
		json_array_foreach (content, k, p) {
			const char *type = oc_json_cstr(p, "type");

			if (type && !strcmp(type, "text"))
				oc_buf_add(&text, oc_json_str(p, "text"));
			if (type && !strcmp(type, "toolCall"))
				oc_buf_addf(&text, "<%s>", oc_json_cstr(p, "name"));
		}
		oc_buf_addf(&got, "%s%s:%s", i ? " | " : "", oc_json_cstr(l.v[i].body, "role"),
			    oc_buf_cstr(&text));
		if (l.v[i].flags) oc_buf_addf(&got, "+%u", l.v[i].flags);
		oc_buf_deinit(&text);
	}
	oc_stored_messages_deinit(&l);
	if (strcmp(oc_buf_cstr(&got), want) != 0)
		fail_msg("got:  %s\nwant: %s", oc_buf_cstr(&got), want);
	oc_buf_deinit(&got);
}

/* Every request but those listed extends the one before. */
static inline void expect_growth(size_t from)
{
	for (size_t i = from + 1; i < world.sent.n; i++)
		if (strncmp(world.sent.v[i], world.sent.v[i - 1], strlen(world.sent.v[i - 1])) != 0)
			fail_msg("request %zu does not extend the one before:\n%s\n%s", i,
				 world.sent.v[i - 1], world.sent.v[i]);
}

/* ---- the frame of a test ---- */

static const struct oc_model_port scripted_port = { .call_wait = scripted_wait,
						    .explain = explain };

static inline void start_sessions(void)
{
	const struct oc_sessions_spec spec = { .store = world.store,
					       .snapshot = current,
					       .watch = log_event,
					       .model = &scripted_port,
					       .approvals = world.approvals };

	OK(oc_sessions_new_wait(&spec, &world.sessions, &world.e));
}

/* Spec 03 §3.3: whatever a test does, the server can use again what it has read. */
static inline void expect_no_odd_prefix(void)
{
	json_t *list = oc_sessions_prefixes(world.sessions, NULL), *row;
	size_t i;

	json_array_foreach (list, i, row) {
		const char *reason = oc_json_cstr(row, "reason");

		if (reason && !strcmp(reason, "unexplained")) fail_msg("%s", "an odd prefix");
	}
	json_decref(list);
}

static inline void stop_sessions(void)
{
	expect_no_odd_prefix();
	oc_sessions_drain_wait(world.sessions, 0);
	oc_sessions_free(world.sessions);
	world.sessions = NULL;
}

static const char plain_config[] =
    "{agents:{defaults:{model:'p/one',contextGuard:{blockBelow:0,warnBelow:0}}},tools:{exec:{mode:'full'}},"
    "models:{providers:{p:{baseUrl:'http://127.0.0.1:9/v1',apiKey:'k',models:["
    "{id:'one',contextWindow:32768},{id:'two',contextWindow:32768},"
    "{id:'tiny',contextWindow:6000,maxTokens:512}]}}}}";

static inline void in_world(void *arg)
{
	void (*fn)(void) = *(void (**)(void))arg;

	OK(oc_snapshot_load(&world.snapshot, &world.e));
	OK(oc_store_open_wait(":memory:", &world.store, &world.e));
	start_sessions();
	fn();
	stop_sessions();
	oc_store_close_wait(world.store);
	oc_snapshot_unref(world.snapshot);
}

static inline void with_sessions(const char *config, const struct line *lines, void (*fn)(void))
{
	void *state = NULL;

	memset(&world, 0, sizeof world);
	assert_int_equal(new_home(&state), 0);
	home_write(".openclaw/openclaw.json", config ? config : plain_config);
	world.lines = lines;
	oc_buf_init(&world.log, 1 << 20);
	oc_buf_init(&world.said, 1 << 20);
	oc_clock_make_virtual(1000000);
	assert_int_equal(oc_rt_run(in_world, &fn), 0);
	oc_clock_make_real();
	oc_strv_deinit(&world.sent);
	oc_strv_deinit(&world.systems);
	oc_strv_deinit(&world.tools);
	oc_strv_deinit(&world.models);
	oc_buf_deinit(&world.log);
	oc_buf_deinit(&world.said);
	drop_home(&state);
}

#define SESSIONS_TEST(name, config, script)                                                        \
	static void name##_in(void);                                                               \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		with_sessions(config, script, name##_in);                                          \
	}                                                                                          \
	static void name##_in(void)
#endif
