/*
 * read: a piece of a text file, the names in a folder, or an image for a model that can see. Never
 * more than the context allows: it ends at a whole line and says how to go on, so nothing of it is
 * cut later.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/base64.h"
#include "tool/internal.h"
#include "tool/mcp.h"
#include "tool/sandbox/downloads.h"

enum {
	MAX_LINES = 400,
	MAX_BYTES = 16384,
	NOTE_ROOM = 160,
	MAX_NAMES = 20000,
	MAX_HINTS = 5,
	SNIFF_BYTES = 8000,
	MIN_LIKENESS = 45
};

struct window {
	size_t first; /* line, from 1 */
	size_t limit; /* lines */
	size_t room;  /* bytes */
};

static struct window window_of(const struct oc_tool_context *ctx, const json_t *args)
{
	int64_t offset = oc_json_int(args, "offset", 1),
		limit = oc_json_int(args, "limit", MAX_LINES);
	size_t room = ctx->max_result_chars < MAX_BYTES ? ctx->max_result_chars : MAX_BYTES;

	return (struct window){
		.first = offset > 1 ? (size_t)offset : 1,
		.limit = limit < 1 || limit > MAX_LINES ? MAX_LINES : (size_t)limit,
		.room = room > 2 * NOTE_ROOM ? room - NOTE_ROOM : room / 2,
	};
}

/* ---- files ---- */

static struct oc_str next_line(struct oc_str *rest)
{
	size_t lf = oc_str_find(*rest, OC_LIT("\n"), 0);
	struct oc_str line = oc_str_head(*rest, lf == SIZE_MAX ? rest->n : lf + 1);

	*rest = oc_str_from(*rest, line.n);
	return line;
}

static size_t count_lines(struct oc_str text)
{
	size_t n = 0;

	while (text.n) {
		next_line(&text);
		n++;
	}
	return n;
}

static void add_cut_line(struct oc_tool_result *out, struct oc_str line, size_t room, size_t number)
{
	oc_tool_result_add(out, oc_str_head(line, oc_utf8_floor(line.p, room)));
	oc_buf_addf(&out->text,
		    "\n[line %zu is %zu bytes long and was cut; exec can show the rest]\n", number,
		    line.n);
}

/* Copies lines of the window and says where to go on. */
static void add_lines(struct oc_tool_result *out, struct oc_str text, struct window w)
{
	size_t total = count_lines(text), line_no = 0, shown = 0, start;
	struct oc_str rest = text;

	if (w.first > total) {
		oc_buf_addf(&out->text, "[the file has %zu lines; offset %zu is beyond its end]",
			    total, w.first);
		return;
	}
	while (++line_no < w.first) next_line(&rest);
	start = out->text.n;
	while (rest.n && shown < w.limit) {
		struct oc_str at = rest, line = next_line(&rest);
		size_t used = out->text.n - start;

		if (line.n > w.room - used) {
			if (shown) {
				rest = at;
				break;
			}
			add_cut_line(out, line, w.room, line_no);
		} else
			oc_tool_result_add(out, line);
		shown++;
		line_no++;
		if (out->text.n - start >= w.room) break;
	}
	if (rest.n)
		oc_buf_addf(&out->text, "\n[lines %zu-%zu of %zu; continue with offset=%zu]",
			    w.first, w.first + shown - 1, total, w.first + shown);
}

static bool is_webp(struct oc_str bytes)
{
	return bytes.n >= 12 && oc_str_starts(bytes, OC_LIT("RIFF")) &&
	       !memcmp(bytes.p + 8, "WEBP", 4);
}

/* What is known by its first bytes; mime NULL = no model can look at it. */
static const struct known_kind {
	struct oc_str magic;
	const char *kind, *mime;
} known_kinds[] = {
	{ OC_LIT("\x89PNG"), "a PNG image", "image/png" },
	{ OC_LIT("\xFF\xD8\xFF"), "a JPEG image", "image/jpeg" },
	{ OC_LIT("GIF8"), "a GIF image", "image/gif" },
	{ OC_LIT("RIFF"), "a WebP image", "image/webp" },
	{ OC_LIT("%PDF"), "a PDF document", NULL },
	{ OC_LIT("PK\x03\x04"), "a ZIP archive", NULL },
	{ OC_LIT("\x7F"
		 "ELF"),
	  "a program", NULL },
	{ OC_LIT("\x1F\x8B"), "gzip data", NULL },
};

