/* Thinking levels: what a server lists, what a person asks for, and the word that goes on the wire
 * (spec 01 §4). */
#include "model/codec/reasoning.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/mem.h"

const char oc_thinking_levels[] = "off, minimal, low, medium, high, xhigh, adaptive, max";

/* From little to much thought. */
static const char *const ladder[] = { "off", "minimal", "low", "medium", "high", "xhigh", "max" };
enum { RUNGS = sizeof ladder / sizeof *ladder, OFF = 0, HIGH = 4, XHIGH = 5 };

static bool is(const char *s, const char *want)
{
	return s && !strcmp(s, want);
}

bool oc_thinking_level_valid(struct oc_str level)
{
	for (size_t i = 0; i < RUNGS; i++)
		if (oc_str_eq(level, oc_str(ladder[i]))) return true;
	return oc_str_eq(level, OC_LIT("adaptive"));
}

/* ---- what a server lists ------------------------------------------------------ */

static void add_lower(struct oc_strv *out, const char *option)
{
	struct oc_str s = oc_str_trim(oc_str(option));
	char *lower = oc_strndup(s.p, s.n);

	for (char *c = lower; *c; c++) *c = (char)tolower((unsigned char)*c);
	if (*lower) oc_strv_add_once(out, oc_str(lower));
	free(lower);
}

static const char *const by_switch[] = { "minimal", "low", "medium", "high", "xhigh" };

static bool on_and_off_only(const struct oc_strv *options)
{
	for (size_t i = 0; i < options->n; i++)
		if (!is(options->v[i], "on") && !is(options->v[i], "off")) return false;
	return oc_strv_has(options, OC_LIT("on"));
}

static void list_efforts(const struct oc_strv *options, struct oc_strv *efforts)
{
	bool binary = on_and_off_only(options);

	if (binary && oc_strv_has(options, OC_LIT("off"))) oc_strv_add(efforts, OC_LIT("none"));
	for (size_t i = 0; binary && i < sizeof by_switch / sizeof *by_switch; i++)
		oc_strv_add(efforts, oc_str(by_switch[i]));
	for (size_t i = 0; !binary && i < options->n; i++) {
		if (is(options->v[i], "on")) continue;
		oc_strv_add_once(efforts,
				 is(options->v[i], "off") ? OC_LIT("none") : oc_str(options->v[i]));
	}
}

static const char *most(const struct oc_strv *efforts)
{
	if (oc_strv_has(efforts, OC_LIT("xhigh"))) return "xhigh";
	if (oc_strv_has(efforts, OC_LIT("high"))) return "high";
	for (size_t i = 0; i < efforts->n; i++)
		if (!is(efforts->v[i], "none")) return efforts->v[i];
	return NULL;
}

static json_t *effort_map(const struct oc_strv *efforts, const char *top)
{
	json_t *map = json_object();

	if (oc_strv_has(efforts, OC_LIT("none"))) {
		json_object_set_new(map, "off", json_string("none"));
		json_object_set_new(map, "none", json_string("none"));
	}
	json_object_set_new(map, "adaptive", json_string(top));
	json_object_set_new(map, "max", json_string(top));
	return map;
}

bool oc_reasoning_from_options(const struct oc_strv *allowed, const char *dflt,
			       struct oc_strv *efforts, json_t **map)
{
	struct oc_strv options = { 0 };
	const char *top;

	*efforts = (struct oc_strv){ 0 };
	*map = NULL;
	for (size_t i = 0; allowed && i < allowed->n; i++) add_lower(&options, allowed->v[i]);
	if (options.n == 0) return dflt && *dflt && !is(dflt, "off");
	list_efforts(&options, efforts);
	oc_strv_deinit(&options);
	top = most(efforts);
	if (top)
		*map = effort_map(efforts, top);
	else
		oc_strv_deinit(efforts);
	return top != NULL;
}

/* ---- what a person asks for ------------------------------------------------------- */

static bool listed(const struct oc_compat *c, const char *effort)
{
	return oc_strv_has(&c->efforts, oc_str(effort));
}

/* off to high are there unless the map says null; xhigh and max only when something names them. */
static bool available(const struct oc_compat *c, const json_t *levels, size_t rung)
{
	const json_t *entry = json_object_get(levels, ladder[rung]);

	if (entry) return json_is_string(entry);
	return rung <= HIGH || listed(c, ladder[rung]) ||
	       json_object_get(c->effort_map, ladder[rung]);
}

static size_t search(const struct oc_compat *c, const json_t *levels, size_t from, int step)
{
	for (size_t i = from; i < RUNGS; i += (size_t)step)
		if (available(c, levels, i)) return i;
	return RUNGS;
}

static size_t clamp(const struct oc_compat *c, const json_t *levels, size_t rung)
{
	bool refused = rung >= XHIGH && json_is_null(json_object_get(levels, ladder[rung]));
	size_t found = search(c, levels, rung, refused ? -1 : 1);

	if (found == RUNGS) found = search(c, levels, rung, refused ? 1 : -1);
	return found;
}

static size_t rung_of(const char *level)
{
	for (size_t i = 0; i < RUNGS; i++)
		if (is(level, ladder[i])) return i;
	return HIGH; /* adaptive without a translation of its own */
}

/* The nearest lower effort that is listed, else the lowest that thinks at all. */
static const char *nearest(const struct oc_compat *c, size_t rung)
{
	for (size_t i = rung; i > OFF; i--)
		if (listed(c, ladder[i])) return ladder[i];
	for (size_t i = OFF + 1; i < RUNGS; i++)
		if (listed(c, ladder[i])) return ladder[i];
	return NULL;
}

const char *oc_reasoning_effort(const struct oc_compat *c, bool reasoning_model,
				const json_t *thinking_level_map, const char *level)
{
	const char *value;
	size_t rung;

	if (!level || !reasoning_model || !c->supports_reasoning_effort) return NULL;
	value = is(level, "adaptive") ? oc_json_cstr(c->effort_map, level) : NULL;
	rung = rung_of(level);
	if (!value) {
		rung = clamp(c, thinking_level_map, rung);
		if (rung == RUNGS) return NULL;
		value = oc_json_cstr(c->effort_map, ladder[rung]);
		if (!value) value = oc_json_cstr(thinking_level_map, ladder[rung]);
		if (!value && rung == OFF) return listed(c, "none") ? "none" : NULL;
		if (!value) value = ladder[rung];
	}
	if (c->efforts.n == 0 || listed(c, value)) return value;
	return rung == OFF ? NULL : nearest(c, rung);
}

const char *oc_reasoning_level(const struct oc_compat *c, const json_t *thinking_level_map,
			       const char *level)
{
	size_t rung = clamp(c, thinking_level_map, rung_of(level));

	return rung == RUNGS ? NULL : ladder[rung];
}
