/* A look at the first bytes of a body. */
#include "model/codec/body_kind.h"

enum { MAX_SNIFF = 2048 };

static bool has(const char *type, const char *part)
{
	return type && oc_str_ihas(oc_str(type), part);
}

enum oc_body_kind oc_body_kind_by_type(const char *type)
{
	if (has(type, "text/event-stream")) return OC_BODY_EVENTS;
	if (has(type, "html")) return OC_BODY_HTML;
	if (has(type, "/json") || has(type, "+json") || has(type, "ndjson")) return OC_BODY_JSON;
	return OC_BODY_OTHER;
}

static const struct {
	struct oc_str begin;
	enum oc_body_kind kind;
} signatures[] = {
	{ { "{", 1 }, OC_BODY_JSON },	      { { "data:", 5 }, OC_BODY_EVENTS },
	{ { "event:", 6 }, OC_BODY_EVENTS },  { { ":", 1 }, OC_BODY_EVENTS },
	{ { "<!doctype", 9 }, OC_BODY_HTML }, { { "<html", 5 }, OC_BODY_HTML },
	{ { "<head", 5 }, OC_BODY_HTML },     { { "<body", 5 }, OC_BODY_HTML },
};

enum oc_body_kind oc_body_kind_sniff(const char *type, struct oc_str body, bool final)
{
	bool room = body.n < MAX_SNIFF && !final, may_tell = false;

	body = oc_str_head(body, MAX_SNIFF); /* what lies beyond must not depend on how it is cut */
	if (oc_str_starts(body, OC_LIT("\xEF\xBB\xBF"))) body = oc_str_from(body, 3);
	while (body.n && oc_is_space(body.p[0])) body = oc_str_from(body, 1);
	for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
		if (oc_str_istarts(body, signatures[i].begin)) return signatures[i].kind;
		may_tell = may_tell || oc_str_istarts(signatures[i].begin, body);
	}
	if (oc_str_istarts(OC_LIT("\xEF\xBB\xBF"), body)) may_tell = true;
	return may_tell && room ? OC_BODY_UNDECIDED : oc_body_kind_by_type(type);
}
