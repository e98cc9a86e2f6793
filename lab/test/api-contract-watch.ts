import { AnyObject, Contract, failure } from './api-contract-support';
import { CONFIG_MAPS, IP_ADDRESS_POOLS, KubeObject, ResourceRef, WatchEvent } from '../../speaker/src/kube';

/** Lists in pages and by selectors, and watches. */
export function watchContract({ client, namespace, compact }: Contract): void {
  const options = { namespace };
  const make = (name: string, labels: Record<string, string> = {}, data: object = {}) =>
    client().create<AnyObject>(CONFIG_MAPS, { metadata: { name, namespace, labels }, data });
  const names = (items: readonly KubeObject[]) => items.map(({ metadata }) => metadata.name).sort();

  /** Events of a watch until `count` have come. */
  const collect = async (
    resource: ResourceRef, resourceVersion: string, count: number, selection: { labelSelector?: string; fieldSelector?: string } = {},
  ): Promise<string[]> => {
    const seen: string[] = [];
    for await (const { type, object } of client().watch<KubeObject>(resource, { ...options, ...selection, resourceVersion, timeoutSeconds: 10 })) {
      if (type !== 'BOOKMARK') seen.push(`${type} ${object.metadata.name}`);
      if (seen.length === count) break;
    }
    return seen;
  };

  beforeAll(async () => {
    await Promise.all(Array.from({ length: 12 }, (_, index) => make(`page-${String(index).padStart(2, '0')}`, { set: 'pages', parity: index % 2 ? 'odd' : 'even' })));
  });

  test('a list in pages has every object once, all at one resourceVersion', async () => {
    const pages = [];
    for await (const page of client().listPages<AnyObject>(CONFIG_MAPS, { ...options, labelSelector: 'set=pages', limit: 5 })) pages.push(page);
    expect(pages.map(({ items }) => items.length)).toEqual([5, 5, 2]);
    expect(new Set(pages.map(({ resourceVersion }) => resourceVersion)).size).toBe(1);
    expect(names(pages.flatMap(({ items }) => items))).toEqual(Array.from({ length: 12 }, (_, index) => `page-${String(index).padStart(2, '0')}`));
  });

  test('what changes between two pages is not seen in the second', async () => {
    const seen: string[] = [];
    for await (const page of client().listPages<AnyObject>(CONFIG_MAPS, { ...options, labelSelector: 'set=pages', limit: 6 })) {
      seen.push(...names(page.items));
      if (seen.length === 6) {
        await make('page-99', { set: 'pages' });
        await client().delete(CONFIG_MAPS, 'page-11', options);
      }
    }
    expect(seen).toContain('page-11');
    expect(seen).not.toContain('page-99');
    await client().delete(CONFIG_MAPS, 'page-99', options);
  });

  test.each([
    ['parity=odd', 5], ['parity!=odd,set=pages', 6], ['parity in (even, odd)', 11], ['parity notin (odd),set', 6], ['set,!nothing', 11], ['nothing', 0],
  ])('the label selector %s', async (labelSelector, count) => {
    expect((await client().list(CONFIG_MAPS, { ...options, labelSelector })).items).toHaveLength(count);
  });

  test('field selectors by name and namespace', async () => {
    const { items } = await client().list<AnyObject>(CONFIG_MAPS, { fieldSelector: `metadata.name=page-03,metadata.namespace=${namespace}` });
    expect(names(items)).toEqual(['page-03']);
  });

  test('items of a list have apiVersion and kind only if they are custom resources; those of a watch always', async () => {
    const kinds = async (resource: ResourceRef) => {
      const { items: [item] } = await client().list<AnyObject>(resource, options);
      let watched: AnyObject | undefined;
      for await (const { object } of client().watch<AnyObject>(resource, { ...options, resourceVersion: '0', timeoutSeconds: 10 })) {
        watched = object;
        break;
      }
      return [item.kind, item.apiVersion, watched!.kind, watched!.apiVersion];
    };
    expect(await kinds(CONFIG_MAPS)).toEqual([undefined, undefined, 'ConfigMap', 'v1']);
    await client().create(IP_ADDRESS_POOLS, { metadata: { name: 'kinds', namespace }, spec: { addresses: ['93.5.22.100'] } });
    expect(await kinds(IP_ADDRESS_POOLS)).toEqual(['IPAddressPool', 'metallb.io/v1beta1', 'IPAddressPool', 'metallb.io/v1beta1']);
  });

  test('a watch tells what happened after its resourceVersion, in order', async () => {
    const { resourceVersion } = await client().list(CONFIG_MAPS, options);
    await make('watched', { set: 'watch' });
    await client().patch(CONFIG_MAPS, 'watched', { data: { a: '1' } }, options);
    await client().delete(CONFIG_MAPS, 'watched', options);
    expect(await collect(CONFIG_MAPS, resourceVersion, 3)).toEqual(['ADDED watched', 'MODIFIED watched', 'DELETED watched']);
  });

  test('a watch goes on from the resourceVersion of any event', async () => {
    const created = await make('resume', { set: 'watch' });
    await client().patch(CONFIG_MAPS, 'resume', { data: { a: '1' } }, options);
    expect(await collect(CONFIG_MAPS, created.metadata.resourceVersion!, 1)).toEqual(['MODIFIED resume']);
  });

  test('with a selector, what begins to match is added and what ceases to match is deleted', async () => {
    const { resourceVersion } = await client().list(CONFIG_MAPS, options);
    await make('moving', { room: 'attic' });
    await client().patch(CONFIG_MAPS, 'moving', { metadata: { labels: { room: 'cellar' } } }, options);
    await client().patch(CONFIG_MAPS, 'moving', { data: { a: '1' } }, options);
    await client().patch(CONFIG_MAPS, 'moving', { metadata: { labels: { room: 'attic' } } }, options);
    expect(await collect(CONFIG_MAPS, resourceVersion, 3, { labelSelector: 'room=cellar' })).toEqual(['ADDED moving', 'MODIFIED moving', 'DELETED moving']);
  });

  test('a watch of one object hears of no other', async () => {
    const { resourceVersion } = await client().list(CONFIG_MAPS, options);
    await make('not-this');
    await make('only-this');
    expect(await collect(CONFIG_MAPS, resourceVersion, 1, { fieldSelector: 'metadata.name=only-this' })).toEqual(['ADDED only-this']);
  });

  test('a deletion carries the last state and a newer resourceVersion', async () => {
    const { metadata } = await make('last-state', { set: 'watch' }, { a: '1' });
    await client().delete(CONFIG_MAPS, 'last-state', options);
    let deleted: WatchEvent<AnyObject> | undefined;
    const resourceVersion = metadata.resourceVersion!;
    for await (const event of client().watch<AnyObject>(CONFIG_MAPS, { ...options, resourceVersion, timeoutSeconds: 10 })) {
      deleted = event;
      break;
    }
    expect(deleted).toMatchObject({ type: 'DELETED', object: { metadata: { uid: metadata.uid }, data: { a: '1' } } });
    expect(Number(deleted!.object.metadata.resourceVersion)).toBeGreaterThan(Number(resourceVersion));
  });

  test('a watch ends when its time is over', async () => {
    const { resourceVersion } = await client().list(IP_ADDRESS_POOLS, options);
    const started = Date.now();
    for await (const { type } of client().watch(IP_ADDRESS_POOLS, { ...options, resourceVersion, timeoutSeconds: 1 })) expect(type).toBe('BOOKMARK');
    expect(Date.now() - started).toBeGreaterThan(900);
  });

  test('history that is compacted is Gone', async () => {
    await compact();
    expect(await failure(collect(IP_ADDRESS_POOLS, '1', 1))).toMatchObject({ code: 'Gone', reason: 'Expired', message: expect.stringMatching(/^too old resource version: 1 \(\d+\)$/) });
  });
}
