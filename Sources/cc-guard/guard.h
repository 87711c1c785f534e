// What the guard's files share.
#ifndef CC_GUARD_H
#define CC_GUARD_H

// pipe2 and friends. Before any system header, hence this file comes first everywhere.
#define _GNU_SOURCE

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// Inherited by every descendant, so that a sweep finds those that a killed guard left behind.
#define MARKER_VARIABLE "CCO_GUARD_MARKER"

enum {
    EXIT_USAGE = 2,
    // Descendants that could not be killed.
    EXIT_STUCK = 125,
    // PROGRAM could not be started.
    EXIT_CANNOT_RUN = 127,
};

struct options {
    // Whose death ends everything.
    pid_t parent;
    // How long after SIGTERM before everything is killed.
    int64_t grace_ms;
    // NULL: none.
    char const *marker;
    // How PROGRAM ended goes to standard error as the very last line, after a NUL.
    bool report;
    // PROGRAM and its arguments, NULL at the end.
    char **program;
};

// Leaves with EXIT_USAGE and a sentence when the arguments are wrong.
struct options parse_options(int count, char **arguments);

// One line on standard error: `text`, `what` (or NULL), and what `error` (an errno, or 0) means.
void complain(char const *text, char const *what, int error);
// The last line of standard error: a NUL, `what`, and `number` unless `text` is there instead. Everything that could write has ended.
void report_end(char const *what, int number, char const *text);
_Noreturn void die(char const *text, int code);

// Milliseconds of a monotonic clock.
int64_t now_ms(void);
// Closes everything above standard error.
void close_inherited_files(void);

// Kills and reaps every descendant of this process. When `program` is among them and `status` is not NULL, its wait
// status is left there. False when some were still there after 10 s.
bool kill_descendants(pid_t program, int *status);

#endif
