import type { PlainClasses } from '../../presentation/classify-row.ts';
import { float32Text } from '../../tensor/decimal.ts';
import type { JsonValue } from '../../tensor/element.ts';
import { stringifyJson } from '../stringify-json.ts';

/** Members before the numbers, by key: `{"a":`, `,"b":`. Made once per list of keys and its length. */
const MEMBERS = new WeakMap<readonly string[], readonly string[]>();

/**
 * The body of a V1 answer in rows for a classifier, written without making values of it first: the same text as `encodeV1Response` makes of what
 * the presenter gives.
 */
export function encodeV1Classes(classes: PlainClasses, rows: number, warnings: readonly string[]): string {
  const { kind, keys, isNarrow } = classes;
  const members = membersOf(keys);
  const numberText = isNarrow ? narrowText : wideText;
  const labels = new LabelTexts();
  let text = '{"predictions":[';
  for (let row = 0; row < rows; row += 1) {
    text += `${row === 0 ? '' : ','}{"label":${labels.of(classes.label(row))},"${kind}":`;
    const values = classes.values(row);
    for (let column = 0; column < values.length; column += 1) {
      text += (members[column] ?? '') + numberText(values[column] ?? Number.NaN);
    }
    text += values.length === 0 ? '{}}' : '}}';
  }
  return `${text}]${warnings.length === 0 ? '' : `,"warnings":${stringifyJson(warnings)}`}}`;
}

function membersOf(keys: readonly string[]): readonly string[] {
  const known = MEMBERS.get(keys);
  if (known?.length === keys.length) return known;
  const members = keys.map((key, column) => `${column === 0 ? '{' : ','}${stringifyJson(key)}:`);
  MEMBERS.set(keys, members);
  return members;
}

/** Labels as JSON text; neighbours often have the same. */
class LabelTexts {
  #last: JsonValue | undefined;
  #text = '';

  of(label: JsonValue): string {
    if (label !== this.#last || this.#text === '') {
      this.#last = label;
      this.#text = stringifyJson(label);
    }
    return this.#text;
  }
}

/** As the presenter rounds it before it is shown. */
function narrowText(value: number): string {
  return float32Text(Math.fround(value));
}

function wideText(value: number): string {
  return Number.isFinite(value) ? `${value}` : 'null';
}
