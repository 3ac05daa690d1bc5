import { expect } from 'chai';
import { V1, V1_BARE, V2_BINARY, V2_JSON, type Format } from '../../../bench/runtime/formats.ts';
import type { BenchModel } from '../../../bench/runtime/models.ts';
import { makeRequests } from '../../../bench/runtime/requests.ts';

const MODEL: BenchModel = {
  name: 'any',
  title: 'any',
  file: 'any.onnx',
  input: 'X',
  output: 'P',
  namesClasses: true,
  golden: {
    labels: ['no', 'yes'],
    rows: [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    probabilities: [
      [0.25, 0.75],
      [1, 0],
      [0.5, 0.5],
    ],
  },
};

describe('requests of the benchmarks', () => {
  it('are whole HTTP messages', () => {
    const [{ message, body } = expect.fail('no request')] = makeRequests(MODEL, {
      format: V1,
      path: '/p',
      rowsPerRequest: 2,
    });
    const [head, rest] = message.toString().split('\r\n\r\n');
    expect(head!.split('\r\n')[0]).to.equal('POST /p HTTP/1.1');
    expect(head).to.include(`Content-Length: ${body.length}`);
    expect(JSON.parse(rest!)).to.deep.equal({ instances: [[1, 2], [3, 4]] }); // prettier-ignore
  });

  it('go through all rows and begin again', () => {
    const requests = makeRequests(MODEL, { format: V1, path: '/p', rowsPerRequest: 2 });
    expect(requests.slice(0, 3).map(({ rows }) => rows)).to.deep.equal([[0, 1], [2, 0], [1, 2]]); // prettier-ignore
  });

  const answers: readonly (readonly [name: string, format: Format, body: Buffer, headers?: Record<string, string>])[] =
    [
      ['V1', V1, json({ predictions: [{ label: 'yes', probabilities: { yes: 0.75, no: 0.25 } }] })],
      ['bare V1', V1_BARE, json({ predictions: [[0.25, 0.75]] })],
      ['V2 JSON', V2_JSON, json({ outputs: [{ name: 'P', shape: [1, 2], data: [0.25, 0.75] }] })],
      [
        'V2 binary',
        V2_BINARY,
        Buffer.concat([Buffer.from('{}'), Buffer.from(Float32Array.of(0.25, 0.75).buffer)]),
        { 'Inference-Header-Content-Length': '2' },
      ],
    ];
  for (const [name, format, body, headers = {}] of answers) {
    it(`reads the probabilities of ${name} in the order of the classes`, () => {
      expect(format.decode({ headers: new Headers(headers), body }, MODEL)).to.deep.equal([[0.25, 0.75]]);
    });
  }

  it('send V2 tensors as bytes behind the JSON', () => {
    const [{ headers, body } = expect.fail('no request')] = makeRequests(MODEL, {
      format: V2_BINARY,
      path: '/',
      rowsPerRequest: 2,
    });
    const end = Number(headers['Inference-Header-Content-Length']);
    const { inputs } = JSON.parse(body.subarray(0, end).toString()) as {
      inputs: [{ shape: number[]; parameters: object }];
    };
    expect(inputs[0].shape).to.deep.equal([2, 2]);
    expect(inputs[0].parameters).to.deep.equal({ binary_data_size: 16 });
    expect([0, 4, 8, 12].map((at) => body.readFloatLE(end + at))).to.deep.equal([1, 2, 3, 4]);
  });
});

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
