/* Asks an LM Studio server, or any server with a model list, what it has. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/fetch.h"
#include "model/lmstudio.h"

void oc_discovery_deinit(struct oc_discovery *d)
{
	oc_model_list_deinit(&d->list);
	free(d->error);
	*d = (struct oc_discovery){ 0 };
}

static char *answer_in_words(const struct oc_discovery *d)
{
	const char *message = d->list.error.message;

	if (d->status >= 400) return oc_asprintf("HTTP %d", d->status);
	return oc_asprintf("the answer is no model list%s%s", message ? ": " : "",
			   message ? message : "");
}

void oc_discover_list_wait(const char *url, const struct oc_guard *g, const struct oc_strv *headers,
			   uint64_t timeout_ms, const char *context, struct oc_discovery *out)
{
	struct oc_strv all = { 0 };
	struct oc_err e = { 0 };
	struct oc_fetch f;
	struct oc_http_request req = {
		.method = "GET", .url = url, .guard = g, .headers = &all, .context = context
	};

	*out = (struct oc_discovery){ 0 };
	oc_strv_add(&all, OC_LIT("Accept: application/json"));
	for (size_t i = 0; headers && i < headers->n; i++) oc_strv_add(&all, oc_str(headers->v[i]));
	out->rc = oc_fetch_wait(&req, timeout_ms, OC_MAX_ERROR_BODY_BYTES, &f, &e);
	oc_strv_deinit(&all);
	out->status = f.status;
	out->reachable = f.status > 0;
	if (out->rc) {
		out->error = oc_strdup(e.msg);
		return;
	}
	oc_model_list_decode(&out->list, f.status, oc_buf_view(&f.body));
	oc_fetch_deinit(&f);
	if (out->list.error.class == OC_ERR_NONE) return;
	out->rc = OC_E_UPSTREAM;
	out->error = answer_in_words(out);
}

/* The server itself says that it has no such endpoint: an older build, or another kind of server.
 */
static bool says_no_such_endpoint(const struct oc_discovery *d)
{
	if (!d->reachable || d->rc == OC_OK || d->rc == OC_CANCELLED) return false;
	return d->status == 404 || d->status == 405 || d->status == 501 ||
	       d->list.error.class == OC_ERR_ENDPOINT_MISSING;
}

void oc_lmstudio_discover_wait(const char *server_base, const struct oc_guard *g,
			       const struct oc_strv *headers, uint64_t timeout_ms,
			       struct oc_discovery *out)
{
	static const char *const older[] = { "/api/v0/models", "/v1/models" };
	char *url = oc_asprintf("%s/api/v1/models", server_base);

	oc_discover_list_wait(url, g, headers, timeout_ms, "lmstudio discovery", out);
	free(url);
	bool look_on = says_no_such_endpoint(out);
	for (size_t i = 0; look_on && i < sizeof older / sizeof *older; i++) {
		struct oc_discovery next;

		url = oc_asprintf("%s%s", server_base, older[i]);
		oc_discover_list_wait(url, g, headers, timeout_ms, "lmstudio discovery", &next);
		free(url);
		look_on = says_no_such_endpoint(&next);
		if (next.rc == OC_OK || next.rc == OC_CANCELLED || !look_on) {
			oc_discovery_deinit(out);
			*out = next;
		} else
			oc_discovery_deinit(&next);
	}
}
