# Sourced by the other scripts of this folder: where a cluster lives, and small functions they share.
# (With pipefail, `program | grep -q` fails when grep finds its match before the program is through: none of that here.)
# CLUSTER_DIR (required): everything the cluster writes. CLUSTER_BIN (required by up.sh): the programs, see dev/tools.ts.
: "${CLUSTER_DIR:?set CLUSTER_DIR to the folder of the cluster}"
mkdir -p "$CLUSTER_DIR"
CLUSTER_DIR=$(cd "$CLUSTER_DIR" && pwd)
STATE=$CLUSTER_DIR/state
PKI=$STATE/pki
LOGS=$STATE/log
NODE_NAME=node-1
# Of all clusters of this machine: their common mount points, and a lock for what they choose and share.
MACHINE=/run/modeldeployment-clusters
mkdir -p "$MACHINE"
export CLUSTER_DIR STATE PKI LOGS NODE_NAME

# One script at a time beyond this point, and down.sh when up.sh calls it inside its own turn.
take_turn() {
  [ -z "${CLUSTER_TURN:-}" ] || return 0
  exec 9>"$MACHINE/lock"
  flock 9
  export CLUSTER_TURN=1
}

die() { echo "$(basename "$0"): $*" >&2; exit 1; }

# Tries a command every 0.1 s, at most N times.
retry() {
  local tries=$1; shift
  for ((i = 0; i < tries; i++)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
  return 1
}

# What the chosen /16 means. The host's end of the veth pair is also where the API server listens.
address_plan() {
  NET=$1
  POD_CIDR=$NET.0.0/24 SERVICE_CIDR=$NET.128.0/20 API_SERVICE_IP=$NET.128.1
  HOST_IP=$NET.255.1 NODE_IP=$NET.255.2
  VETH=md-${NET#*.} CGROUP=modeldeployment-${NET#*.}
  export NET POD_CIDR SERVICE_CIDR API_SERVICE_IP HOST_IP NODE_IP VETH CGROUP
}

# Reads what up.sh chose; false when the cluster was never started.
load_state() {
  [ -e "$STATE/env" ] || return 1
  . "$STATE/env"
  export CLUSTER_BIN
  address_plan "$NET"
}

kubectl() { "$CLUSTER_BIN/kubectl" --kubeconfig "$CLUSTER_DIR/kubeconfig" --cache-dir "$STATE/kubectl-cache" "$@"; }

# Runs a program in its own session, so that Ctrl-C at the terminal does not reach it; log and pid go to files.
# Descriptor 9 is the lock of take_turn: a daemon must not hold it.
background() {
  local name=$1; shift
  CLUSTER_TURN= setsid "$@" >"$LOGS/$name.log" 2>&1 </dev/null 9>&- &
  echo $! >"$STATE/pid/$name"
}

# Is the process of that pid file alive, and is it ours and not one that got a reused number?
running() {
  local pid
  pid=$(cat "$STATE/pid/$1" 2>/dev/null) && [ -n "$pid" ] || return 1
  [ "$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -c1)" != Z ] || return 1
  tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -xF "CLUSTER_DIR=$CLUSTER_DIR" >/dev/null
}
