// The command line, and the few small things that every part needs.
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static char const usage[] =
    "usage: cc-guard [--parent PID] [--grace-ms N] [--marker TEXT] (--serve | -- PROGRAM ARGS...)";

// An hour: a longer grace is a mistake.
static long const GRACE_MAX_MS = 3600000;

void complain(char const *text, char const *what, int error) {
    // dprintf does not buffer: the line is out before an exit, and stdio's buffers stay unallocated.
    (void)dprintf(
        STDERR_FILENO, "cc-guard: %s%s%s%s\n", text, what != NULL ? what : "", error != 0 ? ": " : "",
        error != 0 ? strerror(error) : "");
}

_Noreturn void die(char const *text, int code) {
    complain(text, NULL, errno);
    exit(code);
}

static _Noreturn void misuse(char const *what) {
    (void)dprintf(STDERR_FILENO, "cc-guard: %s\n%s\n", what, usage);
    exit(EXIT_USAGE);
}

static long number(char const *text, long minimum, long maximum, char const *what) {
    char *end = NULL;
    errno = 0;
    long const value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < minimum || value > maximum) misuse(what);
    return value;
}

struct options parse_options(int count, char **arguments) {
    struct options options = {.parent = getppid(), .grace_ms = 5000, .marker = NULL, .serve = false, .program = NULL};
    for (int index = 1; index < count; index++) {
        char const *const flag = arguments[index];
        if (strcmp(flag, "--") == 0) {
            if (index + 1 < count) options.program = arguments + index + 1;
            break;
        }
        if (strcmp(flag, "--serve") == 0) {
            options.serve = true;
            continue;
        }
        bool const known =
            strcmp(flag, "--parent") == 0 || strcmp(flag, "--grace-ms") == 0 || strcmp(flag, "--marker") == 0;
        if (!known) misuse("an unknown argument before --");
        if (index + 1 >= count) misuse("a flag without its value");
        char const *const value = arguments[++index];
        if (strcmp(flag, "--parent") == 0)
            options.parent = (pid_t)number(value, 1, INT_MAX, "--parent takes the parent's process id");
        else if (strcmp(flag, "--grace-ms") == 0)
            options.grace_ms = number(value, 0, GRACE_MAX_MS, "--grace-ms takes 0 to 3600000");
        else
            options.marker = value;
    }
    if (options.program == NULL && !options.serve) misuse("no PROGRAM after --");
    return options;
}

int64_t now_ms(void) {
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) return 0;
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void close_inherited_files(void) {
#ifdef SYS_close_range
    if (syscall(SYS_close_range, 3U, ~0U, 0U) == 0) return;
#endif
    long const limit = sysconf(_SC_OPEN_MAX);
    for (int file = 3; file < (limit > 0 && limit < 65536 ? (int)limit : 65536); file++)
        (void)close(file);
}
