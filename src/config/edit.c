/*
 * Writing the configuration. Nothing is touched before the whole new tree is known to be valid; the
 * old text stays in place until the new one is complete beside it.
 */
#include "config/edit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/internal.h"
#include "rt/file.h"

enum { BACKUPS = 5, LOCK_WAIT_MS = 10000 };

void oc_config_check(const struct oc_config *c, json_t *new_raw, struct oc_strv *problems)
{
	struct oc_err e = { 0 };

	if (oc_config_resolve(new_raw, &c->paths, c->env, NULL, NULL, problems, NULL, NULL, &e))
		oc_strv_addf(problems, "%s", e.msg);
}

static bool is_on(const char *name)
{
	const char *v = getenv(name);

	return v && *v && strcmp(v, "0") != 0 && strcmp(v, "false") != 0;
}

static enum oc_rc check_writable(struct oc_err *e)
{
	static const char *const names[] = { "OPENCLAW_CONFIG_READONLY", "OPENCLAW_NIX_MODE" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (is_on(names[i]))
			return oc_fail(
			    e, OC_E_DENIED,
			    "the configuration is read-only because %s is set; change it where it is made",
			    names[i]);
	return OC_OK;
}

/* Whether the file still holds what was loaded. */
static enum oc_rc check_fresh(const struct oc_config *c, const char *path,
			      enum oc_edit_result *result, struct oc_err *e)
{
	struct oc_buf now;
	enum oc_rc rc = oc_file_read(path, OC_MAX_CONFIG_BYTES, &now, e);
	bool same;

	if (rc == OC_E_NOT_FOUND)
		same = !c->exists;
	else if (rc)
		return rc;
	else {
		same = c->source && oc_str_eq(oc_buf_view(&now), oc_json5_text(c->source));
		oc_buf_deinit(&now);
	}
	if (same) return OC_OK;
	*result = OC_EDIT_STALE;
	return oc_fail(
	    e, OC_E_DENIED,
	    "the configuration was changed by somebody else meanwhile; run the command again");
}

/* NULL, or what a write that nobody asked for in so many words must not lose. */
static const char *loses_too_much(const json_t *old, const json_t *new_raw, const char *new_text)
{
	const json_t *was = json_object_get(json_object_get(old, "gateway"), "mode");
	const json_t *is = json_object_get(json_object_get(new_raw, "gateway"), "mode");

	if (was && !is) return "gateway.mode would be lost";
	char *old_text = oc_json_pretty(old);
	bool shrinks = strlen(new_text) < strlen(old_text) / 2;
	free(old_text);
	return shrinks ? "more than half of the file would be lost" : NULL;
}

static enum oc_rc reject(const char *path, const char *text, const char *why, struct oc_err *e)
{
	char *beside = oc_asprintf("%s.rejected.%lld", path, (long long)time(NULL));
	struct oc_err ignored = { 0 };
	bool saved = oc_file_write(beside, oc_str(text), 0600, NULL, &ignored) == OC_OK;

	oc_fail(e, OC_E_DENIED, "refused: %s%s%s. Use `config unset` or --replace if that is meant",
		why, saved ? "; the new text is in " : "", saved ? beside : "");
	free(beside);
	return OC_E_DENIED;
}

static char *backup_name(const char *path, int i)
{
	return i ? oc_asprintf("%s.bak.%d", path, i) : oc_asprintf("%s.bak", path);
}

/* .bak -> .bak.1 -> … -> .bak.4, then the old text becomes .bak. */
static enum oc_rc rotate_backups(const char *path, struct oc_str old, struct oc_err *e)
{
	for (int i = BACKUPS - 1; i > 0; i--) {
		char *from = backup_name(path, i - 1), *to = backup_name(path, i);
		int failed = rename(from, to) != 0 && errno != ENOENT ? errno : 0;
		if (failed) oc_fail(e, OC_E_SYS, "rename %s: %s", from, strerror(failed));
		free(from);
		free(to);
		if (failed) return OC_E_SYS;
	}
	char *first = backup_name(path, 0);
	enum oc_rc rc = oc_file_write(first, old, 0600, NULL, e);
	free(first);
	return rc;
}

/* What is about to be written must read back as what was meant. *comments: how many of them are in
 * it. */
static enum oc_rc check_text(const char *text, const json_t *meant, size_t *comments,
			     struct oc_err *e)
{
	struct oc_json5 *d = NULL;
	enum oc_rc rc = oc_json5_parse(oc_str(text), &d, e);

