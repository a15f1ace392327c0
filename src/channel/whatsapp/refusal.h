#ifndef OC_WHATSAPP_REFUSAL_H
#define OC_WHATSAPP_REFUSAL_H
#include "base/buf.h"
/*
 * What an error of the Cloud API means: by its code, which the platform promises to keep, and by
 * the HTTP status where there is none. One table; pure.
 */
enum oc_wa_refusal {
	OC_WA_SENT_UNKNOWN, /* the server broke down: whether it was sent, nobody knows */
	OC_WA_WINDOW,	    /* the person did not write for 24 hours: templates alone */
	OC_WA_SLOW_DOWN,    /* not sent; later it would be */
	OC_WA_AUTH,	    /* the token, the number or the account is not good */
	OC_WA_RECIPIENT,    /* cannot be reached, or may not be */
	OC_WA_CONTENT,	    /* this message will never be taken */
};
/* Appends a sentence for a person: what happened, what to do about it, and in brackets the
 * platform's own words. A token is never in it. body: of an answer with this status. */
enum oc_wa_refusal oc_wa_refusal_read(int status, struct oc_str body, struct oc_buf *why);
/* The same for a code that a status of a message brought. words may be NULL. */
enum oc_wa_refusal oc_wa_refusal_of_code(int64_t code, const char *words, struct oc_buf *why);
#endif
