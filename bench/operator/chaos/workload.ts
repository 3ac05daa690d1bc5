import { makeModelDeployment, modelName, pathOf, send, type Bed } from '../bed.ts';
import { between, pick } from './faults.ts';

type Connection = Bed['connection'];

/** Users, pipelines and meddlers: changes ModelDeployments, models and children, one thing at a time. */
export class Workload {
  readonly #bed: Bed;
  readonly #random: () => number;
  readonly #count: number;
  /** Changes made, and those that the API server did not take (it was down). */
  done = 0;
  refused = 0;

  constructor(bed: Bed, { random, count }: { random: () => number; count: number }) {
    this.#bed = bed;
    this.#random = random;
    this.#count = count;
  }

  async create(index: number): Promise<void> {
    await send(this.#bed.connection, 'POST', pathOf('modelDeployment'), makeModelDeployment(this.#bed.store, index));
  }

  /** Some change to some object. Never rejects. */
  async step(): Promise<void> {
    const random = this.#random;
    const index = Math.floor(random() * this.#count);
    const change = pick(this.#changes, random);
    try {
      await change(this.#bed.connection, index);
      this.done += 1;
    } catch {
      this.refused += 1;
    }
  }

  readonly #changes: readonly ((connection: Connection, index: number) => Promise<void>)[] = [
    (connection, index) => edit(connection, index, { replicas: Math.floor(between(this.#random, 0, 4)) }),
    (connection, index) => edit(connection, index, { service: { port: pick([80, 8000, 9000], this.#random) } }),
    (connection, index) =>
      edit(connection, index, { podAnnotations: { 'example.com/edit': String(Math.floor(this.#random() * 1e9)) } }),
    (connection, index) => edit(connection, index, { logLevel: pick(['debug', 'info', 'warn'], this.#random) }),
    // A new generation of the model.
    async (_, index) => void this.#bed.store.put('models', `${modelName(index)}/model.onnx`),
    // Deleted and made again, at once or by a later change.
    async (connection, index) => {
      const path = pathOf('modelDeployment', modelName(index));
      await send(connection, 'DELETE', path, {}).catch(() => {});
      await this.create(index).catch(() => {});
    },
    // Drift.
    (connection, index) => send(connection, 'PATCH', pathOf('deployment', modelName(index)), { spec: { replicas: 7 } }),
    (connection, index) =>
      send(connection, 'PATCH', pathOf('service', modelName(index)), {
        spec: { selector: { 'example.com/wrong': 'yes' } },
      }),
    (connection, index) => send(connection, 'DELETE', pathOf('service', modelName(index)), {}),
  ];
}

function edit(connection: Connection, index: number, spec: object): Promise<void> {
  return send(connection, 'PATCH', pathOf('modelDeployment', modelName(index)), { spec });
}
