/* An index that follows its files, and what is found in it. */
#include "agent/memory/memory.h"

#include <stdlib.h>

#include "agent/memory/embedder.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
	BATCH_FILES = 256,
	BATCH_BYTES = 4194304,
	CANDIDATES = 4, /* for each result that is wanted (spec 03 §10) */
	LEAST_CANDIDATES = 24,
	MAX_QUESTION_BYTES = 4096,
	QUESTION_TIMEOUT_MS = 5000,
};

/* ---- open and close ---- */

/* An agent's id as a file name. */
static char *index_path(const struct oc_memory_scope *scope)
{
	char *name = oc_strdup(scope->settings->id), *path;

	for (char *c = name; *c; c++)
		if (*c == '/') *c = '_';
	path =
	    oc_asprintf("%s/memory-index/%s.sqlite", scope->catalog->config->paths.state_dir, name);
	free(name);
	return path;
}

enum oc_rc oc_memory_open_wait(struct oc_notebook *m, const struct oc_memory_scope *scope,
			       struct oc_err *e)
{
	*m = (struct oc_notebook){ .scope = scope };
	oc_memory_settings_init(&m->settings, scope);
	if (!m->settings.enabled)
		return oc_fail(e, OC_E_DENIED,
			       "memory is switched off (memory.search.enabled is false)");
	m->path = index_path(scope);
	return oc_memory_index_open_wait(m->path, &m->index, e);
}

void oc_memory_close_wait(struct oc_notebook *m)
{
	oc_memory_index_close_wait(m->index);
	oc_memory_settings_deinit(&m->settings);
	free(m->path);
	*m = (struct oc_notebook){ 0 };
}

/* ---- bringing it up to date ---- */

struct sync {
	struct oc_notebook *m;
	int64_t now_ns;
	struct oc_memory_files files;
	struct oc_memory_notes known;
	struct oc_strv gone;
	size_t *stale;		 /* places in files */
	const char **known_hash; /* of each of them; NULL = new */
	size_t n_stale;
	/* one batch */
	size_t from, to; /* of stale */
	struct oc_memory_notes read;
	size_t unreadable;
};

static void note_stale(struct sync *s, size_t file, const char *known_hash)
{
	s->stale[s->n_stale] = file;
	s->known_hash[s->n_stale++] = known_hash;
}

static bool is_as_known(const struct sync *s, const struct oc_memory_file *f,
			const struct oc_memory_note *n)
{
	return f->size == n->size && f->changed_ns == n->changed_ns &&
	       s->now_ns - f->changed_ns > OC_MEMORY_FRESH_NS;
}

/* Both lists are in the order of paths. */
static void compare(struct sync *s)
{
	size_t i = 0, j = 0;

	s->stale = oc_alloc((s->files.n + 1) * sizeof *s->stale);
	s->known_hash = oc_alloc((s->files.n + 1) * sizeof *s->known_hash);
	while (i < s->files.n || j < s->known.n) {
		int order = i == s->files.n   ? 1
			    : j == s->known.n ? -1
					      : strcmp(s->files.v[i].path, s->known.v[j].path);

		if (order < 0)
			note_stale(s, i++, NULL);
		else if (order > 0)
			oc_strv_add(&s->gone, oc_str(s->known.v[j++].path));
		else {
			if (!is_as_known(s, &s->files.v[i], &s->known.v[j]))
				note_stale(s, i, s->known.v[j].hash);
			i++;
			j++;
		}
	}
}

static void find_work(void *arg)
{
	struct sync *s = arg;

	oc_memory_files_find(&s->m->settings.places, s->now_ns, &s->files);
	oc_memory_files_sort(&s->files);
	compare(s);
}

static const struct oc_memory_note *known_note(const struct sync *s, const char *path)
{
	size_t low = 0, high = s->known.n;

	while (low < high) {
		size_t at = (low + high) / 2;
		int order = strcmp(s->known.v[at].path, path);

		if (!order) return &s->known.v[at];
		if (order < 0)
			low = at + 1;
		else
			high = at;
	}
	return NULL;
}

/* A file that was there a moment ago may be gone; the next look sees that. */
static void read_one(struct sync *s, size_t at)
{
	const struct oc_memory_file *f = &s->files.v[s->stale[at]];
	struct oc_memory_note note;
	struct oc_err ignored = { 0 };

	if (oc_memory_file_read(f, s->known_hash[at], &note, &ignored) != OC_OK) {
		s->unreadable++;
		return;
	}
	const struct oc_memory_note *known = note.same ? known_note(s, f->path) : NULL;

	if (known && known->size == note.size && known->changed_ns == note.changed_ns)
		oc_memory_note_deinit(&note); /* read in vain */
	else
		s->read.v[s->read.n++] = note;
}

