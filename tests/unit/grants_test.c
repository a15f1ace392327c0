/* Lasting permissions: what they hold for, and that they can be taken back. */
#include "check.h"

#include "agent/session/grants.h"
#include "fixture.h"

static const struct oc_grant grant = { .agent = "main",
				       .tool = "exec",
				       .what = "make test",
				       .workdir = "/w",
				       .program = "/usr/bin/make",
				       .binding = "/w\nmake test\n/usr/bin/make 1:2 abc" };
static struct oc_err e;

static void add(const struct oc_grant *g)
{
	assert_int_equal(oc_grants_add(fixture_home, g, 1000, &e), OC_OK);
}

static void a_yes_holds_for_one_agent_and_one_binding(void **state)
{
	(void)state;
	assert_false(oc_grants_hold(fixture_home, "main", grant.binding));
	add(&grant);
	assert_true(oc_grants_hold(fixture_home, "main", grant.binding));
	assert_false(oc_grants_hold(fixture_home, "other", grant.binding));
	assert_false(oc_grants_hold(fixture_home, "main", "/w\nmake test\n/usr/bin/make 1:2 abd"));
}

static void the_list_shows_what_but_not_the_hash(void **state)
{
	struct oc_grant second = grant;
	json_t *list;

	(void)state;
	second.what = "make all";
	second.binding = "x";
	second.program = NULL;
	add(&grant);
	add(&grant); /* once is enough */
	add(&second);
	assert_int_equal(oc_grants_list(fixture_home, &list, &e), OC_OK);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(oc_json_cstr(json_array_get(list, 0), "command"), "make all");
	assert_null(json_object_get(json_array_get(list, 1), "binding"));
	json_decref(list);
}

static void what_is_taken_back_is_asked_again(void **state)
{
	json_t *list;
	size_t n;

	(void)state;
	add(&grant);
	assert_int_equal(oc_grants_revoke(fixture_home, "nothing", &n, &e), OC_OK);
	assert_int_equal(n, 0);
	assert_int_equal(oc_grants_list(fixture_home, &list, &e), OC_OK);
	assert_int_equal(
	    oc_grants_revoke(fixture_home, oc_json_cstr(json_array_get(list, 0), "id"), &n, &e),
	    OC_OK);
	json_decref(list);
	assert_int_equal(n, 1);
	assert_false(oc_grants_hold(fixture_home, "main", grant.binding));
	add(&grant);
	assert_int_equal(oc_grants_revoke(fixture_home, NULL, &n, &e), OC_OK);
	assert_int_equal(n, 1);
}

static void a_broken_file_grants_nothing_and_is_kept(void **state)
{
	json_t *list;

	(void)state;
	home_write("exec-grants.json", "{ broken");
	assert_false(oc_grants_hold(fixture_home, "main", grant.binding));
	assert_int_not_equal(oc_grants_add(fixture_home, &grant, 1, &e), OC_OK);
	assert_int_not_equal(oc_grants_list(fixture_home, &list, &e), OC_OK);
	char *text = home_read("exec-grants.json");

	assert_string_equal(text, "{ broken");
	free(text);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, new_home, drop_home)
	const struct CMUnitTest tests[] = {
		T(a_yes_holds_for_one_agent_and_one_binding),
		T(the_list_shows_what_but_not_the_hash),
		T(what_is_taken_back_is_asked_again),
		T(a_broken_file_grants_nothing_and_is_kept),
	};
#undef T
	return cmocka_run_group_tests(tests, NULL, NULL);
}
