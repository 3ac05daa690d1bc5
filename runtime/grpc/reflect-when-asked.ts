import { Duplex } from 'node:stream';
import { type MethodDefinition, type Server, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { ReflectionMethod } from './reflection.ts';

/** In the order in which tools ask for them. */
const SERVICES = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];
const METHOD = 'ServerReflectionInfo';

type ByteStream = ServerDuplexStream<Buffer, Buffer>;

/** Adds server reflection, which only people's tools ask for: it is loaded by the first call, because it takes as long and as much memory (10 MB) as all other doors. */
export function reflectWhenAsked(server: Server): void {
  let methods: Promise<ReadonlyMap<string, ReflectionMethod>> | undefined;
  for (const service of SERVICES) {
    const path = `/${service}/${METHOD}`;
    server.addService(
      { [METHOD]: byteStreams(path) },
      {
        [METHOD]: (call: ByteStream): void => {
          methods ??= import('./reflection.ts').then(({ reflectionMethods }) => reflectionMethods());
          methods.then(
            (known) => answer(known.get(path)!, call),
            (error: Error) => call.emit('error', { code: status.INTERNAL, details: error.message }),
          );
        },
      },
    );
  }
}

function answer({ definition, answer: answerTo }: ReflectionMethod, call: ByteStream): void {
  const { requestDeserialize, responseSerialize } = definition;
  const messages = new Duplex({
    objectMode: true,
    read() {},
    write(response: object, _encoding, done) {
      call.write(responseSerialize(response), done);
    },
    final(done) {
      call.end();
      done();
    },
  });
  messages.on('error', (error) => call.emit('error', { code: status.INVALID_ARGUMENT, details: error.message }));
  call.on('data', (bytes: Buffer) => {
    try {
      messages.push(requestDeserialize(bytes));
    } catch (error) {
      messages.destroy(error as Error);
    }
  });
  call.on('end', () => messages.push(null));
  call.on('cancelled', () => messages.destroy());
  answerTo(messages as unknown as ServerDuplexStream<object, object>);
}

function byteStreams(path: string): MethodDefinition<Buffer, Buffer> {
  const asItIs = (bytes: Buffer): Buffer => bytes;
  return {
    path,
    requestStream: true,
    responseStream: true,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  };
}
