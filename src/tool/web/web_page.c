/* Documents of the web: read within bounds, told apart, remembered. */
#include "tool/web.h"

#include <stdlib.h>

#include "base/mem.h"

enum { SNIFF_BYTES = 2000, LONG_PART = 48 };

/* ---- reading ---- */

static enum oc_rc read_body_wait(struct oc_http *h, struct oc_deadline d, size_t max_bytes,
				 struct oc_web_document *out, struct oc_err *e)
{
	for (;;) {
		struct oc_str piece;
		enum oc_rc rc = oc_http_read_wait(h, d, &piece, e);

		if (rc == OC_EOF) return OC_OK;
		if (rc) return rc;
		size_t room = max_bytes - out->body.n;
		out->cut = piece.n > room;
		oc_buf_add(&out->body, oc_str_head(piece, room));
		if (out->cut) return OC_OK;
	}
}

enum oc_rc oc_web_get_wait(const struct oc_http_request *req, unsigned timeout_s, size_t max_bytes,
			   struct oc_web_document *out, struct oc_err *e)
{
	struct oc_deadline d = oc_deadline_in((uint64_t)timeout_s * 1000);
	struct oc_http *h = NULL;
	enum oc_rc rc;

	*out = (struct oc_web_document){ 0 };
	oc_buf_init(&out->body, max_bytes + 1);
	rc = oc_http_open_wait(req, d, &h, NULL, e);
	if (rc) return rc;
	const char *type = oc_http_header(h, "content-type");
	out->status = oc_http_status(h);
	out->url = oc_strdup(oc_http_url(h));
	out->content_type = type ? oc_strdup(type) : NULL;
	rc = read_body_wait(h, d, max_bytes, out, e);
	oc_http_close(h);
	return rc;
}

void oc_web_document_deinit(struct oc_web_document *d)
{
	free(d->url);
	free(d->content_type);
	oc_buf_deinit(&d->body);
	*d = (struct oc_web_document){ 0 };
}

/* ---- kinds ---- */

/* A type that ends in '/' or '+' stands for all that begin, or end, with it. */
static const struct {
	struct oc_str type;
	enum oc_web_kind kind;
	const char *name;
} kinds[] = {
	{ OC_LIT("text/html"), OC_WEB_PAGE, NULL },
	{ OC_LIT("application/xhtml+xml"), OC_WEB_PAGE, NULL },
	{ OC_LIT("text/"), OC_WEB_TEXT, NULL },
	{ OC_LIT("application/json"), OC_WEB_TEXT, NULL },
	{ OC_LIT("application/xml"), OC_WEB_TEXT, NULL },
	{ OC_LIT("application/javascript"), OC_WEB_TEXT, NULL },
	{ OC_LIT("application/x-ndjson"), OC_WEB_TEXT, NULL },
	{ OC_LIT("application/yaml"), OC_WEB_TEXT, NULL },
	{ OC_LIT("application/toml"), OC_WEB_TEXT, NULL },
	{ OC_LIT("application/x-sh"), OC_WEB_TEXT, NULL },
	{ OC_LIT("application/pdf"), OC_WEB_OTHER, "a PDF document" },
	{ OC_LIT("application/zip"), OC_WEB_OTHER, "a ZIP archive" },
	{ OC_LIT("application/gzip"), OC_WEB_OTHER, "a compressed file" },
	{ OC_LIT("image/svg"), OC_WEB_OTHER, "a drawing (SVG)" },
	{ OC_LIT("image/"), OC_WEB_OTHER, "an image" },
	{ OC_LIT("audio/"), OC_WEB_OTHER, "a sound recording" },
	{ OC_LIT("video/"), OC_WEB_OTHER, "a video" },
	{ OC_LIT("font/"), OC_WEB_OTHER, "a font" },
	{ OC_LIT("application/msword"), OC_WEB_OTHER, "a Word document" },
	{ OC_LIT("application/vnd."), OC_WEB_OTHER, "an office document" },
};

static struct oc_str bare_type(const char *content_type)
{
	struct oc_str s = oc_str(content_type);

	return oc_str_trim(oc_str_head(s, oc_str_find(s, OC_LIT(";"), 0)));
}

static enum oc_web_kind sniff(struct oc_str body, const char **name)
{
	struct oc_str head = oc_str_trim(oc_str_head(body, SNIFF_BYTES));

	if (oc_str_starts(head, OC_LIT("%PDF"))) {
		*name = "a PDF document";
		return OC_WEB_OTHER;
	}
	if (head.n && memchr(head.p, '\0', head.n)) {
		*name = "a binary file";
		return OC_WEB_OTHER;
	}
	if (oc_str_istarts(head, OC_LIT("<!doctype html")) || oc_str_ihas(head, "<html") ||
	    oc_str_ihas(head, "<body") || oc_str_ihas(head, "<title"))
		return OC_WEB_PAGE;
	return OC_WEB_TEXT;
}

enum oc_web_kind oc_web_kind_of(const char *content_type, struct oc_str body, const char **name)
{
	struct oc_str type = bare_type(content_type);

	*name = NULL;
	if (oc_str_starts(body, OC_LIT("%PDF"))) return sniff(body, name);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!oc_str_istarts(type, kinds[i].type)) continue;
		*name = kinds[i].name;
		return kinds[i].kind;
	}
	if (type.n > 4 && (oc_str_ihas(oc_str_from(type, type.n - 4), "+xml") ||
			   oc_str_ihas(oc_str_from(type, type.n - 5), "+json")))
		return OC_WEB_TEXT;
	return sniff(body, name);
}

/* ---- addresses that are known ---- */

static uint64_t hash(const char *url)
{
	uint64_t h = 14695981039346656037u;

	for (; *url && *url != '#'; url++) h = (h ^ (unsigned char)*url) * 1099511628211u;
	return h;
}

void oc_web_remember(struct oc_tool_context *ctx, const char *url)
{
	if (!oc_web_is_known(ctx, url))
		ctx->known_urls[ctx->n_known_urls++ % OC_KNOWN_URLS] = hash(url);
}

bool oc_web_is_known(const struct oc_tool_context *ctx, const char *url)
{
	size_t n = ctx->n_known_urls < OC_KNOWN_URLS ? ctx->n_known_urls : OC_KNOWN_URLS;
	uint64_t wanted = hash(url);

	for (size_t i = 0; i < n; i++)
		if (ctx->known_urls[i] == wanted) return true;
	return false;
}

bool oc_web_carries_data(const struct oc_url *url)
{
	const char *parts[] = { url->path, url->host };

	if (strchr(url->path, '?')) return true;
	for (size_t i = 0; i < 2; i++) {
		size_t n = 0;
		for (const char *p = parts[i]; *p; p++) {
			n = *p == '/' || *p == '.' ? 0 : n + 1;
			if (n >= LONG_PART) return true;
		}
	}
	return false;
}
