#!/bin/bash
# Works on the node of the cluster of CLUSTER_DIR:
#   on-node.sh load FILE.tar     imports a docker or OCI archive
#   on-node.sh images            lists what is there, a name a line
#   on-node.sh shell [COMMAND]   runs a shell or a command in the node's namespaces
set -euo pipefail
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/settings.sh"
load_state && running node || die "the cluster is not up"
on_node() { nsenter -t "$(cat "$STATE/pid/node")" -m -n -u -i -C -p "$@"; }
ctr() { on_node "$CLUSTER_BIN/ctr" -a /run/containerd/containerd.sock -n k8s.io "$@"; }
case ${1:-} in
  load) ctr images import - <"$2" >/dev/null ;;
  images) ctr images list -q ;;
  shell) shift; on_node "${@:-bash}" ;;
  *) die "usage: on-node.sh load FILE.tar | images | shell [COMMAND]" ;;
esac
