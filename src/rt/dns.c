#include "rt/dns.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rt/loop.h"

/* Lives on the heap: a cancelled look-up may end on its thread after the task has gone. */
struct lookup {
	uv_getaddrinfo_t request;
	struct oc_wait *wait; /* NULL once nobody waits */
	struct addrinfo *result;
	int status;
};

static void lookup_free(struct lookup *l)
{
	if (l->result) uv_freeaddrinfo(l->result);
	free(l);
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *result)
{
	struct lookup *l = request->data;

	l->result = result;
	l->status = status;
	if (l->wait)
		oc_wait_end(l->wait, OC_OK);
	else
		lookup_free(l);
}

static size_t collect(const struct addrinfo *ai, struct sockaddr_storage *out, size_t max)
{
	size_t n = 0;

	for (; ai && n < max; ai = ai->ai_next) {
		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6) continue;
		memset(&out[n], 0, sizeof out[n]);
		memcpy(&out[n++], ai->ai_addr, ai->ai_addrlen);
	}
	return n;
}

enum oc_rc oc_dns_wait(const char *host, struct oc_deadline d, struct sockaddr_storage *out,
		       size_t max, size_t *n, struct oc_err *e)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct lookup *l = oc_new(struct lookup);
	struct oc_wait w = { 0 };

	l->request.data = l;
	l->wait = &w;
	int status = uv_getaddrinfo(oc_loop(), &l->request, on_answer, host, NULL, &hints);
	if (status != 0) {
		free(l);
		return oc_fail(e, OC_E_UPSTREAM, "cannot resolve %s: %s", host,
			       uv_strerror(status));
	}
	enum oc_rc rc = oc_wait_park(&w, d);
	if (rc != OC_OK) {
		l->wait = NULL;
		uv_cancel((uv_req_t *)&l->request);
		return rc == OC_CANCELLED ? rc : oc_fail(e, rc, "resolving %s took too long", host);
	}
	if (l->status == 0)
		*n = collect(l->result, out, max);
	else
		rc = oc_fail(e, OC_E_UPSTREAM, "cannot resolve %s: %s", host,
			     uv_strerror(l->status));
	lookup_free(l);
	return rc;
}
