import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from './control-plane/api-client.ts';
import type { ApiRequest, AuditMark, RequestFilter } from './control-plane/audit.ts';
import { AuditLog } from './control-plane/audit-log.ts';
import type { Certificate } from './control-plane/certificates.ts';
import { writeKubeconfig } from './control-plane/kubeconfig.ts';
import { runKubectl } from './control-plane/kubectl.ts';
import { prepareCredentials, prepareLayout } from './control-plane/prepare.ts';
import type { Credentials, Layout } from './control-plane/programs.ts';
import * as programs from './control-plane/programs.ts';
import type { GuardedProcess } from './guarded-process.ts';
import { logTail, startGuarded } from './guarded-process.ts';
import type { ProgramName } from './tools.ts';
import { ensureTools } from './tools.ts';

export type { ApiRequest, AuditMark, RequestFilter } from './control-plane/audit.ts';

/** A port can be taken between being found free and being used; three times in a row means something else is wrong. */
const START_ATTEMPTS = 3;
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

export interface ControlPlaneOptions {
  /** CRD files or folders, applied before the controllers start: the garbage collector then knows them at once. */
  readonly crds?: readonly string[];
  /** Runs kube-controller-manager: Deployments make ReplicaSets, owners' children are deleted. Default true. */
  readonly controllers?: boolean;
  /** Runs kube-scheduler. Default false: there are no nodes. */
  readonly scheduler?: boolean;
}

/** A user of the API, known to it by a client certificate. */
export interface ApiUser {
  /** e.g. `operator-under-test`, or `system:serviceaccount:NAMESPACE:NAME` to have the rights bound to that service account. */
  readonly name: string;
  readonly groups?: readonly string[];
  /** Bound to the user for the whole cluster, e.g. `cluster-admin`. Default: no rights but those bound elsewhere. */
  readonly clusterRole?: string;
}

interface ControlPlaneParts {
  readonly tools: Partial<Record<ProgramName, string>>;
  readonly layout: Layout;
  readonly credentials: Credentials;
}

/**
 * A real Kubernetes API (etcd and kube-apiserver, with the controllers if wanted) on free loopback ports, with throw-away data. There are
 * no nodes: pods are created and stay Pending. It ends with this process at the latest, however this process ends.
 */
export class ControlPlane {
  /** `https://127.0.0.1:PORT`; stays the same over restarts of the API server. */
  readonly url: string;
  /** Kubeconfig file of the administrator. */
  readonly kubeconfig: string;
  /** Data, certificates and logs; gone after `stop()`. */
  readonly directory: string;
  readonly #tools: Partial<Record<ProgramName, string>>;
  readonly #layout: Layout;
  readonly #credentials: Credentials;
  readonly #client: ApiClient;
  readonly #processes = new Map<ProgramName, GuardedProcess>();
  readonly #auditLog: AuditLog;

  /** For `startControlPlane` only. */
  constructor({ tools, layout, credentials }: ControlPlaneParts) {
    this.#tools = tools;
    this.#layout = layout;
    this.#credentials = credentials;
    this.url = `https://127.0.0.1:${layout.apiServerPort}`;
    this.directory = layout.directory;
    this.kubeconfig = join(this.directory, 'admin.kubeconfig');
    this.#client = new ApiClient(this.url, credentials.authority.certificateFile, credentials.admin);
    this.#auditLog = new AuditLog(layout.auditLogFile, (uri) => this.#askIfRunning(uri));
  }

  /** For `startControlPlane` only. @throws Error with the end of the log of the program that failed */
  async start({ crds = [], controllers = true, scheduler = false }: ControlPlaneOptions): Promise<void> {
    await this.#writeKubeconfig('admin', 'admin', this.#credentials.admin);
    await this.#run('etcd', programs.etcdArguments(this.#layout));
    await this.startApiServer();
    for (const path of crds) await this.apply(path);
    if (controllers) await this.#startControllers();
    if (scheduler) await this.#startScheduler();
  }

