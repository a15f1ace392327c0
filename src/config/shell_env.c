/* Asks the login shell for its variables. What its files print themselves comes before a mark and
 * is ignored. */
#include "config/shell_env.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "rt/proc.h"

static const char command[] = "printf '\\0openclaw-env\\0'; exec env -0";

/* What a shell needs to find its files and nothing that is secret. */
static void add_environment(struct oc_strv *list)
{
	static const char *const names[] = { "HOME", "USER", "LOGNAME",	       "SHELL",
					     "PATH", "LANG", "XDG_CONFIG_HOME" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (getenv(names[i])) oc_strv_addf(list, "%s=%s", names[i], getenv(names[i]));
	oc_strv_addf(list, "TERM=dumb");
}

static void add_variables(struct oc_env *env, struct oc_str list)
{
	while (list.n) {
		size_t end = oc_str_find(list, OC_LIT("\0"), 0);
		struct oc_str entry = oc_str_head(list, end);
		size_t equals = oc_str_find(entry, OC_LIT("="), 0);

		if (equals != SIZE_MAX && equals > 0)
			oc_env_add(env, oc_str_head(entry, equals), oc_str_from(entry, equals + 1),
				   "login shell");
		list = end == SIZE_MAX ? OC_LIT("") : oc_str_from(list, end + 1);
	}
}

void oc_shell_env_wait(struct oc_env *env, unsigned timeout_ms, struct oc_strv *warnings)
{
	static const struct oc_str mark = { "\0openclaw-env\0", 14 };
	const char *shell = getenv("SHELL");
	struct oc_strv variables = { 0 };
	struct oc_proc_result result = { 0 };
	struct oc_err e = { 0 };

	if (!shell || shell[0] != '/' || access(shell, X_OK) != 0) shell = "/bin/sh";
	char *name = oc_strdup(shell), *login = oc_strdup("-l"), *run = oc_strdup("-c"),
	     *text = oc_strdup(command);
	char *args[] = { name, login, run, text, NULL };
	add_environment(&variables);
	struct oc_proc_spec spec = {
		.file = shell, .args = args, .env = variables.v, .max_output = OC_MAX_DOTENV_BYTES
	};
	enum oc_rc rc = oc_proc_run_wait(&spec, oc_deadline_in(timeout_ms), &result, &e);
	size_t at = rc ? SIZE_MAX : oc_str_find(oc_buf_view(&result.output), mark, 0);
	if (at != SIZE_MAX && !result.timed_out && !result.exit_code)
		add_variables(env, oc_str_from(oc_buf_view(&result.output), at + mark.n));
	else if (rc != OC_CANCELLED)
		oc_strv_addf(warnings, "env.shellEnv: %s gave no variables: %s", shell,
			     rc			? e.msg
			     : result.timed_out ? "it took too long"
						: "it failed");
	oc_proc_result_deinit(&result);
	oc_strv_deinit(&variables);
	free(name);
	free(login);
	free(run);
	free(text);
}
