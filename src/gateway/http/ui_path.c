/* Paths, types, codings and policies of the UI's files. */
#include <stdlib.h>

#include "base/mem.h"
#include "gateway/http/internal.h"
#include "gateway/http/ui.h"
#include "net/base64.h"
#include "net/percent.h"
#include "net/sha256.h"

enum { MAX_HASHED_SCRIPTS = 16 };

/* ---- paths ---- */

static bool is_safe_segment(struct oc_str s)
{
	if (oc_str_eq(s, OC_LIT(".")) || oc_str_eq(s, OC_LIT(".."))) return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == '\\' || s.p[i] == 0x7F) return false;
	return true;
}

/* Decoded once and for all: what is still encoded after that is part of a name. */
static bool normalise(struct oc_str path, struct oc_buf *out)
{
	while (path.n) {
		size_t slash = oc_str_find(path, OC_LIT("/"), 0);
		struct oc_str s = oc_str_head(path, slash);

		if (!is_safe_segment(s)) return false;
		if (s.n) {
			if (out->n) oc_buf_addc(out, '/');
			oc_buf_add(out, s);
		}
		path = slash == SIZE_MAX ? OC_LIT("") : oc_str_from(path, slash + 1);
	}
	return !out->bad;
}

bool oc_ui_path(struct oc_str path, struct oc_str base, struct oc_buf *out)
{
	struct oc_buf plain;
	bool ok;

	while (base.n && base.p[base.n - 1] == '/') base.n--;
	oc_buf_init(&plain, path.n + 1);
	ok = oc_percent_decode(path, &plain);
	struct oc_str p = oc_buf_view(&plain);

	if (ok && base.n && oc_str_starts(p, base) && (p.n == base.n || p.p[base.n] == '/'))
		p = oc_str_from(p, base.n);
	ok = ok && normalise(p, out);
	oc_buf_deinit(&plain);
	return ok;
}

/* ---- types ---- */

static const struct {
	const char *end, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".mjs", "text/javascript; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".json", "application/json; charset=utf-8" },
	{ ".map", "application/json; charset=utf-8" },
	{ ".webmanifest", "application/manifest+json" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".jpg", "image/jpeg" },
	{ ".jpeg", "image/jpeg" },
	{ ".gif", "image/gif" },
	{ ".webp", "image/webp" },
	{ ".avif", "image/avif" },
	{ ".ico", "image/x-icon" },
	{ ".woff2", "font/woff2" },
	{ ".woff", "font/woff" },
	{ ".ttf", "font/ttf" },
	{ ".wasm", "application/wasm" },
	{ ".mp3", "audio/mpeg" },
	{ ".wav", "audio/wav" },
	{ ".txt", "text/plain; charset=utf-8" },
	{ ".md", "text/plain; charset=utf-8" },
	{ ".xml", "application/xml" },
};

const char *oc_ui_type(struct oc_str path)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		struct oc_str end = oc_str(types[i].end);

		if (path.n >= end.n && oc_str_ieq(oc_str_from(path, path.n - end.n), end))
			return types[i].type;
	}
	return NULL;
}

/* ---- codings ---- */

static bool is_zero(struct oc_str parameters)
{
	size_t at = oc_str_ifind(parameters, OC_LIT("q="), 0);

	if (at == SIZE_MAX) return false;
	struct oc_str q = oc_str_trim(oc_str_from(parameters, at + 2));

	for (size_t i = 0; i < q.n; i++)
		if (q.p[i] != '0' && q.p[i] != '.') return false;
	return q.n > 0;
}

bool oc_ui_accepts(const char *accept_encoding, const char *coding)
{
	struct oc_str rest = oc_str(accept_encoding);

	while (rest.n) {
		size_t comma = oc_str_find(rest, OC_LIT(","), 0);
		struct oc_str item = oc_str_head(rest, comma);
		size_t semicolon = oc_str_find(item, OC_LIT(";"), 0);

		rest = comma == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, comma + 1);
		if (!oc_str_ieq(oc_str_trim(oc_str_head(item, semicolon)), oc_str(coding)))
			continue;
		return semicolon == SIZE_MAX || !is_zero(oc_str_from(item, semicolon + 1));
	}
	return false;
}

/* ---- the page ---- */

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void add_hash(struct oc_str script, struct oc_buf *out)
{
	char hex[OC_SHA256_HEX + 1], bytes[OC_SHA256_HEX / 2];

	oc_sha256_hex(script, hex);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(digit(hex[2 * i]) * 16 + digit(hex[2 * i + 1]));
	char *text = oc_base64_encode((struct oc_str){ bytes, sizeof bytes });

	oc_buf_addf(out, " 'sha256-%s'", text);
	free(text);
}

static void add_script_hashes(struct oc_str html, struct oc_buf *out)
{
	size_t at = 0;

	for (int n = 0; n < MAX_HASHED_SCRIPTS; n++) {
		at = oc_str_ifind(html, OC_LIT("<script"), at);
		size_t open = at == SIZE_MAX ? at : oc_str_find(html, OC_LIT(">"), at);
		size_t end = open == SIZE_MAX ? open : oc_str_ifind(html, OC_LIT("</script"), open);

		if (end == SIZE_MAX) return;
		struct oc_str tag = { html.p + at, open - at };

		if (!oc_str_ihas(tag, " src="))
			add_hash((struct oc_str){ html.p + open + 1, end - open - 1 }, out);
		at = end;
	}
}

void oc_ui_policy(struct oc_str html, struct oc_buf *out)
{
	oc_buf_adds(out, "default-src 'self'; base-uri 'none'; object-src 'none'; "
			 "frame-ancestors 'none'; script-src 'self'");
	add_script_hashes(html, out);
	oc_buf_adds(out, "; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
			 "font-src 'self' data:; media-src 'self' data: blob:; "
			 "worker-src 'self' blob:; connect-src 'self' ws: wss:");
}

struct oc_str oc_ui_build(struct oc_str html)
{
	static const struct oc_str name = OC_LIT("data-openclaw-control-ui-build-id=\"");
	size_t at = oc_str_find(html, name, 0);

	if (at == SIZE_MAX) return OC_LIT("");
	struct oc_str rest = oc_str_from(html, at + name.n);
	size_t end = oc_str_find(rest, OC_LIT("\""), 0);

	return end == SIZE_MAX ? OC_LIT("") : oc_str_head(rest, end);
}
