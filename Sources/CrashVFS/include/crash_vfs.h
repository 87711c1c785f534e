// Storage for SQLite that loses power on demand. What is written to a file below a folder rests in memory until it is synced; when the
// power goes, any part of what was not synced may be on disk or not, by sectors, as a seed has it, and nothing works any more.
//
// It stands before the system's own VFS, which serves all other files, takes the locks and holds the shared memory.
#ifndef CRASH_VFS_H
#define CRASH_VFS_H

// Becomes the process's default, once; 0 when it did.
int crash_vfs_install(void);

// From now on files below `folder` are watched, and the power goes in the `fail_at`th write, truncation, sync or deletion; 0: never.
void crash_vfs_begin(const char *folder, long fail_at, unsigned seed);

// Operations so far that the power could have gone in.
long crash_vfs_operations(void);

int crash_vfs_power_is_out(void);

// Forgets what is in memory, as the machine did. Returns how many watched files are still open, which should be none.
long crash_vfs_end(void);

#endif
