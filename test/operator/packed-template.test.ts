import { randomBytes } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import type { V1Deployment, V1PodTemplateSpec } from '@kubernetes/client-node';
import { expect } from 'chai';
import {
  generationOf,
  packTemplate,
  readPacked,
  unpackTemplate,
  type PackedTemplate,
} from '../../operator/packed-template.ts';
import { makeDesiredResources } from '../../operator/resources/index.ts';
import { modelDeployment, type Partially } from '../support/model-deployment.ts';
import type { ModelDeployment } from '../../operator/api/generated.ts';

const PATH = 'gs://models/iris/model.onnx';

function templateOf(written: Partially<ModelDeployment> = {}): V1PodTemplateSpec {
  const config = { runtimeImage: 'runtime:1', storageEmulatorHost: undefined };
  const resources = makeDesiredResources(modelDeployment(written), { generation: '1718000000000000' }, config);
  return (resources.find(({ kind }) => kind === 'Deployment') as V1Deployment).spec!.template;
}

describe('packed template', () => {
  const ANNOTATED: readonly (readonly [name: string, podAnnotations: Record<string, string>])[] = [
    ['as it is', {}],
    ['with quotes and letters beyond ASCII', { 'a/b': 'é "quoted"' }],
    ['with the names of model, path and generation in other texts', { 'a/b': `iris of ${PATH}`, iris: ':"iris"' }],
    ['with the name of the model as a whole value', { 'a/b': 'iris' }],
    ['with the control characters that mark open places', { 'a/b': '\u0001', 'a/c': '\u0003 and more' }],
    ['with text that looks like an escaped one', { 'a/b': String.raw`"\u0001` }],
  ];
  for (const [name, podAnnotations] of ANNOTATED) {
    it(`comes out as it went in, by way of annotations: ${name}`, () => {
      const template = templateOf({ spec: { podAnnotations } });
      expect(throughAnnotations(packTemplate({ path: PATH, template })!)).to.deep.equal({ path: PATH, template });
    });
  }

  it('has the same shape for models that differ in name, path and generation', () => {
    const other = templateOf({ metadata: { name: 'wine' }, spec: { model: { path: 'gs://models/wine.onnx' } } });
    const [one, two] = [
      packTemplate({ path: PATH, template: templateOf({ spec: { model: { path: PATH } } }) })!,
      packTemplate({ path: 'gs://models/wine.onnx', template: other })!,
    ];
    expect(two.shape).to.equal(one.shape);
    expect(two.values).to.not.equal(one.values);
  });

  it('tells its generation, to those who ask for its path', () => {
    const packed = packTemplate({ path: PATH, template: templateOf() })!;
    expect(generationOf(packed, PATH)).to.equal('1718000000000000');
    expect(generationOf(packed, 'gs://models/other.onnx')).to.equal(undefined);
  });

  it('is the same text for the same template, and small', () => {
    const packed = packTemplate({ path: PATH, template: templateOf() })!;
    packTemplate({ path: PATH, template: templateOf({ spec: { podAnnotations: { a: 'other' } } }) });
    expect(packTemplate({ path: PATH, template: templateOf() })).to.deep.equal(packed);
    expect(packed.values.length + packed.shape.length).to.be.below(2_000);
  });

  it('is not kept when it would crowd out other annotations', () => {
    const noise = (): string => randomBytes(3_000).toString('base64').slice(0, 4_000);
    const podAnnotations = Object.fromEntries(Array.from({ length: 24 }, (_, index) => [`a${index}`, noise()]));
    expect(packTemplate({ path: PATH, template: templateOf({ spec: { podAnnotations } }) })).to.equal(undefined);
  });

  it('is kept with the labels of a thousand classes', () => {
    const labels = Array.from({ length: 1_000 }, (_, index) => `n${index * 7_919} class of things, number ${index}`);
    expect(packTemplate({ path: PATH, template: templateOf({ spec: { model: { labels } } }) })).to.not.equal(undefined);
  });

  const whole = packTemplate({ path: PATH, template: templateOf() })!;
  /** A template of that hash, the path in it so many times. */
  const repeating = (times: number): Partial<PackedTemplate> => {
    const annotations = { 'modeldeployment.dev/template-hash': whole.hash };
    const template = { metadata: { annotations }, places: Array.from({ length: times }, () => '\u0002') };
    const shape = deflateRawSync(JSON.stringify({ path: PATH, template })).toString('base64');
    return { shape, values: JSON.stringify([whole.hash, PATH.repeat(1_000)]) };
  };

  it('may have the same value in many places', () => {
    expect(unpackTemplate({ ...whole, ...repeating(10) })?.template)
      .to.have.property('places')
      .of.length(10);
  });

  const SPOILT: readonly (readonly [name: string, packed: Partial<PackedTemplate>])[] = [
    ['cut off', { shape: whole.shape.slice(0, 200) }],
    ['not compressed', { shape: Buffer.from('{}').toString('base64') }],
    ['of another hash', { values: whole.values.replace(whole.hash, 'abc'), hash: whole.hash }],
    ['empty', { shape: '' }],
    ['null', { shape: deflateRawSync('null').toString('base64') }],
    ['without its values', { values: JSON.stringify([whole.hash]) }],
    ['of values that would become gigabytes', repeating(100_000)],
  ];
  for (const [name, spoilt] of SPOILT) {
    it(`is none when somebody edited it: ${name}`, () => {
      expect(unpackTemplate({ ...whole, ...spoilt })).to.equal(undefined);
    });
  }

  for (const values of [undefined, '', 'no list', '[]', '{}', '[1]', '["a", 2]']) {
    it(`is not read beside ${JSON.stringify(values)}`, () => {
      expect(readPacked(values, whole.shape)).to.equal(undefined);
    });
  }

  it('is not read without the template', () => {
    expect(readPacked(whole.values, undefined)).to.equal(undefined);
  });
});

function throughAnnotations({ values, shape }: PackedTemplate): unknown {
  return unpackTemplate(readPacked(values, shape)!);
}
