import { expect } from 'chai';
import { COMMANDS } from '../../cli/commands.ts';
import { completeWords } from '../../cli/completion/candidates.ts';
import { COMPLETION_SCRIPTS } from '../../cli/completion/scripts.ts';
import { runCommandLine } from '../../cli/run-command-line.ts';
import { recordedTerminal } from '../support/terminal.ts';

const words = (...found: readonly string[]) => ({ kind: 'words', words: found });
const [models, files] = [{ kind: 'models' }, { kind: 'files' }];

describe('completion', () => {
  for (const [line, expected] of [
    [['d'], words('deploy', 'diff', 'doctor')],
    [['nope', ''], words()],
    [['why', ''], models],
    [['why', 'iris', ''], words()],
    [['why', '-n', 'ml', 'i'], models],
    [['why', '--namespace', ''], words()],
    [['status', '--a'], words('--all-namespaces')],
    [['predict', 'iris', '-f', ''], files],
    [['predict', 'iris', '-o', 'c'], words('csv')],
    [['deploy', ''], files],
    [['deploy', 'x.yaml', '--task', 'R'], words('Regression', 'Raw')],
    [['serve', ''], files],
    [['convert', ''], files],
    [['completion', 'z'], words('zsh')],
    [['doctor', ''], words()],
  ] as const) {
    it(`of "${line.join(' ')}"`, () => {
      expect(completeWords(COMMANDS, line)).to.deep.equal(expected);
    });
  }

  it('answers shells, and kubectl in its own way', async () => {
    const ask = async (args: readonly string[], calledAs: string) => {
      const { terminal, out } = recordedTerminal();
      await runCommandLine(args, { terminal, calledAs });
      return out();
    };
    expect(await ask(['__complete', 'wh'], 'modeldeployment')).to.equal('why\n');
    expect(await ask(['__complete', 'serve', ''], 'modeldeployment')).to.equal(':files\n');
    expect(await ask(['wh'], 'kubectl_complete-modeldeployment')).to.equal('why\n:4\n');
    expect(await ask(['serve', ''], 'kubectl_complete-modeldeployment')).to.equal(':0\n');
    expect(await ask(['__complete', 'why', '--kubeconfig', '/nowhere', ''], 'modeldeployment')).to.equal('');
  });

  it('has a script for each shell', () => {
    expect(Object.keys(COMPLETION_SCRIPTS)).to.deep.equal(['bash', 'zsh', 'fish']);
    for (const script of Object.values(COMPLETION_SCRIPTS)) expect(script).to.include('modeldeployment __complete');
  });
});
