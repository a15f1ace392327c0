/* The table of the APIs: where requests go, what they look like, how the answer is read. */
#include "model/codec/api.h"

#include "base/mem.h"
#include "model/codec/anthropic_request.h"
#include "model/codec/chat_request.h"
#include "model/codec/ollama_request.h"
#include "model/codec/provider_kinds.h"
#include "model/codec/responses_request.h"

static const struct oc_api apis[] = {
	{
	    .name = "openai-completions",
	    .protocol = OC_PROTO_OPENAI_CHAT,
	    .path = "/chat/completions",
	    .filtered = "Provider finish_reason: content_filter",
	    .body = oc_chat_request_json,
	},
	{
	    .name = "openai-responses",
	    .protocol = OC_PROTO_OPENAI_RESPONSES,
	    .path = "/responses",
	    .filtered = "Provider incomplete_reason: content_filter",
	    .body = oc_responses_request_json,
	},
	{
	    .name = "anthropic-messages",
	    .protocol = OC_PROTO_ANTHROPIC_MESSAGES,
	    .path = "/messages",
	    .v1 = true,
	    .header = "anthropic-version: 2023-06-01",
	    .filtered = "Provider stop_reason: refusal",
	    .body = oc_anthropic_request_json,
	    .default_limit = oc_anthropic_default_limit,
	},
	{
	    .name = "ollama",
	    .protocol = OC_PROTO_OLLAMA_CHAT,
	    .path = "/api/chat",
	    .root = true,
	    .sets_window = true,
	    .filtered = "Provider done_reason: content_filter",
	    .body = oc_ollama_request_json,
	},
};
enum { APIS = sizeof apis / sizeof *apis };

const struct oc_api *oc_api_find(const char *name)
{
	for (size_t i = 0; i < APIS; i++)
		if (!strcmp(name, apis[i].name)) return &apis[i];
	return NULL;
}

void oc_api_names(struct oc_buf *out)
{
	for (size_t i = 0; i < APIS; i++)
		oc_buf_addf(out, "%s\"%s\"",
			    i == 0	   ? ""
			    : i + 1 < APIS ? ", "
					   : " or ",
			    apis[i].name);
}

char *oc_api_base(const struct oc_api *a, const char *base_url)
{
	struct oc_str base = oc_str(base_url);

	if (a->root) return oc_server_root(base_url);
	while (base.n && base.p[base.n - 1] == '/') base.n--;
	return oc_asprintf("%.*s%s", OC_FMT(base),
			   a->v1 && !oc_str_ends(base, OC_LIT("/v1")) ? "/v1" : "");
}