static void read_work(void *arg)
{
	struct sync *s = arg;
	int64_t bytes = 0;

	s->read.v = oc_alloc(BATCH_FILES * sizeof *s->read.v);
	for (; s->to < s->n_stale && s->to - s->from < BATCH_FILES && bytes < BATCH_BYTES;
	     s->to++) {
		bytes += s->files.v[s->stale[s->to]].size;
		read_one(s, s->to);
	}
}

static enum oc_rc read_batch_wait(struct sync *s, struct oc_memory_sync *out, struct oc_err *e)
{
	enum oc_rc rc = OC_OK;

	s->from = s->to;
	oc_work_wait(read_work, s);
	if (s->read.n) rc = oc_memory_index_put_wait(s->m->index, s->read.v, s->read.n, e);
	for (size_t i = 0; i < s->read.n; i++) out->changed += !s->read.v[i].same;
	oc_memory_notes_deinit(&s->read);
	return rc;
}

static enum oc_rc sync_wait(struct sync *s, struct oc_memory_sync *out, struct oc_err *e)
{
	enum oc_rc rc = oc_memory_index_notes_wait(s->m->index, &s->known, e);

	if (rc) return rc;
	oc_work_wait(find_work, s);
	out->files = s->files.n;
	out->too_large = s->files.too_large;
	out->too_many = s->files.too_many;
	out->removed = s->gone.n;
	if (s->gone.n) rc = oc_memory_index_remove_wait(s->m->index, &s->gone, e);
	while (!rc && s->to < s->n_stale) {
		if (oc_scope_cancelled(oc_scope_current())) return OC_CANCELLED;
		rc = read_batch_wait(s, out, e);
	}
	out->unreadable = s->unreadable;
	if (!rc && !s->n_stale && !s->gone.n && s->files.mark)
		rc = oc_memory_index_mark_wait(s->m->index, s->known.generation, s->files.mark, e);
	return rc;
}

enum oc_rc oc_memory_sync_wait(struct oc_notebook *m, struct oc_memory_sync *out, struct oc_err *e)
{
	struct sync s = { .m = m, .now_ns = oc_wall_ms() * 1000000 };
	struct oc_memory_sync own;
	enum oc_rc rc;

	if (!out) out = &own;
	*out = (struct oc_memory_sync){ 0 };
	rc = sync_wait(&s, out, e);
	oc_memory_files_deinit(&s.files);
	oc_memory_notes_deinit(&s.known);
	oc_strv_deinit(&s.gone);
	free(s.stale);
	free((void *)(uintptr_t)s.known_hash);
	return rc;
}

/* ---- search ---- */

void oc_memory_found_deinit(struct oc_memory_found *f)
{
	oc_memory_hits_deinit(&f->hits);
	oc_memory_terms_deinit(&f->terms);
	free(f->v);
	*f = (struct oc_memory_found){ 0 };
}

/* The vector of the question, when there are vectors to compare it with and their model can be
 * asked at once. Only OC_CANCELLED fails. */
static enum oc_rc embed_question_wait(struct oc_notebook *m, struct oc_str question,
				      struct oc_memory_embedding *out)
{
	struct oc_embedder *embedder = NULL;
	struct oc_memory_counts counts = { 0 };
	struct oc_err e = { 0 };
	enum oc_rc rc = OC_OK;

	oc_embedder_find(m->scope, &m->settings, &embedder);
	if (!embedder) return OC_OK;
	rc = oc_memory_index_counts_wait(m->index, &counts, &e);
	if (!rc && counts.vectors && counts.model &&
	    !strcmp(counts.model, oc_embedder_key(embedder)) &&
	    oc_embedder_ready_wait(embedder, false)) {
		rc = oc_embedder_ask_wait(embedder, &question, 1, true, OC_PRIORITY_INTERACTIVE,
					  QUESTION_TIMEOUT_MS, out, &e);
		if (rc && rc != OC_CANCELLED) {
			oc_log(OC_LOG_DEBUG, "memory", "search by words alone: %s", e.msg);
			oc_embedder_rest(embedder);
		}
	}
	oc_memory_counts_deinit(&counts);
	oc_embedder_free(embedder);
	return rc == OC_CANCELLED ? rc : OC_OK;
}