	if (rc) return oc_wrap(e, "the new text of the configuration");
	if (!json_equal(oc_json5_value(d), meant))
		rc = oc_fail(e, OC_E_SYS,
			     "the new text of the configuration does not say what was meant");
	*comments = oc_json5_comments(d);
	oc_json5_free(d);
	return rc;
}

static void warn_of_comments(const struct oc_config *c, size_t kept)
{
	if (!c->source || oc_json5_comments(c->source) <= kept) return;
	char *path = oc_paths_short(&c->paths, c->paths.config_path);

	oc_log(OC_LOG_WARN, "config",
	       "comments in %s are not kept by this change; %s.bak still has them", path, path);
	free(path);
}

/* With the lock held. */
static enum oc_rc write_locked(const struct oc_config *c, const char *path, json_t *new_raw,
			       bool as_asked, enum oc_edit_result *result, struct oc_err *e)
{
	enum oc_rc rc = check_fresh(c, path, result, e);

	if (rc) return rc;
	char *text =
	    c->source ? oc_json5_write(c->source, new_raw, &c->foreign) : oc_json_pretty(new_raw);
	const char *loss = as_asked || !c->source ? NULL : loses_too_much(c->raw, new_raw, text);
	size_t comments = 0;
	rc = check_text(text, new_raw, &comments, e);
	if (!rc && loss) rc = reject(path, text, loss, e);
	if (!rc && strlen(text) > OC_MAX_CONFIG_BYTES)
		rc = oc_fail(e, OC_E_LIMIT, "the configuration would be larger than %d bytes",
			     OC_MAX_CONFIG_BYTES);
	if (!rc && c->source) rc = rotate_backups(path, oc_json5_text(c->source), e);
	if (!rc) rc = oc_file_write(path, oc_str(text), 0600, NULL, e);
	if (!rc) *result = OC_EDIT_WRITTEN;
	if (!rc) warn_of_comments(c, comments);
	free(text);
	return rc;
}

static enum oc_rc write_file(const struct oc_config *c, json_t *new_raw, bool as_asked,
			     enum oc_edit_result *result, struct oc_err *e)
{
	char *real = realpath(c->paths.config_path, NULL); /* a symbolic link stays one */
	const char *path = real ? real : c->paths.config_path;
	const char *slash = strrchr(path, '/');
	char *folder =
	    slash && slash > path ? oc_strndup(path, (size_t)(slash - path)) : oc_strdup("/");
	char *lock_path = oc_asprintf("%s.lock", path);
	struct oc_lock lock = { -1 };
	enum oc_rc rc = oc_mkdirs(folder, e);

	if (!rc) rc = oc_lock_take(&lock, lock_path, LOCK_WAIT_MS, e);
	if (!rc) {
		rc = write_locked(c, path, new_raw, as_asked, result, e);
		oc_lock_release(&lock);
	}
	free(lock_path);
	free(folder);
	free(real);
	return rc;
}

static enum oc_rc write_config(const struct oc_config *c, json_t *new_raw, bool as_asked,
			       enum oc_edit_result *result, struct oc_strv *problems,
			       struct oc_err *e)
{
	enum oc_rc rc = check_writable(e);

	*result = OC_EDIT_UNCHANGED;
	if (rc) return rc;
	if (json_equal(new_raw, c->raw)) return OC_OK;
	oc_config_check(c, new_raw, problems);
	if (problems->n)
		return oc_fail(e, OC_E_INPUT, "Config validation failed: %s", problems->v[0]);
	return write_file(c, new_raw, as_asked, result, e);
}

enum oc_rc oc_config_write(const struct oc_config *c, json_t *new_raw, enum oc_edit_result *result,
			   struct oc_strv *problems, struct oc_err *e)
{
	return write_config(c, new_raw, false, result, problems, e);
}

enum oc_rc oc_config_write_as_asked(const struct oc_config *c, json_t *new_raw,
				    enum oc_edit_result *result, struct oc_strv *problems,
				    struct oc_err *e)
{
	return write_config(c, new_raw, true, result, problems, e);
}
