/*
 * Included files. A file is accepted by its real path: inside a trusted folder before and after
 * symbolic links are followed, a regular file with one name, within the size limit; what was
 * checked is what is read (one descriptor).
 */
#include "config/include.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "rt/file.h"

struct includes {
	struct oc_strv roots; /* lexical and real paths of the folders */
	struct oc_strv chain; /* real paths of the files being read, the main one first */
	unsigned depth;	      /* of values, through all files */
	unsigned n_files;     /* read so far: files that include each other ten times grow fast */
	size_t n_bytes;
	struct oc_strv *files;
	struct oc_err *e;
};

static json_t *resolve(struct includes *x, const json_t *v, const char *file);

/* ---- paths ---- */

/* Absolute path without ".", ".." and doubled slashes. */
static char *normalise(const char *path)
{
	struct oc_strv parts = { 0 };
	const char *p = path;

	while (*p) {
		size_t n = strcspn(p, "/");
		struct oc_str part = { p, n };

		if (oc_str_eq(part, OC_LIT(".."))) {
			if (parts.n) free(parts.v[--parts.n]);
		} else if (n && !oc_str_eq(part, OC_LIT(".")))
			oc_strv_add(&parts, part);
		p += n + (p[n] == '/');
	}
	struct oc_buf out;
	oc_buf_init(&out, OC_MAX_PATH_CHARS * 4);
	for (size_t i = 0; i < parts.n; i++) oc_buf_addf(&out, "/%s", parts.v[i]);
	if (!parts.n) oc_buf_addc(&out, '/');
	for (size_t i = 0; i < parts.n; i++) free(parts.v[i]);
	free(parts.v);
	return oc_buf_take(&out);
}

static void add_root(struct includes *x, const char *folder)
{
	char *lexical = normalise(folder), *real = realpath(folder, NULL);

	oc_strv_add_once(&x->roots, oc_str(lexical));
	if (real) oc_strv_add_once(&x->roots, oc_str(real));
	free(lexical);
	free(real);
}

static void find_roots(struct includes *x, const char *file)
{
	const char *more = getenv("OPENCLAW_INCLUDE_ROOTS");
	char *folder = oc_folder_of(file);

	add_root(x, folder);
	free(folder);
	while (more && *more) {
		size_t n = strcspn(more, ":");
		char *root = oc_strndup(more, n);
		if (root[0] == '/') add_root(x, root);
		free(root);
		more += n + (more[n] == ':');
	}
}

static bool is_inside(const struct includes *x, const char *path)
{
	for (size_t i = 0; i < x->roots.n; i++) {
		size_t n = strlen(x->roots.v[i]);
		if (n == 1 || (!strncmp(path, x->roots.v[i], n) && path[n] == '/')) return true;
	}
	return false;
}

/* The real path of an include, checked. NULL: an error was set. */
static char *locate(struct includes *x, struct oc_str path, const char *file)
{
	char *result = NULL, *lexical = NULL, *real = NULL;

	if (!path.n || path.n >= OC_MAX_PATH_CHARS || memchr(path.p, '\0', path.n)) {
		oc_fail(x->e, OC_E_INPUT,
			"$include: a path must have 1 to %d characters and no NUL",
			OC_MAX_PATH_CHARS - 1);
		return NULL;
	}
	char *folder = oc_folder_of(file);
	char *joined = path.p[0] == '/' ? oc_strndup(path.p, path.n)
					: oc_asprintf("%s/%.*s", folder, OC_FMT(path));
	lexical = normalise(joined);
	if (!is_inside(x, lexical)) {
		oc_fail(
		    x->e, OC_E_INPUT,
		    "$include \"%.*s\" leaves the folder of the configuration; OPENCLAW_INCLUDE_ROOTS can allow others",
		    OC_FMT(path));
		goto done;
	}
	real = realpath(lexical, NULL);
	if (!real)
		oc_fail(x->e, OC_E_INPUT, "$include \"%.*s\": %s", OC_FMT(path), strerror(errno));
	else if (!is_inside(x, real))
		oc_fail(
		    x->e, OC_E_INPUT,
		    "$include \"%.*s\" leaves the folder of the configuration by a symbolic link",
		    OC_FMT(path));
	else
		result = oc_strdup(real);
done:
	free(folder);
	free(joined);
	free(lexical);
	free(real);
	return result;
}

