/*
 * What a refusal teaches. The table is the policy: rows are tried in order, the first that fits and
 * adds something new is what is learnt.
 */
#include "model/call/learning.h"

#include <ctype.h>

struct refusal {
	const struct oc_call_error *error;
	json_t *body;
	struct oc_str message;
	json_t *facts;
	bool text_tools;
	bool unknown_field; /* the words that servers use of a member they do not take */
};

static bool any_of(struct oc_str message, const char *const *words)
{
	for (; *words; words++)
		if (oc_str_ihas(message, *words)) return true;
	return false;
}

/* ---- which member is meant ------------------------------------------------- */

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* As a whole word: "tools" is not in "tools_choice". */
static bool mentions(struct oc_str message, const char *name)
{
	size_t n = strlen(name);

	for (size_t at = 0; (at = oc_str_ifind(message, oc_str(name), at)) != SIZE_MAX; at += n) {
		bool starts = at == 0 || !is_name_char(message.p[at - 1]);
		bool ends = at + n >= message.n || !is_name_char(message.p[at + n]);

		if (starts && ends) return true;
	}
	return false;
}

/* The server does not take this member, which the request has. */
static bool refuses(const struct refusal *r, const char *name)
{
	const char *param = r->error->param;

	if (!r->unknown_field || !json_object_get(r->body, name)) return false;
	return (param && !strcmp(param, name)) || mentions(r->message, name);
}

static bool hinted(const struct refusal *r, const char *hint)
{
	return r->error->hint && !strcmp(r->error->hint, hint);
}

/* ---- what it says of the request -------------------------------------------- */

static bool other_limit_field(const struct refusal *r)
{
	return refuses(r, "max_tokens") && !json_object_get(r->facts, "maxTokensField");
}

static bool old_limit_field(const struct refusal *r)
{
	return refuses(r, "max_completion_tokens") && !json_object_get(r->facts, "maxTokensField");
}

static bool no_stream_options(const struct refusal *r)
{
	return json_object_get(r->body, "stream_options") &&
	       (hinted(r, "no_stream_options") || refuses(r, "stream_options"));
}

/* Ollama's words, on each of its endpoints. */
static bool cannot_think(const struct refusal *r)
{
	return oc_str_ihas(r->message, "does not support thinking");
}

static bool no_effort(const struct refusal *r)
{
	return json_object_get(r->body, "reasoning_effort") &&
	       (hinted(r, "bad_reasoning_effort") || refuses(r, "reasoning_effort") ||
		cannot_think(r));
}

static bool no_think(const struct refusal *r)
{
	return json_object_get(r->body, "think") && cannot_think(r);
}

static bool has_role(json_t *body, const char *role)
{
	const json_t *m;
	size_t i;

	json_array_foreach (json_object_get(body, "messages"), i, m)
		if (oc_str_eq(oc_json_str(m, "role"), oc_str(role))) return true;
	return false;
}

static bool no_developer(const struct refusal *r)
{
	return has_role(r->body, "developer") &&
	       (hinted(r, "no_developer_role") || mentions(r->message, "developer"));
}

static bool has_parts(json_t *body)
{
	const json_t *m;
	size_t i;

	json_array_foreach (json_object_get(body, "messages"), i, m)
		if (json_is_array(json_object_get(m, "content"))) return true;
	return false;
}

static bool string_content(const struct refusal *r)
{
	static const char *const words[] = { "must be a string",  "valid string",
					     "str type expected", "expected string",
					     "content must be",	  NULL };

	return has_parts(r->body) &&
	       (hinted(r, "requires_string_content") || any_of(r->message, words));
}

/* A member of one tool is meant: "tools.0.function.x", "tools[0]". */
static bool inside_tools(const struct refusal *r)
{
	const char *param = r->error->param;

	return oc_str_ihas(r->message, "tools.0") || oc_str_ihas(r->message, "tools[0") ||
	       (param && oc_str_starts(oc_str(param), OC_LIT("tools[")));
}

static bool no_tools(const struct refusal *r)
{
	static const char *const words[] = { "not support tool",     "tools are not supported",
					     "tool calling is not",  "tool use is not",
					     "support tool use",     "without tool support",
					     "not support function", NULL };

	if (!json_object_get(r->body, "tools")) return false;
	if (inside_tools(r)) return false;
	return hinted(r, "no_tools") || any_of(r->message, words) || refuses(r, "tools");
}

static bool tool_member(const struct refusal *r)
{
	return r->unknown_field && inside_tools(r);
}

