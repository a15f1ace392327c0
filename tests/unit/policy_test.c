/* Which tools a configuration allows. */
#include "check.h"

#include "base/mem.h"
#include "tool/sandbox/policy.h"

#define ALL                                                                                        \
	"read write edit exec process web_search web_fetch memory_search memory_get cron message " \
	"spawn session_status apply_patch browser srv.look srv.change"

static const struct {
	const char *name, *tools, *agent, *want; /* want: those of ALL that are allowed */
	bool lean;
} cases[] = {
	{ "nothing is configured", NULL, NULL, ALL, false },
	{ "deny", "{\"deny\":[\"exec\",\"group:web\"]}", NULL,
	  "read write edit process memory_search memory_get cron message spawn session_status "
	  "apply_patch browser srv.look srv.change",
	  false },
	{ "allow blocks the rest", "{\"allow\":[\"read\",\"group:memory\"]}", NULL,
	  "read memory_search memory_get", false },
	{ "an empty allow blocks nothing", "{\"allow\":[]}", NULL, ALL, false },
	{ "deny wins", "{\"allow\":[\"read\",\"exec\"],\"deny\":[\"exec\"]}", NULL, "read", false },
	{ "upstream names", "{\"allow\":[\"bash\",\"automations\",\"sessions_spawn\"]}", NULL,
	  "exec cron spawn", false },
	{ "a group of tools that we lack holds nothing", "{\"allow\":[\"group:media\",\"read\"]}",
	  NULL, "read", false },
	{ "names without case for aliases", "{\"deny\":[\"BASH\",\"GROUP:FS\"]}", NULL,
	  "process web_search web_fetch memory_search memory_get cron message spawn "
	  "session_status browser srv.look srv.change",
	  false },
	{ "globs", "{\"allow\":[\"mem*\",\"srv.*\"]}", NULL,
	  "memory_search memory_get srv.look srv.change", false },
	{ "tools of servers", "{\"deny\":[\"group:plugins\"]}", NULL,
	  "read write edit exec process web_search web_fetch memory_search memory_get cron "
	  "message spawn session_status apply_patch browser",
	  false },
	{ "profile minimal", "{\"profile\":\"minimal\"}", NULL, "session_status", false },
	{ "profile full", "{\"profile\":\"full\"}", NULL, ALL, false },
	{ "profile coding", "{\"profile\":\"coding\"}", NULL,
	  "read write edit exec process web_search web_fetch memory_search memory_get cron spawn "
	  "session_status apply_patch srv.look srv.change",
	  false },
	{ "profile messaging", "{\"profile\":\"messaging\"}", NULL,
	  "message spawn session_status srv.look srv.change", false },
	{ "alsoAllow extends a profile",
	  "{\"profile\":\"minimal\",\"alsoAllow\":[\"read\",\"srv.look\"]}", NULL,
	  "read session_status srv.look", false },
	{ "the agent's profile replaces the general one", "{\"profile\":\"minimal\"}",
	  "{\"profile\":\"messaging\"}", "message spawn session_status srv.look srv.change",
	  false },
	{ "the name of a server means its tools", "{\"allow\":[\"srv\",\"read\"]}", NULL,
	  "read srv.look srv.change", false },
	{ "and forbids them", "{\"allow\":[\"srv.*\",\"read\"],\"deny\":[\"srv\"]}", NULL, "read",
	  false },
	{ "names of servers' tools as the original writes them",
	  "{\"allow\":[\"srv__look\",\"read\"]}", NULL, "read srv.look", false },
	{ "all servers as the original calls them", "{\"allow\":[\"bundle-mcp\"]}", NULL,
	  "srv.look srv.change", false },
	{ "both allow lists have to agree", "{\"allow\":[\"read\",\"write\"]}",
	  "{\"allow\":[\"write\",\"exec\"]}", "write apply_patch", false },
	{ "who may not write may not patch", "{\"deny\":[\"write\"]}", NULL,
	  "read edit exec process web_search web_fetch memory_search memory_get cron message "
	  "spawn session_status browser srv.look srv.change",
	  false },
	{ "a provider", "{\"byProvider\":{\"lmstudio\":{\"allow\":[\"read\"]}}}", NULL, "read",
	  false },
	{ "another provider", "{\"byProvider\":{\"ollama\":{\"allow\":[\"read\"]}}}", NULL, ALL,
	  false },
	{ "a model wins over its provider",
	  "{\"byProvider\":{\"lmstudio\":{\"allow\":[\"read\"]},"
	  "\"lmstudio/qwen/q3\":{\"deny\":[\"group:openclaw\"]}}}",
	  NULL, "srv.look srv.change", false },
	{ "a provider's profile",
	  "{\"profile\":\"coding\",\"byProvider\":{\"lmstudio\":{\"profile\":\"minimal\"}}}", NULL,
	  "session_status", false },
	{ "lean", NULL, NULL,
	  "read write edit exec process web_search web_fetch memory_search memory_get spawn "
	  "session_status apply_patch srv.look srv.change",
	  true },
	{ "lean keeps what is named", "{\"alsoAllow\":[\"automations\"]}", NULL,
	  "read write edit exec process web_search web_fetch memory_search memory_get cron spawn "
	  "session_status apply_patch srv.look srv.change",
	  true },
};

