import { once } from 'node:events';
import { installation, type TestNamespace } from './installation.ts';
import { eventually } from '../support/eventually.ts';

/** What a client in the cluster got. */
export interface Answer {
  readonly status: number;
  readonly generation: string | null;
  readonly body: unknown;
}

/** Requests under load that were not answered by 200, among all. */
export interface LoadResult {
  readonly requests: number;
  readonly failures: readonly string[];
  /** X-Model-Generation of the answers, each once, in order of appearance. */
  readonly generations: readonly string[];
}

const POST_ONCE = `
const [url, body] = process.argv.slice(1);
const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
console.log(JSON.stringify({ status: response.status, generation: response.headers.get('x-model-generation'), body: await response.json() }));
`;

/** Four clients with keep-alive connections, one request after the other, until standard input ends. */
const POST_UNTIL_STDIN_ENDS = `
const [url, body] = process.argv.slice(1);
let requests = 0, ended = 0, stopped = false;
const failures = [], generations = new Set();
process.stdin.on('end', () => (stopped = true)).resume();
async function client() {
  while (!stopped) {
    requests += 1;
    try {
      const signal = AbortSignal.timeout(10_000);
      const response = await fetch(url, { signal, method: 'POST', headers: { 'content-type': 'application/json' }, body });
      const text = await response.text();
      if (response.status === 200) generations.add(response.headers.get('x-model-generation'));
      else failures.push(response.status + ' ' + text);
    } catch (error) {
      failures.push(String(error.cause ?? error));
    }
    ended += 1;
    if (ended === 40) console.log('warm');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
await Promise.all(Array.from({ length: 4 }, client));
console.log(JSON.stringify({ requests, failures: failures.slice(0, 10), generations: [...generations] }));
`;

const NAME = 'client';

/** A pod that calls Services by their DNS names, as an application in the cluster would. */
export class ClientPod {
  readonly #namespace: TestNamespace;

  constructor(namespace: TestNamespace) {
    this.#namespace = namespace;
  }

  /** Starts the pod from the runtime image, which has Node.js. */
  async start(): Promise<void> {
    const image = installation().runtimeImage;
    const container = {
      name: NAME,
      image,
      imagePullPolicy: 'IfNotPresent',
      command: ['node', '-e', 'process.on("SIGTERM", () => process.exit()); setInterval(() => {}, 60_000)'],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    };
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: NAME, namespace: this.#namespace.name },
      spec: {
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [container],
      },
    };
    await installation().kubectl.apply(JSON.stringify(pod));
    await this.#namespace.kubectl('wait', '--for=condition=Ready', `pod/${NAME}`, '--timeout=60s');
  }

  /** One answered POST. Connections are tried again for a while: kube-proxy lags a second behind the EndpointSlices that Ready is judged by. */
  async post(url: string, body: unknown): Promise<Answer> {
    const exec = ['exec', NAME, '--', ...node(POST_ONCE, url, JSON.stringify(body))];
    const text = await eventually(() => this.#namespace.kubectl(...exec));
    return JSON.parse(text) as Answer;
  }

  /**
   * Keeps posting while the work goes on. The work starts once requests are being answered.
   * @returns what the clients saw
   */
  async postWhile(url: string, body: unknown, work: () => Promise<void>): Promise<LoadResult> {
    const script = node(POST_UNTIL_STDIN_ENDS, url, JSON.stringify(body));
    const child = installation().kubectl.start(['-n', this.#namespace.name, 'exec', '-i', NAME, '--', ...script]);
    const closed = once(child, 'close');
    let output = '';
    const warm = new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.includes('warm')) resolve();
      });
    });
    try {
      await Promise.race([warm, closed]);
      await work();
    } finally {
      child.stdin.end();
    }
    await closed;
    return JSON.parse(output.trim().split('\n').at(-1) ?? '') as LoadResult;
  }
}

function node(script: string, ...args: readonly string[]): string[] {
  return ['node', '--input-type=module', '-e', script, ...args];
}
