/* Schemas of servers: made small for a model, checked whole. */
#include "tool/mcp/schema.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "tool/internal.h"

enum {
	MAX_PROPERTIES = 8,
	MAX_REQUIRED = 32, /* shown beyond that: a call needs them */
	MAX_DEPTH = 2,
	MAX_ENUM = 24,
	MAX_DESCRIPTION = 160,
	MAX_NAME = 64,
	MAX_REFS = 8, /* one behind the other */
	MAX_NESTING = 40,
	MAX_STEPS = 20000, /* of a check; a schema that wants more is not worth it */
};

/* ---- what a node means ---- */

/* "#/$defs/x" and its like. NULL = none. */
static const json_t *find_ref(const json_t *root, struct oc_str ref)
{
	const json_t *at = root;

	if (oc_str_eq(ref, OC_LIT("#"))) return root;
	if (!oc_str_starts(ref, OC_LIT("#/"))) return NULL;
	for (ref = oc_str_from(ref, 2); ref.n && at;) {
		size_t slash = oc_str_find(ref, OC_LIT("/"), 0);
		struct oc_str name = oc_str_head(ref, slash);
		char *key = oc_strndup(name.p, name.n);

		at = json_object_get(at, key);
		free(key);
		ref = slash == SIZE_MAX ? OC_LIT("") : oc_str_from(ref, slash + 1);
	}
	return at;
}

static bool is_null_type(const json_t *node)
{
	return oc_str_eq(oc_json_str(node, "type"), OC_LIT("null"));
}

/* The first alternative that is not null, or NULL. */
static const json_t *alternative(const json_t *node)
{
	static const char *const keys[] = { "anyOf", "oneOf", "allOf" };

	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
		const json_t *list = json_object_get(node, keys[k]), *one;
		size_t i;

		json_array_foreach (list, i, one) {
			if (json_is_object(one) && !is_null_type(one)) return one;
		}
	}
	return NULL;
}

/* References followed, the first alternative taken. Borrowed; may be NULL. */
static const json_t *settle(const json_t *root, const json_t *node)
{
	for (int i = 0; i < MAX_REFS && json_is_object(node); i++) {
		struct oc_str ref = oc_json_str(node, "$ref");
		const json_t *next = ref.n ? find_ref(root, ref) : NULL;

		if (!next && !json_object_get(node, "type") && !json_object_get(node, "properties"))
			next = alternative(node);
		if (!next) break;
		node = next;
	}
	return json_is_object(node) ? node : NULL;
}

static const char *known_type(const char *name)
{
	static const char *const names[] = { "string",	"integer", "number",
					     "boolean", "array",   "object" };

	for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], name)) return names[i];
	return NULL;
}

static const char *type_of_value(const json_t *v)
{
	if (json_is_string(v)) return "string";
	if (json_is_integer(v)) return "integer";
	if (json_is_real(v)) return "number";
	return json_is_boolean(v) ? "boolean" : NULL;
}

/* NULL = any. */
static const char *type_of(const json_t *node)
{
	const json_t *type = json_object_get(node, "type"), *one;
	size_t i;

	if (json_is_string(type)) return known_type(json_string_value(type));
	json_array_foreach (type, i, one) {
		if (known_type(json_string_value(one))) return known_type(json_string_value(one));
	}
	if (json_object_get(node, "properties")) return "object";
	if (json_object_get(node, "items")) return "array";
	if (json_object_get(node, "const")) return type_of_value(json_object_get(node, "const"));
	return type_of_value(json_array_get(json_object_get(node, "enum"), 0));
}

static bool is_required(const json_t *node, const char *name)
{
	const json_t *list = json_object_get(node, "required"), *one;
	size_t i;

	json_array_foreach (list, i, one) {
		if (i >= MAX_REQUIRED) break;
		if (json_is_string(one) && !strcmp(json_string_value(one), name)) return true;
	}
	return false;
}

/* ---- made small ---- */

static json_t *reduce(const json_t *root, const json_t *node, int depth);

static void add_description(json_t *out, const json_t *node)
{
	struct oc_str text = oc_json_str(node, "description");
	struct oc_buf line;

	if (!text.n) return;
	oc_buf_init(&line, 8 * MAX_DESCRIPTION);
	oc_visible_add(&line, oc_str_trim(text), MAX_DESCRIPTION);
	oc_json_put(out, "description", oc_json_new_str(oc_buf_view(&line)));
	oc_buf_deinit(&line);
}

