/* The words of a time: splitting a phrase, and the dictionary. */
#include <ctype.h>

#include "agent/cron/natural_words.h"
#include "base/utf8.h"

struct entry {
	const char *word;
	enum oc_word_class class;
	int64_t value;
};
enum {
	MON_FRI = 0x3e,
	SAT_SUN = 0x41,
	MAX_WORD = 24,
	MAX_DIGITS = 9,
};

/* Umlauts are written out; case is folded. */
static const struct entry dictionary[] = {
	{ "the", OC_W_FILL, 0 },
	{ "on", OC_W_FILL, 0 },
	{ "of", OC_W_FILL, 0 },
	{ "please", OC_W_FILL, 0 },
	{ "der", OC_W_FILL, 0 },
	{ "die", OC_W_FILL, 0 },
	{ "das", OC_W_FILL, 0 },
	{ "den", OC_W_FILL, 0 },
	{ "dem", OC_W_FILL, 0 },
	{ "des", OC_W_FILL, 0 },
	{ "im", OC_W_FILL, 0 },
	{ "bitte", OC_W_FILL, 0 },
	{ "about", OC_W_FILL, 0 },
	{ "time", OC_W_FILL, 0 },
	{ "sharp", OC_W_FILL, 0 },
	{ "exactly", OC_W_FILL, 0 },
	{ "jeweils", OC_W_FILL, 0 },
	{ "immer", OC_W_FILL, 0 },
	{ "and", OC_W_AND, 0 },
	{ "und", OC_W_AND, 0 },
	{ "second", OC_W_UNIT, OC_U_SECOND },
	{ "seconds", OC_W_UNIT, OC_U_SECOND },
	{ "sec", OC_W_UNIT, OC_U_SECOND },
	{ "secs", OC_W_UNIT, OC_U_SECOND },
	{ "sekunde", OC_W_UNIT, OC_U_SECOND },
	{ "sekunden", OC_W_UNIT, OC_U_SECOND },
	{ "minute", OC_W_UNIT, OC_U_MINUTE },
	{ "minutes", OC_W_UNIT, OC_U_MINUTE },
	{ "min", OC_W_UNIT, OC_U_MINUTE },
	{ "mins", OC_W_UNIT, OC_U_MINUTE },
	{ "minuten", OC_W_UNIT, OC_U_MINUTE },
	{ "hour", OC_W_UNIT, OC_U_HOUR },
	{ "hours", OC_W_UNIT, OC_U_HOUR },
	{ "hr", OC_W_UNIT, OC_U_HOUR },
	{ "hrs", OC_W_UNIT, OC_U_HOUR },
	{ "stunde", OC_W_UNIT, OC_U_HOUR },
	{ "stunden", OC_W_UNIT, OC_U_HOUR },
	{ "std", OC_W_UNIT, OC_U_HOUR },
	{ "day", OC_W_UNIT, OC_U_DAY },
	{ "days", OC_W_UNIT, OC_U_DAY },
	{ "tag", OC_W_UNIT, OC_U_DAY },
	{ "tage", OC_W_UNIT, OC_U_DAY },
	{ "tagen", OC_W_UNIT, OC_U_DAY },
	{ "tages", OC_W_UNIT, OC_U_DAY },
	{ "week", OC_W_UNIT, OC_U_WEEK },
	{ "weeks", OC_W_UNIT, OC_U_WEEK },
	{ "woche", OC_W_UNIT, OC_U_WEEK },
	{ "wochen", OC_W_UNIT, OC_U_WEEK },
	{ "month", OC_W_UNIT, OC_U_MONTH },
	{ "months", OC_W_UNIT, OC_U_MONTH },
	{ "monat", OC_W_UNIT, OC_U_MONTH },
	{ "monate", OC_W_UNIT, OC_U_MONTH },
	{ "monaten", OC_W_UNIT, OC_U_MONTH },
	{ "monats", OC_W_UNIT, OC_U_MONTH },
	{ "year", OC_W_UNIT, OC_U_YEAR },
	{ "years", OC_W_UNIT, OC_U_YEAR },
	{ "jahr", OC_W_UNIT, OC_U_YEAR },
	{ "jahre", OC_W_UNIT, OC_U_YEAR },
	{ "jahren", OC_W_UNIT, OC_U_YEAR },
	{ "jahres", OC_W_UNIT, OC_U_YEAR },
	{ "sunday", OC_W_WEEKDAY, 0 },
	{ "sun", OC_W_WEEKDAY, 0 },
	{ "monday", OC_W_WEEKDAY, 1 },
	{ "mon", OC_W_WEEKDAY, 1 },
	{ "tuesday", OC_W_WEEKDAY, 2 },
	{ "tue", OC_W_WEEKDAY, 2 },
	{ "tues", OC_W_WEEKDAY, 2 },
	{ "wednesday", OC_W_WEEKDAY, 3 },
	{ "wed", OC_W_WEEKDAY, 3 },
	{ "thursday", OC_W_WEEKDAY, 4 },
	{ "thu", OC_W_WEEKDAY, 4 },
	{ "thur", OC_W_WEEKDAY, 4 },
	{ "thurs", OC_W_WEEKDAY, 4 },
	{ "friday", OC_W_WEEKDAY, 5 },
	{ "fri", OC_W_WEEKDAY, 5 },
	{ "saturday", OC_W_WEEKDAY, 6 },
	{ "sat", OC_W_WEEKDAY, 6 },
	{ "sonntag", OC_W_WEEKDAY, 0 },
	{ "so", OC_W_WEEKDAY, 0 },
	{ "montag", OC_W_WEEKDAY, 1 },
	{ "mo", OC_W_WEEKDAY, 1 },
	{ "dienstag", OC_W_WEEKDAY, 2 },
	{ "di", OC_W_WEEKDAY, 2 },
	{ "mittwoch", OC_W_WEEKDAY, 3 },
	{ "mi", OC_W_WEEKDAY, 3 },
	{ "donnerstag", OC_W_WEEKDAY, 4 },
	{ "do", OC_W_WEEKDAY, 4 },
	{ "freitag", OC_W_WEEKDAY, 5 },
	{ "fr", OC_W_WEEKDAY, 5 },
	{ "samstag", OC_W_WEEKDAY, 6 },
	{ "sonnabend", OC_W_WEEKDAY, 6 },
	{ "sa", OC_W_WEEKDAY, 6 },
	{ "sundays", OC_W_WEEKDAYS, 0 },
	{ "mondays", OC_W_WEEKDAYS, 1 },
	{ "tuesdays", OC_W_WEEKDAYS, 2 },
	{ "wednesdays", OC_W_WEEKDAYS, 3 },
	{ "thursdays", OC_W_WEEKDAYS, 4 },
	{ "fridays", OC_W_WEEKDAYS, 5 },
	{ "saturdays", OC_W_WEEKDAYS, 6 },
	{ "sonntags", OC_W_WEEKDAYS, 0 },
	{ "montags", OC_W_WEEKDAYS, 1 },
	{ "dienstags", OC_W_WEEKDAYS, 2 },
	{ "mittwochs", OC_W_WEEKDAYS, 3 },
	{ "donnerstags", OC_W_WEEKDAYS, 4 },
	{ "freitags", OC_W_WEEKDAYS, 5 },
	{ "samstags", OC_W_WEEKDAYS, 6 },
	{ "january", OC_W_MONTH, 1 },
	{ "jan", OC_W_MONTH, 1 },
	{ "januar", OC_W_MONTH, 1 },
	{ "jaenner", OC_W_MONTH, 1 },
	{ "february", OC_W_MONTH, 2 },
	{ "feb", OC_W_MONTH, 2 },
	{ "februar", OC_W_MONTH, 2 },
	{ "march", OC_W_MONTH, 3 },
	{ "mar", OC_W_MONTH, 3 },
	{ "maerz", OC_W_MONTH, 3 },
	{ "april", OC_W_MONTH, 4 },
	{ "apr", OC_W_MONTH, 4 },
	{ "may", OC_W_MONTH, 5 },
	{ "mai", OC_W_MONTH, 5 },
	{ "june", OC_W_MONTH, 6 },
	{ "jun", OC_W_MONTH, 6 },
	{ "juni", OC_W_MONTH, 6 },
	{ "july", OC_W_MONTH, 7 },
	{ "jul", OC_W_MONTH, 7 },
	{ "juli", OC_W_MONTH, 7 },
	{ "august", OC_W_MONTH, 8 },
	{ "aug", OC_W_MONTH, 8 },
	{ "september", OC_W_MONTH, 9 },
	{ "sep", OC_W_MONTH, 9 },
	{ "sept", OC_W_MONTH, 9 },
	{ "october", OC_W_MONTH, 10 },
	{ "oct", OC_W_MONTH, 10 },
	{ "oktober", OC_W_MONTH, 10 },
	{ "okt", OC_W_MONTH, 10 },
	{ "november", OC_W_MONTH, 11 },
	{ "nov", OC_W_MONTH, 11 },
	{ "december", OC_W_MONTH, 12 },
	{ "dec", OC_W_MONTH, 12 },
	{ "dezember", OC_W_MONTH, 12 },
	{ "dez", OC_W_MONTH, 12 },
	{ "today", OC_W_DAY, 0 },
	{ "heute", OC_W_DAY, 0 },
	{ "tonight", OC_W_DAY, OC_TONIGHT },
	{ "tomorrow", OC_W_DAY, 1 },
	{ "tmrw", OC_W_DAY, 1 },
	{ "morgen", OC_W_DAY, 1 },
	{ "uebermorgen", OC_W_DAY, 2 },
	{ "overmorrow", OC_W_DAY, 2 },
	{ "yesterday", OC_W_DAY, -1 },
	{ "gestern", OC_W_DAY, -1 },
	{ "morning", OC_W_PART, OC_P_MORNING },
	{ "frueh", OC_W_PART, OC_P_MORNING },
	{ "vormittag", OC_W_PART, OC_P_MORNING },
	{ "mornings", OC_W_PARTS, OC_P_MORNING },
	{ "morgens", OC_W_PART, OC_P_MORNING },
	{ "vormittags", OC_W_PART, OC_P_MORNING },
	{ "afternoon", OC_W_PART, OC_P_AFTERNOON },
	{ "nachmittag", OC_W_PART, OC_P_AFTERNOON },
	{ "afternoons", OC_W_PARTS, OC_P_AFTERNOON },
	{ "nachmittags", OC_W_PART, OC_P_AFTERNOON },
	{ "evening", OC_W_PART, OC_P_EVENING },
	{ "abend", OC_W_PART, OC_P_EVENING },
	{ "evenings", OC_W_PARTS, OC_P_EVENING },
	{ "abends", OC_W_PART, OC_P_EVENING },
	{ "night", OC_W_PART, OC_P_NIGHT },
	{ "nacht", OC_W_PART, OC_P_NIGHT },
	{ "nights", OC_W_PARTS, OC_P_NIGHT },
	{ "nachts", OC_W_PART, OC_P_NIGHT },
	{ "a", OC_W_NUMBER, 1000 },
	{ "an", OC_W_NUMBER, 1000 },
	{ "one", OC_W_NUMBER, 1000 },
	{ "anderthalb", OC_W_NUMBER, 1500 },
	{ "two", OC_W_NUMBER, 2000 },
	{ "couple", OC_W_NUMBER, 2000 },
	{ "three", OC_W_NUMBER, 3000 },
	{ "four", OC_W_NUMBER, 4000 },
	{ "five", OC_W_NUMBER, 5000 },
	{ "six", OC_W_NUMBER, 6000 },
	{ "seven", OC_W_NUMBER, 7000 },
	{ "eight", OC_W_NUMBER, 8000 },
	{ "nine", OC_W_NUMBER, 9000 },
	{ "ten", OC_W_NUMBER, 10000 },
	{ "eleven", OC_W_NUMBER, 11000 },
	{ "twelve", OC_W_NUMBER, 12000 },
	{ "fifteen", OC_W_NUMBER, 15000 },
	{ "twenty", OC_W_NUMBER, 20000 },
	{ "thirty", OC_W_NUMBER, 30000 },
	{ "forty", OC_W_NUMBER, 40000 },
	{ "fifty", OC_W_NUMBER, 50000 },
	{ "ninety", OC_W_NUMBER, 90000 },
	{ "ein", OC_W_NUMBER, 1000 },
	{ "eine", OC_W_NUMBER, 1000 },
	{ "einer", OC_W_NUMBER, 1000 },
	{ "einem", OC_W_NUMBER, 1000 },
	{ "einen", OC_W_NUMBER, 1000 },
	{ "eins", OC_W_NUMBER, 1000 },
	{ "zwei", OC_W_NUMBER, 2000 },
	{ "drei", OC_W_NUMBER, 3000 },
	{ "vier", OC_W_NUMBER, 4000 },
	{ "fuenf", OC_W_NUMBER, 5000 },
	{ "sechs", OC_W_NUMBER, 6000 },
	{ "sieben", OC_W_NUMBER, 7000 },
	{ "acht", OC_W_NUMBER, 8000 },
	{ "neun", OC_W_NUMBER, 9000 },
	{ "zehn", OC_W_NUMBER, 10000 },
	{ "elf", OC_W_NUMBER, 11000 },
	{ "zwoelf", OC_W_NUMBER, 12000 },
	{ "fuenfzehn", OC_W_NUMBER, 15000 },
	{ "zwanzig", OC_W_NUMBER, 20000 },
	{ "dreissig", OC_W_NUMBER, 30000 },
	{ "every", OC_W_EVERY, 0 },
	{ "each", OC_W_EVERY, 0 },
	{ "jeden", OC_W_EVERY, 0 },
	{ "jede", OC_W_EVERY, 0 },
	{ "jeder", OC_W_EVERY, 0 },
	{ "jedes", OC_W_EVERY, 0 },
	{ "jedem", OC_W_EVERY, 0 },
	{ "alle", OC_W_EVERY, 0 },
	{ "next", OC_W_NEXT, 0 },
	{ "coming", OC_W_NEXT, 0 },
	{ "naechste", OC_W_NEXT, 0 },
	{ "naechsten", OC_W_NEXT, 0 },
	{ "naechster", OC_W_NEXT, 0 },
	{ "naechstes", OC_W_NEXT, 0 },
	{ "naechstem", OC_W_NEXT, 0 },
	{ "kommenden", OC_W_NEXT, 0 },
	{ "kommende", OC_W_NEXT, 0 },
	{ "this", OC_W_THIS, 0 },
	{ "diesen", OC_W_THIS, 0 },
	{ "diese", OC_W_THIS, 0 },
	{ "dieser", OC_W_THIS, 0 },
	{ "diesem", OC_W_THIS, 0 },
	{ "dieses", OC_W_THIS, 0 },
	{ "in", OC_W_IN, 0 },
	{ "within", OC_W_IN, 0 },
	{ "at", OC_W_AT, 0 },
	{ "um", OC_W_AT, 0 },
	{ "gegen", OC_W_AT, 0 },
	{ "by", OC_W_AT, 0 },
	{ "now", OC_W_NOW, 0 },
	{ "jetzt", OC_W_NOW, 0 },
	{ "immediately", OC_W_NOW, 0 },
	{ "sofort", OC_W_NOW, 0 },
	{ "from", OC_W_FROM, 0 },
	{ "between", OC_W_FROM, 0 },
	{ "von", OC_W_FROM, 0 },
	{ "zwischen", OC_W_FROM, 0 },
	{ "past", OC_W_PAST, 0 },
	{ "after", OC_W_PAST, 0 },
	{ "nach", OC_W_PAST, 0 },
	{ "to", OC_W_TO, 0 },
	{ "til", OC_W_TO, 0 },
	{ "till", OC_W_TO, 0 },
	{ "until", OC_W_TO, 0 },
	{ "through", OC_W_TO, 0 },
	{ "vor", OC_W_TO, 0 },
	{ "bis", OC_W_TO, 0 },
	{ "noon", OC_W_NOON, 12 },
	{ "midday", OC_W_NOON, 12 },
	{ "mittag", OC_W_NOON, 12 },
	{ "mittags", OC_W_NOON, 12 },
	{ "midnight", OC_W_NOON, 0 },
	{ "mitternacht", OC_W_NOON, 0 },
	{ "mitternachts", OC_W_NOON, 0 },
	{ "half", OC_W_HALF, 0 },
	{ "halb", OC_W_HALF, 1 },
	{ "halbe", OC_W_HALF, 0 },
	{ "halben", OC_W_HALF, 0 },
	{ "quarter", OC_W_QUARTER, 0 },
	{ "viertel", OC_W_QUARTER, 0 },
	{ "oclock", OC_W_CLOCK, 0 },
	{ "uhr", OC_W_CLOCK, 1 },
	{ "am", OC_W_MERIDIEM, 0 },
	{ "pm", OC_W_MERIDIEM, 12 },
	{ "weekday", OC_W_SET, MON_FRI },
	{ "workday", OC_W_SET, MON_FRI },
	{ "business", OC_W_SET, MON_FRI },
	{ "working", OC_W_SET, MON_FRI },
	{ "werktag", OC_W_SET, MON_FRI },
	{ "wochentag", OC_W_SET, MON_FRI },
	{ "arbeitstag", OC_W_SET, MON_FRI },
	{ "weekend", OC_W_SET, SAT_SUN },
	{ "wochenende", OC_W_SET, SAT_SUN },
	{ "weekdays", OC_W_SETS, MON_FRI },
	{ "workdays", OC_W_SETS, MON_FRI },
	{ "werktags", OC_W_SETS, MON_FRI },
	{ "wochentags", OC_W_SETS, MON_FRI },
	{ "weekends", OC_W_SETS, SAT_SUN },
	{ "wochenenden", OC_W_SETS, SAT_SUN },
	{ "hourly", OC_W_PERIOD, OC_U_HOUR },
	{ "daily", OC_W_PERIOD, OC_U_DAY },
	{ "nightly", OC_W_PERIOD, OC_U_DAY },
	{ "weekly", OC_W_PERIOD, OC_U_WEEK },
	{ "monthly", OC_W_PERIOD, OC_U_MONTH },
	{ "yearly", OC_W_PERIOD, OC_U_YEAR },
	{ "annually", OC_W_PERIOD, OC_U_YEAR },
	{ "stuendlich", OC_W_PERIOD, OC_U_HOUR },
	{ "taeglich", OC_W_PERIOD, OC_U_DAY },
	{ "woechentlich", OC_W_PERIOD, OC_U_WEEK },
	{ "monatlich", OC_W_PERIOD, OC_U_MONTH },
	{ "jaehrlich", OC_W_PERIOD, OC_U_YEAR },
	{ "everyday", OC_W_PERIOD, OC_U_DAY },
	{ "other", OC_W_OTHER, 0 },
	{ "zweiten", OC_W_OTHER, 0 },
	{ "zweite", OC_W_OTHER, 0 },
	{ "st", OC_W_ORDINAL, 0 },
	{ "nd", OC_W_ORDINAL, 0 },
	{ "rd", OC_W_ORDINAL, 0 },
	{ "th", OC_W_ORDINAL, 0 },
	{ "first", OC_W_ORDINALS, 1 },
	{ "ersten", OC_W_ORDINALS, 1 },
	{ "third", OC_W_ORDINALS, 3 },
	{ "last", OC_W_LAST, 0 },
	{ "letzten", OC_W_LAST, 0 },
	{ "letzter", OC_W_LAST, 0 },
	{ "soon", OC_W_VAGUE, 0 },
	{ "later", OC_W_VAGUE, 0 },
	{ "sometime", OC_W_VAGUE, 0 },
	{ "eventually", OC_W_VAGUE, 0 },
	{ "asap", OC_W_VAGUE, 0 },
	{ "bald", OC_W_VAGUE, 0 },
	{ "spaeter", OC_W_VAGUE, 0 },
	{ "irgendwann", OC_W_VAGUE, 0 },
	{ "few", OC_W_VAGUE, 0 },
	{ "some", OC_W_VAGUE, 0 },
	{ "several", OC_W_VAGUE, 0 },
	{ "often", OC_W_VAGUE, 0 },
	{ "sometimes", OC_W_VAGUE, 0 },
	{ "regularly", OC_W_VAGUE, 0 },
	{ "occasionally", OC_W_VAGUE, 0 },
	{ "twice", OC_W_VAGUE, 0 },
	{ "times", OC_W_VAGUE, 0 },
	{ "oft", OC_W_VAGUE, 0 },
	{ "regelmaessig", OC_W_VAGUE, 0 },
	{ "paar", OC_W_VAGUE, 0 },
	{ "einige", OC_W_VAGUE, 0 },
};

