/* Reads and changes auth-profiles.json; never logs what is in it. */
#include "model/provider/auth_profiles.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "rt/file.h"

enum { LOCK_TIMEOUT_MS = 5000 };

char *oc_auth_profiles_path(const char *agent_dir)
{
	return oc_asprintf("%s/auth-profiles.json", agent_dir);
}

static json_t *empty_document(void)
{
	json_t *doc = json_object();

	oc_json_put(doc, "version", json_integer(1));
	oc_json_put(doc, "profiles", json_object());
	return doc;
}

static enum oc_rc parse(const char *path, struct oc_str bytes, json_t **out, struct oc_err *e)
{
	json_t *doc = oc_json_parse(bytes, NULL, e);

	if (!doc) return oc_wrap(e, "%s", path);
	if (!json_is_object(doc)) {
		json_decref(doc);
		return oc_fail(e, OC_E_INPUT, "%s: expected an object", path);
	}
	*out = doc;
	return OC_OK;
}

static enum oc_rc load(const char *path, json_t **out, struct oc_err *e)
{
	struct oc_buf bytes;
	enum oc_rc rc = oc_file_read(path, OC_MAX_STATE_FILE_BYTES, &bytes, e);

	*out = NULL;
	if (rc == OC_E_NOT_FOUND) {
		*out = empty_document();
		return OC_OK;
	}
	if (rc) return rc;
	rc = parse(path, oc_buf_view(&bytes), out, e);
	if (bytes.p) memset(bytes.p, 0, bytes.n);
	oc_buf_deinit(&bytes);
	return rc;
}

enum oc_rc oc_auth_profiles_load(const char *agent_dir, json_t **out, struct oc_err *e)
{
	char *path = oc_auth_profiles_path(agent_dir);
	enum oc_rc rc = load(path, out, e);

	free(path);
	return rc;
}

static enum oc_rc edit_file(const char *path, oc_auth_profiles_edit_fn *fn, void *arg,
			    struct oc_err *e)
{
	json_t *doc = NULL;
	enum oc_rc rc = load(path, &doc, e);

	if (rc) return rc;
	fn(doc, arg);
	char *text = oc_json_pretty(doc);
	rc = oc_file_write(path, oc_str(text), 0600, NULL, e);
	oc_free_secret(text);
	json_decref(doc);
	return rc;
}

enum oc_rc oc_auth_profiles_update(const char *agent_dir, oc_auth_profiles_edit_fn *fn, void *arg,
				   struct oc_err *e)
{
	char *path = oc_auth_profiles_path(agent_dir);
	char *lock_path = oc_asprintf("%s.lock", path);
	struct oc_lock lock;
	enum oc_rc rc = oc_mkdirs(agent_dir, e);

	if (!rc) rc = oc_lock_take(&lock, lock_path, LOCK_TIMEOUT_MS, e);
	if (!rc) {
		rc = edit_file(path, fn, arg, e);
		oc_lock_release(&lock);
	}
	free(lock_path);
	free(path);
	return rc;
}

/* The object under key, made when it is missing or of another type. Borrowed. */
static json_t *object_at(json_t *doc, const char *key)
{
	json_t *o = json_object_get(doc, key);

	if (json_is_object(o)) return o;
	o = json_object();
	oc_json_put(doc, key, o);
	return o;
}

void oc_auth_profiles_put_key(json_t *doc, const char *id, const char *provider, const char *key)
{
	json_t *profiles = object_at(doc, "profiles");
	json_t *p = json_object();
	const char *email = oc_json_cstr(json_object_get(profiles, id), "email");

	oc_json_put(p, "type", json_string("api_key"));
	oc_json_put(p, "provider", json_string(provider));
	oc_json_put(p, "key", oc_json_new_str(oc_str(key)));
	if (email) oc_json_put(p, "email", json_string(email));
	oc_json_put(profiles, id, p);
	/* A new key starts with a clean record: the failures were those of the old one. */
	json_object_del(json_object_get(doc, "usageStats"), id);
}

static void ids_of(const json_t *doc, const char *provider, struct oc_strv *out)
{
	json_t *profiles = json_object_get(doc, "profiles"), *p;
	const char *id;

	json_object_foreach (profiles, id, p) {
		if (oc_str_ieq(oc_json_str(p, "provider"), oc_str(provider)))
			oc_strv_add(out, oc_str(id));
	}
}

void oc_auth_profiles_remove_provider(json_t *doc, const char *provider)
{
	struct oc_strv ids = { 0 };

	ids_of(doc, provider, &ids);
	for (size_t i = 0; i < ids.n; i++) {
		json_object_del(json_object_get(doc, "profiles"), ids.v[i]);
		json_object_del(json_object_get(doc, "usageStats"), ids.v[i]);
	}
	if (ids.n > 0) {
		json_object_del(json_object_get(doc, "order"), provider);
		json_object_del(json_object_get(doc, "lastGood"), provider);
	}
	oc_strv_deinit(&ids);
}

