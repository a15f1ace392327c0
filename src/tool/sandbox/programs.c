/* Tables of programs, and where they are on disk. */
#include "tool/sandbox/programs.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tool/internal.h"

/* ---- on disk ---- */

static char *real_program(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || access(path, X_OK) != 0) return NULL;
	return realpath(path, NULL);
}

char *oc_program_find(const char *name, const char *path, const char *workdir)
{
	struct oc_str rest = oc_str(path);
	char *found = NULL;

	if (strchr(name, '/')) {
		char *full = name[0] == '/' ? oc_strdup(name) : oc_asprintf("%s/%s", workdir, name);
		found = real_program(full);
		free(full);
		return found;
	}
	while (rest.n && !found) {
		size_t colon = oc_str_find(rest, OC_LIT(":"), 0);
		struct oc_str folder = oc_str_head(rest, colon);
		char *full = oc_asprintf("%.*s/%s", OC_FMT(folder), name);

		if (folder.n) found = real_program(full);
		free(full);
		rest = colon == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, colon + 1);
	}
	return found;
}

/* ---- what they are known for ---- */

static bool in_words(const char *words, const char *name)
{
	struct oc_str wanted = oc_str(name);

	for (struct oc_str rest = oc_str(words); rest.n;) {
		size_t space = oc_str_find(rest, OC_LIT(" "), 0);

		if (oc_str_eq(oc_str_head(rest, space), wanted)) return true;
		rest = space == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, space + 1);
	}
	return false;
}

/* Run whatever their arguments say. */
static const char carriers[] =
    "sh bash dash zsh ksh fish ash csh tcsh env xargs sudo doas su nice ionice nohup timeout time "
    "setsid stdbuf watch parallel busybox toybox ssh chroot unshare nsenter bwrap systemd-run "
    "script flock strace gdb entr at batch make eval exec source command builtin . trap";
static const char inline_flags[] =
    "-c -e -E -p -r -m --eval --print --command -exec -execdir -ok -okdir -delete -fprint "
    "-fprint0 -fprintf -fls --pre --to-command --checkpoint-action";

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Programs whose arguments are code when they have one of the flags. */
static bool may_hold_code(const char *name)
{
	static const char *const starts[] = { "python",	   "node", "perl",  "ruby",   "php", "lua",
					      "deno",	   "bun",  "find",  "fd",     "rg",  "tar",
					      "osascript", "pwsh", "julia", "Rscript" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (oc_str_starts(oc_str(name), oc_str(starts[i]))) return true;
	return in_words("awk gawk mawk nawk sed vi vim ed ex", name);
}

/* -c, --eval=…, and the same letters among others behind one dash ("-Ic"). */
static bool is_code_flag(const char *word, const char *name)
{
	size_t eq = strcspn(word, "=");
	char *flag = oc_strndup(word, eq);
	bool bad = in_words(inline_flags, flag);
	bool letters = word[0] == '-' && word[1] && word[1] != '-' && strcmp(name, "find") != 0 &&
		       strcmp(name, "tar") != 0;

	free(flag);
	return bad || (letters && word[strcspn(word, "ceE")]);
}

static bool holds_code(const struct oc_shell_command *c, const char *name)
{
	if (in_words("awk gawk mawk nawk sed vi vim ed ex", name)) return true;
	if (!may_hold_code(name)) return false;
	if (c->globs) return true; /* a file may be named like a flag */
	for (size_t i = 1; i < c->words.n; i++)
		if (is_code_flag(c->words.v[i], name)) return true;
	return false;
}

/* ---- the list ---- */

static bool listed(const struct oc_strv *list, const char *word, const char *real)
{
	const char *home = getenv("HOME");

	for (size_t i = 0; i < list->n; i++) {
		const char *pattern = list->v[i];
		bool hit;

		if (!strchr(pattern, '/')) {
			if (!strchr(word, '/') && fnmatch(pattern, word, 0) == 0) return true;
			continue;
		}
		char *full = pattern[0] == '~' && home ? oc_asprintf("%s%s", home, pattern + 1)
						       : oc_strdup(pattern);
		hit = fnmatch(full, real, FNM_PATHNAME) == 0;
		free(full);
		if (hit) return true;
	}
	return false;
}

static bool files_are_inside(const struct oc_shell_command *c,
			     const struct oc_programs_place *place)
{
	const struct oc_tool_context at = { .workspace = place->workdir };
	struct oc_err ignored = { 0 };

	for (size_t i = 0; i < c->files.n; i++) {
		char *real = NULL;
		bool inside;

		if (oc_workspace_locate(&at, oc_str(c->files.v[i]), &real, &ignored) != OC_OK)
			return false;
		inside = oc_path_is_within(real, place->workspace);
		free(real);
		if (!inside) return false;
	}
	return true;
}

static bool is_allowed(const struct oc_shell_command *c, const struct oc_strv *list,
		       const struct oc_programs_place *place)
{
	const char *word = c->words.v[0];
	char *real = oc_program_find(word, place->path, place->workdir);
	bool ok = real && listed(list, word, real) && !in_words(carriers, base_name(word)) &&
		  !in_words(carriers, base_name(real)) && !holds_code(c, base_name(word)) &&
		  !holds_code(c, base_name(real)) && files_are_inside(c, place);

	free(real);
	return ok;
}

bool oc_programs_allowed(const struct oc_shell *s, const struct oc_strv *list,
			 const struct oc_programs_place *place)
{
	if (s->opaque || !s->n) return false;
	for (size_t i = 0; i < s->n; i++)
		if (!is_allowed(&s->v[i], list, place)) return false;
	return true;
}

/* ---- commands that only look ---- */

static const struct {
	const char *name;
	const char *first;     /* words of which the first argument has to be one; NULL = any */
	const char *not_flags; /* beginnings of arguments that do more */
} lookers[] = {
	{ "ls", NULL, "" },
	{ "cat", NULL, "" },
	{ "head", NULL, "" },
	{ "grep", NULL, "" },
	{ "rg", NULL, "--pre --hostname-bin --search-zip -z" },
	{ "find", NULL, "-exec -delete -ok -fprint -fls" },
	{ "git", "status log diff", "--output --ext-diff --textconv -O" },
	{ "wc", NULL, "" },
	{ "stat", NULL, "" },
	{ "date", NULL, "-s --set" },
	{ "df", NULL, "" },
	{ "ps", NULL, "" },
	{ "uname", NULL, "" },
};

static bool begins_with_any(const char *word, const char *beginnings)
{
	for (struct oc_str rest = oc_str(beginnings); rest.n;) {
		size_t space = oc_str_find(rest, OC_LIT(" "), 0);

		if (oc_str_starts(oc_str(word), oc_str_head(rest, space))) return true;
		rest = space == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, space + 1);
	}
	return false;
}

static bool only_looks(const struct oc_shell_command *c)
{
	size_t row = 0, n = sizeof lookers / sizeof *lookers;

	while (row < n && strcmp(lookers[row].name, c->words.v[0]) != 0) row++;
	if (row == n || c->files.n) return false;
	if (lookers[row].first && (c->words.n < 2 || !in_words(lookers[row].first, c->words.v[1])))
		return false;
	if (c->globs && *lookers[row].not_flags) return false;
	for (size_t i = 1; i < c->words.n; i++)
		if (begins_with_any(c->words.v[i], lookers[row].not_flags)) return false;
	return true;
}

bool oc_programs_read_only(const struct oc_shell *s)
{
	if (s->opaque || !s->n) return false;
	for (size_t i = 0; i < s->n; i++)
		if (!only_looks(&s->v[i])) return false;
	return true;
}
