/*
 * The tool spawn (spec 03 §1.11, §4): a run in a session of its own, below that of its parent. Its
 * answer is the result of the call, or comes as a message when the parent did not want to wait.
 */
#include <stdlib.h>

#include "agent/run/tool_host.h"
#include "agent/session/stored_message.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
	MAX_DEPTH = 1, /* a helper has no helpers */
	MAX_CHILDREN = 4,
	SLICE_MS = 1000,
	LABEL_CHARS = 60,
	ANNOUNCED_CHARS = 8000,
};

static const char mark[] = ":subagent:";

/* ---- bounds ---- */

static int64_t limit(const struct oc_session_run *run, const char *name, int64_t built_in)
{
	const json_t *o = oc_config_get(&run->snapshot->config, "agents.defaults.subagents");
	const json_t *own = json_object_get(run->settings.entry, "subagents");
	int64_t n = oc_json_positive(own, name);

	if (!n) n = oc_json_positive(o, name);
	return n ? n : built_in;
}

static int64_t depth_of(const char *key)
{
	int64_t n = 0;

	for (; (key = strstr(key, mark)); key += sizeof mark - 1) n++;
	return n;
}

/* Runs under way below this session; below any when it is NULL. */
static int64_t children(const struct oc_sessions *s, const char *parent)
{
	int64_t n = 0;

	for (const struct oc_session_run *r = s->runs; r; r = r->next) {
		struct oc_str key = oc_str(r->info.session_key);

		if (r->state == OC_RUN_ENDED || !key.n || !strstr(key.p, mark)) continue;
		if (parent && !oc_str_starts(key, oc_str(parent))) continue;
		n += !parent || oc_str_starts(oc_str_from(key, strlen(parent)), oc_str(mark));
	}
	return n;
}

static enum oc_rc check_bounds(const struct oc_session_run *run, struct oc_err *e)
{
	int64_t depth = limit(run, "maxSpawnDepth", MAX_DEPTH);
	int64_t own = limit(run, "maxChildrenPerAgent", MAX_CHILDREN);
	int64_t all = limit(run, "maxConcurrent", MAX_CHILDREN);

	if (depth_of(run->session->key) >= depth)
		return oc_fail(e, OC_E_DENIED,
			       "a helper cannot have helpers: do the task yourself");
	if (children(run->owner, run->session->key) >= own || children(run->owner, NULL) >= all)
		return oc_fail(
		    e, OC_E_LIMIT,
		    "too many helpers are at work: wait for them, or do the task yourself");
	return OC_OK;
}

/* ---- the child ---- */

struct child {
	char *key, *run_id, *label;
	char *parent; /* session key */
	struct oc_sessions *sessions;
};

static void child_deinit(struct child *c)
{
	free(c->key);
	free(c->run_id);
	free(c->label);
	free(c->parent);
}

static void name_child(struct child *c, const struct oc_session_run *run, const json_t *args)
{
	struct oc_str label = oc_str_trim(oc_json_str(args, "label"));
	char id[OC_ID_CHARS + 1];

	if (!label.n) label = oc_str_trim(oc_json_str(args, "taskName"));
	if (label.n > LABEL_CHARS) label.n = oc_utf8_floor(label.p, LABEL_CHARS);
	oc_uuid(id);
	c->sessions = run->owner;
	c->parent = oc_strdup(run->session->key);
	c->key = oc_asprintf("%s%s%s", run->session->key, mark, id);
	c->run_id = oc_strdup(id);
	c->label = label.n ? oc_strndup(label.p, label.n) : oc_strndup(id, 8);
}

/* What holds for the parent holds for the child: above all what its tools may. */
static enum oc_rc inherit_wait(const struct child *c, const struct oc_tool_context *ctx,
			       struct oc_err *e)
{
	static const char *const inherited[] = { "model", "thinkingLevel" };
	const char *permission = oc_permission_name(ctx->permission);
	struct oc_session_record r;
	json_t *patch = json_object();
	enum oc_rc rc = oc_store_session_wait(c->sessions->spec.store, c->parent, &r, e);

