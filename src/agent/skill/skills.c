/* Finds skills and judges which of them can be used. */
#include "agent/skill/skills.h"

#include <stdlib.h>
#include <sys/utsname.h>

#include "agent/run/settings.h"
#include "agent/skill/front_matter.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/visible.h"
#include "rt/task.h"
#include "tool/sandbox/programs.h"

enum { MAX_ROOTS = 32 };

/* ---- where they are ---- */

struct places {
	struct oc_skill_root v[MAX_ROOTS];
	size_t n;
	struct oc_strv trusted;
};

/* path is taken. */
static void add_root(struct places *p, char *path, const char *source, bool links)
{
	if (p->n < MAX_ROOTS)
		p->v[p->n++] = (struct oc_skill_root){ path, source, links };
	else
		free(path);
}

static char *expanded(const struct oc_config *c, const char *path)
{
	if (path[0] == '~' && (path[1] == '/' || !path[1]))
		return oc_asprintf("%s%s", c->paths.home, path + 1);
	return path[0] == '/' ? oc_strdup(path) : oc_asprintf("%s/%s", c->paths.home, path);
}

static void find_places(const struct oc_config *c, const char *workspace, struct places *out)
{
	const json_t *load = oc_config_get(c, "skills.load"), *v;
	size_t i;

	add_root(out, oc_asprintf("%s/skills", workspace), "openclaw-workspace", false);
	add_root(out, oc_asprintf("%s/.agents/skills", workspace), "agents-skills-project", false);
	if (c->paths.default_state_dir)
		add_root(out, oc_asprintf("%s/.agents/skills", c->paths.home),
			 "agents-skills-personal", true);
	add_root(out, oc_asprintf("%s/skills", c->paths.state_dir), "openclaw-managed", true);
	json_array_foreach (json_object_get(load, "extraDirs"), i, v)
		if (oc_json_text(v).n)
			add_root(out, expanded(c, json_string_value(v)), "openclaw-extra", false);
	json_array_foreach (json_object_get(load, "allowSymlinkTargets"), i, v) {
		char *path = oc_json_text(v).n ? expanded(c, json_string_value(v)) : NULL;

		if (path) oc_strv_add(&out->trusted, oc_str(path));
		free(path);
	}
}

static void places_deinit(struct places *p)
{
	for (size_t i = 0; i < p->n; i++) free(p->v[i].path);
	oc_strv_deinit(&p->trusted);
}

static void scan(void *arg)
{
	oc_skill_scan(arg);
}

/* ---- what they need ---- */

static const char *const kinds[] = { "bins", "anyBins", "env", "config", "os" };

/* Of older skills the block has the product's older name. */
static const json_t *needs_of(const json_t *head)
{
	const json_t *metadata = json_object_get(head, "metadata");
	const json_t *own = json_object_get(metadata, "openclaw");

	return own ? own : json_object_get(metadata, "clawdbot");
}

static bool has_program(const char *name)
{
	const char *path = getenv("PATH");
	char *found = strchr(name, '/') ? NULL : oc_program_find(name, path ? path : "", "/");
	bool is_there = found != NULL;

	free(found);
	return is_there;
}

struct judge {
	const struct oc_config *config;
	const json_t *entry; /* of skills.entries */
	const struct oc_skill *skill;
};

static bool has_variable(const struct judge *j, const char *name)
{
	const char *env = getenv(name), *primary = oc_json_cstr(j->skill->needs, "primaryEnv");

	if (env && *env) return true;
	if (oc_json_str(json_object_get(j->entry, "env"), name).n) return true;
	return primary && !strcmp(primary, name) && json_object_get(j->entry, "apiKey");
}

static bool is_set(const struct judge *j, const char *path)
{
	const json_t *v = oc_config_get(j->config, path);

	if (json_is_string(v)) return oc_json_text(v).n > 0;
	if (json_is_number(v)) return json_number_value(v) != 0;
	return v && !json_is_false(v) && !json_is_null(v);
}

static bool is_met(const struct judge *j, const char *kind, const char *what)
{
	if (!strcmp(kind, "env")) return has_variable(j, what);
	return !strcmp(kind, "config") ? is_set(j, what) : has_program(what);
}

