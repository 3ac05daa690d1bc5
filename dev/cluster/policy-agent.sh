#!/bin/bash
# Run on the node (on-node.sh shell bash policy-agent.sh start|stop PROGRAM): NetworkPolicies are enforced from now on, or no longer.
# The first packet of a connection waits for the agent's verdict, after Services have been resolved; what root's processes of the node
# send does not, as Kubernetes wants it for probes of the kubelet.
set -euo pipefail
. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/settings.sh"
verb=$1 program=$2
PID=/run/network-policies.pid
QUEUE=100 # the agent's default

# By iptables and not by the agent's own nftables rules: those need a module (NFT_QUEUE) that not every kernel has.
rules() { # rules -A|-D
  iptables -w -t mangle "$1" POSTROUTING -m conntrack --ctstate NEW -m owner ! --uid-owner 0 -j NFQUEUE --queue-num $QUEUE
}
agent_listens() { grep -q "^ *$QUEUE " /proc/net/netfilter/nfnetlink_queue; }

case $verb in
  start)
    setsid "$program" --kubeconfig "$CLUSTER_DIR/kubeconfig" --hostname-override "$NODE_NAME" >"$LOGS/network-policies.log" 2>&1 </dev/null &
    echo $! >$PID
    retry 300 agent_listens || die "the agent does not listen; see $LOGS/network-policies.log"
    rules -A
    ;;
  stop)
    rules -D
    kill "$(cat $PID)" || : # it may have ended by itself; its log says why
    rm $PID
    ;;
esac