static void add_enum(json_t *out, const json_t *node)
{
	const json_t *values = json_object_get(node, "enum"), *v;
	const json_t *constant = json_object_get(node, "const");
	json_t *list;
	size_t i;

	if (!json_array_size(values) && !type_of_value(constant)) return;
	list = json_array();
	json_array_foreach (values, i, v) {
		if (i < MAX_ENUM && type_of_value(v))
			json_array_append_new(list, json_deep_copy(v));
	}
	if (!json_array_size(values)) json_array_append_new(list, json_deep_copy(constant));
	/* Half of a list would forbid the other half. */
	if (json_array_size(values) > MAX_ENUM || !json_array_size(list))
		json_decref(list);
	else
		oc_json_put(out, "enum", list);
}

static bool is_good_name(const char *name)
{
	struct oc_str s = oc_str(name);

	if (!s.n || s.n > MAX_NAME) return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || strchr("<>\"\\`\x7f", s.p[i])) return false;
	return true;
}

/* Those that are required first, and then as many as there is room for. */
static void add_properties(json_t *out, const json_t *root, const json_t *node, int depth)
{
	json_t *all = json_object_get(node, "properties"), *property, *kept = json_object(),
	       *required = json_array();
	const char *name;

	for (int round = 0; round < 2; round++) {
		json_object_foreach (all, name, property) {
			bool must = is_required(node, name);

			if (must != (round == 0) || !is_good_name(name)) continue;
			if (json_object_size(kept) >= (must ? MAX_REQUIRED : MAX_PROPERTIES))
				continue;
			oc_json_put(kept, name, reduce(root, property, depth + 1));
			if (must) json_array_append_new(required, json_string(name));
		}
	}
	oc_json_put(out, "properties", kept);
	if (json_array_size(required))
		oc_json_put(out, "required", required);
	else
		json_decref(required);
}

/* A list of objects is no deeper than an object. */
static json_t *reduce_items(const json_t *root, const json_t *list, int depth)
{
	const json_t *items = json_object_get(list, "items");
	const char *type = type_of(settle(root, items));

	if (type && !strcmp(type, "object")) return reduce(root, items, depth);
	if (depth < MAX_DEPTH) return reduce(root, items, depth + 1);
	return json_pack("{s:s}", "type", type ? type : "string");
}

static json_t *reduce(const json_t *root, const json_t *node, int depth)
{
	const json_t *meant = settle(root, node);
	const char *type = type_of(meant);
	json_t *out = json_object();

	if (!type) type = depth ? "string" : "object";
	oc_json_put(out, "type", json_string(type));
	add_description(out, json_object_get(node, "description") ? node : meant);
	if (strcmp(type, "object") != 0 && strcmp(type, "array") != 0) add_enum(out, meant);
	if (!strcmp(type, "object") && depth < MAX_DEPTH) add_properties(out, root, meant, depth);
	if (!strcmp(type, "array")) oc_json_put(out, "items", reduce_items(root, meant, depth));
	return out;
}

json_t *oc_mcp_schema_reduce(const json_t *full)
{
	json_t *out = reduce(full, full, 0);

	if (oc_str_eq(oc_json_str(out, "type"), OC_LIT("object"))) {
		json_object_del(out, "description");
		return out;
	}
	json_decref(out); /* arguments are an object, whatever it says */
	return json_pack("{s:s, s:{}}", "type", "object", "properties");
}

bool oc_mcp_schema_needs_nothing(const json_t *full)
{
	return json_array_size(json_object_get(full, "required")) == 0;
}

/* ---- an example ---- */

static json_t *example_value(const json_t *schema, int depth)
{
	struct oc_str type = oc_json_str(schema, "type");
	const json_t *values = json_object_get(schema, "enum");

	if (json_array_size(values)) return json_deep_copy(json_array_get(values, 0));
	if (oc_str_eq(type, OC_LIT("integer")) || oc_str_eq(type, OC_LIT("number")))
		return json_integer(1);
	if (oc_str_eq(type, OC_LIT("boolean"))) return json_true();
	if (oc_str_eq(type, OC_LIT("object")))
		return depth ? oc_mcp_schema_example(schema) : json_object();
	if (oc_str_eq(type, OC_LIT("array")))
		return json_pack("[o]", example_value(json_object_get(schema, "items"), depth - 1));
	return json_string("…");
}

json_t *oc_mcp_schema_example(const json_t *reduced)
{
	const json_t *properties = json_object_get(reduced, "properties");
	const json_t *required = json_object_get(reduced, "required"), *name;
	json_t *out = json_object();
	size_t i;

	json_array_foreach (required, i, name) {
		const char *key = json_string_value(name);
		oc_json_put(out, key, example_value(json_object_get(properties, key), MAX_DEPTH));
	}
	return out;
}

