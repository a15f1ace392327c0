/* The checks: one walk through value and schema together. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "config/schema.h"
#include "config/schema_table.h"

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

static void problem(struct check *c, const char *what)
{
	oc_strv_addf(c->problems, "%s: %s", c->path.n ? oc_buf_cstr(&c->path) : "<root>", what);
}

static const char *expected(unsigned type, struct oc_buf *out)
{
	for (size_t i = 0; i < SCHEMA_TYPES; i++)
		if (type & oc_schema_types[i].bit)
			oc_buf_addf(out, "%s%s", out->n ? " or " : "expected ",
				    oc_schema_types[i].name);
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
	for (size_t i = 0; i < SCHEMA_TYPES; i++)
		if (oc_schema_types[i].bit == bit) return oc_schema_types[i].name;
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

static void check_string(struct check *c, const struct oc_schema_node *n, struct oc_str s)
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

static void check_number(struct check *c, const struct oc_schema_node *n, double v)
{
	if ((n->type & T_INT) && v != floor(v)) problem(c, "expected a whole number");
	if ((n->type & T_POSITIVE) && v <= 0) problem(c, "expected a number above 0");
	if ((n->type & T_NOT_NEG) && v < 0) problem(c, "expected a number of 0 or more");
}

static void check_value(struct check *c, const struct oc_schema_node *n, const json_t *v);

static void check_below(struct check *c, const struct oc_schema_node *n, const json_t *v,
			const char *key)
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

static void check_required(struct check *c, const struct oc_schema_node *n, const json_t *v)
{
	for (; n; n = n->same) {
		for (const struct oc_schema_node *child = n->child; child; child = child->next) {
			char *key = oc_strndup(child->name.p, child->name.n);
			if ((child->type & T_REQUIRED) && !json_object_get(v, key))
				oc_strv_addf(c->problems, "%s.%s: expected %s, received undefined",
					     oc_buf_cstr(&c->path), key,
					     name_of(child->type & T_ANY));
			free(key);
		}
	}
}

static void check_object(struct check *c, const struct oc_schema_node *n, const json_t *v)
{
	json_t *object = (json_t *)(uintptr_t)v,
	       *member; /* jansson iterates only what is not const */
	const char *key;

	json_object_foreach (object, key, member) {
		const struct oc_schema_node *child = oc_schema_child(n, oc_str(key));
		if (child)
			check_below(c, child, member, key);
		else
			oc_strv_addf(c->problems, "%s: Unrecognized key: \"%s\"",
				     c->path.n ? oc_buf_cstr(&c->path) : "<root>", key);
	}
	check_required(c, n, v);
}

static void check_list(struct check *c, const struct oc_schema_node *n, const json_t *v)
{
	const struct oc_schema_node *element = oc_schema_element(n);

	for (size_t i = 0; element && i < json_array_size(v); i++) {
		char key[24];
		snprintf(key, sizeof key, "%zu", i);
		check_below(c, element, json_array_get(v, i), key);
	}
}

static void check_children(struct check *c, const struct oc_schema_node *n, const json_t *v)
{
	if (json_is_object(v) && (n->child || n->same) && !(n->type & T_FREE))
		check_object(c, n, v);
	if (json_is_array(v)) check_list(c, n, v);
}

/* A name of the reference product: its own keys are known, its values are not looked at. */
static void check_known(struct check *c, const struct oc_schema_node *n, const json_t *v)
{
	bool outer = c->in_known;

	if (!outer && c->foreign) oc_strv_add(c->foreign, oc_buf_view(&c->path));
	c->in_known = true;
	check_children(c, n, v);
	c->in_known = outer;
}

static void check_value(struct check *c, const struct oc_schema_node *n, const json_t *v)
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
	check_value(&c, oc_schema_root(), config);
	check_providers(&c, config);
	oc_buf_deinit(&c.path);
}
