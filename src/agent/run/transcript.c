/* Messages as they are stored and replayed. */
#include "agent/run/transcript.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/special.h"

enum { ID_LETTERS = 8, STUB_ABOVE = 200 };

char *oc_transcript_call_id(void)
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
		.id = oc_transcript_call_id(),
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

static const struct oc_message *last_assistant(const struct oc_messages *m)
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

void oc_transcript_open_calls(const struct oc_messages *m, struct oc_str text,
			      struct oc_messages *out)
{
	const struct oc_message *last = last_assistant(m);

	for (size_t i = 0; last && i < last->n_calls; i++)
		if (!is_answered(m, last->calls[i].id))
			oc_transcript_add_result(out, last->calls[i].id, last->calls[i].name, text);
}

void oc_transcript_mark_partial(struct oc_buf *text)
{
	oc_buf_adds(text, "\n[interrupted]");
}

void oc_transcript_close(struct oc_messages *m, const char *reason)
{
	struct oc_messages open = { 0 };

	oc_transcript_open_calls(m, OC_LIT("interrupted"), &open);
	for (size_t i = 0; i < open.n; i++) oc_transcript_copy(&open.v[i], m);
	oc_messages_deinit(&open);
	if (m->n && m->v[m->n - 1].role == OC_ROLE_ASSISTANT) return;
	oc_transcript_no_answer(reason, &oc_messages_add(m, OC_ROLE_ASSISTANT, OC_LIT(""))->text);
}

void oc_transcript_no_answer(const char *reason, struct oc_buf *out)
{
	oc_buf_addf(out, "[no answer: %s]", reason);
}

bool oc_transcript_forget(const struct oc_message *result, struct oc_buf *out)
{
	size_t lines = 1;

	if (result->role != OC_ROLE_TOOL || result->text.n <= STUB_ABOVE) return false;
	for (size_t i = 0; i < result->text.n; i++) lines += result->text.p[i] == '\n';
	oc_buf_addf(out,
		    "[%s: result of %zu lines was dropped to make room; call it again if needed]",
		    result->tool_name, lines);
	return true;
}

void oc_transcript_drop_images(struct oc_message *m)
{
	if (!m->n_images) return;
	oc_buf_addf(&m->text, "%s[%zu image%s dropped to make room]", m->text.n ? "\n" : "",
		    m->n_images, m->n_images > 1 ? "s" : "");
	for (size_t i = 0; i < m->n_images; i++) {
		free(m->images[i].mime);
		free(m->images[i].base64);
	}
	free(m->images);
	m->images = NULL;
	m->n_images = 0;
}

/* Returns how many characters that saves. */
static size_t forget_result(struct oc_message *msg)
{
	struct oc_buf line;
	size_t saved = 0;

	oc_buf_init(&line, OC_MAX_REQUEST_BYTES);
	if (oc_transcript_forget(msg, &line)) {
		saved = msg->text.n > line.n ? msg->text.n - line.n : 0;
		oc_buf_clear(&msg->text);
		oc_buf_add(&msg->text, oc_buf_view(&line));
	}
	oc_buf_deinit(&line);
	return saved;
}

size_t oc_transcript_trim_results(struct oc_messages *m, size_t chars)
{
	const struct oc_message *last = last_assistant(m);
	size_t end = last ? (size_t)(last - m->v) : 0, saved = 0;

	for (size_t i = 0; i < end && saved < chars; i++) saved += forget_result(&m->v[i]);
	return saved;
}

/* ---- copies ---- */

static char *copy_text(const char *s)
{
	return s ? oc_strdup(s) : NULL;
}

static void copy_parts(const struct oc_message *from, struct oc_message *to)
{
	for (size_t i = 0; i < from->n_calls; i++) {
		const struct oc_tool_call *c = &from->calls[i];

		*oc_message_add_call(to) =
		    (struct oc_tool_call){ .id = copy_text(c->id),
					   .name = copy_text(c->name),
					   .arguments = copy_text(c->arguments),
					   .args = json_incref(c->args),
					   .valid = c->valid };
	}
	for (size_t i = 0; i < from->n_images; i++)
		*oc_message_add_image(to) =
		    (struct oc_image){ .mime = copy_text(from->images[i].mime),
				       .base64 = copy_text(from->images[i].base64) };
}

struct oc_message *oc_transcript_copy(const struct oc_message *from, struct oc_messages *to)
{
	struct oc_message *m = oc_messages_add(to, from->role, oc_buf_view(&from->text));

	oc_buf_add(&m->reasoning, oc_buf_view(&from->reasoning));
	m->reasoning_field = copy_text(from->reasoning_field);
	m->thoughts = json_incref(from->thoughts);
	m->thoughts_origin = copy_text(from->thoughts_origin);
	m->tool_call_id = copy_text(from->tool_call_id);
	m->tool_name = copy_text(from->tool_name);
	m->untrusted = from->untrusted;
	m->tool_failed = from->tool_failed;
	copy_parts(from, m);
	return m;
}
