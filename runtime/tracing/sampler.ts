import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

/** Every value of `OTEL_TRACES_SAMPLER` that needs nothing from outside. */
const SAMPLERS: Readonly<Record<string, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
};

/**
 * Which requests become traces, as OpenTelemetry's environment variables say it.
 * @param name `OTEL_TRACES_SAMPLER`; default `parentbased_always_on`, as in the specification
 * @param argument `OTEL_TRACES_SAMPLER_ARG`, 0 to 1; default 1
 * @returns undefined when they say something else
 */
export function samplerFrom(name = 'parentbased_always_on', argument = '1'): Sampler | undefined {
  const ratio = argument.trim() === '' ? Number.NaN : Number(argument);
  if (!(ratio >= 0 && ratio <= 1)) return undefined;
  return Object.hasOwn(SAMPLERS, name) ? SAMPLERS[name]?.(ratio) : undefined;
}
