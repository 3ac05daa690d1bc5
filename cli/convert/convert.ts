import { stringify } from 'yaml';
import { API_VERSION, KIND } from '../../operator/api/model-deployment.ts';
import type { Converted } from './converted.ts';
import { fromKServe, isInferenceService } from './kserve.ts';
import { fromSeldon, isSeldonModel } from './seldon.ts';
import { isObject, SourceObject, type Plain, type PlainObject, type Refusal } from './source-object.ts';
import { fromVertex, isVertexModel } from './vertex.ts';

/** What became of one object. */
export interface Conversion {
  /** `InferenceService sklearn-iris`, for messages. */
  readonly subject: string;
  /** The ModelDeployment, its notes as comments in front; undefined when it is refused. */
  readonly yaml: string | undefined;
  readonly notes: readonly string[];
  /** Empty when it could be converted. */
  readonly refusals: readonly Refusal[];
}

interface Converter {
  readonly is: (object: PlainObject) => boolean;
  readonly convert: (source: SourceObject) => Converted;
}

const CONVERTERS: readonly Converter[] = [
  { is: isInferenceService, convert: fromKServe },
  { is: isSeldonModel, convert: fromSeldon },
  { is: isVertexModel, convert: fromVertex },
];

/** One object of KServe, Seldon Core 2 or Vertex AI -> a ModelDeployment, or every reason why not. Pure. */
export function convertObject(value: Plain): Conversion {
  const object = isObject(value) && isObject(value['model']) ? value['model'] : value;
  const converter = isObject(object) ? CONVERTERS.find(({ is }) => is(object)) : undefined;
  if (!isObject(object) || !converter) return unknown(object);
  const source = new SourceObject(object);
  const { metadata, spec } = converter.convert(source);
  const refusals = source.finish();
  const subject = [object['kind'] ?? 'Vertex AI Model', metadata['name']].join(' ');
  const { notes } = source;
  const result = { apiVersion: API_VERSION, kind: KIND, metadata, spec };
  return {
    subject,
    notes,
    refusals,
    yaml: refusals.length > 0 ? undefined : comments(notes) + stringify(result, { keepUndefined: false }),
  };
}

function unknown(object: Plain): Conversion {
  const kind = isObject(object) ? [object['apiVersion'], object['kind']].filter(Boolean).join(' ') : '';
  const reason =
    'is none of: InferenceService of serving.kserve.io, Model of mlops.seldon.io, Model of Vertex AI (JSON)';
  return { subject: kind || 'the file', yaml: undefined, notes: [], refusals: [{ field: kind || 'content', reason }] };
}

function comments(notes: readonly string[]): string {
  return notes.map((note) => `# ${note}\n`).join('');
}
