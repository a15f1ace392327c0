/* Control groups and, without them, walks through /proc. */
#include "tool/sandbox/confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
	MAX_PROC_TEXT = 65536, /* of one file of /proc */
	REMOVE_TRIES = 100,
	REMOVE_PAUSE_MS = 10
};

static bool avoid_groups;

void oc_confine_avoid_groups(bool avoid)
{
	avoid_groups = avoid;
}

/* ---- small files of the kernel ---- */

/* Files of /proc and /sys tell no size; false when there is nothing to read. */
static bool slurp(const char *path, struct oc_buf *out)
{
	char piece[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	oc_buf_clear(out);
	if (fd < 0) return false;
	while (!out->bad && (n = read(fd, piece, sizeof piece)) > 0)
		oc_buf_add(out, (struct oc_str){ piece, (size_t)n });
	close(fd);
	return out->n > 0;
}

static bool put(const char *folder, const char *file, const char *text)
{
	char *path = oc_asprintf("%s/%s", folder, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0) close(fd);
	free(path);
	return ok;
}

static bool put_number(const char *folder, const char *file, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	return put(folder, file, text);
}

/* ---- control groups ---- */

/* Our own group of a hierarchy: what follows ":<controllers>:" in /proc/self/cgroup. */
static char *own_group(const char *controllers)
{
	char *key = oc_asprintf(":%s:", controllers);
	struct oc_buf text;
	char *out = NULL;

	oc_buf_init(&text, MAX_PROC_TEXT);
	if (slurp("/proc/self/cgroup", &text)) {
		size_t at = oc_str_find(oc_buf_view(&text), oc_str(key), 0);
		if (at != SIZE_MAX) {
			struct oc_str rest = oc_str_from(oc_buf_view(&text), at + strlen(key));
			rest = oc_str_head(rest, oc_str_find(rest, OC_LIT("\n"), 0));
			out = oc_strndup(rest.p, rest.n);
		}
	}
	oc_buf_deinit(&text);
	free(key);
	return out;
}

/* Groups of programs like this one that were killed; a group with processes cannot be removed. */
static void sweep(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		int pid;

		if (sscanf(entry->d_name, "openclaw-%d-", &pid) != 1) continue;
		if (kill(pid, 0) != 0 && errno == ESRCH)
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir) closedir(dir);
}

/* A group in the folder, or NULL. Takes folder. */
static char *make_in(char *folder, const char *name)
{
	char *path = oc_asprintf("%s/openclaw-%s", folder, name);
	bool made = mkdir(path, 0700) == 0;

	if (made) sweep(folder);
	free(folder);
	if (made) return path;
	free(path);
	return NULL;
}

/* Makes a group below ours, or below the root where ours is not visible (containers). */
static char *make_group(const char *mount, const char *controllers, const char *name)
{
	char *own = own_group(controllers);
	char *path = make_in(oc_asprintf("%s%s", mount, own && strcmp(own, "/") ? own : ""), name);

	free(own);
	return path ? path : make_in(oc_strdup(mount), name);
}

static bool make_v2(struct oc_confine *c, const char *name)
{
	static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

	for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
		char *controllers = oc_asprintf("%s/cgroup.controllers", mounts[i]);
		bool there = access(controllers, R_OK) == 0;
		char *group = there ? make_group(mounts[i], "", name) : NULL;

		free(controllers);
		if (!group) continue;
		/* Without the controllers it would limit nothing. */
		if (put_number(group, "pids.max", OC_CONFINE_PROCESSES) &&
		    put_number(group, "memory.max", c->max_bytes)) {
			oc_strv_add(&c->groups, oc_str(group));
			free(group);
			return true;
		}
		rmdir(group);
		free(group);
	}
	return false;
}

