/* Parts of the agent that are not there. */
#include "agent/approvals.h"
#include "agent/cron.h"

#define ABSENT __attribute__((weak))

ABSENT enum oc_rc oc_sessions_new_wait(const struct oc_sessions_spec *spec,
				       struct oc_sessions **out, struct oc_err *e)
{
	(void)spec, (void)e;
	*out = NULL;
	return OC_OK;
}

ABSENT void oc_sessions_drain_wait(struct oc_sessions *s, uint64_t drain_ms)
{
	(void)s, (void)drain_ms;
}

ABSENT void oc_sessions_free(struct oc_sessions *s)
{
	(void)s;
}

ABSENT size_t oc_sessions_active(const struct oc_sessions *s)
{
	(void)s;
	return 0;
}

ABSENT struct oc_approvals *oc_approvals_new(void (*told)(void *arg, const json_t *record,
							  const char *decision, const char *by),
					     void *arg)
{
	(void)told, (void)arg;
	return NULL;
}

ABSENT void oc_approvals_free(struct oc_approvals *a)
{
	(void)a;
}

ABSENT enum oc_rc oc_cron_start_wait(const struct oc_cron_spec *spec, struct oc_cron **out,
				     struct oc_err *e)
{
	(void)spec, (void)e;
	*out = NULL;
	return OC_OK;
}

ABSENT void oc_cron_stop_wait(struct oc_cron *c)
{
	(void)c;
}

ABSENT void oc_sessions_runs(const struct oc_sessions *s, const char *session_key,
			     struct oc_strv *out)
{
	(void)s, (void)session_key, (void)out;
}

ABSENT const char *oc_queue_mode_name(enum oc_queue_mode m)
{
	(void)m;
	return "";
}
