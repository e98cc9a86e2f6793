import { RequestSubject } from './errors';
import { ObjectOptions, Selection, WriteOptions } from './options';
import { apiVersionOf, ResourceRef, resourcePath } from './resources';
import { ObjectMeta } from './types';

/* What of a request follows from the resource and the options alone. */

export function path(resource: ResourceRef, name: string, options: ObjectOptions): string {
  return resourcePath(resource, options.namespace, name, options.subresource);
}

export function subject(verb: string, resource: ResourceRef, name: string | undefined, options: ObjectOptions): RequestSubject {
  return { verb, resource, namespace: resource.namespaced ? options.namespace : undefined, name, subresource: options.subresource };
}

export function within<O extends ObjectOptions>(body: object, options: O): O {
  return { ...options, namespace: options.namespace ?? (body as { metadata?: Partial<ObjectMeta> }).metadata?.namespace };
}

export function typed(resource: ResourceRef, body: object): object {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...body };
}

export function managerQuery(options: WriteOptions): string {
  return options.fieldManager ? `?fieldManager=${encodeURIComponent(options.fieldManager)}` : '';
}

export function selectionQuery(selection: Selection): URLSearchParams {
  const query = new URLSearchParams();
  if (selection.labelSelector) query.set('labelSelector', selection.labelSelector);
  if (selection.fieldSelector) query.set('fieldSelector', selection.fieldSelector);
  return query;
}
