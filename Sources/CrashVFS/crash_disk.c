#include "crash_disk.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crash_vfs.h"

enum { SECTOR = 512 };

// A write, or with no bytes a truncation to `offset`, that was not synced.
struct pending {
    struct pending *next;
    unsigned char *bytes;
    size_t count, offset;
};

struct crash_disk {
    struct crash_disk *next;
    char *path;
    unsigned char *bytes; // as the running machine sees it
    size_t size, room;
    struct pending *first, **last;
    long open;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct crash_disk *disks;
static char *watched;
static long operations, fails_at;
static int is_out;
static unsigned long long random_state;

// xorshift: the same seed leaves the same on disk.
static unsigned next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 32);
}

// Out of memory, a test has no way on.
static void *must(void *memory) {
    if (!memory) abort();
    return memory;
}

static void grow(struct crash_disk *disk, size_t size) {
    if (size > disk->room) {
        disk->room = size * 2;
        disk->bytes = must(realloc(disk->bytes, disk->room));
    }
    if (size > disk->size) memset(disk->bytes + disk->size, 0, size - disk->size);
    disk->size = size;
}

static void put(int descriptor, const unsigned char *bytes, size_t count, size_t offset) {
    while (count > 0) {
        ssize_t done = pwrite(descriptor, bytes, count, (off_t)offset);
        if (done <= 0) abort();
        bytes += done, offset += (size_t)done, count -= (size_t)done;
    }
}

