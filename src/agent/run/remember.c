/* Long-term memory out of the notes about conversations. */
#include "agent/run/remember.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/special.h"
#include "rt/file.h"

enum { MAX_ITEMS = 12, MAX_ITEM_BYTES = 300, MAX_FILE_BYTES = 1048576 };

static struct oc_str next_line(struct oc_str *rest)
{
	size_t lf = oc_str_find(*rest, OC_LIT("\n"), 0);
	struct oc_str line = oc_str_head(*rest, lf);

	*rest = oc_str_from(*rest, lf == SIZE_MAX ? rest->n : lf + 1);
	return oc_str_trim(line);
}

static struct oc_str without(struct oc_str s, const char *signs)
{
	while (s.n && strchr(signs, s.p[0])) s = oc_str_from(s, 1);
	while (s.n && strchr(signs, s.p[s.n - 1])) s.n--;
	return oc_str_trim(s);
}

/* Words behind which a secret stands, and long runs of letters and digits. */
static bool may_be_secret(struct oc_str s)
{
	static const char *const words[] = { "password", "passwort", "api key", "api-key",
					     "apikey",	 "token",    "secret",	"private key" };
	size_t run = 0;

	for (size_t i = 0; i < s.n; i++) {
		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			if (oc_str_istarts(oc_str_from(s, i), oc_str(words[k]))) return true;
		bool plain = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'z') ||
			     (s.p[i] >= 'A' && s.p[i] <= 'Z');

		run = plain ? run + 1 : 0;
		if (run >= 32) return true;
	}
	return false;
}

static void add_item(struct oc_str line, struct oc_buf *out)
{
	struct oc_str item = without(line, "-*• ");

	if (!item.n || item.n > MAX_ITEM_BYTES || may_be_secret(item)) return;
	if (oc_str_ieq(item, OC_LIT("none")) || oc_str_ieq(item, OC_LIT("nothing"))) return;
	oc_buf_adds(out, "- ");
	oc_special_unescape(item, out);
	oc_buf_addc(out, '\n');
}

void oc_remember_items(struct oc_str note, struct oc_str *rest, struct oc_buf *out)
{
	struct oc_str left = note;
	bool inside = false;
	size_t items = 0;

	*rest = note;
	while (left.n) {
		size_t at = note.n - left.n;
		struct oc_str line = next_line(&left);

		if (inside && items++ < MAX_ITEMS) add_item(line, out);
		if (inside || !oc_str_istarts(without(line, "#*: "), OC_LIT("remember"))) continue;
		if (without(line, "#*: ").n != strlen("remember")) continue;
		inside = true;
		*rest = oc_str_trim(oc_str_head(note, at));
	}
}

static bool is_ours(const char *path, mode_t kind)
{
	struct stat st;

	return lstat(path, &st) != 0 || (st.st_mode & S_IFMT) == kind;
}

enum oc_rc oc_remember_keep(const char *workspace, const char *date, struct oc_str bullets,
			    struct oc_err *e)
{
	char *folder = oc_asprintf("%s/memory", workspace);
	char *path = oc_asprintf("%s/%s.md", folder, date);
	struct oc_buf text, old;
	enum oc_rc rc = OC_OK;

	oc_buf_init(&text, 2 * MAX_FILE_BYTES);
	if (!is_ours(folder, S_IFDIR) || !is_ours(path, S_IFREG))
		rc = oc_fail(e, OC_E_DENIED, "%s is a link: nothing is written there", path);
	if (!rc) rc = oc_mkdirs(folder, e);
	if (!rc && oc_file_exists(path)) {
		rc = oc_file_read(path, MAX_FILE_BYTES, &old, e);
		if (!rc) oc_buf_add(&text, oc_buf_view(&old));
		if (!rc) oc_buf_deinit(&old);
		if (text.n && text.p[text.n - 1] != '\n') oc_buf_addc(&text, '\n');
	}
	oc_buf_add(&text, bullets);
	if (!rc) rc = oc_file_write(path, oc_buf_view(&text), 0600, NULL, e);
	oc_buf_deinit(&text);
	free(path);
	free(folder);
	return rc;
}
