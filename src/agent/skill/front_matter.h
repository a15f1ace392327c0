#ifndef OC_FRONT_MATTER_H
#define OC_FRONT_MATTER_H
#include "json/json.h"
/*
 * The head of a SKILL.md (spec 03 §2.3): what stands between two lines "---". Of YAML what such
 * heads are made of: members by indentation, lists, quoted, folded and literal texts, and values in
 * braces or brackets, which are read as JSON5. Scalars stay texts. Pure; never fails: what is not
 * understood is left out.
 */
enum { OC_MAX_FRONT_MATTER_BYTES = 65536 };
/* New reference to an object; empty when there is no head. */
json_t *oc_front_matter(struct oc_str text);
/* What follows the head; all of the text when there is none. Borrowed from text. */
struct oc_str oc_front_matter_body(struct oc_str text);
/* A text of yes or no ("true", "yes", "on", "1"), or a boolean. */
bool oc_front_matter_bool(const json_t *head, const char *key, bool dflt);
#endif
