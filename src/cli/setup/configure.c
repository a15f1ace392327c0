/* `openclaw configure`: changes one part of the setup by questions. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/gateway/gateway_commands.h"
#include "cli/setup/onboard.h"
#include "config/edit.h"
#include "rt/tty.h"

enum { MAX_ANSWER = 4096 };

/* The answer, dflt for a blank one; free with oc_free_secret. NULL: the person has left. */
static char *ask_wait(const char *question, const char *dflt)
{
	char *prompt = oc_asprintf("%s [%s]: ", question, dflt);
	struct oc_buf b;
	char *out = NULL;

	oc_buf_init(&b, MAX_ANSWER);
	if (oc_tty_ask_wait(prompt, false, &b) == OC_OK) {
		struct oc_str s = oc_str_trim(oc_buf_view(&b));
		out = s.n ? oc_strndup(s.p, s.n) : oc_strdup(dflt);
	}
	oc_buf_deinit(&b);
	free(prompt);
	return out;
}

static int save(const struct oc_config *c, json_t *tree)
{
	struct oc_strv problems = { 0 };
	enum oc_edit_result result;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_config_write(c, tree, &result, &problems, &e);

	if (rc && problems.n)
		oc_error("%s", problems.v[0]);
	else if (rc)
		oc_error("%s", e.msg);
	else
		puts(result == OC_EDIT_UNCHANGED
			 ? "Nothing changed."
			 : "Saved. A running gateway applies it by itself.");
	oc_strv_deinit(&problems);
	return rc != OC_OK;
}

/* Asks for a member of an object; numbers stay numbers. False: the person has left. */
static bool ask_member_wait(json_t *o, const char *key, const char *question, const char *dflt)
{
	const json_t *now = json_object_get(o, key);
	char number[32];
	int64_t n;

	if (json_is_string(now)) dflt = json_string_value(now);
	if (json_is_integer(now)) {
		snprintf(number, sizeof number, "%lld", (long long)json_integer_value(now));
		dflt = number;
	}
	char *answer = ask_wait(question, dflt);
	if (!answer) return false;
	if (oc_parse_int(oc_str(answer), 0, INT32_MAX, &n))
		oc_json_put(o, key, json_integer(n));
	else
		oc_json_put(o, key, oc_json_new_str(oc_str(answer)));
	oc_free_secret(answer);
	return true;
}

static int configure_gateway_wait(const struct oc_config *c)
{
	json_t *tree = json_deep_copy(c->raw);
	json_t *gateway = oc_onboard_object(tree, "gateway");
	bool ok = ask_member_wait(gateway, "port", "Port", "18789") &&
		  ask_member_wait(gateway, "bind", "Reachable from (loopback, lan, auto, custom)",
				  "loopback") &&
		  ask_member_wait(oc_onboard_object(gateway, "auth"), "mode",
				  "Authentication (token, password, none)", "token");
	int exit_code = ok ? save(c, tree) : 1;

	json_decref(tree);
	return exit_code;
}

static int configure_agent_wait(const struct oc_config *c)
{
	json_t *tree = json_deep_copy(c->raw);
	json_t *defaults = oc_onboard_object(oc_onboard_object(tree, "agents"), "defaults");
	json_t *exec = oc_onboard_object(oc_onboard_object(tree, "tools"), "exec");
	char *workspace = oc_asprintf("%s/workspace", c->paths.state_dir);
	bool ok =
	    ask_member_wait(defaults, "workspace", "Folder the agent works in", workspace) &&
	    ask_member_wait(exec, "mode",
			    "Commands of the model (auto, ask, allowlist, deny, full)", "auto");
	int exit_code = ok ? save(c, tree) : 1;

	free(workspace);
	json_decref(tree);
	return exit_code;
}

static int configure_wait(struct oc_args *a, const struct oc_config *c)
{
	fputs("What is to be changed?\n  1) Model provider and default model\n  2) Gateway\n"
	      "  3) Agent: workspace and commands\n",
	      stderr);
	char *answer = ask_wait("Part", "1");
	char part = answer ? *answer : 0;

	oc_free_secret(answer);
	if (part == '1') return oc_cmd_onboard(a);
	if (part == '2') return configure_gateway_wait(c);
	if (part == '3') return configure_agent_wait(c);
	if (part) return oc_error("please type 1, 2 or 3");
	fputs("Nothing was written.\n", stderr);
	return 1;
}

int oc_cmd_configure(struct oc_args *a)
{
	struct oc_config c;
	struct oc_err e = { 0 };
	int exit_code = 1;

	if (!oc_tty_interactive())
		return oc_error(
		    "configure asks questions and this is no terminal: use openclaw config "
		    "set, or openclaw onboard --non-interactive");
	if (oc_config_load(&c, &e) != OC_OK)
		oc_error("%s", e.msg);
	else if (oc_config_require(&c) == OC_OK)
		exit_code = configure_wait(a, &c);
	oc_config_deinit(&c);
	return exit_code;
}
