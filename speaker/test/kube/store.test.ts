import fc from 'fast-check';
import { Delta, keyOf, newerOf, Store, StoredObject } from '../../src/kube';

function object(name: string, resourceVersion: number, uid = name, namespace = 'n'): StoredObject {
  return { metadata: { name, namespace, uid, resourceVersion: String(resourceVersion) } };
}

const told = (deltas: ReadonlyArray<Delta<StoredObject>>) => deltas.map(({ type, object: { metadata } }) => `${type} ${metadata.uid}@${metadata.resourceVersion}`);

describe('a store', () => {
  test('tells what each write changed', () => {
    const store = new Store<StoredObject>();
    expect(told(store.put(object('a', 1)))).toEqual(['added a@1']);
    expect(told(store.put(object('a', 1)))).toEqual([]);
    expect(store.put(object('a', 2))).toEqual([{ type: 'modified', object: object('a', 2), previous: object('a', 1) }]);
    expect(told(store.remove('n/a'))).toEqual(['deleted a@2']);
    expect(told(store.remove('n/a'))).toEqual([]);
  });

  test('tells a deletion that nobody saw: the name is there, but it is another object', () => {
    const store = new Store<StoredObject>();
    store.put(object('a', 1, 'first'));
    expect(told(store.put(object('a', 9, 'second')))).toEqual(['deleted first@1', 'added second@9']);
    expect(store.get('n/a')).toEqual(object('a', 9, 'second'));
  });

  test('keys are namespace and name, or the name alone', () => {
    expect(keyOf(object('a', 1))).toBe('n/a');
    expect(keyOf({ metadata: { name: 'node-a' } })).toBe('node-a');
  });

  test('after any relist its content is the list, and the deltas lead from the one to the other', () => {
    const entry = fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 }));
    const state = fc.uniqueArray(entry, { selector: ([name]) => name })
      .map((entries) => entries.map(([name, version, uid]) => object(`o${name}`, version, `o${name}-${uid}`)));
    fc.assert(fc.property(state, state, (before, after) => {
      const store = new Store<StoredObject>();
      before.forEach((item) => store.put(item));
      const replica = new Map(before.map((item) => [item.metadata.uid, item]));
      const deltas = [...after.flatMap((item) => store.put(item)), ...store.retain(new Set(after.map(keyOf)))];
      for (const delta of deltas) {
        const { uid } = delta.object.metadata;
        expect(replica.has(uid)).toBe(delta.type !== 'added');
        if (delta.type === 'deleted') replica.delete(uid);
        else replica.set(uid, delta.object);
      }
      const byName = (items: Iterable<StoredObject>) => [...items].sort((a, b) => (a.metadata.uid < b.metadata.uid ? -1 : 1));
      expect(byName(store.snapshot())).toEqual(byName(after));
      expect(byName(replica.values())).toEqual(byName(after));
    }));
  });
});

test.each<[string, string | undefined, string | undefined, string | undefined]>([
  ['nothing', undefined, undefined, undefined],
  ['what the watch brought', '9', undefined, '9'],
  ['an answer that the watch has not brought', undefined, '9', '9'],
  ['a later answer, by number', '9', '10', '10'],
  ['what the watch brought after the answer', '11', '10', '11'],
])('the newer of watched and answered is %s', (_, watched, answer, expected) => {
  const version = (resourceVersion: string | undefined) => resourceVersion === undefined ? undefined : { metadata: { resourceVersion } };
  expect(newerOf(version(watched), version(answer))?.metadata.resourceVersion).toBe(expected);
});
