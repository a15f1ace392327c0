/* `openclaw completion`: prints or installs a completion script. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/completion/completion_text.h"
#include "cli/gateway/gateway_commands.h"
#include "config/paths.h"
#include "rt/file.h"

enum { MAX_SCRIPT = 1 << 20 };

const struct oc_option oc_completion_options[] = {
	{ .name = "--shell", .value = "<shell>", .help = "bash, zsh, fish or powershell" },
	{ .name = "--install", .help = "Write it to where the shell looks for it" },
	{ 0 },
};

/* Where shells look for the completions of a person; NULL where there is no such place. */
static char *place(const char *shell, const char *home)
{
	if (!strcmp(shell, "bash"))
		return oc_asprintf("%s/.local/share/bash-completion/completions/openclaw", home);
	if (!strcmp(shell, "fish"))
		return oc_asprintf("%s/.config/fish/completions/openclaw.fish", home);
	if (!strcmp(shell, "zsh")) return oc_asprintf("%s/.zfunc/_openclaw", home);
	return NULL;
}

static int install(const char *shell, struct oc_str script)
{
	struct oc_paths paths;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_paths_init(&paths, &e);
	char *path = rc ? NULL : place(shell, paths.home);

	if (rc || !path)
		oc_error("%s", rc ? e.msg
				  : "there is no usual place for it: add the output of `openclaw "
				    "completion --shell powershell` to your profile");
	else if (oc_file_write(path, script, 0644, NULL, &e))
		oc_error("%s", e.msg);
	else {
		printf("Installed: %s\n", path);
		if (!strcmp(shell, "zsh"))
			puts("Add to ~/.zshrc, if it is not there: fpath+=~/.zfunc; autoload -Uz "
			     "compinit; compinit");
		free(path);
		oc_paths_deinit(&paths);
		return 0;
	}
	free(path);
	oc_paths_deinit(&paths);
	return 1;
}

/* $SHELL names what the person uses. */
static const char *default_shell(void)
{
	const char *shell = getenv("SHELL"), *slash = shell ? strrchr(shell, '/') : NULL;

	return slash ? slash + 1 : "bash";
}

int oc_cmd_completion(struct oc_args *a)
{
	const char *shell = oc_args_get(a, "--shell");
	struct oc_buf script;
	int exit_code = 0;

	if (!shell) shell = default_shell();
	oc_buf_init(&script, MAX_SCRIPT);
	if (!oc_completion_text(shell, oc_commands, oc_global_options, &script))
		exit_code =
		    oc_usage_error(a, "unknown shell \"%s\" (%s)", shell, oc_completion_shells);
	else if (oc_args_has(a, "--install"))
		exit_code = install(shell, oc_buf_view(&script));
	else
		fputs(oc_buf_cstr(&script), stdout);
	oc_buf_deinit(&script);
	return exit_code;
}
