import type { RequestListener } from 'node:http';
import type { RuntimeMetrics } from '../metrics.ts';

/** `GET /metrics`, on a port of its own so that it is not published with the predictions. */
export function metricsHandler(metrics: RuntimeMetrics): RequestListener {
  return (request, response) => {
    if (request.url?.split('?')[0] !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('metrics are at GET /metrics\n');
      return;
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'Content-Type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  };
}
