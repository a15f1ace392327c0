/* Keys that a server sends back are not shown. */
#include "model/provider/secrets.h"

#include <stdlib.h>

#include "base/buf.h"

enum { MIN_SECRET = 6 };

static bool is_plain(struct oc_str name)
{
	static const char *const names[] = { "accept", "content-type", "user-agent" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (oc_str_ieq(name, oc_str(names[i]))) return true;
	return false;
}

/* The secret of a header line: its value without the scheme. */
static struct oc_str secret_of(struct oc_str line)
{
	size_t colon = oc_str_find(line, OC_LIT(":"), 0);

	if (colon == SIZE_MAX || is_plain(oc_str_head(line, colon))) return OC_LIT("");
	struct oc_str value = oc_str_trim(oc_str_from(line, colon + 1));
	size_t space = oc_str_find(value, OC_LIT(" "), 0);
	return space == SIZE_MAX ? value : oc_str_trim(oc_str_from(value, space + 1));
}

static void hide(char **text, struct oc_str secret)
{
	struct oc_str in = oc_str(*text);
	struct oc_buf out;
	size_t from = 0, at = oc_str_find(in, secret, 0);

	if (at == SIZE_MAX) return;
	oc_buf_init(&out, 4 * in.n + 64);
	for (; at != SIZE_MAX; at = oc_str_find(in, secret, from)) {
		oc_buf_add(&out, (struct oc_str){ in.p + from, at - from });
		oc_buf_adds(&out, "[redacted]");
		from = at + secret.n;
	}
	oc_buf_add(&out, oc_str_from(in, from));
	free(*text);
	*text = oc_buf_take(&out);
}

void oc_secrets_hide(char **text, const struct oc_strv *headers)
{
	for (size_t i = 0; *text && i < headers->n; i++) {
		struct oc_str secret = secret_of(oc_str(headers->v[i]));
		if (secret.n >= MIN_SECRET) hide(text, secret);
	}
}
