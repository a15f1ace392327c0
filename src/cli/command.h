#ifndef OC_COMMAND_H
#define OC_COMMAND_H
#include "base/str.h"
/*
 * The command line as a table. A command runs in a task (it may park). Results go to stdout,
 * notices and warnings to stderr; the return value is the exit code (0, or 1 for every kind of
 * failure).
 */
struct oc_args;
struct oc_option {
	const char *name;  /* "--model" */
	char short_name;   /* 'm' or 0 */
	const char *value; /* "<ref>"; NULL = a flag */
	const char *help;
	bool hidden;
};
struct oc_command {
	const char *name;
	const char *usage; /* positional part, "<path> <value>", NULL */
	const char *help;  /* NULL = not listed */
	int (*run)(struct oc_args *a);
	const struct oc_option *options; /* ends with name NULL; may be NULL */
	const struct oc_command *sub;	 /* ends with name NULL; may be NULL */
};

/* What was typed. Borrowed from argv. */
const char *oc_args_get(const struct oc_args *a,
			const char *option); /* last value, NULL when absent; "" for a flag */
bool oc_args_has(const struct oc_args *a, const char *option);
size_t oc_args_all(const struct oc_args *a, const char *option, const char **out, size_t max);
size_t oc_args_n(const struct oc_args *a);		    /* positionals */
const char *oc_args_pos(const struct oc_args *a, size_t i); /* NULL beyond the end */
/* "error: …" and a pointer to the help of this command on stderr; returns 1. */
int oc_usage_error(const struct oc_args *a, const char *fmt, ...) OC_PRINTF(2, 3);
int oc_error(const char *fmt, ...) OC_PRINTF(1, 2); /* "error: …" on stderr; returns 1 */

extern const struct oc_command oc_commands[]; /* the root table, in commands.c */
extern const struct oc_option oc_global_options[];
int oc_cli_main(int argc, char **argv);

/* Files of the table: one command each. */
extern const struct oc_command oc_config_commands[];
extern const struct oc_command oc_mcp_commands[];
extern const struct oc_command oc_models_commands[];
extern const struct oc_command oc_infer_commands[];
extern const struct oc_option oc_models_status_options[];
int oc_cmd_models_status(struct oc_args *a);
extern const struct oc_option oc_onboard_options[];
int oc_cmd_onboard(struct oc_args *a);
extern const struct oc_option oc_agent_options[];
int oc_cmd_agent(struct oc_args *a);
int oc_cmd_supervise(struct oc_args *a);
#endif
