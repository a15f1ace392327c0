/* `openclaw onboard`: options, the order of the steps, and what is printed at the end. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cli/models/models.h"
#include "cli/setup/onboard.h"
#include "model/call/probe.h"
#include "rt/tty.h"

const struct oc_option oc_onboard_options[] = {
	{ .name = "--non-interactive", .help = "Ask nothing; everything comes from options" },
	{ .name = "--accept-risk",
	  .help =
	      "Acknowledge that an agent acts on this machine (needed with --non-interactive)" },
	{ .name = "--auth-choice",
	  .value = "<name>",
	  .help =
	      "lmstudio, ollama, llamacpp, vllm, sglang, localai, jan, tabbyapi, textgen, mlx, litellm, "
	      "custom-api-key or skip" },
	{ .name = "--custom-base-url", .value = "<url>", .help = "Address of the model server" },
	{ .name = "--custom-model-id",
	  .value = "<key>",
	  .help = "Default model, as the server calls it" },
	{ .name = "--lmstudio-api-key", .value = "<key>", .help = "API key of LM Studio" },
	{ .name = "--custom-api-key", .value = "<key>", .help = "API key of another server" },
	{ .name = "--custom-provider-id",
	  .value = "<id>",
	  .help = "Name of the provider in the config (custom-api-key)" },
	{ .name = "--custom-compatibility",
	  .value = "<kind>",
	  .help = "openai (default), openai-responses or anthropic" },
	{ .name = "--workspace", .value = "<dir>", .help = "Folder the agent works in" },
	{ .name = "--gateway-port", .value = "<port>", .help = "Port of the gateway (18789)" },
	{ .name = "--gateway-bind",
	  .value = "<where>",
	  .help = "loopback (default), lan, tailnet, auto or custom" },
	{ .name = "--gateway-auth",
	  .value = "<mode>",
	  .help = "token (default), password, none or trusted-proxy" },
	{ .name = "--gateway-token", .value = "<token>", .help = "Token of the gateway" },
	{ .name = "--gateway-password", .value = "<password>", .help = "Password of the gateway" },
	{ .name = "--skip-health", .help = "Do not look for a running gateway" },
	{ .name = "--reset", .help = "Begin anew; what was there is moved aside" },
	{ .name = "--reset-scope",
	  .value = "<scope>",
	  .help = "config, config+creds+sessions (default) or full" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ .name = "--mode", .value = "<mode>", .help = "local", .hidden = true },
	{ .name = "--flow", .value = "<flow>", .help = "Accepted", .hidden = true },
	{ .name = "--tailscale", .value = "<mode>", .help = "off", .hidden = true },
	{ .name = "--install-daemon", .help = "Accepted", .hidden = true },
	{ .name = "--no-install-daemon", .help = "Accepted", .hidden = true },
	{ .name = "--skip-daemon", .help = "Accepted", .hidden = true },
	{ .name = "--skip-channels", .help = "Accepted", .hidden = true },
	{ .name = "--skip-skills", .help = "Accepted", .hidden = true },
	{ .name = "--skip-search", .help = "Accepted", .hidden = true },
	{ .name = "--skip-ui", .help = "Accepted", .hidden = true },
	{ 0 },
};

void oc_onboard_deinit(struct oc_onboard *o)
{
	free(o->provider);
	free(o->typed_provider);
	free(o->base_url);
	oc_free_secret(o->key);
	oc_discovery_deinit(&o->found);
	free(o->model);
}

/* ---- what was typed ---- */

static const char *typed_key(const struct oc_onboard *o)
{
	static const char *const options[] = { "--lmstudio-api-key", "--custom-api-key" };
	const char *env = NULL;

	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const char *v = oc_args_get(o->args, options[i]);
		bool other = i == 0 && strcmp(o->provider, OC_LMSTUDIO_ID) != 0;
		if (v && !other && oc_str_trim(oc_str(v)).n > 0) return v;
	}
	if (o->config->env && !strcmp(o->provider, OC_LMSTUDIO_ID))
		env = oc_env_get(o->config->env, "LM_API_TOKEN");
	return env;
}

