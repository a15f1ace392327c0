/* Time zones: compiled files (RFC 8536, version 2 and later) and the POSIX rule at their end. */
#include "rt/zone.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "rt/file.h"

enum {
	MAX_ZONE_FILE = 1048576,
	MAX_ZONES = 64, /* names kept; more are UTC */
	MAX_NAME = 64,
	HEADER = 44,
	DAY_S = 86400,
	MAX_OFFSET_S = 26 * 3600
};

struct rule {	   /* when a part of the year begins: "M3.5.0/2", "J60", "59" */
	char kind; /* 'M', 'J', '0'; 0 = none */
	int month, week, day;
	int time_s;
};
struct oc_zone {
	char *name;
	int64_t *at; /* UTC seconds of transitions, ascending */
	int *offset; /* from that moment on */
	size_t n;
	int first_offset; /* before the first transition */
	bool has_rule;	  /* for moments after the last one */
	int standard, summer;
	struct rule begin, end; /* of summer time; kind 0 = no summer time */
};

/* ---- days ---- */

int64_t oc_days_from_civil(int64_t year, int month, int day)
{
	/* March is the first month here, so that the leap day is the last of its year. */
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void civil_from_days(int64_t days, struct oc_civil *out)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t of_era = z - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;

	out->day = (int)(of_year - (153 * month + 2) / 5 + 1);
	out->month = (int)(month < 10 ? month + 3 : month - 9);
	out->year = (int)(year + era * 400 + (out->month <= 2));
	out->weekday = (int)(((days % 7) + 11) % 7); /* 1970-01-01 was a Thursday */
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int year_of(int64_t utc_s)
{
	struct oc_civil c;

	civil_from_days(floor_div(utc_s, DAY_S), &c);
	return c.year;
}

/* ---- the rule of a zone: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

struct cursor {
	const char *p, *end;
};

static bool take(struct cursor *c, char wanted)
{
	if (c->p >= c->end || *c->p != wanted) return false;
	c->p++;
	return true;
}

static bool take_number(struct cursor *c, int max, int *out)
{
	int n = 0;
	const char *from = c->p;

	while (c->p < c->end && isdigit((unsigned char)*c->p) && n <= max)
		n = n * 10 + (*c->p++ - '0');
	*out = n;
	return c->p > from && n <= max;
}

static bool take_name(struct cursor *c)
{
	const char *from = c->p;

	if (take(c, '<')) {
		while (c->p < c->end && *c->p != '>') c->p++;
		return take(c, '>');
	}
	while (c->p < c->end && isalpha((unsigned char)*c->p)) c->p++;
	return c->p - from >= 3;
}

/* "[+-]hh[:mm[:ss]]" */
static bool take_time(struct cursor *c, int *seconds)
{
	int sign = 1, h, m = 0, s = 0;

	if (take(c, '-'))
		sign = -1;
	else
		take(c, '+');
	if (!take_number(c, 167, &h)) return false;
	if (take(c, ':') && !take_number(c, 59, &m)) return false;
	if (take(c, ':') && !take_number(c, 59, &s)) return false;
	*seconds = sign * (h * 3600 + m * 60 + s);
	return true;
}

static bool take_rule(struct cursor *c, struct rule *r)
{
	bool ok;

	*r = (struct rule){ .time_s = 7200 };
	if (!take(c, ',')) return false;
	if (take(c, 'M')) {
		r->kind = 'M';
		ok = take_number(c, 12, &r->month) && r->month >= 1 && take(c, '.') &&
		     take_number(c, 5, &r->week) && r->week >= 1 && take(c, '.') &&
		     take_number(c, 6, &r->day);
	} else {
		r->kind = take(c, 'J') ? 'J' : '0';
		ok = take_number(c, 365, &r->day) && (r->kind == '0' || r->day >= 1);
	}
	if (ok && take(c, '/')) ok = take_time(c, &r->time_s);
	return ok;
}

static bool read_rule(struct oc_zone *z, const char *text, size_t n)
{
	struct cursor c = { text, text + n };

	if (!n || !take_name(&c) || !take_time(&c, &z->standard)) return false;
	z->standard = -z->standard; /* POSIX counts westwards */
	z->summer = z->standard + 3600;
	if (c.p == c.end) return true;
	if (!take_name(&c)) return false;
	if (c.p < c.end && *c.p != ',') {
		if (!take_time(&c, &z->summer)) return false;
		z->summer = -z->summer;
	}
	if (!take_rule(&c, &z->begin) || !take_rule(&c, &z->end)) return false;
	return c.p == c.end;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* The day on which a rule holds in this year, since 1970. */
static int64_t day_of_rule(const struct rule *r, int64_t year)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t first;
	int day, length;

	if (r->kind == '0') return oc_days_from_civil(year, 1, 1) + r->day;
	if (r->kind == 'J')
		return oc_days_from_civil(year, 1, 1) + r->day - 1 +
		       (is_leap(year) && r->day >= 60);
	first = oc_days_from_civil(year, r->month, 1);
	day = (int)((r->day - (first % 7 + 11) % 7 + 7) % 7) + 7 * (r->week - 1);
	length = lengths[r->month - 1] + (r->month == 2 && is_leap(year));
	while (day >= length) day -= 7;
	return first + day;
}

static int offset_by_rule(const struct oc_zone *z, int64_t utc_s)
{
	int64_t year = year_of(utc_s + z->standard);
	int64_t begin, end;

	if (!z->begin.kind) return z->standard;
	begin = day_of_rule(&z->begin, year) * DAY_S + z->begin.time_s - z->standard;
	end = day_of_rule(&z->end, year) * DAY_S + z->end.time_s - z->summer;
	if (begin < end) return utc_s >= begin && utc_s < end ? z->summer : z->standard;
	return utc_s >= end && utc_s < begin ? z->standard : z->summer;
}

/* ---- the file ---- */

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

struct counts {
	size_t utc, wall, leap, times, types, chars;
};

static bool read_header(const unsigned char *p, size_t n, struct counts *c)
{
	size_t *const fields[] = { &c->utc, &c->wall, &c->leap, &c->times, &c->types, &c->chars };

	if (n < HEADER || memcmp(p, "TZif", 4) != 0) return false;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		*fields[i] = be32(p + 20 + 4 * i);
		if (*fields[i] > MAX_ZONE_FILE) return false;
	}
	return true;
}