/* What kind of bytes these are when they are no text, or NULL. */
static const struct known_kind *binary_kind(struct oc_str bytes)
{
	static const struct known_kind unknown = { .kind = "a binary file" };

	for (size_t i = 0; i < sizeof known_kinds / sizeof *known_kinds; i++) {
		const struct known_kind *k = &known_kinds[i];

		if (!oc_str_starts(bytes, k->magic)) continue;
		if (!oc_str_eq(k->magic, OC_LIT("RIFF")) || is_webp(bytes)) return k;
	}
	return memchr(bytes.p, '\0', bytes.n < SNIFF_BYTES ? bytes.n : SNIFF_BYTES) ? &unknown
										    : NULL;
}

const char *oc_image_mime(struct oc_str bytes)
{
	const struct known_kind *kind = bytes.n ? binary_kind(bytes) : NULL;

	return kind ? kind->mime : NULL;
}

/* An image goes along as one; other bytes are refused, with what they are. */
static void show_binary(const struct oc_tool_context *ctx, const char *path,
			const struct known_kind *kind, struct oc_str bytes,
			struct oc_tool_result *out)
{
	const char *name = oc_workspace_show(ctx, path);

	if (!kind->mime) {
		oc_tool_result_fail(out, "%s is %s (%zu bytes), not text", name, kind->kind,
				    bytes.n);
	} else if (!ctx->vision) {
		oc_tool_result_fail(out,
				    "%s is %s (%zu bytes), and this model cannot look at images",
				    name, kind->kind, bytes.n);
	} else if (bytes.n > OC_MAX_ATTACHED_IMAGE_BYTES) {
		oc_tool_result_fail(out,
				    "%s is %s of %zu bytes; at most %d can be looked at: make a "
				    "smaller copy first",
				    name, kind->kind, bytes.n, OC_MAX_ATTACHED_IMAGE_BYTES);
	} else {
		oc_buf_addf(&out->text, "%s is %s (%zu bytes), shown here.", name, kind->kind,
			    bytes.n);
		out->image.mime = oc_strdup(kind->mime);
		out->image.base64 = oc_base64_encode(bytes);
	}
}

static enum oc_rc read_file(struct oc_tool_context *ctx, const struct oc_place *place,
			    struct window w, struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_buf bytes;
	const struct known_kind *kind;
	enum oc_rc rc = oc_place_read(place, OC_MAX_TOOL_FILE_BYTES, &bytes, e);

	if (rc) return rc;
	kind = bytes.n ? binary_kind(oc_buf_view(&bytes)) : NULL;
	if (kind)
		show_binary(ctx, place->path, kind, oc_buf_view(&bytes), out);
	else if (!bytes.n)
		oc_buf_adds(&out->text, "(empty file)");
	else {
		if (oc_str_starts(oc_buf_view(&bytes), OC_LIT(OC_SPILL_FOREIGN)) &&
		    strstr(place->path, "/spill/"))
			out->untrusted = "read";
		if (oc_downloads_hold(ctx->state_dir, place->path)) out->untrusted = "download";
		add_lines(out, oc_buf_view(&bytes), w);
	}
	oc_buf_deinit(&bytes);
	return OC_OK;
}

/* ---- folders ---- */

/* Sorted names, folders with a trailing "/". Takes fd. */
static enum oc_rc list_names(int fd, const char *path, struct oc_strv *names, struct oc_err *e)
{
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (!dir) {
		oc_fail(e, OC_E_SYS, "cannot list %s: %s", path, strerror(errno));
		if (fd >= 0) close(fd);
		return OC_E_SYS;
	}
	while (names->n < MAX_NAMES && (entry = readdir(dir))) {
		struct stat st;
		bool folder;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
		folder = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
		oc_strv_addf(names, "%s%s", entry->d_name, folder ? "/" : "");
	}
	closedir(dir);
	oc_strv_sort(names);
	return OC_OK;
}

static enum oc_rc read_folder(const struct oc_place *place, struct window w,
			      struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_strv names = { 0 };
	enum oc_rc rc = list_names(oc_place_open_folder(place), place->path, &names, e);
	size_t i = w.first - 1;

	for (; !rc && i < names.n && i - (w.first - 1) < w.limit && out->text.n < w.room; i++) {
		oc_visible_add(&out->text, oc_str(names.v[i]), 512);
		oc_buf_addc(&out->text, '\n');
	}
	if (!rc && !names.n) oc_buf_adds(&out->text, "(empty folder)");
	if (!rc && i < names.n)
		oc_buf_addf(&out->text, "[%zu of %zu names; continue with offset=%zu]", i, names.n,
			    i + 1);
	oc_strv_deinit(&names);
	return rc;
}

