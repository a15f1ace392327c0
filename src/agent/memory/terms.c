/* Words, their endings, and the words that say nothing. */
#include "agent/memory/terms.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { MAX_WORD_BYTES = 64, MIN_PART_CHARS = 5, MIN_STEM_BYTES = 4 };

/* Lower case, sorted by nothing: the list is short and read once for a word. */
static const char *const stop_words[] = {
	/* en */
	" a about after all also am an and any are as at be because been before being but by can "
	"could did do does for from had has have he her here him his how i if in into is it its "
	"just me more most my no nor not of off on once only or other our out over own she should "
	"so some such than that the their them then there these they this those through to too "
	"under up us very was we were what when where which while who whom why will with would "
	"you your tell know remember said say please ",
	/* de */
	" aber alle allem allen aller alles als also am an auch auf aus bei bin bis bist da dann "
	"das dass daß dein deine dem den denn der des dich die dies diese diesem diesen dieser "
	"dieses dir doch dort du durch ein eine einem einen einer eines er es euch euer für hab "
	"habe haben hatte hatten hier hin ich ihm ihn ihr ihre im in ist ja jede jeder jedes "
	"kann kein keine können mein meine mich mir mit nach nicht noch nun nur ob oder ohne "
	"sein seine sich sie sind so über um und uns unser unsere unter vom von vor wann waren "
	"warum was weil welche welcher welches wem wen wenn wer werde werden wie wieder wir wird "
	"wo wollen wurde wurden zu zum zur ",
	/* fr */
	" as au aux avec avez avons ce ces cet cette c d dans de des du elle elles en est et "
	"eu il ils j je l la le les leur leurs lui ma mais me mes moi mon n ne nos notre nous on "
	"ont ou où par pas pour qu que quel quelle quelles quels qui s sa sans ses son sont sur "
	"ta te tes toi ton tu un une vos votre vous y été était ",
	/* es */
	" al algo como con cual cuál cuando cuándo de del desde donde dónde el él ella ellas ellos "
	"en entre era es esa ese eso esta está este esto fue ha había han hasta hay la las le les "
	"lo los más me mi mis muy nada ni no nos nosotros o para pero por porque que qué quien "
	"quién se sea ser si sí sin sobre son su sus también te tiene tu tus un una uno y ya yo ",
	/* pt */
	" à ao aos as até com como da das de dela dele do dos e é ela elas ele eles em entre era "
	"essa esse esta este eu foi há isso isto já lhe mais mas me mesmo meu minha muito na nas "
	"não nem no nos nós o onde os ou para pela pelas pelo pelos por quais qual quando que quem "
	"são se sem ser seu seus sua suas também te tem um uma você vocês ",
	/* it */
	" ad agli al alla alle allo anche c che chi ci come con cosa da dagli dai dal dalla de "
	"dei del della delle dello di dove e è ed era gli ha hanno ho i il in io l la le lei li lo "
	"loro lui ma mi mia mio ne nei nel nella non o per perché più quale quando quella quello "
	"questa questo se si sono su sua sui sul sulla suo ti tra tu un una uno voi ",
};

/* ---- characters ---- */

/* Scripts that put no spaces between words. */
static bool is_run_script(uint32_t cp)
{
	static const uint32_t ranges[][2] = {
		{ 0x0E01, 0x0E4E },   { 0x0E81, 0x0EDF }, { 0x1000, 0x109F }, { 0x1780, 0x17D3 },
		{ 0x3005, 0x3007 },   { 0x3041, 0x30FF }, { 0x31F0, 0x31FF }, { 0x3400, 0x4DBF },
		{ 0x4E00, 0x9FFF },   { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFF66, 0xFF9F },
		{ 0x20000, 0x3FFFD },
	};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (cp >= ranges[i][0] && cp <= ranges[i][1]) return true;
	return false;
}

