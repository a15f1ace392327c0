/* Strangers who ask to be let in: a code that the person at the gateway approves (spec 03 §6.5). */
#include <stdlib.h>

#include "base/mem.h"
#include "channel/internal.h"

enum { CODE_CHARS = 8, PENDING_MAX = 3, EXPIRES_MS = 3600000 };
static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
static const char requests[] = "pairing", allowed[] = "allow-from";

static char *id_of(const struct oc_account *a, const char *sender)
{
	return oc_asprintf("%s/%s/%s", a->pub.channel->id, a->pub.id, sender);
}

enum oc_rc oc_is_paired_wait(struct oc_channels *c, const struct oc_account *a, const char *sender,
			     bool *out, struct oc_err *e)
{
	char *id = id_of(a, sender);
	json_t *v = NULL;
	enum oc_rc rc = oc_store_get_wait(c->spec.store, allowed, id, &v, e);

	free(id);
	json_decref(v);
	*out = !rc;
	return rc == OC_E_NOT_FOUND ? OC_OK : rc;
}

static bool is_fresh(const json_t *request)
{
	return oc_json_int(request, "createdAt", 0) + EXPIRES_MS > oc_wall_ms();
}

static void make_code(char out[CODE_CHARS + 1])
{
	uint8_t bytes[CODE_CHARS];

	_Static_assert(sizeof alphabet - 1 == 32, "every character is as likely as the others");
	oc_rand_secret(bytes, sizeof bytes);
	for (size_t i = 0; i < CODE_CHARS; i++) out[i] = alphabet[bytes[i] % 32];
	out[CODE_CHARS] = '\0';
}

static enum oc_rc pending_wait(struct oc_channels *c, const struct oc_account *a, size_t *n,
			       struct oc_err *e)
{
	char *prefix = id_of(a, "");
	struct oc_documents l = { 0 };
	enum oc_rc rc = oc_store_list_wait(c->spec.store, requests, prefix, 0, 0, &l, e);

	*n = 0;
	for (size_t i = 0; i < l.n; i++) *n += is_fresh(l.v[i].value);
	oc_documents_deinit(&l);
	free(prefix);
	return rc;
}

static enum oc_rc add_wait(struct oc_channels *c, const struct oc_account *a,
			   const struct oc_msg_in *m, const char *id, char **code, struct oc_err *e)
{
	char fresh[CODE_CHARS + 1];
	json_t *v;
	enum oc_rc rc;

	make_code(fresh);
	v = json_pack("{s:s,s:s,s:s,s:s,s:I}", "code", fresh, "channel", a->pub.channel->id,
		      "accountId", a->pub.id, "chat", m->chat_id, "createdAt",
		      (json_int_t)oc_wall_ms());
	oc_json_put(v, "id", oc_json_new_str(oc_str(m->sender_id)));
	if (m->sender_name) oc_json_put(v, "name", oc_json_new_str(oc_str(m->sender_name)));
	if (m->sender_username)
		oc_json_put(v, "username", oc_json_new_str(oc_str(m->sender_username)));
	rc = oc_store_put_wait(c->spec.store, requests, id, oc_wall_ms(), v, e);
	if (!rc) *code = oc_strdup(fresh);
	json_decref(v);
	return rc;
}

enum oc_rc oc_pairing_ask_wait(struct oc_channels *c, const struct oc_account *a,
			       const struct oc_msg_in *m, char **code, struct oc_err *e)
{
	char *id = id_of(a, m->sender_id);
	json_t *known = NULL;
	size_t pending = 0;
	enum oc_rc rc = oc_store_get_wait(c->spec.store, requests, id, &known, e);

	*code = NULL;
	if (rc == OC_E_NOT_FOUND) rc = OC_OK;
	if (!rc && (!known || !is_fresh(known))) rc = pending_wait(c, a, &pending, e);
	if (!rc && (!known || !is_fresh(known)) && pending < PENDING_MAX)
		rc = add_wait(c, a, m, id, code, e);
	json_decref(known);
	free(id);
	return rc;
}

/* ---- the person's side ---- */

static bool is_wanted(const json_t *request, const char *channel, const char *account)
{
	return is_fresh(request) &&
	       (!channel || oc_str_eq(oc_str(channel), oc_json_str(request, "channel"))) &&
	       (!account || oc_str_eq(oc_str(account), oc_json_str(request, "accountId")));
}

