/*
 * Texts that look like a tool call of a family that is not promoted (spec 01 §6.2). Detection only:
 * the text stays as it is, a warning tells the operator that the model's template and the server's
 * parser do not fit together.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "model/codec/text_tools.h"

enum { MAX_SCANNED = 20000, MAX_CANDIDATE = 8000, MAX_CANDIDATES = 20, MAX_NAME = 120 };

static const char *const name_keys[] = { "name", "tool_name", "tool", "function_name", NULL };
static const char *const args_keys[] = { "arguments", "args", "input", "parameters", NULL };

/* ---- small scanners --------------------------------------------------------- */

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct oc_str skip_space(struct oc_str s)
{
	size_t n = 0;

	while (n < s.n && oc_is_space(s.p[n])) n++;
	return oc_str_from(s, n);
}

/* A letter or '_', then up to 119 of [A-Za-z0-9_.:-]. */
static size_t name_length(struct oc_str s)
{
	size_t n = 0;

	for (; n < s.n && n < MAX_NAME; n++) {
		char c = s.p[n];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter &&
		    (n == 0 || !((c >= '0' && c <= '9') || c == '.' || c == ':' || c == '-')))
			break;
	}
	return n;
}

static const char *found(const char *kind, struct oc_str name, char **out)
{
	if (out && name.n) *out = oc_strndup(name.p, name.n);
	return kind;
}

/* Position after `"key" :` at or after from, SIZE_MAX when there is none. */
static size_t after_key(struct oc_str s, const char *key, size_t from)
{
	for (size_t at = from; (at = oc_str_ifind(s, oc_str(key), at)) != SIZE_MAX; at++) {
		size_t end = at + strlen(key);

		if (at == 0 || s.p[at - 1] != '"' || end >= s.n || s.p[end] != '"') continue;
		struct oc_str rest = skip_space(oc_str_from(s, end + 1));

		if (rest.n && rest.p[0] == ':') return s.n - rest.n + 1;
	}
	return SIZE_MAX;
}

/* ---- prefilter ------------------------------------------------------------------ */

static bool words(struct oc_str s, const char *first, const char *second)
{
	for (size_t at = 0; (at = oc_str_ifind(s, oc_str(first), at)) != SIZE_MAX; at++) {
		struct oc_str rest = oc_str_from(s, at + strlen(first));

		if (rest.n && (rest.p[0] == ' ' || rest.p[0] == '_' || rest.p[0] == '-'))
			rest = oc_str_from(rest, 1);
		if (oc_str_istarts(rest, oc_str(second))) return true;
	}
	return false;
}

static bool action_label(struct oc_str s)
{
	for (size_t at = 0; (at = oc_str_ifind(s, OC_LIT("action"), at)) != SIZE_MAX; at++) {
		struct oc_str rest = skip_space(oc_str_from(s, at + 6));

		if (rest.n && rest.p[0] == ':') return true;
	}
	return false;
}

static bool worth_a_look(struct oc_str s)
{
	static const char *const keys[] = { "name", "tool_name", "function",   "arguments",
					    "args", "input",	 "parameters", "tool_calls" };

	if (words(s, "tool", "call") || words(s, "function", "call") ||
	    oc_str_ihas(s, "<tool_call") || oc_str_has(s, OC_LIT("[END_TOOL_REQUEST]")) ||
	    action_label(s))
		return true;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (after_key(s, keys[i], 0) != SIZE_MAX) return true;
	return false;
}

/* ---- the kinds -------------------------------------------------------------------- */

static const char *bracketed(struct oc_str s, char **name)
{
	static const struct oc_str end = { "[END_TOOL_REQUEST]", 18 };
	size_t open = oc_str_ifind(s, OC_LIT("[TOOL_CALL]"), 0), at, n;

	if (open != SIZE_MAX && oc_str_ifind(s, OC_LIT("[/TOOL_CALL]"), open) != SIZE_MAX &&
	    oc_str_ifind(s, OC_LIT("args"), open) != SIZE_MAX &&
	    (at = oc_str_ifind(s, OC_LIT("tool =>"), open)) != SIZE_MAX) {
		struct oc_str rest = skip_space(oc_str_from(s, at + 7));

		if (rest.n && rest.p[0] == '"') rest = oc_str_from(rest, 1);
		return found("bracketed_tool_call", oc_str_head(rest, name_length(rest)), name);
	}
	if (s.n == 0 || s.p[0] != '[' || !oc_str_ends(s, end)) return NULL;
	n = name_length(oc_str_from(s, 1));
	if (n == 0 || n + 2 >= s.n || s.p[n + 1] != ']' || !oc_is_space(s.p[n + 2])) return NULL;
	return found("bracketed_tool_call", (struct oc_str){ s.p + 1, n }, name);
}

