#ifndef OC_RPC_CLIENT_H
#define OC_RPC_CLIENT_H
#include "cli/command.h"
#include "config/config.h"
#include "rt/task.h"
#include "json/json.h"
/*
 * A client of the gateway's protocol for commands (spec 02 §2): connects, calls, hears events. Any
 * task may call while others wait. No secret ever gets into a message.
 */
struct oc_rpc_client;

/* ---- where the gateway is, and which secret it wants: rpc_target.c ---- */
struct oc_rpc_target {
	char *url;		 /* ws:// */
	char *http;		 /* the same place for its HTTP side, no slash at the end */
	char *secret;		 /* NULL = none */
	bool password;		 /* the secret is one */
	const char *secret_from; /* "--token", "gateway.auth.token" …; NULL = none */
	const char *url_from;	 /* "--url", "OPENCLAW_GATEWAY_PORT" … */
	bool local;		 /* this machine's own gateway */
	char *state_dir;	 /* where the key of this device is */
};
/* From the options --url, --port, --token, --password of the command, environment, config (spec 02
 * §1.2). Secrets of the config go to the gateway that the config is about, and to no other. */
OC_MUST_USE enum oc_rc oc_rpc_target_init(struct oc_rpc_target *t, const struct oc_args *a,
					  const struct oc_config *c, struct oc_err *e);
void oc_rpc_target_deinit(struct oc_rpc_target *t);
/* The secret that the config of this machine's gateway names, NULL when none; *password and *from
 * (may be NULL) tell which. Owned. */
char *oc_rpc_configured_secret(const struct oc_config *c, bool *password, const char **from);
/* Port of this machine's gateway: OPENCLAW_GATEWAY_PORT, gateway.port, 18789. */
int64_t oc_rpc_configured_port(const struct oc_config *c, const char **from);

/* ---- the connection ---- */
struct oc_rpc_hello {
	const char *client_id, *mode; /* NULL = "cli", "cli" */
	const char *scopes;	      /* comma separated; NULL = operator.admin */
	const char *caps;	      /* comma separated, NULL */
	bool device;		      /* sign as the device that this machine is */
	bool probe;		      /* speaks older protocols too, for a connection test */
};
/* OC_E_UPSTREAM: nobody listens, or it is no gateway: e says so and how to start one. OC_E_DENIED:
 * refused, e names the setting. OC_E_TIMEOUT. Waits while a gateway says that it is starting. */
OC_MUST_USE enum oc_rc oc_rpc_connect_wait(const struct oc_rpc_target *t,
					   const struct oc_rpc_hello *hello, struct oc_deadline d,
					   struct oc_rpc_client **out, struct oc_err *e);
/* Asks /startupz until the gateway has started (spec 02 §1.4). OC_OK also when what answers there
 * knows no such path; *reply (may be NULL) gets what it said, NULL when not JSON. */
OC_MUST_USE enum oc_rc oc_rpc_started_wait(const struct oc_rpc_target *t, struct oc_deadline d,
					   json_t **reply, struct oc_err *e);
const json_t *oc_rpc_hello_ok(const struct oc_rpc_client *c); /* borrowed */
/* One request and its answer. params are stolen, NULL = none. expect_final: an answer with status
 * "accepted" is passed over. OC_E_UPSTREAM: ok false (e = the gateway's message, *error (may be
 * NULL) its object, new reference), or the connection broke (*error stays NULL). */
OC_MUST_USE enum oc_rc oc_rpc_call_wait(struct oc_rpc_client *c, const char *method, json_t *params,
					bool expect_final, struct oc_deadline d, json_t **result,
					json_t **error, struct oc_err *e);
/* A request whose answer nobody waits for; params are stolen. Does not park. */
void oc_rpc_notify(struct oc_rpc_client *c, const char *method, json_t *params);
/* Events, from now on and as they arrive. event is "gap" (payload NULL) where the gateway dropped
 * some. fn may not park. */
void oc_rpc_on_event(struct oc_rpc_client *c,
		     void (*fn)(void *arg, const char *event, const json_t *payload), void *arg);
/* Parks until the connection ends (OC_E_UPSTREAM: e says why) or the deadline. */
OC_MUST_USE enum oc_rc oc_rpc_listen_wait(struct oc_rpc_client *c, struct oc_deadline d,
					  struct oc_err *e);
bool oc_rpc_connected(const struct oc_rpc_client *c);
void oc_rpc_close_wait(struct oc_rpc_client *c); /* accepts NULL; frees c */

/* ---- what a refusal means for a person: rpc_error.c, pure ---- */
/* Message of the gateway with what to do about it. error: the object of a response; secret_from as
 * in the target. Returns the code to fail with: OC_E_DENIED when it is about who we are. */
enum oc_rc oc_rpc_explain(const json_t *error, const char *secret_from, struct oc_err *e);
/* "Start it with: openclaw gateway …" */
extern const char oc_rpc_start_hint[];

/* ---- the key of this device: rpc_device.c ---- */
/* The member `device` of connect: identity, and a signature over what is asked for (spec 02 §2.3,
 * v3). The key is made once and kept in <state>/identity/openclaw-cli.json with mode 0600. */
struct oc_rpc_device_ask {
	const char *state_dir, *client_id, *mode, *role, *scopes, *token, *nonce, *platform,
	    *family;
	int64_t signed_at_ms;
};
OC_MUST_USE enum oc_rc oc_rpc_device(const struct oc_rpc_device_ask *ask, json_t **out,
				     struct oc_err *e);
/* The text that is signed; free with free(). */
char *oc_rpc_device_text(const struct oc_rpc_device_ask *ask, const char *device_id);
#endif
