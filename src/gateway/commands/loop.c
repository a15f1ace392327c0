/* /loop: the same prompt in this chat again and again, until somebody stops it. */
#include <stdlib.h>

#include "agent/cron/cron.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "gateway/commands/command.h"

enum { NAME_BYTES = 40, MIN_MS = 60000, DEFAULT_MS = 600000 };

static const char usage[] =
    "Use: `/loop 5m <prompt>`, `/loop status`, `/loop stop [id]`. Without an interval it is every "
    "10 minutes.";

/* The loops of this session. New reference. */
static json_t *loops_of(struct oc_command_ask *a)
{
	json_t *params = json_pack("{s:i}", "limit", 200), *page = NULL, *mine = json_array(), *job;
	struct oc_err e = { 0 };
	size_t i;

	if (oc_cron_list(a->gw->cron, params, &page, &e) == OC_OK)
		json_array_foreach (json_object_get(page, "jobs"), i, job)
			if (oc_json_bool(job, "loop", false) &&
			    oc_str_eq(oc_json_str(job, "sessionKey"), oc_str(a->chat->session_key)))
				json_array_append(mine, job);
	json_decref(page);
	json_decref(params);
	return mine;
}

static void say_status(struct oc_command_ask *a)
{
	json_t *mine = loops_of(a), *job;
	size_t i;

	if (!json_array_size(mine)) oc_command_say(a, "No loop runs in this chat. %s", usage);
	json_array_foreach (mine, i, job) {
		struct oc_buf next;

		oc_buf_init(&next, 500);
		oc_cron_echo(a->gw->cron, job, 1, &next);
		oc_command_say(a, "- `%.8s` %s: next %s\n", oc_json_cstr(job, "id"),
			       oc_json_cstr(job, "name"), oc_buf_cstr(&next));
		oc_buf_deinit(&next);
	}
	json_decref(mine);
}

static void stop_wait(struct oc_command_ask *a)
{
	struct oc_str which = oc_command_word(a);
	json_t *mine = loops_of(a), *job;
	unsigned stopped = 0;
	size_t i;

	json_array_foreach (mine, i, job) {
		struct oc_err e = { 0 };
		bool removed = false;
		bool meant = !which.n || oc_str_istarts(oc_json_str(job, "id"), which) ||
			     oc_str_ieq(oc_json_str(job, "name"), which);

		if (meant && oc_cron_remove_wait(a->gw->cron, oc_json_cstr(job, "id"), &removed,
						 &e) == OC_OK)
			stopped += removed;
	}
	json_decref(mine);
	oc_command_say(a, stopped ? "Stopped." : "No such loop runs in this chat.");
}

static json_t *job_of(const struct oc_command_ask *a, int64_t every_ms)
{
	size_t n = a->rest.n > NAME_BYTES ? oc_utf8_floor(a->rest.p, NAME_BYTES) : a->rest.n;
	char *target = oc_asprintf("session:%s", a->chat->session_key);
	char *agent = oc_session_key_agent(a->chat->session_key);
	json_t *job =
	    json_pack("{s:o,s:s,s:s,s:s,s:b,s:{s:s,s:I},s:{s:s,s:o}}", "name",
		      oc_json_new_str(oc_str_head(a->rest, n)), "agentId", agent, "sessionTarget",
		      target, "sessionKey", a->chat->session_key, "loop", 1, "schedule", "kind",
		      "every", "everyMs", (json_int_t)every_ms, "payload", "kind", "agentTurn",
		      "message", oc_json_new_str(a->rest));

	free(target);
	free(agent);
	return job;
}

static void begin_wait(struct oc_command_ask *a, int64_t every_ms)
{
	json_t *job, *made = NULL;
	struct oc_buf next;
	struct oc_err e = { 0 };

	if (!a->rest.n || every_ms < MIN_MS) {
		oc_command_say(a, "%s%s", every_ms < MIN_MS ? "The shortest interval is 1m. " : "",
			       usage);
		return;
	}
	job = job_of(a, every_ms);
	if (oc_cron_add_wait(a->gw->cron, job, &made, &e) != OC_OK) {
		oc_command_say(a, "%s", e.msg);
	} else {
		oc_buf_init(&next, 500);
		oc_cron_echo(a->gw->cron, made, 1, &next);
		oc_command_say(a, "Loop `%.8s` runs, next %s. `/loop stop` ends it.",
			       oc_json_cstr(made, "id"), oc_buf_cstr(&next));
		oc_buf_deinit(&next);
	}
	json_decref(made);
	json_decref(job);
}

enum oc_rc oc_command_loop_wait(struct oc_command_ask *a)
{
	struct oc_str all = a->rest, word = oc_command_word(a);
	int64_t every_ms = DEFAULT_MS;

	if (!a->gw->cron)
		oc_command_say(a, "Scheduled jobs are not available.");
	else if (!word.n || oc_str_ieq(word, OC_LIT("status")))
		say_status(a);
	else if (oc_str_ieq(word, OC_LIT("stop")))
		stop_wait(a);
	else {
		bool interval =
		    word.p[0] >= '0' && word.p[0] <= '9' && oc_parse_duration(word, &every_ms);

		if (!interval) a->rest = all;
		begin_wait(a, every_ms);
	}
	return OC_OK;
}
