/* The gateway's rules that are pure: origins, versions, frames, scopes, classes of changes,
 * resolution of flags. */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "gateway/access/client_address.h"
#include "gateway/access/origin.h"
#include "gateway/process/reload.h"
#include "gateway/process/settings.h"
#include "gateway/wire/connection.h"

static void an_origin_is_ours_or_listed(void **state)
{
	static const struct {
		const char *origin, *host;
		bool ok;
	} rows[] = {
		{ "http://127.0.0.1:18789", "127.0.0.1:18789", true },
		{ "http://localhost:18789", "localhost:18789", true },
		{ "HTTP://LocalHost:18789", "LOCALHOST:18789", true },
		{ "http://[::1]:18789", "[::1]:18789", true },
		{ "http://192.168.1.5:18789", "192.168.1.5:18789", true },
		{ "https://192.168.1.5", "192.168.1.5", true },
		{ "http://192.168.1.5", "192.168.1.5:80", true },
		{ "http://127.0.0.1:1", "127.0.0.1:18789", false },
		{ "http://127.0.0.1", "127.0.0.1:18789", false },
		{ "http://localhost:18789", "127.0.0.1:18789", false },
		{ "http://evil.example:18789", "127.0.0.1:18789", false },
		{ "http://evil.example:18789", "evil.example:18789",
		  false }, /* it resolves to us */
		{ "http://127.0.0.1.evil.example", "127.0.0.1.evil.example", false },
		{ "http://user@127.0.0.1:18789", "127.0.0.1:18789", false },
		{ "http://127.0.0.1:18789/x", "127.0.0.1:18789", false },
		{ "http://127.0.0.1:018789x", "127.0.0.1:18789", false },
		{ "http://2130706433:18789", "2130706433:18789", false },
		{ "null", "127.0.0.1:18789", false },
		{ "", "127.0.0.1:18789", false },
		{ NULL, "127.0.0.1:18789", false },
		{ "file://", "127.0.0.1:18789", false },
		{ "http://", "", false },
		{ "http://127.0.0.1:18789", NULL, false },
		{ "http://[::1", "[::1", false },
		{ "https://chat.example", "127.0.0.1:18789", true }, /* listed, with a slash */
		{ "https://chat.example.evil", "127.0.0.1:18789", false },
		{ "chrome-extension://abc", "127.0.0.1:18789", true }, /* listed */
	};
	struct oc_strv allowed = { 0 };

	(void)state;
	oc_strv_add(&allowed, OC_LIT("https://chat.example/"));
	oc_strv_add(&allowed, OC_LIT("chrome-extension://abc"));
	oc_strv_add(&allowed, OC_LIT(""));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!oc_origin_refused(rows[i].origin, rows[i].host, &allowed) != rows[i].ok)
			fail_msg("%s for %s", rows[i].origin ? rows[i].origin : "(none)",
				 rows[i].host ? rows[i].host : "(none)");
	oc_strv_deinit(&allowed);
}

