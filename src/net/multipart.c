/* Bodies of multipart/form-data. */
#include "net/multipart.h"

#include <stdio.h>

#include "base/rand.h"

enum { BOUNDARY_CHARS = 40 };

void oc_multipart_init(struct oc_multipart *m, size_t max_bytes)
{
	oc_buf_init(&m->body, max_bytes);
	oc_rand_id(m->boundary, BOUNDARY_CHARS);
	snprintf(m->content_type, sizeof m->content_type, "multipart/form-data; boundary=%s",
		 m->boundary);
}

void oc_multipart_deinit(struct oc_multipart *m)
{
	oc_buf_deinit(&m->body);
}

/* A parameter or a header of a part must not end it. */
static void add_safe(struct oc_buf *b, const char *s)
{
	for (; *s; s++) {
		bool ok = (unsigned char)*s >= ' ' && *s != '"' && *s != '\\' && *s != 0x7f;

		oc_buf_addc(b, ok ? *s : '_');
	}
}

static void begin(struct oc_multipart *m, const char *name)
{
	oc_buf_addf(&m->body, "--%s\r\nContent-Disposition: form-data; name=\"", m->boundary);
	add_safe(&m->body, name);
	oc_buf_addc(&m->body, '"');
}

void oc_multipart_field(struct oc_multipart *m, const char *name, struct oc_str value)
{
	begin(m, name);
	oc_buf_adds(&m->body, "\r\n\r\n");
	oc_buf_add(&m->body, value);
	oc_buf_adds(&m->body, "\r\n");
}

void oc_multipart_file(struct oc_multipart *m, const char *name, const char *file_name,
		       const char *mime, struct oc_str bytes)
{
	begin(m, name);
	oc_buf_adds(&m->body, "; filename=\"");
	add_safe(&m->body, file_name);
	oc_buf_adds(&m->body, "\"\r\nContent-Type: ");
	add_safe(&m->body, mime);
	oc_buf_adds(&m->body, "\r\n\r\n");
	oc_buf_add(&m->body, bytes);
	oc_buf_adds(&m->body, "\r\n");
}

enum oc_rc oc_multipart_end(struct oc_multipart *m, struct oc_err *e)
{
	oc_buf_addf(&m->body, "--%s--\r\n", m->boundary);
	if (!m->body.bad) return OC_OK;
	return oc_fail(e, OC_E_LIMIT, "the file is larger than %zu bytes", m->body.max);
}
