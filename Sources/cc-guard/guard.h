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
    // Programs come one after the other over standard input.
    bool serve;
    // PROGRAM and its arguments, NULL at the end.
    char **program;
};

// Where the guard hears of things.
struct ears {
    // A signalfd with the signals that it handles.
    int signals;
    // A pidfd of the parent; -1: this kernel has none.
    int parent;
    // The socket to the agent; -1: none.
    int control;
};

// What is to be started.
struct start {
    char **program;
    char **environment;
    // NULL: where the guard is.
    char const *directory;
    // The three standard streams; NULL: the guard's own.
    int const *files;
    // In a session of its own: the guard's is not its alone.
    bool own_session;
};

// How PROGRAM ended, with all that it started.
struct ending {
    int status;
    // Some of it could not be killed.
    bool stuck;
    // The agent has gone.
    bool alone;
};

// What the agent sends over the socket, each time a header; a run is followed by `bytes` of strings, each with its NUL: the directory,
// the program with its arguments, the variables. Its three standard streams come with the header.
enum request_kind { REQUEST_RUN = 1, REQUEST_TERMINATE = 2, REQUEST_KILL = 3 };
struct request_header {
    uint32_t kind;
    uint32_t bytes;
    uint32_t arguments;
    uint32_t variables;
};

// Leaves with EXIT_USAGE and a sentence when the arguments are wrong.
struct options parse_options(int count, char **arguments);

// One line on standard error: `text`, `what` (or NULL), and what `error` (an errno, or 0) means.
void complain(char const *text, char const *what, int error);
_Noreturn void die(char const *text, int code);

// Milliseconds of a monotonic clock.
int64_t now_ms(void);
// Closes everything above standard error.
void close_inherited_files(void);

// Starts a program and returns when it has really been executed. Its pid, or -1 with errno; then `entered` tells whether it was in its
// directory already.
pid_t start_program(struct start const *start, bool *entered);
// Standard input and output become /dev/null.
void let_go_of_pipes(void);
// Waits for PROGRAM's end, or ends it when it is told to; returns when nothing of it is left.
struct ending watch(struct options const *options, pid_t program, struct ears const *ears);
// What the signals that have arrived ask for.
struct asked {
    bool orderly, at_once, orphans, child;
};
void read_signals(int signals, struct asked *asked);
// Runs what comes over the socket, until the agent has gone.
_Noreturn void serve(struct options const *options, struct ears *ears);

// Kills and reaps every descendant of this process. When `program` is among them and `status` is not NULL, its wait
// status is left there. False when some were still there after 10 s.
bool kill_descendants(pid_t program, int *status);
// Kills the children of this process but `program`, with all below them: they are orphans of what `program` started. Reaps nothing.
void kill_orphans(pid_t program);

#endif
