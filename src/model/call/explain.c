/* What a failed call means to the person in front of it: what happened, where, and what to do about
 * it. */
#include <stdlib.h>

#include "base/mem.h"
#include "model/call/call.h"

struct remedy {
	const char *what; /* before the server's own words; NULL = those alone */
	const char *todo; /* %s = provider id; NULL = nothing useful to say */
};

static const struct remedy remedies[OC_ERR_CLASSES] = {
	[OC_ERR_NO_RESPONSE] = { "the server closed the connection without an answer",
				 "Look into the server's log; it may have crashed or run out of memory." },
	[OC_ERR_NOT_AN_API] = { "what answered is not a model server's API",
				"Check models.providers.%s.baseUrl: it usually ends in /v1." },
	[OC_ERR_REDIRECT] = { "the server redirects model requests",
			      "Put the final address into models.providers.%s.baseUrl." },
	[OC_ERR_MODEL_LOADING] = { "the model is still loading",
				   "Try again when the server has loaded it." },
	[OC_ERR_UPSTREAM_UNREACHABLE] = { "the server cannot be reached",
					  "Start it, or correct models.providers.%s.baseUrl." },
	[OC_ERR_TIMEOUT] = { NULL, "For a slow server raise models.providers.%s.timeoutSeconds." },
	[OC_ERR_ENDPOINT_MISSING] = { "the server has no such endpoint",
				      "Check models.providers.%s.baseUrl: it usually ends in /v1." },
	[OC_ERR_CONTEXT_OVERFLOW] = { "the conversation does not fit the model's context",
				      "Load the model with a larger context, or start a shorter conversation." },
	[OC_ERR_OVERLOADED] = { "the server is overloaded", "Try again later." },
	[OC_ERR_AUTH] = { "the server refused the key",
			  "Check models.providers.%s.apiKey, or the key given to onboarding." },
	[OC_ERR_FORBIDDEN] = { "the server refuses the request",
			       "Check the key's rights and the server's settings." },
	[OC_ERR_QUOTA] = { "the account has no credit left", NULL },
	[OC_ERR_RATE_LIMITED] = { "too many requests", "Try again later." },
	[OC_ERR_MODEL_LOAD_FAILED] = { "the server could not load the model",
				       "Choose a smaller model or a smaller context." },
	[OC_ERR_NO_MODEL_LOADED] = { "no model is loaded",
				     "Load one in the server, or switch on loading on demand." },
	[OC_ERR_UNSUPPORTED_PARAM] = { "the server does not take the request as it is",
				       "See `compat` of the model entry in docs/configuration.md." },
	[OC_ERR_MODEL_NOT_FOUND] = { "the server does not know the model",
				     "See what it has: openclaw models list --refresh --provider %s" },
	[OC_ERR_SERVER_ERROR] = { "the server failed", NULL },
	[OC_ERR_BAD_PAYLOAD] = { "the answer is damaged",
				 "The text that arrived was kept; nothing was retried." },
	[OC_ERR_STREAM_TRUNCATED] = { "the stream was cut before its end",
				      "The text that arrived was kept. The server may have crashed or run out of "
				      "memory: look into its log." },
	[OC_ERR_EMPTY_RESPONSE] = { "the model answered nothing",
				    "The prompt may exceed the loaded context: load the model with a larger one." },
};

static void add_origin(const struct oc_provider *p, struct oc_buf *out)
{
	struct oc_url url;

	if (!p->base_url || oc_url_parse(oc_str(p->base_url), &url, NULL) != OC_OK) return;
	char *origin = oc_url_origin(&url);
	oc_buf_addf(out, " at %s", origin);
	free(origin);
	oc_url_deinit(&url);
}

static void add_remedy(const struct remedy *r, const char *provider, struct oc_buf *out)
{
	struct oc_str todo = oc_str(r->todo);
	size_t at = oc_str_find(todo, OC_LIT("%s"), 0);

	if (!todo.n) return;
	oc_buf_adds(out, "\n");
	oc_buf_add(out, oc_str_head(todo, at));
	if (at == SIZE_MAX) return;
	oc_buf_adds(out, provider);
	oc_buf_add(out, oc_str_from(todo, at + 2));
}

void oc_call_explain(const struct oc_call_spec *s, const struct oc_reply *reply, struct oc_buf *out)
{
	const struct oc_call_error *err = &reply->error;
	const struct remedy *r = &remedies[err->class];
	const char *message = err->message ? err->message : "";

	oc_buf_adds(out, s->target->key);
	add_origin(s->target->provider, out);
	oc_buf_adds(out, ": ");
	if (r->what) oc_buf_adds(out, r->what);
	if (*message) {
		oc_buf_adds(out, r->what ? " (" : "");
		if (err->status >= 400) oc_buf_addf(out, "%d ", err->status);
		oc_buf_addf(out, "%s%s", message, r->what ? ")" : "");
	} else if (err->status >= 400)
		oc_buf_addf(out, " (HTTP %d)", err->status);
	const struct oc_provider_kind *kind = s->target->provider->kind;

	if (err->class == OC_ERR_UPSTREAM_UNREACHABLE && kind != oc_custom_kind && kind->start_hint)
		oc_buf_addf(out, "\n%s.", kind->start_hint);
	else if (err->class == OC_ERR_BLOCKED && s->target->provider->allow_private == OC_FALSE)
		oc_buf_addf(
		    out,
		    "\nmodels.providers.%s.request.allowPrivateNetwork is false: remove it to reach this "
		    "server.",
		    s->target->provider->id);
	else
		add_remedy(r, s->target->provider->id, out);
}
