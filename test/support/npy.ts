/** An .npy file, written without the code under test. */
export function npyOf(
  descr: string,
  shape: readonly number[],
  bytes: Uint8Array,
  { fortranOrder = false, version = 1 }: { readonly fortranOrder?: boolean; readonly version?: number } = {},
): Buffer {
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descr}', 'fortran_order': ${fortranOrder ? 'True' : 'False'}, 'shape': (${dimensions}), }`;
  return npyWithHeader(text, bytes, version);
}

/** An .npy file with this text for its header. */
export function npyWithHeader(text: string, bytes: Uint8Array, version = 1): Buffer {
  const lengthBytes = version === 1 ? 2 : 4;
  const start = 8 + lengthBytes;
  const length = Math.ceil((start + text.length + 1) / 64) * 64 - start;
  const head = Buffer.alloc(start);
  head.write('\x93NUMPY', 'latin1');
  head[6] = version;
  head.writeUIntLE(length, 8, lengthBytes);
  return Buffer.concat([head, Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1'), bytes]);
}
