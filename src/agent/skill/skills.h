#ifndef OC_SKILLS_H
#define OC_SKILLS_H
#include "agent/skill/skill_scan.h"
#include "config/config.h"
/*
 * The skills of an agent (spec 03 §2.3): what was found in the workspace, its .agents/skills, the
 * person's ~/.agents/skills, <state>/skills and skills.load.extraDirs, and which of them can be
 * used: not switched off (skills.entries), allowed for this agent, and with what they require.
 */
struct oc_skill {
	const struct oc_skill_found *found;
	const json_t *needs;	 /* its metadata.openclaw, borrowed; NULL = none */
	const char *key;	 /* in skills.entries; borrowed */
	bool disabled, filtered; /* by the configuration; by the agent's list of skills */
	bool wrong_system;
	json_t *missing; /* {bins, anyBins, env, config, os}: what is not there */
	bool eligible;	 /* not disabled, nothing missing */
};
struct oc_skills {
	struct oc_skill *v; /* by name */
	size_t n;
	char *workspace, *managed; /* folders */
	struct oc_skill_scan scan;
};
/* agent: its entry of the configuration, NULL = none. Reads files on the thread pool. */
void oc_skills_find_wait(const struct oc_config *config, const char *workspace, const json_t *agent,
			 struct oc_skills *out);
/* Of a configured agent, NULL = "main". OC_E_NOT_FOUND: there is none; e lists those there are. out
 * is initialised in every case. */
OC_MUST_USE enum oc_rc oc_skills_of_wait(const struct oc_config *config, const char *agent,
					 struct oc_skills *out, struct oc_err *e);
void oc_skills_deinit(struct oc_skills *s); /* accepts a zeroed struct */
/* NULL when there is none of that name. */
const struct oc_skill *oc_skills_get(const struct oc_skills *s, struct oc_str name);
/* The model is told of it. */
bool oc_skill_is_shown(const struct oc_skill *s);
/* A person may call for it. */
bool oc_skill_is_command(const struct oc_skill *s);
/* One line, without what could disturb a terminal or a prompt. Appends. */
void oc_skill_about(const struct oc_skill *s, size_t max_bytes, struct oc_buf *out);
/* A member of metadata.openclaw, else of the head; NULL. Borrowed. */
const char *oc_skill_fact(const struct oc_skill *s, const char *member);

/* Appends "K=V" for each variable that skills.entries sets for a skill that can be used (env, and
 * apiKey for its primaryEnv), but for PATH and what the loader reads. */
void oc_skills_env(const struct oc_skills *s, const struct oc_config *config, struct oc_strv *out);

/* The skill that a person calls by "/name": NULL when there is none. Hyphens, underscores and the
 * case do not matter. */
const struct oc_skill *oc_skills_command(const struct oc_skills *s, struct oc_str name);
/* The message that goes to the model for it. Free with free(). */
char *oc_skill_request(const struct oc_skill *s, struct oc_str text);

/* ---- skill_status.c ---- */
/* Appends those that people may call, as commands.list shows them. */
void oc_skill_command_rows(const struct oc_skills *s, bool with_args, json_t *list);
/* As `skills list --json`, `skills info --json` and skills.status show it. New references. */
json_t *oc_skill_row(const struct oc_skill *s);
json_t *oc_skill_details(const struct oc_skill *s);
/* "bins: gh; env: TOKEN", appended. */
void oc_skill_missing_text(const struct oc_skill *s, struct oc_buf *out);

/* ---- skill_text.c ---- */
/* The list for the system text: one line each, at most max_chars; names_only, or a list that does
 * not fit: the names alone, as many as fit. Nothing when there is none, or no room. */
void oc_skills_list(const struct oc_skills *s, size_t max_chars, bool names_only,
		    struct oc_buf *out);
/* What stands behind skill://NAME: the body of SKILL.md with {baseDir} filled in, or of
 * skill://NAME/PATH: a file of its folder. OC_E_NOT_FOUND, OC_E_DENIED (e is for the model). out is
 * initialised by the call, on success only. */
OC_MUST_USE enum oc_rc oc_skills_read(const struct oc_skills *s, struct oc_str address,
				      struct oc_buf *out, struct oc_err *e);
#endif
