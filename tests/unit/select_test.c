#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "catalog_fixture.h"
#include "model/provider/select.h"

/* ---- references as text ---- */

static void references_split_at_the_first_slash(void **state)
{
	static const struct {
		const char *in, *provider, *model, *profile;
	} cases[] = {
		{ "lmstudio/qwen/qwen3.5-9b", "lmstudio", "qwen/qwen3.5-9b", NULL },
		{ "LMStudio/Foo", "lmstudio", "Foo", NULL },
		{ "mlx/mlx-community/Qwen3-30B-A3B-6bit", "mlx", "mlx-community/Qwen3-30B-A3B-6bit",
		  NULL },
		{ "  a/b ", "a", "b", NULL },
		{ "local/my model", "local", "my model", NULL },
		{ "ollama/llama3:8b", "ollama", "llama3:8b", NULL },
		{ "bare", NULL, "bare", NULL },
		{ "lmstudio/qwen/qwen3.5-9b@work", "lmstudio", "qwen/qwen3.5-9b", "work" },
		{ "bare@work", NULL, "bare", "work" },
		{ "a/b@q4_k_m", "a", "b@q4_k_m", NULL },
		{ "a/b@IQ4_XS", "a", "b@IQ4_XS", NULL },
		{ "a/b@4bit", "a", "b@4bit", NULL },
		{ "a/b@20250131", "a", "b@20250131", NULL },
		{ "a/b@bf16", "a", "b@bf16", NULL },
		{ "a/b@4bit@home", "a", "b@4bit", "home" },
		{ "a/b@2025", "a", "b", "2025" },
		{ "a@x/b", "a@x", "b", NULL },
		{ "a/b@", "a", "b@", NULL },
		{ "a/@x", "a", "@x", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_err e = { 0 };
		struct oc_ref r;

		if (!strcmp(cases[i].in, "a/@x")) { /* nothing is left of the model */
			assert_int_equal(oc_ref_parse(oc_str(cases[i].in), &r, &e), OC_E_INPUT);
			continue;
		}
		if (oc_ref_parse(oc_str(cases[i].in), &r, &e) != OC_OK)
			fail_msg("%s: %s", cases[i].in, e.msg);
		assert_string_equal(r.provider ? r.provider : "-",
				    cases[i].provider ? cases[i].provider : "-");
		assert_string_equal(r.model, cases[i].model);
		assert_string_equal(r.profile ? r.profile : "-",
				    cases[i].profile ? cases[i].profile : "-");
		oc_ref_deinit(&r);
	}
}

static void broken_references_are_refused(void **state)
{
	static const char *const cases[] = { "", "  ", "/x", "x/", "/", " / " };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_err e = { 0 };
		struct oc_ref r;
		assert_int_equal(oc_ref_parse(oc_str(cases[i]), &r, &e), OC_E_INPUT);
		assert_true(e.msg[0]);
	}
}

static void keys_are_not_doubled(void **state)
{
	char *a = oc_ref_key("lmstudio", "qwen/x"), *b = oc_ref_key("lmstudio", "lmstudio/x");

	(void)state;
	assert_string_equal(a, "lmstudio/qwen/x");
	assert_string_equal(b, "lmstudio/x");
	free(a);
	free(b);
}

/* ---- against a catalog ---- */

static const char config[] =
    "{agents: {defaults: {model: {primary: 'fast', fallbacks: ['box/only']},"
    "  models: {'lmstudio/qwen/q': {alias: 'fast'}, 'box/both': {alias: 'Two.x'}}}},"
    " models: {providers: {"
    "  LMStudio: {baseUrl: 'http://localhost:1234/v1', models: [{id: 'qwen/q'}, {id: 'both'},"
    "    {id: 'Case'}, {id: 'case'}, {id: 'at@here'}, {id: 'text-embedding-x'}]},"
    "  box: {baseUrl: 'http://10.0.0.2/v1', models: [{id: 'both'}, {id: 'only'},"
    "    {id: 'box/kept'}]}}}}";

