import { HttpMethod, RequestContext, type KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';

/** One request to the API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the server's address, with query: `/api/v1/pods?limit=1`. */
  readonly path: string;
  /** An object is sent as JSON, text as it is. */
  readonly body?: object | string | undefined;
  /** Default `application/json`. */
  readonly contentType?: string | undefined;
  /** What is wanted back, default `application/json`. */
  readonly accept?: string | undefined;
  /** Milliseconds until the headers, and between two parts of the body; default 15 s. 0: for ever. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds between two parts of the body, where that is another than `timeoutMs`. */
  readonly bodyTimeoutMs?: number | undefined;
}

export interface ApiResponse {
  readonly statusCode: number;
  /** Parsed JSON; the text where it is none. */
  readonly body: unknown;
  readonly retryAfter: string | undefined;
}

/** An answer whose body has not been read yet; the receiver reads it to its end or destroys it. */
export type OpenResponse = Pick<Dispatcher.ResponseData, 'statusCode' | 'headers' | 'body'>;

interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
  readonly readAtMs: number;
}

const DEFAULT_TIMEOUT_MS = 15_000;
/** Service account tokens and client certificates rotate: read them again after this long, or at once after a 401. */
const CREDENTIALS_MAX_AGE_MS = 10_000;

/**
 * Direct requests to the API server on pooled connections, with the authentication of a kubeconfig. client-node's own
 * request path opens a TLS connection for every call.
 */
export class ApiServerConnection {
  readonly #kubeConfig: KubeConfig;
  #credentials: Credentials | undefined;
  /** For a server without TLS. */
  #plain: Agent | undefined;

  /** @param kubeConfig one that went through `poolConnections` */
  constructor(kubeConfig: KubeConfig) {
    this.#kubeConfig = kubeConfig;
  }

  /** Rejects when there is no answer; every HTTP answer resolves. */
  async request(apiRequest: ApiRequest): Promise<ApiResponse> {
    const { statusCode, headers, body } = await this.open(apiRequest);
    const retryAfter = headers['retry-after'];
    return {
      statusCode,
      body: parseJson(await body.text()),
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    };
  }

  /** As `request`, for a body that is not JSON or comes bit by bit: logs, answers of a proxied Service. */
  async open(apiRequest: ApiRequest): Promise<OpenResponse> {
    const response = await this.#send(apiRequest);
    if (response.statusCode !== 401) return response;
    await response.body.dump();
    this.#credentials = undefined;
    return this.#send(apiRequest);
  }

  async #send(apiRequest: ApiRequest): Promise<OpenResponse> {
    const { method, path, body, contentType, accept, timeoutMs = DEFAULT_TIMEOUT_MS } = apiRequest;
    const { bodyTimeoutMs = timeoutMs } = apiRequest;
    const { headers, dispatcher } = await this.#authenticate();
    const { origin, prefix } = this.#server();
    return dispatcher.request({
      origin,
      path: `${prefix}${path}`,
      method,
      headers: {
        ...headers,
        accept: accept ?? 'application/json',
        ...(body ? { 'content-type': contentType ?? 'application/json' } : {}),
      },
      body: encodeBody(body),
      headersTimeout: timeoutMs,
      bodyTimeout: bodyTimeoutMs,
    });
  }

  /** @returns scheme and host, and the path in front of every other, where a proxy asks for one */
  #server(): { origin: string; prefix: string } {
    const cluster = this.#kubeConfig.getCurrentCluster();
    if (!cluster) throw new Error('the kubeconfig names no current cluster');
    const [, origin = '', prefix = ''] = /^(https?:\/\/[^/]+)(.*?)\/*$/.exec(cluster.server) ?? [];
    return { origin, prefix };
  }

  async #authenticate(): Promise<Credentials> {
    const readAtMs = performance.now();
    const known = this.#credentials;
    if (known && readAtMs - known.readAtMs < CREDENTIALS_MAX_AGE_MS) return known;
    const context = new RequestContext(this.#server().origin, HttpMethod.GET);
    await this.#kubeConfig.applySecurityAuthentication(context);
    const dispatcher = context.getDispatcher() ?? (this.#plain ??= new Agent());
    const credentials = { headers: context.getHeaders(), dispatcher, readAtMs };
    this.#credentials = credentials;
    return credentials;
  }
}

function encodeBody(body: object | string | undefined): string | null {
  if (body === undefined || body === '') return null;
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What client-node hides: it is private in its types, and makes a new connection pool for every request. */
interface DispatcherFactory {
  createDispatcher(cluster: object | null, options: object): Dispatcher | undefined;
}

/**
 * Makes a kubeconfig hand out one connection pool for as long as server and certificates stay the same; client-node 2.0.1
 * makes one, and so a TLS connection, for every request.
 */
export function poolConnections(kubeConfig: KubeConfig): KubeConfig {
  const factory = kubeConfig as unknown as DispatcherFactory;
  const create = factory.createDispatcher.bind(kubeConfig);
  let pooled: { key: string; dispatcher: Dispatcher | undefined } | undefined;
  factory.createDispatcher = (cluster, options) => {
    const key = JSON.stringify([cluster, options]);
    if (pooled?.key !== key) {
      // Requests under way end on the old connections.
      void pooled?.dispatcher?.close();
      pooled = { key, dispatcher: create(cluster, options) };
    }
    return pooled.dispatcher;
  };
  return kubeConfig;
}
