/*
 * The pages of the gateway: an installed copy of the Control UI (gateway.controlUi.root), or else
 * the web chat that is part of the program.
 */
#include "gateway/http/ui.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/http/internal.h"
#include "gateway/http/ui_embedded.h"

/* ---- configuration ---- */

static const json_t *config_of(const struct oc_gateway *gw)
{
	return oc_config_get(&gw->snapshot->config, "gateway.controlUi");
}

/* Free with free(); NULL: none is installed. */
static char *root_of(const struct oc_gateway *gw)
{
	const struct oc_config *c = &gw->snapshot->config;
	const char *root = oc_json_cstr(config_of(gw), "root");

	if (!root || !*root) return NULL;
	if (!strncmp(root, "~/", 2) && c->paths.home)
		return oc_asprintf("%s%s", c->paths.home, root + 1);
	return oc_strdup(root);
}

static bool ui_enabled(const struct oc_gateway *gw)
{
	return oc_json_bool(config_of(gw), "enabled", true);
}

static struct oc_str base_of(const struct oc_gateway *gw)
{
	return oc_json_str(config_of(gw), "basePath");
}

/* ---- answers ---- */

static void secure(struct oc_exchange *x, struct oc_str html)
{
	struct oc_buf policy;

	oc_buf_init(&policy, 8192);
	oc_ui_policy(html, &policy);
	oc_exchange_set_header(x, "Content-Security-Policy", oc_buf_cstr(&policy));
	oc_exchange_set_header(x, "X-Frame-Options", "DENY");
	oc_buf_deinit(&policy);
}

static void send_file(struct oc_exchange *x, const struct oc_ui_file *f, const char *type)
{
	const char *known = oc_exchange_header(x, "if-none-match");
	bool hashed = oc_str_starts(f->path, OC_LIT("assets/"));
	bool html = oc_str_starts(oc_str(type), OC_LIT("text/html"));

	secure(x, html ? oc_buf_view(&f->bytes) : OC_LIT(""));
	oc_exchange_set_header(x, "ETag", f->etag);
	oc_exchange_set_header(x, "Vary", "Accept-Encoding");
	oc_exchange_set_header(x, "Cache-Control",
			       hashed ? "public, max-age=31536000, immutable" : "no-cache");
	if (f->coding) oc_exchange_set_header(x, "Content-Encoding", f->coding);
	if (known && oc_str_has(oc_str(known), oc_str(f->etag)))
		oc_exchange_respond(x, 304, type, OC_LIT(""));
	else
		oc_exchange_respond(x, 200, type, oc_buf_view(&f->bytes));
}

static const char html_type[] = "text/html; charset=utf-8";

/* The page itself is read uncompressed: its scripts are hashed. */
static void serve_page_wait(struct oc_exchange *x, const char *root)
{
	struct oc_ui_file f = { .root = root, .path = OC_LIT("index.html") };

	oc_work_wait(oc_ui_load, &f);
	if (f.found)
		send_file(x, &f, html_type);
	else
		oc_route_text(x, 503,
			      "gateway.controlUi.root holds no index.html: set it to the folder "
			      "dist/control-ui of an installed openclaw package\n");
	oc_buf_deinit(&f.bytes);
}

enum { PAGE_DEPTH = 4 }; /* folders that a page's address has at most */

/* The page names its files relative to itself, so "/chat/main" asks for "chat/assets/x.js". */
static bool drop_folder(struct oc_str *path)
{
	size_t slash = oc_str_find(*path, OC_LIT("/"), 0);

	if (slash == SIZE_MAX) return false;
	*path = oc_str_from(*path, slash + 1);
	return true;
}

static void serve_file_wait(struct oc_exchange *x, const char *root, struct oc_str path,
			    const char *type)
{
	const char *accepted = oc_exchange_header(x, "accept-encoding");
	struct oc_ui_file f = { .root = root,
				.path = path,
				.br = oc_ui_accepts(accepted, "br"),
				.gzip = oc_ui_accepts(accepted, "gzip") };

	oc_work_wait(oc_ui_load, &f);
	for (int i = 0; i < PAGE_DEPTH && !f.found && !f.outside && drop_folder(&f.path); i++) {
		oc_buf_deinit(&f.bytes);
		oc_work_wait(oc_ui_load, &f);
	}
	if (f.found)
		send_file(x, &f, type);
	else
		oc_route_text(x, f.outside ? 403 : 404, f.outside ? "Forbidden" : "Not Found");
	oc_buf_deinit(&f.bytes);
}

/* ---- the web chat ---- */

static const struct oc_ui_embedded *embedded(struct oc_str path)
{
	for (int i = 0; i <= PAGE_DEPTH; i++) {
		for (const struct oc_ui_embedded *f = oc_ui_embedded_files; f->path; f++)
			if (oc_str_eq(path, oc_str(f->path))) return f;
		if (!drop_folder(&path)) return NULL;
	}
	return NULL;
}

