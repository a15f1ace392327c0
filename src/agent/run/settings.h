#ifndef OC_AGENT_SETTINGS_H
#define OC_AGENT_SETTINGS_H
#include "config/config.h"
/*
 * What the configuration says about one agent: its entry (agents.entries.<id>, or agents.list[]
 * with that id), then agents.defaults, then what is built in.
 */
struct oc_agent_settings {
	const char *id;
	const json_t *entry;	  /* borrowed, NULL when the agent has none */
	char *workspace;	  /* absolute */
	const char *thinking;	  /* a level, NULL = by the model */
	const char *exec_mode;	  /* tools.exec.mode: the stricter of both places */
	const char *time_zone;	  /* userTimezone, NULL */
	const char *model;	  /* the agent's own reference, NULL */
	int64_t timeout_seconds;  /* whole run; 0 = none, -1 = not configured */
	int64_t context_tokens;	  /* cap; 0 = none */
	int64_t context_soft_cap; /* shorten above it; 0 = by the server's speed */
};
/* id NULL = "main". OC_E_NOT_FOUND: no such agent; e lists those there are. Borrows from config. */
OC_MUST_USE enum oc_rc oc_agent_settings_init(struct oc_agent_settings *s,
					      const struct oc_config *config, const char *id,
					      struct oc_err *e);
void oc_agent_settings_deinit(struct oc_agent_settings *s);
/* The agents there are: "main", and those of agents.entries and agents.list. */
void oc_agents_names(const struct oc_config *config, struct oc_strv *out);
/* References to try when the primary model fails, in order. */
void oc_agent_fallbacks(const struct oc_agent_settings *s, const struct oc_config *config,
			struct oc_strv *out);
/* An absolute path of what a person wrote: "~/" is the home folder, the rest is relative to base.
 * Free with free(). */
char *oc_agent_path(const struct oc_config *config, const char *base, const char *path);
#endif
