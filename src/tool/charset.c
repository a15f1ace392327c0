/* Charsets of web pages. The common ones are read here, the rest by the C library if it can. */
#include "tool/charset.h"

#include <errno.h>
#include <iconv.h>

#include "base/utf8.h"

enum { META_BYTES = 2048, MAX_NAME = 40 };

enum kind { UTF8, WINDOWS_1252, UTF16LE, UTF16BE, BY_LIBRARY };
static const struct {
	const char *name;
	enum kind kind;
	const char *library; /* name for iconv */
} names[] = {
	{ "utf-8", UTF8, NULL },
	{ "utf8", UTF8, NULL },
	{ "us-ascii", WINDOWS_1252, NULL },
	{ "ascii", WINDOWS_1252, NULL },
	{ "iso-8859-1", WINDOWS_1252, NULL },
	{ "iso8859-1", WINDOWS_1252, NULL },
	{ "iso_8859-1", WINDOWS_1252, NULL },
	{ "latin1", WINDOWS_1252, NULL },
	{ "l1", WINDOWS_1252, NULL },
	{ "windows-1252", WINDOWS_1252, NULL },
	{ "cp1252", WINDOWS_1252, NULL },
	{ "x-cp1252", WINDOWS_1252, NULL },
	{ "utf-16", UTF16LE, NULL },
	{ "utf-16le", UTF16LE, NULL },
	{ "utf-16be", UTF16BE, NULL },
	{ "iso-8859-2", BY_LIBRARY, "ISO-8859-2" },
	{ "iso-8859-5", BY_LIBRARY, "ISO-8859-5" },
	{ "iso-8859-7", BY_LIBRARY, "ISO-8859-7" },
	{ "iso-8859-9", BY_LIBRARY, "WINDOWS-1254" },
	{ "iso-8859-15", BY_LIBRARY, "ISO-8859-15" },
	{ "windows-1250", BY_LIBRARY, "WINDOWS-1250" },
	{ "windows-1251", BY_LIBRARY, "WINDOWS-1251" },
	{ "windows-1253", BY_LIBRARY, "WINDOWS-1253" },
	{ "windows-1254", BY_LIBRARY, "WINDOWS-1254" },
	{ "windows-1255", BY_LIBRARY, "WINDOWS-1255" },
	{ "windows-1256", BY_LIBRARY, "WINDOWS-1256" },
	{ "koi8-r", BY_LIBRARY, "KOI8-R" },
	{ "koi8-u", BY_LIBRARY, "KOI8-U" },
	{ "shift_jis", BY_LIBRARY, "SHIFT_JIS" },
	{ "shift-jis", BY_LIBRARY, "SHIFT_JIS" },
	{ "euc-jp", BY_LIBRARY, "EUC-JP" },
	{ "euc-kr", BY_LIBRARY, "EUC-KR" },
	{ "gb2312", BY_LIBRARY, "GB18030" },
	{ "gbk", BY_LIBRARY, "GB18030" },
	{ "gb18030", BY_LIBRARY, "GB18030" },
	{ "big5", BY_LIBRARY, "BIG5" },
};
enum { N_NAMES = sizeof names / sizeof *names, NONE = N_NAMES };

/* What 0x80 … 0x9F mean in Windows-1252; the rest is as in Unicode. */
static const uint16_t windows_1252[32] = {
	0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
	0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
	0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178,
};

/* ---- which ---- */

static size_t find_name(struct oc_str name)
{
	size_t i = 0;

	while (i < N_NAMES && !oc_str_ieq(name, oc_str(names[i].name))) i++;
	return i;
}

/* Behind "charset=" at or after from. */
static size_t named_in(struct oc_str s, size_t from)
{
	size_t at = oc_str_ifind(s, OC_LIT("charset"), from), n = 0;

	if (at == SIZE_MAX) return NONE;
	struct oc_str rest = oc_str_trim(oc_str_from(s, at + 7));
	if (!rest.n || rest.p[0] != '=') return NONE;
	rest = oc_str_trim(oc_str_from(rest, 1));
	if (rest.n && (rest.p[0] == '"' || rest.p[0] == '\'')) rest = oc_str_from(rest, 1);
	while (n < rest.n && n < MAX_NAME && !strchr("\"'; />\t\r\n", rest.p[n])) n++;
	return find_name(oc_str_head(rest, n));
}

