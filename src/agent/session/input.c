/* A message that was accepted: copies, and its shape while it waits. */
#include "agent/session/input.h"

#include <stdlib.h>

#include "agent/run/transcript.h"
#include "base/mem.h"

static char *copy(const char *s)
{
	return s ? oc_strdup(s) : NULL;
}

static void add_image(struct oc_input *i, const char *mime, const char *base64)
{
	*oc_message_add_image(&i->images) =
	    (struct oc_image){ .mime = oc_strdup(mime), .base64 = oc_strdup(base64) };
}

struct oc_input *oc_input_new(const struct oc_ask *ask)
{
	struct oc_input *i = oc_new(struct oc_input);

	i->message = oc_strndup(ask->message.p ? ask->message.p : "", ask->message.n);
	i->message_n = ask->message.n;
	for (size_t k = 0; k < ask->n_images; k++)
		add_image(i, ask->images[k].mime, ask->images[k].base64);
	i->model = copy(ask->model);
	i->thinking = copy(ask->thinking);
	i->channel = oc_strdup(ask->channel ? ask->channel : "webchat");
	i->sender = copy(ask->sender);
	i->origin = copy(ask->origin);
	i->extra_system = copy(ask->extra_system);
	for (size_t k = 0; ask->history && k < ask->history->n; k++)
		oc_transcript_copy(&ask->history->v[k], &i->history);
	i->callers_tools = ask->caller_tools ? json_deep_copy(ask->caller_tools) : NULL;
	i->params = ask->params ? json_deep_copy(ask->params) : NULL;
	i->tool_choice = ask->tool_choice ? json_deep_copy(ask->tool_choice) : NULL;
	i->tools_allow = ask->tools_allow ? json_deep_copy(ask->tools_allow) : NULL;
	i->light = ask->light;
	i->hidden = ask->hidden;
	i->timeout_ms = ask->timeout_ms;
	i->priority = ask->priority;
	i->no_tools = ask->no_tools;
	i->tainted = ask->tainted;
	i->accepted_ms = oc_wall_ms();
	return i;
}

void oc_input_shed(struct oc_input *i)
{
	oc_message_deinit(&i->images);
	oc_messages_deinit(&i->history);
	json_decref(i->callers_tools);
	json_decref(i->tool_choice);
	json_decref(i->params);
	json_decref(i->tools_allow);
	i->callers_tools = i->tool_choice = i->params = i->tools_allow = NULL;
	free(i->message);
	i->message = NULL;
	i->message_n = 0;
}

void oc_input_free(struct oc_input *i)
{
	if (!i) return;
	oc_input_shed(i);
	char *const texts[] = { i->run_id,  i->session_key, i->agent,  i->model,	i->thinking,
				i->channel, i->sender,	    i->origin, i->extra_system, i->header };

	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) free(texts[k]);
	free(i);
}

void oc_input_move_images(struct oc_input *from, struct oc_input *to)
{
	for (size_t k = 0; k < from->images.n_images; k++)
		*oc_message_add_image(&to->images) = from->images.images[k];
	free(from->images.images);
	from->images.images = NULL;
	from->images.n_images = 0;
}

/* ---- as a document ---- */

static void put(json_t *o, const char *key, const char *value)
{
	if (value) oc_json_put(o, key, oc_json_new_str(oc_str(value)));
}

json_t *oc_input_json(const struct oc_input *i)
{
	json_t *o = json_object(), *images = json_array();

	put(o, "runId", i->run_id);
	put(o, "sessionKey", i->session_key);
	put(o, "agent", i->agent);
	put(o, "channel", i->channel);
	put(o, "header", i->header);
	oc_json_put(o, "message", oc_json_new_str(oc_input_text(i)));
	oc_json_put(o, "acceptedAt", json_integer(i->accepted_ms));
	for (size_t k = 0; k < i->images.n_images; k++) {
		json_t *image = json_object();

		put(image, "mime", i->images.images[k].mime);
		put(image, "base64", i->images.images[k].base64);
		json_array_append_new(images, image);
	}
	oc_json_put(o, "images", images);
	return o;
}

static char *get(const json_t *o, const char *key)
{
	return copy(oc_json_cstr(o, key));
}

struct oc_input *oc_input_of_json(const json_t *v)
{
	struct oc_str text = oc_json_str(v, "message");
	struct oc_input *i;
	const json_t *image;
	size_t k;

	if (!oc_json_cstr(v, "runId") || !oc_json_cstr(v, "sessionKey") || !text.p) return NULL;
	i = oc_new(struct oc_input);
	i->run_id = get(v, "runId");
	i->session_key = get(v, "sessionKey");
	i->agent = get(v, "agent");
	i->channel = get(v, "channel");
	i->header = get(v, "header");
	i->message = oc_strndup(text.p, text.n);
	i->message_n = text.n;
	i->accepted_ms = oc_json_int(v, "acceptedAt", 0);
	json_array_foreach (json_object_get(v, "images"), k, image)
		if (oc_json_cstr(image, "mime") && oc_json_cstr(image, "base64"))
			add_image(i, oc_json_cstr(image, "mime"), oc_json_cstr(image, "base64"));
	return i;
}
