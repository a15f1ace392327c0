#ifndef OC_CHANNEL_POLICY_H
#define OC_CHANNEL_POLICY_H
#include "channel/channel.h"
/*
 * Who is heard, and how far they are trusted (spec 03 §6.5). Pure: the section of the account, what
 * is known of the sender, the message.
 */
enum oc_verdict {
	OC_HEAR,   /* it is for the agent */
	OC_KEEP,   /* of a group, not addressed: background of what follows */
	OC_PAIR,   /* a stranger who may ask to be let in */
	OC_IGNORE, /* not processed at all */
};
enum oc_sender_trust {
	OC_SENDER_STRANGER, /* heard because everybody is: what they write is foreign text */
	OC_SENDER_ALLOWED,
	OC_SENDER_OWNER, /* commands.ownerAllowFrom */
};
struct oc_policy_facts {
	const char *channel;
	const json_t *account;	/* section of the account */
	const json_t *defaults; /* channels.defaults, NULL */
	const json_t *owners;	/* commands.ownerAllowFrom, NULL */
	const json_t *patterns; /* messages.groupChat.mentionPatterns, NULL */
	bool paired;		/* approved by its code */
};
struct oc_policy {
	enum oc_verdict verdict;
	enum oc_sender_trust trust;
	const char *why; /* static; for the log */
};
struct oc_policy oc_policy_decide(const struct oc_policy_facts *f, const struct oc_msg_in *m);
/* "*", "123", 123, "telegram:123" … */
bool oc_policy_lists(const json_t *list, const char *channel, const char *sender, bool star_too);
/* How much of a group's talk is shown with a message; 0 = none. */
size_t oc_policy_history(const struct oc_policy_facts *f, const struct oc_msg_in *m,
			 int64_t configured);
#endif
