/* Options of `openclaw cron add|edit` as a job object. */
#include "cli/cron/cron_job.h"

#include <stdio.h>
#include <time.h>

#include "cli/cron/duration.h"
#include "cli/cron/when.h"

const struct oc_option oc_cron_job_options[] = {
	{ .name = "--name", .value = "<name>", .help = "What the job is called" },
	{ .name = "--description", .value = "<text>", .help = "What it is for" },
	{ .name = "--when",
	  .value = "<words>",
	  .help = "When: \"tomorrow 9:00\", \"every weekday 8:30\", \"in 20 minutes\"" },
	{ .name = "--cron", .value = "<expression>", .help = "When: five fields, \"0 9 * * 1-5\"" },
	{ .name = "--tz", .value = "<zone>", .help = "Time zone of --cron, Europe/Berlin" },
	{ .name = "--every", .value = "<duration>", .help = "When: 10m, 2h, 1d" },
	{ .name = "--at", .value = "<time>", .help = "When: once, 2026-12-24T18:00 or 20m" },
	{ .name = "--message",
	  .short_name = 'm',
	  .value = "<text>",
	  .help = "What the agent is to do" },
	{ .name = "--text",
	  .value = "<text>",
	  .help = "Words to be told as they are, without a model" },
	{ .name = "--command",
	  .value = "<shell>",
	  .help = "A command whose output is told, without a model" },
	{ .name = "--if-output",
	  .value = "<regex>",
	  .help = "--command: only if the output matches" },
	{ .name = "--if-above", .value = "<n>", .help = "--command: only if its number is above" },
	{ .name = "--if-below", .value = "<n>", .help = "--command: only if its number is below" },
	{ .name = "--system-event",
	  .value = "<text>",
	  .help = "A note for the main session instead" },
	{ .name = "--session",
	  .value = "<target>",
	  .help = "main, isolated (default for --message) or a session key" },
	{ .name = "--model", .value = "<ref>", .help = "Model for this job" },
	{ .name = "--thinking", .value = "<level>", .help = "Thinking level for this job" },
	{ .name = "--timeout-seconds", .value = "<n>", .help = "Bound of one run" },
	{ .name = "--agent", .value = "<id>", .help = "Which agent" },
	{ .name = "--wake", .value = "<mode>", .help = "now or next-heartbeat" },
	{ .name = "--tools", .value = "<names>", .help = "The only tools of an isolated job" },
	{ .name = "--announce", .help = "Send what it says to a channel" },
	{ .name = "--channel", .value = "<id>", .help = "--announce: telegram …, or last" },
	{ .name = "--to", .value = "<chat>", .help = "--announce: which chat" },
	{ .name = "--webhook", .value = "<address>", .help = "POST the result there" },
	{ .name = "--best-effort-deliver", .help = "A failed delivery is no failed job" },
	{ .name = "--no-deliver", .help = "Keep the result in the history alone" },
	{ .name = "--exact", .help = "--cron: not some minutes later to spread the load" },
	{ .name = "--stagger", .value = "<duration>", .help = "--cron: spread within so long" },
	{ .name = "--deadline",
	  .value = "<duration>",
	  .help = "Skip a run that is later than that" },
	{ .name = "--quiet-minutes",
	  .value = "<n>",
	  .help = "Not while somebody talked in the last n minutes" },
	{ .name = "--delete-after-run", .help = "Remove the job when it has run" },
	{ .name = "--keep-after-run", .help = "Keep a one-time job" },
	{ .name = "--disabled", .help = "Do not run it yet" },
	{ .name = "--url", .value = "<url>", .help = "A gateway elsewhere: ws://host:port" },
	{ .name = "--port", .value = "<port>", .help = "Port of this machine's gateway" },
	{ .name = "--token", .value = "<token>", .help = "Token of the gateway" },
	{ .name = "--password", .value = "<password>", .help = "Password of the gateway" },
	{ .name = "--timeout", .value = "<ms>", .help = "Give up after so many milliseconds" },
	{ .name = "--json", .help = "Print one JSON document" },
	{ 0 },
};

static void put_text(json_t *o, const char *key, const char *value)
{
	if (value) oc_json_put(o, key, oc_json_new_str(oc_str(value)));
}

/* ---- when ---- */

