import { generateKeyPairSync } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { CertificateAuthority } from '../../dev/control-plane/certificates.ts';
import { throwAwayDirectory } from '../../dev/throw-away-directory.ts';

/** A request to a Google service. */
export interface GoogleRequest {
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  readonly authorization: string | undefined;
}

export interface GoogleAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** Everything that must never be seen, each long enough not to occur by chance. */
export const PLANTED = {
  token: 'ya29.planted-access-token-of-the-stand-in',
  signature: 'planted-signature-of-a-signed-url',
} as const;

const HOSTS = ['oauth2.googleapis.com', 'storage.googleapis.com', 'www.googleapis.com', 'metadata.google.internal'];

/**
 * Google's token endpoint, metadata server and storage API as a process sees them that is started with `env`: a proxy that
 * it has to go through, with certificates that it is told to trust. Tokens are always given; storage answers as told.
 */
export class StandInGoogle {
  readonly requests: GoogleRequest[] = [];
  /** What the token endpoint answers. Default: a token. */
  token: () => GoogleAnswer = givesToken;
  /** What the storage API answers. Default: 404. */
  storage: (request: GoogleRequest) => GoogleAnswer = () => ({ status: 404, body: '{}' });
  readonly #proxy: Server;
  readonly #directory: string;
  readonly #certificateFile: string;

  private constructor(proxy: Server, directory: string, certificateFile: string) {
    this.#proxy = proxy;
    this.#directory = directory;
    this.#certificateFile = certificateFile;
  }

  static async start(): Promise<StandInGoogle> {
    const directory = await throwAwayDirectory('stand-in-google');
    const authority = await CertificateAuthority.create(directory);
    const alternativeNames = HOSTS.map((host) => `DNS:${host}`);
    const { certificateFile, keyFile } = await authority.issue('google', { user: 'google', alternativeNames });
    const services = createHttpsServer({ cert: await readFile(certificateFile), key: await readFile(keyFile) });
    const proxy = createHttpServer();
    const google = new StandInGoogle(proxy, directory, authority.certificateFile);
    const answer = (request: IncomingMessage, response: ServerResponse) => google.#answer(request, response);
    services.on('request', answer);
    proxy.on('request', answer);
    proxy.on('connect', ({ url = '' }, socket: Socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      // The metadata server speaks plain HTTP.
      (url.endsWith(':443') ? services : proxy).emit('connection', socket);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    return google;
  }

  /** Environment of a process that is to meet this Google instead of the real one. */
  get env(): Record<string, string> {
    const url = `http://127.0.0.1:${this.#port}`;
    return {
      HTTPS_PROXY: url,
      https_proxy: url,
      NO_PROXY: '127.0.0.1,localhost',
      no_proxy: '127.0.0.1,localhost',
      NODE_EXTRA_CA_CERTS: this.#certificateFile,
      STORAGE_EMULATOR_HOST: '',
    };
  }

  /** As on a GKE node: no key, a metadata server that gives tokens. */
  get metadataServerEnv(): Record<string, string> {
    return { ...this.env, GCE_METADATA_HOST: `127.0.0.1:${this.#port}`, METADATA_SERVER_DETECTION: 'assume-present' };
  }

  async stop(): Promise<void> {
    this.#proxy.close();
    this.#proxy.closeAllConnections();
    await rm(this.#directory, { recursive: true, force: true });
  }

  get #port(): number {
    return (this.#proxy.address() as AddressInfo).port;
  }

  #answer(incoming: IncomingMessage, response: ServerResponse): void {
    const { host = '', authorization } = incoming.headers;
    const request = { host, path: incoming.url ?? '', authorization };
    this.requests.push(request);
    const { status, headers = {}, body } = this.#isTokenRequest(request) ? this.token() : this.storage(request);
    incoming.resume().once('end', () => {
      response.writeHead(status, { 'content-type': 'application/json', 'metadata-flavor': 'Google', ...headers });
      response.end(body);
    });
  }

  #isTokenRequest({ host, path }: GoogleRequest): boolean {
    return host === 'oauth2.googleapis.com' || path.startsWith('/computeMetadata/');
  }
}

/** The answer of a token endpoint that is content. */
export function givesToken(): GoogleAnswer {
  return {
    status: 200,
    body: JSON.stringify({ access_token: PLANTED.token, expires_in: 3600, token_type: 'Bearer' }),
  };
}

/** An error as the storage API words it. */
export function storageError(status: number, message: string): GoogleAnswer {
  const reason = status === 403 ? 'forbidden' : 'other';
  const error = { code: status, message, errors: [{ message, domain: 'global', reason }] };
  return { status, body: JSON.stringify({ error }) };
}

/** A service account key that nobody else has. */
export function plantedKey(account: string): { json: string; secrets: readonly string[] } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const json = JSON.stringify({ type: 'service_account', client_email: account, private_key: pem });
  return { json, secrets: pem.split('\n').filter((line) => line.length > 40) };
}