static void what_a_person_types_is_resolved_in_order(void **state)
{
	static const struct {
		const char *in, *key, *profile;
		size_t warnings;
	} cases[] = {
		{ "fast", "lmstudio/qwen/q", NULL, 0 },
		{ "FAST", "lmstudio/qwen/q", NULL, 0 },
		{ "fast@work", "lmstudio/qwen/q", "work", 0 },
		{ "two.x", "box/both", NULL, 0 },
		{ "box/two.x", "box/both", NULL, 0 },
		{ "lmstudio/case", "lmstudio/case", NULL, 0 },
		{ "lmstudio/Case", "lmstudio/Case", NULL, 0 },
		{ "lmstudio/CASE", "lmstudio/Case", NULL, 0 },
		{ "lm-studio/both", "lmstudio/both", NULL, 0 },
		{ "lmstudio/at@here", "lmstudio/at@here", NULL, 0 },
		{ "lmstudio/at@here@work", "lmstudio/at@here", "work", 0 },
		{ "lmstudio/both@work", "lmstudio/both", "work", 0 },
		{ "lmstudio/lmstudio/both", "lmstudio/both", NULL, 0 },
		{ "box/box/kept", "box/kept", NULL, 0 },
		{ "only", "box/only", NULL, 0 },
		{ "qwen/q", "lmstudio/qwen/q", NULL, 0 },
		{ "lmstudio/ghost", "lmstudio/ghost", NULL, 1 },
		{ "ghost", "lmstudio/ghost", NULL, 1 },
		{ "anthropic/claude", "anthropic/claude", NULL, 0 },
	};
	struct fixture f;

	(void)state;
	open_catalog(&f, config);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_strv warnings = { 0 };
		struct oc_selection s;
		struct oc_err e = { 0 };

		if (oc_select(&f.catalog, oc_str(cases[i].in), &s, &warnings, &e) != OC_OK)
			fail_msg("%s: %s", cases[i].in, e.msg);
		assert_string_equal(s.key, cases[i].key);
		assert_string_equal(s.profile ? s.profile : "-",
				    cases[i].profile ? cases[i].profile : "-");
		assert_int_equal(warnings.n, cases[i].warnings);
		oc_selection_deinit(&s);
		oc_strv_deinit(&warnings);
	}
	close_catalog(&f);
}

static void what_cannot_be_resolved_says_why(void **state)
{
	static const struct {
		const char *in;
		enum oc_rc rc;
		const char *message;
	} cases[] = {
		{ "both", OC_E_INPUT, "lmstudio/both, box/both" },
		{ "nobody/x", OC_E_NOT_FOUND, "Unknown model provider \"nobody\"" },
		{ "x/", OC_E_INPUT, "provider/model" },
		{ "", OC_E_INPUT, "empty" },
	};
	struct fixture f;

	(void)state;
	open_catalog(&f, config);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_selection s;
		struct oc_err e = { 0 };
		assert_int_equal(oc_select(&f.catalog, oc_str(cases[i].in), &s, NULL, &e),
				 cases[i].rc);
		assert_non_null(strstr(e.msg, cases[i].message));
	}
	close_catalog(&f);
}

