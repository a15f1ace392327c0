#ifndef OC_CHANNEL_MEDIA_TYPE_H
#define OC_CHANNEL_MEDIA_TYPE_H
/* Types of files that messengers tell apart, by the ending of their name. Static strings. */
const char *oc_media_ending(const char *mime); /* ".jpg"; "" for what is not known, and NULL */
const char *oc_media_type(const char *path);   /* NULL: not known */
#endif
