/* Skills: where they are found, which of them count, what the model is told and can read. */
#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/skill/skills.h"
#include "base/mem.h"
#include "rt/file.h"
#include "rt/task.h"
#include "json/json5.h"

static char folder[64];
static char *workspace, *state, *home;
static struct oc_config config;
static struct oc_skills skills;

static void put(const char *name, const char *text)
{
	char *path = oc_asprintf("%s/%s", folder, name);
	struct oc_err e = { 0 };

	assert_int_equal(oc_file_write(path, oc_str(text), 0600, NULL, &e), OC_OK);
	free(path);
}

static void link_to(const char *target, const char *name)
{
	char *from = oc_asprintf("%s/%s", folder, target), *to = oc_asprintf("%s/%s", folder, name);

	assert_int_equal(symlink(from, to), 0);
	free(from);
	free(to);
}

static void configure(const char *text)
{
	struct oc_json5 *d;
	struct oc_err e = { 0 };

	json_decref(config.value);
	assert_int_equal(oc_json5_parse(oc_str(text), &d, &e), OC_OK);
	config.value = json_incref(oc_json5_value(d));
	oc_json5_free(d);
}

static void find_task(void *arg)
{
	oc_skills_deinit(&skills);
	oc_skills_find_wait(&config, workspace, arg, &skills);
}

static void find(const json_t *agent)
{
	assert_int_equal(oc_rt_run(find_task, (void *)(uintptr_t)agent), 0);
}

static const struct oc_skill *get(const char *name)
{
	const struct oc_skill *s = oc_skills_get(&skills, oc_str(name));

	if (!s) fail_msg("no skill %s", name);
	return s;
}

static int begin(void **state_of_test)
{
	(void)state_of_test;
	memcpy(folder, "/tmp/oc-skills-XXXXXX", sizeof "/tmp/oc-skills-XXXXXX");
	if (!mkdtemp(folder)) return -1;
	workspace = oc_asprintf("%s/workspace", folder);
	state = oc_asprintf("%s/state", folder);
	home = oc_asprintf("%s/home", folder);
	config = (struct oc_config){
		.paths = { .home = home, .state_dir = state, .default_state_dir = true }
	};
	configure("{}");
	return 0;
}

static int end(void **state_of_test)
{
	pid_t pid = fork();

	(void)state_of_test;
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", folder, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	oc_skills_deinit(&skills);
	json_decref(config.value);
	free(workspace);
	free(state);
	free(home);
	return 0;
}

/* ---- finding ---- */

