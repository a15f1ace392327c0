/* The tools as a model meets them: calls in, text out, files on disk. */
#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <unistd.h>

#include "base/mem.h"
#include "rt/file.h"
#include "tool/tool.h"

static char root[] = "/tmp/oc-tools-XXXXXX";
static char *workspace, *state_dir;
static struct oc_tool_context ctx;
static struct oc_tool_result result;
static int asked;
static enum oc_rc answer;

static enum oc_rc person(void *arg, const struct oc_question *q, struct oc_err *e)
{
	(void)arg;
	asked++;
	assert_non_null(q->tool);
	assert_non_null(q->workdir);
	assert_true(strlen(q->what) > 0);
	return answer == OC_OK ? OC_OK : oc_fail(e, answer, "the person said no");
}

static void put(const char *name, const char *bytes, size_t n)
{
	char *path = oc_asprintf("%s/%s", workspace, name);
	struct oc_err e = { 0 };

	assert_int_equal(oc_file_write(path, (struct oc_str){ bytes, n }, 0644, NULL, &e), OC_OK);
	free(path);
}

static void put_text(const char *name, const char *text)
{
	put(name, text, strlen(text));
}

static void expect_file(const char *name, const char *want)
{
	char *path = oc_asprintf("%s/%s", workspace, name);
	struct oc_err e = { 0 };
	struct oc_buf b;

	if (oc_file_read(path, 1 << 20, &b, &e) != OC_OK) fail_msg("%s", e.msg);
	assert_string_equal(oc_buf_cstr(&b), want);
	oc_buf_deinit(&b);
	free(path);
}

/* Runs the call; the text stays in `result` until the next one. */
static const char *run(const char *tool, const char *args)
{
	struct oc_err e = { 0 };
	struct oc_tool_call call = { .name = oc_strdup(tool), .arguments = oc_strdup(args) };

	call.args = oc_json_parse(oc_str(args), NULL, &e);
	call.valid = json_is_object(call.args);
	oc_tool_result_deinit(&result);
	assert_int_equal(oc_tool_run_wait(&ctx, &call, &result), OC_OK);
	oc_tool_call_deinit(&call);
	return oc_buf_cstr(&result.text);
}

static void expect(const char *tool, const char *args, bool is_error, const char *want)
{
	const char *got = run(tool, args);

	if (strcmp(got, want) != 0) fail_msg("%s %s\n got: %s\nwant: %s", tool, args, got, want);
	assert_int_equal(result.is_error, is_error);
}

static void expect_has(const char *tool, const char *args, bool is_error, const char *want)
{
	const char *got = run(tool, args);

	if (!strstr(got, want)) fail_msg("%s %s\n got: %s\nlacks: %s", tool, args, got, want);
	assert_int_equal(result.is_error, is_error);
}

static int set_up(void **state)
{
	struct oc_err e = { 0 };

	(void)state;
	if (!mkdtemp(root)) return -1;
	workspace = oc_asprintf("%s/ws", root);
	state_dir = oc_asprintf("%s/state", root);
	return oc_mkdirs(workspace, &e) || oc_mkdirs(state_dir, &e);
}

static int tear_down(void **state)
{

	(void)state;
	oc_tool_result_deinit(&result);
	free(workspace);
	free(state_dir);
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", root, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	return 0;
}

static int fresh(void **state)
{
	(void)state;
	ctx = (struct oc_tool_context){ .workspace = workspace,
					.state_dir = state_dir,
					.run_id = "r1",
					.max_result_chars = 12000,
					.exec_mode = "auto" };
	asked = 0;
	answer = OC_OK;
	return 0;
}

