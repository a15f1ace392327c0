/* Profiles: state folders beside the usual one. */
#include "cli/setup/profile.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "config/paths.h"

enum { MAX_NAME = 64 };

static bool name_valid(const char *name)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	return *name && strlen(name) <= MAX_NAME && strspn(name, allowed) == strlen(name);
}

static void set(const char *variable, const char *value)
{
	const char *there = getenv(variable);

	if (!there || !*there) setenv(variable, value, 1);
}

enum oc_rc oc_profile_apply(const char *name, bool dev, struct oc_err *e)
{
	struct oc_paths paths;
	enum oc_rc rc;

	if (name && dev) return oc_fail(e, OC_E_INPUT, "give either --profile or --dev");
	if (!name) name = dev ? "dev" : getenv("OPENCLAW_PROFILE");
	if (!name || !*name || !strcmp(name, "default")) return OC_OK;
	if (!name_valid(name))
		return oc_fail(e, OC_E_INPUT,
			       "\"%.80s\" is no name of a profile: use letters, digits, - and _",
			       name);
	if ((rc = oc_paths_init(&paths, e))) return rc;
	char *state = oc_asprintf("%s/.openclaw-%s", paths.home, name);
	set("OPENCLAW_STATE_DIR", state);
	setenv("OPENCLAW_PROFILE", name, 1);
	if (!strcmp(name, "dev")) set("OPENCLAW_GATEWAY_PORT", "19001");
	free(state);
	oc_paths_deinit(&paths);
	return OC_OK;
}
