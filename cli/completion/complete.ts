import type { CommandSpec } from '../command.ts';
import { FlagValues } from '../parse-arguments.ts';
import type { Terminal } from '../terminal.ts';
import { completeWords } from './candidates.ts';

/** Directives of cobra, which kubectl reads behind the candidates: https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective */
const DEFAULT_DIRECTIVE = ':0';
const NO_FILES_DIRECTIVE = ':4';

export interface CompleteOptions {
  readonly terminal: Terminal;
  /** Answer as kubectl wants it from `kubectl_complete-modeldeployment`. */
  readonly forKubectl: boolean;
}

/** Prints what may stand at the cursor, a line each; nothing when it is not known. Never fails: a shell waits for it. */
export async function complete(
  commands: readonly CommandSpec[],
  words: readonly string[],
  { terminal, forKubectl }: CompleteOptions,
): Promise<void> {
  const candidates = completeWords(commands, words);
  if (candidates.kind === 'files') {
    terminal.print(forKubectl ? DEFAULT_DIRECTIVE : ':files');
    return;
  }
  const found = candidates.kind === 'words' ? candidates.words : await modelNames(words);
  terminal.print(...found, ...(forKubectl ? [NO_FILES_DIRECTIVE] : []));
}

async function modelNames(words: readonly string[]): Promise<string[]> {
  try {
    const { connect } = await import('../cluster/connect.ts');
    const models = await connect(clusterFlags(words)).modelDeployments();
    return models.map(({ metadata }) => metadata.name).filter((name) => name.startsWith(words.at(-1) ?? ''));
  } catch {
    return [];
  }
}

/** The line is not complete yet, so it is not parsed as one. */
function clusterFlags(words: readonly string[]): FlagValues {
  const value = (...spellings: readonly string[]): string | undefined => {
    const index = words.findLastIndex((word) => spellings.includes(word));
    return index === -1 ? undefined : words[index + 1];
  };
  return new FlagValues({
    namespace: value('-n', '--namespace'),
    context: value('--context'),
    kubeconfig: value('--kubeconfig'),
  });
}
