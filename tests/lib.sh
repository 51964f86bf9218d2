# Sourced by tests/run and .ci/run: phases with times, quiet unless they fail, and what both install.
# It may install Debian packages and rustup components; it changes nothing else outside the repository.

LOGS=$(mktemp -d "${TMPDIR:-/tmp}/hookwright-logs.XXXXXX")
PHASE_LOG=
STARTED=$EPOCHREALTIME
NOTE=
exec 3>&1 4>&2

# An error for the person who runs this, past the phase's log.
die() {
  if [ -n "$PHASE_LOG" ]; then printf 'failed\n' >&3; fi
  printf 'error: %s\n' "$*" >&4
  PHASE_LOG=
  exit 1
}

# Seconds since the time given, with one decimal.
since() {
  local micros=$((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}))
  printf '%d.%d' $((micros / 1000000)) $((micros / 100000 % 10))
}

# phase NAME COMMAND…: one line with the time; the command's output only if it fails.
# The command runs in this shell, so that a function may set variables; NOTE is shown on the line.
phase() {
  local name=$1 from=$EPOCHREALTIME
  shift
  NOTE=
  PHASE_LOG=$LOGS/${name// /-}.log
  printf '%-12s ' "$name" >&3
  "$@" >"$PHASE_LOG" 2>&1
  PHASE_LOG=
  printf '%8s s  %s\n' "$(since "$from")" "$NOTE" >&3
}

# As phase, for commands that print what a person wants to see as it comes.
loud_phase() {
  local name=$1 from=$EPOCHREALTIME
  shift
  "$@"
  printf '%-12s %8s s\n' "$name" "$(since "$from")"
}

# Ends every run, wanted or not: the log of what failed, the total, no log files left.
finish() {
  local status=$1
  if [ -n "$PHASE_LOG" ]; then
    printf 'failed\n\n' >&3
    cat "$PHASE_LOG" >&4
  fi
  rm -rf "$LOGS"
  printf '%-12s %8s s  %s\n' total "$(since "$STARTED")" "$([ "$status" = 0 ] && echo passed || echo FAILED)" >&3
}

is_root() { [ "$(id -u)" = 0 ]; }
has() { command -v "$1" >/dev/null 2>&1; }

# apt_install WHAT PACKAGE…: installs Debian packages as root, or says how it is done.
apt_install() {
  local what=$1
  shift
  has apt-get || die "$what is missing. Install it, then run this again."
  is_root || die "$what is missing. Run \"sudo apt-get install $*\", then run this again."
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

# What building the host needs besides rustup's cargo: a C compiler, for SQLite and cryptography.
ensure_compiler() {
  has cargo || die "cargo is missing. Install Rust with rustup, then run this again."
  has cc || apt_install "a C compiler" gcc libc6-dev
  NOTE=$(cargo --version)
}
