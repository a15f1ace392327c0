/* openclaw memory status | index | search: the notes of an agent and their index, in this process.
 * The index may be in use by a gateway at the same time. */
#include "cli/memory/memory_cli.h"

#include <stdlib.h>

#include "agent/memory/embedder.h"
#include "agent/memory/excerpt.h"
#include "agent/memory/memory.h"
#include "base/mem.h"
#include "base/visible.h"
#include "cli/print.h"

/* ---- what the commands share ---- */

struct command {
	const struct oc_args *args;
	struct oc_config config;
	struct oc_catalog catalog;
	bool json;
};

static int load(struct command *c)
{
	struct oc_err e = { 0 };

	c->json = oc_args_has(c->args, "--json");
	if (oc_config_load(&c->config, &e) != OC_OK) return oc_error("%s", e.msg);
	if (oc_config_require(&c->config) != OC_OK) return 1;
	if (oc_catalog_load(&c->catalog, &c->config, &e) != OC_OK) return oc_error("%s", e.msg);
	return 0;
}

static void unload(struct command *c)
{
	oc_catalog_deinit(&c->catalog);
	oc_config_deinit(&c->config);
}

/* With --agent that one, else all of the configuration. */
static void agents_of(const struct command *c, struct oc_strv *out)
{
	const char *one = oc_args_get(c->args, "--agent");

	if (one)
		oc_strv_add(out, oc_str(one));
	else
		oc_agents_names(&c->config, out);
}

/* What is done with the memory of one agent. */
typedef enum oc_rc work_fn(struct command *c, struct oc_notebook *m, json_t *out, struct oc_err *e);

static enum oc_rc with_agent_wait(struct command *c, const char *id, work_fn *work, json_t *out,
				  struct oc_err *e)
{
	struct oc_agent_settings settings;
	struct oc_notebook m;
	enum oc_rc rc = oc_agent_settings_init(&settings, &c->config, id, e);

	if (rc) return rc;
	const struct oc_memory_scope scope = { &c->catalog, &settings, settings.workspace };
	json_object_set_new(out, "agentId", oc_json_new_str(oc_str(id)));
	rc = oc_memory_open_wait(&m, &scope, e);
	if (rc == OC_E_DENIED) {
		json_object_set_new(out, "status", json_string("disabled"));
		if (!c->json) oc_visible_printf(stdout, "%s: %s\n", id, e->msg);
		rc = OC_OK;
	} else if (!rc)
		rc = work(c, &m, out, e);
	oc_memory_close_wait(&m);
	oc_agent_settings_deinit(&settings);
	return rc;
}

/* ---- status ---- */

static json_t *status_json(const struct oc_notebook *m, const struct oc_memory_counts *counts)
{
	json_t *extra = json_array();

	for (size_t i = 0; i < m->settings.n_extra; i++)
		json_array_append_new(extra, oc_json_new_str(oc_str(m->settings.extra[i].path)));
	return json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:s,s:o,s:s?}", "backend", "builtin",
			 "workspaceDir", m->settings.places.workspace, "dbPath", m->path, "files",
			 (json_int_t)counts->notes, "chunks", (json_int_t)counts->chunks, "vectors",
			 (json_int_t)counts->vectors, "bytes", (json_int_t)counts->bytes,
			 "searchMode", counts->vectors ? "hybrid" : "fts-only", "extraPaths", extra,
			 "model", counts->model);
}

static void print_status(const char *id, const struct oc_notebook *m,
			 const struct oc_memory_counts *counts)
{
	oc_visible_printf(stdout, "Agent:     %s\n", id);
	oc_visible_printf(stdout, "Workspace: %s\n", m->settings.places.workspace);
	for (size_t i = 0; i < m->settings.n_extra; i++)
		oc_visible_printf(stdout, "Also:      %s\n", m->settings.extra[i].path);
	oc_visible_printf(stdout, "Index:     %s (%lld KB)\n", m->path,
			  (long long)(counts->bytes / 1024));
	oc_visible_printf(stdout, "Notes:     %lld in %lld pieces\n", (long long)counts->notes,
			  (long long)counts->chunks);
	if (counts->vectors)
		oc_visible_printf(stdout,
				  "Search:    words and meaning (%s, %lld of %lld pieces)\n",
				  counts->model ? counts->model : "-", (long long)counts->vectors,
				  (long long)counts->chunks);
	else
		oc_visible_printf(stdout, "Search:    words\n");
}

static void tell_left_out(const struct oc_memory_sync *did)
{
	if (did->too_large)
		oc_visible_printf(stderr, "warning: %zu files are too large and were left out\n",
				  did->too_large);
	if (did->unreadable)
		oc_visible_printf(stderr, "warning: %zu files cannot be read\n", did->unreadable);
	if (did->too_many)
		oc_visible_printf(stderr,
				  "warning: there are more than %d files; the rest was "
				  "left out\n",
				  OC_MEMORY_MAX_FILES);
}