/* Nothing inline, nothing from elsewhere, and text becomes markup in one place (ui/blocks.js). */
static void own_policy(struct oc_exchange *x)
{
	oc_exchange_set_header(x, "Content-Security-Policy",
			       "default-src 'none'; script-src 'self'; style-src 'self'; "
			       "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; "
			       "form-action 'none'; frame-ancestors 'none'; "
			       "require-trusted-types-for 'script'; trusted-types blocks");
	oc_exchange_set_header(x, "X-Frame-Options", "DENY");
}

static void serve_embedded(struct oc_exchange *x, const struct oc_ui_embedded *f, const char *type)
{
	const char *known = oc_exchange_header(x, "if-none-match");
	bool gzip = oc_ui_accepts(oc_exchange_header(x, "accept-encoding"), "gzip");
	struct oc_str bytes = { (const char *)(gzip ? f->gzip : f->plain),
				gzip ? f->n_gzip : f->n_plain };

	own_policy(x);
	oc_exchange_set_header(x, "ETag", f->etag);
	oc_exchange_set_header(x, "Vary", "Accept-Encoding");
	oc_exchange_set_header(x, "Cache-Control", "no-cache");
	if (gzip) oc_exchange_set_header(x, "Content-Encoding", "gzip");
	if (known && oc_str_has(oc_str(known), oc_str(f->etag)))
		oc_exchange_respond(x, 304, type, OC_LIT(""));
	else
		oc_exchange_respond(x, 200, type, bytes);
}

/* A path that names no file is one of the page's own addresses. */
static void serve_own(struct oc_exchange *x, struct oc_str path)
{
	const char *type = oc_ui_type(path);
	const struct oc_ui_embedded *f = embedded(type ? path : OC_LIT("index.html"));

	if (f)
		serve_embedded(x, f, type ? type : html_type);
	else
		oc_route_text(x, 404, "Not Found");
}

static void ui_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	struct oc_buf path;
	char *root = root_of(gw);

	oc_buf_init(&path, 8192);
	if (!oc_ui_path(oc_str(oc_exchange_path(x)), base_of(gw), &path)) {
		oc_route_text(x, 400, "Bad Request");
	} else if (!root) {
		serve_own(x, oc_buf_view(&path));
	} else {
		const char *type = oc_ui_type(oc_buf_view(&path));

		if (type && !oc_str_eq(oc_buf_view(&path), OC_LIT("index.html")))
			serve_file_wait(x, root, oc_buf_view(&path), type);
		else
			serve_page_wait(x, root);
	}
	free(root);
	oc_buf_deinit(&path);
}

/* ---- what the UI asks before it connects ---- */

/* Of the UI itself: it reloads when another build answers. */
static json_t *build_wait(const struct oc_gateway *gw, json_t **version)
{
	char *root = root_of(gw);
	struct oc_ui_file f = { .root = root ? root : "/nonexistent",
				.path = OC_LIT("index.html") };

	oc_work_wait(oc_ui_load, &f);
	struct oc_str build = oc_ui_build(oc_buf_view(&f.bytes));
	size_t dash = oc_str_find(build, OC_LIT("-"), 0);
	json_t *id = build.n ? oc_json_new_str(build) : json_string(gw->boot_id);

	*version = build.n ? oc_json_new_str(oc_str_head(build, dash)) : json_string(OC_VERSION);
	oc_buf_deinit(&f.bytes);
	free(root);
	return id;
}

static void config_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	json_t *version = NULL, *build = build_wait(gw, &version);
	json_t *body =
	    json_pack("{s:s%,s:s,s:s,s:s,s:o,s:o,s:s,s:b,s:b,s:b,s:b,s:[],s:b}", "basePath",
		      base_of(gw).p ? base_of(gw).p : "", base_of(gw).n, "assistantName",
		      "OpenClaw", "assistantAvatar", "", "assistantAgentId", "main",
		      "serverVersion", version, "serverBuildId", build, "embedSandbox", "scripts",
		      "allowExternalEmbedUrls", 0, "terminalEnabled", 0, "cliAgentsEnabled", 0,
		      "pluginAssetsRequireAuth", 1, "pluginFrameGrants", "communityInvite", 0);

	oc_exchange_set_header(x, "Cache-Control", "no-store");
	oc_route_json(x, 200, body);
}

const struct oc_route oc_routes_ui[] = {
	{ "/control-ui-config.json", "GET HEAD", OC_ROUTE_BEARER, ui_enabled, config_wait },
	{ "/*", "GET HEAD", OC_ROUTE_OPEN, ui_enabled, ui_wait },
	{ 0 },
};
