import { AddressSharing } from '../src';

test('Services share by one key that is the same for every load balancer and address', () => {
  expect(AddressSharing.WHEN_PORTS_DIFFER.key).toBe('home-load-balancer');
});

test('NEVER has no key', () => {
  expect(AddressSharing.NEVER.key).toBeUndefined();
});

test('a key of one\'s own is taken as it is, but not when it is empty', () => {
  expect(AddressSharing.withKey('lan').key).toBe('lan');
  expect(() => AddressSharing.withKey('')).toThrow(/sharing key is empty/);
});
