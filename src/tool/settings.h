#ifndef OC_TOOL_SETTINGS_H
#define OC_TOOL_SETTINGS_H
#include "config/config.h"
#include "tool/sandbox/permission.h"
#include "tool/sandbox/policy.h"
#include "tool/tool.h"
#include "tool/web.h"
/* What the configuration says about the tools of one agent with one model. */
struct oc_tool_settings {
	const char *exec_mode; /* the stricter of both places; static */
	struct oc_exec_options exec;
	struct oc_web_options web;
	enum oc_trust_tier trust; /* of the model */
	struct oc_policy *policy;
	bool lean;
};
/* entry: the agent's, may be NULL. provider, model: who is asked; NULL = byProvider does not count.
 * s holds no reference to config afterwards. */
void oc_tool_settings_init(struct oc_tool_settings *s, const struct oc_config *config,
			   const json_t *entry, const char *provider, const char *model);
/* The same, and only the tools that allow (a list as in a policy, NULL = all) names. */
void oc_tool_settings_init_for(struct oc_tool_settings *s, const struct oc_config *config,
			       const json_t *entry, const char *provider, const char *model,
			       const json_t *allow);
void oc_tool_settings_deinit(struct oc_tool_settings *s);
/* The fields of ctx that follow from it; s outlives the use of ctx. */
void oc_tool_settings_apply(const struct oc_tool_settings *s, struct oc_tool_context *ctx);
/* The set that a request offers. */
struct oc_toolset oc_tool_settings_set(const struct oc_tool_settings *s,
				       const struct oc_strv *drop_keywords);
#endif
