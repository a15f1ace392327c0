/* Who may connect: the whole matrix of spec 02 §2.3 as a table, the errors, what a device signs. */
#include "check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "gateway/access/devices.h"
#include "net/base64.h"
#include "net/ed25519.h"
#include "net/sha256.h"

#define LOCAL  .local = true
#define DEVICE .has_device = true
#define CLI    .client_id = "cli", .client_mode = "cli"
#define TUI    .client_id = "openclaw-tui", .client_mode = "ui"
#define BACK   .client_id = "gateway-client", .client_mode = "backend"
#define PROBE  .client_id = "openclaw-probe", .client_mode = "probe"
#define OTHER  .client_id = "test", .client_mode = "test"
#define TOKEN  .mode = OC_AUTH_TOKEN, .secret = "s3cret"
#define PASS   .mode = OC_AUTH_PASSWORD, .secret = "s3cret"
#define NONE   .mode = OC_AUTH_NONE

/* want: the method with "+" when scopes are kept and "-" when not, or the code of the refusal. */
static const struct {
	const char *name;
	struct oc_auth_facts f;
	const char *want;
} matrix[] = {
	{ "cli with the token", { TOKEN, CLI, LOCAL, .token = "s3cret" }, "token+" },
	{ "cli, blanks around it", { TOKEN, CLI, LOCAL, .token = " s3cret\n" }, "token+" },
	{ "cli, the token as password", { TOKEN, CLI, LOCAL, .password = "s3cret" }, "token+" },
	{ "one of two fields is right",
	  { TOKEN, CLI, LOCAL, .token = "x", .password = "s3cret" },
	  "token+" },
	{ "cli from elsewhere", { TOKEN, CLI, .token = "s3cret" }, "token-" },
	{ "cli in a page", { TOKEN, CLI, LOCAL, .has_origin = true, .token = "s3cret" }, "token-" },
	{ "backend", { TOKEN, BACK, LOCAL, .token = "s3cret" }, "token+" },
	{ "backend from elsewhere", { TOKEN, BACK, .token = "s3cret" }, "token-" },
	{ "probe", { TOKEN, PROBE, LOCAL, .token = "s3cret" }, "token-" },
	{ "another client", { TOKEN, OTHER, LOCAL, .token = "s3cret" }, "token-" },
	{ "nothing", { TOKEN, CLI, LOCAL }, "DEVICE_IDENTITY_REQUIRED" },
	{ "an empty token", { TOKEN, CLI, LOCAL, .token = "" }, "DEVICE_IDENTITY_REQUIRED" },
	{ "a wrong token", { TOKEN, CLI, LOCAL, .token = "x" }, "AUTH_TOKEN_MISMATCH" },
	{ "a prefix", { TOKEN, CLI, LOCAL, .token = "s3cre" }, "AUTH_TOKEN_MISMATCH" },
	{ "a wrong password", { TOKEN, CLI, LOCAL, .password = "x" }, "AUTH_TOKEN_MISMATCH" },
	{ "terminal without a device",
	  { TOKEN, TUI, LOCAL, .token = "s3cret" },
	  "CONTROL_UI_DEVICE_IDENTITY_REQUIRED" },
	{ "terminal, wrong, without a device",
	  { TOKEN, TUI, LOCAL, .token = "x" },
	  "CONTROL_UI_DEVICE_IDENTITY_REQUIRED" },
	{ "terminal with one", { TOKEN, TUI, LOCAL, DEVICE, .token = "s3cret" }, "token+" },
	{ "a device and no token", { TOKEN, TUI, LOCAL, DEVICE }, "AUTH_TOKEN_MISSING" },
	{ "a device and a wrong one",
	  { TOKEN, TUI, LOCAL, DEVICE, .token = "x" },
	  "AUTH_TOKEN_MISMATCH" },
	{ "its own token",
	  { TOKEN, TUI, LOCAL, DEVICE, .token = "d", .device_check = OC_TOKEN_OK },
	  "device-token+" },
	{ "its own token from elsewhere",
	  { TOKEN, TUI, DEVICE, .device_token = "d", .device_check = OC_TOKEN_OK },
	  "device-token+" },
	{ "its own token, more scopes",
	  { TOKEN, TUI, DEVICE, .token = "d", .device_check = OC_TOKEN_SCOPES },
	  "AUTH_SCOPE_MISMATCH" },
	{ "a foreign device token",
	  { TOKEN, TUI, DEVICE, .device_token = "d" },
	  "AUTH_DEVICE_TOKEN_MISMATCH" },
	{ "a probe with a device", { TOKEN, PROBE, LOCAL, DEVICE, .token = "s3cret" }, "token-" },
	{ "a bad proof counts more than the token",
	  { TOKEN, TUI, LOCAL, DEVICE, .token = "s3cret", .fault = OC_DEVICE_SIGNATURE },
	  "DEVICE_AUTH_SIGNATURE_INVALID" },
	{ "an old proof",
	  { TOKEN, TUI, LOCAL, DEVICE, .token = "s3cret", .fault = OC_DEVICE_STALE },
	  "DEVICE_AUTH_SIGNATURE_EXPIRED" },
	{ "locked out, even with the token",
	  { TOKEN, CLI, .token = "s3cret", .locked_ms = 5 },
	  "AUTH_RATE_LIMITED" },
	{ "locked out, with a device",
	  { TOKEN, TUI, DEVICE, .token = "s3cret", .locked_ms = 5 },
	  "AUTH_RATE_LIMITED" },
	{ "password", { PASS, CLI, LOCAL, .password = "s3cret" }, "password+" },
	{ "password as token", { PASS, CLI, LOCAL, .token = "s3cret" }, "password+" },
	{ "wrong password", { PASS, CLI, LOCAL, .password = "x" }, "AUTH_PASSWORD_MISMATCH" },
	{ "no password, device", { PASS, TUI, LOCAL, DEVICE }, "AUTH_PASSWORD_MISSING" },
	{ "no password", { PASS, CLI, LOCAL }, "DEVICE_IDENTITY_REQUIRED" },
	{ "none: cli", { NONE, CLI, LOCAL }, "none+" },
	{ "none: terminal", { NONE, TUI, LOCAL }, "none+" },
	{ "none: backend", { NONE, BACK, LOCAL }, "none+" },
	{ "none: whatever is sent", { NONE, CLI, LOCAL, .token = "x" }, "none+" },
	{ "none: another client", { NONE, OTHER, LOCAL }, "DEVICE_IDENTITY_REQUIRED" },
	{ "none: cli from elsewhere", { NONE, CLI }, "DEVICE_IDENTITY_REQUIRED" },
	{ "none: cli in a page",
	  { NONE, CLI, LOCAL, .has_origin = true },
	  "DEVICE_IDENTITY_REQUIRED" },
	{ "none: terminal from elsewhere", { NONE, TUI }, "CONTROL_UI_DEVICE_IDENTITY_REQUIRED" },
	{ "none: any device", { NONE, OTHER, LOCAL, DEVICE }, "none+" },
	{ "none: a bad proof",
	  { NONE, TUI, LOCAL, DEVICE, .fault = OC_DEVICE_NONCE_MISMATCH },
	  "DEVICE_AUTH_NONCE_MISMATCH" },
	{ "a secret that is not set opens nothing",
	  { .mode = OC_AUTH_TOKEN, CLI, LOCAL, .token = "" },
	  "DEVICE_IDENTITY_REQUIRED" },
};

