import { OUTPUT_JSON, type CommandSpec } from '../command.ts';

/** `status` */
export const STATUS: CommandSpec = {
  name: 'status',
  summary: 'ModelDeployments with their reasons, in a table',
  positionals: ['[NAME]'],
  description: ['Shows each ModelDeployment of the namespace on a line, and the message of those that are not ready.'],
  flags: [{ name: 'all-namespaces', short: 'A', help: 'of all namespaces' }, OUTPUT_JSON],
  examples: [
    ['modeldeployment status', 'the namespace of the current context'],
    ['modeldeployment status -A -o json', 'everything there is, for a program'],
  ],
  usesCluster: true,
  load: async () => (await import('../commands/status.ts')).status,
};

/** `why` */
export const WHY: CommandSpec = {
  name: 'why',
  summary: 'why it is not ready: the root cause, the evidence, the next command',
  positionals: ['NAME'],
  description: [
    'Reads the conditions, the Deployment, the pods with their last words, and the events, and says in words what is behind it all and what to type next. Exit code 0 when all is well, 3 when a person must act, 4 when it is only not ready yet.',
  ],
  flags: [OUTPUT_JSON],
  examples: [
    ['modeldeployment why iris', 'in words'],
    ['modeldeployment why iris -n ml -o json', 'for a program'],
  ],
  usesCluster: true,
  load: async () => (await import('../commands/why.ts')).why,
};

/** `logs` */
export const LOGS: CommandSpec = {
  name: 'logs',
  summary: 'the logs of its pods',
  positionals: ['NAME'],
  description: [
    'Prints the log of the runtime in each pod, with the name of the pod in front where there are several.',
  ],
  flags: [
    { name: 'follow', short: 'f', help: 'go on as lines come' },
    { name: 'previous', short: 'p', help: 'of the container that ran before' },
    { name: 'tail', value: 'N', help: 'last lines of each pod (100)' },
  ],
  examples: [
    ['modeldeployment logs iris -f', 'as they come'],
    ['modeldeployment logs iris --previous', 'why it ended'],
  ],
  usesCluster: true,
  load: async () => (await import('../commands/logs.ts')).logs,
};

/** `diff` */
export const DIFF: CommandSpec = {
  name: 'diff',
  summary: 'where what serves differs from what the spec asks for',
  positionals: ['NAME'],
  description: [
    'Compares versions, model generation, replicas and pods with the spec, and every field of the Deployment, Service, autoscaler and disruption budget with what the operator makes of it. Exit code 0 when nothing differs, else 3.',
  ],
  flags: [OUTPUT_JSON],
  examples: [['modeldeployment diff iris', 'wanted and actual side by side']],
  usesCluster: true,
  load: async () => (await import('../commands/diff.ts')).diff,
};

/** `doctor` */
export const DOCTOR: CommandSpec = {
  name: 'doctor',
  summary: 'check the cluster, the operator, your permissions, the bucket',
  positionals: [],
  description: [
    'Looks at everything between this machine and a prediction, and says what to do about what is amiss. Storage is read with your own credentials (and STORAGE_EMULATOR_HOST); pods read as their own account. Exit code 3 when a check failed.',
  ],
  flags: [{ name: 'model', value: 'PATH', help: 'a model to read (those of the namespace)' }, OUTPUT_JSON],
  examples: [
    ['modeldeployment doctor', 'before the first model'],
    ['modeldeployment doctor --model gs://models/iris/model.onnx -n ml', 'for a model and a namespace'],
  ],
  usesCluster: true,
  load: async () => (await import('../commands/doctor.ts')).doctor,
};
