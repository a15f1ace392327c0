/* The decision who may connect, and what is said to those who may not. */
#include "gateway/access/auth.h"

#include "net/ed25519.h"

/* ---- kinds of clients ---- */

static bool is(const char *a, const char *b)
{
	return a && !strcmp(a, b);
}

static bool is_backend(const struct oc_auth_facts *f)
{
	return is(f->client_id, "gateway-client") && is(f->client_mode, "backend");
}

static bool is_cli(const struct oc_auth_facts *f)
{
	return is(f->client_id, "cli") && is(f->client_mode, "cli");
}

static bool is_tui(const struct oc_auth_facts *f)
{
	return is(f->client_id, "openclaw-tui");
}

/* Those that keep a device identity and are of no use without one. */
static bool is_operator_ui(const struct oc_auth_facts *f)
{
	return is_tui(f) || is(f->client_id, "openclaw-control-ui") ||
	       is(f->client_id, "openclaw-browser-copilot");
}

static bool is_web(const struct oc_auth_facts *f)
{
	return is(f->client_mode, "webchat") || is(f->client_id, "webchat-ui") ||
	       (is_operator_ui(f) && !is_tui(f));
}

/* ---- the shared secret ---- */

static bool given(const char *s)
{
	return s && oc_str_trim(oc_str(s)).n > 0;
}

static bool equals(const char *s, const char *secret)
{
	return given(s) && oc_secret_equal(oc_str_trim(oc_str(s)), oc_str(secret));
}

bool oc_auth_shared_ok(const struct oc_auth_facts *f)
{
	if (f->mode == OC_AUTH_NONE || !f->secret || !*f->secret) return false;
	/* Both are compared in every case: the time tells nothing. */
	bool token = equals(f->token, f->secret), password = equals(f->password, f->secret);
	return token || password;
}

static const char *shared_reason(const struct oc_auth_facts *f)
{
	bool any = given(f->token) || given(f->password);

	if (f->mode == OC_AUTH_PASSWORD) return any ? "password_mismatch" : "password_missing";
	return any ? "token_mismatch" : "token_missing";
}

/* ---- the decision ---- */

static struct oc_auth_decision unauthorized(const struct oc_auth_facts *f, const char *reason)
{
	bool tried = given(f->token) || given(f->password) || given(f->device_token);

	return (struct oc_auth_decision){ .verdict = OC_AUTH_UNAUTHORIZED,
					  .reason = reason,
					  .counts = tried && strcmp(reason, "rate_limited") != 0 };
}

static struct oc_auth_decision accepted(const char *method, bool keep_scopes)
{
	return (struct oc_auth_decision){ .verdict = OC_AUTH_OK,
					  .method = method,
					  .keep_scopes = keep_scopes && method };
}

static struct oc_auth_decision without_device(const struct oc_auth_facts *f, const char *method)
{
	bool here = f->local && !f->has_origin;
	bool known = is_backend(f) || is_cli(f);

	if (f->mode == OC_AUTH_NONE && here && (known || is_tui(f))) return accepted(method, true);
	if (method && here && is_backend(f)) return accepted(method, true);
	if (is_operator_ui(f))
		return (struct oc_auth_decision){ .verdict = OC_AUTH_UI_DEVICE_REQUIRED };
	/* The secret alone lets anybody in, but only tools on this machine may act with it. */
	if (method && f->mode != OC_AUTH_NONE) return accepted(method, here && is_cli(f));
	if (f->mode != OC_AUTH_NONE && f->locked_ms) return unauthorized(f, "rate_limited");
	if (f->mode != OC_AUTH_NONE && (given(f->token) || given(f->password)))
		return unauthorized(f, shared_reason(f));
	return (struct oc_auth_decision){ .verdict = OC_AUTH_DEVICE_REQUIRED };
}

