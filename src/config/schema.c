/*
 * The schema as a tree of nodes, built once from the rows. The checks, the JSON Schema and the
 * questions about a path all walk this tree.
 */
#include "config/schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "config/schema_table.h"
#include "json/path.h"

struct node {
	struct oc_str name; /* a key, "*" or "[]" */
	unsigned type;
	const char *options;
	struct node *child, *last_child, *next;
	struct node *same; /* whose children this node has too */
};

/* ---- the tree ---- */

static struct node *named_child(const struct node *n, struct oc_str name)
{
	for (; n; n = n->same)
		for (struct node *c = n->child; c; c = c->next)
			if (oc_str_eq(c->name, name)) return c;
	return NULL;
}

/* The node for a key: by name, else the one for any key. */
static struct node *child_for(const struct node *n, struct oc_str key)
{
	struct node *c = named_child(n, key);

	return c ? c : named_child(n, OC_LIT("*"));
}

static struct node *element_of(const struct node *n)
{
	return named_child(n, OC_LIT("[]"));
}

static struct node *make_child(struct node *n, struct oc_str name, unsigned type_if_new)
{
	struct node *c = named_child(n, name);

	if (c) return c;
	c = oc_new(struct node);
	*c = (struct node){ .name = name, .type = type_if_new };
	if (n->last_child)
		n->last_child->next = c;
	else
		n->child = c;
	n->last_child = c;
	n->type |= oc_str_eq(name, OC_LIT("[]")) ? T_LIST : T_OBJ;
	return c;
}

/* The node at a path of the table; missing ones are made. */
static struct node *make_path(struct node *root, const char *path, unsigned type_if_new)
{
	struct node *n = root;
	const char *p = path;

	while (*p) {
		size_t len = strcspn(p, ".[");
		if (len) n = make_child(n, (struct oc_str){ p, len }, type_if_new);
		p += len;
		for (; !strncmp(p, "[]", 2); p += 2) n = make_child(n, OC_LIT("[]"), type_if_new);
		if (*p == '.') p++;
	}
	return n;
}

static void add_known(struct node *root, const struct schema_known *k)
{
	struct node *n = make_path(root, k->path, T_KNOWN);
	const char *p = k->keys;

	while (*p) {
		size_t len = strcspn(p, " ");
		make_child(n, (struct oc_str){ p, len }, T_KNOWN);
		p += len + (p[len] == ' ');
	}
}

static const struct node *schema(void)
{
	static struct node *root;

	if (root) return root;
	root = oc_new(struct node);
	root->type = T_OBJ;
	for (const struct schema_row *r = schema_rows; r->path; r++) {
		struct node *n = make_path(root, r->path, 0);
		n->type |= r->type;
		n->options = r->options;
	}
	for (const struct schema_alias *a = schema_aliases; a->path; a++)
		make_path(root, a->path, T_OBJ)->same = make_path(root, a->same_as, 0);
	for (const struct schema_known *k = schema_known; k->path; k++) add_known(root, k);
	for (const char *const *f = schema_foreign; *f; f++) make_child(root, oc_str(*f), T_KNOWN);
	return root;
}

/* ---- checks ---- */

struct check {
	struct oc_buf path;
	struct oc_strv *problems, *foreign;
	bool in_known;
};

static unsigned type_bit(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT: return T_OBJ;
	case JSON_ARRAY: return T_LIST;
	case JSON_STRING: return T_STR;
	case JSON_INTEGER:
	case JSON_REAL: return T_NUM;
	case JSON_TRUE:
	case JSON_FALSE: return T_BOOL;
	case JSON_NULL: return T_NULL;
	}
	return 0;
}

static const struct {
	unsigned bit;
	const char *name;
} type_names[] = { { T_STR, "string" }, { T_NUM, "number" }, { T_BOOL, "boolean" },
		   { T_OBJ, "object" }, { T_LIST, "array" }, { T_NULL, "null" } };
enum { N_TYPES = sizeof type_names / sizeof *type_names };

static void problem(struct check *c, const char *what)
{
	oc_strv_addf(c->problems, "%s: %s", c->path.n ? oc_buf_cstr(&c->path) : "<root>", what);
}

static const char *expected(unsigned type, struct oc_buf *out)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (type & type_names[i].bit)
			oc_buf_addf(out, "%s%s", out->n ? " or " : "expected ", type_names[i].name);
	return oc_buf_cstr(out);
}

static void wrong_type(struct check *c, unsigned type, const char *received)
{
	struct oc_buf text;

	oc_buf_init(&text, 200);
	expected(type, &text);
	oc_buf_addf(&text, ", received %s", received);
	problem(c, oc_buf_cstr(&text));
	oc_buf_deinit(&text);
}