static void the_range_of_versions_holds_ours(void **state)
{
	static const struct {
		int min, max;
		const char *mode;
		bool ok;
	} rows[] = { { 4, 4, "cli", true },   { 1, 9, "cli", true },	{ 3, 3, "cli", false },
		     { 5, 5, "cli", false },  { 4, 3, "cli", false },	{ 3, 4, "probe", true },
		     { 3, 3, "probe", true }, { 1, 2, "probe", false }, { 5, 9, "probe", false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(oc_protocol_accepted(rows[i].min, rows[i].max, rows[i].mode),
				 rows[i].ok);
}

static void frames_are_closed_objects(void **state)
{
	static const struct {
		const char *frame;
		bool ok;
	} rows[] = {
		{ "{\"type\":\"req\",\"id\":\"1\",\"method\":\"x\"}", true },
		{ "{\"type\":\"req\",\"id\":\"1\",\"method\":\"x\",\"params\":{},"
		  "\"traceparent\":\"t\",\"expectedProfileId\":\"p\"}",
		  true },
		{ "{\"type\":\"req\",\"id\":\"1\",\"method\":\"x\",\"extra\":1}", false },
		{ "{\"type\":\"res\",\"id\":\"1\",\"method\":\"x\"}", false },
		{ "{\"type\":\"req\",\"id\":1,\"method\":\"x\"}", false },
		{ "{\"type\":\"req\",\"id\":\"\",\"method\":\"x\"}", false },
		{ "{\"type\":\"req\",\"id\":\"1\"}", false },
		{ "{\"type\":\"req\",\"id\":\"1\",\"method\":\"x\",\"params\":[]}", false },
		{ "[]", false },
		{ "null", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_buf problems;
		json_t *v = oc_json_parse(oc_str(rows[i].frame), NULL, NULL);
		oc_buf_init(&problems, 4096);
		assert_non_null(v);
		assert_int_equal(oc_frame_check(v, &problems), rows[i].ok);
		assert_int_equal(problems.n == 0, rows[i].ok);
		oc_buf_deinit(&problems);
		json_decref(v);
	}
}

static void scopes_give_what_they_hold(void **state)
{
	static const struct {
		const char *granted;
		enum oc_client_scope wanted;
		bool ok;
	} rows[] = {
		{ "operator.admin", OC_SCOPE_READ, true },
		{ "operator.admin", OC_SCOPE_PAIRING, true },
		{ "operator.write", OC_SCOPE_READ, true },
		{ "operator.write", OC_SCOPE_ADMIN, false },
		{ "operator.read", OC_SCOPE_WRITE, false },
		{ "operator.read", OC_SCOPE_NONE, true },
		{ "operator.approvals", OC_SCOPE_READ, false },
		{ "admin", OC_SCOPE_READ, false },
	};
	struct oc_strv wanted = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_strv l = { 0 };
		oc_strv_add(&l, oc_str(rows[i].granted));
		assert_int_equal(oc_scopes_allow(&l, rows[i].wanted), rows[i].ok);
		oc_strv_deinit(&l);
	}
	struct oc_strv l = { 0 };
	oc_strv_add(&wanted, OC_LIT("operator.read"));
	oc_strv_add(&wanted, OC_LIT("operator.talk"));
	oc_strv_add(&l, OC_LIT("operator.read"));
	assert_false(oc_scopes_cover(&l, &wanted));
	oc_strv_add(&l, OC_LIT("operator.write"));
	assert_true(oc_scopes_cover(&l, &wanted));
	oc_strv_deinit(&l);
	oc_strv_deinit(&wanted);
}

static void only_listed_proxies_are_believed(void **state)
{
	static const struct {
		const char *peer, *forwarded, *want;
	} rows[] = {
		{ "127.0.0.1", NULL, "127.0.0.1" },
		{ "127.0.0.1", "203.0.113.7", "203.0.113.7" },
		{ "127.0.0.1", "6.6.6.6, 203.0.113.7", "203.0.113.7" },
		{ "127.0.0.1", "203.0.113.7, 10.1.2.3", "203.0.113.7" },
		{ "127.0.0.1", "10.1.2.3", "10.1.2.3" },
		{ "127.0.0.1", "2001:db8::1", "2001:db8::1" },
		{ "127.0.0.1", "nonsense", "127.0.0.1" },
		{ "127.0.0.1", "203.0.113.7, nonsense", "127.0.0.1" },
		{ "127.0.0.1", " , ", "127.0.0.1" },
		{ "127.0.0.2", "203.0.113.7", "127.0.0.2" },
		{ "10.255.0.1", "203.0.113.7", "203.0.113.7" },
		{ "11.0.0.1", "203.0.113.7", "11.0.0.1" },
		{ "2001:db8:1::5", "203.0.113.7", "203.0.113.7" },
		{ "2001:db8:2::5", "203.0.113.7", "2001:db8:2::5" },
	};
	struct oc_strv trusted = { 0 };
	char got[OC_IP_TEXT];

	(void)state;
	oc_strv_add(&trusted, OC_LIT("127.0.0.1"));
	oc_strv_add(&trusted, OC_LIT("10.0.0.0/8"));
	oc_strv_add(&trusted, OC_LIT("2001:db8:1::/48"));
	oc_strv_add(&trusted, OC_LIT("0.0.0.0/99"));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		oc_forwarded_address(rows[i].peer, rows[i].forwarded, &trusted, got);
		assert_string_equal(got, rows[i].want);
	}
	oc_strv_deinit(&trusted);
}

/* ---- changes ---- */

static void changes_have_a_class_by_their_path(void **state)
{
	static const struct {
		const char *path;
		enum oc_reload_class want;
	} rows[] = {
		{ "agents.defaults.model.primary", OC_RELOAD_HOT },
		{ "models.providers.lmstudio.baseUrl", OC_RELOAD_HOT },
		{ "logging.level", OC_RELOAD_HOT },
		{ "hooks.enabled", OC_RELOAD_HOT },
		{ "skills.entries.x.enabled", OC_RELOAD_HOT },
		{ "gateway.port", OC_RELOAD_RESTART },
		{ "gateway.bind", OC_RELOAD_RESTART },
		{ "gateway.auth.mode", OC_RELOAD_RESTART },
		{ "gateway.auth.token", OC_RELOAD_RESTART },
		{ "gateway.tls.enabled", OC_RELOAD_RESTART },
		{ "gateway.http.endpoints.chatCompletions.enabled", OC_RELOAD_HOT },
		{ "gateway.controlUi.allowedOrigins", OC_RELOAD_HOT },
		{ "gateway.httpx", OC_RELOAD_RESTART }, /* not below gateway.http */
		{ "gateway.remote.url", OC_RELOAD_NONE },
		{ "meta.lastTouchedVersion", OC_RELOAD_NONE },
		{ "something.new", OC_RELOAD_RESTART },
		{ "<root>", OC_RELOAD_RESTART },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (oc_reload_class(rows[i].path) != rows[i].want) fail_msg("%s", rows[i].path);
}

static void what_changed_is_named_by_its_path(void **state)
{
	static const struct {
		const char *before, *after, *want;
	} rows[] = {
		{ "{}", "{}", "" },
		{ "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}", "" },
		{ "{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":3,\"c\":2}}", "a.b" },
		{ "{\"a\":1}", "{\"b\":1}", "a b" },
		{ "{\"a\":{\"b\":1}}", "{}", "a" },
		{ "{\"a\":[1,2]}", "{\"a\":[2,1]}", "a" },
		{ "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":1}}}}}}",
		  "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":2}}}}}}", "a.b.c.d.e" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *a = oc_json_parse(oc_str(rows[i].before), NULL, NULL);
		json_t *b = oc_json_parse(oc_str(rows[i].after), NULL, NULL);
		struct oc_strv l = { 0 };
		oc_reload_changes(a, b, &l, 100);
		char *got = oc_strv_join(&l, " ");
		assert_string_equal(got, rows[i].want);
		free(got);
		oc_strv_deinit(&l);
		json_decref(a);
		json_decref(b);
	}
}