/* ---- arguments that are checked ---- */

struct check {
	const json_t *root;
	struct oc_buf *problem;
	unsigned steps, nesting;
};

static bool check(struct check *c, const json_t *schema, const json_t *v, const char *at);

static bool say(const struct check *c, const char *fmt, ...) OC_PRINTF(2, 3);
static bool say(const struct check *c, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (!c->problem) return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	oc_buf_add(c->problem, oc_str_head(oc_str(text), oc_utf8_floor(text, strlen(text))));
	return false;
}

static bool has_type(const char *type, const json_t *v)
{
	if (!strcmp(type, "string")) return json_is_string(v);
	if (!strcmp(type, "integer"))
		return json_is_integer(v) ||
		       (json_is_real(v) &&
			json_real_value(v) == (double)(int64_t)json_real_value(v));
	if (!strcmp(type, "number")) return json_is_number(v);
	if (!strcmp(type, "boolean")) return json_is_boolean(v);
	if (!strcmp(type, "array")) return json_is_array(v);
	if (!strcmp(type, "object")) return json_is_object(v);
	return strcmp(type, "null") != 0 || json_is_null(v);
}

static bool check_type(const struct check *c, const json_t *schema, const json_t *v, const char *at)
{
	const json_t *type = json_object_get(schema, "type"), *one;
	size_t i;

	if (json_is_string(type)) {
		const char *name = json_string_value(type);
		return has_type(name, v) || say(c, "%s must be of type %.20s", at, name);
	}
	if (!json_array_size(type)) return true;
	json_array_foreach (type, i, one) {
		if (json_is_string(one) && has_type(json_string_value(one), v)) return true;
	}
	char *list = oc_json_compact(type);
	say(c, "%s must be one of the types %.80s", at, list);
	free(list);
	return false;
}

static bool check_values(const struct check *c, const json_t *schema, const json_t *v,
			 const char *at)
{
	const json_t *values = json_object_get(schema, "enum"), *one;
	json_t *constant = json_object_get(schema, "const"), *given = (json_t *)(uintptr_t)v;
	size_t i;

	if (constant && !json_equal(constant, given)) return say(c, "%s has a fixed value", at);
	if (!json_array_size(values)) return true;
	json_array_foreach (values, i, one) {
		if (json_equal((json_t *)(uintptr_t)one, given)) return true;
	}
	char *list = oc_json_compact(values);
	say(c, "%s must be one of %.300s", at, list);
	free(list);
	return false;
}

/* A number of the schema that bounds n, which is of v. */
static bool check_bounds(const struct check *c, const json_t *schema, const json_t *v,
			 const char *at)
{
	static const struct {
		const char *key, *what;
		bool least;
		int type; /* JSON_STRING: length, JSON_ARRAY: size, JSON_REAL: value */
	} bounds[] = { { "minimum", "at least", true, JSON_REAL },
		       { "maximum", "at most", false, JSON_REAL },
		       { "minLength", "at least this many characters long:", true, JSON_STRING },
		       { "maxLength", "at most this many characters long:", false, JSON_STRING },
		       { "minItems", "a list of at least", true, JSON_ARRAY },
		       { "maxItems", "a list of at most", false, JSON_ARRAY } };

	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
		const json_t *limit = json_object_get(schema, bounds[i].key);
		double n;

		if (!json_is_number(limit)) continue;
		if (bounds[i].type == JSON_REAL && json_is_number(v))
			n = json_number_value(v);
		else if (bounds[i].type == JSON_STRING && json_is_string(v))
			n = (double)oc_utf8_width(oc_json_text(v));
		else if (bounds[i].type == JSON_ARRAY && json_is_array(v))
			n = (double)json_array_size(v);
		else
			continue;
		double bound = json_number_value(limit);
		if (bounds[i].least ? n < bound : n > bound)
			return say(c, "%s must be %s %g", at, bounds[i].what, bound);
	}
	return true;
}

static bool check_members(struct check *c, const json_t *schema, const json_t *v, const char *at)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *required = json_object_get(schema, "required"), *name;
	const json_t *more = json_object_get(schema, "additionalProperties");
	const char *key, *dot = *at ? "." : "";
	json_t *member;
	size_t i;

	json_array_foreach (required, i, name) {
		if (json_is_string(name) && !json_object_get(v, json_string_value(name)))
			return say(c, "%s%s%.100s is missing", at, dot, json_string_value(name));
	}
	json_object_foreach ((json_t *)(uintptr_t)v, key, member) {
		const json_t *own = json_object_get(properties, key);
		char *path;

		if (!own && json_is_false(more))
			return say(c, "%s%s%.100s is not known", at, dot, key);
		if (!own) continue;
		path = oc_asprintf("%.200s%s%.100s", at, dot, key);
		bool fits = check(c, own, member, path);
		free(path);
		if (!fits) return false;
	}
	return true;
}

