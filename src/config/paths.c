/* Where configuration and state live. Reads the process environment and asks whether the legacy
 * folder exists. */
#include "config/paths.h"

#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

/* Shells and scripts pass "undefined" and "null" along when they mean nothing. */
static const char *usable(const char *name)
{
	const char *v = getenv(name);
	struct oc_str t = oc_str_trim(oc_str(v));

	if (!t.n || oc_str_eq(t, OC_LIT("undefined")) || oc_str_eq(t, OC_LIT("null"))) return NULL;
	return v;
}

static char *current_folder(void)
{
	char *cwd = getcwd(NULL, 0);

	return cwd ? cwd : oc_strdup("/");
}

static char *os_home(void)
{
	const char *home = usable("HOME");
	const struct passwd *pw;

	if (!home) home = usable("USERPROFILE");
	if (!home && (pw = getpwuid(getuid())) && pw->pw_dir && pw->pw_dir[0]) home = pw->pw_dir;
	return home ? oc_strdup(home) : current_folder();
}

/* Trimmed, with a leading ~ replaced and made absolute. */
static char *expand(const char *path, const char *home)
{
	struct oc_str p = oc_str_trim(oc_str(path));

	if (p.n && p.p[0] == '~' && (p.n == 1 || p.p[1] == '/'))
		return oc_asprintf("%s%.*s", home, OC_FMT(oc_str_from(p, 1)));
	if (p.n && p.p[0] == '/') return oc_strndup(p.p, p.n);
	char *cwd = current_folder();
	char *whole = oc_asprintf("%s/%.*s", cwd, OC_FMT(p));
	free(cwd);
	return whole;
}

static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

/* first, unless only the older name exists. */
static char *first_or_legacy(const char *folder, const char *first, const char *legacy)
{
	char *a = oc_asprintf("%s/%s", folder, first), *b = oc_asprintf("%s/%s", folder, legacy);

	if (!exists(a) && exists(b)) {
		free(a);
		return b;
	}
	free(b);
	return a;
}

static char *find_home(void)
{
	char *os = os_home();
	const char *own = usable("OPENCLAW_HOME");
	char *home = expand(own ? own : os, os);

	free(os);
	return home;
}

enum oc_rc oc_paths_init(struct oc_paths *p, struct oc_err *e)
{
	const char *state = usable("OPENCLAW_STATE_DIR"), *config = usable("OPENCLAW_CONFIG_PATH");
	const char *agent = usable("OPENCLAW_AGENT_DIR");

	(void)e;
	*p = (struct oc_paths){ .home = find_home(), .default_state_dir = !state };
	p->state_dir =
	    state ? expand(state, p->home) : first_or_legacy(p->home, ".openclaw", ".clawdbot");
	p->config_path = config ? expand(config, p->home)
				: first_or_legacy(p->state_dir, "openclaw.json", "clawdbot.json");
	p->agent_dir =
	    agent ? expand(agent, p->home) : oc_asprintf("%s/agents/main/agent", p->state_dir);
	return OC_OK;
}

void oc_paths_deinit(struct oc_paths *p)
{
	free(p->home);
	free(p->state_dir);
	free(p->config_path);
	free(p->agent_dir);
	*p = (struct oc_paths){ 0 };
}

char *oc_paths_short(const struct oc_paths *p, const char *path)
{
	size_t n = strlen(p->home);

	if (n > 1 && !strncmp(path, p->home, n) && (path[n] == '/' || !path[n]))
		return oc_asprintf("~%s", path + n);
	return oc_strdup(path);
}
