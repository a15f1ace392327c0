/* What is understood of a command, and which programs it runs. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tool/sandbox/programs.h"

/* want: "[word|word] [word >file]"; a text in parentheses is why it is opaque. */
static const struct {
	const char *in, *want;
} cases[] = {
	{ "ls", "[ls]" },
	{ "  ls   -l\t. ", "[ls|-l|.]" },
	{ "a && b || c; d | e |& f & g\nh", "[a] [b] [c] [d] [e] [f] [g] [h]" },
	{ "a;\n\n b", "[a] [b]" },
	{ "echo 'a b' \"c d\"'e'", "[echo|a b|c de]" },
	{ "echo ''", "[echo|]" },
	{ "echo a\\ b \\\n c", "[echo|a b|c]" },
	{ "echo \"a\\\"b\\\\c\\d\"", "[echo|a\"b\\c\\d]" },
	{ "echo '$x `y`' \\$x", "[echo|$x `y`|$x]" },
	{ "ls # rm -rf /", "[ls]" },
	{ "ls#x", "[ls#x]" },
	{ "# only words\nls", "[ls]" },
	{ "ls *.c [ab]?", "[ls|*.c|[ab]? *]" },
	{ "echo '*'", "[echo|*]" },
	{ "a > out 2>&1 < in", "[a >out >in]" },
	{ "a 2>err >>\"o p\" &>all", "[a >err >o p >all]" },
	{ "a >/dev/null 2>/dev/null 3>&- ", "[a]" },
	{ "a 2 >x", "[a|2 >x]" },
	{ "a2>x", "[a2 >x]" },
	{ "a >& x", "[a >x]" },
	{ ">x a", "[a >x]" },
	{ "grep 'it''s' \"f\"", "[grep|its|f]" },
	{ "'ls' -l", "[ls|-l]" },
	{ "\\ls", "[ls]" },
	{ "a$", "(a variable or substitution)" },
	{ "echo $(id)", "(a variable or substitution)" },
	{ "echo \"x $(id)\"", "(a variable or substitution)" },
	{ "echo `id`", "(a command substitution)" },
	{ "echo \"`id`\"", "(a command substitution)" },
	{ "$X", "(a variable or substitution)" },
	{ "ls ${X}", "(a variable or substitution)" },
	{ "echo $'a'", "(a variable or substitution)" },
	{ "cat <<E\nx\nE", "(a here-document)" },
	{ "cat <<<x", "(a here-document)" },
	{ "diff <(a) b", "(a process substitution)" },
	{ "a >(b)", "(a process substitution)" },
	{ "(ls)", "(a subshell or function)" },
	{ "ls; (rm x)", "(a subshell or function)" },
	{ "f() { rm x; }", "(a subshell or function)" },
	{ "{ ls; }", "(braces)" },
	{ "echo {a,b}", "(braces)" },
	{ "if a; then b; fi", "(a control structure)" },
	{ "! a", "(a control structure)" },
	{ "time ls", "(a control structure)" },
	{ "X=1 ls", "(an assignment)" },
	{ "PATH+=:/tmp ls", "(an assignment)" },
	{ "x[0]=1", "(a name that is a pattern)" },
	{ "l* x", "(a name that is a pattern)" },
	{ "~/x", "(a name that is a pattern)" },
	{ "a > *", "(a redirection to a pattern)" },
	{ "a > ~/x", "(a redirection to a pattern)" },
	{ "a >", "(a redirection to nothing)" },
	{ "a 'b", "(a quote that is not closed)" },
	{ "a \"b", "(a quote that is not closed)" },
	{ "a \\", "(a backslash at the end)" },
	{ "| a", "(an operator without a command before it)" },
	{ "a && && b", "(an operator without a command before it)" },
	{ ">x", "(a redirection without a command)" },
	{ "''", "(an empty name)" },
	{ "", "(nothing to run)" },
	{ " \n # x", "(nothing to run)" },
};

static char *describe(const struct oc_shell *s)
{
	struct oc_buf out;

	if (s->opaque) return oc_asprintf("(%s)", s->opaque);
	oc_buf_init(&out, 4096);
	for (size_t i = 0; i < s->n; i++) {
		const struct oc_shell_command *c = &s->v[i];

		oc_buf_adds(&out, i ? " [" : "[");
		for (size_t k = 0; k < c->words.n; k++)
			oc_buf_addf(&out, "%s%s", k ? "|" : "", c->words.v[k]);
		for (size_t k = 0; k < c->files.n; k++) oc_buf_addf(&out, " >%s", c->files.v[k]);
		oc_buf_adds(&out, c->globs ? " *]" : "]");
	}
	return oc_buf_take(&out);
}

