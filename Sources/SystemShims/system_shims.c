#define _GNU_SOURCE
#include "system_shims.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int cco_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int cco_pipe(int fds[2]) { return pipe2(fds, O_CLOEXEC); }

int cco_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int cco_pidfd_send_signal(int pidfd, int signal_number) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0);
}

int cco_set_child_subreaper(int on) { return prctl(PR_SET_CHILD_SUBREAPER, on ? 1L : 0L, 0L, 0L, 0L); }

int cco_set_parent_death_signal(int signal_number) {
    return prctl(PR_SET_PDEATHSIG, (long)signal_number, 0L, 0L, 0L);
}

int cco_set_dumpable(int on) { return prctl(PR_SET_DUMPABLE, on ? 1L : 0L, 0L, 0L, 0L); }

int cco_set_thread_name(const char *name) { return prctl(PR_SET_NAME, (unsigned long)name, 0L, 0L, 0L); }

int cco_rename_no_replace(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}
