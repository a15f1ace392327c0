/* GitHub takes one dash a column below the head of a table; md4c wants three characters. */
#include "markdown/internal.h"
#include "markdown/split.h"

static void widen(struct oc_str rule, struct oc_buf *out)
{
	for (size_t i = 0; i < rule.n; i++) {
		bool first = rule.p[i] == '-' && (i == 0 || rule.p[i - 1] != '-');

		oc_buf_adds(out, first ? "---" : (const char[]){ rule.p[i], 0 });
	}
}

void oc_table_rules_widen(struct oc_str s, struct oc_buf *out)
{
	struct oc_md_split fence = { 0 };
	bool pipe = false;
	size_t next;

	for (size_t at = 0; at < s.n; at = next) {
		struct oc_str line = oc_md_line(s, at, &next);

		oc_md_split_line(&fence, line, at);
		if (pipe && !fence.fence && oc_md_is_table_rule(line)) {
			widen(line, out);
			line = (struct oc_str){ line.p + line.n, 0 };
		}
		oc_buf_add(out, (struct oc_str){ line.p, (size_t)(s.p + next - line.p) });
		pipe = line.n && memchr(line.p, '|', line.n);
	}
}
