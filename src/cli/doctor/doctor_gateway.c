/* Checks of the gateway: does it run, does it take our secret, is there a service, is the clock
 * right. */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/doctor/doctor.h"
#include "cli/gateway/gateway_facts.h"
#include "rt/file.h"

enum { PROBE_MS = 5000, CLOCK_OFF_MS = 60000 };
static const int64_t FIRST_SANE_MS = 1700000000000; /* November 2023 */

/* Address and secret by configuration alone: doctor has no options for them. */
static enum oc_rc target(struct oc_doctor *d, struct oc_rpc_target *t, struct oc_err *e)
{
	return oc_rpc_target_init(t, d->args, &d->config, e);
}

static enum oc_rc check_running(struct oc_doctor *d, const struct oc_check *check)
{
	static const struct oc_rpc_hello probe = { .probe = true };
	struct oc_rpc_target t;
	struct oc_rpc_client *client = NULL;
	struct oc_err e = { 0 };
	enum oc_rc rc = target(d, &t, &e);

	if (!rc) rc = oc_rpc_connect_wait(&t, &probe, oc_deadline_in(PROBE_MS), &client, &e);
	if (rc && rc != OC_CANCELLED)
		oc_doctor_find(d, check,
			       rc == OC_E_DENIED ? OC_SEVERITY_ERROR : OC_SEVERITY_WARNING, NULL,
			       NULL, "%s", e.msg);
	oc_rpc_close_wait(client);
	oc_rpc_target_deinit(&t);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

static enum oc_rc check_health(struct oc_doctor *d, const struct oc_check *check)
{
	static const struct oc_rpc_hello hello = { 0 };
	struct oc_rpc_target t;
	struct oc_rpc_client *client = NULL;
	json_t *health = NULL;
	struct oc_err e = { 0 };
	enum oc_rc rc = target(d, &t, &e);

	if (!rc) rc = oc_rpc_connect_wait(&t, &hello, oc_deadline_in(PROBE_MS), &client, &e);
	if (!rc)
		rc = oc_rpc_call_wait(client, "health", NULL, false, oc_deadline_in(PROBE_MS),
				      &health, NULL, &e);
	if (!rc && !oc_json_bool(health, "ok", false))
		oc_doctor_find(d, check, OC_SEVERITY_ERROR, NULL, "look into: openclaw logs",
			       "the gateway says that it is not well");
	int64_t off = oc_json_int(health, "ts", oc_wall_ms()) - oc_wall_ms();
	if (!rc && (off > CLOCK_OFF_MS || off < -CLOCK_OFF_MS))
		oc_doctor_find(d, check, OC_SEVERITY_WARNING, NULL, "set the clocks right",
			       "the gateway's clock differs by %lld s", (long long)(off / 1000));
	json_decref(health);
	oc_rpc_close_wait(client);
	oc_rpc_target_deinit(&t);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

static void report_prefixes(struct oc_doctor *d, const struct oc_check *check, const json_t *list)
{
	size_t i, whole = 0;
	const json_t *row;

	json_array_foreach (list, i, row) {
		const char *reason = oc_json_cstr(row, "reason");
		bool odd = reason && !strcmp(reason, "unexplained");

		whole += oc_json_int(row, "percent", 0) == 100;
		oc_doctor_find(d, check, odd ? OC_SEVERITY_WARNING : OC_SEVERITY_INFO,
			       oc_json_cstr(row, "sessionKey"),
			       odd ? "the server reads the prompt again: please report this" : NULL,
			       "%s repeats %lld %% of the request before (%lld bytes)%s%s",
			       oc_json_cstr(row, "sessionKey"),
			       (long long)oc_json_int(row, "percent", 0),
			       (long long)oc_json_int(row, "previousBytes", 0), reason ? ": " : "",
			       reason ? reason : "");
	}
	if (i)
		oc_doctor_find(d, check, OC_SEVERITY_INFO, NULL, NULL,
			       "%zu of the last %zu requests repeat the one before whole", whole,
			       i);
}

/* The answer of a method, a new reference; NULL: no gateway answers. */
static enum oc_rc ask_wait(struct oc_doctor *d, const char *method, json_t **out)
{
	static const struct oc_rpc_hello hello = { 0 };
	struct oc_rpc_target t;
	struct oc_rpc_client *client = NULL;
	struct oc_err e = { 0 };
	enum oc_rc rc = target(d, &t, &e);

	*out = NULL;
	if (!rc) rc = oc_rpc_connect_wait(&t, &hello, oc_deadline_in(PROBE_MS), &client, &e);
	if (!rc)
		rc = oc_rpc_call_wait(client, method, NULL, false, oc_deadline_in(PROBE_MS), out,
				      NULL, &e);
	oc_rpc_close_wait(client);
	oc_rpc_target_deinit(&t);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* Spec 03 §3.3: whether the server can use again what it has read. */
static enum oc_rc check_prefixes(struct oc_doctor *d, const struct oc_check *check)
{
	json_t *status;
	enum oc_rc rc = ask_wait(d, "status", &status);