/* ---- files ---- */

static const char *unacceptable(const struct stat *st)
{
	if (!S_ISREG(st->st_mode)) return "is not a regular file";
	if (st->st_nlink > 1) return "has more than one hard link";
	if (st->st_size > OC_MAX_CONFIG_BYTES) return "is larger than 2 MB";
	return NULL;
}

static bool read_all(int fd, struct oc_buf *out)
{
	char chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof chunk)) > 0)
		oc_buf_add(out, (struct oc_str){ chunk, (size_t)n });
	return n == 0 && !out->bad;
}

static bool read_file(struct includes *x, const char *path, struct oc_buf *text)
{
	struct stat st;
	const char *why = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0)
		why = strerror(errno);
	else if (!(why = unacceptable(&st)) && !read_all(fd, text))
		why = "cannot be read";
	if (fd >= 0) close(fd);
	if (why) oc_fail(x->e, OC_E_INPUT, "$include %s: %s", path, why);
	return !why;
}

static json_t *parse_file(struct includes *x, const char *path)
{
	struct oc_json5 *d = NULL;
	struct oc_buf text;
	json_t *v = NULL;

	if (x->files) oc_strv_add_once(x->files, oc_str(path));
	oc_buf_init(&text, OC_MAX_CONFIG_BYTES);
	if (read_file(x, path, &text)) {
		x->n_bytes += text.n;
		if (oc_json5_parse(oc_buf_view(&text), &d, x->e))
			oc_wrap(x->e, "%s", path);
		else
			v = resolve(x, oc_json5_value(d), path);
	}
	oc_json5_free(d);
	oc_buf_deinit(&text);
	return v;
}

static json_t *include_file(struct includes *x, struct oc_str name, const char *file)
{
	char *path = locate(x, name, file);
	json_t *v = NULL;

	if (!path) return NULL;
	bool cycle = oc_strv_has(&x->chain, oc_str(path));
	oc_strv_add(&x->chain, oc_str(path));
	if (cycle) {
		char *chain = oc_strv_join(&x->chain, " -> ");
		oc_fail(x->e, OC_E_INPUT, "$include goes round in a circle: %s", chain);
		free(chain);
	} else if (x->chain.n > OC_MAX_INCLUDE_DEPTH + 1)
		oc_fail(x->e, OC_E_INPUT, "$include is nested deeper than %d levels",
			OC_MAX_INCLUDE_DEPTH);
	else if (++x->n_files > OC_MAX_INCLUDED_FILES || x->n_bytes > OC_MAX_INCLUDED_BYTES)
		oc_fail(x->e, OC_E_INPUT, "$include reads more than %d files or %d bytes",
			OC_MAX_INCLUDED_FILES, OC_MAX_INCLUDED_BYTES);
	else
		v = parse_file(x, path);
	free(x->chain.v[--x->chain.n]);
	x->chain.v[x->chain.n] = NULL;
	free(path);
	return v;
}

/* ---- merging ---- */

static bool is_dropped(const char *key)
{
	return !strcmp(key, "__proto__") || !strcmp(key, "constructor") ||
	       !strcmp(key, "prototype");
}

/* Objects recurse, arrays grow, everything else is replaced. Steals over; *into may be replaced. */
static json_t *merge(json_t *into, json_t *over)
{
	const char *key;
	json_t *value;

	if (json_is_array(into) && json_is_array(over)) {
		json_array_extend(into, over);
		json_decref(over);
		return into;
	}
	if (!json_is_object(into) || !json_is_object(over)) {
		json_decref(into);
		return over;
	}
	json_object_foreach (over, key, value) {
		if (is_dropped(key)) continue;
		json_t *old = json_incref(json_object_get(into, key));
		json_t *both = old ? merge(old, json_incref(value)) : json_incref(value);
		json_object_set_new(into, key, both);
	}
	json_decref(over);
	return into;
}

