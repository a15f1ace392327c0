#ifndef OC_HOOK_TEMPLATE_H
#define OC_HOOK_TEMPLATE_H
#include "json/json.h"
/* Appends text with each {{path}} replaced by what the payload has there:
 * "{{messages[0].subject}}",
 * "{{payload.x}}" is the same as "{{x}}". What is not there becomes nothing. Pure. */
void oc_hook_render(struct oc_str text, json_t *payload, struct oc_buf *out);
#endif
