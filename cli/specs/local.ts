import type { CommandSpec } from '../command.ts';
import { FLAGS } from '../flags.ts';

/** `serve` */
export const SERVE: CommandSpec = {
  name: 'serve',
  summary: 'serve a model on this machine, without a cluster',
  positionals: ['PATH'],
  description: [
    "Serves a model on this machine with the same code as the pod. PATH is an .onnx file, a folder with one, or a gs:// path; STORAGE_EMULATOR_HOST and Google's credentials are taken from the environment.",
  ],
  flags: FLAGS.map(({ name, value, help }) => ({ name, value, help })),
  examples: [
    ['modeldeployment serve ./model.onnx', 'a file'],
    ['modeldeployment serve gs://models/iris/ --port 0 --memory-limit 512Mi', 'what the default pod would do with it'],
  ],
  usesCluster: false,
  readsOwnArguments: true,
  load: async () => {
    const { serve } = await import('../serve.ts');
    return ({ rawArguments }) => serve(rawArguments);
  },
};

/** `convert` */
export const CONVERT: CommandSpec = {
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
  load: async () => (await import('../commands/convert.ts')).convert,
};

/** `completion` */
export const COMPLETION: CommandSpec = {
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
  load: async () => (await import('../commands/completion.ts')).completion,
};
