import { ApiObject } from 'cdk8s';
import { IConstruct } from 'constructs';
import { Labels } from './_selectors';

/** A custom resource as its manifest will say, whoever made it: this library, an `ApiObject`, an `Include` or a patch. */
export interface Resource {
  readonly kind: string;
  readonly name: string;
  /** Undefined where only `kubectl` will say. */
  readonly namespace?: string;
  readonly labels: Labels;
  /** Whatever somebody wrote. */
  readonly annotations: Readonly<Record<string, any>>;
  /** Whatever somebody wrote. */
  readonly spec: any;
  readonly object: ApiObject;
  /** For messages: `IPAddressPool lan (home/lb/Pool)`. */
  readonly title: string;
}

/** The custom resources of group `metallb.io` that an app defines, in the order of the tree, without those that cannot be rendered. */
export function resourcesIn(objects: readonly ApiObject[], read: Reader = render): Resource[] {
  return objects.filter(({ apiGroup }) => apiGroup === 'metallb.io').flatMap((object) => {
    const manifest = read(object);
    if (!manifest) return [];
    const { kind, metadata: { name, namespace, labels = {}, annotations = {} }, spec } = manifest;
    return [{ kind, name, namespace, labels, annotations, spec: isObject(spec) ? spec : {}, object, title: `${kind} ${name} (${pathOf(object)})` }];
  });
}

/** Gives the manifest of an object; undefined if it cannot be rendered. */
export type Reader = (object: ApiObject) => any;

/** The manifest of an object; undefined if it cannot be rendered. */
export function render(object: ApiObject): any {
  try {
    return object.toJson();
  } catch {
    return undefined;
  }
}

/**
 * Renders every object of an app once, and reports those that cannot be: cdk8s finds them only while it writes, and would leave some files new and some old.
 */
export function renderAll(objects: readonly ApiObject[], report: (about: { object: ApiObject }, problem: string) => void): Reader {
  const manifests = new Map<ApiObject, any>();
  for (const object of objects) {
    try {
      manifests.set(object, object.toJson());
    } catch (error) {
      report({ object }, `${object.kind} ${object.name} (${pathOf(object)}) cannot be written: ${(error as Error).message}`);
    }
  }
  return (object) => manifests.get(object);
}

/** All objects of an app, in the order of the tree. */
export function objectsIn(root: IConstruct): ApiObject[] {
  return root.node.findAll().filter(ApiObject.isApiObject);
}

/** Path of the construct that an object was made for: without `Resource`, the child that everybody has. */
export function pathOf(object: IConstruct): string {
  return object.node.path.replace(/\/Resource$/, '');
}

function isObject(value: any): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
