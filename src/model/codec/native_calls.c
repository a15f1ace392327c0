/*
 * What is in a native form: names that must be offered, arguments that must be an object, mended
 * where a model's habits are known. A form is taken as a whole or not at all.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/codec/native_python.h"
#include "model/codec/native_tools.h"
#include "model/codec/tool_calls.h"
#include "json/repair.h"

enum { MAX_CALLS = 64 };

struct call {
	const char *name; /* borrowed from the tools */
	json_t *args;	  /* NULL = not to be read */
	struct oc_str raw;
};
/* The calls of one form while they are read. */
struct reading {
	const struct oc_native_rules *rules;
	struct call v[MAX_CALLS];
	size_t n;
	bool cut;    /* the text ended in it: an open string is closed */
	bool unfit;  /* something in it is no call of an offered tool */
	bool broken; /* it is one, but its arguments are not to be read */
};

/* ---- names --------------------------------------------------------------------- */

static const char *offered(const struct oc_strv *tools, struct oc_str name)
{
	const char *found = NULL;
	size_t n = 0;

	for (size_t i = 0; tools && i < tools->n; i++) {
		if (oc_str_eq(oc_str(tools->v[i]), name)) return tools->v[i];
		if (!oc_str_ieq(oc_str(tools->v[i]), name)) continue;
		found = tools->v[i];
		n++;
	}
	return n == 1 ? found : NULL;
}

static struct oc_str without_prefix(struct oc_str name)
{
	static const char *const prefixes[] = { "functions.", "tools.", "default_api." };

	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (oc_str_starts(name, oc_str(prefixes[i])))
			return oc_str_from(name, strlen(prefixes[i]));
	return name;
}

/* "read:0" and "read_1" are the first and second "read". */
static struct oc_str without_counter(struct oc_str name)
{
	size_t n = name.n;

	while (n > 0 && name.p[n - 1] >= '0' && name.p[n - 1] <= '9') n--;
	if (n < 2 || n == name.n || !strchr(":_-.", name.p[n - 1])) return name;
	return oc_str_head(name, n - 1);
}

const char *oc_native_resolve(const struct oc_strv *tools, struct oc_str name)
{
	const char *found = offered(tools, name);

	if (!found) found = offered(tools, name = without_prefix(name));
	return found ? found : offered(tools, without_counter(name));
}

/* ---- arguments ------------------------------------------------------------------- */

static json_t *strict(struct oc_str text)
{
	struct oc_err ignored = { 0 };
	json_t *v = oc_json_parse(text, NULL, &ignored);

	if (json_is_null(v)) {
		json_decref(v);
		return json_object();
	}
	if (json_is_object(v)) return v;
	json_decref(v);
	return NULL;
}

static json_t *object_of(const struct reading *r, struct oc_str text)
{
	struct oc_json_repair repair = { .close_brackets = true, .close_strings = r->cut };
	json_t *v;

	text = oc_str_trim(text);
	if (text.n == 0) return json_object();
	if ((v = strict(text))) return v;
	return oc_json_repair(&repair, text);
}

static void add_parsed(struct reading *r, struct oc_str name, json_t *args, struct oc_str raw)
{
	const char *tool = oc_native_resolve(r->rules->tools, oc_str_trim(name));

	if (!tool || r->n == MAX_CALLS || raw.n > OC_MAX_TOOL_ARGS_BYTES) {
		r->unfit = true;
		json_decref(args);
		return;
	}
	r->broken = r->broken || !args;
	r->v[r->n++] = (struct call){ tool, args, raw };
}

static void add(struct reading *r, struct oc_str name, struct oc_str arguments)
{
	add_parsed(r, name, object_of(r, arguments), arguments);
}

/* ---- JSON -------------------------------------------------------------------------- */

/* A string that names the function, or an object that holds the call. */
static const json_t *call_in(const json_t *v)
{
	const json_t *inner = json_object_get(v, "function");

	return json_is_object(inner) ? inner : v;
}

static void add_object(struct reading *r, const json_t *v, struct oc_str raw)
{
	const json_t *call = call_in(v), *args = json_object_get(call, "arguments");
	struct oc_str name = oc_json_str(call, "name");

	if (!args) args = json_object_get(call, "parameters");
	if (!name.n) name = oc_json_str(call, "function");
	if (json_is_string(args)) {
		add_parsed(r, name, object_of(r, oc_json_text(args)), raw);
	} else if (!args || json_is_null(args)) {
		add_parsed(r, name, json_object(), raw);
	} else {
		add_parsed(r, name, json_is_object(args) ? json_deep_copy(args) : NULL, raw);
	}
}

