#include "check.h"

#include "catalog_fixture.h"
#include "model/provider/lmstudio.h"

static struct oc_provider *provider(struct fixture *f, const char *id)
{
	struct oc_provider *p = oc_catalog_provider(&f->catalog, oc_str(id));

	assert_non_null(p);
	return p;
}

static void bases_come_from_the_config_else_from_what_is_built_in(void **state)
{
	static const struct {
		const char *config, *id, *base; /* NULL base = not usable */
		bool local;
	} cases[] = {
		{ "{}", "lmstudio", "http://localhost:1234/v1", true },
		{ "{}", "openai", "https://api.openai.com/v1", false },
		{ "{}", "anthropic", "https://api.anthropic.com", false },
		{ "{models:{providers:{LMStudio:{baseUrl:'gpu:1234/api/v1/'}}}}", "lmstudio",
		  "http://gpu:1234/v1", true },
		{ "{models:{providers:{lmstudio:{baseUrl:'${UNSET_URL}'}}}}", "lmstudio",
		  "http://localhost:1234/v1", true },
		{ "{models:{providers:{box:{baseUrl:'http://10.1.2.3:8000/x//',models:[]}}}}",
		  "box", "http://10.1.2.3:8000/x", true },
		{ "{models:{providers:{box:{baseUrl:'https://models.example.com/v1',models:[]}}}}",
		  "box", "https://models.example.com/v1", false },
		{ "{models:{providers:{box:{baseUrl:'${UNSET_URL}/v1',models:[]}}}}", "box", NULL,
		  false },
		{ "{models:{providers:{box:{baseUrl:'ftp://h/v1',models:[]}}}}", "box", NULL,
		  false },
		{ "{models:{providers:{openai:{baseUrl:'http://localhost:8080/v1',models:[]}}}}",
		  "openai", "http://localhost:8080/v1", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fixture f;

		open_catalog(&f, cases[i].config);
		struct oc_provider *p = provider(&f, cases[i].id);
		if (cases[i].base) {
			assert_string_equal(p->base_url, cases[i].base);
			assert_null(p->problem);
		} else {
			assert_null(p->base_url);
			assert_non_null(strstr(p->problem, "models.providers.box.baseUrl"));
		}
		assert_int_equal(p->local, cases[i].local);
		close_catalog(&f);
	}
}

static void an_unusable_provider_has_no_guard(void **state)
{
	struct oc_err e = { 0 };
	struct oc_guard g;
	struct fixture f;

	(void)state;
	open_catalog(&f, "{models:{providers:{box:{baseUrl:'${UNSET_URL}',models:[]}}}}");
	assert_int_equal(oc_provider_guard(&f.catalog, provider(&f, "box"), &g, &e), OC_E_INPUT);
	assert_non_null(strstr(e.msg, "baseUrl"));
	close_catalog(&f);
}

static void the_docker_host_is_the_default_in_docker(void **state)
{
	struct fixture f;

	(void)state;
	setenv("OPENCLAW_DOCKER_SETUP", "1", 1);
	open_catalog(&f, "{}");
	unsetenv("OPENCLAW_DOCKER_SETUP");
	assert_string_equal(provider(&f, "lmstudio")->base_url,
			    "http://host.docker.internal:1234/v1");
	close_catalog(&f);
}

static void models_take_their_values_from_config_and_discovery(void **state)
{
	struct fixture f;

	(void)state;
	home_write(
	    ".openclaw/agents/main/agent/models.json",
	    "{\"providers\":{\"lmstudio\":{\"baseUrl\":\"http://localhost:1234/v1\",\"models\":["
	    "{\"id\":\"a\",\"contextWindow\":9000,\"input\":[\"text\",\"image\"]},"
	    "{\"id\":\"new\",\"name\":\"New\"},{\"id\":\"e\",\"type\":\"embedding\"}]},"
	    "\"box\":{\"baseUrl\":\"http://h/v1\",\"models\":[{\"id\":\"seen\"}]},"
	    "\"foreign\":{\"baseUrl\":\"http://evil/v1\",\"models\":[{\"id\":\"x\"}]}}}");
	open_catalog(&f, "{models:{providers:{lmstudio:{models:[{id:'a',maxTokens:5}]},"
			 "box:{baseUrl:'http://h/v1',models:[{id:'own'}]}}}}");
	struct oc_provider *p = provider(&f, "lmstudio");
	assert_int_equal(p->n_models, 3);
	const struct oc_model *a = &p->models[0], *new = &p->models[1], *e = &p->models[2];
	assert_true(a->configured && a->vision && a->can_chat);
	assert_int_equal(a->context_window, 9000);
	assert_int_equal(a->max_tokens, 5);
	assert_string_equal(a->name, "a");
	assert_string_equal(new->name, "New");
	assert_false(new->configured);
	assert_false(e->can_chat);
	assert_int_equal(new->context_window, 0);
	/* Another provider's own list is complete, and a host that the config does not name is no
	 * provider. */
	assert_int_equal(provider(&f, "box")->n_models, 1);
	assert_null(oc_catalog_provider(&f.catalog, OC_LIT("foreign")));
	close_catalog(&f);
}

static void replace_mode_drops_what_was_only_discovered(void **state)
{
	struct fixture f;

	(void)state;
	home_write(
	    ".openclaw/agents/main/agent/models.json",
	    "{\"providers\":{\"lmstudio\":{\"baseUrl\":\"http://localhost:1234/v1\",\"models\":["
	    "{\"id\":\"new\"}]}}}");
	open_catalog(&f, "{models:{mode:'replace',providers:{lmstudio:{models:[{id:'a'}]}}}}");
	assert_int_equal(provider(&f, "lmstudio")->n_models, 1);
	close_catalog(&f);
}

static void saved_raw_efforts_become_what_the_wire_takes(void **state)
{
	static const char all[] = "['none','minimal','low','medium','high','xhigh']";
	static const char some[] = "['minimal','low','medium','high','xhigh']";
	static const struct {
		const char *saved, *efforts; /* NULL = unchanged */
	} cases[] = {
		{ "{'supportedReasoningEfforts':['off','on']}", all },
		{ "{'supportedReasoningEfforts':['on']}", some },
		{ "{'supportedReasoningEfforts':['none','on']}", all },
		{ "{'reasoningEffortMap':{'off':'off','low':'on','high':'on'}}", all },
		{ "{'reasoningEffortMap':{'low':'on','high':'on'}}", some },
		{ "{'supportedReasoningEfforts':['on'],'reasoningEffortMap':{'off':'none'}}", all },
		{ "{'supportedReasoningEfforts':['off','on','low']}", "['none','low']" },
		{ "{'supportedReasoningEfforts':['low','high'],'reasoningEffortMap':{'max':"
		  "'high'}}",
		  NULL },
		{ "{'supportsTools':true}", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *compat = js(cases[i].saved);

		oc_saved_compat_normalise(compat);
		if (cases[i].efforts) {
			assert_json(json_object_get(compat, "supportedReasoningEfforts"),
				    cases[i].efforts);
			json_t *map = json_object_get(compat, "reasoningEffortMap");
			char *text = json_dumps(map, JSON_ENCODE_ANY);
			assert_null(strstr(text, "\"on\""));
			free(text);
		} else {
			assert_json(compat, cases[i].saved);
		}
		json_decref(compat);
	}
	oc_saved_compat_normalise(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    bases_come_from_the_config_else_from_what_is_built_in, new_home, drop_home),
		cmocka_unit_test_setup_teardown(an_unusable_provider_has_no_guard, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(the_docker_host_is_the_default_in_docker, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(models_take_their_values_from_config_and_discovery,
						new_home, drop_home),
		cmocka_unit_test_setup_teardown(replace_mode_drops_what_was_only_discovered,
						new_home, drop_home),
		cmocka_unit_test(saved_raw_efforts_become_what_the_wire_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
