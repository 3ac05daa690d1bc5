import protobuf from 'protobufjs/minimal.js';
import type { ModelMetadata, ServerMetadata } from '../v2/metadata.ts';
import { writeShape } from './encode-response.ts';

const bytesTag = (field: number): number => (field << 3) | 2;

/** `ServerLiveResponse`, `ServerReadyResponse`, `ModelReadyResponse`: one boolean, of which false is left out. */
export function encodeFlag(flag: boolean): Uint8Array {
  const writer = protobuf.Writer.create();
  return (flag ? writer.uint32(1 << 3).bool(flag) : writer).finish();
}

/** `HealthCheckResponse` of grpc.health.v1: one enum. */
export function encodeEnum(value: number): Uint8Array {
  return protobuf.Writer.create()
    .uint32(1 << 3)
    .int32(value)
    .finish();
}

/** `ServerMetadataResponse` */
export function encodeServerMetadata({ name, version, extensions }: ServerMetadata): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(bytesTag(1)).string(name).uint32(bytesTag(2)).string(version);
  for (const extension of extensions) writer.uint32(bytesTag(3)).string(extension);
  return writer.finish();
}

/** `ModelMetadataResponse`, with `properties` as field 6, which readers of the protocol's own file pass over. */
export function encodeModelMetadata(metadata: ModelMetadata): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(bytesTag(1)).string(metadata.name);
  for (const version of metadata.versions) writer.uint32(bytesTag(2)).string(version);
  writer.uint32(bytesTag(3)).string(metadata.platform);
  for (const [field, tensors] of [
    [4, metadata.inputs],
    [5, metadata.outputs],
  ] as const) {
    for (const { name, datatype, shape } of tensors) {
      writer.uint32(bytesTag(field)).fork();
      writer.uint32(bytesTag(1)).string(name).uint32(bytesTag(2)).string(datatype);
      writeShape(writer, 3, shape);
      writer.ldelim();
    }
  }
  for (const [key, value] of Object.entries(metadata.properties)) {
    writer.uint32(bytesTag(6)).fork().uint32(bytesTag(1)).string(key).uint32(bytesTag(2)).string(value).ldelim();
  }
  return writer.finish();
}
