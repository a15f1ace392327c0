/* Reads documents of the state directory, setting damaged ones aside. */
#include "model/provider/state_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "rt/file.h"
#include "rt/task.h"

static json_t *empty_document(const char *part)
{
	json_t *doc = json_object();

	oc_json_put(doc, part, json_object());
	return doc;
}

static void set_aside(const char *path, const char *why)
{
	char *aside = oc_asprintf("%s.corrupt-%lld", path, (long long)oc_wall_ms());

	if (rename(path, aside) == 0)
		oc_log(OC_LOG_WARN, "models", "%s cannot be read (%s); kept as %s and rebuilt",
		       path, why, aside);
	free(aside);
}

enum oc_rc oc_state_json_load(const char *path, const char *part, json_t **out, struct oc_err *e)
{
	struct oc_err why = { 0 };
	struct oc_buf bytes;
	enum oc_rc rc = oc_file_read(path, OC_MAX_STATE_FILE_BYTES, &bytes, e);

	*out = NULL;
	if (rc == OC_E_NOT_FOUND) {
		*out = empty_document(part);
		return OC_OK;
	}
	if (rc) return rc;
	json_t *doc = oc_json_parse(oc_buf_view(&bytes), NULL, &why);
	oc_buf_deinit(&bytes);
	if (json_is_object(json_object_get(doc, part))) {
		*out = doc;
		return OC_OK;
	}
	if (doc) oc_fail(&why, OC_E_INPUT, "no %s object", part);
	set_aside(path, why.msg);
	json_decref(doc);
	*out = empty_document(part);
	return OC_OK;
}