/* One text where a list belongs is a list of one. */
static void add_texts(const json_t *v, struct oc_strv *out)
{
	const json_t *item;
	size_t i;

	if (oc_json_text(v).n) oc_strv_add(out, oc_json_text(v));
	json_array_foreach (v, i, item)
		if (oc_json_text(item).n) oc_strv_add(out, oc_json_text(item));
}

static void find_missing(const struct judge *j, const char *kind, json_t *missing)
{
	const json_t *requires = json_object_get(j->skill->needs, "requires");
	struct oc_strv wanted = { 0 };
	json_t *list = json_object_get(missing, kind);
	bool any = !strcmp(kind, "anyBins");

	add_texts(json_object_get(requires, kind), &wanted);
	for (size_t i = 0; i < wanted.n; i++) {
		if (!is_met(j, kind, wanted.v[i])) {
			json_array_append_new(list, json_string(wanted.v[i]));
		} else if (any) {
			json_array_clear(list);
			break;
		}
	}
	oc_strv_deinit(&wanted);
}

/* "linux", "darwin": as the names in skills are. */
static const char *system_name(void)
{
	static struct utsname host;

	if (!host.sysname[0] && uname(&host) != 0) return "";
	for (char *p = host.sysname; *p; p++)
		if (*p >= 'A' && *p <= 'Z') *p += 'a' - 'A';
	return host.sysname;
}

static bool is_for_other_systems(const struct oc_skill *s)
{
	struct oc_strv systems = { 0 };
	bool other;

	add_texts(json_object_get(s->needs, "os"), &systems);
	other = systems.n && !oc_strv_has(&systems, oc_str(system_name()));
	for (size_t i = 0; other && i < systems.n; i++)
		json_array_append_new(json_object_get(s->missing, "os"), json_string(systems.v[i]));
	oc_strv_deinit(&systems);
	return other;
}

static bool nothing_missing(const json_t *missing)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (json_array_size(json_object_get(missing, kinds[i]))) return false;
	return true;
}

/* The agent's own list holds instead of the common one. */
static bool is_filtered(const struct oc_config *config, const json_t *agent, const char *name)
{
	const json_t *list = json_object_get(agent, "skills"), *item;
	size_t i;

	if (!json_is_array(list))
		list = json_object_get(oc_config_get(config, "agents.defaults"), "skills");
	if (!json_is_array(list)) return false;
	json_array_foreach (list, i, item)
		if (oc_str_eq(oc_json_text(item), oc_str(name))) return false;
	return true;
}

static void judge(const struct oc_config *config, const json_t *agent, struct oc_skill *s)
{
	const json_t *entries = oc_config_get(config, "skills.entries");
	const char *key = oc_json_cstr(s->needs, "skillKey");
	struct judge j = { .config = config, .skill = s };

	s->key = key ? key : s->found->name;
	j.entry = json_object_get(entries, s->key);
	s->disabled = !oc_json_bool(j.entry, "enabled", true);
	s->filtered = is_filtered(config, agent, s->found->name);
	s->missing = json_object();
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		oc_json_put(s->missing, kinds[i], json_array());
	s->wrong_system = is_for_other_systems(s);
	for (size_t i = 0; i + 1 < sizeof kinds / sizeof *kinds; i++)
		if (!oc_front_matter_bool(s->needs, "always", false))
			find_missing(&j, kinds[i], s->missing);
	s->eligible = !s->disabled && nothing_missing(s->missing);
}

/* ---- the set ---- */

void oc_skills_find_wait(const struct oc_config *config, const char *workspace, const json_t *agent,
			 struct oc_skills *out)
{
	struct places places = { 0 };

	*out = (struct oc_skills){ .workspace = oc_strdup(workspace),
				   .managed = oc_asprintf("%s/skills", config->paths.state_dir) };
	find_places(config, workspace, &places);
	out->scan.roots = places.v;
	out->scan.n_roots = places.n;
	out->scan.trusted = &places.trusted;
	oc_work_wait(scan, &out->scan);
	out->scan.roots = NULL;
	out->scan.trusted = NULL;
	places_deinit(&places);
	out->n = out->scan.n;
	if (out->n) out->v = oc_alloc(out->n * sizeof *out->v);
	for (size_t i = 0; i < out->n; i++) {
		out->v[i].found = &out->scan.v[i];
		out->v[i].needs = needs_of(out->scan.v[i].head);
		judge(config, agent, &out->v[i]);
	}
}

