import {
  type CallOptions,
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import { HEALTH_PROTO, INFERENCE_PROTO } from '../../runtime/grpc/protos.ts';

/** How a call ended. */
export interface GrpcAnswer {
  /** Name of the status. */
  readonly status: string;
  readonly details: string;
  /** The answer's message, with 64-bit integers as text and bytes as Buffers; empty without one. */
  readonly message: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly trailers: Readonly<Record<string, unknown>>;
}

type UnaryMethod = (
  request: unknown,
  metadata: Metadata,
  options: CallOptions,
  callback: (error: ServiceError | null, message?: Record<string, unknown>) => void,
) => { on(event: 'metadata', listener: (metadata: Metadata) => void): unknown; cancel(): void };

const root = new protobuf.Root();
for (const text of [INFERENCE_PROTO, HEALTH_PROTO]) protobuf.parse(text, root, { keepCase: true });
const definition = fromJSON(root.toJSON(), { keepCase: true, longs: String, enums: String, defaults: false });
/* oxlint-disable typescript/no-unsafe-type-assertion -- made from a definition at run time */
const packages = loadPackageDefinition(definition) as unknown as {
  readonly inference: { readonly GRPCInferenceService: ClientConstructor };
  readonly grpc: { readonly health: { readonly v1: { readonly Health: ClientConstructor } } };
};
type ClientConstructor = new (
  address: string,
  ...rest: unknown[]
) => Record<string, UnaryMethod> & {
  close(): void;
};

/** Encodes a message the way protobufjs does. */
export function encodeMessage(type: string, message: Record<string, unknown>): Uint8Array {
  const messageType = root.lookupType(type);
  return messageType.encode(messageType.fromObject(message)).finish();
}

/** Decodes a message the way protobufjs does: 64-bit integers as text, bytes as Buffers, without what is not there. */
export function decodeMessage(type: string, bytes: Uint8Array): Record<string, unknown> {
  const messageType = root.lookupType(type);
  return messageType.toObject(messageType.decode(bytes), { longs: String, enums: String });
}

/** A client of V2 and the health service over gRPC that shares no code with the server but the protocol's text. */
export class GrpcClient implements Disposable {
  readonly #inference: InstanceType<ClientConstructor>;
  readonly #health: InstanceType<ClientConstructor>;

  constructor(port: number, options: Record<string, unknown> = {}) {
    const channel = { 'grpc.max_receive_message_length': -1, 'grpc.use_local_subchannel_pool': 1, ...options };
    this.#inference = new packages.inference.GRPCInferenceService(
      `127.0.0.1:${port}`,
      credentials.createInsecure(),
      channel,
    );
    this.#health = new packages.grpc.health.v1.Health(`127.0.0.1:${port}`, credentials.createInsecure(), channel);
  }

  /** Calls a method of the inference service. @param signal cancels the call */
  call(
    method: string,
    request: unknown = {},
    {
      metadata = {},
      timeoutMs = 10_000,
      signal,
    }: { metadata?: Record<string, string>; timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<GrpcAnswer> {
    return answerOf((done) => {
      const sent = new Metadata();
      for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
      const call = this.#inference[method]!(request, sent, { deadline: Date.now() + timeoutMs }, done);
      signal?.addEventListener('abort', () => call.cancel());
      return call;
    });
  }

  health(service = ''): Promise<GrpcAnswer> {
    return answerOf((done) =>
      this.#health['Check']!({ service }, new Metadata(), { deadline: Date.now() + 10_000 }, done),
    );
  }

  /** The stream of health of a service. */
  watch(service = ''): AsyncIterable<{ status: string }> & { cancel(): void } {
    const watch = this.#health['Watch'] as unknown as (
      request: object,
    ) => AsyncIterable<{ status: string }> & { cancel(): void };
    return watch.call(this.#health, { service });
  }

  [Symbol.dispose](): void {
    this.#inference.close();
    this.#health.close();
  }
}

async function answerOf(
  start: (done: (error: ServiceError | null, message?: Record<string, unknown>) => void) => ReturnType<UnaryMethod>,
): Promise<GrpcAnswer> {
  const { promise, resolve } = Promise.withResolvers<GrpcAnswer>();
  let headers: Record<string, unknown> = {};
  start((error, message = {}) => {
    resolve({
      status: status[error?.code ?? status.OK],
      details: error?.details ?? '',
      message,
      headers,
      trailers: error?.metadata.getMap() ?? {},
    });
  }).on('metadata', (metadata) => (headers = metadata.getMap()));
  return promise;
}
