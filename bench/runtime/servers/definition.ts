import type { Format } from '../formats.ts';
import type { BenchModel } from '../models.ts';

/** How a server program is started for a model, and what it understands. */
export interface ServerDefinition {
  /** Key in results, e.g. `ours`. */
  readonly name: string;
  readonly title: string;
  command(model: BenchModel, port: number): ServerCommand;
  /** Answers 200 once predictions are served. */
  readonly readyPath: string;
  /** Undefined: it has no such format. */
  protocol(format: 'v1' | 'v2-binary', model: BenchModel): Protocol | undefined;
}

export interface ServerCommand {
  readonly command: readonly string[];
  /** To start it in; default: that of this process. */
  readonly folder?: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Protocol {
  readonly format: Format;
  readonly path: string;
  /** False: it computes nothing, so that there is nothing to compare. */
  readonly hasAnswers: boolean;
}
