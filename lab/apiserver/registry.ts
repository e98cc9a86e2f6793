import { randomBytes, randomUUID } from 'node:crypto';
import { applyTo, entriesOf } from './apply';
import { crdStatus, typesOf } from './custom-resources';
import { FieldSet, fieldsOf, fromFieldsV1, isManagedBy, recordFields, valueAt } from './fields';
import { behaviourOf } from './kinds';
import { alreadyExists, ApiError, ApiObject, badRequest, clone, conflict, invalid, isObject, JsonObject, notFound, same } from './objects';
import { decodeToken, encodeToken, tooLarge } from './paging';
import { apiVersion, Catalog, ResourceType } from './resources';
import { Predicate } from './selectors';
import { Storage } from './storage';
import {
  bucketOf, checkCurrent, keyOf, listed, managerOf, nextGeneration, present, restoreServerFields, withoutReset, WriteContext,
} from './stored';
import { Causes, checkMetadata } from './validation';

export interface ListQuery {
  readonly matches: Predicate;
  readonly limit: number;
  readonly continueToken?: string;
  readonly resourceVersion?: string;
}

export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

interface Write {
  readonly type: ResourceType;
  readonly live?: ApiObject;
  readonly next: JsonObject;
  readonly context: WriteContext;
  /** Only of server-side apply: what it owns and takes. */
  readonly applied?: { readonly owned: FieldSet; readonly taken: FieldSet };
}

/** Objects by kind: what the API allows to be done with them, apart from HTTP. */
export class Registry {
  constructor(readonly catalog: Catalog, readonly storage: Storage, private readonly serviceRanges: readonly string[]) {}

  get(type: ResourceType, namespace: string | undefined, name: string): ApiObject {
    const object = this.storage.get(bucketOf(type), keyOf(namespace, name));
    if (!object) throw notFound(type, name);
    return present(type, object);
  }

  list(type: ResourceType, query: ListQuery): JsonObject {
    const token = query.continueToken === undefined ? undefined : decodeToken(query.continueToken);
    const revision = token?.revision ?? this.storage.revision;
    if (Number(query.resourceVersion ?? 0) > revision) throw tooLarge(query.resourceVersion!, revision);
    const chosen = this.storage.read(bucketOf(type), revision)
      .filter(([key, object]) => (!token || key > token.after) && query.matches(object));
    const page = query.limit > 0 ? chosen.slice(0, query.limit) : chosen;
    const more = chosen.length - page.length;
    const metadata: JsonObject = { resourceVersion: String(revision) };
    if (more > 0) Object.assign(metadata, { continue: encodeToken({ revision, after: page[page.length - 1][0] }), remainingItemCount: more });
    return { kind: `${type.kind}List`, apiVersion: apiVersion(type), metadata, items: page.map(([, object]) => listed(type, object)) };
  }

  create(type: ResourceType, namespace: string | undefined, body: JsonObject, context: WriteContext): ApiObject {
    return this.insert(type, this.identified(type, namespace, undefined, body), context);
  }

  update(type: ResourceType, namespace: string | undefined, name: string, body: JsonObject, context: WriteContext): ApiObject {
    const next = this.identified(type, namespace, name, body);
    const live = this.get(type, namespace, name);
    if (type.schema && !next.metadata.resourceVersion) {
      const cause = { reason: 'FieldValueInvalid', message: 'Invalid value: 0: must be specified for an update', field: 'metadata.resourceVersion' };
      throw invalid({ ...type, kind: type.plural }, name, [cause]);
    }
    return this.write({ type, live, next, context });
  }

  patch(type: ResourceType, namespace: string | undefined, name: string, change: (live: ApiObject) => unknown, context: WriteContext): ApiObject {
    const live = this.get(type, namespace, name);
    const { metadata, ...rest } = live;
    const { managedFields: _managedFields, ...visible } = metadata;
    const next = change(clone({ ...rest, metadata: visible } as ApiObject));
    if (!isObject(next)) throw badRequest('the patch does not leave an object');
    const identified = this.identified(type, namespace, name, next);
    if (identified.metadata.resourceVersion === live.metadata.resourceVersion && identified.metadata.uid !== live.metadata.uid) {
      const message = `Invalid value: ${JSON.stringify(identified.metadata.uid)}: field is immutable`;
      throw invalid(type, name, [{ reason: 'FieldValueInvalid', message, field: 'metadata.uid' }]);
    }
    return this.write({ type, live, next: identified, context });
  }

