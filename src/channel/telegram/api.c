/*
 * Calls of the Bot API: what is known of each after it failed. The token is part of every address,
 * so no address is ever shown, and it is cut out of whatever a lower layer says.
 */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "channel/telegram/telegram.h"
#include "net/multipart.h"
#include "rt/file.h"

enum { ERROR_BYTES = 65536, ANSWER_BYTES = 16 << 20, UPLOAD_MS = 300000, FETCH_MS = 120000 };

void oc_tg_error_deinit(struct oc_tg_error *e)
{
	free(e->description);
	free(e->moved_to);
	*e = (struct oc_tg_error){ 0 };
}

/* ---- the answer ---- */

static void read_parameters(const json_t *answer, struct oc_tg_error *why)
{
	const json_t *p = json_object_get(answer, "parameters");
	const json_t *chat = json_object_get(p, "migrate_to_chat_id");

	why->retry_ms = (uint64_t)oc_json_positive(p, "retry_after") * 1000;
	if (json_is_integer(chat))
		why->moved_to = oc_asprintf("%lld", (long long)json_integer_value(chat));
}

static enum oc_rc code_of(const struct oc_tg_error *why)
{
	if (why->code == 429) return OC_E_LIMIT;
	if (why->code == 401 || why->code == 403) return OC_E_DENIED;
	return why->code >= 400 && why->code < 500 ? OC_E_INPUT : OC_E_UPSTREAM;
}

enum oc_rc oc_tg_read_answer(int status, struct oc_str body, json_t **result,
			     struct oc_tg_error *why, struct oc_err *e)
{
	json_t *answer = oc_json_parse(body, NULL, NULL);
	struct oc_str said = oc_json_str(answer, "description");

	if (status < 400 && oc_json_bool(answer, "ok", false)) {
		json_t *v = json_object_get(answer, "result");

		*result = v ? json_incref(v) : json_null();
		json_decref(answer);
		return OC_OK;
	}
	why->code = (int)oc_json_int(answer, "error_code", status);
	why->description = oc_strndup(said.p ? said.p : "", said.n < 300 ? said.n : 300);
	read_parameters(answer, why);
	if (why->code == 429 && !why->retry_ms) why->retry_ms = 5000;
	/* A proxy between us and Telegram may answer for it after it took the call. */
	why->maybe_sent = why->code >= 500 || why->code < 400;
	json_decref(answer);
	return oc_fail(e, code_of(why), "Telegram: %s (%d)",
		       *why->description ? why->description : "no description", why->code);
}

/* ---- one call ---- */

static void hide_token(const struct oc_telegram *t, struct oc_err *e)
{
	size_t n = strlen(t->token);
	char *at;

	while (n && (at = strstr(e->msg, t->token))) {
		memset(at, '*', n < 3 ? n : 3);
		memmove(at + (n < 3 ? n : 3), at + n, strlen(at + n) + 1);
	}
}

/* Whether the request can have arrived although no answer came. */
static bool may_have_arrived(enum oc_http_failure f)
{
	return f != OC_HTTP_BLOCKED && f != OC_HTTP_RESOLVE && f != OC_HTTP_REFUSED &&
	       f != OC_HTTP_TLS;
}

static enum oc_rc perform_wait(struct oc_telegram *t, const struct oc_http_request *req,
			       uint64_t timeout_ms, json_t **result, struct oc_tg_error *why,
			       struct oc_err *e)
{
	struct oc_deadline d = oc_deadline_in(timeout_ms);
	enum oc_http_failure failure = OC_HTTP_OK;
	struct oc_http *h = NULL;
	struct oc_buf body;
	enum oc_rc rc = oc_http_open_wait(req, d, &h, &failure, e);

	oc_buf_init(&body, ANSWER_BYTES);
	if (!rc && (rc = oc_http_read_all_wait(h, d, &body, e))) failure = oc_http_failure(h);
	if (!rc) {
		rc = oc_tg_read_answer(oc_http_status(h), oc_buf_view(&body), result, why, e);
	} else {
		why->maybe_sent = h || rc == OC_CANCELLED || may_have_arrived(failure);
		if (!why->maybe_sent) why->retry_ms = 1;
	}
	oc_http_close(h);
	oc_buf_deinit(&body);
	if (rc && e) hide_token(t, e);
	return rc;
}

enum oc_rc oc_tg_call_wait(struct oc_telegram *t, const char *method, json_t *params,
			   uint64_t timeout_ms, json_t **result, struct oc_tg_error *why,
			   struct oc_err *e)
{
	char *url = oc_asprintf("%s/bot%s/%s", t->root, t->token, method);
	char *body = oc_json_compact(params);
	struct oc_strv headers = { 0 };
	enum oc_rc rc;

