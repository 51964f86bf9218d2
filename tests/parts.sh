# Sourced by tests/run and tests/bench, after tests/lib.sh: a private PostgreSQL, and the plugins as components.
# What it starts ends with stop_postgres.

PG_BIN=
PG_HOME=
PG_OWNER=()
WASM_TARGET=wasm32-unknown-unknown

# --- PostgreSQL ---

# The newest server binaries there are: Debian's, then pg_config's, then the PATH's.
find_postgres() {
  local dirs dir
  mapfile -t dirs < <(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV)
  if has pg_config; then dirs+=("$(pg_config --bindir)"); fi
  if has initdb; then dirs+=("$(dirname "$(command -v initdb)")"); fi
  for dir in "${dirs[@]}"; do
    if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ -x "$dir/pg_ctl" ]; then
      PG_BIN=$dir
      return 0
    fi
  done
  return 1
}

# PostgreSQL refuses to run as root: then it belongs to an unprivileged user.
choose_owner() {
  is_root || return 0
  local user=nobody
  if id -u postgres >/dev/null 2>&1; then user=postgres; fi
  chown "$user" "$PG_HOME"
  if has setpriv; then
    PG_OWNER=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups)
  elif has runuser; then
    PG_OWNER=(runuser -u "$user" --)
  else
    die "neither setpriv nor runuser is here to start PostgreSQL as \"$user\". Run this as an ordinary user."
  fi
  as_owner test -w "$PG_HOME" ||
    die "the user \"$user\" cannot write to \"$PG_HOME\". Set TMPDIR to a directory all may enter, such as /tmp."
}

# In the cluster's directory, since the owner may not read the one we are in.
as_owner() { (cd "$PG_HOME" && exec "${PG_OWNER[@]}" "$@" 3>&- 4>&-); }

random_hex() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# A port nothing listens on, below the range the kernel takes client ports from.
free_port() {
  local port
  while port=$((15000 + RANDOM % 15000)); do
    (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  printf '%s' "$port"
}

make_cluster() {
  PG_HOME=$(mktemp -d "${TMPDIR:-/tmp}/hookwright-postgres.XXXXXX")
  choose_owner
  as_owner tee password <<<"$1" >/dev/null
  as_owner "$PG_BIN/initdb" -D data -U hookwright -A scram-sha-256 --pwfile=password \
    -E UTF8 --locale=C --no-sync
  as_owner tee -a data/postgresql.conf >/dev/null <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$PG_HOME'
max_connections = 200
timezone = 'UTC'
CONF
}

# Another program may take the port between the look and the start, hence the attempts.
start_cluster() {
  local port
  for _ in 1 2 3 4 5; do
    port=$(free_port)
    if as_owner "$PG_BIN/pg_ctl" -D data -l log -w -s -o "-p $port" start; then
      PG_PORT=$port
      return 0
    fi
    cat "$PG_HOME/log"
  done
  die "PostgreSQL does not start: $(tail -n 3 "$PG_HOME/log")"
}

start_postgres() {
  if [ -n "${HOOKWRIGHT_TEST_POSTGRES:-}" ]; then
    NOTE="the server of HOOKWRIGHT_TEST_POSTGRES"
    return
  fi
  if ! find_postgres; then
    apt_install PostgreSQL postgresql
    find_postgres || die "PostgreSQL was installed, but initdb is not under /usr/lib/postgresql."
  fi
  local password
  password=$(random_hex)
  make_cluster "$password"
  start_cluster
  export HOOKWRIGHT_TEST_POSTGRES="postgres://hookwright:$password@127.0.0.1:$PG_PORT/postgres"
  NOTE="$("$PG_BIN/postgres" --version | cut -d' ' -f3) on port $PG_PORT"
}

stop_postgres() {
  [ -n "$PG_HOME" ] || return 0
  if [ -e "$PG_HOME/data/postmaster.pid" ]; then
    as_owner "$PG_BIN/pg_ctl" -D data -m immediate -w -s stop || true
  fi
  rm -rf "$PG_HOME"
}

# --- Plugins ---

has_rustup_target() { [ -d "$(rustc --print sysroot)/lib/rustlib/$WASM_TARGET/lib" ]; }
has_debian_wasm() { [ -x /usr/bin/cargo ] && compgen -G '/usr/src/rustc-*/library' >/dev/null; }

ensure_wasm() {
  NOTE="$WASM_TARGET of rustup"
  if has_rustup_target; then return; fi
  if has rustup && rustup target add "$WASM_TARGET" && has_rustup_target; then return; fi
  NOTE="Debian's rustc-web with build-std"
  if has_debian_wasm; then return; fi
  if is_root && has apt-get; then
    apt_install "a wasm toolchain" rustc-web cargo-web rust-web-src
    return
  fi
  die "no wasm toolchain. Run \"rustup target add $WASM_TARGET\"," \
    "or on Debian \"sudo apt-get install rustc-web cargo-web rust-web-src\", then run this again."
}

# PLUGINS: every plugin of the repository as a component in target/plugins, where the tests load them.
build_plugins() {
  if ! cargo pkgid -q -p hookwright-build; then
    NOTE="skipped: there is no package hookwright-build"
    return
  fi
  cargo run -q -p hookwright-build --example plugins -- --all target/plugins
  NOTE="$(find target/plugins -name '*.wasm' | wc -l) components"
}
