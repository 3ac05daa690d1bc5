/**
 * What is used of @kubernetes/client-node: its kubeconfig. Its index loads 900 generated classes, some 45 MB of memory, that
 * nothing here calls; operator/cluster/lean-modules.ts puts this module in their place.
 */
export { KubeConfig } from '@kubernetes/client-node/dist/config.js';
export { createConfiguration } from '@kubernetes/client-node/dist/gen/configuration.js';
export { HttpMethod, RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js';
export { ServerConfiguration } from '@kubernetes/client-node/dist/gen/servers.js';

/** The operator framework makes one and never calls it; so does what forwards ports for the command line, of both. */
export const CoreV1Api = Object;
export const AppsV1Api = Object;