static void make_v1(struct oc_confine *c, const char *name)
{
	char *pids = make_group("/sys/fs/cgroup/pids", "pids", name);
	char *memory;

	if (!pids) return;
	if (!put_number(pids, "pids.max", OC_CONFINE_PROCESSES)) {
		rmdir(pids);
		free(pids);
		return;
	}
	oc_strv_add(&c->groups, oc_str(pids));
	free(pids);
	memory = make_group("/sys/fs/cgroup/memory", "memory", name);
	if (!memory) return;
	if (put_number(memory, "memory.limit_in_bytes", c->max_bytes))
		oc_strv_add(&c->groups, oc_str(memory));
	else
		rmdir(memory);
	free(memory);
}

void oc_confine_init(struct oc_confine *c, const char *name, uint64_t max_bytes)
{
	const uint64_t most = 8ull << 30;
	uint64_t half = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 2;

	*c =
	    (struct oc_confine){ .max_bytes = max_bytes ? max_bytes : (half < most ? half : most) };
	if (!avoid_groups && !make_v2(c, name)) make_v1(c, name);
}

bool oc_confine_has_group(const struct oc_confine *c)
{
	return c->groups.n > 0;
}

void oc_confine_argv(const struct oc_confine *c, struct oc_strv *argv)
{
	static const char script[] =
	    "while [ \"$1\" != -- ]; do"
	    " echo $$ > \"$1/cgroup.procs\" || exit 126; shift; done; shift; exec \"$@\"";

	if (!c->groups.n) return;
	oc_strv_add(argv, OC_LIT("/bin/sh"));
	oc_strv_add(argv, OC_LIT("-c"));
	oc_strv_add(argv, oc_str(script));
	oc_strv_add(argv, OC_LIT("sh"));
	for (size_t i = 0; i < c->groups.n; i++) oc_strv_add(argv, oc_str(c->groups.v[i]));
	oc_strv_add(argv, OC_LIT("--"));
}

static void kill_listed(const char *folder)
{
	char *path = oc_asprintf("%s/cgroup.procs", folder);
	struct oc_buf text;

	oc_buf_init(&text, MAX_PROC_TEXT);
	slurp(path, &text);
	for (struct oc_str rest = oc_buf_view(&text); rest.n;) {
		size_t lf = oc_str_find(rest, OC_LIT("\n"), 0);
		int64_t pid;

		if (oc_parse_int(oc_str_head(rest, lf), 2, INT32_MAX, &pid))
			kill((pid_t)pid, SIGKILL);
		rest = lf == SIZE_MAX ? OC_LIT("") : oc_str_from(rest, lf + 1);
	}
	oc_buf_deinit(&text);
	free(path);
}

void oc_confine_kill(const struct oc_confine *c)
{
	enum { ROUNDS = 3 }; /* a process may start another while the list is read */

	if (!c->groups.n || put(c->groups.v[0], "cgroup.kill", "1")) return;
	for (int i = 0; i < ROUNDS; i++) kill_listed(c->groups.v[0]);
}

void oc_confine_deinit_wait(struct oc_confine *c)
{
	for (size_t i = 0; i < c->groups.n; i++) {
		int tries = 0;

		while (rmdir(c->groups.v[i]) != 0 && errno == EBUSY && tries++ < REMOVE_TRIES) {
			struct oc_wait w = { 0 };
			oc_wait_park_uncancellable(&w, oc_deadline_in(REMOVE_PAUSE_MS));
		}
	}
	oc_strv_deinit(&c->groups);
}

/* ---- without groups ---- */

struct row {
	int pid, parent;
	bool below;
};
struct table {
	struct row *v;
	size_t n, cap;
};

/* "size resident shared …" in pages: what it shares with others is not its use. */
static uint64_t own_bytes(const char *pid, struct oc_buf *text)
{
	char *path = oc_asprintf("/proc/%s/statm", pid);
	unsigned long resident = 0, shared = 0;
	bool ok = slurp(path, text) && sscanf(text->p, "%*u %lu %lu", &resident, &shared) == 2;

	free(path);
	return ok && resident > shared
		   ? (uint64_t)(resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE)
		   : 0;
}

