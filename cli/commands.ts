import type { CommandSpec, FlagSpec } from './command.ts';
import { FLAGS } from './flags.ts';

const OUTPUT_JSON: FlagSpec = {
  name: 'output',
  short: 'o',
  value: 'FORMAT',
  help: 'instead of text',
  choices: ['json'],
};

/** Every command, in the order of the help. --help, docs/cli.md and completion are made from this table. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'serve',
    summary: 'serve a model on this machine, without a cluster',
    positionals: ['PATH'],
    description: [
      "Serves a model on this machine with the same code as the pod. PATH is an .onnx file, a folder with one, or a gs:// path; STORAGE_EMULATOR_HOST and Google's credentials are taken from the environment.",
    ],
    flags: FLAGS.map(({ name, value, help }) => ({ name, value, help })),
    examples: [
      ['modeldeployment serve ./model.onnx', 'a file'],
      [
        'modeldeployment serve gs://models/iris/ --port 0 --memory-limit 512Mi',
        'what the default pod would do with it',
      ],
    ],
    usesCluster: false,
    readsOwnArguments: true,
    load: async () => {
      const { serve } = await import('./serve.ts');
      return ({ rawArguments }) => serve(rawArguments);
    },
  },
  {
    name: 'deploy',
    summary: 'apply a ModelDeployment and wait until it serves',
    positionals: ['SOURCE'],
    description: [
      'SOURCE is a model in storage (gs://bucket/model.onnx, gs://bucket/folder/, pvc://claim/path), or a file with one ModelDeployment in YAML or JSON (-: standard input). It is applied as your own fields (server-side apply), and what happens is told on standard error until the model is ready, a person must act, or the time is over.',
      'Exit code 0: ready. 3: a person must act; the reason and the next command are told. 4: not ready in time.',
    ],
    flags: [
      { name: 'name', value: 'NAME', help: "name of the ModelDeployment (the file's or folder's)" },
      { name: 'replicas', value: 'N', help: 'pods (1)' },
      {
        name: 'task',
        value: 'TASK',
        help: 'how outputs are presented',
        choices: ['Auto', 'Classification', 'Regression', 'Raw'],
      },
      { name: 'labels', value: 'A,B,C', help: 'class names in column order, when the model has none' },
      {
        name: 'activation',
        value: 'NAME',
        help: 'logits become probabilities',
        choices: ['None', 'Softmax', 'Sigmoid'],
      },
      { name: 'generation', value: 'N', help: 'exactly this generation (the newest is followed)' },
      { name: 'sha256', value: 'HEX', help: 'refuse a file that does not hash to this' },
      { name: 'cpu', value: 'CORES', help: 'requested and most CPU of a pod (100m requested)' },
      { name: 'memory', value: 'SIZE', help: 'requested and most memory of a pod (256Mi, 512Mi)' },
      { name: 'service-account', value: 'NAME', help: 'account that reads the model (Workload Identity)' },
      { name: 'dry-run', help: 'only print the YAML, ask no cluster' },
      { name: 'timeout', value: 'TIME', help: 'wait at most as long (11m)' },
      { name: 'no-wait', help: 'end once it is applied' },
      { name: 'force-conflicts', help: 'take over fields that others have set otherwise' },
      {
        name: 'output',
        short: 'o',
        value: 'FORMAT',
        help: 'yaml as --dry-run; json: how it ended',
        choices: ['yaml', 'json'],
      },
    ],
    examples: [
      ['modeldeployment deploy gs://models/iris/model.onnx', 'a model in a bucket, called iris'],
      ['modeldeployment deploy gs://models/cats/ --labels cat,dog --activation Softmax', 'a PyTorch classifier'],
      ['modeldeployment deploy gs://models/iris/model.onnx -o yaml > iris.yaml', 'the YAML, to keep in git'],
      ['modeldeployment deploy iris.yaml -n ml --timeout 5m', 'from that file'],
    ],
    usesCluster: true,
    load: async () => (await import('./commands/deploy.ts')).deploy,
  },
  {
    name: 'predict',
    summary: 'send rows to a model, see labels and probabilities',
    positionals: ['NAME'],
    description: [
      'Sends a file of rows through the API server (services/proxy): nothing has to be exposed or forwarded. CSV may have a line of column names; JSON is a list of rows, or a whole request with "instances" or "inputs".',
    ],
    flags: [
      { name: 'file', short: 'f', value: 'FILE', help: 'rows as CSV or JSON (-: standard input)' },
      { name: 'top', value: 'K', help: 'only the K most probable classes' },
      {
        name: 'output',
        short: 'o',
        value: 'FORMAT',
        help: "the model's own answer instead of a table",
        choices: ['json', 'csv'],
      },
    ],
    examples: [
      ['modeldeployment predict iris -f rows.csv', 'a table'],
      ["echo '[[5.1, 3.5, 1.4, 0.2]]' | modeldeployment predict iris -f -", 'one row from standard input'],
      ['modeldeployment predict iris -f rows.csv -o csv > answers.csv', 'for a spreadsheet'],
    ],
    usesCluster: true,
    load: async () => (await import('./commands/predict.ts')).predict,
  },
  {
    name: 'status',
    summary: 'ModelDeployments with their reasons, in a table',
    positionals: ['[NAME]'],
    description: [
      'Shows each ModelDeployment of the namespace on a line, and the message of those that are not ready.',
    ],
    flags: [{ name: 'all-namespaces', short: 'A', help: 'of all namespaces' }, OUTPUT_JSON],
    examples: [
      ['modeldeployment status', 'the namespace of the current context'],
      ['modeldeployment status -A -o json', 'everything there is, for a program'],
    ],
    usesCluster: true,
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
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
    load: async () => (await import('./commands/why.ts')).why,
  },
  {
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
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  {
    name: 'diff',
    summary: 'where what serves differs from what the spec asks for',
    positionals: ['NAME'],
    description: [
      'Compares versions, model generation, replicas and pods with the spec, and every field of the Deployment, Service, autoscaler and disruption budget with what the operator makes of it. Exit code 0 when nothing differs, else 3.',
    ],
    flags: [OUTPUT_JSON],
    examples: [['modeldeployment diff iris', 'wanted and actual side by side']],
    usesCluster: true,
    load: async () => (await import('./commands/diff.ts')).diff,
  },
  {
    name: 'rollback',
    summary: 'pin the model generation that served before',
    positionals: ['NAME'],
    description: [
      'Writes the last generation that served before the current one into spec.model.generation and waits until it serves. The bucket must still have it (object versioning).',
    ],
    flags: [
      { name: 'to', value: 'GENERATION', help: 'this generation, not the last one' },
      { name: 'dry-run', help: 'only print the patch' },
      { name: 'timeout', value: 'TIME', help: 'wait at most as long (11m)' },
      { name: 'no-wait', help: 'end once it is pinned' },
      OUTPUT_JSON,
    ],
    examples: [
      ['modeldeployment rollback iris', 'to the generation before'],
      ['modeldeployment rollback iris --to 1718000000000000', 'to one you know'],
    ],
    usesCluster: true,
    load: async () => (await import('./commands/rollback.ts')).rollback,
  },
  {
    name: 'bench',
    summary: 'requests a second and latencies of a model',
    positionals: ['NAME'],
    description: [
      'Sends one request over and over on a few connections, each the next when the last is answered, to one ready pod through a forwarded port, or to --url. It is load on a model that may serve others.',
    ],
    flags: [
      { name: 'file', short: 'f', value: 'FILE', help: "request as for predict (the model's own example)" },
      { name: 'concurrency', short: 'c', value: 'N', help: 'connections, 1 to 64 (4)' },
      { name: 'duration', value: 'TIME', help: 'at most 5m (10s)' },
      { name: 'url', value: 'URL', help: 'where the model answers, instead of a forwarded port' },
      OUTPUT_JSON,
    ],
    examples: [
      ['modeldeployment bench iris', 'ten seconds'],
      ['modeldeployment bench iris -c 16 --duration 30s --url http://iris.example.com', 'as clients see it'],
    ],
    usesCluster: true,
    load: async () => (await import('./commands/bench.ts')).bench,
  },
  {
    name: 'convert',
    summary: 'KServe, Seldon and Vertex AI objects as ModelDeployments',
    positionals: ['FILE'],
    description: [
      'Reads InferenceServices of KServe, Models of Seldon Core 2 (YAML), or a Model of Vertex AI (JSON, as gcloud ai models describe prints it) from FILE (-: standard input) and writes ModelDeployments to standard output. What works differently here stands in comments. An object with a field that has no equivalent is refused, with each such field and the reason on standard error: nothing is left out without a word. Exit code 3 when one was refused.',
    ],
    flags: [],
    examples: [
      ['modeldeployment convert isvc.yaml > iris.yaml', 'one or more objects in a file'],
      ['kubectl get isvc iris -o yaml | modeldeployment convert -', 'one that runs'],
      [
        'gcloud ai models describe 123 --region europe-west4 --format json | modeldeployment convert -',
        'a Model of Vertex AI',
      ],
    ],
    usesCluster: false,
    load: async () => (await import('./commands/convert.ts')).convert,
  },
  {
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
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    name: 'completion',
    summary: 'the completion script of a shell',
    positionals: ['SHELL'],
    description: [
      'Prints the script for bash, zsh or fish. Completion of kubectl modeldeployment needs no script of its own: kubectl asks kubectl_complete-modeldeployment, which comes with this program.',
    ],
    flags: [],
    examples: [
      ['source <(modeldeployment completion bash)', 'in ~/.bashrc'],
      ['source <(modeldeployment completion zsh)', 'in ~/.zshrc, behind compinit'],
      ['modeldeployment completion fish > ~/.config/fish/completions/modeldeployment.fish', 'once'],
    ],
    usesCluster: false,
    load: async () => (await import('./commands/completion.ts')).completion,
  },
];
