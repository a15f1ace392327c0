/*
 * Arguments of a call, made to fit the schema. Small models send `file_path` for `path`, "5" for 5
 * and wrap the whole in {"arguments":{…}}: each of these costs a turn when it is refused, and none
 * is ambiguous.
 */
#include <math.h>
#include <stdlib.h>

#include "tool/internal.h"

/* Names that models use for our parameters (spec 03 §1.5). They count only where the schema has the
 * parameter, lacks the alias, and the call does not name the parameter itself. */
static const struct {
	const char *alias, *name;
} aliases[] = {
	{ "file_path", "path" },   { "filepath", "path" },  { "filePath", "path" },
	{ "file", "path" },	   { "filename", "path" },  { "file_name", "path" },
	{ "cmd", "command" },	   { "shell", "command" },  { "script", "command" },
	{ "old_string", "old" },   { "oldText", "old" },    { "old_str", "old" },
	{ "old_text", "old" },	   { "oldString", "old" },  { "search", "old" },
	{ "new_string", "new" },   { "newText", "new" },    { "new_str", "new" },
	{ "new_text", "new" },	   { "newString", "new" },  { "replace", "new" },
	{ "replace_all", "all" },  { "replaceAll", "all" }, { "text", "content" },
	{ "contents", "content" }, { "arguments", "args" }, { "parameters", "args" },
	{ "q", "query" },	   { "link", "url" },	    { "uri", "url" },
	{ "cwd", "workdir" },	   { "dir", "workdir" },    { "timeoutSeconds", "timeout" },
};
static const char *const wrappers[] = { "arguments", "parameters", "args", "params", "input" };

/* ---- one value ---- */

static json_t *from_text(struct oc_str text)
{
	struct oc_err ignored = { 0 };

	return oc_json_parse(text, NULL, &ignored);
}

static json_t *to_string(const json_t *v)
{
	char number[64];

	if (json_is_string(v)) return json_incref((json_t *)(uintptr_t)v);
	if (json_is_boolean(v)) return json_string(json_is_true(v) ? "true" : "false");
	if (json_is_integer(v))
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		snprintf(number, sizeof number, "%.17g", json_real_value(v));
	else
		return NULL;
	return json_string(number);
}

static json_t *to_integer(const json_t *v)
{
	int64_t n;
	double d;

	if (json_is_integer(v)) return json_integer(json_integer_value(v));
	if (json_is_string(v) &&
	    oc_parse_int(oc_str_trim(oc_json_text(v)), INT64_MIN, INT64_MAX, &n))
		return json_integer(n);
	if (!json_is_real(v)) return NULL;
	d = json_real_value(v);
	return d == floor(d) && fabs(d) < 9e15 ? json_integer((json_int_t)d) : NULL;
}

static json_t *to_number(const json_t *v)
{
	json_t *parsed, *number = NULL;

	if (json_is_number(v)) return json_incref((json_t *)(uintptr_t)v);
	if (!json_is_string(v)) return NULL;
	parsed = from_text(oc_str_trim(oc_json_text(v)));
	if (json_is_number(parsed)) number = json_incref(parsed);
	json_decref(parsed);
	return number;
}

static json_t *to_boolean(const json_t *v)
{
	struct oc_str s = oc_str_trim(oc_json_text(v));

	if (json_is_boolean(v)) return json_boolean(json_is_true(v));
	if (oc_str_ieq(s, OC_LIT("true"))) return json_true();
	return oc_str_ieq(s, OC_LIT("false")) ? json_false() : NULL;
}

static json_t *to_object(const json_t *v)
{
	json_t *parsed;

	if (json_is_object(v)) return json_incref((json_t *)(uintptr_t)v);
	if (!json_is_string(v)) return NULL;
	parsed = from_text(oc_json_text(v));
	if (json_is_object(parsed)) return parsed;
	json_decref(parsed);
	return NULL;
}

static json_t *coerce_value(const json_t *schema, const json_t *v);

static json_t *to_array(const json_t *schema, const json_t *v)
{
	const json_t *items = json_object_get(schema, "items");
	json_t *parsed = json_is_string(v) ? from_text(oc_json_text(v)) : NULL;
	const json_t *source = json_is_array(parsed) ? parsed : v;
	json_t *out = json_array();
	size_t n = json_is_array(source) ? json_array_size(source) : 1;

	for (size_t i = 0; i < n && out; i++) {
		json_t *item =
		    coerce_value(items, json_is_array(source) ? json_array_get(source, i) : source);
		if (item && json_array_append_new(out, item) == 0) continue;
		json_decref(out);
		out = NULL;
	}
	json_decref(parsed);
	return out;
}

/* The member of an enumeration that v means, or NULL. */
static json_t *to_enum(const json_t *allowed, json_t *v)
{
	json_t *out = NULL;
	struct oc_str s = oc_json_text(v);

	for (size_t i = 0; i < json_array_size(allowed) && !out; i++) {
		json_t *a = json_array_get(allowed, i);
		if (json_equal(a, v) || (s.p && oc_str_ieq(oc_json_text(a), s)))
			out = json_incref(a);
	}
	json_decref(v);
	return out;
}

