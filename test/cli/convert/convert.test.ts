import { expect } from 'chai';
import { parse } from 'yaml';
import { convertObject } from '../../../cli/convert/convert.ts';
import { API_VERSION, KIND } from '../../../operator/api/model-deployment.ts';
import { KSERVE, SELDON, VERTEX, type ConversionCase } from './cases.ts';

function check({ name, source, result, refused = [], notes = [] }: ConversionCase): void {
  it(`${result ? 'converts' : 'refuses'} ${name}`, () => {
    const { yaml, refusals, notes: told } = convertObject(parse(source));
    const texts = refusals.map(({ field, reason }) => `${field}: ${reason}`);
    expect(texts, texts.join('\n')).to.have.length(refused.length);
    for (const [index, text] of texts.entries()) expect(text.startsWith(refused[index]!), text).to.equal(true);
    for (const note of notes) expect(told.join('\n')).to.include(note);
    if (!result) expect(yaml).to.equal(undefined);
    else expect(parse(yaml!)).to.deep.equal({ apiVersion: API_VERSION, kind: KIND, ...result });
  });
}

describe('convert from KServe', () => KSERVE.forEach(check));
describe('convert from Seldon Core 2', () => SELDON.forEach(check));
describe('convert from Vertex AI', () => VERTEX.forEach(check));

describe('convert', () => {
  it('puts its notes in front of the YAML as comments', () => {
    const { yaml, notes } = convertObject(parse(KSERVE[0]!.source));
    expect(yaml!.split('\n').slice(0, notes.length)).to.deep.equal(notes.map((note) => `# ${note}`));
  });

  it('loses no field without a word: each of a filled object is taken, noted or refused', () => {
    for (const { source } of [...KSERVE, ...SELDON, ...VERTEX]) {
      const object = parse(source) as { spec?: Record<string, unknown>; unheardOf?: unknown };
      object.unheardOf = { deep: [1] };
      if (object.spec) object.spec['unheardOf'] = 'x';
      const fields = convertObject(object).refusals.map(({ field }) => field);
      const wrapped = 'model' in object && !object.spec;
      if (!wrapped) expect(fields).to.include('unheardOf.deep');
      if (object.spec) expect(fields).to.include('spec.unheardOf');
    }
  });

  for (const value of [
    null,
    'text',
    5,
    [],
    {},
    { kind: 'Pod', apiVersion: 'v1' },
    { kind: 'InferenceService', apiVersion: 'v1' },
  ]) {
    it(`refuses ${JSON.stringify(value)}`, () => {
      const { yaml, refusals } = convertObject(value);
      expect(yaml).to.equal(undefined);
      expect(refusals).to.have.length(1);
      expect(refusals[0]!.reason).to.match(/^is none of: InferenceService/);
    });
  }
});
