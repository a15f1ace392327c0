#include "base/version.h"

#include "commit.h"

const char *oc_version_number(void)
{
	return OC_VERSION;
}

const char *oc_version_text(void)
{
	return OC_VERSION " (" OC_COMMIT ")";
}
