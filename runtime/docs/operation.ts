import { ERROR_STATUS, type ErrorCode } from '../errors.ts';
import type { JsonValue } from '../tensor/element.ts';
import type { Schema } from './value-schema.ts';

/** One call of the API as a row of a table. */
export interface Call {
  readonly method: 'get' | 'post';
  /** As clients write it: the model's name is percent-encoded. */
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly request?: Body;
  readonly answer: Body;
  /** Besides 200. */
  readonly errors: readonly ErrorCode[];
  /** Schema of a 503 that is no error: health checks say in their own shape what is not well. */
  readonly unwell?: Schema;
}

/** What a body holds, by the name of its schema or as the schema itself. */
export interface Body {
  readonly schema: string | Schema;
  readonly description: string;
  readonly example?: JsonValue | undefined;
  /** May be left out. */
  readonly isOptional?: boolean;
  /** Other media types, each with what is to be known of it. */
  readonly otherTypes?: Readonly<Record<string, string>>;
}

/** What an error of this status means, for all that share it. */
const MEANINGS: Record<number, string> = {
  400: 'The body cannot be read, does not fit the model, or the model refuses the values.',
  404: 'Another model or version than the one that is served.',
  413: 'The body is larger than the limit.',
  415: 'The content type or encoding is not supported.',
  429: 'Too many rows wait; `Retry-After` says when to try again.',
  500: 'The model failed to compute an answer.',
  503: 'The model is being loaded, or the pod is stopping.',
  504: 'Not computed in time.',
};

const HEADERS: Schema = {
  'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' },
  'X-Model-Generation': { $ref: '#/components/headers/X-Model-Generation' },
};

const REQUEST_TIMEOUT: Schema = {
  name: 'X-Request-Timeout-Ms',
  in: 'header',
  description:
    'How long the client waits, in milliseconds; past it nothing is computed for it. The server has a limit of its own.',
  schema: { type: 'integer', minimum: 0 },
};

/** The OpenAPI 3.1 operation object of a call. */
export function operation({ id, tag, summary, request, answer, errors, unwell }: Call): Schema {
  const responses: Record<string, JsonValue> = {
    200: { description: answer.description, headers: HEADERS, content: content(answer) },
  };
  for (const code of errors) {
    const status = ERROR_STATUS[code];
    responses[status] = { description: MEANINGS[status] ?? code, headers: HEADERS, content: content(ERROR) };
  }
  if (unwell) {
    const body = { schema: unwell, description: '' };
    responses['503'] = { description: MEANINGS[503] ?? '', headers: HEADERS, content: content(body) };
  }
  const requestBody = request && {
    required: !request.isOptional,
    description: request.description,
    content: content(request),
  };
  // What can end with DeadlineExceeded because the model takes its time, and not the body.
  const parameters = errors.includes('Overloaded') ? { parameters: [REQUEST_TIMEOUT] } : {};
  return { operationId: id, tags: [tag], summary, ...parameters, ...(requestBody ? { requestBody } : {}), responses };
}

const ERROR: Body = { schema: 'Error', description: '' };

function content({ schema, example, otherTypes = {} }: Body): Schema {
  const others = Object.entries(otherTypes).map(([type, description]) => [type, { schema: { description } }]);
  const value = typeof schema === 'string' ? { $ref: `#/components/schemas/${schema}` } : schema;
  const json = { schema: value, ...(example === undefined ? {} : { example }) };
  return { 'application/json': json, ...(Object.fromEntries(others) as Schema) };
}
