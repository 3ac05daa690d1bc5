import { ENV } from './contract.ts';

/**
 * What Vertex AI sets for a custom container.
 * https://cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements#aip-variables
 */
export const VERTEX_ENV = {
  /** Port to listen on. */
  httpPort: 'AIP_HTTP_PORT',
  /** Path of health checks. */
  healthRoute: 'AIP_HEALTH_ROUTE',
  /** Path of predictions. */
  predictRoute: 'AIP_PREDICT_ROUTE',
  /** `gs://` folder with a copy of the model's files; empty when there are none. */
  storageUri: 'AIP_STORAGE_URI',
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** An environment in which our own variables are set by Vertex AI's where they were not, and which of them those are. */
export interface VertexSettings {
  readonly env: Environment;
  /** Our variable -> Vertex AI's that gave it its value, for messages. */
  readonly sources: ReadonlyMap<string, string>;
}

/** `AIP_HTTP_PORT` for HTTP_PORT, the folder `AIP_STORAGE_URI` for MODEL_PATH; variables of our own go first. */
export function withVertexSettings(env: Environment): VertexSettings {
  const valueOf = (name: string): string | undefined => env[name]?.trim() || undefined;
  const folder = valueOf(VERTEX_ENV.storageUri);
  const offered = [
    [ENV.modelPath, VERTEX_ENV.storageUri, folder && `${folder.replace(/\/+$/, '')}/`],
    [ENV.httpPort, VERTEX_ENV.httpPort, valueOf(VERTEX_ENV.httpPort)],
  ] as const;
  const taken = offered.filter(([own, , value]) => value !== undefined && valueOf(own) === undefined);
  return {
    env: { ...env, ...Object.fromEntries(taken.map(([own, , value]) => [own, value])) },
    sources: new Map(taken.map(([own, theirs]) => [own, theirs])),
  };
}
