/* Finds the command that a message begins with, and runs it. */
#include "gateway/commands/command.h"

#include <ctype.h>
#include <stdlib.h>

#include "agent/run/settings.h"
#include "agent/skill/skills.h"
#include "base/limits.h"
#include "base/mem.h"

static bool is_named(const struct oc_chat_row *row, struct oc_str name)
{
	if (oc_str_ieq(oc_str(row->name), name)) return true;
	for (const char *const *alias = row->aliases; *alias; alias++)
		if (oc_str_ieq(oc_str(*alias), name)) return true;
	return false;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* "/model: x" is the same as "/model x". */
static bool cut_name(struct oc_str text, struct oc_str *name, struct oc_str *rest)
{
	size_t n = 0;

	if (!text.n || text.p[0] != '/') return false;
	*name = oc_str_from(text, 1);
	while (n < name->n && is_name_char(name->p[n])) n++;
	*rest = oc_str_from(*name, n);
	if (rest->n && rest->p[0] == ':') *rest = oc_str_from(*rest, 1);
	if (rest->n && !oc_is_space(rest->p[0])) return false; /* "/etc/passwd" is no command */
	*rest = oc_str_trim(*rest);
	*name = oc_str_head(*name, n);
	return n > 0;
}

static const struct oc_chat_row *find(struct oc_str text, struct oc_str *rest)
{
	struct oc_str name;

	if (!cut_name(text, &name, rest)) return NULL;
	for (const struct oc_chat_row *row = oc_chat_rows; row->name; row++)
		if (is_named(row, name)) return row;
	return NULL;
}

/* What "/name what to do" comes down to for a skill that people may call; NULL when it is none. */
static char *skill_request_wait(struct oc_gateway *gw, const char *session_key, struct oc_str text)
{
	struct oc_str name, rest;
	const struct oc_skill *skill;
	struct oc_snapshot *snapshot;
	struct oc_skills skills;
	struct oc_err e = { 0 };
	char *agent, *request = NULL;

	if (!cut_name(oc_str_trim(text), &name, &rest)) return NULL;
	snapshot = oc_gateway_snapshot(gw);
	agent = oc_session_key_agent(session_key);
	if (!oc_skills_of_wait(&snapshot->config, agent, &skills, &e)) {
		skill = oc_skills_command(&skills, name);
		if (skill) request = oc_skill_request(skill, rest);
		oc_skills_deinit(&skills);
	}
	free(agent);
	oc_snapshot_unref(snapshot);
	return request;
}

bool oc_chat_calls_skill_wait(struct oc_gateway *gw, const char *session_key, struct oc_str text)
{
	char *request = skill_request_wait(gw, session_key, text);

	free(request);
	return request != NULL;
}

enum oc_rc oc_chat_command_wait(const struct oc_chat_ask *ask, struct oc_chat_answer *out)
{
	struct oc_command_ask a = { .chat = ask, .gw = ask->gw, .answer = out };
	struct oc_err e = { 0 };
	enum oc_rc rc;

	*out = (struct oc_chat_answer){ 0 };
	oc_buf_init(&out->text, OC_MAX_REPLY_BYTES);
	a.row = find(oc_str_trim(ask->text), &a.rest);
	if (!a.row) {
		out->message = skill_request_wait(ask->gw, ask->session_key, ask->text);
		out->is_command = out->message != NULL;
		return OC_OK;
	}
	out->is_command = true;
	if (a.row->admin && !ask->admin) {
		oc_command_say(&a, "/%s needs the scope operator.admin.", a.row->name);
		return OC_OK;
	}
	a.snapshot = oc_gateway_snapshot(ask->gw);
	rc = oc_store_session_wait(ask->gw->store, ask->session_key, &a.session, &e);
	if (rc == OC_E_NOT_FOUND) a.session.agent = oc_session_key_agent(ask->session_key);
	if (rc && rc != OC_E_NOT_FOUND)
		oc_command_say(&a, "The session cannot be read: %s", e.msg);
	else
		rc = a.row->run_wait(&a);
	oc_session_record_deinit(&a.session);
	oc_snapshot_unref(a.snapshot);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

void oc_chat_answer_deinit(struct oc_chat_answer *a)
{
	oc_buf_deinit(&a->text);
	free(a->message);
	oc_strv_deinit(&a->aborted);
}

/* ---- for the rows ---- */

void oc_command_say(struct oc_command_ask *a, const char *fmt, ...)
{
	va_list ap;
	char text[4096];

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	oc_buf_adds(&a->answer->text, text);
}

struct oc_str oc_command_word(struct oc_command_ask *a)
{
	size_t n = 0;
	struct oc_str word;

	while (n < a->rest.n && !oc_is_space(a->rest.p[n])) n++;
	word = oc_str_head(a->rest, n);
	a->rest = oc_str_trim(oc_str_from(a->rest, n));
	return word;
}

const char *oc_command_setting(const struct oc_command_ask *a, const char *key)
{
	return a->session.settings ? oc_json_cstr(a->session.settings, key) : NULL;
}

bool oc_command_patch_wait(struct oc_command_ask *a, json_t *patch)
{
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_sessions_patch_wait(a->gw->sessions, a->chat->session_key, patch, &e);

	json_decref(patch);
	if (rc) oc_command_say(a, "%s", e.msg);
	return rc == OC_OK;
}

bool oc_command_set_wait(struct oc_command_ask *a, const char *key, const char *value)
{
	json_t *patch = json_object();

	json_object_set_new(patch, key, value ? json_string(value) : json_null());
	return oc_command_patch_wait(a, patch);
}

enum oc_rc oc_command_default_model(const struct oc_command_ask *a, struct oc_selection *out,
				    struct oc_err *e)
{
	struct oc_agent_settings s;
	enum oc_rc rc = oc_agent_settings_init(&s, &a->snapshot->config, a->session.agent, e);

	if (rc) return rc;
	rc = s.model ? oc_select(&a->snapshot->catalog, oc_str(s.model), out, NULL, e)
		     : oc_select_default(&a->snapshot->catalog, out, NULL, e);
	oc_agent_settings_deinit(&s);
	return rc;
}

enum oc_rc oc_command_model(const struct oc_command_ask *a, struct oc_selection *out,
			    struct oc_err *e)
{
	const char *chosen = oc_command_setting(a, "model");

	if (chosen) return oc_select(&a->snapshot->catalog, oc_str(chosen), out, NULL, e);
	return oc_command_default_model(a, out, e);
}

void oc_command_tokens(struct oc_buf *out, int64_t n)
{
	if (n < 1000)
		oc_buf_addf(out, "%lld", (long long)n);
	else if (n < 1000000)
		oc_buf_addf(out, "%.1fk", (double)n / 1000);
	else
		oc_buf_addf(out, "%.1fM", (double)n / 1000000);
}

/* ---- commands.list ---- */

static json_t *list_of_aliases(const struct oc_chat_row *row)
{
	json_t *aliases = json_array();

	json_array_append_new(aliases, json_sprintf("/%s", row->name));
	for (const char *const *alias = row->aliases; *alias; alias++)
		json_array_append_new(aliases, json_sprintf("/%s", *alias));
	return aliases;
}

static json_t *list_of_choices(const char *choices)
{
	json_t *list = json_array();

	while (*choices) {
		size_t n = strcspn(choices, "|");
		json_t *one = json_object();

		oc_json_put(one, "value", json_stringn(choices, n));
		oc_json_put(one, "label", json_stringn(choices, n));
		json_array_append_new(list, one);
		choices += n + (choices[n] == '|');
	}
	return list;
}

static json_t *list_of_args(const struct oc_chat_row *row)
{
	json_t *list = json_array(), *one = json_object();

	oc_json_put(one, "name", json_string("args"));
	oc_json_put(one, "description", json_string(row->args));
	oc_json_put(one, "type", json_string("string"));
	oc_json_put(one, "required", json_boolean(row->args[0] == '<'));
	if (row->choices) oc_json_put(one, "choices", list_of_choices(row->choices));
	json_array_append_new(list, one);
	return list;
}

static json_t *entry(const struct oc_chat_row *row, bool with_args)
{
	json_t *e = json_object();

	oc_json_put(e, "name", json_string(row->name));
	oc_json_put(e, "nativeName", json_string(row->name));
	oc_json_put(e, "textAliases", list_of_aliases(row));
	oc_json_put(e, "description", json_string(row->help));
	oc_json_put(e, "category", json_string(row->category));
	oc_json_put(e, "source", json_string("native"));
	oc_json_put(e, "scope", json_string("both"));
	oc_json_put(e, "acceptsArgs", json_boolean(row->args != NULL));
	if (with_args && row->args) oc_json_put(e, "args", list_of_args(row));
	return e;
}

json_t *oc_chat_command_list(bool with_args)
{
	json_t *list = json_array();

	for (const struct oc_chat_row *row = oc_chat_rows; row->name; row++)
		json_array_append_new(list, entry(row, with_args));
	return list;
}
