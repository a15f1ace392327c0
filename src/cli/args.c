/*
 * Parses the command line along the command table, prints help, and starts the command in a task.
 * Options may stand before or after positionals; "--" ends them; "--name=value" and "--name value"
 * are the same.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/version.h"
#include "base/visible.h"
#include "cli/command.h"
#include "cli/setup/profile.h"
#include "rt/task.h"

enum { MAX_ARGS = 512 };

struct given {
	const struct oc_option *option;
	const char *value;
};
struct oc_args {
	const struct oc_command *path[4]; /* root command first */
	size_t depth;
	struct given given[MAX_ARGS];
	size_t n_given;
	const char *pos[MAX_ARGS];
	size_t n_pos;
	bool help;
	int exit_code;
};

const struct oc_option oc_global_options[] = {
	{ .name = "--help", .short_name = 'h', .help = "Show this help" },
	{ .name = "--log-level",
	  .value = "<level>",
	  .help = "error, warn (default), info or debug" },
	{ .name = "--profile", .value = "<name>", .help = "State in ~/.openclaw-<name>" },
	{ .name = "--dev", .help = "State in ~/.openclaw-dev, gateway on port 19001" },
	{ .name = "--no-color", .help = "No colours" },
	{ 0 },
};

int oc_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("error: ", stderr);
	oc_visible_vprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	return 1;
}

static void print_path(FILE *to, const struct oc_args *a)
{
	fputs("openclaw", to);
	for (size_t i = 0; i < a->depth; i++) fprintf(to, " %s", a->path[i]->name);
}

int oc_usage_error(const struct oc_args *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("error: ", stderr);
	oc_visible_vprintf(stderr, fmt, ap);
	fputs("\nRun '", stderr);
	print_path(stderr, a);
	fputs(" --help' for what it takes.\n", stderr);
	va_end(ap);
	return 1;
}

const char *oc_args_get(const struct oc_args *a, const char *option)
{
	for (size_t i = a->n_given; i > 0; i--)
		if (!strcmp(a->given[i - 1].option->name, option)) return a->given[i - 1].value;
	return NULL;
}

bool oc_args_has(const struct oc_args *a, const char *option)
{
	return oc_args_get(a, option) != NULL;
}

size_t oc_args_all(const struct oc_args *a, const char *option, const char **out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_given && n < max; i++)
		if (!strcmp(a->given[i].option->name, option)) out[n++] = a->given[i].value;
	return n;
}

size_t oc_args_n(const struct oc_args *a)
{
	return a->n_pos;
}

const char *oc_args_pos(const struct oc_args *a, size_t i)
{
	return i < a->n_pos ? a->pos[i] : NULL;
}

/* ---- help ---- */

/* By columns and not by bytes: names may hold "…". */
static void print_row(const char *left, const char *help)
{
	int pad = 34 - (int)oc_utf8_width(oc_str(left));

	printf("  %s%*s %s\n", left, pad > 0 ? pad : 0, "", help);
}

static void print_option(const struct oc_option *o)
{
	char left[80];
	char short_form[8] = "    ";

	if (o->hidden) return;
	if (o->short_name) snprintf(short_form, sizeof short_form, "-%c, ", o->short_name);
	snprintf(left, sizeof left, "%s%s%s%s", short_form, o->name, o->value ? " " : "",
		 o->value ? o->value : "");
	print_row(left, o->help);
}

static void print_commands(const struct oc_command *c)
{
	puts("\nCommands:");
	for (; c->name; c++) {
		char left[80];
		if (!c->help) continue; /* not for people */
		snprintf(left, sizeof left, "%s%s%s", c->name, c->usage ? " " : "",
			 c->usage ? c->usage : "");
		print_row(left, c->help);
	}
}

static void print_help(const struct oc_args *a)
{
	const struct oc_command *c = a->depth ? a->path[a->depth - 1] : NULL;
	const struct oc_command *sub = c ? c->sub : oc_commands;

	printf("OpenClaw %s — an agent on your own models\n\nUsage: ", oc_version_text());
	print_path(stdout, a);
	printf("%s%s%s\n", sub ? " <command>" : "", c && c->usage ? " " : "",
	       c && c->usage ? c->usage : "");
	if (c && c->help) printf("\n%s\n", c->help);
	if (sub) print_commands(sub);
	puts("\nOptions:");
	for (const struct oc_option *o = c ? c->options : NULL; o && o->name; o++) print_option(o);
	for (const struct oc_option *o = oc_global_options; o->name; o++) print_option(o);
	if (!c) puts("      --version                      Show the version");
}

/* ---- parsing ---- */

static const struct oc_command *find_command(const struct oc_command *table, const char *name)
{
	for (; table && table->name; table++)
		if (!strcmp(table->name, name)) return table;
	return NULL;
}

static const struct oc_option *find_in(const struct oc_option *o, struct oc_str name)
{
	for (; o && o->name; o++) {
		if (oc_str_eq(oc_str(o->name), name)) return o;
		if (o->short_name && name.n == 2 && name.p[0] == '-' && name.p[1] == o->short_name)
			return o;
	}
	return NULL;
}

static const struct oc_option *find_option(const struct oc_args *a, struct oc_str name)
{
	const struct oc_option *o = find_in(oc_global_options, name);

	for (size_t i = a->depth; !o && i > 0; i--) o = find_in(a->path[i - 1]->options, name);
	return o;
}

