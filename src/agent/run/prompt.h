#ifndef OC_AGENT_PROMPT_H
#define OC_AGENT_PROMPT_H
#include <time.h>

#include "agent/run/plan.h"
#include "agent/skill/skills.h"
/*
 * The system text (spec 03 §3.3): fixed sentences of at most 2 400 characters, then the user's
 * files. The same inputs give the same bytes (D50). What changes from message to message rides in
 * the header of the user message instead.
 */
struct oc_prompt_spec {
	const char *workspace;
	const char *time_zone; /* "Europe/Berlin" */
	const struct oc_plan *plan;
	bool tools;			/* tools are offered */
	const char *directory;		/* lines of what use_tool can call; NULL or "" = nothing */
	bool light;			/* no skills and none of the user's files */
	const struct oc_skills *skills; /* NULL = none */
};
/* Appends. Reads SOUL.md, IDENTITY.md, USER.md, AGENTS.md (with TOOLS.md) and MEMORY.md of the
 * workspace, as many characters as the plan allows. Files that are missing or unreadable are left
 * out. */
void oc_prompt_system(const struct oc_prompt_spec *spec, struct oc_buf *out);
/* What the clock shows in this zone; the process's when it is none. */
void oc_prompt_local_time(int64_t wall_ms, const char *zone, struct tm *out);
/* Appends "[ctx 2026-11-21 09:14 Europe/Berlin | cli | from Ann]\n". sender may be NULL. */
void oc_prompt_header(int64_t wall_ms, const char *time_zone, const char *channel,
		      const char *sender, struct oc_buf *out);
/* Appends "[ctx 2026-11-21 09:14 Europe/Berlin | cli]\n" and the text, in which control words of
 * templates are made harmless (spec 03 §6.2). */
void oc_prompt_user(int64_t wall_ms, const char *time_zone, const char *channel, struct oc_str text,
		    struct oc_buf *out);
/* The configured zone if it is one, else the system's, else "UTC". Free with free(). */
char *oc_prompt_time_zone(const char *configured);
/* A user file as it is injected: without HTML comments and sections of related links, cut to max
 * characters (three quarters from the head, the rest from the tail). */
void oc_prompt_clean_file(struct oc_str text, size_t max, struct oc_buf *out);
#endif
