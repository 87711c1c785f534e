#pragma once

#include <sys/types.h>

// What Swift's Glibc module lacks: calls whose headers it leaves out, and variadic calls, which Swift cannot make.
// Each answers as the system call does: -1 and errno on failure. Descriptors are close-on-exec.

/// A non-blocking event counter (eventfd).
int cco_eventfd(void);

/// A pipe: fds[0] is read from, fds[1] written to.
int cco_pipe(int fds[2]);

/// A descriptor that becomes readable when the process ends.
int cco_pidfd_open(pid_t pid);

/// Sends a signal through a descriptor of cco_pidfd_open: never to another process that took the pid over.
int cco_pidfd_send_signal(int pidfd, int signal_number);

/// Orphaned descendants become children of this process (PR_SET_CHILD_SUBREAPER).
int cco_set_child_subreaper(int on);

/// The signal this process gets when the thread that spawned it ends (PR_SET_PDEATHSIG); 0 for none.
int cco_set_parent_death_signal(int signal_number);

/// Whether others of the same user may read this process's memory and whether it may dump core (PR_SET_DUMPABLE).
int cco_set_dumpable(int on);

/// The calling thread's name, as ps and a debugger show it; cut after 15 bytes.
int cco_set_thread_name(const char *name);

/// rename(2) that fails with EEXIST where rename would overwrite.
int cco_rename_no_replace(const char *from, const char *to);

/// Two ends of a stream socket that lie in this process.
int cco_socket_pair(int fds[2]);

/// Sends the bytes, the descriptors with the first of them; without waiting when `wait` is 0. Never SIGPIPE. Bytes sent.
ssize_t cco_send_files(int socket, const void *bytes, size_t count, const int *files, int file_count, int wait);

/// Starts a program in a session of its own with `input` as its standard input and /dev/null as output and errors; signals as a program
/// expects them. It never copies this process's pages.
int cco_spawn_with_input(
    const char *path, char *const arguments[], char *const environment[], int input, pid_t *pid);

/// Starts a program that stands in `directory` (NULL: where this process does), with /dev/null as its input, `output` and `errors` as
/// what they are called (below 0: /dev/null), no other descriptor, and signals as a program expects them.
int cco_spawn(
    const char *path, char *const arguments[], char *const environment[], const char *directory, int output, int errors, pid_t *pid);

/// Reading and writing no longer wait.
int cco_set_nonblocking(int fd);
