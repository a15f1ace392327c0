#ifndef OC_CLIENT_SCOPE_H
#define OC_CLIENT_SCOPE_H
#include "base/str.h"
/* What a client may do (spec 02 §2.2). admin has all of them, write has read. */
enum oc_client_scope {
	OC_SCOPE_NONE,
	OC_SCOPE_READ,
	OC_SCOPE_WRITE,
	OC_SCOPE_APPROVALS,
	OC_SCOPE_PAIRING,
	OC_SCOPE_ADMIN,
};
const char *oc_scope_name(enum oc_client_scope s); /* "operator.read" */
/* Whether a list of names gives this scope. */
bool oc_scopes_allow(const struct oc_strv *granted, enum oc_client_scope wanted);
/* Whether a list of names gives all of another list; names that we do not know count as they are.
 */
bool oc_scopes_cover(const struct oc_strv *granted, const struct oc_strv *wanted);
#endif
