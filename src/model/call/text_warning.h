#ifndef OC_TEXT_WARNING_H
#define OC_TEXT_WARNING_H
#include "model/call/call.h"
#include "model/codec/text_tools.h"
/* Warns the operator, once a reply, that a tool call stayed text or was announced and did not come:
 * the model's template and the server's parser do not fit together (spec 01 §6.2). */
void oc_text_tool_warn(const struct oc_call_spec *s, const struct oc_reply *r);
/* The words of it; false when there is nothing to warn of. */
bool oc_text_tool_warning(const struct oc_call_spec *s, const struct oc_reply *r,
			  struct oc_buf *out);
#endif
