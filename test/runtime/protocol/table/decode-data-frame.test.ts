import { expect } from 'chai';
import { RequestError } from '../../../../runtime/errors.ts';
import { decodeV1Request } from '../../../../runtime/protocol/v1/decode-request.ts';
import { SAMPLES } from '../../../support/signatures.ts';
import { thrownBy } from '../../../support/thrown.ts';

const COLUMNS = '"columns": ["plan", "age", "Amount (EUR)", "monthly_fee"]';
const JANE = '{"age": 65, "monthly_fee": null, "plan": "plus", "Amount (EUR)": 3}';
const TABLE = `{${COLUMNS}, "index": [7], "data": [["plus", 65, 3, null]]}`;
const WIDE = '{"columns": ["id"], "data": [[9007199254740993]]}';

/** DataFrames in JSON are V1 requests by another spelling. */
describe('decoding DataFrames in JSON', () => {
  for (const [name, body, model, same] of [
    ['orient=split', TABLE, 'customers', `{"instances": [${JANE}]}`],
    ['dataframe_split', `{"dataframe_split": ${TABLE}}`, 'customers', `{"instances": [${JANE}]}`],
    ['orient=records', `[${JANE}, ${JANE}]`, 'customers', `{"instances": [${JANE}, ${JANE}]}`],
    ['dataframe_records', `{"dataframe_records": [${JANE}]}`, 'customers', `{"instances": [${JANE}]}`],
    [
      'split for a model without columns, named by position',
      '{"columns": [0, 1, 2, 3], "data": [[1, 2, 3, null], [5, 6, 7, 8]]}',
      'iris',
      '{"instances": [[1, 2, 3, null], [5, 6, 7, 8]]}',
    ],
    [
      'split with one column of lists',
      '{"columns": ["X"], "data": [[[1, 2, 3, 4]]]}',
      'iris',
      '{"instances": [[1, 2, 3, 4]]}',
    ],
    [
      'split with columns of lists',
      '{"columns": ["mask", "tokens"], "data": [[[1, 1], [3, 4]]]}',
      'tokens',
      '{"instances": [{"tokens": [3, 4], "mask": [1, 1]}]}',
    ],
    [
      'split of an image, flat',
      '{"columns": [0, 1, 2, 3, 4, 5], "data": [[1, 2, 3, 4, 5, 6]]}',
      'image',
      '{"instances": [[[1, 2, 3], [4, 5, 6]]]}',
    ],
    [
      'split of an image, nested',
      '{"columns": [0, 1], "data": [[[1, 2, 3], [4, 5, 6]]]}',
      'image',
      '{"instances": [[[1, 2, 3], [4, 5, 6]]]}',
    ],
    ['integers with all their digits', WIDE, 'wide', '{"instances": [9007199254740993]}'],
    [
      'options beside the table',
      `{"dataframe_split": {"columns": ["a", "b", "c", "d"], "data": [[1, 2, 3, 4]]}, "parameters": {"topK": 1}}`,
      'iris',
      '{"instances": [[1, 2, 3, 4]], "parameters": {"topK": 1}}',
    ],
    [
      'bare NaN',
      '{"columns": ["a", "b", "c", "d"], "data": [[1, 2, 3, NaN]]}',
      'iris',
      '{"instances": [[1, 2, 3, null]]}',
    ],
  ] as const) {
    it(`takes ${name}`, () => {
      expect(decodeV1Request(body, SAMPLES[model])).to.deep.equal(decodeV1Request(same, SAMPLES[model]));
    });
  }

  const split = (rest: string): string => `{"dataframe_split": ${rest}}`;
  for (const [name, body, model, message] of [
    [
      'a split that is none',
      split('3'),
      'iris',
      'dataframe_split: expected an object with "columns" and "data", got the number 3',
    ],
    [
      'a split without data',
      split('{"columns": []}'),
      'iris',
      'dataframe_split: expected an object with "columns" and "data", got only "columns"',
    ],
    [
      'columns that are none',
      split('{"columns": 3, "data": []}'),
      'iris',
      'dataframe_split.columns: expected a list of column names, got the number 3',
    ],
    [
      'columns of several levels',
      split('{"columns": [["a", "b"]], "data": []}'),
      'iris',
      'dataframe_split.columns[0]: expected a column name, got a list of 2',
    ],
    ['data that is none', '{"columns": [], "data": {}}', 'iris', 'data: expected a list of rows, got an object'],
    ['no rows', '{"columns": ["a"], "data": []}', 'iris', 'data: expected at least one row, got none'],
    [
      'a row that is none',
      '{"columns": ["a"], "data": [3]}',
      'iris',
      'data[0]: expected a list of cells, one for each column, got the number 3',
    ],
    [
      'too few columns',
      '{"columns": ["a"], "data": [[1]]}',
      'iris',
      'columns: expected 4 columns for "X" [-1,4], got 1',
    ],
    [
      'a row that does not fit the columns',
      '{"columns": ["a", "b", "c", "d"], "data": [[1, 2, 3, 4], [1, 2, 3]]}',
      'iris',
      'data[1]: expected 4 cells, got 3',
    ],
    [
      'a cell that does not fit',
      split('{"columns": ["a", "b", "c", "d"], "data": [[1, 2, 3, 4], [1, 2, "x", 4]]}'),
      'iris',
      'dataframe_split.data[1][2] (column "c"): expected a number, got the string "x"',
    ],
    [
      'a cell of a column that does not fit',
      split(TABLE.replace('65', '6.5')),
      'customers',
      'dataframe_split.data[0][1] (column "age"): expected an integer, got the number 6.5',
    ],
    [
      'a misspelt column',
      TABLE.replace('"age"', '"Age"'),
      'customers',
      'columns: unknown column "Age"; did you mean "age"?',
    ],
    [
      'a column twice',
      TABLE.replace('"plan"', '"age"'),
      'customers',
      'columns: the column "age" comes twice; send it once',
    ],
    [
      'a column named __proto__',
      TABLE.replace('"plan"', '"__proto__"'),
      'customers',
      'columns: unknown column "__proto__"; the model has "age", "monthly_fee", "plan", "Amount__EUR_"',
    ],
    [
      'no batch axis',
      '{"columns": ["a"], "data": [[1]]}',
      'vector',
      'data: this model has no batch axis, so a table does not fit it; send JSON',
    ],
    [
      'records that are none',
      '{"dataframe_records": {"age": 3}}',
      'customers',
      'dataframe_records: expected a list of rows, got an object',
    ],
    [
      'no records',
      '{"dataframe_records": []}',
      'customers',
      'dataframe_records: expected at least one row, got an empty list',
    ],
    [
      'a record with a wrong value',
      `[${JANE}, ${JANE.replace('65', '"65"')}]`,
      'customers',
      'body[1].age: expected an integer, got the string "65"',
    ],
    [
      'records for a model without columns',
      '[{"a": 1, "b": 2, "c": 3, "d": 4}]',
      'iris',
      'body[0]: expected a bare value for the one input "X", which has no named columns, got an object of 4 keys',
    ],
    [
      'two tables',
      `{"dataframe_split": ${TABLE}, "dataframe_records": []}`,
      'customers',
      'body: expected "instances" (a list of rows) or "inputs", got only "dataframe_split", "dataframe_records"',
    ],
    [
      'a misspelt key',
      '{"dataframe_record": []}',
      'customers',
      'body: unknown key "dataframe_record"; did you mean "dataframe_records"?',
    ],
    [
      'deep lists',
      `{"columns": ["a"], "data": [${'['.repeat(200)}${']'.repeat(200)}]}`,
      'iris',
      'body: lists and objects are nested more than 100 deep',
    ],
  ] as const) {
    it(`refuses ${name}`, () => {
      const error = thrownBy(RequestError, () => decodeV1Request(body, SAMPLES[model]));
      expect([error.code, error.message]).to.deep.equal(['InvalidInput', message]);
    });
  }
});