/* Takes the option at argv[*i] (and its value). False: a message was printed. */
static bool take_option(struct oc_args *a, int argc, char **argv, int *i)
{
	struct oc_str whole = oc_str(argv[*i]);
	size_t eq =
	    oc_str_starts(whole, OC_LIT("--")) ? oc_str_find(whole, OC_LIT("="), 0) : SIZE_MAX;
	struct oc_str name = oc_str_head(whole, eq);
	const struct oc_option *o = find_option(a, name);
	const char *value = "";

	if (!o) {
		oc_usage_error(a, "unknown option '%.*s'", OC_FMT(name));
		return false;
	}
	if (o->value && eq != SIZE_MAX)
		value = argv[*i] + eq + 1;
	else if (o->value) {
		if (*i + 1 >= argc) {
			oc_usage_error(a, "option %s needs a value %s", o->name, o->value);
			return false;
		}
		value = argv[++*i];
	} else if (eq != SIZE_MAX) {
		oc_usage_error(a, "option %s takes no value", o->name);
		return false;
	}
	a->given[a->n_given++] = (struct given){ o, value };
	return true;
}

/* "-5" and "-.5" are values, not options. */
static bool is_number(const char *arg)
{
	return (arg[1] >= '0' && arg[1] <= '9') || (arg[1] == '.' && arg[2]);
}

static bool unknown_command(const struct oc_args *a, const char *name)
{
	fputs("error: unknown command '", stderr);
	print_path(stderr, a);
	oc_visible_printf(stderr, " %s'\nRun '", name);
	print_path(stderr, a);
	fputs(" --help' to see the commands there are.\n", stderr);
	return false;
}

static bool parse(struct oc_args *a, int argc, char **argv)
{
	const struct oc_command *table = oc_commands;
	bool options = true;

	if (argc > MAX_ARGS) return oc_error("more than %d arguments", MAX_ARGS), false;
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];

		if (options && !strcmp(arg, "--")) {
			options = false;
		} else if (options && arg[0] == '-' && arg[1] && !is_number(arg)) {
			if (!take_option(a, argc, argv, &i)) return false;
		} else if (table && a->n_pos == 0) {
			const struct oc_command *c = find_command(table, arg);
			if (!c) return unknown_command(a, arg);
			a->path[a->depth++] = c;
			table = c->sub;
		} else
			a->pos[a->n_pos++] = arg;
	}
	return true;
}

static void run_command(void *arg)
{
	struct oc_args *a = arg;

	a->exit_code = a->path[a->depth - 1]->run(a);
}

/* The reference product has more levels than we tell apart. */
static const char *known_level(const char *name)
{
	if (!strcmp(name, "silent") || !strcmp(name, "fatal")) return "error";
	return strcmp(name, "trace") ? name : "debug";
}

static bool set_log_level(const struct oc_args *a)
{
	const char *name = oc_args_get(a, "--log-level");
	enum oc_log_level level;

	if (!name) return true;
	if (!oc_log_parse_level(known_level(name), &level)) {
		oc_usage_error(a, "unknown log level '%s' (error, warn, info, debug)", name);
		return false;
	}
	oc_log_set_level(level);
	return true;
}

/* What holds for every command. */
static bool apply_globals(const struct oc_args *a)
{
	struct oc_err e = { 0 };

	if (!set_log_level(a)) return false;
	if (oc_args_has(a, "--no-color")) setenv("NO_COLOR", "1", 1);
	if (oc_profile_apply(oc_args_get(a, "--profile"), oc_args_has(a, "--dev"), &e) == OC_OK)
		return true;
	oc_usage_error(a, "%s", e.msg);
	return false;
}

/* "help X Y" asks for the help of X Y. */
static int ask_for_help(int argc, char **argv, char **words)
{
	static char flag[] = "--help";

	words[0] = argv[0];
	for (int i = 2; i < argc; i++) words[i - 1] = argv[i];
	words[argc - 1] = flag;
	return argc;
}

static int dispatch(int argc, char **argv)
{
	char *words[MAX_ARGS + 1];
	struct oc_args a = { 0 };

	if (argc == 2 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))) {
		printf("OpenClaw %s\n", oc_version_text());
		return 0;
	}
	if (argc > 1 && argc <= MAX_ARGS && !strcmp(argv[1], "help")) {
		argc = ask_for_help(argc, argv, words);
		argv = words;
	}
	if (!parse(&a, argc, argv) || !apply_globals(&a)) return 1;
	const struct oc_command *c = a.depth ? a.path[a.depth - 1] : NULL;
	if (oc_args_has(&a, "--help")) {
		print_help(&a);
		return 0;
	}
	if (!c) {
		print_help(&a);
		return argc > 1;
	}
	if (!c->run) return oc_usage_error(&a, "'%s' needs a command", c->name);
	if (!c->usage && a.n_pos) return oc_usage_error(&a, "unexpected argument '%s'", a.pos[0]);
	int sig = oc_rt_run(run_command, &a);
	return sig ? 128 + sig : a.exit_code;
}

int oc_cli_main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	int exit_code = dispatch(argc, argv);
	/* ferror too: what a flush on the way lost, the last one does not miss. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && !exit_code)
		return oc_error("cannot write to standard output");
	return exit_code;
}
