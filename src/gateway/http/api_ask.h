#ifndef OC_API_ASK_H
#define OC_API_ASK_H
#include "model/codec/message.h"
/*
 * What a request to an agent asks for, read from the body of /v1/chat/completions or /v1/responses
 * (spec 02 §4.2, §4.3). Pure. Members that are not known are ignored; those that are known and
 * wrong are refused.
 */
enum { OC_API_MAX_IMAGES = 8 };
struct oc_api_ask {
	char *model; /* as requested */
	bool stream, usage /* of a stream */, store;
	/* In order, without system texts; ends with what is to be answered: a user message, or
	 * results of the caller's tools. */
	struct oc_messages messages;
	struct oc_buf system;		  /* system and developer messages, instructions */
	json_t *tools;			  /* of the caller, in the shape of a chat request; NULL */
	json_t *tool_choice;		  /* NULL = auto */
	bool callers_tools_alone;	  /* a call of one of them is demanded */
	json_t *params;			  /* sampling: an object */
	char *thinking, *user, *previous; /* NULL */
	size_t image_bytes, n_images;
};
/* OC_E_INPUT: e says what is wrong with a member, and begins with its path ("messages[0].content
 * must …"). out is initialised in every case. */
OC_MUST_USE enum oc_rc oc_chat_ask_read(const json_t *body, struct oc_api_ask *out,
					struct oc_err *e);
OC_MUST_USE enum oc_rc oc_responses_ask_read(const json_t *body, struct oc_api_ask *out,
					     struct oc_err *e);
void oc_api_ask_deinit(struct oc_api_ask *a);

/* Messages as they are kept with a response, and back. New reference; ill-formed ones are left out.
 */
json_t *oc_api_messages_json(const struct oc_messages *m, size_t from);
void oc_api_messages_read(const json_t *list, struct oc_messages *out);

/* ---- between the readers ---- */
void oc_api_ask_init(struct oc_api_ask *a);
/* What a member must be when it is there and not null. */
struct oc_api_member {
	const char
	    *name; /* "stream_options", or one of an object: "stream_options.include_usage" */
	enum { OC_API_OBJECT, OC_API_TEXT, OC_API_FLAG } type;
};
/* rows end with a zeroed one. */
OC_MUST_USE enum oc_rc oc_api_check_members(const json_t *body, const struct oc_api_member *rows,
					    struct oc_err *e);
/* A part of the content of a user message: text, or an image of url. place is for messages. */
OC_MUST_USE enum oc_rc oc_api_add_image(struct oc_api_ask *a, struct oc_message *m, const char *url,
					const char *place, struct oc_err *e);
void oc_api_add_text(struct oc_buf *out, struct oc_str text);
/* arguments NULL = none. */
void oc_api_add_call(struct oc_message *m, const char *id, const char *name, const char *arguments);
/* Sampling members of the body, by the table. limit: name of the member that bounds the output. */
OC_MUST_USE enum oc_rc oc_api_read_params(const json_t *body, const char *limit,
					  struct oc_api_ask *a, struct oc_err *e);
/* tools (in the chat shape) and tool_choice. */
OC_MUST_USE enum oc_rc oc_api_take_tools(json_t *tools, const json_t *choice, struct oc_api_ask *a,
					 struct oc_err *e);
/* The members both have: model, stream, user; effort, whose path is member. */
OC_MUST_USE enum oc_rc oc_api_read_common(const json_t *body, const char *effort,
					  const char *member, struct oc_api_ask *a,
					  struct oc_err *e);
/* Cuts what follows the last user or tool message; OC_E_INPUT when there is none. */
OC_MUST_USE enum oc_rc oc_api_find_prompt(struct oc_api_ask *a, const char *member,
					  struct oc_err *e);
#endif
