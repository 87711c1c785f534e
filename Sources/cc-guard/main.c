// cc-guard [--parent PID] [--grace-ms N] [--marker TEXT] -- PROGRAM ARGS…
// cc-guard [--parent PID] [--grace-ms N] [--marker TEXT] --serve
//
// Runs PROGRAM and answers for everything that it starts: whatever happens to PROGRAM, to this guard's parent
// (the agent) or between them, no descendant stays behind.
//   PROGRAM ends         → every remaining descendant is killed, exit with PROGRAM's code (128 + signal)
//   the parent dies      → everything is killed at once
//   SIGTERM/SIGINT/SIGHUP → SIGTERM to PROGRAM, after the grace everything is killed
//   SIGUSR1, SIGQUIT     → everything is killed at once
//   SIGUSR2              → orphans are killed: what PROGRAM's children left behind; PROGRAM goes on
// With --serve, programs come one after the other over the socket that is standard input (serve.c): a command of a millisecond is not
// worth a guard of its own, whose start costs as much.
// Tools' shells have sessions of their own, so a process group does not hold them; as child subreaper the guard gets
// every orphan of its subtree and finds the rest by walking /proc.
#include "guard.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static sigset_t handled_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGCHLD);
    return set;
}

// What a program expects is set once, here: programs get it as it is.
static void settle_signals(sigset_t const *handled) {
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_SETMASK, handled, NULL) != 0) die("sigprocmask", EXIT_CANNOT_RUN);
}

static int exit_code(int status) {
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    return EXIT_CANNOT_RUN;
}

// One program, whose end is the guard's own.
static int run_one(struct options const *options, struct ears const *ears) {
    // Not earlier: only what is started is marked.
    if (options->marker != NULL && setenv(MARKER_VARIABLE, options->marker, 1) != 0) die("setenv", EXIT_CANNOT_RUN);
    struct start const start = {
        .program = options->program, .environment = environ, .directory = NULL, .files = NULL, .own_session = false};
    bool entered = false;
    pid_t const program = start_program(&start, &entered);
    if (program < 0) {
        complain("cannot run ", options->program[0], errno);
        return EXIT_CANNOT_RUN;
    }
    let_go_of_pipes();
    struct ending const ending = watch(options, program, ears);
    if (!ending.stuck) return exit_code(ending.status);
    complain("processes could not be killed within 10 s (stuck in the kernel?)", NULL, 0);
    return EXIT_STUCK;
}

int main(int count, char **arguments) {
    struct options const options = parse_options(count, arguments);
    // Nothing of the agent's but the three standard streams goes on to PROGRAM.
    close_inherited_files();
    sigset_t const set = handled_signals();
    settle_signals(&set);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) die("cannot become a subreaper", EXIT_CANNOT_RUN);
    struct ears ears = {
        .signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
        .parent = (int)syscall(SYS_pidfd_open, options.parent, 0),
        .control = -1,
    };
    if (ears.signals < 0) die("signalfd", EXIT_CANNOT_RUN);
    // The number may have gone to another process before the watch began; whoever is our parent now tells.
    if (getppid() != options.parent) {
        complain("the parent has gone; nothing was started", NULL, 0);
        return EXIT_CANNOT_RUN;
    }
    if (options.serve) serve(&options, &ears);
    return run_one(&options, &ears);
}