static size_t body_size(const struct counts *c, size_t time_size)
{
	return c->times * (time_size + 1) + c->types * 6 + c->chars + c->leap * (time_size + 4) +
	       c->wall + c->utc;
}

static bool read_offset(const unsigned char *types, size_t n, size_t i, int *out)
{
	int32_t offset;

	if (i >= n) return false;
	offset = (int32_t)be32(types + 6 * i);
	*out = offset;
	return offset > -MAX_OFFSET_S && offset < MAX_OFFSET_S;
}

static bool read_body(struct oc_zone *z, const unsigned char *p, const struct counts *c)
{
	const unsigned char *indexes = p + c->times * 8, *types = indexes + c->times;

	z->at = oc_realloc_array(NULL, c->times + 1, sizeof *z->at);
	z->offset = oc_realloc_array(NULL, c->times + 1, sizeof *z->offset);
	for (; z->n < c->times; z->n++) {
		z->at[z->n] = be64(p + 8 * z->n);
		if (z->n && z->at[z->n] <= z->at[z->n - 1]) return false;
		if (!read_offset(types, c->types, indexes[z->n], &z->offset[z->n])) return false;
	}
	return read_offset(types, c->types, 0, &z->first_offset);
}

static bool read_file(struct oc_zone *z, const unsigned char *p, size_t n)
{
	struct counts c;
	size_t skip, size;
	const unsigned char *footer;

	if (!read_header(p, n, &c) || p[4] < '2') return false;
	skip = HEADER + body_size(&c, 4); /* the part for readers of version 1 */
	if (skip > n || !read_header(p + skip, n - skip, &c)) return false;
	size = skip + HEADER + body_size(&c, 8);
	if (size > n || !c.types || !read_body(z, p + skip + HEADER, &c)) return false;
	footer = p + size;
	if (n - size >= 2 && footer[0] == '\n' && footer[n - size - 1] == '\n')
		z->has_rule = read_rule(z, (const char *)footer + 1, n - size - 2);
	return true;
}

struct oc_zone *oc_zone_parse(const void *bytes, size_t n)
{
	struct oc_zone *z = oc_new(struct oc_zone);

