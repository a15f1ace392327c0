/* Commands for who runs the gateway: approvals, exec policy, restart, configuration. */
#include <stdlib.h>

#include "agent/run/settings.h"
#include "base/mem.h"
#include "gateway/commands/command.h"

static bool read_decision(struct oc_str word, enum oc_decision *out)
{
	static const struct {
		const char *word;
		enum oc_decision decision;
	} words[] = { { "allow-once", OC_ALLOW_ONCE },
		      { "once", OC_ALLOW_ONCE },
		      { "allow", OC_ALLOW_ONCE },
		      { "allow-always", OC_ALLOW_ALWAYS },
		      { "always", OC_ALLOW_ALWAYS },
		      { "deny", OC_DENY },
		      { "no", OC_DENY } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (oc_str_ieq(word, oc_str(words[i].word))) {
			*out = words[i].decision;
			return true;
		}
	return false;
}

static void list_questions(struct oc_command_ask *a)
{
	json_t *list = oc_approvals_list(a->gw->approvals), *one;
	size_t i;

	if (!json_array_size(list)) oc_command_say(a, "No question waits.");
	json_array_foreach (list, i, one) {
		const char *command = oc_json_cstr(json_object_get(one, "request"), "command");

		oc_command_say(a, "- `%s`: %s\n", oc_json_cstr(one, "id"), command ? command : "?");
	}
	if (json_array_size(list))
		oc_command_say(a, "\nUse: `/approve <id> allow-once|allow-always|deny`");
	json_decref(list);
}

enum oc_rc oc_command_approve(struct oc_command_ask *a)
{
	struct oc_str id = oc_command_word(a), word = oc_command_word(a);
	enum oc_decision decision = OC_DENY;
	struct oc_err e = { 0 };
	char *name;

	if (!id.n) {
		list_questions(a);
		return OC_OK;
	}
	if (!read_decision(word, &decision)) {
		oc_command_say(a, "Use: `/approve <id> allow-once|allow-always|deny`");
		return OC_OK;
	}
	name = oc_strndup(id.p, id.n);
	if (oc_approvals_resolve(a->gw->approvals, name, decision, "chat", &e) != OC_OK)
		oc_command_say(a, "%s", e.msg);
	else
		oc_command_say(a, "Answered: %.*s.", OC_FMT(word));
	free(name);
	return OC_OK;
}

enum oc_rc oc_command_exec(struct oc_command_ask *a)
{
	struct oc_agent_settings s;
	struct oc_err e = { 0 };

	if (oc_agent_settings_init(&s, &a->snapshot->config, a->session.agent, &e) != OC_OK) {
		oc_command_say(a, "%s", e.msg);
		return OC_OK;
	}
	oc_command_say(a,
		       "Commands: tools.exec.mode is %s. Change it with `openclaw config set "
		       "tools.exec.mode full|ask|deny`.",
		       s.exec_mode ? s.exec_mode : "auto");
	oc_agent_settings_deinit(&s);
	return OC_OK;
}

enum oc_rc oc_command_restart(struct oc_command_ask *a)
{
	const json_t *commands = oc_config_get(&a->snapshot->config, "commands");

	if (!oc_json_bool(commands, "restart", true)) {
		oc_command_say(a, "/restart is switched off (commands.restart).");
		return OC_OK;
	}
	oc_gateway_ask_restart(a->gw, 1000);
	oc_command_say(a, "The gateway restarts.");
	return OC_OK;
}

enum oc_rc oc_command_config(struct oc_command_ask *a)
{
	const json_t *commands = oc_config_get(&a->snapshot->config, "commands");

	if (!oc_json_bool(commands, a->row->setting, false)) {
		oc_command_say(
		    a,
		    "/%s is switched off. Switch it on with `openclaw config set commands.%s true`.",
		    a->row->name, a->row->setting);
		return OC_OK;
	}
	oc_command_say(
	    a,
	    "Configuration: `%s`\nUse `openclaw config get <path>` on the machine of the gateway.",
	    a->snapshot->config.paths.config_path);
	return OC_OK;
}
