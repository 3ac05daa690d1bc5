import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ResponseReader } from './response-reader.ts';

/** One keep-alive connection with at most one request under way. */
export class Connection {
  readonly #socket: Socket;
  #answered: ((status: number) => void) | undefined;

  /** @param onBroken called when the server ends the connection or sends what cannot be read */
  constructor(port: number, onBroken: (error: Error) => void) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const reader = new ResponseReader((status) => {
      const answered = this.#answered;
      this.#answered = undefined;
      answered?.(status);
    });
    this.#socket.on('data', (bytes: Buffer) => {
      try {
        reader.feed(bytes);
      } catch (error) {
        onBroken(error as Error);
      }
    });
    this.#socket.on('error', onBroken);
    this.#socket.on('end', () => onBroken(new Error('the server ended a connection')));
  }

  async opened(): Promise<void> {
    await once(this.#socket, 'connect');
  }

  get isBusy(): boolean {
    return this.#answered !== undefined;
  }

  /** Sends a whole HTTP message. @param answered called with the status once the answer is complete */
  send(message: Buffer, answered: (status: number) => void): void {
    this.#answered = answered;
    this.#socket.write(message);
  }

  close(): void {
    this.#socket.destroy();
  }
}
