/*
 * The configuration, shown without its secrets and changed with care: a change names the hash of
 * what it was made from, placeholders become the secrets again, and nothing is written unless the
 * whole result is valid.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "config/edit.h"
#include "config/redact.h"
#include "config/schema.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"
#include "gateway/process/reload.h"
#include "gateway/view/config_view.h"

/* ---- config.get ---- */

static json_t *shown(const json_t *tree)
{
	json_t *copy = tree ? json_deep_copy(tree) : json_object();
	struct oc_path root = { 0 };

	oc_config_redact(&copy, &root);
	oc_path_deinit(&root);
	return copy;
}

static json_t *shown_text(const struct oc_config *c)
{
	if (!c->exists) return json_null();
	json_t *tree = shown(c->raw);
	char *text = oc_json_pretty(tree);
	json_t *v = oc_json_new_str(oc_str(text));

	free(text);
	json_decref(tree);
	return v;
}

static json_t *view(const struct oc_gateway *gw, const struct oc_config *c, const char *failure)
{
	char hash[OC_CONFIG_HASH_CHARS + 1];
	json_t *o = json_object(), *issues = oc_config_problems_json(&c->problems);

	oc_config_hash(c, hash);
	if (failure)
		json_array_append_new(issues, json_pack("{s:s,s:o}", "path", "", "message",
							oc_json_new_str(oc_str(failure))));
	oc_json_put(o, "path", oc_json_new_str(oc_str(c->paths.config_path)));
	oc_json_put(o, "exists", json_boolean(c->exists));
	oc_json_put(o, "raw", shown_text(c));
	oc_json_put(o, "parsed", shown(c->raw));
	oc_json_put(o, "sourceConfig", shown(c->raw));
	oc_json_put(o, "resolved", shown(c->value));
	oc_json_put(o, "runtimeConfig", shown(gw->snapshot->config.value));
	oc_json_put(o, "config", shown(c->value));
	oc_json_put(o, "valid", json_boolean(!json_array_size(issues)));
	oc_json_put(o, "hash", json_string(hash));
	oc_json_put(o, "issues", issues);
	oc_json_put(o, "warnings", oc_config_problems_json(&c->warnings));
	oc_json_put(o, "legacyIssues", json_array());
	oc_json_put(o, "configRevisionHash", json_string(hash));
	oc_json_put(o, "appliedConfigHash", json_string(gw->config_hash ? gw->config_hash : hash));
	return o;
}

static enum oc_rc get_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_config c;
	struct oc_err why = { 0 };
	enum oc_rc rc = oc_config_load(&c, &why);

	(void)e;
	if (rc != OC_CANCELLED) *result = view(r->gw, &c, rc ? why.msg : NULL);
	oc_config_deinit(&c);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- changes ---- */

static enum oc_rc check_base(const struct oc_config *c, const char *base, struct oc_rpc_error *e)
{
	char hash[OC_CONFIG_HASH_CHARS + 1];

	if (!c->exists) return OC_OK;
	if (!base) return oc_rpc_invalid(e, "config base hash required; call config.get and retry");
	oc_config_hash(c, hash);
	if (!strcmp(hash, base)) return OC_OK;
	return oc_rpc_invalid(e, "config changed since last load; call config.get and retry");
}

/* The text of the parameters as a tree with its secrets back; NULL after e was set. */
static json_t *read_raw(const json_t *params, const struct oc_config *c, struct oc_rpc_error *e)
{
	struct oc_str raw = oc_json_str(params, "raw");
	struct oc_json5 *doc = NULL;
	struct oc_err why = { 0 };

	if (raw.n > OC_MAX_CONFIG_BYTES) {
		oc_rpc_invalid(e, "raw is larger than %d bytes", OC_MAX_CONFIG_BYTES);
		return NULL;
	}
	if (oc_json5_parse(raw, &doc, &why)) {
		oc_rpc_invalid(e, "raw: %s", why.msg);
		return NULL;
	}
	json_t *tree = json_deep_copy(oc_json5_value(doc));
	oc_json5_free(doc);
	if (json_is_object(tree) && oc_config_unredact(&tree, c->raw, &why) == OC_OK) return tree;
	oc_rpc_invalid(e, "raw: %s", why.msg[0] ? why.msg : "must be an object");
	json_decref(tree);
	return NULL;
}

static enum oc_rc write(const struct oc_config *c, json_t *tree, bool *written,
			struct oc_rpc_error *e)
{
	struct oc_strv problems = { 0 };
	enum oc_edit_result what;
	struct oc_err why = { 0 };
	enum oc_rc rc = oc_config_write(c, tree, &what, &problems, &why);

	*written = what == OC_EDIT_WRITTEN;
	if (rc) {
		oc_rpc_fail(e, rc, &why);
		if (problems.n)
			e->details =
			    json_pack("{s:o}", "issues", oc_config_problems_json(&problems));
	}
	oc_strv_deinit(&problems);
	return rc;
}

/* What is in the file now. */
static enum oc_rc answer_wait(bool written, json_t **result, struct oc_rpc_error *e)
{
	char hash[OC_CONFIG_HASH_CHARS + 1];
	struct oc_config c;
	struct oc_err why = { 0 };
	enum oc_rc rc = oc_config_load(&c, &why);

