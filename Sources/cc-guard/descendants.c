// Finding and killing everything below this process.
#include "guard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    // After this long a process is stuck in the kernel and no signal helps.
    GIVE_UP_MS = 10000,
    // Between one look at /proc and the next.
    PASS_MS = 5,
    // Looks for orphans: those of orphans come up one look later each.
    ORPHAN_PASSES = 20,
};

struct process {
    pid_t pid;
    pid_t parent;
    // Has ended, and waits to be reaped.
    bool zombie;
    bool descendant;
};

struct table {
    struct process *rows;
    size_t count;
    size_t capacity;
};

// The parent of `pid`, or -1 when it has gone, and its state. The name in /proc/PID/stat may hold spaces and brackets: what counts
// stands behind its last bracket.
static pid_t parent_of(pid_t pid, char *state) {
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int const file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -1;
    char text[512];
    ssize_t const length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return -1;
    text[length] = '\0';
    char const *const bracket = strrchr(text, ')');
    int parent = -1;
    if (bracket == NULL || sscanf(bracket + 1, " %c %d", state, &parent) != 2) return -1;
    return parent;
}

static bool append(struct table *table, pid_t pid, pid_t parent, bool zombie) {
    if (table->count == table->capacity) {
        size_t const capacity = table->capacity == 0 ? 256 : table->capacity * 2;
        struct process *const rows = realloc(table->rows, capacity * sizeof *rows);
        if (rows == NULL) return false;
        table->rows = rows;
        table->capacity = capacity;
    }
    table->rows[table->count++] =
        (struct process){.pid = pid, .parent = parent, .zombie = zombie, .descendant = false};
    return true;
}

static void list_processes(struct table *table) {
    table->count = 0;
    DIR *const directory = opendir("/proc");
    if (directory == NULL) return;
    struct dirent const *entry;
    while ((entry = readdir(directory)) != NULL) {
        char *end = NULL;
        long const pid = strtol(entry->d_name, &end, 10);
        if (end == entry->d_name || *end != '\0' || pid <= 1) continue;
        char state = ' ';
        pid_t const parent = parent_of((pid_t)pid, &state);
        if (parent > 0 && !append(table, (pid_t)pid, parent, state == 'Z')) break;
    }
    closedir(directory);
}

static int by_pid(void const *a, void const *b) {
    pid_t const left = ((struct process const *)a)->pid, right = ((struct process const *)b)->pid;
    return (left > right) - (left < right);
}

// Marks until nothing changes: a child's number can be below its parent's once numbers have wrapped round. `spared` and what is below
// it alone is left out; 0: nothing.
static void mark_descendants(struct table *table, pid_t spared) {
    pid_t const self = getpid();
    if (table->count == 0) return;
    qsort(table->rows, table->count, sizeof *table->rows, by_pid);
    bool changed = true;
    while (changed) {
        changed = false;
        for (size_t row = 0; row < table->count; row++) {
            struct process *const process = &table->rows[row];
            if (process->descendant || process->pid == spared) continue;
            struct process const key = {.pid = process->parent, .parent = 0, .zombie = false, .descendant = false};
            struct process const *const parent =
                bsearch(&key, table->rows, table->count, sizeof *table->rows, by_pid);
            if (process->parent == self || (parent != NULL && parent->descendant)) {
                process->descendant = true;
                changed = true;
            }
        }
    }
}

bool kill_descendants(pid_t program, int *status) {
    struct table table = {NULL, 0, 0};
    int64_t const deadline = now_ms() + GIVE_UP_MS;
    if (status != NULL) (void)kill(program, SIGKILL);
    for (;;) {
        // Orphans become children of this process, so without a child there is no descendant: /proc need not be walked.
        int one;
        pid_t pid;
        while ((pid = waitpid(-1, &one, WNOHANG)) > 0)
            if (pid == program && status != NULL) *status = one;
        if (pid < 0 && errno == ECHILD) break;
        list_processes(&table);
        mark_descendants(&table, 0);
        for (size_t row = 0; row < table.count; row++)
            if (table.rows[row].descendant) (void)kill(table.rows[row].pid, SIGKILL);
        // Orphans of those just killed become children of this process: reap, look again, until there are none.
        while ((pid = waitpid(-1, &one, WNOHANG)) > 0)
            if (pid == program && status != NULL) *status = one;
        if (pid < 0 && errno == ECHILD) break;
        if (now_ms() >= deadline) {
            free(table.rows);
            return false;
        }
        (void)poll(NULL, 0, PASS_MS);
    }
    free(table.rows);
    return true;
}

// Whether this process has other children than `program`; true where the kernel doesn't tell. A walk over /proc costs milliseconds where
// there are a thousand processes, and nearly always there is no orphan.
static bool may_have_orphans(pid_t program) {
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    int const file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return true;
    char text[64];
    ssize_t const length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return length < 0;
    text[length] = '\0';
    char *end = NULL;
    long const first = strtol(text, &end, 10);
    return first != (long)program || strspn(end, " ") != strlen(end);
}

void kill_orphans(pid_t program) {
    struct table table = {NULL, 0, 0};
    for (int pass = 0; pass < ORPHAN_PASSES && may_have_orphans(program); pass++) {
        list_processes(&table);
        mark_descendants(&table, program);
        bool any = false;
        for (size_t row = 0; row < table.count; row++) {
            if (!table.rows[row].descendant || table.rows[row].zombie) continue;
            (void)kill(table.rows[row].pid, SIGKILL);
            any = true;
        }
        if (!any) break;
        (void)poll(NULL, 0, PASS_MS);
    }
    free(table.rows);
}
