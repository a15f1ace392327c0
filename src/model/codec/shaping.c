/* Conversation, tools and body for servers that take less than others. */
#include "model/codec/shaping.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"

static const char how_to_call[] =
    "# Tools\n"
    "To use a tool, end your message with one line of this form and wait for its result:\n"
    "[TOOL_REQUEST]{\"name\": \"NAME\", \"arguments\": {...}}[END_TOOL_REQUEST]\n"
    "The result comes as the next message. These tools exist, each with the JSON schema of its "
    "arguments:\n";

/* ---- what is needed ---- */

static bool says(const json_t *compat, const char *key, const char *word)
{
	return oc_str_eq(oc_json_str(compat, key), oc_str(word));
}

void oc_shaping_read(struct oc_shaping *s, const json_t *compat)
{
	const json_t *name;
	size_t i;

	*s = (struct oc_shaping){ .system_as_user = says(compat, "systemRole", "user-prefix"),
				  .tools_as_user = says(compat, "toolRole", "user"),
				  .tools_in_text = says(compat, "toolProtocol", "text"),
				  .simple_schemas =
				      oc_json_bool(compat, "simpleToolSchemas", false) };
	json_array_foreach (json_object_get(compat, "unsupportedParams"), i, name)
		if (json_is_string(name)) oc_strv_add_once(&s->left_out, oc_json_text(name));
	/* A server that takes no tools takes none of their roles either. */
	s->tools_as_user |= s->tools_in_text;
}

void oc_shaping_deinit(struct oc_shaping *s)
{
	oc_strv_deinit(&s->left_out);
	*s = (struct oc_shaping){ 0 };
}

bool oc_shaping_changes_messages(const struct oc_shaping *s)
{
	return s->system_as_user || s->tools_as_user;
}

/* ---- messages ---- */

static void add_paragraph(struct oc_buf *to, struct oc_str text)
{
	if (!text.n) return;
	if (to->n) oc_buf_adds(to, "\n\n");
	oc_buf_add(to, text);
}

static void copy_call(struct oc_message *to, const struct oc_tool_call *call)
{
	struct oc_tool_call *c = oc_message_add_call(to);

	c->id = call->id ? oc_strdup(call->id) : NULL;
	c->name = call->name ? oc_strdup(call->name) : NULL;
	c->arguments = call->arguments ? oc_strdup(call->arguments) : NULL;
	c->args = json_incref(call->args);
	c->valid = call->valid;
}

static void copy_images(struct oc_message *to, const struct oc_message *from)
{
	for (size_t i = 0; i < from->n_images; i++) {
		struct oc_image *image = oc_message_add_image(to);

		image->mime = oc_strdup(from->images[i].mime);
		image->base64 = oc_strdup(from->images[i].base64);
	}
}

static void write_call(const struct oc_tool_call *call, struct oc_buf *out)
{
	json_t *o = json_object();

	oc_json_put(o, "name", oc_json_new_str(oc_str(call->name)));
	oc_json_put(o, "arguments", call->args ? json_incref(call->args) : json_object());
	char *text = oc_json_compact(o);
	if (out->n) oc_buf_addc(out, '\n');
	oc_buf_addf(out, "[TOOL_REQUEST]%s[END_TOOL_REQUEST]", text);
	free(text);
	json_decref(o);
}

static void copy_assistant(const struct oc_shaping *s, const struct oc_message *m,
			   struct oc_messages *out)
{
	struct oc_message *to = oc_messages_add(out, m->role, oc_buf_view(&m->text));

	for (size_t i = 0; i < m->n_calls; i++)
		if (s->tools_as_user)
			write_call(&m->calls[i], &to->text);
		else
			copy_call(to, &m->calls[i]);
	oc_buf_add(&to->reasoning, oc_buf_view(&m->reasoning));
	if (m->reasoning_field) to->reasoning_field = oc_strdup(m->reasoning_field);
	to->thoughts = json_incref(m->thoughts);
	if (m->thoughts_origin) to->thoughts_origin = oc_strdup(m->thoughts_origin);
}

static void copy_result(const struct oc_shaping *s, const struct oc_message *m,
			struct oc_messages *out)
{
	struct oc_message *to;

	if (!s->tools_as_user) {
		to = oc_messages_add(out, m->role, oc_buf_view(&m->text));
		to->tool_call_id = m->tool_call_id ? oc_strdup(m->tool_call_id) : NULL;
		to->tool_name = m->tool_name ? oc_strdup(m->tool_name) : NULL;
		to->tool_failed = m->tool_failed;
		to->untrusted = m->untrusted;
	} else {
		to = oc_messages_add(out, OC_ROLE_USER, OC_LIT(""));
		oc_buf_addf(&to->text, "[result of %s]\n", m->tool_name ? m->tool_name : "tool");
		oc_buf_add(&to->text, oc_buf_view(&m->text));
		oc_buf_adds(&to->text, "\n[end of result]");
	}
	copy_images(to, m);
}

