#ifndef OC_WHATSAPP_PAYLOAD_H
#define OC_WHATSAPP_PAYLOAD_H
#include "json/json.h"
/*
 * What a call of the Cloud API's webhook tells: messages of people, and what became of ours. Pure;
 * whatever is not understood is left out, never an error: the platform repeats a call that is not
 * acknowledged, and adds kinds of its own.
 */
struct oc_wa_message {
	const char *number_id; /* phone number id of ours that it was sent to */
	const char *to;	       /* digits of the number of ours; NULL = not said */
	const char *id;	       /* "wamid.…": the same whenever the call is repeated */
	const char *from;      /* digits of the sender's number */
	const char *name;      /* as the person calls themselves; NULL */
	const char *group;     /* id of the group it was written in; NULL = direct */
	const char *type;      /* as the platform calls it: "text", "image", "sticker" … */
	int64_t at_ms;
	char *text; /* text, caption, chosen button, or a line about what came; never NULL. Owned */
	const char *button;			 /* id of a reply button that was pressed; NULL */
	const char *reply_to;			 /* id of the message that this one quotes; NULL */
	const char *reply_from;			 /* who wrote that; NULL */
	const char *media_id, *mime, *file_name; /* a file that comes with it; NULL */
	bool voice;				 /* spoken into the microphone */
	bool forwarded;
	bool silent; /* nothing to answer: a reaction, an unknown kind */
};
struct oc_wa_status {
	const char *number_id;
	const char *id;	    /* of our message */
	const char *status; /* "sent" "delivered" "read" "failed" */
	const char *to;
	int64_t at_ms;
	int64_t code;	    /* of the first error; 0 = none */
	const char *reason; /* words of the platform about it; NULL */
};
struct oc_wa_payload {
	json_t *root; /* what the views above borrow from */
	struct oc_wa_message *messages;
	size_t n_messages;
	struct oc_wa_status *statuses;
	size_t n_statuses;
};
/* OC_E_PROTO: no JSON object, or nothing of a WhatsApp account. Deinit out after OC_OK. */
OC_MUST_USE enum oc_rc oc_wa_payload_parse(struct oc_str body, struct oc_wa_payload *out,
					   struct oc_err *e);
void oc_wa_payload_deinit(struct oc_wa_payload *p);
#endif
