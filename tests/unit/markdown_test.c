/* Markdown: trees as HTML and plain text, pieces, hostile input. */
#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "markdown/growing.h"
#include "markdown/html.h"
#include "markdown/plain.h"
#include "markdown/split.h"

static char *html_of(struct oc_str s)
{
	struct oc_md_doc *doc = oc_md_parse(s);
	struct oc_buf out;

	oc_buf_init(&out, 1 << 28);
	oc_md_html(oc_md_root(doc), &out);
	assert_false(out.bad);
	oc_md_free(doc);
	oc_buf_adds(&out, "");
	return oc_buf_take(&out);
}

static const struct {
	const char *in, *html;
} pages[] = {
	{ "", "" },
	{ "a\nb", "<p dir=\"auto\">a\nb</p>\n" },
	{ "a  \nb<br>c", "<p dir=\"auto\">a<br>b<br>c</p>\n" },
	{ "# T *x*", "<h3 class=\"md-h1\" dir=\"auto\">T <em>x</em></h3>\n" },
	{ "###### six", "<h6 class=\"md-h6\" dir=\"auto\">six</h6>\n" },
	{ "**b** ~~d~~ `c<d`",
	  "<p dir=\"auto\"><strong>b</strong> <del>d</del> <code dir=\"ltr\">c&lt;d</code></p>\n" },
	{ "- a\n- b\n  1. c", "<ul dir=\"auto\">\n<li>a</li>\n<li>b<ol>\n"
			      "<li>c</li>\n</ol>\n</li>\n</ul>\n" },
	{ "3. a\n4. b", "<ol start=\"3\" dir=\"auto\">\n<li>a</li>\n<li>b</li>\n</ol>\n" },
	{ "- [x] done\n- [ ] open",
	  "<ul dir=\"auto\">\n<li class=\"task\"><input type=\"checkbox\" disabled checked> done</li>\n"
	  "<li class=\"task\"><input type=\"checkbox\" disabled> open</li>\n</ul>\n" },
	{ "> q", "<blockquote dir=\"auto\">\n<p>q</p>\n</blockquote>\n" },
	{ "---", "<hr>\n" },
	{ "```c\nint a;\n\nb\n```",
	  "<div class=\"code\"><div class=\"code-head\"><span>c</span></div><pre tabindex=\"0\" "
	  "dir=\"ltr\"><code class=\"language-c\">int a;\n\nb</code></pre></div>\n" },
	{ "```\"onclick=x\ny",
	  "<div class=\"code\"><div class=\"code-head\"><span>&quot;onclick=x</span>"
	  "</div><pre tabindex=\"0\" dir=\"ltr\"><code>y</code></pre></div>\n" },
	{ "|a|b|\n|-|:-:|\n|1|`x\\|y`|\n|3|",
	  "<div class=\"scroll\"><table dir=\"auto\">\n<thead>\n<tr><th scope=\"col\">a</th>"
	  "<th scope=\"col\" class=\"center\">b</th></tr>\n</thead>\n<tbody>\n"
	  "<tr><td>1</td><td class=\"center\"><code dir=\"ltr\">x|y</code>"
	  "</td></tr>\n<tr><td>3</td><td class=\"center\"></td></tr>\n"
	  "</tbody>\n</table></div>\n" },
	{ "|a|\n|-|",
	  "<div class=\"scroll\"><table dir=\"auto\">\n<thead>\n<tr><th scope=\"col\">a</th>"
	  "</tr>\n</thead>\n</table></div>\n" },
	{ "[x](https://a.b/?q=1&r=\"2)",
	  "<p dir=\"auto\"><a href=\"https://a.b/?q=1&amp;r=&quot;2\" rel=\"noopener noreferrer "
	  "nofollow\" target=\"_blank\" title=\"https://a.b/?q=1&amp;r=&quot;2\">x</a></p>\n" },
	{ "https://a.b.",
	  "<p dir=\"auto\"><a href=\"https://a.b\" rel=\"noopener noreferrer nofollow\" "
	  "target=\"_blank\" title=\"https://a.b\">https://a.b</a>.</p>\n" },
	{ "![pic](https://a.b/c.png)",
	  "<p dir=\"auto\"><a href=\"https://a.b/c.png\" rel=\"noopener noreferrer nofollow\" "
	  "target=\"_blank\" title=\"https://a.b/c.png\" class=\"image\">pic</a></p>\n" },
	{ "[x](javascript:alert(1)) [y](/z) ![i](data:text/html,x)",
	  "<p dir=\"auto\"><span class=\"no-link\">x</span> <span class=\"no-link\">y</span> "
	  "<span class=\"no-link\">i</span></p>\n" },
	{ "[x](java&#115;cript:alert(1)) <JaVaScRiPt:alert(1)>",
	  "<p dir=\"auto\"><span class=\"no-link\">x</span> <span class=\"no-link\">"
	  "JaVaScRiPt:alert(1)</span></p>\n" },
	{ "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>",
	  "<p dir=\"auto\">&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"
	  "<p dir=\"auto\">&lt;img src=x onerror=alert(1)&gt;</p>\n" },
	{ "<style>*{color:red}</style>",
	  "<p dir=\"auto\">&lt;style&gt;*{color:red}&lt;/style&gt;</p>\n" },
	{ "&lt;b&gt; &copy; &#60;i&#62; &nosuch;",
	  "<p dir=\"auto\">&lt;b&gt; \xc2\xa9 &lt;i&gt; &amp;nosuch;</p>\n" },
	{ "so $x_1*y_2*z$ is",
	  "<p dir=\"auto\">so <span class=\"math\" dir=\"ltr\">x_1*y_2*z</span> is</p>\n" },
	{ "costs $5 and $10, $a", "<p dir=\"auto\">costs $5 and $10, $a</p>\n" },
	{ "so \\(a_b*c*\\) is",
	  "<p dir=\"auto\">so <span class=\"math\" dir=\"ltr\">a_b*c*</span> is</p>\n" },
	{ "`$a$` and ``\\(b\\)``", "<p dir=\"auto\"><code dir=\"ltr\">$a$</code> and "
				   "<code dir=\"ltr\">\\(b\\)</code></p>\n" },
	{ "thus\n$$\na = b\n= c\n$$\nand",
	  "<p dir=\"auto\">thus</p>\n<pre class=\"math\" tabindex=\"0\" "
	  "dir=\"ltr\">a = b\n= c</pre>\n<p dir=\"auto\">and</p>\n" },
	{ "\\[ a_1 \\]", "<pre class=\"math\" tabindex=\"0\" dir=\"ltr\">a_1</pre>\n" },
	{ "```sh\necho $a$\n```",
	  "<div class=\"code\"><div class=\"code-head\"><span>sh</span></div>"
	  "<pre tabindex=\"0\" dir=\"ltr\"><code class=\"language-sh\">echo $a$"
	  "</code></pre></div>\n" },
	{ "[a][b] and [b]\n\n[b]: https://b.c",
	  "<p dir=\"auto\"><a href=\"https://b.c\" rel=\"noopener noreferrer nofollow\" target=\"_blank\" title=\"https://b.c\">a</a> and <a href=\"https://b.c\" rel=\"noopener noreferrer nofollow\" target=\"_blank\" title=\"https://b.c\">b</a></p>\n" },
	{ "a\x01`b\x02", "<p dir=\"auto\">a `b</p>\n" },
};

