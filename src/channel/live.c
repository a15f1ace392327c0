/*
 * What a person sees while a run works: that somebody types, and after a while one message that
 * says how far it is, edited in place and taken away when the answer comes. None of it is kept.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "channel/internal.h"

enum {
	QUIET_MS = 20000, /* nothing was said for so long */
	EDIT_MS = 4000,	  /* between two changes of the status message */
	NOTE_CHARS = 600,
};

struct oc_live {
	struct oc_channels *owner;
	char *channel, *account, *chat, *thread, *asked; /* asked: native id of the message */
	struct oc_scope *scope;
	uint64_t began_ms, shown_ms;
	struct oc_buf said; /* text of the model before its tools: progress, not answer */
	unsigned segment;   /* of said */
	bool tools;	    /* a tool ran since */
	struct oc_progress progress;
	char *status_id; /* native id of the status message */
	struct oc_buf shown;
	bool off;
};

/* ---- what happens ---- */

void oc_live_watch(void *live, const struct oc_run_event *event)
{
	struct oc_live *v = live;

	if (!v) return;
	switch (event->kind) {
	case OC_RUN_TEXT:
		if (event->segment != v->segment) oc_buf_clear(&v->said);
		v->segment = event->segment;
		v->tools = false;
		oc_buf_add(&v->said, event->delta);
		break;
	case OC_RUN_TOOL_START: v->tools = true; break;
	case OC_RUN_PROGRESS:
		if (event->progress) v->progress = *event->progress;
		break;
	default: break;
	}
}

/* ---- what is shown ---- */

static void add_phase(const struct oc_live *v, struct oc_buf *out)
{
	int percent = oc_progress_percent(&v->progress);

	if (!v->progress.present) {
		oc_buf_adds(out, "working");
		return;
	}
	switch (v->progress.phase) {
	case OC_PHASE_QUEUED: oc_buf_adds(out, "waiting for the model"); return;
	case OC_PHASE_LOADING: oc_buf_adds(out, "loading the model"); return;
	case OC_PHASE_READING: break;
	}
	oc_buf_adds(out, "reading the conversation");
	if (percent >= 0) oc_buf_addf(out, ": %d %%", percent);
}

static void describe(const struct oc_live *v, struct oc_buf *out)
{
	struct oc_str said = oc_str_trim(oc_buf_view(&v->said));
	unsigned minutes = (unsigned)((oc_now_ms() - v->began_ms) / 60000);

	if (v->tools && said.n) {
		size_t n = oc_utf8_floor(said.p, said.n < NOTE_CHARS ? said.n : NOTE_CHARS);

		oc_buf_addf(out, "%.*s%s\n\n", (int)n, said.p, n < said.n ? "…" : "");
	}
	oc_buf_adds(out, "⏳ ");
	add_phase(v, out);
	if (minutes) oc_buf_addf(out, " (%u min)", minutes);
}

static bool is_due(const struct oc_live *v)
{
	uint64_t now = oc_now_ms();
	struct oc_str said = oc_str_trim(oc_buf_view(&v->said));

	if (v->off) return false;
	if (v->status_id) return now - v->shown_ms >= EDIT_MS;
	return now - v->began_ms >= QUIET_MS || (v->tools && said.n);
}

static enum oc_rc show_wait(struct oc_live *v, struct oc_account *a)
{
	struct oc_buf text;
	struct oc_msg_sent sent = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc = OC_OK;

	oc_buf_init(&text, 4096);
	describe(v, &text);
	if (!oc_str_eq(oc_buf_view(&text), oc_buf_view(&v->shown))) {
		const struct oc_msg_out m = { .kind = v->status_id ? OC_OUT_EDIT : OC_OUT_TEXT,
					      .chat_id = v->chat,
					      .thread_id = v->thread,
					      .native_id = v->status_id,
					      .chunk = { .text = text.p } };

		rc = oc_send_now_wait(a, &m, &sent, &e);
		v->shown_ms = oc_now_ms();
		oc_buf_clear(&v->shown);
		oc_buf_add(&v->shown, oc_buf_view(&text));
		if (!rc && !v->status_id && sent.native_id)
			v->status_id = oc_strdup(sent.native_id);
		else if (rc && !v->status_id)
			v->off = true; /* not a second one */
	}
	oc_msg_sent_deinit(&sent);
	oc_buf_deinit(&text);
	return rc;
}

