/* Commands for who runs the gateway: approvals, exec policy, restart. */
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

static void say_exec(struct oc_command_ask *a)
{
	const char *mode = oc_command_setting(a, "permissionMode");
	struct oc_agent_settings s;
	struct oc_err e = { 0 };

	if (oc_agent_settings_init(&s, &a->snapshot->config, a->session.agent, &e) != OC_OK) {
		oc_command_say(a, "%s", e.msg);
		return;
	}
	oc_command_say(
	    a,
	    "Commands: tools.exec.mode is %s, this session's permission is %s.\n"
	    "`/exec read-only|guarded|workspace|full` changes the session; the stricter of "
	    "the two holds. For all sessions: `openclaw config set tools.exec.mode "
	    "full|ask|deny`.",
	    s.exec_mode ? s.exec_mode : "auto", mode ? mode : "the configured one");
	oc_agent_settings_deinit(&s);
}

enum oc_rc oc_command_exec(struct oc_command_ask *a)
{
	struct oc_str word = oc_command_word(a);
	bool inherit = oc_str_ieq(word, OC_LIT("default"));
	char *name = oc_strndup(word.p, word.n);

	if (!word.n)
		say_exec(a);
	else if (!inherit && oc_permission_parse(name) == OC_PERMISSION_DEFAULT)
		oc_command_say(a, "Use: `/exec [read-only|guarded|workspace|full|default]`");
	else if (!a->chat->admin)
		oc_command_say(a, "Only who may change the configuration may change what commands "
				  "are allowed.");
	else if (oc_command_set_wait(a, "permissionMode", inherit ? NULL : name))
		oc_command_say(a, "This session's permission: %s.",
			       inherit ? "the configured one" : name);
	free(name);
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
