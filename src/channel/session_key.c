/* Keys of conversations. */
#include "channel/session_key.h"

#include <stdlib.h>

#include "base/mem.h"
#include "channel/policy.h"

/* Somebody who writes under several names, by session.identityLinks. */
static const char *person(const json_t *session, const char *channel, const char *sender)
{
	json_t *links = json_object_get(session, "identityLinks"), *names;
	const char *name;

	json_object_foreach (links, name, names)
		if (oc_policy_lists(names, channel, sender, false)) return name;
	return sender;
}

static char *direct(const json_t *session, const char *agent, const char *channel,
		    const char *account, const struct oc_msg_in *m)
{
	const char *scope = oc_json_cstr(session, "dmScope"),
		   *main_key = oc_json_cstr(session, "mainKey");
	const char *who = person(session, channel, m->sender_id ? m->sender_id : m->chat_id);

	if (scope && !strcmp(scope, "per-peer"))
		return oc_asprintf("agent:%s:direct:%s", agent, who);
	if (scope && !strcmp(scope, "per-channel-peer"))
		return oc_asprintf("agent:%s:%s:direct:%s", agent, channel, who);
	if (scope && !strcmp(scope, "per-account-channel-peer"))
		return oc_asprintf("agent:%s:%s:%s:direct:%s", agent, channel, account, who);
	return oc_asprintf("agent:%s:%s", agent, main_key && *main_key ? main_key : "main");
}

/* Ids come from outside: what a key may not hold is replaced. */
static char *as_key(char *key)
{
	for (char *p = key; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7F) *p = '_';
	return key;
}

char *oc_channel_session_key(const json_t *session, const char *agent, const char *channel,
			     const char *account, const struct oc_msg_in *m)
{
	const char *scope = oc_json_cstr(session, "groupScope");

	if (m->chat_type == OC_CHAT_DIRECT)
		return as_key(direct(session, agent, channel, account, m));
	if (scope && !strcmp(scope, "main")) return oc_asprintf("agent:%s:main", agent);
	if (m->thread_id)
		return as_key(oc_asprintf("agent:%s:%s:group:%s:topic:%s", agent, channel,
					  m->chat_id, m->thread_id));
	return as_key(oc_asprintf("agent:%s:%s:group:%s", agent, channel, m->chat_id));
}
