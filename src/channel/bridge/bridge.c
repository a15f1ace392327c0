/*
 * The row of bridges: each account is a child process that speaks for a messenger. It is started
 * again when it ends, slower each time; whatever it writes costs at most its own account.
 */
#include "channel/bridge/bridge.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "channel/bridge/line.h"
#include "channel/whatsapp/markup.h"
#include "rt/child.h"
#include "rt/file.h"

enum {
	FIRST_WAIT_MS = 500,
	LONGEST_WAIT_MS = 60000,
	GOOD_LIFE_MS = 60000, /* after that much it counts as new */
	ANSWER_MS = 60000,    /* for the result of a send */
	AGAIN_MS = 3000,
	LEAVE_MS = 1000,
	QUEUE_BYTES = 1048576, /* read and not yet worked on; then it has to wait */
	COMPLAINTS_PER_LIFE = 20,
	ERROR_LINE_BYTES = 600,
	TEXT_UNITS = 4000,
};

struct line {
	struct line *next;
	size_t n;
	char bytes[];
};
/* A send whose result has not come. Lives in the frame of who waits. */
struct pending {
	struct pending *next;
	int64_t number;
	struct oc_wait wait;
	struct oc_msg_sent *out;
	struct oc_err *e;
	enum oc_rc rc;
};
struct bridge {
	struct oc_channel_account *account;
	struct oc_child *child; /* NULL = none runs */
	struct oc_bridge_lines lines;
	struct oc_buf errors; /* of its stderr, the line so far */
	struct line *first, **last;
	size_t queued;
	struct oc_wait *reader;
	struct pending *pending;
	int64_t sends;
	unsigned complaints;
	unsigned deaths; /* in a row */
	bool paused, ended, broken;
	char why[200]; /* it was ended by us */
};

/* ---- its words, as they come ---- */

static void wake(struct bridge *b)
{
	if (b->reader) oc_wait_end(b->reader, OC_OK);
}

/* The first ones of a life are told, so that a loop does not fill the log. */
static void complain(struct bridge *b, const char *what)
{
	if (b->complaints++ < COMPLAINTS_PER_LIFE)
		oc_log(OC_LOG_WARN, "bridge", "%s: %s", b->account->id, what);
}

static void take_line(void *arg, struct oc_str text)
{
	struct bridge *b = arg;
	struct line *l = oc_alloc(sizeof *l + text.n);

	l->n = text.n;
	memcpy(l->bytes, text.p, text.n);
	*b->last = l;
	b->last = &l->next;
	b->queued += sizeof *l + text.n;
}

static void give_up(struct bridge *b, const char *why)
{
	if (b->broken) return;
	b->broken = true;
	snprintf(b->why, sizeof b->why, "%s", why);
	wake(b);
}

static void on_output(void *arg, struct oc_str bytes)
{
	struct bridge *b = arg;

	if (b->broken) return;
	if (oc_bridge_lines_feed(&b->lines, bytes, take_line, b))
		give_up(b, "it wrote a line of more than 1 MB");
	if (b->queued > QUEUE_BYTES && !b->paused) {
		b->paused = true;
		oc_child_pause(b->child, true);
	}
	wake(b);
}

static void on_errors(void *arg, struct oc_str bytes)
{
	struct bridge *b = arg;

	for (size_t i = 0; i < bytes.n; i++) {
		if (bytes.p[i] != '\n' && b->errors.n < ERROR_LINE_BYTES)
			oc_buf_addc(&b->errors, bytes.p[i]);
		if (bytes.p[i] != '\n' || !b->errors.n) continue;
		complain(b, oc_buf_cstr(&b->errors));
		oc_buf_clear(&b->errors);
	}
}

/* ---- telling it something ---- */

/* message is stolen. */
static enum oc_rc tell(struct bridge *b, json_t *message, struct oc_err *e)
{
	char *text = oc_json_compact(message), *line = oc_asprintf("%s\n", text);
	enum oc_rc rc = OC_E_NOT_FOUND;

	if (b->child && !b->ended && !b->broken)
		rc = oc_child_write(b->child, oc_str(line), e);
	else
		(void)oc_fail(e, rc, "the bridge does not run");
	json_decref(message);
	free(text);
	free(line);
	return rc;
}

/* ---- working on its words ---- */