static enum oc_rc status_one_wait(struct command *c, struct oc_notebook *m, json_t *out,
				  struct oc_err *e)
{
	struct oc_memory_sync did;
	struct oc_memory_counts counts;
	enum oc_rc rc = OC_OK;

	if (oc_args_has(c->args, "--index")) {
		rc = oc_memory_sync_wait(m, &did, e);
		if (!rc) rc = oc_memory_embed_wait(m, OC_NO_DEADLINE, NULL, NULL, NULL, e);
		if (!rc) tell_left_out(&did);
	}
	if (!rc) rc = oc_memory_index_counts_wait(m->index, &counts, e);
	if (rc) return rc;
	json_object_set_new(out, "status", status_json(m, &counts));
	if (!c->json) print_status(oc_json_cstr(out, "agentId"), m, &counts);
	oc_memory_counts_deinit(&counts);
	return OC_OK;
}

/* ---- index ---- */

static enum oc_rc index_one_wait(struct command *c, struct oc_notebook *m, json_t *out,
				 struct oc_err *e)
{
	struct oc_memory_sync did;
	enum oc_rc rc = OC_OK;

	if (oc_args_has(c->args, "--force")) rc = oc_memory_index_clear_wait(m->index, e);
	if (!rc) rc = oc_memory_sync_wait(m, &did, e);
	if (!rc) rc = oc_memory_embed_wait(m, OC_NO_DEADLINE, NULL, NULL, NULL, e);
	if (rc) return rc;
	tell_left_out(&did);
	json_object_set_new(out, "files", json_integer((json_int_t)did.files));
	json_object_set_new(out, "changed", json_integer((json_int_t)did.changed));
	json_object_set_new(out, "removed", json_integer((json_int_t)did.removed));
	if (c->json) return OC_OK;
	if (did.files)
		oc_visible_printf(stdout, "%s: %zu notes, %zu read, %zu removed\n",
				  oc_json_cstr(out, "agentId"), did.files, did.changed,
				  did.removed);
	else
		oc_visible_printf(stdout, "%s: no notes in %s\n", oc_json_cstr(out, "agentId"),
				  m->settings.places.workspace);
	return OC_OK;
}

static int for_agents(struct oc_args *a, work_fn *work)
{
	struct command c = { .args = a };
	struct oc_strv ids = { 0 };
	json_t *all = json_array();
	int exit_code = load(&c);

	if (!exit_code) agents_of(&c, &ids);
	for (size_t i = 0; !exit_code && i < ids.n; i++) {
		struct oc_err e = { 0 };
		json_t *one = json_object();

		if (!c.json && i) oc_visible_printf(stdout, "\n");
		enum oc_rc rc = with_agent_wait(&c, ids.v[i], work, one, &e);
		json_array_append_new(all, one);
		if (rc == OC_CANCELLED) exit_code = 130;
		if (rc && rc != OC_CANCELLED) exit_code = oc_error("%s", e.msg);
	}
	if (c.json && !exit_code) oc_print_json(all);
	json_decref(all);
	oc_strv_deinit(&ids);
	unload(&c);
	return exit_code;
}

static int status(struct oc_args *a)
{
	return for_agents(a, status_one_wait);
}

static int index_notes(struct oc_args *a)
{
	return for_agents(a, index_one_wait);
}

/* ---- search ---- */

/* For notes that have no vector yet; a gateway has done it before. */
enum { EMBED_MS = 3000 };

static json_t *hit_json(const struct oc_memory_found *f, size_t i, struct oc_str excerpt)
{
	const struct oc_memory_hit *h = &f->hits.v[f->v[i].hit];

	return json_pack("{s:s,s:I,s:I,s:f,s:o,s:s}", "path", h->path, "startLine",
			 (json_int_t)h->first_line, "endLine", (json_int_t)h->last_line, "score",
			 f->v[i].score, "snippet", oc_json_new_str(excerpt), "source", "memory");
}

static void show_found(struct command *c, const struct oc_memory_found *f, json_t *results)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct oc_memory_hit *h = &f->hits.v[f->v[i].hit];
		struct oc_buf excerpt;

		oc_buf_init(&excerpt, 2 * OC_MEMORY_EXCERPT_BYTES);
		oc_memory_excerpt(oc_str(h->text), &f->terms, OC_MEMORY_EXCERPT_BYTES, &excerpt);
		json_array_append_new(results, hit_json(f, i, oc_buf_view(&excerpt)));
		if (!c->json)
			oc_visible_printf(stdout, "%s%.2f %s:%lld-%lld\n%s\n", i ? "\n" : "",
					  f->v[i].score, h->path, (long long)h->first_line,
					  (long long)h->last_line, oc_buf_cstr(&excerpt));
		oc_buf_deinit(&excerpt);
	}
	if (!c->json && !f->n) oc_visible_printf(stdout, "No matches.\n");
}

