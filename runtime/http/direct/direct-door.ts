import type { Socket } from 'node:net';
import type { Logger } from '../../log.ts';
import type { RequestObserver } from '../../request-record.ts';
import type { ServingState } from '../../serving-state.ts';
import type { Answerer } from '../answer.ts';
import { DirectConnection, type ConnectionEnds } from './direct-connection.ts';

/** A route that is answered without node:http and Koa. */
export interface DirectRoute {
  /** As metrics call it: the pattern that Koa's router has for it. */
  readonly pattern: string;
  readonly answerTo: Answerer;
}

export interface DirectDependencies {
  /** By method and path, exactly as clients write them: `POST /predict`. */
  readonly routes: ReadonlyMap<string, DirectRoute>;
  readonly state: ServingState;
  readonly observe: RequestObserver;
  readonly log: Logger;
}

/** All connections that are answered directly. */
export class DirectDoor {
  readonly #dependencies: DirectDependencies;
  readonly #connections = new Set<DirectConnection>();

  constructor(dependencies: DirectDependencies) {
    this.#dependencies = dependencies;
  }

  /** Answers a new connection until it is no longer plain. */
  accept(socket: Socket, ends: Omit<ConnectionEnds, 'over'>): void {
    const over = (connection: DirectConnection): void => void this.#connections.delete(connection);
    this.#connections.add(new DirectConnection(socket, this.#dependencies, { ...ends, over }));
  }

  /** To be called every second or so. @param nowMs `performance.now()` */
  checkTimes(nowMs: number): void {
    for (const connection of this.#connections) connection.checkTime(nowMs);
  }

  closeIdle(): void {
    for (const connection of this.#connections) if (connection.isIdle) connection.destroy();
  }

  closeAll(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}
