/* Work for a conversation while nobody uses it: the note of a compaction that will soon be due. */
#include <stdlib.h>

#include "agent/session/session.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"

enum { IDLE_SECONDS = 60 };

struct idle {
	struct oc_session *session;
	uint64_t pause_ms;
};

static const json_t *settings_of(const struct oc_session_run *r)
{
	return oc_config_get(&r->snapshot->config, "agents.defaults.compaction");
}

static struct oc_session_run *note_run(struct oc_session *session,
				       const struct oc_session_compaction *how)
{
	const struct oc_ask ask = { .channel = "compact", .priority = OC_PRIORITY_HOUSEKEEPING };
	struct oc_input *input = oc_input_new(&ask);
	char id[OC_ID_CHARS + 1];

	oc_uuid(id);
	input->run_id = oc_strdup(id);
	input->session_key = oc_strdup(session->key);
	input->agent = oc_strdup(session->agent);
	struct oc_session_run *run = oc_session_run_unlisted(session->owner, session, input);

	run->compaction = how;
	return run;
}

static void write_note(void *arg)
{
	static const struct oc_session_compaction how = { .ahead = true };
	const struct idle *i = arg;
	struct oc_session_run *run;
	struct oc_err e = { 0 };

	if (oc_sleep_wait(i->pause_ms) != OC_OK || i->session->active) return;
	run = note_run(i->session, &how);
	enum oc_rc rc = oc_session_run_aside_wait(run, &e);
	if (rc && rc != OC_CANCELLED)
		oc_log(OC_LOG_INFO, "sessions", "%s: no note was written ahead: %s",
		       i->session->key, e.msg);
	oc_session_run_free(run);
}

/* Its session stays in memory meanwhile. */
static void look_after(void *arg)
{
	struct idle *i = arg;
	struct oc_session *session = i->session;
	struct oc_scope *scope = oc_scope_new();

	session->idle = scope;
	oc_scope_spawn(scope, write_note, i);
	oc_scope_join_wait(scope);
	if (session->idle == scope) session->idle = NULL;
	oc_scope_free(scope);
	oc_session_let_go(session);
	free(i);
}

void oc_session_idle_begin(const struct oc_session_run *ended)
{
	const json_t *settings = settings_of(ended);
	int64_t seconds = oc_json_int(settings, "idleSeconds", IDLE_SECONDS);
	struct oc_session *session = ended->session;

	if (!session || ended->rc || ended->compaction || !ended->result.nearly_full) return;
	if (seconds <= 0 || !oc_json_bool(settings, "enabled", true)) return;
	if (ended->owner->closing || session->idle) return;
	struct idle *i = oc_new(struct idle);

	*i = (struct idle){ session, (uint64_t)seconds * 1000 };
	session->users++;
	oc_scope_spawn(ended->owner->scope, look_after, i);
}

void oc_session_idle_end(struct oc_session *s)
{
	if (s->idle) oc_scope_cancel(s->idle);
	s->idle = NULL;
}
