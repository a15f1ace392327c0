#include "check.h"

#include "base/log.h"
#include "catalog_fixture.h"
#include "model/provider/credential.h"

#define STORE ".openclaw/agents/main/agent/auth-profiles.json"

static const char profiles[] =
    "{\"version\":1,\"profiles\":{"
    "\"lmstudio:default\":{\"type\":\"api_key\",\"provider\":\"lmstudio\",\"key\":\"profile-key\"},"
    "\"lmstudio:work\":{\"type\":\"token\",\"provider\":\"lmstudio\",\"tokenRef\":{\"source\":\"env\","
    "\"provider\":\"env\",\"id\":\"WORK_TOKEN\"}},"
    "\"lmstudio:old\":{\"type\":\"token\",\"provider\":\"lmstudio\",\"token\":\"x\",\"expires\":5}},"
    "\"order\":{\"lmstudio\":[\"lmstudio:old\",\"lmstudio:default\",\"lmstudio:work\"]}}";

static void the_first_source_that_has_a_key_wins(void **state)
{
	static const struct {
		const char *provider, *entry, *store, *env, *profile;
		const char *key, *source; /* NULL key = none is sent */
	} cases[] = {
		{ "lmstudio", "{apiKey:'cfg'}", profiles, "env", NULL, "profile-key",
		  "profile lmstudio:default" },
		{ "lmstudio", "{apiKey:'cfg'}", profiles, "env", "work", "work-secret",
		  "profile lmstudio:work" },
		{ "lmstudio", "{apiKey:'cfg'}", profiles, "env", "lmstudio:work", "work-secret",
		  "profile lmstudio:work" },
		{ "lmstudio", "{apiKey:'cfg'}", profiles, "env", "ghost", "profile-key",
		  "profile lmstudio:default" },
		{ "lmstudio", "{apiKey:'cfg'}", NULL, "env", NULL, "cfg",
		  "models.providers.lmstudio.apiKey" },
		{ "lmstudio", "{apiKey:'LM_API_TOKEN'}", NULL, "env", NULL, "env",
		  "models.providers.lmstudio.apiKey" },
		{ "lmstudio", "{}", NULL, "env", NULL, "env", "LM_API_TOKEN" },
		{ "lmstudio", "{apiKey:'lmstudio-local'}", NULL, NULL, NULL, NULL,
		  "models.providers.lmstudio (synthetic local key)" },
		{ "lmstudio", "{apiKey:'LM_API_TOKEN'}", NULL, NULL, NULL, NULL,
		  "models.providers.lmstudio (synthetic local key)" },
		{ "lmstudio", "{baseUrl:'https://lm.example.com/v1'}", NULL, NULL, NULL, NULL,
		  "models.providers.lmstudio (synthetic local key)" },
		{ "lmstudio", "{apiKey:'${UNSET_KEY}'}", NULL, NULL, NULL, NULL,
		  "models.providers.lmstudio (synthetic local key)" },
		{ "lmstudio", "{apiKey:'${WORK_TOKEN}'}", NULL, NULL, NULL, "work-secret",
		  "models.providers.lmstudio.apiKey" },
		{ "lmstudio", "{apiKey:{source:'env',provider:'env',id:'WORK_TOKEN'}}", NULL, NULL,
		  NULL, "work-secret", "models.providers.lmstudio.apiKey" },
		{ "lmstudio", "{apiKey:'cfg',headers:{authorization:'Basic x'}}", profiles, "env",
		  NULL, NULL, "models.providers.lmstudio headers" },
		{ "box", "{baseUrl:'http://10.0.0.1/v1',apiKey:'sk-local',models:[]}", profiles,
		  "env", NULL, "sk-local", "models.providers.box.apiKey" },
		{ "box", "{baseUrl:'http://gpubox/v1',apiKey:'custom-local',models:[]}", NULL,
		  "env", NULL, NULL, "models.providers.box (synthetic local key)" },
		{ "box", "{baseUrl:'http://h.local/v1',models:[]}", NULL, "env", NULL, NULL,
		  "models.providers.box (synthetic local key)" },
	};
	(void)state;
	setenv("WORK_TOKEN", "work-secret", 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_credential cred;
		struct oc_err e = { 0 };
		struct fixture f;
		char text[600];

		unsetenv("LM_API_TOKEN");
		if (cases[i].env) setenv("LM_API_TOKEN", cases[i].env, 1);
		home_write(STORE, cases[i].store ? cases[i].store : "{}");
		snprintf(text, sizeof text, "{models:{providers:{%s:%s}}}", cases[i].provider,
			 cases[i].entry);
		open_catalog(&f, text);
		struct oc_provider *p = oc_catalog_provider(&f.catalog, oc_str(cases[i].provider));
		if (oc_credential_resolve(&f.catalog, p, cases[i].profile, &cred, &e) != OC_OK)
			fail_msg("%zu: %s", i, e.msg);
		assert_string_equal(cred.key ? cred.key : "-", cases[i].key ? cases[i].key : "-");
		assert_string_equal(cred.source, cases[i].source);
		oc_credential_deinit(&cred);
		close_catalog(&f);
	}
	unsetenv("LM_API_TOKEN");
	unsetenv("WORK_TOKEN");
}