static bool grammar(const struct refusal *r)
{
	static const char *const words[] = { "failed to parse grammar", "json schema conversion",
					     "pattern must start",	"unable to generate parser",
					     "parsing grammar",		NULL };

	return json_object_get(r->body, "tools") && any_of(r->message, words);
}

static bool grammar_again(const struct refusal *r)
{
	return grammar(r) && json_is_true(json_object_get(r->facts, "simpleToolSchemas"));
}

static bool system_role(const struct refusal *r)
{
	static const char *const words[] = { "system role not supported",
					     "system role is not",
					     "unexpected role 'system'",
					     "invalid role: system",
					     "system messages are not",
					     "does not support system",
					     NULL };

	return has_role(r->body, "system") && any_of(r->message, words);
}

static bool tool_role(const struct refusal *r)
{
	static const char *const words[] = { "alternate",
					     "only user and assistant roles",
					     "unexpected role 'tool'",
					     "invalid role: tool",
					     "tool role",
					     NULL };

	return has_role(r->body, "tool") && any_of(r->message, words);
}

static bool template(const struct refusal *r)
{
	static const char *const words[] = { "jinja",
					     "roles must alternate",
					     "only user and assistant roles",
					     "raise_exception",
					     "chat template",
					     "chat_template",
					     NULL };

	return any_of(r->message, words);
}

static bool message_keys(const struct refusal *r)
{
	return r->unknown_field &&
	       (mentions(r->message, "reasoning_content") || mentions(r->message, "messages") ||
		(r->error->param && oc_str_starts(oc_str(r->error->param), OC_LIT("messages"))));
}

static bool strict(const struct refusal *r)
{
	return r->unknown_field && mentions(r->message, "strict");
}

/* Of the members that a request can do without. */
static bool dispensable(const char *key)
{
	static const char *const needed[] = { "model", "messages", "stream", "tools", "input" };

	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		if (!strcmp(key, needed[i])) return false;
	return true;
}

static bool any_member(const struct refusal *r)
{
	const char *key;
	json_t *v;

	json_object_foreach (r->body, key, v)
		if (dispensable(key) && refuses(r, key)) return true;
	return false;
}

static bool unnamed_member(const struct refusal *r)
{
	return r->unknown_field && r->error->status < 500;
}

/* ---- what follows from it --------------------------------------------------- */

static bool put(json_t *facts, const char *key, json_t *value)
{
	bool news = !json_equal(json_object_get(facts, key), value);

	oc_json_put(facts, key, value);
	return news;
}

static bool leave_out(json_t *facts, const char *key)
{
	json_t *list = json_object_get(facts, "unsupportedParams");
	const json_t *known;
	size_t i;

	if (!list) {
		list = json_array();
		oc_json_put(facts, "unsupportedParams", list);
	}
	json_array_foreach (list, i, known)
		if (oc_str_eq(oc_json_text(known), oc_str(key))) return false;
	json_array_append_new(list, json_string(key));
	return true;
}

static bool learn_completion_tokens(const struct refusal *r)
{
	return put(r->facts, "maxTokensField", json_string("max_completion_tokens"));
}

static bool learn_max_tokens(const struct refusal *r)
{
	return put(r->facts, "maxTokensField", json_string("max_tokens"));
}

static bool learn_no_usage(const struct refusal *r)
{
	return put(r->facts, "supportsUsageInStreaming", json_false());
}

static bool learn_no_effort(const struct refusal *r)
{
	return put(r->facts, "supportsReasoningEffort", json_false());
}

static bool learn_no_think(const struct refusal *r)
{
	return leave_out(r->facts, "think");
}

static bool learn_no_developer(const struct refusal *r)
{
	return put(r->facts, "supportsDeveloperRole", json_false());
}

static bool learn_string_content(const struct refusal *r)
{
	return put(r->facts, "requiresStringContent", json_true());
}

static bool learn_text_tools(const struct refusal *r)
{
	if (!r->text_tools) {
		bool news = leave_out(r->facts, "tools");

		return leave_out(r->facts, "tool_choice") || news;
	}
	return put(r->facts, "toolProtocol", json_string("text"));
}

static bool learn_simple_schemas(const struct refusal *r)
{
	return put(r->facts, "simpleToolSchemas", json_true());
}

static bool learn_no_system(const struct refusal *r)
{
	return put(r->facts, "systemRole", json_string("user-prefix"));
}

static bool learn_no_tool_role(const struct refusal *r)
{
	return put(r->facts, "toolRole", json_string("user"));
}

