#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <sys/resource.h>

#include "config/edit.h"
#include "fixture.h"
#include "json/path.h"

#define CONFIG ".openclaw/openclaw.json"

static json_t *parse(const char *text)
{
	struct oc_json5 *d = NULL;
	struct oc_err e = { 0 };

	if (oc_json5_parse(oc_str(text), &d, &e)) fail_msg("%s: %s", text, e.msg);
	json_t *v = json_incref(oc_json5_value(d));
	oc_json5_free(d);
	return v;
}

static struct oc_config load(void)
{
	struct oc_config c;
	struct oc_err e = { 0 };

	if (oc_config_load(&c, &e)) fail_msg("%s", e.msg);
	return c;
}

/* Loads, sets path (NULL value: removes it) and writes. */
static enum oc_rc edit(const char *path, json_t *value, enum oc_edit_result *result,
		       struct oc_err *e)
{
	struct oc_config c = load();
	struct oc_path p = { 0 };
	struct oc_strv problems = { 0 };
	json_t *tree = json_deep_copy(c.raw);

	assert_int_equal(oc_path_parse(oc_str(path), &p, e), OC_OK);
	assert_int_equal(value ? oc_path_set(tree, &p, value, e) : oc_path_unset(tree, &p, e),
			 OC_OK);
	enum oc_rc rc = oc_config_write(&c, tree, result, &problems, e);
	json_decref(value);
	json_decref(tree);
	oc_path_deinit(&p);
	oc_strv_deinit(&problems);
	oc_config_deinit(&c);
	return rc;
}

static void expect_file(const char *name, const char *want)
{
	char *text = home_read(name);

	if (!want) {
		assert_null(text);
		return;
	}
	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

static mode_t mode_of(const char *name)
{
	struct stat st;
	char path[512];

	home_path(name, path, sizeof path);
	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 0777;
}

static void a_first_write_creates_a_private_file(void **state)
{
	enum oc_edit_result result;
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(edit("gateway.port", json_integer(1), &result, &e), OC_OK);
	assert_int_equal(result, OC_EDIT_WRITTEN);
	expect_file(CONFIG, "{\n  \"gateway\": {\n    \"port\": 1\n  }\n}\n");
	expect_file(CONFIG ".bak", NULL);
	assert_int_equal(mode_of(CONFIG), 0600);
	assert_int_equal(mode_of(".openclaw"), 0700);
}

static void a_write_keeps_what_was_authored(void **state)
{
	enum oc_edit_result result;
	struct oc_err e = { 0 };

	(void)state;
	setenv("T_KEY", "expanded-secret", 1);
	home_write(
	    CONFIG,
	    "{\n  plugins: { 'x': [1,2,], /* mine */ },\n  models: { providers: { lmstudio: {\n"
	    "    apiKey: '${T_KEY}', maxTokens: 8.192e3 } } },\n}\n");
	assert_int_equal(edit("gateway.port", json_integer(1), &result, &e), OC_OK);
	expect_file(
	    CONFIG,
	    "{\n  \"plugins\": { 'x': [1,2,], /* mine */ },\n  \"models\": {\n    \"providers\": {\n"
	    "      \"lmstudio\": {\n        \"apiKey\": \"${T_KEY}\",\n        \"maxTokens\": 8.192e3\n"
	    "      }\n    }\n  },\n  \"gateway\": {\n    \"port\": 1\n  }\n}\n");
}

static void an_equal_value_leaves_the_file_alone(void **state)
{
	static const char text[] = "{gateway:{port:1}} // mine\n";
	enum oc_edit_result result;
	struct oc_err e = { 0 };

	(void)state;
	home_write(CONFIG, text);
	assert_int_equal(edit("gateway.port", json_integer(1), &result, &e), OC_OK);
	assert_int_equal(result, OC_EDIT_UNCHANGED);
	expect_file(CONFIG, text);
	expect_file(CONFIG ".bak", NULL);
}

static void five_backups_are_kept_newest_first(void **state)
{
	char name[64], want[64];
	enum oc_edit_result result;
	struct oc_err e = { 0 };

	(void)state;
	for (int i = 1; i <= 8; i++)
		assert_int_equal(edit("gateway.port", json_integer(i), &result, &e), OC_OK);
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof name, i ? CONFIG ".bak.%d" : CONFIG ".bak", i);
		snprintf(want, sizeof want, "{\n  \"gateway\": {\n    \"port\": %d\n  }\n}\n",
			 7 - i);
		expect_file(name, want);
		assert_int_equal(mode_of(name), 0600);
	}
	expect_file(CONFIG ".bak.5", NULL);
}

static void an_invalid_result_is_refused_with_every_problem(void **state)
{
	static const char text[] = "{gateway:{port:1}}";
	struct oc_strv problems = { 0 };
	enum oc_edit_result result;
	struct oc_err e = { 0 };

	(void)state;
	home_write(CONFIG, text);
	struct oc_config c = load();
	json_t *tree = parse("{gateway:{port:'x',bogus:1}}");
	assert_int_equal(oc_config_write(&c, tree, &result, &problems, &e), OC_E_INPUT);
	assert_int_equal(problems.n, 2);
	assert_string_equal(problems.v[0], "gateway.port: expected number, received string");
	assert_string_equal(problems.v[1], "gateway: Unrecognized key: \"bogus\"");
	expect_file(CONFIG, text);
	json_decref(tree);
	oc_strv_deinit(&problems);
	oc_config_deinit(&c);
}

