import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createInlineSession } from '../../../runtime/session/inline-session.ts';
import { classifyLoadFailure } from '../../../runtime/session/load-failure.ts';
import {
  DOUBLE,
  FLOAT,
  graph,
  identityGraph,
  INT64,
  model,
  node,
  tensor,
  tensorType,
  valueInfo,
} from '../../runtime/onnx/build-model.ts';
import { rejectionOf } from '../../support/thrown.ts';

const BOOL = 9;
const BFLOAT16 = 16;
const rows = tensorType(FLOAT, ['N', 4]);
const io = { inputs: [valueInfo('x', rows)], outputs: [valueInfo('y', rows)] };
const external = { location: 'not-uploaded.data' };
const weights = tensor({ name: 'w', dataType: FLOAT, dims: [4], external });
const local = tensor({ name: 'w', dataType: FLOAT, dims: [4], raw: new Uint8Array(16) });
const add = node({ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] });

/** Refusals in onnxruntime's own words: each is got from a real model, so that another version's words show up here. */
describe('classifyLoadFailure', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'load-failure-'));
  });
  after(() => rm(folder, { recursive: true }));

  for (const [name, bytes, reason, words] of [
    ['an empty file', new Uint8Array(), 'ModelInvalid', 'no ONNX model'],
    ['text', Buffer.from('<!doctype html><html></html>'), 'ModelInvalid', 'no ONNX model'],
    ['a newer opset', model(identityGraph(), { opsets: [['', 99]] }), 'ModelUnsupported', 'opset 99 of ai.onnx'],
    ['a newer file version', model(identityGraph(), { irVersion: 99 }), 'ModelUnsupported', 'IR version 99'],
    [
      'an operator that is none',
      model(graph({ ...io, nodes: [node({ op: 'Frobnicate', inputs: ['x'], outputs: ['y'] })] })),
      'ModelUnsupported',
      'operator Frobnicate',
    ],
    [
      'an operator of somebody',
      model(graph({ ...io, nodes: [node({ op: 'Frob', domain: 'com.acme', inputs: ['x'], outputs: ['y'] })] }), {
        opsets: [
          ['', 17],
          ['com.acme', 1],
        ],
      }),
      'ModelUnsupported',
      'operator com.acme:Frob',
    ],
    [
      'an operator without a kernel for its datatype',
      model(
        graph({
          nodes: [node({ op: 'Sin', inputs: ['x'], outputs: ['y'] })],
          inputs: [valueInfo('x', tensorType(BFLOAT16, ['N']))],
          outputs: [valueInfo('y', tensorType(BFLOAT16, ['N']))],
        }),
        { opsets: [['', 22]] },
      ),
      'ModelUnsupported',
      'operator Sin',
    ],
    [
      'a datatype that JavaScript cannot hold',
      model(identityGraph(tensorType(BFLOAT16, ['N']))),
      'ModelUnsupported',
      'bfloat16',
    ],
    [
      'missing weights',
      model(graph({ ...io, nodes: [add], initializers: [weights] })),
      'ExternalDataMissing',
      '"not-uploaded.data"',
    ],
    [
      'weights of another folder',
      model(
        graph({
          ...io,
          nodes: [add],
          initializers: [tensor({ name: 'w', dataType: FLOAT, dims: [4], external: { location: '../w.data' } })],
        }),
      ),
      'ModelInvalid',
      'outside its own folder',
    ],
    ['a value that nothing makes', model(graph({ ...io, nodes: [add] })), 'ModelInvalid', "input 'w'"],
    [
      'a declared type that is wrong',
      model(
        graph({
          ...io,
          nodes: [node({ op: 'Identity', inputs: ['x'], outputs: ['y'] })],
          outputs: [valueInfo('y', tensorType(INT64, ['N', 4]))],
        }),
      ),
      'ModelInvalid',
      'does not match expected type',
    ],
    [
      'float64 where the operator computes float32',
      model(
        graph({ ...io, nodes: [add], outputs: [valueInfo('y', tensorType(DOUBLE, ['N', 4]))], initializers: [local] }),
      ),
      'ModelUnsupported',
      'astype(numpy.float32)',
    ],
    [
      'an operator fed with a type that it does not take',
      model(
        graph({
          ...io,
          nodes: [node({ op: 'Not', inputs: ['x'], outputs: ['y'] })],
          outputs: [valueInfo('y', tensorType(BOOL, ['N', 4]))],
        }),
      ),
      'ModelInvalid',
      'tensor(float)',
    ],
    [
      'shapes that do not fit',
      model(
        graph({
          ...io,
          nodes: [node({ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] })],
          initializers: [tensor({ name: 'w', dataType: FLOAT, dims: [3, 4], raw: new Uint8Array(48) })],
        }),
      ),
      'ModelInvalid',
      'Incompatible dimensions',
    ],
  ] as const) {
    it(`makes ${name} ${reason}`, async () => {
      const file = join(folder, 'model.onnx');
      await writeFile(file, bytes);
      const failure = classifyLoadFailure(await rejectionOf(Error, createInlineSession(file)));
      expect(failure.reason).to.equal(reason);
      expect(failure.message).to.include(words).and.not.include('onnxruntime_src').and.not.include(folder);
    });
  }

  it('says what onnxruntime says when it is something new', () => {
    const failure = classifyLoadFailure(new Error('Load model from /m/x.onnx failed:Something new'));
    expect(failure).to.include({
      reason: 'ModelUnsupported',
      message: 'onnxruntime cannot load the model: Something new',
    });
  });
});
