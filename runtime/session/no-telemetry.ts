/**
 * Imported before anything that loads or starts onnxruntime. Its native library sends telemetry and leaves `.ses` and `mat-debug-*.log` files in the
 * temporary folder unless this is set in the environment of the process; a worker thread's own `process.env` is a copy that native code does not see.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
