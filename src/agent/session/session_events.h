#ifndef OC_SESSION_EVENTS_H
#define OC_SESSION_EVENTS_H
#include "agent/session/sessions.h"
/*
 * What happened and waits to be told to the model (spec 03 §3.3): "[event …]" lines on top of the
 * next message of the session, a heartbeat's included. Kept in the store until then.
 */
enum { OC_SESSION_EVENTS = 20, OC_EVENT_CHARS = 1000 };
#define OC_SYSTEM_EVENT "system-event" /* kind of document: {text, ts, sessionKey} */

/* For agent/session alone. */
struct oc_session_event {
	char *id, *key, *text;
};
struct oc_session_events {
	struct oc_session_event v[OC_SESSION_EVENTS]; /* oldest first */
	size_t n;
};

/* key: canonical. The oldest goes when there are too many. OC_OK: it outlives a restart. */
OC_MUST_USE enum oc_rc oc_session_event_add_wait(struct oc_sessions *s, const char *key,
						 struct oc_str text, struct oc_err *e);
size_t oc_session_events_count(const struct oc_sessions *s, const char *key);

/* ---- for agent/session alone ---- */
OC_MUST_USE enum oc_rc oc_session_events_load_wait(struct oc_sessions *s, struct oc_err *e);
/* Appends the lines of this session, which are told with that. */
void oc_session_events_tell(struct oc_sessions *s, const char *key, struct oc_buf *out);
void oc_session_events_deinit(struct oc_session_events *l);
#endif