/* Lists are wrapped into an object, as objects are what can be mended. */
static json_t *list_of(const struct reading *r, struct oc_str text)
{
	struct oc_buf wrapped;
	json_t *v, *list;

	oc_buf_init(&wrapped, OC_MAX_TOOL_ARGS_BYTES + 8192);
	oc_buf_adds(&wrapped, "{\"list\":");
	oc_buf_add(&wrapped, text);
	oc_buf_adds(&wrapped, "}");
	v = object_of(r, oc_buf_view(&wrapped));
	list = json_incref(json_object_get(v, "list"));
	json_decref(v);
	oc_buf_deinit(&wrapped);
	if (json_is_array(list)) return list;
	json_decref(list);
	return NULL;
}

static void read_json(struct reading *r, struct oc_str body)
{
	bool list = oc_str_starts(body, OC_LIT("["));
	json_t *v = list ? list_of(r, body) : object_of(r, body);
	const json_t *item;
	size_t i;

	if (!v) add_parsed(r, oc_text_tool_loose_name(body), NULL, body);
	if (json_is_object(v)) add_object(r, v, body);
	json_array_foreach (v, i, item) add_object(r, item, body);
	json_decref(v);
}

/* End of the object that s begins with. */
static size_t object_end(struct oc_str s)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']') && depth && --depth == 0)
			return i + 1;
	}
	return s.n;
}

static void read_joined(struct reading *r, struct oc_str body)
{
	while (body.n && !r->unfit) {
		size_t end = object_end(body);

		read_json(r, oc_str_head(body, end));
		body = oc_str_trim(oc_str_from(body, end));
		if (oc_str_starts(body, OC_LIT(";"))) body = oc_str_trim(oc_str_from(body, 1));
	}
}

static bool only_call_keys(const json_t *v)
{
	bool name = json_is_string(json_object_get(v, "name"));
	bool args = json_object_get(v, "arguments") || json_object_get(v, "parameters");

	return name && args && json_object_size(v) == 2;
}

/* The whole message: what is not exactly a call is an answer in JSON. */
static void read_bare(struct reading *r, struct oc_str body)
{
	json_t *v = object_of(r, body);

	if (only_call_keys(v))
		add_object(r, v, body);
	else
		r->unfit = true;
	r->unfit = r->unfit || r->broken;
	json_decref(v);
}

/* ---- elements ------------------------------------------------------------------------ */

/* How a family writes <open NAME name_end … close> and the parameters in it. */
struct dialect {
	struct oc_str open, name_end, close, key, key_end, value_close;
};
#define OC_VIEW(s)                                                                                 \
	{                                                                                          \
		s, sizeof(s) - 1                                                                   \
	}
static const struct dialect functions = { OC_VIEW("<function="),  OC_VIEW(">"),
					  OC_VIEW("</function>"), OC_VIEW("<parameter="),
					  OC_VIEW(">"),		  OC_VIEW("</parameter>") };
static const struct dialect invokes = {
	OC_VIEW("<invoke name=\""),    OC_VIEW("\">"), OC_VIEW("</invoke>"),
	OC_VIEW("<parameter name=\""), OC_VIEW("\">"), OC_VIEW("</parameter>")
};
static const struct dialect glm = { .key = OC_VIEW("<arg_key>"),
				    .key_end = OC_VIEW("<arg_value>"),
				    .value_close = OC_VIEW("</arg_value>") };
/* The key is followed by ' string="true"', or "false" before a value that is JSON. */
static const struct dialect dsml = {
	OC_VIEW("<｜DSML｜invoke name=\""),    OC_VIEW("\">"), OC_VIEW("</｜DSML｜invoke>"),
	OC_VIEW("<｜DSML｜parameter name=\""), OC_VIEW(">"),   OC_VIEW("</｜DSML｜parameter>")
};
static const struct oc_str glm_key_close = OC_VIEW("</arg_key>");

/* Up to mark, which is taken as well; the rest when it is missing. *found tells. */
static struct oc_str up_to(struct oc_str *s, struct oc_str mark, bool *found)
{
	size_t at = oc_str_find(*s, mark, 0);
	struct oc_str head = oc_str_head(*s, at);

