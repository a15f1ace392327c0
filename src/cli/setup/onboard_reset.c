/* `openclaw onboard --reset`: begins with nothing. What was there is moved into a folder of its
 * own, never removed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "cli/setup/onboard.h"
#include "gateway/process/lock.h"
#include "rt/file.h"

enum scope { SCOPE_CONFIG, SCOPE_SESSIONS, SCOPE_FULL };

/* Below the state folder, and from which scope on. */
static const struct {
	const char *name;
	enum scope from;
} places[] = {
	{ "agents/main/agent/auth-profiles.json", SCOPE_SESSIONS },
	{ "agents/main/agent/models.json", SCOPE_SESSIONS },
	{ "agents/main/agent/learned.json", SCOPE_SESSIONS },
	{ "identity/openclaw-cli.json", SCOPE_SESSIONS },
	{ "gateway.token", SCOPE_SESSIONS },
	{ "gateway.sqlite", SCOPE_SESSIONS },
	{ "gateway.sqlite-wal", SCOPE_SESSIONS },
	{ "gateway.sqlite-shm", SCOPE_SESSIONS },
	{ "spill", SCOPE_SESSIONS },
	{ "workspace", SCOPE_FULL },
};

static enum oc_rc read_scope(const struct oc_args *a, enum scope *out, struct oc_err *e)
{
	static const char *const names[] = { "config", "config+creds+sessions", "full" };
	const char *typed = oc_args_get(a, "--reset-scope");

	*out = SCOPE_SESSIONS;
	if (!typed) return OC_OK;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		*out = (enum scope)i;
		if (!strcmp(names[i], typed)) return OC_OK;
	}
	return oc_fail(e, OC_E_INPUT,
		       "--reset-scope \"%.40s\": use config, config+creds+sessions or full", typed);
}

static enum oc_rc move(const char *from, const char *to, size_t *moved, struct oc_err *e)
{
	char *folder = oc_strndup(to, (size_t)(strrchr(to, '/') - to));
	enum oc_rc rc = OC_OK;

	if (oc_file_exists(from)) {
		rc = oc_mkdirs(folder, e);
		if (!rc && rename(from, to) != 0)
			rc = oc_fail(e, OC_E_SYS, "cannot move %s to %s: %s", from, to,
				     strerror(errno));
		if (!rc) (*moved)++;
	}
	free(folder);
	return rc;
}

static enum oc_rc move_all(const struct oc_paths *p, enum scope scope, const char *to,
			   size_t *moved, struct oc_err *e)
{
	char *config = oc_asprintf("%s/openclaw.json", to);
	enum oc_rc rc = move(p->config_path, config, moved, e);

	free(config);
	for (size_t i = 0; !rc && i < sizeof places / sizeof *places; i++) {
		if (scope < places[i].from) continue;
		char *from = oc_asprintf("%s/%s", p->state_dir, places[i].name);
		char *dest = oc_asprintf("%s/%s", to, places[i].name);
		rc = move(from, dest, moved, e);
		free(from);
		free(dest);
	}
	return rc;
}

static char *new_folder(const struct oc_paths *p)
{
	time_t now = (time_t)(oc_wall_ms() / 1000);
	char stamp[32];
	struct tm t;

	localtime_r(&now, &t);
	strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &t);
	return oc_asprintf("%s/reset-%s", p->state_dir, stamp);
}

enum oc_rc oc_onboard_reset(const struct oc_args *a, FILE *out, struct oc_err *e)
{
	struct oc_paths paths;
	struct oc_gateway_owner owner;
	enum scope scope;
	size_t moved = 0;
	enum oc_rc rc = read_scope(a, &scope, e);

	if (!rc) rc = oc_paths_init(&paths, e);
	if (rc) return rc;
	char *to = new_folder(&paths);
	if (oc_gateway_owner(paths.state_dir, &owner))
		rc = oc_fail(e, OC_E_DENIED,
			     "a gateway runs on this state folder (process %lld): stop it first",
			     (long long)owner.pid);
	else
		rc = move_all(&paths, scope, to, &moved, e);
	if (!rc && moved) fprintf(out, "Reset: what was there is in %s\n", to);
	free(to);
	oc_paths_deinit(&paths);
	return rc;
}
