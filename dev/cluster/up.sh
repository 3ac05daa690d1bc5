#!/bin/bash
# Brings up a Kubernetes cluster with one real node, without a container engine: Linux and root only.
#   CLUSTER_DIR   the cluster's folder; its kubeconfig is CLUSTER_DIR/kubeconfig
#   CLUSTER_BIN   folder of kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy, kubectl, etcd,
#                 containerd, containerd-shim-runc-v2, ctr, coredns, pause (dev/tools.ts has them)
#   CLUSTER_OWNER_PID   optional: when that process ends, however it ends, the cluster is taken down
#   CLUSTER_TMPFS=1     optional: images and container layers in memory
# A cluster that is up is left as it is. One that fails or is interrupted half-way is taken down again.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$HERE/settings.sh"
. "$HERE/certificates.sh"
. "$HERE/control-plane.sh"
. "$HERE/node-namespaces.sh"
: "${CLUSTER_BIN:?set CLUSTER_BIN to the folder of the programs}"
[ "$(id -u)" = 0 ] || die "a node in namespaces needs root"

started=$(date +%s%N)
say() { printf '  %5.1f s  %s\n' "$(((($(date +%s%N) - started)) / 100000000))e-1" "$*"; }

install_packages() {
  local missing=() package
  for package in runc iptables containernetworking-plugins openssl iproute2; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "install these packages: ${missing[*]}"
  say "installing packages: ${missing[*]}"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >"$CLUSTER_DIR/apt.log" 2>&1 || { tail -n 5 "$CLUSTER_DIR/apt.log" >&2; die "cannot install: ${missing[*]}"; }
}

node_ready() { [ "$(kubectl get node "$NODE_NAME" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]; }
node_schedulable() {
  kubectl -n default get serviceaccount default && [ -z "$(kubectl get node "$NODE_NAME" -o 'jsonpath={.spec.taints}')" ]
}
cluster_up() { [ -e "$STATE/up" ] && running node && kubectl --request-timeout 5s get --raw /readyz && node_ready; }

# The first /16 of ten that no route of this machine leads to.
choose_network() {
  local second routes
  routes=$(ip -4 route show table all)
  for second in {244..253}; do
    grep -qE "(^| )10\.$second\." <<<"$routes" || { address_plan "10.$second"; return; }
  done
  die "10.244.0.0/16 to 10.253.0.0/16 are all in use"
}

take_down_after_failure() {
  local status=$?
  [ $status != 0 ] || return 0
  if [ $status = 130 ]; then echo "up.sh: interrupted, taking the cluster down" >&2
  else
    echo "up.sh: failed; last lines of the logs:" >&2
    tail -n 4 "$LOGS"/*.log >&2 2>/dev/null || :
  fi
  bash "$HERE/down.sh"
}

take_turn
bin=$CLUSTER_BIN
if load_state && cluster_up >/dev/null 2>&1; then say "the cluster is up already"; exit 0; fi
CLUSTER_BIN=$bin
install_packages
bash "$HERE/down.sh"
mkdir -p "$PKI" "$LOGS" "$STATE"/{pid,etcd}
chmod 700 "$STATE"
trap take_down_after_failure EXIT
trap 'exit 130' INT TERM HUP
choose_network
printf 'CLUSTER_BIN=%q\nNET=%q\n' "$CLUSTER_BIN" "$NET" >"$STATE/env"
export CLUSTER_BIN CLUSTER_TMPFS=${CLUSTER_TMPFS:-}
if [ -n "${CLUSTER_OWNER_PID:-}" ]; then
  background owner-watch bash -c 'tail --pid="$1" -f /dev/null; exec bash "$2"' owner-watch "$CLUSTER_OWNER_PID" "$HERE/down.sh"
fi

make_certificates
say "certificates made"
start_node
say "node namespaces made ($VETH, $NET.0.0/16)"
start_control_plane
say "control plane ready"
grant_coredns
: >"$STATE/node/api-ready"
retry 900 node_ready || die "the node did not become Ready"
retry 300 node_schedulable || die "the node stays tainted"
: >"$STATE/up"
say "node Ready"
