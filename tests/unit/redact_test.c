/* Secrets of a configuration: what is hidden, and that what was hidden comes back. */
#include "check.h"

#include <stdlib.h>

#include "config/redact.h"

#define R "\"" OC_REDACTED "\""

static const struct {
	const char *config, *shown;
} cases[] = {
	{ "{\"gateway\":{\"port\":1,\"auth\":{\"mode\":\"token\",\"token\":\"t\"}}}",
	  "{\"gateway\":{\"port\":1,\"auth\":{\"mode\":\"token\",\"token\":" R "}}}" },
	{ "{\"models\":{\"providers\":{\"x\":{\"apiKey\":\"${KEY}\"},\"y\":{\"apiKey\":\"sk-1\"}}}}",
	  "{\"models\":{\"providers\":{\"x\":{\"apiKey\":\"${KEY}\"},\"y\":{\"apiKey\":" R "}}}}" },
	{ "{\"models\":{\"providers\":{\"y\":{\"apiKey\":\"\"}}}}",
	  "{\"models\":{\"providers\":{\"y\":{\"apiKey\":\"\"}}}}" },
	{ "{\"channels\":{\"other\":[{\"botToken\":\"b\"},{\"name\":\"n\"}]}}",
	  "{\"channels\":{\"other\":[{\"botToken\":" R "},{\"name\":\"n\"}]}}" },
};

static void what_is_hidden_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *real = json_loads(cases[i].config, 0, NULL), *v = json_deep_copy(real);
		struct oc_path root = { 0 };
		struct oc_err e = { 0 };

		oc_config_redact(&v, &root);
		oc_path_deinit(&root);
		char *text = json_dumps(v, JSON_COMPACT);
		assert_string_equal(text, cases[i].shown);
		free(text);
		assert_int_equal(oc_config_unredact(&v, real, &e), OC_OK);
		assert_true(json_equal(v, real));
		json_decref(v);
		json_decref(real);
	}
}

static void a_placeholder_for_nothing_is_an_error(void **state)
{
	json_t *v = json_loads("{\"a\":{\"token\":" R "},\"b\":[" R "]}", 0, NULL);
	json_t *old = json_loads("{\"a\":{\"token\":5}}", 0, NULL);
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(oc_config_unredact(&v, old, &e), OC_E_INPUT);
	assert_non_null(strstr(e.msg, OC_REDACTED));
	json_decref(v);
	json_decref(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_hidden_comes_back),
		cmocka_unit_test(a_placeholder_for_nothing_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
