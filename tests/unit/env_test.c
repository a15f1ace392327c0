#include "check.h"

#include "config/dotenv.h"
#include "config/env.h"
#include "config/vars.h"
#include "fixture.h"

static void collect(void *arg, struct oc_str name, struct oc_str value)
{
	oc_buf_addf(arg, "%.*s=%.*s;", OC_FMT(name), OC_FMT(value));
}

static void dotenv_text_is_read_as_usual(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "A=1\nB=2", "A=1;B=2;" },
		{ "A=1\r\nB=2\r\n", "A=1;B=2;" },
		{ "export A=1\n  export   B=2", "A=1;B=2;" },
		{ "# c\n\nA=1 # tail\n#B=2\n", "A=1;" },
		{ " A = x y \n", "A=x y;" },
		{ "A='#1 \\n'\nB=\"#2\\n\"\nC=`it's`", "A=#1 \\n;B=#2\n;C=it's;" },
		{ "A=\"x\ny\"\nB=1", "A=x\ny;B=1;" },
		{ "A=\"q\\\"q\\\\\"", "A=q\"q\\;" },
		{ "A=\"open\nB=1", "A=\"open;B=1;" },
		{ "A=\nB=$A${A}", "A=;B=$A${A};" },
		{ "A=x=y", "A=x=y;" },
		{ "nonsense\n=x\nA", "" },
		{ "A='x' junk\nB=1", "A=x;B=1;" },
		{ "\xEF\xBB\xBF"
		  "A=1",
		  "A=1;" },
		{ "A", "" },
		{ "", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_buf out;
		oc_buf_init(&out, 4096);
		oc_dotenv_parse(oc_str(cases[i].in), collect, &out);
		assert_string_equal(oc_buf_cstr(&out), cases[i].want);
		oc_buf_deinit(&out);
	}
}

static struct oc_env *load(struct oc_strv *warnings)
{
	struct oc_paths paths;
	struct oc_env *env = NULL;
	struct oc_err e = { 0 };

	assert_int_equal(oc_paths_init(&paths, &e), OC_OK);
	assert_int_equal(oc_env_load(&paths, &env, warnings, &e), OC_OK);
	oc_paths_deinit(&paths);
	return env;
}

static void the_first_source_that_sets_a_name_wins(void **state)
{
	struct oc_strv warnings = { 0 };

	(void)state;
	setenv("T_PROCESS", "process", 1);
	setenv("T_BLANK", "", 1);
	home_write(".env", "T_PROCESS=cwd\nT_CWD=cwd\nT_BLANK=cwd\n");
	home_write(".openclaw/.env",
		   "T_PROCESS=state\nT_CWD=state\nT_STATE=state\nT_STATE=later\n");
	home_write(".config/openclaw/gateway.env", "T_STATE=gateway\nT_GATEWAY=gateway\n");
	struct oc_env *env = load(&warnings);
	json_t *config = json_pack("{s:{s:{s:s,s:s},s:s}}", "env", "vars", "T_GATEWAY", "config",
				   "T_VARS", "config", "T_FLAT", "flat");
	oc_env_add_config(env, config);
	assert_string_equal(oc_env_get(env, "T_PROCESS"), "process");
	assert_string_equal(oc_env_get(env, "T_CWD"), "cwd");
	assert_string_equal(oc_env_get(env, "T_STATE"), "later");
	assert_string_equal(oc_env_get(env, "T_GATEWAY"), "gateway");
	assert_string_equal(oc_env_get(env, "T_VARS"), "config");
	assert_string_equal(oc_env_get(env, "T_FLAT"), "flat");
	assert_null(oc_env_get(env, "T_BLANK"));
	assert_null(oc_env_get(env, "T_NOWHERE"));
	assert_null(getenv("T_CWD"));
	assert_int_equal(warnings.n, 1);
	assert_string_equal(
	    warnings.v[0],
	    "T_STATE differs between .env of the state folder and gateway.env; the former is used");
	json_decref(config);
	oc_env_free(env);
	oc_strv_deinit(&warnings);
	unsetenv("T_PROCESS");
	unsetenv("T_BLANK");
}