static struct oc_auth_decision with_device(const struct oc_auth_facts *f, const char *method)
{
	if (f->fault)
		return (struct oc_auth_decision){ .verdict = OC_AUTH_DEVICE_FAULT,
						  .counts = f->fault == OC_DEVICE_SIGNATURE };
	if (method) return accepted(method, true);
	if (f->locked_ms) return unauthorized(f, "rate_limited");
	if (f->device_check == OC_TOKEN_OK) return accepted("device-token", true);
	if (f->device_check == OC_TOKEN_SCOPES) return unauthorized(f, "scope_mismatch");
	return unauthorized(f, given(f->device_token) ? "device_token_mismatch" : shared_reason(f));
}

struct oc_auth_decision oc_auth_decide(const struct oc_auth_facts *f)
{
	const char *method = NULL;

	if (f->mode == OC_AUTH_NONE)
		method = "none";
	else if (!f->locked_ms && oc_auth_shared_ok(f))
		method = f->mode == OC_AUTH_PASSWORD ? "password" : "token";
	struct oc_auth_decision d =
	    f->has_device ? with_device(f, method) : without_device(f, method);
	if (d.verdict == OC_AUTH_OK && is(f->client_mode, "probe")) d.keep_scopes = false;
	return d;
}

/* ---- what is said ---- */

struct reason_row {
	const char *reason, *code, *next_step;
	const char *message; /* before the hint in brackets */
	const char *for_cli, *for_remote_cli, *for_web, *for_others;
};
static const char *const set_remote_token =
			     "set gateway.remote.token to the gateway's gateway.auth.token",
			 *const set_remote_password =
			     "set gateway.remote.password to the gateway's gateway.auth.password";
static const struct reason_row *row_of(const char *reason)
{
	static const struct reason_row rows[] = {
		{ "token_missing", "AUTH_TOKEN_MISSING", "update_auth_configuration",
		  "gateway token missing",
		  "use the gateway's gateway.auth.token or pair the device", NULL,
		  "open the link of `openclaw dashboard`, or paste the token in the settings",
		  "provide the gateway's token" },
		{ "token_mismatch", "AUTH_TOKEN_MISMATCH", "update_auth_credentials",
		  "gateway token mismatch",
		  "use the gateway's gateway.auth.token or pair the device", NULL,
		  "open the link of `openclaw dashboard`, or paste the token in the settings",
		  "provide the gateway's token" },
		{ "password_missing", "AUTH_PASSWORD_MISSING", "update_auth_configuration",
		  "gateway password missing", "use the gateway's gateway.auth.password", NULL,
		  "enter the password in the settings", "provide the gateway's password" },
		{ "password_mismatch", "AUTH_PASSWORD_MISMATCH", "update_auth_credentials",
		  "gateway password mismatch", "use the gateway's gateway.auth.password", NULL,
		  "enter the password in the settings", "provide the gateway's password" },
		{ "device_token_mismatch", "AUTH_DEVICE_TOKEN_MISMATCH", "update_auth_credentials",
		  "device token mismatch", NULL, NULL, NULL,
		  "pair the device again, or provide the gateway's secret" },
		{ "scope_mismatch", "AUTH_SCOPE_MISMATCH", "review_auth_configuration",
		  "device token scope mismatch", NULL, NULL, NULL,
		  "ask for fewer scopes, or approve more for this device" },
		{ "rate_limited", "AUTH_RATE_LIMITED", "wait_then_retry",
		  "too many failed authentication attempts", NULL, NULL, NULL, "retry later" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].reason, reason)) return &rows[i];
	return NULL;
}

static const char *hint_of(const struct oc_auth_facts *f, const struct reason_row *row)
{
	if (is_cli(f) && row->for_cli) {
		if (f->local) return row->for_cli;
		return f->mode == OC_AUTH_PASSWORD ? set_remote_password : set_remote_token;
	}
	if ((is_web(f) || is_tui(f)) && row->for_web) return row->for_web;
	return row->for_others;
}

