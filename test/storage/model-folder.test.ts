import { expect } from 'chai';
import { checkFileNames, pickModelFile } from '../../storage/model-folder.ts';
import { StorageError } from '../../storage/model-store.ts';
import { thrownBy } from '../support/thrown.ts';

describe('pickModelFile', () => {
  for (const [name, names, expected] of [
    ['the only .onnx', ['labels.json', 'model.onnx', 'model.onnx.data'], 'model.onnx'],
    ['in a subfolder', ['config.json', 'onnx/model.onnx'], 'onnx/model.onnx'],
    ['whatever its case', ['MODEL.ONNX'], 'MODEL.ONNX'],
  ] as const) {
    it(`takes ${name}`, () => {
      expect(pickModelFile(names, 'gs://b/iris/')).to.equal(expected);
    });
  }

  for (const [name, names, words] of [
    ['no .onnx', ['model.pkl'], ['holds no .onnx file', 'model.pkl', 'export']],
    ['several', ['b.onnx', 'v1/a.onnx', 'x.txt'], ['holds 2 models (b.onnx, v1/a.onnx)']],
    ['many', ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((n) => `${n}.onnx`), ['holds 7 models', 'and 2 more']],
  ] as const) {
    it(`refuses ${name}`, () => {
      const error = thrownBy(StorageError, () => pickModelFile(names, 'gs://b/iris/'));
      expect(error.reason).to.equal('ModelInvalid');
      for (const word of [...words, 'gs://b/iris/']) expect(error.message).to.include(word);
    });
  }
});

describe('checkFileNames', () => {
  for (const names of [['model.onnx', 'a/b/c.data', 'ü b/ü.data', '...', 'a..b']]) {
    it(`accepts ${names.join(', ')}`, () => {
      expect(() => checkFileNames(names, 'gs://b/')).not.to.throw();
    });
  }

  for (const [name, names, word] of [
    ['a parent folder', ['../model.onnx'], 'outside'],
    ['a parent folder further down', ['a/../../model.onnx'], 'outside'],
    ['an absolute name', ['/etc/passwd'], 'outside'],
    ['an empty segment', ['a//model.onnx'], 'outside'],
    ['a dot segment', ['./model.onnx'], 'outside'],
    ['a zero byte', ['mod\0el.onnx'], 'zero byte'],
    ['a name no file system takes', [`${'ü'.repeat(128)}.onnx`], 'too long'],
    ['a file that is also a folder', ['a', 'a/b/model.onnx'], 'below another file'],
    ['too many files', Array.from({ length: 1001 }, (_, i) => `${i}`), 'more than 1000 files'],
  ] as const) {
    it(`refuses ${name}`, () => {
      const error = thrownBy(StorageError, () => checkFileNames(names, 'gs://b/iris/'));
      expect(error.reason).to.equal('ModelInvalid');
      expect(error.message).to.include(word);
    });
  }
});