static void a_file_changed_meanwhile_is_not_overwritten(void **state)
{
	struct oc_strv problems = { 0 };
	enum oc_edit_result result;
	struct oc_err e = { 0 };

	(void)state;
	home_write(CONFIG, "{gateway:{port:1}}");
	struct oc_config c = load();
	json_t *tree = parse("{gateway:{port:2}}");
	home_write(CONFIG, "{gateway:{port:3}}");
	assert_int_equal(oc_config_write(&c, tree, &result, &problems, &e), OC_E_DENIED);
	assert_int_equal(result, OC_EDIT_STALE);
	expect_file(CONFIG, "{gateway:{port:3}}");
	json_decref(tree);
	oc_config_deinit(&c);
}

static void read_only_environments_refuse_writes(void **state)
{
	static const char *const names[] = { "OPENCLAW_CONFIG_READONLY", "OPENCLAW_NIX_MODE" };
	enum oc_edit_result result;
	struct oc_err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		setenv(names[i], "1", 1);
		assert_int_equal(edit("gateway.port", json_integer(1), &result, &e), OC_E_DENIED);
		assert_non_null(strstr(e.msg, names[i]));
		unsetenv(names[i]);
	}
	expect_file(CONFIG, NULL);
}

static bool rejected_file_exists(void)
{
	char path[512];
	struct dirent *entry;
	bool found = false;

	home_path(".openclaw", path, sizeof path);
	DIR *dir = opendir(path);
	while ((entry = readdir(dir)))
		found = found || strstr(entry->d_name, "openclaw.json.rejected.");
	closedir(dir);
	return found;
}

static void a_write_that_loses_the_mode_or_half_the_file_is_set_aside(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
		{ "{gateway:{mode:'local',port:1}}", "{gateway:{port:1}}" },
		{ "{agents:{defaults:{workspace:'a long text, so that more than half gets lost'}}}",
		  "{agents:{}}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_strv problems = { 0 };
		enum oc_edit_result result;
		struct oc_err e = { 0 };

		home_write(CONFIG, cases[i].before);
		struct oc_config c = load();
		json_t *tree = parse(cases[i].after);
		assert_int_equal(oc_config_write(&c, tree, &result, &problems, &e), OC_E_DENIED);
		expect_file(CONFIG, cases[i].before);
		assert_true(rejected_file_exists());
		assert_int_equal(oc_config_write_as_asked(&c, tree, &result, &problems, &e), OC_OK);
		assert_int_equal(result, OC_EDIT_WRITTEN);
		json_decref(tree);
		oc_config_deinit(&c);
	}
}

/* As a kill or a full disk leave it between writing and renaming: the old file, whole, and a later
 * write works. */
static void a_write_that_fails_leaves_the_old_file(void **state)
{
	static const char text[] = "{gateway:{port:1}}";
	const struct rlimit small = { 60, RLIM_INFINITY }, none = { RLIM_INFINITY, RLIM_INFINITY };
	enum oc_edit_result result;
	struct oc_err e = { 0 };
	char long_value[200] = "";

	(void)state;
	memset(long_value, 'x', sizeof long_value - 1);
	home_write(CONFIG, text);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small),
			 0); /* enough for the backup, not for the new text */
	enum oc_rc rc = edit("agents.defaults.workspace", json_string(long_value), &result, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(rc, OC_E_SYS);
	expect_file(CONFIG, text);
	expect_file(CONFIG ".bak", text);
	assert_int_equal(edit("agents.defaults.workspace", json_string(long_value), &result, &e),
			 OC_OK);
}

static void a_backup_that_fails_stops_the_write(void **state)
{
	static const char text[] = "{gateway:{port:1}}";
	enum oc_edit_result result;
	struct oc_err e = { 0 };
	char folder[512];

	(void)state;
	home_write(CONFIG, text);
	home_write(CONFIG ".bak.3", "x");
	home_path(CONFIG ".bak.4", folder, sizeof folder); /* in the way of the rename */
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(edit("gateway.port", json_integer(2), &result, &e), OC_E_SYS);
	expect_file(CONFIG, text);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(edit("gateway.port", json_integer(2), &result, &e), OC_OK);
}

