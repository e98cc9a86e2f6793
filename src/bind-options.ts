import { ServicePort } from 'cdk8s-plus-28';
import { IAddressPool } from './address-pool';
import { AddressSharing } from './address-sharing';

/**
 * What a Service wants from the load balancer.
 */
export interface BindOptions {
  /**
   * The pool to take an address from.
   *
   * @default - any pool with `autoAssign`
   */
  readonly pool?: IAddressPool;

  /**
   * The address to have, or one IPv4 and one IPv6 address of the same pool.
   *
   * @default - any free address
   */
  readonly addresses?: string[];

  /**
   * Which Services may have the same address.
   *
   * @default AddressSharing.WHEN_PORTS_DIFFER
   */
  readonly sharing?: AddressSharing;

  /**
   * Whether its address stays reserved for a day when the Service is deleted, for one of the same namespace and name.
   *
   * @default - as the pool says
   */
  readonly sticky?: boolean;

  /**
   * Whether pods see the address of the client (`externalTrafficPolicy: Local`). Only nodes that run a pod of the Service announce it then.
   *
   * @default - as the Service says; Kubernetes' default is false
   */
  readonly preserveClientIp?: boolean;
}

/**
 * How to expose a Deployment.
 */
export interface ExposeOptions extends BindOptions {
  /**
   * Name of the Service; needed to expose a Deployment a second time.
   *
   * @default - made up by cdk8s
   */
  readonly name?: string;

  /**
   * Ports of the Service.
   *
   * @default - the ports of the containers
   */
  readonly ports?: ServicePort[];
}
