/*
 * Background commands that end while nobody waits for them (spec 03 §8.2): a factual line for the
 * person, and an event for the model on top of the next message. The model is woken only where the
 * call asked for that.
 */
#include <stdlib.h>

#include "agent/session/session.h"
#include "base/log.h"
#include "base/mem.h"

struct ended {
	struct oc_sessions *sessions;
	char *key, *line;
	bool wakes;
};

static enum oc_rc show_wait(const struct ended *x, struct oc_err *e)
{
	struct oc_stored_message stored = { 0 };
	json_t *body =
	    json_pack("{s:s,s:[{s:s,s:s}],s:I,s:s,s:s,s:s}", "role", "assistant", "content", "type",
		      "text", "text", x->line, "timestamp", (json_int_t)oc_wall_ms(), "provider",
		      "openclaw", "model", "exec", "stopReason", "stop");
	enum oc_rc rc = oc_sessions_inject_wait(x->sessions, x->key, body, &stored, e);

	json_decref(body);
	oc_stored_message_deinit(&stored);
	return rc;
}

static enum oc_rc wake_wait(const struct ended *x, struct oc_err *e)
{
	struct oc_asked asked;
	const struct oc_ask ask = { .session_key = x->key,
				    .message =
					OC_LIT("A command that you started has ended: see the "
					       "event above, and go on."),
				    .channel = "exec",
				    .origin = "exec",
				    .queue = OC_QUEUE_FOLLOWUP,
				    .priority = OC_PRIORITY_CRON,
				    .own_turn = true,
				    .hidden = true };

	return oc_sessions_ask_wait(x->sessions, &ask, &asked, e);
}

static void tell(void *arg)
{
	struct ended *x = arg;
	const struct oc_session *session = oc_session_find(x->sessions, x->key);
	bool idle = !session || !session->active;
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_session_event_add_wait(x->sessions, x->key, oc_str(x->line), &e);

	if (!rc && x->wakes)
		rc = wake_wait(x, &e);
	else if (!rc && idle)
		rc = show_wait(x, &e);
	if (rc && rc != OC_E_DENIED) /* the gateway stops */
		oc_log(OC_LOG_WARN, "sessions", "the end of a command is not told: %s", e.msg);
	free(x->key);
	free(x->line);
	free(x);
}

void oc_session_command_ended(void *arg, const struct oc_process_end *end)
{
	struct oc_sessions *s = arg;
	struct ended *x;

	if (s->closing || !*end->session_key) return;
	x = oc_new(struct ended);
	*x = (struct ended){ .sessions = s,
			     .key = oc_strdup(end->session_key),
			     .line = oc_asprintf("exec %s finished, %s", end->id, end->how),
			     .wakes = end->notify };
	oc_scope_spawn(s->scope, tell, x);
}
