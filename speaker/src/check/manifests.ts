import { isAlias, isMap, isNode, isScalar, LineCounter, parseAllDocuments, type Document } from 'yaml';

/** An object in a file. */
export interface Manifest {
  readonly file: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** The line, from 1, of a field given as a problem names it (`spec.addresses[0]`), or of what is nearest above it. */
  lineOf(field: string): number;
}

/** Text that cannot be read. */
export interface SourceProblem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** YAML may repeat itself by aliases; more of them than this is an attack or a mistake. */
const MOST_ALIASES = 1_000;

/** Reads the objects of a YAML or JSON text, of `kind: List` and its likes each one; what is not an object of Kubernetes is a problem. */
export function parseManifests(file: string, text: string): { manifests: Manifest[]; problems: SourceProblem[] } {
  const lines = new LineCounter();
  const manifests: Manifest[] = [];
  const problems: SourceProblem[] = [];
  for (const document of parseAllDocuments(text, { lineCounter: lines, prettyErrors: false }) as Document.Parsed[]) {
    const line = (offset: number) => lines.linePos(offset).line;
    for (const { message, pos } of document.errors) problems.push({ file, line: line(pos[0]), message });
    if (document.errors.length > 0) continue;
    try {
      collect(document.toJS({ maxAliasCount: MOST_ALIASES }), []);
    } catch (error) {
      problems.push({ file, line: line(document.range[0]), message: (error as Error).message });
    }

    function collect(value: unknown, path: readonly (string | number)[]): void {
      if (value === null || value === undefined) return; // an empty document
      const at = (field: string) => line(offsetOf(document, [...path, ...pathOf(field)]));
      if (!isRecord(value) || typeof value.kind !== 'string' || typeof value.apiVersion !== 'string') {
        problems.push({ file, line: at(''), message: 'is no object of Kubernetes: it needs apiVersion and kind' });
      } else if (value.kind.endsWith('List') && Array.isArray(value.items)) {
        value.items.forEach((item, index) => collect(item, [...path, 'items', index]));
      } else {
        manifests.push({ file, value, lineOf: at });
      }
    }
  }
  return { manifests, problems };
}

/** `spec.addresses[0]` as steps; a part in brackets that is no number is a key with dots in it. */
function pathOf(field: string): (string | number)[] {
  return [...field.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)].map(([, key, bracket]) => key ?? (/^\d+$/.test(bracket) ? Number(bracket) : bracket));
}

/** Where the deepest node on the way begins: that of the key, where it has one. */
function offsetOf(document: Document.Parsed, path: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = isNode(node) ? node.range?.[0] ?? 0 : document.range[0];
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (!pair) break;
      offset = isNode(pair.key) ? pair.key.range?.[0] ?? offset : offset;
      node = pair.value;
    } else {
      const item = typeof step === 'number' && typeof node === 'object' && node !== null ? (node as { items?: unknown[] }).items?.[step] : undefined;
      if (!isNode(item)) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    }
  }
  return offset;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
