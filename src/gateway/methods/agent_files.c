/*
 * The files of a workspace that a person edits: those that every prompt begins with, and notes in
 * memory/ (agents.files.*). Names are from a fixed list or below memory/, so no path can lead
 * elsewhere; a hash guards against changes that were made meanwhile.
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/run/settings.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "gateway/methods/chat_send.h"
#include "gateway/methods/method.h"
#include "net/sha256.h"
#include "tool/place.h"

enum { MAX_FILE_BYTES = 1048576, MAX_NOTES = 500, MAX_NAME_BYTES = 120 };
#define NOTES "memory/"

static const char *const fixed_names[] = {
	"AGENTS.md", "SOUL.md", "IDENTITY.md", "USER.md", "TOOLS.md", "MEMORY.md", "HEARTBEAT.md",
};

struct files {
	struct oc_agent_settings settings;
	struct oc_snapshot *snapshot;
	char *real; /* the workspace without links */
};

static void files_close(struct files *f)
{
	free(f->real);
	oc_agent_settings_deinit(&f->settings);
	oc_snapshot_unref(f->snapshot);
}

static enum oc_rc files_open(struct oc_rpc *r, struct files *f, struct oc_rpc_error *e)
{
	struct oc_err why = { 0 };

	*f = (struct files){ .snapshot = oc_gateway_snapshot(r->gw) };
	enum oc_rc rc = oc_agent_settings_init(&f->settings, &f->snapshot->config,
					       oc_json_cstr(r->params, "agentId"), &why);
	if (rc) {
		oc_snapshot_unref(f->snapshot);
		return oc_rpc_fail(e, rc, &why);
	}
	/* A workspace that does not exist yet has no files, and is made by the first. */
	f->real = realpath(f->settings.workspace, NULL);
	if (!f->real) f->real = oc_strdup(f->settings.workspace);
	return OC_OK;
}

/* "memory/2026-11-21.md" */
static bool is_note(struct oc_str name)
{
	struct oc_str base = oc_str_from(name, strlen(NOTES));

	if (!oc_str_starts(name, OC_LIT(NOTES)) || !oc_str_ends(base, OC_LIT(".md"))) return false;
	if (base.n < 4 || base.p[0] == '.' || name.n > MAX_NAME_BYTES || !oc_utf8_valid(base))
		return false;
	for (size_t i = 0; i < base.n; i++)
		if (base.p[i] == '/' || (unsigned char)base.p[i] < ' ') return false;
	return true;
}

static enum oc_rc check_name(const char *name, struct oc_rpc_error *e)
{
	for (size_t i = 0; i < sizeof fixed_names / sizeof *fixed_names; i++)
		if (!strcmp(name, fixed_names[i])) return OC_OK;
	if (is_note(oc_str(name))) return OC_OK;
	return oc_rpc_invalid(e,
			      "unsupported file \"%.120s\": AGENTS.md, SOUL.md, IDENTITY.md, "
			      "USER.md, TOOLS.md, MEMORY.md, HEARTBEAT.md or memory/NAME.md",
			      name);
}

/* ---- one file ---- */

static bool stat_of(const char *path, struct stat *st)
{
	struct oc_place place;

	if (oc_place_open(path, false, &place, NULL)) return false;
	bool there = oc_place_stat(&place, st) && S_ISREG(st->st_mode);
	oc_place_close(&place);
	return there;
}

static json_t *entry(const struct files *f, const char *name)
{
	char *path = oc_asprintf("%s/%s", f->real, name);
	struct stat st;
	bool there = stat_of(path, &st);
	json_t *o = json_pack("{s:o,s:o,s:b}", "name", oc_json_new_str(oc_str(name)), "path",
			      oc_json_new_str(oc_str(path)), "missing", !there);

	if (there) {
		oc_json_put(o, "size", json_integer(st.st_size));
		oc_json_put(o, "updatedAtMs", json_integer((json_int_t)st.st_mtime * 1000));
	}
	free(path);
	return o;
}

/* OC_E_NOT_FOUND: it is not there. out is initialised on success only. */
static enum oc_rc read_file(const struct files *f, const char *name, struct oc_buf *out,
			    struct oc_err *e)
{
	char *path = oc_asprintf("%s/%s", f->real, name);
	struct oc_place place;
	enum oc_rc rc = oc_place_open(path, false, &place, e);

	if (!rc) {
		rc = oc_place_read(&place, MAX_FILE_BYTES, out, e);
		oc_place_close(&place);
	}
	if (!rc && !oc_utf8_valid(oc_buf_view(out))) {
		oc_buf_deinit(out);
		rc = oc_fail(e, OC_E_INPUT, "%s is not a text in UTF-8", name);
	}
	free(path);
	return rc;
}

static void put_content(json_t *o, struct oc_str content)
{
	char hash[OC_SHA256_HEX + 1];

	oc_sha256_hex(content, hash);
	oc_json_put(o, "hash", json_string(hash));
	oc_json_put(o, "content", content.n ? oc_json_new_str(content) : json_string(""));
}

static json_t *answer(const struct files *f, const char *member, json_t *value)
{
	return json_pack("{s:s,s:o,s:o}", "agentId", f->settings.id, "workspace",
			 oc_json_new_str(oc_str(f->settings.workspace)), member, value);
}

