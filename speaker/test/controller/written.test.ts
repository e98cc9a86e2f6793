import { Written } from '../../src/controller/written';
import type { Service, Stored } from '../../src/kube';

function version(resourceVersion: string, uid = 'a'): Stored<Service> {
  return { metadata: { name: 'web', namespace: 'home', uid, resourceVersion }, spec: {} };
}

test('the answer to a write counts until the watch has caught up', () => {
  const written = new Written();
  written.put('home/web', version('10'));
  expect(written.newest('home/web', version('9'))).toEqual(version('10'));
  expect(written.newest('home/web', version('10'))).toEqual(version('10'));
  expect(written.newest('home/web', version('11'))).toEqual(version('11'));
});

test('versions are compared as numbers', () => {
  const written = new Written();
  written.put('home/web', version('1000'));
  expect(written.newest('home/web', version('999'))).toEqual(version('1000'));
});

test('a Service that is gone is gone, and one made anew under its name is another', () => {
  const written = new Written();
  written.put('home/web', version('10'));
  expect(written.newest('home/web', undefined)).toBeUndefined();
  written.put('home/web', version('10'));
  expect(written.newest('home/web', version('5', 'b'))).toEqual(version('5', 'b'));
});
