import { ApiObject, JsonPatch } from 'cdk8s';
import { ServiceType } from 'cdk8s-plus-28';
import { IConstruct } from 'constructs';
import { SHARING, STICKY, textIf } from './_annotations';
import { wishesProblem } from './_checks';
import { ConstructError } from './_errors';
import { Balancer } from './_registry';
import { ADDRESS_POOL, ALLOW_SHARED_IP, LOAD_BALANCER_IPS, serviceOf } from './_service';
import { isToken, resolveToken, textOf } from './_tokens';
import { checkBoolean, checkList, isGiven, refuse } from './_values';
import { AddressPool } from './address-pool';
import { AddressSharing } from './address-sharing';
import { BindOptions } from './bind-options';
import { IpFamily, IpRange } from './ip-range';

/** Writes on a Service what it wants. Nothing is written unless everything is right. */
export function bind(balancer: Balancer, service: IConstruct, options: BindOptions): ApiObject {
  const { pool, sharing = AddressSharing.WHEN_PORTS_DIFFER, sticky, preserveClientIp } = options;
  const object = serviceOf(service);
  const { path } = service.node;
  checkBinding(balancer, path, options);
  const addresses: any[] = options.addresses ?? [];

  if (pool) object.metadata.addAnnotation(ADDRESS_POOL, pool.poolName);
  if (addresses.length > 0) object.metadata.addAnnotation(LOAD_BALANCER_IPS, textOf(addresses, (texts) => texts.join(',')));
  if (sharing.key) object.metadata.addAnnotation(ALLOW_SHARED_IP, sharing.key);
  if (sharing._automatic) object.metadata.addAnnotation(SHARING, 'automatic');
  const reserved = textIf(sticky);
  if (reserved) object.metadata.addAnnotation(STICKY, reserved);
  // JSON patches, because the Services of cdk8s-plus have no properties for most of these. They are applied after tokens are resolved, so not to tokens.
  const set = (field: string, value: unknown) => object.addJsonPatch(JsonPatch.add(`/spec/${field}`, resolveToken(value)));
  set('type', ServiceType.LOAD_BALANCER);
  if (balancer.loadBalancerClass) set('loadBalancerClass', balancer.loadBalancerClass);
  if (preserveClientIp !== undefined) set('externalTrafficPolicy', resolveToken(preserveClientIp) ? 'Local' : 'Cluster');
  // A Service has one family, that of the cluster's first address range, unless it asks for others.
  const [first] = addresses;
  if (addresses.length === 2) set('ipFamilyPolicy', 'RequireDualStack');
  else if (first && !isToken(first) && IpRange.address(first).family === IpFamily.IPV6) set('ipFamilies', [IpFamily.IPV6]);
  balancer.services.add(object);
  return object;
}

/** Refuses wishes that are wrong in themselves. */
export function checkBinding({ construct, namespace }: Balancer, path: string, options: BindOptions): void {
  const { pool, addresses, sharing, sticky, preserveClientIp } = options;
  checkList(`${path}: addresses`, addresses);
  const problem = wishesProblem(isGiven(addresses) ? addresses! : []);
  if (problem) throw new ConstructError('INVALID_PROPS', `${path}: addresses: ${problem}`);
  checkBoolean(`${path}: sticky`, sticky);
  checkBoolean(`${path}: preserveClientIp`, preserveClientIp);
  if (sharing !== undefined && !(sharing instanceof AddressSharing)) refuse(`${path}: sharing`, sharing, 'an AddressSharing, such as AddressSharing.NEVER');
  if (pool !== undefined && pool !== null && pool.poolName === undefined) {
    refuse(`${path}: pool`, pool, 'what addPool() or AddressPool.fromPoolName() returned');
  }
  if (pool instanceof AddressPool && pool._namespace !== namespace) {
    throw new ConstructError('INVALID_POOL', `${path}: unknown pool ${pool.poolName} (${pool.node.path}): ` +
      `it is in the namespace ${pool._namespace}, but ${construct.node.path} looks for pools in ${namespace} only; ` +
      'make it with addPool() of that load balancer');
  }
}