static void the_current_folder_sets_neither_credentials_nor_endpoints(void **state)
{
	static const char *const names[] = {
		"LM_API_TOKEN", "T_API_KEY",	    "OPENAI_API_BASE",	   "T_BASE_URL",
		"T_API_HOST",	"T_ENDPOINT",	    "MATRIX_HOMESERVER",   "OPENCLAW_X",
		"CLAWHUB_X",	"OPENAI_API_KEY_1", "ANTHROPIC_API_KEY_2", "HF_TOKEN"
	};
	struct oc_strv warnings = { 0 };
	struct oc_buf text;

	(void)state;
	oc_buf_init(&text, 4096);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		oc_buf_addf(&text, "%s=x\n", names[i]);
	home_write(".env", oc_buf_cstr(&text));
	struct oc_env *env = load(&warnings);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_null(oc_env_get(env, names[i]));
	oc_env_free(env);
	home_write(".openclaw/.env", oc_buf_cstr(&text));
	env = load(&warnings);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_string_equal(oc_env_get(env, names[i]), "x");
	oc_env_free(env);
	oc_buf_deinit(&text);
	oc_strv_deinit(&warnings);
}

static void an_unreadable_env_file_is_a_warning(void **state)
{
	struct oc_strv warnings = { 0 };
	char path[200];

	(void)state;
	home_path(".env", path, sizeof path);
	assert_int_equal(mkdir(path, 0700), 0);
	oc_env_free(load(&warnings));
	assert_int_equal(warnings.n, 1);
	assert_non_null(strstr(warnings.v[0], ".env was not read"));
	oc_strv_deinit(&warnings);
}

static void variables_in_values_follow_the_grammar(void **state)
{
	static const struct {
		const char *in, *want, *warning;
	} cases[] = {
		{ "plain", "plain", NULL },
		{ "${T_A}", "a", NULL },
		{ "x${T_A}y${T_A}", "xaya", NULL },
		{ "$${T_A}", "${T_A}", NULL },
		{ "$$${T_A}", "$${T_A}", NULL },
		{ "$${T_A}${T_A}", "${T_A}a", NULL },
		{ "$T_A", "$T_A", NULL },
		{ "${t_a}", "${t_a}", NULL },
		{ "${T-A}", "${T-A}", NULL },
		{ "${1A}", "${1A}", NULL },
		{ "${}", "${}", NULL },
		{ "${T_A", "${T_A", NULL },
		{ "$", "$", NULL },
		{ "a$", "a$", NULL },
		{ "${T_NESTED}", "${T_A}", NULL },
		{ "${_T1}", "under", NULL },
		{ "${T_UNSET}", NULL,
		  "k: the variable T_UNSET is not set; the field counts as unset" },
		{ "x${T_EMPTY}", NULL,
		  "k: the variable T_EMPTY is not set; the field counts as unset" },
	};
	(void)state;
	setenv("T_A", "a", 1);
	setenv("T_NESTED", "${T_A}", 1);
	setenv("_T1", "under", 1);
	setenv("T_EMPTY", "", 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_strv warnings = { 0 };
		json_t *in = json_pack("{s:s}", "k", cases[i].in);
		json_t *out = oc_vars_expand(in, NULL, &warnings),
		       *kept = oc_vars_expand(in, NULL, NULL);

		if (cases[i].want) {
			assert_string_equal(oc_json_cstr(out, "k"), cases[i].want);
			assert_int_equal(warnings.n, 0);
			assert_true(json_equal(out, kept));
		} else {
			assert_null(json_object_get(out, "k"));
			assert_string_equal(warnings.v[0], cases[i].warning);
			assert_string_equal(oc_json_cstr(kept, "k"), cases[i].in);
		}
		json_decref(in);
		json_decref(out);
		json_decref(kept);
		oc_strv_deinit(&warnings);
	}
}

static void keys_and_other_types_are_not_expanded(void **state)
{
	struct oc_strv warnings = { 0 };
	json_t *in = json_pack("{s:[s,i,s],s:b}", "${T_A}", "${T_A}", 1, "${T_UNSET}", "b", 1);
	json_t *out = oc_vars_expand(in, NULL, &warnings);
	char *text = oc_json_compact(out);

	(void)state;
	assert_string_equal(text, "{\"${T_A}\":[\"a\",1],\"b\":true}");
	assert_string_equal(warnings.v[0],
			    "${T_A}.2: the variable T_UNSET is not set; the field counts as unset");
	free(text);
	json_decref(in);
	json_decref(out);
	oc_strv_deinit(&warnings);
}