/* ---- a file that is not there ---- */

/* Moves the name most like the wanted one to the front of the rest, if any is like it at all. */
static bool take_most_alike(struct oc_strv *names, size_t from, struct oc_str wanted)
{
	unsigned best = MIN_LIKENESS;
	size_t at = SIZE_MAX;

	for (size_t i = from; i < names->n; i++) {
		unsigned likeness = oc_text_similarity(oc_str(names->v[i]), wanted);
		if (likeness > best) {
			best = likeness;
			at = i;
		}
	}
	if (at == SIZE_MAX) return false;
	char *name = names->v[at];
	names->v[at] = names->v[from];
	names->v[from] = name;
	return true;
}

/* "no such file: x" and the names in the same folder that are nearly the same; place NULL: its
 * folder is not there. */
static void say_missing(const struct oc_tool_context *ctx, const char *path,
			const struct oc_place *place, struct oc_tool_result *out)
{
	const char *slash = strrchr(path, '/');
	struct oc_strv names = { 0 };
	struct oc_err ignored = { 0 };
	size_t hints = 0;

	oc_tool_result_fail(out, "no such file: %s", oc_workspace_show(ctx, path));
	if (!place)
		oc_buf_adds(&out->text, "; its folder does not exist either");
	else if (list_names(dup(place->folder), path, &names, &ignored) != OC_OK)
		return;
	while (hints < MAX_HINTS && take_most_alike(&names, hints, oc_str(slash + 1))) {
		oc_buf_adds(&out->text, hints ? ", " : "; close matches: ");
		oc_visible_add(&out->text, oc_str(names.v[hints++]), 200);
	}
	oc_strv_deinit(&names);
}

static enum oc_rc read_place(struct oc_tool_context *ctx, const struct oc_place *place,
			     struct window w, struct oc_tool_result *out, struct oc_err *e)
{
	struct stat st;

	if (!oc_place_stat(place, &st)) {
		say_missing(ctx, place->path, place, out);
		return OC_OK;
	}
	return S_ISDIR(st.st_mode) ? read_folder(place, w, out, e)
				   : read_file(ctx, place, w, out, e);
}

/* "skill://name": whoever runs the tools knows what that is. */
static enum oc_rc read_resource_wait(const struct oc_tool_context *ctx, struct oc_str address,
				     struct window w, struct oc_tool_result *out, struct oc_err *e)
{
	struct oc_buf text;
	enum oc_rc rc;

	if (!ctx->resource_wait)
		return oc_fail(e, OC_E_NOT_FOUND, "nothing is known of %.*s",
			       OC_FMT(oc_str_head(address, 100)));
	rc = ctx->resource_wait(ctx->resource_arg, address, &text, e);
	if (rc) return rc;
	add_lines(out, oc_buf_view(&text), w);
	oc_buf_deinit(&text);
	return OC_OK;
}

enum oc_rc oc_tool_read_wait(struct oc_tool_context *ctx, const json_t *args,
			     struct oc_tool_result *out, struct oc_err *e)
{
	struct window w = window_of(ctx, args);
	struct oc_place place;
	char *path;

	if (oc_mcp_is_address(oc_json_str(args, "path")))
		return oc_mcp_read_wait(ctx, oc_json_str(args, "path"), out, e);
	if (oc_str_has(oc_json_str(args, "path"), OC_LIT("://")))
		return read_resource_wait(ctx, oc_json_str(args, "path"), w, out, e);
	enum oc_rc rc = oc_workspace_resolve_wait(ctx, "read", oc_json_str(args, "path"),
						  OC_ACCESS_READ, &path, e);
	if (rc) return rc;
	rc = oc_place_open(path, false, &place, e);
	if (!rc) {
		rc = read_place(ctx, &place, w, out, e);
		oc_place_close(&place);
	} else if (rc == OC_E_NOT_FOUND) {
		say_missing(ctx, path, NULL, out);
		rc = OC_OK;
	}
	free(path);
	return rc;
}