	if (!rc) {
		for (size_t i = 0; i < sizeof inherited / sizeof *inherited; i++)
			if (json_object_get(r.settings, inherited[i]))
				oc_json_put(
				    patch, inherited[i],
				    json_deep_copy(json_object_get(r.settings, inherited[i])));
		if (permission) oc_json_put(patch, "permissionMode", json_string(permission));
		oc_json_put(patch, "label", oc_json_new_str(oc_str(c->label)));
		oc_session_record_deinit(&r);
		rc = oc_sessions_patch_wait(c->sessions, c->key, patch, e);
	}
	json_decref(patch);
	return rc;
}

static uint64_t timeout_ms(const json_t *args)
{
	int64_t s = oc_json_positive(args, "timeout");

	if (!s) s = oc_json_positive(args, "runTimeoutSeconds");
	return s > 0 && s < 86400 ? (uint64_t)s * 1000 : 0;
}

static const char *model_of(const struct oc_session_run *run, const json_t *args)
{
	const json_t *set =
	    oc_config_get(&run->snapshot->config, "agents.defaults.subagents.model");

	if (oc_json_cstr(args, "model")) return oc_json_cstr(args, "model");
	return json_is_object(set) ? oc_json_cstr(set, "primary") : json_string_value(set);
}

static enum oc_rc start_wait(const struct child *c, const struct oc_tool_context *ctx,
			     const struct oc_session_run *run, const json_t *args, struct oc_err *e)
{
	struct oc_asked asked;
	const char *thinking = oc_json_cstr(args, "thinking");
	const struct oc_ask ask = {
		.session_key = c->key,
		.agent =
		    oc_json_cstr(args, "agentId") ? oc_json_cstr(args, "agentId") : run->info.agent,
		.run_id = c->run_id,
		.message = oc_str_trim(oc_json_str(args, "task")),
		.model = model_of(run, args),
		.thinking =
		    thinking ? thinking
			     : json_string_value(oc_config_get(
				   &run->snapshot->config, "agents.defaults.subagents.thinking")),
		.channel = "subagent",
		.origin = "subagent",
		.timeout_ms = timeout_ms(args),
		.priority = OC_PRIORITY_SUBAGENT,
		.tainted = ctx->tainted,
	};

	return oc_sessions_ask_wait(c->sessions, &ask, &asked, e);
}

/* Whether it read what strangers wrote: then its answer may repeat it. */
static bool is_foreign_wait(const struct child *c)
{
	struct oc_stored_messages l;
	struct oc_messages view = { 0 };
	struct oc_session_record r;
	struct oc_err e = { 0 };
	bool foreign = true;

	if (oc_store_session_wait(c->sessions->spec.store, c->key, &r, &e) != OC_OK) return true;
	const struct oc_message_query q = { .session_id = r.id };

	if (oc_store_messages_wait(c->sessions->spec.store, &q, &l, &e) == OC_OK) {
		for (size_t i = 0; i < l.n; i++) oc_stored_to_model(&l.v[i], &view);
		foreign = oc_messages_tainted(&view);
		oc_stored_messages_deinit(&l);
	}
	oc_messages_deinit(&view);
	oc_session_record_deinit(&r);
	return foreign;
}

/* ---- its end ---- */

static void say_outcome(const struct child *c, const struct oc_run_outcome *o, struct oc_buf *out)
{
	if (!strcmp(o->status, "ok"))
		oc_buf_adds(out, o->text && *o->text ? o->text : "(no answer)");
	else
		oc_buf_addf(out, "the helper \"%s\" ended without an answer (%s)%s%s", c->label,
			    o->status, o->error ? ": " : "", o->error ? o->error : "");
}

/* The parent's place is free for the child while it waits (D68). */
static enum oc_rc wait_for_child_wait(const struct child *c, const struct oc_tool_context *ctx,
				      struct oc_run_outcome *o)
{
	struct oc_sessions *s = c->sessions;
	enum oc_rc rc;

	s->n_working--;
	oc_bell_ring(&s->place);
	while (!(rc = oc_sessions_outcome_wait(s, c->run_id, oc_deadline_in(SLICE_MS), o)) &&
	       !strcmp(o->status, "pending") && !oc_scope_cancelled(oc_scope_current())) {
		oc_run_outcome_deinit(o);
		if (ctx->alive) ctx->alive(ctx->alive_arg);
	}
	s->n_working++;
	return rc;
}

