#ifndef OC_CHAT_SEND_H
#define OC_CHAT_SEND_H
#include "gateway/methods/method.h"
/*
 * A message of a client to a session (chat.send, sessions.send): a command is answered here, what
 * else there is becomes a run. *result is the acknowledgement of spec 02 §2.6.
 */
OC_MUST_USE enum oc_rc oc_chat_send_wait(struct oc_rpc *r, const char *session_key, json_t **result,
					 struct oc_rpc_error *e);
/* UNAVAILABLE, worth another try, while the gateway shuts down. */
OC_MUST_USE enum oc_rc oc_rpc_need_running(const struct oc_rpc *r, struct oc_rpc_error *e);
/* An error of the sessions, as a method tells it: what the client said wrong is INVALID_REQUEST. */
enum oc_rc oc_rpc_fail(struct oc_rpc_error *e, enum oc_rc rc, const struct oc_err *why);
#endif
