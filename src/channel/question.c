/*
 * Questions of tools to a person (D19), in the chat whose message made them: with buttons where the
 * messenger has them, and always with the command that answers.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "channel/internal.h"

/* A question that stands in a chat. */
struct oc_chat_question {
	struct oc_chat_question *next;
	struct oc_channels *owner;
	char *id; /* of the approval */
	char *channel, *account, *chat, *thread, *native_id;
	char *text;
	char *answer; /* what became of it; NULL = open */
	bool whole;   /* the text shows all of the command */
	struct oc_wait *asker;
};

static const struct {
	const char *label, *letter, *decision;
} choices[] = {
	{ "Allow once", "o", "allow-once" },
	{ "Always allow", "a", "allow-always" },
	{ "Deny", "d", "deny" },
};
enum { CHOICES = sizeof choices / sizeof *choices, COMMAND_CHARS = 1200 };

static void question_free(struct oc_chat_question *q)
{
	free(q->id);
	free(q->channel);
	free(q->account);
	free(q->chat);
	free(q->thread);
	free(q->native_id);
	free(q->text);
	free(q->answer);
	free(q);
}

static void drop(struct oc_channels *c, struct oc_chat_question *q)
{
	struct oc_chat_question **at = &c->questions;

	while (*at && *at != q) at = &(*at)->next;
	if (*at) *at = q->next;
	question_free(q);
}

/* ---- asking ---- */

/* Nobody is asked to allow what cannot be shown whole. */
static bool is_shown_whole(struct oc_str command)
{
	return command.n <= COMMAND_CHARS;
}

static char *text_of(const char *id, const json_t *request)
{
	struct oc_str command = oc_json_str(request, "command"), cwd = oc_json_str(request, "cwd");
	struct oc_str shown = oc_str_head(
	    command, oc_utf8_floor(command.p, is_shown_whole(command) ? command.n : COMMAND_CHARS));
	struct oc_buf b;

	oc_buf_init(&b, 8192);
	oc_buf_adds(&b, "🔒 May I run this?\n\n");
	oc_buf_add(&b, shown);
	if (shown.n < command.n) oc_buf_addf(&b, "… (%zu bytes more)", command.n - shown.n);
	if (cwd.n) oc_buf_addf(&b, "\n\nin %.*s", OC_FMT(cwd));
	if (is_shown_whole(command))
		oc_buf_addf(
		    &b, "\n\nAnswer with a button, or:\n/approve %s allow-once\n/approve %s deny",
		    id, id);
	else
		oc_buf_addf(
		    &b,
		    "\n\nAnswer with care: it is too long for this chat. The web chat and "
		    "\"openclaw approvals pending\" show all of it; /approve %s deny refuses it.",
		    id);
	return oc_buf_take(&b);
}

static void ask_wait(struct oc_chat_question *q)
{
	struct oc_account *a = oc_account_use(q->owner, q->channel, q->account);
	struct oc_channel_button buttons[CHOICES];
	char *data[CHOICES];
	struct oc_msg_sent sent = { 0 };

	for (size_t i = 0; i < CHOICES; i++) {
		data[i] = oc_asprintf("ap:%s:%s", choices[i].letter, q->id);
		buttons[i] = (struct oc_channel_button){ choices[i].label, data[i] };
	}
	const struct oc_msg_out m = {
		.kind = OC_OUT_TEXT,
		.chat_id = q->chat,
		.thread_id = q->thread,
		.chunk = { .text = q->text },
		.buttons = buttons,
		.n_buttons =
		    a && q->whole && a->pub.channel->limits.buttons >= CHOICES ? CHOICES : 0,
	};
	if (a && oc_send_now_wait(a, &m, &sent, &(struct oc_err){ 0 }) == OC_OK && sent.native_id)
		q->native_id = oc_strdup(sent.native_id);
	oc_msg_sent_deinit(&sent);
	oc_account_give_back(a);
	for (size_t i = 0; i < CHOICES; i++) free(data[i]);
}

static void tell_wait(struct oc_chat_question *q)
{
	struct oc_account *a = oc_account_use(q->owner, q->channel, q->account);
	struct oc_msg_sent sent = { 0 };

	if (a && q->native_id && a->pub.channel->limits.can_edit) {
		char *text = oc_asprintf(
		    "%.*s\n\n→ %s", (int)oc_str_find(oc_str(q->text), OC_LIT("\n\nAnswer with"), 0),
		    q->text, q->answer);
		const struct oc_msg_out m = { .kind = OC_OUT_EDIT,
					      .chat_id = q->chat,
					      .thread_id = q->thread,
					      .native_id = q->native_id,
					      .chunk = { .text = text } };

		(void)!oc_send_now_wait(a, &m, &sent, &(struct oc_err){ 0 });
		free(text);
	}
	oc_msg_sent_deinit(&sent);
	oc_account_give_back(a);
}

