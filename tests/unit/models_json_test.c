#include "check.h"

#include "base/log.h"
#include "catalog_fixture.h"
#include "model/provider/models_json.h"

/* ---- pure ---- */

static void explicit_fields_win_and_discovered_ones_fill_gaps(void **state)
{
	static const struct {
		const char *own, *found, *want;
		bool keep;
	} cases[] = {
		{ "[{'id':'a','name':'A'}]", "[{'id':'a','name':'x','contextWindow':5}]",
		  "[{'id':'a','name':'A','contextWindow':5}]", true },
		{ "[{'id':'b'},{'id':'a'}]", "[{'id':'c'},{'id':'a'}]",
		  "[{'id':'b'},{'id':'a'},{'id':'c'}]", true },
		{ "[{'id':'a'}]", "[{'id':'c'}]", "[{'id':'a'}]", false },
		{ "[{'id':'a','maxTokens':0}]", "[{'id':'a','maxTokens':7}]",
		  "[{'id':'a','maxTokens':7}]", true },
		{ "[{'id':'a','contextWindow':4096}]",
		  "[{'id':'a','contextWindow':9000,'contextTokens':8192}]",
		  "[{'id':'a','contextWindow':4096,'contextTokens':4096}]", true },
		{ "[{'id':'A'}]", "[{'id':'a'}]", "[{'id':'A'},{'id':'a'}]", true },
		{ "[{'id':'a','name':'1'},{'id':'a','name':'2'},{'name':'3'}]", "[]",
		  "[{'id':'a','name':'1'}]", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *own = js(cases[i].own), *found = js(cases[i].found);
		json_t *got = oc_models_list_merge(own, found, cases[i].keep);

		assert_json(got, cases[i].want);
		json_decref(got);
		json_decref(own);
		json_decref(found);
	}
	json_t *none = oc_models_list_merge(NULL, NULL, true);
	assert_int_equal(json_array_size(none), 0);
	json_decref(none);
}

static void ten_thousand_models_merge_at_once(void **state)
{
	json_t *found = json_array();

	(void)state;
	for (int i = 0; i < 10000; i++)
		json_array_append_new(found, json_pack("{s:o}", "id", json_sprintf("m%d", i)));
	json_t *got = oc_models_list_merge(found, found, true);
	assert_int_equal(json_array_size(got), 10000);
	json_decref(got);
	json_decref(found);
}

static void keys_never_reach_the_file(void **state)
{
	static const struct {
		const char *resolved, *authored, *want; /* NULL = must not be written */
	} cases[] = {
		{ "{'baseUrl':'u','apiKey':'secret','models':[]}", "{'apiKey':'${BOX_KEY}'}",
		  "{'baseUrl':'u','apiKey':'BOX_KEY','models':[]}" },
		{ "{'baseUrl':'u','apiKey':'secret','models':[]}", "{'apiKey':'secret'}",
		  "{'baseUrl':'u','apiKey':'secretref-managed','models':[]}" },
		{ "{'baseUrl':'u','apiKey':'secret','models':[]}", NULL,
		  "{'baseUrl':'u','apiKey':'secretref-managed','models':[]}" },
		{ "{'baseUrl':'u','apiKey':'x','models':[]}", "{'apiKey':'a${B}'}",
		  "{'baseUrl':'u','apiKey':'secretref-managed','models':[]}" },
		{ "{'baseUrl':'u','apiKey':'x','models':[]}", "{'apiKey':'${A}${B}'}",
		  "{'baseUrl':'u','apiKey':'secretref-managed','models':[]}" },
		{ "{'baseUrl':'u','apiKey':{'source':'env','provider':'p','id':'E'},'models':[]}",
		  NULL, "{'baseUrl':'u','apiKey':'E','models':[]}" },
		{ "{'baseUrl':'u','apiKey':{'source':'exec','provider':'p','id':'E'},'models':[]}",
		  NULL, "{'baseUrl':'u','apiKey':'secretref-managed','models':[]}" },
		{ "{'baseUrl':'u','apiKey':'lmstudio-local','models':[]}", NULL,
		  "{'baseUrl':'u','apiKey':'lmstudio-local','models':[]}" },
		{ "{'baseUrl':'u','apiKey':'LM_API_TOKEN','models':[]}", NULL,
		  "{'baseUrl':'u','apiKey':'LM_API_TOKEN','models':[]}" },
		{ "{'baseUrl':'u','headers':{'X-Team':'a','X-Api-Key':'secret','A':'secret'},"
		  "'models':[{'id':'m','headers':{'Cookie':'secret'}}]}",
		  "{'headers':{'X-Team':'a','A':'${HA}'}}",
		  "{'baseUrl':'u','headers':{'X-Team':'a','X-Api-Key':'secretref-managed',"
		  "'A':'secretref-env:HA'},'models':[{'id':'m','headers':{'Cookie':"
		  "'secretref-managed'}}]}" },
		{ "{'baseUrl':'u','apiKey':'','models':[]}", NULL, NULL },
		{ "{'apiKey':'k','models':[]}", NULL, NULL },
		{ "{'baseUrl':'u','api':'openai-completions','params':{'preload':false},"
		  "'models':[{'id':'m'}]}",
		  NULL, "{'baseUrl':'u','api':'openai-completions','models':[{'id':'m'}]}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *resolved = js(cases[i].resolved);
		json_t *authored = cases[i].authored ? js(cases[i].authored) : NULL;
		json_t *got = oc_models_json_provider(resolved, authored);

		if (cases[i].want) {
			assert_json(got, cases[i].want);
		} else {
			assert_null(got);
		}
		json_decref(got);
		json_decref(resolved);
		json_decref(authored);
	}
}

static void merge_keeps_other_providers_and_replace_does_not(void **state)
{
	static const struct {
		const char *existing, *desired, *merged, *replaced; /* NULL = no write */
	} cases[] = {
		{ "{'providers':{'a':{'baseUrl':'u','models':[]}}}", "{}", NULL,
		  "{'providers':{}}" },
		{ "{'providers':{'a':{'baseUrl':'u','models':[]},'broken':{'models':[]}}}",
		  "{'b':{'baseUrl':'v','models':[]}}",
		  "{'providers':{'a':{'baseUrl':'u','models':[]},'b':{'baseUrl':'v',"
		  "'models':[]}}}",
		  "{'providers':{'b':{'baseUrl':'v','models':[]}}}" },
		{ "{'providers':{'a':{'baseUrl':'old','apiKey':'LM_API_TOKEN','models':[]}}}",
		  "{'a':{'baseUrl':'new','models':[]}}",
		  "{'providers':{'a':{'baseUrl':'new','models':[],'apiKey':'LM_API_TOKEN'}}}",
		  "{'providers':{'a':{'baseUrl':'new','models':[]}}}" },
		{ "{'providers':{'a':{'baseUrl':'old','apiKey':'sk-old-secret','models':[]}}}",
		  "{'a':{'baseUrl':'new','models':[]}}",
		  "{'providers':{'a':{'baseUrl':'new','models':[]}}}",
		  "{'providers':{'a':{'baseUrl':'new','models':[]}}}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *existing = js(cases[i].existing), *desired = js(cases[i].desired);
		json_t *merged = oc_models_json_merge(existing, desired, false);
		json_t *replaced = oc_models_json_merge(existing, desired, true);

		if (cases[i].merged) {
			assert_json(merged, cases[i].merged);
		} else {
			assert_null(merged);
		}
		assert_json(replaced, cases[i].replaced);
		json_decref(merged);
		json_decref(replaced);
		json_decref(existing);
		json_decref(desired);
	}
}

/* ---- the file ---- */

#define FILE_NAME ".openclaw/agents/main/agent/models.json"

static void update(const struct oc_config *c, const char *found, bool want_written)
{
	json_t *discovered = js(found);
	struct oc_err e = { 0 };
	bool written;

	if (oc_models_json_update(c, discovered, &written, &e) != OC_OK) fail_msg("%s", e.msg);
	assert_int_equal(written, want_written);
	json_decref(discovered);
}

static void equal_bytes_are_not_written_again(void **state)
{
	static const char found[] = "{'lmstudio':{'baseUrl':'http://localhost:1234/v1','models':"
				    "[{'id':'m','name':'M'}]}}";
	struct fixture f;
	struct stat st;
	char path[512];

	(void)state;
	open_catalog(&f, "{models: {providers: {lmstudio: {apiKey: 'sk-secret', models: [{id: "
			 "'m', contextWindow: 7}]}}}}");
	update(&f.config, found, true);
	char *text = home_read(FILE_NAME);
	assert_null(strstr(text, "sk-secret"));
	assert_non_null(strstr(text, "\"contextWindow\": 7"));
	assert_int_equal(text[strlen(text) - 1], '\n');
	free(text);
	home_path(FILE_NAME, path, sizeof path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	update(&f.config, found, false);
	update(&f.config, "{}", false); /* no news: what was discovered stays */
	update(&f.config, "{'lmstudio':{'baseUrl':'http://localhost:1234/v1','models':[]}}", true);
	close_catalog(&f);
}

static void what_came_from_another_server_is_not_used(void **state)
{
	struct fixture f;

	(void)state;
	home_write(FILE_NAME, "{\"providers\":{\"lmstudio\":{\"baseUrl\":\"http://old:1234/v1\","
			      "\"models\":[{\"id\":\"stale\"}]}}}");
	open_catalog(&f, "{models: {providers: {lmstudio: {baseUrl: 'http://new:1234'}}}}");
	assert_int_equal(oc_catalog_provider(&f.catalog, OC_LIT("lmstudio"))->n_models, 0);
	close_catalog(&f);
	open_catalog(&f, "{models: {providers: {lmstudio: {baseUrl: 'old:1234'}}}}");
	assert_int_equal(oc_catalog_provider(&f.catalog, OC_LIT("lmstudio"))->n_models, 1);
	close_catalog(&f);
}

static void a_corrupt_file_is_set_aside(void **state)
{
	static const char *const texts[] = { "{\"providers\":", "[]", "{\"providers\":[]}", "" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct oc_err e = { 0 };
		char folder[512];
		json_t *doc;

		home_write(FILE_NAME, texts[i]);
		home_path(".openclaw/agents/main/agent", folder, sizeof folder);
		assert_int_equal(oc_models_json_load(folder, &doc, &e), OC_OK);
		assert_json(doc, "{'providers':{}}");
		assert_null(home_read(FILE_NAME));
		json_decref(doc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explicit_fields_win_and_discovered_ones_fill_gaps),
		cmocka_unit_test(ten_thousand_models_merge_at_once),
		cmocka_unit_test(keys_never_reach_the_file),
		cmocka_unit_test(merge_keeps_other_providers_and_replace_does_not),
		cmocka_unit_test_setup_teardown(equal_bytes_are_not_written_again, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(what_came_from_another_server_is_not_used, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(a_corrupt_file_is_set_aside, new_home, drop_home),
	};
	oc_log_set_level(OC_LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