	if (!rc) {
		oc_config_hash(&c, hash);
		*result = json_pack("{s:b,s:o,s:s,s:o}", "ok", true, "path",
				    oc_json_new_str(oc_str(c.paths.config_path)), "hash", hash,
				    "config", shown(c.raw));
		if (!written) oc_json_put(*result, "noop", json_true());
	}
	oc_config_deinit(&c);
	return rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

static enum oc_rc change_wait(struct oc_rpc *r, bool merge, json_t **result, struct oc_rpc_error *e)
{
	struct oc_config c;
	struct oc_err why = { 0 };
	json_t *tree = NULL;
	bool written = false;
	enum oc_rc rc = oc_config_load(&c, &why);

	if (rc) rc = oc_rpc_fail(e, rc, &why);
	if (!rc) rc = check_base(&c, oc_json_cstr(r->params, "baseHash"), e);
	if (!rc && !(tree = read_raw(r->params, &c, e))) rc = OC_E_INPUT;
	if (!rc && merge) {
		json_t *patch = tree;
		tree = c.raw ? json_deep_copy(c.raw) : json_object();
		oc_json_merge_patch(tree, patch);
		json_decref(patch);
	}
	if (!rc) rc = write(&c, tree, &written, e);
	json_decref(tree);
	oc_config_deinit(&c);
	if (rc) return rc;
	if (written && (rc = oc_gateway_reload_wait(r->gw, &why))) return oc_rpc_fail(e, rc, &why);
	return answer_wait(written, result, e);
}

static enum oc_rc patch_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	return change_wait(r, true, result, e);
}

static enum oc_rc set_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	return change_wait(r, false, result, e);
}

/* ---- the schema ---- */

static enum oc_rc schema_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)e;
	*result = json_pack("{s:o,s:{},s:s,s:I}", "schema", oc_schema_json(), "uiHints", "version",
			    r->gw->version, "generatedAt", (json_int_t)oc_wall_ms());
	return OC_OK;
}

/* One step down from a schema; borrowed, NULL when there is nothing of that name. */
static json_t *below(json_t *schema, const struct oc_path_seg *seg)
{
	json_t *named =
	    seg->key ? json_object_get(json_object_get(schema, "properties"), seg->key) : NULL;
	json_t *any = json_object_get(schema, seg->key ? "additionalProperties" : "items");

	return named ? named : json_is_object(any) ? any : NULL;
}

static const char *reload_kind(const char *path)
{
	return oc_reload_class_name(oc_reload_class(path));
}

static json_t *child_row(const char *at, const char *key, const json_t *schema)
{
	char *path = oc_asprintf("%s%s%s", at, *at ? "." : "", key);
	json_t *row = json_pack("{s:s,s:s,s:b,s:b,s:s}", "key", key, "path", path, "required",
				false, "hasChildren", json_object_get(schema, "properties") != NULL,
				"reloadKind", reload_kind(path));
	json_t *type = json_object_get(schema, "type");

	if (type) json_object_set(row, "type", type);
	free(path);
	return row;
}

static json_t *children_of(json_t *schema, const char *at)
{
	json_t *list = json_array(), *child;
	const char *key;

	json_object_foreach (json_object_get(schema, "properties"), key, child)
		json_array_append_new(list, child_row(at, key, child));
	return list;
}

static enum oc_rc lookup_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *text = oc_json_cstr(r->params, "path");
	struct oc_path path = { 0 };
	struct oc_err why = { 0 };

	if (strcmp(text, "") != 0 && strcmp(text, ".") != 0 &&
	    oc_path_parse(oc_str(text), &path, &why))
		return oc_rpc_invalid(e, "%s", why.msg);
	json_t *root = oc_schema_json(), *at = root;
	for (size_t i = 0; at && i < path.n; i++) at = below(at, &path.seg[i]);
	if (at)
		*result = json_pack("{s:s,s:O,s:s,s:{},s:o}", "path", text, "schema", at,
				    "reloadKind", reload_kind(text), "hint", "children",
				    children_of(at, path.n ? text : ""));
	json_decref(root);
	oc_path_deinit(&path);
	return at ? OC_OK : oc_rpc_invalid(e, "config schema path not found: %.200s", text);
}

#define CHANGE                                                                                     \
	"raw:str min1, baseHash?:str min1, sessionKey?:str, deliveryContext?:{channel?:str, "      \
	"to?:str, accountId?:str, threadId?:(str|num)}, note?:str, restartDelayMs?:int>=0, "       \
	"replacePaths?:str[]"

const struct oc_method oc_methods_config[] = {
	{ "config.get", OC_SCOPE_READ, "", get_wait },
	{ "config.patch", OC_SCOPE_ADMIN, CHANGE, patch_wait },
	{ "config.apply", OC_SCOPE_ADMIN, CHANGE, set_wait },
	{ "config.set", OC_SCOPE_ADMIN, CHANGE, set_wait },
	{ "config.schema", OC_SCOPE_READ, "", schema_wait },
	{ "config.schema.lookup", OC_SCOPE_READ, "path:str max1024", lookup_wait },
	{ 0 },
};
