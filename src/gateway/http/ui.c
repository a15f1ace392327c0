/*
 * The pages of the gateway: an installed copy of the Control UI (gateway.controlUi.root), or else a
 * page that says what this is and where to chat.
 */
#include "gateway/http/ui.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/http/internal.h"

static const char page[] =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>OpenClaw</title>\n"
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:3em auto;padding:0 1em;"
    "color:#222;background:#fff}code{background:#eee;padding:.1em .3em;border-radius:3px}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#16181d}code{background:#333}}"
    "</style>\n<h1>OpenClaw</h1>\n<p>The gateway runs.</p>\n"
    "<p>To chat in a terminal: <code>openclaw chat</code></p>\n"
    "<p>To send one message: <code>openclaw agent --message \"hello\"</code></p>\n"
    "<p>To open a chat in the browser, install the Control UI and set "
    "<code>gateway.controlUi.root</code> to its folder; then <code>openclaw dashboard</code> opens "
    "it.</p>\n<p>Programs use <code>/v1/chat/completions</code>, <code>/v1/responses</code> and "
    "<code>/v1/models</code> with the gateway's token.</p></html>\n";

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

static void own_page(struct oc_exchange *x)
{
	oc_exchange_set_header(x, "Content-Security-Policy",
			       "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
			       "frame-ancestors 'none'; form-action 'none'");
	oc_exchange_set_header(x, "X-Frame-Options", "DENY");
	oc_exchange_set_header(x, "Cache-Control", "no-cache");
	oc_exchange_respond(x, 200, "text/html; charset=utf-8", oc_str(page));
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

static void ui_wait(struct oc_gateway *gw, struct oc_exchange *x)
{
	struct oc_buf path;
	char *root = root_of(gw);

	oc_buf_init(&path, 8192);
	if (!oc_ui_path(oc_str(oc_exchange_path(x)), base_of(gw), &path)) {
		oc_route_text(x, 400, "Bad Request");
	} else if (!root) {
		if (!path.n || oc_str_eq(oc_buf_view(&path), OC_LIT("chat")))
			own_page(x);
		else
			oc_route_text(x, 404, "Not Found");
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