/* From the question to its answer. */
static void live(void *arg)
{
	struct oc_chat_question *q = arg;
	struct oc_wait w = { 0 };
	enum oc_rc rc = OC_OK;

	ask_wait(q);
	q->asker = &w;
	if (!q->answer) rc = oc_wait_park(&w, OC_NO_DEADLINE); /* it expires as a denial */
	q->asker = NULL;
	if (!rc) tell_wait(q);
	drop(q->owner, q);
}

static const struct oc_in_lane *lane_of(const struct oc_channels *c, const char *session_key)
{
	for (const struct oc_in_lane *l = c->in; l; l = l->next)
		if (l->session_key && session_key && !strcmp(l->session_key, session_key)) return l;
	return NULL;
}

static struct oc_chat_question *find(const struct oc_channels *c, const char *id)
{
	struct oc_chat_question *q = c->questions;

	while (q && strcmp(q->id, id) != 0) q = q->next;
	return q;
}

void oc_channels_approval(struct oc_channels *c, const json_t *record, const char *decision,
			  const char *by)
{
	const char *id = oc_json_cstr(record, "id");
	const json_t *request = json_object_get(record, "request");
	const struct oc_in_lane *l;
	struct oc_chat_question *q;

	if (!c || c->stopping || !id) return;
	q = find(c, id);
	if (decision) {
		if (!q || q->answer) return;
		q->answer = by ? oc_asprintf("%s, by %s", decision, by) : oc_strdup(decision);
		if (q->asker) oc_wait_end(q->asker, OC_OK);
		return;
	}
	l = lane_of(c, oc_json_cstr(request, "sessionKey"));
	if (!l || q) return;
	q = oc_new(struct oc_chat_question);
	q->owner = c;
	q->id = oc_strdup(id);
	q->channel = oc_strdup(l->name.channel);
	q->account = oc_strdup(l->name.account);
	q->chat = oc_strdup(l->message->chat_id);
	q->thread = l->message->thread_id ? oc_strdup(l->message->thread_id) : NULL;
	q->text = text_of(id, request);
	q->whole = is_shown_whole(oc_json_str(request, "command"));
	q->next = c->questions;
	c->questions = q;
	oc_scope_spawn(c->scope, live, q);
}

/* ---- answering ---- */

static const char *decision_of(struct oc_str data, struct oc_str *id)
{
	if (!oc_str_starts(data, OC_LIT("ap:")) || data.n < 6 || data.p[4] != ':') return NULL;
	*id = oc_str_from(data, 5);
	for (size_t i = 0; i < CHOICES; i++)
		if (data.p[3] == choices[i].letter[0]) return choices[i].decision;
	return NULL;
}

static const char *answer_button(struct oc_channels *c, const struct oc_msg_in *m,
				 enum oc_sender_trust trust)
{
	struct oc_str id;
	const char *decision = decision_of(m->text, &id);
	struct oc_err e = { 0 };
	enum oc_rc rc;
	char *name;

	if (!decision) return "This button does nothing any more.";
	if (trust == OC_SENDER_STRANGER || (trust != OC_SENDER_OWNER && oc_channels_owned(c)))
		return "Only an owner may answer this (commands.ownerAllowFrom).";
	name = oc_strndup(id.p, id.n);
	rc = c->spec.approve(c->spec.arg, name, decision, m->sender_name ? m->sender_name : "", &e);
	free(name);
	return rc ? "It was answered already, or has expired." : "Done.";
}

enum oc_rc oc_question_button_wait(struct oc_channels *c, struct oc_account *a,
				   const struct oc_msg_in *m, enum oc_sender_trust trust,
				   struct oc_err *e)
{
	const char *note = answer_button(c, m, trust);
	const struct oc_msg_out out = { .kind = OC_OUT_ANSWER_BUTTON,
					.chat_id = m->chat_id,
					.button_id = m->event_id,
					.extra = m->extra,
					.chunk = { .text = (char *)(uintptr_t)note } };
	struct oc_msg_sent sent = { 0 };
	enum oc_rc rc = a->pub.channel->send_wait(&a->pub, &out, &sent, e);

	oc_msg_sent_deinit(&sent);
	return rc;
}
