import { expect } from 'chai';
import { ModelFailure } from '../../../runtime/errors.ts';
import { metadataLabels, parseLabelsFile } from '../../../runtime/presentation/label-sources.ts';

describe('parseLabelsFile', () => {
  const GOOD: readonly (readonly [name: string, text: string, labels: readonly unknown[]])[] = [
    ['a list of names', '["cat", "dog"]', ['cat', 'dog']],
    ['integers', '[3, 8]', [3, 8]],
    ['booleans', '[false, true]', [false, true]],
    ['an object by index', '{"1": "dog", "0": "cat"}', ['cat', 'dog']],
    ['labels under a key', '{"labels": ["cat", "dog"]}', ['cat', 'dog']],
    ['id2label of Hugging Face', '{"id2label": {"0": "cat", "1": "dog"}, "label2id": {"cat": 0}}', ['cat', 'dog']],
  ];
  for (const [name, text, labels] of GOOD)
    it(`reads ${name}`, () => expect(parseLabelsFile(text)).to.deep.equal(labels));

  const BAD: readonly (readonly [name: string, text: string, says: RegExp])[] = [
    ['no JSON', 'cat, dog', /it is not JSON/],
    ['an empty list', '[]', /neither a list of names/],
    ['a list of lists', '[["cat"], ["dog"]]', /neither a list/],
    ['fractions', '[0.5, 1.5]', /neither a list/],
    ['gaps in the indices', '{"0": "cat", "2": "dog"}', /neither a list/],
    ['null', 'null', /neither a list/],
  ];
  for (const [name, text, says] of BAD) {
    it(`refuses ${name}`, () => {
      expect(() => parseLabelsFile(text))
        .to.throw(ModelFailure, says)
        .with.property('reason', 'ModelInvalid');
    });
  }
});

describe('metadataLabels', () => {
  const CASES: readonly (readonly [name: string, key: string, text: string, labels: readonly unknown[] | undefined])[] =
    [
      ['a JSON list', 'labels', '["cat", "dog"]', ['cat', 'dog']],
      ['a JSON object by index', 'id2label', '{"0": "cat", "1": "dog"}', ['cat', 'dog']],
      [
        "a Python dict (Ultralytics' names)",
        'names',
        "{0: 'person', 1: 'traffic light', 2: \"o'clock\"}",
        ['person', 'traffic light', "o'clock"],
      ],
      ['a Python list', 'classes', "['cat', 'dog']", ['cat', 'dog']],
      ['a Python tuple', 'classes', "('cat', 'dog')", ['cat', 'dog']],
      ['names between commas', 'class_names', 'cat, dog,  fox', ['cat', 'dog', 'fox']],
      ['a name per line', 'class_labels', 'cat\r\ndog', ['cat', 'dog']],
      ['one word', 'labels', 'yes', undefined],
      ['something that only looks like a list', 'labels', '[cat, dog', undefined],
      ['another key', 'author', '["cat", "dog"]', undefined],
    ];
  for (const [name, key, text, labels] of CASES) {
    it(`${labels ? 'reads' : 'passes over'} ${name}`, () => {
      expect(metadataLabels(new Map([[key, text]]))).to.deep.equal(labels);
    });
  }
});
