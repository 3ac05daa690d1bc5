#!/bin/bash
# manifest.sh REFERENCE REFERENCE-OF-ONE-PLATFORM...    pushes a list of images that are in the registry already
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${IMAGES_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/modeldeployment/images}"
say() { echo "manifest.sh: $*"; }
die() { echo "manifest.sh: $*" >&2; exit 1; }
. "$HERE/engine.sh"
choose_engine
if [ "$ENGINE" = docker ]; then
  docker manifest create --amend "$@"
  docker manifest push --purge "$1"
else
  podman manifest create --amend "$@"
  podman manifest push --all --rm "$1" "docker://$1"
fi
