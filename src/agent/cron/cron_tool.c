/*
 * The tool cron (spec 03 §8.1): four flat fields, because small models fill in no objects. What
 * needs no model is the default: a task is told to the person as it is, unless it says "do:".
 */
#include <stdlib.h>

#include "agent/cron/cron_run.h"
#include "agent/run/tool_host.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/visible.h"

enum { NAME_BYTES = 60, ID_SHOWN = 8, LISTED = 50, ECHOED = 3, MAX_ASKED = 400 };

/* ---- what the task is ---- */

enum kind { SAY, DO, RUN };
struct task {
	enum kind kind;
	struct oc_str text;
};

static struct task read_task(struct oc_str text)
{
	static const struct {
		struct oc_str prefix;
		enum kind kind;
	} prefixes[] = { { { "say:", 4 }, SAY }, { { "do:", 3 }, DO }, { { "run:", 4 }, RUN } };
	struct task t = { SAY, oc_str_trim(text) };

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (!oc_str_istarts(t.text, prefixes[i].prefix)) continue;
		t.kind = prefixes[i].kind;
		t.text = oc_str_trim(oc_str_from(t.text, prefixes[i].prefix.n));
		break;
	}
	return t;
}

static json_t *payload_of(const struct task *t)
{
	static const char *const kinds[] = { "text", "agentTurn", "command" };
	static const char *const members[] = { "text", "message", "command" };

	return json_pack("{s:s,s:o}", "kind", kinds[t->kind], members[t->kind],
			 oc_json_new_str(t->text));
}

static json_t *name_of(const struct task *t)
{
	struct oc_str line = oc_str_head(t->text, oc_str_find(t->text, OC_LIT("\n"), 0));

	if (line.n > NAME_BYTES) line.n = oc_utf8_floor(line.p, NAME_BYTES);
	return oc_json_new_str(oc_str_trim(line));
}

/* ---- where its words go ---- */

/* The channel from which the conversation comes; without one the conversation itself. */
static bool has_route(const struct oc_cron_spec *spec, const struct oc_session_run *run)
{
	const struct oc_delivery d = { .mode = OC_DELIVERY_ANNOUNCE,
				       .channel = "last",
				       .session_key = run->session->key,
				       .agent = run->info.agent };
	const struct oc_delivery_port *port = &spec->delivery;

	return port->deliver_wait && port->check && port->check(port->arg, &d, NULL) == OC_OK;
}

static void put_route(json_t *job, const struct oc_cron_spec *spec,
		      const struct oc_session_run *run, const struct task *t)
{
	char *target = oc_asprintf("session:%s", run->session->key);
	bool route = has_route(spec, run);

	oc_json_put(job, "sessionKey", json_string(run->session->key));
	oc_json_put(job, "sessionTarget", json_string(t->kind == DO ? "isolated" : target));
	if (route && t->kind == DO) /* its session is another one */
		oc_json_put(job, "delivery",
			    json_pack("{s:s,s:s,s:s}", "mode", "announce", "channel", "last",
				      "routeOf", run->session->key));
	else if (route)
		oc_json_put(job, "delivery",
			    json_pack("{s:s,s:s}", "mode", "announce", "channel", "last"));
	else if (t->kind == DO)
		oc_json_put(job, "delivery",
			    json_pack("{s:s,s:s}", "mode", "session", "to", run->session->key));
	free(target);
}

/* ---- may it ---- */

static enum oc_rc permit_wait(struct oc_tool_context *ctx, const struct task *t, struct oc_str when,
			      struct oc_err *e)
{
	const struct oc_taint_facts facts = { .tainted = ctx->tainted, .trust = ctx->trust };
	const char *why = NULL;
	struct oc_buf what;
	enum oc_rc rc;

	if (t->kind != SAY && ctx->permission == OC_PERMISSION_READ_ONLY)
		return oc_fail(e, OC_E_DENIED,
			       "this conversation is read-only: only words for the user can be "
			       "planned, with say:");
	if (t->kind != SAY && ctx->permission == OC_PERMISSION_GUARDED)
		why = "the conversation is guarded";
	if (!why && !oc_taint_asks(OC_ACT_SCHEDULE, &facts, &why)) return OC_OK;
	if (!ctx->approve_wait)
		return oc_fail(e, OC_E_DENIED,
			       "not planned: it needs the person's approval (%s), and nobody is "
			       "here to give it",
			       why);
	oc_buf_init(&what, 16 * MAX_ASKED);
	oc_visible_add(&what, when, MAX_ASKED / 4);
	oc_buf_adds(&what, t->kind == RUN ? ": run " : t->kind == DO ? ": do " : ": say ");
	oc_visible_add(&what, t->text, MAX_ASKED);
	const struct oc_question q = { .tool = "cron", .what = oc_buf_cstr(&what), .why = why };
	rc = ctx->approve_wait(ctx->approve_arg, &q, e);
	oc_buf_deinit(&what);
	return rc;
}

