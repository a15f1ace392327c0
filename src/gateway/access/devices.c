/*
 * Known devices. Memory is changed first and the store after it, one document at a time; a store
 * that fails makes the change an error, and memory as it was only until the next start.
 */
#include "gateway/access/devices.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "net/base64.h"
#include "net/sha256.h"

struct token {
	char hash[OC_SHA256_HEX + 1];
	struct oc_strv scopes;
	int64_t issued_ms;
};
struct device {
	char *id;
	json_t *value; /* the document */
	struct oc_strv scopes;
	struct token *tokens;
	size_t n_tokens;
	int64_t seen_ms;
};
struct pending {
	char id[OC_ID_CHARS + 1];
	json_t *params; /* client, device without signature, role, scopes */
	char *address;
	int64_t ts;
};
struct oc_devices {
	struct oc_store *store;
	struct device **v; /* pointers: a device stays where it is while a task waits */
	size_t n;
	struct pending pending[OC_MAX_PENDING_PAIRS];
	size_t n_pending;
};

/* ---- lists of names ---- */

static void names_from(const json_t *list, struct oc_strv *out)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct oc_str s = oc_json_text(json_array_get(list, i));
		if (s.n) oc_strv_add_once(out, s);
	}
}

static json_t *names_to(const struct oc_strv *l)
{
	json_t *out = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(out, oc_json_new_str(oc_str(l->v[i])));
	return out;
}

static void names_add(struct oc_strv *to, const struct oc_strv *from)
{
	for (size_t i = 0; i < from->n; i++) oc_strv_add_once(to, oc_str(from->v[i]));
}

/* ---- memory ---- */

static void device_free(struct device *d)
{
	if (!d) return;
	for (size_t i = 0; i < d->n_tokens; i++) oc_strv_deinit(&d->tokens[i].scopes);
	free(d->tokens);
	oc_strv_deinit(&d->scopes);
	json_decref(d->value);
	free(d->id);
	free(d);
}

static void pending_drop(struct oc_devices *d, size_t i)
{
	json_decref(d->pending[i].params);
	free(d->pending[i].address);
	d->n_pending--;
	memmove(&d->pending[i], &d->pending[i + 1], (d->n_pending - i) * sizeof *d->pending);
}

void oc_devices_free(struct oc_devices *d)
{
	if (!d) return;
	for (size_t i = 0; i < d->n; i++) device_free(d->v[i]);
	while (d->n_pending) pending_drop(d, d->n_pending - 1);
	free(d->v);
	free(d);
}

static struct device *find(const struct oc_devices *d, const char *id)
{
	for (size_t i = 0; id && i < d->n; i++)
		if (!strcmp(d->v[i]->id, id)) return d->v[i];
	return NULL;
}

static struct device *add(struct oc_devices *d, const char *id)
{
	struct device *one = oc_new(struct device);

	one->id = oc_strdup(id);
	d->v = oc_realloc_array(d->v, d->n + 1, sizeof *d->v);
	d->v[d->n++] = one;
	return one;
}

static void add_token(struct device *one, const char *hash, const json_t *scopes, int64_t issued_ms)
{
	one->tokens = oc_realloc_array(one->tokens, one->n_tokens + 1, sizeof *one->tokens);
	struct token *t = &one->tokens[one->n_tokens++];

	*t = (struct token){ .issued_ms = issued_ms };
	memcpy(t->hash, hash, OC_SHA256_HEX);
	names_from(scopes, &t->scopes);
}

static void drop_token(struct device *one, size_t i)
{
	oc_strv_deinit(&one->tokens[i].scopes);
	one->n_tokens--;
	memmove(&one->tokens[i], &one->tokens[i + 1], (one->n_tokens - i) * sizeof *one->tokens);
}

/* ---- loading ---- */

static void take_device(struct oc_devices *d, const struct oc_document *doc)
{
	struct device *one = add(d, doc->id);

	one->value = json_incref(doc->value);
	one->seen_ms = doc->order;
	names_from(json_object_get(doc->value, "scopes"), &one->scopes);
}

static void take_token(struct oc_devices *d, const struct oc_document *doc)
{
	struct device *one = find(d, oc_json_cstr(doc->value, "deviceId"));

	if (!one || strlen(doc->id) != OC_SHA256_HEX || one->n_tokens == OC_MAX_DEVICE_TOKENS)
		return;
	add_token(one, doc->id, json_object_get(doc->value, "scopes"), doc->order);
}

