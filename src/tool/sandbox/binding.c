/* Hashes what a command would run, on the thread pool. */
#include "tool/sandbox/binding.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/sha256.h"
#include "rt/task.h"

enum { MAX_SCRIPT_WORDS = 8 };

struct work {
	struct oc_strv files;
	struct oc_buf out;
};

static void add_file(struct work *w, const char *path)
{
	char hash[OC_SHA256_HEX + 1] = "unreadable";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st = { 0 };

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && !oc_sha256_file(fd, hash))
		st.st_ino = 0;
	if (fd >= 0) close(fd);
	oc_buf_addf(&w->out, "\n%s %llu:%llu %s", path, (unsigned long long)st.st_dev,
		    (unsigned long long)st.st_ino, hash);
}

static void hash_all(void *arg)
{
	struct work *w = arg;

	for (size_t i = 0; i < w->files.n; i++) add_file(w, w->files.v[i]);
}

/* The first argument that is a file there: `python3 build.py`, `sh ./run.sh`. */
static void add_script(const struct oc_shell_command *c, const char *workdir, struct oc_strv *out)
{
	for (size_t i = 1; i < c->words.n && i < MAX_SCRIPT_WORDS; i++) {
		const char *word = c->words.v[i];
		char *full = word[0] == '/' ? oc_strdup(word) : oc_asprintf("%s/%s", workdir, word);
		struct stat st;
		bool file = stat(full, &st) == 0 && S_ISREG(st.st_mode);

		if (file) oc_strv_add_once(out, oc_str(full));
		free(full);
		if (file) return;
	}
}

char *oc_binding_wait(struct oc_str command, const struct oc_shell *s,
		      const struct oc_programs_place *place)
{
	struct work w = { 0 };

	oc_buf_init(&w.out, 1 << 20);
	oc_buf_addf(&w.out, "%s\n", place->workdir);
	oc_buf_add(&w.out, command);
	for (size_t i = 0; i < s->n && !s->opaque; i++) {
		char *program = oc_program_find(s->v[i].words.v[0], place->path, place->workdir);

		if (program) {
			oc_strv_add_once(&w.files, oc_str(program));
			add_script(&s->v[i], place->workdir, &w.files);
		}
		free(program);
	}
	oc_work_wait(hash_all, &w);
	oc_strv_deinit(&w.files);
	return oc_buf_take(&w.out);
}
