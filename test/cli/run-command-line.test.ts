import { expect } from 'chai';
import { COMMANDS } from '../../cli/commands.ts';
import { runCommandLine } from '../../cli/run-command-line.ts';
import { VERSION } from '../../runtime/version.ts';
import { recordedTerminal } from '../support/terminal.ts';

async function run(args: readonly string[], calledAs = 'modeldeployment') {
  const { terminal, out, error } = recordedTerminal();
  const code = await runCommandLine(args, { terminal, calledAs });
  return { code, out: out(), error: error() };
}

describe('the command line', () => {
  it('lists every command', async () => {
    const { code, out } = await run([]);
    expect(code).to.equal(0);
    for (const { name, summary } of COMMANDS) expect(out).to.include(`  ${name}`).and.include(summary);
    expect(await run(['--help'])).to.deep.equal(await run(['help']));
  });

  it('tells its version', async () => {
    expect(await run(['version'])).to.deep.equal({ code: 0, out: `${VERSION}\n`, error: '' });
  });

  it('calls itself as kubectl users do when kubectl runs it', async () => {
    expect((await run(['why', '--help'], 'kubectl-modeldeployment')).out)
      .to.include('Usage: kubectl modeldeployment why NAME')
      .and.include('\n  kubectl modeldeployment why iris\n');
  });

  it('refuses unknown commands with the list', async () => {
    const { code, out, error } = await run(['sevre']);
    expect([code, out]).to.deep.equal([2, '']);
    expect(error).to.include('There is no command "sevre"').and.include('serve PATH');
  });

  it('points to the help when the command line is wrong', async () => {
    expect(await run(['why'])).to.deep.equal({
      code: 2,
      out: '',
      error: 'error: NAME is missing\n  next: modeldeployment why --help\n',
    });
  });

  for (const spec of COMMANDS.filter(({ readsOwnArguments }) => !readsOwnArguments)) {
    it(`has help for ${spec.name} that fits into 80 columns and has an example`, async () => {
      const { code, out } = await run([spec.name, '--help']);
      expect(code).to.equal(0);
      expect(out).to.equal((await run(['help', spec.name])).out);
      expect(out).to.include('Examples:');
      const isExample = (line: string): boolean => line.startsWith('  modeldeployment') || /[|>]/.test(line);
      for (const line of out.split('\n')) if (!isExample(line)) expect(line.length, line).to.be.at.most(80);
    });
  }
});

describe('colour', () => {
  for (const [name, options, isStyled] of [
    ['in a terminal', { isTTY: true }, true],
    ['not in a pipe', {}, false],
    ['not with NO_COLOR', { isTTY: true, environment: { NO_COLOR: '1' } }, false],
    ['with an empty NO_COLOR, which means nothing', { isTTY: true, environment: { NO_COLOR: '' } }, true],
    ['not in a dumb terminal', { isTTY: true, environment: { TERM: 'dumb' } }, false],
  ] as const) {
    it(`is ${name}`, () => {
      const { terminal } = recordedTerminal(options);
      expect(terminal.style('bad', 'x')).to.equal(isStyled ? '\u001B[31mx\u001B[39m' : 'x');
    });
  }
});