static void what_could_mean_more_is_opaque(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_shell s;

		oc_shell_parse(oc_str(cases[i].in), &s);
		char *got = describe(&s);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s\n got: %s\nwant: %s", cases[i].in, got, cases[i].want);
		free(got);
		oc_shell_deinit(&s);
	}
}

static bool read_only(const char *command)
{
	struct oc_shell s;
	bool yes;

	oc_shell_parse(oc_str(command), &s);
	yes = oc_programs_read_only(&s);
	oc_shell_deinit(&s);
	return yes;
}

static void commands_that_only_look_are_known(void **state)
{
	static const char *const yes[] = {
		"ls -l",
		"cat a | head -3 | wc -l",
		"git status && git log -3",
		"find . -name '*.c'",
		"grep -r x . 2>/dev/null",
		"date; uname -a",
		"rg x",
		"git diff a",
	};
	static const char *const no[] = {
		"rm x",
		"ls > out",
		"ls; rm x",
		"find . -delete",
		"find . -exec rm {} +",
		"find . -fprintf x y",
		"find *",
		"git push",
		"git -c a=b log",
		"git",
		"git diff --output=x",
		"rg --pre sh x",
		"date -s now",
		"cat $X",
		"/tmp/ls",
		"cat a && (rm x)",
		"sort x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		if (!read_only(yes[i])) fail_msg("%s", yes[i]);
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		if (read_only(no[i])) fail_msg("%s", no[i]);
}

static char root[] = "/tmp/oc-shell-XXXXXX";

static void make(const char *name, const char *text)
{
	char *path = oc_asprintf("%s/%s", root, name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0755), 0);
	free(path);
}

static void only_listed_programs_are_covered(void **state)
{
	static const struct {
		const char *command;
		bool covered;
	} rows[] = {
		{ "tool a", true },
		{ "tool a | tool b && tool c", true },
		{ "tool a > inside.txt", true },
		{ "other a", true }, /* by the glob of its path */
		{ "env", false },
		{ "third", false },
		{ "tool a; third", false },
		{ "tool > /tmp/outside.txt", false },
		{ "tool > ../outside.txt", false },
		{ "tool > away/x", false }, /* a link that leads out */
		{ "tool $(third)", false },
		{ "tool & (third)", false },
		{ "./tool a", false }, /* the name stands for the one in PATH */
		{ "sh -c 'tool a'", false },
		{ "python3 x.py", true },
		{ "python3 -c 'import os'", false },
		{ "python3 -Ic 'import os'", false },
		{ "missing", false },
	};
	struct oc_strv list = { 0 };
	char *path, *ws, *away;

	(void)state;
	assert_non_null(mkdtemp(root));
	ws = oc_asprintf("%s/ws", root);
	away = oc_asprintf("%s/ws/away", root);
	assert_int_equal(mkdir(ws, 0700), 0);
	assert_int_equal(symlink("/tmp", away), 0);
	make("tool", "");
	make("other", "");
	make("third", "");
	make("env", "");
	make("sh", "");
	make("python3", "");
	make("ws/tool", "");
	path = oc_asprintf("%s:/nowhere", root);
	oc_strv_add(&list, OC_LIT("tool"));
	oc_strv_add(&list, OC_LIT("env"));
	oc_strv_add(&list, OC_LIT("sh"));
	oc_strv_add(&list, OC_LIT("python3"));
	oc_strv_addf(&list, "%s/oth*", root);
	const struct oc_programs_place place = { .path = path, .workdir = ws, .workspace = ws };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_shell s;

		oc_shell_parse(oc_str(rows[i].command), &s);
		if (oc_programs_allowed(&s, &list, &place) != rows[i].covered)
			fail_msg("%s", rows[i].command);
		oc_shell_deinit(&s);
	}
	oc_strv_deinit(&list);
	free(path);
	free(ws);
	free(away);
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", root, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_could_mean_more_is_opaque),
		cmocka_unit_test(commands_that_only_look_are_known),
		cmocka_unit_test(only_listed_programs_are_covered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