	*found = at != SIZE_MAX;
	*s = oc_str_from(*s, *found ? at + mark.n : s->n);
	return head;
}

/* Values stand on lines of their own: that line break is not theirs. */
static struct oc_str without_line_breaks(struct oc_str v)
{
	if (oc_str_starts(v, OC_LIT("\r\n"))) v = oc_str_from(v, 1);
	if (oc_str_starts(v, OC_LIT("\n"))) v = oc_str_from(v, 1);
	if (oc_str_ends(v, OC_LIT("\n"))) v.n--;
	if (oc_str_ends(v, OC_LIT("\r"))) v.n--;
	return v;
}

static json_t *value_json(struct oc_str value, bool is_json)
{
	json_t *v = is_json ? oc_json_parse(oc_str_trim(value), NULL, NULL) : NULL;

	return v ? v : oc_json_new_str(value);
}

/* Values stay text where the form does not tell: the tool's schema says what they are. NULL when a
 * key is not to be read. */
static json_t *parameters(struct oc_str s, const struct dialect *d)
{
	json_t *args = json_object();
	bool found;

	for (;;) {
		up_to(&s, d->key, &found);
		if (!found) return args;
		struct oc_str key = up_to(&s, d->key_end, &found);

		bool is_json = d == &dsml && oc_str_ends(key, OC_LIT("string=\"false\""));

		if (d == &glm) key = oc_str_head(key, oc_str_find(key, glm_key_close, 0));
		if (d == &dsml) key = oc_str_head(key, oc_str_find(key, OC_LIT("\""), 0));
		key = oc_str_trim(key);
		if (!found || key.n == 0) break;
		char *name = oc_strndup(key.p, key.n);
		struct oc_str value = up_to(&s, d->value_close, &found);

		value = d == &dsml ? value : without_line_breaks(value);
		if (json_object_set_new(args, name, value_json(value, is_json))) found = false;
		free(name);
	}
	json_decref(args);
	return NULL;
}

static void read_elements(struct reading *r, struct oc_str s, const struct dialect *d)
{
	bool found;

	for (up_to(&s, d->open, &found); found; up_to(&s, d->open, &found)) {
		struct oc_str name = up_to(&s, d->name_end, &found);
		struct oc_str inside = up_to(&s, d->close, &found);

		add_parsed(r, name, parameters(inside, d), inside);
	}
}

static void read_glm(struct reading *r, struct oc_str body)
{
	size_t end = 0;

	while (end < body.n && body.p[end] != '<' && !oc_is_space(body.p[end])) end++;
	add_parsed(r, oc_str_head(body, end), parameters(body, &glm), body);
}

static void read_xml_call(struct reading *r, struct oc_str body)
{
	body = oc_str_trim(body);
	if (oc_str_starts(body, OC_LIT("{")))
		read_json(r, body);
	else if (oc_str_starts(body, functions.open))
		read_elements(r, body, &functions);
	else
		read_glm(r, body);
}

/* ---- special tokens -------------------------------------------------------------------- */

/* DeepSeek's older form: the type, the mark, then the name in a line and a fence with the JSON. */
static void add_deepseek(struct reading *r, struct oc_str before, struct oc_str after)
{
	struct oc_str line = after;
	bool found;

	if (oc_str_starts(oc_str_trim(after), OC_LIT("{"))) {
		add(r, before, after);
		return;
	}
	line = up_to(&after, OC_LIT("\n"), &found);
	after = oc_str_trim(after);
	if (oc_str_starts(after, OC_LIT("```"))) up_to(&after, OC_LIT("\n"), &found);
	if (oc_str_ends(after, OC_LIT("```"))) after.n -= 3;
	add(r, line, after);
}

static void read_marked(struct reading *r, struct oc_str s, bool deepseek)
{
	struct oc_str open =
	    deepseek ? OC_LIT("<｜tool▁call▁begin｜>") : OC_LIT("<|tool_call_begin|>");
	struct oc_str middle =
	    deepseek ? OC_LIT("<｜tool▁sep｜>") : OC_LIT("<|tool_call_argument_begin|>");
	struct oc_str close =
	    deepseek ? OC_LIT("<｜tool▁call▁end｜>") : OC_LIT("<|tool_call_end|>");
	bool found;

	for (up_to(&s, open, &found); found; up_to(&s, open, &found)) {
		struct oc_str inside = up_to(&s, close, &found);
		struct oc_str name = up_to(&inside, middle, &found);

		r->unfit = r->unfit || !found;
		if (deepseek)
			add_deepseek(r, name, inside);
		else
			add(r, name, inside);
	}
}