  /** Server-side apply. Returns whether the object was made by it. */
  apply(
    type: ResourceType, namespace: string | undefined, name: string, config: JsonObject, force: boolean, context: WriteContext,
  ): { object: ApiObject; created: boolean } {
    const given = this.identified(type, namespace, name, config);
    if (given.metadata.managedFields) throw badRequest('metadata.managedFields must be nil');
    this.checkUnknownFields(type, given, context);
    const live = this.storage.get(bucketOf(type), keyOf(namespace, name));
    const manager = managerOf(type, context, 'Apply');
    if (!live) {
      if (context.subresource) throw notFound(type, name);
      const owned = withoutReset(fieldsOf(given, type.rules), context);
      return { object: this.insert(type, given, context, { owned, taken: new Set() }), created: true };
    }
    const { object, owned, taken } = applyTo(live, given, manager, force, type.rules);
    const applied = { owned: withoutReset(owned, context), taken };
    return { object: this.write({ type, live, next: object, context, applied }), created: false };
  }

  delete(type: ResourceType, namespace: string | undefined, name: string, preconditions: Preconditions = {}): ApiObject {
    const live = this.get(type, namespace, name);
    const { uid, resourceVersion } = live.metadata;
    const unmet = (why: string) => conflict({ ...type, plural: type.kind }, name, why);
    if (preconditions.uid && preconditions.uid !== uid) {
      throw unmet(`the UID in the precondition (${preconditions.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`);
    }
    if (preconditions.resourceVersion && preconditions.resourceVersion !== resourceVersion) {
      throw unmet(`the ResourceVersion in the precondition (${preconditions.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}).`
        + ' The object might have been modified');
    }
    const deleted = this.storage.delete(bucketOf(type), keyOf(namespace, name))!;
    if (type.kind === 'Namespace') this.emptyNamespace(name);
    if (type.kind === 'CustomResourceDefinition') this.uninstall(live);
    return deleted;
  }

  /** A body as a new object of `type`: of the right kind, in the right namespace. */
  private identified(type: ResourceType, namespace: string | undefined, name: string | undefined, body: JsonObject): JsonObject {
    if (!isObject(body)) throw badRequest('the body of the request is not an object');
    const next = clone(body);
    next.apiVersion ??= apiVersion(type);
    next.kind ??= type.kind;
    if (next.apiVersion !== apiVersion(type) || next.kind !== type.kind) {
      throw badRequest(`${next.kind} in version "${next.apiVersion}" cannot be handled as a ${type.kind} in version "${apiVersion(type)}"`);
    }
    next.metadata ??= {};
    if (name !== undefined && next.metadata.name !== undefined && next.metadata.name !== name) {
      throw badRequest(`the name of the object (${next.metadata.name}) does not match the name on the URL (${name})`);
    }
    next.metadata.name ??= name;
    if (type.namespaced) {
      next.metadata.namespace ??= namespace;
      if (next.metadata.namespace !== namespace) throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    } else {
      delete next.metadata.namespace;
    }
    return next;
  }

  private insert(type: ResourceType, next: JsonObject, context: WriteContext, applied?: Write['applied']): ApiObject {
    const { metadata } = next;
    if (!metadata.name && metadata.generateName) metadata.name = `${metadata.generateName}${randomBytes(4).toString('hex').slice(0, 5)}`;
    if (!metadata.name) throw invalid(type, '', [{ reason: 'FieldValueRequired', field: 'metadata.name', message: 'Required value: name or generateName is required' }]);
    if (metadata.resourceVersion) throw new ApiError(500, '', 'resourceVersion should not be set on objects to be created');
    if (type.namespaced && !this.storage.get('/namespaces', metadata.namespace)) throw new ApiError(404, 'NotFound', `namespaces "${metadata.namespace}" not found`, { name: metadata.namespace, kind: 'namespaces' });
    if (this.storage.get(bucketOf(type), keyOf(metadata.namespace, metadata.name))) throw alreadyExists(type, metadata.name);
    metadata.uid = randomUUID();
    metadata.creationTimestamp = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    delete metadata.managedFields;
    if (type.status && !behaviourOf(type).createsWithStatus) delete next.status;
    return this.write({ type, next, context, applied });
  }

