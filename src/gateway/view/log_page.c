/* Part of a log file by byte offset. */
#include "gateway/view/log_page.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "rt/task.h"

struct reading {
	const struct oc_log_ask *ask;
	struct oc_buf text;
	int64_t size, from;
	bool reset, skipped, mid_line; /* mid_line: the text begins inside of a line */
	int error;
};

static void choose_start(struct reading *r)
{
	int64_t earliest = r->size > r->ask->max_bytes ? r->size - r->ask->max_bytes : 0;

	r->reset = r->ask->cursor > r->size;
	r->from = r->ask->cursor < 0 || r->reset ? earliest : r->ask->cursor;
	r->skipped = r->from < earliest;
	if (r->skipped) r->from = earliest;
}

static void read_bytes(struct reading *r, int fd)
{
	int64_t at = r->from;
	char chunk[65536];
	char before;

	r->mid_line = r->from > 0 && r->from != r->ask->cursor &&
		      pread(fd, &before, 1, r->from - 1) == 1 && before != '\n';
	while (at < r->size) {
		size_t want = sizeof chunk;
		if ((int64_t)want > r->size - at) want = (size_t)(r->size - at);
		ssize_t n = pread(fd, chunk, want, at);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) r->error = errno;
		if (n <= 0) return;
		oc_buf_add(&r->text, (struct oc_str){ chunk, (size_t)n });
		at += n;
	}
}

static void read_file(void *arg)
{
	struct reading *r = arg;
	struct stat st;
	int fd = open(r->ask->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		if (errno != ENOENT) r->error = errno;
		return;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		r->size = st.st_size;
		choose_start(r);
		read_bytes(r, fd);
	}
	close(fd);
}

static void add_line(json_t *lines, struct oc_str line)
{
	if (line.n && line.p[line.n - 1] == '\r') line.n--;
	json_array_append_new(lines, line.n ? oc_json_new_str(line) : json_string(""));
}

static json_t *page(const struct reading *r)
{
	struct oc_str rest = oc_buf_view(&r->text);
	size_t whole = rest.n; /* up to the last line end */
	json_t *lines = json_array();
	bool truncated = r->skipped;

	while (whole > 0 && rest.p[whole - 1] != '\n') whole--;
	int64_t cursor = r->from + (int64_t)whole;
	rest.n = whole;
	if (r->mid_line) rest = oc_str_from(rest, oc_str_find(rest, OC_LIT("\n"), 0) + 1);
	while (rest.n) {
		size_t end = oc_str_find(rest, OC_LIT("\n"), 0);
		add_line(lines, oc_str_head(rest, end));
		rest = oc_str_from(rest, end + 1);
	}
	size_t limit = (size_t)r->ask->limit, n = json_array_size(lines);
	for (; n > limit; n--) truncated = json_array_remove(lines, 0) == 0;
	json_t *o =
	    json_pack("{s:o,s:I,s:I,s:o,s:b,s:b}", "file", oc_json_new_str(oc_str(r->ask->file)),
		      "cursor", (json_int_t)cursor, "size", (json_int_t)r->size, "lines", lines,
		      "truncated", truncated, "reset", r->reset);
	if (r->skipped) oc_json_put(o, "skippedBytes", json_integer(r->from - r->ask->cursor));
	return o;
}

enum oc_rc oc_log_page_wait(const struct oc_log_ask *ask, json_t **out, struct oc_err *e)
{
	struct reading r = { .ask = ask };
	enum oc_rc rc = OC_OK;

	oc_buf_init(&r.text, (size_t)ask->max_bytes + 1);
	oc_work_wait(read_file, &r);
	if (r.error)
		rc = oc_fail(e, OC_E_SYS, "cannot read %s: %s", ask->file, strerror(r.error));
	else
		*out = page(&r);
	oc_buf_deinit(&r.text);
	return rc;
}
