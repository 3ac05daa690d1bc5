import { readFile } from 'node:fs/promises';
import { parser } from '@prometheus-io/lezer-promql';
import { expect } from 'chai';
import { operatorMetrics, runtimeMetrics } from '../../dev/generate-metrics-page.ts';

const FILE = new URL('../../config/grafana/modeldeployment.json', import.meta.url);
/** What prom-client and Prometheus itself add. */
const USUAL = ['process_resident_memory_bytes', 'process_cpu_seconds_total', 'nodejs_eventloop_lag_p99_seconds'];

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** Names of metrics and of labels in a query. @throws Error where it is no PromQL */
function namesIn(query: string): { readonly metrics: string[]; readonly labels: string[] } {
  const metrics: string[] = [];
  const labels: string[] = [];
  parser.parse(query).iterate({
    enter(node) {
      const text = query.slice(node.from, node.to);
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${query}`);
      if (node.name === 'Identifier') metrics.push(text);
      if (node.name === 'LabelName') labels.push(text);
    },
  });
  return { metrics, labels };
}

describe('Grafana dashboard', () => {
  it('asks in PromQL for metrics and labels that the programs have', async () => {
    const { panels } = JSON.parse(await readFile(FILE, 'utf8')) as { readonly panels: readonly Panel[] };
    const documented = [...(await runtimeMetrics()), ...(await operatorMetrics())];
    const known = new Set(USUAL);
    for (const { name, type } of documented) {
      for (const suffix of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) known.add(name + suffix);
    }
    const labels = new Set(['namespace', 'pod', 'le', ...documented.flatMap((metric) => metric.labels)]);
    const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(queries.length).to.be.greaterThan(20);
    for (const query of queries) {
      // Grafana puts a duration in.
      const names = namesIn(query.replaceAll('$__rate_interval', '1m'));
      expect(names.metrics, query).not.to.be.empty;
      for (const name of names.metrics) expect(known, query).to.include(name);
      for (const name of names.labels) expect(labels, query).to.include(name);
    }
  });

  it('gives every panel a number of its own', async () => {
    const { panels } = JSON.parse(await readFile(FILE, 'utf8')) as { readonly panels: readonly Panel[] };
    const ids = panels.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
  });

  it('would see what is no PromQL', () => {
    expect(() => namesIn('sum(rate(a[1m])')).to.throw('no PromQL');
  });
});
