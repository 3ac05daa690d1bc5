/** The program of the pod in front of the storage emulator: `node main.ts TARGET PORT`. What goes wrong depends on the bucket alone. */
import { startFaultyProxy } from '../../../dev/faulty-proxy.ts';

const [target, port] = process.argv.slice(2);
if (target === undefined || port === undefined) throw new Error('usage: node main.ts TARGET PORT');
const proxy = await startFaultyProxy(target, { host: '0.0.0.0', port: Number(port) });
proxy.inject({ path: /\/b\/forbidden\//, fault: { kind: 'status', status: 403 } });
proxy.inject({ path: /\/b\/unavailable\//, fault: { kind: 'status', status: 503 } });
proxy.inject({ path: /\/b\/stalled\/.*alt=media/, fault: { kind: 'stall', afterBytes: 0 } });
process.on('SIGTERM', () => process.exit());
// The proxy alone keeps no process alive.
setInterval(() => {}, 60_000);
