import { createServer, type AddressInfo, type Socket } from 'node:net';
import { PortForward } from '@kubernetes/client-node/dist/portforward.js';
import { CommandError } from '../exit-codes.ts';
import type { Cluster } from './cluster.ts';

/** A port on loopback that leads to a port of a pod until it is closed. */
export interface ForwardedPort extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}

/** Forwards a free port, as `kubectl port-forward` does: one stream through the API server for each connection. @throws CommandError */
export async function forwardPort(cluster: Cluster, pod: string, port: number): Promise<ForwardedPort> {
  const forward = new PortForward(cluster.kubeConfig);
  const sockets = new Set<Socket>();
  const open = async (socket: Socket): Promise<void> => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const stream = await forward.portForward(cluster.namespace, pod, [port], socket, null, socket);
    if (typeof stream === 'function') return;
    stream.addEventListener('close', () => socket.destroy());
    socket.on('close', () => stream.close());
  };
  const server = createServer({ pauseOnConnect: false }, (socket) => {
    open(socket).catch((error: unknown) => socket.destroy(error as Error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new CommandError(`no port can be opened: ${cause.message}`, { cause })));
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
