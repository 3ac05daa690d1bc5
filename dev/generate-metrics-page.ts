/** The metrics of both programs, as their registries tell them -> docs/metrics.md. */
import { writeFile } from 'node:fs/promises';
import { createMetrics as createOperatorMetrics } from '../operator/metrics.ts';
import { createMetrics as createRuntimeMetrics } from '../runtime/metrics.ts';
import { RequestStages } from '../runtime/request-record.ts';

/** Where the page is committed. */
export const METRICS_FILE = new URL('../docs/metrics.md', import.meta.url);

/** A metric as its program shows it. */
export interface DocumentedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

const INTRODUCTION = `<!-- Generated from the registries of the programs by \`npm run generate\`. Do not edit. -->

# Metrics

Both programs serve Prometheus metrics at \`:9090/metrics\`. These names and labels are part of the interface: they change with a line in the changelog.
[A Grafana dashboard](../config/grafana/modeldeployment.json) shows them, see [operations.md](operations.md).
`;

const USUAL = `Besides, those of every Node.js program of prom-client: \`process_resident_memory_bytes\`, \`process_cpu_seconds_total\`, \`nodejs_eventloop_lag_p99_seconds\`,
\`nodejs_heap_size_used_bytes\`, \`nodejs_gc_duration_seconds\` and so on. The lag's minimum, maximum, mean and percentiles count the time between two looks at it, which is 0.1 s: a
process that is never late shows 0.1. Looking more often would take time from processes that have nothing to do.
`;

/** Metrics of the runtime, with one request and one run counted so that every label is seen. */
export async function runtimeMetrics(): Promise<DocumentedMetric[]> {
  const metrics = createRuntimeMetrics();
  metrics.model({ name: '', generation: '', sha256: '', task: '', thread: '' }, () => 0);
  metrics.ready(true);
  metrics.run({ requests: 1, rows: 1, runMs: 1, waitMs: 1 });
  metrics.request({
    protocol: 'http',
    method: 'POST',
    route: '/predict',
    status: 200,
    isFailure: false,
    startedMs: 0,
    durationMs: 1,
    requestId: '',
    generation: '',
    traceparent: undefined,
    tracestate: undefined,
    stages: new RequestStages(),
  });
  return documented(await metrics.text());
}

/** Metrics of the operator, likewise. */
export async function operatorMetrics(): Promise<DocumentedMetric[]> {
  const none = (): number => 0;
  const metrics = createOperatorMetrics({
    queueDepth: none,
    running: none,
    modelDeployments: none,
    isLeader: () => true,
    failingWatches: none,
  });
  metrics.countPass('done', 1);
  metrics.countRequest('', '', 200);
  metrics.countAsked('');
  metrics.countWritten('rollout');
  return documented(await metrics.render());
}

/** The project's own metrics in a Prometheus text, by name. */
function documented(text: string): DocumentedMetric[] {
  return [...text.matchAll(/^# HELP (modeldeployment_\S+) (.*)\n# TYPE \S+ (\S+)\n(.*)$/gm)]
    .map(([, name = '', help = '', type = '', sample = '']) => ({ name, type, help, labels: labelsOf(sample) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function labelsOf(sample: string): string[] {
  const labels = /\{(.*)\}/.exec(sample)?.[1] ?? '';
  return [...labels.matchAll(/(\w+)="/g)].map(([, name = '']) => name).filter((name) => name !== 'le');
}

function table(metrics: readonly DocumentedMetric[]): string {
  const rows = metrics.map(({ name, type, help, labels }) => {
    const cell = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${cell} | ${help} |`;
  });
  return ['| Name | Type | Labels | Meaning |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

/** The whole page, as committed. */
export async function generateMetricsPage(): Promise<string> {
  const [runtime, operator] = [table(await runtimeMetrics()), table(await operatorMetrics())];
  return [INTRODUCTION, '## A model (runtime)\n', runtime, '## The operator\n', operator, USUAL].join('\n');
}

if (import.meta.main) await writeFile(METRICS_FILE, await generateMetricsPage());