  /** Ends everything and removes the data. Calling it again does nothing. */
  async stop(): Promise<void> {
    this.#client.close();
    await Promise.all([...this.#processes.values()].map((process) => process.stop()));
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Stops the API server as a crash would (SIGKILL); its data stays, etcd and the controllers go on. */
  async stopApiServer(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#processes.get('kube-apiserver')?.stop(signal);
  }

  /** Starts the API server again on the same port, resolving when it is ready. */
  async startApiServer(): Promise<void> {
    const process = await this.#run('kube-apiserver', programs.apiServerArguments(this.#layout, this.#credentials));
    await this.#untilReady(process, async () => (await this.#client.call('GET', '/readyz')).status === 200);
  }

  /** Stops a program in its tracks (SIGSTOP), as a machine that hangs; `resume` lets it go on. */
  pause(program: 'etcd' | 'kube-apiserver'): void {
    this.#signal(program, 'SIGSTOP');
  }

  /** Lets a paused program go on. */
  resume(program: 'etcd' | 'kube-apiserver'): void {
    this.#signal(program, 'SIGCONT');
  }

  /** etcd takes no more writes, as when its disk is full (alarm NOSPACE), or takes them again. */
  async setReadOnly(isReadOnly: boolean): Promise<void> {
    const action = isReadOnly ? 'ACTIVATE' : 'DEACTIVATE';
    await this.#callEtcd('/v3/maintenance/alarm', { action, alarm: 'NOSPACE' });
  }

  /** etcd forgets all history, so that the next watch from an earlier resourceVersion is answered 410 after a restart of the API server. */
  async compact(): Promise<void> {
    const { header } = await this.#callEtcd('/v3/kv/range', { key: 'AA==' });
    await this.#callEtcd('/v3/kv/compaction', { revision: header.revision, physical: true });
  }

  /** Runs `kubectl` as the administrator and returns what it prints. @throws Error whose message holds its error output */
  kubectl(args: readonly string[], { input }: { readonly input?: string | undefined } = {}): Promise<string> {
    const cacheDirectory = join(this.directory, 'kubectl-cache');
    return runKubectl(args, { program: this.#tools.kubectl!, kubeconfig: this.kubeconfig, cacheDirectory, input });
  }

  /** Plain client-side `kubectl apply` of a file, a folder or a URL; waits until definitions among it are served. */
  async apply(path: string): Promise<void> {
    const applied = await this.kubectl(['apply', '-o', 'name', '-f', path]);
    const definitions = applied.split('\n').filter((name) => name.startsWith('customresourcedefinition'));
    if (definitions.length > 0) await this.kubectl(['wait', '--for=condition=Established', ...definitions]);
  }

  /** Makes a namespace, resolving when pods can be created in it. */
  async createNamespace(name: string): Promise<void> {
    const metadata = { name };
    const { status, body } = await this.#client.call('POST', '/api/v1/namespaces', { metadata });
    if (status !== 201) throw new Error(`cannot create the namespace ${name}: ${body}`);
    const controllers = this.#processes.get('kube-controller-manager');
    if (controllers === undefined) return;
    await this.#untilReady(controllers, () => this.#hasDefaultAccount(name));
  }

  /** Makes a user and returns its kubeconfig file. Its requests can be told apart by its name. */
  async addUser({ name, groups, clusterRole }: ApiUser): Promise<string> {
    const fileName = name.replaceAll(/[^a-z0-9-]/gi, '_');
    const certificate = await this.#credentials.authority.issue(fileName, { user: name, groups });
    if (clusterRole !== undefined) await this.#bind(name, clusterRole);
    return this.#writeKubeconfig(fileName, name, certificate);
  }

  /** A position in the audit log: requests answered before it do not count as `since` it. */
  mark(): Promise<AuditMark> {
    return this.#auditLog.mark();
  }

  /** The requests the API server has answered, oldest answer first, complete up to the moment of the call. */
  requests(filter: RequestFilter = {}): Promise<ApiRequest[]> {
    return this.#auditLog.requests(filter);
  }

  /** How many requests match. */
  async countRequests(filter: RequestFilter = {}): Promise<number> {
    return (await this.requests(filter)).length;
  }

  #signal(program: ProgramName, signal: NodeJS.Signals): void {
    const pid = this.#processes.get(program)?.pid;
    if (pid !== undefined) process.kill(pid, signal);
  }

  /** The HTTP gateway of etcd: https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/ */
  async #callEtcd(path: string, body: object): Promise<{ readonly header: { readonly revision: string } }> {
    const response = await fetch(`${this.#layout.etcdUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as { header: { revision: string } };
  }

  async #askIfRunning(uri: string): Promise<boolean> {
    if (this.#processes.get('kube-apiserver')?.hasExited() !== false) return false;
    await this.#client.call('GET', uri);
    return true;
  }

  async #bind(user: string, clusterRole: string): Promise<void> {
    const name = `test-bed:${user}:${clusterRole}`.replaceAll('/', '-');
    const apiGroup = 'rbac.authorization.k8s.io';
    const { status, body } = await this.#client.call('POST', `/apis/${apiGroup}/v1/clusterrolebindings`, {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup, kind: 'ClusterRole', name: clusterRole },
      subjects: [{ apiGroup, kind: 'User', name: user }],
    });
    if (status !== 201 && status !== 409) throw new Error(`cannot bind ${user} to ${clusterRole}: ${body}`);
  }

  async #startControllers(): Promise<void> {
    const kubeconfig = await this.#issueKubeconfig('system:kube-controller-manager');
    const args = programs.controllerManagerArguments(this.#layout, this.#credentials, kubeconfig);
    const process = await this.#run('kube-controller-manager', args);
    await this.#untilReady(process, () => this.#hasDefaultAccount('default'));
  }

  /** Made by a controller; pods are refused before. */
  async #hasDefaultAccount(namespace: string): Promise<boolean> {
    const { status } = await this.#client.call('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`);
    return status === 200;
  }

  async #startScheduler(): Promise<void> {
    const kubeconfig = await this.#issueKubeconfig('system:kube-scheduler');
    await this.#run('kube-scheduler', programs.schedulerArguments(this.#layout, kubeconfig));
  }

  async #issueKubeconfig(user: string): Promise<string> {
    const fileName = user.replace('system:', '');
    return this.#writeKubeconfig(fileName, user, await this.#credentials.authority.issue(fileName, { user }));
  }

  #writeKubeconfig(fileName: string, user: string, certificate: Certificate): Promise<string> {
    const authorityFile = this.#credentials.authority.certificateFile;
    return writeKubeconfig(join(this.directory, `${fileName}.kubeconfig`), {
      url: this.url,
      authorityFile,
      user,
      certificate,
    });
  }

