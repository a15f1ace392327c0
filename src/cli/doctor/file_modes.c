/* Modes of what the state folder holds. */
#include "cli/doctor/file_modes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"

static const struct {
	const char *name, *below; /* of the state folder; NULL = a place of its own */
	unsigned want;
} places[] = {
	{ "state_dir", "", 0700 },
	{ "config", NULL, 0600 },
	{ "auth_profiles", "agents/main/agent/auth-profiles.json", 0600 },
	{ "learned", "agents/main/agent/learned.json", 0600 },
	{ "store", "gateway.sqlite", 0600 },
	{ "store_log", "gateway.sqlite-wal", 0600 },
	{ "token", "gateway.token", 0600 },
	{ "device_key", "identity/openclaw-cli.json", 0600 },
	{ "dotenv", ".env", 0600 },
	{ "spill", "spill", 0700 },
	{ "services", "services", 0700 },
};

static void add(struct oc_private_files *l, const char *name, char *path, unsigned want)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		free(path);
		return;
	}
	l->v = oc_realloc_array(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = (struct oc_private_file){ .name = name,
						 .path = path,
						 .want = want,
						 .mode = st.st_mode & 07777,
						 .is_folder = S_ISDIR(st.st_mode) };
}

void oc_private_files_find(const struct oc_config *c, struct oc_private_files *out)
{
	const char *state = c->paths.state_dir;

	*out = (struct oc_private_files){ 0 };
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char *path = !places[i].below	 ? oc_strdup(c->paths.config_path)
			     : !*places[i].below ? oc_strdup(state)
						 : oc_asprintf("%s/%s", state, places[i].below);
		add(out, places[i].name, path, places[i].want);
	}
}

void oc_private_files_deinit(struct oc_private_files *l)
{
	for (size_t i = 0; i < l->n; i++) free(l->v[i].path);
	free(l->v);
	*l = (struct oc_private_files){ 0 };
}

bool oc_private_file_open(const struct oc_private_file *f)
{
	return (f->mode & 077) & ~f->want;
}

enum oc_rc oc_private_file_close(struct oc_private_file *f, struct oc_err *e)
{
	unsigned mode = f->mode & (0700 | f->want);

	if (chmod(f->path, mode) != 0)
		return oc_fail(e, OC_E_SYS, "%s: cannot change its mode: %s", f->path,
			       strerror(errno));
	f->mode = mode;
	return OC_OK;
}
