#ifndef OC_GATEWAY_HTTP_INTERNAL_H
#define OC_GATEWAY_HTTP_INTERNAL_H
#include "gateway/http/route.h"
/* Between the files of this folder. */

/* ---- request bodies (body.c) ---- */
/* The bytes of one request that are kept, and what they count for. Zeroed before; deinit. */
struct oc_body {
	struct oc_buf bytes;
	size_t reserved;
};
/* Reads the whole body of at most max bytes. False: the client left, or the refusal (408, 413, 503
 * while other requests hold too much memory) was sent. */
OC_MUST_USE bool oc_body_read_wait(struct oc_exchange *x, size_t max, struct oc_body *out);
void oc_body_deinit(struct oc_body *b);
/* An object, new reference; NULL: answered with 400. Large ones are parsed beside the loop. */
OC_MUST_USE json_t *oc_body_parse_wait(struct oc_exchange *x, const struct oc_body *b);
/* Both at once; NULL: answered. */
OC_MUST_USE json_t *oc_body_json_wait(struct oc_exchange *x, size_t max);

/* ---- answers (respond.c) ---- */
/* As oc_route_fail, with the member code, and in the shape of Anthropic's API on its path. */
void oc_route_refuse(struct oc_exchange *x, int status, const char *type, const char *code,
		     const char *fmt, ...) OC_PRINTF(5, 6);
/* 400 for a member of the body that is wrong. message begins with its path, which is given in the
 * member param as well. */
void oc_route_wrong_member(struct oc_exchange *x, const char *message);
/* Appends value to out as it may stand in a header: printable, cut. */
void oc_header_text(const char *value, struct oc_buf *out);

/* ---- models (models.c) ---- */
/* Whether the name means an agent ("openclaw", "openclaw/main", "openclaw:x", "agent:x"). *agent
 * (free with free()) is its id, "main" for the default one. */
bool oc_model_is_agent(const char *name, char **agent);
/* 404 that names what there is. why may be NULL. */
void oc_models_unknown(struct oc_gateway *gw, struct oc_exchange *x, const char *name,
		       const char *why);
void oc_models_run_wait(struct oc_gateway *gw, struct oc_exchange *x);

/* ---- what the paths of /v1 do ---- */
void oc_chat_run_wait(struct oc_gateway *gw, struct oc_exchange *x, struct oc_body *body,
		      const char *agent);
void oc_responses_run_wait(struct oc_gateway *gw, struct oc_exchange *x, struct oc_body *body,
			   const char *agent);
#endif
