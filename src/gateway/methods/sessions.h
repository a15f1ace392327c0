#ifndef OC_METHODS_SESSIONS_H
#define OC_METHODS_SESSIONS_H
#include "gateway/methods/method.h"
/* The methods of sessions_change.c, for the table in sessions.c. */
typedef enum oc_rc oc_session_method(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e);
oc_session_method oc_sessions_create_wait, oc_sessions_patch_method_wait,
    oc_sessions_reset_method_wait, oc_sessions_delete_method_wait, oc_sessions_compact_method_wait,
    oc_sessions_send_wait, oc_sessions_abort_method_wait, oc_sessions_fork_method_wait;
#endif
