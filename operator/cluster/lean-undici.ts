import { createRequire } from 'node:module';
import type * as undici from 'undici';

/**
 * What is used of undici: its connection pools and their `request`. Its index loads fetch, WebSocket, caches and mocks besides, some
 * 12 MB of memory; operator/lean-imports.ts puts this module in its place.
 */
const load = createRequire(import.meta.url);
const Dispatcher = load('undici/lib/dispatcher/dispatcher.js') as typeof undici.Dispatcher;
// As undici's index does.
Object.assign(Dispatcher.prototype, { request: load('undici/lib/api/api-request.js') as object });

export const Agent = load('undici/lib/dispatcher/agent.js') as typeof undici.Agent;
export const ProxyAgent = load('undici/lib/dispatcher/proxy-agent.js') as typeof undici.ProxyAgent;
/** For client-node's generated classes, which nothing here calls. */
export const fetch: typeof globalThis.fetch = (...args) => globalThis.fetch(...args);
