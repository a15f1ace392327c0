/* The paths of /v1: what model a body names decides who serves it (D29). */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "gateway/http/models.h"
#include "gateway/http/relay.h"

enum { LARGE_BODY = 262144 };

struct search {
	struct oc_str text;
	struct oc_span model;
	enum oc_rc rc;
	struct oc_err e;
};

static void search(void *arg)
{
	static const char *const names[] = { "model" };
	struct search *s = arg;

	s->rc = oc_json_find_members(s->text, names, 1, &s->model, &s->e);
}

/* The name of the model; NULL: answered with 400. */
static char *model_of_wait(struct oc_exchange *x, struct search *s)
{
	if (s->text.n > LARGE_BODY)
		oc_work_wait(search, s);
	else
		search(s);
	if (s->rc != OC_OK) {
		oc_route_fail(x, 400, "invalid_request_error", "the request body is no JSON: %s",
			      s->e.msg);
		return NULL;
	}
	json_t *value =
	    s->model.n
		? oc_json_parse((struct oc_str){ s->text.p + s->model.at, s->model.n }, NULL, NULL)
		: NULL;
	struct oc_str name = oc_json_text(value);
	char *copy = name.n && strlen(name.p) == name.n ? oc_strdup(name.p) : NULL;

	json_decref(value);
	if (!copy)
		oc_route_refuse(x, 400, "invalid_request_error", "missing_model",
				"\"model\" is missing or no text: write openclaw, or "
				"<provider>/<model> as GET /v1/models lists them");
	return copy;
}

/* ---- agents ---- */

static bool agent_exists(struct oc_gateway *gw, struct oc_exchange *x, const char *name,
			 const char *agent)
{
	struct oc_strv names = { 0 };

	oc_agents_names(&gw->snapshot->config, &names);
	bool found = oc_strv_has(&names, oc_str(agent));

	oc_strv_deinit(&names);
	if (!found) oc_models_unknown(gw, x, name, NULL);
	return found;
}

static void run_agent_wait(struct oc_gateway *gw, struct oc_exchange *x, struct oc_body *body,
			   const char *name, char **agent)
{
	const char *path = oc_exchange_path(x);
	const char *other = oc_exchange_header(x, "x-openclaw-agent-id");

	if (other && *other && !strcmp(*agent, "main")) {
		free(*agent);
		*agent = oc_strdup(other);
	}
	if (!agent_exists(gw, x, name, *agent)) return;
	if (!strcmp(path, "/v1/chat/completions"))
		oc_chat_run_wait(gw, x, body, *agent);
	else if (!strcmp(path, "/v1/responses"))
		oc_responses_run_wait(gw, x, body, *agent);
	else
		oc_route_refuse(x, 400, "invalid_request_error", "agent_not_served_here",
				"agents answer on /v1/chat/completions and /v1/responses; %s takes "
				"<provider>/<model>",
				path);
}

/* ---- any of them ---- */

static void post_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	struct oc_body body = { 0 };
	char *name = NULL, *agent = NULL;

	if (oc_body_read_wait(x, OC_MAX_HTTP_BODY_BYTES, &body)) {
		struct search s = { .text = oc_buf_view(&body.bytes) };

		name = model_of_wait(x, &s);
		if (name && oc_model_is_agent(name, &agent))
			run_agent_wait(gw, x, &body, name, &agent);
		else if (name)
			oc_relay_run_wait(gw, x, oc_relay_path(oc_exchange_path(x)),
					  oc_buf_view(&body.bytes), s.model, name);
	}
	oc_body_deinit(&body);
	free(name);
	free(agent);
}

static bool chat_enabled(const struct oc_gateway *gw)
{
	return oc_endpoint_enabled(gw, "chatCompletions");
}

static bool responses_enabled(const struct oc_gateway *gw)
{
	return oc_endpoint_enabled(gw, "responses");
}

static bool any_enabled(const struct oc_gateway *gw)
{
	return chat_enabled(gw) || responses_enabled(gw);
}

const struct oc_route oc_routes_v1[] = {
	{ "/v1/models", "GET HEAD", OC_ROUTE_BEARER, any_enabled, oc_models_run_wait },
	{ "/v1/models/*", "GET HEAD", OC_ROUTE_BEARER, any_enabled, oc_models_run_wait },
	{ "/v1/chat/completions", "POST", OC_ROUTE_BEARER, chat_enabled, post_wait },
	{ "/v1/responses", "POST", OC_ROUTE_BEARER, responses_enabled, post_wait },
	{ "/v1/messages", "POST", OC_ROUTE_API_KEY, any_enabled, post_wait },
	{ "/v1/embeddings", "POST", OC_ROUTE_BEARER, any_enabled, post_wait },
	{ 0 },
};
void oc_chat_run_wait(struct oc_gateway *gw, struct oc_exchange *x, struct oc_body *body,
		      const char *agent)
{
	(void)gw;
	(void)body;
	(void)agent;
	oc_route_fail(x, 501, "api_error", "not yet");
}
void oc_responses_run_wait(struct oc_gateway *gw, struct oc_exchange *x, struct oc_body *body,
			   const char *agent)
{
	(void)gw;
	(void)body;
	(void)agent;
	oc_route_fail(x, 501, "api_error", "not yet");
}
