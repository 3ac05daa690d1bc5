import { expect } from 'chai';
import { MODEL_NAME, serveApp } from '../../support/http-app.ts';

const TIMES =
  /^read;dur=\d+\.\d{3}, decode;dur=\d+\.\d{3}, queue;dur=\d+\.\d{3}, run;dur=\d+\.\d{3}, encode;dur=\d+\.\d{3}, total;dur=\d+\.\d{3}$/;
const ROW = [5.1, 3.5, 1.4, 0.2];
const REQUESTS: readonly (readonly [path: string, body: object])[] = [
  ['/predict', { instances: [ROW] }],
  [`/v1/models/${MODEL_NAME}:predict`, { inputs: [ROW] }],
  [`/v2/models/${MODEL_NAME}/infer`, { inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 4], data: ROW }] }],
];

describe('Server-Timing', () => {
  for (const [path, body] of REQUESTS) {
    const post = (asked: Record<string, string>) => ({
      method: 'POST',
      headers: { 'content-type': 'application/json', ...asked },
      body: JSON.stringify(body),
    });

    it(`says where the time of ${path} went, to who asks`, async () => {
      await using app = await serveApp();
      const response = await app.fetch(path, post({ 'X-Server-Timing': '1' }));
      expect(response.status).to.equal(200);
      const times = response.headers.get('server-timing') ?? '';
      expect(times).to.match(TIMES);
      const [total, ...parts] = [...times.matchAll(/dur=([\d.]+)/g)].map(([, ms]) => Number(ms)).toReversed();
      const sum = parts.reduce((a, b) => a + b, 0);
      expect(sum, 'the parts do not overlap').to.be.at.most(total! + 0.01);
    });

    it(`says nothing of ${path} to who does not`, async () => {
      await using app = await serveApp();
      const response = await app.fetch(path, post({}));
      expect(response.headers.get('server-timing')).to.equal(null);
    });
  }
});
