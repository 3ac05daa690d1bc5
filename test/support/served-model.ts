import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelSignature } from '../../runtime/onnx/signature.ts';
import { prepareModel } from '../../runtime/prepare-model.ts';
import { applyModelSettings, type ModelSettings } from '../../runtime/presentation/settings.ts';
import { settleScoreKinds } from '../../runtime/presentation/settle.ts';
import { decodeV1Request } from '../../runtime/protocol/v1/decode-request.ts';
import { stringifyJson } from '../../runtime/protocol/stringify-json.ts';
import { createInlineSession } from '../../runtime/session/inline-session.ts';
import type { Session } from '../../runtime/session/session.ts';
import type { JsonValue } from '../../runtime/tensor/element.ts';
import type { SampleModel } from './models.ts';

/** A sample model, loaded into this process and warmed up with its own rows. */
export interface ServedModel extends AsyncDisposable {
  readonly signature: ModelSignature;
  readonly session: Session;
}

const AUTO: ModelSettings = { task: 'Auto', labels: undefined, activation: 'None' };

export async function serveSample(model: SampleModel, settings: ModelSettings = AUTO): Promise<ServedModel> {
  const directory = await mkdtemp(join(tmpdir(), 'served-model-'));
  const { prepared, file } = await prepareModel(model.file, directory);
  const declared = applyModelSettings(prepared, settings);
  const session = await createInlineSession(file);
  const { feeds, rows } = decodeV1Request(bodyOf(model, declared.fixedBatch), declared);
  const outputs = await session.run(feeds, declared.presentation.outputs);
  return {
    signature: { ...declared, presentation: settleScoreKinds(declared.presentation, outputs, rows) },
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** A V1 request with the model's rows, or the first `count` of them. */
export function bodyOf({ rows }: SampleModel, count?: number): string {
  return stringifyJson({ instances: rows.slice(0, count) as JsonValue[] });
}