static void inbound_wait(struct bridge *b, const struct oc_bridge_said *said)
{
	struct oc_err e = { 0 };
	enum oc_rc rc = oc_channel_inbound_wait(b->account, &said->in, &e);

	if (rc == OC_CANCELLED) return;
	if (rc) complain(b, e.msg);
	(void)!tell(b, oc_bridge_ack(said->in.event_id, rc ? e.msg : NULL), NULL);
}

static void settle(struct pending *p, enum oc_rc rc)
{
	p->rc = rc;
	p->number = 0;
	oc_wait_end(&p->wait, OC_OK);
}

static void result(struct bridge *b, const struct oc_bridge_said *said)
{
	struct pending *p = b->pending;

	while (p && p->number != said->send) p = p->next;
	if (!p) return; /* too late, or nobody asked */
	if (said->ok) {
		p->out->native_id = oc_strdup(said->message_id ? said->message_id : "");
		settle(p, OC_OK);
		return;
	}
	p->out->retry_ms = said->maybe_sent ? 0 : said->retry_ms;
	p->out->maybe_sent = said->maybe_sent;
	(void)oc_fail(p->e, OC_E_UPSTREAM, "%s",
		      said->text ? said->text : "the bridge did not send it");
	settle(p, OC_E_UPSTREAM);
}

static void status(struct bridge *b, const struct oc_bridge_said *said)
{
	static const struct {
		const char *name;
		enum oc_channel_state state;
	} states[] = {
		{ "running", OC_CHANNEL_RUNNING },
		{ "starting", OC_CHANNEL_STARTING },
		{ "waiting", OC_CHANNEL_WAITING },
		{ "failed", OC_CHANNEL_FAILED },
	};

	if (said->name) oc_channel_account_name(b->account, said->name);
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (!strcmp(said->state, states[i].name))
			oc_channel_account_tell(b->account, states[i].state, "%s",
						said->text ? said->text : "");
}

static void work_wait(struct bridge *b, const struct line *l)
{
	struct oc_bridge_said said;
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse((struct oc_str){ l->bytes, l->n }, NULL, &e);

	if (!v || oc_bridge_read(v, &said, &e)) {
		complain(b, e.msg);
	} else if (said.word == OC_BRIDGE_INBOUND) {
		inbound_wait(b, &said);
	} else if (said.word == OC_BRIDGE_RESULT) {
		result(b, &said);
	} else if (said.word == OC_BRIDGE_STATUS) {
		status(b, &said);
	} else {
		oc_channel_receipt_wait(b->account, said.message_id, said.state, said.text);
	}
	json_decref(v);
}

static struct line *next_line(struct bridge *b)
{
	struct line *l = b->first;

	if (!l) return NULL;
	b->first = l->next;
	if (!b->first) b->last = &b->first;
	b->queued -= sizeof *l + l->n;
	if (b->paused && b->queued < QUEUE_BYTES / 2 && !b->ended) {
		b->paused = false;
		oc_child_pause(b->child, false);
	}
	return l;
}

/* Until it has ended and nothing it said is left, or it is given up. */
static enum oc_rc listen_wait(struct bridge *b)
{
	enum oc_rc rc = OC_OK;

	while (!rc && !b->broken) {
		struct line *l = next_line(b);
		struct oc_wait w = { 0 };

		if (l) {
			work_wait(b, l);
			free(l);
			if (oc_scope_cancelled(oc_scope_current())) return OC_CANCELLED;
			continue;
		}
		if (b->ended) break;
		b->reader = &w;
		rc = oc_wait_park(&w, OC_NO_DEADLINE);
		b->reader = NULL;
	}
	return rc;
}

/* ---- one life of the child ---- */

/* What every program needs, and what the configuration gives it: nothing else of ours. */
static void environment(const json_t *config, struct oc_strv *out)
{
	static const char *const kept[] = {
		"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR"
	};
	const json_t *own = json_object_get(config, "env"), *value;
	const char *name;

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (getenv(kept[i]) && !json_object_get(own, kept[i]))
			oc_strv_addf(out, "%s=%s", kept[i], getenv(kept[i]));
	json_object_foreach ((json_t *)(uintptr_t)own, name, value)
		if (json_is_string(value))
			oc_strv_addf(out, "%s=%s", name, json_string_value(value));
}

static enum oc_rc launch(struct bridge *b, struct oc_err *e)
{
	const json_t *config = b->account->config, *item;
	const char *command = oc_json_cstr(config, "command");
	struct oc_strv args = { 0 }, env = { 0 };
	size_t i;

