#include "check.h"

#include <sys/wait.h>

#include "catalog_fixture.h"
#include "model/provider/auth_profiles.h"

#define FILE_NAME "agent/auth-profiles.json"

static const char *folder(void)
{
	static char path[512];

	home_path("agent", path, sizeof path);
	return path;
}

static void put(json_t *doc, void *arg)
{
	oc_auth_profiles_put_key(doc, arg, "lmstudio", "secret");
}

static void drop_lmstudio(json_t *doc, void *arg)
{
	(void)arg;
	oc_auth_profiles_remove_provider(doc, "lmstudio");
}

static void a_new_store_is_private_and_has_the_known_shape(void **state)
{
	struct oc_err e = { 0 };
	struct stat st;
	char path[512];
	json_t *doc;

	(void)state;
	assert_int_equal(oc_auth_profiles_update(folder(), put, (char[]){ "lmstudio:default" }, &e),
			 OC_OK);
	assert_int_equal(oc_auth_profiles_load(folder(), &doc, &e), OC_OK);
	assert_json(doc, "{'version':1,'profiles':{'lmstudio:default':{'type':'api_key',"
			 "'provider':'lmstudio','key':'secret'}}}");
	json_decref(doc);
	home_path(FILE_NAME, path, sizeof path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void what_is_not_understood_is_kept(void **state)
{
	struct oc_err e = { 0 };
	json_t *doc;

	(void)state;
	home_write(
	    FILE_NAME,
	    "{\"version\":1,\"future\":[1],\"profiles\":{\"odd\":{\"type\":\"passkey\",\"x\":1},"
	    "\"lmstudio:a\":{\"type\":\"api_key\",\"provider\":\"lmstudio\",\"key\":\"k\"}},"
	    "\"order\":{\"lmstudio\":[\"lmstudio:a\"]},\"usageStats\":{\"lmstudio:a\":{\"errorCount\":3}}}");
	assert_int_equal(oc_auth_profiles_update(folder(), drop_lmstudio, NULL, &e), OC_OK);
	assert_int_equal(oc_auth_profiles_load(folder(), &doc, &e), OC_OK);
	assert_json(doc, "{'version':1,'future':[1],'profiles':{'odd':{'type':'passkey','x':1}},"
			 "'order':{},'usageStats':{}}");
	json_decref(doc);
}

static void a_broken_store_is_reported_and_left_alone(void **state)
{
	static const char broken[] = "{\"profiles\": \"my secret";
	struct oc_err e = { 0 };

	(void)state;
	home_write(FILE_NAME, broken);
	assert_int_not_equal(oc_auth_profiles_update(folder(), put, (char[]){ "a" }, &e), OC_OK);
	assert_non_null(strstr(e.msg, "auth-profiles.json"));
	assert_null(strstr(e.msg, "secret"));
	char *text = home_read(FILE_NAME);
	assert_string_equal(text, broken);
	free(text);
}

/* Two processes adding profiles at once lose none. */
static void parallel_changes_are_all_kept(void **state)
{
	enum { EACH = 10 };
	struct oc_err e = { 0 };
	json_t *doc;
	pid_t child = fork();

	(void)state;
	for (int i = 0; i < EACH; i++) {
		char id[40];
		snprintf(id, sizeof id, "lmstudio:%c%d", child ? 'p' : 'c', i);
		if (oc_auth_profiles_update(folder(), put, id, &e) != OC_OK && !child) _exit(1);
	}
	if (child == 0) _exit(0);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(oc_auth_profiles_load(folder(), &doc, &e), OC_OK);
	assert_int_equal(json_object_size(json_object_get(doc, "profiles")), 2 * EACH);
	json_decref(doc);
}

#define PROFILES                                                                                   \
	"'profiles':{'k2':{'type':'api_key','provider':'p'},'k1':{'type':'api_key','provider':"    \
	"'p'},'t':{'type':'token','provider':'P'},'o':{'type':'oauth','provider':'p'},"            \
	"'x':{'type':'odd','provider':'p'},'q':{'type':'api_key','provider':'q'}}"

static void profiles_are_tried_in_order(void **state)
{
	static const struct {
		const char *doc, *config, *want;
	} cases[] = {
		{ "{" PROFILES "}", NULL, "o t k2 k1" },
		{ "{" PROFILES ",'usageStats':{'k2':{'lastUsed':5}}}", NULL, "o t k1 k2" },
		{ "{" PROFILES ",'order':{'p':['k1','x','ghost','o']}}", NULL, "k1 o" },
		{ "{" PROFILES "}", "{'order':{'p':['k1','t']}}", "k1 t" },
		{ "{" PROFILES ",'order':{'p':['k2']}}", "{'order':{'p':['k1','t']}}", "k2" },
		{ "{" PROFILES "}", "{'profiles':{'k1':{},'o':{},'ghost':{}}}", "o k1" },
		{ "{" PROFILES ",'order':{'p':['k1','k2','o']},'usageStats':{'k1':{'cooldownUntil':"
		  "3000},'o':{'disabledUntil':2000}}}",
		  NULL, "k2 o k1" },
		{ "{" PROFILES ",'order':{'p':['k1','k2']},'usageStats':{'k1':{'cooldownUntil':"
		  "999}}}",
		  NULL, "k1 k2" },
		{ "{" PROFILES
		  ",'order':{'p':['k1','k2']},'usageStats':{'k1':{'cooldownUntil':3000,"
		  "'cooldownModel':'m'}}}",
		  NULL, "k1 k2" },
		{ "{}", NULL, "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *doc = js(cases[i].doc);
		json_t *config = cases[i].config ? js(cases[i].config) : NULL;
		struct oc_strv ids = { 0 };

		oc_auth_profiles_order(doc, config, "p", 1000, &ids);
		char *got = oc_strv_join(&ids, " ");
		assert_string_equal(got, cases[i].want);
		free(got);
		oc_strv_deinit(&ids);
		json_decref(config);
		json_decref(doc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profiles_are_tried_in_order),
		cmocka_unit_test_setup_teardown(a_new_store_is_private_and_has_the_known_shape,
						new_home, drop_home),
		cmocka_unit_test_setup_teardown(what_is_not_understood_is_kept, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(a_broken_store_is_reported_and_left_alone, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(parallel_changes_are_all_kept, new_home, drop_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
