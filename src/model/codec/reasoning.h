#ifndef OC_REASONING_H
#define OC_REASONING_H
#include "model/codec/compat.h"
/* Thinking levels and what goes on the wire (spec 01 §4). Pure. */
bool oc_thinking_level_valid(struct oc_str level);
extern const char oc_thinking_levels[]; /* "off, minimal, low, …" for messages */
/* Rows of §4.1: allowed_options to efforts and map. Returns whether the model reasons. map: new
 * reference or NULL. */
bool oc_reasoning_from_options(const struct oc_strv *allowed, const char *dflt,
			       struct oc_strv *efforts, json_t **map);
/* Steps 2-4 of §4.3: clamp the level to the model, translate. NULL = the field is omitted. Static
 * or borrowed from c. */
const char *oc_reasoning_effort(const struct oc_compat *c, bool reasoning_model,
				const json_t *thinking_level_map, const char *level);
/* Step 2 alone: the level that the model has; "adaptive" is as much as "high". NULL = none. */
const char *oc_reasoning_level(const struct oc_compat *c, const json_t *thinking_level_map,
			       const char *level);
#endif
