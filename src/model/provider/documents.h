#ifndef OC_DOCUMENTS_H
#define OC_DOCUMENTS_H
#include "model/codec/reply.h"
#include "net/client/guard.h"
/* Capability documents of model servers as values (spec 04 §3.1 "Document cases"). Pure. */
enum { OC_UNKNOWN = 0 };
struct oc_listed_model {
	char *id, *name;	/* name NULL = none told */
	const char *kind;	/* "llm", "embedding", static */
	int64_t ctx, ctx_max;	/* 0 = unknown */
	const char *ctx_source; /* "lms.loaded" …, NULL */
	enum oc_tri loaded, vision, tools,
	    reasoning; /* reasoning: LM Studio v1 alone tells, spec 01 §3.5 */
	bool failed;   /* its last load did not succeed */
	bool has_efforts;
	struct oc_strv efforts;		/* normalised by spec 01 §4.1 */
	struct oc_strv allowed_options; /* as listed: "off", "on", … */
	char *effort_default;
	bool has_instances;
	struct oc_strv instances;
	int64_t *instance_ctx;	 /* one per instance, 0 = unknown */
	int64_t parallel;	 /* config.parallel of the loaded instance, 0 = unknown */
	struct oc_strv variants; /* selected_variant included */
	json_t *effort_map;	 /* reasoningEffortMap of spec 01 §4.1, owned, NULL = none */
	char *format;		 /* "gguf", "mlx", NULL */
};
struct oc_model_list {
	struct oc_listed_model *v;
	size_t n;
	bool null;		    /* an answer with null in the place of the list: no models */
	struct oc_call_error error; /* class OC_ERR_NONE = a list */
	enum { OC_LIST_OPENAI, OC_LIST_LMSTUDIO, OC_LIST_LMSTUDIO_V0, OC_LIST_OTHER } source;
	const char *owner; /* kind of server by what it writes into every entry (a row's id, see
			    * provider_kinds.h), static; NULL = it does not show */
};
/*
 * The *_decode functions initialise what they fill; give it back with the matching _deinit.
 * error.class tells whether there is a document at all. Any list of spec 04 §3: LM Studio native v1
 * and v0, OpenAI, vLLM, llama.cpp, LiteLLM, OpenRouter, Tabby … Duplicate and unusable ids are
 * dropped.
 */
void oc_model_list_decode(struct oc_model_list *l, int status, struct oc_str body);
void oc_model_list_deinit(struct oc_model_list *l);
const struct oc_listed_model *
oc_model_list_find(const struct oc_model_list *l,
		   struct oc_str id); /* exact id, then variants, case folded */

/* Answer of POST /api/v1/models/load. */
struct oc_load_answer {
	char *instance, *status;
	int64_t ctx; /* 0 = not echoed */
	struct oc_call_error error;
};
void oc_load_answer_decode(struct oc_load_answer *a, int status, struct oc_str body);
void oc_load_answer_deinit(struct oc_load_answer *a);

/* llama.cpp and TabbyAPI /props. */
struct oc_props {
	int64_t ctx, parallel;
	enum oc_tri vision;
	enum oc_tri tools;  /* the template renders them; where it does not, they are dropped */
	const char *server; /* static */
	struct oc_call_error error;
};
void oc_props_decode(struct oc_props *p, int status, struct oc_str body);
void oc_props_deinit(struct oc_props *p);

/* Ollama GET /api/ps: the models that are loaded. */
void oc_ps_decode(struct oc_model_list *l, int status, struct oc_str body);

/* Ollama POST /api/show. */
struct oc_show {
	int64_t ctx;	 /* num_ctx of the parameters, 0 = not set */
	int64_t ctx_max; /* the length the model was trained for, 0 = unknown */
	enum oc_tri vision, tools, reasoning;
	enum oc_tri chat, embedding;
	struct oc_call_error error;
};
void oc_show_decode(struct oc_show *s, int status, struct oc_str body);
void oc_show_deinit(struct oc_show *s);
#endif
