import { expect } from 'chai';
import { serveHealth, serveMetrics, type ListeningServer } from '../../operator/health.ts';
import { createMetrics } from '../../operator/metrics.ts';

describe('health and metrics', () => {
  const servers: ListeningServer[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  async function get({ port }: ListeningServer, path: string): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return `${response.status} ${await response.text()}`;
  }

  it('is live whatever happens, ready when nothing is missing, and says what is', async () => {
    let problem: string | undefined = 'not watching pods';
    const server = await serveHealth(0, () => problem);
    servers.push(server);
    expect(await get(server, '/livez')).to.equal('200 ok\n');
    expect(await get(server, '/readyz')).to.equal('503 not watching pods\n');
    problem = undefined;
    expect(await get(server, '/readyz')).to.equal('200 ok\n');
    expect(await get(server, '/')).to.match(/^404/);
  });

  it('counts passes, requests, questions to storage, rollouts and repairs', async () => {
    const metrics = createMetrics({
      queueDepth: () => 3,
      running: () => 2,
      modelDeployments: () => 5,
      isLeader: () => true,
      failingWatches: () => 0,
    });
    metrics.countPass('done', 0.001);
    metrics.countPass('transient', 2);
    metrics.countRequest('apply', 'Service', 201);
    metrics.countAsked('resolved');
    metrics.countWritten('rollout');
    metrics.countWritten('repair');
    const server = await serveMetrics(0, metrics);
    servers.push(server);
    const text = await get(server, '/metrics');
    for (const line of [
      'queue_depth 3',
      'reconciling 2',
      'model_deployments 5',
      'leader 1',
      'failing_watches 0',
      'reconcile_duration_seconds_count{outcome="done"} 1',
      'reconcile_duration_seconds_sum{outcome="transient"} 2',
      'api_requests_total{verb="apply",kind="Service",code="201"} 1',
      'model_lookups_total{outcome="resolved"} 1',
      'rollouts_total 1',
      'drift_repairs_total 1',
    ]) {
      expect(text).to.include(`modeldeployment_operator_${line}\n`);
    }
    expect(text).to.include('process_cpu_seconds_total');
    expect(await get(server, '/')).to.match(/^404/);
  });

  it('tells when a port is taken', async () => {
    const server = await serveHealth(0, () => undefined);
    servers.push(server);
    const error = await serveHealth(server.port, () => undefined).catch((error: unknown) => error);
    expect(error).to.have.property('code', 'EADDRINUSE');
  });
});