static const char *name_of(unsigned bit)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (type_names[i].bit == bit) return type_names[i].name;
	return "nothing";
}

static bool is_option(const char *options, struct oc_str s)
{
	while (*options) {
		size_t n = strcspn(options, "|");
		if (oc_str_eq((struct oc_str){ options, n }, s)) return true;
		options += n + (options[n] == '|');
	}
	return false;
}

static void check_string(struct check *c, const struct node *n, struct oc_str s)
{
	struct oc_buf text;

	if ((n->type & T_NOT_EMPTY) && !oc_str_trim(s).n) problem(c, "must not be empty");
	if (!n->options || is_option(n->options, s)) return;
	oc_buf_init(&text, 2000);
	oc_buf_adds(&text, "expected one of \"");
	for (const char *p = n->options; *p; p++) {
		if (*p == '|')
			oc_buf_adds(&text, "\", \"");
		else
			oc_buf_addc(&text, *p);
	}
	oc_buf_adds(&text, "\"");
	problem(c, oc_buf_cstr(&text));
	oc_buf_deinit(&text);
}

static void check_number(struct check *c, const struct node *n, double v)
{
	if ((n->type & T_INT) && v != floor(v)) problem(c, "expected a whole number");
	if ((n->type & T_POSITIVE) && v <= 0) problem(c, "expected a number above 0");
	if ((n->type & T_NOT_NEG) && v < 0) problem(c, "expected a number of 0 or more");
}

static void check_value(struct check *c, const struct node *n, const json_t *v);

static void check_below(struct check *c, const struct node *n, const json_t *v, const char *key)
{
	size_t here = c->path.n;

	oc_buf_addf(&c->path, "%s%s", here ? "." : "", key);
	check_value(c, n, v);
	c->path.n = here;
	if (c->path.p) c->path.p[here] = '\0';
}

/* {source, provider, id} in the place of a secret. */
static void check_reference(struct check *c, const json_t *v)
{
	static const char *const keys[] = { "source", "provider", "id" };
	struct oc_str source = oc_json_str(v, "source"), provider = oc_json_str(v, "provider");
	json_t *object = (json_t *)(uintptr_t)v, *member;
	const char *key;

	json_object_foreach (object, key, member)
		if (!is_option("source|provider|id", oc_str(key)))
			oc_strv_addf(c->problems, "%s: Unrecognized key: \"%s\"",
				     oc_buf_cstr(&c->path), key);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!oc_json_str(v, keys[i]).n)
			oc_strv_addf(c->problems, "%s.%s: expected string, received %s",
				     oc_buf_cstr(&c->path), keys[i],
				     json_object_get(v, keys[i]) ? "something else" : "undefined");
	if (source.n && !is_option("env|file|exec|store", source))
		oc_strv_addf(c->problems,
			     "%s.source: expected one of \"env\", \"file\", \"exec\", \"store\"",
			     oc_buf_cstr(&c->path));
	bool ok = provider.n <= 64;
	for (size_t i = 0; i < provider.n; i++) {
		char ch = provider.p[i];
		bool letter = ch >= 'a' && ch <= 'z',
		     later = (ch >= '0' && ch <= '9') || ch == '_' || ch == '-';
		ok = ok && (letter || (i > 0 && later));
	}
	if (!ok)
		oc_strv_addf(c->problems,
			     "%s.provider: expected lower-case letters, digits, '_' and '-'",
			     oc_buf_cstr(&c->path));
}

static void check_required(struct check *c, const struct node *n, const json_t *v)
{
	for (; n; n = n->same) {
		for (const struct node *child = n->child; child; child = child->next) {
			char *key = oc_strndup(child->name.p, child->name.n);
			if ((child->type & T_REQUIRED) && !json_object_get(v, key))
				oc_strv_addf(c->problems, "%s.%s: expected %s, received undefined",
					     oc_buf_cstr(&c->path), key,
					     name_of(child->type & T_ANY));
			free(key);
		}
	}
}

static void check_object(struct check *c, const struct node *n, const json_t *v)
{
	json_t *object = (json_t *)(uintptr_t)v,
	       *member; /* jansson iterates only what is not const */
	const char *key;

	json_object_foreach (object, key, member) {
		const struct node *child = child_for(n, oc_str(key));
		if (child)
			check_below(c, child, member, key);
		else
			oc_strv_addf(c->problems, "%s: Unrecognized key: \"%s\"",
				     c->path.n ? oc_buf_cstr(&c->path) : "<root>", key);
	}
	check_required(c, n, v);
}

