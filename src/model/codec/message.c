/* A conversation as values: ownership of its parts. */
#include "model/codec/message.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"

struct oc_message *oc_messages_add(struct oc_messages *m, enum oc_role role, struct oc_str text)
{
	if (m->n == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 8;
		m->v = oc_realloc_array(m->v, m->cap, sizeof *m->v);
	}
	struct oc_message *msg = &m->v[m->n++];

	*msg = (struct oc_message){ .role = role };
	oc_buf_init(&msg->text, OC_MAX_REQUEST_BYTES);
	oc_buf_init(&msg->reasoning, OC_MAX_REPLY_BYTES);
	oc_buf_add(&msg->text, text);
	return msg;
}

struct oc_tool_call *oc_message_add_call(struct oc_message *m)
{
	m->calls = oc_realloc_array(m->calls, m->n_calls + 1, sizeof *m->calls);
	m->calls[m->n_calls] = (struct oc_tool_call){ 0 };
	return &m->calls[m->n_calls++];
}

struct oc_image *oc_message_add_image(struct oc_message *m)
{
	m->images = oc_realloc_array(m->images, m->n_images + 1, sizeof *m->images);
	m->images[m->n_images] = (struct oc_image){ 0 };
	return &m->images[m->n_images++];
}

void oc_tool_call_deinit(struct oc_tool_call *c)
{
	free(c->id);
	free(c->name);
	free(c->arguments);
	json_decref(c->args);
	*c = (struct oc_tool_call){ 0 };
}

void oc_message_deinit(struct oc_message *m)
{
	oc_buf_deinit(&m->text);
	oc_buf_deinit(&m->reasoning);
	free(m->reasoning_field);
	json_decref(m->thoughts);
	free(m->thoughts_origin);
	for (size_t i = 0; i < m->n_calls; i++) oc_tool_call_deinit(&m->calls[i]);
	free(m->calls);
	for (size_t i = 0; i < m->n_images; i++) {
		free(m->images[i].mime);
		free(m->images[i].base64);
	}
	free(m->images);
	free(m->tool_call_id);
	free(m->tool_name);
	*m = (struct oc_message){ 0 };
}

void oc_messages_deinit(struct oc_messages *m)
{
	for (size_t i = 0; i < m->n; i++) oc_message_deinit(&m->v[i]);
	free(m->v);
	*m = (struct oc_messages){ 0 };
}

static bool is_foreign(const struct oc_message *m)
{
	static const struct oc_str marks[] = { { "<<UNTRUSTED ", 12 },
					       { "<<<EXTERNAL_UNTRUSTED_CONTENT", 29 } };

	if (m->untrusted) return true;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (oc_str_find(oc_buf_view(&m->text), marks[i], 0) != SIZE_MAX) return true;
	return false;
}

bool oc_messages_tainted(const struct oc_messages *m)
{
	for (size_t i = m->n; i-- > 0;) {
		if (m->v[i].role == OC_ROLE_ASSISTANT || m->v[i].role == OC_ROLE_SYSTEM) continue;
		if (is_foreign(&m->v[i])) return true;
		if (m->v[i].role == OC_ROLE_USER) return false;
	}
	return false;
}
