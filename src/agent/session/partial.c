/* Answers that are being written, as documents of the store. */
#include "agent/session/partial.h"

#include "base/limits.h"
#include "json/json.h"

static const char kind[] = "partial-answer";

enum oc_rc oc_partial_keep_wait(struct oc_store *s, const char *run_id, struct oc_str text,
				struct oc_err *e)
{
	json_t *value = json_object();

	oc_json_put(value, "text", oc_json_new_str(oc_str_head(text, OC_MAX_KEPT_PARTIAL_BYTES)));
	enum oc_rc rc = oc_store_put_wait(s, kind, run_id, 0, value, e);
	json_decref(value);
	return rc;
}

enum oc_rc oc_partial_find_wait(struct oc_store *s, const char *run_id, struct oc_buf *out,
				struct oc_err *e)
{
	json_t *value = NULL;
	enum oc_rc rc = oc_store_get_wait(s, kind, run_id, &value, e);

	if (rc == OC_E_NOT_FOUND) return OC_OK;
	if (rc) return rc;
	oc_buf_add(out, oc_json_str(value, "text"));
	json_decref(value);
	return OC_OK;
}

enum oc_rc oc_partial_forget_wait(struct oc_store *s, const char *run_id, struct oc_err *e)
{
	return oc_store_remove_wait(s, kind, run_id, NULL, e);
}

enum oc_rc oc_partials_forget_wait(struct oc_store *s, struct oc_err *e)
{
	return oc_store_prune_wait(s, kind, 0, INT64_MAX, e);
}