static void a_file_is_read_from_the_workspace(void **state)
{
	(void)state;
	put_text("a", "one\ntwo\nthree\n");
	put_text("empty", "");
	put_text("bare", "no newline");
	expect("read", "{\"path\":\"a\"}", false, "one\ntwo\nthree\n");
	expect("read", "{\"path\":\"./x/../a\"}", false, "one\ntwo\nthree\n");
	expect("read", "{\"file_path\":\"a\",\"offset\":\"2\",\"limit\":1}", false,
	       "two\n\n[lines 2-2 of 3; continue with offset=3]");
	expect("read", "{\"path\":\"a\",\"offset\":3}", false, "three\n");
	expect("read", "{\"path\":\"a\",\"offset\":9}", false,
	       "[the file has 3 lines; offset 9 is beyond its end]");
	expect("read", "{\"path\":\"empty\"}", false, "(empty file)");
	expect("read", "{\"path\":\"bare\"}", false, "no newline");
}

static void a_long_file_is_read_in_pieces_that_join_to_the_whole(void **state)
{
	struct oc_buf whole, joined;
	unsigned offset = 1, pieces = 0;

	(void)state;
	oc_buf_init(&whole, 1 << 20);
	oc_buf_init(&joined, 1 << 20);
	for (int i = 0; i < 1000; i++)
		oc_buf_addf(&whole, "line %d%s\n", i,
			    i % 7 ? "" : " \xC3\xA4\xC3\xB6\xC3\xBC, longer");
	put("long", whole.p, whole.n);
	ctx.max_result_chars = 3000;
	while (offset) {
		char args[80];
		snprintf(args, sizeof args, "{\"path\":\"long\",\"offset\":%u}", offset);
		const char *text = run("read", args), *note = strstr(text, "\n[lines ");
		assert_true(strlen(text) <= 3000);
		oc_buf_add(&joined,
			   (struct oc_str){ text, note ? (size_t)(note - text) : strlen(text) });
		offset = 0;
		if (note)
			assert_int_equal(sscanf(strstr(note, "offset="), "offset=%u", &offset), 1);
		assert_true(++pieces < 50);
	}
	assert_string_equal(oc_buf_cstr(&joined), oc_buf_cstr(&whole));
	oc_buf_deinit(&whole);
	oc_buf_deinit(&joined);
}

static void a_line_longer_than_the_room_is_cut_and_said_to_be(void **state)
{
	char *line = oc_alloc(20001);

	(void)state;
	memset(line, 'x', 20000);
	put_text("wide", line);
	free(line);
	ctx.max_result_chars = 2000;
	expect_has("read", "{\"path\":\"wide\"}", false, "[line 1 is 20000 bytes long and was cut");
	assert_true(result.text.n <= 2000);
}

static void folders_are_listed(void **state)
{
	(void)state;
	put_text("dir/b.txt", "b");
	put_text("dir/sub/c", "c");
	put_text("dir/a.txt", "a");
	expect("read", "{\"path\":\"dir\"}", false, "a.txt\nb.txt\nsub/\n");
	expect("read", "{\"path\":\"dir\",\"limit\":2}", false,
	       "a.txt\nb.txt\n[2 of 3 names; continue with offset=3]");
	expect("read", "{\"path\":\"dir\",\"offset\":3}", false, "sub/\n");
}

static void what_cannot_be_read_is_explained(void **state)
{
	(void)state;
	put_text("notes.txt", "n");
	put("bin", "a\0b", 3);
	put("pic.png", "\x89PNG\r\n", 6);
	put("latin", "caf\xE9", 4);
	expect("read", "{\"path\":\"note.txt\"}", true,
	       "no such file: note.txt; close matches: notes.txt");
	expect("read", "{\"path\":\"qq/xx\"}", true,
	       "no such file: qq/xx; its folder does not exist either");
	expect("read", "{\"path\":\"bin\"}", true, "bin is a binary file (3 bytes), not text");
	expect("read", "{\"path\":\"pic.png\"}", true,
	       "pic.png is a PNG image (6 bytes), and this model cannot look at images");
	expect("read", "{\"path\":\"latin\"}", false, "caf\xEF\xBF\xBD");
	expect("read", "{\"path\":\"\"}", true, "read: path is empty");
}

