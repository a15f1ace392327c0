/* What becomes of web pages, as tables of markup and text. */
#include "check.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/mem.h"
#include "tool/web/html.h"

static void expect(const char *html, bool links, const char *title, const char *want)
{
	struct oc_html_page page;
	struct oc_err e = { 0 };

	if (oc_html_extract(oc_str(html), links, &page, &e)) fail_msg("%s: %s", html, e.msg);
	struct oc_str text = oc_str_trim(oc_buf_view(&page.text));
	if (!oc_str_eq(text, oc_str(want)) || !oc_str_eq(oc_buf_view(&page.title), oc_str(title)))
		fail_msg("%s\n got: %s: %.*s\nwant: %s: %s", html, oc_buf_cstr(&page.title),
			 OC_FMT(text), title, want);
	oc_html_page_deinit(&page);
}

static void a_page_becomes_readable_text(void **state)
{
	static const struct {
		const char *html, *title, *want;
	} cases[] = {
		{ "", "", "" },
		{ "plain", "", "plain" },
		{ "<title> A\n  page </title><p>one</p><p>two", "A page", "one\n\ntwo" },
		{ "<h1>Top</h1>text<h3>Sub</h3>more", "", "# Top\n\ntext\n\n### Sub\n\nmore" },
		{ "<ul><li>a<li>b<ul><li>c</ul></ul>end", "", "- a\n- b\n  - c\n\nend" },
		{ "<ol><li>a</li><li>b</li></ol>", "", "- a\n- b" },
		{ "a<br>b<br><br>c", "", "a\nb\n\nc" },
		{ "<p>white\n   space\tis&nbsp;one", "", "white space is\xC2\xA0one" },
		{ "<b>bo</b>ld <i>it</i>, <code>x</code>", "", "bold it, x" },
		{ "<pre>a\n  b\n</pre>c", "", "```\na\n  b\n```\n\nc" },
		{ "<table><tr><th>k<th>v<tr><td>a<td>1</table>", "", "k | v |\na | 1 |" },
		{ "a &lt;b&gt; &amp; &#x2014;", "", "a <b> & \xE2\x80\x94" },
		{ "<div>a<div>b</div>c</div>", "", "a\nb\nc" },
		{ "<img src=x alt='a cat'> <img src='http://e.example/?q=1'>", "",
		  "[image: a cat]" },
		{ "<dl><dt>k<dd>v</dl>", "", "k\nv" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect(cases[i].html, false, cases[i].title, cases[i].want);
}

static void what_nobody_sees_is_dropped(void **state)
{
	static const char *const hidden[] = {
		"<script>BAD</script>",
		"<style>.x{color:BAD}</style>",
		"<!-- BAD -->",
		"<template>BAD</template>",
		"<p hidden>BAD</p>",
		"<p aria-hidden=true>BAD</p>",
		"<div style='display:none'>BAD<p>BAD</p></div>",
		"<div style='DISPLAY : NONE !important'>BAD</div>",
		"<div style='dis/**/play:none'>BAD</div>",
		"<div style='color:red;visibility: hidden'>BAD</div>",
		"<span style='opacity:0'>BAD</span>",
		"<span style='opacity:0.0'>BAD</span>",
		"<span style='font-size:0px'>BAD</span>",
		"<span style='position:absolute;left:-9999px'>BAD</span>",
		"<span style='color:transparent'>BAD</span>",
		"<span class='sr-only'>BAD</span>",
		"<style>.q, #z { display: none }</style><p class='a q'>BAD</p><p id=z>BAD</p>",
		"<style>/* x */ p.w{font-size:0}</style><p class=w>BAD</p>",
		"<noscript>BAD</noscript>",
		"<nav>BAD</nav>",
		"<aside>BAD</aside>",
		"<footer>BAD</footer>",
		"<div role=navigation>BAD</div>",
		"<form><input value=BAD><button>BAD</button></form>",
		"<svg><text>BAD</text></svg>",
		"<iframe srcdoc='BAD'>BAD</iframe>",
		"<img src='http://evil.example/?BAD'>",
		"<meta name=description content=BAD>",
		"<p data-x=BAD title=BAD></p>",
		"<!DOCTYPE BAD><!-- --!><![CDATA[BAD]]>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
		char *filler = oc_alloc(400), *html;
		memset(filler, 'x', 399);
		filler[399] = '\0';
		html = oc_asprintf("<body>%s<p>%s</p>", hidden[i], filler);
		expect(html, false, "", filler);
		free(html);
		free(filler);
	}
}

static void what_is_seen_stays(void **state)
{
	static const char *const seen[] = {
		"<p style='opacity:0.9'>word</p>",
		"<p style='opacity:.5'>word</p>",
		"<p style='font-size:0.9em'>word</p>",
		"<p style='border-left:-9'>word</p>",
		"<p style='color:red'>word</p>",
		"<style>.q .r{display:none}</style><p class=r>word</p>",
		"<p aria-hidden=false>word</p>",
		"<form><p>word</p></form>",
		"<nav>word</nav>",
	};

	(void)state;
	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) expect(seen[i], false, "", "word");
}

static void links_show_their_address_only_when_asked(void **state)
{
	static const char html[] = "<a href='/x'>go</a> <a href='javascript:alert(1)'>js</a> "
				   "<a href='#top'>up</a> <a href='data:text/html,x'>d</a>";

	(void)state;
	expect(html, false, "", "go js up d");
	expect(html, true, "", "go (/x) js up d");
}

static void the_words_of_a_page_are_found(void **state)
{
	char *text = oc_alloc(801), *html;

	(void)state;
	memset(text, 'w', 800);
	text[800] = '\0';
	html = oc_asprintf("<div><a href=x>menu</a></div><main><p>%s</p></main><div>x</div>", text);
	expect(html, false, "", text);
	free(html);
	html = oc_asprintf("<div><a href=x>menu</a></div><article>%s</article><div>x</div>", text);
	expect(html, false, "", text);
	free(html);
	html = oc_asprintf("<div>menu</div><div id=c><p>%s</p></div><div>x</div>", text);
	expect(html, false, "", text);
	free(html);
	free(text);
}

static void text_that_hides_is_stripped(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{ "a\xE2\x80\x8B"
		  "b",
		  "ab" },
		{ "\xE2\x80\xAEtxt\xE2\x80\xAC", "txt" },
		{ "tag\xF3\xA0\x81\x81\xF3\xA0\x81\x82!", "tag!" },
		{ "soft\xC2\xADhyphen", "softhyphen" },
		{ "\xEF\xBB\xBF"
		  "bom",
		  "bom" },
		{ "line\nends\tstay\x1b[31m", "line\nends\tstay[31m" },
		{ "gr\xC3\xBC\xC3\x9F \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80",
		  "gr\xC3\xBC\xC3\x9F \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x98\x80" },
		{ "v\xF3\xA0\x84\x80s", "vs" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct oc_buf b;

		oc_buf_init(&b, 1000);
		oc_text_strip(oc_str(cases[i].in), &b);
		assert_string_equal(oc_buf_cstr(&b), cases[i].want);
		oc_buf_deinit(&b);
	}
}

/* Depth, number and nonsense cost bounded time and memory, and no stack. */
static void a_hostile_page_ends_in_text_or_an_error(void **state)
{
	static const char *const units[] = {
		"<div>",      "<b>",	       "<p><b>",   "<table><tr><td>",
		"<a href=x>", "<font><p>",     "<ul><li>", "<svg><g>",
		"<!--",	      "<x a=b ",       "&amp",	   "<select><option>",
		"</p>",	      "<button><form>"
	};

	(void)state;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct oc_html_page page;
		struct oc_err e = { 0 };
		struct oc_buf html;

		oc_buf_init(&html, 1 << 20);
		while (html.n < 60000) oc_buf_adds(&html, units[i]);
		enum oc_rc rc = oc_html_extract(oc_buf_view(&html), true, &page, &e);
		assert_true(rc == OC_OK || rc == OC_E_LIMIT);
		assert_true(page.links.n <= OC_MAX_PAGE_LINKS);
		oc_html_page_deinit(&page);
		oc_buf_deinit(&html);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_becomes_readable_text),
		cmocka_unit_test(what_nobody_sees_is_dropped),
		cmocka_unit_test(what_is_seen_stays),
		cmocka_unit_test(links_show_their_address_only_when_asked),
		cmocka_unit_test(the_words_of_a_page_are_found),
		cmocka_unit_test(text_that_hides_is_stripped),
		cmocka_unit_test(a_hostile_page_ends_in_text_or_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
