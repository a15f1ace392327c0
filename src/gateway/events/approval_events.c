/* Questions of tools as events, and the list of those that were answered. */
#include "gateway/events/approval_events.h"

#include <stdlib.h>

#include "base/mem.h"
#include "channel/channels.h"
#include "gateway/events/run_events.h"

#define KIND "approval"

struct kept {
	struct oc_gateway *gw;
	json_t *record;
};

static void keep_wait(void *arg)
{
	struct kept *k = arg;
	struct oc_store *store = k->gw->store;
	const char *id = oc_json_cstr(k->record, "id");

	if (oc_store_put_wait(store, KIND, id, oc_wall_ms(), k->record, NULL) == OC_OK)
		(void)!oc_store_prune_wait(store, KIND, OC_APPROVALS_KEPT, INT64_MAX, NULL);
	json_decref(k->record);
	free(k);
}

static void keep(struct oc_gateway *gw, json_t *record)
{
	struct kept *k = oc_new(struct kept);

	*k = (struct kept){ gw, json_incref(record) };
	oc_run_events_spawn(gw->run_events, keep_wait, k);
}

void oc_approval_tell(void *arg, const json_t *record, const char *decision, const char *by)
{
	struct oc_gateway *gw = arg;
	json_t *payload = json_copy((json_t *)(uintptr_t)record);

	oc_channels_approval(gw->channels, record, decision, by);
	if (decision) {
		oc_json_put(payload, "decision", json_string(decision));
		if (by) oc_json_put(payload, "resolvedBy", oc_json_new_str(oc_str(by)));
		oc_json_put(payload, "ts", json_integer(oc_wall_ms()));
		keep(gw, payload);
	}
	oc_broker_send(gw->broker, &(struct oc_event){ .name = decision ? "exec.approval.resolved"
									: "exec.approval.requested",
						       .payload = payload,
						       .scope = OC_SCOPE_APPROVALS });
	json_decref(payload);
}

enum oc_rc oc_approval_log_wait(struct oc_gateway *gw, size_t limit, json_t **out, struct oc_err *e)
{
	struct oc_documents l;
	enum oc_rc rc = oc_store_list_wait(gw->store, KIND, NULL, limit, 0, &l, e);

	if (rc) return rc;
	*out = json_array();
	for (size_t i = 0; i < l.n; i++) json_array_append(*out, l.v[i].value);
	oc_documents_deinit(&l);
	return OC_OK;
}
