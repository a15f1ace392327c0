#ifndef OC_GRANTS_H
#define OC_GRANTS_H
#include "json/json.h"
/*
 * What a person allowed for good (spec 03 §4.8, D19): <state>/exec-grants.json, shown and taken
 * back by `openclaw approvals`. A grant is for one agent and one binding (tool/sandbox/binding.h):
 * the command, where it starts, and the bytes of what it runs; of that the file keeps a hash. It is
 * read for every question, so what is taken back counts at once.
 */
struct oc_grant {
	const char *agent, *tool, *what, *workdir;
	const char *program; /* NULL = not known */
	const char *binding; /* as in struct oc_question */
};
/* Whether it was granted before, and is not taken back. */
bool oc_grants_hold(const char *state_dir, const char *agent, const char *binding);
OC_MUST_USE enum oc_rc oc_grants_add(const char *state_dir, const struct oc_grant *g,
				     int64_t wall_ms, struct oc_err *e);
/* [{id, agent, tool, command, workdir, program?, createdAt}], the newest first. New reference.
 * Fails when the file is there and cannot be read. */
OC_MUST_USE enum oc_rc oc_grants_list(const char *state_dir, json_t **out, struct oc_err *e);
/* id NULL = all of them. *n: how many there were. */
OC_MUST_USE enum oc_rc oc_grants_revoke(const char *state_dir, const char *id, size_t *n,
					struct oc_err *e);
#endif
