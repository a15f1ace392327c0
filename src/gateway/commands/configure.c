/* /config and /debug: the configuration from a chat, where commands.config and commands.debug let
 * it. Values of secrets are never shown. */
#include <stdlib.h>

#include "base/mem.h"
#include "config/edit.h"
#include "config/redact.h"
#include "gateway/commands/command.h"
#include "gateway/process/reload.h"
#include "gateway/wire/broker.h"
#include "rt/stall.h"
#include "json/path.h"

enum { MAX_SHOWN = 4000 };

static bool is_on(struct oc_command_ask *a)
{
	const json_t *commands = oc_config_get(&a->snapshot->config, "commands");

	if (oc_json_bool(commands, a->row->setting, false)) return true;
	oc_command_say(
	    a, "/%s is switched off. Switch it on with `openclaw config set commands.%s true`.",
	    a->row->name, a->row->setting);
	return false;
}

/* ---- showing ---- */

static void say_value(struct oc_command_ask *a, const struct oc_path *path, const char *name)
{
	json_t *tree = json_deep_copy(a->snapshot->config.raw);
	struct oc_path root = { 0 };

	oc_config_redact(&tree, &root);
	oc_path_deinit(&root);
	json_t *v = oc_path_get(tree, path);
	char *text = v ? oc_json_pretty(v) : NULL;
	if (!text)
		oc_command_say(a, "`%s` is not set.", name);
	else
		oc_command_say(a, "`%s`\n```json\n%.*s%s\n```", name, MAX_SHOWN,
			       oc_str_trim(oc_str(text)).p, strlen(text) > MAX_SHOWN ? "…\n" : "");
	free(text);
	json_decref(tree);
}

static void say_file(struct oc_command_ask *a)
{
	oc_command_say(
	    a,
	    "Configuration: `%s`\nUse: `/config get <path>`, `/config set <path> <value>` "
	    "or `/config unset <path>`.",
	    a->snapshot->config.paths.config_path);
}

/* ---- changing ---- */

/* JSON where it is JSON, else a text. New reference. */
static json_t *value_of(struct oc_str text)
{
	json_t *v = oc_json_parse(text, NULL, NULL);

	return v ? v : oc_json_new_str(text);
}

static enum oc_rc edit(json_t *tree, const struct oc_path *path, json_t *value, struct oc_err *e)
{
	if (!value) return oc_path_unset(tree, path, e);
	return oc_path_set(tree, path, value, e);
}

/* value NULL: the member goes. */
static enum oc_rc write_wait(struct oc_command_ask *a, const struct oc_path *path, json_t *value,
			     struct oc_err *e)
{
	struct oc_strv problems = { 0 };
	enum oc_edit_result what = OC_EDIT_UNCHANGED;
	struct oc_config c;
	enum oc_rc rc = oc_config_load(&c, e);
	json_t *tree = rc || !c.raw ? json_object() : json_deep_copy(c.raw);

	if (!rc) rc = edit(tree, path, value, e);
	if (!rc) rc = oc_config_write_as_asked(&c, tree, &what, &problems, e);
	if (rc && problems.n) oc_command_say(a, "%s\n", problems.v[0]);
	oc_strv_deinit(&problems);
	json_decref(tree);
	oc_config_deinit(&c);
	if (!rc && what == OC_EDIT_WRITTEN) rc = oc_gateway_reload_wait(a->gw, e);
	return rc;
}

static enum oc_rc change_wait(struct oc_command_ask *a, const struct oc_path *path,
			      const char *name, bool set)
{
	struct oc_str text = oc_str_trim(a->rest);
	struct oc_err e = { 0 };

	if (set && !text.n) {
		oc_command_say(a, "Use: `/config set <path> <value>`");
		return OC_OK;
	}
	json_t *value = set ? value_of(text) : NULL;
	enum oc_rc rc = write_wait(a, path, value, &e);
	json_decref(value);
	if (rc == OC_CANCELLED) return rc;
	if (rc)
		oc_command_say(a, "Not changed: %s", e.msg);
	else
		oc_command_say(a, "%s `%s`.", set ? "Set" : "Removed", name);
	return OC_OK;
}

enum oc_rc oc_command_config(struct oc_command_ask *a)
{
	struct oc_str verb, name;
	struct oc_path path;
	struct oc_err e = { 0 };
	enum oc_rc rc = OC_OK;

	if (!is_on(a)) return OC_OK;
	verb = oc_command_word(a);
	name = oc_command_word(a);
	bool get = oc_str_ieq(verb, OC_LIT("get")) || oc_str_ieq(verb, OC_LIT("show"));
	bool set = oc_str_ieq(verb, OC_LIT("set"));
	if (!name.n || (!get && !set && !oc_str_ieq(verb, OC_LIT("unset")))) {
		say_file(a);
		return OC_OK;
	}
	if (oc_path_parse(name, &path, &e)) {
		oc_command_say(a, "%s", e.msg);
		return OC_OK;
	}
	char *text = oc_strndup(name.p, name.n);
	if (get)
		say_value(a, &path, text);
	else
		rc = change_wait(a, &path, text, set);
	free(text);
	oc_path_deinit(&path);
	return rc;
}

/* ---- /debug ---- */

enum oc_rc oc_command_debug(struct oc_command_ask *a)
{
	struct oc_stalls s = oc_stalls_now();

	if (!is_on(a)) return OC_OK;
	oc_command_say(a, "Runs under way: %zu\nClients: %zu\n",
		       oc_sessions_active(a->gw->sessions), oc_broker_clients(a->gw->broker));
	oc_command_say(a, "Longest turn of the loop: %.1f ms\n", (double)s.longest_us / 1000);
	oc_command_say(a, "Configuration: `%s`\nLog: `openclaw logs --follow`",
		       a->snapshot->config.paths.config_path);
	return OC_OK;
}