static bool is_word_char(uint32_t cp)
{
	return cp != '$' && cp != '_' && cp != 0x200C && cp != 0x200D &&
	       oc_utf8_is_ident(cp, false);
}

enum kind { KIND_NONE, KIND_WORD, KIND_RUN };

static enum kind kind_of(uint32_t cp)
{
	if (cp >= 0x80 && is_run_script(cp)) return KIND_RUN;
	return is_word_char(cp) ? KIND_WORD : KIND_NONE;
}

/* The next stretch of one kind at or after *at; empty at the end. *at moves behind it. */
static struct oc_str next_stretch(struct oc_str s, size_t *at, enum kind *kind)
{
	size_t from = *at;

	*kind = KIND_NONE;
	while (*at < s.n) {
		uint32_t cp;
		size_t len = oc_utf8_next(oc_str_from(s, *at), &cp);
		enum kind k = kind_of(cp);

		if (k != *kind && *kind != KIND_NONE) break;
		if (*kind == KIND_NONE) from = *at;
		*kind = k;
		*at += len;
	}
	return *kind == KIND_NONE ? OC_LIT("") : (struct oc_str){ s.p + from, *at - from };
}

static size_t char_len(struct oc_str s)
{
	uint32_t cp;

	return oc_utf8_next(s, &cp);
}

static void each_pair(struct oc_str run, oc_memory_word_fn *fn, void *arg)
{
	size_t first = char_len(run);

	if (first == run.n) fn(arg, run);
	while (first < run.n) {
		size_t second = char_len(oc_str_from(run, first));

		fn(arg, oc_str_head(run, first + second));
		run = oc_str_from(run, first);
		first = second;
	}
}

/* ---- texts ---- */

static void add_spaced(void *arg, struct oc_str word)
{
	struct oc_buf *out = arg;

	if (out->n) oc_buf_addc(out, ' ');
	oc_buf_add(out, word);
}

void oc_memory_pairs(struct oc_str text, struct oc_buf *out)
{
	enum kind kind;

	for (size_t at = 0; at < text.n;) {
		struct oc_str s = next_stretch(text, &at, &kind);

		if (kind == KIND_RUN) each_pair(s, add_spaced, out);
	}
}

void oc_memory_words(struct oc_str text, oc_memory_word_fn *fn, void *arg)
{
	enum kind kind;

	for (size_t at = 0; at < text.n;) {
		struct oc_str s = next_stretch(text, &at, &kind);

		if (kind == KIND_RUN) each_pair(s, fn, arg);
		if (kind == KIND_WORD) fn(arg, s);
	}
}

/* ---- questions ---- */

static bool is_stop_word(struct oc_str word)
{
	char spaced[MAX_WORD_BYTES + 3] = " ";

	if (word.n > MAX_WORD_BYTES) return false;
	memcpy(spaced + 1, word.p, word.n);
	spaced[word.n + 1] = ' ';
	for (size_t i = 0; i < sizeof stop_words / sizeof *stop_words; i++)
		if (strstr(stop_words[i], spaced)) return true;
	return false;
}

/* The endings of plurals and cases: what is left is looked for as a beginning. */
static struct oc_str stem_of(struct oc_str word)
{
	static const char *const endings[] = { "ings", "ing", "ern", "es", "en", "er",
					       "ed",   "em",  "s",   "n",  "e" };

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		struct oc_str ending = oc_str(endings[i]);

		if (word.n >= ending.n + MIN_STEM_BYTES && oc_str_ends(word, ending))
			return oc_str_head(word, word.n - ending.n);
	}
	return word;
}

struct taking {
	struct oc_memory_terms *terms;
	bool stop_words; /* they are all there is */
};

static bool is_full(const struct oc_memory_terms *t)
{
	return t->words.n + t->pairs.n >= OC_MEMORY_MAX_TERMS;
}

static void take_pair(void *arg, struct oc_str pair)
{
	struct taking *t = arg;

	if (!is_full(t->terms)) oc_strv_add_once(&t->terms->pairs, pair);
}

