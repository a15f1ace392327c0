#ifndef OC_BENEATH_H
#define OC_BENEATH_H
/* A descriptor of the folder path below the folder root, with no link in between and nothing
 * outside of it, decided by the kernel in one step. path is relative and has no "..". -1 with
 * errno: ENOSYS where the system cannot do it (other than Linux, or old), ELOOP when a link is in
 * the way.
 */
int oc_open_folder_beneath(int root, const char *path);
#endif
