/* Options, connection and one call of the commands over the gateway. */
#include "cli/gateway/rpc_command.h"

enum { MAX_TIMEOUT_MS = 604800000 };

int oc_rpc_failed(enum oc_rc rc, const struct oc_err *e)
{
	return rc == OC_CANCELLED ? 130 : oc_error("%s", e->msg);
}

enum oc_rc oc_rpc_command_init(struct oc_rpc_command *c, const struct oc_args *a,
			       uint64_t timeout_ms, struct oc_err *e)
{
	const char *text = oc_args_get(a, "--timeout");
	int64_t given = (int64_t)timeout_ms;

	*c = (struct oc_rpc_command){ .args = a };
	if (text && !oc_parse_int(oc_str(text), 1, MAX_TIMEOUT_MS, &given))
		return oc_fail(e, OC_E_INPUT, "--timeout \"%.40s\": use milliseconds, 1 to %d",
			       text, MAX_TIMEOUT_MS);
	c->timeout_ms = (uint64_t)given;
	c->deadline = oc_deadline_in(c->timeout_ms);
	enum oc_rc rc = oc_config_load(&c->config, e);
	if (!rc) rc = oc_rpc_target_init(&c->target, a, &c->config, e);
	return rc;
}

enum oc_rc oc_rpc_command_connect_wait(struct oc_rpc_command *c, struct oc_err *e)
{
	const struct oc_rpc_hello hello = { 0 };

	return oc_rpc_connect_wait(&c->target, &hello, c->deadline, &c->client, e);
}

void oc_rpc_command_deinit_wait(struct oc_rpc_command *c)
{
	oc_rpc_close_wait(c->client);
	oc_rpc_target_deinit(&c->target);
	oc_config_deinit(&c->config);
}

enum oc_rc oc_rpc_command_call_wait(struct oc_rpc_command *c, const char *method, json_t *params,
				    json_t **result, struct oc_err *e)
{
	return oc_rpc_call_wait(c->client, method, params, false, c->deadline, result, NULL, e);
}

json_t *oc_rpc_ask_wait(const struct oc_args *a, const char *method, json_t *params, int *exit_code)
{
	struct oc_rpc_command c;
	struct oc_err e = { 0 };
	json_t *result = NULL;
	enum oc_rc rc = oc_rpc_command_init(&c, a, OC_RPC_TIMEOUT_MS, &e);

	if (!rc) rc = oc_rpc_command_connect_wait(&c, &e);
	if (!rc)
		rc = oc_rpc_command_call_wait(&c, method, params, &result, &e);
	else
		json_decref(params);
	oc_rpc_command_deinit_wait(&c);
	*exit_code = rc ? oc_rpc_failed(rc, &e) : 0;
	return result;
}
