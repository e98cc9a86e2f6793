import { Duration } from 'cdk8s';
import { Selector } from '../src';

/** Longer than any name or message may be. */
export const HUGE = 'a'.repeat(100_000);

/** What somebody without a compiler may pass. Every property must refuse what is not of its kind, and must let pass what is not known yet. */
export const KINDS = {
  name: [42, true, {}, [], '', ' ', 'Groß', 'a b', '-a', HUGE, 'a\nb', '\u0000', '🙂'],
  text: [42, true, {}, [], '', '  '],
  address: [42, true, {}, [], '', '10.0.0', 'fd00::g', '10.0.0.1/32', HUGE, '１.1.1.1'],
  number: ['1', true, {}, [], NaN, Infinity, -1, 0.5, 1e12, 2n],
  boolean: ['true', 0, 1, {}, []],
  duration: [5, '5s', {}, [], true, Duration.days(100_000)],
  enum: [42, 'any', {}, []],
  list: ['10.0.0.1', 42, {}, true],
  nodes: ['x', 42, {}, [], ['x'], [42], [null], [{ name: '' }], [{ name: 'a', labels: 'b' }], [{ name: 'a', labels: { '-': 'a' } }]],
  preferences: ['x', 42, {}, [{}], [{ selector: 'a' }], [{ selector: Selector.everything(), weight: 0 }]],
  secret: [{}, { name: 42 }, { name: '' }],
  suites: ['TLS_AES_128_GCM_SHA256', 42, {}, [], [42], [''], ['ECDHE-RSA-AES128-SHA'], ['TLS_AES_128_GCM_SHA256 '], [null]],
  ports: ['443', 443, {}, [], ['443'], [0], [65_536], [null]],
  names: ['eth0', 42, {}, [42], [''], ['a/b'], [null]],
  labels: ['a=b', 42, ['a'], { '-': 'a' }, { a: 1 }, { a: 'ö' }, { a: null }],
  selectors: ['a=b', 42, {}, [{}], [{ matchLabels: {} }], ['a=b'], [null]],
  objects: ['x', 42, {}, ['x'], [42], [null]],
};
