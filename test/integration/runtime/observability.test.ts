import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { freePorts } from '../../../dev/free-port.ts';
import { ENV } from '../../../runtime/contract.ts';
import { GrpcClient } from '../../support/grpc-client.ts';
import { eventually } from '../../support/eventually.ts';
import { sampleModel } from '../../support/models.ts';
import { RuntimeProcess } from '../../support/runtime-process.ts';
import { bodyOf } from '../../support/served-model.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const MODEL = sampleModel('iris-lr-strings');

/** What a collector of OpenTelemetry gets to see. */
interface Collected {
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function collector() {
  const received: Collected[] = [];
  const server = createServer((request, response) => {
    const receive = async (): Promise<void> => {
      received.push({ url: request.url, headers: request.headers, body: await buffer(request) });
      response.end();
    };
    void receive();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { received, url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

function predict(url: string, headers: Record<string, string> = {}): Promise<Response> {
  const body = bodyOf(MODEL, 1);
  return fetch(`${url}/predict`, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });
}

describe('observability of a runtime process', function () {
  this.timeout(60_000);

  it('exports its last spans before it ends, over OTLP, in the trace of the client', async () => {
    using spans = await collector();
    await using runtime = new RuntimeProcess({
      [ENV.modelPath]: MODEL.file,
      OTEL_EXPORTER_OTLP_ENDPOINT: spans.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=flowers',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=testing',
      // No batch is due before the process ends.
      OTEL_BSP_SCHEDULE_DELAY: '600000',
    });
    await runtime.logged('ready');
    const response = await predict(await runtime.url(), { traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01` });
    expect(response.status).to.equal(200);
    await response.body?.cancel();
    runtime.signal('SIGINT');
    expect((await runtime.exit()).code).to.equal(0);
    const [batch] = spans.received;
    expect(batch?.url).to.equal('/v1/traces');
    expect(batch?.headers).to.include({ 'content-type': 'application/x-protobuf', 'x-tenant': 'flowers' });
    for (const part of [Buffer.from(TRACE_ID, 'hex'), 'POST /predict', 'decode', 'run', 'testing']) {
      expect(batch?.body.includes(part), String(part)).to.equal(true);
    }
  });

  it('serves and ends all the same while no collector answers', async () => {
    await using runtime = new RuntimeProcess({
      [ENV.modelPath]: MODEL.file,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    });
    await runtime.logged('ready');
    const response = await predict(await runtime.url());
    expect(response.status).to.equal(200);
    await response.body?.cancel();
    runtime.signal('SIGINT');
    expect((await runtime.exit()).code).to.equal(0);
  });

  it('ends with the setting in its message when the sampler is none', async () => {
    await using runtime = new RuntimeProcess({
      [ENV.modelPath]: MODEL.file,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_TRACES_SAMPLER: 'sometimes',
    });
    const { code, stdout } = await runtime.exit();
    expect(code).to.equal(1);
    expect(stdout).to.include('OTEL_TRACES_SAMPLER').and.include('sometimes').and.include('InvalidSpec');
  });

  it('serves on when its log can be written nowhere', async () => {
    const full = await open('/dev/full', 'w');
    const [port] = await freePorts(1);
    const env = { ...process.env, [ENV.modelPath]: MODEL.file, [ENV.host]: '127.0.0.1', [ENV.httpPort]: String(port) };
    const child = spawn(process.execPath, ['runtime/main.ts'], {
      env: { ...env, [ENV.grpcPort]: '0', [ENV.metricsPort]: '0' },
      stdio: ['ignore', full.fd, 'inherit'],
    });
    try {
      await eventually(async () => expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).to.equal(200), {
        timeoutMs: 30_000,
      });
      const response = await predict(`http://127.0.0.1:${port}`);
      expect(response.status).to.equal(200);
      await response.body?.cancel();
    } finally {
      child.kill('SIGKILL');
      await full.close();
    }
  });

  it('logs every request over HTTP and gRPC when told to, with its id and the trace of its client', async () => {
    await using runtime = new RuntimeProcess({ [ENV.modelPath]: MODEL.file, [ENV.accessLogSampleRate]: '1' });
    await runtime.logged('ready');
    const traceparent = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
    await (await predict(await runtime.url(), { traceparent, 'x-request-id': 'mine' })).body?.cancel();
    using client = new GrpcClient(Number(new URL(await runtime.url('grpcPort')).port));
    await client.call('ServerLive', {}, { metadata: { traceparent, 'x-request-id': 'also-mine' } });
    await eventually(() => {
      const lines = runtime.log().filter(({ msg }) => msg === 'request');
      expect(
        lines.map(({ protocol, route, status, requestId, traceId }) => ({
          protocol,
          route,
          status,
          requestId,
          traceId,
        })),
      ).to.have.deep.members([
        { protocol: 'http', route: '/predict', status: 200, requestId: 'mine', traceId: TRACE_ID },
        {
          protocol: 'grpc',
          route: '/inference.GRPCInferenceService/ServerLive',
          status: 'OK',
          requestId: 'also-mine',
          traceId: TRACE_ID,
        },
      ]);
    });
  });
});