static void take_word(struct taking *t, struct oc_str word)
{
	if (is_full(t->terms) || (!t->stop_words && is_stop_word(word))) return;
	if (word.n > MAX_WORD_BYTES) word.n = oc_utf8_floor(word.p, MAX_WORD_BYTES);
	oc_strv_add_once(&t->terms->words, t->stop_words ? word : stem_of(word));
}

static void take_all(struct taking *t, struct oc_str lower)
{
	enum kind kind;

	for (size_t at = 0; at < lower.n;) {
		struct oc_str s = next_stretch(lower, &at, &kind);

		if (kind == KIND_RUN) each_pair(s, take_pair, t);
		if (kind == KIND_WORD) take_word(t, s);
	}
}

void oc_memory_terms_init(struct oc_memory_terms *t, struct oc_str question)
{
	struct taking taking = { .terms = t };
	struct oc_buf lower;

	*t = (struct oc_memory_terms){ 0 };
	oc_buf_init(&lower, 4 * question.n + 16);
	oc_utf8_lower(question, &lower);
	take_all(&taking, oc_buf_view(&lower));
	if (!oc_memory_terms_n(t)) {
		taking.stop_words = true;
		take_all(&taking, oc_buf_view(&lower));
	}
	oc_buf_deinit(&lower);
}

void oc_memory_terms_deinit(struct oc_memory_terms *t)
{
	oc_strv_deinit(&t->words);
	oc_strv_deinit(&t->pairs);
}

/* ---- expressions ---- */

static size_t chars_of(const char *word)
{
	size_t n = 0;

	for (; *word; word++) n += ((unsigned char)*word & 0xC0) != 0x80;
	return n;
}

static bool is_part(const char *word)
{
	return chars_of(word) >= MIN_PART_CHARS;
}

static void add_or(struct oc_buf *out)
{
	if (out->n) oc_buf_adds(out, " OR ");
}

/* Terms are letters and digits: nothing in them has to be quoted. */
static char *word_expression(const char *word)
{
	return oc_asprintf("\"%s\"%s", word, strlen(word) < MIN_STEM_BYTES - 1 ? "" : "*");
}

void oc_memory_terms_words(const struct oc_memory_terms *t, struct oc_buf *out)
{
	for (size_t i = 0; i < t->words.n; i++) {
		char *word = word_expression(t->words.v[i]);

		add_or(out);
		oc_buf_adds(out, word);
		free(word);
	}
	for (size_t i = 0; i < t->pairs.n; i++) {
		add_or(out);
		oc_buf_addf(out, "pairs : \"%s\"%s", t->pairs.v[i],
			    chars_of(t->pairs.v[i]) > 1 ? "" : "*");
	}
}

void oc_memory_terms_parts(const struct oc_memory_terms *t, struct oc_strv *out)
{
	for (size_t i = 0; i < t->words.n; i++) {
		char *word = word_expression(t->words.v[i]);

		if (is_part(t->words.v[i])) {
			oc_strv_add(out, oc_str(word));
			oc_strv_addf(out, "\"%s\"", t->words.v[i]);
		}
		free(word);
	}
}

size_t oc_memory_terms_n(const struct oc_memory_terms *t)
{
	return t->words.n + t->pairs.n;
}

bool oc_memory_terms_in(const struct oc_memory_terms *t, struct oc_str text)
{
	struct oc_buf lower;
	bool found = false;

	oc_buf_init(&lower, 4 * text.n + 16);
	oc_utf8_lower(text, &lower);
	for (size_t i = 0; !found && i < t->words.n; i++)
		found = oc_str_has(oc_buf_view(&lower), oc_str(t->words.v[i]));
	for (size_t i = 0; !found && i < t->pairs.n; i++)
		found = oc_str_has(oc_buf_view(&lower), oc_str(t->pairs.v[i]));
	oc_buf_deinit(&lower);
	return found;
}
