#ifndef OC_CONFIG_H
#define OC_CONFIG_H
#include "config/env.h"
#include "json/json5.h"
/*
 * The configuration file: parse, $include, ${VAR}, schema. Loading never writes. A missing file is
 * an empty object.
 */
struct oc_config {
	struct oc_paths paths;
	struct oc_env *env;
	bool exists;
	struct oc_json5 *source; /* the main file as authored; NULL when it does not exist */
	json_t *raw; /* authored values of the main file, ${VAR} and $include as written: what edits
			change */
	json_t *value; /* includes merged, variables replaced (unset ones: the member is absent):
			  what the program reads */
	struct oc_strv files;	 /* real paths of the included files that were read or tried */
	struct oc_strv warnings; /* unset variables and the like */
	struct oc_strv problems; /* "path: reason", all of them; empty = valid */
	struct oc_strv
	    foreign; /* root sections, and paths in owned ones, that are kept unread (D20, D76) */
};
/*
 * OC_E_INPUT when the file cannot be parsed or an include fails (e says where); schema problems are
 * no failure of the load: they stand in problems, and oc_config_require turns them into one. c is
 * initialised in every case, so that `config file` works beside a broken file; deinit it.

 * Parks (and then needs a task) only when env.shellEnv or OPENCLAW_LOAD_SHELL_ENV=1 asks for the
 login shell.
 */
OC_MUST_USE enum oc_rc oc_config_load(struct oc_config *c, struct oc_err *e);
void oc_config_deinit(struct oc_config *c);
/* For commands that need a valid configuration: prints file, every problem and the pointer to
 * `doctor --fix` to stderr and returns OC_E_INPUT when there is any; prints warnings and the notice
 * of foreign sections once. */
OC_MUST_USE enum oc_rc oc_config_require(const struct oc_config *c);

/* Warnings and the notice of what is kept unread, on stderr; at most once in a process. */
void oc_config_print_notices(const struct oc_config *c);
/* Problems or warnings, "path: reason", as [{path, message}]. New reference. */
json_t *oc_config_problems_json(const struct oc_strv *problems);
/* "error: invalid config: FILE" and a line for each problem, on stderr. */
void oc_config_print_problems(const struct oc_config *c, const struct oc_strv *problems);

/* Dotted-path reads of c->value, borrowed: "agents.defaults.model". Keys with dots: use oc_json_*
 * on the object. */
json_t *oc_config_get(const struct oc_config *c, const char *path);
#endif