// Moves what is pending to the real file: all of it, or what `survives` says of each sector.
static void settle(struct crash_disk *disk, int (*survives)(void)) {
    int descriptor = disk->first ? open(disk->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (disk->first && descriptor < 0) abort();
    while (disk->first) {
        struct pending *one = disk->first;
        disk->first = one->next;
        if (!one->bytes) {
            if (survives() && ftruncate(descriptor, (off_t)one->offset) != 0) abort();
        } else {
            for (size_t at = 0; at < one->count;) {
                size_t part = SECTOR - (one->offset + at) % SECTOR;
                if (part > one->count - at) part = one->count - at;
                if (survives()) put(descriptor, one->bytes + at, part, one->offset + at);
                at += part;
            }
        }
        free(one->bytes);
        free(one);
    }
    disk->last = &disk->first;
    if (descriptor >= 0) close(descriptor);
}

static int always(void) { return 1; }
static int never(void) { return 0; }
static int sometimes(void) { return next_random() & 1; }

// Counts an operation; 1 when the power is out now.
static int tick(void) {
    if (is_out) return 1;
    operations++;
    if (operations != fails_at) return 0;
    is_out = 1;
    unsigned kind = next_random() % 4;
    for (struct crash_disk *disk = disks; disk; disk = disk->next)
        settle(disk, kind == 0 ? always : kind == 1 ? never : sometimes);
    return 1;
}

static void add_pending(struct crash_disk *disk, const void *bytes, size_t count, size_t offset) {
    struct pending *one = must(calloc(1, sizeof *one));
    if (bytes) one->bytes = memcpy(must(malloc(count ? count : 1)), bytes, count);
    one->count = count;
    one->offset = offset;
    *disk->last = one;
    disk->last = &one->next;
}

int crash_disk_watches(const char *path) {
    pthread_mutex_lock(&lock);
    int is_watched = watched && strncmp(path, watched, strlen(watched)) == 0;
    pthread_mutex_unlock(&lock);
    return is_watched;
}

static struct crash_disk *load(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    if (descriptor < 0) return NULL;
    if (fstat(descriptor, &info) != 0) abort();
    struct crash_disk *disk = must(calloc(1, sizeof *disk));
    disk->path = must(strdup(path));
    disk->last = &disk->first;
    grow(disk, (size_t)info.st_size);
    for (size_t at = 0; at < disk->size;) {
        ssize_t done = pread(descriptor, disk->bytes + at, disk->size - at, (off_t)at);
        if (done <= 0) abort();
        at += (size_t)done;
    }
    close(descriptor);
    disk->next = disks;
    return disks = disk;
}

struct crash_disk *crash_disk_open(const char *path) {
    pthread_mutex_lock(&lock);
    struct crash_disk *disk = disks;
    while (disk && strcmp(disk->path, path) != 0) disk = disk->next;
    if (!disk) disk = load(path);
    if (disk) disk->open++;
    pthread_mutex_unlock(&lock);
    return disk;
}

void crash_disk_close(struct crash_disk *disk) {
    pthread_mutex_lock(&lock);
    disk->open--;
    pthread_mutex_unlock(&lock);
}

size_t crash_disk_size(struct crash_disk *disk) {
    pthread_mutex_lock(&lock);
    size_t size = disk->size;
    pthread_mutex_unlock(&lock);
    return size;
}

long crash_disk_read(struct crash_disk *disk, void *bytes, size_t count, size_t offset) {
    pthread_mutex_lock(&lock);
    long copied = -1;
    if (!is_out) {
        size_t left = offset < disk->size ? disk->size - offset : 0;
        copied = (long)(count < left ? count : left);
        if (copied > 0) memcpy(bytes, disk->bytes + offset, (size_t)copied);
    }
    pthread_mutex_unlock(&lock);
    return copied;
}

int crash_disk_write(struct crash_disk *disk, const void *bytes, size_t count, size_t offset) {
    pthread_mutex_lock(&lock);
    if (!is_out) {
        if (offset + count > disk->size) grow(disk, offset + count);
        memcpy(disk->bytes + offset, bytes, count);
        add_pending(disk, bytes, count, offset);
    }
    int failed = tick();
    pthread_mutex_unlock(&lock);
    return failed;
}

int crash_disk_truncate(struct crash_disk *disk, size_t size) {
    pthread_mutex_lock(&lock);
    if (!is_out) {
        grow(disk, size);
        add_pending(disk, NULL, 0, size);
    }
    int failed = tick();
    pthread_mutex_unlock(&lock);
    return failed;
}

int crash_disk_sync(struct crash_disk *disk) {
    pthread_mutex_lock(&lock);
    int failed = tick();
    if (!failed) settle(disk, always);
    pthread_mutex_unlock(&lock);
    return failed;
}

static void forget(struct crash_disk **place) {
    struct crash_disk *disk = *place;
    *place = disk->next;
    settle(disk, never);
    free(disk->bytes);
    free(disk->path);
    free(disk);
}

int crash_disk_delete(const char *path) {
    pthread_mutex_lock(&lock);
    int was_out = is_out;
    int failed = tick();
    // The deletion that the power went in may have happened.
    if (failed && !was_out && sometimes()) unlink(path);
    struct crash_disk **place = &disks;
    while (*place && strcmp((*place)->path, path) != 0) place = &(*place)->next;
    if (!failed && *place && (*place)->open == 0) forget(place);
    pthread_mutex_unlock(&lock);
    return failed;
}

void crash_vfs_begin(const char *folder, long fail_at, unsigned seed) {
    pthread_mutex_lock(&lock);
    free(watched);
    watched = must(strdup(folder));
    operations = 0;
    fails_at = fail_at;
    is_out = 0;
    random_state = 0x9e3779b97f4a7c15ULL ^ ((unsigned long long)seed << 16) ^ (unsigned long long)fail_at;
    for (int skip = 0; skip < 8; skip++) next_random();
    pthread_mutex_unlock(&lock);
}

long crash_vfs_operations(void) {
    pthread_mutex_lock(&lock);
    long count = operations;
    pthread_mutex_unlock(&lock);
    return count;
}

int crash_vfs_power_is_out(void) {
    pthread_mutex_lock(&lock);
    int out = is_out;
    pthread_mutex_unlock(&lock);
    return out;
}

long crash_vfs_end(void) {
    pthread_mutex_lock(&lock);
    long still_open = 0;
    for (struct crash_disk *disk = disks; disk; disk = disk->next) still_open += disk->open;
    while (!still_open && disks) forget(&disks);
    free(watched);
    watched = NULL;
    is_out = 0;
    fails_at = 0;
    pthread_mutex_unlock(&lock);
    return still_open;
}
