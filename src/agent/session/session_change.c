/* What is changed of a session but its conversation: what a person chose, boundaries, its end. */
#include <stdlib.h>

#include "agent/run/target.h"
#include "agent/session/session.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/codec/reasoning.h"

enum { MAX_LABEL_CHARS = 512, MAX_CAP = 1000, MAX_DEBOUNCE_MS = 600000 };

/* ---- values ---- */

struct patch {
	const struct oc_snapshot *snapshot;
	const json_t *changes;
};

static enum oc_rc refuse(const char *name, const char *options, struct oc_err *e)
{
	return oc_fail(e, OC_E_INPUT, "invalid %s (use %s)", name, options);
}

static bool is_option(const char *options, struct oc_str value)
{
	struct oc_str rest = oc_str(options);

	while (rest.n) {
		size_t bar = oc_str_find(rest, OC_LIT("|"), 0);

		if (oc_str_eq(oc_str_head(rest, bar), value)) return true;
		rest = bar == SIZE_MAX ? (struct oc_str){ 0 } : oc_str_from(rest, bar + 1);
	}
	return false;
}

static const struct {
	const char *name, *options;
} choices[] = {
	{ "verboseLevel", "on|off|full" },
	{ "traceLevel", "on|off|raw" },
	{ "reasoningLevel", "on|off|stream" },
	{ "responseUsage", "on|off|tokens|full" },
	{ "elevatedLevel", "on|off|ask|full" },
	{ "sendPolicy", "allow|deny" },
	{ "queueMode", "steer|followup|collect|interrupt" },
	{ "queueDrop", "summarize|old|new" },
};
static const struct {
	const char *name;
	int64_t min, max;
} counts[] = { { "queueCap", 1, MAX_CAP }, { "queueDebounceMs", 0, MAX_DEBOUNCE_MS } };

static enum oc_rc check_choice(const char *name, const json_t *v, struct oc_err *e)
{
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
		if (!strcmp(choices[i].name, name) &&
		    !is_option(choices[i].options, oc_json_text(v)))
			return refuse(name, choices[i].options, e);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		int64_t n = json_is_integer(v) ? json_integer_value(v) : INT64_MIN;

		if (!strcmp(counts[i].name, name) && (n < counts[i].min || n > counts[i].max))
			return oc_fail(e, OC_E_INPUT, "invalid %s (use %lld to %lld)", name,
				       (long long)counts[i].min, (long long)counts[i].max);
	}
	if (json_is_object(v) || json_is_array(v))
		return oc_fail(e, OC_E_INPUT, "invalid %s", name);
	if (json_string_length(v) > MAX_LABEL_CHARS)
		return oc_fail(e, OC_E_INPUT, "%s is longer than %d characters", name,
			       MAX_LABEL_CHARS);
	return OC_OK;
}

/* ---- the model, and how much it thinks ---- */

/* The choice as it is kept: the full reference, so that a changed alias does not move the session.
 */
static enum oc_rc resolve_model(const struct oc_snapshot *s, struct oc_str wanted, json_t **out,
				struct oc_err *e)
{
	struct oc_strv warnings = { 0 };
	struct oc_selection target;
	enum oc_rc rc = oc_select(&s->catalog, wanted, &target, &warnings, e);

	for (size_t i = 0; i < warnings.n; i++) oc_log(OC_LOG_WARN, "models", "%s", warnings.v[i]);
	oc_strv_deinit(&warnings);
	if (rc) return oc_session_wrong_input(e);
	if (!oc_model_allowed(&s->catalog, target.key))
		rc = oc_fail(e, OC_E_INPUT,
			     "model %s is not allowed (agents.defaults.modelPolicy.allow)",
			     target.key);
	if (!rc) {
		char *text = target.profile ? oc_asprintf("%s@%s", target.key, target.profile)
					    : oc_strdup(target.key);

		*out = oc_json_new_str(oc_str(text));
		free(text);
	}
	oc_selection_deinit(&target);
	return rc;
}

