# Sourced by up.sh: makes the node, a process tree in its own pid, mount, net, uts, ipc and cgroup namespaces, as kind's
# node container is one. When its first process ends, the kernel ends every pod and takes back mounts, rules, interfaces.

# Mount points that the node's own mount namespace covers; those that did not exist before go with the last cluster.
make_mount_points() {
  local dir
  for dir in /var/lib/{kubelet,containerd,cni} /var/log/{pods,containers} /etc/cni /etc/cni/net.d; do
    [ -e "$dir" ] || { mkdir "$dir"; echo "$dir" >>"$MACHINE/mount-points"; }
  done
}

# Removing a mount point takes the mount away in every namespace, so the last cluster does it.
remove_mount_points() {
  local dir
  [ -z "$(ip -br link show type veth | grep '^md-')" ] || return 0
  for dir in $(tac "$MACHINE/mount-points" 2>/dev/null); do rmdir "$dir" 2>/dev/null || :; done
  rm -f "$MACHINE/mount-points"
}

# One group per cgroup v1 controller below the caller's own (or one group of cgroup v2): the root that the node sees.
make_cgroups() {
  : >"$STATE/cgroups"
  local name path dir
  while IFS=: read -r _ name path; do
    name=${name#name=}
    dir=/sys/fs/cgroup/${name:-unified}
    [ -n "$name" ] && [ -e "$dir/cgroup.procs" ] || continue
    dir=$dir${path%/}/$CGROUP
    mkdir -p "$dir"
    if [ -e "$dir/cpuset.cpus" ]; then
      cat "$dir/../cpuset.cpus" >"$dir/cpuset.cpus"
      cat "$dir/../cpuset.mems" >"$dir/cpuset.mems"
    fi
    echo "$dir" >>"$STATE/cgroups"
  done </proc/self/cgroup
}

# Pid of the namespaces' first process: the child of `unshare`, once it is in another network namespace.
find_node_init() {
  local init
  init=$(cut -d' ' -f1 "/proc/$(cat "$STATE/pid/unshare")/task/"*"/children")
  [ -n "$init" ] && [ "$(readlink "/proc/$init/ns/net")" != "$(readlink /proc/self/ns/net)" ] && echo "$init" >"$STATE/pid/node"
}

start_node() {
  mkdir -p "$STATE"/node/{kubelet,containerd,cni,cni-conf,pod-logs,container-logs,sysctl,etc}
  make_mount_points
  make_cgroups
  background unshare bash -c 'while read -r dir; do echo $$ >"$dir/cgroup.procs"; done <"$STATE/cgroups"
    exec unshare --mount --net --uts --ipc --cgroup --pid --fork --kill-child --mount-proc bash "$0"' "$HERE/node-init.sh"
  retry 100 find_node_init || die "the node's namespaces were not made; see $LOGS/unshare.log"
  local init
  init=$(cat "$STATE/pid/node")
  # Nothing for the cluster's addresses may ever leave by the machine's own default route.
  ip route add unreachable "$NET.0.0/16" metric 9999
  : >"$STATE/network-made"
  ip link add "$VETH" type veth peer name eth0 netns "$init"
  ip addr add "$HOST_IP/30" dev "$VETH"
  ip link set "$VETH" up
  ip route add "$POD_CIDR" via "$NODE_IP" dev "$VETH"
  ip route add "$SERVICE_CIDR" via "$NODE_IP" dev "$VETH"
  : >"$STATE/node/network-ready"
}

stop_node_network() {
  [ -e "$STATE/network-made" ] || return 0
  ip link del "$VETH" 2>/dev/null || :
  ip route del unreachable "$NET.0.0/16" metric 9999 2>/dev/null || :
}

remove_cgroups() {
  local dir
  while read -r dir; do
    [ ! -d "$dir" ] || retry 100 find "$dir" -depth -type d -exec rmdir {} + || echo "left behind: $dir" >&2
  done < <(cat "$STATE/cgroups" 2>/dev/null)
}
