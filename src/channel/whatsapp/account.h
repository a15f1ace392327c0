#ifndef OC_WHATSAPP_ACCOUNT_H
#define OC_WHATSAPP_ACCOUNT_H
#include "channel/channel.h"
#include "channel/whatsapp/refusal.h"
#include "net/client/http_client.h"
/* An account of the Cloud API, for the files of this folder: what it is, and calls to the API. */
#define OC_WA_API_ROOT "https://graph.facebook.com/v23.0"

struct oc_wa_account {
	char *number_id, *root; /* root without a slash at its end */
	char *token;		/* secret */
	struct oc_guard guard;	/* of root */
};
static inline struct oc_wa_account *oc_wa_of(const struct oc_channel_account *a)
{
	return a->adapter;
}

/* ---- calls (call.c) ---- */
struct oc_wa_call {
	const char *method;
	const char *url; /* NULL = root, number_id and what: "/messages" */
	const char *what;
	const char *content_type; /* NULL = no body */
	struct oc_str body;
	size_t max_answer; /* 0 = enough for JSON */
};
struct oc_wa_answer {
	int status; /* 0 = none came */
	struct oc_buf body;
	char *content_type; /* NULL */
	uint64_t retry_ms;  /* asked for by the server; 0 = not */
	bool reached;	    /* the server may have got the request, or a part of it */
};
/* OC_OK for every answer, whatever its status; deinit out in every case. OC_E_UPSTREAM,
 * OC_E_TIMEOUT, OC_E_DENIED, OC_E_LIMIT (an answer that is too long), OC_CANCELLED: e says why. */
OC_MUST_USE enum oc_rc oc_wa_call_wait(struct oc_channel_account *a, const struct oc_wa_call *call,
				       struct oc_wa_answer *out, struct oc_err *e);
void oc_wa_answer_deinit(struct oc_wa_answer *w);
/* A refused call in words; what it means for the account is told to it. */
enum oc_wa_refusal oc_wa_refused(struct oc_channel_account *a, const struct oc_wa_answer *w,
				 struct oc_err *e);

/* ---- the functions of the row ---- */
/* send.c */
enum oc_rc oc_wa_send_wait(struct oc_channel_account *a, const struct oc_msg_out *msg,
			   struct oc_msg_sent *out, struct oc_err *e);
/* media.c */
enum oc_rc oc_wa_fetch_wait(struct oc_channel_account *a, const char *ref, struct oc_buf *out,
			    char **mime, char **name, struct oc_err *e);
/* Hands a file over; *media_id is owned. Nothing was sent to anybody, whatever comes of it: *retry
 * tells that it may work later. */
OC_MUST_USE enum oc_rc oc_wa_upload_wait(struct oc_channel_account *a, const char *path,
					 const char *mime, char **media_id, bool *retry,
					 struct oc_err *e);
/* webhook.c */
void oc_wa_webhook_wait(struct oc_channel_account *a, const char *path, struct oc_exchange *x);
#endif
