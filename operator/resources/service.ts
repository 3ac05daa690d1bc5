import type { V1Service } from '@kubernetes/client-node';
import type { ModelDeployment } from '../api/generated.ts';
import { childMetadata, selectorLabels } from './metadata.ts';
import { childName } from './names.ts';

/** Port whose number the endpoint leaves out. */
const DEFAULT_HTTP_PORT = 80;

/** The Service in front of the pods: predict, health and docs. Its labels are handed on to its EndpointSlices. */
export function makeService(modelDeployment: ModelDeployment): V1Service {
  const { service } = modelDeployment.spec;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(modelDeployment, service.annotations),
    spec: {
      type: service.type,
      selector: selectorLabels(modelDeployment),
      ports: [{ name: 'http', port: service.port, targetPort: 'http', protocol: 'TCP' }],
    },
  };
}

/** URL of the Service inside the cluster: `http://iris.default.svc.cluster.local`, with the port where it is not 80. */
export function serviceUrl(modelDeployment: ModelDeployment): string {
  const { port } = modelDeployment.spec.service;
  const host = `${childName(modelDeployment)}.${modelDeployment.metadata.namespace}.svc.cluster.local`;
  return `http://${host}${port === DEFAULT_HTTP_PORT ? '' : `:${port}`}`;
}
