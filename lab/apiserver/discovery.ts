import { JsonObject } from './objects';
import { Catalog, ResourceType } from './resources';

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** The documents by which clients learn what is served, or undefined if `path` is none of them. */
export function discovery(path: string, catalog: Catalog): JsonObject | undefined {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups(catalog) };
  const [, root, group, version, extra] = path.split('/');
  if (extra !== undefined) return undefined;
  if (root === 'api' && group === 'v1' && version === undefined) return resourceList('v1', catalog.all().filter((type) => type.group === ''));
  if (root !== 'apis') return undefined;
  if (version === undefined) return groups(catalog).find(({ name }) => name === group);
  const types = catalog.all().filter((type) => type.group === group && type.version === version);
  return types.length === 0 ? undefined : resourceList(`${group}/${version}`, types);
}

function groups(catalog: Catalog): JsonObject[] {
  const versions = new Map<string, Set<string>>();
  for (const { group, version } of catalog.all()) {
    if (group !== '') versions.set(group, (versions.get(group) ?? new Set()).add(version));
  }
  return [...versions].map(([name, set]) => {
    const list = [...set].sort().reverse().map((version) => ({ groupVersion: `${name}/${version}`, version }));
    return { kind: 'APIGroup', apiVersion: 'v1', name, versions: list, preferredVersion: list[0] };
  });
}

function resourceList(groupVersion: string, types: readonly ResourceType[]): JsonObject {
  const resources = types.flatMap((type) => {
    const { plural: name, singular: singularName, namespaced, kind, shortNames } = type;
    const main = { name, singularName, namespaced, kind, verbs: VERBS, shortNames: shortNames.length > 0 ? shortNames : undefined };
    return type.status ? [main, { name: `${name}/status`, singularName: '', namespaced, kind, verbs: ['get', 'patch', 'update'] }] : [main];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

/** Answer to `GET /version`. */
export const VERSION = { major: '1', minor: '35', gitVersion: 'v1.35.0+embedded', platform: 'linux/amd64' };
