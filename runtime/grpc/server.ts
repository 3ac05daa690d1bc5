import { setTimeout as delay } from 'node:timers/promises';
import {
  logVerbosity,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ModelFailure } from '../errors.ts';
import type { RequestObserver } from '../request-record.ts';
import { Health, HEALTH_SERVICE } from './health.ts';
import { INFERENCE_SERVICE, inferenceMethods } from './inference-service.ts';
import { observeCalls } from './observe-calls.ts';
import { reflectWhenAsked } from './reflect-when-asked.ts';
import { type CallDependencies, unary } from './unary.ts';

export interface GrpcOptions extends CallDependencies {
  readonly modelName: string;
  readonly observe: RequestObserver;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Longest message taken, decompressed. */
  readonly maxMessageBytes: number;
  /** What that limit is called where the user sets it, for messages. */
  readonly maxMessageBytesName: string;
}

/** A gRPC server that listens. */
export interface GrpcServer {
  readonly port: number;
  /**
   * Takes no more connections and calls, lets calls in flight end, and cuts what is left after `timeoutMs`.
   * @returns whether everything ended by itself
   */
  close(timeoutMs: number): Promise<boolean>;
}

/**
 * Serves V2 and the standard health service over gRPC, without TLS.
 * @throws ModelFailure InvalidSpec when the address cannot be listened on
 */
export async function listenGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const { modelName, state, observe, host, maxMessageBytes, maxMessageBytesName } = options;
  const tooLarge = `the message is larger than ${maxMessageBytes} bytes (${maxMessageBytesName}); send fewer rows at once, or raise it`;
  // It would write to standard error, past our log, what it also gives as an error.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    interceptors: [observeCalls({ observe, state, countedPrefix: `/${INFERENCE_SERVICE}/`, tooLarge })],
  });
  const health = new Health(state);
  const methods = Object.entries(inferenceMethods(modelName, state));
  addService(
    server,
    INFERENCE_SERVICE,
    Object.fromEntries(methods.map(([name, answer]) => [name, unary(answer, options)])),
  );
  addService(server, HEALTH_SERVICE, { Check: unary(health.check, options), Watch: health.watch }, ['Watch']);
  reflectWhenAsked(server);
  const port = await bind(server, host, options.port);
  return {
    port,
    async close(timeoutMs) {
      health.close();
      const { promise, resolve } = Promise.withResolvers<boolean>();
      server.tryShutdown(() => resolve(true));
      const overdue = new AbortController();
      const isDrained = await Promise.race([promise, delay(timeoutMs, false, { signal: overdue.signal })]);
      if (isDrained) overdue.abort();
      else server.forceShutdown();
      return isDrained;
    },
  };
}

/** Messages pass as bytes: what is wrong with them is said by us. */
function addService(
  server: Server,
  service: string,
  implementation: UntypedServiceImplementation,
  streaming: readonly string[] = [],
): void {
  const asItIs = (bytes: Buffer): Buffer => bytes;
  const define = (name: string): MethodDefinition<Buffer, Buffer> => ({
    path: `/${service}/${name}`,
    requestStream: false,
    responseStream: streaming.includes(name),
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  });
  const definition: ServiceDefinition = Object.fromEntries(
    Object.keys(implementation).map((name) => [name, define(name)]),
  );
  server.addService(definition, implementation);
}

async function bind(server: Server, host: string, port: number): Promise<number> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
    if (error) reject(error);
    else resolve(bound);
  });
  try {
    return await promise;
  } catch (error) {
    throw new ModelFailure('InvalidSpec', `cannot listen on ${address} for gRPC: choose another port or address`, {
      cause: error,
    });
  }
}
