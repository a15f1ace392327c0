/* Any bytes as a SKILL.md: an object comes out, and the body lies within the text. */
#include <stdint.h>
#include <stdlib.h>

#include "agent/skill/front_matter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct oc_str text = { (const char *)data, n };
	struct oc_str body = oc_front_matter_body(text);
	json_t *head = oc_front_matter(text);

	if (!json_is_object(head) || body.n > n) abort();
	json_decref(head);
	return 0;
}
