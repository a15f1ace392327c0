#ifndef OC_BODY_KIND_H
#define OC_BODY_KIND_H
#include "base/str.h"
/* What kind of body a response has: its first bytes beat Content-Type (spec 04 §3.2 rule 11). Pure.
 */
enum oc_body_kind { OC_BODY_UNDECIDED, OC_BODY_EVENTS, OC_BODY_JSON, OC_BODY_HTML, OC_BODY_OTHER };
/* By the value of Content-Type alone; NULL = there was none. */
enum oc_body_kind oc_body_kind_by_type(const char *type);
/* OC_BODY_UNDECIDED: more bytes may tell. final: there are no more. */
enum oc_body_kind oc_body_kind_sniff(const char *type, struct oc_str body, bool final);
#endif
