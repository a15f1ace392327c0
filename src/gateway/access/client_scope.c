/* Scopes of clients. */
#include "gateway/access/client_scope.h"

static const char *const names[] = {
	[OC_SCOPE_NONE] = "",
	[OC_SCOPE_READ] = "operator.read",
	[OC_SCOPE_WRITE] = "operator.write",
	[OC_SCOPE_APPROVALS] = "operator.approvals",
	[OC_SCOPE_PAIRING] = "operator.pairing",
	[OC_SCOPE_ADMIN] = "operator.admin",
};

const char *oc_scope_name(enum oc_client_scope s)
{
	return names[s];
}

static bool has(const struct oc_strv *granted, enum oc_client_scope s)
{
	return oc_strv_has(granted, oc_str(names[s]));
}

bool oc_scopes_allow(const struct oc_strv *granted, enum oc_client_scope wanted)
{
	if (wanted == OC_SCOPE_NONE) return true;
	if (has(granted, wanted) || has(granted, OC_SCOPE_ADMIN)) return true;
	return wanted == OC_SCOPE_READ && has(granted, OC_SCOPE_WRITE);
}

/* Every operator scope, also those without a meaning here, is part of admin; talk is of write. */
static bool covers(const struct oc_strv *granted, struct oc_str wanted)
{
	if (oc_strv_has(granted, wanted)) return true;
	if (has(granted, OC_SCOPE_ADMIN)) return oc_str_starts(wanted, OC_LIT("operator."));
	return has(granted, OC_SCOPE_WRITE) && (oc_str_eq(wanted, OC_LIT("operator.read")) ||
						oc_str_eq(wanted, OC_LIT("operator.talk")));
}

bool oc_scopes_cover(const struct oc_strv *granted, const struct oc_strv *wanted)
{
	for (size_t i = 0; i < wanted->n; i++)
		if (!covers(granted, oc_str(wanted->v[i]))) return false;
	return true;
}
