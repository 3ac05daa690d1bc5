import { expect } from 'chai';
import { RequestError } from '../../../../runtime/errors.ts';
import type { ModelSignature } from '../../../../runtime/onnx/signature.ts';
import { type CsvHeader, decodeCsvRequest } from '../../../../runtime/protocol/csv/decode-request.ts';
import { decodeV1Request } from '../../../../runtime/protocol/v1/decode-request.ts';
import { SAMPLES, signatureOf } from '../../../support/signatures.ts';
import { thrownBy } from '../../../support/thrown.ts';

const CUSTOMERS = 'age,monthly_fee,plan,Amount__EUR_';
const JANE = { age: 65, monthly_fee: 16.5, plan: 'plus', Amount__EUR_: -1e3 };
const BOB = { age: 33, monthly_fee: null, plan: 'a, "b"\r\nc', Amount__EUR_: 'Infinity' };
const LONG = signatureOf([['x', 'FP32', [-1, -1]]]);

interface Good {
  readonly name: string;
  readonly csv: string;
  readonly signature: ModelSignature;
  readonly instances: readonly unknown[];
  readonly header?: CsvHeader;
}

describe('decoding CSV requests', () => {
  const decode = (csv: string | Uint8Array, signature: ModelSignature, header?: CsvHeader) =>
    decodeCsvRequest(Buffer.from(csv), signature, header);

  const good: Good[] = [
    {
      name: 'no header',
      csv: '1,2,3,4\n5,6,7,8\n',
      signature: SAMPLES.iris,
      instances: [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    },
    { name: 'no line end at the end', csv: '1,2,3,4', signature: SAMPLES.iris, instances: [[1, 2, 3, 4]] },
    {
      name: 'CRLF, a byte order mark, empty lines',
      csv: '\uFEFF1,2,3,4\r\n\r\n5,6,7,8\r\n',
      signature: SAMPLES.iris,
      instances: [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    },
    {
      name: 'CR',
      csv: '1,2,3,4\r5,6,7,8',
      signature: SAMPLES.iris,
      instances: [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    },
    {
      name: 'any header for a model without columns',
      csv: 'sepal length (cm),"sepal width",petal,p\n1,2,3,4',
      signature: SAMPLES.iris,
      instances: [[1, 2, 3, 4]],
    },
    {
      name: "pandas' index",
      csv: ',a,b,c,d\n0,1,2,3,4\n1,5,6,7,8',
      signature: SAMPLES.iris,
      instances: [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    },
    { name: 'forms of numbers', csv: '+1,.5,-2.,1e-3', signature: SAMPLES.iris, instances: [[1, 0.5, -2, 0.001]] },
    {
      name: 'spaces and quotes around numbers',
      csv: ' 1 ,"2",\t3,4 ',
      signature: SAMPLES.iris,
      instances: [[1, 2, 3, 4]],
    },
    {
      name: 'missing and infinite values',
      csv: ',NaN,inf,-Infinity\n"",NA,null,<NA>',
      signature: SAMPLES.iris,
      instances: [
        [null, null, 'Infinity', '-Infinity'],
        [null, null, null, null],
      ],
    },
    { name: 'nothing but missing values', csv: ',,,', signature: SAMPLES.iris, instances: [[null, null, null, null]] },
    {
      name: 'booleans',
      csv: 'True,FALSE\n1,0',
      signature: SAMPLES.flags,
      instances: [
        [true, false],
        [true, false],
      ],
    },
    {
      name: 'integers with all their digits',
      csv: '9223372036854775807\n-9223372036854775808',
      signature: SAMPLES.wide,
      instances: ['9223372036854775807', '-9223372036854775808'],
    },
    { name: 'whole floats for integers', csv: '3.0,1e1', signature: SAMPLES.small, instances: [[3, 10]] },
    {
      name: 'an image, flat',
      csv: '1,2,3,4,5,6',
      signature: SAMPLES.image,
      instances: [
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
      ],
    },
    {
      name: 'a free length',
      csv: '1,2,3\n4,5,6',
      signature: LONG,
      instances: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    },
    {
      name: 'one column of text',
      csv: 'hello\n"a, ""b"""',
      signature: SAMPLES.text,
      instances: [['hello'], ['a, "b"']],
    },
    { name: 'one column of text under its name', csv: 'text\nhello', signature: SAMPLES.text, instances: [['hello']] },
    {
      name: 'text that is like a number or a missing value',
      csv: '1.50\nNaN\n""\n  x ',
      signature: SAMPLES.text,
      instances: [['1.50'], ['NaN'], [''], ['  x ']],
    },
    {
      name: 'columns by name, in any order',
      csv: 'plan,Amount__EUR_,age,monthly_fee\nplus,-1e3,65,16.5',
      signature: SAMPLES.customers,
      instances: [JANE],
    },
    {
      name: "columns by the DataFrame's names",
      csv: 'age,monthly_fee,plan,Amount (EUR)\n65,16.5,plus,-1e3',
      signature: SAMPLES.customers,
      instances: [JANE],
    },
    {
      name: 'columns in the order of the inputs',
      csv: '65,16.5,plus,-1e3',
      signature: SAMPLES.customers,
      instances: [JANE],
    },
    {
      name: 'columns beside an index',
      csv: `,${CUSTOMERS}\n7,65,16.5,plus,-1e3`,
      signature: SAMPLES.customers,
      instances: [JANE],
    },
    {
      name: 'quotes, commas and line ends in a field',
      csv: `${CUSTOMERS}\r\n65,16.5,plus,-1e3\r\n33,,"a, ""b""\r\nc",inf\r\n`,
      signature: SAMPLES.customers,
      instances: [JANE, BOB],
    },
    {
      name: 'a header of numbers that is said to be one',
      csv: '0,1,2,3\n1,2,3,4',
      signature: SAMPLES.iris,
      instances: [[1, 2, 3, 4]],
      header: 'present',
    },
    {
      name: 'a name that is said to be none',
      csv: 'text\nhello',
      signature: SAMPLES.text,
      instances: [['text'], ['hello']],
      header: 'absent',
    },
  ];
  for (const { name, csv, signature, instances, header } of good) {
    it(`takes ${name}`, () => {
      const json = JSON.stringify({ instances }).replaceAll(/"(-?\d{19})"/g, '$1');
      const { feeds, rows, form, parameters, outputs } = decodeV1Request(json, signature);
      expect(decode(csv, signature, header)).to.deep.equal({ feeds, rows, form, parameters, outputs });
    });
  }

  for (const [name, csv, signature, message] of [
    ['nothing', '', SAMPLES.iris, 'body: expected CSV with a row a line, got nothing'],
    ['empty lines', '\r\n\n', SAMPLES.iris, 'body: expected CSV with a row a line, got nothing'],
    ['a header alone', CUSTOMERS, SAMPLES.customers, 'body: expected at least one row, got none'],
    [
      'what is no UTF-8',
      Buffer.from([0x31, 0xff]),
      SAMPLES.iris,
      'body: expected UTF-8 text; this model takes text, not arbitrary bytes',
    ],
    ['too few cells', '1,2,3,4\n1,2,3', SAMPLES.iris, 'row 2: expected 4 numbers, got 3'],
    ['too many cells', '1,2,3,4,5', SAMPLES.iris, 'row 1: expected 4 numbers, got 5'],
    ['semicolons', '1;2;3;4', SAMPLES.iris, 'body: expected at least one row, got none'],
    ['a header of the wrong width', 'a,b,c\n1,2,3', SAMPLES.iris, 'header: expected 4 columns for "X" [-1,4], got 3'],
    ['a row that does not fit the header', 'a,b,c,d\n1,2,3,4\n1,2,3', SAMPLES.iris, 'row 2: expected 4 cells, got 3'],
    ['text for a number', '1,2,3,4\n1,2,x,4', SAMPLES.iris, 'row 2, column 3: expected a number, got the string "x"'],
    [
      'text for a number in a first line',
      '1,abc,3,4',
      SAMPLES.iris,
      'row 1, column 2: expected a number, got the string "abc"',
    ],
    [
      'text for a number under a header',
      'a,b,c,d\n1,2,x,4',
      SAMPLES.iris,
      'row 1, column "c": expected a number, got the string "x"',
    ],
    ['hexadecimal', '0x10,2,3,4', SAMPLES.iris, 'row 1, column 1: expected a number, got the string "0x10"'],
    ['thousands', '"1,000",2,3,4', SAMPLES.iris, 'row 1, column 1: expected a number, got the string "1,000"'],
    [
      'a number beyond float32',
      '1e39,2,3,4',
      SAMPLES.iris,
      'row 1, column 1: expected a number within the range of FP32, got the number 1e+39',
    ],
    [
      'a number beyond all',
      '1e999,2,3,4',
      SAMPLES.iris,
      'row 1, column 1: expected a number within the range of FP32, got a number beyond 1.8e308',
    ],
    [
      'a fraction for an integer',
      `${CUSTOMERS}\n6.5,1,a,1`,
      SAMPLES.customers,
      'row 1, column "age": expected an integer, got the number 6.5',
    ],
    [
      'a missing integer',
      `${CUSTOMERS}\n,1,a,1`,
      SAMPLES.customers,
      'row 1, column "age": expected an integer, got null; only float inputs can hold missing values',
    ],
    ['a missing text', `${CUSTOMERS}\n1,1,,1`, SAMPLES.customers, 'row 1, column "plan": expected a string, got null'],
    [
      'a misspelt column',
      'Age,monthly_fee,plan,Amount (EUR)\n1,1,a,1',
      SAMPLES.customers,
      'header: unknown column "Age"; did you mean "age"?',
    ],
    [
      'a column that is not there',
      'age,monthly_fee,plan\n1,1,a',
      SAMPLES.customers,
      'header: missing column "Amount__EUR_"',
    ],
    [
      'one column more',
      `${CUSTOMERS},x\n1,1,a,1,2`,
      SAMPLES.customers,
      'header: unknown column "x"; the model has "age", "monthly_fee", "plan", "Amount__EUR_"',
    ],
    [
      'a column twice',
      `${CUSTOMERS},age\n1,1,a,1,2`,
      SAMPLES.customers,
      'header: the column "age" comes twice; send it once',
    ],
    [
      'a column under two names',
      `${CUSTOMERS},Amount (EUR)\n1,1,a,1,2`,
      SAMPLES.customers,
      'header: "Amount__EUR_" and "Amount (EUR)" both name the column "Amount__EUR_"; send it once',
    ],
    ['no header and too few columns', '1,1,a', SAMPLES.customers, 'row 1: expected 4 cells, got 3'],
    [
      'no header and text in place of a number',
      'a,1,a,1',
      SAMPLES.customers,
      'row 1, column 1 "age": expected an integer, got the string "a"',
    ],
    ['a quote that is not closed', '1,2,3,4\n1,"2,3,4\n', SAMPLES.iris, 'line 2: this quote is never closed'],
    [
      'text after a quote',
      '1,2,3,4\r\n1,"2"x,3,4',
      SAMPLES.iris,
      'line 2: expected a comma or the end of the line after a closing quote',
    ],
    [
      'lists in columns',
      'tokens,mask\n1,1',
      SAMPLES.tokens,
      'row 1, column "tokens": expected a list of integers, got the number 1',
    ],
    ['an unknown shape', '1,2', SAMPLES.anyRank, 'body: cells cannot be put into "x" of shape unknown; send JSON'],
    [
      'rows of different lengths',
      '1,2\n1',
      LONG,
      'row 2: expected 2 numbers as in the first, got 1; pad the values of one request to one length',
    ],
    [
      'no batch axis',
      '1,2,3',
      SAMPLES.vector,
      'body: this model has no batch axis, so a table does not fit it; send JSON',
    ],
    [
      'U+0000',
      'a\0b',
      SAMPLES.text,
      'body: expected a string without the character U+0000, at which it would be cut off',
    ],
  ] as const satisfies readonly (readonly [string, string | Uint8Array, ModelSignature, string])[]) {
    it(`refuses ${name}`, () => {
      const error = thrownBy(RequestError, () => decode(csv, signature));
      expect([error.code, error.message]).to.deep.equal(['InvalidInput', message]);
    });
  }

  it('refuses or takes whatever comes, and nothing else', () => {
    let seed = 5;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const pieces = [
      '1',
      '-2.5',
      ',',
      ',',
      ',',
      '\n',
      '\r\n',
      '"',
      '""',
      'age',
      'plan',
      'NaN',
      'ü',
      '1e999',
      '',
      ' ',
      '\uFEFF',
      '__proto__',
      'text',
      'X',
    ];
    let taken = 0;
    for (let round = 0; round < 5000; round += 1) {
      const body = Buffer.from(Array.from({ length: 1 + random(12) }, () => pieces[random(pieces.length)]).join(''));
      if (random(4) === 0) body[random(body.length)] = random(256);
      const signature = [SAMPLES.iris, SAMPLES.text, SAMPLES.double, SAMPLES.customers, LONG][random(5)]!;
      try {
        const { rows, feeds } = decode(body, signature);
        for (const { shape, data } of feeds.values()) {
          expect([shape[0], data.length]).to.deep.equal([rows, shape.reduce((product, length) => product * length, 1)]);
        }
        taken += 1;
      } catch (error) {
        expect(error, body.toString()).to.be.instanceOf(RequestError).and.have.property('status', 400);
      }
    }
    expect(taken).to.be.above(200);
  });
});
