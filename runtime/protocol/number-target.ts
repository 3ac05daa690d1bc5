/** Arrays that numbers are read into. */
type FloatArray = Float32Array | Float64Array;

/** Elements that are kept from request to request; 512 KiB for each datatype. */
const KEPT_ELEMENTS = 64 * 1024;
const KEPT = { FP32: new Float32Array(KEPT_ELEMENTS), FP64: new Float64Array(KEPT_ELEMENTS) } as const;

/** Float datatypes that numbers in JSON can be read into directly. */
export type NumberDatatype = keyof typeof KEPT;

export function isNumberDatatype(datatype: string): datatype is NumberDatatype {
  return Object.hasOwn(KEPT, datatype);
}

/** Room for so many elements, to be copied from before the next call: mostly the same array again. */
export function roomFor(datatype: NumberDatatype, elements: number): FloatArray {
  if (elements <= KEPT_ELEMENTS) return KEPT[datatype];
  return datatype === 'FP32' ? new Float32Array(elements) : new Float64Array(elements);
}
