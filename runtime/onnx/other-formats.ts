import { ModelFailure } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** Bytes from the start of a file that formats are told by. */
const HEAD_BYTES = 4096;

const EXPORT_SKLEARN = 'skl2onnx.to_onnx(model, X[:1])';
const EXPORT_TORCH = 'torch.onnx.export(model, example_inputs, "model.onnx")';

interface Format {
  /** What it is, to follow "The file is". */
  readonly what: string;
  /** What to do about it. */
  readonly advice: string;
  /** @param head the first 4,096 bytes, one character each */
  readonly matches: (head: string) => boolean;
}

const startsWith =
  (...magics: readonly string[]) =>
  (head: string): boolean =>
    magics.some((magic) => head.startsWith(magic));
const startsWithText =
  (pattern: RegExp) =>
  (head: string): boolean =>
    pattern.test(head.replace(/^\u00ef\u00bb\u00bf/, '').trimStart());

const PICKLE_ADVICE = `Export the model to ONNX where it was trained: ${EXPORT_SKLEARN} for scikit-learn, ${EXPORT_TORCH} for PyTorch, and upload that file.`;
const COMPRESSED_ADVICE = `Upload the .onnx file itself, not compressed; if it is a joblib file, export the model first: ${EXPORT_SKLEARN}.`;

/** What people upload instead of an ONNX file; the first that matches names it. */
const FORMATS: readonly Format[] = [
  {
    what: 'an HTML page, not an ONNX model',
    advice: 'The download link led to a web page (a login or error page): upload the .onnx file itself.',
    matches: startsWithText(/^<(?:!doctype html|html|head|body)/i),
  },
  {
    what: 'a Git LFS pointer, not the model itself',
    advice: 'Run "git lfs pull" and upload the real .onnx file.',
    matches: startsWith('version https://git-lfs'),
  },
  {
    what: 'XML text, not an ONNX model',
    advice: 'It may be an error answer of a storage service, or PMML: upload the .onnx file itself.',
    matches: startsWithText(/^<[?!a-z]/i),
  },
  {
    what: 'a LightGBM text model, not an ONNX model',
    advice: 'Convert it with onnxmltools.convert_lightgbm(model, initial_types=...) and upload the result.',
    matches: startsWithText(/^tree\s*\n(?:version|num_class)=/),
  },
  {
    what: 'an XGBoost model, not an ONNX model',
    advice: 'Convert it with onnxmltools.convert_xgboost(model, initial_types=...) and upload the result.',
    matches: (head) =>
      /^\{\s*"(?:learner|version)"/.test(head) || /^\{L[\s\S]{8}learner/.test(head) || head.startsWith('binf'),
  },
  {
    what: 'a CatBoost model, not an ONNX model',
    advice: 'Save it with model.save_model("model.onnx", format="onnx") and upload the result.',
    matches: startsWith('CBM1'),
  },
  {
    what: 'a joblib file (a Python pickle), not an ONNX model',
    advice: `Export the model where it was trained: ${EXPORT_SKLEARN}, and upload that file.`,
    matches: (head) => isPickle(head) && /joblib|sklearn/.test(head),
  },
  { what: 'a Python pickle, not an ONNX model', advice: PICKLE_ADVICE, matches: isPickle },
  {
    what: 'a zip archive, not an ONNX model',
    advice: `A .pt or .pth file of PyTorch is one: export it with ${EXPORT_TORCH}. A .keras file: python -m tf2onnx.convert. Else unpack it and upload the .onnx file.`,
    matches: startsWith('PK\u0003\u0004', 'PK\u0005\u0006'),
  },
  {
    what: 'an HDF5 file (Keras), not an ONNX model',
    advice:
      'Convert it with tf2onnx (python -m tf2onnx.convert --keras model.h5 --output model.onnx) and upload the result.',
    matches: startsWith('\u0089HDF\r\n\u001a\n'),
  },
  {
    what: 'a safetensors file (weights only), not an ONNX model',
    advice: `Load the weights into their model and export it: ${EXPORT_TORCH}, or optimum-cli export onnx for Hugging Face models.`,
    matches: (head) => /^[\s\S]{5}\0\0\0\{\s*"/.test(head),
  },
  {
    what: 'a compressed file, not an ONNX model',
    advice: COMPRESSED_ADVICE,
    matches: startsWith(
      '\u001f\u008b',
      'BZh',
      '\u00fd7zXZ\0',
      '\u0004"M\u0018',
      '(\u00b5/\u00fd',
      '7z\u00bc\u00af',
      'x\u0001',
      'x^',
      'x\u009c',
      'x\u00da',
    ),
  },
  {
    what: 'a tar archive, not an ONNX model',
    advice: 'Unpack it and upload the .onnx file with its side files.',
    matches: (head) => head.slice(257, 262) === 'ustar',
  },
  {
    what: 'a model in the ORT format, which only the build of onnxruntime that wrote it may read',
    advice: 'Upload the .onnx file that it was made from.',
    matches: (head) => head.slice(4, 8) === 'ORTM',
  },
  {
    what: 'a TensorFlow Lite model, not an ONNX model',
    advice:
      'Convert it with tf2onnx (python -m tf2onnx.convert --tflite model.tflite --output model.onnx) and upload the result.',
    matches: (head) => head.slice(4, 8) === 'TFL3',
  },
  {
    what: 'a GGUF file (a language model for llama.cpp), not an ONNX model',
    advice: 'Export the original model with optimum-cli export onnx and upload the result.',
    matches: startsWith('GGUF'),
  },
  {
    what: 'JSON text, not an ONNX model',
    advice: "Export the model with its library's ONNX exporter and upload the .onnx file.",
    matches: (head) => /^\s*[{[]/.test(head) && isText(head),
  },
  {
    what: 'text, not an ONNX model',
    advice: "Export the model with its library's ONNX exporter (ONNX files are binary) and upload the .onnx file.",
    matches: isText,
  },
];

/** Protocols 2 to 5 start with PROTO and their number; 0 and 1 are recognised by the module they import. */
function isPickle(head: string): boolean {
  const protocol = head.charCodeAt(1);
  return (head.startsWith('\u0080') && protocol >= 2 && protocol <= 5) || /^(?:\(?c|\(dp)[\w.]+\n\w+\n/.test(head);
}

/** Printable from the first byte on; no ONNX file is, as it starts with a field tag (08 or 0a) and a length. */
function isText(head: string): boolean {
  return (
    head.length >= 16 && !/[^\t\n\r\u0020-\u007e\u0080-\u00ff]/.test(head) && /^[\t\n\r\u0020-\u007e]{16}/.test(head)
  );
}

/**
 * Refuses files that are something else, each with what it is and what to do.
 * @throws ModelFailure ModelInvalid
 */
export function refuseOtherFormats(source: ByteSource): void {
  if (source.size === 0) {
    throw new ModelFailure('ModelInvalid', 'The model file is empty (0 bytes). Export the model again and upload it.');
  }
  const head = Buffer.from(source.read(0, HEAD_BYTES)).toString('latin1');
  const format = FORMATS.find(({ matches }) => matches(head));
  if (format) throw new ModelFailure('ModelInvalid', `The file is ${format.what}. ${format.advice}`);
}
