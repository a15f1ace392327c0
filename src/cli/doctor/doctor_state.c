/* Checks of the state folder: who can read it, the store, what was left behind. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/doctor/doctor.h"
#include "cli/doctor/file_modes.h"
#include "rt/file.h"
#include "store/store.h"

enum { OLD_TEMPORARY_MS = 3600000 };

/* ---- modes ---- */

static void mend_mode(struct oc_doctor *d, const struct oc_check *check, struct oc_private_file *f)
{
	struct oc_err e = { 0 };
	unsigned before = f->mode;

	if (oc_private_file_close(f, &e) == OC_OK)
		oc_doctor_fixed(d, check, "%s: mode %03o is now %03o", f->path, before, f->mode);
	else
		oc_doctor_find(d, check, OC_SEVERITY_ERROR, f->path, NULL, "%s", e.msg);
}

static enum oc_rc check_modes(struct oc_doctor *d, const struct oc_check *check)
{
	struct oc_private_files files;

	oc_private_files_find(&d->config, &files);
	for (size_t i = 0; i < files.n; i++) {
		struct oc_private_file *f = &files.v[i];
		if (!oc_private_file_open(f)) continue;
		if (d->fix) {
			mend_mode(d, check, f);
			continue;
		}
		char *hint = oc_asprintf("chmod %03o %s", f->want, f->path);
		oc_doctor_find(d, check, OC_SEVERITY_WARNING, f->path, hint,
			       "others can read %s (mode %03o)", f->path, f->mode);
		free(hint);
	}
	oc_private_files_deinit(&files);
	return OC_OK;
}

static enum oc_rc check_writable(struct oc_doctor *d, const struct oc_check *check)
{
	const char *dir = d->config.paths.state_dir;

	if (access(dir, F_OK) != 0) return OC_OK; /* made when it is needed */
	if (access(dir, R_OK | W_OK | X_OK) != 0)
		oc_doctor_find(d, check, OC_SEVERITY_ERROR, dir,
			       "give it to the user that runs this",
			       "the state folder cannot be written: %s", strerror(errno));
	return OC_OK;
}

/* ---- the store ---- */

static enum oc_rc check_store(struct oc_doctor *d, const struct oc_check *check)
{
	char *path = oc_asprintf("%s/gateway.sqlite", d->config.paths.state_dir);
	struct oc_store *store = NULL;
	struct oc_err e = { 0 };
	enum oc_rc rc = OC_OK;

	if (oc_file_exists(path)) rc = oc_store_open_wait(path, &store, &e);
	if (rc && rc != OC_CANCELLED)
		oc_doctor_find(d, check, OC_SEVERITY_ERROR, path, NULL, "%s", e.msg);
	oc_store_close_wait(store);
	free(path);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

/* ---- leftovers ---- */

/* Files that an interrupted write left: "NAME.tmp-…", and configurations that were refused. */
static bool is_leftover(const char *name)
{
	return oc_str_has(oc_str(name), OC_LIT(".tmp-")) ||
	       oc_str_ends(oc_str(name), OC_LIT(".tmp")) ||
	       oc_str_has(oc_str(name), OC_LIT(".rejected."));
}

static bool is_old(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	       oc_wall_ms() - (int64_t)st.st_mtime * 1000 > OLD_TEMPORARY_MS;
}

static void take_leftover(struct oc_doctor *d, const struct oc_check *check, const char *path)
{
	if (d->fix && unlink(path) == 0)
		oc_doctor_fixed(d, check, "removed %s", path);
	else
		oc_doctor_find(d, check, OC_SEVERITY_INFO, path, "openclaw doctor --fix removes it",
			       "left over: %s", path);
}

static enum oc_rc check_leftovers(struct oc_doctor *d, const struct oc_check *check)
{
	DIR *dir = opendir(d->config.paths.state_dir);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!is_leftover(entry->d_name)) continue;
		char *path = oc_asprintf("%s/%s", d->config.paths.state_dir, entry->d_name);
		if (is_old(path)) take_leftover(d, check, path);
		free(path);
	}
	if (dir) closedir(dir);
	return OC_OK;
}

const struct oc_check oc_checks_state[] = {
	{ .id = "state.writable", .title = "State folder", .run_wait = check_writable },
	{ .id = "state.modes", .title = "Who can read the state", .run_wait = check_modes },
	{ .id = "state.store", .title = "Store", .run_wait = check_store },
	{ .id = "state.leftovers", .title = "Left over files", .run_wait = check_leftovers },
	{ 0 },
};
