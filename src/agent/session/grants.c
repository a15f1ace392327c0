/* Lasting permissions, in a file. */
#include "agent/session/grants.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "net/sha256.h"
#include "rt/file.h"

enum { MAX_BYTES = 4194304, MAX_GRANTS = 1000, LOCK_MS = 2000, ID_CHARS = 8 };

static char *path_of(const char *state_dir)
{
	return oc_asprintf("%s/exec-grants.json", state_dir);
}

/* ---- the file ---- */

/* The whole document; an empty one when there is no file. */
static enum oc_rc load(const char *path, json_t **out, struct oc_err *e)
{
	struct oc_buf bytes;
	enum oc_rc rc = oc_file_read(path, MAX_BYTES, &bytes, e);

	if (rc == OC_E_NOT_FOUND) {
		*out = json_pack("{s:i,s:[]}", "version", 1, "grants");
		return OC_OK;
	}
	if (rc) return rc;
	*out = oc_json_parse(oc_buf_view(&bytes), NULL, e);
	oc_buf_deinit(&bytes);
	if (*out && json_is_array(json_object_get(*out, "grants"))) return OC_OK;
	json_decref(*out);
	*out = NULL;
	return oc_fail(e, OC_E_INPUT, "%s is not a list of grants: mend or remove it", path);
}

static enum oc_rc save(const char *path, const json_t *doc, struct oc_err *e)
{
	char *text = oc_json_pretty(doc);
	enum oc_rc rc = oc_file_write(path, oc_str(text), 0600, NULL, e);

	free(text);
	return rc;
}

/* Changes the document under its lock. edit: false = nothing is to be written. */
static enum oc_rc change(const char *state_dir, bool (*edit)(json_t *grants, void *arg), void *arg,
			 struct oc_err *e)
{
	char *path = path_of(state_dir), *lock_path = oc_asprintf("%s.lock", path);
	struct oc_lock lock;
	json_t *doc = NULL;
	enum oc_rc rc = oc_mkdirs(state_dir, e);

	if (!rc) rc = oc_lock_take(&lock, lock_path, LOCK_MS, e);
	if (!rc) {
		rc = load(path, &doc, e);
		if (!rc && edit(json_object_get(doc, "grants"), arg)) rc = save(path, doc, e);
		oc_lock_release(&lock);
	}
	json_decref(doc);
	free(lock_path);
	free(path);
	return rc;
}

/* ---- what is in it ---- */

static bool is_for(const json_t *grant, const char *agent, const char *hash)
{
	return oc_str_eq(oc_json_str(grant, "agent"), oc_str(agent)) &&
	       oc_str_eq(oc_json_str(grant, "binding"), oc_str(hash));
}

static bool has(const json_t *grants, const char *agent, const char *hash)
{
	const json_t *grant;
	size_t i;

	json_array_foreach (grants, i, grant)
		if (is_for(grant, agent, hash)) return true;
	return false;
}

bool oc_grants_hold(const char *state_dir, const char *agent, const char *binding)
{
	char *path = path_of(state_dir), hash[OC_SHA256_HEX + 1];
	struct oc_err e = { 0 };
	json_t *doc = NULL;
	bool holds;

	oc_sha256_hex(oc_str(binding), hash);
	holds = !load(path, &doc, &e) && has(json_object_get(doc, "grants"), agent, hash);
	json_decref(doc);
	free(path);
	return holds;
}

struct addition {
	const struct oc_grant *grant;
	int64_t wall_ms;
};

static bool add(json_t *grants, void *arg)
{
	const struct addition *a = arg;
	const struct oc_grant *g = a->grant;
	char hash[OC_SHA256_HEX + 1], id[ID_CHARS + 1];
	json_t *o = json_object();

	oc_sha256_hex(oc_str(g->binding), hash);
	oc_rand_id(id, ID_CHARS);
	oc_json_put(o, "id", json_string(id));
	oc_json_put(o, "agent", oc_json_new_str(oc_str(g->agent)));
	oc_json_put(o, "tool", oc_json_new_str(oc_str(g->tool)));
	oc_json_put(o, "command", oc_json_new_str(oc_str(g->what)));
	oc_json_put(o, "workdir", oc_json_new_str(oc_str(g->workdir)));
	if (g->program) oc_json_put(o, "program", oc_json_new_str(oc_str(g->program)));
	oc_json_put(o, "createdAt", json_integer(a->wall_ms));
	oc_json_put(o, "binding", json_string(hash));
	if (has(grants, g->agent, hash)) {
		json_decref(o);
		return false;
	}
	json_array_insert_new(grants, 0, o);
	while (json_array_size(grants) > MAX_GRANTS) json_array_remove(grants, MAX_GRANTS);
	return true;
}

enum oc_rc oc_grants_add(const char *state_dir, const struct oc_grant *g, int64_t wall_ms,
			 struct oc_err *e)
{
	struct addition a = { g, wall_ms };

	return change(state_dir, add, &a, e);
}

enum oc_rc oc_grants_list(const char *state_dir, json_t **out, struct oc_err *e)
{
	char *path = path_of(state_dir);
	json_t *doc = NULL, *grant;
	enum oc_rc rc = load(path, &doc, e);
	size_t i;

	if (!rc) {
		*out = json_incref(json_object_get(doc, "grants"));
		json_array_foreach (*out, i, grant) json_object_del(grant, "binding");
	}
	json_decref(doc);
	free(path);
	return rc;
}

struct removal {
	const char *id;
	size_t n;
};

static bool remove_some(json_t *grants, void *arg)
{
	struct removal *r = arg;

	for (size_t i = json_array_size(grants); i > 0; i--) {
		const json_t *grant = json_array_get(grants, i - 1);

		if (r->id && !oc_str_eq(oc_json_str(grant, "id"), oc_str(r->id))) continue;
		json_array_remove(grants, i - 1);
		r->n++;
	}
	return r->n > 0;
}

enum oc_rc oc_grants_revoke(const char *state_dir, const char *id, size_t *n, struct oc_err *e)
{
	struct removal r = { id, 0 };
	enum oc_rc rc = change(state_dir, remove_some, &r, e);

	*n = r.n;
	return rc;
}
