#include "check.h"

#include <fcntl.h>

#include "base/limits.h"
#include "config/config.h"
#include "fixture.h"

#define CONFIG ".openclaw/openclaw.json"

static char *load_text(const char *path) /* the value at path after loading, or the problem */
{
	struct oc_config c;
	struct oc_err e = { 0 };
	char *text;

	if (oc_config_load(&c, &e))
		text = oc_strv_join(&(struct oc_strv){ (char *[]){ e.msg, NULL }, 1, 2 }, "");
	else
		text = oc_json_compact(path ? oc_config_get(&c, path) : c.value);
	oc_config_deinit(&c);
	return text;
}

static void expect(const char *path, const char *want)
{
	char *text = load_text(path);

	assert_string_equal(text, want);
	free(text);
}

/* want is found in the error of the load. */
static void expect_failure(const char *want)
{
	struct oc_config c;
	struct oc_err e = { 0 };

	assert_int_equal(oc_config_load(&c, &e), OC_E_INPUT);
	if (!strstr(e.msg, want)) fail_msg("\"%s\" lacks \"%s\"", e.msg, want);
	assert_non_null(c.paths.config_path);
	oc_config_deinit(&c);
}

static void a_missing_file_is_an_empty_object(void **state)
{
	struct oc_config c;
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(oc_config_load(&c, &e), OC_OK);
	assert_false(c.exists);
	assert_int_equal(json_object_size(c.value), 0);
	assert_int_equal(c.problems.n, 0);
	oc_config_deinit(&c);
}

static void a_broken_file_is_an_error_with_its_place(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "~/.openclaw/openclaw.json: JSON5: invalid end of input at 1:1" },
		{ "{a:\n\xE2\x80\x9Cx\xE2\x80\x9D}",
		  "JSON5: invalid character '\xE2\x80\x9C' at 2:1 (a typographic quote" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		home_write(CONFIG, cases[i].text);
		expect_failure(cases[i].want);
	}
}

static void a_root_that_is_no_object_is_a_problem(void **state)
{
	struct oc_config c;
	struct oc_err e = { 0 };

	(void)state;
	home_write(CONFIG, "[1]");
	assert_int_equal(oc_config_load(&c, &e), OC_OK);
	assert_int_equal(c.problems.n, 1);
	assert_string_equal(c.problems.v[0], "<root>: expected object, received array");
	oc_config_deinit(&c);
}

static void variables_are_replaced_and_unset_ones_leave_the_field_out(void **state)
{
	struct oc_config c;
	struct oc_err e = { 0 };

	(void)state;
	home_write(CONFIG, "{env:{vars:{T_URL:'http://h:1/v1'}},models:{providers:{"
			   "local:{baseUrl:'${T_URL}',apiKey:'${T_MISSING}',models:[]},"
			   "other:{baseUrl:'${T_MISSING}',models:[]}}}}");
	assert_int_equal(oc_config_load(&c, &e), OC_OK);
	assert_int_equal(c.problems.n, 0); /* an unset variable is no mistake in the file */
	assert_string_equal(json_string_value(oc_config_get(&c, "models.providers.local.baseUrl")),
			    "http://h:1/v1");
	assert_null(oc_config_get(&c, "models.providers.local.apiKey"));
	assert_null(oc_config_get(&c, "models.providers.other.baseUrl"));
	assert_int_equal(c.warnings.n, 2);
	assert_string_equal(
	    c.warnings.v[0],
	    "models.providers.local.apiKey: the variable T_MISSING is not set; the field "
	    "counts as unset");
	const json_t *raw = json_object_get(
	    json_object_get(json_object_get(c.raw, "models"), "providers"), "local");
	assert_string_equal(oc_json_cstr(raw, "apiKey"), "${T_MISSING}");
	oc_config_deinit(&c);
}

static void includes_merge_and_siblings_win(void **state)
{
	(void)state;
	home_write(".openclaw/a.json5",
		   "{mode:'merge', // c\n providers:{p:{baseUrl:'a',models:[{id:'1'}]}}}");
	home_write(".openclaw/sub/b.json",
		   "{\"providers\":{\"p\":{\"models\":[{\"id\":\"2\"}]},\"__proto__\":{}}}");
	home_write(".openclaw/sub/c.json", "{$include:'./b.json'}");
	home_write(".openclaw/list.json", "['x','y']");
	home_write(CONFIG, "{models:{$include:'a.json5'}}");
	expect("models.mode", "\"merge\"");
	home_write(CONFIG, "{models:{$include:['a.json5','sub/c.json'],mode:'replace'}}");
	expect(
	    "models",
	    "{\"mode\":\"replace\",\"providers\":{\"p\":{\"baseUrl\":\"a\",\"models\":[{\"id\":\"1\"},"
	    "{\"id\":\"2\"}]}}}");
	home_write(CONFIG, "{tools:{allow:{$include:'list.json'}}}");
	expect("tools.allow", "[\"x\",\"y\"]");
	home_write(CONFIG, "{tools:{allow:{$include:'list.json',a:1}}}");
	expect_failure("so the included file must hold an object");
	home_write(CONFIG, "{$include:'main.json'}");
	home_write(".openclaw/main.json", "{gateway:{port:1}}");
	expect("gateway.port", "1");
}

