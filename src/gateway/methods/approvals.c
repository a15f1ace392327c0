/* Questions of tools to a person (exec.approval.*, D19). */
#include "gateway/events/approval_events.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"

static enum oc_rc list_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	(void)e;
	*result = oc_approvals_list(r->gw->approvals);
	return OC_OK;
}

static enum oc_rc get_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *id = oc_json_cstr(r->params, "id");

	*result = oc_approvals_get(r->gw->approvals, id);
	return *result ? OC_OK : oc_rpc_invalid(e, "unknown or expired approval: %.80s", id);
}

static const struct {
	const char *name;
	enum oc_decision decision;
} decisions[] = {
	{ "allow-once", OC_ALLOW_ONCE },
	{ "allow-always", OC_ALLOW_ALWAYS },
	{ "deny", OC_DENY },
};

static enum oc_rc resolve_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *id = oc_json_cstr(r->params, "id"), *by = oc_json_cstr(r->params, "reviewer");
	const char *word = oc_json_cstr(r->params, "decision");
	struct oc_err why = { 0 };

	if (!by) by = oc_connection_client_id(r->connection);
	for (size_t i = 0; i < sizeof decisions / sizeof *decisions; i++) {
		if (strcmp(decisions[i].name, word) != 0) continue;
		enum oc_rc rc =
		    oc_approvals_resolve(r->gw->approvals, id, decisions[i].decision, by, &why);
		if (rc) return oc_rpc_fail(e, rc, &why);
		*result = json_pack("{s:b}", "ok", true);
		return OC_OK;
	}
	return oc_rpc_invalid(e, "invalid decision");
}

static enum oc_rc log_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	int64_t limit = oc_json_int(r->params, "limit", 100);
	struct oc_err why = { 0 };
	json_t *list;
	enum oc_rc rc = oc_approval_log_wait(r->gw, (size_t)limit, &list, &why);

	if (rc) return oc_rpc_fail(e, rc, &why);
	*result = json_pack("{s:o}", "approvals", list);
	return OC_OK;
}

const struct oc_method oc_methods_approvals[] = {
	{ "exec.approval.list", OC_SCOPE_APPROVALS, "", list_wait },
	{ "exec.approval.get", OC_SCOPE_APPROVALS, "id:str min1", get_wait },
	{ "exec.approval.resolve", OC_SCOPE_APPROVALS,
	  "id:str min1, decision:(\"allow-once\"|\"allow-always\"|\"deny\"), reviewer?:any, "
	  "grantExpiresInDays?:int>=1<=3650",
	  resolve_wait },
	{ "x.approvals.log", OC_SCOPE_APPROVALS, "limit?:int>=1<=500", log_wait },
	{ 0 },
};
