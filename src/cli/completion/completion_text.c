/*
 * Completion scripts. Each carries the same list, one line a command: its path, its subcommands and
 * its options; the shell's part only looks the line up. So a new command needs nothing here.
 */
#include "cli/completion/completion_text.h"

#include <stdlib.h>

const char oc_completion_shells[] = "bash, zsh, fish, powershell";

enum { MAX_DEPTH = 4 };

struct writer {
	struct oc_buf *out;
	const struct oc_option *globals;
	const char *path[MAX_DEPTH];
	const struct oc_option *options[MAX_DEPTH];
	size_t depth;
	/* Writes one command: path "models list", words "--json --plain". */
	void (*line)(struct writer *w, const char *path, const char *words);
};

static void add_options(const struct oc_option *o, struct oc_strv *words)
{
	for (; o && o->name; o++)
		if (!o->hidden) oc_strv_add_once(words, oc_str(o->name));
}

static void write_line(struct writer *w, const struct oc_command *sub)
{
	struct oc_strv words = { 0 }, path = { 0 };

	for (; sub && sub->name; sub++)
		if (sub->help) oc_strv_add(&words, oc_str(sub->name));
	for (size_t i = w->depth; i > 0; i--) add_options(w->options[i - 1], &words);
	add_options(w->globals, &words);
	for (size_t i = 0; i < w->depth; i++) oc_strv_add(&path, oc_str(w->path[i]));
	char *path_text = oc_strv_join(&path, " "), *words_text = oc_strv_join(&words, " ");
	w->line(w, path_text, words_text);
	free(path_text);
	free(words_text);
	oc_strv_deinit(&words);
	oc_strv_deinit(&path);
}

static void walk(struct writer *w, const struct oc_command *table)
{
	write_line(w, table);
	for (; table && table->name && w->depth < MAX_DEPTH; table++) {
		if (!table->help) continue;
		w->path[w->depth] = table->name;
		w->options[w->depth++] = table->options;
		walk(w, table->sub);
		w->depth--;
	}
}

/* ---- shells ---- */

static void case_line(struct writer *w, const char *path, const char *words)
{
	oc_buf_addf(w->out, "\t\t'%s') words='%s' ;;\n", path, words);
}

static const char bash_head[] =
    "# openclaw completion for bash: source <(openclaw completion --shell bash)\n"
    "_openclaw() {\n"
    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} path= words= word i\n"
    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
    "\t\tword=${COMP_WORDS[i]}\n"
    "\t\t[[ $word == -* ]] && continue\n"
    "\t\tword=\"${path:+$path }$word\"\n"
    "\t\t_openclaw_known \"$word\" && path=$word\n"
    "\tdone\n"
    "\t_openclaw_words \"$path\"\n"
    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
    "}\n"
    "_openclaw_known() {\n"
    "\tlocal words=\n"
    "\t_openclaw_words \"$1\"\n"
    "\t[[ -n $words ]]\n"
    "}\n"
    "_openclaw_words() {\n"
    "\tcase \"$1\" in\n";
static const char bash_tail[] = "\tesac\n"
				"}\n"
				"complete -o default -F _openclaw openclaw\n";

static const char zsh_head[] =
    "#compdef openclaw\n"
    "# openclaw completion for zsh: source <(openclaw completion --shell zsh)\n"
    "_openclaw_words() {\n"
    "\tcase \"$1\" in\n";
static const char zsh_tail[] = "\tesac\n"
			       "}\n"
			       "_openclaw() {\n"
			       "\tlocal path_so_far= words= word next\n"
			       "\tlocal -a line; line=(${(z)LBUFFER})\n"
			       "\tfor word in ${line[2,$((CURRENT - 1))]}; do\n"
			       "\t\t[[ $word == -* ]] && continue\n"
			       "\t\tnext=\"${path_so_far:+$path_so_far }$word\"\n"
			       "\t\twords=; _openclaw_words \"$next\"\n"
			       "\t\t[[ -n $words ]] && path_so_far=$next\n"
			       "\tdone\n"
			       "\twords=; _openclaw_words \"$path_so_far\"\n"
			       "\tcompadd -- ${=words}\n"
			       "}\n"
			       "compdef _openclaw openclaw\n";

static void fish_line(struct writer *w, const char *path, const char *words)
{
	oc_buf_addf(w->out, "\t\tcase '%s'\n\t\t\tstring split ' ' -- '%s'\n", path, words);
}

static const char fish_head[] =
    "# openclaw completion for fish: openclaw completion --shell fish | source\n"
    "function __openclaw_words\n"
    "\tswitch \"$argv[1]\"\n";
static const char fish_tail[] = "\tend\n"
				"end\n"
				"function __openclaw_complete\n"
				"\tset -l path ''\n"
				"\tfor word in (commandline -opc)[2..-1]\n"
				"\t\tstring match -q -- '-*' $word; and continue\n"
				"\t\tset -l next (string trim -- \"$path $word\")\n"
				"\t\ttest -n \"$(__openclaw_words $next)\"; and set path $next\n"
				"\tend\n"
				"\t__openclaw_words $path\n"
				"end\n"
				"complete -c openclaw -f -a '(__openclaw_complete)'\n";

static void powershell_line(struct writer *w, const char *path, const char *words)
{
	oc_buf_addf(w->out, "\t'%s' = '%s'\n", path, words);
}

static const char powershell_head[] =
    "# openclaw completion for PowerShell: openclaw completion --shell powershell | Out-String | "
    "Invoke-Expression\n"
    "$openclawWords = @{\n";
static const char powershell_tail[] =
    "}\n"
    "Register-ArgumentCompleter -Native -CommandName openclaw -ScriptBlock {\n"
    "\tparam($wordToComplete, $commandAst, $cursorPosition)\n"
    "\t$path = ''\n"
    "\tforeach ($element in ($commandAst.CommandElements | Select-Object -Skip 1)) {\n"
    "\t\t$word = $element.ToString()\n"
    "\t\tif ($word.StartsWith('-') -or $word -eq $wordToComplete) { continue }\n"
    "\t\t$next = (\"$path $word\").Trim()\n"
    "\t\tif ($openclawWords.ContainsKey($next)) { $path = $next }\n"
    "\t}\n"
    "\t$openclawWords[$path].Split(' ') | Where-Object { $_ -like \"$wordToComplete*\" } |\n"
    "\t\tForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }\n"
    "}\n";

static const struct shell {
	const char *name, *head, *tail;
	void (*line)(struct writer *w, const char *path, const char *words);
} shells[] = {
	{ "bash", bash_head, bash_tail, case_line },
	{ "zsh", zsh_head, zsh_tail, case_line },
	{ "fish", fish_head, fish_tail, fish_line },
	{ "powershell", powershell_head, powershell_tail, powershell_line },
};

bool oc_completion_text(const char *shell, const struct oc_command *commands,
			const struct oc_option *globals, struct oc_buf *out)
{
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
		struct writer w = { .out = out, .globals = globals, .line = shells[i].line };

		if (strcmp(shells[i].name, shell) != 0) continue;
		oc_buf_adds(out, shells[i].head);
		walk(&w, commands);
		oc_buf_adds(out, shells[i].tail);
		return true;
	}
	return false;
}