struct oc_str oc_natural_shown(struct oc_str text)
{
	enum { SHOWN = 80 };

	return text.n <= SHOWN ? text : oc_str_head(text, oc_utf8_floor(text.p, SHOWN));
}

/* ---- letters ---- */

/* German letters of two bytes, both cases. */
static const char *written_out(unsigned char second)
{
	switch (second) {
	case 0xa4:
	case 0x84: return "ae";
	case 0xb6:
	case 0x96: return "oe";
	case 0xbc:
	case 0x9c: return "ue";
	case 0x9f: return "ss";
	default: return NULL;
	}
}

struct word {
	char p[MAX_WORD + 1];
	size_t n;
};

static void put(struct word *w, char c)
{
	if (w->n < MAX_WORD) w->p[w->n++] = c;
}

/* Reads a word from the front of s into w, folded; its bytes in s, 0 = there is none. */
static size_t read_word(struct oc_str s, struct word *w)
{
	size_t at = 0;

	w->n = 0;
	while (at < s.n) {
		unsigned char c = (unsigned char)s.p[at];
		const char *two =
		    c == 0xc3 && at + 1 < s.n ? written_out((unsigned char)s.p[at + 1]) : NULL;

		if (isalpha(c)) {
			put(w, (char)tolower(c));
			at++;
		} else if (two) {
			put(w, two[0]);
			put(w, two[1]);
			at += 2;
		} else if (c == '\'' && w->n) { /* o'clock */
			at++;
		} else if (at + 2 < s.n && w->n && !memcmp(s.p + at, "\xe2\x80\x99", 3)) {
			at += 3;
		} else
			break;
	}
	w->p[w->n] = '\0';
	return at;
}

