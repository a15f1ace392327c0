/* The configuration of tools, resolved. */
#include "tool/settings.h"

#include "base/mem.h"

static void add_texts(struct oc_strv *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct oc_str s = oc_json_text(json_array_get(list, i));
		if (s.n) oc_strv_add(out, s);
	}
}

/* safeBins of the original are names of programs that are always allowed. */
static void read_exec(struct oc_exec_options *out, const json_t *tools, const json_t *agent)
{
	const json_t *const places[] = { json_object_get(tools, "exec"),
					 json_object_get(agent, "exec") };
	int64_t seconds = oc_json_positive(places[0], "timeoutSeconds");

	for (size_t i = 0; i < 2; i++) {
		add_texts(&out->allowlist, json_object_get(places[i], "allowlist"));
		add_texts(&out->allowlist, json_object_get(places[i], "safeBins"));
		add_texts(&out->path_prepend, json_object_get(places[i], "pathPrepend"));
	}
	out->timeout_s = seconds > 86400 ? 86400 : (unsigned)seconds;
	out->yield_ms = (unsigned)oc_json_positive(places[0], "backgroundMs");
	out->max_memory =
	    (uint64_t)oc_json_positive(json_object_get(places[0], "sandbox"), "memoryMb") << 20;
	out->network = oc_json_bool(json_object_get(places[0], "sandbox"), "network", false);
	out->workspace_only = oc_json_bool(json_object_get(tools, "fs"), "workspaceOnly", false) ||
			      oc_json_bool(json_object_get(agent, "fs"), "workspaceOnly", false);
}

static bool find_lean(const struct oc_config *config, const json_t *entry)
{
	const json_t *defaults = oc_config_get(config, "agents.defaults.experimental");
	bool all = oc_json_bool(defaults, "localModelLean", false);

	return oc_json_bool(json_object_get(entry, "experimental"), "localModelLean", all);
}

/* The first place that says anything; memorySearch is what older configurations have. */
static bool has_memory(const struct oc_config *config, const json_t *entry)
{
	const json_t *const places[] = {
		json_object_get(json_object_get(entry, "memory"), "search"),
		json_object_get(entry, "memorySearch"),
		oc_config_get(config, "memory.search"),
		oc_config_get(config, "agents.defaults.memorySearch"),
	};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (json_is_boolean(json_object_get(places[i], "enabled")))
			return oc_json_bool(places[i], "enabled", true);
	return true;
}

/* A channel that is switched on: then there is somebody to send messages to. */
static bool has_channels(const struct oc_config *config)
{
	json_t *channels = oc_config_get(config, "channels"), *section;
	const char *name;

	json_object_foreach (channels, name, section) {
		if (!strcmp(name, "defaults") || !strcmp(name, "modelByChannel")) continue;
		if (json_is_object(section) && oc_json_bool(section, "enabled", true)) return true;
	}
	return false;
}

void oc_tool_settings_init(struct oc_tool_settings *s, const struct oc_config *config,
			   const json_t *entry, const char *provider, const char *model)
{
	oc_tool_settings_init_for(s, config, entry, provider, model, NULL);
}

void oc_tool_settings_init_for(struct oc_tool_settings *s, const struct oc_config *config,
			       const json_t *entry, const char *provider, const char *model,
			       const json_t *allow)
{
	const json_t *tools = oc_config_get(config, "tools"),
		     *own = json_object_get(entry, "tools");

	*s = (struct oc_tool_settings){ .lean = find_lean(config, entry) };
	s->exec_mode = oc_exec_mode_stricter(oc_json_cstr(json_object_get(tools, "exec"), "mode"),
					     oc_json_cstr(json_object_get(own, "exec"), "mode"));
	if (!s->exec_mode) s->exec_mode = "auto";
	read_exec(&s->exec, tools, own);
	oc_web_options_init(&s->web, config);
	s->trust = oc_trust_tier_of(oc_str(model));
	const struct oc_policy_spec policy = { .tools = tools,
					       .agent_tools = own,
					       .provider = provider,
					       .model = model,
					       .off = oc_web_off(&s->web),
					       .no_memory = !has_memory(config, entry),
					       .no_channels = !has_channels(config),
					       .lean = s->lean,
					       .extra_allow = allow };
	s->policy = oc_policy_new(&policy);
}

void oc_tool_settings_deinit(struct oc_tool_settings *s)
{
	oc_strv_deinit(&s->exec.allowlist);
	oc_strv_deinit(&s->exec.path_prepend);
	oc_policy_free(s->policy);
	oc_web_options_deinit(&s->web);
	*s = (struct oc_tool_settings){ 0 };
}

void oc_tool_settings_apply(const struct oc_tool_settings *s, struct oc_tool_context *ctx)
{
	ctx->exec_mode = s->exec_mode;
	ctx->exec = &s->exec;
	ctx->policy = s->policy;
	ctx->web = &s->web;
	ctx->trust = s->trust;
}

struct oc_toolset oc_tool_settings_set(const struct oc_tool_settings *s,
				       const struct oc_strv *drop_keywords)
{
	return (struct oc_toolset){ .policy = s->policy,
				    .drop_keywords = drop_keywords,
				    .lean = s->lean };
}
