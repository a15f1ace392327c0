#ifndef OC_REPLY_H
#define OC_REPLY_H
#include "model/codec/message.h"
/*
 * What came back from a model, the same for every API: the normalised record of spec 04 §3.1.
 */
enum oc_outcome { OC_OUTCOME_OK, OC_OUTCOME_ERROR, OC_OUTCOME_INCOMPLETE, OC_OUTCOME_EMPTY };
enum oc_finish {
	OC_FINISH_UNKNOWN,
	OC_FINISH_STOP,
	OC_FINISH_TOOL_CALLS,
	OC_FINISH_LENGTH,
	OC_FINISH_CONTENT_FILTER,
	OC_FINISH_ERROR,
};
/* Classes of the table in errors.c, first match wins; names by oc_error_class_name(). */
enum oc_error_class {
	OC_ERR_NONE,
	OC_ERR_NO_RESPONSE,
	OC_ERR_NOT_AN_API,
	OC_ERR_REDIRECT,
	OC_ERR_MODEL_LOADING,
	OC_ERR_UPSTREAM_UNREACHABLE,
	OC_ERR_TIMEOUT,
	OC_ERR_BAD_REQUEST,
	OC_ERR_ENDPOINT_MISSING,
	OC_ERR_CONTEXT_OVERFLOW,
	OC_ERR_OVERLOADED,
	OC_ERR_AUTH,
	OC_ERR_FORBIDDEN,
	OC_ERR_QUOTA,
	OC_ERR_RATE_LIMITED,
	OC_ERR_MODEL_LOAD_FAILED,
	OC_ERR_NO_MODEL_LOADED,
	OC_ERR_UNSUPPORTED_PARAM,
	OC_ERR_MODEL_NOT_FOUND,
	OC_ERR_SERVER_ERROR,
	OC_ERR_BAD_PAYLOAD,
	OC_ERR_STREAM_TRUNCATED,
	OC_ERR_EMPTY_RESPONSE,
	OC_ERR_BLOCKED, /* our own guard; never from the wire */
	OC_ERR_CLASSES
};
const char *oc_error_class_name(enum oc_error_class c);
bool oc_error_class_retryable(enum oc_error_class c);
const char *oc_outcome_name(enum oc_outcome o);
const char *oc_finish_name(enum oc_finish f);

struct oc_call_error {
	enum oc_error_class class;
	int status; /* 0 = none */
	char *message;
	bool retryable;
	int64_t retry_after_ms;	      /* -1 = none */
	char *code, *hint, *location; /* NULL = none */
	char *param;		 /* the member of the request that the server names; NULL = none */
	bool code_is_number;	 /* the server sent code as an integer */
	int64_t n_ctx, n_prompt; /* 0 = not told */
};
struct oc_usage {
	bool present;
	int64_t input; /* the whole prompt, cached part included */
	int64_t output;
	int64_t cached;	   /* -1 = not told */
	int64_t reasoning; /* -1 = not told */
	bool from_timings;
};
/* Where a request is before its first token (D58). */
enum oc_phase { OC_PHASE_READING, OC_PHASE_QUEUED, OC_PHASE_LOADING };
struct oc_progress {
	bool present;
	int64_t total, processed, cache; /* tokens of the prompt; total 0 = not told */
	enum oc_phase phase;
	unsigned position; /* queued: 1 = next */
};
/* How much of the prompt was read, 0 to 100; -1 = not told. */
int oc_progress_percent(const struct oc_progress *p);
struct oc_reply {
	enum oc_outcome outcome;
	enum oc_finish finish;
	struct oc_buf text, reasoning;
	bool silent;		     /* the text is NO_REPLY alone, where that may be */
	const char *reasoning_field; /* static; the member reasoning came in, NULL = none or tags */
	struct oc_tool_call *calls;
	size_t n_calls;
	struct oc_usage usage;
	struct oc_call_error error; /* class OC_ERR_NONE = none */
	struct oc_strv warnings;    /* codes, a sorted set */
	struct oc_progress progress;
	int64_t context_length;	  /* model_info of LM Studio's /api/v0; 0 = not told */
	double tokens_per_second; /* timings.predicted_per_second; 0 = not told */
	double load_seconds;	  /* time that loading the model took; 0 = not told */
	/* Thought in the form that the API wants back inside a tool loop: an array, NULL = none. */
	json_t *thoughts;
	char *origin;		     /* API, provider and model: who may see the thoughts again */
	struct oc_strv server_tools; /* names of the tools that the server ran itself */
	char *response_id;
	char *model; /* as the server names it */
};
/* Zeroed is not "none": retry_after_ms is -1 when nothing was told. */
void oc_call_error_init(struct oc_call_error *e);
void oc_call_error_deinit(struct oc_call_error *e);
void oc_reply_init(struct oc_reply *r);
void oc_reply_deinit(struct oc_reply *r);
/* Adds to the sorted set; a hostile reply cannot make it grow without bound. */
void oc_reply_warn(struct oc_reply *r, const char *code);
void oc_reply_warnf(struct oc_reply *r, const char *fmt, ...) OC_PRINTF(2, 3);
/* As commands and protocols show it (spec 01 §5.1): input without its cached part, which stands in
 * cacheRead. New reference. */
json_t *oc_usage_json(const struct oc_usage *u);
#endif