enum oc_rc oc_channels_pairing_list_wait(struct oc_channels *c, const char *channel,
					 const char *account, json_t **out, struct oc_err *e)
{
	struct oc_documents l = { 0 };
	enum oc_rc rc = oc_store_list_wait(c->spec.store, requests, NULL, 0, 0, &l, e);

	if (rc) return rc;
	*out = json_array();
	for (size_t i = l.n; i-- > 0;) {
		json_t *v = l.v[i].value;

		if (!is_wanted(v, channel, account)) continue;
		oc_json_put(v, "expiresAt",
			    json_integer(oc_json_int(v, "createdAt", 0) + EXPIRES_MS));
		json_array_append(*out, v);
	}
	oc_documents_deinit(&l);
	return OC_OK;
}

static enum oc_rc find_wait(struct oc_channels *c, const char *channel, const char *account,
			    const char *code, json_t **out, struct oc_err *e)
{
	json_t *list = NULL, *v;
	enum oc_rc rc = oc_channels_pairing_list_wait(c, channel, account, &list, e);
	size_t i;

	if (rc) return rc;
	*out = NULL;
	json_array_foreach (list, i, v)
		if (oc_str_ieq(oc_str_trim(oc_str(code)), oc_json_str(v, "code")))
			*out = json_incref(v);
	json_decref(list);
	if (*out) return OC_OK;
	return oc_fail(e, OC_E_NOT_FOUND,
		       "no pending request has the code %.20s: see `openclaw pairing list` (a code "
		       "holds for an hour)",
		       code);
}

static char *stored_id(const json_t *request)
{
	return oc_asprintf("%s/%s/%s", oc_json_cstr(request, "channel"),
			   oc_json_cstr(request, "accountId"), oc_json_cstr(request, "id"));
}

bool oc_channels_owned(struct oc_channels *c)
{
	struct oc_snapshot *s = oc_channels_snapshot(c);
	bool has = json_array_size(oc_config_get(&s->config, "commands.ownerAllowFrom")) > 0;

	oc_snapshot_unref(s);
	return has;
}

static void notify_wait(struct oc_channels *c, const json_t *request)
{
	struct oc_channel_target to = {
		.channel = (char *)(uintptr_t)oc_json_cstr(request, "channel"),
		.account = (char *)(uintptr_t)oc_json_cstr(request, "accountId"),
		.chat = (char *)(uintptr_t)oc_json_cstr(request, "chat"),
	};
	const struct oc_delivery_order order = {
		.target = &to,
		.markdown = OC_LIT("You are let in. Say hello."),
	};
	struct oc_delivery_result result = { 0 };

	if (oc_channels_deliver_wait(c, &order, &result, &(struct oc_err){ 0 }) == OC_OK)
		oc_delivery_result_deinit(&result);
}

enum oc_rc oc_channels_pairing_approve_wait(struct oc_channels *c, const char *channel,
					    const char *account, const char *code, bool notify,
					    json_t **out, struct oc_err *e)
{
	json_t *v;
	char *id;
	enum oc_rc rc = find_wait(c, channel, account, code, &v, e);

	if (rc) return rc;
	id = stored_id(v);
	oc_json_put(v, "approvedAt", json_integer(oc_wall_ms()));
	rc = oc_store_put_wait(c->spec.store, allowed, id, oc_wall_ms(), v, e);
	if (!rc) rc = oc_store_remove_wait(c->spec.store, requests, id, NULL, e);
	free(id);
	if (rc) {
		json_decref(v);
		return rc;
	}
	if (notify) notify_wait(c, v);
	oc_json_put(v, "owner", json_boolean(!oc_channels_owned(c)));
	*out = v;
	return OC_OK;
}

enum oc_rc oc_channels_pairing_dismiss_wait(struct oc_channels *c, const char *channel,
					    const char *account, const char *code, struct oc_err *e)
{
	json_t *v;
	char *id;
	enum oc_rc rc = find_wait(c, channel, account, code, &v, e);

	if (rc) return rc;
	id = stored_id(v);
	rc = oc_store_remove_wait(c->spec.store, requests, id, NULL, e);
	free(id);
	json_decref(v);
	return rc;
}
