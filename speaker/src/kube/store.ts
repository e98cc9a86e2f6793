import { StoredObject } from './types';

/** A change of the store, told after it was made. */
export type Delta<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'modified'; readonly object: T; readonly previous: T }
  | { readonly type: 'deleted'; readonly object: T };

/** `namespace/name`, or `name` for what has no namespace. */
export function keyOf(object: { readonly metadata: { readonly namespace?: string; readonly name: string } }): string {
  const { namespace, name } = object.metadata;
  return namespace ? `${namespace}/${name}` : name;
}

/**
 * The newer of what a watch brought and of what the API server answered to our last write, which the watch may not have caught up with: resource versions of
 * Kubernetes's store are numbers that grow. Without it, a decision made between a write and its echo would be made from the object as it was before the write.
 */
export function newerOf<T extends { readonly metadata: { readonly resourceVersion: string } }>(
  watched: T | undefined, answer: T | undefined,
): T | undefined {
  return answer && !(watched && Number(watched.metadata.resourceVersion) >= Number(answer.metadata.resourceVersion)) ? answer : watched;
}

/** The objects of one resource as last heard from the API server, by `namespace/name`. Only its reflector writes to it. */
export class Store<T extends StoredObject> {
  private readonly objects = new Map<string, T>();

  /** Objects in the store. */
  get size(): number {
    return this.objects.size;
  }

  /** By `namespace/name`, or by name alone for what has no namespace. */
  get(key: string): T | undefined {
    return this.objects.get(key);
  }

  /** All objects, in a new array, in no particular order. */
  snapshot(): T[] {
    return [...this.objects.values()];
  }

  /** Iterates without copying; the store must not change meanwhile. */
  values(): IterableIterator<T> {
    return this.objects.values();
  }

  /**
   * Puts an object in and returns what that changed: nothing if this version is known, and two changes if
   * an object of that name was deleted and made again unseen (another uid), since whatever belonged to the old one is to be released.
   */
  put(object: T): Array<Delta<T>> {
    const key = keyOf(object);
    const previous = this.objects.get(key);
    if (previous && previous.metadata.uid === object.metadata.uid) {
      if (previous.metadata.resourceVersion === object.metadata.resourceVersion) return [];
      this.objects.set(key, object);
      return [{ type: 'modified', object, previous }];
    }
    this.objects.set(key, object);
    const added: Delta<T> = { type: 'added', object };
    return previous ? [{ type: 'deleted', object: previous }, added] : [added];
  }

  remove(key: string): Array<Delta<T>> {
    const object = this.objects.get(key);
    if (!object) return [];
    this.objects.delete(key);
    return [{ type: 'deleted', object }];
  }

  /** Removes whatever is not in `keys`. */
  retain(keys: ReadonlySet<string>): Array<Delta<T>> {
    return [...this.objects.keys()].filter((key) => !keys.has(key)).flatMap((key) => this.remove(key));
  }
}