static void a_public_host_without_a_key_names_the_ways_to_give_one(void **state)
{
	struct oc_credential cred;
	struct oc_err e = { 0 };
	struct fixture f;

	(void)state;
	unsetenv("OPENAI_API_KEY");
	open_catalog(&f, "{models:{providers:{far:{baseUrl:'https://h.example.com/v1',"
			 "apiKey:'custom-local',models:[]}}}}");
	struct oc_provider *p = oc_catalog_provider(&f.catalog, OC_LIT("far"));
	assert_int_equal(oc_credential_resolve(&f.catalog, p, NULL, &cred, &e), OC_E_INPUT);
	assert_non_null(strstr(e.msg, "models.providers.far.apiKey"));
	assert_non_null(strstr(e.msg, "auth login --provider far"));
	p = oc_catalog_provider(&f.catalog, OC_LIT("openai"));
	assert_int_equal(oc_credential_resolve(&f.catalog, p, NULL, &cred, &e), OC_E_INPUT);
	assert_non_null(strstr(e.msg, "OPENAI_API_KEY"));
	close_catalog(&f);
}

static void headers_carry_key_and_configuration(void **state)
{
	static const struct {
		const char *entry, *model, *api, *key, *want;
	} cases[] = {
		{ "{}", "{}", "openai-completions", "k", "Authorization: Bearer k" },
		{ "{}", "{}", "openai-completions", NULL, "" },
		{ "{}", "{}", "anthropic-messages", "k", "x-api-key: k" },
		{ "{'authHeader':true}", "{}", "anthropic-messages", "k",
		  "Authorization: Bearer k" },
		{ "{'headers':{'X-A':'1'},'request':{'headers':{'x-a':'3','X-B':'4'}}}",
		  "{'headers':{'X-A':'2'}}", "openai-completions", NULL, "x-a: 3|X-B: 4" },
		{ "{'headers':{'Authorization':'Basic q'}}", "{}", "openai-completions", NULL,
		  "Authorization: Basic q" },
		{ "{'headers':{'Host':'evil','Content-Length':'1','Connection':'x','X':'1'}}", "{}",
		  "openai-completions", NULL, "X: 1" },
		{ "{'headers':{'X':'a\\r\\nY: b','Z y':'1','Ok':'v'}}", "{}", "openai-completions",
		  NULL, "Ok: v" },
		{ "{'request':{'auth':{'mode':'authorization-bearer','token':'t'}}}", "{}",
		  "openai-completions", NULL, "Authorization: Bearer t" },
		{ "{'request':{'auth':{'mode':'header','headerName':'X-Key','value':'v','prefix':"
		  "'K '}}}",
		  "{}", "openai-completions", NULL, "X-Key: K v" },
	};
	(void)state;
	oc_log_set_level(OC_LOG_ERROR);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *entry = js(cases[i].entry), *model = js(cases[i].model);
		struct oc_strv headers = { 0 };

		oc_entry_headers(NULL, entry, cases[i].api, cases[i].key, model, &headers);
		char *got = oc_strv_join(&headers, "|");
		assert_string_equal(got, cases[i].want);
		free(got);
		oc_strv_deinit(&headers);
		json_decref(entry);
		json_decref(model);
	}
}

static void markers_are_no_keys(void **state)
{
	static const char *const markers[] = { "lmstudio-local",	"custom-local",
					       "ollama-local",		"secretref-managed",
					       "secretref-env:X",	"oauth:x",
					       "LM_API_TOKEN",		"OPENAI_API_KEY",
					       "gcp-vertex-credentials" };
	static const char *const keys[] = { "lmstudio", "lm-studio", "sk-local", "SOME_LITERAL",
					    "" };

	(void)state;
	for (size_t i = 0; i < sizeof markers / sizeof *markers; i++)
		assert_true(oc_credential_is_marker(oc_str(markers[i])));
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		assert_false(oc_credential_is_marker(oc_str(keys[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_source_that_has_a_key_wins, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(
		    a_public_host_without_a_key_names_the_ways_to_give_one, new_home, drop_home),
		cmocka_unit_test(headers_carry_key_and_configuration),
		cmocka_unit_test(markers_are_no_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