/* ---- where it listens, and with which secret ---- */

static void resolve(const char *config, const struct oc_gateway_options *o, bool container,
		    char *out, size_t n)
{
	struct oc_gateway_settings s;
	struct oc_config c;
	struct oc_err e = { 0 };

	home_write(".openclaw/openclaw.json", config);
	if (oc_config_load(&c, &e)) fail_msg("%s", e.msg);
	if (oc_gateway_settings_init(&s, o, &c, container, &e)) {
		snprintf(out, n, "%s", e.msg);
	} else {
		static const char *const modes[] = { "token", "password", "none" };
		char *addresses = oc_strv_join(&s.addresses, ",");
		snprintf(out, n, "%s:%u %s %s%s%s", addresses, s.port, modes[s.mode],
			 s.secret ? s.secret : "-", s.wants_secret ? " made" : "",
			 s.keep_secret ? " kept" : "");
		free(addresses);
	}
	oc_gateway_settings_deinit(&s);
	oc_config_deinit(&c);
}

#define MODE "\"mode\":\"local\""

static void flags_go_before_the_configuration(void **state)
{
	static const struct {
		const char *config; /* of gateway */
		struct oc_gateway_options o;
		bool container;
		const char *want; /* the begin of it */
	} rows[] = {
		{ MODE, { 0 }, false, "127.0.0.1,::1:18789 token - made" },
		{ MODE ",\"port\":5", { 0 }, false, "127.0.0.1,::1:5 token - made" },
		{ MODE ",\"port\":5", { .port = "6" }, false, "127.0.0.1,::1:6 token - made" },
		{ MODE, { .token = "T" }, false, "127.0.0.1,::1:18789 token T" },
		{ MODE ",\"auth\":{\"token\":\"C\"}",
		  { .token = "T" },
		  false,
		  "127.0.0.1,::1:18789 token T" },
		{ MODE ",\"auth\":{\"token\":\"C\"}", { 0 }, false, "127.0.0.1,::1:18789 token C" },
		{ MODE ",\"auth\":{\"password\":\"P\"}",
		  { 0 },
		  false,
		  "127.0.0.1,::1:18789 password P" },
		{ MODE ",\"auth\":{\"mode\":\"none\"}",
		  { .password = "P" },
		  false,
		  "127.0.0.1,::1:18789 password P" },
		{ MODE ",\"auth\":{\"mode\":\"none\"}",
		  { 0 },
		  false,
		  "127.0.0.1,::1:18789 none -" },
		{ MODE ",\"auth\":{\"token\":\"C\"}",
		  { .bind = "lan" },
		  false,
		  "0.0.0.0:18789 token C" },
		{ MODE, { .bind = "lan" }, false, "refusing to listen on 0.0.0.0" },
		{ MODE, { .bind = "lan", .auth = "none" }, false, "refusing to listen on 0.0.0.0" },
		{ MODE, { 0 }, true, "0.0.0.0:18789 token - made kept" },
		{ MODE, { .auth = "none" }, true, "refusing to listen on 0.0.0.0" },
		{ MODE ",\"bind\":\"auto\"", { 0 }, false, "127.0.0.1,::1:18789 token - made" },
		{ MODE ",\"customBindHost\":\"10.0.0.1\"",
		  { .bind = "custom", .token = "T" },
		  false,
		  "10.0.0.1,127.0.0.1:18789 token T" },
		{ MODE ",\"customBindHost\":\"127.0.0.2\"",
		  { .bind = "custom" },
		  false,
		  "127.0.0.2,127.0.0.1:18789 token - made" },
		{ MODE ",\"customBindHost\":\"::1\"",
		  { .bind = "custom" },
		  false,
		  "bind custom needs" },
		{ "\"port\":5", { 0 }, false, "gateway.mode is not set" },
		{ "\"port\":5", { .allow_unconfigured = true }, false, "127.0.0.1,::1:5 token" },
		{ "\"mode\":\"remote\"", { 0 }, false, "gateway.mode is remote" },
		{ MODE, { .port = "70000" }, false, "--port" },
		{ MODE, { .bind = "tailnet" }, false, "bind tailnet is not supported" },
		{ MODE,
		  { .auth = "trusted-proxy" },
		  false,
		  "--auth trusted-proxy is not supported" },
		{ MODE, { .tailscale = "funnel" }, false, "--tailscale funnel is not supported" },
		{ MODE, { .tailscale = "off" }, false, "127.0.0.1" },
		{ MODE ",\"tls\":{\"enabled\":true}",
		  { 0 },
		  false,
		  "gateway.tls is not supported" },
		{ MODE, { .auth = "password" }, false, "auth mode password needs one" },
	};
	char config[400], got[1100];

	(void)state;
	unsetenv("OPENCLAW_GATEWAY_PORT");
	unsetenv("OPENCLAW_GATEWAY_TOKEN");
	unsetenv("OPENCLAW_GATEWAY_PASSWORD");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(config, sizeof config, "{\"gateway\":{%s}}", rows[i].config);
		resolve(config, &rows[i].o, rows[i].container, got, sizeof got);
		if (strncmp(got, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("%zu: %s instead of %s", i, got, rows[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_origin_is_ours_or_listed),
		cmocka_unit_test(the_range_of_versions_holds_ours),
		cmocka_unit_test(frames_are_closed_objects),
		cmocka_unit_test(scopes_give_what_they_hold),
		cmocka_unit_test(only_listed_proxies_are_believed),
		cmocka_unit_test(changes_have_a_class_by_their_path),
		cmocka_unit_test(what_changed_is_named_by_its_path),
		cmocka_unit_test_setup_teardown(flags_go_before_the_configuration, new_home,
						drop_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