/* Provider ids stand before the slash of a reference and in file keys. */
static bool provider_id_valid(const char *id)
{
	for (const char *c = id; *c; c++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.", *c)) return false;
	return *id != '\0' && strlen(id) <= 64;
}

static enum oc_rc set_provider(struct oc_onboard *o, struct oc_err *e)
{
	const char *typed = oc_args_get(o->args, "--custom-provider-id");
	const char *id = o->choice->provider;

	if (!typed) typed = o->typed_provider;
	if (!id && typed && *typed) id = typed;
	if (!id) id = "custom";
	if (!provider_id_valid(id))
		return oc_fail(e, OC_E_INPUT,
			       "--custom-provider-id \"%.80s\": use lower-case letters, digits and "
			       "- _ .",
			       id);
	if (!o->choice->provider &&
	    (!strcmp(id, OC_LMSTUDIO_ID) || !strcmp(id, "openai") || !strcmp(id, "anthropic")))
		return oc_fail(
		    e, OC_E_INPUT,
		    "--custom-provider-id \"%s\" is taken by a built-in provider: choose "
		    "another name%s",
		    id, !strcmp(id, OC_LMSTUDIO_ID) ? ", or use --auth-choice lmstudio" : "");
	free(o->provider);
	o->provider = oc_strdup(id);
	struct oc_provider *known = oc_catalog_provider(o->catalog, oc_str(id));
	o->entry = known ? known->entry : NULL;
	return OC_OK;
}

static enum oc_rc set_api(struct oc_onboard *o, struct oc_err *e)
{
	static const char *const kinds[][2] = { { "openai", "openai-completions" },
						{ "openai-completions", "openai-completions" },
						{ "openai-responses", "openai-responses" },
						{ "anthropic", "anthropic-messages" } };
	const char *typed = oc_args_get(o->args, "--custom-compatibility");

	o->api = "openai-completions";
	if (!typed || o->choice->native_list) return OC_OK;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(typed, kinds[i][0]) != 0) continue;
		o->api = kinds[i][1];
		return OC_OK;
	}
	return oc_fail(
	    e, OC_E_INPUT,
	    "--custom-compatibility \"%.40s\": use openai, openai-responses or anthropic", typed);
}

static enum oc_rc check_options(const struct oc_onboard *o, bool interactive, struct oc_err *e)
{
	const char *mode = oc_args_get(o->args, "--mode");

	if (mode && strcmp(mode, "local") != 0)
		return oc_fail(e, OC_E_INPUT, "--mode \"%.40s\" is not supported: use local", mode);
	if (!interactive && !oc_args_has(o->args, "--accept-risk"))
		return oc_fail(
		    e, OC_E_INPUT,
		    "non-interactive setup needs an explicit risk acknowledgement: an "
		    "agent can read and change files and run commands on this machine. Add "
		    "--accept-risk");
	return oc_onboard_check_gateway(o, e);
}

static enum oc_rc find_choice(struct oc_onboard *o, struct oc_err *e)
{
	const char *name = oc_args_get(o->args, "--auth-choice");

	if (!name) return OC_OK;
	o->choice = oc_auth_choice_find(oc_str(name));
	if (o->choice) return OC_OK;
	struct oc_strv names = { 0 };
	for (const struct oc_auth_choice *c = oc_auth_choices(); c->name; c++)
		oc_strv_add(&names, oc_str(c->name));
	char *all = oc_strv_join(&names, ", ");
	oc_fail(e, OC_E_INPUT, "unknown --auth-choice \"%.60s\": use one of %s", name, all);
	free(all);
	oc_strv_deinit(&names);
	return OC_E_INPUT;
}

/* ---- provider setup ---- */

static bool is_skip(const struct oc_onboard *o)
{
	return o->choice && !strcmp(o->choice->name, "skip");
}

