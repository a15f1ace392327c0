#include "check.h"

#include "catalog_fixture.h"
#include "model/provider/learned.h"
#include "rt/file.h"

#define BASE "http://127.0.0.1:1234/v1"

static char *dir(void)
{
	static char path[512];

	home_path("agents/main/agent", path, sizeof path);
	return path;
}

static void put(const char *base, const char *model, const char *facts)
{
	json_t *f = js(facts);
	struct oc_err e = { 0 };

	if (oc_learned_put(dir(), base, model, f, &e)) fail_msg("%s", e.msg);
	json_decref(f);
}

static void assert_facts(const char *base, const char *model, const char *want)
{
	json_t *got = oc_learned_get(dir(), base, model);

	assert_json(got, want);
	json_decref(got);
}

static void facts_join_member_by_member_and_null_removes(void **state)
{
	static const struct {
		const char *known, *news, *want;
		bool changed;
	} cases[] = {
		{ "{}", "{'a':1}", "{'a':1}", true },
		{ "{'a':1}", "{'a':1}", "{'a':1}", false },
		{ "{'a':1}", "{'a':2}", "{'a':2}", true },
		{ "{'a':1}", "{'a':null}", "{}", true },
		{ "{}", "{'a':null}", "{}", false },
		{ "{'c':{'x':true}}", "{'c':{'y':false}}", "{'c':{'x':true,'y':false}}", true },
		{ "{'c':{'x':true}}", "{'c':{'x':null}}", "{'c':{}}", true },
		{ "{'c':5}", "{'c':{'x':1}}", "{'c':{'x':1}}", true },
		{ "{'c':{'x':1}}", "{'c':[1]}", "{'c':[1]}", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *known = js(cases[i].known), *news = js(cases[i].news);

		assert_int_equal(oc_learned_join(known, news), cases[i].changed);
		assert_json(known, cases[i].want);
		json_decref(known);
		json_decref(news);
	}
}

static void facts_belong_to_an_origin_and_a_model(void **state)
{
	(void)state;
	put(BASE, "m", "{'charsPerToken':3.5}");
	put(BASE, NULL, "{'kind':'vllm'}");
	assert_facts("http://127.0.0.1:1234", "m", "{'charsPerToken':3.5}");
	assert_facts(BASE, NULL, "{'kind':'vllm'}");
	assert_facts(BASE, "other", "{}");
	assert_facts("http://127.0.0.1:1235/v1", "m", "{}");
	assert_facts("no address", "m", "{}");
}

static void equal_facts_leave_the_file_alone_and_it_is_private(void **state)
{
	struct stat st;
	char path[512];
	char *first, *second;

	(void)state;
	put(BASE, "m", "{'compat':{'supportsTools':false}}");
	first = home_read("agents/main/agent/learned.json");
	put(BASE, "m", "{'compat':{'supportsTools':false}}");
	second = home_read("agents/main/agent/learned.json");
	assert_string_equal(first, second);
	home_path("agents/main/agent/learned.json", path, sizeof path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	free(first);
	free(second);
}

static void forgetting_drops_a_model_or_the_whole_endpoint(void **state)
{
	struct oc_err e = { 0 };

	(void)state;
	put(BASE, "a", "{'x':1}");
	put(BASE, "b", "{'x':2}");
	assert_int_equal(oc_learned_forget(dir(), BASE, "a", &e), OC_OK);
	assert_facts(BASE, "a", "{}");
	assert_facts(BASE, "b", "{'x':2}");
	assert_int_equal(oc_learned_forget(dir(), BASE, NULL, &e), OC_OK);
	assert_facts(BASE, "b", "{}");
}

static void a_damaged_file_is_set_aside_and_learning_goes_on(void **state)
{
	(void)state;
	home_write("agents/main/agent/learned.json", "{\"endpoints\": [");
	put(BASE, "m", "{'x':1}");
	assert_facts(BASE, "m", "{'x':1}");
}

static void a_full_table_drops_what_is_oldest(void **state)
{
	char base[64];

	(void)state;
	for (int i = 0; i < 70; i++) {
		snprintf(base, sizeof base, "http://127.0.0.1:%d/v1", 2000 + i);
		put(base, NULL, "{'kind':'vllm'}");
	}
	assert_facts("http://127.0.0.1:2069/v1", NULL, "{'kind':'vllm'}");
	json_t *doc = json_load_file("agents/main/agent/learned.json", 0, NULL);
	assert_int_equal(json_object_size(json_object_get(doc, "endpoints")), 64);
	json_decref(doc);
}

static void what_is_no_address_is_refused(void **state)
{
	json_t *f = js("{'x':1}");
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(oc_learned_put(dir(), "ftp://x", NULL, f, &e), OC_E_INPUT);
	assert_true(strlen(e.msg) > 0);
	json_decref(f);
}

#define IN_HOME(t) cmocka_unit_test_setup_teardown(t, new_home, drop_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_join_member_by_member_and_null_removes),
		IN_HOME(facts_belong_to_an_origin_and_a_model),
		IN_HOME(equal_facts_leave_the_file_alone_and_it_is_private),
		IN_HOME(forgetting_drops_a_model_or_the_whole_endpoint),
		IN_HOME(a_damaged_file_is_set_aside_and_learning_goes_on),
		IN_HOME(a_full_table_drops_what_is_oldest),
		IN_HOME(what_is_no_address_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