static void look_up(const struct word *w, struct oc_token *t)
{
	for (size_t i = 0; i < sizeof dictionary / sizeof *dictionary; i++) {
		if (strcmp(dictionary[i].word, w->p) != 0) continue;
		t->class = dictionary[i].class;
		t->value = dictionary[i].value;
		return;
	}
}

enum oc_time_unit oc_natural_unit(const struct oc_token *t)
{
	static const struct {
		char letter;
		enum oc_time_unit unit;
	} letters[] = { { 's', OC_U_SECOND }, { 'm', OC_U_MINUTE }, { 'h', OC_U_HOUR },
			{ 'd', OC_U_DAY },    { 'w', OC_U_WEEK },   { 'y', OC_U_YEAR } };

	if (t->class == OC_W_UNIT) return (enum oc_time_unit)t->value;
	if (t->is_number || t->text.n != 1) return OC_U_NONE;
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (tolower((unsigned char)t->text.p[0]) == letters[i].letter)
			return letters[i].unit;
	return OC_U_NONE;
}

/* ---- splitting ---- */

static size_t read_number(struct oc_str s, struct oc_token *t)
{
	size_t n = 0;

	while (n < s.n && isdigit((unsigned char)s.p[n])) n++;
	if (!n || n > MAX_DIGITS || !oc_parse_int(oc_str_head(s, n), 0, INT64_MAX, &t->value))
		return 0;
	t->is_number = true;
	t->digits = (unsigned)n;
	return n;
}

