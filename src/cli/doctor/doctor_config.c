/* Checks of the configuration: readable, valid, with a gateway token. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "cli/doctor/doctor.h"
#include "cli/setup/onboard.h"
#include "config/edit.h"
#include "net/base64.h"
#include "tool/mcp/config.h"
#include "json/path.h"

/* The tree was changed; what is read from here on is the new one. */
static enum oc_rc save(struct oc_doctor *d, json_t *tree, struct oc_err *e)
{
	struct oc_strv problems = { 0 };
	enum oc_edit_result result;
	enum oc_rc rc = oc_config_write_as_asked(&d->config, tree, &result, &problems, e);

	if (rc && problems.n) oc_fail(e, rc, "%s", problems.v[0]);
	oc_strv_deinit(&problems);
	if (rc) return rc;
	oc_config_deinit(&d->config);
	return oc_config_load(&d->config, e);
}

static enum oc_rc check_readable(struct oc_doctor *d, const struct oc_check *check)
{
	const char *path = d->config.paths.config_path;

	if (!d->config_readable)
		oc_doctor_find(d, check, OC_SEVERITY_ERROR, path,
			       "correct the place that is named, or take the last version: "
			       "openclaw.json.bak beside it",
			       "the configuration cannot be read: %s", d->config_problem.msg);
	else if (!d->config.exists)
		oc_doctor_find(d, check, OC_SEVERITY_WARNING, path, "run: openclaw onboard",
			       "there is no configuration yet");
	return OC_OK;
}

/* ---- valid ---- */

/* Takes out what a problem is about; what stays invalid then is found again. */
static bool remove_problem(json_t *tree, const char *problem)
{
	struct oc_str s = oc_str(problem), path;
	size_t colon = oc_str_find(s, OC_LIT(": "), 0);
	struct oc_path p = { 0 };
	struct oc_err e = { 0 };
	bool removed = false;

	path = oc_str_head(s, colon);
	if (colon != SIZE_MAX && oc_path_parse(path, &p, &e) == OC_OK)
		removed = oc_path_unset(tree, &p, &e) == OC_OK;
	oc_path_deinit(&p);
	return removed;
}

static void find_problems(struct oc_doctor *d, const struct oc_check *check)
{
	for (size_t i = 0; i < d->config.problems.n; i++)
		oc_doctor_find(d, check, OC_SEVERITY_ERROR, d->config.paths.config_path,
			       "correct it, or let `openclaw doctor --fix` take it out (the old "
			       "file stays as .bak)",
			       "invalid configuration: %s", d->config.problems.v[i]);
}

static enum oc_rc check_valid(struct oc_doctor *d, const struct oc_check *check)
{
	struct oc_strv problems = { 0 };
	struct oc_err e = { 0 };

	if (!d->config.problems.n) return OC_OK;
	if (!oc_doctor_may_wait(d, "The configuration has invalid entries. Take them out?")) {
		find_problems(d, check);
		return OC_OK;
	}
	json_t *tree = json_deep_copy(d->config.raw);
	for (size_t i = 0; i < d->config.problems.n; i++)
		if (remove_problem(tree, d->config.problems.v[i]))
			oc_strv_add(&problems, oc_str(d->config.problems.v[i]));
	if (problems.n && save(d, tree, &e) == OC_OK) {
		for (size_t i = 0; i < problems.n; i++)
			oc_doctor_fixed(d, check, "took out %s", problems.v[i]);
	}
	find_problems(d, check);
	json_decref(tree);
	oc_strv_deinit(&problems);
	return OC_OK;
}

/* ---- the token ---- */

static bool token_wanted(const struct oc_doctor *d)
{
	const char *mode = oc_json_cstr(oc_config_get(&d->config, "gateway.auth"), "mode");

	return !mode || !strcmp(mode, "token");
}

static enum oc_rc make_token(struct oc_doctor *d, const struct oc_check *check)
{
	uint8_t secret[24];
	char token[sizeof secret * 2 + 1];
	json_t *tree = json_deep_copy(d->config.raw);
	json_t *auth = oc_onboard_object(oc_onboard_object(tree, "gateway"), "auth");
	struct oc_err e = { 0 };

