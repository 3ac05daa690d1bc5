# Sourced by build.sh: which program builds images, and its settings. Docker when its engine answers, else podman.
# As root podman gets its own storage and settings under IMAGES_DIR, so that it works on a machine nobody prepared.

choose_engine() {
  if [ -n "$(docker info --format '{{.ServerVersion}}' 2>/dev/null)" ]; then ENGINE=docker; return; fi
  ENGINE=podman
  if [ "$(id -u)" != 0 ]; then
    command -v podman >/dev/null || die "install Docker or podman to build images"
    return
  fi
  install_podman
  configure_podman
}

install_podman() {
  local missing=() package
  for package in podman runc; do command -v "$package" >/dev/null || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "install Docker, or podman and runc, to build images"
  say "installing packages: ${missing[*]}"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >"$IMAGES_DIR/apt.log" 2>&1 || die "cannot install ${missing[*]}; see $IMAGES_DIR/apt.log"
}

configure_podman() {
  local root=$IMAGES_DIR/podman files
  mkdir -p "$root"/{conf,storage,run,tmp,net}
  files=$(ulimit -Hn)
  [ "$files" != unlimited ] || files=65536
  cat >"$root/conf/storage.conf" <<TOML
[storage]
driver = "overlay"
graphroot = "$root/storage"
runroot = "$root/run"
TOML
  cat >"$root/conf/containers.conf" <<TOML
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
static_dir = "$root/storage/libpod"
tmp_dir = "$root/run/libpod"
volume_path = "$root/volumes"
[network]
network_config_dir = "$root/net"
TOML
  export CONTAINERS_STORAGE_CONF=$root/conf/storage.conf CONTAINERS_CONF=$root/conf/containers.conf TMPDIR=$root/tmp
  trap 'umount "$IMAGES_DIR/podman/storage/overlay" 2>/dev/null || :' EXIT
}

# A build runs programs of the platform it is for. With Docker its engine's machine may be another one: that is seen when it fails.
check_platform() {
  [ -n "${PLATFORM:-}" ] && [ "$ENGINE" = podman ] || return 0
  local own wanted emulator
  own=$(podman info -f '{{.Host.Arch}}')
  wanted=$(cut -d/ -f2 <<<"$PLATFORM")
  case $wanted in amd64) emulator=x86_64 ;; arm64) emulator=aarch64 ;; *) emulator=$wanted ;; esac
  [ "$wanted" = "$own" ] || [ -e "/proc/sys/fs/binfmt_misc/qemu-$emulator" ] || cannot_build_for "$PLATFORM"
}

cannot_build_for() {
  die "this machine cannot build for $1, because it cannot run programs of that platform: install an emulator (docker run --privileged --rm" \
    "tonistiigi/binfmt --install ${1#*/}, or the package qemu-user-static), build on such a machine, or leave it out of PLATFORMS"
}

# What a build on this machine needs to reach the npm registry: the machine's own address of it, and its certificates.
podman_build_options() {
  local certificates=/etc/ssl/certs/ca-certificates.crt
  BUILD_OPTIONS=(--format docker --network=host)
  [ "$(id -u)" = 0 ] || return 0
  BUILD_OPTIONS+=(--pull=never)
  printf 'registry=%s\n' "$(npm config get registry 2>/dev/null)" >"$IMAGES_DIR/npmrc"
  if [ -e "$certificates" ]; then
    echo "cafile=$certificates" >>"$IMAGES_DIR/npmrc"
    BUILD_OPTIONS+=(-v "$certificates:$certificates:ro")
  fi
  BUILD_OPTIONS+=(-v "$IMAGES_DIR/npmrc:/usr/local/etc/npmrc:ro")
}

# Keeps podman's own storage from growing with every change: earlier tags of an image go, and layers nobody used today.
clean_storage() {
  [ "$ENGINE" = podman ] && [ "$(id -u)" = 0 ] || return 0
  local image
  for image in $(podman images --format '{{.Repository}}:{{.Tag}}' "${1%:*}"); do
    [ "$image" = "$1" ] || podman rmi "$image" >/dev/null
  done
  podman image prune --force --filter until=24h >/dev/null
}