/* A template that fails for a reason it does not tell gets the plainest conversation there is. */
static bool learn_plain(const struct refusal *r)
{
	bool news = learn_no_system(r);

	news |= learn_no_tool_role(r);
	if (json_object_get(r->body, "tools")) news |= learn_text_tools(r);
	return news;
}

static bool learn_message_keys(const struct refusal *r)
{
	return put(r->facts, "strictMessageKeys", json_true());
}

static bool learn_no_strict(const struct refusal *r)
{
	return put(r->facts, "supportsStrictMode", json_false());
}

/* All that are named at once. */
static bool learn_members(const struct refusal *r)
{
	bool news = false;
	const char *key;
	json_t *v;

	json_object_foreach (r->body, key, v)
		if (dispensable(key) && refuses(r, key)) news |= leave_out(r->facts, key);
	return news;
}

/* Something is not taken, and nobody says what: nothing is left but the conversation. */
static bool learn_bare(const struct refusal *r)
{
	bool news = put(r->facts, "strictMessageKeys", json_true());
	const char *key;
	json_t *v;

	json_object_foreach (r->body, key, v)
		if (dispensable(key) && strcmp(key, "max_tokens") != 0 &&
		    strcmp(key, "tool_choice") != 0)
			news |= leave_out(r->facts, key);
	if (json_object_get(r->body, "tools")) news |= learn_text_tools(r);
	return news;
}

static const struct {
	const char *name;
	bool (*fits)(const struct refusal *r);
	bool (*learn)(const struct refusal *r); /* false: that was known, it does not help */
} rows[] = {
	{ "max_completion_tokens", other_limit_field, learn_completion_tokens },
	{ "max_tokens", old_limit_field, learn_max_tokens },
	{ "no_stream_options", no_stream_options, learn_no_usage },
	{ "no_reasoning_effort", no_effort, learn_no_effort },
	{ "no_think", no_think, learn_no_think },
	{ "no_developer_role", no_developer, learn_no_developer },
	{ "requires_string_content", string_content, learn_string_content },
	{ "grammar", grammar_again, learn_text_tools },
	{ "grammar", grammar, learn_simple_schemas },
	{ "no_tools", no_tools, learn_text_tools },
	{ "no_system_role", system_role, learn_no_system },
	{ "no_tool_role", tool_role, learn_no_tool_role },
	{ "template", template, learn_plain },
	{ "bad_param", any_member, learn_members },
	{ "strict", strict, learn_no_strict },
	{ "grammar", tool_member, learn_simple_schemas },
	{ "message_keys", message_keys, learn_message_keys },
	{ "bad_param", unnamed_member, learn_bare },
};

/* Refusals of what was asked; the others say nothing of its shape. */
static bool teaches(const struct oc_call_error *e)
{
	switch (e->class) {
	case OC_ERR_BAD_REQUEST:
	case OC_ERR_UNSUPPORTED_PARAM:
	case OC_ERR_SERVER_ERROR:
	case OC_ERR_ENDPOINT_MISSING: return true;
	default: return false;
	}
}

static bool speaks_of_members(const struct oc_call_error *e)
{
	static const char *const words[] = {
		"extra inputs",	    "extra field",	"extra_forbidden",
		"not permitted",    "unsupported",	"unknown name",
		"unknown field",    "unknown param",	"unknown arg",
		"unknown key",	    "unrecognized",	"unrecognised",
		"not supported",    "does not support", "additional propert",
		"unexpected field", "unexpected keyw",	"unexpected param",
		"unexpected prop",  "not allowed",	"invalid field",
		"invalid param",    "were unexpected",	"was unexpected",
		"unknown member",   "not implemented",	NULL
	};

	return e->status < 500 && any_of(oc_str(e->message), words);
}

const char *oc_learn(const struct oc_call_error *error, json_t *body, bool text_tools,
		     json_t *facts)
{
	const struct refusal r = { .error = error,
				   .body = body,
				   .message = oc_str(error->message),
				   .facts = facts,
				   .text_tools = text_tools,
				   .unknown_field = speaks_of_members(error) };

	if (!teaches(error)) return NULL;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].fits(&r) && rows[i].learn(&r)) return rows[i].name;
	return NULL;
}

json_t *oc_compat_join(json_t *discovered, json_t *learnt, json_t *configured)
{
	json_t *all = json_is_object(discovered) ? json_copy(discovered) : json_object();

	if (json_is_object(learnt)) json_object_update(all, learnt);
	if (json_is_object(configured)) json_object_update(all, configured);
	return all;
}
