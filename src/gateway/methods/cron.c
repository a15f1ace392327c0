/* Scheduled jobs: the rows; the work is the scheduler's (agent/cron/cron.h). */
#include "agent/cron/cron.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"

static enum oc_rc need_cron(struct oc_rpc *r, struct oc_rpc_error *e)
{
	return r->gw->cron ? OC_OK : oc_rpc_unavailable(e, "scheduled jobs are not available");
}

static enum oc_rc told(struct oc_rpc_error *e, enum oc_rc rc, const struct oc_err *why)
{
	return rc ? oc_rpc_fail(e, rc, why) : OC_OK;
}

/* Older clients say jobId. */
static const char *job_id(const struct oc_rpc *r)
{
	const char *id = oc_json_cstr(r->params, "id");

	return id ? id : oc_json_cstr(r->params, "jobId");
}

static enum oc_rc list_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	enum oc_rc rc = need_cron(r, e);

	return rc ? rc : told(e, oc_cron_list(r->gw->cron, r->params, result, &why), &why);
}

static enum oc_rc status_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	enum oc_rc rc = need_cron(r, e);

	if (!rc) *result = oc_cron_status(r->gw->cron);
	return rc;
}

static enum oc_rc add_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	enum oc_rc rc = need_cron(r, e);

	return rc ? rc : told(e, oc_cron_add_wait(r->gw->cron, r->params, result, &why), &why);
}

static enum oc_rc update_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const json_t *patch = json_object_get(r->params, "patch");
	struct oc_err why = { 0 };
	enum oc_rc rc = need_cron(r, e);

	if (rc) return rc;
	if (!job_id(r)) return oc_rpc_invalid(e, "invalid cron.update params: id required");
	return told(e, oc_cron_update_wait(r->gw->cron, job_id(r), patch, result, &why), &why);
}

static enum oc_rc remove_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	bool removed = false;
	enum oc_rc rc = need_cron(r, e);

	if (rc) return rc;
	rc = oc_cron_remove_wait(r->gw->cron, job_id(r), &removed, &why);
	if (!rc) *result = json_pack("{s:b,s:b}", "ok", true, "removed", removed);
	return told(e, rc, &why);
}

static enum oc_rc run_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *mode = oc_json_cstr(r->params, "mode");
	bool force = !mode || !strcmp(mode, "force");
	struct oc_err why = { 0 };
	enum oc_rc rc = need_cron(r, e);

	if (rc) return rc;
	return told(e, oc_cron_run_wait(r->gw->cron, job_id(r), force, result, &why), &why);
}

static enum oc_rc runs_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	enum oc_rc rc = need_cron(r, e);

	return rc ? rc : told(e, oc_cron_runs_wait(r->gw->cron, r->params, result, &why), &why);
}

static enum oc_rc get_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };
	enum oc_rc rc = need_cron(r, e);

	return rc ? rc : told(e, oc_cron_get(r->gw->cron, job_id(r), result, &why), &why);
}

#define WHICH "({id:str min1}|{jobId:str min1})"
#define RUN   "mode?:(\"due\"|\"force\"|\"if-enabled\"), expectedProcessInstanceId?:str"

const struct oc_method oc_methods_cron[] = {
	{ "cron.list", OC_SCOPE_READ,
	  "includeDisabled?:bool, limit?:int>=1<=200, offset?:int>=0, query?:str, "
	  "enabled?:(\"all\"|\"enabled\"|\"disabled\"), "
	  "scheduleKind?:(\"all\"|\"at\"|\"every\"|\"cron\"|\"on-exit\"|\"stream\"), "
	  "lastRunStatus?:(\"all\"|\"ok\"|\"error\"|\"skipped\"|\"unknown\"), "
	  "trigger?:(\"all\"|\"conditional\"|\"unconditional\"), "
	  "sortBy?:(\"nextRunAtMs\"|\"updatedAtMs\"|\"name\"), sortDir?:(\"asc\"|\"desc\"), "
	  "agentId?:str, compact?:bool, includeDeliveryPreviews?:bool",
	  list_wait },
	{ "cron.status", OC_SCOPE_READ, "", status_wait },
	{ "cron.add", OC_SCOPE_ADMIN, "...", add_wait },
	{ "cron.update", OC_SCOPE_ADMIN, "id?:str min1, jobId?:str min1, patch:object, ...",
	  update_wait },
	{ "cron.remove", OC_SCOPE_ADMIN, WHICH, remove_wait },
	{ "cron.run", OC_SCOPE_ADMIN, "({id:str min1, " RUN "}|{jobId:str min1, " RUN "})",
	  run_wait },
	{ "cron.runs", OC_SCOPE_READ,
	  "agentId?:str, scope?:(\"job\"|\"all\"), id?:str, jobId?:str, runId?:str, "
	  "limit?:int>=1<=200, offset?:int>=0, statuses?:(\"ok\"|\"error\"|\"skipped\")[], "
	  "status?:(\"all\"|\"ok\"|\"error\"|\"skipped\"), "
	  "deliveryStatuses?:(\"delivered\"|\"not-delivered\"|\"unknown\"|\"not-requested\")[], "
	  "deliveryStatus?:(\"delivered\"|\"not-delivered\"|\"unknown\"|\"not-requested\"), "
	  "query?:str, sortDir?:(\"asc\"|\"desc\")",
	  runs_wait },
	{ "cron.get", OC_SCOPE_READ, WHICH, get_wait },
	{ 0 },
};