	oc_strv_add(&args, oc_str(command));
	json_array_foreach (json_object_get(config, "args"), i, item)
		if (json_is_string(item)) oc_strv_add(&args, oc_json_text(item));
	environment(config, &env);
	const struct oc_child_spec spec = { .file = command,
					    .args = args.v,
					    .env = env.v,
					    .cwd = oc_json_cstr(config, "cwd"),
					    .input = true,
					    .on_output = on_output,
					    .on_errors = on_errors,
					    .arg = b };
	enum oc_rc rc = oc_child_start(&spec, &b->child, e);

	oc_strv_deinit(&args);
	for (size_t k = 0; k < env.n; k++) oc_free_secret(env.v[k]);
	free(env.v);
	return rc;
}

static void drop_lines(struct bridge *b)
{
	for (struct line *l; (l = b->first);) {
		b->first = l->next;
		free(l);
	}
	b->last = &b->first;
	b->queued = 0;
}

/* Whoever waits for a result will not get it; whether it was sent nobody knows. */
static void end_pending(struct bridge *b)
{
	for (struct pending *p = b->pending; p; p = p->next) {
		if (!p->number) continue;
		p->out->maybe_sent = true;
		(void)oc_fail(p->e, OC_E_UPSTREAM,
			      "the bridge ended before it said what came of it");
		settle(p, OC_E_UPSTREAM);
	}
}

static void watch_child(void *arg)
{
	struct bridge *b = arg;

	if (oc_child_wait(b->child, OC_NO_DEADLINE)) return;
	b->ended = true;
	wake(b);
}

/* Ends it, in peace if it likes, and tells how it ended. */
static void finish_wait(struct bridge *b, char *how, size_t n)
{
	struct oc_child *child = b->child;
	int code = 0, signum = 0;

	oc_child_close_input(child);
	if (!b->ended && !b->broken) oc_child_leave_wait(child, LEAVE_MS);
	oc_child_end_wait(child);
	b->broken = true; /* what still comes is not read any more */
	b->child = NULL;
	oc_child_finish_wait(child, &code, &signum);
	end_pending(b);
	if (*b->why)
		snprintf(how, n, "%s", b->why);
	else if (signum)
		snprintf(how, n, "it was ended by signal %d", signum);
	else
		snprintf(how, n, "it ended with exit code %d", code);
}

static enum oc_rc live_wait(struct bridge *b, char *how, size_t n)
{
	struct oc_err e = { 0 };
	struct oc_scope *watch;
	enum oc_rc rc;

	b->paused = b->ended = b->broken = false;
	b->complaints = 0;
	*b->why = '\0';
	oc_bridge_lines_init(&b->lines);
	oc_buf_init(&b->errors, ERROR_LINE_BYTES + 8);
	rc = launch(b, &e);
	if (rc) {
		snprintf(how, n, "%.250s", e.msg);
		rc = OC_OK;
		goto out;
	}
	watch = oc_scope_new();
	oc_scope_spawn(watch, watch_child, b);
	(void)!tell(
	    b, oc_bridge_start(b->account->id, json_object_get(b->account->config, "settings")),
	    NULL);
	oc_channel_account_tell(b->account, OC_CHANNEL_RUNNING, "%s", "");
	rc = listen_wait(b);
	oc_scope_cancel(watch);
	oc_scope_join_wait(watch);
	oc_scope_free(watch);
	finish_wait(b, how, n);
out:
	drop_lines(b);
	oc_bridge_lines_deinit(&b->lines);
	oc_buf_deinit(&b->errors);
	return rc;
}

/* 0.5 s, 1 s, 2 s … a minute. */
static uint64_t pause_ms(const struct bridge *b)
{
	unsigned doublings = b->deaths < 8 ? b->deaths : 8;
	uint64_t ms = (uint64_t)FIRST_WAIT_MS << doublings;

	return ms < LONGEST_WAIT_MS ? ms : LONGEST_WAIT_MS;
}

static void supervise(void *arg)
{
	struct bridge *b = arg;

	for (;;) {
		uint64_t born = oc_now_ms(), pause;
		char how[300] = "";

		if (live_wait(b, how, sizeof how)) return;
		if (oc_now_ms() - born > GOOD_LIFE_MS) b->deaths = 0;
		pause = pause_ms(b);
		b->deaths++;
		oc_channel_account_tell(b->account, OC_CHANNEL_WAITING,
					"%s; it is started again in %.1f s", how,
					(double)pause / 1000);
		if (oc_sleep_wait(pause)) return;
	}
}