/* ---- the actions ---- */

struct call {
	struct oc_tool_context *ctx;
	struct oc_cron *cron;
	const struct oc_session_run *run;
	const json_t *args;
	struct oc_tool_result *out;
};

static void say_added(const struct call *c, const struct task *t, const json_t *job)
{
	struct oc_buf *out = &c->out->text;
	struct oc_str id = oc_str_head(oc_json_str(job, "id"), ID_SHOWN);

	oc_buf_addf(out, "planned as %.*s: ", OC_FMT(id));
	oc_cron_echo(c->cron, job, ECHOED, out);
	if (t->kind == SAY)
		oc_buf_addf(out,
			    "\nThe user will be told just these words: %.*s\n(If you are to do "
			    "something then, remove it and add it with do: before the task.)",
			    OC_FMT(t->text));
}

static enum oc_rc add_wait(const struct call *c, struct oc_err *e)
{
	struct oc_str when = oc_json_str(c->args, "when");
	struct task t = read_task(oc_json_str(c->args, "task"));
	struct oc_natural natural;
	json_t *job, *made = NULL;
	enum oc_rc rc;

	if (!when.n) return oc_fail(e, OC_E_INPUT, "when is missing: \"in 20 minutes\"");
	if (!t.text.n) return oc_fail(e, OC_E_INPUT, "task is missing: what is to be told or done");
	rc = oc_cron_read_when(c->cron, c->run->info.agent, when, &natural, e);
	if (rc) return rc;
	if (!natural.schedule) {
		oc_buf_addf(&c->out->text, "Nothing is planned yet. Ask the user: %s",
			    natural.question);
		return OC_OK;
	}
	rc = permit_wait(c->ctx, &t, when, e);
	if (rc) {
		json_decref(natural.schedule);
		return rc;
	}
	job = json_pack("{s:o,s:s,s:o,s:o}", "name", name_of(&t), "agentId", c->run->info.agent,
			"schedule", natural.schedule, "payload", payload_of(&t));
	put_route(job, oc_cron_spec_of(c->cron), c->run, &t);
	if (c->ctx->tainted) oc_json_put(job, "foreign", json_true());
	rc = oc_cron_add_wait(c->cron, job, &made, e);
	if (!rc) say_added(c, &t, made);
	json_decref(made);
	json_decref(job);
	return rc;
}

/* The jobs of this agent. New reference. */
static json_t *jobs_of(const struct call *c, struct oc_err *e)
{
	json_t *page = NULL, *params = json_pack("{s:i,s:b,s:s}", "limit", 200, "includeDisabled",
						 1, "agentId", c->run->info.agent);
	json_t *jobs = NULL;

	if (oc_cron_list(c->cron, params, &page, e) == OC_OK)
		jobs = json_incref(json_object_get(page, "jobs"));
	json_decref(page);
	json_decref(params);
	return jobs ? jobs : json_array();
}

static enum oc_rc list_wait(const struct call *c, struct oc_err *e)
{
	json_t *jobs = jobs_of(c, e), *job;
	struct oc_buf *out = &c->out->text;
	size_t i;

	json_array_foreach (jobs, i, job) {
		if (i == LISTED) break;
		oc_buf_addf(out, "%s%.*s: %s, ", i ? "\n" : "",
			    OC_FMT(oc_str_head(oc_json_str(job, "id"), ID_SHOWN)),
			    oc_json_cstr(job, "name"));
		if (json_object_get(json_object_get(job, "state"), "nextRunAtMs"))
			oc_cron_echo(c->cron, job, 1, out);
		else
			oc_buf_adds(out, "no next time");
	}
	if (!json_array_size(jobs)) oc_buf_adds(out, "nothing is planned");
	json_decref(jobs);
	return OC_OK;
}

