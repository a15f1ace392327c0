#ifndef OC_BROKER_H
#define OC_BROKER_H
#include "gateway/access/client_scope.h"
#include "json/json.h"
/*
 * Who is connected and which events they get (spec 02 §2.4, §2.5): numbering per connection,
 * bounded backlogs, slow consumers, subscriptions. Connections register themselves (connection.c);
 * whoever has something to tell calls oc_broker_send.
 */
struct oc_broker;
struct oc_connection; /* one client after its hello */

struct oc_event {
	const char *name;	/* "chat" */
	const json_t *payload;	/* borrowed */
	const json_t *lean;	/* for connections with the cap delta-only (D67); NULL = payload */
	const json_t *rendered; /* members added for connections with the cap rendered-blocks (D67);
				   NULL = none */
	enum oc_client_scope scope; /* needed to get it; OC_SCOPE_NONE = everybody */
	const char *session_key;    /* whose subscribers; NULL = not bound to a session */
	enum {
		OC_TO_ALL, /* chat, agent: everybody with the scope, but connections with the cap
			      session-scoped-events only when subscribed to the session's messages
			    */
		OC_TO_MESSAGES,	  /* sessions.messages.subscribe and sessions.subscribe */
		OC_TO_SESSIONS,	  /* sessions.subscribe; when origin is set, not that connection if
				     it has the cap tool-events */
		OC_TO_TOOLS,	  /* cap tool-events and started the run: origin */
		OC_TO_CONNECTION, /* origin alone */
	} to;
	const char *origin; /* id of a connection */
	bool droppable;	    /* skipped for a slow client, its number is used up */
	bool state_version; /* carries stateVersion */
	bool urgent;	    /* somebody watches for it: not gathered with what follows */
};
void oc_broker_send(struct oc_broker *b, const struct oc_event *e);
size_t oc_broker_clients(const struct oc_broker *b);
/* system-presence: an array, new reference. */
json_t *oc_broker_presence(const struct oc_broker *b);
/* Whether a connection without the cap delta-only is there: then texts are sent cumulative. */
bool oc_broker_wants_whole_text(const struct oc_broker *b);
/* Whether a connection with the cap rendered-blocks is there. */
bool oc_broker_wants_blocks(const struct oc_broker *b);

/* ---- of one connection ---- */
const char *oc_connection_id(const struct oc_connection *c);
bool oc_connection_has_scope(const struct oc_connection *c, enum oc_client_scope scope);
bool oc_connection_has_cap(const struct oc_connection *c, const char *cap);
const char *oc_connection_client_id(const struct oc_connection *c);   /* "openclaw-tui" */
const char *oc_connection_client_mode(const struct oc_connection *c); /* "ui" */
void oc_connection_subscribe_sessions(struct oc_connection *c, bool on);
void oc_connection_subscribe_messages(struct oc_connection *c, const char *session_key, bool on);
#endif