enum oc_rc oc_devices_load_wait(struct oc_store *s, struct oc_devices **out, struct oc_err *e)
{
	struct oc_devices *d = oc_new(struct oc_devices);
	struct oc_documents devices = { 0 }, tokens = { 0 };
	enum oc_rc rc;

	d->store = s;
	rc = oc_store_list_wait(s, "device", NULL, OC_MAX_DEVICES, 0, &devices, e);
	if (!rc) rc = oc_store_list_wait(s, "device-token", NULL, 0, 0, &tokens, e);
	if (rc) {
		oc_documents_deinit(&devices);
		oc_devices_free(d);
		return oc_wrap(e, "devices");
	}
	for (size_t i = 0; i < devices.n; i++) take_device(d, &devices.v[i]);
	for (size_t i = tokens.n; i > 0; i--) take_token(d, &tokens.v[i - 1]);
	oc_documents_deinit(&devices);
	oc_documents_deinit(&tokens);
	*out = d;
	return OC_OK;
}

/* ---- tokens ---- */

static const struct token *token_with(const struct device *one, const char *hash)
{
	for (size_t i = 0; i < one->n_tokens; i++)
		if (!memcmp(one->tokens[i].hash, hash, OC_SHA256_HEX)) return &one->tokens[i];
	return NULL;
}

enum oc_token_check oc_devices_check(const struct oc_devices *d, const char *device_id,
				     const char *token, const struct oc_strv *scopes,
				     struct oc_strv *granted)
{
	const struct device *one = find(d, device_id);
	struct oc_str text = oc_str_trim(oc_str(token));
	char hash[OC_SHA256_HEX + 1];

	if (!one || !text.n) return OC_TOKEN_UNKNOWN;
	oc_sha256_hex(text, hash);
	const struct token *t = token_with(one, hash);
	if (!t) return OC_TOKEN_UNKNOWN;
	if (scopes && !oc_scopes_cover(&t->scopes, scopes)) return OC_TOKEN_SCOPES;
	if (granted) names_add(granted, &t->scopes);
	return OC_TOKEN_OK;
}

bool oc_devices_token(const struct oc_devices *d, struct oc_str token, struct oc_strv *granted)
{
	char hash[OC_SHA256_HEX + 1];

	/* Looked up by its hash: the time of the search tells nothing of the token. */
	oc_sha256_hex(token, hash);
	for (size_t i = 0; i < d->n; i++) {
		const struct token *t = token_with(d->v[i], hash);
		if (!t) continue;
		if (granted) names_add(granted, &t->scopes);
		return true;
	}
	return false;
}

/* The oldest tokens make room; the store forgets them too. */
static enum oc_rc make_room_for_token(struct oc_devices *d, struct device *one, struct oc_err *e)
{
	while (one->n_tokens >= OC_MAX_DEVICE_TOKENS) {
		char hash[OC_SHA256_HEX + 1];

		memcpy(hash, one->tokens[0].hash, sizeof hash);
		drop_token(one, 0);
		enum oc_rc rc = oc_store_remove_wait(d->store, "device-token", hash, NULL, e);
		if (rc) return rc;
	}
	return OC_OK;
}

enum oc_rc oc_devices_issue_wait(struct oc_devices *d, const char *device_id,
				 const struct oc_strv *scopes,
				 char token[OC_DEVICE_TOKEN_CHARS + 1], int64_t *issued_ms,
				 struct oc_err *e)
{
	struct device *one = find(d, device_id);
	uint8_t bytes[32];
	char hash[OC_SHA256_HEX + 1];

	if (!one) return oc_fail(e, OC_E_NOT_FOUND, "no such device");
	oc_rand_secret(bytes, sizeof bytes);
	char *text = oc_base64url_encode((struct oc_str){ (char *)bytes, sizeof bytes });
	oc_sha256_hex(oc_str(text), hash);
	memcpy(token, text, OC_DEVICE_TOKEN_CHARS + 1);
	oc_free_secret(text);
	memset(bytes, 0, sizeof bytes);
	*issued_ms = oc_wall_ms();
	json_t *value = json_pack("{s:s, s:s, s:o, s:I}", "deviceId", device_id, "role", "operator",
				  "scopes", names_to(scopes), "issuedAtMs", (json_int_t)*issued_ms);
	enum oc_rc rc = make_room_for_token(d, one, e);
	if (!rc) rc = oc_store_put_wait(d->store, "device-token", hash, *issued_ms, value, e);
	/* It may have been removed while we waited. */
	one = find(d, device_id);
	if (!rc && one) add_token(one, hash, json_object_get(value, "scopes"), *issued_ms);
	json_decref(value);
	return rc;
}

