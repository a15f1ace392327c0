/* The guard against context windows that an agent cannot work in. */
#include "agent/run/context_guard.h"

#include "base/log.h"

enum { DEFAULT_WARN = 32000, DEFAULT_BLOCK = 16000 };

/* The configured window of the target: its entry in models.providers.<id>.models. */
static int64_t configured_tokens(const struct oc_selection *target)
{
	const json_t *models = json_object_get(target->provider->entry, "models");

	for (size_t i = 0; i < json_array_size(models); i++) {
		const json_t *m = json_array_get(models, i);
		int64_t cap = oc_json_positive(m, "contextTokens");

		if (!oc_str_eq(oc_json_str(m, "id"), oc_str(target->model_id))) continue;
		return cap ? cap : oc_json_positive(m, "contextWindow");
	}
	return 0;
}

static void find_tokens(struct oc_context_guard *g, const struct oc_selection *target)
{
	const struct oc_model *m = target->model;

	g->source = "modelsConfig";
	g->tokens = configured_tokens(target);
	if (g->tokens) return;
	g->source = "model";
	if (m) g->tokens = m->context_tokens > 0 ? m->context_tokens : m->context_window;
	if (g->tokens > 0) return;
	g->source = "default";
	g->tokens = 0;
}

/* A limit that is present replaces the one before it, 0 included. */
static void take_limits(struct oc_context_guard *g, const json_t *limits)
{
	int64_t warn = oc_json_int(limits, "warnBelow", -1),
		block = oc_json_int(limits, "blockBelow", -1);

	if (warn >= 0) g->warn_below = warn;
	if (block >= 0) g->block_below = block;
}

void oc_context_guard_init(struct oc_context_guard *g, const struct oc_config *config,
			   const json_t *agent, const struct oc_selection *target)
{
	const json_t *params = json_object_get(target->provider->entry, "params");
	int64_t cap = oc_json_positive(agent, "contextTokens");

	*g = (struct oc_context_guard){ .warn_below = DEFAULT_WARN, .block_below = DEFAULT_BLOCK };
	take_limits(g, oc_config_get(config, "agents.defaults.contextGuard"));
	take_limits(g, json_object_get(agent, "contextGuard"));
	take_limits(g, json_object_get(params, "contextGuard"));
	find_tokens(g, target);
	if (!cap) cap = oc_json_positive(oc_config_get(config, "agents.defaults"), "contextTokens");
	if (cap && g->tokens > cap) {
		g->tokens = cap;
		g->source = "agentContextTokens";
	}
}

enum oc_rc oc_context_guard_check(const struct oc_context_guard *g,
				  const struct oc_selection *target, struct oc_err *e)
{
	long long tokens = g->tokens;

	if (g->tokens <= 0) return OC_OK;
	if (g->tokens < g->warn_below)
		oc_log(OC_LOG_WARN, "agent",
		       "low context window: %s ctx=%lld (warn<%lld) source=%s%s", target->key,
		       tokens, (long long)g->warn_below, g->source,
		       target->provider->local ? "; raise the context length in the model server"
					       : "");
	if (g->tokens >= g->block_below) return OC_OK;
	oc_log(OC_LOG_ERROR, "agent",
	       "blocked model (context window too small): %s ctx=%lld (min=%lld) source=%s",
	       target->key, tokens, (long long)g->block_below, g->source);
	return oc_fail(
	    e, OC_E_DENIED,
	    "Model context window too small (%lld tokens; source=%s). Minimum is %lld. Load the "
	    "model with a larger context, or lower agents.defaults.contextGuard.blockBelow.",
	    tokens, g->source, (long long)g->block_below);
}
