import { connect } from '../cluster/connect.ts';
import { askModel, type ModelAnswer } from '../cluster/proxied-model.ts';
import type { Invocation } from '../command.ts';
import { CommandError, EXIT, usageError } from '../exit-codes.ts';
import { answerTable } from '../predict/answer-table.ts';
import { readRequestBody, type RequestBody } from '../predict/request-body.ts';

/** `predict NAME -f FILE`: sends rows to a model and shows labels and probabilities. */
export async function predict({ positionals: [name = ''], flags, terminal, program }: Invocation): Promise<number> {
  const source = flags.text('file');
  if (source === undefined)
    throw usageError('which rows? Give a file of CSV or JSON with -f, or -f - for standard input');
  const topK = flags.integer('top', 1, 1_000_000);
  const request = await readRequestBody(source);
  const format = flags.text('output') ?? 'table';
  const cluster = connect(flags);
  const answer = await askModel(cluster, name, {
    method: 'POST',
    path: '/predict',
    ...withTopK(request, topK),
    accept: format === 'json' ? 'application/json' : 'text/csv',
  });
  if (answer.statusCode !== 200) throw refusal(answer, name, `${program} why ${name}${cluster.kubectlFlags}`);
  if (answer.warnings !== undefined)
    terminal.note(...(JSON.parse(answer.warnings) as string[]).map((text) => `note: ${text}`));
  if (format === 'table') terminal.print(...answerTable(answer.text, terminal.tableColumns));
  else terminal.write(answer.text.endsWith('\n') ? answer.text : `${answer.text}\n`);
  return EXIT.ok;
}

/** CSV has the option in the query, JSON among its members. */
function withTopK(
  { body, contentType }: RequestBody,
  topK: number | undefined,
): { path?: string; body: string; contentType: string } {
  if (topK === undefined) return { body, contentType };
  if (contentType === 'text/csv') return { path: `/predict?topK=${topK}`, body, contentType };
  if (/"parameters"/.test(body)) throw usageError('--top and "parameters" in the JSON: give one of them');
  return { body: body.replace(/\}\s*$/, `,"parameters":{"topK":${topK}}}`), contentType };
}

/** The runtime's own words: they name the field and what was expected. */
function refusal({ statusCode, text }: ModelAnswer, name: string, why: string): CommandError {
  const { error, code } = parse(text);
  const isOurs = statusCode < 500;
  return new CommandError(`${name} answers ${statusCode}${code ? ` ${code}` : ''}: ${error ?? text.trim()}`, {
    next: isOurs ? [] : [why],
  });
}

function parse(text: string): { error?: string; code?: string } {
  try {
    return JSON.parse(text) as { error?: string; code?: string };
  } catch {
    return {};
  }
}
