import { ModelFailure } from '../errors.ts';
import { readGraph, visitNode } from './graph-proto.ts';
import type { Findings, GraphProto } from './graph-proto.ts';
import { normalizeDomain } from './node-proto.ts';
import { readEntry } from './tensor-proto.ts';
import { MessageReader } from './wire.ts';
import type { WireInput } from './wire-input.ts';

/** ModelProto {ir_version=1, producer_name=2, producer_version=3, graph=7, opset_import=8, metadata_props=14, functions=25}. */
export const MODEL = {
  irVersion: 1,
  producerName: 2,
  producerVersion: 3,
  graph: 7,
  opsetImport: 8,
  metadataProps: 14,
  functions: 25,
} as const;

/** A version of an operator set that the model uses. */
export interface OpsetImport {
  /** Empty for `ai.onnx`. */
  readonly domain: string;
  readonly version: number;
}

/** A ModelProto without its weights. */
export interface ModelProto {
  readonly irVersion: number;
  /** `name version` of the exporter; empty when the file does not say. */
  readonly producer: string;
  readonly graph: GraphProto;
  /** The graph's whole field, tag included: bytes `[graphFieldStart, graph.place.end)`. */
  readonly graphFieldStart: number;
  readonly opsets: readonly OpsetImport[];
  readonly metadata: ReadonlyMap<string, string>;
  /** Domains of the functions that the model brings itself. */
  readonly functionDomains: ReadonlySet<string>;
  readonly findings: Findings;
}

/** Longest value of `metadata_props` that is kept, in bytes. */
const MAX_METADATA_BYTES = 256 * 1024;
const MAX_PRODUCER_CHARACTERS = 80;

/**
 * Reads a whole model file.
 * @throws ModelFailure ModelInvalid when it is no ONNX model, ModelUnsupported past the reader's limits
 */
export function readModelProto(input: WireInput): ModelProto {
  const message = new MessageReader(input, 0, input.source.size, 0);
  const findings: Findings = { externalData: new Map(), domains: new Map(), hasSubgraphs: false };
  const metadata = new Map<string, string>();
  const functionDomains = new Set<string>();
  const opsets: OpsetImport[] = [];
  const producer = ['', ''];
  let irVersion = 0;
  let graph: GraphProto | undefined;
  let graphFieldStart = 0;
  while (message.next()) {
    switch (message.field) {
      case MODEL.irVersion:
        irVersion = message.number();
        break;
      case MODEL.producerName:
        producer[0] = message.text();
        break;
      case MODEL.producerVersion:
        producer[1] = message.text();
        break;
      case MODEL.graph:
        if (graph) throw notOneGraph('more than one graph');
        graphFieldStart = message.fieldStart;
        graph = readGraph(message.message(), findings);
        break;
      case MODEL.opsetImport:
        opsets.push(readOpset(message));
        break;
      case MODEL.metadataProps:
        readEntry(message.message(), metadata, MAX_METADATA_BYTES);
        break;
      case MODEL.functions:
        findings.hasSubgraphs = true;
        functionDomains.add(readFunction(message.message(), findings));
        break;
      default:
    }
  }
  if (!graph || irVersion < 1) throw notOneGraph('no graph');
  return {
    irVersion,
    producer: formatProducer(producer),
    graph,
    graphFieldStart,
    opsets,
    metadata,
    functionDomains,
    findings,
  };
}

/** CatBoost puts its whole build log into the version: the first line says enough. */
function formatProducer(parts: readonly string[]): string {
  const [line = ''] = parts.join(' ').trim().split('\n');
  return line.slice(0, MAX_PRODUCER_CHARACTERS).trim();
}

/** OperatorSetIdProto {domain=1, version=2}. */
function readOpset(field: MessageReader): OpsetImport {
  const message = field.message();
  let domain = '';
  let version = 0;
  while (message.next()) {
    if (message.field === 1) domain = normalizeDomain(message.text());
    else if (message.field === 2) version = message.number();
  }
  field.input.keep();
  return { domain, version };
}

/** FunctionProto {node=7, domain=10}. */
function readFunction(message: MessageReader, findings: Findings): string {
  let domain = '';
  message.input.keep();
  while (message.next()) {
    if (message.field === 7) visitNode(message, findings);
    else if (message.field === 10) domain = normalizeDomain(message.text());
  }
  return domain;
}

function notOneGraph(problem: string): ModelFailure {
  return new ModelFailure(
    'ModelInvalid',
    `The file is not a valid ONNX model: it has ${problem}. Export the model with its library's ONNX exporter (skl2onnx.to_onnx, torch.onnx.export, tf2onnx) and upload the .onnx file.`,
  );
}
