/* The store's thread and its steps. What the steps do stands in the files named after it. */
#include <stdlib.h>

#include "base/mem.h"
#include "rt/worker.h"
#include "store/internal.h"

struct oc_store {
	struct oc_worker *worker;
	struct oc_db db; /* the worker's alone */
};

struct step {
	struct oc_db *db;
	enum oc_step_kind kind;
	oc_step_fn *fn;
	void *arg;
	enum oc_rc rc;
	struct oc_err *e;
};

static void run_step(void *arg)
{
	struct step *s = arg;
	bool writes = s->kind == OC_STEP_WRITE;

	s->rc = oc_db_exec(s->db, writes ? "BEGIN IMMEDIATE" : "BEGIN", s->e);
	if (s->rc) return;
	s->rc = s->fn(s->db, s->arg, s->e);
	if (!s->rc && writes) s->rc = oc_db_exec(s->db, "COMMIT", s->e);
	oc_db_rollback(s->db);
}

enum oc_rc oc_store_step_wait(struct oc_store *s, enum oc_step_kind kind, oc_step_fn *fn, void *arg,
			      struct oc_err *e)
{
	struct step step = { .db = &s->db, .kind = kind, .fn = fn, .arg = arg, .e = e };

	oc_worker_run_wait(s->worker, run_step, &step);
	return step.rc;
}

/* ---- open and close ---- */

struct opening {
	struct oc_db *db;
	const char *path;
	enum oc_rc rc;
	struct oc_err *e;
};

static void open_step(void *arg)
{
	struct opening *o = arg;
	o->rc = oc_db_open(o->db, o->path, o->e);
}

static void close_step(void *arg)
{
	oc_db_close(arg);
}

enum oc_rc oc_store_open_wait(const char *path, struct oc_store **out, struct oc_err *e)
{
	struct oc_store *s = oc_new(struct oc_store);
	struct opening o = { .db = &s->db, .path = path, .e = e };

	o.rc = oc_worker_new("store", &s->worker, e);
	if (o.rc) {
		free(s);
		return o.rc;
	}
	oc_worker_run_wait(s->worker, open_step, &o);
	if (o.rc)
		oc_store_close_wait(s);
	else
		*out = s;
	return o.rc;
}

void oc_store_close_wait(struct oc_store *s)
{
	if (!s) return;
	oc_worker_run_wait(s->worker, close_step, &s->db);
	oc_worker_free_wait(s->worker);
	free(s);
}
