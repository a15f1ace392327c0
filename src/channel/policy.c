/* Who is heard: dmPolicy, groupPolicy, lists, mention gating. */
#include "channel/policy.h"

#include <regex.h>
#include <stdlib.h>

#include "base/mem.h"

static bool entry_is(const json_t *entry, const char *channel, const char *sender, bool star_too)
{
	struct oc_str s = oc_str_trim(oc_json_text(entry));

	if (json_is_integer(entry)) {
		int64_t n;

		return oc_parse_int(oc_str(sender), INT64_MIN, INT64_MAX, &n) &&
		       n == json_integer_value(entry);
	}
	if (oc_str_eq(s, OC_LIT("*"))) return star_too;
	if (oc_str_istarts(s, oc_str(channel)) && s.n > strlen(channel) &&
	    s.p[strlen(channel)] == ':')
		s = oc_str_from(s, strlen(channel) + 1);
	else if (oc_str_istarts(s, OC_LIT("tg:")) && !strcmp(channel, "telegram"))
		s = oc_str_from(s, 3);
	if (oc_str_starts(s, OC_LIT("+")) && *sender != '+') s = oc_str_from(s, 1);
	return s.n && oc_str_eq(s, oc_str(sender));
}

bool oc_policy_lists(const json_t *list, const char *channel, const char *sender, bool star_too)
{
	const json_t *entry;
	size_t i;

	if (!sender) return false;
	json_array_foreach (list, i, entry)
		if (entry_is(entry, channel, sender, star_too)) return true;
	return false;
}

static struct oc_policy say(enum oc_verdict verdict, enum oc_sender_trust trust, const char *why)
{
	return (struct oc_policy){ verdict, trust, why };
}

/* ---- direct ---- */

static struct oc_policy direct(const struct oc_policy_facts *f, const struct oc_msg_in *m,
			       enum oc_sender_trust trust)
{
	const json_t *allowed = json_object_get(f->account, "allowFrom");
	const char *policy = oc_json_cstr(f->account, "dmPolicy");
	bool listed = oc_policy_lists(allowed, f->channel, m->sender_id, false);

	if (!policy) policy = "pairing";
	if (!strcmp(policy, "disabled")) return say(OC_IGNORE, trust, "dmPolicy is disabled");
	if (listed || (f->paired && strcmp(policy, "pairing") == 0))
		return say(OC_HEAR, trust > OC_SENDER_ALLOWED ? trust : OC_SENDER_ALLOWED,
			   listed ? "listed in allowFrom" : "paired");
	if (!strcmp(policy, "open"))
		return oc_policy_lists(allowed, f->channel, m->sender_id, true)
			   ? say(OC_HEAR, trust, "open to everybody")
			   : say(OC_IGNORE, trust, "dmPolicy open needs \"*\" in allowFrom");
	if (!strcmp(policy, "pairing"))
		return oc_policy_lists(allowed, f->channel, m->sender_id, true)
			   ? say(OC_HEAR, trust, "open to everybody")
			   : say(OC_PAIR, trust, "not paired");
	return say(OC_IGNORE, trust, "not listed in allowFrom");
}

/* ---- groups ---- */

/* What is said for a group: for its topic, for itself, for all. */
struct group {
	const json_t *topic, *own, *all;
	bool listed; /* there is a list, and it is on it, or there is none */
};

static struct group group_of(const struct oc_policy_facts *f, const struct oc_msg_in *m)
{
	const json_t *groups = json_object_get(f->account, "groups");
	struct group g = { .own = json_object_get(groups, m->chat_id),
			   .all = json_object_get(groups, "*") };
	const json_t *topics = json_object_get(g.own, "topics");

	g.listed = !json_object_size(groups) || g.own || g.all;
	if (m->thread_id) g.topic = json_object_get(topics, m->thread_id);
	if (m->thread_id && !g.topic) g.topic = json_object_get(topics, "*");
	return g;
}

static const json_t *said(const struct group *g, const char *key)
{
	const json_t *v = json_object_get(g->topic, key);

	if (!v) v = json_object_get(g->own, key);
	return v ? v : json_object_get(g->all, key);
}