static char *outcome(const struct oc_auth_facts *f)
{
	struct oc_auth_decision d = oc_auth_decide(f);

	if (d.verdict == OC_AUTH_OK)
		return oc_asprintf("%s%c", d.method, d.keep_scopes ? '+' : '-');
	json_t *error = oc_auth_error(f, &d, NULL);
	char *code = oc_strdup(oc_json_cstr(json_object_get(error, "details"), "code"));
	json_decref(error);
	return code;
}

static void the_matrix_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
		char *got = outcome(&matrix[i].f);
		if (strcmp(got, matrix[i].want) != 0)
			fail_msg("%s: %s instead of %s", matrix[i].name, got, matrix[i].want);
		free(got);
	}
}

/* ---- errors ---- */

static void errors_have_the_form_that_clients_read(void **state)
{
	static const struct {
		struct oc_auth_facts f;
		const char *want;
	} rows[] = {
		{ { TOKEN, CLI, LOCAL, .token = "x" },
		  "{\"code\":\"INVALID_REQUEST\",\"message\":\"unauthorized: gateway token mismatch (use "
		  "the gateway's gateway.auth.token or pair the device)\",\"details\":{\"code\":"
		  "\"AUTH_TOKEN_MISMATCH\",\"authReason\":\"token_mismatch\","
		  "\"canRetryWithDeviceToken\":false,\"recommendedNextStep\":"
		  "\"update_auth_credentials\"}}" },
		{ { TOKEN, TUI, DEVICE, .token = "s3cret", .locked_ms = 1500 },
		  "{\"code\":\"INVALID_REQUEST\",\"message\":\"unauthorized: too many failed "
		  "authentication attempts (retry later)\",\"details\":{\"code\":"
		  "\"AUTH_RATE_LIMITED\",\"authReason\":\"rate_limited\","
		  "\"canRetryWithDeviceToken\":false,\"recommendedNextStep\":\"wait_then_retry\"},"
		  "\"retryable\":true,\"retryAfterMs\":1500}" },
		{ { NONE, OTHER, LOCAL },
		  "{\"code\":\"NOT_PAIRED\",\"message\":\"device identity required\",\"details\":{"
		  "\"code\":\"DEVICE_IDENTITY_REQUIRED\"}}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct oc_auth_decision d = oc_auth_decide(&rows[i].f);
		json_t *error = oc_auth_error(&rows[i].f, &d, NULL);
		char *text = oc_json_compact(error);
		assert_string_equal(text, rows[i].want);
		free(text);
		json_decref(error);
	}
}

static void what_was_sent_is_never_repeated(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++) {
		struct oc_auth_facts f = matrix[i].f;
		if (f.token) f.token = "hunter2-token";
		if (f.password) f.password = "hunter2-password";
		struct oc_auth_decision d = oc_auth_decide(&f);
		if (d.verdict == OC_AUTH_OK) continue;
		json_t *error = oc_auth_error(&f, &d, NULL);
		char *text = oc_json_compact(error);
		assert_null(strstr(text, "hunter2"));
		assert_null(strstr(text, "s3cret"));
		free(text);
		json_decref(error);
	}
}

