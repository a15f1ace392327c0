/* Texts of the system for an agent. */
#include "gateway/process/wake.h"

#include "base/rand.h"

enum { ID_CHARS = 16 };

enum oc_rc oc_wake_now_wait(struct oc_gateway *gw, const char *key, struct oc_str text,
			    struct oc_err *e)
{
	const struct oc_ask ask = { .session_key = key,
				    .message = text,
				    .channel = "system",
				    .sender = "system",
				    .priority = OC_PRIORITY_CRON };
	struct oc_asked asked;

	return oc_sessions_ask_wait(gw->sessions, &ask, &asked, e);
}

enum oc_rc oc_wake_later_wait(struct oc_gateway *gw, struct oc_str text, struct oc_err *e)
{
	char id[ID_CHARS + 1];
	int64_t now = oc_wall_ms();
	json_t *value =
	    json_pack("{s:o,s:I}", "text", oc_json_new_str(text), "ts", (json_int_t)now);

	oc_rand_id(id, ID_CHARS);
	enum oc_rc rc = oc_store_put_wait(gw->store, OC_SYSTEM_EVENT, id, now, value, e);

	json_decref(value);
	if (rc == OC_OK)
		rc = oc_store_prune_wait(gw->store, OC_SYSTEM_EVENT, OC_MAX_SYSTEM_EVENTS,
					 INT64_MAX, e);
	return rc;
}
