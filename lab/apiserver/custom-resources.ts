import { rulesOfSchema } from './merge-rules';
import { badRequest, isObject, JsonObject } from './objects';
import { ResourceType } from './resources';
import { CompiledSchema } from './schema';

/** The kinds that a CustomResourceDefinition makes served. @throws ApiError 400 if its schema cannot be served, for example for an unsupported CEL rule */
export function typesOf(crd: JsonObject): ResourceType[] {
  const { group, names, scope, versions } = crd.spec as JsonObject;
  return (versions as JsonObject[]).filter(({ served }) => served !== false).map((version) => {
    const schema = version.schema?.openAPIV3Schema;
    if (!isObject(schema)) throw badRequest(`CustomResourceDefinition "${crd.metadata.name}": spec.versions "${version.name}" has no schema.openAPIV3Schema`);
    let compiled: CompiledSchema;
    try {
      compiled = new CompiledSchema(schema);
    } catch (error) {
      throw badRequest(`CustomResourceDefinition "${crd.metadata.name}", version "${version.name}": ${(error as Error).message}`);
    }
    return {
      group,
      version: version.name,
      plural: names.plural,
      singular: names.singular ?? (names.kind as string).toLowerCase(),
      kind: names.kind,
      shortNames: names.shortNames ?? [],
      namespaced: scope === 'Namespaced',
      status: version.subresources?.status !== undefined,
      generation: true,
      rules: rulesOfSchema(schema),
      schema: compiled,
    };
  });
}

/** What the server's own controllers say of a CRD that is accepted and served. */
export function crdStatus(crd: JsonObject): JsonObject {
  const { names, versions } = crd.spec as JsonObject;
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    conditions: [
      { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found', lastTransitionTime: now },
      { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message: 'the initial names have been accepted', lastTransitionTime: now },
    ],
    acceptedNames: { listKind: `${names.kind}List`, singular: (names.kind as string).toLowerCase(), ...names },
    storedVersions: (versions as JsonObject[]).filter(({ storage }) => storage).map(({ name }) => name as string),
  };
}
