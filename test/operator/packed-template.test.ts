import { randomBytes } from 'node:crypto';
import type { V1Deployment, V1PodTemplateSpec } from '@kubernetes/client-node';
import { expect } from 'chai';
import { generationOf, packTemplate, readPacked, unpackTemplate } from '../../operator/packed-template.ts';
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
  it('comes out as it went in, by way of an annotation', () => {
    const template = templateOf({ spec: { podAnnotations: { 'a/b': 'é "quoted"' } } });
    const { text } = packTemplate({ path: PATH, template })!;
    expect(unpackTemplate(readPacked(text)!)).to.deep.equal({ path: PATH, template });
  });

  it('tells its generation, to those who ask for its path', () => {
    const packed = packTemplate({ path: PATH, template: templateOf() })!;
    expect(generationOf(packed, PATH)).to.equal('1718000000000000');
    expect(generationOf(packed, 'gs://models/other.onnx')).to.equal(undefined);
  });

  it('is the same text for the same template, and small', () => {
    const { text } = packTemplate({ path: PATH, template: templateOf() })!;
    expect(packTemplate({ path: PATH, template: templateOf() })?.text).to.equal(text);
    expect(text.length).to.be.below(2_000);
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
  const SPOILT: readonly (readonly [name: string, text: string])[] = [
    ['cut off', whole.text.slice(0, 200)],
    ['not compressed', `${whole.hash}:${Buffer.from('{}').toString('base64')}`],
    ['of another hash', `abc${whole.text.slice(whole.text.indexOf(':'))}`],
    ['empty behind the hash', `${whole.hash}:`],
  ];
  for (const [name, text] of SPOILT) {
    it(`is none when somebody edited it: ${name}`, () => {
      expect(unpackTemplate(readPacked(text)!)).to.equal(undefined);
    });
  }

  for (const text of [undefined, '', 'no hash', ':', 'xyz:abc']) {
    it(`is not read from ${JSON.stringify(text)}`, () => {
      expect(readPacked(text)).to.equal(undefined);
    });
  }
});