static size_t named_in_meta(struct oc_str bytes)
{
	struct oc_str head = oc_str_head(bytes, META_BYTES);

	for (size_t at = 0; (at = oc_str_ifind(head, OC_LIT("<meta"), at)) != SIZE_MAX; at++) {
		size_t end = oc_str_find(head, OC_LIT(">"), at);
		size_t found = named_in(oc_str_head(head, end), at);
		/* A page whose <meta> was read byte by byte is no UTF-16, whatever it says. */
		if (found != NONE)
			return names[found].kind == UTF16LE || names[found].kind == UTF16BE ? 0
											    : found;
	}
	return NONE;
}

/* The mark is taken off. */
static size_t named_by_mark(struct oc_str *bytes)
{
	static const struct {
		struct oc_str mark;
		const char *name;
	} marks[] = { { OC_LIT("\xEF\xBB\xBF"), "utf-8" },
		      { OC_LIT("\xFF\xFE"), "utf-16le" },
		      { OC_LIT("\xFE\xFF"), "utf-16be" } };

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		if (!oc_str_starts(*bytes, marks[i].mark)) continue;
		*bytes = oc_str_from(*bytes, marks[i].mark.n);
		return find_name(oc_str(marks[i].name));
	}
	return NONE;
}

/* ---- reading ---- */

static void read_1252(struct oc_str s, struct oc_buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		oc_utf8_put(out, c >= 0x80 && c < 0xA0 ? windows_1252[c - 0x80] : c);
	}
}

static uint32_t unit(struct oc_str s, size_t at, bool big)
{
	uint32_t a = (unsigned char)s.p[at], b = (unsigned char)s.p[at + 1];

	return big ? a << 8 | b : b << 8 | a;
}

static void read_utf16(struct oc_str s, bool big, struct oc_buf *out)
{
	for (size_t i = 0; i + 1 < s.n; i += 2) {
		uint32_t cp = unit(s, i, big);

		if (cp >= 0xD800 && cp < 0xDC00 && i + 3 < s.n) {
			uint32_t low = unit(s, i + 2, big);
			if (low >= 0xDC00 && low < 0xE000) {
				cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
				i += 2;
			}
		}
		oc_utf8_put(out, cp >= 0xD800 && cp < 0xE000 ? 0xFFFD : cp);
	}
}

/* False when the library does not know the charset. */
static bool read_by_library(struct oc_str s, const char *name, struct oc_buf *out)
{
	iconv_t cd = iconv_open("UTF-8", name);
	char *in = (char *)(uintptr_t)s.p, piece[4096];
	size_t left = s.n;

	if (cd == (iconv_t)-1) return false;
	while (left && !out->bad) {
		char *to = piece;
		size_t room = sizeof piece;
		size_t rc = iconv(cd, &in, &left, &to, &room);

		oc_buf_add(out, (struct oc_str){ piece, sizeof piece - room });
		if (rc != (size_t)-1 || errno == E2BIG) continue;
		oc_utf8_put(out, 0xFFFD);
		in++;
		left--;
	}
	iconv_close(cd);
	return true;
}

void oc_charset_to_utf8(struct oc_str bytes, const char *content_type, bool page,
			struct oc_buf *out)
{
	size_t i = named_by_mark(&bytes);

	if (i == NONE) i = named_in(oc_str(content_type), 0);
	if (i == NONE && page) i = named_in_meta(bytes);
	if (i == NONE) i = find_name(oc_utf8_valid(bytes) ? OC_LIT("utf-8") : OC_LIT("latin1"));
	switch (names[i].kind) {
	case WINDOWS_1252: read_1252(bytes, out); return;
	case UTF16LE: read_utf16(bytes, false, out); return;
	case UTF16BE: read_utf16(bytes, true, out); return;
	case BY_LIBRARY:
		if (read_by_library(bytes, names[i].library, out)) return;
		break;
	case UTF8: break;
	}
	oc_utf8_clean(bytes, out);
}
