import { expect } from 'chai';
import { RequestError } from '../../../../runtime/errors.ts';
import { decodeIndexRequest } from '../../../../runtime/protocol/v2/decode-index-request.ts';
import { thrownBy } from '../../../support/thrown.ts';

describe('decodeIndexRequest', () => {
  const accepted: readonly (readonly [body: string, readyOnly: boolean])[] = [
    ['', false],
    ['{}', false],
    ['{"ready": null}', false],
    ['{"ready": false}', false],
    ['{"ready": true}', true],
    ['{"ready": true, "other": 1}', true],
  ];
  for (const [body, readyOnly] of accepted) {
    it(`takes ${body === '' ? 'nothing' : body}`, () => {
      expect(decodeIndexRequest(Buffer.from(body))).to.deep.equal({ readyOnly });
    });
  }

  const refused: readonly (readonly [body: string, error: string])[] = [
    ['[]', 'body: expected an object, got an empty list'],
    ['{"ready": "yes"}', 'ready: expected true or false, got the string "yes"'],
    ['ready', 'body: Unexpected token \'r\', "ready" is not valid JSON'],
  ];
  for (const [body, error] of refused) {
    it(`refuses ${body}`, () => {
      const thrown = thrownBy(RequestError, () => decodeIndexRequest(Buffer.from(body)));
      expect([thrown.code, thrown.message]).to.deep.equal(['InvalidInput', error]);
    });
  }
});
