#include "check.h"

#include <stdlib.h>

#include "config/schema.h"
#include "json/json5.h"
#include "json/path.h"

/* Problems, or with foreign the kept paths, joined by '\n'. */
static char *check(const char *text, bool want_foreign)
{
	struct oc_strv problems = { 0 }, foreign = { 0 };
	struct oc_json5 *d = NULL;
	struct oc_err e = { 0 };

	if (oc_json5_parse(oc_str(text), &d, &e)) fail_msg("%s: %s", text, e.msg);
	oc_schema_check(oc_json5_value(d), &problems, &foreign);
	char *result = oc_strv_join(want_foreign ? &foreign : &problems, "\n");
	oc_strv_deinit(&problems);
	oc_strv_deinit(&foreign);
	oc_json5_free(d);
	return result;
}

#define PROVIDER(x) "{models:{providers:{local:{baseUrl:'http://h/v1'," x "}}}}"
#define MODEL(x)    PROVIDER("models:[{id:'a'},{" x "}]")

static void every_problem_is_named_with_its_path(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "{}", "" },
		{ "{bogus:1,$schema:'x'}", "<root>: Unrecognized key: \"bogus\"" },
		{ PROVIDER("bogus:1,models:[]"),
		  "models.providers.local: Unrecognized key: \"bogus\"" },
		{ PROVIDER("timeoutSeconds:'5',models:[]"),
		  "models.providers.local.timeoutSeconds: expected number, received string" },
		{ PROVIDER("timeoutSeconds:1.5,models:[]"),
		  "models.providers.local.timeoutSeconds: expected a whole number" },
		{ PROVIDER("timeoutSeconds:300.0,models:[]"), "" },
		{ PROVIDER("timeoutSeconds:0,models:[]"),
		  "models.providers.local.timeoutSeconds: expected a number above 0" },
		{ PROVIDER("api:'x-completions',headers:3,models:{}"),
		  "models.providers.local.api: expected one of \"openai-completions\", \"openai-responses\", "
		  "\"openai-chatgpt-responses\", \"anthropic-messages\", \"google-generative-ai\", \"google-vertex\", "
		  "\"github-copilot\", \"bedrock-converse-stream\", \"ollama\", \"pi-messages\", "
		  "\"azure-openai-responses\"\n"
		  "models.providers.local.headers: expected object, received number\n"
		  "models.providers.local.models: expected array, received object" },
		{ "{models:{providers:{local:{}}}}",
		  "models.providers.local.baseUrl: expected string, received undefined\n"
		  "models.providers.local.models: expected array, received undefined" },
		{ "{models:{providers:{' LMStudio ':{},openai:{},anthropic:{}}}}", "" },
		{ "{models:{providers:{lmstudio:{baseUrl:' '}}}}",
		  "models.providers.lmstudio.baseUrl: must not be empty" },
		{ "{models:{providers:[]}}", "models.providers: expected object, received array" },
		{ MODEL("name:'x'"),
		  "models.providers.local.models.1.id: expected string, received undefined" },
		{ MODEL("id:'b',contextTokens:-1"),
		  "models.providers.local.models.1.contextTokens: expected a number above 0" },
		{ MODEL("id:'b',input:['text','smell']"),
		  "models.providers.local.models.1.input.1: expected one of \"text\", "
		  "\"image\", \"video\", \"audio\"" },
		{ MODEL("id:'b',compat:{supportsTools:false,textToolCalls:'native',x:1}"),
		  "models.providers.local.models.1.compat: Unrecognized key: \"x\"" },
		{ MODEL("id:'b',thinkingLevelMap:{off:null,low:'low',high:1}"),
		  "models.providers.local.models.1.thinkingLevelMap.high: expected string or null, received number" },
		{ PROVIDER("params:{any:{thing:1}},models:[]"), "" },
		{ PROVIDER("apiKey:{source:'env',provider:'default',id:'X'},models:[]"), "" },
		{ PROVIDER("apiKey:{source:'sky',provider:'D x',y:1},models:[]"),
		  "models.providers.local.apiKey: Unrecognized key: \"y\"\n"
		  "models.providers.local.apiKey.id: expected string, received undefined\n"
		  "models.providers.local.apiKey.source: expected one of \"env\", \"file\", \"exec\", \"store\"\n"
		  "models.providers.local.apiKey.provider: expected lower-case letters, digits, '_' and '-'" },
		{ PROVIDER("apiKey:1,models:[]"),
		  "models.providers.local.apiKey: expected string, received number" },
		{ PROVIDER(
		      "request:{proxy:{mode:'explicit-proxy',url:'x',tls:{ca:'y',z:1}}},models:[]"),
		  "models.providers.local.request.proxy.tls: Unrecognized key: \"z\"" },
		{ "{agents:{defaults:{model:'a/b'}}}", "" },
		{ "{agents:{defaults:{model:{primary:'a/b',fallbacks:['c/d']}}}}", "" },
		{ "{agents:{defaults:{model:{first:'a/b'}}}}",
		  "agents.defaults.model: Unrecognized key: \"first\"" },
		{ "{agents:{defaults:{model:5}}}",
		  "agents.defaults.model: expected string or object, received number" },
		{ "{agents:{defaults:{models:{'l/m':{alias:'x',params:{a:1},q:1}}}}}",
		  "agents.defaults.models.l/m: Unrecognized key: \"q\"" },
		{ "{agents:{defaults:{thinkingDefault:'ultra',timeoutSeconds:0,contextGuard:{warnBelow:0,blockBelow:-1}}}}",
		  "agents.defaults.contextGuard.blockBelow: expected a number of 0 or more" },
		{ "{agents:{list:[{id:'main',identity:{name:'x'},tools:{profile:'full'}},{}]}}",
		  "agents.list.1.id: expected string, received undefined" },
		{ "{agents:{entries:{main:{name:'x',id:'y'}}}}",
		  "agents.entries.main: Unrecognized key: \"id\"" },
		{ "{env:{FOO:'x',vars:{BAR:'y'},shellEnv:{enabled:true}}}", "" },
		{ "{env:{FOO:1}}", "env.FOO: expected string, received number" },
		{ "{session:{reset:{mode:'daily',x:1},resetByChannel:{telegram:{mode:'idle',y:1}}}}",
		  "session.reset: Unrecognized key: \"x\"\nsession.resetByChannel.telegram: Unrecognized key: \"y\"" },
		{ "{gateway:{mode:'local',port:18789,bind:'loopback',auth:{mode:'token',token:'t'},tailscale:{mode:'off'}}}",
		  "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = check(cases[i].in, false);
		assert_string_equal(text, cases[i].want);
		free(text);
	}
}

