/* Reads a command once from left to right; the first thing it does not understand ends it. */
#include "tool/sandbox/shell.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

enum { MAX_COMMANDS = 64 };

struct reader {
	struct oc_str in;
	size_t at;
	struct oc_shell *out;
	struct oc_shell_command *command; /* being read; NULL = none has begun */
	struct oc_buf word;
	bool quoted, globs; /* of the word being read */
};

static char peek(const struct reader *r, size_t ahead)
{
	return r->at + ahead < r->in.n ? r->in.p[r->at + ahead] : '\0';
}

static bool at_end(const struct reader *r)
{
	return r->at >= r->in.n || r->out->opaque;
}

static void give_up(struct reader *r, const char *why)
{
	if (!r->out->opaque) r->out->opaque = why;
}

static bool looks_at(const struct reader *r, const char *text)
{
	return oc_str_starts(oc_str_from(r->in, r->at), oc_str(text));
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool ends_word(char c)
{
	return is_blank(c) || strchr("\n|&;()<>", c) != NULL;
}

/* ---- words ---- */

static void read_single_quotes(struct reader *r)
{
	size_t close = oc_str_find(r->in, OC_LIT("'"), r->at + 1);

	if (close == SIZE_MAX) {
		give_up(r, "a quote that is not closed");
		return;
	}
	oc_buf_add(&r->word, (struct oc_str){ r->in.p + r->at + 1, close - r->at - 1 });
	r->at = close + 1;
}

/* What the shell would replace, also between double quotes. */
static bool is_expansion(struct reader *r, char c)
{
	if (c == '`') give_up(r, "a command substitution");
	if (c == '$') give_up(r, "a variable or substitution");
	return r->out->opaque != NULL;
}

static void read_double_quotes(struct reader *r)
{
	r->at++;
	for (; r->at < r->in.n && !r->out->opaque; r->at++) {
		char c = peek(r, 0);

		if (c == '"') {
			r->at++;
			return;
		}
		if (is_expansion(r, c)) return;
		if (c == '\\' && peek(r, 1) && strchr("$`\"\\\n", peek(r, 1))) {
			c = peek(r, 1);
			r->at++;
			if (c == '\n') continue;
		}
		oc_buf_addc(&r->word, c);
	}
	give_up(r, "a quote that is not closed");
}

static void read_escape(struct reader *r)
{
	if (r->at + 1 >= r->in.n) {
		give_up(r, "a backslash at the end");
		return;
	}
	if (peek(r, 1) != '\n') {
		oc_buf_addc(&r->word, peek(r, 1));
		r->quoted = true;
	}
	r->at += 2;
}

static void read_plain(struct reader *r, char c)
{
	if (is_expansion(r, c)) return;
	if (c == '{' || c == '}') give_up(r, "braces");
	if (strchr("*?[", c)) r->globs = true;
	oc_buf_addc(&r->word, c);
	r->at++;
}

/* Reads up to the end of the word; false when there was none. */
static bool read_word(struct reader *r)
{
	size_t start = r->at;

	oc_buf_clear(&r->word);
	r->quoted = r->globs = false;
	while (!at_end(r) && !ends_word(peek(r, 0))) {
		char c = peek(r, 0);

		if (c == '\'' || c == '"') r->quoted = true;
		if (c == '\'')
			read_single_quotes(r);
		else if (c == '"')
			read_double_quotes(r);
		else if (c == '\\')
			read_escape(r);
		else
			read_plain(r, c);
	}
	return r->at > start && (r->word.n || r->quoted);
}

/* ---- commands ---- */

static struct oc_shell_command *command_of(struct reader *r)
{
	struct oc_shell *s = r->out;

	if (r->command) return r->command;
	if (s->n == MAX_COMMANDS) {
		give_up(r, "more commands than are looked at");
		return NULL;
	}
	s->v = oc_realloc_array(s->v, s->n + 1, sizeof *s->v);
	s->v[s->n] = (struct oc_shell_command){ 0 };
	return r->command = &s->v[s->n++];
}

static bool is_reserved(struct oc_str word)
{
	static const char *const words[] = { "!",	 "case",  "coproc", "do",     "done",
					     "elif",	 "else",  "esac",   "fi",     "for",
					     "function", "if",	  "in",	    "select", "then",
					     "time",	 "until", "while",  "[[",     "]]" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (oc_str_eq(oc_str(words[i]), word)) return true;
	return false;
}

/* NAME=…: changes how the rest runs. */
static bool is_assignment(struct oc_str word)
{
	size_t i = 0;

	while (i < word.n &&
	       (word.p[i] == '_' || (word.p[i] >= '0' && word.p[i] <= '9') ||
		(word.p[i] >= 'a' && word.p[i] <= 'z') || (word.p[i] >= 'A' && word.p[i] <= 'Z')))
		i++;
	return i && i < word.n &&
	       (word.p[i] == '=' || word.p[i] == '[' ||
		(word.p[i] == '+' && i + 1 < word.n && word.p[i + 1] == '='));
}

/* The word that names the program has to be what it looks like. */
static void check_name(struct reader *r)
{
	struct oc_str word = oc_buf_view(&r->word);

	if (r->quoted && !word.n) give_up(r, "an empty name");
	if (r->globs || oc_str_starts(word, OC_LIT("~"))) give_up(r, "a name that is a pattern");
	if (!r->quoted && is_reserved(word)) give_up(r, "a control structure");
	if (is_assignment(word)) give_up(r, "an assignment");
}

static bool is_number(struct oc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9') return false;
	return s.n > 0;
}

/* A word, unless it is the number of a descriptor in front of a redirection. */
static void take_word(struct reader *r)
{
	struct oc_shell_command *c;

	if (!read_word(r) || r->out->opaque) return;
	if (!r->quoted && is_number(oc_buf_view(&r->word)) &&
	    (peek(r, 0) == '<' || peek(r, 0) == '>'))
		return;
	c = command_of(r);
	if (!c) return;
	if (!c->words.n) check_name(r);
	if (r->globs) c->globs = true;
	oc_strv_add(&c->words, oc_buf_view(&r->word));
}

/* ---- redirections ---- */

/* Longest first. */
static const struct {
	const char *text;
	bool descriptor; /* may be followed by a number or "-" instead of a file */
} redirections[] = {
	{ "&>>", false }, { "&>", false }, { ">>", false }, { ">|", false }, { ">&", true },
	{ "<>", false },  { "<&", true },  { ">", false },  { "<", false },
};

static void take_target(struct reader *r, bool descriptor)
{
	struct oc_str target;
	struct oc_shell_command *c;

	while (is_blank(peek(r, 0)) && r->at < r->in.n) r->at++;
	if (!read_word(r)) {
		give_up(r, "a redirection to nothing");
		return;
	}
	target = oc_buf_view(&r->word);
	if (r->globs || (!r->quoted && oc_str_starts(target, OC_LIT("~"))))
		give_up(r, "a redirection to a pattern");
	if (descriptor && (is_number(target) || oc_str_eq(target, OC_LIT("-")))) return;
	if (oc_str_eq(target, OC_LIT("/dev/null"))) return;
	c = command_of(r);
	if (c) oc_strv_add(&c->files, target);
}

static bool take_redirection(struct reader *r)
{
	if (looks_at(r, "<<")) give_up(r, "a here-document");
	if (looks_at(r, "<(") || looks_at(r, ">(")) give_up(r, "a process substitution");
	for (size_t i = 0; i < sizeof redirections / sizeof *redirections; i++) {
		if (!looks_at(r, redirections[i].text)) continue;
		r->at += strlen(redirections[i].text);
		take_target(r, redirections[i].descriptor);
		return true;
	}
	return false;
}

/* ---- lists ---- */

static void skip_comment(struct reader *r)
{
	while (r->at < r->in.n && peek(r, 0) != '\n') r->at++;
}

/* | || && ; & and the end of a line come after a command. */
static void take_operator(struct reader *r)
{
	static const char *const operators[] = { "||", "|&", "|", "&&", ";;", ";", "&", "\n" };
	bool empty = !r->command || !r->command->words.n;

	if (peek(r, 0) == '(' || peek(r, 0) == ')') give_up(r, "a subshell or function");
	if (empty && peek(r, 0) != '\n') give_up(r, "an operator without a command before it");
	if (empty && r->command) give_up(r, "a redirection without a command");
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (!looks_at(r, operators[i])) continue;
		r->at += strlen(operators[i]);
		break;
	}
	r->command = NULL;
}

static void step(struct reader *r)
{
	char c = peek(r, 0);

	if (is_blank(c))
		r->at++;
	else if (c == '\\' && peek(r, 1) == '\n')
		r->at += 2;
	else if (c == '#')
		skip_comment(r);
	else if (c == '<' || c == '>' || looks_at(r, "&>"))
		take_redirection(r);
	else if (ends_word(c))
		take_operator(r);
	else
		take_word(r);
}

void oc_shell_parse(struct oc_str command, struct oc_shell *out)
{
	struct reader r = { .in = command, .out = out };

	*out = (struct oc_shell){ 0 };
	oc_buf_init(&r.word, OC_MAX_TOOL_ARGS_BYTES);
	if (command.n && memchr(command.p, '\0', command.n)) give_up(&r, "a NUL character");
	while (!at_end(&r)) step(&r);
	if (r.word.bad) give_up(&r, "a word longer than is looked at");
	if (!out->n) give_up(&r, "nothing to run");
	for (size_t i = 0; i < out->n; i++)
		if (!out->v[i].words.n) give_up(&r, "a redirection without a command");
	oc_buf_deinit(&r.word);
}

void oc_shell_deinit(struct oc_shell *s)
{
	for (size_t i = 0; i < s->n; i++) {
		oc_strv_deinit(&s->v[i].words);
		oc_strv_deinit(&s->v[i].files);
	}
	free(s->v);
	*s = (struct oc_shell){ 0 };
}
