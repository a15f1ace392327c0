/* Where the words of a run go, and how that is written down. */
#include <stdlib.h>

#include "agent/cron/cron_run.h"
#include "agent/session/session_events.h"
#include "base/log.h"
#include "base/mem.h"

static const char *const modes[] = { "none", "announce", "webhook", "session" };
enum { MODES = sizeof modes / sizeof *modes };

enum oc_rc oc_cron_delivery_check(const json_t *delivery, struct oc_err *e)
{
	const char *mode = oc_json_cstr(delivery, "mode");
	struct oc_str to = oc_json_str(delivery, "to");
	size_t i = 0;

	if (!delivery) return OC_OK;
	while (i < MODES && (!mode || strcmp(mode, modes[i]) != 0)) i++;
	if (i == MODES)
		return oc_fail(e, OC_E_INPUT,
			       "delivery.mode has to be none, announce, webhook or session");
	if (!strcmp(mode, "webhook") && !oc_str_istarts(to, OC_LIT("http://")) &&
	    !oc_str_istarts(to, OC_LIT("https://")))
		return oc_fail(e, OC_E_INPUT,
			       "delivery.to has to be an http(s) address for a webhook");
	if (!strcmp(mode, "session") && !to.n)
		return oc_fail(e, OC_E_INPUT, "delivery.to has to be a session key");
	return OC_OK;
}

enum oc_rc oc_cron_say_wait(const struct oc_cron_spec *spec, const char *session_key,
			    struct oc_str text, struct oc_err *e)
{
	struct oc_stored_message stored = { 0 };
	json_t *body =
	    json_pack("{s:s,s:[{s:s,s:o}],s:I,s:s,s:s,s:s}", "role", "assistant", "content", "type",
		      "text", "text", oc_json_new_str(text), "timestamp", (json_int_t)oc_wall_ms(),
		      "provider", "openclaw", "model", "cron", "stopReason", "stop");
	enum oc_rc rc = oc_sessions_inject_wait(spec->sessions, session_key, body, &stored, e);

	json_decref(body);
	oc_stored_message_deinit(&stored);
	return rc;
}

/* ---- the entry ---- */

static void put_text(json_t *o, const char *key, const char *value)
{
	if (value && *value) oc_json_put(o, key, oc_json_new_str(oc_str(value)));
}

json_t *oc_cron_entry(const struct oc_cron_work *w, const struct oc_cron_outcome *o,
		      int64_t began_ms)
{
	const char *agent = oc_json_cstr(w->job, "agentId");
	json_t *run =
	    json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:I,s:I}", "ts", (json_int_t)oc_wall_ms(), "jobId",
		      oc_json_cstr(w->job, "id"), "runId", w->run_id, "action", "finished",
		      "status", o->status, "agentId", agent ? agent : "main", "runAtMs",
		      (json_int_t)began_ms, "durationMs", (json_int_t)(oc_wall_ms() - began_ms));

	put_text(run, "sessionKey", o->session_key);
	put_text(run, "error", o->error.msg);
	put_text(run, "summary", o->text);
	put_text(run, "provider", o->provider);
	put_text(run, "model", o->model);
	if (!o->delivery) return run;
	oc_json_put(run, "deliveryStatus", json_string(o->delivery));
	put_text(run, "deliveryError", o->delivery_error.msg);
	if (strcmp(o->delivery, "not-requested") != 0)
		oc_json_put(run, "delivered", json_boolean(!strcmp(o->delivery, "delivered")));
	return run;
}

/* ---- out of the program ---- */

/* The model of that conversation is told of it, but not the words: they may repeat a stranger's. */
static void mention_wait(const struct oc_cron_work *w, const char *key)
{
	char *text = oc_asprintf("the job %.100s told the user its result, which you do not see",
				 oc_json_cstr(w->job, "name"));
	struct oc_err e = { 0 };

	if (oc_session_event_add_wait(w->spec->sessions, key, oc_str(text), &e) != OC_OK)
		oc_log(OC_LOG_WARN, "cron", "an event is not kept: %s", e.msg);
	free(text);
}

static enum oc_rc to_session_wait(const struct oc_cron_work *w, const char *to, struct oc_str text,
				  struct oc_err *e)
{
	struct oc_snapshot *snapshot = w->spec->snapshot(w->spec->arg);
	char *key = NULL;
	enum oc_rc rc = oc_session_key_canonical(&snapshot->config, to,
						 oc_json_cstr(w->job, "agentId"), &key, e);

	oc_snapshot_unref(snapshot);
	if (!rc) rc = oc_cron_say_wait(w->spec, key, text, e);
	if (!rc) mention_wait(w, key);
	free(key);
	return rc;
}

static enum oc_rc out_wait(const struct oc_cron_work *w, const struct oc_cron_outcome *o,
			   enum oc_delivery_mode mode, int64_t began_ms, struct oc_err *e)
{
	const json_t *delivery = json_object_get(w->job, "delivery");
	const char *channel = oc_json_cstr(delivery, "channel"),
		   *name = oc_json_cstr(w->job, "name");
	/* whose conversation it is, when the job has a session of its own */
	const char *route = oc_json_cstr(delivery, "routeOf");
	const struct oc_delivery_port *port = &w->spec->delivery;
	json_t *event = mode == OC_DELIVERY_WEBHOOK ? oc_cron_entry(w, o, began_ms) : NULL;
	const struct oc_delivery d = {
		.mode = mode,
		.channel = channel ? channel : "last",
		.account = oc_json_cstr(delivery, "accountId"),
		.thread = oc_json_cstr(delivery, "threadId"),
		.to = oc_json_cstr(delivery, "to"),
		.session_key = route ? route : o->session_key,
		.agent = oc_json_cstr(w->job, "agentId"),
		.text = oc_str(o->text		 ? o->text
			       : o->error.msg[0] ? o->error.msg
						 : o->status),
		.id = w->run_id,
		.event = event,
	};
	enum oc_rc rc;

	if (event && name) oc_json_put(event, "name", json_string(name));
	rc = port->deliver_wait
		 ? port->deliver_wait(port->arg, &d, e)
		 : oc_fail(e, OC_E_NOT_FOUND, "no channel is set up that could deliver it");
	json_decref(event);
	return rc;
}

void oc_cron_deliver_wait(const struct oc_cron_work *w, struct oc_cron_outcome *o, int64_t began_ms)
{
	const json_t *delivery = json_object_get(w->job, "delivery");
	const char *mode = oc_json_cstr(delivery, "mode");
	enum oc_rc rc;

	if (!o->delivery) o->delivery = "not-requested";
	if (!mode || !strcmp(mode, "none") || !strcmp(o->status, "skipped")) return;
	if (!o->text && strcmp(mode, "webhook") != 0) return; /* silence is not delivered */
	if (!strcmp(mode, "session"))
		rc = to_session_wait(w, oc_json_cstr(delivery, "to"), oc_str(o->text),
				     &o->delivery_error);
	else
		rc = out_wait(w, o,
			      !strcmp(mode, "webhook") ? OC_DELIVERY_WEBHOOK : OC_DELIVERY_ANNOUNCE,
			      began_ms, &o->delivery_error);
	o->delivery = rc ? "not-delivered" : "delivered";
}
