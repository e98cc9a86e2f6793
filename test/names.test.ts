import { Lazy } from 'cdk8s';
import { checkName } from '../src/_names';
import { isToken } from '../src/_tokens';

test.each<['subdomain' | 'label' | 'class' | 'interface', string[], string[]]>([
  ['subdomain', ['a', 'lan-pool', '0.lan', 'a'.repeat(253)], ['', 'A', 'a_b', '-a', 'a-', 'a..b', '.a', 'a b', 'a'.repeat(254)]],
  ['label', ['a', 'metallb-system', '0', 'a'.repeat(63)], ['', 'a.b', 'A', '-a', 'a-', 'a'.repeat(64)]],
  ['class', ['a', 'Lan_1.x', 'example.com/lan', 'a'.repeat(63)], ['', '/a', 'a/', 'a/b/c', 'Example.com/a', '-a', 'a'.repeat(64)]],
  ['interface', ['eth0', 'enp3s0.20', 'wg-home', 'a'.repeat(15), '*', 'eth0@if3'], ['', '.', '..', 'a/b', 'a:1', 'eth 0', 'a'.repeat(16)]],
])('%s', (form, valid, invalid) => {
  for (const name of valid) expect(() => checkName('here:', form, name)).not.toThrow();
  for (const name of invalid) expect(() => checkName('here:', form, name)).toThrow(/^here: '.*' is not valid: expected /);
});

test('what is not given, or not known yet, is not judged', () => {
  for (const name of [undefined, Lazy.any({ produce: () => 'x' }), 'a-${Token[TOKEN.9]}']) expect(() => checkName('here:', 'label', name)).not.toThrow();
});

test.each([[Lazy.any({ produce: () => 'x' }), true], ['${Token[TOKEN.9]}', true], [{ resolve: () => 'x' }, true], ['10.0.0.1', false], [undefined, false], [null, false]])(
  'isToken(%j) is %s', (value, expected) => expect(isToken(value)).toBe(expected));