static void locations_follow_the_environment(void **state)
{
	static const struct {
		const char *set[3], *value[3];
		const char *state_dir, *config; /* %s: HOME */
	} cases[] = {
		{ { NULL }, { NULL }, "%s/.openclaw", "%s/.openclaw/openclaw.json" },
		{ { "OPENCLAW_HOME" },
		  { "~/x" },
		  "%s/x/.openclaw",
		  "%s/x/.openclaw/openclaw.json" },
		{ { "OPENCLAW_HOME" },
		  { " undefined " },
		  "%s/.openclaw",
		  "%s/.openclaw/openclaw.json" },
		{ { "OPENCLAW_HOME" }, { "null" }, "%s/.openclaw", "%s/.openclaw/openclaw.json" },
		{ { "OPENCLAW_STATE_DIR" }, { "~/s" }, "%s/s", "%s/s/openclaw.json" },
		{ { "OPENCLAW_STATE_DIR" }, { "rel" }, "%s/rel", "%s/rel/openclaw.json" },
		{ { "OPENCLAW_HOME", "OPENCLAW_CONFIG_PATH" },
		  { "~/h", "~/c.json" },
		  "%s/h/.openclaw",
		  "%s/h/c.json" },
		{ { "OPENCLAW_CONFIG_PATH", "OPENCLAW_STATE_DIR" },
		  { "/etc/c.json", "/s" },
		  "/s",
		  "/etc/c.json" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char want[200];
		struct oc_paths p;
		struct oc_err e = { 0 };

		for (size_t k = 0; k < 3 && cases[i].set[k]; k++)
			setenv(cases[i].set[k], cases[i].value[k], 1);
		assert_int_equal(oc_paths_init(&p, &e), OC_OK);
		snprintf(want, sizeof want, "%s%s",
			 cases[i].state_dir[0] == '%' ? fixture_home : "",
			 cases[i].state_dir + (cases[i].state_dir[0] == '%' ? 2 : 0));
		assert_string_equal(p.state_dir, want);
		snprintf(want, sizeof want, "%s%s", cases[i].config[0] == '%' ? fixture_home : "",
			 cases[i].config + (cases[i].config[0] == '%' ? 2 : 0));
		assert_string_equal(p.config_path, want);
		for (size_t k = 0; k < 3 && cases[i].set[k]; k++) unsetenv(cases[i].set[k]);
		oc_paths_deinit(&p);
	}
}

static void the_legacy_folder_and_file_are_used_while_the_new_ones_are_missing(void **state)
{
	struct oc_paths p;
	struct oc_err e = { 0 };

	(void)state;
	home_write(".clawdbot/clawdbot.json", "{}");
	assert_int_equal(oc_paths_init(&p, &e), OC_OK);
	char *text = oc_paths_short(&p, p.config_path);
	assert_string_equal(text, "~/.clawdbot/clawdbot.json");
	free(text);
	oc_paths_deinit(&p);
	home_write(".openclaw/openclaw.json", "{}");
	assert_int_equal(oc_paths_init(&p, &e), OC_OK);
	text = oc_paths_short(&p, p.config_path);
	assert_string_equal(text, "~/.openclaw/openclaw.json");
	free(text);
	oc_paths_deinit(&p);
}

#define IN_HOME(f) cmocka_unit_test_setup_teardown(f, new_home, drop_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dotenv_text_is_read_as_usual),
		IN_HOME(the_first_source_that_sets_a_name_wins),
		IN_HOME(the_current_folder_sets_neither_credentials_nor_endpoints),
		IN_HOME(an_unreadable_env_file_is_a_warning),
		cmocka_unit_test(variables_in_values_follow_the_grammar),
		cmocka_unit_test(keys_and_other_types_are_not_expanded),
		IN_HOME(locations_follow_the_environment),
		IN_HOME(the_legacy_folder_and_file_are_used_while_the_new_ones_are_missing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