static enum oc_rc set_up_from_options_wait(struct oc_onboard *o, struct oc_err *e)
{
	enum oc_rc rc = oc_onboard_set_base(o, oc_args_get(o->args, "--custom-base-url"), e);

	if (!rc) rc = oc_onboard_set_key(o, typed_key(o), e);
	if (!rc) rc = oc_onboard_discover_wait(o, e);
	if (!rc) rc = oc_onboard_choose_model(o, oc_args_get(o->args, "--custom-model-id"), e);
	return rc;
}

static enum oc_rc set_up_provider_wait(struct oc_onboard *o, bool interactive, struct oc_err *e)
{
	bool ask_name =
	    interactive && !o->choice->provider && !oc_args_has(o->args, "--custom-provider-id");
	enum oc_rc rc = ask_name ? oc_onboard_ask_provider_wait(o) : OC_OK;

	if (!rc) rc = set_provider(o, e);
	if (!rc) rc = set_api(o, e);
	if (!rc) rc = interactive ? oc_onboard_ask_wait(o, e) : set_up_from_options_wait(o, e);
	return rc;
}

/* ---- the end ---- */

static json_t *summary(const struct oc_onboard *o, const json_t *config)
{
	char *workspace = oc_onboard_workspace(o);
	json_t *s = json_object();

	oc_json_put(s, "ok", json_true());
	oc_json_put(s, "mode", json_string("local"));
	oc_json_put(s, "workspace", json_string(workspace));
	oc_json_put(s, "authChoice", json_string(o->choice->name));
	if (o->model) {
		char *key = oc_asprintf("%s/%s", o->provider, o->model);
		oc_json_put(s, "defaultModel", oc_json_new_str(oc_str(key)));
		free(key);
	}
	oc_json_put(s, "gateway", oc_onboard_gateway_summary(config));
	oc_json_put(s, "installDaemon", json_false());
	oc_json_put(s, "skipSkills", json_boolean(oc_args_has(o->args, "--skip-skills")));
	oc_json_put(s, "skipHealth", json_boolean(oc_args_has(o->args, "--skip-health")));
	free(workspace);
	return s;
}

static void print_config_lines(const struct oc_onboard *o, bool changed)
{
	char *path = oc_paths_short(&o->config->paths, o->config->paths.config_path);

	if (!changed)
		fprintf(o->out, "Config unchanged: %s\n", path);
	else
		fprintf(o->out, "Updated config: %s\n", path);
	if (changed && o->config->exists) fprintf(o->out, "Backup: %s.bak\n", path);
	if (o->key_source == OC_KEY_NEW)
		fprintf(o->out, "API key stored in profile: %s:default\n", o->provider);
	free(path);
}

/* The cheap part of a probe: what this server can do. It asks no model, and what it does not find
 * out is no failure of the setup. */
static enum oc_rc show_abilities_wait(const struct oc_onboard *o, const struct oc_catalog *catalog,
				      const struct oc_selection *s)
{
	json_t *report = NULL;
	enum oc_rc rc = oc_probe_wait(catalog, s->provider, s->model_id, false, &report);

	if (!rc && json_object_size(report) > 0) oc_models_print_probe(o->out, s->key, report);
	json_decref(report);
	return rc;
}

/* What is to be said of the new default: what its server can do, and what an agent turn would say
 * of its window. */
static enum oc_rc describe_default_wait(const struct oc_onboard *o, const struct oc_config *now)
{
	struct oc_catalog catalog;
	struct oc_selection s;
	struct oc_err e = { 0 };
	enum oc_rc rc = OC_OK;

	if (oc_catalog_load(&catalog, now, &e) != OC_OK) return rc;
	if (oc_select_default(&catalog, &s, NULL, &e) == OC_OK) {
		rc = show_abilities_wait(o, &catalog, &s);
		oc_models_warn_context(now, &s);
		oc_selection_deinit(&s);
	}
	oc_catalog_deinit(&catalog);
	return rc;
}

