import { OUTPUT_JSON, type CommandSpec } from '../command.ts';

/** `deploy` */
export const DEPLOY: CommandSpec = {
  name: 'deploy',
  summary: 'apply a ModelDeployment and wait until it serves',
  positionals: ['SOURCE', '[NAME]'],
  description: [
    'SOURCE is a model in storage (gs://bucket/model.onnx, gs://bucket/folder/, pvc://claim/path), or a file with one ModelDeployment in YAML or JSON (-: standard input). It is applied as your own fields (server-side apply), and what happens is told on standard error until the model is ready, a person must act, or the time is over.',
    'NAME is the same as --name; it may also come before a SOURCE that is a path in storage.',
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
  load: async () => (await import('../commands/deploy.ts')).deploy,
};

/** `predict` */
export const PREDICT: CommandSpec = {
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
  load: async () => (await import('../commands/predict.ts')).predict,
};

/** `rollback` */
export const ROLLBACK: CommandSpec = {
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
  load: async () => (await import('../commands/rollback.ts')).rollback,
};

/** `bench` */
export const BENCH: CommandSpec = {
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
  load: async () => (await import('../commands/bench.ts')).bench,
};
