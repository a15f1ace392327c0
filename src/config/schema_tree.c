/* The rows of the schema as a tree of nodes, built once. */
#include "base/mem.h"
#include "config/schema_table.h"

const struct oc_schema_type oc_schema_types[SCHEMA_TYPES] = {
	{ T_STR, "string" }, { T_NUM, "number" }, { T_BOOL, "boolean" },
	{ T_OBJ, "object" }, { T_LIST, "array" }, { T_NULL, "null" }
};

static struct oc_schema_node *schema_named(const struct oc_schema_node *n, struct oc_str name)
{
	for (; n; n = n->same)
		for (struct oc_schema_node *c = n->child; c; c = c->next)
			if (oc_str_eq(c->name, name)) return c;
	return NULL;
}

/* The node for a key: by name, else the one for any key. */
struct oc_schema_node *oc_schema_child(const struct oc_schema_node *n, struct oc_str key)
{
	struct oc_schema_node *c = schema_named(n, key);

	return c ? c : schema_named(n, OC_LIT("*"));
}

struct oc_schema_node *oc_schema_element(const struct oc_schema_node *n)
{
	return schema_named(n, OC_LIT("[]"));
}

static struct oc_schema_node *make_child(struct oc_schema_node *n, struct oc_str name,
					 unsigned type_if_new)
{
	struct oc_schema_node *c = schema_named(n, name);

	if (c) return c;
	c = oc_new(struct oc_schema_node);
	*c = (struct oc_schema_node){ .name = name, .type = type_if_new };
	if (n->last_child)
		n->last_child->next = c;
	else
		n->child = c;
	n->last_child = c;
	n->type |= oc_str_eq(name, OC_LIT("[]")) ? T_LIST : T_OBJ;
	return c;
}

/* The node at a path of the table; missing ones are made. */
static struct oc_schema_node *make_path(struct oc_schema_node *root, const char *path,
					unsigned type_if_new)
{
	struct oc_schema_node *n = root;
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

static void add_known(struct oc_schema_node *root, const struct oc_schema_known *k)
{
	struct oc_schema_node *n = make_path(root, k->path, T_KNOWN);
	const char *p = k->keys;

	while (*p) {
		size_t len = strcspn(p, " ");
		make_child(n, (struct oc_str){ p, len }, T_KNOWN);
		p += len + (p[len] == ' ');
	}
}

const struct oc_schema_node *oc_schema_root(void)
{
	static struct oc_schema_node *root;

	if (root) return root;
	root = oc_new(struct oc_schema_node);
	root->type = T_OBJ;
	for (const struct oc_schema_row *r = oc_schema_rows; r->path; r++) {
		struct oc_schema_node *n = make_path(root, r->path, 0);
		n->type |= r->type;
		n->options = r->options;
	}
	for (const struct oc_schema_alias *a = oc_schema_aliases; a->path; a++)
		make_path(root, a->path, T_OBJ)->same = make_path(root, a->same_as, 0);
	for (const struct oc_schema_known *k = oc_schema_known; k->path; k++) add_known(root, k);
	for (const char *const *f = oc_schema_foreign; *f; f++)
		make_child(root, oc_str(*f), T_KNOWN);
	return root;
}