  private write({ type, live, next, context, applied }: Write): ApiObject {
    const behaviour = behaviourOf(type);
    if (live) {
      checkCurrent(type, live, next);
      restoreServerFields(type, live, next, context);
    }
    this.checkUnknownFields(type, next, context);
    for (const field of ['labels', 'annotations', 'finalizers', 'ownerReferences']) {
      if (Object.keys(next.metadata[field] ?? {}).length === 0) delete next.metadata[field];
    }
    type.schema?.applyDefaults(next);
    behaviour.defaults?.(next);
    if (live) behaviour.carryOver?.(next, live);
    const managedFields = this.managedFields({ type, live, next, context, applied });
    this.validate(type, live, next, context);
    if (type.generation) next.metadata.generation = nextGeneration(live, next);
    if (managedFields.length > 0) next.metadata.managedFields = managedFields;
    else delete next.metadata.managedFields;
    const { resourceVersion: _resourceVersion, ...metadata } = live?.metadata ?? {};
    if (live && same({ ...live, metadata }, { ...next, metadata: { ...next.metadata, resourceVersion: undefined } })) return present(type, live);
    const object = JSON.parse(JSON.stringify(next)) as ApiObject;
    if (context.dryRun) return { ...object, metadata: { ...object.metadata, resourceVersion: live?.metadata.resourceVersion ?? '' } };
    const stored = this.storage.put(bucketOf(type), keyOf(object.metadata.namespace, object.metadata.name), object);
    return type.kind === 'CustomResourceDefinition' ? this.install(stored) : stored;
  }

  private validate(type: ResourceType, live: ApiObject | undefined, next: JsonObject, context: WriteContext): void {
    const behaviour = behaviourOf(type);
    const causes = new Causes();
    checkMetadata(type.group, type.kind, next.metadata, causes);
    if (type.schema) causes.list.push(...type.schema.validate(next, live));
    if (context.subresource === 'status') behaviour.checkStatus?.(next, causes);
    else behaviour.check?.(next, live, causes);
    if (causes.list.length === 0 && context.subresource === undefined) {
      const others = () => this.storage.read(bucketOf(type)).map(([, object]) => object).filter(({ metadata }) => metadata.uid !== next.metadata.uid);
      behaviour.allocate?.(next, { ranges: this.serviceRanges, others }, causes);
    }
    if (type.kind === 'CustomResourceDefinition') typesOf(next); // throws for what cannot be served
    if (causes.list.length > 0) throw invalid(type, next.metadata.name, causes.list);
  }

  private checkUnknownFields(type: ResourceType, object: JsonObject, context: WriteContext): void {
    const unknown = type.schema?.prune(object) ?? [];
    if (unknown.length > 0 && context.strict) throw badRequest(`strict decoding error: ${unknown.map((field) => `unknown field "${field}"`).join(', ')}`);
  }

  private managedFields({ type, live, next, context, applied }: Write): ApiObject['metadata']['managedFields'] & object {
    const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const existing = fieldsOf(next, type.rules);
    if (applied) return recordFields(live ? entriesOf(live, type.rules) : [], managerOf(type, context, 'Apply'), applied.owned, applied.taken, existing, time);
    const entries = live?.metadata.managedFields ?? [];
    if (live && entries.length === 0) return []; // account is kept from the creation or the first apply on
    const before = live ? fieldsOf(live, type.rules) : new Set<string>();
    const unchanged = (path: string) => before.has(path) && same(valueAt(live!, path, type.rules), valueAt(next, path, type.rules));
    const changed = withoutReset(new Set([...existing].filter((path) => !unchanged(path))), context);
    const manager = managerOf(type, context, 'Update');
    const mine = entries.find((entry) => isManagedBy(entry, manager));
    const kept = mine ? [...fromFieldsV1(mine.fieldsV1)].filter((path) => existing.has(path)) : [];
    return recordFields(entries, manager, new Set([...kept, ...changed]), changed, existing, time);
  }

  /** Serves the kinds of a CRD, and says so in its status as the real one's controller does a moment later. */
  private install(crd: ApiObject): ApiObject {
    const status = crdStatus(crd);
    this.catalog.remove(crd.spec.group, crd.spec.names.plural);
    for (const type of typesOf(crd)) this.catalog.add(type);
    if (same(crd.status?.acceptedNames, status.acceptedNames)) return crd;
    return this.storage.put('apiextensions.k8s.io/customresourcedefinitions', crd.metadata.name, { ...clone(crd), status });
  }

  private uninstall(crd: ApiObject): void {
    const bucket = `${crd.spec.group}/${crd.spec.names.plural}`;
    for (const [key] of this.storage.read(bucket)) this.storage.delete(bucket, key);
    this.catalog.remove(crd.spec.group, crd.spec.names.plural);
  }

  private emptyNamespace(name: string): void {
    for (const type of this.catalog.all().filter(({ namespaced }) => namespaced)) {
      for (const [key, object] of this.storage.read(bucketOf(type))) if (object.metadata.namespace === name) this.storage.delete(bucketOf(type), key);
    }
  }
}
