#!/bin/bash
# build.sh operator|runtime REFERENCE [FILE.tar|push]    builds Dockerfile.operator or Dockerfile.runtime under that name, and
# writes a docker archive or pushes it when asked. IMAGES_DIR: the cache for podman's storage and logs. VERSION, REVISION: for
# the image's labels. PLATFORM: such as linux/arm64, which another machine than such a one has to emulate; default this one's.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$HERE/../.." && pwd)
BASE_IMAGE=node:24-bookworm-slim
name=$1 reference=$2 then=${3:-}
: "${IMAGES_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/modeldeployment/images}"
mkdir -p "$IMAGES_DIR"
say() { echo "build.sh: $*"; }
die() { echo "build.sh: $*" >&2; exit 1; }
. "$HERE/engine.sh"
. "$HERE/base-image.sh"

exec 9>"$IMAGES_DIR/.lock" # podman's storage and the base image are made once
flock -n 9 || { say 'another build is under way: waiting for it'; flock 9; }
choose_engine
check_platform
BUILD_OPTIONS=()
if [ "$ENGINE" = podman ]; then
  ensure_base_image
  podman_build_options
fi
BUILD_OPTIONS+=(
  ${PLATFORM:+--platform "$PLATFORM"}
  ${VERSION:+--label "org.opencontainers.image.version=$VERSION"}
  ${REVISION:+--label "org.opencontainers.image.revision=$REVISION"}
)
log=$IMAGES_DIR/build-$name.log
clean_storage "$reference"
"$ENGINE" build "${BUILD_OPTIONS[@]}" -t "$reference" -f "$ROOT/Dockerfile.$name" "$ROOT" 2>&1 | tee "$log" ||
  if grep -qi 'exec format error' "$log"; then cannot_build_for "${PLATFORM:-its platform}"; else die "the build of $name failed; all of its output: $log"; fi
case $then in
  '') ;;
  push) "$ENGINE" push "$reference" ;;
  *)
    format=()
    [ "$ENGINE" = docker ] || format=(-q --format docker-archive)
    "$ENGINE" save "${format[@]}" -o "$then.part" "$reference"
    mv "$then.part" "$then"
    ;;
esac
say "$reference: $("$ENGINE" image inspect -f '{{.Size}}' "$reference" | awk '{printf "%d MB", $1 / 1e6}')"
