#ifndef OC_REQUEST_SETUP_H
#define OC_REQUEST_SETUP_H
/* A request under test, and its body compared byte for byte. */
#include <stdlib.h>

#include "base/mem.h"
#include "model/codec/request.h"

struct setup {
	struct oc_messages m;
	struct oc_compat c;
	struct oc_request r;
};

static const char read_tool[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"read\",\"description\":\"Reads.\","
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"p\":{\"type\":\"string\",\"pattern\":\"x\"}}}}}]";

static inline json_t *parsed(const char *text)
{
	return text ? json_loads(text, 0, NULL) : NULL;
}

static inline void begin(struct setup *s, const char *compat)
{
	json_t *flags = parsed(compat);

	*s = (struct setup){ 0 };
	oc_compat_resolve(&s->c, "x", NULL, flags);
	json_decref(flags);
	s->r = (struct oc_request){ .model = "m", .compat = &s->c, .messages = &s->m };
}

static inline void end(struct setup *s)
{
	oc_messages_deinit(&s->m);
	oc_compat_deinit(&s->c);
}

/* body is stolen; member NULL = all of it. */
static inline void check_body(json_t *body, const char *member, const char *want)
{
	char *got = oc_json_compact(member ? json_object_get(body, member) : body);

	assert_string_equal(got, want);
	free(got);
	json_decref(body);
}

static inline void add_call(struct oc_message *m, const char *id, const char *name,
			    const char *arguments)
{
	struct oc_tool_call *c = oc_message_add_call(m);

	c->id = oc_strdup(id);
	c->name = oc_strdup(name);
	c->arguments = oc_strdup(arguments);
}

static inline struct oc_message *add_result(struct setup *s, const char *id, const char *text)
{
	struct oc_message *m = oc_messages_add(&s->m, OC_ROLE_TOOL, oc_str(text));

	m->tool_call_id = oc_strdup(id);
	m->tool_name = oc_strdup("read");
	return m;
}

static inline void add_image(struct oc_message *m)
{
	struct oc_image *image = oc_message_add_image(m);

	image->mime = oc_strdup("image/png");
	image->base64 = oc_strdup("AAAA");
}
#endif
