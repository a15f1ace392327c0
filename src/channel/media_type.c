/* Types of files by their ending, and back. */
#include "channel/media_type.h"

#include "base/str.h"

/* The first row of a type is how a file of it is called. */
static const struct {
	const char *ending, *mime;
} rows[] = {
	{ ".jpg", "image/jpeg" },      { ".jpeg", "image/jpeg" }, { ".png", "image/png" },
	{ ".webp", "image/webp" },     { ".gif", "image/gif" },	  { ".ogg", "audio/ogg" },
	{ ".opus", "audio/ogg" },      { ".mp3", "audio/mpeg" },  { ".m4a", "audio/mp4" },
	{ ".mp4", "video/mp4" },       { ".txt", "text/plain" },  { ".md", "text/plain" },
	{ ".pdf", "application/pdf" },
};

const char *oc_media_ending(const char *mime)
{
	for (size_t i = 0; mime && i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].mime, mime)) return rows[i].ending;
	return "";
}

const char *oc_media_type(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < sizeof rows / sizeof *rows; i++)
		if (oc_str_ieq(oc_str(dot), oc_str(rows[i].ending))) return rows[i].mime;
	return NULL;
}