static void a_model_that_can_see_gets_the_image(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t n;
		const char *mime;
	} rows[] = {
		{ "a.png", "\x89PNG\r\n", 6, "image/png" },
		{ "a.jpg", "\xFF\xD8\xFF\xE0", 4, "image/jpeg" },
		{ "a.gif", "GIF89a", 6, "image/gif" },
		{ "a.webp", "RIFF....WEBPVP8 ", 16, "image/webp" },
		{ "a.wav", "RIFF....WAVE\0\0\0\0", 16, NULL },
		{ "a.pdf", "%PDF-1.7", 8, NULL },
	};

	(void)state;
	ctx.vision = true;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *args = oc_asprintf("{\"path\":\"%s\"}", rows[i].name);

		put(rows[i].name, rows[i].bytes, rows[i].n);
		(void)run("read", args);
		assert_int_equal(result.is_error, !rows[i].mime);
		if (rows[i].mime)
			assert_string_equal(result.image.mime, rows[i].mime);
		else
			assert_null(result.image.base64);
		free(args);
	}
	expect("read", "{\"path\":\"a.png\"}", false,
	       "a.png is a PNG image (6 bytes), shown here.");
	assert_string_equal(result.image.base64, "iVBORw0K");
	ctx.vision = false;
}

static void wrong_arguments_are_answered_with_parameters_and_an_example(void **state)
{
	(void)state;
	expect("read", "{}", true,
	       "read was not run: path is missing\n"
	       "Parameters: path (string, required), offset (integer), limit (integer)\n"
	       "Example: {\"path\":\"notes.txt\"}");
	expect_has("read", "[\"a\"]", true, "the arguments must be one JSON object");
	expect_has("write", "{\"path\":\"a\",\"content\":\"hal", true,
		   "the arguments are not valid JSON (");
	assert_non_null(strstr(oc_buf_cstr(&result.text), "write the first part"));
	expect(
	    "launch", "{}", true,
	    "unknown tool: launch. Tools: read, write, edit, exec, process, web_fetch, use_tool, apply_patch");
}

static void a_file_is_written_whole(void **state)
{
	(void)state;
	expect("write", "{\"path\":\"new/deep/f\",\"content\":\"h\xC3\xA4llo\\n\"}", false,
	       "wrote 7 bytes to new/deep/f");
	expect_file("new/deep/f", "h\xC3\xA4llo\n");
	expect("write", "{\"path\":\"new/deep/f\",\"content\":\"h\xC3\xA4llo\\n\"}", false,
	       "unchanged: 7 bytes in new/deep/f");
	expect("write", "{\"path\":\"new/deep/f\",\"content\":\"\"}", false,
	       "wrote 0 bytes to new/deep/f");
	expect("write", "{\"path\":\"new\",\"content\":\"x\"}", true, "write: new is a folder");
	char *pipe_path = oc_asprintf("%s/pipe", workspace);
	assert_int_equal(mkfifo(pipe_path, 0600), 0);
	free(pipe_path);
	expect("write", "{\"path\":\"pipe\",\"content\":\"x\"}", true,
	       "write: pipe is not a regular file");
	expect_has("write", "{\"path\":\"new/deep/f/g\",\"content\":\"x\"}", true, "write: ");
}

static void a_rewritten_script_stays_executable(void **state)
{
	char *path = oc_asprintf("%s/s.sh", workspace);
	struct stat st;

	(void)state;
	put_text("s.sh", "a");
	assert_int_equal(chmod(path, 0755), 0);
	run("write", "{\"path\":\"s.sh\",\"content\":\"echo a\"}");
	run("edit", "{\"path\":\"s.sh\",\"old\":\"a\",\"new\":\"b\",\"all\":true}");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0755);
	free(path);
}

