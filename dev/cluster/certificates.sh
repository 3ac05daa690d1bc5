# Sourced by up.sh: a throw-away certificate authority, one certificate per component, their kubeconfigs.

# certificate NAME SUBJECT [SUBJECT_ALT_NAMES]
certificate() {
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$PKI/$1.key" -subj "$2" 2>/dev/null |
    openssl x509 -req -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -days 365 -sha256 -out "$PKI/$1.crt" \
      -extfile <(printf 'extendedKeyUsage=clientAuth,serverAuth\n%s' "${3:+subjectAltName=$3}") 2>/dev/null
}

# write_kubeconfig FILE CERTIFICATE
write_kubeconfig() {
  cat >"$1" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: modeldeployment, cluster: {server: "https://$HOST_IP:6443", certificate-authority-data: $(base64 -w0 <"$PKI/ca.crt")}}]
users: [{name: $2, user: {client-certificate-data: $(base64 -w0 <"$PKI/$2.crt"), client-key-data: $(base64 -w0 <"$PKI/$2.key")}}]
contexts: [{name: modeldeployment, context: {cluster: modeldeployment, user: $2}}]
current-context: modeldeployment
YAML
}

make_certificates() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$PKI/ca.key" -subj "/CN=modeldeployment-ca" \
    -days 365 -sha256 -out "$PKI/ca.crt" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
  openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/service-accounts.key"
  openssl ec -in "$PKI/service-accounts.key" -pubout -out "$PKI/service-accounts.pub" 2>/dev/null
  local service=kubernetes.default.svc
  certificate apiserver /CN=kube-apiserver \
    "DNS:kubernetes,DNS:kubernetes.default,DNS:$service,DNS:$service.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$HOST_IP,IP:$API_SERVICE_IP"
  certificate apiserver-client /O=system:masters/CN=kube-apiserver-kubelet-client
  certificate front-proxy /CN=front-proxy-client
  certificate kubelet "/O=system:nodes/CN=system:node:$NODE_NAME" "DNS:$NODE_NAME,IP:$NODE_IP"
  certificate admin /O=system:masters/CN=admin
  certificate controller-manager /CN=system:kube-controller-manager
  certificate scheduler /CN=system:kube-scheduler
  certificate kube-proxy /CN=system:kube-proxy
  certificate coredns /CN=system:coredns
  for user in controller-manager scheduler kubelet kube-proxy coredns; do write_kubeconfig "$STATE/$user.kubeconfig" $user; done
  write_kubeconfig "$CLUSTER_DIR/kubeconfig" admin
  chmod 600 "$CLUSTER_DIR/kubeconfig"
}
