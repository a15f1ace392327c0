/* Messages of servers as JSON values. */
#include "tool/mcp/parse.h"

#include "rt/task.h"

enum { SMALL = 32768 };

struct parsing {
	struct oc_str text;
	json_t *value;
};

static void parse(void *arg)
{
	struct parsing *p = arg;
	struct oc_err ignored = { 0 };

	p->value = oc_json_parse(p->text, NULL, &ignored);
}

json_t *oc_mcp_parse_wait(struct oc_str text)
{
	struct parsing p = { .text = text };

	if (text.n <= SMALL)
		parse(&p);
	else
		oc_work_wait(parse, &p);
	return p.value;
}
