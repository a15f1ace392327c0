/* Devices that may connect, and those that would like to. */
#include "gateway/access/devices.h"

#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"
#include "gateway/wire/connection.h"

static bool is_admin(const struct oc_rpc *r)
{
	return oc_connection_has_scope(r->connection, OC_SCOPE_ADMIN);
}

static bool is_own(const struct oc_rpc *r, const char *device_id)
{
	return r->connection->device && device_id && !strcmp(r->connection->device, device_id);
}

/* ---- pairing ---- */

static json_t *own_rows(const struct oc_rpc *r, const json_t *rows)
{
	json_t *own = json_array(), *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (is_own(r, oc_json_cstr(row, "deviceId"))) json_array_append(own, row);
	return own;
}

/* Who may not manage devices sees its own alone. */
static enum oc_rc list_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	json_t *all = oc_devices_list(r->gw->devices);

	(void)e;
	bool manages = oc_connection_has_scope(r->connection, OC_SCOPE_PAIRING);
	if (is_admin(r) || (manages && !r->connection->device)) {
		*result = all;
		return OC_OK;
	}
	*result = json_pack("{s:o,s:o}", "pending", own_rows(r, json_object_get(all, "pending")),
			    "paired", own_rows(r, json_object_get(all, "paired")));
	json_decref(all);
	return OC_OK;
}

static void tell_resolved(struct oc_rpc *r, const char *request_id, const char *device_id,
			  const char *decision)
{
	json_t *payload = json_pack("{s:s,s:s,s:s,s:I}", "requestId", request_id, "deviceId",
				    device_id ? device_id : "", "decision", decision, "ts",
				    (json_int_t)oc_wall_ms());
	const struct oc_event e = { .name = "device.pair.resolved",
				    .payload = payload,
				    .scope = OC_SCOPE_PAIRING,
				    .to = OC_TO_ALL,
				    .droppable = true };

	oc_broker_send(r->gw->broker, &e);
	json_decref(payload);
}

/* Nobody gives away what he does not have. */
static enum oc_rc check_scopes(struct oc_rpc *r, const json_t *scopes, struct oc_rpc_error *e)
{
	const json_t *scope;
	size_t i;
	bool ok = true;

	json_array_foreach (scopes, i, scope) {
		bool held = oc_strv_has(&r->connection->scopes, oc_json_text(scope));
		ok = ok && (held || is_admin(r));
	}
	return ok ? OC_OK : oc_rpc_invalid(e, "the device asks for more than you may give");
}

static enum oc_rc approve_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *id = oc_json_cstr(r->params, "requestId");
	json_t *pending = oc_devices_pending(r->gw->devices, id), *device = NULL;
	struct oc_err why = { 0 };

	if (!pending) return oc_rpc_invalid(e, "unknown requestId");
	enum oc_rc rc = check_scopes(r, json_object_get(pending, "scopes"), e);
	json_decref(pending);
	if (rc) return rc;
	rc = oc_devices_approve_wait(r->gw->devices, id, &device, &why);
	if (rc) return oc_rpc_fail(e, rc, &why);
	tell_resolved(r, id, oc_json_cstr(device, "deviceId"), "approved");
	*result = json_pack("{s:s,s:o}", "requestId", id, "device", device);
	return OC_OK;
}

static enum oc_rc reject_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *id = oc_json_cstr(r->params, "requestId");
	json_t *pending = oc_devices_pending(r->gw->devices, id);
	struct oc_err why = { 0 };

	if (!pending) return oc_rpc_invalid(e, "unknown requestId");
	enum oc_rc rc = oc_devices_reject(r->gw->devices, id, &why);
	if (!rc) {
		const char *device_id = oc_json_cstr(pending, "deviceId");
		tell_resolved(r, id, device_id, "rejected");
		*result =
		    json_pack("{s:s,s:s}", "requestId", id, "deviceId", device_id ? device_id : "");
	}
	json_decref(pending);
	return rc ? oc_rpc_fail(e, rc, &why) : OC_OK;
}

