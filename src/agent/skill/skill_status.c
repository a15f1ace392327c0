/* Skills as people and clients see them. */
#include <stdlib.h>

#include "agent/skill/front_matter.h"
#include "agent/skill/skills.h"
#include "base/mem.h"

enum { ABOUT_BYTES = 2000 };

static json_t *about_json(const struct oc_skill *s)
{
	struct oc_buf text;
	json_t *v;

	oc_buf_init(&text, 4 * ABOUT_BYTES);
	oc_skill_about(s, ABOUT_BYTES, &text);
	v = oc_json_new_str(oc_buf_view(&text));
	oc_buf_deinit(&text);
	return v;
}

static void put_fact(json_t *o, const struct oc_skill *s, const char *member)
{
	const char *fact = oc_skill_fact(s, member);

	if (fact) oc_json_put(o, member, json_string(fact));
}

static void put_state(json_t *o, const struct oc_skill *s)
{
	const json_t *head = s->found->head;

	oc_json_put(o, "disabled", json_boolean(s->disabled));
	oc_json_put(o, "blockedByAllowlist", json_false());
	oc_json_put(o, "blockedByAgentFilter", json_boolean(s->filtered));
	oc_json_put(o, "eligible", json_boolean(s->eligible));
	oc_json_put(o, "modelVisible", json_boolean(oc_skill_is_shown(s)));
	oc_json_put(o, "userInvocable",
		    json_boolean(oc_front_matter_bool(head, "user-invocable", true)));
	oc_json_put(o, "commandVisible", json_boolean(oc_skill_is_command(s)));
}

json_t *oc_skill_row(const struct oc_skill *s)
{
	json_t *o = json_object();

	oc_json_put(o, "name", json_string(s->found->name));
	oc_json_put(o, "description", about_json(s));
	put_fact(o, s, "emoji");
	put_state(o, s);
	oc_json_put(o, "source", json_string(s->found->source));
	oc_json_put(o, "bundled", json_false());
	put_fact(o, s, "primaryEnv");
	put_fact(o, s, "homepage");
	oc_json_put(o, "missing", json_deep_copy(s->missing));
	return o;
}

static json_t *input_arg(void)
{
	return json_pack("[{s:s,s:s,s:s,s:b}]", "name", "input", "description", "What to do",
			 "type", "string", "required", false);
}

static json_t *command_row(const struct oc_skill *s, bool with_args)
{
	json_t *o = json_object(), *aliases = json_array();

	json_array_append_new(aliases, json_sprintf("/%s", s->found->name));
	oc_json_put(o, "name", json_string(s->found->name));
	oc_json_put(o, "nativeName", json_string(s->found->name));
	oc_json_put(o, "textAliases", aliases);
	oc_json_put(o, "description", about_json(s));
	oc_json_put(o, "category", json_string("tools"));
	oc_json_put(o, "source", json_string("skill"));
	oc_json_put(o, "skillDisplayName", json_string(s->found->name));
	oc_json_put(o, "skillModelVisible", json_boolean(oc_skill_is_shown(s)));
	oc_json_put(o, "scope", json_string("both"));
	oc_json_put(o, "acceptsArgs", json_true());
	if (with_args) oc_json_put(o, "args", input_arg());
	return o;
}

void oc_skill_command_rows(const struct oc_skills *s, bool with_args, json_t *list)
{
	for (size_t i = 0; i < s->n; i++)
		if (oc_skill_is_command(&s->v[i]))
			json_array_append_new(list, command_row(&s->v[i], with_args));
}

static json_t *list_of(const json_t *v)
{
	json_t *list = json_is_array(v) ? json_deep_copy(v) : json_array();

	if (json_is_string(v)) json_array_append_new(list, json_deep_copy(v));
	return list;
}

static json_t *requirements(const struct oc_skill *s)
{
	static const char *const kinds[] = { "bins", "anyBins", "env", "config" };
	const json_t *requires = json_object_get(s->needs, "requires");
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		oc_json_put(o, kinds[i], list_of(json_object_get(requires, kinds[i])));
	oc_json_put(o, "os", list_of(json_object_get(s->needs, "os")));
	return o;
}

static bool holds(const json_t *list, const json_t *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		if (json_equal(item, text)) return true;
	return false;
}

static json_t *config_checks(const struct oc_skill *s, json_t *wanted)
{
	const json_t *missing = json_object_get(s->missing, "config");
	json_t *checks = json_array(), *path;
	size_t i;

	json_array_foreach (wanted, i, path)
		json_array_append_new(checks, json_pack("{s:O,s:b}", "path", path, "satisfied",
							!holds(missing, path)));
	return checks;
}

json_t *oc_skill_details(const struct oc_skill *s)
{
	json_t *o = json_object(), *needs = requirements(s);

	oc_json_put(o, "name", json_string(s->found->name));
	oc_json_put(o, "description", about_json(s));
	oc_json_put(o, "source", json_string(s->found->source));
	oc_json_put(o, "bundled", json_false());
	oc_json_put(o, "filePath", json_string(s->found->file));
	oc_json_put(o, "baseDir", json_string(s->found->folder));
	oc_json_put(o, "skillKey", json_string(s->key));
	put_fact(o, s, "primaryEnv");
	put_fact(o, s, "emoji");
	put_fact(o, s, "homepage");
	oc_json_put(o, "always", json_boolean(oc_front_matter_bool(s->needs, "always", false)));
	put_state(o, s);
	oc_json_put(o, "platformIncompatible", json_boolean(s->wrong_system));
	oc_json_put(o, "requirements", needs);
	oc_json_put(o, "missing", json_deep_copy(s->missing));
	oc_json_put(o, "configChecks", config_checks(s, json_object_get(needs, "config")));
	oc_json_put(o, "install", json_array());
	return o;
}

void oc_skill_missing_text(const struct oc_skill *s, struct oc_buf *out)
{
	const char *kind;
	json_t *list, *item;
	size_t i;

	json_object_foreach (s->missing, kind, list) {
		if (!json_array_size(list)) continue;
		oc_buf_addf(out, "%s%s: ", out->n ? "; " : "", kind);
		json_array_foreach (list, i, item)
			oc_buf_addf(out, "%s%s", i ? ", " : "", json_string_value(item));
	}
}