	report_prefixes(d, check, json_object_get(status, "promptPrefixes"));
	json_decref(status);
	return rc;
}

static void report_account(struct oc_doctor *d, const struct oc_check *check, const char *channel,
			   const json_t *account)
{
	const char *error = oc_json_cstr(account, "lastError");
	struct oc_str state = oc_json_str(account, "state");
	char *place = oc_asprintf("channels.%s", channel);

	if (oc_str_eq(state, OC_LIT("failed")) || oc_str_eq(state, OC_LIT("waiting")))
		oc_doctor_find(d, check,
			       oc_str_eq(state, OC_LIT("failed")) ? OC_SEVERITY_ERROR
								  : OC_SEVERITY_WARNING,
			       place, NULL, "%s (%s): %s", channel,
			       oc_json_cstr(account, "accountId"), error ? error : "not connected");
	free(place);
}

/* Whether messengers are connected, and what was not sent. */
static enum oc_rc check_channels(struct oc_doctor *d, const struct oc_check *check)
{
	json_t *status, *list, *account;
	enum oc_rc rc = ask_wait(d, "channels.status", &status);
	const json_t *outbox = json_object_get(status, "outbox");
	const char *channel;
	size_t i;

	json_object_foreach (json_object_get(status, "channelAccounts"), channel, list)
		json_array_foreach (list, i, account) report_account(d, check, channel, account);
	if (oc_json_int(outbox, "unknown", 0) || oc_json_int(outbox, "failed", 0))
		oc_doctor_find(
		    d, check, OC_SEVERITY_WARNING, NULL,
		    "run: openclaw channels outbox; then openclaw channels outbox resend "
		    "or discard",
		    "%lld messages were not sent, and of %lld it is not known whether "
		    "they arrived",
		    (long long)oc_json_int(outbox, "failed", 0),
		    (long long)oc_json_int(outbox, "unknown", 0));
	json_decref(status);
	return rc;
}

/* The program of "ExecStart=", in quotes or not; free with free(). */
static char *program_of(struct oc_str unit)
{
	size_t at = oc_str_find(unit, OC_LIT("ExecStart="), 0);
	struct oc_str s = at == SIZE_MAX ? OC_LIT("") : oc_str_from(unit, at + 10);
	bool quoted = s.n && s.p[0] == '"';

	s = oc_str_from(s, quoted);
	s = oc_str_head(s, oc_str_find(s, OC_LIT("\n"), 0));
	s = oc_str_head(s, oc_str_find(s, quoted ? OC_LIT("\"") : OC_LIT(" "), 0));
	return oc_strndup(s.n ? s.p : "", s.n);
}

/* A unit that starts a program which is gone. */
static enum oc_rc check_service(struct oc_doctor *d, const struct oc_check *check)
{
	json_t *facts = oc_gateway_service_facts(&d->config.paths);
	const char *unit = oc_json_cstr(facts, "unit");
	struct oc_buf text;

	if (oc_json_bool(facts, "installed", false) &&
	    oc_file_read(unit, 65536, &text, NULL) == OC_OK) {
		char *program = program_of(oc_buf_view(&text));
		if (program[0] == '/' && !oc_file_exists(program))
			oc_doctor_find(d, check, OC_SEVERITY_ERROR, unit,
				       "run: openclaw gateway install --force",
				       "the service starts %s, which is not there", program);
		free(program);
		oc_buf_deinit(&text);
	}
	json_decref(facts);
	return OC_OK;
}

static enum oc_rc check_clock(struct oc_doctor *d, const struct oc_check *check)
{
	if (oc_wall_ms() < FIRST_SANE_MS)
		oc_doctor_find(d, check, OC_SEVERITY_ERROR, NULL, "set the clock of this machine",
			       "the clock is wrong: jobs, logs and signatures need it");
	return OC_OK;
}

const struct oc_check oc_checks_gateway[] = {
	{ .id = "gateway.running",
	  .title = "Gateway",
	  .needs_config = true,
	  .run_wait = check_running },
	{ .id = "gateway.health",
	  .title = "Health of the gateway",
	  .deep = true,
	  .needs_config = true,
	  .run_wait = check_health },
	{ .id = "gateway.prompt",
	  .title = "Prompts repeat the one before",
	  .needs_config = true,
	  .run_wait = check_prefixes },
	{ .id = "gateway.channels",
	  .title = "Channels",
	  .needs_config = true,
	  .run_wait = check_channels },
	{ .id = "gateway.service", .title = "Service", .run_wait = check_service },
	{ .id = "system.clock", .title = "Clock", .run_wait = check_clock },
	{ 0 },
};
