/**
 * Writes the types of the custom resources, as the API server stores them, for the program: `tsx projenrc/crd-types.ts [FILE]`.
 *
 * One interface for the spec and one for the status of each kind and version. What Kubernetes defines itself (label selectors, conditions)
 * becomes one type, whichever resource it is in, so that one function can work on all of them.
 */
import * as fs from 'fs';
import * as path from 'path';
import { compile, JSONSchema, Options } from 'json-schema-to-typescript';
import { parseAllDocuments } from 'yaml';

/** A JSON schema, as a custom resource definition has it. */
interface Schema extends JSONSchema {
  properties?: Record<string, Schema>;
  items?: Schema;
}

interface CustomResourceDefinition {
  spec: {
    names: { kind: string };
    versions: { name: string; storage: boolean; schema: { openAPIV3Schema: Schema } }[];
  };
}

const SOURCE = 'crds/metallb.io.yaml';
const TARGET = 'speaker/src/config/metallb.io.ts';
const HEADER = `// Generated from ${SOURCE} by projenrc/crd-types.ts. Change those, not this.\n`;

/** Types of Kubernetes that resources contain, each with two fields by which it is known. */
const COMMON: Record<string, [string, string]> = {
  LabelSelector: ['matchLabels', 'matchExpressions'],
  LabelSelectorRequirement: ['operator', 'values'],
  Condition: ['lastTransitionTime', 'reason'],
};

const OPTIONS: Partial<Options> = {
  additionalProperties: false,
  bannerComment: '',
  declareExternallyReferenced: false,
  style: { singleQuote: true, printWidth: 130 },
};

/** Puts a reference in the place of each common type, and keeps the type itself in `common`. */
function refer(schema: Schema, common: Record<string, Schema>): Schema {
  const changed = {
    ...schema,
    ...(schema.items && { items: refer(schema.items, common) }),
    ...(schema.properties && { properties: mapValues(schema.properties, (property) => refer(property, common)) }),
  };
  const name = Object.keys(COMMON).find((key) => COMMON[key].every((field) => field in (schema.properties ?? {})));
  if (name) {
    common[name] = changed;
    return { $ref: `#/$defs/${name}` };
  }
  return changed;
}

function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** `v1beta1` to `V1Beta1`, as `cdk8s import` writes it. */
function pascal(version: string): string {
  return version.replace(/(^|\d)([a-z])/g, (_, digit, letter) => digit + letter.toUpperCase());
}

async function types(text: string): Promise<string> {
  const common: Record<string, Schema> = {};
  const schemas: Record<string, Schema> = {};
  for (const document of parseAllDocuments(text)) {
    const { names, versions } = (document.toJS() as CustomResourceDefinition).spec;
    for (const { name, storage, schema } of versions) {
      const { spec, status } = schema.openAPIV3Schema.properties!;
      for (const [part, value] of Object.entries({ Spec: spec, Status: status })) {
        if (value) {
          schemas[names.kind + (storage ? '' : pascal(name)) + part] = refer(value, common);
        }
      }
    }
  }
  const written = [];
  for (const [name, schema] of Object.entries({ ...common, ...schemas })) {
    written.push(await compile({ ...schema, $defs: common }, name, OPTIONS));
  }
  return [HEADER, ...written].join('\n');
}

async function main(target: string) {
  const text = await types(fs.readFileSync(SOURCE, 'utf8'));
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, text);
}

void main(process.argv[2] ?? TARGET);