static enum oc_rc print_result_wait(const struct oc_onboard *o, bool changed,
				    const struct oc_config *now)
{
	if (o->model) fprintf(o->out, "Default %s model: %s\n", o->choice->label, o->model);
	print_config_lines(o, changed);
	return o->model ? describe_default_wait(o, now) : OC_OK;
}

static enum oc_rc finish_wait(struct oc_onboard *o, bool changed, struct oc_err *e)
{
	struct oc_config now;
	enum oc_rc rc = oc_config_load(&now, e);

	if (!rc) {
		rc = print_result_wait(o, changed, &now);
		if (!rc) rc = oc_onboard_report_gateway_wait(o, &now);
		if (o->model && !rc)
			fprintf(o->out, "Try it: openclaw agent --local -m \"Hello\"\n");
		if (o->json && !rc) {
			json_t *s = summary(o, now.value);
			char *text = oc_json_pretty(s);
			fputs(text, stdout);
			free(text);
			json_decref(s);
		}
	}
	oc_config_deinit(&now);
	return rc;
}

static int report(const struct oc_onboard *o, enum oc_rc rc, const struct oc_err *e, bool wrote)
{
	if (rc == OC_OK) return 0;
	if (rc == OC_CANCELLED) return 1;
	if (rc == OC_EOF) {
		fputs("Setup cancelled. Nothing was written.\n", stderr);
		return 1;
	}
	oc_error("%s", e->msg);
	if (o->choice && !is_skip(o) && !wrote)
		fprintf(
		    stderr,
		    "Provider setup (%s) exited with code 1; the configuration was not changed.\n",
		    o->choice->label);
	return 1;
}

static int run_wait(struct oc_onboard *o, bool interactive)
{
	struct oc_err e = { 0 };
	bool changed = false, wrote = false;
	enum oc_rc rc = find_choice(o, &e);

	if (!rc) rc = check_options(o, interactive, &e);
	if (!rc && !o->choice && !interactive) o->choice = oc_auth_choice_find(OC_LIT("skip"));
	if (!rc && !o->choice) rc = oc_onboard_ask_choice_wait(o, &e);
	if (!rc && !is_skip(o)) rc = set_up_provider_wait(o, interactive, &e);
	if (!rc) rc = oc_onboard_write(o, &changed, &e);
	if (!rc) {
		wrote = true;
		rc = finish_wait(o, changed, &e);
	}
	return report(o, rc, &e, wrote);
}

int oc_cmd_onboard(struct oc_args *a)
{
	bool interactive = !oc_args_has(a, "--non-interactive");
	struct oc_config config;
	struct oc_catalog catalog = { 0 };
	struct oc_err e = { 0 };
	int exit_code = 1;
	struct oc_onboard o = { .args = a, .config = &config, .catalog = &catalog };

	o.json = oc_args_has(a, "--json");
	o.out = o.json ? stderr : stdout;
	if (interactive && !oc_tty_interactive())
		return oc_error(
		    "onboarding asks questions and this is no terminal: run it in one, or "
		    "use --non-interactive --accept-risk --auth-choice lmstudio");
	if (!interactive && !oc_args_has(a, "--accept-risk") && oc_args_has(a, "--reset"))
		return oc_error("--reset in non-interactive setup needs --accept-risk");
	if (oc_args_has(a, "--reset") && oc_onboard_reset(a, o.out, &e) != OC_OK)
		return oc_error("%s", e.msg);
	if (oc_config_load(&config, &e) != OC_OK) {
		oc_error("%s", e.msg);
	} else if (oc_config_require(&config) == OC_OK) {
		if (oc_catalog_load(&catalog, &config, &e) != OC_OK)
			oc_error("%s", e.msg);
		else
			exit_code = run_wait(&o, interactive);
	}
	oc_onboard_deinit(&o);
	oc_catalog_deinit(&catalog);
	oc_config_deinit(&config);
	return exit_code;
}
