import { expect } from 'chai';
import type { CommandSpec } from '../../cli/command.ts';
import { CommandError, EXIT } from '../../cli/exit-codes.ts';
import { parseArguments } from '../../cli/parse-arguments.ts';
import { thrownBy } from '../support/thrown.ts';

const SPEC: CommandSpec = {
  name: 'try',
  summary: '',
  positionals: ['NAME', '[OTHER]'],
  description: [],
  flags: [
    { name: 'output', short: 'o', value: 'FORMAT', help: '', choices: ['json', 'yaml'] },
    { name: 'count', value: 'N', help: '' },
    { name: 'timeout', value: 'TIME', help: '' },
    { name: 'force', help: '' },
  ],
  examples: [],
  usesCluster: true,
  load: async () => async () => EXIT.ok,
};
const parse = (...args: readonly string[]) => parseArguments(SPEC, args);

describe('a command line', () => {
  it('has flags before, between and behind the arguments, long and short', () => {
    const { positionals, flags } = parse(
      '--force',
      'iris',
      '-o',
      'json',
      'b',
      '-n=ml',
      '--count=3',
      '--timeout',
      '1m30s',
    );
    expect(positionals).to.deep.equal(['iris', 'b']);
    expect(flags.has('force')).to.equal(true);
    expect(flags.text('output')).to.equal('json');
    expect(flags.integer('count', 1, 5)).to.equal(3);
    expect(flags.durationMs('timeout', 5)).to.equal(90_000);
  });

  it('takes defaults for what is not given', () => {
    const { flags } = parse('iris');
    expect([flags.has('force'), flags.text('namespace'), flags.integer('count', 1, 5)]).to.deep.equal([
      false,
      undefined,
      undefined,
    ]);
    expect(flags.durationMs('timeout', 5)).to.equal(5);
  });

  it('asks for help whatever else is wrong', () => {
    expect(parse('-h').flags.has('help')).to.equal(true);
    expect(parse('a', 'b', 'c', '--help').flags.has('help')).to.equal(true);
  });

  for (const [name, args, message] of [
    ['an argument is missing', [], 'NAME is missing'],
    ['there is one too many', ['a', 'b', 'c'], '"c" is one argument too many'],
    ['a flag is unknown', ['a', '--nope'], "Unknown option '--nope'"],
    ['a flag lacks its value', ['a', '--output'], "Option '-o, --output <value>' argument missing"],
    ['a value is empty', ['a', '--namespace', ''], '--namespace is empty'],
    ['a value is none of the choices', ['a', '-o', 'xml'], '--output xml: expected json or yaml'],
  ] as const) {
    it(`is refused when ${name}`, () => {
      const error = thrownBy(CommandError, () => parse(...args));
      expect([error.message, error.exitCode]).to.deep.equal([message, EXIT.usage]);
    });
  }

  for (const [text, message] of [
    ['0', '--count 0: expected a whole number from 1 to 5'],
    ['x', '--count x: expected a whole number from 1 to 5'],
    ['1e0', '--count 1e0: expected a whole number from 1 to 5'],
  ] as const) {
    it(`refuses a count of ${text}`, () => {
      const error = thrownBy(CommandError, () => parse('a', '--count', text).flags.integer('count', 1, 5));
      expect(error.message).to.equal(message);
    });
  }

  it('refuses a duration without a unit', () => {
    const error = thrownBy(CommandError, () => parse('a', '--timeout', '5').flags.durationMs('timeout', 1));
    expect(error.message).to.equal('--timeout 5: expected a duration such as 30s or 5m');
  });
});
