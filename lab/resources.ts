import * as fs from 'fs';
import { parseAllDocuments } from 'yaml';
import { LabError } from './errors';
import { KubeObject, ResourceRef } from '../speaker/src/kube';

/** Any object of the API, as in a manifest. */
export type Manifest = KubeObject & { readonly apiVersion: string; readonly kind: string; readonly [field: string]: unknown };

const CLUSTER_SCOPED = new Set(['APIService', 'ClusterRole', 'ClusterRoleBinding', 'CustomResourceDefinition', 'IngressClass', 'MutatingWebhookConfiguration',
  'Namespace', 'Node', 'PersistentVolume', 'PriorityClass', 'RuntimeClass', 'StorageClass', 'ValidatingWebhookConfiguration']);

/** Where the API keeps objects like this one. Plurals follow the rule that Kubernetes' own tools use to guess them. */
export function resourceOf(object: { readonly apiVersion: string; readonly kind: string }): ResourceRef {
  const { apiVersion, kind } = object;
  const slash = apiVersion.indexOf('/');
  const singular = kind.toLowerCase();
  const plural = singular === 'endpoints' ? singular : /(s|x|ch|sh)$/.test(singular) ? `${singular}es`
    : /[^aeiou]y$/.test(singular) ? `${singular.slice(0, -1)}ies` : `${singular}s`;
  return { group: slash < 0 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1), plural, kind, namespaced: !CLUSTER_SCOPED.has(kind) };
}

/** Reads all objects of a YAML or JSON file. */
export function readManifests(file: string): Manifest[] {
  return parseAllDocuments(fs.readFileSync(file, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new LabError('INVALID_ARGUMENT', `${file}: ${document.errors[0].message}`);
    return document.toJS() as Manifest | null;
  }).filter((object) => object !== null);
}
