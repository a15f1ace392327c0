/* The configuration of an agent, resolved. */
#include "agent/run/settings.h"

#include <stdlib.h>

#include "base/mem.h"
#include "model/provider/select.h"
#include "tool/sandbox/permission.h"

static const char default_agent[] = "main";

/* ---- the entry ---- */

static const json_t *find_in_list(const json_t *list, const char *id)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		if (oc_str_eq(oc_json_str(entry, "id"), oc_str(id))) return entry;
	}
	return NULL;
}

static const json_t *find_entry(const struct oc_config *config, const char *id)
{
	const json_t *entry = json_object_get(oc_config_get(config, "agents.entries"), id);

	return entry ? entry : find_in_list(oc_config_get(config, "agents.list"), id);
}

void oc_agents_names(const struct oc_config *config, struct oc_strv *out)
{
	const json_t *list = oc_config_get(config, "agents.list");
	const char *name;
	json_t *entry;

	oc_strv_add(out, oc_str(default_agent));
	json_object_foreach (oc_config_get(config, "agents.entries"), name, entry)
		oc_strv_add_once(out, oc_str(name));
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct oc_str id = oc_json_str(json_array_get(list, i), "id");
		if (id.n) oc_strv_add_once(out, id);
	}
}

static enum oc_rc say_unknown(const struct oc_config *config, const char *id, struct oc_err *e)
{
	struct oc_strv known = { 0 };

	oc_agents_names(config, &known);
	char *all = oc_strv_join(&known, ", ");
	oc_fail(e, OC_E_NOT_FOUND, "there is no agent \"%s\" (agents: %s)", id, all);
	free(all);
	oc_strv_deinit(&known);
	return OC_E_NOT_FOUND;
}

/* ---- single values ---- */

char *oc_agent_path(const struct oc_config *config, const char *base, const char *path)
{
	if (path[0] == '/') return oc_strdup(path);
	if (path[0] == '~' && (path[1] == '/' || !path[1]))
		return oc_asprintf("%s%s", config->paths.home, path + 1);
	return oc_asprintf("%s/%s", base, path);
}

static char *find_workspace(const struct oc_agent_settings *s, const struct oc_config *config)
{
	const char *state = config->paths.state_dir;
	const char *own = oc_json_cstr(s->entry, "workspace");
	const char *shared = oc_json_cstr(oc_config_get(config, "agents.defaults"), "workspace");
	const char *env = config->env ? oc_env_get(config->env, "OPENCLAW_WORKSPACE_DIR") : NULL;
	bool is_main = !strcmp(s->id, default_agent);

	if (own) return oc_agent_path(config, config->paths.home, own);
	if (is_main && shared) return oc_agent_path(config, config->paths.home, shared);
	if (is_main && env) return oc_agent_path(config, config->paths.home, env);
	return is_main ? oc_asprintf("%s/workspace", state)
		       : oc_asprintf("%s/workspace-%s", state, s->id);
}

static const char *own_model(const json_t *entry)
{
	const json_t *model = json_object_get(entry, "model");

	return json_is_object(model) ? oc_json_cstr(model, "primary")
				     : oc_json_cstr(entry, "model");
}

static const char *find_exec_mode(const struct oc_agent_settings *s, const struct oc_config *config)
{
	const json_t *own = json_object_get(json_object_get(s->entry, "tools"), "exec");
	const char *mode = oc_exec_mode_stricter(
	    oc_json_cstr(oc_config_get(config, "tools.exec"), "mode"), oc_json_cstr(own, "mode"));

	return mode ? mode : "auto";
}

enum oc_rc oc_agent_settings_init(struct oc_agent_settings *s, const struct oc_config *config,
				  const char *id, struct oc_err *e)
{
	const json_t *defaults = oc_config_get(config, "agents.defaults");

	*s = (struct oc_agent_settings){ .id = id && *id ? id : default_agent };
	s->entry = find_entry(config, s->id);
	if (!s->entry && strcmp(s->id, default_agent) != 0) return say_unknown(config, s->id, e);
	s->workspace = find_workspace(s, config);
	s->thinking = oc_json_cstr(s->entry, "thinkingDefault");
	if (!s->thinking) s->thinking = oc_json_cstr(defaults, "thinkingDefault");
	s->exec_mode = find_exec_mode(s, config);
	s->time_zone = oc_json_cstr(defaults, "userTimezone");
	s->model = own_model(s->entry);
	s->timeout_seconds = oc_json_int(s->entry, "timeoutSeconds", -1);
	if (s->timeout_seconds < 0)
		s->timeout_seconds = oc_json_int(defaults, "timeoutSeconds", -1);
	s->context_tokens = oc_json_positive(s->entry, "contextTokens");
	if (!s->context_tokens) s->context_tokens = oc_json_positive(defaults, "contextTokens");
	s->context_soft_cap = oc_json_positive(s->entry, "contextSoftCap");
	if (!s->context_soft_cap)
		s->context_soft_cap = oc_json_positive(defaults, "contextSoftCap");
	return OC_OK;
}

void oc_agent_settings_deinit(struct oc_agent_settings *s)
{
	free(s->workspace);
	s->workspace = NULL;
}

void oc_agent_fallbacks(const struct oc_agent_settings *s, const struct oc_config *config,
			struct oc_strv *out)
{
	const json_t *own = json_object_get(json_object_get(s->entry, "model"), "fallbacks");

	if (!s->model) {
		oc_fallback_refs(config, "model", out);
		return;
	}
	for (size_t i = 0; i < json_array_size(own); i++)
		oc_strv_add(out, oc_json_text(json_array_get(own, i)));
}
