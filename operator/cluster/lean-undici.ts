import Agent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import ProxyAgent from 'undici/lib/dispatcher/proxy-agent.js';
import request from 'undici/lib/api/api-request.js';

/**
 * What is used of undici: its connection pools and their `request`. Its index loads fetch, WebSocket, caches and mocks besides, some
 * 12 MB of memory; this module is put in its place (operator/cluster/lean-modules.ts).
 */
// As undici's index does.
Object.assign(Dispatcher.prototype, { request });

export { Agent, ProxyAgent };
/** For client-node's generated classes, which nothing here calls. */
export const fetch: typeof globalThis.fetch = (...args) => globalThis.fetch(...args);
