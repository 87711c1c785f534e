// The disk below the crash VFS: what files hold for the running machine, and what of it a loss of power would leave.
#ifndef CRASH_DISK_H
#define CRASH_DISK_H

#include <stddef.h>

struct crash_disk;

int crash_disk_watches(const char *path);
struct crash_disk *crash_disk_open(const char *path);
void crash_disk_close(struct crash_disk *disk);
size_t crash_disk_size(struct crash_disk *disk);
// Bytes that were there to be read; negative without power.
long crash_disk_read(struct crash_disk *disk, void *bytes, size_t count, size_t offset);
// Each returns 0, or 1 when the power is out or goes now.
int crash_disk_write(struct crash_disk *disk, const void *bytes, size_t count, size_t offset);
int crash_disk_truncate(struct crash_disk *disk, size_t size);
int crash_disk_sync(struct crash_disk *disk);
int crash_disk_delete(const char *path);

#endif
