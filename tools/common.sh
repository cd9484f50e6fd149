# Shared by ./run and ./test: install what is missing, configure, build.  POSIX sh; needs only apt.
# The caller has set $here to the top of the tree.

# What the programs need to be built and to run.
BUILD_PACKAGES="gcc libc6-dev cmake ninja-build pkg-config libmicrohttpd-dev libjansson-dev libsndfile1-dev libssl-dev
 libmosquitto-dev"

# What ./test needs on top: test library, the other compilers, the machine emulator, a browser.
TEST_PACKAGES="libcmocka-dev clang-14 libclang-rt-14-dev clang-format-14 gcc-arm-none-eabi
 libnewlib-arm-none-eabi qemu-system-arm python3 openssl spin mosquitto rtl-433 chromium chromium-driver"

say()
{
    printf '%s\n' "$*" >&2
}

# packages_missing NAME...: prints the names that are not installed.
packages_missing()
{
    for package in "$@"; do
        state=$(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null)
        case " $state" in
        *" installed "*) ;;
        *) printf '%s ' "$package" ;;
        esac
    done
}

# packages_install NAME...: installs the missing ones; ends the program when that is impossible.
packages_install()
{
    if ! command -v dpkg-query >/dev/null 2>&1; then
        say "Not a Debian system: nothing installed; the Debian names of what is needed are: $*"
        return 0
    fi
    missing=$(packages_missing "$@")
    missing=${missing% }
    [ -n "$missing" ] || return 0

    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1; then
        as_root=sudo
    else
        say "Please install, as root: apt-get install --no-install-recommends $missing"
        exit 1
    fi
    mkdir -p "$here/build"
    log=$here/build/packages.log
    say "Installing $missing (log: build/packages.log)"
    if ! { $as_root env DEBIAN_FRONTEND=noninteractive apt-get update &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
            $missing; } >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        say "Could not install; please install, as root: apt-get install --no-install-recommends $missing"
        exit 1
    fi
}

# configured PRESET: true when build/PRESET was made from this very folder.
configured()
{
    [ -f "$here/build/$1/build.ninja" ] &&
        grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$here" "$here/build/$1/CMakeCache.txt"
}

# configure PRESET: makes or refreshes build/PRESET; one that was made elsewhere is thrown away.
configure()
{
    configured "$1" || rm -rf "$here/build/$1"
    (cd "$here" && cmake --preset "$1")
}

# build PRESET [TARGET...]: brings build/PRESET up to date; goes on after an error, to show them all.
build()
{
    preset=$1
    shift
    ninja -C "$here/build/$preset" -k 0 "$@"
}
