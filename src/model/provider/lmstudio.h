#ifndef OC_LMSTUDIO_H
#define OC_LMSTUDIO_H
#include "model/provider/catalog.h"
#include "model/provider/discovery.h"
#include "rt/task.h"
/* LM Studio: base URL forms, discovery, catalog records (spec 01 §3). Preload:
 * model/provider/preload.h. */
#define OC_LMSTUDIO_ID		  "lmstudio"
#define OC_LMSTUDIO_DEFAULT_MODEL "qwen/qwen3.5-9b"
enum {
	OC_LMSTUDIO_CONTEXT = 64000,	  /* context that is asked for when nothing else is said */
	OC_LMSTUDIO_MAX_CONTEXT = 128000, /* taken when the server tells no maximum */
	OC_LMSTUDIO_MAX_OUTPUT = 8192,
	OC_LMSTUDIO_MIN_SAVED_CONTEXT = 32000, /* D73: a smaller loaded window is not saved */
};

/* §3.2: server base without /v1 of any form a person may type; the default for what is no URL. Free
 * with free(). */
char *oc_lmstudio_server_base(struct oc_str url, bool docker);
char *oc_lmstudio_inference_base(const char *server_base);
/* What was typed is usable as an http or https address. */
bool oc_lmstudio_base_valid(struct oc_str url);

bool oc_listed_can_chat(const struct oc_listed_model *m);
/* Display name with what is worth knowing: "Qwen (GGUF, vision, loaded)". Free with free(). */
char *oc_listed_label(const struct oc_listed_model *m);
/* The default key if listed, else a loaded model, else the first; NULL when none can chat. */
const struct oc_listed_model *oc_lmstudio_pick(const struct oc_model_list *l);
/* §3.5, D73: catalog record as JSON, as saved in the config; new reference. preferred_ctx 0 = none.
 */
json_t *oc_lmstudio_record(const struct oc_listed_model *m, int64_t preferred_ctx);
/* An array of records of the list's models, each id once; new reference. chat_only leaves out what
 * cannot chat (D10). arg is handed to record. */
typedef json_t *oc_record_fn(const struct oc_listed_model *m, int64_t arg);
json_t *oc_listed_records(const struct oc_model_list *l, bool chat_only, oc_record_fn *record,
			  int64_t arg);
/* Records of a list, duplicates and unusable ids left out; chat_only leaves out embedding models.
 * New reference. */
json_t *oc_lmstudio_records(const struct oc_model_list *l, int64_t preferred_ctx, bool chat_only);
#endif