static void what_the_reference_product_knows_is_kept_and_named(void **state)
{
	static const struct {
		const char *in, *problems, *foreign;
	} cases[] = {
		{ "{plugins:{a:{b:1}},ui:[],canvas:3,talk:'x'}", "", "plugins\nui\ncanvas\ntalk" },
		{ "{channels:{discord:{token:'x',any:{thing:1}},telegram:{botToken:'y'}}}", "",
		  "channels.discord" },
		{ "{tools:{media:{image:{enabled:true}},exec:{mode:'auto',security:'full'}}}", "",
		  "tools.media\ntools.exec.security" },
		{ "{tools:{media:{image:{bogus:true}}}}",
		  "tools.media.image: Unrecognized key: \"bogus\"", "tools.media" },
		{ "{tools:{bogus:1}}", "tools: Unrecognized key: \"bogus\"", "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *problems = check(cases[i].in, false), *foreign = check(cases[i].in, true);
		assert_string_equal(problems, cases[i].problems);
		assert_string_equal(foreign, cases[i].foreign);
		free(problems);
		free(foreign);
	}
}

static struct oc_path path(const char *text)
{
	struct oc_path p = { 0 };
	struct oc_err e = { 0 };

	if (oc_path_parse(oc_str(text), &p, &e)) fail_msg("%s", e.msg);
	return p;
}

static void the_schema_tells_what_belongs_at_a_path(void **state)
{
	static const struct {
		const char *path;
		enum oc_schema_kind want;
	} cases[] = {
		{ "models", OC_SCHEMA_OBJECT },
		{ "models.mode", OC_SCHEMA_SCALAR },
		{ "models.mode.x", OC_SCHEMA_UNKNOWN },
		{ "models.providers.any", OC_SCHEMA_OBJECT },
		{ "models.providers.any.models", OC_SCHEMA_ARRAY },
		{ "models.providers.any.models[3].id", OC_SCHEMA_SCALAR },
		{ "models.providers.any.models.3.id", OC_SCHEMA_SCALAR },
		{ "models.providers.any.params", OC_SCHEMA_ANY },
		{ "models.providers.any.params.a.b", OC_SCHEMA_ANY },
		{ "models.providers.any.apiKy", OC_SCHEMA_UNKNOWN },
		{ "plugins.entries.x", OC_SCHEMA_ANY },
		{ "channels.discord.token", OC_SCHEMA_ANY },
		{ "agents.list[0].model.primary", OC_SCHEMA_SCALAR },
		{ "nothing", OC_SCHEMA_UNKNOWN },
		{ "nothing[0]", OC_SCHEMA_UNKNOWN },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_path p = path(cases[i].path);
		if (oc_schema_kind(&p) != cases[i].want)
			fail_msg("%s: %d", cases[i].path, oc_schema_kind(&p));
		oc_path_deinit(&p);
	}
}

static void secrets_are_known_by_row_and_by_name(void **state)
{
	static const struct {
		const char *path;
		bool want;
	} cases[] = {
		{ "models.providers.x.apiKey", true },
		{ "models.providers.x.apiKey.source", false },
		{ "models.providers.x.headers.X-Custom", true },
		{ "models.providers.x.request.auth.token", true },
		{ "models.providers.x.request.tls.key", true },
		{ "models.providers.x.baseUrl", false },
		{ "models.providers.x.maxTokens", false },
		{ "gateway.auth.token", true },
		{ "gateway.auth.password", true },
		{ "gateway.auth.mode", false },
		{ "session.mainKey", false },
		{ "channels.telegram.botToken", true },
		{ "channels.discord.accounts[0].token", true },
		{ "plugins.entries.x.config.apiKey", true },
		{ "plugins.entries.x.config.client_secret", true },
		{ "env.vars.OPENAI_API_KEY", true },
		{ "env.GITHUB_TOKEN", true },
		{ "env.vars.LANG", false },
		{ "mcp.servers.x.headers.Authorization", true },
		{ "mcp.servers.x.env.MY_PASS", true },
		{ "mcp.servers.x.env.EDITOR", false },
		{ "skills.entries.x.apiKey", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_path p = path(cases[i].path);
		if (oc_schema_secret(&p) != cases[i].want) fail_msg("%s", cases[i].path);
		oc_path_deinit(&p);
	}
}

static void the_json_schema_comes_from_the_same_rows(void **state)
{
	static const struct {
		const char *path, *want;
	} cases[] = {
		{ "properties.models.additionalProperties", "false" },
		{ "properties.models.properties.mode.enum", "[\"merge\",\"replace\"]" },
		{ "properties.models.properties.providers.additionalProperties.properties.timeoutSeconds",
		  "{\"type\":\"integer\",\"exclusiveMinimum\":0}" },
		{ "properties.models.properties.providers.additionalProperties.properties.apiKey.type",
		  "[\"string\",\"object\"]" },
		{ "properties.models.properties.providers.additionalProperties.properties.models.items.required",
		  "[\"id\"]" },
		{ "properties.agents.properties.list.items.properties.identity.properties.name.type",
		  "\"string\"" },
		{ "properties.plugins", "{\"$comment\":\"kept, not used\"}" },
		{ "additionalProperties", "false" },
	};
	json_t *s = oc_schema_json();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_path p = path(cases[i].path);
		json_t *v = oc_path_get(s, &p);
		if (!v) fail_msg("%s is missing", cases[i].path);
		char *text = oc_json_compact(v);
		assert_string_equal(text, cases[i].want);
		free(text);
		oc_path_deinit(&p);
	}
	json_decref(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_problem_is_named_with_its_path),
		cmocka_unit_test(what_the_reference_product_knows_is_kept_and_named),
		cmocka_unit_test(the_schema_tells_what_belongs_at_a_path),
		cmocka_unit_test(secrets_are_known_by_row_and_by_name),
		cmocka_unit_test(the_json_schema_comes_from_the_same_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
