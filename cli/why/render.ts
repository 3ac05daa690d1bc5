import { hang, wrap } from '../layout.ts';
import type { Style, Terminal } from '../terminal.ts';
import type { Explanation, Standing } from './explanation.ts';

const WORDS: Readonly<Record<Standing, string>> = { fine: 'is well', waiting: 'is not ready yet', stuck: 'needs you' };
const STYLES: Readonly<Record<Standing, Style>> = { fine: 'good', waiting: 'wait', stuck: 'bad' };

/** An explanation for people, as lines no wider than the terminal. */
export function renderExplanation(explanation: Explanation, terminal: Terminal): string[] {
  const { name, standing, cause, reason, message, meaning, causes, evidence, next } = explanation;
  const { columns } = terminal;
  const behind = reason !== undefined && reason !== cause ? `${reason}, because of ${cause}` : cause;
  return [
    `${terminal.style('strong', name)} ${WORDS[standing]}: ${terminal.style(STYLES[standing], behind)}`,
    '',
    ...wrap(message, columns, '  '),
    ...(standing === 'fine' ? [] : ['', ...wrap(`${cause}: ${lowerFirst(meaning)}`, columns, '  ')]),
    ...section(
      'Seen',
      evidence.flatMap(({ source, text }) => hang('  - ', `${source}: ${text}`, columns)),
    ),
    ...section(
      'Usual causes',
      causes.flatMap((text) => hang('  - ', text, columns)),
    ),
    ...section(
      'Next',
      next.map((command) => `  ${command}`),
    ),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
