/* The context plan: a table by window size, and estimates of tokens. */
#include "agent/run/plan.h"

#include "base/utf8.h"

enum {
	MIN_OUT = 512,
	MIN_RESULT_TOKENS = 300,
	MAX_RESULT_TOKENS = 4000,
	MESSAGE_OVERHEAD = 8,
	IMAGE_TOKENS = 1200
};
#define START_RATIO  3.2
#define LOWEST_RATIO 2.0

static const struct level {
	int64_t below; /* for windows smaller than this; 0 = all */
	bool tools, core_files_only, few;
	size_t user_file_chars, skill_chars;
	unsigned compact_percent;
} levels[] = {
	{ 4096, false, true, true, 800, 0, 70 },
	{ 8192, true, false, true, 2000, 400, 75 },
	{ 16384, true, false, false, 4000, 1000, 80 },
	{ 32768, true, false, false, 8000, 2000, 80 },
	{ 65536, true, false, false, 16000, 4000, 85 },
	{ 0, true, false, false, 24000, 6000, 85 },
};

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	if (v < low) v = low;
	return v > high ? high : v;
}

static void apply_level(struct oc_plan *p)
{
	const struct level *l = &levels[p->level];
	size_t share = (size_t)(p->n_ctx * 12 / 100 * 4);

	p->tools = l->tools;
	p->core_files_only = l->core_files_only;
	p->core_tools_only = p->skill_names_only = l->few;
	p->skill_chars = l->skill_chars;
	p->compact_percent = l->compact_percent;
	p->user_file_chars = l->user_file_chars < share ? l->user_file_chars : share;
}

void oc_plan_init(struct oc_plan *p, int64_t n_ctx, int64_t max_output)
{
	*p = (struct oc_plan){ .chars_per_token = START_RATIO };
	p->n_ctx = n_ctx > 0 ? n_ctx : OC_PLAN_ASSUMED_CTX;
	p->out = clamp(p->n_ctx / 6, MIN_OUT, max_output > 0 ? max_output : OC_PLAN_DEFAULT_OUTPUT);
	while (levels[p->level].below && p->n_ctx >= levels[p->level].below) p->level++;
	p->max_result_chars =
	    (size_t)((double)clamp(p->n_ctx * 12 / 100, MIN_RESULT_TOKENS, MAX_RESULT_TOKENS) *
		     START_RATIO);
	apply_level(p);
}

int64_t oc_plan_soft_cap(int64_t configured, double tokens_per_second)
{
	enum { SLOW_CAP = 49152, SLOW_TOKENS_PER_SECOND = 500 };

	if (configured) return configured;
	return tokens_per_second > 0 && tokens_per_second < SLOW_TOKENS_PER_SECOND ? SLOW_CAP : 0;
}

bool oc_plan_drop(struct oc_plan *p)
{
	if (p->level == 0) return false;
	p->level--;
	apply_level(p);
	return true;
}

/* Scripts in which a character is about a token. */
static bool is_dense(uint32_t cp)
{
	return (cp >= 0x2E80 && cp <= 0xA4CF) || (cp >= 0xAC00 && cp <= 0xD7A3) ||
	       (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0xFF00 && cp <= 0xFFEF) || cp >= 0x1F000;
}

/* ---- counted blocks ---- */

static uint64_t hash_of(struct oc_str text)
{
	uint64_t h = 14695981039346656037u; /* FNV-1a */

	for (size_t i = 0; i < text.n; i++) h = (h ^ (unsigned char)text.p[i]) * 1099511628211u;
	return h;
}

/* -1 = nobody counted it. */
static int64_t counted_tokens(const struct oc_plan *p, struct oc_str text)
{
	uint64_t h = 0;

	for (size_t i = 0; text.n && i < OC_PLAN_COUNTED; i++) {
		if (p->counted[i].n != text.n) continue;
		if (!h) h = hash_of(text);
		if (p->counted[i].hash == h) return p->counted[i].tokens;
	}
	return -1;
}

void oc_plan_know(struct oc_plan *p, struct oc_str text, int64_t tokens)
{
	unsigned at = p->next_counted++ % OC_PLAN_COUNTED;

	p->counted[at].hash = hash_of(text);
	p->counted[at].n = text.n;
	p->counted[at].tokens = tokens;
}

bool oc_plan_knows(const struct oc_plan *p, struct oc_str text)
{
	return counted_tokens(p, text) >= 0;
}

int64_t oc_plan_tokens(const struct oc_plan *p, struct oc_str text)
{
	int64_t dense = 0, other = 0, known = counted_tokens(p, text);

	if (known >= 0) return known;
	while (text.n) {
		uint32_t cp;
		/* Every turn counts some 10 KB of prompt, nearly all of it this. */
		size_t ascii = oc_utf8_ascii(text);

		other += (int64_t)ascii;
		text = oc_str_from(text, ascii);
		if (!text.n) break;
		size_t n = oc_utf8_next(text, &cp);
		if (is_dense(cp))
			dense++;
		else
			other++;
		text = oc_str_from(text, n);
	}
	return dense + (int64_t)((double)other / p->chars_per_token) + (other > 0);
}

int64_t oc_plan_message_tokens(const struct oc_plan *p, const struct oc_messages *m)
{
	int64_t sum = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct oc_message *msg = &m->v[i];

		sum += MESSAGE_OVERHEAD + oc_plan_tokens(p, oc_buf_view(&msg->text));
		sum += (int64_t)msg->n_images * IMAGE_TOKENS;
		if (msg->reasoning_field) sum += oc_plan_tokens(p, oc_buf_view(&msg->reasoning));
		for (size_t c = 0; c < msg->n_calls; c++)
			sum += MESSAGE_OVERHEAD + oc_plan_tokens(p, oc_str(msg->calls[c].name)) +
			       oc_plan_tokens(p, oc_str(msg->calls[c].arguments));
	}
	return sum;
}

bool oc_plan_fits(const struct oc_plan *p, int64_t prompt_tokens)
{
	return prompt_tokens + p->out <= p->n_ctx;
}

static void hold_ratio(struct oc_plan *p)
{
	if (p->chars_per_token < LOWEST_RATIO) p->chars_per_token = LOWEST_RATIO;
	if (p->chars_per_token > START_RATIO * 2) p->chars_per_token = START_RATIO * 2;
}

void oc_plan_learn(struct oc_plan *p, int64_t estimated, int64_t counted)
{
	double seen;

	if (estimated < 100 || counted < 100) return; /* templates weigh more than text here */
	seen = p->chars_per_token * (double)estimated / (double)counted;
	p->chars_per_token = 0.7 * p->chars_per_token + 0.3 * seen;
	hold_ratio(p);
}

void oc_plan_set_ratio(struct oc_plan *p, double chars_per_token)
{
	if (chars_per_token <= 0) return;
	p->chars_per_token = chars_per_token;
	hold_ratio(p);
}