static void html_is_what_was_written_and_nothing_that_runs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		char *html = html_of(oc_str(pages[i].in));

		assert_string_equal(html, pages[i].html);
		free(html);
	}
}

static const struct {
	const char *in, *text;
} texts[] = {
	{ "# T\n\n**a** b\nc", "T\n\na b\nc" },
	{ "- a\n- b\n  - c\n\nend", "- a\n- b\n  - c\n\nend" },
	{ "9. a\n10. b", "9. a\n10. b" },
	{ "- [x] a", "- [x] a" },
	{ "> a\n> b", "> a\n> b" },
	{ "```c\nx\ny\n```", "x\ny" },
	{ "|a|b|\n|-|-|\n|1|2|", "a | b\n1 | 2" },
	{ "[x](https://a.b) https://c.d <e@f.g>", "x (https://a.b) https://c.d e@f.g" },
	{ "<b>x</b> $a_b$", "<b>x</b> a_b" },
};

static void plain_text_keeps_what_can_be_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct oc_md_doc *doc = oc_md_parse(oc_str(texts[i].in));
		struct oc_buf out;

		oc_buf_init(&out, 4096);
		oc_md_plain(oc_md_root(doc), &out);
		assert_string_equal(oc_buf_cstr(&out), texts[i].text);
		oc_buf_deinit(&out);
		oc_md_free(doc);
	}
}