/* The value of "$include": one name, or a list of them merged in order. */
static json_t *include_value(struct includes *x, const json_t *names, const char *file)
{
	json_t *whole = NULL;

	if (json_is_string(names)) return include_file(x, oc_json_text(names), file);
	if (!json_is_array(names) || !json_array_size(names)) {
		oc_fail(x->e, OC_E_INPUT,
			"%s: $include must be a file name or a list of file names", file);
		return NULL;
	}
	for (size_t i = 0; i < json_array_size(names); i++) {
		const json_t *name = json_array_get(names, i);
		json_t *one = NULL;

		if (json_is_string(name))
			one = include_file(x, oc_json_text(name), file);
		else
			oc_fail(x->e, OC_E_INPUT, "%s: $include[%zu] is no file name", file, i);
		if (!one) {
			json_decref(whole);
			return NULL;
		}
		whole = whole ? merge(whole, one) : one;
	}
	return whole;
}

static json_t *resolve_members(struct includes *x, const json_t *v, const char *file)
{
	json_t *source = (json_t *)(uintptr_t)v, *child, *result = json_object();
	const char *key;

	json_object_foreach (source, key, child) {
		if (!strcmp(key, "$include")) continue;
		json_t *r = resolve(x, child, file);
		if (!r) {
			json_decref(result);
			return NULL;
		}
		json_object_set_new(result, key, r);
	}
	return result;
}

static json_t *resolve_object(struct includes *x, const json_t *v, const char *file)
{
	const json_t *names = json_object_get(v, "$include");

	if (!names) return resolve_members(x, v, file);
	json_t *included = include_value(x, names, file);
	if (!included || json_object_size(v) == 1) return included;
	json_t *siblings = resolve_members(x, v, file);
	if (siblings && json_is_object(included)) return merge(included, siblings);
	if (siblings)
		oc_fail(x->e, OC_E_INPUT,
			"%s: $include has keys beside it, so the included file must hold an object",
			file);
	json_decref(siblings);
	json_decref(included);
	return NULL;
}

static json_t *resolve_array(struct includes *x, const json_t *v, const char *file)
{
	json_t *result = json_array();

	for (size_t i = 0; i < json_array_size(v); i++) {
		json_t *r = resolve(x, json_array_get(v, i), file);
		if (!r) {
			json_decref(result);
			return NULL;
		}
		json_array_append_new(result, r);
	}
	return result;
}

static json_t *resolve(struct includes *x, const json_t *v, const char *file)
{
	json_t *result;

	if (!json_is_object(v) && !json_is_array(v)) return json_deep_copy(v);
	if (x->depth == OC_MAX_JSON_DEPTH) {
		oc_fail(x->e, OC_E_INPUT, "%s: nested too deeply", file);
		return NULL;
	}
	x->depth++;
	result = json_is_object(v) ? resolve_object(x, v, file) : resolve_array(x, v, file);
	x->depth--;
	return result;
}

enum oc_rc oc_include_resolve(const json_t *tree, const char *file, json_t **out,
			      struct oc_strv *files, struct oc_err *e)
{
	struct oc_err local = { 0 };
	struct includes x = { .files = files, .e = e ? e : &local };
	char *real = realpath(file, NULL);

	find_roots(&x, file);
	oc_strv_add(&x.chain, oc_str(real ? real : file));
	json_t *v = resolve(&x, tree, file);
	oc_strv_deinit(&x.roots);
	oc_strv_deinit(&x.chain);
	free(real);
	if (!v) return x.e->rc;
	*out = v;
	return OC_OK;
}
