/*
 * POST /tools/invoke (spec 02 §4.5): one tool, run for a program. What changes this machine is not
 * offered here unless gateway.tools.allow names it.
 */
#include "gateway/methods/tool_invoke.h"

#include <stdlib.h>

#include "base/limits.h"
#include "gateway/http/internal.h"

static const char *const denied[] = { "exec", "spawn", "write", "edit", "apply_patch", "cron" };

/* Names of the reference that mean a tool of ours, in the two lists of the configuration. */
static const struct {
	const char *name, *ours;
} upstream[] = {
	{ "shell", "exec" },	      { "fs_write", "write" },	     { "fs_delete", "apply_patch" },
	{ "fs_move", "apply_patch" }, { "sessions_spawn", "spawn" }, { "sessions_send", "message" },
};

static bool means(struct oc_str entry, const char *tool)
{
	const struct oc_tool *known = oc_tool_find(entry);

	for (size_t i = 0; i < sizeof upstream / sizeof *upstream; i++)
		if (oc_str_eq(entry, oc_str(upstream[i].name)) && !strcmp(upstream[i].ours, tool))
			return true;
	return known ? !strcmp(known->name, tool) : oc_str_eq(entry, oc_str(tool));
}

static bool listed(const json_t *list, const char *tool)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		if (means(oc_json_text(item), tool)) return true;
	}
	return false;
}

static bool is_offered(const struct oc_gateway *gw, const char *tool)
{
	const json_t *config = oc_config_get(&gw->snapshot->config, "gateway.tools");

	if (listed(json_object_get(config, "deny"), tool)) return false;
	if (listed(json_object_get(config, "allow"), tool)) return true;
	for (size_t i = 0; i < sizeof denied / sizeof *denied; i++)
		if (!strcmp(denied[i], tool)) return false;
	return true;
}

static void refuse(struct oc_exchange *x, int status, const char *type, struct oc_str message)
{
	json_t *error = json_pack("{s:s}", "type", type);

	oc_json_put(error, "message", oc_json_new_str(message));
	oc_route_json(x, status, json_pack("{s:b,s:o}", "ok", 0, "error", error));
}

static void not_available(struct oc_exchange *x, const char *name)
{
	struct oc_buf text;

	oc_buf_init(&text, 400);
	oc_buf_addf(&text, "Tool not available: %.200s", name);
	refuse(x, 404, "not_found", oc_buf_view(&text));
	oc_buf_deinit(&text);
}

/* {"ok":true,"result":{"content":[…]}} */
static void tell_result(struct oc_exchange *x, struct oc_str text, json_t *details)
{
	json_t *part = json_pack("{s:s}", "type", "text"), *result = json_object();

	oc_json_put(part, "text", oc_json_new_str(text));
	oc_json_put(result, "content", json_pack("[o]", part));
	if (details) oc_json_put(result, "details", details);
	oc_route_json(x, 200, json_pack("{s:b,s:o}", "ok", 1, "result", result));
}

/* Free with free(); NULL: answered. */
static char *session_of(struct oc_gateway *gw, struct oc_exchange *x, const json_t *body)
{
	const char *key = oc_json_cstr(body, "sessionKey");
	struct oc_err e = { 0 };
	char *canonical = NULL;

	if (oc_session_key_canonical(&gw->snapshot->config, key ? key : "main",
				     oc_json_cstr(body, "agentId"), &canonical, &e) != OC_OK)
		refuse(x, 400, "invalid_request", oc_str(e.msg));
	return canonical;
}

static void run_wait(struct oc_gateway *gw, struct oc_exchange *x, const char *name,
		     const json_t *body, const json_t *args)
{
	char *session = session_of(gw, x, body);
	const struct oc_tool_invocation inv = { .name = name,
						.agent = oc_json_cstr(body, "agentId"),
						.session_key = session,
						.args = args };
	struct oc_tool_result result;
	struct oc_err e = { 0 };

	if (!session) return;
	switch (oc_tool_invoke_wait(gw, &inv, &result, &e)) {
	case OC_OK:
		if (result.is_error)
			refuse(x, 400, "tool_error", oc_buf_view(&result.text));
		else
			tell_result(x, oc_buf_view(&result.text), NULL);
		oc_tool_result_deinit(&result);
		break;
	case OC_CANCELLED: break;
	case OC_E_NOT_FOUND: refuse(x, 404, "not_found", oc_str(e.msg)); break;
	default: refuse(x, 400, "invalid_request", oc_str(e.msg)); break;
	}
	free(session);
}

/* args, and action as one of them. New reference. */
static json_t *args_of(json_t *body)
{
	json_t *given = json_object_get(body, "args"), *action = json_object_get(body, "action");
	json_t *args = json_is_object(given) ? json_copy(given) : json_object();

	if (json_is_string(action) && !json_object_get(args, "action"))
		json_object_set(args, "action", action);
	return args;
}

static void invoke_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	json_t *body = oc_body_json_wait(x, OC_MAX_SMALL_HTTP_BODY_BYTES);
	const char *name = oc_json_cstr(body, "tool");
	const json_t *given = json_object_get(body, "args");

	if (!body) return;
	if (!name) name = oc_json_cstr(body, "name");
	if (oc_tool_invoke_settle_wait(gw, name)) {
		json_decref(body);
		return;
	}
	const struct oc_tool *tool = name ? oc_tool_find(oc_str(name)) : NULL;

	if (!name || !*name) {
		refuse(x, 400, "invalid_request", OC_LIT("tools.invoke requires name"));
	} else if (given && !json_is_object(given)) {
		refuse(x, 400, "invalid_request", OC_LIT("args must be an object"));
	} else if (!tool || !is_offered(gw, tool->name)) {
		not_available(x, name);
	} else if (oc_json_bool(body, "dryRun", false)) {
		tell_result(x, OC_LIT("dry run"), json_pack("{s:b}", "dryRun", 1));
	} else {
		json_t *args = args_of(body);

		run_wait(gw, x, tool->name, body, args);
		json_decref(args);
	}
	json_decref(body);
}

const struct oc_route oc_routes_tools[] = {
	{ .path = "/tools/invoke",
	  .methods = "POST",
	  .auth = OC_ROUTE_BEARER,
	  .run_wait = invoke_wait },
	{ 0 },
};