static json_t *parse(const char *text)
{
	struct oc_err e = { 0 };

	return text ? oc_json_parse(oc_str(text), NULL, &e) : NULL;
}

/* Those of ALL that p allows, with a space between. */
static char *allowed(const struct oc_policy *p)
{
	struct oc_strv names = { 0 };
	char *text;

	for (struct oc_str rest = OC_LIT(ALL); rest.n;) {
		size_t space = oc_str_find(rest, OC_LIT(" "), 0);
		char *name = oc_strndup(rest.p, space == SIZE_MAX ? rest.n : space);
		const char *why = NULL;

		if (oc_policy_allows(p, name, &why))
			oc_strv_add(&names, oc_str(name));
		else
			assert_non_null(why); /* a refusal always has a reason */
		free(name);
		rest = space == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, space + 1);
	}
	text = oc_strv_join(&names, " ");
	oc_strv_deinit(&names);
	return text;
}

static void layers_have_to_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *tools = parse(cases[i].tools), *agent = parse(cases[i].agent);
		const struct oc_policy_spec spec = { .tools = tools,
						     .agent_tools = agent,
						     .provider = "lmstudio",
						     .model = "qwen/q3",
						     .lean = cases[i].lean };
		struct oc_policy *p = oc_policy_new(&spec);

		json_decref(tools); /* it copies what counts */
		json_decref(agent);
		char *got = allowed(p);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s\n got: %s\nwant: %s", cases[i].name, got, cases[i].want);
		free(got);
		oc_policy_free(p);
	}
	assert_true(oc_policy_allows(NULL, "exec", NULL));
	oc_policy_free(NULL);
}

static void further_lists_hold_at_call_time(void **state)
{
	json_t *deny = parse("[\"exec\"]"), *allow = parse("[\"exec\",\"read\"]");
	const struct oc_policy_spec spec = { .extra_allow = allow, .extra_deny = deny };
	struct oc_policy *p = oc_policy_new(&spec);
	const char *why = NULL;

	(void)state;
	assert_true(oc_policy_allows(p, "read", NULL));
	assert_false(oc_policy_allows(p, "write", &why));
	assert_string_equal(why, "not allowed in this conversation");
	assert_false(oc_policy_allows(p, "exec", &why));
	assert_string_equal(why, "denied in this conversation");
	oc_policy_free(p);
	json_decref(deny);
	json_decref(allow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers_have_to_agree),
		cmocka_unit_test(further_lists_hold_at_call_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
