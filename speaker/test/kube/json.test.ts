import { toJson } from '../../src/kube/json';

test.each<[unknown, string]>([
  [{ a: 2n ** 63n - 1n, b: [-1n, 0n], c: '1' }, '{"a":9223372036854775807,"b":[-1,0],"c":"1"}'],
  [{ a: 1, b: null, c: undefined }, '{"a":1,"b":null}'],
  [7n, '7'],
])('%# is written exactly', (value, text) => {
  expect(toJson(value)).toBe(text);
});
