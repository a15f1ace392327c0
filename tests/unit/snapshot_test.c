/* One loaded configuration, held by several. */
#include "check.h"

#include "agent/run/snapshot.h"
#include "fixture.h"

static const char config_text[] =
    "{models: {providers: {box: {baseUrl: 'http://127.0.0.1:9/v1', api: 'openai-completions', "
    "models: [{id: 'm', name: 'm'}]}}}}";

static void a_snapshot_holds_configuration_and_catalog(void **state)
{
	struct oc_snapshot *s = NULL;
	struct oc_err e = { 0 };

	(void)state;
	home_write(".openclaw/openclaw.json", config_text);
	if (oc_snapshot_load(&s, &e) != OC_OK) fail_msg("%s", e.msg);
	assert_non_null(oc_catalog_provider(&s->catalog, OC_LIT("box")));
	assert_ptr_equal(s->catalog.config, &s->config);
	oc_snapshot_unref(s);
}

static void it_lives_until_the_last_holder_lets_go(void **state)
{
	struct oc_snapshot *old = NULL, *new = NULL;
	struct oc_err e = { 0 };

	(void)state;
	home_write(".openclaw/openclaw.json", config_text);
	assert_int_equal(oc_snapshot_load(&old, &e), OC_OK);
	struct oc_snapshot *held = oc_snapshot_ref(old);
	home_write(".openclaw/openclaw.json", "{}");
	assert_int_equal(oc_snapshot_load(&new, &e), OC_OK);
	oc_snapshot_unref(old);
	assert_non_null(oc_catalog_provider(&held->catalog, OC_LIT("box")));
	assert_null(oc_catalog_provider(&new->catalog, OC_LIT("box")));
	oc_snapshot_unref(held);
	oc_snapshot_unref(new);
	oc_snapshot_unref(NULL);
}

static void a_configuration_with_problems_is_refused_with_file_and_path(void **state)
{
	static const struct {
		const char *text, *named;
	} cases[] = {
		{ "{gateway: {port: 'x'}}", "gateway.port" },
		{ "{gateway: {port: 'x'}, agents: 4}", "(and 1 more)" },
		{ "{gateway:", "openclaw.json" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_snapshot *s = NULL;
		struct oc_err e = { 0 };

		home_write(".openclaw/openclaw.json", cases[i].text);
		assert_int_equal(oc_snapshot_load(&s, &e), OC_E_INPUT);
		assert_null(s);
		if (!strstr(e.msg, cases[i].named) || !strstr(e.msg, "openclaw.json"))
			fail_msg("%s", e.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_snapshot_holds_configuration_and_catalog,
						new_home, drop_home),
		cmocka_unit_test_setup_teardown(it_lives_until_the_last_holder_lets_go, new_home,
						drop_home),
		cmocka_unit_test_setup_teardown(
		    a_configuration_with_problems_is_refused_with_file_and_path, new_home,
		    drop_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
