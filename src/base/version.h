#ifndef OC_VERSION_H
#define OC_VERSION_H
/* Of this program. */
const char *oc_version_number(void); /* "2026.11.1" */
const char *oc_version_text(void);   /* "2026.11.1 (abc1234)" */
#endif