  async #run(program: ProgramName, args: readonly string[]): Promise<GuardedProcess> {
    const process = await startGuarded(this.#tools[program]!, args, {
      logFile: join(this.directory, `${program}.log`),
    });
    this.#processes.set(program, process);
    return process;
  }

  async #untilReady(process: GuardedProcess, isReady: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + READY_TIMEOUT_MS;
    // No connection is the normal answer of a server that is starting.
    while (!(await isReady().catch(() => false))) {
      const problem = process.hasExited() ? 'ended' : Date.now() > deadline ? 'is not ready after a minute' : undefined;
      if (problem !== undefined)
        throw new Error(`${process.logFile}: the program ${problem}\n${logTail(process.logFile)}`);
      await delay(POLL_MS);
    }
  }
}

/** Starts a control plane; seconds when its programs are cached. @throws ToolError | Error with the end of a program's log */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const names: ProgramName[] = ['etcd', 'kube-apiserver', 'kubectl'];
  if (options.controllers ?? true) names.push('kube-controller-manager');
  if (options.scheduler ?? false) names.push('kube-scheduler');
  const tools = await ensureTools(names);
  for (let attempt = 1; ; attempt += 1) {
    const layout = await prepareLayout();
    const controlPlane = new ControlPlane({ tools, layout, credentials: await prepareCredentials(layout) });
    try {
      await controlPlane.start(options);
      return controlPlane;
    } catch (error) {
      await controlPlane.stop();
      if (attempt === START_ATTEMPTS) throw error;
      process.emitWarning(`the control plane did not start, trying again on other ports: ${(error as Error).message}`);
    }
  }
}