	oc_rand_secret(secret, sizeof secret);
	oc_base16_encode((struct oc_str){ (const char *)secret, sizeof secret }, token);
	oc_json_put(auth, "mode", json_string("token"));
	oc_json_put(auth, "token", json_string(token));
	if (save(d, tree, &e) == OC_OK)
		oc_doctor_fixed(d, check, "made a token for the gateway (gateway.auth.token)");
	else
		oc_doctor_find(d, check, OC_SEVERITY_ERROR, d->config.paths.config_path, NULL,
			       "the token could not be saved: %s", e.msg);
	explicit_bzero(token, sizeof token);
	json_decref(tree);
	return OC_OK;
}

static enum oc_rc check_token(struct oc_doctor *d, const struct oc_check *check)
{
	bool password = false, asked = oc_args_has(d->args, "--generate-gateway-token");
	char *secret = oc_rpc_configured_secret(&d->config, &password, NULL);
	bool there = secret != NULL;

	oc_free_secret(secret);
	if (asked && oc_args_has(d->args, "--lint")) asked = false;
	if (!there && token_wanted(d) && (asked || d->fix)) return make_token(d, check);
	if (there && asked)
		oc_doctor_find(d, check, OC_SEVERITY_INFO, NULL, NULL,
			       "the gateway has a secret already; it was left as it is");
	if (!there && token_wanted(d) && d->config.exists)
		oc_doctor_find(d, check, OC_SEVERITY_WARNING, NULL,
			       "run: openclaw doctor --generate-gateway-token",
			       "the gateway has no token: clients cannot connect");
	return OC_OK;
}

static enum oc_rc check_mode(struct oc_doctor *d, const struct oc_check *check)
{
	const char *mode = oc_json_cstr(oc_config_get(&d->config, "gateway"), "mode");
	struct oc_err e = { 0 };

	if (!d->config.exists || mode) return OC_OK;
	if (d->fix) {
		json_t *tree = json_deep_copy(d->config.raw);
		oc_json_put(oc_onboard_object(tree, "gateway"), "mode", json_string("local"));
		if (save(d, tree, &e) == OC_OK)
			oc_doctor_fixed(d, check, "set gateway.mode to local");
		json_decref(tree);
		return OC_OK;
	}
	oc_doctor_find(d, check, OC_SEVERITY_WARNING, d->config.paths.config_path,
		       "run: openclaw config set gateway.mode local",
		       "gateway.mode is not set: the gateway refuses to start");
	return OC_OK;
}

static enum oc_rc check_servers(struct oc_doctor *d, const struct oc_check *check)
{
	json_t *servers = oc_config_get(&d->config, "mcp.servers"), *entry;
	const char *id;

	json_object_foreach (servers, id, entry) {
		struct oc_mcp_config s;
		char *trouble;

		oc_mcp_config_init(&s, id, entry);
		trouble = s.enabled ? oc_mcp_config_trouble(&s) : NULL;
		if (trouble)
			oc_doctor_find(d, check, OC_SEVERITY_WARNING, NULL,
				       "openclaw mcp doctor --probe tells more",
				       "the MCP server %s: %s", id, trouble);
		free(trouble);
		oc_mcp_config_deinit(&s);
	}
	return OC_OK;
}

const struct oc_check oc_checks_config[] = {
	{ .id = "config.readable", .title = "Configuration", .run_wait = check_readable },
	{ .id = "config.valid",
	  .title = "Configuration is valid",
	  .needs_config = true,
	  .run_wait = check_valid },
	{ .id = "config.gateway_mode",
	  .title = "Gateway mode",
	  .needs_config = true,
	  .run_wait = check_mode },
	{ .id = "config.gateway_token",
	  .title = "Gateway token",
	  .needs_config = true,
	  .run_wait = check_token },
	{ .id = "config.mcp",
	  .title = "MCP servers",
	  .needs_config = true,
	  .run_wait = check_servers },
	{ 0 },
};