static const char *xml(struct oc_str s, char **name)
{
	size_t at;
	struct oc_str rest;

	if (!oc_str_ihas(s, "<tool_call")) return NULL;
	if ((at = oc_str_ifind(s, OC_LIT("<function="), 0)) != SIZE_MAX) {
		rest = oc_str_from(s, at + 10);
		if (name_length(rest))
			return found("xml_tool_call", oc_str_head(rest, name_length(rest)), name);
	}
	if ((at = after_key(s, "name", 0)) == SIZE_MAX) return NULL;
	rest = skip_space(oc_str_from(s, at));
	if (rest.n == 0 || rest.p[0] != '"') return NULL;
	rest = oc_str_from(rest, 1);
	return found("xml_tool_call", oc_str_head(rest, name_length(rest)), name);
}

static struct oc_str string_of(const json_t *obj, const char *const *keys)
{
	for (; *keys; keys++) {
		struct oc_str s = oc_str_trim(oc_json_str(obj, *keys));

		if (s.n) return s;
	}
	return OC_LIT("");
}

static bool has_any(const json_t *obj, const char *const *keys)
{
	for (; *keys; keys++)
		if (json_object_get(obj, *keys)) return true;
	return false;
}

static bool call_type(struct oc_str type)
{
	static const char *const types[] = { "tool_call", "toolcall",	   "tool_use",
					     "tooluse",	  "function_call", "functioncall" };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (oc_str_ieq(type, oc_str(types[i]))) return true;
	return false;
}

static bool flat_call(const json_t *obj, struct oc_str *name)
{
	*name = string_of(obj, name_keys);
	return name->n && has_any(obj, args_keys);
}

static bool is_call(const json_t *v, struct oc_str *name);

static bool first_call(const json_t *array, struct oc_str *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach (array, i, item)
		if (json_is_object(item) && is_call(item, name)) return true;
	return false;
}

/* Arrays count by their first item that is a call. Not deeper than two levels, so recursion is
 * bounded. */
static bool is_call(const json_t *v, struct oc_str *name)
{
	const json_t *calls = json_object_get(v, "tool_calls");

	*name = OC_LIT("");
	if (!calls) calls = json_object_get(v, "toolCalls");
	if (json_is_array(calls)) {
		const json_t *first = json_array_get(calls, 0);

		if (!flat_call(json_object_get(first, "function"), name)) flat_call(first, name);
		return true;
	}
	if (flat_call(json_object_get(v, "function"), name) || flat_call(v, name)) return true;
	*name = string_of(v, name_keys);
	return name->n && call_type(oc_json_str(v, "type"));
}

static const char *judge_json(struct oc_str text, char **name)
{
	struct oc_err e = { 0 };
	json_t *v = text.n <= MAX_CANDIDATE ? oc_json_parse(text, NULL, &e) : NULL;
	struct oc_str tool;
	const char *kind = NULL;

	if (json_is_array(v) ? first_call(v, &tool) : json_is_object(v) && is_call(v, &tool))
		kind = found("json_tool_call", tool, name);
	json_decref(v);
	return kind;
}

/* Length of the balanced {…} or […] at the start of s, 0 when it does not close within
 * MAX_CANDIDATE. */
static size_t balanced(struct oc_str s)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < s.n && i < MAX_CANDIDATE; i++) {
		char c = s.p[i];

		if (in_string) {
			if (c == '\\') i++;
			if (c == '"') in_string = false;
			continue;
		}
		if (c == '"') in_string = true;
		if (c == '{' || c == '[') depth++;
		if ((c == '}' || c == ']') && --depth == 0) return i + 1;
	}
	return 0;
}

/* Fenced blocks need no look of their own: their JSON is a balanced span as well. */
static const char *json(struct oc_str s, char **name)
{
	size_t tried = 0;

	for (size_t i = 0; i < s.n && tried < MAX_CANDIDATES; i++) {
		if (s.p[i] != '{' && s.p[i] != '[') continue;
		size_t n = balanced(oc_str_from(s, i));
		const char *kind = n ? judge_json(oc_str_head(oc_str_from(s, i), n), name) : NULL;

		tried++;
		if (kind) return kind;
		if (n) i += n - 1;
	}
	return NULL;
}

static const char *react(struct oc_str s, char **name)
{
	struct oc_str tool = { NULL, 0 };

	while (s.n) {
		size_t end = oc_str_find(s, OC_LIT("\n"), 0);
		struct oc_str line = oc_str_trim(oc_str_head(s, end == SIZE_MAX ? s.n : end));

		s = oc_str_from(s, end == SIZE_MAX ? s.n : end + 1);
		if (tool.n && oc_str_istarts(line, OC_LIT("action input:")))
			return found("react_action", tool, name);
		if (!oc_str_istarts(line, OC_LIT("action"))) continue;
		line = oc_str_from(line, 6);
		while (line.n && blank(line.p[0])) line = oc_str_from(line, 1);
		if (!line.n || line.p[0] != ':') continue;
		line = oc_str_trim(oc_str_from(line, 1));
		tool = oc_str_head(line, name_length(line));
	}
	return NULL;
}

const char *oc_text_tool_suspect(struct oc_str text, char **name)
{
	struct oc_str s = oc_str_trim(oc_str_head(text, MAX_SCANNED));
	const char *kind;

	if (name) *name = NULL;
	if (!worth_a_look(s)) return NULL;
	if ((kind = bracketed(s, name)) || (kind = xml(s, name)) || (kind = json(s, name)))
		return kind;
	return react(s, name);
}