/* "a.m." and "p.m." are one word. */
static size_t read_dotted_meridiem(struct oc_str s, struct oc_token *t)
{
	bool is = s.n >= 4 && strchr("apAP", s.p[0]) && s.p[1] == '.' &&
		  tolower((unsigned char)s.p[2]) == 'm' && s.p[3] == '.';

	if (!is) return 0;
	t->class = OC_W_MERIDIEM;
	t->value = tolower((unsigned char)s.p[0]) == 'p' ? 12 : 0;
	return 4;
}

static size_t read_punctuation(struct oc_str s, struct oc_token *t)
{
	bool dash =
	    s.n >= 3 && (!memcmp(s.p, "\xe2\x80\x93", 3) || !memcmp(s.p, "\xe2\x80\x94", 3));

	if (dash) {
		t->punct = '-';
		return 3;
	}
	if (!strchr(":.-/,&+", s.p[0])) return 0;
	t->punct = s.p[0];
	if (strchr(",&+", s.p[0])) t->class = OC_W_AND;
	return 1;
}

static size_t read_token(struct oc_str s, struct oc_token *t)
{
	struct word w;
	size_t n;

	if (isdigit((unsigned char)s.p[0])) return read_number(s, t);
	n = read_dotted_meridiem(s, t);
	if (n) return n;
	n = read_word(s, &w);
	if (n) {
		look_up(&w, t);
		return n;
	}
	return s.p[0] ? read_punctuation(s, t) : 0;
}

enum oc_rc oc_natural_split(struct oc_str text, struct oc_tokens *out, struct oc_err *e)
{
	struct oc_str whole = text;
	size_t before;

	*out = (struct oc_tokens){ 0 };
	for (text = oc_str_trim(text); text.n; text = oc_str_trim(text)) {
		bool spaced = true;

		do {
			struct oc_token t = { .glued = !spaced };

			before = read_token(text, &t);
			if (!before)
				return oc_fail(e, OC_E_INPUT, "\"%.*s\": a time has no such %s",
					       OC_FMT(oc_natural_shown(whole)),
					       isdigit((unsigned char)text.p[0]) ? "number"
										 : "sign");
			if (out->n == OC_MAX_TOKENS)
				return oc_fail(e, OC_E_INPUT, "that is too long for a time");
			t.text = oc_str_head(text, before);
			out->v[out->n++] = t;
			text = oc_str_from(text, before);
			spaced = false;
		} while (text.n && !oc_is_space(text.p[0]));
	}
	return OC_OK;
}