/* A moment as ISO 8601; "20m" counts from now. */
static enum oc_rc at_schedule(const char *text, int64_t now_ms, json_t **out, struct oc_err *e)
{
	int64_t in_ms;
	char iso[40];
	struct oc_str s = oc_str_trim(oc_str(text));

	if (oc_str_starts(s, OC_LIT("+"))) s = oc_str_from(s, 1);
	if (oc_duration_parse(s, 0, &in_ms)) {
		time_t seconds = (time_t)((now_ms + in_ms) / 1000);
		struct tm t;
		gmtime_r(&seconds, &t);
		strftime(iso, sizeof iso, "%Y-%m-%dT%H:%M:%SZ", &t);
		s = oc_str(iso);
	} else if (s.n < 10 || s.p[4] != '-')
		return oc_fail(e, OC_E_INPUT,
			       "--at \"%.60s\": use 2026-12-24T18:00 (UTC, or with a zone), or a "
			       "duration from now like 20m",
			       text);
	*out = json_pack("{s:s,s:o}", "kind", "at", "at", oc_json_new_str(s));
	return OC_OK;
}

static enum oc_rc read_stagger(const struct oc_args *a, json_t *schedule, struct oc_err *e)
{
	const char *stagger = oc_args_get(a, "--stagger");
	int64_t ms = 0;

	if (!stagger && !oc_args_has(a, "--exact")) return OC_OK;
	if (stagger && !oc_duration_parse(oc_str(stagger), 0, &ms))
		return oc_fail(e, OC_E_INPUT, "--stagger \"%.40s\": use a duration like 30s or 5m",
			       stagger);
	oc_json_put(schedule, "staggerMs", json_integer(ms));
	return OC_OK;
}

static enum oc_rc read_schedule(const struct oc_args *a, int64_t now_ms, json_t **out,
				struct oc_err *e)
{
	const char *cron = oc_args_get(a, "--cron"), *every = oc_args_get(a, "--every");
	const char *at = oc_args_get(a, "--at");
	int64_t every_ms;

	*out = NULL;
	if ((cron != NULL) + (every != NULL) + (at != NULL) + oc_args_has(a, "--when") > 1)
		return oc_fail(e, OC_E_INPUT, "give one of --when, --cron, --every and --at");
	if (at) return at_schedule(at, now_ms, out, e);
	if (cron) {
		*out =
		    json_pack("{s:s,s:o}", "kind", "cron", "expr", oc_json_new_str(oc_str(cron)));
		put_text(*out, "tz", oc_args_get(a, "--tz"));
		return read_stagger(a, *out, e);
	}
	if (!every) return OC_OK;
	if (!oc_duration_parse(oc_str(every), 1, &every_ms))
		return oc_fail(e, OC_E_INPUT,
			       "--every \"%.40s\": use a duration like 10m, 2h or 1d", every);
	*out = json_pack("{s:s,s:I}", "kind", "every", "everyMs", (json_int_t)every_ms);
	return OC_OK;
}

/* ---- what ---- */

/* When the output of a command is worth a word. */
static enum oc_rc read_condition(const struct oc_args *a, json_t *payload, struct oc_err *e)
{
	static const char *const options[][2] = { { "--if-above", "above" },
						  { "--if-below", "below" } };
	json_t *condition = json_object();

	put_text(condition, "regex", oc_args_get(a, "--if-output"));
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		const char *value = oc_args_get(a, options[i][0]);
		json_t *n = value ? json_loads(value, JSON_DECODE_ANY, NULL) : NULL;

		if (value && !json_is_number(n)) {
			json_decref(n);
			json_decref(condition);
			return oc_fail(e, OC_E_INPUT, "%s \"%.40s\": use a number", options[i][0],
				       value);
		}
		oc_json_put(condition, options[i][1], n);
	}
	if (json_object_size(condition))
		oc_json_put(payload, "condition", condition);
	else
		json_decref(condition);
	return OC_OK;
}

/* "read, web_fetch" */
static void put_tools(const struct oc_args *a, json_t *payload)
{
	struct oc_str names = oc_str(oc_args_get(a, "--tools"));
	json_t *list;

	if (!names.n) return;
	list = json_array();
	while (names.n) {
		size_t n = 0;

		while (n < names.n && names.p[n] != ',' && !oc_is_space(names.p[n])) n++;
		if (n) json_array_append_new(list, oc_json_new_str(oc_str_head(names, n)));
		names = oc_str_from(names, n + 1);
	}
	oc_json_put(payload, "toolsAllow", list);
}