static void the_default_is_the_primary_or_the_first_that_can_chat(void **state)
{
	static const struct {
		const char *config, *key; /* NULL = none */
	} cases[] = {
		{ config, "lmstudio/qwen/q" },
		{ "{agents: {defaults: {model: 'box/a'}}, models: {providers: {box: {baseUrl: "
		  "'http://h/v1', models: [{id: 'a'}]}}}}",
		  "box/a" },
		{ "{models: {providers: {box: {baseUrl: 'http://h/v1', models: [{id: "
		  "'text-embedding-a'}, {id: 'b'}]}}}}",
		  "box/b" },
		{ "{agents: {defaults: {model: 'box/a'}, entries: {main: {model: {primary: "
		  "'box/b'}}}}, models: {providers: {box: {baseUrl: 'http://h/v1', models: [{id: "
		  "'a'}, {id: 'b'}]}}}}",
		  "box/b" },
		{ "{}", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_selection s;
		struct oc_err e = { 0 };
		struct fixture f;

		open_catalog(&f, cases[i].config);
		enum oc_rc rc = oc_select_default(&f.catalog, &s, NULL, &e);
		if (cases[i].key) {
			assert_int_equal(rc, OC_OK);
			assert_string_equal(s.key, cases[i].key);
			oc_selection_deinit(&s);
		} else {
			assert_int_equal(rc, OC_E_INPUT);
			assert_non_null(strstr(e.msg, "no model configured"));
		}
		close_catalog(&f);
	}
}

/* "openai/gpt-oss-20b" is the name that LM Studio itself gives to a model. */
static void an_openai_name_without_openai_is_looked_up_at_lm_studio(void **state)
{
	static const char with[] = "{models: {providers: {lmstudio: {baseUrl: 'http://h:1/v1', "
				   "models: [{id: 'openai/gpt-oss-20b'}]}}}}";
	static const struct {
		const char *config, *base, *key, *want, *provider_base;
	} cases[] = {
		{ with, "http://h:1/v1", NULL, "lmstudio/openai/gpt-oss-20b", "http://h:1/v1" },
		{ with, "http://h:1/v1", "lm-studio", "lmstudio/openai/gpt-oss-20b",
		  "http://h:1/v1" },
		{ with, "http://h:1/v1", "sk-real", "openai/gpt-oss-20b", "http://h:1/v1" },
		{ with, NULL, NULL, "openai/gpt-oss-20b", "https://api.openai.com/v1" },
		{ with, "https://api.openai.com/v1", NULL, "openai/gpt-oss-20b",
		  "https://api.openai.com/v1" },
		{ "{}", "http://h:1/v1", NULL, "openai/gpt-oss-20b", "http://h:1/v1" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_selection s;
		struct oc_err e = { 0 };
		struct fixture f;

		unsetenv("OPENAI_API_BASE");
		unsetenv("OPENAI_API_KEY");
		if (cases[i].base) setenv("OPENAI_API_BASE", cases[i].base, 1);
		if (cases[i].key) setenv("OPENAI_API_KEY", cases[i].key, 1);
		open_catalog(&f, cases[i].config);
		assert_int_equal(oc_select(&f.catalog, OC_LIT("openai/gpt-oss-20b"), &s, NULL, &e),
				 OC_OK);
		assert_string_equal(s.key, cases[i].want);
		assert_string_equal(s.provider->base_url, cases[i].provider_base);
		oc_selection_deinit(&s);
		close_catalog(&f);
	}
	unsetenv("OPENAI_API_BASE");
	unsetenv("OPENAI_API_KEY");
}

static void the_allowlist_limits_choice_but_not_primary_and_fallbacks(void **state)
{
	static const struct {
		const char *key;
		bool allowed;
	} cases[] = { { "lmstudio/qwen/q", true }, { "box/only", true },      { "box/both", false },
		      { "far/x/y", true },	   { "far/z", false },	      { "all/thing", true },
		      { "LMSTUDIO/both", true },   { "lmstudio/case", false } };
	json_t *allow = js("['lmstudio/both', 'far/x/*', 'all/*']");
	struct fixture f;

	(void)state;
	open_catalog(&f, config);
	assert_true(oc_model_allowed(&f.catalog, "box/both"));
	json_t *defaults = json_object_get(json_object_get(f.config.value, "agents"), "defaults");
	json_object_set_new(defaults, "modelPolicy", json_pack("{s:O}", "allow", allow));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (oc_model_allowed(&f.catalog, cases[i].key) != cases[i].allowed)
			fail_msg("%s", cases[i].key);
	json_decref(allow);
	close_catalog(&f);
}

static void alias_names_are_plain(void **state)
{
	(void)state;
	assert_true(oc_alias_valid(OC_LIT("a.B_c:1-2")));
	assert_false(oc_alias_valid(OC_LIT("")));
	assert_false(oc_alias_valid(OC_LIT("a/b")));
	assert_false(oc_alias_valid(OC_LIT("a b")));
	assert_false(oc_alias_valid(OC_LIT("\xC3\xA4")));
}

/* models.json remembers which models the server's list lacked. */
static void a_model_that_is_not_there_is_chosen_last_and_with_a_word(void **state)
{
	static const struct {
		const char *remembered, *dflt;
	} cases[] = {
		{ "[{\"id\":\"a\",\"available\":false},{\"id\":\"b\"}]", "lmstudio/b" },
		{ "[{\"id\":\"a\",\"available\":false},{\"id\":\"b\",\"available\":false}]",
		  "lmstudio/a" },
		{ "[]", "lmstudio/a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = oc_asprintf(
		    "{\"providers\":{\"lmstudio\":{\"baseUrl\":\"http://localhost:1234/v1\","
		    "\"models\":%s}}}",
		    cases[i].remembered);
		bool lacks = strstr(cases[i].remembered, "false") != NULL;
		struct oc_strv warnings = { 0 };
		struct oc_err e = { 0 };
		struct oc_selection s;
		struct fixture f;

		home_write(".openclaw/agents/main/agent/models.json", text);
		open_catalog(&f,
			     "{models: {providers: {lmstudio: {baseUrl: 'http://localhost:1234/v1',"
			     " models: [{id: 'a'}, {id: 'b'}]}}}}");
		assert_int_equal(oc_select_default(&f.catalog, &s, NULL, &e), OC_OK);
		assert_string_equal(s.key, cases[i].dflt);
		oc_selection_deinit(&s);
		assert_int_equal(oc_select(&f.catalog, OC_LIT("lmstudio/a"), &s, &warnings, &e),
				 OC_OK);
		assert_int_equal(warnings.n, lacks);
		assert_int_equal(s.model->available, !lacks);
		oc_selection_deinit(&s);
		oc_strv_deinit(&warnings);
		close_catalog(&f);
		free(text);
	}
}

/* Slow ways are felt here: ten thousand of each would take minutes. */
static void ten_thousand_aliases_are_no_burden(void **state)
{
	struct oc_buf text;
	struct fixture f;
	size_t count;

	(void)state;
	oc_buf_init(&text, 16 << 20);
	oc_buf_adds(&text, "{agents: {defaults: {models: {");
	for (int i = 0; i < 10000; i++) oc_buf_addf(&text, "'box/m%d': {alias: 'A%d'},", i, i);
	oc_buf_adds(&text,
		    "}}}, models: {providers: {box: {baseUrl: 'http://10.0.0.2/v1', models: [");
	for (int i = 0; i < 10000; i++) oc_buf_addf(&text, "{id: 'm%d'},", i);
	oc_buf_adds(&text, "]}}}}");
	open_catalog(&f, oc_buf_cstr(&text));
	for (int i = 0; i < 10000; i++) {
		char alias[32], key[32];
		struct oc_err e = { 0 };
		struct oc_selection s;

		snprintf(alias, sizeof alias, "a%d", i);
		snprintf(key, sizeof key, "box/m%d", i);
		assert_string_equal(oc_catalog_alias(&f.catalog, oc_str(alias), &count), key);
		assert_int_equal(oc_select(&f.catalog, oc_str(alias), &s, NULL, &e), OC_OK);
		assert_string_equal(s.key, key);
		oc_selection_deinit(&s);
	}
	assert_null(oc_catalog_alias(&f.catalog, OC_LIT("a10000"), &count));
	close_catalog(&f);
	oc_buf_deinit(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_split_at_the_first_slash),
		cmocka_unit_test(broken_references_are_refused),
		cmocka_unit_test(keys_are_not_doubled),
		cmocka_unit_test(alias_names_are_plain),
		cmocka_unit_test_setup_teardown(what_a_person_types_is_resolved_in_order, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(
		    a_model_that_is_not_there_is_chosen_last_and_with_a_word, new_home, drop_home),
		cmocka_unit_test_setup_teardown(ten_thousand_aliases_are_no_burden, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(what_cannot_be_resolved_says_why, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(
		    the_default_is_the_primary_or_the_first_that_can_chat, new_home, drop_home),
		cmocka_unit_test_setup_teardown(
		    an_openai_name_without_openai_is_looked_up_at_lm_studio, new_home, drop_home),
		cmocka_unit_test_setup_teardown(
		    the_allowlist_limits_choice_but_not_primary_and_fallbacks, new_home, drop_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
