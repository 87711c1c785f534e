// cc-guard [--parent PID] [--grace-ms N] [--marker TEXT] [--report] -- PROGRAM ARGS…
//
// Runs PROGRAM and answers for everything that it starts: whatever happens to PROGRAM, to this guard's parent
// (the agent) or between them, no descendant stays behind.
//   PROGRAM ends         → every remaining descendant is killed, exit with PROGRAM's code (128 + signal)
//   the parent dies      → everything is killed at once
//   SIGTERM/SIGINT/SIGHUP → SIGTERM to PROGRAM, after the grace everything is killed
//   SIGUSR1, SIGQUIT     → everything is killed at once
// With --report the last line on standard error, after a NUL, says how PROGRAM ended: an exit code above 128 and a
// signal can't be told apart by this guard's own code.
// Tools' shells have sessions of their own, so a process group does not hold them; as child subreaper the guard gets
// every orphan of its subtree and finds the rest by walking /proc.
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Where pidfd_open is missing (Linux before 5.3), how often the parent is looked for.
enum { PARENT_POLL_MS = 100 };

static sigset_t handled_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGQUIT);
    sigaddset(&set, SIGCHLD);
    return set;
}

// In the child: everything back to what a program expects, then PROGRAM. Writes errno to `report` when that fails.
static void become_program(struct options const *options, pid_t guard, int report) {
    int failure;
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) goto failed;
    // A guard that died before the line above took effect will never be told.
    if (getppid() != guard) _exit(EXIT_CANNOT_RUN);
    if (options->marker != NULL && setenv(MARKER_VARIABLE, options->marker, 1) != 0) goto failed;
    execvp(options->program[0], options->program);
failed:
    failure = errno;
    while (write(report, &failure, sizeof failure) < 0 && errno == EINTR) {}
    _exit(EXIT_CANNOT_RUN);
}

// Starts PROGRAM and waits until it has really been executed. Its pid, or -1 with errno.
static pid_t start_program(struct options const *options) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -1;
    pid_t const guard = getpid();
    pid_t const program = fork();
    if (program < 0) return -1;
    if (program == 0) become_program(options, guard, report[1]);
    close(report[1]);
    int failure = 0;
    ssize_t count;
    do count = read(report[0], &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    close(report[0]);
    if (count == (ssize_t)sizeof failure) {
        (void)waitpid(program, NULL, 0);
        errno = failure;
        return -1;
    }
    return program;
}

// PROGRAM alone holds the pipes to the agent, so that each side sees the other's end of file. Standard error stays:
// the guard's last words go there, and its end tells the agent that the guard is gone too.
static void let_go_of_pipes(void) {
    int const null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) {
        close(STDIN_FILENO);
        close(STDOUT_FILENO);
        return;
    }
    (void)dup2(null, STDIN_FILENO);
    (void)dup2(null, STDOUT_FILENO);
    if (null > STDERR_FILENO) close(null);
}

static int exit_code(int status) {
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    return EXIT_CANNOT_RUN;
}

// Reaps whatever has ended; true when PROGRAM was among it.
static bool reap(pid_t program, int *status) {
    bool ended = false;
    int one;
    pid_t pid;
    while ((pid = waitpid(-1, &one, WNOHANG)) > 0) {
        if (pid == program) {
            *status = one;
            ended = true;
        }
    }
    return ended;
}

// Kills all that is left, PROGRAM too if it still runs, and leaves with the code that fits.
static _Noreturn void finish(struct options const *options, pid_t program, bool ended, int status) {
    if (!kill_descendants(program, ended ? NULL : &status)) {
        complain("processes could not be killed within 10 s (stuck in the kernel?)", NULL, 0);
        exit(EXIT_STUCK);
    }
    if (options->report && WIFEXITED(status)) report_end("exit", WEXITSTATUS(status), NULL);
    if (options->report && WIFSIGNALED(status)) report_end("signal", WTERMSIG(status), NULL);
    exit(exit_code(status));
}

// What the signals that have arrived ask for.
static void read_signals(int signals, bool *orderly, bool *at_once, bool *child) {
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGCHLD: *child = true; break;
        case SIGUSR1:
        case SIGQUIT: *at_once = true; break;
        default: *orderly = true;
        }
    }
}

static _Noreturn void watch(struct options const *options, pid_t program, int signals, int parent) {
    int64_t deadline = -1;
    int status = 0;
    for (;;) {
        struct pollfd wait[2] = {{.fd = signals, .events = POLLIN}, {.fd = parent, .events = POLLIN}};
        int64_t timeout = parent < 0 ? PARENT_POLL_MS : -1;
        if (deadline >= 0) {
            int64_t const left = deadline - now_ms();
            if (left <= 0) finish(options, program, false, status);
            if (timeout < 0 || left < timeout) timeout = left;
        }
        (void)poll(wait, parent < 0 ? 1 : 2, (int)timeout);

        bool orderly = false, at_once = false, child = false;
        read_signals(signals, &orderly, &at_once, &child);
        if (child && reap(program, &status)) finish(options, program, true, status);
        if (at_once || (parent >= 0 && wait[1].revents != 0) || getppid() != options->parent)
            finish(options, program, false, status);
        if (orderly && deadline < 0) {
            deadline = now_ms() + options->grace_ms;
            (void)kill(program, SIGTERM);
        }
    }
}

int main(int count, char **arguments) {
    struct options const options = parse_options(count, arguments);
    // Nothing of the agent's but the three standard streams goes on to PROGRAM.
    close_inherited_files();
    (void)signal(SIGPIPE, SIG_IGN);
    sigset_t const set = handled_signals();
    if (sigprocmask(SIG_SETMASK, &set, NULL) != 0) die("sigprocmask", EXIT_CANNOT_RUN);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) die("cannot become a subreaper", EXIT_CANNOT_RUN);
    int const signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) die("signalfd", EXIT_CANNOT_RUN);

    int const parent = (int)syscall(SYS_pidfd_open, options.parent, 0);
    // The number may have gone to another process before the watch began; whoever is our parent now tells.
    if (getppid() != options.parent) {
        complain("the parent has gone; nothing was started", NULL, 0);
        return EXIT_CANNOT_RUN;
    }
    pid_t const program = start_program(&options);
    if (program < 0) {
        if (options.report)
            report_end("cannot-run", 0, strerror(errno));
        else
            complain("cannot run ", options.program[0], errno);
        return EXIT_CANNOT_RUN;
    }
    let_go_of_pipes();
    watch(&options, program, signals, parent);
}