static enum oc_rc remove_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *id = oc_json_cstr(r->params, "deviceId");
	struct oc_err why = { 0 };

	if (!is_admin(r) && !is_own(r, id))
		return oc_rpc_invalid(e, "device pairing removal denied");
	enum oc_rc rc = oc_devices_remove_wait(r->gw->devices, id, &why);
	if (rc == OC_E_NOT_FOUND) return oc_rpc_invalid(e, "unknown deviceId");
	if (rc) return oc_rpc_fail(e, rc, &why);
	*result = json_pack("{s:s,s:b}", "deviceId", id, "removed", true);
	return OC_OK;
}

/* ---- tokens ---- */

static void scopes_of(struct oc_rpc *r, const char *device_id, struct oc_strv *out)
{
	const json_t *asked = json_object_get(r->params, "scopes"), *scope, *row;
	json_t *all = oc_devices_list(r->gw->devices);
	size_t i;

	json_array_foreach (json_object_get(all, "paired"), i, row)
		if (!asked && oc_str_eq(oc_json_str(row, "deviceId"), oc_str(device_id)))
			asked = json_object_get(row, "scopes");
	json_array_foreach (asked, i, scope) oc_strv_add_once(out, oc_json_text(scope));
	json_decref(all);
}

static json_t *names_of(const struct oc_strv *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(list, oc_json_new_str(oc_str(l->v[i])));
	return list;
}

/* The token goes to the device itself alone; others learn that there is a new one. */
static enum oc_rc rotate_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *id = oc_json_cstr(r->params, "deviceId");
	struct oc_strv scopes = { 0 };
	char token[OC_DEVICE_TOKEN_CHARS + 1];
	int64_t issued;
	struct oc_err why = { 0 };
	enum oc_rc rc = OC_OK;

	if (!is_admin(r) && !is_own(r, id))
		return oc_rpc_invalid(e, "device token rotation denied");
	scopes_of(r, id, &scopes);
	json_t *names = names_of(&scopes);
	rc = check_scopes(r, names, e);
	if (!rc && !oc_devices_approved(r->gw->devices, id, &scopes))
		rc = oc_rpc_invalid(e, "device token rotation denied");
	if (!rc) {
		rc = oc_devices_revoke_wait(r->gw->devices, id, &why);
		if (!rc)
			rc = oc_devices_issue_wait(r->gw->devices, id, &scopes, token, &issued,
						   &why);
		if (rc) oc_rpc_fail(e, rc, &why);
	}
	if (!rc) {
		*result =
		    json_pack("{s:s,s:s,s:O,s:I,s:s}", "deviceId", id, "role", "operator", "scopes",
			      names, "rotatedAtMs", (json_int_t)issued, "tokenDelivery",
			      is_own(r, id) ? "in-band" : "withheld-cross-device");
		if (is_own(r, id)) oc_json_put(*result, "token", json_string(token));
	}
	explicit_bzero(token, sizeof token);
	json_decref(names);
	oc_strv_deinit(&scopes);
	return rc;
}

static enum oc_rc revoke_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *id = oc_json_cstr(r->params, "deviceId");
	struct oc_err why = { 0 };

	if (!is_admin(r) && !is_own(r, id))
		return oc_rpc_invalid(e, "device token revocation denied");
	enum oc_rc rc = oc_devices_revoke_wait(r->gw->devices, id, &why);
	if (rc == OC_E_NOT_FOUND) return oc_rpc_invalid(e, "unknown deviceId");
	if (rc) return oc_rpc_fail(e, rc, &why);
	*result = json_pack("{s:s,s:s,s:I}", "deviceId", id, "role", "operator", "revokedAtMs",
			    (json_int_t)oc_wall_ms());
	return OC_OK;
}

const struct oc_method oc_methods_devices[] = {
	{ "device.pair.list", OC_SCOPE_READ, "", list_wait },
	{ "device.pair.approve", OC_SCOPE_PAIRING, "requestId:str min1", approve_wait },
	{ "device.pair.reject", OC_SCOPE_PAIRING, "requestId:str min1", reject_wait },
	{ "device.pair.remove", OC_SCOPE_PAIRING, "deviceId:str min1", remove_wait },
	{ "device.token.rotate", OC_SCOPE_PAIRING,
	  "deviceId:str min1, role:\"operator\", scopes?:str min1[]", rotate_wait },
	{ "device.token.revoke", OC_SCOPE_PAIRING, "deviceId:str min1, role:\"operator\"",
	  revoke_wait },
	{ 0 },
};
