// Starting a program.
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// What the child tells the guard, whose memory it shares until the program is executed.
struct word {
    int failure;
    bool entered;
};

// In the child, which may change nothing of the guard's memory but `word`.
static _Noreturn void become_program(struct start const *start, pid_t guard, struct word volatile *word) {
    // The one signal that the guard ignores; all others have been as a program expects them since it began.
    (void)signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) goto failed;
    // A guard that died before the line above took effect will never be told.
    if (getppid() != guard) _exit(EXIT_CANNOT_RUN);
    if (start->own_session && setsid() < 0) goto failed;
    if (start->directory != NULL && chdir(start->directory) != 0) goto failed;
    word->entered = true;
    if (start->files != NULL)
        for (int stream = 0; stream < 3; stream++)
            if (dup2(start->files[stream], stream) < 0) goto failed;
    execvpe(start->program[0], start->program, start->environment);
failed:
    word->failure = errno;
    _exit(EXIT_CANNOT_RUN);
}

pid_t start_program(struct start const *start, bool *entered) {
    struct word volatile word = {.failure = 0, .entered = false};
    pid_t const guard = getpid();
    // It goes on here when the program is executed or the child has ended, so the word is said by then; and no page is copied.
    pid_t const program = vfork();
    if (program == 0) become_program(start, guard, &word);
    *entered = word.entered;
    if (program < 0) return -1;
    if (word.failure != 0) {
        (void)waitpid(program, NULL, 0);
        errno = word.failure;
        return -1;
    }
    return program;
}

// PROGRAM alone holds the pipes to the agent, so that each side sees the other's end of file. Standard error stays: its end tells the
// agent that the guard is gone too.
void let_go_of_pipes(void) {
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