static void describe_tool(const json_t *tool, struct oc_buf *out)
{
	const json_t *f = json_object_get(tool, "function");
	const json_t *parameters = json_object_get(f, "parameters");
	char *schema = parameters ? oc_json_compact(parameters) : NULL;

	oc_buf_adds(out, "- ");
	oc_buf_add(out, oc_json_str(f, "name"));
	oc_buf_adds(out, ": ");
	oc_buf_add(out, oc_json_str(f, "description"));
	oc_buf_addf(out, "\n  %s\n", schema ? schema : "{}");
	free(schema);
}

static void describe_tools(const json_t *tools, struct oc_buf *out)
{
	struct oc_buf text;
	const json_t *tool;
	size_t i;

	if (!json_array_size(tools)) return;
	oc_buf_init(&text, OC_MAX_REQUEST_BYTES);
	oc_buf_adds(&text, how_to_call);
	json_array_foreach (tools, i, tool) describe_tool(tool, &text);
	add_paragraph(out, oc_str_trim(oc_buf_view(&text)));
	oc_buf_deinit(&text);
}

static void copy_user(const struct oc_message *m, struct oc_buf *prefix, struct oc_messages *out)
{
	struct oc_message *to = oc_messages_add(out, OC_ROLE_USER, oc_buf_view(prefix));

	add_paragraph(&to->text, oc_buf_view(&m->text));
	oc_buf_clear(prefix);
	copy_images(to, m);
}

/* All system texts in one, with the tools where they are described in text. */
static void system_text(const struct oc_shaping *s, const struct oc_messages *in,
			const json_t *tools, struct oc_buf *out)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->v[i].role == OC_ROLE_SYSTEM)
			add_paragraph(out, oc_buf_view(&in->v[i].text));
	if (s->tools_in_text) describe_tools(tools, out);
}

void oc_shape_messages(const struct oc_shaping *s, const struct oc_messages *in,
		       const json_t *tools, struct oc_messages *out)
{
	struct oc_buf prefix;

	oc_buf_init(&prefix, OC_MAX_REQUEST_BYTES);
	system_text(s, in, tools, &prefix);
	if (!s->system_as_user && prefix.n) {
		oc_messages_add(out, OC_ROLE_SYSTEM, oc_buf_view(&prefix));
		oc_buf_clear(&prefix);
	}
	for (size_t i = 0; i < in->n; i++) {
		const struct oc_message *m = &in->v[i];

		if (m->role == OC_ROLE_ASSISTANT)
			copy_assistant(s, m, out);
		else if (m->role == OC_ROLE_TOOL)
			copy_result(s, m, out);
		else if (m->role == OC_ROLE_USER)
			copy_user(m, &prefix, out);
	}
	if (prefix.n) oc_messages_add(out, OC_ROLE_USER, oc_buf_view(&prefix)); /* no user spoke */
	oc_buf_deinit(&prefix);
}

/* ---- tools and body ---- */

/* Keywords that make grammars fail (spec 03 §1.6). A property may bear such a name: then its value
 * is a schema, and stays. The depth is that of our own schemas or of what the JSON reader let pass.
 */
static void simplify(json_t *schema, bool of_properties)
{
	static const char *const refused[] = { "pattern",
					       "format",
					       "minimum",
					       "maximum",
					       "minLength",
					       "maxLength",
					       "minItems",
					       "maxItems",
					       "exclusiveMinimum",
					       "multipleOf",
					       "uniqueItems",
					       "exclusiveMaximum",
					       "anyOf",
					       "oneOf",
					       "allOf",
					       "additionalProperties" };
	const char *key;
	json_t *v;
	size_t i;

	for (i = 0; !of_properties && i < sizeof refused / sizeof *refused; i++)
		json_object_del(schema, refused[i]);
	json_object_foreach (schema, key, v)
		simplify(v, !of_properties && !strcmp(key, "properties"));
	json_array_foreach (schema, i, v) simplify(v, false);
}

json_t *oc_shape_tools(const struct oc_shaping *s, json_t *tools)
{
	json_t *plain, *tool;
	size_t i;

	if (!tools || s->tools_in_text) return NULL;
	if (!s->simple_schemas) return json_incref(tools);
	plain = json_deep_copy(tools);
	json_array_foreach (plain, i, tool)
		simplify(json_object_get(json_object_get(tool, "function"), "parameters"), false);
	return plain;
}

void oc_shape_body(const struct oc_shaping *s, json_t *body)
{
	for (size_t i = 0; i < s->left_out.n; i++) json_object_del(body, s->left_out.v[i]);
}