static bool pattern_fits(const char *pattern, struct oc_str text)
{
	regex_t re;
	bool fits;
	char *s;

	/* A word that is no expression is looked for as it stands. */
	if (strlen(pattern) > 200 || regcomp(&re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB))
		return oc_str_ihas(text, pattern);
	s = oc_strndup(text.p ? text.p : "", text.n < 2000 ? text.n : 2000);
	fits = regexec(&re, s, 0, NULL, 0) == 0;
	free(s);
	regfree(&re);
	return fits;
}

static bool is_addressed(const struct oc_policy_facts *f, const struct group *g,
			 const struct oc_msg_in *m)
{
	const json_t *need = said(g, "requireMention"), *pattern;
	size_t i;

	if (need && json_is_false(need)) return true;
	if (m->mentions_bot || m->is_reply_to_bot || m->is_command || m->kind == OC_IN_BUTTON)
		return true;
	json_array_foreach (f->patterns, i, pattern)
		if (json_is_string(pattern) && pattern_fits(json_string_value(pattern), m->text))
			return true;
	return false;
}

static const char *group_policy(const struct oc_policy_facts *f, const struct group *g)
{
	const char *policy = json_string_value(said(g, "groupPolicy"));

	if (!policy) policy = oc_json_cstr(f->account, "groupPolicy");
	if (!policy) policy = oc_json_cstr(f->defaults, "groupPolicy");
	return policy ? policy : "allowlist";
}

static struct oc_policy group(const struct oc_policy_facts *f, const struct oc_msg_in *m,
			      enum oc_sender_trust trust)
{
	const struct group g = group_of(f, m);
	const char *policy = group_policy(f, &g);
	const json_t *list = said(&g, "allowFrom");
	bool listed;

	if (!list) list = json_object_get(f->account, "groupAllowFrom");
	if (!list) list = json_object_get(f->account, "allowFrom");
	if (!strcmp(policy, "disabled")) return say(OC_IGNORE, trust, "groupPolicy is disabled");
	if (!g.listed) return say(OC_IGNORE, trust, "the group is not listed in groups");
	if (json_is_false(said(&g, "enabled"))) return say(OC_IGNORE, trust, "the group is off");
	listed = trust == OC_SENDER_OWNER || oc_policy_lists(list, f->channel, m->sender_id, false);
	if (listed && trust < OC_SENDER_ALLOWED) trust = OC_SENDER_ALLOWED;
	if (strcmp(policy, "open") != 0 && !listed &&
	    !oc_policy_lists(list, f->channel, m->sender_id, true))
		return g.own || g.all ? say(OC_KEEP, trust, "the sender is not listed")
				      : say(OC_IGNORE, trust, "the sender is not listed");
	if (!is_addressed(f, &g, m)) return say(OC_KEEP, trust, "not addressed");
	return say(OC_HEAR, trust, "addressed");
}

struct oc_policy oc_policy_decide(const struct oc_policy_facts *f, const struct oc_msg_in *m)
{
	bool owner = oc_policy_lists(f->owners, f->channel, m->sender_id, false);
	enum oc_sender_trust trust = owner ? OC_SENDER_OWNER : OC_SENDER_STRANGER;

	if (!m->sender_id) return say(OC_IGNORE, trust, "no sender");
	return m->chat_type == OC_CHAT_GROUP ? group(f, m, trust) : direct(f, m, trust);
}

size_t oc_policy_history(const struct oc_policy_facts *f, const struct oc_msg_in *m,
			 int64_t configured)
{
	enum { DEFAULT = 50, MOST = 200 };
	const struct group g = group_of(f, m);
	const json_t *own = said(&g, "historyLimit");
	int64_t n = configured;

	if (m->chat_type != OC_CHAT_GROUP) return 0;
	n = oc_json_int(f->account, "historyLimit", n);
	if (json_is_integer(own)) n = json_integer_value(own);
	if (n < 0) n = DEFAULT;
	return n > MOST ? MOST : (size_t)n;
}