/* "pid (name) S ppid …": the name may hold anything, so the rest is read behind its last ")". */
static bool read_row(const char *pid, struct oc_buf *text, struct row *out)
{
	char *path = oc_asprintf("/proc/%s/stat", pid);
	const char *at = slurp(path, text) ? strrchr(text->p, ')') : NULL;
	int parent = 0;

	free(path);
	if (!at || sscanf(at, ") %*c %d", &parent) != 1) return false;
	*out = (struct row){ .pid = (int)strtol(pid, NULL, 10), .parent = parent };
	return true;
}

static void each_process(void (*fn)(void *arg, const char *pid), void *arg)
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;

	if (!dir) return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') fn(arg, entry->d_name);
	closedir(dir);
}

struct counting {
	int root;
	struct table table;
	struct oc_buf text;
	struct oc_confine_use use;
};

static void add_row(void *arg, const char *pid)
{
	struct counting *c = arg;
	struct row row;

	if (!read_row(pid, &c->text, &row)) return;
	if (c->table.n == c->table.cap) {
		c->table.cap = c->table.cap ? 2 * c->table.cap : 256;
		c->table.v = oc_realloc_array(c->table.v, c->table.cap, sizeof *c->table.v);
	}
	row.below = row.pid == c->root;
	c->table.v[c->table.n++] = row;
}

static const struct row *find_row(const struct table *t, int pid)
{
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (t->v[mid].pid == pid) return &t->v[mid];
		if (t->v[mid].pid < pid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static int by_pid(const void *a, const void *b)
{
	return ((const struct row *)a)->pid - ((const struct row *)b)->pid;
}

/* Whoever's parent is below is below; until nothing changes any more. */
static void mark_below(struct table *t)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < t->n; i++) {
			const struct row *parent;

			if (t->v[i].below) continue;
			parent = find_row(t, t->v[i].parent);
			if (!parent || !parent->below) continue;
			t->v[i].below = changed = true;
		}
	}
}

static void count(void *arg)
{
	struct counting *c = arg;

	oc_buf_init(&c->text, MAX_PROC_TEXT);
	each_process(add_row, c);
	if (c->table.n) qsort(c->table.v, c->table.n, sizeof *c->table.v, by_pid);
	mark_below(&c->table);
	for (size_t i = 0; i < c->table.n; i++) {
		char pid[16];

		if (!c->table.v[i].below) continue;
		snprintf(pid, sizeof pid, "%d", c->table.v[i].pid);
		c->use.processes++;
		c->use.bytes += own_bytes(pid, &c->text);
	}
	free(c->table.v);
	oc_buf_deinit(&c->text);
}

struct oc_confine_use oc_confine_use_wait(int pid)
{
	struct counting c = { .root = pid };

	oc_work_wait(count, &c);
	return c.use;
}

struct marked {
	const char *mark;
	struct oc_buf text;
	bool any;
};

static void kill_if_marked(void *arg, const char *pid)
{
	struct marked *m = arg;
	char *path = oc_asprintf("/proc/%s/environ", pid);
	long id = strtol(pid, NULL, 10);

	/* The variables stand one behind the other, with a NUL behind each. */
	if (slurp(path, &m->text) && id > 1 && id != getpid() &&
	    oc_str_has(oc_buf_view(&m->text), (struct oc_str){ m->mark, strlen(m->mark) + 1 })) {
		kill((pid_t)id, SIGKILL);
		m->any = true;
	}
	free(path);
}

static void kill_marked(void *arg)
{
	enum { ROUNDS = 5 };
	struct marked *m = arg;

	oc_buf_init(&m->text, 1 << 20);
	for (int i = 0; i < ROUNDS; i++) {
		m->any = false;
		each_process(kill_if_marked, m);
		if (!m->any) break;
	}
	oc_buf_deinit(&m->text);
}

void oc_confine_kill_marked_wait(const char *mark)
{
	struct marked m = { .mark = mark };

	oc_work_wait(kill_marked, &m);
}
