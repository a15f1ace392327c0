#ifndef OC_TOOL_POLICY_H
#define OC_TOOL_POLICY_H
#include "json/json.h"
/*
 * Which tools an agent may use (spec 03 §4.7): tools.profile, allow, alsoAllow, deny and
 * byProvider, of the configuration and of the agent, as layers that all have to agree. Deny wins;
 * an allow list that is not empty blocks the rest; alsoAllow extends the profile. Names are ours or
 * aliases, groups ("group:fs") and globs ("mem*", "server.*"). Pure.
 */
struct oc_policy_spec {
	const json_t *tools;	      /* `tools` of the configuration; NULL */
	const json_t *agent_tools;    /* `tools` of the agent's entry; NULL */
	const char *provider, *model; /* for byProvider: "lmstudio", "qwen/qwen3"; NULL */
	const char *off;  /* names, by spaces, that are switched off or not set up; NULL */
	bool no_memory;	  /* memory.search.enabled is false */
	bool no_channels; /* there is no messenger to send to */
	bool lean;	  /* agents.defaults.experimental.localModelLean (D15) */
	/* Further lists of names that hold at call time: of a session, a sender, a channel. NULL.
	 */
	const json_t *extra_allow, *extra_deny;
};
struct oc_policy;
/* Everything that counts is copied. Free with oc_policy_free, which accepts NULL. */
struct oc_policy *oc_policy_new(const struct oc_policy_spec *spec);
void oc_policy_free(struct oc_policy *p);
/* p NULL: true. name as registered. *why (may be NULL) gets a static text naming the rule that
 * forbids it. */
bool oc_policy_allows(const struct oc_policy *p, const char *name, const char **why);
/* Some tool of this server may be allowed, whatever it has. */
bool oc_policy_allows_some(const struct oc_policy *p, const char *server);
#endif
