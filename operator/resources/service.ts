import type { V1Service, V1ServicePort } from '@kubernetes/client-node';
import { PORTS } from '../../runtime/contract.ts';
import type { ModelDeployment } from '../api/generated.ts';
import { childMetadata, selectorLabels } from './metadata.ts';
import { childName } from './names.ts';

/** Port whose number the endpoint leaves out. */
const DEFAULT_HTTP_PORT = 80;

/** The Service in front of the pods: predict, health and docs, and V2 over gRPC. Its labels are handed on to its EndpointSlices. */
export function makeService(modelDeployment: ModelDeployment): V1Service {
  const { service } = modelDeployment.spec;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(modelDeployment, service.annotations),
    spec: {
      type: service.type,
      selector: selectorLabels(modelDeployment),
      ports: [{ name: 'http', port: service.port, targetPort: 'http', protocol: 'TCP' }, ...grpcPorts(service.port)],
    },
  };
}

/** gRPC is at the pod's port number. A user who wants HTTP there gets that and no gRPC: one number cannot be two ports. */
function grpcPorts(httpPort: number): V1ServicePort[] {
  if (httpPort === PORTS.grpc) return [];
  // What gateways and meshes look at to speak HTTP/2 without TLS to the pods.
  const appProtocol = 'kubernetes.io/h2c';
  return [{ name: 'grpc', port: PORTS.grpc, targetPort: 'grpc', protocol: 'TCP', appProtocol }];
}

/** URL of the Service inside the cluster: `http://iris.default.svc.cluster.local`, with the port where it is not 80. */
export function serviceUrl(modelDeployment: ModelDeployment): string {
  const { port } = modelDeployment.spec.service;
  const host = `${childName(modelDeployment)}.${modelDeployment.metadata.namespace}.svc.cluster.local`;
  return `http://${host}${port === DEFAULT_HTTP_PORT ? '' : `:${port}`}`;
}
