#!/bin/bash
# Takes the cluster of CLUSTER_DIR down and removes its state; the logs of the last run stay in CLUSTER_DIR/log-last.
# Does nothing when there is none, and finishes what an earlier run left half-done.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$HERE/settings.sh"
. "$HERE/node-namespaces.sh"

stop() { # stop NAME...: ends the processes of these pid files and waits until they are gone
  local name
  for name in "$@"; do running "$name" && kill -KILL "$(cat "$STATE/pid/$name")" 2>/dev/null || :; done
  for name in "$@"; do retry 200 ended "$name" || echo "down.sh: $name does not end" >&2; done
}
ended() { ! running "$1"; }

take_turn
# The watch of the owner is this script's own parent when the owner has ended.
[ "$(cat "$STATE/pid/owner-watch" 2>/dev/null)" = $$ ] || stop owner-watch
stop node unshare
stop scheduler controller-manager apiserver etcd
if load_state; then
  stop_node_network
  remove_cgroups
  remove_mount_points
fi
if [ -d "$LOGS" ]; then rm -rf "$CLUSTER_DIR/log-last"; mv "$LOGS" "$CLUSTER_DIR/log-last"; fi
rm -rf "$STATE" "$CLUSTER_DIR/kubeconfig"