static bool select_for(const struct oc_snapshot *s, const json_t *settings, const char *agent,
		       struct oc_selection *out)
{
	const char *chosen = oc_json_cstr(settings, "model");
	struct oc_strv warnings = { 0 };
	struct oc_agent_settings a;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_agent_settings_init(&a, &s->config, agent, &e);

	if (!rc && !chosen) chosen = a.model;
	if (!rc) {
		rc = chosen ? oc_select(&s->catalog, oc_str(chosen), out, &warnings, &e)
			    : oc_select_default(&s->catalog, out, &warnings, &e);
		oc_agent_settings_deinit(&a);
	}
	oc_strv_deinit(&warnings);
	return rc == OC_OK;
}

static enum oc_rc check_thinking(const struct oc_snapshot *s, const struct oc_session_record *r,
				 const json_t *v, struct oc_err *e)
{
	struct oc_selection target;
	bool has = true;

	if (!json_is_string(v) || !oc_thinking_level_valid(oc_json_text(v)))
		return refuse("thinkingLevel", oc_thinking_levels, e);
	if (select_for(s, r->settings, r->agent, &target)) {
		has = oc_target_thinks(&target, json_string_value(v));
		if (!has)
			oc_fail(e, OC_E_INPUT,
				"invalid thinkingLevel: %s has no level \"%s\" (use off, minimal, "
				"low, medium, high)",
				target.key, json_string_value(v));
		oc_selection_deinit(&target);
	}
	return has ? OC_OK : OC_E_INPUT;
}

/* ---- patch ---- */

static bool set_mark(const json_t *v, int64_t *ms)
{
	if (json_is_null(v) || json_is_false(v))
		*ms = 0;
	else if (json_is_true(v))
		*ms = *ms ? *ms : oc_wall_ms();
	else
		return false;
	return true;
}

static enum oc_rc set_label(struct oc_session_record *r, const json_t *v, struct oc_err *e)
{
	struct oc_str text = oc_str_trim(oc_json_text(v));

	if (!json_is_null(v) && (!json_is_string(v) || text.n > MAX_LABEL_CHARS))
		return oc_fail(e, OC_E_INPUT, "label must be text of at most %d characters",
			       MAX_LABEL_CHARS);
	free(r->label);
	r->label = text.n ? oc_strndup(text.p, text.n) : NULL;
	return OC_OK;
}

/* Members of the record itself. *mine: it is one. */
static enum oc_rc set_member(struct oc_session_record *r, const char *name, const json_t *v,
			     bool *mine, struct oc_err *e)
{
	const struct {
		const char *name;
		int64_t *ms;
	} marks[] = { { "pinned", &r->pinned_ms }, { "archived", &r->archived_ms } };

	*mine = true;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (!strcmp(marks[i].name, name))
			return set_mark(v, marks[i].ms) ? OC_OK : refuse(name, "true|false", e);
	if (!strcmp(name, "label")) return set_label(r, v, e);
	*mine = !strcmp(name, "unread");
	if (!*mine) return OC_OK;
	if (!json_is_boolean(v)) return refuse(name, "true|false", e);
	r->unread = json_is_true(v);
	return OC_OK;
}

static enum oc_rc set_setting(const struct patch *p, struct oc_session_record *r, const char *name,
			      json_t *v, struct oc_err *e)
{
	json_t *value = NULL;
	enum oc_rc rc;

	if (json_is_null(v)) {
		json_object_del(r->settings, name);
		return OC_OK;
	}
	if (!strcmp(name, "model")) {
		if (!json_is_string(v)) return refuse(name, "a model reference", e);
		rc = resolve_model(p->snapshot, oc_json_text(v), &value, e);
	} else {
		rc = !strcmp(name, "thinkingLevel") ? check_thinking(p->snapshot, r, v, e)
						    : check_choice(name, v, e);
		if (!rc) value = json_incref(v);
	}
	if (!rc) json_object_set_new(r->settings, name, value);
	return rc;
}

/* The model comes first: the levels of thought are those of the new one. */
static enum oc_rc apply_patch(void *arg, struct oc_session_record *r, struct oc_err *e)
{
	const struct patch *p = arg;
	json_t *model = json_object_get(p->changes, "model"), *v;
	enum oc_rc rc = OC_OK;
	const char *name;

