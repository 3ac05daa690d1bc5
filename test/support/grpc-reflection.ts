import { Client, credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import protobuf from 'protobufjs';

/** What is used of https://github.com/grpc/grpc-proto/blob/master/grpc/reflection/v1/reflection.proto */
const REFLECTION_PROTO = `
syntax = "proto3";
package grpc.reflection.v1;
service ServerReflection {
  rpc ServerReflectionInfo(stream ServerReflectionRequest) returns (stream ServerReflectionResponse);
}
message ServerReflectionRequest {
  string list_services = 7;
}
message ServerReflectionResponse {
  ListServiceResponse list_services_response = 6;
}
message ListServiceResponse {
  repeated ServiceResponse service = 1;
}
message ServiceResponse {
  string name = 1;
}
`;

interface ReflectionStream extends AsyncIterable<{ list_services_response: { service: { name: string }[] } }> {
  write(request: object): void;
  end(): void;
}

/** Status of a reflection call with a message of these bytes. */
export async function reflectionStatus(port: number, message: Buffer): Promise<string | undefined> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const asItIs = (bytes: Buffer): Buffer => bytes;
  const path = '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo';
  try {
    const stream = client.makeBidiStreamRequest(path, asItIs, asItIs);
    const { promise, resolve } = Promise.withResolvers<status>();
    stream.on('status', ({ code }: { code: status }) => resolve(code));
    // The status says it.
    stream.on('error', () => {});
    stream.resume();
    stream.end(message);
    return status[await promise];
  } finally {
    client.close();
  }
}

/** Names of the services that a gRPC server lists by reflection. */
export async function reflectedServices(port: number): Promise<string[]> {
  const root = protobuf.parse(REFLECTION_PROTO, { keepCase: true }).root;
  /* oxlint-disable typescript/no-unsafe-type-assertion -- made from a definition at run time */
  const packages = loadPackageDefinition(fromJSON(root.toJSON(), { keepCase: true })) as unknown as {
    grpc: { reflection: { v1: { ServerReflection: new (...rest: unknown[]) => ReflectionClient } } };
  };
  interface ReflectionClient {
    ServerReflectionInfo(): ReflectionStream;
    close(): void;
  }
  const client = new packages.grpc.reflection.v1.ServerReflection(`127.0.0.1:${port}`, credentials.createInsecure());
  try {
    const stream = client.ServerReflectionInfo();
    stream.write({ list_services: '*' });
    stream.end();
    const names: string[] = [];
    for await (const { list_services_response: list } of stream) names.push(...list.service.map(({ name }) => name));
    return names;
  } finally {
    client.close();
  }
}