/* New reference, NULL when v cannot mean what the schema asks for. */
static json_t *coerce_value(const json_t *schema, const json_t *v)
{
	struct oc_str type = oc_json_str(schema, "type");
	const json_t *allowed = json_object_get(schema, "enum");
	json_t *out;

	if (oc_str_eq(type, OC_LIT("string")))
		out = to_string(v);
	else if (oc_str_eq(type, OC_LIT("integer")))
		out = to_integer(v);
	else if (oc_str_eq(type, OC_LIT("number")))
		out = to_number(v);
	else if (oc_str_eq(type, OC_LIT("boolean")))
		out = to_boolean(v);
	else if (oc_str_eq(type, OC_LIT("array")))
		out = to_array(schema, v);
	else if (oc_str_eq(type, OC_LIT("object")))
		out = to_object(v);
	else
		out = json_incref((json_t *)(uintptr_t)v);
	return out && allowed ? to_enum(allowed, out) : out;
}

/* ---- the object ---- */

static const json_t *properties_of(const json_t *parameters)
{
	return json_object_get(parameters, "properties");
}

/* The argument for a parameter: under its name, an alias, or its name in other case. Borrowed. */
static const json_t *find_argument(const json_t *properties, const json_t *args, const char *name)
{
	const json_t *v = json_object_get(args, name);
	const char *key;
	json_t *other;

	if (v) return v;
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
		if (strcmp(aliases[i].name, name) != 0) continue;
		if (json_object_get(properties, aliases[i].alias)) continue;
		v = json_object_get(args, aliases[i].alias);
		if (v) return v;
	}
	json_object_foreach ((json_t *)(uintptr_t)args, key, other)
		if (oc_str_ieq(oc_str(key), oc_str(name))) return other;
	return NULL;
}

static bool names_any(const json_t *properties, const json_t *args)
{
	const char *name;
	json_t *schema;

	json_object_foreach ((json_t *)(uintptr_t)properties, name, schema)
		if (find_argument(properties, args, name)) return true;
	return false;
}

/* What is inside {"arguments": …}, when that is all there is; otherwise args. New reference. */
static json_t *unwrap(const json_t *properties, const json_t *args)
{
	for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++) {
		const json_t *inner = json_object_get(args, wrappers[i]);
		json_t *object;

		if (!inner || json_object_get(properties, wrappers[i])) continue;
		if (names_any(properties, args)) break;
		object = to_object(inner);
		if (object) return object;
	}
	return json_incref((json_t *)(uintptr_t)args);
}

static const char *type_of(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number",	[JSON_TRUE] = "a boolean",
		[JSON_FALSE] = "a boolean",  [JSON_NULL] = "null",
	};
	return names[json_typeof(v)];
}

static void say_mismatch(struct oc_buf *problem, const char *name, const json_t *schema,
			 const json_t *v)
{
	const json_t *allowed = json_object_get(schema, "enum");

	if (allowed) {
		char *list = oc_json_compact(allowed);
		oc_buf_addf(problem, "%s must be one of %s", name, list);
		free(list);
		return;
	}
	oc_buf_addf(problem, "%s must be of type %s, not %s", name,
		    oc_json_cstr(schema, "type") ? oc_json_cstr(schema, "type") : "any",
		    type_of(v));
}

static bool is_required(const json_t *parameters, const char *name)
{
	const json_t *required = json_object_get(parameters, "required");

	for (size_t i = 0; i < json_array_size(required); i++)
		if (oc_str_eq(oc_json_text(json_array_get(required, i)), oc_str(name))) return true;
	return false;
}

/* Sets out[name]; false with a problem when it does not fit or is missing. */
static bool take_argument(const json_t *parameters, const json_t *args, const char *name,
			  const json_t *schema, json_t *out, struct oc_buf *problem)
{
	const json_t *v = find_argument(properties_of(parameters), args, name);
	json_t *fitted;

	if (!v || json_is_null(v)) {
		if (!is_required(parameters, name)) return true;
		oc_buf_addf(problem, "%s is missing", name);
		return false;
	}
	fitted = coerce_value(schema, v);
	if (!fitted) {
		say_mismatch(problem, name, schema, v);
		return false;
	}
	oc_json_put(out, name, fitted);
	return true;
}

json_t *oc_coerce(const json_t *parameters, const json_t *args, struct oc_buf *problem)
{
	const json_t *properties = properties_of(parameters);
	json_t *inner = unwrap(properties, args);
	json_t *out = json_object();
	const char *name;
	json_t *schema;
	bool fits = true;

	json_object_foreach ((json_t *)(uintptr_t)properties, name, schema) {
		fits = take_argument(parameters, inner, name, schema, out, problem);
		if (!fits) break;
	}
	json_decref(inner);
	if (fits) return out;
	json_decref(out);
	return NULL;
}

void oc_coerce_describe(const json_t *parameters, struct oc_buf *out)
{
	const char *name, *sep = "";
	json_t *schema;

	json_object_foreach ((json_t *)(uintptr_t)properties_of(parameters), name, schema) {
		const char *type = oc_json_cstr(schema, "type");

		oc_buf_addf(out, "%s%s (%s%s)", sep, name, type ? type : "any",
			    is_required(parameters, name) ? ", required" : "");
		sep = ", ";
	}
}