static void includes_that_cannot_be_trusted_are_refused(void **state)
{
	static const struct {
		const char *config, *want;
	} cases[] = {
		{ "{models:{$include:'../secret.json'}}",
		  "leaves the folder of the configuration; OPENCLAW_INCLUDE_ROOTS" },
		{ "{models:{$include:'/etc/passwd'}}", "leaves the folder of the configuration" },
		{ "{models:{$include:'sub/../../secret.json'}}",
		  "leaves the folder of the configuration" },
		{ "{models:{$include:'link.json'}}", "by a symbolic link" },
		{ "{models:{$include:'hard.json'}}", "has more than one hard link" },
		{ "{models:{$include:'sub'}}", "is not a regular file" },
		{ "{models:{$include:'fifo'}}", "is not a regular file" },
		{ "{models:{$include:'none.json'}}", "No such file" },
		{ "{models:{$include:'big.json'}}", "is larger than 2 MB" },
		{ "{models:{$include:'a\\0b'}}", "no NUL" },
		{ "{models:{$include:''}}", "1 to 4095 characters" },
		{ "{models:{$include:3}}", "must be a file name or a list" },
		{ "{models:{$include:[]}}", "must be a file name or a list" },
		{ "{models:{$include:[3]}}", "$include[0] is no file name" },
		{ "{models:{$include:'broken.json'}}",
		  "broken.json: JSON5: invalid character '}' at 1:4" },
		{ "{models:{$include:'cycle1.json'}}", "cycle2.json -> " },
		{ "{models:{$include:'openclaw.json'}}", "goes round in a circle" },
		{ "{models:{$include:'many0.json'}}", "reads more than 256 files" },
		{ "{models:{$include:'deep0.json'}}", "nested deeper than 10 levels" },
	};
	char from[200], to[200];

	(void)state;
	home_write("secret.json", "{}");
	home_write(".openclaw/sub/x.json", "{}");
	home_write(".openclaw/broken.json", "{a:}");
	home_write(".openclaw/cycle1.json", "{$include:'cycle2.json'}");
	home_write(".openclaw/cycle2.json", "{a:{$include:'cycle1.json'}}");
	home_write(".openclaw/other.json", "{}");
	for (int i = 0; i < 9; i++) {
		snprintf(from, sizeof from, ".openclaw/many%d.json", i);
		snprintf(to, sizeof to, i < 8 ? "{$include:['many%d.json','many%d.json']}" : "{}",
			 i + 1, i + 1);
		home_write(from, to);
	}
	for (int i = 0; i < 11; i++) {
		snprintf(from, sizeof from, ".openclaw/deep%d.json", i);
		snprintf(to, sizeof to, i < 10 ? "{a:{$include:'deep%d.json'}}" : "{}", i + 1);
		home_write(from, to);
	}
	home_path("secret.json", from, sizeof from);
	home_path(".openclaw/link.json", to, sizeof to);
	assert_int_equal(symlink(from, to), 0);
	home_path(".openclaw/other.json", from, sizeof from);
	home_path(".openclaw/hard.json", to, sizeof to);
	assert_int_equal(link(from, to), 0);
	home_path(".openclaw/fifo", to, sizeof to);
	assert_int_equal(mkfifo(to, 0600), 0);
	home_path(".openclaw/big.json", to, sizeof to);
	int fd = open(to, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(ftruncate(fd, OC_MAX_CONFIG_BYTES + 1), 0);
	close(fd);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		home_write(CONFIG, cases[i].config);
		expect_failure(cases[i].want);
	}
}

static void include_roots_open_other_folders(void **state)
{
	char roots[300];

	(void)state;
	home_write("shared/m.json", "{mode:'replace'}");
	home_write(CONFIG, "{models:{$include:'../shared/m.json'}}");
	snprintf(roots, sizeof roots, "/nowhere:%s/shared", fixture_home);
	setenv("OPENCLAW_INCLUDE_ROOTS", roots, 1);
	expect("models.mode", "\"replace\"");
	unsetenv("OPENCLAW_INCLUDE_ROOTS");
}

static void ten_levels_of_includes_are_accepted(void **state)
{
	char name[100], text[100];

	(void)state;
	for (int i = 1; i <= 10; i++) {
		snprintf(name, sizeof name, ".openclaw/d%d.json", i);
		snprintf(text, sizeof text, i < 10 ? "{$include:'d%d.json'}" : "{mode:'merge'}",
			 i + 1);
		home_write(name, text);
	}
	home_write(CONFIG, "{models:{$include:'d1.json'}}");
	expect("models.mode", "\"merge\"");
}

#define IN_HOME(f) cmocka_unit_test_setup_teardown(f, new_home, drop_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_HOME(a_missing_file_is_an_empty_object),
		IN_HOME(a_broken_file_is_an_error_with_its_place),
		IN_HOME(a_root_that_is_no_object_is_a_problem),
		IN_HOME(variables_are_replaced_and_unset_ones_leave_the_field_out),
		IN_HOME(includes_merge_and_siblings_win),
		IN_HOME(includes_that_cannot_be_trusted_are_refused),
		IN_HOME(include_roots_open_other_folders),
		IN_HOME(ten_levels_of_includes_are_accepted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