static enum oc_rc read_payload(const struct oc_args *a, bool add, json_t **out, struct oc_err *e)
{
	const char *message = oc_args_get(a, "--message");
	const char *event = oc_args_get(a, "--system-event");
	const char *seconds = oc_args_get(a, "--timeout-seconds");
	bool more = oc_args_has(a, "--model") || oc_args_has(a, "--thinking") || seconds;
	int64_t n = 0;

	const char *text = oc_args_get(a, "--text"), *command = oc_args_get(a, "--command");

	*out = NULL;
	if ((message != NULL) + (event != NULL) + (text != NULL) + (command != NULL) > 1)
		return oc_fail(e, OC_E_INPUT,
			       "give one of --message, --text, --command and --system-event");
	if (seconds && !oc_parse_int(oc_str(seconds), 0, 604800, &n))
		return oc_fail(e, OC_E_INPUT, "--timeout-seconds \"%.40s\": use a number", seconds);
	if (event) {
		*out = json_pack("{s:s,s:o}", "kind", "systemEvent", "text",
				 oc_json_new_str(oc_str(event)));
		return OC_OK;
	}
	if (text) {
		*out =
		    json_pack("{s:s,s:o}", "kind", "text", "text", oc_json_new_str(oc_str(text)));
		return OC_OK;
	}
	if (command) {
		*out = json_pack("{s:s,s:o}", "kind", "command", "command",
				 oc_json_new_str(oc_str(command)));
		if (seconds) oc_json_put(*out, "timeoutSeconds", json_integer(n));
		return read_condition(a, *out, e);
	}
	if (!message && (add || !more)) return OC_OK;
	*out = json_pack("{s:s}", "kind", "agentTurn");
	put_text(*out, "message", message);
	put_text(*out, "model", oc_args_get(a, "--model"));
	put_text(*out, "thinking", oc_args_get(a, "--thinking"));
	put_tools(a, *out);
	if (seconds) oc_json_put(*out, "timeoutSeconds", json_integer(n));
	return OC_OK;
}

/* ---- where its words go, and when it may ---- */

static enum oc_rc read_delivery(const struct oc_args *a, json_t *job, struct oc_err *e)
{
	const char *webhook = oc_args_get(a, "--webhook"), *channel = oc_args_get(a, "--channel"),
		   *to = oc_args_get(a, "--to");
	bool announce = oc_args_has(a, "--announce") || channel || to;
	json_t *delivery;

	if (oc_args_has(a, "--no-deliver")) {
		oc_json_put(job, "delivery", json_pack("{s:s}", "mode", "none"));
		return OC_OK;
	}
	if (announce && webhook)
		return oc_fail(e, OC_E_INPUT, "give either --announce or --webhook");
	if (!announce && !webhook) return OC_OK;
	delivery = json_pack("{s:s}", "mode", webhook ? "webhook" : "announce");
	put_text(delivery, "channel", channel);
	put_text(delivery, "to", webhook ? webhook : to);
	if (oc_args_has(a, "--best-effort-deliver"))
		oc_json_put(delivery, "bestEffort", json_true());
	oc_json_put(job, "delivery", delivery);
	return OC_OK;
}

static enum oc_rc read_bounds(const struct oc_args *a, json_t *job, struct oc_err *e)
{
	const char *minutes = oc_args_get(a, "--quiet-minutes");
	int64_t n;

	put_text(job, "deadline", oc_args_get(a, "--deadline"));
	if (!minutes) return OC_OK;
	if (!oc_parse_int(oc_str(minutes), 0, 10080, &n))
		return oc_fail(e, OC_E_INPUT, "--quiet-minutes \"%.40s\": use a number", minutes);
	oc_json_put(job, "skipIfUserActiveMinutes", json_integer(n));
	return OC_OK;
}

/* ---- the job ---- */

static const char *session_target(const struct oc_args *a, const json_t *payload, bool add)
{
	const char *target = oc_args_get(a, "--session");
	const char *kind = oc_json_cstr(payload, "kind");

	if (target || !add) return target;
	return kind && strcmp(kind, "systemEvent") != 0 && strcmp(kind, "text") != 0 ? "isolated"
										     : "main";
}