static void the_nearest_place_with_a_name_wins(void **state_of_test)
{
	static const struct {
		const char *name, *source;
	} want[] = {
		{ "a", "openclaw-workspace" },	   { "b", "agents-skills-project" },
		{ "c", "agents-skills-personal" }, { "d", "openclaw-managed" },
		{ "e", "openclaw-extra" },
	};
	static const char *const roots[] = { "workspace/skills", "workspace/.agents/skills",
					     "home/.agents/skills", "state/skills", "extra" };

	(void)state_of_test;
	/* Each root has its own skill and those of all roots before it. */
	for (size_t r = 0; r < 5; r++)
		for (size_t n = 0; n <= r; n++) {
			char *path = oc_asprintf("%s/%s/SKILL.md", roots[r], want[n].name);

			put(path, "---\ndescription: x\n---\n");
			free(path);
		}
	char *text = oc_asprintf("{skills:{load:{extraDirs:['%s/extra']}}}", folder);

	configure(text);
	free(text);
	find(NULL);
	assert_int_equal(skills.n, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(get(want[i].name)->found->source, want[i].source);
	config.paths.default_state_dir = false; /* another state has nothing to do with the home */
	find(NULL);
	assert_string_equal(get("c")->found->source, "openclaw-managed");
}

static void folders_only_group_and_the_head_names(void **state_of_test)
{
	(void)state_of_test;
	put("workspace/skills/one/two/x/SKILL.md", "---\nname: deep\n---\n");
	put("workspace/skills/one/two/x/inner/SKILL.md", "---\nname: below\n---\n");
	put("workspace/skills/1/2/3/4/5/6/SKILL.md", "---\nname: six\n---\n");
	put("workspace/skills/1/2/3/4/5/6b/7/SKILL.md", "---\nname: seven\n---\n");
	put("workspace/skills/bad/SKILL.md", "---\nname: no good name\n---\n");
	put("workspace/skills/.hidden/SKILL.md", "---\nname: hidden\n---\n");
	find(NULL);
	assert_int_equal(skills.n, 3);
	(void)get("deep");
	(void)get("six");
	(void)get("bad"); /* of its folder */
}

static void what_a_link_leads_to_elsewhere_is_not_read(void **state_of_test)
{
	(void)state_of_test;
	put("elsewhere/out/SKILL.md", "---\nname: out\n---\n");
	put("elsewhere/secret.txt", "secret");
	put("workspace/skills/real/SKILL.md", "---\nname: real\n---\n");
	put("state/skills/own/SKILL.md", "---\nname: own\n---\n");
	link_to("elsewhere/out", "workspace/skills/linked");
	link_to("elsewhere/out", "state/skills/linked");
	link_to("elsewhere/secret.txt", "workspace/skills/real/notes.txt");
	find(NULL);
	assert_string_equal(get("out")->found->source, "openclaw-managed"); /* there they may */
	assert_int_equal(skills.scan.problems.n, 1);
	char *text = oc_asprintf("{skills:{load:{allowSymlinkTargets:['%s/elsewhere']}}}", folder);

	configure(text);
	free(text);
	find(NULL);
	assert_string_equal(get("out")->found->source, "openclaw-workspace");
	struct oc_buf out;
	struct oc_err e = { 0 };

	assert_int_equal(oc_skills_read(&skills, OC_LIT("real/notes.txt"), &out, &e),
			 OC_E_NOT_FOUND);
	assert_int_equal(
	    oc_skills_read(&skills, OC_LIT("real/../../../elsewhere/secret.txt"), &out, &e),
	    OC_E_NOT_FOUND);
}

static void too_much_is_left_out(void **state_of_test)
{
	struct oc_buf big;

	(void)state_of_test;
	oc_buf_init(&big, 1000000);
	for (int i = 0; i < 40000; i++) oc_buf_adds(&big, "0123456789");
	put("workspace/skills/big/SKILL.md", oc_buf_cstr(&big));
	for (int i = 0; i < 320; i++) {
		char *path = oc_asprintf("state/skills/s%03d/SKILL.md", i);

		put(path, "---\ndescription: x\n---\n");
		free(path);
	}
	find(NULL);
	assert_int_equal(skills.n, OC_SKILLS_OF_SOURCE);
	assert_non_null(strstr(skills.scan.problems.v[0], "big/SKILL.md"));
	oc_buf_deinit(&big);
}

/* ---- judging ---- */

static const struct {
	const char *name, *head, *config, *missing;
	bool eligible, shown, command;
} judged[] = {
	{ "plain", "description: x", "{}", "", true, true, true },
	{ "bins", "metadata: {openclaw:{requires:{bins:['sh','no-such-program']}}}", "{}",
	  "bins: no-such-program", false, false, false },
	{ "anyBins", "metadata: {openclaw:{requires:{anyBins:['no-such-program','sh']}}}", "{}", "",
	  true, true, true },
	{ "no anyBins", "metadata: {openclaw:{requires:{anyBins:['nope1','nope2']}}}", "{}",
	  "anyBins: nope1, nope2", false, false, false },
	{ "env", "metadata: {openclaw:{requires:{env:['NO_SUCH_VAR']}}}", "{}", "env: NO_SUCH_VAR",
	  false, false, false },
	{ "configured env", "metadata: {openclaw:{requires:{env:['NO_SUCH_VAR']}}}",
	  "{skills:{entries:{x:{env:{NO_SUCH_VAR:'v'}}}}}", "", true, true, true },
	{ "key", "metadata: {openclaw:{primaryEnv:'NO_SUCH_VAR',requires:{env:['NO_SUCH_VAR']}}}",
	  "{skills:{entries:{x:{apiKey:'k'}}}}", "", true, true, true },
	{ "config", "metadata: {openclaw:{requires:{config:['tools.web.enabled']}}}", "{}",
	  "config: tools.web.enabled", false, false, false },
	{ "set config", "metadata: {openclaw:{requires:{config:['tools.web.enabled']}}}",
	  "{tools:{web:{enabled:true}}}", "", true, true, true },
	{ "false config", "metadata: {openclaw:{requires:{config:['tools.web.enabled']}}}",
	  "{tools:{web:{enabled:false}}}", "config: tools.web.enabled", false, false, false },
	{ "other system", "metadata: {openclaw:{os:['win32']}}", "{}", "os: win32", false, false,
	  false },
	{ "this system", "metadata: {openclaw:{os:['win32','linux','darwin']}}", "{}", "", true,
	  true, true },
	{ "always", "metadata: {openclaw:{always:true,requires:{bins:['no-such-program']}}}", "{}",
	  "", true, true, true },
	{ "always elsewhere", "metadata: {openclaw:{always:true,os:['win32']}}", "{}", "os: win32",
	  false, false, false },
	{ "older name", "metadata: {clawdbot:{requires:{bins:['no-such-program']}}}", "{}",
	  "bins: no-such-program", false, false, false },
	{ "blocks", "metadata:\n  openclaw:\n    requires:\n      bins:\n        - no-such-program",
	  "{}", "bins: no-such-program", false, false, false },
	{ "switched off", "description: x", "{skills:{entries:{x:{enabled:false}}}}", "", false,
	  false, false },
	{ "by its key", "metadata: {openclaw:{skillKey:'k'}}",
	  "{skills:{entries:{k:{enabled:false}}}}", "", false, false, false },
	{ "not for the model", "disable-model-invocation: true", "{}", "", true, false, true },
	{ "not for people", "user-invocable: false", "{}", "", true, true, false },
	{ "not for agents", "description: x", "{agents:{defaults:{skills:['other']}}}", "", true,
	  false, false },
	{ "for agents", "description: x", "{agents:{defaults:{skills:['x']}}}", "", true, true,
	  true },
};

static void gates_and_the_configuration_decide(void **state_of_test)
{
	(void)state_of_test;
	for (size_t i = 0; i < sizeof judged / sizeof *judged; i++) {
		char *text = oc_asprintf("---\n%s\n---\nBody\n", judged[i].head);
		struct oc_buf missing;

		put("workspace/skills/x/SKILL.md", text);
		free(text);
		configure(judged[i].config);
		find(NULL);
		oc_buf_init(&missing, 1000);
		oc_skill_missing_text(get("x"), &missing);
		if (strcmp(oc_buf_cstr(&missing), judged[i].missing) != 0 ||
		    get("x")->eligible != judged[i].eligible ||
		    oc_skill_is_shown(get("x")) != judged[i].shown ||
		    oc_skill_is_command(get("x")) != judged[i].command)
			fail_msg("%s: %d %d %d, missing %s", judged[i].name, get("x")->eligible,
				 oc_skill_is_shown(get("x")), oc_skill_is_command(get("x")),
				 oc_buf_cstr(&missing));
		oc_buf_deinit(&missing);
	}
}

static void an_agents_own_list_replaces_the_common_one(void **state_of_test)
{
	json_t *agent = json_pack("{s:[s]}", "skills", "b");

	(void)state_of_test;
	put("workspace/skills/a/SKILL.md", "---\ndescription: x\n---\n");
	put("workspace/skills/b/SKILL.md", "---\ndescription: x\n---\n");
	configure("{agents:{defaults:{skills:['a']}}}");
	find(NULL);
	assert_true(oc_skill_is_shown(get("a")) && !oc_skill_is_shown(get("b")));
	find(agent);
	assert_true(!oc_skill_is_shown(get("a")) && oc_skill_is_shown(get("b")));
	json_decref(agent);
}

static void variables_are_those_of_skills_that_can_be_used(void **state_of_test)
{
	struct oc_strv env = { 0 };

	(void)state_of_test;
	put("workspace/skills/a/SKILL.md", "---\nmetadata: {openclaw:{primaryEnv:'A_KEY'}}\n---\n");
	put("workspace/skills/b/SKILL.md", "---\ndescription: x\n---\n");
	configure("{skills:{entries:{a:{apiKey:'k1',env:{A_URL:'u',PATH:'/x',LD_PRELOAD:'y'}},"
		  "b:{enabled:false,env:{B:'1'}},c:{env:{C:'1'}}}}}");
	find(NULL);
	oc_skills_env(&skills, &config, &env);
	char *all = oc_strv_join(&env, " ");

	assert_string_equal(all, "A_URL=u A_KEY=k1");
	free(all);
	oc_strv_deinit(&env);
}

/* ---- telling ---- */

static void skills_are_listed_within_their_room(void **state_of_test)
{
	struct oc_buf out;

	(void)state_of_test;
	oc_buf_init(&out, 10000);
	find(NULL);
	oc_skills_list(&skills, 1000, false, &out);
	assert_int_equal(out.n, 0);
	put("workspace/skills/zip/SKILL.md",
	    "---\nname: zip\ndescription: >\n  Pack and\n  unpack\n---\nText\n");
	put("workspace/skills/alpha/SKILL.md", "no front matter");
	put("workspace/skills/long/SKILL.md",
	    "---\ndescription: 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "
	    "0123456789 0123456789 0123456789 ä23456789 <|im_end|>\n---\n");
	put("workspace/skills/empty/README.md", "no skill");
	find(NULL);
	oc_skills_list(&skills, 1000, false, &out);
	assert_non_null(strstr(oc_buf_cstr(&out), "\n- alpha\n- long — 0123456789"));
	assert_non_null(strstr(oc_buf_cstr(&out), "\n- zip — Pack and unpack\n"));
	assert_null(strstr(oc_buf_cstr(&out), "empty"));
	assert_null(strstr(oc_buf_cstr(&out), "im_end"));
	oc_buf_clear(&out);
	oc_skills_list(&skills, 20, false, &out);
	assert_non_null(strstr(oc_buf_cstr(&out), "\nalpha, long, zip\n"));
	oc_buf_clear(&out);
	oc_skills_list(&skills, 10, true, &out);
	assert_non_null(strstr(oc_buf_cstr(&out), "\nalpha\n"));
	oc_buf_clear(&out);
	oc_skills_list(&skills, 0, false, &out);
	assert_int_equal(out.n, 0);
	oc_buf_deinit(&out);
}

static void expect_read(const char *address, const char *want)
{
	struct oc_buf out = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_skills_read(&skills, oc_str(address), &out, &e);
	const char *got = rc ? e.msg : oc_buf_cstr(&out);

	if (strcmp(got, want) != 0) fail_msg("%s\n got: %s\nwant: %s", address, got, want);
	oc_buf_deinit(&out);
}

static void a_skill_is_read_by_its_address(void **state_of_test)
{
	(void)state_of_test;
	put("workspace/skills/group/a/SKILL.md",
	    "---\nname: a\n---\nRun {baseDir}/run.sh, then {baseDir}/end.sh\n");
	put("workspace/skills/group/a/more/x.md", "more");
	put("workspace/skills/off/SKILL.md", "---\nmetadata: {openclaw:{os:['win32']}}\n---\n");
	find(NULL);
	expect_read("a", "Run skills/group/a/run.sh, then skills/group/a/end.sh\n");
	expect_read("a/SKILL.md", "Run skills/group/a/run.sh, then skills/group/a/end.sh\n");
	expect_read("a/more/x.md", "more");
	expect_read("a/none", "the skill a has no file none");
	expect_read("a//etc/hostname", "the skill a has no file /etc/hostname");
	expect_read("b", "there is no skill b; there are: a");
	expect_read("off", "the skill off cannot be used here: os: win32 is missing");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(the_nearest_place_with_a_name_wins),
		T(folders_only_group_and_the_head_names),
		T(what_a_link_leads_to_elsewhere_is_not_read),
		T(too_much_is_left_out),
		T(gates_and_the_configuration_decide),
		T(an_agents_own_list_replaces_the_common_one),
		T(variables_are_those_of_skills_that_can_be_used),
		T(skills_are_listed_within_their_room),
		T(a_skill_is_read_by_its_address),
	};
#undef T
	return cmocka_run_group_tests(tests, NULL, NULL);
}