static enum oc_rc look_wait(struct oc_notebook *m, size_t limit,
			    const struct oc_memory_embedding *v, struct oc_memory_found *out,
			    struct oc_err *e)
{
	struct oc_memory_question q = { .limit = limit, .near = { v->v, v->n, v->scale } };
	struct oc_strv parts = { 0 };
	struct oc_buf words;
	enum oc_rc rc;

	oc_buf_init(&words, 64 * MAX_QUESTION_BYTES);
	oc_memory_terms_words(&out->terms, &words);
	oc_memory_terms_parts(&out->terms, &parts);
	q.words = words.n ? oc_buf_cstr(&words) : NULL;
	q.parts = parts.n ? &parts : NULL;
	rc = oc_memory_index_search_wait(m->index, &q, &out->hits, e);
	oc_buf_deinit(&words);
	oc_strv_deinit(&parts);
	return rc;
}

static enum oc_rc find_wait(struct oc_notebook *m, struct oc_str question, size_t max,
			    struct oc_memory_found *out, struct oc_err *e)
{
	struct oc_memory_embedding v = { 0 };
	size_t limit = max * CANDIDATES;
	enum oc_rc rc = embed_question_wait(m, question, &v);

	if (v.v) out->mode = "hybrid";
	if (!rc) rc = look_wait(m, limit < LEAST_CANDIDATES ? LEAST_CANDIDATES : limit, &v, out, e);
	oc_memory_embedding_deinit(&v);
	return rc;
}

enum oc_rc oc_memory_search_wait(struct oc_notebook *m, const struct oc_memory_ask *ask,
				 struct oc_memory_found *out, struct oc_err *e)
{
	struct oc_str question = ask->question;
	struct oc_memory_ranking r = { .max = ask->max ? ask->max : m->settings.max_results,
				       .min_score = ask->min_score < 0 ? m->settings.min_score
								       : ask->min_score,
				       .now_ms = oc_wall_ms() };
	enum oc_rc rc;

	*out = (struct oc_memory_found){ .mode = "fts" };
	if (question.n > MAX_QUESTION_BYTES)
		question.n = oc_utf8_floor(question.p, MAX_QUESTION_BYTES);
	oc_memory_terms_init(&out->terms, question);
	rc = find_wait(m, question, r.max, out, e);
	if (rc) {
		oc_memory_found_deinit(out);
		return rc;
	}
	r.n_terms = oc_memory_terms_n(&out->terms);
	out->v = oc_alloc((r.max + 1) * sizeof *out->v);
	out->n = oc_memory_rank(&out->hits, &r, out->v);
	return OC_OK;
}

/* ---- search in what is up to date ---- */

struct look {
	struct oc_notebook *m;
	int64_t now_ns, mark;
	bool changed;
	enum oc_rc rc;
	struct oc_err e;
};

static void look_work(void *arg)
{
	struct look *l = arg;
	struct oc_memory_files files;

	oc_memory_files_find(&l->m->settings.places, l->now_ns, &files);
	l->changed = !files.mark || files.mark != l->mark;
	oc_memory_files_deinit(&files);
}

static void look(void *arg)
{
	struct look *l = arg;

	l->rc = oc_memory_index_marked_wait(l->m->index, &l->mark, &l->e);
	if (!l->rc) oc_work_wait(look_work, l);
}

enum oc_rc oc_memory_search_fresh_wait(struct oc_notebook *m, const struct oc_memory_ask *ask,
				       struct oc_memory_found *out, struct oc_err *e)
{
	struct look l = { .m = m, .now_ns = oc_wall_ms() * 1000000, .changed = true };
	struct oc_scope *scope = oc_scope_new();
	enum oc_rc rc;

	/* Nearly always nothing has changed: the search need not wait for the look at the files. */
	oc_scope_spawn(scope, look, &l);
	rc = oc_memory_search_wait(m, ask, out, e);
	oc_scope_join_wait(scope);
	oc_scope_free(scope);
	if (rc == OC_CANCELLED || (!rc && !l.changed)) return rc;
	if (!rc) oc_memory_found_deinit(out);
	rc = oc_memory_sync_wait(m, NULL, e);
	if (rc == OC_CANCELLED) return rc;
	if (rc) oc_log(OC_LOG_WARN, "memory", "the index is not up to date: %s", e->msg);
	return oc_memory_search_wait(m, ask, out, e);
}
