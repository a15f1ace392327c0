/* Whether a gateway has started, by its probe path (spec 02 §1.4). */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/gateway/rpc_client.h"
#include "model/provider/fetch.h"

enum { PROBE_MS = 3000, RETRY_MS = 500, MAX_ERROR = 65536 };

static enum oc_rc probe_wait(const char *url, int *status, json_t **reply, struct oc_err *e)
{
	struct oc_guard g;
	struct oc_fetch f = { 0 };
	const struct oc_http_request req = { .method = "GET",
					     .url = url,
					     .guard = &g,
					     .no_redirects = true,
					     .context = "gateway probe" };
	enum oc_rc rc = oc_guard_init(&g, oc_str(url), OC_TRUE, e);

	if (rc) return rc;
	rc = oc_fetch_wait(&req, PROBE_MS, MAX_ERROR, &f, e);
	if (!rc) {
		*status = f.status;
		*reply = oc_json_parse(oc_buf_view(&f.body), NULL, NULL);
		oc_fetch_deinit(&f);
	}
	oc_guard_deinit(&g);
	return rc;
}

enum oc_rc oc_rpc_started_wait(const struct oc_rpc_target *t, struct oc_deadline d, json_t **reply,
			       struct oc_err *e)
{
	char *url = oc_asprintf("%s/startupz", t->http);
	enum oc_rc rc;

	for (;;) {
		json_t *answer = NULL;
		int status = 0;

		rc = probe_wait(url, &status, &answer, e);
		bool starting = !rc && status == 503;
		if (!rc && !starting && reply) *reply = json_incref(answer);
		json_decref(answer);
		if (rc && rc != OC_CANCELLED)
			oc_fail(e, OC_E_UPSTREAM, "no gateway answers at %s\n%s", t->url,
				t->local ? oc_rpc_start_hint : "Is it running there?");
		if (!starting) break;
		if (oc_deadline_passed(d)) {
			rc =
			    oc_fail(e, OC_E_TIMEOUT, "the gateway at %s is still starting", t->url);
			break;
		}
		if ((rc = oc_sleep_wait(RETRY_MS))) break;
	}
	free(url);
	return rc;
}
