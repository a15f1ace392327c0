#ifndef OC_CHAT_INPUT_H
#define OC_CHAT_INPUT_H
#include "gateway/methods/method.h"
/* What a client wants said: a message and its attachments. */
struct oc_chat_input {
	struct oc_str message;	  /* of the parameters, or with_files */
	struct oc_buf with_files; /* message and the texts that were attached */
	struct oc_ask_image *images;
	size_t n_images;
};
/* Of params.message and params.attachments. INVALID_REQUEST: nothing to say, or an attachment that
 * cannot be used (its name and why). out borrows from params; deinit it after OC_OK. */
OC_MUST_USE enum oc_rc oc_chat_input_init(struct oc_chat_input *out, const json_t *params,
					  struct oc_rpc_error *e);
void oc_chat_input_deinit(struct oc_chat_input *in);
#endif
