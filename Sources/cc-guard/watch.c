// Watching over a program until nothing of it is left.
#include "guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// Where pidfd_open is missing (Linux before 5.3), how often the parent is looked for.
enum { PARENT_POLL_MS = 100 };

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

// Kills all that is left, PROGRAM too if it still runs.
static struct ending finish(pid_t program, bool ended, int status, bool alone) {
    bool const stuck = !kill_descendants(program, ended ? NULL : &status);
    return (struct ending){.status = status, .stuck = stuck, .alone = alone};
}

void read_signals(int signals, struct asked *asked) {
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
        switch (info.ssi_signo) {
        case SIGCHLD: asked->child = true; break;
        case SIGUSR1:
        case SIGQUIT: asked->at_once = true; break;
        case SIGUSR2: asked->orphans = true; break;
        default: asked->orderly = true;
        }
    }
}

// What the agent asks for while a program runs; `gone`: it has closed the socket, or says what it must not.
static void read_control(int control, struct asked *asked, bool *gone) {
    struct request_header header;
    ssize_t const count = recv(control, &header, sizeof header, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count == (ssize_t)sizeof header && header.kind == REQUEST_TERMINATE)
        asked->orderly = true;
    else if (count == (ssize_t)sizeof header && header.kind == REQUEST_KILL)
        asked->at_once = true;
    else
        *gone = true;
}

struct ending watch(struct options const *options, pid_t program, struct ears const *ears) {
    int64_t deadline = -1;
    int status = 0;
    for (;;) {
        // poll passes over a descriptor of -1.
        struct pollfd wait[3] = {
            {.fd = ears->signals, .events = POLLIN},
            {.fd = ears->parent, .events = POLLIN},
            {.fd = ears->control, .events = POLLIN},
        };
        int64_t timeout = ears->parent < 0 ? PARENT_POLL_MS : -1;
        if (deadline >= 0) {
            int64_t const left = deadline - now_ms();
            if (left <= 0) return finish(program, false, status, false);
            if (timeout < 0 || left < timeout) timeout = left;
        }
        (void)poll(wait, 3, (int)timeout);

        struct asked asked = {0};
        bool gone = false;
        if (wait[0].revents != 0) read_signals(ears->signals, &asked);
        if (wait[2].revents != 0) read_control(ears->control, &asked, &gone);
        gone = gone || wait[1].revents != 0 || getppid() != options->parent;
        if (asked.child && reap(program, &status)) return finish(program, true, status, gone);
        if (asked.at_once || gone) return finish(program, false, status, gone);
        if (asked.orphans) kill_orphans(program);
        if (asked.orderly && deadline < 0) {
            deadline = now_ms() + options->grace_ms;
            (void)kill(program, SIGTERM);
        }
    }
}
