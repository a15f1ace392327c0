#ifndef OC_REQUEST_H
#define OC_REQUEST_H
#include "model/codec/compat.h"
#include "model/codec/message.h"
/*
 * What a model call is made of, whatever the API, and the parts of a body that are the same for
 * all. Pure. Key order is fixed, so equal values give equal bytes.
 */
struct oc_request {
	const char *model;		/* as the server knows it */
	const struct oc_compat *compat; /* resolved */
	const struct oc_messages *messages;
	json_t *tools;	    /* array of {"type":"function",…}, borrowed; NULL or empty = none */
	int64_t max_tokens; /* 0 = omit */
	int64_t window; /* for APIs that set it: what the model is to be loaded with; 0 = omit */
	int64_t room;	/* what the window holds besides the prompt, about; 0 = unknown */
	int64_t model_max_tokens; /* what the model can; 0 = nobody said */
	const char *thinking;	  /* level; NULL = field omitted */
	bool reasoning_model, vision;
	json_t *params; /* merged request params (spec 01 §1.6), borrowed, may be NULL */
	const json_t *thinking_level_map; /* the model's thinkingLevelMap, borrowed, may be NULL */
	bool return_progress;		  /* llama.cpp knows the field (D41) */
	const char *origin; /* oc_call_origin(): thoughts from elsewhere are not sent */
};

/* ---- for the builders of the APIs ---- */

typedef bool oc_param_fits_fn(const json_t *v);
oc_param_fits_fn oc_is_number, oc_is_integer, oc_is_boolean, oc_is_object;
/* A parameter of the person, under its wire name or the synonym that loses against it; NULL when
 * absent, or of another type, which is logged. Borrowed. */
json_t *oc_request_param(const struct oc_request *r, const char *key, const char *camel,
			 oc_param_fits_fn *fits);
/* Stop words without the empty ones; NULL when none is left. New reference. */
json_t *oc_request_stop(json_t *v);
/* The smaller one of the call's and the person's output limit; 0 = none. */
int64_t oc_request_limit(const struct oc_request *r);
/* Shallow and last, so that it beats everything but what the stream reader and D9 depend on. */
void oc_request_extra_body(const struct oc_request *r, json_t *body);
/* Whether tools are to be sent, and their schemas as the server takes them (new reference). */
bool oc_request_has_tools(const struct oc_request *r);
json_t *oc_request_schema(const struct oc_request *r, const json_t *function);

/* Arguments of a call as the server takes them: one that cannot be parsed would make every later
 * request fail (D40). New references: an object; its text, as it was received where it can be. */
json_t *oc_request_arguments(const struct oc_tool_call *call);
json_t *oc_request_arguments_text(const struct oc_tool_call *call);
/* "data:<mime>;base64,…", new reference. */
json_t *oc_request_image_url(const struct oc_image *image);
/* Position of the last user message: thought after it belongs to the open tool loop. */
size_t oc_request_last_user(const struct oc_messages *m);
/* Whether the thoughts of a message may be sent back: same origin, open tool loop. */
bool oc_request_replays(const struct oc_request *r, size_t message);
/* {key: value}, value stolen. New reference. */
json_t *oc_request_one(const char *key, json_t *value);

extern const char oc_request_no_output[], oc_request_no_images[];
#endif