/* ---- what a device signs ---- */

static json_t *params_of(const char *text)
{
	struct oc_err e = { 0 };
	json_t *v = oc_json_parse(oc_str(text), NULL, &e);

	if (!v) fail_msg("%s", e.msg);
	return v;
}

static void the_signed_texts_are_those_of_the_protocol(void **state)
{
	static const struct {
		const char *params, *v2, *v3;
	} rows[] = {
		{ "{\"client\":{\"id\":\"openclaw-tui\",\"mode\":\"ui\",\"platform\":\" Linux \","
		  "\"deviceFamily\":\"LINUX\"},\"role\":\"operator\",\"scopes\":[\"operator.admin\","
		  "\"operator.read\"],\"auth\":{\"token\":\"T\"},\"device\":{\"id\":\"ab\","
		  "\"signedAt\":1795225956692,\"nonce\":\"n\"}}",
		  "v2|ab|openclaw-tui|ui|operator|operator.admin,operator.read|1795225956692|T|n",
		  "v3|ab|openclaw-tui|ui|operator|operator.admin,operator.read|1795225956692|T|n|"
		  "linux|linux" },
		{ "{\"client\":{\"id\":\"cli\",\"mode\":\"cli\"},\"device\":{\"id\":\"ab\","
		  "\"signedAt\":5,\"nonce\":\"n\"}}",
		  "v2|ab|cli|cli|operator||5||n", "v3|ab|cli|cli|operator||5||n||" },
		{ "{\"client\":{\"id\":\"cli\",\"mode\":\"cli\",\"platform\":\"\xC3\x84X\"},"
		  "\"scopes\":[],\"auth\":{\"deviceToken\":\"D\"},\"device\":{\"id\":\"ab\","
		  "\"signedAt\":5,\"nonce\":\" n \"}}",
		  "v2|ab|cli|cli|operator||5|D|n", "v3|ab|cli|cli|operator||5|D|n|\xC3\x84x|" },
		{ "{\"client\":{\"id\":\"cli\",\"mode\":\"cli\"},\"auth\":{\"token\":\"T\","
		  "\"deviceToken\":\"D\"},\"device\":{\"id\":\"ab\",\"signedAt\":5,\"nonce\":\"n\"}}",
		  "v2|ab|cli|cli|operator||5|T|n", "v3|ab|cli|cli|operator||5|T|n||" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *p = params_of(rows[i].params);
		char *v2 = oc_device_signed_text(p, 2), *v3 = oc_device_signed_text(p, 3);
		assert_string_equal(v2, rows[i].v2);
		assert_string_equal(v3, rows[i].v3);
		free(v2);
		free(v3);
		json_decref(p);
	}
}

static const uint8_t private_key[OC_ED25519_KEY] = { 1, 2, 3 };

/* connect params of a device, signed at 1000 with the nonce "n" in this version. */
static json_t *signed_params(int version)
{
	json_t *p =
	    params_of("{\"client\":{\"id\":\"cli\",\"mode\":\"cli\",\"platform\":\"linux\"},"
		      "\"scopes\":[\"operator.read\"],\"auth\":{\"token\":\"T\"},"
		      "\"device\":{\"signedAt\":1000000,\"nonce\":\"n\"}}");
	json_t *device = json_object_get(p, "device");
	uint8_t key[OC_ED25519_KEY], signature[OC_ED25519_SIGNATURE];
	char id[OC_SHA256_HEX + 1];

	oc_ed25519_public_key(private_key, key);
	oc_sha256_hex((struct oc_str){ (char *)key, sizeof key }, id);
	char *open = oc_base64url_encode((struct oc_str){ (char *)key, sizeof key });
	json_object_set_new(device, "id", json_string(id));
	json_object_set_new(device, "publicKey", json_string(open));
	char *text = oc_device_signed_text(p, version);
	oc_ed25519_sign(private_key, oc_str(text), signature);
	char *proof = oc_base64url_encode((struct oc_str){ (char *)signature, sizeof signature });
	json_object_set_new(device, "signature", json_string(proof));
	free(open);
	free(text);
	free(proof);
	return p;
}

static void both_versions_of_a_proof_are_accepted(void **state)
{
	(void)state;
	for (int version = 2; version <= 3; version++) {
		json_t *p = signed_params(version);
		assert_int_equal(oc_device_proof(p, "n", 1000000), OC_DEVICE_OK);
		assert_int_equal(oc_device_proof(p, "n", 1000000 + OC_DEVICE_SKEW_MS),
				 OC_DEVICE_OK);
		assert_int_equal(oc_device_proof(p, "n", 1000001 + OC_DEVICE_SKEW_MS),
				 OC_DEVICE_STALE);
		assert_int_equal(oc_device_proof(p, "m", 1000000), OC_DEVICE_NONCE_MISMATCH);
		json_decref(p);
	}
}

static void a_changed_member_breaks_the_proof(void **state)
{
	static const struct {
		const char *object, *member, *value;
		enum oc_device_fault want;
	} rows[] = {
		{ "device", "id", "00", OC_DEVICE_ID_MISMATCH },
		{ "device", "publicKey", "AAAA", OC_DEVICE_ID_MISMATCH },
		{ "device", "nonce", "", OC_DEVICE_NONCE_MISSING },
		{ "device", "signature", "AAAA", OC_DEVICE_SIGNATURE },
		{ "client", "id", "tui", OC_DEVICE_SIGNATURE },
		{ "client", "mode", "ui", OC_DEVICE_SIGNATURE },
		{ "client", "platform", "darwin", OC_DEVICE_SIGNATURE },
		{ "client", "deviceFamily", "x", OC_DEVICE_SIGNATURE },
		{ "auth", "token", "U", OC_DEVICE_SIGNATURE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *p = signed_params(3);
		json_object_set_new(json_object_get(p, rows[i].object), rows[i].member,
				    json_string(rows[i].value));
		assert_int_equal(oc_device_proof(p, "n", 1000000), rows[i].want);
		json_decref(p);
	}
}

/* ---- attempts ---- */

static void too_many_attempts_lock_an_address_for_a_while(void **state)
{
	const struct oc_auth_limit_config c = { 3, 60000, 300000, true };
	struct oc_auth_limit *l = oc_auth_limit_new();

	(void)state;
	for (int i = 0; i < 2; i++) oc_auth_limit_fail(l, &c, "a", 1000);
	assert_int_equal(oc_auth_limit_locked(l, "a", 1000), 0);
	oc_auth_limit_fail(l, &c, "a", 62000); /* the window has moved on */
	assert_int_equal(oc_auth_limit_locked(l, "a", 62000), 0);
	for (int i = 0; i < 2; i++) oc_auth_limit_fail(l, &c, "a", 62000);
	assert_int_equal(oc_auth_limit_locked(l, "a", 62000), 300000);
	assert_int_equal(oc_auth_limit_locked(l, "b", 62000), 0);
	assert_int_equal(oc_auth_limit_locked(l, "a", 362000), 0);
	for (int i = 0; i < 3; i++) oc_auth_limit_fail(l, &c, "b", 1000);
	oc_auth_limit_forget(l, "b");
	assert_int_equal(oc_auth_limit_locked(l, "b", 1000), 0);
	oc_auth_limit_free(l);
}

static void many_addresses_do_not_grow_the_table(void **state)
{
	const struct oc_auth_limit_config c = { 1, 60000, 300000, true };
	struct oc_auth_limit *l = oc_auth_limit_new();
	char address[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(address, sizeof address, "2001:db8::%x", i);
		oc_auth_limit_fail(l, &c, address, (uint64_t)i);
	}
	assert_true(oc_auth_limit_locked(l, address, 5000) > 0);
	oc_auth_limit_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_matrix_holds),
		cmocka_unit_test(errors_have_the_form_that_clients_read),
		cmocka_unit_test(what_was_sent_is_never_repeated),
		cmocka_unit_test(the_signed_texts_are_those_of_the_protocol),
		cmocka_unit_test(both_versions_of_a_proof_are_accepted),
		cmocka_unit_test(a_changed_member_breaks_the_proof),
		cmocka_unit_test(too_many_attempts_lock_an_address_for_a_while),
		cmocka_unit_test(many_addresses_do_not_grow_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
