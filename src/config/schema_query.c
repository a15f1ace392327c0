/* Questions about a path, and the JSON Schema. */
#include "config/schema.h"
#include "config/schema_table.h"
#include "json/path.h"

/* ---- questions about a path ---- */

static const struct oc_schema_node *node_at(const struct oc_path *path, bool *free_below)
{
	const struct oc_schema_node *n = oc_schema_root();

	*free_below = false;
	for (size_t i = 0; n && i < path->n; i++) {
		const struct oc_path_seg *s = &path->seg[i];
		bool opaque = (n->type & T_FREE) || (n->type & T_ANY) == T_ANY ||
			      (n->type & T_SECRET) || ((n->type & T_KNOWN) && !n->child);
		if (opaque) {
			*free_below = true;
			return n;
		}
		const struct oc_schema_node *element = oc_schema_element(n);
		n = !s->key || element ? element : oc_schema_child(n, oc_str(s->key));
	}
	return n;
}

enum oc_schema_kind oc_schema_kind(const struct oc_path *path)
{
	bool free_below;
	const struct oc_schema_node *n = node_at(path, &free_below);

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
	const struct oc_schema_node *n = node_at(path, &free_below);
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

static json_t *json_of(const struct oc_schema_node *n);

static json_t *type_list(unsigned type)
{
	json_t *list = json_array();

	for (size_t i = 0; i < SCHEMA_TYPES; i++) {
		if (!(type & oc_schema_types[i].bit)) continue;
		bool whole = oc_schema_types[i].bit == T_NUM && (type & T_INT);
		json_array_append_new(list,
				      json_string(whole ? "integer" : oc_schema_types[i].name));
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

static void add_properties(json_t *out, const struct oc_schema_node *n)
{
	json_t *properties = json_object(), *required = json_array(), *rest = NULL;

	for (; n; n = n->same) {
		for (const struct oc_schema_node *c = n->child; c; c = c->next) {
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

static json_t *json_of(const struct oc_schema_node *n)
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
	const struct oc_schema_node *element = oc_schema_element(n);
	if (element) json_object_set_new(out, "items", json_of(element));
	bool has_keys =
	    (n->child || n->same) && !(element && n->child == element && !element->next);
	if (has_keys && !(n->type & T_FREE)) add_properties(out, n);
	return out;
}

json_t *oc_schema_json(void)
{
	json_t *out = json_object(), *body = json_of(oc_schema_root());

	json_object_set_new(out, "$schema",
			    json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(out, "title", json_string("openclaw.json"));
	json_object_update(out, body);
	json_decref(body);
	return out;
}