static void check_list(struct check *c, const struct node *n, const json_t *v)
{
	const struct node *element = element_of(n);

	for (size_t i = 0; element && i < json_array_size(v); i++) {
		char key[24];
		snprintf(key, sizeof key, "%zu", i);
		check_below(c, element, json_array_get(v, i), key);
	}
}

static void check_children(struct check *c, const struct node *n, const json_t *v)
{
	if (json_is_object(v) && (n->child || n->same) && !(n->type & T_FREE))
		check_object(c, n, v);
	if (json_is_array(v)) check_list(c, n, v);
}

/* A name of the reference product: its own keys are known, its values are not looked at. */
static void check_known(struct check *c, const struct node *n, const json_t *v)
{
	bool outer = c->in_known;

	if (!outer && c->foreign) oc_strv_add_once(c->foreign, oc_buf_view(&c->path));
	c->in_known = true;
	check_children(c, n, v);
	c->in_known = outer;
}

static void check_value(struct check *c, const struct node *n, const json_t *v)
{
	unsigned bit = type_bit(v);

	if (n->type & T_KNOWN) {
		check_known(c, n, v);
		return;
	}
	if ((n->type & T_SECRET) && bit == T_OBJ) {
		check_reference(c, v);
		return;
	}
	if (!(n->type & bit)) {
		wrong_type(c, n->type, name_of(bit));
		return;
	}
	if (bit == T_STR) check_string(c, n, oc_json_text(v));
	if (bit == T_NUM) check_number(c, n, json_number_value(v));
	check_children(c, n, v);
}

/* What a provider needs that this program does not bring itself. */
static void check_providers(struct check *c, const json_t *config)
{
	static const char *const needed[] = { "baseUrl", "models" }, *const kinds[] = { "string",
											"array" };
	json_t *providers = json_object_get(json_object_get(config, "models"), "providers"), *p;
	const char *id;

	json_object_foreach (providers, id, p) {
		struct oc_str name = oc_str_trim(oc_str(id));
		bool bundled = oc_str_ieq(name, OC_LIT("lmstudio")) ||
			       oc_str_ieq(name, OC_LIT("openai")) ||
			       oc_str_ieq(name, OC_LIT("anthropic"));
		if (bundled || !json_is_object(p)) continue;
		for (size_t i = 0; i < 2; i++)
			if (!json_object_get(p, needed[i]))
				oc_strv_addf(
				    c->problems,
				    "models.providers.%s.%s: expected %s, received undefined", id,
				    needed[i], kinds[i]);
	}
}

void oc_schema_check(const json_t *config, struct oc_strv *problems, struct oc_strv *foreign)
{
	struct check c = { .problems = problems, .foreign = foreign };

	oc_buf_init(&c.path, OC_MAX_CONFIG_BYTES);
	check_value(&c, schema(), config);
	check_providers(&c, config);
	oc_buf_deinit(&c.path);
}

/* ---- questions about a path ---- */

static const struct node *node_at(const struct oc_path *path, bool *free_below)
{
	const struct node *n = schema();

	*free_below = false;
	for (size_t i = 0; n && i < path->n; i++) {
		const struct oc_path_seg *s = &path->seg[i];
		bool opaque = (n->type & T_FREE) || (n->type & T_ANY) == T_ANY ||
			      (n->type & T_SECRET) || ((n->type & T_KNOWN) && !n->child);
		if (opaque) {
			*free_below = true;
			return n;
		}
		const struct node *element = element_of(n);
		n = !s->key || element ? element : child_for(n, oc_str(s->key));
	}
	return n;
}

enum oc_schema_kind oc_schema_kind(const struct oc_path *path)
{
	bool free_below;
	const struct node *n = node_at(path, &free_below);

	if (!n) return OC_SCHEMA_UNKNOWN;
	if (free_below || (n->type & (T_KNOWN | T_FREE))) return OC_SCHEMA_ANY;
	if (n->type & T_LIST) return OC_SCHEMA_ARRAY;
	return n->type & T_OBJ ? OC_SCHEMA_OBJECT : OC_SCHEMA_SCALAR;
}

static bool ends_with_any(struct oc_str key, const char *const *endings)
{
	for (; *endings; endings++) {
		struct oc_str e = oc_str(*endings);
		if (key.n >= e.n && oc_str_ieq(oc_str_from(key, key.n - e.n), e)) return true;
	}
	return false;
}

