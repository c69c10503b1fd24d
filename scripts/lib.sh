# Shared by the scripts of this folder; sourced, not run.

# The repository's top folder.
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# What is fetched once and kept between runs.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ai-tickets

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Runs a command as root, where that is possible.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else die "'$*' needs root; run it once by hand"; fi
}

# need COMMAND PACKAGE: installs a Debian package where its command is missing.
need() {
    command -v "$1" >/dev/null && return
    say "installing $2 (Debian package)"
    as_root env DEBIAN_FRONTEND=noninteractive sh -c \
        "apt-get -qq update && apt-get -qq install -y --no-install-recommends $2 >/dev/null" \
        || die "cannot install $2"
    command -v "$1" >/dev/null || die "$2 is installed, but '$1' is still missing"
}

# free_port: a TCP port of this machine that nobody listens on.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wheel NAME==VERSION SHA256 [PIP OPTION ...]: fetches a wheel once, verified; prints its path.
wheel() {
    local spec=$1 sha=$2 dir=$cache/wheels/$2
    shift 2
    if ! ls "$dir"/*.whl >/dev/null 2>&1; then
        say "fetching $spec (Python package)"
        mkdir -p "$dir"
        printf '%s --hash=sha256:%s\n' "$spec" "$sha" > "$dir/requirements.txt"
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
            --only-binary=:all: --dest "$dir" "$@" -r "$dir/requirements.txt" >&2 \
            || die "cannot fetch $spec"
    fi
    ls "$dir"/*.whl
}

# need_toolchain: what building takes. Rust itself is asked for, not installed.
need_toolchain() {
    command -v cargo >/dev/null || die "Rust is missing: install Rust 1.95 or later (rustup)"
    command -v python3 >/dev/null || die "Python 3 is missing"
    need cc gcc
    need c++ g++
    need cmake cmake
    need make make
    python3 -m pip --version >/dev/null 2>&1 || need pip3 python3-pip
}

# need_programs: what the program starts: ffmpeg decodes recordings.
need_programs() {
    need ffmpeg ffmpeg
}

# target_dir: where cargo puts what it builds.
target_dir() {
    cargo metadata --locked --no-deps --format-version 1 --manifest-path "$top/Cargo.toml" \
        | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])'
}
