#ifndef OC_MODELS_H
#define OC_MODELS_H
#include "cli/command.h"
#include "cli/print.h"
#include "config/edit.h"
#include "model/provider/select.h"
/* What the files of `openclaw models …` share (spec 01 §8.7). */
struct oc_models_cli {
	struct oc_config config;
	struct oc_catalog catalog;
};
/* Loads both; false after saying why. Close it in either case. */
OC_MUST_USE bool oc_models_open(struct oc_models_cli *m);
void oc_models_close(struct oc_models_cli *m);

/* A copy of the authored config to be changed; new reference. */
json_t *oc_models_edit(const struct oc_models_cli *m);
/* agents.defaults of an edit, made when missing. Borrowed. */
json_t *oc_models_defaults(json_t *raw);
/* Validates and writes raw (stolen). *changed (may be NULL) tells whether bytes changed. Returns
 * the exit code. */
int oc_models_save(const struct oc_models_cli *m, json_t *raw, bool *changed);
/* "Updated config: …" and the backup line. */
void oc_models_print_saved(const struct oc_models_cli *m);
/* Resolves what was typed; false after saying why. Warnings go to stderr. */
OC_MUST_USE bool oc_models_resolve(const struct oc_models_cli *m, const char *typed,
				   struct oc_selection *out);
/* Resolves for display only: the key, or the text itself when it resolves to nothing. Free with
 * free(). */
char *oc_models_key(const struct oc_models_cli *m, const char *ref);
/* The warning of the context guard, as an agent turn would give it. */
void oc_models_warn_context(const struct oc_config *config, const struct oc_selection *target);
/* Exit code 1 after "missing argument <name>". */
int oc_models_missing(const struct oc_args *a, const char *name);

extern const struct oc_option oc_models_output_options[]; /* --json, --plain */
int oc_cmd_models_list(struct oc_args *a);
extern const struct oc_option oc_models_list_options[];
int oc_cmd_models_probe(struct oc_args *a);
extern const struct oc_option oc_models_probe_options[];
/* The table of oc_probe_wait's report (model/call/probe.h). */
void oc_models_print_probe(FILE *out, const char *key, json_t *report);
extern const struct oc_command oc_models_aliases_commands[];
extern const struct oc_command oc_models_fallbacks_commands[];
extern const struct oc_command oc_models_image_fallbacks_commands[];
extern const struct oc_command oc_models_auth_commands[];
/* Asks every server whose list may change; what failed is said on stderr. OC_CANCELLED or OC_OK;
 * *failed counts. */
OC_MUST_USE enum oc_rc oc_models_refresh_wait(struct oc_models_cli *m, const char *provider,
					      size_t *asked, size_t *failed);
#endif