static void put_session(json_t *job, const char *target)
{
	bool known = target && (!strcmp(target, "main") || !strcmp(target, "isolated") ||
				!strcmp(target, "current") ||
				oc_str_starts(oc_str(target), OC_LIT("session:")));
	char prefixed[512];

	if (target && !known) {
		snprintf(prefixed, sizeof prefixed, "session:%s", target);
		target = prefixed;
	}
	put_text(job, "sessionTarget", target);
}

static enum oc_rc check_new(const struct oc_args *a, const json_t *schedule, const json_t *payload,
			    struct oc_err *e)
{
	const char *name = oc_args_get(a, "--name");

	if (!schedule && !oc_args_has(a, "--when"))
		return oc_fail(e, OC_E_INPUT, "say when it runs: --when, --cron, --every or --at");
	if (!payload)
		return oc_fail(e, OC_E_INPUT,
			       "say what it does: --message, --text, --command or --system-event");
	if (!oc_args_has(a, "--when") && (!name || !oc_str_trim(oc_str(name)).n))
		return oc_fail(e, OC_E_INPUT, "a job without --when needs a --name");
	return OC_OK;
}

enum oc_rc oc_cron_job_read(const struct oc_args *a, bool add, int64_t now_ms, json_t **out,
			    struct oc_err *e)
{
	json_t *schedule = NULL, *payload = NULL, *job;
	const char *wake = oc_args_get(a, "--wake");
	enum oc_rc rc = read_schedule(a, now_ms, &schedule, e);

	if (!rc) rc = read_payload(a, add, &payload, e);
	if (!rc && add) rc = check_new(a, schedule, payload, e);
	if (rc) {
		json_decref(schedule);
		json_decref(payload);
		return rc;
	}
	job = json_object();
	put_text(job, "name", oc_args_get(a, "--name"));
	put_text(job, "description", oc_args_get(a, "--description"));
	put_text(job, "agentId", oc_args_get(a, "--agent"));
	put_session(job, session_target(a, payload, add));
	put_text(job, "when", oc_args_get(a, "--when"));
	oc_json_put(job, "schedule", schedule);
	oc_json_put(job, "payload", payload);
	rc = read_delivery(a, job, e);
	if (!rc) rc = read_bounds(a, job, e);
	if (rc) {
		json_decref(job);
		return rc;
	}
	if (wake || add) put_text(job, "wakeMode", wake ? wake : "now");
	if (oc_args_has(a, "--delete-after-run")) oc_json_put(job, "deleteAfterRun", json_true());
	if (oc_args_has(a, "--keep-after-run")) oc_json_put(job, "deleteAfterRun", json_false());
	if (add || oc_args_has(a, "--disabled"))
		oc_json_put(job, "enabled", json_boolean(!oc_args_has(a, "--disabled")));
	*out = job;
	return OC_OK;
}

static void add_every(int64_t ms, struct oc_buf *out)
{
	static const struct {
		int64_t ms;
		char unit;
	} units[] = { { 86400000, 'd' }, { 3600000, 'h' }, { 60000, 'm' }, { 1000, 's' } };

	oc_buf_adds(out, "every ");
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (ms < units[i].ms || ms % units[i].ms) continue;
		oc_buf_addf(out, "%lld%c", (long long)(ms / units[i].ms), units[i].unit);
		return;
	}
	oc_buf_addf(out, "%lldms", (long long)ms);
}

void oc_cron_schedule_text(const json_t *schedule, struct oc_buf *out)
{
	const char *kind = oc_json_cstr(schedule, "kind"), *expr = oc_json_cstr(schedule, "expr");
	const char *tz = oc_json_cstr(schedule, "tz"), *at = oc_json_cstr(schedule, "at");
	char when[OC_WHEN_CHARS];

	if (kind && !strcmp(kind, "every"))
		add_every(oc_json_positive(schedule, "everyMs"), out);
	else if (kind && !strcmp(kind, "cron")) {
		oc_buf_adds(out, expr ? expr : "?");
		if (tz) oc_buf_addf(out, " (%s)", tz);
	} else if (kind && !strcmp(kind, "at")) {
		oc_when_text(oc_json_positive(schedule, "atMs"), when, sizeof when);
		oc_buf_addf(out, "at %s", at ? at : when);
	} else
		oc_buf_adds(out, kind ? kind : "?");
}