/* ---- devices ---- */

bool oc_devices_known(const struct oc_devices *d, const char *device_id)
{
	return find(d, device_id) != NULL;
}

bool oc_devices_approved(const struct oc_devices *d, const char *device_id,
			 const struct oc_strv *scopes)
{
	const struct device *one = find(d, device_id);

	return one && oc_scopes_cover(&one->scopes, scopes);
}

static void copy_text(json_t *to, const char *as, const json_t *from, const char *key)
{
	const char *s = oc_json_cstr(from, key);

	if (s) oc_json_put(to, as, oc_json_new_str(oc_str_head(oc_str(s), 200)));
}

static json_t *describe(const json_t *params, const struct oc_strv *scopes, int64_t created_ms,
			int64_t now_ms)
{
	const json_t *client = json_object_get(params, "client");
	const json_t *device = json_object_get(params, "device");
	json_t *v = json_object();

	copy_text(v, "deviceId", device, "id");
	copy_text(v, "publicKey", device, "publicKey");
	copy_text(v, "displayName", client, "displayName");
	copy_text(v, "platform", client, "platform");
	copy_text(v, "deviceFamily", client, "deviceFamily");
	copy_text(v, "clientId", client, "id");
	copy_text(v, "clientMode", client, "mode");
	json_object_set_new(v, "role", json_string("operator"));
	json_object_set_new(v, "roles", json_pack("[s]", "operator"));
	json_object_set_new(v, "scopes", names_to(scopes));
	json_object_set_new(v, "createdAtMs", json_integer(created_ms));
	json_object_set_new(v, "approvedAtMs", json_integer(now_ms));
	json_object_set_new(v, "lastSeenAtMs", json_integer(now_ms));
	return v;
}

static struct device *oldest(const struct oc_devices *d)
{
	struct device *old = d->v[0];

	for (size_t i = 1; i < d->n; i++)
		if (d->v[i]->seen_ms < old->seen_ms) old = d->v[i];
	return old;
}

enum oc_rc oc_devices_pair_wait(struct oc_devices *d, const json_t *params, struct oc_err *e)
{
	const char *id = oc_json_cstr(json_object_get(params, "device"), "id");
	struct device *one = find(d, id);
	int64_t now = oc_wall_ms();
	enum oc_rc rc = OC_OK;

	while (!one && !rc && d->n >= OC_MAX_DEVICES)
		rc = oc_devices_remove_wait(d, oldest(d)->id, e);
	if (rc) return rc;
	one = find(d, id);
	if (!one) one = add(d, id);
	names_from(json_object_get(params, "scopes"), &one->scopes);
	int64_t created = oc_json_int(one->value, "createdAtMs", now);
	json_decref(one->value);
	one->value = describe(params, &one->scopes, created, now);
	one->seen_ms = now;
	json_t *value = json_incref(one->value);
	rc = oc_store_put_wait(d->store, "device", id, now, value, e);
	json_decref(value);
	return rc;
}

static enum oc_rc forget_tokens_wait(struct oc_devices *d, const char *device_id, struct oc_err *e)
{
	for (;;) {
		struct device *one = find(d, device_id);
		char hash[OC_SHA256_HEX + 1];

		if (!one || !one->n_tokens) return OC_OK;
		memcpy(hash, one->tokens[0].hash, sizeof hash);
		drop_token(one, 0);
		enum oc_rc rc = oc_store_remove_wait(d->store, "device-token", hash, NULL, e);
		if (rc) return rc;
	}
}

enum oc_rc oc_devices_revoke_wait(struct oc_devices *d, const char *device_id, struct oc_err *e)
{
	if (!find(d, device_id)) return oc_fail(e, OC_E_NOT_FOUND, "unknown device");
	return forget_tokens_wait(d, device_id, e);
}

enum oc_rc oc_devices_remove_wait(struct oc_devices *d, const char *device_id, struct oc_err *e)
{
	char *id = oc_strdup(device_id); /* may be the device's own */
	enum oc_rc rc = oc_devices_revoke_wait(d, id, e);

	for (size_t i = 0; !rc && i < d->n; i++) {
		if (strcmp(d->v[i]->id, id) != 0) continue;
		device_free(d->v[i]);
		d->v[i] = d->v[--d->n];
		rc = oc_store_remove_wait(d->store, "device", id, NULL, e);
		break;
	}
	free(id);
	return rc;
}

/* ---- requests ---- */

static size_t find_pending(const struct oc_devices *d, const char *request_id)
{
	for (size_t i = 0; i < d->n_pending; i++)
		if (!strcmp(d->pending[i].id, request_id)) return i;
	return SIZE_MAX;
}

