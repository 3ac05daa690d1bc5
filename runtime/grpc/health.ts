import { Buffer } from 'node:buffer';
import type { handleServerStreamingCall } from '@grpc/grpc-js';
import { RequestError } from '../errors.ts';
import { encodeEnum } from '../protocol/v2-grpc/encode-messages.ts';
import { decodeNameMessage } from '../protocol/v2-grpc/infer-message.ts';
import type { ServingState } from '../serving-state.ts';
import { INFERENCE_SERVICE } from './inference-service.ts';
import { toServiceError } from './status.ts';
import type { AnswerMessage } from './unary.ts';

/** https://github.com/grpc/grpc/blob/master/doc/health-checking.md */
export const HEALTH_SERVICE = 'grpc.health.v1.Health';

/** `grpc.health.v1.HealthCheckResponse.ServingStatus` */
export const SERVING_STATUS = { SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;

/** How often a watched status is looked at. */
const WATCH_INTERVAL_MS = 500;

/** The standard health service: of the whole server (an empty name) and of the inference service, the same as `/readyz`. */
export class Health {
  readonly #state: ServingState;
  readonly #watches = new Set<() => void>();

  constructor(state: ServingState) {
    this.#state = state;
  }

  readonly check: AnswerMessage = (message) => {
    const { name } = decodeNameMessage(message, 'HealthCheckRequest');
    const status = this.#statusOf(name);
    if (status !== SERVING_STATUS.SERVICE_UNKNOWN) return encodeEnum(status);
    throw new RequestError('UnknownModel', `there is no service "${name.slice(0, 200)}" here`);
  };

  /** Sends the status now and whenever it changes, until the client or the server ends. */
  readonly watch: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    let sent: number | undefined;
    const name = this.#nameOf(call.request);
    if (name instanceof RequestError) {
      call.emit('error', toServiceError(name));
      return;
    }
    const send = (): void => {
      const status = this.#statusOf(name);
      if (status !== sent) call.write(Buffer.from(encodeEnum(status)));
      sent = status;
    };
    const timer = setInterval(send, WATCH_INTERVAL_MS).unref();
    const forget = (): void => {
      clearInterval(timer);
      this.#watches.delete(end);
    };
    const end = (): void => {
      forget();
      send();
      call.emit('error', toServiceError(new RequestError('ModelNotReady', 'the server is stopping')));
    };
    this.#watches.add(end);
    call.once('cancelled', forget);
    send();
  };

  /** Ends all watches: they would hold the server open. */
  close(): void {
    for (const end of this.#watches) end();
  }

  #nameOf(message: Uint8Array): string | RequestError {
    try {
      return decodeNameMessage(message, 'HealthCheckRequest').name;
    } catch (error) {
      if (error instanceof RequestError) return error;
      throw error;
    }
  }

  #statusOf(service: string): number {
    if (service !== '' && service !== INFERENCE_SERVICE) return SERVING_STATUS.SERVICE_UNKNOWN;
    const isServing = this.#state.isReady && this.#state.isAlive;
    return isServing ? SERVING_STATUS.SERVING : SERVING_STATUS.NOT_SERVING;
  }
}