static void a_symbolic_link_stays_one(void **state)
{
	enum oc_edit_result result;
	struct oc_err e = { 0 };
	struct stat st;
	char from[512], to[512];

	(void)state;
	home_write("dotfiles/mine.json", "{gateway:{port:1}}");
	home_write(".openclaw/other", "");
	home_path("dotfiles/mine.json", from, sizeof from);
	home_path(CONFIG, to, sizeof to);
	assert_int_equal(symlink(from, to), 0);
	assert_int_equal(edit("gateway.port", json_integer(2), &result, &e), OC_OK);
	assert_int_equal(lstat(to, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	expect_file("dotfiles/mine.json", "{\n  \"gateway\": {\n    \"port\": 2\n  }\n}\n");
}

static void merging_follows_the_rules_of_config_set(void **state)
{
	static const struct {
		const char *root, *at, *value, *want; /* NULL: cannot merge */
	} cases[] = {
		{ "{}", "a.b", "{c:1}", "{\"a\":{\"b\":{\"c\":1}}}" },
		{ "{a:{b:{c:1}}}", "a", "{b:{d:2},e:[1]}",
		  "{\"a\":{\"b\":{\"c\":1,\"d\":2},\"e\":[1]}}" },
		{ "{a:{b:[1]}}", "a", "{b:[2]}", "{\"a\":{\"b\":[2]}}" },
		{ "{a:{b:{c:1}}}", "a", "{b:2}", "{\"a\":{\"b\":2}}" },
		{ "{a:1}", "a", "2", NULL },
		{ "{a:[1]}", "a", "[2]", NULL },
		{ "{a:{}}", "a", "[2]", NULL },
		{ "{models:{providers:{p:{models:[{id:'x',a:1},{id:'y'}]}}}}",
		  "models.providers.p.models", "[{id:' y ',b:2},{id:'z'}]",
		  "{\"models\":{\"providers\":{\"p\":{\"models\":[{\"id\":\"x\",\"a\":1},{\"id\":\" y \",\"b\":2},"
		  "{\"id\":\"z\"}]}}}}" },
		{ "{models:{providers:{p:{models:[{id:'x',c:{d:1}}]}}}}", "models",
		  "{providers:{p:{models:[{id:'x',c:{e:1}}]}}}",
		  "{\"models\":{\"providers\":{\"p\":{\"models\":[{\"id\":\"x\",\"c\":{\"e\":1}}]}}}}" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *root = parse(cases[i].root), *value = parse(cases[i].value),
		       *before = json_deep_copy(root);
		struct oc_err e = { 0 };
		enum oc_rc rc = oc_config_merge(root, cases[i].at, value, &e);

		if (cases[i].want) {
			char *text = oc_json_compact(root);
			assert_string_equal(text, cases[i].want);
			free(text);
		} else {
			assert_int_equal(rc, OC_E_INPUT);
			assert_true(json_equal(root, before));
		}
		json_decref(before);
		json_decref(value);
		json_decref(root);
	}
}

static void losses_of_a_plain_assignment_are_named(void **state)
{
	static const struct {
		const char *root, *path, *value, *want;
	} cases[] = {
		{ "{agents:{defaults:{models:{a:{},b:{}}}}}", "agents.defaults.models",
		  "{b:{},c:{}}", "a" },
		{ "{models:{providers:{p:{baseUrl:'x',models:[]}}}}", "models.providers.p",
		  "{models:[]}", "baseUrl" },
		{ "{models:{providers:{p:{models:[{id:'x'},{id:'y'}]}}}}",
		  "models.providers.p.models", "[{id:'y'}]", "x" },
		{ "{auth:{profiles:{a:{}}}}", "auth.profiles", "{}", "a" },
		{ "{plugins:{entries:{a:{}}}}", "plugins.entries", "{}", "a" },
		{ "{agents:{entries:{a:{},b:{}}}}", "agents.entries", "{}", "a, b" },
		{ "{gateway:{port:1}}", "gateway", "{}", "" },
		{ "{agents:{defaults:{models:{a:{}}}}}", "agents.defaults.models.a", "{}", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		json_t *root = parse(cases[i].root), *value = parse(cases[i].value);
		struct oc_path p = { 0 };
		struct oc_strv lost = { 0 };
		struct oc_err e = { 0 };

		assert_int_equal(oc_path_parse(oc_str(cases[i].path), &p, &e), OC_OK);
		oc_config_lost_entries(root, &p, value, &lost);
		char *text = oc_strv_join(&lost, ", ");
		assert_string_equal(text, cases[i].want);
		free(text);
		oc_strv_deinit(&lost);
		oc_path_deinit(&p);
		json_decref(value);
		json_decref(root);
	}
}

#define IN_HOME(f) cmocka_unit_test_setup_teardown(f, new_home, drop_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_HOME(a_first_write_creates_a_private_file),
		IN_HOME(a_write_keeps_what_was_authored),
		IN_HOME(an_equal_value_leaves_the_file_alone),
		IN_HOME(five_backups_are_kept_newest_first),
		IN_HOME(an_invalid_result_is_refused_with_every_problem),
		IN_HOME(a_file_changed_meanwhile_is_not_overwritten),
		IN_HOME(read_only_environments_refuse_writes),
		IN_HOME(a_write_that_loses_the_mode_or_half_the_file_is_set_aside),
		IN_HOME(a_write_that_fails_leaves_the_old_file),
		IN_HOME(a_backup_that_fails_stops_the_write),
		IN_HOME(a_symbolic_link_stays_one),
		cmocka_unit_test(merging_follows_the_rules_of_config_set),
		cmocka_unit_test(losses_of_a_plain_assignment_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