static size_t pending_of(const struct oc_devices *d, const char *device_id)
{
	for (size_t i = 0; i < d->n_pending; i++) {
		const json_t *device = json_object_get(d->pending[i].params, "device");
		const char *id = oc_json_cstr(device, "id");
		if (id && device_id && !strcmp(id, device_id)) return i;
	}
	return SIZE_MAX;
}

/* Nothing secret is kept of what was sent. */
static json_t *without_secrets(const json_t *params)
{
	json_t *copy = json_deep_copy(params), *device = json_object_get(copy, "device");

	json_object_del(copy, "auth");
	json_object_del(device, "signature");
	json_object_del(device, "nonce");
	return copy;
}

const char *oc_devices_ask(struct oc_devices *d, const json_t *params, const char *address,
			   bool *is_new)
{
	const char *id = oc_json_cstr(json_object_get(params, "device"), "id");
	size_t at = pending_of(d, id);
	struct pending *p;

	*is_new = at == SIZE_MAX;
	if (!*is_new) {
		p = &d->pending[at];
		json_decref(p->params); /* it may ask for something else now */
		p->params = without_secrets(params);
		return p->id;
	}
	if (d->n_pending == OC_MAX_PENDING_PAIRS) pending_drop(d, 0);
	p = &d->pending[d->n_pending++];
	oc_uuid(p->id);
	p->params = without_secrets(params);
	p->address = oc_strdup(address);
	p->ts = oc_wall_ms();
	return p->id;
}

static json_t *show_pending(const struct oc_devices *d, const struct pending *p)
{
	struct oc_strv scopes = { 0 };
	const char *id = oc_json_cstr(json_object_get(p->params, "device"), "id");

	names_from(json_object_get(p->params, "scopes"), &scopes);
	json_t *v = describe(p->params, &scopes, p->ts, p->ts);
	oc_strv_deinit(&scopes);
	json_object_del(v, "createdAtMs");
	json_object_del(v, "approvedAtMs");
	json_object_del(v, "lastSeenAtMs");
	json_object_set_new(v, "requestId", json_string(p->id));
	json_object_set_new(v, "remoteIp", json_string(p->address));
	json_object_set_new(v, "isRepair", json_boolean(find(d, id) != NULL));
	json_object_set_new(v, "ts", json_integer(p->ts));
	return v;
}

json_t *oc_devices_pending(const struct oc_devices *d, const char *request_id)
{
	size_t at = find_pending(d, request_id);

	return at == SIZE_MAX ? NULL : show_pending(d, &d->pending[at]);
}

static json_t *show_device(const struct device *one)
{
	json_t *v = json_copy(one->value), *tokens = json_array();

	for (size_t i = 0; i < one->n_tokens; i++)
		json_array_append_new(tokens,
				      json_pack("{s:s, s:o, s:I}", "role", "operator", "scopes",
						names_to(&one->tokens[i].scopes), "createdAtMs",
						(json_int_t)one->tokens[i].issued_ms));
	json_object_set_new(v, "tokens", tokens);
	return v;
}

json_t *oc_devices_list(const struct oc_devices *d)
{
	json_t *pending = json_array(), *paired = json_array();

	for (size_t i = 0; i < d->n_pending; i++)
		json_array_append_new(pending, show_pending(d, &d->pending[i]));
	for (size_t i = 0; i < d->n; i++) json_array_append_new(paired, show_device(d->v[i]));
	return json_pack("{s:o, s:o}", "pending", pending, "paired", paired);
}

enum oc_rc oc_devices_approve_wait(struct oc_devices *d, const char *request_id, json_t **device,
				   struct oc_err *e)
{
	size_t at = find_pending(d, request_id);

	if (at == SIZE_MAX) return oc_fail(e, OC_E_NOT_FOUND, "unknown requestId");
	json_t *params = json_incref(d->pending[at].params);
	pending_drop(d, at);
	enum oc_rc rc = oc_devices_pair_wait(d, params, e);
	const struct device *one = find(d, oc_json_cstr(json_object_get(params, "device"), "id"));
	if (!rc && one && device) *device = show_device(one);
	json_decref(params);
	return rc;
}

enum oc_rc oc_devices_reject(struct oc_devices *d, const char *request_id, struct oc_err *e)
{
	size_t at = find_pending(d, request_id);

	if (at == SIZE_MAX) return oc_fail(e, OC_E_NOT_FOUND, "unknown requestId");
	pending_drop(d, at);
	return OC_OK;
}
