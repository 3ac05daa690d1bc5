import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Middleware } from 'koa';
import { RequestError } from '../errors.ts';
import type { DocumentedModel } from '../docs/calls.ts';
import { openApiDocument } from '../docs/openapi.ts';
import { pageModel } from '../docs/page-model.ts';
import { stringifyJson } from '../protocol/stringify-json.ts';
import type { JsonValue } from '../tensor/element.ts';
import type { ServedModel, ServingState } from '../serving-state.ts';
import { VERSION } from '../version.ts';

/** `GET /openapi.json`: OpenAPI 3.1 of the model that is served. */
export function openApi(name: string, state: ServingState): Middleware {
  return jsonOf(name, state, (model) => openApiDocument(model, VERSION));
}

/** `GET /docs/model.json`: what the page shows. */
export function docsModel(name: string, state: ServingState): Middleware {
  return jsonOf(name, state, pageModel);
}

/** `GET /docs/example.json`: a body for `POST /predict`, of any length. */
export function docsExample(state: ServingState): Middleware {
  return (ctx) => {
    const { example } = state.requireModel();
    if (example === undefined) throw new RequestError('UnknownRoute', 'no row that this model takes is known');
    ctx.type = 'json';
    ctx.body = example;
  };
}

/** Text is made once for each model. */
function jsonOf(name: string, state: ServingState, describe: (model: DocumentedModel) => JsonValue): Middleware {
  const texts = new WeakMap<ServedModel, string>();
  return (ctx) => {
    const model = state.requireModel();
    const { generation, signature, example } = model;
    const text = texts.get(model) ?? stringifyJson(describe({ name, generation, signature, example }));
    texts.set(model, text);
    ctx.type = 'json';
    ctx.body = text;
  };
}

/** Everything the page needs is of this server, and nothing may be in the HTML itself: names of a model could not run as code. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export type DocsAsset = 'page.html' | 'page.css' | 'page.js';

/** `GET /docs` and the files of the page, from memory. */
export function docsAsset(name: DocsAsset): Middleware {
  const content = readFileSync(join(import.meta.dirname, '..', 'docs', 'page', name));
  return (ctx) => {
    if (ctx.path === '/docs/') {
      // The page's URLs are relative to /docs.
      ctx.redirect('../docs');
      return;
    }
    ctx.set('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    ctx.set('X-Content-Type-Options', 'nosniff');
    ctx.set('Referrer-Policy', 'no-referrer');
    ctx.set('Cache-Control', 'no-cache');
    ctx.type = name.slice(name.lastIndexOf('.'));
    ctx.body = content;
  };
}