/* ---- methods ---- */

/* Names newest first by their text: notes are named by their day. */
static void note_names(const struct files *f, struct oc_strv *out)
{
	char *path = oc_asprintf("%s/memory", f->real);
	struct oc_place place;
	struct dirent *d;

	if (!oc_place_open(path, false, &place, NULL)) {
		int fd = oc_place_open_folder(&place);
		DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

		if (!dir && fd >= 0) close(fd);
		while (dir && out->n < MAX_NOTES && (d = readdir(dir))) {
			char *name = oc_asprintf(NOTES "%s", d->d_name);
			if (is_note(oc_str(name))) oc_strv_add(out, oc_str(name));
			free(name);
		}
		if (dir) closedir(dir);
		oc_place_close(&place);
	}
	oc_strv_sort(out);
	free(path);
}

static enum oc_rc list_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	struct oc_strv notes = { 0 };
	struct files f;
	enum oc_rc rc = files_open(r, &f, e);

	if (rc) return rc;
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof fixed_names / sizeof *fixed_names; i++)
		json_array_append_new(list, entry(&f, fixed_names[i]));
	note_names(&f, &notes);
	for (size_t i = notes.n; i-- > 0;) json_array_append_new(list, entry(&f, notes.v[i]));
	*result = answer(&f, "files", list);
	oc_strv_deinit(&notes);
	files_close(&f);
	return OC_OK;
}

static enum oc_rc get_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *name = oc_json_cstr(r->params, "name");
	struct oc_err why = { 0 };
	struct oc_buf text;
	struct files f;
	enum oc_rc rc = check_name(name, e);

	if (rc || (rc = files_open(r, &f, e))) return rc;
	rc = read_file(&f, name, &text, &why);
	if (!rc || rc == OC_E_NOT_FOUND) {
		json_t *file = entry(&f, name);
		if (!rc) put_content(file, oc_buf_view(&text));
		if (!rc) oc_buf_deinit(&text);
		*result = answer(&f, "file", file);
		rc = OC_OK;
	} else {
		rc = oc_rpc_fail(e, rc, &why);
	}
	files_close(&f);
	return rc;
}

/* The file is as the client knows it. The hash of nothing stands for a file that is not there. */
static enum oc_rc check_hash(const struct files *f, const char *name, const char *expected,
			     struct oc_rpc_error *e)
{
	char hash[OC_SHA256_HEX + 1];
	struct oc_err why = { 0 };
	struct oc_buf text;
	enum oc_rc rc = expected ? read_file(f, name, &text, &why) : OC_E_NOT_FOUND;

	if (!expected) return OC_OK;
	if (rc && rc != OC_E_NOT_FOUND) return oc_rpc_fail(e, rc, &why);
	oc_sha256_hex(rc ? OC_LIT("") : oc_buf_view(&text), hash);
	if (!rc) oc_buf_deinit(&text);
	if (!strcmp(hash, expected)) return OC_OK;
	e->details = json_pack("{s:s,s:s}", "code", "FILE_CHANGED", "hash", hash);
	return oc_rpc_invalid(e, "%s was changed meanwhile; read it again", name);
}

static enum oc_rc write_file(const struct files *f, const char *name, struct oc_str content,
			     struct oc_err *e)
{
	char *path = oc_asprintf("%s/%s", f->real, name);
	struct oc_place place;
	enum oc_rc rc = oc_place_open(path, true, &place, e);

	if (!rc) {
		rc = oc_place_write(&place, content, NULL, e);
		oc_place_close(&place);
	}
	free(path);
	return rc;
}

static enum oc_rc set_wait(struct oc_rpc *r, json_t **result, struct oc_rpc_error *e)
{
	const char *name = oc_json_cstr(r->params, "name");
	struct oc_str content = oc_json_str(r->params, "content");
	struct oc_err why = { 0 };
	struct files f;
	enum oc_rc rc = check_name(name, e);

	if (!rc && content.n > MAX_FILE_BYTES)
		rc = oc_rpc_invalid(e, "%s: more than %d bytes", name, MAX_FILE_BYTES);
	if (rc || (rc = files_open(r, &f, e))) return rc;
	/* Nothing parks between the check and the write. */
	rc = check_hash(&f, name, oc_json_cstr(r->params, "expectedHash"), e);
	if (!rc && (rc = write_file(&f, name, content, &why))) rc = oc_rpc_fail(e, rc, &why);
	if (!rc) {
		json_t *file = entry(&f, name);
		put_content(file, content);
		json_object_del(file, "content");
		*result = answer(&f, "file", file);
		oc_json_put(*result, "ok", json_true());
	}
	files_close(&f);
	return rc;
}

const struct oc_method oc_methods_files[] = {
	{ "agents.files.list", OC_SCOPE_READ, "agentId?:str min1", list_wait },
	{ "agents.files.get", OC_SCOPE_READ, "agentId?:str min1, name:str min1", get_wait },
	{ "agents.files.set", OC_SCOPE_ADMIN,
	  "agentId?:str min1, name:str min1, content:str, expectedHash?:str", set_wait },
	{ 0 },
};
