import { join } from 'path';
import { Include, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';

/**
 * The definitions of the custom resources (group `metallb.io`) that the load balancer reads and writes.
 *
 * `HomeLoadBalancer` brings them unless told otherwise. Put them into a chart of their own when they are to be applied first:
 * an API server may refuse an address pool that arrives together with the definition of address pools.
 */
export class HomeLoadBalancerCrds extends Construct {
  /**
   * Defines the custom resources.
   *
   * @param scope Where to put them, usually a chart.
   * @param id Name within the scope.
   */
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const definitions = new Include(this, 'Definitions', { url: join(__dirname, '..', 'crds', 'metallb.io.yaml') });
    // cdk8s leaves nulls out, but this one removes the conversion webhook of a MetalLB that was here before.
    definitions.apiObjects.find(({ name }) => name === 'bgppeers.metallb.io')!.addJsonPatch(JsonPatch.add('/spec/conversion/webhook', null));
  }
}
