/* What the configuration says about an agent, wherever it says it. */
#include "check.h"

#include <stdlib.h>

#include "agent/run/settings.h"

static char home[] = "/home/u", state_dir[] = "/home/u/.openclaw";

static const struct {
	const char *name, *config, *id;
	const char *workspace, *exec_mode, *thinking, *model; /* workspace NULL = no such agent */
} cases[] = {
	{ "nothing configured", "{}", NULL, "/home/u/.openclaw/workspace", "auto", NULL, NULL },
	{ "defaults",
	  "{\"agents\":{\"defaults\":{\"workspace\":\"~/w\",\"thinkingDefault\":\"high\"}},"
	  "\"tools\":{\"exec\":{\"mode\":\"full\"}}}",
	  NULL, "/home/u/w", "full", "high", NULL },
	{ "own entry",
	  "{\"agents\":{\"defaults\":{\"workspace\":\"/d\"},\"entries\":{\"main\":{\"workspace\":\"/m\","
	  "\"model\":\"a/b\",\"tools\":{\"exec\":{\"mode\":\"deny\"}}}}},\"tools\":{\"exec\":{\"mode\":\"full\"}}}",
	  "main", "/m", "deny", NULL, "a/b" },
	{ "the stricter place wins",
	  "{\"agents\":{\"entries\":{\"main\":{\"tools\":{\"exec\":{\"mode\":\"full\"}}}}},"
	  "\"tools\":{\"exec\":{\"mode\":\"ask\"}}}",
	  "main", "/home/u/.openclaw/workspace", "ask", NULL, NULL },
	{ "an unknown mode asks",
	  "{\"agents\":{\"entries\":{\"main\":{\"tools\":{\"exec\":{\"mode\":\"full\"}}}}},"
	  "\"tools\":{\"exec\":{\"mode\":\"later\"}}}",
	  "main", "/home/u/.openclaw/workspace", "ask", NULL, NULL },
	{ "another agent",
	  "{\"agents\":{\"defaults\":{\"workspace\":\"/d\"},\"list\":[{\"id\":\"ops\",\"model\":{\"primary\":\"c/d\"}}]}}",
	  "ops", "/home/u/.openclaw/workspace-ops", "auto", NULL, "c/d" },
	{ "no such agent", "{\"agents\":{\"entries\":{\"ops\":{}}}}", "dev", NULL, NULL, NULL,
	  NULL },
};

static bool same(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void an_agents_settings_come_from_the_nearest_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_err e = { 0 };
		struct oc_config config = { .paths = { .home = home, .state_dir = state_dir },
					    .value =
						oc_json_parse(oc_str(cases[i].config), NULL, &e) };
		struct oc_agent_settings s;

		assert_non_null(config.value);
		enum oc_rc rc = oc_agent_settings_init(&s, &config, cases[i].id, &e);
		if (!cases[i].workspace) {
			assert_int_equal(rc, OC_E_NOT_FOUND);
			assert_non_null(strstr(e.msg, "main, ops"));
		} else if (rc || !same(s.workspace, cases[i].workspace) ||
			   !same(s.exec_mode, cases[i].exec_mode) ||
			   !same(s.thinking, cases[i].thinking) || !same(s.model, cases[i].model))
			fail_msg("%s: %s %s", cases[i].name, s.workspace, s.exec_mode);
		oc_agent_settings_deinit(&s);
		json_decref(config.value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agents_settings_come_from_the_nearest_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