/* ---- sending ---- */

static void unlink_pending(struct bridge *b, const struct pending *p)
{
	struct pending **at = &b->pending;

	while (*at != p) at = &(*at)->next;
	*at = p->next;
}

static enum oc_rc send_and_hear_wait(struct bridge *b, const struct oc_msg_out *msg,
				     struct oc_msg_sent *out, struct oc_err *e)
{
	struct pending p = { .next = b->pending, .number = ++b->sends, .out = out, .e = e };
	enum oc_rc rc = tell(b, oc_bridge_send(p.number, msg), e);

	if (rc) { /* it did not get it */
		out->retry_ms = AGAIN_MS;
		return OC_E_UPSTREAM;
	}
	b->pending = &p;
	rc = oc_wait_park(&p.wait, oc_deadline_in(ANSWER_MS));
	unlink_pending(b, &p);
	if (!rc) return p.rc;
	out->maybe_sent = true;
	if (rc == OC_CANCELLED) return rc;
	return oc_fail(e, OC_E_TIMEOUT, "the bridge did not say what came of it");
}

static enum oc_rc send_wait(struct oc_channel_account *a, const struct oc_msg_out *msg,
			    struct oc_msg_sent *out, struct oc_err *e)
{
	struct bridge *b = a->adapter;

	if (msg->kind == OC_OUT_TYPING) return tell(b, oc_bridge_typing(msg), e);
	if (msg->kind == OC_OUT_TEXT || msg->kind == OC_OUT_MEDIA)
		return send_and_hear_wait(b, msg, out, e);
	return oc_fail(e, OC_E_INPUT, "a bridge sends texts and files alone");
}

/* ---- the row ---- */

static enum oc_rc check(const json_t *config, const char *account, struct oc_err *e)
{
	if (oc_json_str(config, "command").n) return OC_OK;
	return oc_fail(e, OC_E_INPUT,
		       "command is missing: channels.bridge.accounts.%s needs the program that "
		       "speaks for the messenger",
		       account);
}

static enum oc_rc start(struct oc_channel_account *a, struct oc_err *e)
{
	enum oc_rc rc = check(a->config, a->id, e);

	if (rc) return rc;
	struct bridge *b = oc_new(struct bridge);

	b->account = a;
	b->last = &b->first;
	a->adapter = b;
	oc_scope_spawn(a->scope, supervise, b);
	return OC_OK;
}

static void stop(struct oc_channel_account *a)
{
	free(a->adapter);
	a->adapter = NULL;
}

static enum oc_rc render(const struct oc_channel_account *a, struct oc_str markdown,
			 struct oc_chunks *out, struct oc_err *e)
{
	int64_t max = oc_json_positive(a->config, "maxText");
	bool marks = oc_str_eq(oc_json_str(a->config, "format"), OC_LIT("whatsapp"));

	(void)e;
	if (!max || max > OC_MAX_BRIDGE_TEXT_UNITS) max = TEXT_UNITS;
	oc_wa_markup(markdown, (size_t)(max < 64 ? 64 : max), marks, out);
	return OC_OK;
}

/* A bridge puts the files it got somewhere and names the path. */
static enum oc_rc fetch_wait(struct oc_channel_account *a, const char *ref, struct oc_buf *out,
			     char **mime, char **name, struct oc_err *e)
{
	struct oc_buf bytes;
	enum oc_rc rc = oc_file_read_wait(ref, out->max, &bytes, e);

	(void)a;
	(void)mime;
	(void)name;
	if (rc) return rc;
	oc_buf_add(out, oc_buf_view(&bytes));
	oc_buf_deinit(&bytes);
	return OC_OK;
}

const struct oc_channel oc_channel_bridge = {
	.id = "bridge",
	.label = "Bridge",
	.limits = { .text_units = TEXT_UNITS,
		    .caption_units = TEXT_UNITS,
		    .media_in_bytes = 20971520,
		    .media_out_bytes = 104857600,
		    .can_type = true,
		    .typing_ms = 5000 },
	.check = check,
	.start = start,
	.stop = stop,
	.send_wait = send_wait,
	.render = render,
	.fetch_wait = fetch_wait,
};
