/* No commands in chat yet: every text goes to the model. */
#include "gateway/chat_command.h"

enum oc_rc oc_chat_command_wait(const struct oc_chat_ask *ask, struct oc_chat_answer *out)
{
	(void)ask;
	*out = (struct oc_chat_answer){ .is_command = false };
	return OC_OK;
}

void oc_chat_answer_deinit(struct oc_chat_answer *a)
{
	(void)a;
}

json_t *oc_chat_command_list(bool with_args)
{
	(void)with_args;
	return json_array();
}
