/* Messages as they are stored and replayed. */
#include "agent/transcript.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/rand.h"
#include "base/special.h"

enum { ID_LETTERS = 8, STUB_ABOVE = 200 };

static char *new_id(void)
{
	char letters[ID_LETTERS + 1];

	oc_rand_id(letters, ID_LETTERS);
	return oc_asprintf("c%s", letters);
}

/* Unreadable arguments are replayed as {}: llama.cpp answers 500 to every later turn otherwise
 * (D40). */
static void copy_call(const struct oc_tool_call *from, struct oc_tool_call *to)
{
	*to = (struct oc_tool_call){
		.id = new_id(),
		.name = oc_strdup(from->name ? from->name : ""),
		.arguments = oc_strdup(
		    from->valid && from->arguments && *from->arguments ? from->arguments : "{}"),
		.args = from->args ? json_incref(from->args) : NULL,
		.valid = from->valid,
	};
}

struct oc_message *oc_transcript_add_reply(struct oc_messages *m, const struct oc_reply *reply)
{
	struct oc_message *msg;

	if (!oc_str_trim(oc_buf_view(&reply->text)).n && !reply->n_calls) return NULL;
	msg = oc_messages_add(m, OC_ROLE_ASSISTANT, oc_buf_view(&reply->text));
	if (reply->reasoning_field && reply->n_calls) {
		oc_buf_add(&msg->reasoning, oc_buf_view(&reply->reasoning));
		msg->reasoning_field = oc_strdup(reply->reasoning_field);
	}
	if (!reply->n_calls) return msg;
	if (reply->thoughts && reply->origin) {
		msg->thoughts = json_incref(reply->thoughts);
		msg->thoughts_origin = oc_strdup(reply->origin);
	}
	msg->calls = oc_alloc(reply->n_calls * sizeof *msg->calls);
	msg->n_calls = reply->n_calls;
	for (size_t i = 0; i < reply->n_calls; i++) copy_call(&reply->calls[i], &msg->calls[i]);
	return msg;
}

void oc_transcript_add_result(struct oc_messages *m, const char *call_id, const char *tool,
			      struct oc_str text)
{
	struct oc_message *msg = oc_messages_add(m, OC_ROLE_TOOL, OC_LIT(""));

	oc_special_escape(text, &msg->text);
	msg->tool_call_id = oc_strdup(call_id);
	msg->tool_name = oc_strdup(tool);
}

static struct oc_message *last_assistant(struct oc_messages *m)
{
	for (size_t i = m->n; i > 0; i--)
		if (m->v[i - 1].role == OC_ROLE_ASSISTANT) return &m->v[i - 1];
	return NULL;
}

static bool is_answered(const struct oc_messages *m, const char *id)
{
	for (size_t i = m->n; i > 0; i--)
		if (m->v[i - 1].tool_call_id && !strcmp(m->v[i - 1].tool_call_id, id)) return true;
	return false;
}

void oc_transcript_close(struct oc_messages *m, const char *reason)
{
	struct oc_message *last = last_assistant(m);
	size_t at = last ? (size_t)(last - m->v) : 0;

	for (size_t i = 0; last && i < m->v[at].n_calls; i++) {
		const struct oc_tool_call *c = &m->v[at].calls[i];

		if (!is_answered(m, c->id))
			oc_transcript_add_result(m, c->id, c->name, OC_LIT("interrupted"));
	}
	if (m->n && m->v[m->n - 1].role == OC_ROLE_ASSISTANT) return;
	struct oc_message *msg = oc_messages_add(m, OC_ROLE_ASSISTANT, OC_LIT(""));
	oc_buf_addf(&msg->text, "[no answer: %s]", reason);
}

static size_t forget_result(struct oc_message *msg)
{
	size_t before = msg->text.n, lines = 1;

	for (size_t i = 0; i < before; i++) lines += msg->text.p[i] == '\n';
	oc_buf_clear(&msg->text);
	oc_buf_addf(&msg->text,
		    "[%s: result of %zu lines was dropped to make room; call it again if needed]",
		    msg->tool_name, lines);
	return before > msg->text.n ? before - msg->text.n : 0;
}

size_t oc_transcript_trim_results(struct oc_messages *m, size_t chars)
{
	struct oc_message *last = last_assistant(m);
	size_t end = last ? (size_t)(last - m->v) : 0, saved = 0;

	for (size_t i = 0; i < end && saved < chars; i++)
		if (m->v[i].role == OC_ROLE_TOOL && m->v[i].text.n > STUB_ABOVE)
			saved += forget_result(&m->v[i]);
	return saved;
}

void oc_transcript_move_tail(struct oc_messages *from, size_t at, struct oc_messages *to)
{
	for (size_t i = at; i < from->n; i++) {
		struct oc_message *m = oc_messages_add(to, OC_ROLE_TOOL, OC_LIT(""));

		oc_message_deinit(m);
		*m = from->v[i];
	}
	if (from->n > at) from->n = at;
}
