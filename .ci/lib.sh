# Shared by the scripts of this folder, which source it after `set -euo pipefail`.
# It leaves the shell in the repository's top folder.
# shellcheck shell=bash

# The user's own claude, if CLAUDE names one: a path as seen from where they are, or a command on PATH.
case "${CLAUDE:-}" in
    "" | /*) ;;
    */*) export CLAUDE="$PWD/$CLAUDE" ;;
    *) CLAUDE=$(type -P "$CLAUDE") || { echo "CLAUDE names no command on PATH: give the path of a claude binary." >&2 && exit 1; } && export CLAUDE ;;
esac

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

# One line about what happens, apart from the output of the tools.
say() { printf '%s\n' "== $*" >&2; }

# One sentence on what is wrong and what to do, then the end.
die() {
    printf '%s\n' "${0##*/}: $*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# swift CMD…, so that one build goes on where the other stopped. SwiftPM plans anew when any variable of the environment
# has changed, and a plan lists some compiler flags in hash order: an order of chance compiles whole dependencies again.
steady_swift() {
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKE_TERMOUT -u MAKE_TERMERR -u SHLVL -u OLDPWD -u _ -u CLAUDE \
        SWIFT_DETERMINISTIC_HASHING=1 swift "$@"
}

# The hand-written Swift files, each ended by a NUL.
swift_files() { find Package.swift Sources Tests -name '*.swift' -not -path '*/Generated/*' -print0 | sort -z; }

# The claude binary that scenes and tests run, as an absolute path: the user's own, else the pinned one.
claude_path() { printf '%s\n' "${CLAUDE:-$PWD/.dev/claude}"; }