	if (!r->settings) r->settings = json_object();
	if (model) rc = set_setting(p, r, "model", model, e);
	json_object_foreach ((json_t *)(uintptr_t)p->changes, name, v) {
		bool mine;

		if (rc || !strcmp(name, "model")) continue;
		rc = set_member(r, name, v, &mine, e);
		if (!rc && !mine) rc = set_setting(p, r, name, v, e);
	}
	r->updated_ms = oc_wall_ms();
	return rc;
}

/* Opens the session of that key, made when it is missing. Let go of it. */
static enum oc_rc open_wait(struct oc_sessions *s, const char *key, struct oc_session **out,
			    bool *made, struct oc_err *e)
{
	char *agent = oc_session_key_agent(key);
	struct oc_session_record r;
	enum oc_rc rc = oc_store_session_open_wait(s->spec.store, key, agent, &r, made, e);

	free(agent);
	if (rc) return rc;
	*out = oc_session_use(s, &r);
	oc_session_record_deinit(&r);
	return OC_OK;
}

enum oc_rc oc_sessions_patch_wait(struct oc_sessions *s, const char *key, const json_t *patch,
				  struct oc_err *e)
{
	struct oc_snapshot *snapshot = s->spec.snapshot(s->spec.arg);
	struct patch p = { snapshot, patch };
	struct oc_session *session = NULL;
	bool made = false;
	enum oc_rc rc = open_wait(s, key, &session, &made, e);

	if (!rc) {
		rc = oc_session_change_wait(session, apply_patch, &p, NULL, e);
		oc_session_let_go(session);
	}
	oc_snapshot_unref(snapshot);
	if (!rc) oc_session_tell_change(s, key, made ? "create" : "patch");
	return rc;
}

/* ---- boundaries ---- */

void oc_session_set_boundary(struct oc_session_record *r)
{
	r->boundary_seq = r->last_seq;
	r->epoch = 0;
	r->prompt_tokens = 0;
	r->input_tokens = r->output_tokens = 0;
	free(r->title);
	r->title = NULL;
	r->updated_ms = oc_wall_ms();
}

static enum oc_rc set_boundary(void *arg, struct oc_session_record *r, struct oc_err *e)
{
	(void)arg, (void)e;
	oc_session_set_boundary(r);
	return OC_OK;
}

static void stop_all_wait(struct oc_sessions *s, const char *key)
{
	struct oc_session *session = oc_session_find(s, key);
	struct oc_strv aborted = { 0 };

	if (session) oc_session_idle_end(session);
	oc_sessions_abort_wait(s, key, NULL, true, "stop", &aborted);
	oc_processes_end_wait(s->processes, key);
	oc_strv_deinit(&aborted);
}

enum oc_rc oc_sessions_reset_wait(struct oc_sessions *s, const char *key, const char *reason,
				  struct oc_err *e)
{
	struct oc_session *session;
	enum oc_rc rc = open_wait(s, key, &session, NULL, e);

	if (rc) return rc;
	stop_all_wait(s, key);
	oc_gate_enter_wait(&session->order);
	rc = oc_session_change_wait(session, set_boundary, NULL, NULL, e);
	oc_gate_leave(&session->order);
	oc_session_let_go(session);
	if (!rc) oc_session_tell_change(s, key, reason && *reason ? reason : "reset");
	return rc;
}

/* "agent:<agent>:main" */
static bool is_main(const char *key)
{
	char *agent = oc_session_key_agent(key), *own = oc_asprintf("agent:%s:main", agent);
	bool same = !strcmp(own, key);

	free(agent);
	free(own);
	return same;
}

enum oc_rc oc_sessions_delete_wait(struct oc_sessions *s, const char *key, struct oc_err *e)
{
	struct oc_session *session = oc_session_find(s, key);
	enum oc_rc rc;