/* An id as it is shown, or longer. Free with free(); NULL: e says why. */
static char *find_id(const struct call *c, struct oc_err *e)
{
	struct oc_str wanted = oc_str_trim(oc_json_str(c->args, "id"));
	json_t *jobs, *job;
	char *found = NULL;
	size_t i, n = 0;

	if (!wanted.n) {
		oc_fail(e, OC_E_INPUT, "id is missing: action list shows the ids");
		return NULL;
	}
	jobs = jobs_of(c, e);
	json_array_foreach (jobs, i, job) {
		if (!oc_str_istarts(oc_json_str(job, "id"), wanted)) continue;
		free(found);
		found = oc_strdup(oc_json_cstr(job, "id"));
		n++;
	}
	json_decref(jobs);
	if (n == 1) return found;
	free(found);
	oc_fail(e, OC_E_NOT_FOUND, "%s job has the id \"%.*s\": action list shows them",
		n ? "more than one" : "no", OC_FMT(oc_str_head(wanted, 40)));
	return NULL;
}

static enum oc_rc remove_wait(const struct call *c, struct oc_err *e)
{
	char *id = find_id(c, e);
	bool removed = false;
	enum oc_rc rc;

	if (!id) return e->rc;
	rc = oc_cron_remove_wait(c->cron, id, &removed, e);
	if (!rc) oc_buf_adds(&c->out->text, "removed");
	free(id);
	return rc;
}

static enum oc_rc run_wait(const struct call *c, struct oc_err *e)
{
	char *id = find_id(c, e);
	json_t *result = NULL, *job = NULL;
	struct task t = { DO, { 0 } };
	enum oc_rc rc;

	if (!id) return e->rc;
	rc = oc_cron_get(c->cron, id, &job, e);
	if (!rc) t.text = oc_json_str(job, "name");
	if (!rc) rc = permit_wait(c->ctx, &t, OC_LIT("now"), e);
	if (!rc) rc = oc_cron_run_wait(c->cron, id, true, &result, e);
	if (!rc)
		oc_buf_adds(&c->out->text, oc_json_bool(result, "enqueued", false)
					       ? "started"
					       : "it is running already");
	json_decref(result);
	json_decref(job);
	free(id);
	return rc;
}

static enum oc_rc tool_wait(struct oc_tool_context *ctx, const json_t *args,
			    struct oc_tool_result *out, struct oc_err *e)
{
	static const struct {
		const char *name;
		enum oc_rc (*fn_wait)(const struct call *c, struct oc_err *e);
	} actions[] = {
		{ "add", add_wait },	   { "list", list_wait }, { "remove", remove_wait },
		{ "delete", remove_wait }, { "run", run_wait },
	};
	const struct oc_tool_host *host = ctx->host;
	const struct oc_session_run *run = host ? host->run : NULL;
	const char *action = oc_json_cstr(args, "action");

	if (!run || !run->session || !host->sessions->cron)
		return oc_fail(e, OC_E_DENIED,
			       "something can be planned only in conversations of the gateway");
	const struct call c = { ctx, host->sessions->cron, run, args, out };
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (!strcmp(action, actions[i].name)) return actions[i].fn_wait(&c, e);
	return oc_fail(e, OC_E_INPUT, "action has to be add, list, remove or run");
}

static const struct oc_tool row = {
	.name = "cron",
	.schema =
	    "{\"name\":\"cron\",\"description\":\"Reminders and scheduled tasks.\","
	    "\"parameters\":{\"type\":\"object\",\"properties\":{"
	    "\"action\":{\"type\":\"string\",\"enum\":[\"add\",\"list\",\"remove\",\"run\"]},"
	    "\"when\":{\"type\":\"string\",\"description\":\"in 20 minutes; tomorrow 9:00; every weekday 8:30; every 2h; a cron expression\"},"
	    "\"task\":{\"type\":\"string\",\"description\":\"words that the user is told then; 'do: ...' for what you are to do then; 'run: ...' for a shell command\"},"
	    "\"id\":{\"type\":\"string\",\"description\":\"for remove and run\"}},"
	    "\"required\":[\"action\"]}}",
	.example = "{\"action\":\"add\",\"when\":\"in 20 minutes\",\"task\":\"The tea is ready.\"}",
	.deferred = "reminders and scheduled tasks: add, list, remove, run",
	.writes = true,
	.run_wait = tool_wait
};

void oc_cron_tool_register(void)
{
	oc_tool_register(&row);
}
