#ifndef OC_CHANNEL_SESSION_KEY_H
#define OC_CHANNEL_SESSION_KEY_H
#include "channel/channel.h"
/*
 * The conversation that a chat belongs to (spec 03 §5.1): direct messages share the main one unless
 * session.dmScope says otherwise, every group (and topic) has one of its own. Pure; free with
 * free(). session: the section of the configuration, may be NULL.
 */
char *oc_channel_session_key(const json_t *session, const char *agent, const char *channel,
			     const char *account, const struct oc_msg_in *m);
#endif
