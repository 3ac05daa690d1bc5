#!/bin/bash
# First process of the node's namespaces: mounts, network, containerd, kubelet, kube-proxy, CoreDNS. Started by up.sh only.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$HERE/settings.sh"
. "$HERE/node-config.sh"
NODE=$STATE/node
[ $$ = 1 ] || die "not the first process of a pid namespace"
retry 200 test -e "$NODE/network-ready" || die "no network interface came"
hostname "$NODE_NAME"

make_mounts() {
  mount --make-rshared / # the kubelet wants propagation; unshare already cut the tie to the host
  umount -R -l /sys
  mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
  mount_cgroups
  mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /run
  mkdir -p /run/lock /run/netns
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /dev/shm
  mount --bind "$NODE/kubelet" /var/lib/kubelet
  mount --bind "$NODE/containerd" /var/lib/containerd
  mount --bind "$NODE/cni" /var/lib/cni
  mount --bind "$NODE/cni-conf" /etc/cni/net.d
  mount --bind "$NODE/pod-logs" /var/log/pods
  mount --bind "$NODE/container-logs" /var/log/containers
  # Overlay file systems do not stack: where the cache itself is on one, images and container layers live in memory.
  if [ -n "${CLUSTER_TMPFS:-}" ] || [ "$(stat -f -c %T "$NODE")" = overlayfs ]; then
    mount -t tmpfs -o mode=711,nosuid,nodev tmpfs /var/lib/containerd
  fi
  : >"$NODE/etc/resolv.conf"
  mount --bind "$NODE/etc/resolv.conf" /etc/resolv.conf
}

# Every v1 hierarchy again, seen from this namespace's root, also the named one: without it OOMKilled reads as Error.
mount_cgroups() {
  if [ "$(wc -l </proc/self/cgroup)" = 1 ]; then
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
    return
  fi
  mount -t tmpfs -o mode=755,nosuid,nodev,noexec cgroup /sys/fs/cgroup
  local name options
  while IFS=: read -r _ name _; do
    [ -n "$name" ] || continue
    case $name in name=*) options=none,$name ;; *) options=$name ;; esac
    mkdir -p "/sys/fs/cgroup/${name#name=}"
    mount -t cgroup -o "$options" cgroup "/sys/fs/cgroup/${name#name=}"
  done </proc/self/cgroup
}

# The kubelet sets these for the whole machine where they differ: it reads copies, the machine's own stay as they are.
shadow_sysctls() {
  local setting key
  for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1; do
    key=${setting%%=*}
    echo "${setting#*=}" >"$NODE/sysctl/${key//\//.}"
    mount --bind "$NODE/sysctl/${key//\//.}" "/proc/sys/$key"
  done
}

# No default route: pods reach the cluster and this host, nothing else.
make_network() {
  ip link set lo up
  ip addr add "$NODE_IP/30" dev eth0
  ip link set eth0 up
  ip route add "$NET.0.0/16" via "$HOST_IP"
  echo 1 >/proc/sys/net/ipv4/ip_forward
}

ctr() { "$CLUSTER_BIN/ctr" -a /run/containerd/containerd.sock -n k8s.io "$@"; }
start() { local name=$1; shift; setsid "$@" >"$LOGS/$name.log" 2>&1 </dev/null & }

import_pause_image() {
  bash "$HERE/../images/static-image.sh" "$CLUSTER_BIN/pause" localhost/pause:1 "$NODE/etc/pause.tar"
  ctr images import "$NODE/etc/pause.tar"
  ctr images label localhost/pause:1 io.cri-containerd.pinned=pinned
  rm "$NODE/etc/pause.tar"
}

make_mounts
shadow_sysctls
make_network
write_node_config "$NODE/etc"
export PATH=$CLUSTER_BIN:$PATH # containerd finds its shim there
start containerd containerd -c "$NODE/etc/containerd.toml"
retry 300 ctr version || die "containerd does not answer; see $LOGS/containerd.log"
import_pause_image
: >"$NODE/containerd-ready"
retry 600 test -e "$NODE/api-ready" || die "no API server came"
start kubelet kubelet --config "$NODE/etc/kubelet.yaml" --kubeconfig "$STATE/kubelet.kubeconfig" \
  --hostname-override "$NODE_NAME" --node-ip "$NODE_IP" --v 2
start kube-proxy kube-proxy --config "$NODE/etc/kube-proxy.yaml"
start coredns coredns -conf "$NODE/etc/Corefile"
# The first process reaps what is left to it.
while :; do wait -n || :; sleep 0.2; done