static void outside_the_workspace_the_person_decides(void **state)
{
	char *args = oc_asprintf("{\"path\":\"%s/outside\",\"content\":\"x\"}", root);
	char *path = oc_asprintf("%s/outside", root);

	(void)state;
	expect_has("write", args, true, "is outside the workspace");
	assert_false(oc_file_exists(path));
	expect_has("read", "{\"path\":\"../../etc/passwd\"}", true, "is outside the workspace");
	ctx.approve_wait = person;
	answer = OC_E_DENIED;
	expect("write", args, true, "write: the person said no");
	assert_false(oc_file_exists(path));
	answer = OC_OK;
	expect_has("write", args, false, "wrote 1 bytes to ");
	assert_true(oc_file_exists(path));
	assert_int_equal(asked, 2);
	expect_has("read", "{\"path\":\"notes.txt\"}", false, "n"); /* inside: nobody is asked */
	assert_int_equal(asked, 2);
	free(args);
	free(path);
}

static void links_do_not_lead_writes_out_of_the_workspace(void **state)
{
	char *target = oc_asprintf("%s/target", root),
	     *link_path = oc_asprintf("%s/link", workspace);
	char *folder = oc_asprintf("%s/up", workspace),
	     *dangling = oc_asprintf("%s/nowhere", workspace);

	(void)state;
	assert_int_equal(symlink(target, dangling), 0);
	expect_has("write", "{\"path\":\"nowhere\",\"content\":\"x\"}", true, "cannot be followed");
	assert_false(oc_file_exists(target));
	struct oc_err e = { 0 };
	assert_int_equal(oc_file_write(target, OC_LIT("old"), 0600, NULL, &e), OC_OK);
	assert_int_equal(symlink(target, link_path), 0);
	assert_int_equal(symlink(root, folder), 0);
	ctx.approve_wait = person;
	expect_has("write", "{\"path\":\"link\",\"content\":\"x\"}", true,
		   "leads outside the workspace");
	expect_has("edit", "{\"path\":\"link\",\"old\":\"old\",\"new\":\"x\"}", true,
		   "leads outside the workspace");
	expect_has("write", "{\"path\":\"up/target\",\"content\":\"x\"}", true,
		   "leads outside the workspace");
	assert_int_equal(asked, 0);
	expect("read", "{\"path\":\"link\"}", false, "old"); /* after asking */
	assert_int_equal(asked, 1);
	free(target);
	free(link_path);
	free(folder);
	free(dangling);
}

static void the_programs_own_files_are_not_part_of_a_workspace_around_them(void **state)
{
	char *config = oc_asprintf("%s/openclaw.json", state_dir);
	struct oc_err e = { 0 };

	(void)state;
	assert_int_equal(oc_file_write(config, OC_LIT("{}"), 0600, NULL, &e), OC_OK);
	ctx.workspace = root;
	expect_has("read", "{\"path\":\"state/openclaw.json\"}", true, "outside the workspace");
	expect_has("write", "{\"path\":\"state/openclaw.json\",\"content\":\"x\"}", true,
		   "outside the workspace");
	ctx.state_dir = root; /* the default: the workspace lies in the state folder */
	ctx.workspace = workspace;
	expect_has("read", "{\"path\":\"notes.txt\"}", false, "n");
	expect_has("read", "{\"path\":\"../state/openclaw.json\"}", true, "outside the workspace");
	free(config);
}

static void a_long_result_is_cut_once_and_kept_in_a_file(void **state)
{
	struct oc_buf names;

	(void)state;
	oc_buf_init(&names, 1 << 16);
	for (int i = 0; i < 400; i++) oc_buf_addf(&names, "old occurrence\n");
	put("rep", names.p, names.n);
	oc_buf_deinit(&names);
	ctx.max_result_chars = 100;
	const char *text =
	    run("edit", "{\"path\":\"rep\",\"old\":\"old occurrence\",\"new\":\"x\"}");
	if (!strstr(text, "characters left out; read ")) fail_msg("%s", text);
	const char *path = strstr(text, "; read ") + strlen("; read ");
	char *spilled = oc_strndup(path, strcspn(path, " "));
	char *args = oc_asprintf("{\"path\":\"%s\"}", spilled);
	ctx.max_result_chars = 12000;
	expect_has("read", args, false,
		   "old occurs 400 times in rep"); /* its own spill file: D55 */
	ctx.run_id = "other";
	expect_has("read", args, true, "outside the workspace");
	free(args);
	free(spilled);
}

