/* The paths of /v1: what model a body names decides who serves it (D29). */
#include <stdlib.h>

#include "agent/run/settings.h"
#include "base/limits.h"
#include "base/mem.h"
#include "gateway/http/models.h"
#include "gateway/http/relay.h"
#include "model/provider/select.h"

enum { LARGE_BODY = 262144 };

struct search {
	struct oc_str text;
	struct oc_span model;
	bool has_input;
	enum oc_rc rc;
	struct oc_err e;
};

static void search(void *arg)
{
	static const char *const names[] = { "model", "input" };
	struct oc_span found[2] = { { 0 } };
	struct search *s = arg;

	s->rc = oc_json_find_members(s->text, names, 2, found, &s->e);
	s->model = found[0];
	s->has_input = found[1].n > 0;
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
		oc_route_wrong_member(x, "model is missing or no text: write openclaw, or "
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

/* The first embedding model of a local provider, else of any; NULL: none is known. Free with
 * free().
 */
static char *embedding_model(const struct oc_catalog *c)
{
	for (int local = 1; local >= 0; local--)
		for (size_t i = 0; i < c->n; i++)
			for (size_t k = 0; k < c->providers[i].n_models; k++)
				if (c->providers[i].local >= local &&
				    !c->providers[i].models[k].can_chat)
					return oc_ref_key(c->providers[i].id,
							  c->providers[i].models[k].id);
	return NULL;
}

/* An agent has no vectors: a model that has takes the request (spec 02 §4.4). */
static void embed_wait(struct oc_gateway *gw, struct oc_exchange *x, const struct search *s)
{
	const char *wanted = oc_exchange_header(x, "x-openclaw-model");
	char *name;

	if (!s->has_input) {
		oc_route_wrong_member(x, "input is missing: write a text or a list of texts");
		return;
	}
	name = wanted && *wanted ? oc_strdup(wanted) : embedding_model(&gw->snapshot->catalog);

	if (name)
		oc_relay_run_wait(gw, x, oc_relay_path(oc_exchange_path(x)), s->text, s->model,
				  name);
	else
		oc_route_refuse(x, 404, "invalid_request_error", "model_not_found",
				"no embedding model is known: load one in the local model server, "
				"or name it as <provider>/<model>");
	free(name);
}

static void run_agent_wait(struct oc_gateway *gw, struct oc_exchange *x, struct oc_body *body,
			   const struct search *s, const char *name, char **agent)
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
	else if (!strcmp(path, "/v1/embeddings"))
		embed_wait(gw, x, s);
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
			run_agent_wait(gw, x, &body, &s, name, &agent);
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