static bool check_items(struct check *c, const json_t *schema, const json_t *v, const char *at)
{
	const json_t *items = json_object_get(schema, "items"), *one;
	size_t i;

	if (!json_is_object(items)) return true;
	json_array_foreach (v, i, one) {
		char *path = oc_asprintf("%.200s[%zu]", at, i);
		bool fits = check(c, items, one, path);

		free(path);
		if (!fits) return false;
	}
	return true;
}

/* One of the alternatives has to hold; which one is not said, since it is not known. */
static bool check_alternatives(struct check *c, const json_t *list, const json_t *v, const char *at)
{
	struct oc_buf *problem = c->problem;
	const json_t *one;
	bool fits = json_array_size(list) == 0;
	size_t i;

	c->problem = NULL;
	json_array_foreach (list, i, one) {
		fits = fits || check(c, one, v, at);
	}
	c->problem = problem;
	return fits || say(c, "%s fits none of the forms it may have", *at ? at : "this call");
}

static bool check_all(struct check *c, const json_t *list, const json_t *v, const char *at)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one) {
		if (!check(c, one, v, at)) return false;
	}
	return true;
}

static bool check_node(struct check *c, const json_t *schema, const json_t *v, const char *at)
{
	struct oc_str ref = oc_json_str(schema, "$ref");

	if (ref.n) return check(c, find_ref(c->root, ref), v, at);
	if (!check_type(c, schema, v, at) || !check_values(c, schema, v, at) ||
	    !check_bounds(c, schema, v, at))
		return false;
	if (json_is_object(v) && !check_members(c, schema, v, at)) return false;
	if (json_is_array(v) && !check_items(c, schema, v, at)) return false;
	return check_alternatives(c, json_object_get(schema, "anyOf"), v, at) &&
	       check_alternatives(c, json_object_get(schema, "oneOf"), v, at) &&
	       check_all(c, json_object_get(schema, "allOf"), v, at);
}

/* What goes on for too long fits: the server judges it anyway. */
static bool check(struct check *c, const json_t *schema, const json_t *v, const char *at)
{
	bool fits;

	if (!json_is_object(schema) || c->nesting >= MAX_NESTING || c->steps++ >= MAX_STEPS)
		return true;
	c->nesting++;
	fits = check_node(c, schema, v, at);
	c->nesting--;
	return fits;
}

/* ---- arguments that are made to fit ---- */

/* The types of the first level, for oc_coerce; only what is certain. New reference. */
static json_t *flatten(const json_t *full)
{
	json_t *properties = json_object(), *property;
	const char *name;

	json_object_foreach (json_object_get(full, "properties"), name, property) {
		const json_t *meant = settle(full, property);
		json_t *flat = json_object();
		const json_t *type = json_object_get(meant, "type");

		/* Where several are possible, what was given is left as it is. */
		bool certain = !type || json_is_string(type);
		if (certain && !alternative(property) && type_of(meant)) {
			json_t *small = reduce(full, property, 1);

			oc_json_put(flat, "type", json_string(type_of(meant)));
			oc_json_put(flat, "items", json_incref(json_object_get(small, "items")));
			oc_json_put(flat, "enum", json_incref(json_object_get(small, "enum")));
			json_decref(small);
		}
		oc_json_put(properties, name, flat);
	}
	json_t *out = json_pack("{s:s, s:o}", "type", "object", "properties", properties);
	oc_json_put(out, "required", json_incref(json_object_get(full, "required")));
	return out;
}

json_t *oc_mcp_schema_fit(const json_t *full, const json_t *args, struct oc_buf *problem)
{
	const json_t *more = json_object_get(full, "additionalProperties");
	bool open = json_is_true(more) || json_is_object(more) ||
		    !json_object_size(json_object_get(full, "properties"));
	struct check c = { .root = full, .problem = problem };
	json_t *flat = flatten(full), *out = oc_coerce(flat, args, problem);

	json_decref(flat);
	if (out && open) json_object_update_missing(out, (json_t *)(uintptr_t)args);
	if (out && check(&c, full, out, "")) return out;
	json_decref(out);
	return NULL;
}