static void the_tools_array_has_a_fixed_form(void **state)
{
	struct oc_strv names = { 0 }, again = { 0 }, drop = { 0 };
	json_t *v = oc_tools_json(NULL, &names);
	char *text = oc_json_compact(v);

	(void)state;
	char *joined = oc_strv_join(&names, " ");
	assert_string_equal(joined, "read write edit exec process web_fetch use_tool apply_patch");
	free(joined);
	assert_int_equal(strlen(text), 2201); /* spec 03 §4.5, byte for byte */
	assert_int_equal(
	    strncmp(text, "[{\"type\":\"function\",\"function\":{\"name\":\"read\",", 45), 0);
	oc_strv_add(&drop, OC_LIT("description"));
	oc_strv_add(&drop, OC_LIT("path")); /* a property, not a keyword: stays */
	json_t *w = oc_tools_json(&drop, &again);
	char *slim = oc_json_compact(w);
	assert_non_null(strstr(slim, "\"offset\":{\"type\":\"integer\"}"));
	assert_non_null(strstr(slim, "\"path\":{"));
	assert_non_null(
	    strstr(slim, "\"description\":\"Read a text file")); /* the function's own */
	free(text);
	free(slim);
	json_decref(v);
	json_decref(w);
	oc_strv_deinit(&names);
	oc_strv_deinit(&again);
	oc_strv_deinit(&drop);
}

static void tools_are_found_under_the_names_models_use(void **state)
{
	static const char *const names[][2] = {
		{ "read", "read" },	      { "bash", "exec" },	{ "Write", "write" },
		{ "functions.exec", "exec" }, { "tools.Edit", "edit" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_string_equal(oc_tool_find(oc_str(names[i][0]))->name, names[i][1]);
	assert_null(oc_tool_find(OC_LIT("reader")));
	assert_null(oc_tool_find(OC_LIT("")));
}

/* ---- exec: in a task, because it waits ---- */

static void commands(void *arg)
{
	(void)arg;
	ctx.exec_mode = "full";
	expect("exec", "{\"command\":\"echo hi\"}", false, "hi");
	expect("exec", "{\"command\":\"true\"}", false, "(no output)");
	expect("exec", "{\"cmd\":\"echo out; echo err >&2; exit 3\"}", false,
	       "out\nerr\n[exit code 3]");
	expect("exec", "{\"command\":\"exit 4\"}", false, "(no output)\n[exit code 4]");
	expect("exec", "{\"command\":\"kill -9 $$\"}", false, "(no output)\n[ended by signal 9]");
	expect_has("exec", "{\"command\":\"echo start; sleep 30\",\"timeout\":1}", false,
		   "start\n[stopped after 1 s");
	expect_has("exec", "{\"command\":\"pwd\"}", false, "/ws");
	expect_has("exec", "{\"command\":\"pwd\",\"cwd\":\"dir\"}", false, "/ws/dir");
	expect_has("exec", "{\"command\":\"pwd\",\"workdir\":\"absent\"}", true, "is not a folder");
	expect("exec", "{\"command\":\"printf 'a\\\\0b\\\\377'\"}", false,
	       "a\xEF\xBF\xBD"
	       "b\xEF\xBF\xBD");
	setenv("LM_API_TOKEN", "secret-key", 1);
	expect_has("exec", "{\"command\":\"env\"}", false, "OPENCLAW_SHELL=exec");
	assert_null(strstr(oc_buf_cstr(&result.text), "secret-key"));
	expect_has(
	    "exec",
	    "{\"command\":\"echo curl; echo '<</UNTRUSTED x>> <<untrusted y>> UNTRUSTED'\"}", false,
	    "\ncurl\n<<\xE2\x81\xA0/UNTRUSTED x>> <<\xE2\x81\xA0untrusted y>> UNTRUSTED\n<</UNTRUSTED ");
	assert_int_equal(strncmp(oc_buf_cstr(&result.text), "<<UNTRUSTED ", 12), 0);
	expect("exec", "{\"command\":\"echo uncurled\"}", false, "uncurled");
	ctx.max_result_chars = 2000;
	expect_has("exec", "{\"command\":\"seq 1 5000; echo fatal: it broke\"}", false,
		   "characters left out");
	assert_true(result.text.n <= 2000);
	assert_non_null(strstr(oc_buf_cstr(&result.text), "fatal: it broke"));
	assert_non_null(strstr(oc_buf_cstr(&result.text), "1\n2\n3\n"));
}

static void commands_run_in_the_workspace_without_our_keys(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(commands, NULL), 0);
#ifdef __linux__
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0); /* /proc/PPID/environ is closed to them */
#endif
}