	if (read_file(z, bytes, n)) return z;
	oc_zone_free(z);
	return NULL;
}

void oc_zone_free(struct oc_zone *z)
{
	if (!z) return;
	free(z->name);
	free(z->at);
	free(z->offset);
	free(z);
}

/* ---- by name ---- */

static bool is_zone_name(const char *name)
{
	if (!*name || strlen(name) > MAX_NAME || *name == '/' || strstr(name, "..")) return false;
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("/_+-", *p)) return false;
	return true;
}

static struct oc_zone *load(const char *path)
{
	struct oc_buf bytes;
	struct oc_err e = { 0 };
	struct oc_zone *z;

	if (oc_file_read(path, MAX_ZONE_FILE, &bytes, &e) != OC_OK) return NULL;
	z = oc_zone_parse(bytes.p, bytes.n);
	oc_buf_deinit(&bytes);
	return z;
}

static struct oc_zone *load_named(const char *name)
{
	char path[PATH_MAX];

	if (!is_zone_name(name)) return NULL;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
	return load(path);
}

/* TZ may hold a rule itself, or a name, or the path of a file. */
static struct oc_zone *load_system(void)
{
	const char *tz = getenv("TZ");
	struct oc_zone *z;

	if (!tz) return load("/etc/localtime");
	if (*tz == ':') tz++;
	if (*tz == '/') return load(tz);
	z = load_named(tz);
	if (z) return z;
	z = oc_new(struct oc_zone);
	z->has_rule = read_rule(z, tz, strlen(tz));
	if (z->has_rule) return z;
	oc_zone_free(z);
	return NULL;
}

static struct oc_zone *zones[MAX_ZONES]; /* one thread owns them */
static struct oc_zone utc = { .name = NULL };

const struct oc_zone *oc_zone_get(const char *name, bool *known)
{
	size_t i = 0;
	bool is_utc = name && (!strcmp(name, "UTC") || !strcmp(name, "Etc/UTC"));

	if (!name) name = "";
	if (known) *known = true;
	if (is_utc) return &utc;
	for (; i < MAX_ZONES && zones[i]; i++)
		if (!strcmp(zones[i]->name, name)) return zones[i];
	struct oc_zone *z = i == MAX_ZONES ? NULL : *name ? load_named(name) : load_system();
	if (!z) {
		if (known) *known = false;
		return &utc;
	}
	z->name = oc_strdup(name);
	return zones[i] = z;
}

/* ---- both directions ---- */

int oc_zone_offset(const struct oc_zone *z, int64_t wall_ms)
{
	int64_t s = floor_div(wall_ms, 1000);
	size_t low = 0, high = z->n;

	if (z->has_rule && (!z->n || s >= z->at[z->n - 1])) return offset_by_rule(z, s);
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->at[mid] <= s)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? z->offset[low - 1] : z->first_offset;
}

void oc_zone_civil(const struct oc_zone *z, int64_t wall_ms, struct oc_civil *out)
{
	int64_t s = floor_div(wall_ms, 1000) + oc_zone_offset(z, wall_ms);
	int64_t days = floor_div(s, DAY_S);
	int of_day = (int)(s - days * DAY_S);

	civil_from_days(days, out);
	out->hour = of_day / 3600;
	out->minute = of_day / 60 % 60;
	out->second = of_day % 60;
}

int64_t oc_zone_ms(const struct oc_zone *z, const struct oc_civil *c)
{
	int64_t month = (int64_t)c->month - 1;
	int64_t year = c->year + floor_div(month, 12);
	int64_t local =
	    oc_days_from_civil(year, (int)(month - floor_div(month, 12) * 12) + 1, 1) + c->day - 1;
	int before, after;

	local = local * DAY_S + (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
	/* The offsets on either side of a change nearby; no zone changes twice within two days. */
	before = oc_zone_offset(z, (local - DAY_S) * 1000);
	after = oc_zone_offset(z, (local + DAY_S) * 1000);
	if (oc_zone_offset(z, (local - before) * 1000) == before) return (local - before) * 1000;
	if (oc_zone_offset(z, (local - after) * 1000) == after) return (local - after) * 1000;
	return (local - before) * 1000; /* skipped */
}