static const char *question_of(const struct oc_args *a)
{
	const char *named = oc_args_get(a, "--query");

	return named ? named : oc_args_pos(a, 0);
}

static int read_bounds(const struct oc_args *a, struct oc_memory_ask *ask)
{
	const char *max = oc_args_get(a, "--max-results"), *min = oc_args_get(a, "--min-score");
	int64_t n = 0;
	char *end = NULL;

	if (max && !oc_parse_int(oc_str(max), 1, 100, &n))
		return oc_usage_error(a, "--max-results takes a number from 1 to 100");
	ask->max = (size_t)n;
	ask->min_score = min ? strtod(min, &end) : -1;
	if (min && (*end || !*min || !(ask->min_score >= 0 && ask->min_score <= 1)))
		return oc_usage_error(a, "--min-score takes a number from 0 to 1");
	return 0;
}

static enum oc_rc search_one_wait(struct command *c, struct oc_notebook *m, json_t *out,
				  struct oc_err *e)
{
	struct oc_memory_ask ask = { .question = oc_str(question_of(c->args)) };
	struct oc_memory_found found;
	json_t *results = json_array();
	enum oc_rc rc = OC_E_INPUT;

	json_object_set_new(out, "results", results);
	if (read_bounds(c->args, &ask)) return oc_fail(e, rc, "%s", "");
	rc = oc_memory_sync_wait(m, NULL, e);
	if (!rc) rc = oc_memory_embed_wait(m, oc_deadline_in(EMBED_MS), NULL, NULL, NULL, e);
	if (!rc) rc = oc_memory_search_wait(m, &ask, &found, e);
	if (rc) return rc;
	show_found(c, &found, results);
	oc_memory_found_deinit(&found);
	return OC_OK;
}

static int search(struct oc_args *a)
{
	struct command c = { .args = a };
	const char *agent = oc_args_get(a, "--agent");
	json_t *out = json_object();
	struct oc_err e = { 0 };
	int exit_code = 0;

	if (!question_of(a) || !oc_str_trim(oc_str(question_of(a))).n)
		exit_code =
		    oc_usage_error(a, "say what to look for: openclaw memory search <words>");
	if (!exit_code) exit_code = load(&c);
	if (!exit_code) {
		enum oc_rc rc =
		    with_agent_wait(&c, agent ? agent : "main", search_one_wait, out, &e);
		if (rc) exit_code = rc == OC_CANCELLED ? 130 : e.msg[0] ? oc_error("%s", e.msg) : 1;
	}
	if (c.json && !exit_code) {
		if (json_object_get(out, "results")) json_object_del(out, "agentId");
		oc_print_json(out);
	}
	json_decref(out);
	unload(&c);
	return exit_code;
}

/* ---- the table ---- */

#define AGENT_OPTION                                                                               \
	{                                                                                          \
		.name = "--agent", .value = "<id>", .help = "Whose notes"                          \
	}
#define JSON_OPTION                                                                                \
	{                                                                                          \
		.name = "--json", .help = "Print one JSON document"                                \
	}

static const struct oc_option status_options[] = {
	AGENT_OPTION,
	{ .name = "--index", .help = "Bring the index up to date first" },
	{ .name = "--deep", .help = "Everything is shown anyway", .hidden = true },
	{ .name = "--verbose", .help = "The same", .hidden = true },
	JSON_OPTION,
	{ 0 },
};
static const struct oc_option index_options[] = {
	AGENT_OPTION,
	{ .name = "--force", .help = "Read everything anew" },
	{ .name = "--verbose", .help = "Everything is shown anyway", .hidden = true },
	JSON_OPTION,
	{ 0 },
};
static const struct oc_option search_options[] = {
	AGENT_OPTION,
	{ .name = "--query", .value = "<text>", .help = "The same as the argument" },
	{ .name = "--max-results", .value = "<n>", .help = "At most so many" },
	{ .name = "--min-score", .value = "<0..1>", .help = "Leave out what fits less" },
	JSON_OPTION,
	{ 0 },
};

const struct oc_command oc_memory_commands[] = {
	{ .name = "status",
	  .help = "What is indexed, and how it is searched",
	  .run = status,
	  .options = status_options },
	{ .name = "index",
	  .help = "Bring the index up to date",
	  .run = index_notes,
	  .options = index_options },
	{ .name = "search",
	  .usage = "[words]",
	  .help = "Search the notes",
	  .run = search,
	  .options = search_options },
	{ 0 },
};