/* Who stops the parent stops what it started. */
static void stop_child(const struct child *c)
{
	struct oc_session_run *r = oc_session_run_find(c->sessions, c->run_id);

	if (r) oc_session_run_abort_wait(r, "stop");
}

static enum oc_rc answer_wait(const struct child *c, const struct oc_tool_context *ctx,
			      struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_run_outcome o = { 0 };
	enum oc_rc rc = wait_for_child_wait(c, ctx, &o);

	if (!rc && oc_scope_cancelled(oc_scope_current())) {
		stop_child(c);
		rc = OC_CANCELLED;
	}
	if (!rc) {
		say_outcome(c, &o, &out->text);
		out->is_error = strcmp(o.status, "ok") != 0;
		if (is_foreign_wait(c)) out->untrusted = "subagent";
	} else if (rc != OC_CANCELLED)
		rc = oc_fail(e, OC_E_UPSTREAM, "the helper is gone");
	oc_run_outcome_deinit(&o);
	return rc;
}

/* ---- in the background ---- */

static void tell_parent_wait(const struct child *c, const struct oc_run_outcome *o)
{
	struct oc_buf text;
	struct oc_asked asked;
	struct oc_err e = { 0 };
	char id[OC_ID_CHARS + 1];
	bool foreign = is_foreign_wait(c);

	oc_uuid(id);
	oc_buf_init(&text, ANNOUNCED_CHARS);
	oc_buf_addf(&text, "[event helper %s finished: %s]\n", c->label, o->status);
	say_outcome(c, o, &text);
	const struct oc_ask ask = { .session_key = c->parent,
				    .run_id = id,
				    .message = oc_buf_view(&text),
				    .channel = "subagent",
				    .origin = "subagent",
				    .queue = OC_QUEUE_FOLLOWUP,
				    .own_turn = true,
				    .priority = OC_PRIORITY_SUBAGENT,
				    .tainted = foreign };

	if (oc_sessions_ask_wait(c->sessions, &ask, &asked, &e) != OC_OK)
		oc_log(OC_LOG_WARN, "sessions", "the answer of helper %s is not told: %s", c->label,
		       e.msg);
	oc_buf_deinit(&text);
}

static void announce(void *arg)
{
	struct child *c = arg;
	struct oc_run_outcome o = { 0 };

	if (oc_sessions_outcome_wait(c->sessions, c->run_id, OC_NO_DEADLINE, &o) == OC_OK &&
	    strcmp(o.status, "pending") != 0)
		tell_parent_wait(c, &o);
	oc_run_outcome_deinit(&o);
	child_deinit(c);
	free(c);
}

static void announce_later(const struct child *c, struct oc_tool_result *out)
{
	struct child *copy = oc_new(struct child);

	*copy = (struct child){ .key = oc_strdup(c->key),
				.run_id = oc_strdup(c->run_id),
				.label = oc_strdup(c->label),
				.parent = oc_strdup(c->parent),
				.sessions = c->sessions };
	oc_scope_spawn(c->sessions->scope, announce, copy);
	oc_buf_addf(&out->text, "helper %s is at work; its answer comes as a message", c->label);
}

enum oc_rc oc_tool_spawn_wait(struct oc_tool_context *ctx, const json_t *args,
			      struct oc_tool_result *out, struct oc_err *e)
{
	const struct oc_tool_host *host = ctx->host;
	const struct oc_session_run *run = host ? host->run : NULL;
	struct child c = { 0 };
	enum oc_rc rc;

	if (!run || !run->session)
		return oc_fail(e, OC_E_DENIED,
			       "there are helpers only in conversations of the gateway");
	if (!oc_str_trim(oc_json_str(args, "task")).n)
		return oc_fail(e, OC_E_INPUT, "task must say what is to be done");
	rc = check_bounds(run, e);
	if (rc) return rc;
	name_child(&c, run, args);
	rc = inherit_wait(&c, ctx, e);
	if (!rc) rc = start_wait(&c, ctx, run, args, e);
	if (!rc && oc_json_bool(args, "background", false))
		announce_later(&c, out);
	else if (!rc)
		rc = answer_wait(&c, ctx, out, e);
	child_deinit(&c);
	return rc;
}
