import { JsonObject } from './objects';
import { Catalog } from './resources';

/**
 * OpenAPI documents with just enough in them for `kubectl apply`: that every object can be patched with `fieldValidation`, so that
 * kubectl leaves it to the server to find unknown fields. Undefined if `path` is none of them.
 */
export function openapi(path: string, catalog: Catalog): JsonObject | undefined {
  if (!path.startsWith('/openapi/v3')) return undefined;
  const roots = new Set(catalog.all().map(({ group, version }) => (group === '' ? `api/${version}` : `apis/${group}/${version}`)));
  const root = path.slice('/openapi/v3/'.length);
  if (root === '') return { paths: Object.fromEntries([...roots].map((name) => [name, { serverRelativeURL: `/openapi/v3/${name}` }])) };
  if (!roots.has(root)) return undefined;
  const types = catalog.all().filter(({ group, version }) => root === (group === '' ? `api/${version}` : `apis/${group}/${version}`));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'embedded' },
    paths: Object.fromEntries(types.map(({ group, version, kind, plural, namespaced }) => [
      `/${root}${namespaced ? '/namespaces/{namespace}' : ''}/${plural}/{name}`,
      {
        patch: {
          'parameters': [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
          'responses': {},
          'x-kubernetes-action': 'patch',
          'x-kubernetes-group-version-kind': { group, version, kind },
        },
      },
    ])),
  };
}
