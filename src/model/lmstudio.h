#ifndef OC_LMSTUDIO_H
#define OC_LMSTUDIO_H
#include "model/catalog.h"
#include "model/documents.h"
#include "rt/task.h"
/* LM Studio: base URL forms, discovery, catalog records, preload (spec 01 §3). */
#define OC_LMSTUDIO_ID		  "lmstudio"
#define OC_LMSTUDIO_DEFAULT_MODEL "qwen/qwen3.5-9b"

/* §3.2. Free with free(). */
char *oc_lmstudio_server_base(struct oc_str url, bool docker);
char *oc_lmstudio_inference_base(const char *server_base);

struct oc_discovery {
	bool reachable;
	struct oc_model_list list;
	char *error;   /* NULL when a list came; cause in words */
	enum oc_rc rc; /* OC_E_DENIED when the guard refused */
};
/* GET {server}/api/v1/models, falling back to /api/v0/models and /v1/models where the server says
 * so. headers: "Name: value". */
void oc_lmstudio_discover_wait(const char *server_base, const struct oc_guard *g,
			       const struct oc_strv *headers, uint64_t timeout_ms,
			       struct oc_discovery *out);
void oc_discovery_deinit(struct oc_discovery *d);
/* §3.5: catalog record as JSON, as saved in the config; new reference. preferred_ctx 0 = none. */
json_t *oc_lmstudio_record(const struct oc_listed_model *m, int64_t preferred_ctx);

/* §3.7. *request_model gets what the chat request must name (free with free()). Never fails but by
 * OC_CANCELLED; a failed preload is one warning. */
OC_MUST_USE enum oc_rc oc_lmstudio_preload_wait(const struct oc_catalog *c,
						const struct oc_provider *p, const char *model_id,
						const struct oc_model *m, char **request_model,
						int64_t *loaded_ctx);
#endif
