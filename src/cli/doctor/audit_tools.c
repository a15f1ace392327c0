/* What tools may do to whom: the way from foreign text to the machine, and what is enforced on it.
 */
#include "cli/doctor/audit.h"
#include "net/client/guard.h"
#include "tool/settings.h"
#include <stdlib.h>

static const char *primary_model(const struct oc_audit *a)
{
	const json_t *model = oc_config_get(a->config, "agents.defaults.model");
	const char *text = json_string_value(model);

	return text ? text : oc_json_cstr(model, "primary");
}

const char *oc_audit_web_source(const struct oc_audit *a)
{
	struct oc_tool_settings s;
	const char *source = NULL;

	oc_tool_settings_init(&s, a->config, NULL, NULL, NULL);
	if (oc_policy_allows(s.policy, "web_fetch", NULL)) source = "web_fetch";
	if (oc_policy_allows(s.policy, "web_search", NULL)) source = "web_search";
	oc_tool_settings_deinit(&s);
	return source;
}

static void audit_reach(struct oc_audit *a, const struct oc_web_options *web)
{
	char *hosts = oc_strv_join(&web->private_ok, ", ");

	if (web->allow_private == OC_TRUE)
		oc_audit_find(a, "tools.web.private_network", OC_AUDIT_WARN,
			      "A page can make the model read your own network",
			      "name the hosts that it needs in ssrfPolicy.allowedHostnames instead",
			      "tools.web.fetch.ssrfPolicy.dangerouslyAllowPrivateNetwork is true");
	else if (web->private_ok.n)
		oc_audit_find(a, "tools.web.private_hosts", OC_AUDIT_INFO,
			      "web_fetch may reach hosts of your own network", NULL,
			      "tools.web.fetch.ssrfPolicy.allowedHostnames: %s", hosts);
	free(hosts);
}

static void audit_service(struct oc_audit *a, const struct oc_web_options *web)
{
	struct oc_url u;

	if (!web->provider || oc_url_parse(oc_str(web->search_url), &u, NULL)) return;
	if (!u.https && !oc_host_is_local(&u))
		oc_audit_find(a, "tools.web.search_plain_http",
			      web->search_key ? OC_AUDIT_CRITICAL : OC_AUDIT_WARN,
			      "Searches go over the internet unencrypted", "use https",
			      "the base URL of %s is http to %s", web->provider->id, u.host);
	oc_url_deinit(&u);
}

/* What holds for the model that is asked, in the words of docs/security.md. */
static void report_taint(struct oc_audit *a, const struct oc_tool_settings *s, const char *model)
{
	static const struct {
		enum oc_act act;
		const char *name;
	} acts[] = { { OC_ACT_EXEC_HOST, "commands outside the sandbox" },
		     { OC_ACT_WRITE_OUTSIDE, "changes outside the workspace" },
		     { OC_ACT_FETCH_DATA, "addresses that can carry data out" },
		     { OC_ACT_MESSAGE_OTHER, "messages to others" },
		     { OC_ACT_SCHEDULE, "planning later runs" },
		     { OC_ACT_SERVER, "tools of other servers than the text came from" } };
	const struct oc_taint_facts f = { .tainted = true,
					  .trust = s->trust,
					  .full = !strcmp(s->exec_mode, "full") };
	struct oc_strv asked = { 0 };

	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (oc_taint_asks(acts[i].act, &f, NULL)) oc_strv_add(&asked, oc_str(acts[i].name));
	char *list = oc_strv_join(&asked, ", ");
	oc_audit_find(a, "tools.taint", OC_AUDIT_INFO,
		      "What a person is asked about once foreign text was read", NULL,
		      "%s counts as T%d: %s", model ? model : "a model that names no size",
		      (int)s->trust, list);
	free(list);
	oc_strv_deinit(&asked);
}

void oc_audit_tools(struct oc_audit *a)
{
	const char *model = primary_model(a);
	struct oc_tool_settings s;

	oc_tool_settings_init(&s, a->config, NULL, NULL, model);
	if (oc_policy_allows(s.policy, "web_fetch", NULL)) audit_reach(a, &s.web);
	audit_service(a, &s.web);
	report_taint(a, &s, model);
	oc_audit_mcp(a);
	oc_tool_settings_deinit(&s);
}
