import { execFile } from 'node:child_process';

export interface KubectlOptions {
  readonly program: string;
  readonly kubeconfig: string;
  readonly cacheDirectory: string;
  /** Its standard input. */
  readonly input?: string | undefined;
}

/** Runs kubectl and returns what it prints. @throws Error whose message holds its error output */
export function runKubectl(args: readonly string[], options: KubectlOptions): Promise<string> {
  const full = ['--kubeconfig', options.kubeconfig, '--cache-dir', options.cacheDirectory, ...args];
  return new Promise((resolve, reject) => {
    const child = execFile(options.program, full, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`kubectl ${args.join(' ')}: ${stderr || error.message}`, { cause: error }));
    });
    // A kubectl that ends without reading its input is judged by its exit code.
    child.stdin!.on('error', () => {});
    child.stdin!.end(options.input);
  });
}
