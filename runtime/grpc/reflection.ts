import type { Server } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import protobuf from 'protobufjs';
import { HEALTH_PROTO, INFERENCE_PROTO } from './protos.ts';

/** Adds the server reflection protocol (v1 and v1alpha): tools such as grpcurl find the methods and messages without a .proto file. */
export function serveReflection(server: Server): void {
  const root = new protobuf.Root();
  for (const text of [INFERENCE_PROTO, HEALTH_PROTO]) protobuf.parse(text, root, { keepCase: true });
  new ReflectionService(fromJSON(root.toJSON(), { keepCase: true })).addToServer(server);
}
