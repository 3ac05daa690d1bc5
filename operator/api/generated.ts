/** Generated from crds/modeldeployment.yaml by `npm run generate`. Never edited by hand. */
import type {
  V1Affinity,
  V1EnvVar,
  V1LocalObjectReference,
  V1ObjectMeta,
  V1ResourceRequirements,
  V1Toleration,
  V1TopologySpreadConstraint,
  V2HorizontalPodAutoscalerBehavior,
  V2MetricSpec,
} from '@kubernetes/client-node';

/** A machine-learning model in ONNX format, served over HTTP. */
export interface ModelDeployment {
  apiVersion: 'modeldeployment.dev/v1alpha1';
  kind: 'ModelDeployment';
  metadata: V1ObjectMeta & { name: string; namespace: string; uid: string; generation: number };
  spec: ModelDeploymentSpec;
  status?: ModelDeploymentStatus;
}
/** What to serve and how. */
export interface ModelDeploymentSpec {
  model: ModelSpec;
  /** Number of pods. `kubectl scale` sets it. Not used while autoscaling is set. */
  replicas: number;
  autoscaling?: AutoscalingSpec;
  /** CPU and memory of the runtime container. Replaces the default as a whole. */
  resources: V1ResourceRequirements;
  /** ServiceAccount of the pods. With Workload Identity, the account that reads the model. */
  serviceAccountName?: string;
  batching: BatchingSpec;
  /** Largest request body, 1Ki to 1Gi. Larger ones get status 413. */
  maxRequestBytes: number | string;
  /** Time for one request, 1s to 10m. Slower ones get status 504. */
  requestTimeout: string;
  /** How much the pods log. */
  logLevel: 'debug' | 'info' | 'warn' | 'error';
  service: ServiceSpec;
  /** Runtime image, instead of the operator's default. */
  image?: string;
  /** Further environment variables of the runtime container, as in core/v1. Those the operator sets are refused. */
  env?: V1EnvVar[];
  /** Secrets to pull the image with, as in core/v1. */
  imagePullSecrets?: V1LocalObjectReference[];
  /** Labels that a node must have, as in core/v1. */
  nodeSelector?: Record<string, string>;
  /** Taints of nodes that the pods tolerate, as in core/v1. */
  tolerations?: V1Toleration[];
  /** Further rules on which nodes the pods run, as in core/v1. */
  affinity?: V1Affinity;
  /** How the pods spread, as in core/v1. When it is not set, over nodes and zones where possible. */
  topologySpreadConstraints?: V1TopologySpreadConstraint[];
  /** PriorityClass of the pods. */
  priorityClassName?: string;
  /** Added to the pods. Keys of the operator are refused. */
  podLabels?: Record<string, string>;
  /** Added to the pods. Keys under modeldeployment.dev/ are refused. */
  podAnnotations?: Record<string, string>;
  /** While it is true the operator leaves Deployment, Service and so on as they are. */
  paused: boolean;
}
/** Where the model lies and how its outputs are read. */
export interface ModelSpec {
  /** gs://bucket/object, or gs://bucket/prefix/ for a folder that holds one .onnx file and its side files. pvc://claim/path for clusters without Google Cloud Storage. */
  path: string;
  /** Serve exactly this Google Cloud Storage generation. Without it the newest is followed. */
  generation?: string;
  /** SHA-256 of the .onnx file. Pods refuse to serve other bytes. */
  sha256?: string;
  /** Follow (what happens when it is not set) rolls out a new generation as soon as the object is overwritten. Pinned stays with the first generation seen until the spec changes. */
  updates?: 'Follow' | 'Pinned';
  /** How often storage is asked for a newer generation, 1s to 24h. When it is not set, as often as the operator's MODEL_POLL_INTERVAL says (60s). */
  pollInterval?: string;
  /** How outputs are presented. Auto reads it from the model. */
  task: 'Auto' | 'Classification' | 'Regression' | 'Raw';
  /** Class names in column order, for models that carry none (PyTorch). */
  labels?: string[];
  /** Applied to the output of a PyTorch classifier, which gives logits, to get probabilities. */
  activation: 'None' | 'Softmax' | 'Sigmoid';
}
/** Makes a HorizontalPodAutoscaler, which then chooses the number of pods. */
export interface AutoscalingSpec {
  /** Fewest pods. */
  minReplicas: number;
  /** Most pods. */
  maxReplicas: number;
  /** CPU use to aim at, in percent of the requested CPU. 80 when neither it nor metrics is set. */
  targetCPUUtilizationPercentage?: number;
  /** What to scale by, as in autoscaling/v2. With metrics, CPU counts only when its target is set too. */
  metrics?: V2MetricSpec[];
  /** How fast to scale, as in autoscaling/v2. */
  behavior?: V2HorizontalPodAutoscalerBehavior;
}
/** Requests that arrive together run together. */
export interface BatchingSpec {
  /** Most rows in one run of the model. Without it 512; in either case more than 64 only while a run of them takes some milliseconds. */
  maxRows?: number;
  /** Most rows that may wait. Further requests get status 429. */
  maxQueuedRows: number;
}
/** The Service in front of the pods. */
export interface ServiceSpec {
  /** Where it is reachable, as in core/v1. */
  type: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
  /** Port of the Service. */
  port: number;
  /** Added to the Service. Keys under modeldeployment.dev/ are refused. */
  annotations?: Record<string, string>;
}
/** What is true now. Written by the operator. */
export interface ModelDeploymentStatus {
  /** The generation of this object that this status is about. */
  observedGeneration?: number;
  /** URL inside the cluster, there once a pod has been ready. */
  endpoint?: string;
  model?: ModelStatus;
  /** Pods that exist. */
  replicas?: number;
  /** Pods that are ready. */
  readyReplicas?: number;
  /** Ready and wanted pods as "1/2", for the REPLICAS column. */
  replicasSummary?: string;
  /** Label selector of the pods, for the scale subresource. */
  selector?: string;
  /** ModelResolved, Available, Progressing, Ready; Stalled only when a person must act. */
  conditions?: ModelDeploymentCondition[];
}
/** The model that was found. */
export interface ModelStatus {
  /** The path of the model that new pods serve. After a refusal that of the last good one. */
  path?: string;
  /** Google Cloud Storage generation that new pods serve. */
  generation?: string;
  /** Generation that ready pods serve, while a rollout runs or is refused. */
  servingGeneration?: string;
  /** Size of the model. */
  sizeBytes?: number;
  /** When this generation was first seen. */
  resolvedAt?: string;
}
export interface ModelDeploymentCondition {
  /** What the condition is about. */
  type: string;
  /** Whether it holds. */
  status: 'True' | 'False' | 'Unknown';
  /** The generation of this object that this condition is about. */
  observedGeneration?: number;
  /** When status last changed. */
  lastTransitionTime: string;
  /** Why, in one word. */
  reason: string;
  /** Why, in one sentence that says what to do. */
  message: string;
}
