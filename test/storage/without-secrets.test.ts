import { expect } from 'chai';
import { withoutSecrets } from '../../storage/without-secrets.ts';

describe('withoutSecrets', () => {
  for (const [name, text, expected] of [
    [
      'a signed URL',
      'GET https://host/models/m.onnx?X-Goog-Signature=abc failed',
      'GET https://host/models/m.onnx?... failed',
    ],
    ['a URL in quotes', 'at "https://host/a?b=c".', 'at "https://host/a?...".'],
    ['a bearer token', 'sent Authorization: Bearer ya29.a-b_c and', 'sent Authorization: Bearer ... and'],
    ['a JWT that asks for a token', 'grant_type=x&assertion=eyJ.a.b', 'grant_type=x&assertion= ...'],
    ['text without any', 'No such object: models/m.onnx', 'No such object: models/m.onnx'],
  ] as const) {
    it(`takes away ${name}`, () => {
      const { message, stack } = withoutSecrets(new Error(text)) as Error;
      expect(message).to.equal(expected);
      expect(stack).to.include(expected);
    });
  }

  it('keeps name, code and causes, and leaves every other field behind', () => {
    const cause = new TypeError('https://host/?secret');
    const error = Object.assign(new Error('failed', { cause }), { code: 403, config: { headers: 'secret' } });
    const copy = withoutSecrets(error) as Error & { code?: unknown };
    expect(Object.keys(copy).sort()).to.deep.equal(['code', 'name']);
    expect([copy.name, copy.code]).to.deep.equal(['Error', 403]);
    expect((copy.cause as Error).message).to.equal('https://host/?...');
    expect((copy.cause as Error).name).to.equal('TypeError');
  });

  it('makes nothing of what is no error', () => expect(withoutSecrets({ secret: 1 })).to.equal(undefined));
});