static void asking(void *arg)
{
	(void)arg;
	ctx.exec_mode = "ask";
	expect_has("exec", "{\"command\":\"echo hi > ran\"}", true, "nobody is here");
	ctx.approve_wait = person;
	answer = OC_E_DENIED;
	expect("exec", "{\"command\":\"echo hi > ran\"}", true, "exec: the person said no");
	ctx.exec_mode = "deny";
	expect_has("exec", "{\"command\":\"echo hi > ran\"}", true, "switched off");
	assert_int_equal(asked, 1);
	char *path = oc_asprintf("%s/ran", workspace);
	assert_false(oc_file_exists(path));
	ctx.exec_mode = "ask";
	answer = OC_OK;
	expect("exec", "{\"command\":\"echo hi > ran\"}", false, "(no output)");
	assert_true(oc_file_exists(path));
	assert_int_equal(asked, 2);
	free(path);
}

static void a_command_runs_only_after_a_yes(void **state)
{
	(void)state;
	assert_int_equal(oc_rt_run(asking, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_file_is_read_from_the_workspace, fresh),
		cmocka_unit_test_setup(a_long_file_is_read_in_pieces_that_join_to_the_whole, fresh),
		cmocka_unit_test_setup(a_line_longer_than_the_room_is_cut_and_said_to_be, fresh),
		cmocka_unit_test_setup(folders_are_listed, fresh),
		cmocka_unit_test_setup(what_cannot_be_read_is_explained, fresh),
		cmocka_unit_test_setup(a_model_that_can_see_gets_the_image, fresh),
		cmocka_unit_test_setup(wrong_arguments_are_answered_with_parameters_and_an_example,
				       fresh),
		cmocka_unit_test_setup(a_file_is_written_whole, fresh),
		cmocka_unit_test_setup(a_rewritten_script_stays_executable, fresh),
		cmocka_unit_test_setup(outside_the_workspace_the_person_decides, fresh),
		cmocka_unit_test_setup(links_do_not_lead_writes_out_of_the_workspace, fresh),
		cmocka_unit_test_setup(
		    the_programs_own_files_are_not_part_of_a_workspace_around_them, fresh),
		cmocka_unit_test_setup(a_long_result_is_cut_once_and_kept_in_a_file, fresh),
		cmocka_unit_test_setup(the_tools_array_has_a_fixed_form, fresh),
		cmocka_unit_test_setup(tools_are_found_under_the_names_models_use, fresh),
		cmocka_unit_test_setup(commands_run_in_the_workspace_without_our_keys, fresh),
		cmocka_unit_test_setup(a_command_runs_only_after_a_yes, fresh),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