/* Names that say "secret" wherever they stand, as in sections whose schema is not ours. */
static bool sounds_secret(struct oc_str key)
{
	static const char *const endings[] = { "token",	      "password",   "passphrase", "secret",
					       "apikey",      "api_key",    "api-key",	  "cookie",
					       "private_key", "privatekey", NULL };

	return oc_str_ieq(key, OC_LIT("key")) || oc_str_ihas(key, "authorization") ||
	       ends_with_any(key, endings);
}

/* Members of env and headers maps are named by people. */
static bool sounds_secret_in_map(struct oc_str key)
{
	return sounds_secret(key) || oc_str_ihas(key, "key") || oc_str_ihas(key, "token") ||
	       oc_str_ihas(key, "secret") || oc_str_ihas(key, "auth") || oc_str_ihas(key, "pass");
}

bool oc_schema_secret(const struct oc_path *path)
{
	bool free_below;
	const struct node *n = node_at(path, &free_below);
	size_t last = path->n;

	if (n && (n->type & T_SECRET)) return !free_below; /* a reference is no secret */
	while (last > 0 && !path->seg[last - 1].key) last--;
	if (!last) return false;
	struct oc_str key = oc_str(path->seg[last - 1].key);
	struct oc_str above = last > 1 ? oc_str(path->seg[last - 2].key) : OC_LIT("");
	bool map = oc_str_eq(above, OC_LIT("env")) || oc_str_eq(above, OC_LIT("vars")) ||
		   oc_str_eq(above, OC_LIT("headers"));
	return map ? sounds_secret_in_map(key) : sounds_secret(key);
}

/* ---- JSON Schema ---- */

static json_t *json_of(const struct node *n);

static json_t *type_list(unsigned type)
{
	json_t *list = json_array();

	for (size_t i = 0; i < N_TYPES; i++) {
		if (!(type & type_names[i].bit)) continue;
		bool whole = type_names[i].bit == T_NUM && (type & T_INT);
		json_array_append_new(list, json_string(whole ? "integer" : type_names[i].name));
	}
	if (json_array_size(list) != 1) return list;
	json_t *only = json_incref(json_array_get(list, 0));
	json_decref(list);
	return only;
}

static json_t *option_list(const char *options)
{
	json_t *list = json_array();

	while (*options) {
		size_t n = strcspn(options, "|");
		json_array_append_new(list, json_stringn(options, n));
		options += n + (options[n] == '|');
	}
	return list;
}

static void add_properties(json_t *out, const struct node *n)
{
	json_t *properties = json_object(), *required = json_array(), *rest = NULL;

	for (; n; n = n->same) {
		for (const struct node *c = n->child; c; c = c->next) {
			if (oc_str_eq(c->name, OC_LIT("[]"))) continue;
			if (oc_str_eq(c->name, OC_LIT("*"))) {
				json_decref(rest);
				rest = json_of(c);
				continue;
			}
			json_object_setn_new(properties, c->name.p, c->name.n, json_of(c));
			if (c->type & T_REQUIRED)
				json_array_append_new(required, json_stringn(c->name.p, c->name.n));
		}
	}
	json_object_set_new(out, "properties", properties);
	if (json_array_size(required)) json_object_set(out, "required", required);
	json_decref(required);
	json_object_set_new(out, "additionalProperties", rest ? rest : json_false());
}

static json_t *json_of(const struct node *n)
{
	json_t *out = json_object();
	unsigned type = n->type & T_ANY;

	if (n->type & T_SECRET) type |= T_OBJ;
	if (!(n->type & T_KNOWN) && type != T_ANY)
		json_object_set_new(out, "type", type_list(n->type | type));
	if (n->options) json_object_set_new(out, "enum", option_list(n->options));
	if (n->type & T_NOT_EMPTY) json_object_set_new(out, "minLength", json_integer(1));
	if (n->type & T_POSITIVE) json_object_set_new(out, "exclusiveMinimum", json_integer(0));
	if (n->type & T_NOT_NEG) json_object_set_new(out, "minimum", json_integer(0));
	if (n->type & T_KNOWN) json_object_set_new(out, "$comment", json_string("kept, not used"));
	const struct node *element = element_of(n);
	if (element) json_object_set_new(out, "items", json_of(element));
	bool has_keys =
	    (n->child || n->same) && !(element && n->child == element && !element->next);
	if (has_keys && !(n->type & T_FREE)) add_properties(out, n);
	return out;
}

json_t *oc_schema_json(void)
{
	json_t *out = json_object(), *body = json_of(schema());

	json_object_set_new(out, "$schema",
			    json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(out, "title", json_string("openclaw.json"));
	json_object_update(out, body);
	json_decref(body);
	return out;
}
