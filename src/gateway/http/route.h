#ifndef OC_ROUTE_H
#define OC_ROUTE_H
#include "gateway/gateway.h"
/*
 * HTTP paths of the gateway as rows (spec 02 §1.4, §4); the handler of the server looks a request
 * up, checks credentials, then the method, then runs the row in the request's task.
 */
enum oc_route_auth {
	OC_ROUTE_OPEN,	  /* probes, static files */
	OC_ROUTE_BEARER,  /* Authorization: Bearer, the gateway's secret or a device's token; 401 as
			     JSON */
	OC_ROUTE_API_KEY, /* the same or x-api-key (/v1/messages) */
	OC_ROUTE_OWN,	  /* the row checks (hooks) */
};
struct oc_route {
	const char *path;    /* exact, or a prefix when it ends with an asterisk */
	const char *methods; /* "GET HEAD", "POST"; another one: 405 with Allow */
	enum oc_route_auth auth;
	/* NULL = always; else whether it is switched on now (404 otherwise). */
	bool (*enabled)(const struct oc_gateway *gw);
	void (*run_wait)(struct oc_gateway *gw, struct oc_exchange *x);
};
/* Tables, each ends with path NULL; the first match in this order wins. */
extern const struct oc_route oc_routes_probes[], oc_routes_v1[], oc_routes_tools[],
    oc_routes_hooks[], oc_routes_channels[], oc_routes_metrics[], oc_routes_ui[];
/* Whether the path lies below hooks.path, which may be configured. */
bool oc_hook_path(const struct oc_gateway *gw, struct oc_str path);
/* {"error":{"message","type"}} */
void oc_route_fail(struct oc_exchange *x, int status, const char *type, const char *fmt, ...)
    OC_PRINTF(4, 5);
void oc_route_json(struct oc_exchange *x, int status, json_t *body);	 /* stolen */
void oc_route_text(struct oc_exchange *x, int status, const char *text); /* text/plain */
/* The secret of the request is right: bearer, or x-api-key when allowed. */
bool oc_route_authorised(const struct oc_gateway *gw, const struct oc_exchange *x,
			 bool api_key_too);
/* For rows that check credentials themselves: too many wrong ones came from this address (answered
 * with 429 then), and one more did. */
bool oc_route_locked_out(const struct oc_gateway *gw, struct oc_exchange *x);
void oc_route_wrong_secret(const struct oc_gateway *gw, const struct oc_exchange *x);
/* gateway.http.endpoints.<name>.enabled, by default whether bound to loopback (D18). */
bool oc_endpoint_enabled(const struct oc_gateway *gw, const char *name);
#endif
