/* Files from and to WhatsApp: both ways go by an id that the platform gives them. */
#include <stdlib.h>

#include "base/mem.h"
#include "channel/whatsapp/account.h"
#include "channel/whatsapp/request.h"
#include "net/multipart.h"
#include "rt/file.h"

enum { OVERHEAD = 4096 };

static json_t *object_of(const struct oc_wa_answer *answer)
{
	return oc_json_parse(oc_buf_view(&answer->body), NULL, NULL);
}

/* ---- in ---- */

/* Where the file is now: such an address holds for minutes. */
static enum oc_rc locate_wait(struct oc_channel_account *a, const char *ref, char **url,
			      char **mime, struct oc_err *e)
{
	char *where =
	    oc_asprintf("%s/%s?phone_number_id=%s", oc_wa_of(a)->root, ref, oc_wa_of(a)->number_id);
	const struct oc_wa_call call = { .method = "GET", .url = where };
	struct oc_wa_answer answer;
	enum oc_rc rc = oc_wa_call_wait(a, &call, &answer, e);
	json_t *o = !rc && answer.status == 200 ? object_of(&answer) : NULL;
	const char *found = oc_json_cstr(o, "url"), *type = oc_json_cstr(o, "mime_type");

	if (!rc && answer.status >= 400) {
		(void)oc_wa_refused(a, &answer, e);
		rc = OC_E_UPSTREAM;
	} else if (!rc && !found) {
		rc = oc_fail(e, OC_E_UPSTREAM, "WhatsApp does not say where the file is");
	}
	if (!rc) *url = oc_strdup(found);
	if (!rc && type) {
		free(*mime);
		*mime = oc_strdup(type);
	}
	json_decref(o);
	oc_wa_answer_deinit(&answer);
	free(where);
	return rc;
}

/* Ids stand in an address. */
static bool is_id(const char *ref)
{
	struct oc_str s = oc_str(ref);

	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-",
			    s.p[i]))
			return false;
	return s.n > 0;
}

enum oc_rc oc_wa_fetch_wait(struct oc_channel_account *a, const char *ref, struct oc_buf *out,
			    char **mime, char **name, struct oc_err *e)
{
	struct oc_wa_answer answer = { 0 };
	char *url = NULL;
	enum oc_rc rc;

	(void)name; /* came with the message */
	if (!is_id(ref)) return oc_fail(e, OC_E_PROTO, "the file has no usable id");
	rc = locate_wait(a, ref, &url, mime, e);
	if (rc) return rc;
	rc = oc_wa_call_wait(
	    a, &(struct oc_wa_call){ .method = "GET", .url = url, .max_answer = out->max }, &answer,
	    e);
	if (!rc && answer.status != 200)
		rc = oc_fail(e, OC_E_UPSTREAM, "the file could not be fetched: HTTP %d",
			     answer.status);
	if (!rc) oc_buf_add(out, oc_buf_view(&answer.body));
	if (!rc && out->bad) rc = oc_fail(e, OC_E_LIMIT, "the file is too large");
	oc_wa_answer_deinit(&answer);
	free(url);
	return rc;
}

/* ---- out ---- */

static enum oc_rc post_file_wait(struct oc_channel_account *a, const struct oc_multipart *form,
				 char **media_id, bool *retry, struct oc_err *e)
{
	const struct oc_wa_call call = { .method = "POST",
					 .what = "/media",
					 .content_type = form->content_type,
					 .body = oc_buf_view(&form->body) };
	struct oc_wa_answer answer;
	enum oc_rc rc = oc_wa_call_wait(a, &call, &answer, e);
	json_t *o = rc ? NULL : object_of(&answer);
	const char *id = oc_json_cstr(o, "id");

	if (rc) {
		*retry = rc != OC_E_DENIED;
	} else if (answer.status >= 400) {
		enum oc_wa_refusal means = oc_wa_refused(a, &answer, e);

		*retry = means == OC_WA_SLOW_DOWN || means == OC_WA_SENT_UNKNOWN;
		rc = OC_E_UPSTREAM;
	} else if (!id) {
		rc = oc_fail(e, OC_E_UPSTREAM, "WhatsApp took the file and named no id for it");
	} else {
		*media_id = oc_strdup(id);
	}
	json_decref(o);
	oc_wa_answer_deinit(&answer);
	return rc;
}

enum oc_rc oc_wa_upload_wait(struct oc_channel_account *a, const char *path, const char *mime,
			     char **media_id, bool *retry, struct oc_err *e)
{
	size_t max = oc_wa_media_max(oc_wa_media_kind(mime));
	const char *slash = strrchr(path, '/');
	struct oc_buf bytes;
	struct oc_multipart form;
	enum oc_rc rc;

	if (max > (size_t)a->channel->limits.media_out_bytes)
		max = (size_t)a->channel->limits.media_out_bytes;
	rc = oc_file_read_wait(path, max, &bytes, e);
	if (rc) return rc;
	oc_multipart_init(&form, bytes.n + OVERHEAD);
	oc_multipart_field(&form, "messaging_product", OC_LIT("whatsapp"));
	oc_multipart_field(&form, "type", oc_str(mime));
	oc_multipart_file(&form, "file", slash ? slash + 1 : path, mime, oc_buf_view(&bytes));
	oc_buf_deinit(&bytes);
	rc = oc_multipart_end(&form, e);
	if (!rc) rc = post_file_wait(a, &form, media_id, retry, e);
	oc_multipart_deinit(&form);
	return rc;
}
