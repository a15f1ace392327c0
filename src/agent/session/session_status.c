/* The tool session_status: a card about the conversation that it is called in. */
#include <stdlib.h>

#include "agent/run/prompt.h"
#include "agent/run/tool_host.h"
#include "base/mem.h"

static void add_time(const struct oc_session_run *run, struct oc_buf *out)
{
	char *zone = oc_prompt_time_zone(run->settings.time_zone);
	char when[32];
	struct tm tm;

	oc_prompt_local_time(oc_wall_ms(), zone, &tm);
	strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
	oc_buf_addf(out, "time: %s %s\n", when, zone);
	free(zone);
}

static void add_context(const struct oc_session_run *run, const struct oc_session_record *r,
			struct oc_buf *out)
{
	const struct oc_provider *p =
	    run->provider ? oc_catalog_provider(&run->snapshot->catalog, oc_str(run->provider))
			  : NULL;
	const struct oc_model *m =
	    p && run->model ? oc_provider_model(p, oc_str(run->model)) : NULL;

	if (!r->prompt_tokens) return;
	oc_buf_addf(out, "context: %lld tokens in the request before this run",
		    (long long)r->prompt_tokens);
	if (m && m->context_window > 0)
		oc_buf_addf(out, ", of at most %lld", (long long)m->context_window);
	oc_buf_addc(out, '\n');
}

static void add_helpers(const struct oc_session_run *run, struct oc_buf *out)
{
	for (const struct oc_session_run *r = run->owner->runs; r; r = r->next) {
		struct oc_str key = oc_str(r->info.session_key);

		if (r->state == OC_RUN_ENDED || key.n <= strlen(run->session->key)) continue;
		if (oc_str_starts(key, oc_str(run->session->key)) &&
		    key.p[strlen(run->session->key)] == ':')
			oc_buf_addf(out, "helper at work: %s\n", key.p);
	}
}

enum oc_rc oc_tool_session_status_wait(struct oc_tool_context *ctx, const json_t *args,
				       struct oc_tool_result *out, struct oc_err *e)
{
	const struct oc_tool_host *host = ctx->host;
	const struct oc_session_run *run = host ? host->run : NULL;
	struct oc_session_record r;
	enum oc_rc rc;

	(void)args;
	if (!run || !run->session)
		return oc_fail(e, OC_E_DENIED, "this run belongs to no conversation of a gateway");
	rc = oc_store_session_wait(run->owner->spec.store, run->session->key, &r, e);
	if (rc) return rc;
	add_time(run, &out->text);
	oc_buf_addf(&out->text, "conversation: %s, %lld messages\n", r.key, (long long)r.last_seq);
	if (run->provider) oc_buf_addf(&out->text, "model: %s/%s\n", run->provider, run->model);
	add_context(run, &r, &out->text);
	oc_buf_addf(&out->text, "tokens so far: %lld read, %lld written\nwaiting messages: %zu\n",
		    (long long)r.input_tokens, (long long)r.output_tokens, run->session->queue.n);
	add_helpers(run, &out->text);
	oc_buf_addf(&out->text, "commands in the background: %zu",
		    oc_processes_running(run->owner->processes, run->session->key));
	oc_session_record_deinit(&r);
	return OC_OK;
}