	oc_strv_add(&headers, OC_LIT("Content-Type: application/json"));
	const struct oc_http_request req = { .method = "POST",
					     .url = url,
					     .guard = &t->guard,
					     .headers = &headers,
					     .body = oc_str(body),
					     .context = "telegram",
					     .connect_timeout_ms = 10000,
					     .no_redirects = true };
	rc = perform_wait(t, &req, timeout_ms, result, why, e);
	oc_strv_deinit(&headers);
	oc_free_secret(url);
	free(body);
	json_decref(params);
	return rc;
}

/* ---- files ---- */

static void add_params(struct oc_multipart *form, json_t *params)
{
	const char *name;
	json_t *v;

	json_object_foreach (params, name, v) {
		char *text =
		    json_is_string(v) ? oc_strdup(json_string_value(v)) : oc_json_compact(v);

		oc_multipart_field(form, name, oc_str(text));
		free(text);
	}
}

enum oc_rc oc_tg_upload_wait(struct oc_telegram *t, const char *method, json_t *params,
			     const char *field, const char *path, const char *name,
			     const char *mime, json_t **result, struct oc_tg_error *why,
			     struct oc_err *e)
{
	struct oc_buf file;
	struct oc_strv headers = { 0 };
	struct oc_multipart form;
	char *url;
	enum oc_rc rc;

	rc = oc_file_read_wait(path, TG_UPLOAD_BYTES, &file, e);
	if (rc) {
		json_decref(params);
		return rc;
	}
	oc_multipart_init(&form, TG_UPLOAD_BYTES + ERROR_BYTES);
	add_params(&form, params);
	oc_multipart_file(&form, field, name, mime ? mime : "application/octet-stream",
			  oc_buf_view(&file));
	rc = oc_multipart_end(&form, e);
	oc_strv_addf(&headers, "Content-Type: %s", form.content_type);
	url = oc_asprintf("%s/bot%s/%s", t->root, t->token, method);
	const struct oc_http_request req = { .method = "POST",
					     .url = url,
					     .guard = &t->guard,
					     .headers = &headers,
					     .body = oc_buf_view(&form.body),
					     .context = "telegram",
					     .connect_timeout_ms = 10000,
					     .no_redirects = true };
	if (!rc) rc = perform_wait(t, &req, UPLOAD_MS, result, why, e);
	oc_strv_deinit(&headers);
	oc_free_secret(url);
	oc_multipart_deinit(&form);
	oc_buf_deinit(&file);
	json_decref(params);
	return rc;
}

static enum oc_rc download_wait(struct oc_telegram *t, const char *path, struct oc_buf *out,
				struct oc_err *e)
{
	char *url = oc_asprintf("%s/file/bot%s/%s", t->root, t->token, path);
	const struct oc_http_request req = { .method = "GET",
					     .url = url,
					     .guard = &t->guard,
					     .context = "telegram file",
					     .connect_timeout_ms = 10000,
					     .no_redirects = true };
	struct oc_deadline d = oc_deadline_in(FETCH_MS);
	struct oc_http *h = NULL;
	enum oc_rc rc = oc_http_open_wait(&req, d, &h, NULL, e);

	if (!rc && oc_http_status(h) != 200)
		rc = oc_fail(e, OC_E_UPSTREAM, "Telegram gave no file (%d)", oc_http_status(h));
	if (!rc) rc = oc_http_read_all_wait(h, d, out, e);
	oc_http_close(h);
	if (rc) hide_token(t, e);
	oc_free_secret(url);
	return rc;
}

/* A path that stays a path below the file folder of the token. */
static bool is_plain_path(struct oc_str path)
{
	for (size_t i = 0; i < path.n; i++)
		if ((unsigned char)path.p[i] <= ' ' || strchr("?#%\\\x7f", path.p[i])) return false;
	return path.n && !oc_str_has(path, OC_LIT("..")) && path.p[0] != '/';
}

enum oc_rc oc_tg_fetch_wait(struct oc_channel_account *a, const char *ref, struct oc_buf *out,
			    char **mime, char **name, struct oc_err *e)
{
	struct oc_telegram *t = a->adapter;
	struct oc_tg_error why = { 0 };
	json_t *file = NULL;
	enum oc_rc rc = oc_tg_call_wait(t, "getFile", json_pack("{s:s}", "file_id", ref), 30000,
					&file, &why, e);
	const char *path = oc_json_cstr(file, "file_path");

	(void)mime;
	if (!rc && !is_plain_path(oc_str(path)))
		rc = oc_fail(e, OC_E_PROTO, "Telegram names no file that can be fetched");
	if (!rc) rc = download_wait(t, path, out, e);
	if (!rc && !*name) {
		const char *slash = strrchr(path, '/');

		*name = oc_strdup(slash ? slash + 1 : path);
	}
	json_decref(file);
	oc_tg_error_deinit(&why);
	return rc;
}