static void a_text_is_cut_between_its_blocks(void **state)
{
	static const struct {
		const char *in;
		size_t ends[8];
	} cases[] = {
		{ "a\nb\n\nc\n", { 5, 7 } },
		{ "# h\ntext\n# i\n", { 4, 9, 13 } },
		{ "- a\n\n- b\n\n  c\n\nd", { 15, 16 } },
		{ "x\n```\n\na\n\n```\ny\n", { 2, 14, 16 } },
		{ "```\na", { 5 } },
		{ "|a|\n|-|\n|b|\n\nc", { 13, 14 } },
		{ "- a\n  ```\n\nx\n\n  ```\n", { 20 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_md_cutter c = { 0 };
		struct oc_md_piece p;
		size_t n = 0;

		while (oc_md_cut(&c, oc_str(cases[i].in), true, &p))
			assert_int_equal(p.to, cases[i].ends[n++]);
		assert_true(n > 0 && cases[i].ends[n] == 0);
	}
}

/* A text that grows is cut at the same places as the whole one, whatever arrives when. */
static void pieces_do_not_depend_on_how_a_text_arrives(void **state)
{
	const char *text =
	    "# a\nb\n\n- c\n\n  d\n- e\n\n```x\n\nf\n```\ng\n\n|h|\n|-|\n|i|\n\nlast";
	size_t n = strlen(text), whole[16], n_whole = 0;
	struct oc_md_cutter c = { 0 };
	struct oc_md_piece p;

	(void)state;
	while (oc_md_cut(&c, oc_str(text), true, &p)) whole[n_whole++] = p.to;
	for (size_t step = 1; step < n; step++) {
		size_t found = 0;

		c = (struct oc_md_cutter){ 0 };
		for (size_t have = step; have < n; have += step)
			while (oc_md_cut(&c, (struct oc_str){ text, have }, false, &p))
				assert_int_equal(p.to, whole[found++]);
		while (oc_md_cut(&c, (struct oc_str){ text, n }, true, &p))
			assert_int_equal(p.to, whole[found++]);
		assert_int_equal(found, n_whole);
	}
}

static void a_long_block_is_continued(void **state)
{
	struct oc_buf text, html;
	struct oc_md_cutter c = { 0 };
	struct oc_md_piece p;
	size_t pieces = 0;

	(void)state;
	oc_buf_init(&text, 1 << 20);
	oc_buf_init(&html, 1 << 20);
	oc_buf_adds(&text, "```py\n");
	for (int i = 0; i < 2000; i++) oc_buf_addf(&text, "line %d\n", i);
	oc_buf_adds(&text, "```\nend\n");
	while (oc_md_cut(&c, oc_buf_view(&text), true, &p)) {
		struct oc_str s = oc_buf_view(&text);
		struct oc_md_doc *doc = oc_md_parse_piece(
		    oc_str_head(oc_str_from(s, p.before_from), p.before_to - p.before_from),
		    oc_str_head(oc_str_from(s, p.from), p.to - p.from), OC_LIT(""));
		const struct oc_md_node *first = oc_md_root(doc)->first;

		assert_true(p.to - p.from <= OC_MAX_MARKDOWN_PIECE_BYTES);
		assert_int_equal(first->kind, p.to < s.n ? OC_MD_CODE_BLOCK : OC_MD_PARAGRAPH);
		assert_true(p.to == s.n || first->continued == (pieces > 0));
		assert_true(!first->language.n || oc_str_eq(first->language, OC_LIT("py")));
		oc_md_html(oc_md_root(doc), &html);
		oc_md_free(doc);
		pieces++;
	}
	assert_int_equal(pieces, 4);
	assert_non_null(strstr(oc_buf_cstr(&html), "line 1999<"));
	oc_buf_deinit(&html);
	oc_buf_deinit(&text);
}

struct told {
	char *html[64];
	size_t calls;
};

static void take(void *arg, size_t i, struct oc_str html)
{
	struct told *t = arg;

	assert_true(i < 64);
	free(t->html[i]);
	t->html[i] = oc_strndup(html.p ? html.p : "", html.n);
	t->calls++;
}

static void told_free(struct told *t)
{
	for (size_t i = 0; i < 64; i++) free(t->html[i]);
}

/* What a client has in the end does not depend on how the text came, and finished blocks are told
 * once. */
static void a_growing_text_ends_as_the_whole_one(void **state)
{
	static const char *const grown_texts[] = {
		"# a\n\nb **c** d\n\n- e\n- f\n\n```x\ng\n```\n\n|h|\n|-|\n|i|\n\nlast",
		"see [a] and [b][a]\n\nmore\n\n[a]: https://a.b\n\nend [a]",
		"$$\nx\n$$\ntext",
	};

	(void)state;
	for (size_t c = 0; c < sizeof grown_texts / sizeof *grown_texts; c++) {
		struct oc_str text = oc_str(grown_texts[c]);

		for (size_t step = 1; step <= text.n; step++) {
			struct oc_md_growing *whole = oc_md_growing_new(),
					     *grown = oc_md_growing_new();
			struct told want = { 0 }, got = { 0 };
			size_t n = oc_md_growing_update(whole, text, true, take, &want), m = 0;

			for (size_t have = step; have < text.n; have += step)
				m = oc_md_growing_update(grown, oc_str_head(text, have), false,
							 take, &got);
			assert_true(m <= n);
			assert_int_equal(oc_md_growing_update(grown, text, true, take, &got), n);
			for (size_t i = 0; i < n; i++)
				assert_string_equal(got.html[i], want.html[i]);
			if (c == 1) assert_non_null(strstr(got.html[0], "href=\"https://a.b\""));
			told_free(&want);
			told_free(&got);
			oc_md_growing_free(whole);
			oc_md_growing_free(grown);
		}
	}
}

/* The work of an update is bounded by a piece: a long text is not told again and again. */
static void a_long_text_is_told_once(void **state)
{
	struct oc_md_growing *g = oc_md_growing_new();
	struct told told = { 0 };
	struct oc_buf text;
	size_t updates = 0;

	(void)state;
	oc_buf_init(&text, 1 << 20);
	oc_buf_adds(&text, "```\n");
	while (text.n < 100000) {
		oc_buf_adds(&text, "a line of code that is not very long\n");
		oc_md_growing_update(g, oc_buf_view(&text), false, take, &told);
		updates++;
	}
	assert_true(told.calls < updates + 64);
	told_free(&told);
	oc_buf_deinit(&text);
	oc_md_growing_free(g);
}

static void repeat(struct oc_buf *out, const char *what, size_t bytes)
{
	while (out->n < bytes) oc_buf_adds(out, what);
}

/* What parsers of Markdown are slow at, or deep, or wide. Every visible word has to come out. */
static void hostile_text_is_shown_in_bounded_depth_and_size(void **state)
{
	static const char *const attacks[] = {
		"[",	  "![",	       "[a](",	  "[a](<b", "*a ",	"**a_ ", "`a``b```c````",
		"> ",	  "- ",	       "<a ",	  "<!--",   "&",	"\\",	 "[]()",
		"a**b_c", "|a",	       "|-",	  "$a",	    "\\(",	"\\[",	 "$$",
		"a@b.",	  "http://a.", "www.a.b", "[a][b]", "[a]: b\n", "~~a",	 "1. ",
		"* * ",	  "\n> - ",    "\t",	  "*_*_",   "<b>",	"](",	 "!\"#$%&'()*+,-./",
		"\xff",	  "\xe2\x80",  "a\n",	  "# ",	    "```\n",	"~~~~",	 "- [x] ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
		struct oc_buf text;
		unsigned depth = 0;

		oc_buf_init(&text, 1 << 20);
		repeat(&text, attacks[i], 20000);
		oc_buf_adds(&text, "\n\nVISIBLE\n");
		char *html = html_of(oc_buf_view(&text));

		for (const char *p = html; (p = strstr(p, "<blockquote")); p++) depth++;
		assert_true(depth < 20000);
		assert_true(strlen(html) < text.n * 60);
		assert_non_null(strstr(html, "VISIBLE"));
		free(html);
		oc_buf_deinit(&text);
	}
}

static void depth_is_bounded_without_losing_text(void **state)
{
	struct oc_buf text;
	unsigned deepest = 0;

	(void)state;
	oc_buf_init(&text, 1 << 16);
	repeat(&text, "> ", 4000);
	oc_buf_adds(&text, "word");
	struct oc_md_doc *doc = oc_md_parse(oc_buf_view(&text));
	const struct oc_md_node *root = oc_md_root(doc), *found = NULL;

	for (const struct oc_md_node *n = root; n; n = oc_md_next(n, root, true)) {
		unsigned depth = 0;

		for (const struct oc_md_node *up = n; up; up = up->parent) depth++;
		if (depth > deepest) deepest = depth;
		if (n->kind == OC_MD_TEXT) found = n;
	}
	assert_true(found && oc_str_eq(found->text, OC_LIT("word")));
	assert_true(deepest <= OC_MAX_MARKDOWN_DEPTH + 1);
	oc_md_free(doc);
	oc_buf_deinit(&text);
}

static void a_table_that_is_too_wide_is_text(void **state)
{
	struct oc_buf text;

	(void)state;
	oc_buf_init(&text, 1 << 16);
	for (int i = 0; i < 100; i++) oc_buf_addf(&text, "|h%d", i);
	oc_buf_addc(&text, '\n');
	for (int i = 0; i < 100; i++) oc_buf_adds(&text, "|-");
	oc_buf_adds(&text, "\n\nafter");
	char *html = html_of(oc_buf_view(&text));

	assert_null(strstr(html, "<table"));
	assert_non_null(strstr(html, "|h99"));
	assert_non_null(strstr(html, "<p dir=\"auto\">after</p>"));
	free(html);
	oc_buf_deinit(&text);
}

static void only_web_and_mail_addresses_are_links(void **state)
{
	static const char *const good[] = { "http://a", "HTTPS://a/b", "mailto:a@b" };
	static const char *const bad[] = {
		"",	   "http://",	     "javascript:alert(1)", " http://a",
		"data:,x", "vbscript:x",     "file:///etc",	    "//a.b",
		"/a",	   "java\tscript:x", "http://a\nb",	    "blob:http://a"
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(oc_md_url_ok(oc_str(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(oc_md_url_ok(oc_str(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(html_is_what_was_written_and_nothing_that_runs),
		cmocka_unit_test(plain_text_keeps_what_can_be_read),
		cmocka_unit_test(a_text_is_cut_between_its_blocks),
		cmocka_unit_test(pieces_do_not_depend_on_how_a_text_arrives),
		cmocka_unit_test(a_long_block_is_continued),
		cmocka_unit_test(a_growing_text_ends_as_the_whole_one),
		cmocka_unit_test(a_long_text_is_told_once),
		cmocka_unit_test(hostile_text_is_shown_in_bounded_depth_and_size),
		cmocka_unit_test(depth_is_bounded_without_losing_text),
		cmocka_unit_test(a_table_that_is_too_wide_is_text),
		cmocka_unit_test(only_web_and_mail_addresses_are_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
