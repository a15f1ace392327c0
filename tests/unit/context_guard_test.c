/* Which windows are refused, which are warned of, and where their size comes from. */
#include "check.h"

#include <stdlib.h>

#include "agent/run/context_guard.h"
#include "base/log.h"

static char provider_id[] = "p", model_id[] = "m", key[] = "p/m";

static json_t *parse(const char *text)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(oc_str(text), NULL, &e);

	if (!v) fail_msg("%s: %s", text, e.msg);
	return v;
}

static const struct {
	const char *name, *config, *provider;
	int64_t discovered_tokens, discovered_window;
	enum oc_rc rc;
	int64_t tokens;
	const char *source;
} cases[] = {
	{ "nobody knows", "{}", "{}", 0, 0, OC_OK, 0, "default" },
	{ "configured window", "{}", "{\"models\":[{\"id\":\"m\",\"contextWindow\":32000}]}", 0, 0,
	  OC_OK, 32000, "modelsConfig" },
	{ "configured tokens come first", "{}",
	  "{\"models\":[{\"id\":\"m\",\"contextWindow\":200000,\"contextTokens\":15999}]}", 0, 0,
	  OC_E_DENIED, 15999, "modelsConfig" },
	{ "at the limit", "{}", "{\"models\":[{\"id\":\"m\",\"contextTokens\":16000}]}", 0, 0,
	  OC_OK, 16000, "modelsConfig" },
	{ "another model's entry", "{}", "{\"models\":[{\"id\":\"x\",\"contextTokens\":1}]}", 8192,
	  131072, OC_E_DENIED, 8192, "model" },
	{ "discovered window", "{}", "{}", 0, 40000, OC_OK, 40000, "model" },
	{ "capped by the agent", "{\"agents\":{\"defaults\":{\"contextTokens\":12000}}}", "{}", 0,
	  40000, OC_E_DENIED, 12000, "agentContextTokens" },
	{ "a cap above changes nothing", "{\"agents\":{\"defaults\":{\"contextTokens\":99999}}}",
	  "{}", 0, 40000, OC_OK, 40000, "model" },
	{ "switched off", "{\"agents\":{\"defaults\":{\"contextGuard\":{\"blockBelow\":0}}}}", "{}",
	  0, 2048, OC_OK, 2048, "model" },
	{ "lowered", "{\"agents\":{\"defaults\":{\"contextGuard\":{\"blockBelow\":4096}}}}", "{}",
	  0, 4095, OC_E_DENIED, 4095, "model" },
	{ "for one provider", "{}", "{\"params\":{\"contextGuard\":{\"blockBelow\":4096}}}", 0,
	  4096, OC_OK, 4096, "model" },
};

static void windows_are_judged_by_their_size_and_source(void **state)
{
	(void)state;
	oc_log_set_level(OC_LOG_ERROR);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *entry = parse(cases[i].provider);
		struct oc_config config = { .value = parse(cases[i].config) };
		struct oc_provider provider = { .id = provider_id, .entry = entry };
		struct oc_model model = { .id = model_id,
					  .context_tokens = cases[i].discovered_tokens,
					  .context_window = cases[i].discovered_window };
		const struct oc_selection target = { &provider, &model, model_id, key, NULL };
		struct oc_context_guard g;
		struct oc_err e = { 0 };

		oc_context_guard_init(&g, &config, NULL, &target);
		enum oc_rc rc = oc_context_guard_check(&g, &target, &e);
		if (rc != cases[i].rc || g.tokens != cases[i].tokens ||
		    strcmp(g.source, cases[i].source) != 0)
			fail_msg("%s: rc %d, %lld tokens, source %s", cases[i].name, (int)rc,
				 (long long)g.tokens, g.source);
		if (rc) assert_non_null(strstr(e.msg, "Model context window too small ("));
		json_decref(config.value);
		json_decref(entry);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_are_judged_by_their_size_and_source),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