static void typing_wait(struct oc_live *v, struct oc_account *a)
{
	const struct oc_msg_out m = { .kind = OC_OUT_TYPING,
				      .chat_id = v->chat,
				      .thread_id = v->thread,
				      .reply_to = v->asked };
	struct oc_msg_sent sent = { 0 };

	if (a->pub.channel->limits.can_type)
		(void)!oc_send_now_wait(a, &m, &sent, &(struct oc_err){ 0 });
	oc_msg_sent_deinit(&sent);
}

static void work(void *arg)
{
	struct oc_live *v = arg;
	uint64_t every = 0, typed = 0;

	do {
		struct oc_account *a = oc_account_use(v->owner, v->channel, v->account);

		if (!a) return;
		every = a->pub.channel->limits.typing_ms;
		if (!typed || oc_now_ms() - typed >= every) {
			typing_wait(v, a);
			typed = oc_now_ms();
		}
		if (a->pub.channel->limits.can_edit && is_due(v)) (void)!show_wait(v, a);
		oc_account_give_back(a);
	} while (oc_sleep_wait(1000) == OC_OK);
}

/* ---- life ---- */

static bool is_off(const struct oc_account *a)
{
	const char *mode = oc_json_cstr(a->pub.config, "progress");
	const json_t *streaming = json_object_get(a->pub.config, "streaming");

	if (!mode) mode = oc_json_cstr(streaming, "mode");
	return mode && !strcmp(mode, "off");
}

struct oc_live *oc_live_start(struct oc_in_lane *l, const struct oc_msg_in *m)
{
	struct oc_account *a = oc_account_find(l->owner, l->name.channel, l->name.account);
	struct oc_live *v;

	if (!a) return NULL;
	v = oc_new(struct oc_live);
	v->owner = l->owner;
	v->channel = oc_strdup(l->name.channel);
	v->account = oc_strdup(l->name.account);
	v->chat = oc_strdup(m->chat_id);
	v->thread = m->thread_id ? oc_strdup(m->thread_id) : NULL;
	v->asked = m->native_id ? oc_strdup(m->native_id) : NULL;
	v->began_ms = oc_now_ms();
	v->off = is_off(a);
	oc_buf_init(&v->said, 65536);
	oc_buf_init(&v->shown, 4096);
	v->scope = oc_scope_new();
	oc_scope_spawn(v->scope, work, v);
	return v;
}

static void take_away_wait(struct oc_live *v)
{
	struct oc_account *a = oc_account_use(v->owner, v->channel, v->account);
	const struct oc_msg_out m = { .kind = OC_OUT_DELETE,
				      .chat_id = v->chat,
				      .native_id = v->status_id };
	struct oc_msg_sent sent = { 0 };

	if (a && a->pub.channel->limits.can_delete)
		(void)!oc_send_now_wait(a, &m, &sent, &(struct oc_err){ 0 });
	oc_msg_sent_deinit(&sent);
	oc_account_give_back(a);
}

void oc_live_stop_wait(struct oc_live *v)
{
	if (!v) return;
	oc_scope_cancel(v->scope);
	oc_scope_join_wait(v->scope);
	oc_scope_free(v->scope);
	if (v->status_id) take_away_wait(v);
	oc_buf_deinit(&v->said);
	oc_buf_deinit(&v->shown);
	free(v->status_id);
	free(v->channel);
	free(v->account);
	free(v->chat);
	free(v->thread);
	free(v->asked);
	free(v);
}