/* ---- order ---- */

enum kind { KIND_OAUTH, KIND_TOKEN, KIND_API_KEY, KIND_UNKNOWN };

static enum kind kind_of(const json_t *profile)
{
	static const char *const names[] = { "oauth", "token", "api_key" };
	struct oc_str type = oc_json_str(profile, "type");

	for (int i = 0; i < KIND_UNKNOWN; i++)
		if (oc_str_eq(type, oc_str(names[i]))) return (enum kind)i;
	return KIND_UNKNOWN;
}

const json_t *oc_auth_profile(const json_t *doc, const char *id, const char *provider)
{
	const json_t *p = json_object_get(json_object_get(doc, "profiles"), id);

	if (!p || kind_of(p) == KIND_UNKNOWN) return NULL;
	return oc_str_ieq(oc_json_str(p, "provider"), oc_str(provider)) ? p : NULL;
}

static void add_usable(const json_t *doc, const json_t *ids, const char *provider,
		       struct oc_strv *out)
{
	const json_t *item;
	size_t i;

	json_array_foreach (ids, i, item) {
		const char *id = json_string_value(item);
		if (id && oc_auth_profile(doc, id, provider)) oc_strv_add_once(out, oc_str(id));
	}
}

/* Ids that the config describes; all stored ones when it describes none. */
static void add_unordered(const json_t *doc, const json_t *config_auth, const char *provider,
			  struct oc_strv *out)
{
	json_t *meta = json_object_get(config_auth, "profiles"), *entry;
	struct oc_strv stored = { 0 };
	const char *id;

	json_object_foreach (meta, id, entry) {
		if (oc_auth_profile(doc, id, provider)) oc_strv_add_once(out, oc_str(id));
	}
	if (out->n > 0) return;
	ids_of(doc, provider, &stored);
	for (size_t i = 0; i < stored.n; i++)
		if (oc_auth_profile(doc, stored.v[i], provider))
			oc_strv_add(out, oc_str(stored.v[i]));
	oc_strv_deinit(&stored);
}

struct ranked {
	char *id;
	bool explicit_order;
	enum kind kind;
	int64_t last_used;
	int64_t blocked_until; /* 0 = free */
	size_t place;
};

static int compare_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_rank(const void *pa, const void *pb)
{
	const struct ranked *a = pa, *b = pb;
	int c = compare_i64(a->blocked_until, b->blocked_until);

	if (c == 0 && !a->explicit_order) c = (int)a->kind - (int)b->kind;
	if (c == 0 && !a->explicit_order) c = compare_i64(a->last_used, b->last_used);
	return c ? c : compare_i64((int64_t)a->place, (int64_t)b->place);
}

static void rank(const json_t *doc, int64_t now_ms, bool explicit_order, struct oc_strv *ids)
{
	struct ranked *rows;

	if (ids->n < 2) return;
	rows = oc_realloc_array(NULL, ids->n, sizeof *rows);
	for (size_t i = 0; i < ids->n; i++) {
		const json_t *use = json_object_get(json_object_get(doc, "usageStats"), ids->v[i]);
		int64_t cooldown = oc_json_positive(use, "cooldownUntil");
		int64_t disabled = oc_json_positive(use, "disabledUntil");
		int64_t until = cooldown > disabled ? cooldown : disabled;

		/* A cooldown of one model does not block the profile for the others. */
		if (cooldown == until && oc_json_cstr(use, "cooldownModel")) until = disabled;
		rows[i] = (struct ranked){
			.id = ids->v[i],
			.explicit_order = explicit_order,
			.kind =
			    kind_of(json_object_get(json_object_get(doc, "profiles"), ids->v[i])),
			.last_used = oc_json_positive(use, "lastUsed"),
			.blocked_until = until > now_ms ? until : 0,
			.place = i,
		};
	}
	qsort(rows, ids->n, sizeof *rows, by_rank);
	for (size_t i = 0; i < ids->n; i++) ids->v[i] = rows[i].id;
	free(rows);
}

void oc_auth_profiles_order(const json_t *doc, const json_t *config_auth, const char *provider,
			    int64_t now_ms, struct oc_strv *out)
{
	const json_t *stored = json_object_get(json_object_get(doc, "order"), provider);
	const json_t *configured = json_object_get(json_object_get(config_auth, "order"), provider);
	bool explicit_order;

	add_usable(doc, stored, provider, out);
	if (out->n == 0) add_usable(doc, configured, provider, out);
	explicit_order = out->n > 0;
	if (!explicit_order) add_unordered(doc, config_auth, provider, out);
	rank(doc, now_ms, explicit_order, out);
}
