/* Responses as documents of the store. */
#include "gateway/http/responses_kept.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "gateway/http/api_ask.h"

enum { KEEP_MS = 24 * 60 * 60 * 1000, KEEP_NEWEST = 1000 };
static const char kind[] = "response";

void oc_response_keep_wait(struct oc_gateway *gw, const char *id, const char *previous,
			   const char *session, json_t *messages)
{
	int64_t now = oc_wall_ms();
	json_t *doc = json_object();
	struct oc_err e = { 0 };

	if (previous) oc_json_put(doc, "previous", oc_json_new_str(oc_str(previous)));
	if (session) oc_json_put(doc, "session", oc_json_new_str(oc_str(session)));
	oc_json_put(doc, "messages", json_incref(messages));
	enum oc_rc rc = oc_store_put_wait(gw->store, kind, id, now, doc, &e);

	json_decref(doc);
	if (rc == OC_OK) rc = oc_store_prune_wait(gw->store, kind, 0, now - KEEP_MS, &e);
	if (rc == OC_OK) rc = oc_store_prune_wait(gw->store, kind, KEEP_NEWEST, INT64_MAX, &e);
	if (rc != OC_OK && rc != OC_CANCELLED)
		oc_log(OC_LOG_WARN, "http", "the response cannot be continued later: %s", e.msg);
}

/* Newest first. *last: the chain has its beginning. */
static enum oc_rc load_chain_wait(struct oc_gateway *gw, const char *id, json_t *docs,
				  struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	while (rc == OC_OK && id && json_array_size(docs) < KEEP_NEWEST) {
		json_t *doc = NULL;

		rc = oc_store_get_wait(gw->store, kind, id, &doc, e);
		if (rc != OC_OK) break;
		json_array_append_new(docs, doc);
		id = oc_json_cstr(doc, "previous");
	}
	return rc;
}

enum oc_rc oc_response_load_wait(struct oc_gateway *gw, const char *id, struct oc_messages *out,
				 char **session, struct oc_err *e)
{
	json_t *docs = json_array();
	enum oc_rc rc = load_chain_wait(gw, id, docs, e);
	const char *key = oc_json_cstr(json_array_get(docs, 0), "session");

	if (rc == OC_OK) {
		for (size_t i = json_array_size(docs); i-- > 0;)
			oc_api_messages_read(json_object_get(json_array_get(docs, i), "messages"),
					     out);
		*session = key ? oc_strdup(key) : NULL;
	}
	json_decref(docs);
	return rc;
}
