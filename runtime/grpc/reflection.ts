import type { handleBidiStreamingCall, MethodDefinition, Server } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import protobuf from 'protobufjs';
import { HEALTH_PROTO, INFERENCE_PROTO } from './protos.ts';

/** How one version of the reflection protocol answers a stream of requests. */
export interface ReflectionMethod {
  readonly definition: MethodDefinition<object, object>;
  readonly answer: handleBidiStreamingCall<object, object>;
}

/** The server reflection protocol (v1 and v1alpha) by its methods' paths: tools such as grpcurl find the methods and messages without a .proto file. */
export function reflectionMethods(): ReadonlyMap<string, ReflectionMethod> {
  const root = new protobuf.Root();
  for (const text of [INFERENCE_PROTO, HEALTH_PROTO]) protobuf.parse(text, root, { keepCase: true });
  const methods = new Map<string, ReflectionMethod>();
  const collect: Pick<Server, 'addService'> = {
    addService(service, implementation) {
      for (const [name, definition] of Object.entries(service)) {
        const answer = implementation[name] as handleBidiStreamingCall<object, object>;
        methods.set(definition.path, { definition, answer });
      }
    },
  };
  new ReflectionService(fromJSON(root.toJSON(), { keepCase: true })).addToServer(collect);
  return methods;
}
