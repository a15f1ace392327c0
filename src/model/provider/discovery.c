/* Asks a server for its models. */
#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "model/provider/discovery.h"
#include "model/provider/fetch.h"
#include "model/provider/lmstudio.h"
#include "model/provider/openai_models.h"
#include "model/provider/server_details.h"

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
	out->shows = out->list.owner ? out->list.owner : oc_kind_of_header(f.server);
	oc_fetch_deinit(&f);
	if (out->list.error.class == OC_ERR_NONE) return;
	out->rc = OC_E_UPSTREAM;
	out->error = answer_in_words(out);
}

/* The server itself says that it has no such endpoint, or none for us: an older build, or another
 * kind of server. */
static bool says_no_such_endpoint(const struct oc_discovery *d)
{
	static const int codes[] = { 400, 403, 404, 405, 501 };

	if (!d->reachable || d->rc == OC_OK || d->rc == OC_CANCELLED) return false;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (d->status == codes[i]) return true;
	return d->list.error.class == OC_ERR_ENDPOINT_MISSING;
}

/* The first list that comes; else the first answer. Returns the path that brought it, NULL. */
static const char *first_list_wait(const struct oc_server *s, uint64_t timeout_ms,
				   struct oc_discovery *out)
{
	const struct oc_document_call *call = s->kind->list;
	bool look_on = true;

	for (size_t i = 0; look_on && call[i].kind != OC_DOC_END; i++) {
		struct oc_discovery next;
		char *url = oc_kind_url(s->base_url, call[i].path);

		oc_discover_list_wait(url, s->guard, s->headers, timeout_ms, "model discovery",
				      &next);
		free(url);
		look_on = says_no_such_endpoint(&next);
		if (i == 0 || next.rc == OC_OK || next.rc == OC_CANCELLED || !look_on) {
			if (i > 0) oc_discovery_deinit(out);
			*out = next;
			if (out->rc == OC_OK) return call[i].path;
		} else
			oc_discovery_deinit(&next);
	}
	return NULL;
}

void oc_discover_wait(const struct oc_server *s, uint64_t timeout_ms, struct oc_discovery *out)
{
	const char *path = first_list_wait(s, timeout_ms, out);

	if (path) oc_server_details_wait(s, path, oc_deadline_in(timeout_ms), &out->list);
}

const struct oc_listed_model *oc_discovered_model(const struct oc_model_list *l, const char *id)
{
	const struct oc_listed_model *m = oc_model_list_find(l, oc_str(id));
	char *latest;

	if (m || strchr(id, ':')) return m;
	latest = oc_asprintf("%s:latest", id);
	m = oc_model_list_find(l, oc_str(latest));
	free(latest);
	return m;
}

json_t *oc_discovered_records(const struct oc_model_list *l, const struct oc_provider_kind *kind,
			      int64_t preferred_ctx, bool chat_only)
{
	return kind->load == OC_LOAD_LMSTUDIO ? oc_lmstudio_records(l, preferred_ctx, chat_only)
					      : oc_openai_records(l, kind->hosted, chat_only);
}