enum oc_rc oc_skills_of_wait(const struct oc_config *config, const char *agent,
			     struct oc_skills *out, struct oc_err *e)
{
	struct oc_agent_settings settings;
	enum oc_rc rc = oc_agent_settings_init(&settings, config, agent, e);

	*out = (struct oc_skills){ 0 };
	if (rc) return rc;
	oc_skills_find_wait(config, settings.workspace, settings.entry, out);
	oc_agent_settings_deinit(&settings);
	return OC_OK;
}

void oc_skills_deinit(struct oc_skills *s)
{
	for (size_t i = 0; i < s->n; i++) json_decref(s->v[i].missing);
	free(s->v);
	free(s->workspace);
	free(s->managed);
	oc_skill_scan_deinit(&s->scan);
	*s = (struct oc_skills){ 0 };
}

const struct oc_skill *oc_skills_get(const struct oc_skills *s, struct oc_str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (oc_str_eq(oc_str(s->v[i].found->name), name)) return &s->v[i];
	return NULL;
}

bool oc_skill_is_shown(const struct oc_skill *s)
{
	return s->eligible && !s->filtered &&
	       !oc_front_matter_bool(s->found->head, "disable-model-invocation", false);
}

bool oc_skill_is_command(const struct oc_skill *s)
{
	return s->eligible && !s->filtered &&
	       oc_front_matter_bool(s->found->head, "user-invocable", true);
}

void oc_skill_about(const struct oc_skill *s, size_t max_bytes, struct oc_buf *out)
{
	struct oc_str about = oc_json_str(s->found->head, "description");
	struct oc_buf line;

	oc_buf_init(&line, 4 * OC_MAX_SKILL_BYTES);
	for (size_t i = 0; i < about.n; i++)
		oc_buf_addc(&line, oc_is_space(about.p[i]) ? ' ' : about.p[i]);
	about = oc_buf_view(&line);
	if (about.n > max_bytes) about.n = oc_utf8_floor(about.p, max_bytes);
	oc_visible_add(out, oc_str_trim(about), max_bytes);
	oc_buf_deinit(&line);
}

const char *oc_skill_fact(const struct oc_skill *s, const char *member)
{
	const char *fact = oc_json_cstr(s->needs, member);

	return fact ? fact : oc_json_cstr(s->found->head, member);
}

/* What decides which programs run is not for skills. */
static bool is_reserved(const char *name)
{
	static const char *const beginnings[] = { "LD_", "DYLD_", "OPENCLAW_" };

	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (!strncmp(name, beginnings[i], strlen(beginnings[i]))) return true;
	return !strcmp(name, "PATH");
}

static void add_variable(const char *name, const json_t *value, struct oc_strv *out)
{
	if (!oc_json_text(value).n || strchr(name, '=') || is_reserved(name)) return;
	oc_strv_addf(out, "%s=%s", name, json_string_value(value));
}

void oc_skills_env(const struct oc_skills *s, const struct oc_config *config, struct oc_strv *out)
{
	const json_t *entries = oc_config_get(config, "skills.entries");

	for (size_t i = 0; i < s->n; i++) {
		const json_t *entry = json_object_get(entries, s->v[i].key);
		const char *primary = oc_json_cstr(s->v[i].needs, "primaryEnv"), *name;
		json_t *value;

		if (!entry || !s->v[i].eligible || s->v[i].filtered) continue;
		json_object_foreach (json_object_get(entry, "env"), name, value)
			add_variable(name, value, out);
		if (primary) add_variable(primary, json_object_get(entry, "apiKey"), out);
	}
}

/* ---- commands ---- */

static char plain(char c)
{
	if (c == '-') return '_';
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_called(const char *name, struct oc_str typed)
{
	size_t i = 0;

	if (strlen(name) != typed.n) return false;
	while (i < typed.n && plain(name[i]) == plain(typed.p[i])) i++;
	return i == typed.n;
}

const struct oc_skill *oc_skills_command(const struct oc_skills *s, struct oc_str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (oc_skill_is_command(&s->v[i]) && is_called(s->v[i].found->name, name))
			return &s->v[i];
	return NULL;
}

char *oc_skill_request(const struct oc_skill *s, struct oc_str text)
{
	return oc_asprintf("Use the skill %s: read skill://%s first, then follow it.%s%.*s",
			   s->found->name, s->found->name, text.n ? "\n\n" : "", OC_FMT(text));
}
