#include "crash_vfs.h"

#include <sqlite3.h>
#include <string.h>

#include "crash_disk.h"

// A watched file: the system's own file follows it in the same memory.
struct crash_file {
    sqlite3_file base;
    struct crash_disk *disk;
};

static sqlite3_vfs *system_vfs;
static sqlite3_vfs crash_vfs;

static sqlite3_file *under(sqlite3_file *file) { return (sqlite3_file *)((struct crash_file *)file + 1); }
static struct crash_disk *disk_of(sqlite3_file *file) { return ((struct crash_file *)file)->disk; }

static int crash_close(sqlite3_file *file) {
    crash_disk_close(disk_of(file));
    return under(file)->pMethods->xClose(under(file));
}

static int crash_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    long copied = crash_disk_read(disk_of(file), bytes, (size_t)count, (size_t)offset);
    if (copied < 0) return SQLITE_IOERR_READ;
    if (copied == count) return SQLITE_OK;
    memset((char *)bytes + copied, 0, (size_t)(count - copied));
    return SQLITE_IOERR_SHORT_READ;
}

static int crash_write(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    return crash_disk_write(disk_of(file), bytes, (size_t)count, (size_t)offset) ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int crash_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return crash_disk_truncate(disk_of(file), (size_t)size) ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int crash_sync(sqlite3_file *file, int flags) {
    (void)flags;
    return crash_disk_sync(disk_of(file)) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int crash_size(sqlite3_file *file, sqlite3_int64 *size) {
    if (crash_vfs_power_is_out()) return SQLITE_IOERR_FSTAT;
    *size = (sqlite3_int64)crash_disk_size(disk_of(file));
    return SQLITE_OK;
}

static int crash_lock(sqlite3_file *file, int kind) { return under(file)->pMethods->xLock(under(file), kind); }
static int crash_unlock(sqlite3_file *file, int kind) { return under(file)->pMethods->xUnlock(under(file), kind); }
static int crash_reserved(sqlite3_file *file, int *out) {
    return under(file)->pMethods->xCheckReservedLock(under(file), out);
}

static int crash_control(sqlite3_file *file, int what, void *argument) {
    // The system's file must not grow by a hint.
    if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE) return SQLITE_OK;
    return under(file)->pMethods->xFileControl(under(file), what, argument);
}

static int crash_sector(sqlite3_file *file) { return under(file)->pMethods->xSectorSize(under(file)); }
static int crash_traits(sqlite3_file *file) { return under(file)->pMethods->xDeviceCharacteristics(under(file)); }

static int crash_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out) {
    if (crash_vfs_power_is_out()) return SQLITE_IOERR_SHMMAP;
    return under(file)->pMethods->xShmMap(under(file), page, size, extend, out);
}
static int crash_shm_lock(sqlite3_file *file, int offset, int count, int flags) {
    return under(file)->pMethods->xShmLock(under(file), offset, count, flags);
}
static void crash_shm_barrier(sqlite3_file *file) { under(file)->pMethods->xShmBarrier(under(file)); }
static int crash_shm_unmap(sqlite3_file *file, int delete) {
    return under(file)->pMethods->xShmUnmap(under(file), delete);
}

// Version 2: without memory mapping, which would go around it.
static const sqlite3_io_methods crash_methods = {
    .iVersion = 2,
    .xClose = crash_close,
    .xRead = crash_read,
    .xWrite = crash_write,
    .xTruncate = crash_truncate,
    .xSync = crash_sync,
    .xFileSize = crash_size,
    .xLock = crash_lock,
    .xUnlock = crash_unlock,
    .xCheckReservedLock = crash_reserved,
    .xFileControl = crash_control,
    .xSectorSize = crash_sector,
    .xDeviceCharacteristics = crash_traits,
    .xShmMap = crash_shm_map,
    .xShmLock = crash_shm_lock,
    .xShmBarrier = crash_shm_barrier,
    .xShmUnmap = crash_shm_unmap,
};

static int crash_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags, int *out) {
    (void)vfs;
    int kept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
    if (!path || !(flags & kept) || !crash_disk_watches(path)) return system_vfs->xOpen(system_vfs, path, file, flags, out);
    file->pMethods = NULL;
    if (crash_vfs_power_is_out()) return SQLITE_CANTOPEN;
    int code = system_vfs->xOpen(system_vfs, path, under(file), flags, out);
    if (code != SQLITE_OK) return code;
    ((struct crash_file *)file)->disk = crash_disk_open(path);
    if (!disk_of(file)) {
        under(file)->pMethods->xClose(under(file));
        return SQLITE_CANTOPEN;
    }
    file->pMethods = &crash_methods;
    return SQLITE_OK;
}

static int crash_delete(sqlite3_vfs *vfs, const char *path, int sync) {
    (void)vfs;
    if (crash_disk_watches(path) && crash_disk_delete(path)) return SQLITE_IOERR_DELETE;
    return system_vfs->xDelete(system_vfs, path, sync);
}

int crash_vfs_install(void) {
    if (system_vfs) return 0;
    sqlite3_vfs *found = sqlite3_vfs_find(NULL);
    if (!found) return 1;
    crash_vfs = *found;
    crash_vfs.szOsFile = (int)sizeof(struct crash_file) + found->szOsFile;
    crash_vfs.zName = "crash";
    crash_vfs.pNext = NULL;
    crash_vfs.xOpen = crash_open;
    crash_vfs.xDelete = crash_delete;
    system_vfs = found;
    return sqlite3_vfs_register(&crash_vfs, 1) != SQLITE_OK;
}