	if (is_main(key))
		return oc_fail(e, OC_E_INPUT,
			       "the main session cannot be deleted; reset it instead");
	if (session) session->users++;
	stop_all_wait(s, key);
	rc = oc_store_session_delete_wait(s->spec.store, key, e);
	if (session) {
		oc_fallback_state_deinit(&session->fallback);
		session->fallback = (struct oc_fallback_state){ 0 };
		oc_session_let_go(session);
	}
	if (!rc) oc_session_tell_change(s, key, "delete");
	return rc;
}

/* ---- words that the model never sees ---- */

enum oc_rc oc_sessions_inject_wait(struct oc_sessions *s, const char *key, json_t *body,
				   struct oc_stored_message *out, struct oc_err *e)
{
	struct oc_session *session;
	enum oc_rc rc = open_wait(s, key, &session, NULL, e);

	*out = (struct oc_stored_message){ 0 };
	if (rc) return rc;
	out->body = json_incref(body);
	out->flags = OC_MSG_HIDDEN_FROM_MODEL;
	struct oc_store_writes w = { .messages = out, .n = 1 };
	rc = oc_session_write_wait(session, &w, e);
	if (rc) oc_stored_message_deinit(out);
	const struct oc_run_event event = { .kind = OC_RUN_MESSAGE,
					    .session_key = key,
					    .message = out };

	if (!rc && s->spec.watch) s->spec.watch(s->spec.arg, &event);
	oc_session_let_go(session);
	return rc;
}

/* ---- compaction ---- */

static struct oc_session_run *compaction_run(struct oc_sessions *s, struct oc_session *session,
					     const struct oc_session_compaction *how)
{
	const struct oc_ask ask = { .channel = "compact" };
	struct oc_input *input = oc_input_new(&ask);
	struct oc_session_run *run;
	char id[OC_ID_CHARS + 1];

	oc_uuid(id);
	input->run_id = oc_strdup(id);
	input->session_key = oc_strdup(session->key);
	input->agent = oc_strdup(session->agent);
	session->users++;
	run = oc_session_run_new(s, session, input);
	run->compaction = how;
	return run;
}

static void take_result(const struct oc_session_run *run, struct oc_compacted *out)
{
	const struct oc_agent_result *r = &run->result;

	out->tokens_before = r->tokens_before;
	out->tokens_after = r->tokens_after;
	out->compacted = r->tokens_after < r->tokens_before;
	out->summary = r->summary ? oc_strdup(r->summary) : NULL;
}

static enum oc_rc run_compaction_wait(struct oc_session *session, const char *instructions,
				      struct oc_compacted *out, struct oc_err *e)
{
	const struct oc_session_compaction how = { instructions };
	struct oc_session_run *run = NULL;
	enum oc_rc rc;

	oc_gate_enter_wait(&session->order);
	if (session->active) {
		oc_gate_leave(&session->order);
		return oc_fail(e, OC_E_DENIED,
			       "a run of this session is under way; compact when it has ended");
	}
	run = compaction_run(session->owner, session, &how);
	run->users++;
	rc = oc_session_run_start_wait(run, e);
	oc_gate_leave(&session->order);
	if (rc) oc_session_run_end_idle(run, "error");
	if (run->state != OC_RUN_ENDED && oc_bell_wait(&run->ended, OC_NO_DEADLINE) != OC_OK) {
		oc_session_run_abort_wait(run, "disconnect");
		oc_bell_sure_wait(&run->ended);
	}
	run->users--;
	run->compaction = NULL;
	if (rc) return rc;
	take_result(run, out);
	if (run->rc) *e = run->error;
	return run->rc;
}

enum oc_rc oc_sessions_compact_wait(struct oc_sessions *s, const char *key,
				    const char *instructions, struct oc_compacted *out,
				    struct oc_err *e)
{
	struct oc_session *session;
	struct oc_session_record r;
	enum oc_rc rc = oc_store_session_wait(s->spec.store, key, &r, e);

	*out = (struct oc_compacted){ 0 };
	if (rc) return rc;
	session = oc_session_use(s, &r);
	oc_session_record_deinit(&r);
	rc = run_compaction_wait(session, instructions, out, e);
	oc_session_let_go(session);
	if (!rc && out->compacted) oc_session_tell_change(s, key, "compact");
	return rc;
}
