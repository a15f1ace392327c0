/* What servers of tools bring in, and over which way. */
#include <stdlib.h>

#include "cli/doctor/audit.h"
#include "net/client/guard.h"
#include "tool/mcp/config.h"

static void audit_url(struct oc_audit *a, const struct oc_mcp_config *s)
{
	struct oc_url u;

	if (oc_url_parse(oc_str(s->url), &u, NULL)) return;
	bool local = oc_host_is_local(&u);
	if (!local && !u.https)
		oc_audit_find(a, "mcp.plain_http", OC_AUDIT_CRITICAL,
			      "A server of tools is reached over the internet unencrypted",
			      "use https", "mcp.servers.%s: http to %s", s->id, u.host);
	else if (!local)
		oc_audit_find(
		    a, "mcp.network", OC_AUDIT_INFO,
		    "A server of tools is on the internet: it sees what it is called with", NULL,
		    "mcp.servers.%s: %s", s->id, u.host);
	oc_url_deinit(&u);
}

/* "npx -y package" runs whatever the registry has today; "package@1.2.3" does not. */
static void audit_launcher(struct oc_audit *a, const struct oc_mcp_config *s)
{
	static const char *const launchers[] = { "npx", "uvx", "pipx", "bunx" };
	const char *slash = strrchr(s->command, '/'), *name = slash ? slash + 1 : s->command;
	bool launcher = false, pinned = false;

	for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++)
		launcher = launcher || !strcmp(name, launchers[i]);
	for (size_t i = 1; i < s->args.n; i++) {
		const char *at = strchr(s->args.v[i] + 1, '@');
		pinned =
		    pinned || (at && at[1] >= '0' && at[1] <= '9') || strstr(s->args.v[i], "==");
	}
	if (launcher && !pinned)
		oc_audit_find(a, "mcp.unpinned", OC_AUDIT_WARN,
			      "A server of tools is whatever a package registry has at the moment",
			      "name a version: package@1.2.3",
			      "mcp.servers.%s: %s without a version", s->id, name);
}

void oc_audit_mcp(struct oc_audit *a)
{
	json_t *servers = oc_config_get(a->config, "mcp.servers"), *entry;
	const char *id;

	json_object_foreach (servers, id, entry) {
		struct oc_mcp_config s;

		oc_mcp_config_init(&s, id, entry);
		if (s.enabled && !s.problem) {
			if (s.transport == OC_MCP_HTTP)
				audit_url(a, &s);
			else
				audit_launcher(a, &s);
			if (s.trust)
				oc_audit_find(
				    a, "mcp.trusted", OC_AUDIT_WARN,
				    "What a server answers is not marked as foreign",
				    "leave out trust, unless it is yours and reads nothing of others",
				    "mcp.servers.%s.trust is true", s.id);
		}
		oc_mcp_config_deinit(&s);
	}
}

const char *oc_audit_mcp_source(const struct oc_audit *a)
{
	json_t *servers = oc_config_get(a->config, "mcp.servers"), *entry;
	const char *id;

	json_object_foreach (servers, id, entry) {
		if (oc_json_bool(entry, "enabled", true) && !oc_json_bool(entry, "trust", false))
			return "an MCP server";
	}
	return NULL;
}
