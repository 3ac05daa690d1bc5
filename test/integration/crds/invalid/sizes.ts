import { inSpec } from './invalid-object.ts';
import type { InvalidObject } from './invalid-object.ts';

const autoscaling = { maxReplicas: 5 };

/** Wrong numbers of pods, resources and limits of the runtime. */
export const SIZES: readonly InvalidObject[] = [
  inSpec('replicas below zero', { replicas: -1 }, 'replicas', 'greater than or equal to 0'),
  inSpec('replicas as text', { replicas: '2' }, 'replicas', 'must be of type integer'),
  inSpec('replicas too many', { replicas: 1001 }, 'replicas', 'less than or equal to 1000'),
  inSpec(
    'replicas and autoscaling',
    { replicas: 2, autoscaling },
    'replicas',
    'must not be set',
    'autoscaling.minReplicas',
  ),
  inSpec('zero replicas and autoscaling', { replicas: 0, autoscaling }, 'replicas', 'must not be set'),
  inSpec('autoscaling without maximum', { autoscaling: {} }, 'autoscaling.maxReplicas', 'Required value'),
  inSpec(
    'autoscaling from zero',
    { autoscaling: { minReplicas: 0, maxReplicas: 2 } },
    'autoscaling.minReplicas',
    'to 1',
  ),
  inSpec(
    'minReplicas > maxReplicas',
    { autoscaling: { minReplicas: 6, maxReplicas: 5 } },
    'autoscaling.minReplicas',
    'must not be greater than maxReplicas',
  ),
  inSpec(
    'CPU target of zero',
    { autoscaling: { ...autoscaling, targetCPUUtilizationPercentage: 0 } },
    'autoscaling.targetCPU',
    'to 1',
  ),
  inSpec(
    'metric without its field',
    { autoscaling: { ...autoscaling, metrics: [{ type: 'Pods' }] } },
    'autoscaling.metrics[0]',
    'exactly the field its type names',
  ),
  inSpec(
    'metric of an unknown type',
    { autoscaling: { ...autoscaling, metrics: [{ type: 'GPU' }] } },
    'autoscaling.metrics[0].type',
    '"Resource"',
  ),
  inSpec(
    'autoscaling without a CPU request',
    { autoscaling, resources: { limits: { memory: '1Gi' } } },
    'resources',
    'requests.cpu is missing, for example 500m',
  ),
  inSpec(
    'request > limit',
    { resources: { requests: { memory: '1Gi' }, limits: { memory: '512Mi' } } },
    'resources',
    'a request must not be greater than its limit',
  ),
  inSpec(
    'request > limit, in other units',
    { resources: { requests: { cpu: 2 }, limits: { cpu: '1500m' } } },
    'resources',
    'a request must not be greater than its limit',
  ),
  inSpec(
    'quantity of words',
    { resources: { limits: { memory: '1 GB' } } },
    'resources.limits',
    'must be a quantity, for example 500m',
  ),
  inSpec(
    'quantity below zero',
    { resources: { requests: { cpu: -1 } } },
    'resources.requests',
    'must be a quantity, for example 500m',
  ),
  inSpec(
    'memory in millibytes',
    { resources: { limits: { memory: '512m' } } },
    'resources.limits',
    'memory must be at least 1Mi',
    'half a byte',
  ),
  inSpec(
    'memory in bytes by mistake',
    { resources: { requests: { memory: 512 } } },
    'resources.requests',
    'memory must be at least 1Mi',
  ),
  inSpec(
    'resource misspelt',
    { resources: { limits: { memroy: '1Gi' } } },
    'resources.limits',
    'has an unknown resource: use cpu, memory',
  ),
  inSpec('no rows', { batching: { maxRows: 0 } }, 'batching.maxRows', 'greater than or equal to 1'),
  inSpec(
    'queue below a batch',
    { batching: { maxRows: 2048 } },
    'batching.maxQueuedRows',
    'must not be smaller than maxRows',
  ),
  inSpec(
    'maxRequestBytes too small',
    { maxRequestBytes: '1023' },
    'maxRequestBytes',
    'from 1Ki to 1Gi, for example 16Mi',
  ),
  inSpec(
    'maxRequestBytes too large',
    { maxRequestBytes: '1025Mi' },
    'maxRequestBytes',
    'from 1Ki to 1Gi, for example 16Mi',
  ),
  inSpec('maxRequestBytes too large, as a number', { maxRequestBytes: 2 ** 31 }, 'maxRequestBytes', 'from 1Ki to 1Gi'),
  inSpec('maxRequestBytes in MB', { maxRequestBytes: '16MB' }, 'maxRequestBytes', 'from 1Ki to 1Gi, for example 16Mi'),
  inSpec(
    'maxRequestBytes with a fraction',
    { maxRequestBytes: '1.5Mi' },
    'maxRequestBytes',
    'must be a whole number of bytes from 1Ki to 1Gi, for example 16Mi',
  ),
  inSpec('maxRequestBytes below zero', { maxRequestBytes: -1 }, 'maxRequestBytes', 'from 1Ki to 1Gi'),
  inSpec('maxRequestBytes of a part', { maxRequestBytes: 1.5 }, 'maxRequestBytes', 'must be of type'),
  inSpec(
    'requestTimeout without a unit',
    { requestTimeout: '30' },
    'requestTimeout',
    'from 1s to 10m, for example 30s',
  ),
  inSpec('requestTimeout as a number', { requestTimeout: 30 }, 'requestTimeout', 'must be of type string'),
  inSpec('requestTimeout too short', { requestTimeout: '999ms' }, 'requestTimeout', 'from 1s to 10m'),
  inSpec('requestTimeout too long', { requestTimeout: '10m1s' }, 'requestTimeout', 'from 1s to 10m'),
  inSpec('requestTimeout in words', { requestTimeout: '30 seconds' }, 'requestTimeout', 'from 1s to 10m'),
  inSpec('requestTimeout empty', { requestTimeout: '' }, 'requestTimeout', 'from 1s to 10m'),
];