static json_t *unauthorized_error(const struct oc_auth_facts *f, const struct oc_auth_decision *d,
				  struct oc_buf *text)
{
	const struct reason_row *row = row_of(d->reason);
	bool other_token = !strcmp(d->reason, "token_mismatch") && f->has_device &&
			   !given(f->password) && !given(f->device_token);
	json_t *error;

	oc_buf_addf(text, "unauthorized: %s (%s)", row->message, hint_of(f, row));
	error =
	    json_pack("{s:s, s:s, s:{s:s, s:s, s:b, s:s}}", "code", "INVALID_REQUEST", "message",
		      oc_buf_cstr(text), "details", "code", row->code, "authReason", row->reason,
		      "canRetryWithDeviceToken", other_token, "recommendedNextStep",
		      other_token ? "retry_with_device_token" : row->next_step);
	if (!strcmp(d->reason, "rate_limited")) {
		json_object_set_new(error, "retryable", json_true());
		json_object_set_new(error, "retryAfterMs", json_integer((json_int_t)f->locked_ms));
	}
	return error;
}

static json_t *fault_error(enum oc_device_fault fault, struct oc_buf *text)
{
	static const struct {
		const char *code, *reason, *message;
	} rows[] = {
		[OC_DEVICE_ID_MISMATCH] = { "DEVICE_AUTH_DEVICE_ID_MISMATCH", "device-id-mismatch",
					    "device identity mismatch" },
		[OC_DEVICE_STALE] = { "DEVICE_AUTH_SIGNATURE_EXPIRED", "device-signature-stale",
				      "device signature expired" },
		[OC_DEVICE_NONCE_MISSING] = { "DEVICE_AUTH_NONCE_REQUIRED", "device-nonce-missing",
					      "device nonce required" },
		[OC_DEVICE_NONCE_MISMATCH] = { "DEVICE_AUTH_NONCE_MISMATCH",
					       "device-nonce-mismatch", "device nonce mismatch" },
		[OC_DEVICE_SIGNATURE] = { "DEVICE_AUTH_SIGNATURE_INVALID", "device-signature",
					  "device signature invalid" },
		[OC_DEVICE_PUBLIC_KEY] = { "DEVICE_AUTH_PUBLIC_KEY_INVALID", "device-public-key",
					   "device public key invalid" },
	};

	oc_buf_adds(text, rows[fault].message);
	return json_pack("{s:s, s:s, s:{s:s, s:s}}", "code", "INVALID_REQUEST", "message",
			 rows[fault].message, "details", "code", rows[fault].code, "reason",
			 rows[fault].reason);
}

json_t *oc_auth_error(const struct oc_auth_facts *f, const struct oc_auth_decision *d,
		      struct oc_buf *reason_text)
{
	static const char ui[] = "control ui requires device identity (use HTTPS or localhost)";
	static const char plain[] = "device identity required";
	struct oc_buf own, *text = reason_text ? reason_text : &own;
	json_t *error;

	oc_buf_init(&own, 1024);
	if (d->verdict == OC_AUTH_UNAUTHORIZED) {
		error = unauthorized_error(f, d, text);
	} else if (d->verdict == OC_AUTH_DEVICE_FAULT) {
		error = fault_error(f->fault, text);
	} else {
		bool is_ui = d->verdict == OC_AUTH_UI_DEVICE_REQUIRED;
		oc_buf_adds(text, is_ui ? ui : plain);
		error = json_pack(
		    "{s:s, s:s, s:{s:s}}", "code", is_ui ? "INVALID_REQUEST" : "NOT_PAIRED",
		    "message", is_ui ? ui : plain, "details", "code",
		    is_ui ? "CONTROL_UI_DEVICE_IDENTITY_REQUIRED" : "DEVICE_IDENTITY_REQUIRED");
	}
	oc_buf_deinit(&own);
	return error;
}
