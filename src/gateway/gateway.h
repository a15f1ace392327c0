#ifndef OC_GATEWAY_H
#define OC_GATEWAY_H
#include "agent/session/approvals.h"
#include "agent/session/sessions.h"
#include "net/server/http_server.h"
#include "store/store.h"
/*
 * The gateway process: what its parts share. Made by oc_gateway_run_wait (run.c) and given to every
 * method and route. One thread owns it.
 */
struct oc_auth_limit;
struct oc_broker;
struct oc_devices;
struct oc_channels;
struct oc_cron;
struct oc_memory_keeper;
struct oc_mcp;
struct oc_gateway_options;
struct oc_health;
struct oc_heartbeat;
struct oc_reload;
struct oc_run_events;
struct oc_refresh_service;
enum oc_auth_mode { OC_AUTH_TOKEN, OC_AUTH_PASSWORD, OC_AUTH_NONE };
enum oc_gateway_phase { OC_GATEWAY_STARTING, OC_GATEWAY_READY, OC_GATEWAY_DRAINING };
struct oc_gateway {
	enum oc_gateway_phase phase;
	struct oc_snapshot *snapshot; /* current; take a reference to keep it across a wait */
	char *config_hash;	      /* of the file that is applied */
	struct oc_store *store;
	struct oc_sessions *sessions;
	struct oc_approvals *approvals;
	struct oc_broker *broker;
	struct oc_run_events *run_events; /* before sessions: it is their watcher */
	struct oc_devices *devices;
	struct oc_mcp *mcp;		 /* servers of tools */
	struct oc_channels *channels;	 /* NULL before they are started */
	struct oc_cron *cron;		 /* NULL until it exists */
	struct oc_memory_keeper *memory; /* the same */
	struct oc_heartbeat *heartbeat;
	struct oc_refresh_service *refresh;
	struct oc_http_server *server;
	enum oc_auth_mode auth_mode;
	char *secret; /* token or password; NULL with OC_AUTH_NONE */
	unsigned port;
	bool loopback; /* bound to loopback addresses alone */
	char *log_file;
	uint64_t started_ms;
	char boot_id[OC_ID_CHARS + 1];
	const char *version; /* "2026.11.1" */
	bool verbose;	     /* WebSocket traffic is logged */

	/* The rest is for the files that its comments name. */
	const struct oc_gateway_options *options; /* run.c, reload.c */
	struct oc_auth_limit *limits;		  /* handshake.c, listener.c */
	struct oc_health *health;		  /* health.c */
	struct oc_reload *reload;		  /* reload.c */
	struct oc_scope *scope; /* of what runs beside the connections: ends with the gateway */
	struct oc_wait *stop;	/* run.c: waits for a reason to stop */
	bool restart;		/* and then starts again */
};
struct oc_snapshot *oc_gateway_snapshot(struct oc_gateway *gw); /* a new reference */
/* gateway.controlUi.allowedOrigins, appended. */
void oc_gateway_allowed_origins(const struct oc_gateway *gw, struct oc_strv *out);
/* Runs and relayed requests under way: the refresh service waits, a restart has blockers. */
size_t oc_gateway_active(const struct oc_gateway *gw);
/* As pairs of spec 02 §1.5: reads the file again now, applies what is hot. OC_E_INPUT: invalid, the
 * old configuration stays. Called by the watcher and after config.set. */
OC_MUST_USE enum oc_rc oc_gateway_reload_wait(struct oc_gateway *gw, struct oc_err *e);
void oc_gateway_ask_restart(struct oc_gateway *gw, uint64_t in_ms);
#endif