/* ---- fences -------------------------------------------------------------------------------- */

/* What the tool takes that a name means; NULL = unknown. Borrowed. */
static const json_t *schema_of(const struct oc_native_rules *rules, struct oc_str name)
{
	const char *tool = oc_native_resolve(rules->tools, name);
	const json_t *v;
	size_t i;

	json_array_foreach (rules->schemas, i, v) {
		const json_t *function = json_object_get(v, "function");

		if (tool && oc_str_eq(oc_json_str(function, "name"), oc_str(tool)))
			return json_object_get(function, "parameters");
	}
	return NULL;
}

/* NAME(value, key=value, …), maybe inside print(…). */
static void read_python(struct reading *r, struct oc_str body)
{
	bool found;

	if (oc_str_starts(body, OC_LIT("print(")) && oc_str_ends(body, OC_LIT("))")))
		body = (struct oc_str){ body.p + 6, body.n - 7 };
	struct oc_str name = up_to(&body, OC_LIT("("), &found);

	if (!found || !oc_str_ends(body, OC_LIT(")"))) {
		r->unfit = true;
		return;
	}
	json_t *args = oc_native_python_args(oc_str_head(body, body.n - 1),
					     schema_of(r->rules, oc_str_trim(name)));
	add_parsed(r, name, args, body);
	r->unfit = r->unfit || r->broken;
}

static void read_form(struct reading *r, const struct oc_native_scan *n, struct oc_str s);

/* One call in it, and nothing else. */
static void read_fence(struct reading *r, struct oc_str body)
{
	struct oc_native_scan inner = { 0 };

	body = oc_str_trim(body);
	if (oc_str_starts(body, OC_LIT("{")))
		read_bare(r, body);
	else if (body.n &&
		 oc_native_begin(&inner, body, OC_NATIVE_LINE, r->rules) == OC_BLOCK_COMPLETE) {
		r->unfit = oc_native_scan(&inner, body, true) != OC_BLOCK_COMPLETE || inner.cut ||
			   inner.at != body.n;
		if (!r->unfit) read_form(r, &inner, body);
	} else {
		read_python(r, body);
	}
	r->unfit = r->unfit || r->n != 1;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void read_form(struct reading *r, const struct oc_native_scan *n, struct oc_str s)
{
	struct oc_str body = oc_str_head(oc_str_from(s, n->body), n->body_n);
	struct oc_str whole = oc_str_head(s, n->body + n->body_n);

	switch (n->parser) {
	case OC_NATIVE_XML_CALL: read_xml_call(r, body); break;
	case OC_NATIVE_FUNCTIONS: read_elements(r, whole, &functions); break;
	case OC_NATIVE_INVOKES: read_elements(r, whole, &invokes); break;
	case OC_NATIVE_DSML: read_elements(r, whole, &dsml); break;
	case OC_NATIVE_JOINED: read_joined(r, body); break;
	case OC_NATIVE_DEEPSEEK: read_marked(r, whole, true); break;
	case OC_NATIVE_KIMI: read_marked(r, whole, false); break;
	case OC_NATIVE_JSON: read_json(r, body); break;
	case OC_NATIVE_ARGUMENTS:
		add(r, oc_str_head(oc_str_from(s, n->name), n->name_n), body);
		break;
	case OC_NATIVE_BARE: read_bare(r, body); break;
	case OC_NATIVE_FENCE: read_fence(r, body); break;
	}
}

enum oc_native_fate oc_native_take(const struct oc_native_scan *n, struct oc_str s,
				   const struct oc_native_rules *rules, struct oc_text_blocks *out)
{
	struct reading r = { .rules = rules, .cut = n->cut };
	enum oc_native_fate fate = OC_NATIVE_TAKEN;

	read_form(&r, n, s);
	if (r.unfit || r.n == 0)
		fate = OC_NATIVE_TEXT;
	else if (n->cut && r.broken)
		fate = OC_NATIVE_HIDDEN;
	for (size_t i = 0; i < r.n; i++) {
		if (fate == OC_NATIVE_TAKEN)
			oc_text_blocks_add_call(out, r.v[i].name, r.v[i].args, r.v[i].raw);
		json_decref(r.v[i].args);
	}
	return fate;
}
